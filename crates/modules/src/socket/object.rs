//! `socket`: the type, how one is made and let go, and what is done with it but sending and receiving.
//!
//! The same job as `PySocketSockObject` in CPython's `Modules/socketmodule.c`.

use std::cell::Cell;
use std::ffi::c_int;

use krait_eval::gil::without_gil;
use krait_eval::pending;
use krait_eval::sys::audit;
use krait_eval::warnings;
use krait_objects::args::ToObject;
use krait_objects::prelude::*;

use super::address::{self, Address};
use super::arguments;
use super::descriptor::{self, Descriptor, ask, set_blocking};
use super::state::{BLOCKING, State, errno, failed};
use super::wait::{self, Failure, Ready, call_until, checked, deadline, perform};

/// socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object
/// socket(family=-1, type=-1, proto=-1, fileno=None) -> socket object
///
/// Open a socket of the given kind, or take an open descriptor: then what is not given
/// is asked of the system.
#[pytype(name = "_socket.socket", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Socket {
    head: Head,
    // ABI: `PySocketSockObject`, which `_ssl` and others read through the capsule.
    fd: Cell<c_int>,
    #[member(readonly, doc = "family of addresses, such as AF_INET")]
    family: Cell<c_int>,
    #[member(readonly, name = "type", doc = "kind of socket, such as SOCK_STREAM")]
    kind: Cell<c_int>,
    #[member(readonly, doc = "number of the protocol")]
    proto: Cell<c_int>,
    error_handler: Cell<usize>,
    /// In nanoseconds; negative: no limit, 0: never wait.
    timeout_ns: Cell<i64>,
    state: Cell<usize>,
}

const _: () = assert!(size_of::<Socket>() == 56);

/// -1 stands for what is not given.
fn given(value: i32) -> Option<i32> {
    (value != -1).then_some(value)
}

impl Socket {
    pub fn fd(&self) -> i32 {
        self.fd.get()
    }

    pub fn family(&self) -> i32 {
        self.family.get()
    }

    pub fn proto(&self) -> i32 {
        self.proto.get()
    }

    pub fn timeout_ns(&self) -> i64 {
        self.timeout_ns.get()
    }

    /// Takes an open descriptor.
    pub fn adopt(
        &self,
        th: &Thread,
        fd: Descriptor,
        [family, kind, proto]: [i32; 3],
    ) -> PyResult<()> {
        let mut timeout = State::of(th).default_timeout.get();
        if kind & libc::SOCK_NONBLOCK != 0 {
            timeout = 0;
        } else if timeout >= 0 {
            set_blocking(th, fd.0, false)?;
        }
        self.family.set(family);
        self.kind.set(kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC));
        self.proto.set(proto);
        self.timeout_ns.set(timeout);
        self.fd.set(fd.release());
        Ok(())
    }

    /// What an open descriptor is, where it was not said.
    fn adopt_number(&self, th: &Thread, fd: i32, parts: [i32; 3]) -> PyResult<()> {
        let mut own = Address::room();
        // SAFETY: room for an address, with its length.
        let status = unsafe { libc::getsockname(fd, own.as_mut_ptr(), own.len_mut()) };
        if status < 0 {
            // Some families have no names; what is no socket is refused all the same.
            let errno = errno();
            let refused = matches!(errno, libc::EBADF | libc::ENOTSOCK);
            if refused || given(parts[0]).is_none() {
                return Err(failed(th, errno));
            }
        }
        let or_ask = |value: Option<i32>, option: i32| match value {
            Some(value) => Ok(value),
            None => ask(fd, option).map_err(|errno| failed(th, errno)),
        };
        let family = given(parts[0]).unwrap_or_else(|| own.family());
        let kind = or_ask(given(parts[1]), libc::SO_TYPE)?;
        let proto = or_ask(given(parts[2]), libc::SO_PROTOCOL)?;
        // Until all is known the descriptor stays the caller's.
        self.adopt(th, Descriptor(fd), [family, kind, proto])
    }

    /// A new object of the type itself for an open descriptor.
    pub fn from_descriptor(
        th: &Thread,
        fd: Descriptor,
        parts: [i32; 3],
    ) -> PyResult<Owned<Socket>> {
        let class = Borrowed::from_ref(Socket::type_object());
        let socket = class.alloc::<Socket>(th, 0)?;
        socket.fd.set(-1);
        socket.adopt(th, fd, parts)?;
        Ok(socket)
    }

    fn connect_to(&self, th: &Thread, address: &Address) -> Result<(), Failure> {
        let fd = self.fd();
        let timeout = self.timeout_ns();
        let errno = without_gil(th, || {
            // SAFETY: an address with its length.
            let status = unsafe { libc::connect(fd, address.as_ptr(), address.len()) };
            (status < 0).then(errno)
        });
        let goes_on = match errno {
            None => return Ok(()),
            // The connection is made all the same.
            Some(libc::EINTR) => {
                pending::handle(th).map_err(Failure::Raised)?;
                timeout != 0
            }
            Some(errno) => timeout > 0 && errno == libc::EINPROGRESS,
        };
        if !goes_on {
            return Err(Failure::Errno(errno.unwrap_or(0)));
        }
        let limit = (timeout, deadline(timeout));
        call_until(th, self, Ready::Connect, limit, |fd| match ask(fd, libc::SO_ERROR)? {
            0 | libc::EISCONN => Ok(()),
            errno => Err(errno),
        })
    }

    /// Own address, or that of the other end.
    fn name(
        &self,
        th: &Thread,
        call: unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> c_int,
    ) -> PyResult {
        address::check_family(th, self.family())?;
        let fd = self.fd();
        let mut found = Address::room();
        let errno = without_gil(th, || {
            // SAFETY: room for an address, with its length.
            let status = unsafe { call(fd, found.as_mut_ptr(), found.len_mut()) };
            (status < 0).then(errno)
        });
        match errno {
            Some(errno) => Err(failed(th, errno)),
            None => address::show(th, fd, &found, self.proto()),
        }
    }
}

/// ResourceWarning: a socket that nobody closed.
fn warn_unclosed(th: &Thread, socket: Borrowed<'_>) -> PyResult<()> {
    let shown = object::repr(th, socket)?;
    let mut message = krait_objects::str::StrBuilder::new();
    message.push_str("unclosed ");
    message.push(&shown);
    let message = message.finish(th)?;
    let category = Borrowed::from_ref(exc::RESOURCE_WARNING).object();
    warnings::warn_about(th, category, message.borrow(), 1, socket)
}

#[pymethods(parts(transfer, message, options))]
impl Socket {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Socket>> {
        let socket = cls.alloc::<Socket>(th, 0)?;
        socket.fd.set(-1);
        socket.timeout_ns.set(BLOCKING);
        Ok(socket)
    }

    #[init(sig = "(family=-1, type=-1, proto=-1, fileno=None)")]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        family: i32,
        r#type: i32,
        proto: i32,
        fileno: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let parts = [family, r#type, proto];
        let shown = parts.map(|part| Int::from_i64(th, part.into()));
        let [a, b, c] = shown;
        audit(th, "socket.__new__", &[this.object(), a?.object(), b?.object(), c?.object()])?;
        if let Some(number) = fileno.filter(|number| !number.is_none()) {
            let Some(fd) = number::index(th, number)?.to_i64() else {
                let message = "Python int too large to convert to C long";
                return Err(th.raise(exc::OVERFLOW_ERROR, message));
            };
            if fd < 0 {
                return Err(th.raise(exc::VALUE_ERROR, "negative file descriptor"));
            }
            return this.adopt_number(th, fd as i32, parts);
        }
        let family = given(family).unwrap_or(libc::AF_INET);
        let kind = given(r#type).unwrap_or(libc::SOCK_STREAM);
        let proto = given(proto).unwrap_or(0);
        let made = without_gil(th, || {
            // SAFETY: any numbers may be tried.
            checked(unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, proto) } as isize)
        });
        let fd = made.map_err(|errno| failed(th, errno))?;
        this.adopt(th, Descriptor(fd as i32), [family, kind, proto])
    }

    #[slot(tp_traverse)]
    fn traverse(&self, _visit: &mut Visitor<'_>) -> c_int {
        0
    }

    #[slot(tp_finalize)]
    fn finalize(this: Borrowed<'_, Self>, th: &Thread) {
        if this.fd() < 0 {
            return;
        }
        let pending = th.take_exception();
        if let Err(raised) = warn_unclosed(th, this.object()) {
            if th.exception_matches(exc::WARNING) {
                let what = "Exception ignored while finalizing socket";
                (th.interp().services.get().unraisable)(th, Some(this.object()), what);
            } else {
                drop(th.take_raised(raised));
            }
        }
        let fd = this.fd.replace(-1);
        if fd >= 0 {
            drop(Descriptor(fd));
        }
        if let Some(pending) = pending {
            let _raised = th.set_exception(pending.into_object());
        }
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let (fd, family) = (self.fd(), self.family());
        let (kind, proto) = (self.kind.get(), self.proto());
        Str::from_fmt(
            th,
            format_args!("<socket object, fd={fd}, family={family}, type={kind}, proto={proto}>"),
        )
    }

    /// _accept() -> (integer, address info)
    ///
    /// Take the next connection, waiting for one if need be. The pair holds the descriptor of a new socket
    /// for it and the client's address, which for IP is (hostaddr, port).
    #[method(sig = "(self, /)")]
    fn _accept(&self, th: &Thread) -> PyResult {
        address::check_family(th, self.family())?;
        let mut peer = Address::room();
        let fd = perform(th, self, Ready::Read, |fd| {
            peer = Address::room();
            // SAFETY: room for an address, with its length.
            checked(unsafe {
                libc::accept4(fd, peer.as_mut_ptr(), peer.len_mut(), libc::SOCK_CLOEXEC)
            } as isize)
        })?;
        let fd = Descriptor(fd as i32);
        let shown = address::show(th, fd.0, &peer, self.proto())?;
        let number = Int::from_i64(th, fd.0.into())?;
        let pair = (number, shown).to_object(th)?;
        fd.release();
        Ok(pair)
    }

    /// bind(address)
    ///
    /// Give the socket its own address.
    ///
    /// For IP that is a pair (host, port) whose host is this machine; for raw packets it is (ifname, proto
    /// [,pkttype [,hatype [,addr]]]).
    #[method(sig = "(self, object, /)")]
    fn bind(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        let address = address::parse(th, &this, object, "bind")?;
        audit(th, "socket.bind", &[this.object(), object])?;
        let fd = this.fd();
        let errno = without_gil(th, || {
            // SAFETY: an address with its length.
            let status = unsafe { libc::bind(fd, address.as_ptr(), address.len()) };
            (status < 0).then(errno)
        });
        errno.map_or(Ok(()), |errno| Err(failed(th, errno)))
    }

    /// close()
    ///
    /// Give up the descriptor, after which the socket is of no more use.
    #[method(sig = "(self, /)")]
    fn close(&self, th: &Thread) -> PyResult<()> {
        match self.fd.replace(-1) {
            fd if fd < 0 => Ok(()),
            fd => descriptor::close(th, fd),
        }
    }

    /// connect(address)
    ///
    /// Reach out to a peer. Its address is a pair (host, port) for IP.
    #[method(sig = "(self, object, /)")]
    fn connect(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        let address = address::parse(th, &this, object, "connect")?;
        audit(th, "socket.connect", &[this.object(), object])?;
        this.connect_to(th, &address).map_err(|failure| failure.raise(th))
    }

    /// connect_ex(address) -> errno
    ///
    /// Do as connect() does, but report a failure of the system as its error number; 0 is success.
    #[method(sig = "(self, object, /)")]
    fn connect_ex(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult<i32> {
        let address = address::parse(th, &this, object, "connect_ex")?;
        audit(th, "socket.connect", &[this.object(), object])?;
        match this.connect_to(th, &address) {
            Ok(()) => Ok(0),
            Err(Failure::Errno(errno)) => Ok(errno),
            Err(Failure::TimedOut) => Ok(libc::EAGAIN),
            Err(Failure::Raised(raised)) => Err(raised),
        }
    }

    /// detach()
    ///
    /// Return the descriptor, left open for the caller to use and to close; the socket object has none from
    /// then on.
    #[method(sig = "(self, /)")]
    fn detach(&self) -> i32 {
        self.fd.replace(-1)
    }

    /// fileno() -> integer
    ///
    /// Number of the socket's descriptor, -1 if it is closed.
    #[method(sig = "(self, /)")]
    fn fileno(&self) -> i32 {
        self.fd()
    }

    /// getpeername() -> address info
    ///
    /// Address that the socket is connected to; a pair (hostaddr, port) for IP.
    #[method(sig = "(self, /)")]
    fn getpeername(&self, th: &Thread) -> PyResult {
        self.name(th, libc::getpeername)
    }

    /// getsockname() -> address info
    ///
    /// Address that the socket itself has: (hostaddr, port) for IPv4, (hostaddr, port, flowinfo, scope_id)
    /// for IPv6, and other forms for other families.
    #[method(sig = "(self, /)")]
    fn getsockname(&self, th: &Thread) -> PyResult {
        self.name(th, libc::getsockname)
    }

    /// listen([backlog])
    ///
    /// Let clients connect.
    ///
    /// backlog is how many connections may wait to be accepted before the system turns others away. Negative
    /// numbers count as 0, and there is a sensible default.
    #[method(sig = "(self, /, *args)", no_text)]
    fn listen(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        arguments::count(th, "listen", args, 0, 1)?;
        // As many as are usual, not as many as the system would bear.
        let backlog = arguments::int_or(th, args.first(), 128)?.max(0);
        let fd = self.fd();
        let errno = without_gil(th, || {
            // SAFETY: any numbers may be tried.
            let status = unsafe { libc::listen(fd, backlog) };
            (status < 0).then(errno)
        });
        errno.map_or(Ok(()), |errno| Err(failed(th, errno)))
    }

    /// shutdown(flag)
    ///
    /// End receiving (SHUT_RD), sending (SHUT_WR) or both (SHUT_RDWR).
    #[method(sig = "(self, object, /)")]
    fn shutdown(&self, th: &Thread, object: i32) -> PyResult<()> {
        let fd = self.fd();
        let errno = without_gil(th, || {
            // SAFETY: any numbers may be tried.
            let status = unsafe { libc::shutdown(fd, object) };
            (status < 0).then(errno)
        });
        errno.map_or(Ok(()), |errno| Err(failed(th, errno)))
    }

    /// setblocking(flag)
    ///
    /// Say whether calls wait. A true flag does the same as settimeout(None), a false one the same as
    /// settimeout(0.0).
    #[method(sig = "(self, object, /)")]
    fn setblocking(&self, th: &Thread, object: bool) -> PyResult<()> {
        self.timeout_ns.set(if object { BLOCKING } else { 0 });
        set_blocking(th, self.fd(), object)
    }

    /// getblocking()
    ///
    /// Whether calls wait: False only if the timeout is 0.
    #[method(sig = "(self, /)")]
    fn getblocking(&self) -> bool {
        self.timeout_ns() != 0
    }

    /// settimeout(timeout)
    ///
    /// Limit how many seconds calls may wait; fractions are allowed.
    ///
    /// None lifts the limit, as setblocking(1) does, and with 0 calls never wait, as after setblocking(0).
    #[method(sig = "(self, object, /)")]
    fn settimeout(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        let timeout = wait::parse_timeout(th, object)?;
        self.timeout_ns.set(timeout);
        // With a limit the system does not wait either: that is done by `wait`.
        set_blocking(th, self.fd(), timeout < 0)
    }

    /// gettimeout() -> timeout
    ///
    /// How many seconds calls may wait, as a float; None if there is no limit.
    #[method(sig = "(self, /)")]
    fn gettimeout(&self) -> Option<f64> {
        wait::timeout_seconds(self.timeout_ns())
    }

    /// how many seconds calls may wait; None is no limit
    #[getter]
    fn timeout(&self) -> Option<f64> {
        wait::timeout_seconds(self.timeout_ns())
    }
}
