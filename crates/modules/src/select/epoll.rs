//! `select.epoll` objects.

use std::cell::Cell;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;
use krait_objects::typeobj;

use super::{Deadline, poll_deadline, timeout_nanos, wait};
use crate::bits::Bits32;
use crate::posix::path::{Fildes, NO_NAMES, errno, failed};

const CONSTANTS: [(&str, i64); 16] = [
    ("EPOLLIN", 0x1),
    ("EPOLLPRI", 0x2),
    ("EPOLLOUT", 0x4),
    ("EPOLLERR", 0x8),
    ("EPOLLHUP", 0x10),
    ("EPOLLRDNORM", 0x40),
    ("EPOLLRDBAND", 0x80),
    ("EPOLLWRNORM", 0x100),
    ("EPOLLWRBAND", 0x200),
    ("EPOLLMSG", 0x400),
    ("EPOLLRDHUP", 0x2000),
    ("EPOLLEXCLUSIVE", 1 << 28),
    ("EPOLLWAKEUP", 1 << 29),
    ("EPOLLONESHOT", 1 << 30),
    ("EPOLLET", 1 << 31),
    ("EPOLL_CLOEXEC", libc::EPOLL_CLOEXEC as i64),
];

pub fn add(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    for (name, value) in CONSTANTS {
        module.add(th, name, Int::from_i64(th, value)?.object())?;
    }
    module.add_type(th, Epoll::type_object())
}

/// An open descriptor, closed when it is dropped; -1 when it is closed already.
struct Descriptor(Cell<i32>);

impl Drop for Descriptor {
    fn drop(&mut self) {
        let fd = self.0.replace(-1);
        if fd >= 0 {
            // SAFETY: the descriptor is this object's own.
            unsafe { libc::close(fd) };
        }
    }
}

/// select.epoll(sizehint=-1, flags=0)
///
/// Watches many descriptors at once, with the epoll of Linux.
///
/// sizehint is a positive number, a hint for how many events to expect, or -1; it limits nothing.
#[pytype(name = "select.epoll")]
#[repr(C)]
pub struct Epoll {
    head: Head,
    descriptor: Descriptor,
}

fn make(th: &Thread, class: Borrowed<'_, Type>, fd: i32) -> PyResult {
    let epoll = typeobj::alloc::alloc_untracked(th, class, 0)?;
    // SAFETY: a fresh instance.
    unsafe {
        let place = &raw mut (*epoll.as_ptr().cast::<Epoll>()).descriptor;
        place.write(Descriptor(Cell::new(fd)));
    }
    Ok(epoll)
}

impl Epoll {
    fn fd(&self, th: &Thread) -> PyResult<i32> {
        match self.descriptor.0.get() {
            fd if fd >= 0 => Ok(fd),
            _ => Err(th.raise(exc::VALUE_ERROR, "I/O operation on closed epoll object")),
        }
    }

    fn control(&self, th: &Thread, operation: i32, fd: i32, events: u32) -> PyResult<()> {
        let epoll = self.fd(th)?;
        let mut event = libc::epoll_event { events, u64: fd as u64 };
        let (status, error) = without_gil(th, || {
            // SAFETY: the event lives during the call.
            (unsafe { libc::epoll_ctl(epoll, operation, fd, &mut event) }, errno())
        });
        if status < 0 { Err(failed(th, error, NO_NAMES)) } else { Ok(()) }
    }
}

const EVERYTHING: Bits32 = Bits32((libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLOUT) as u32);

/// How many events one call answers if nothing is said.
const DEFAULT_COUNT: i32 = libc::FD_SETSIZE as i32 - 1;

#[pymethods]
impl Epoll {
    #[new(sig = "(sizehint=-1, flags=0)")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread, sizehint: i32, flags: i32) -> PyResult {
        if sizehint != -1 && sizehint <= 0 {
            return Err(th.raise(exc::VALUE_ERROR, "negative sizehint"));
        }
        if flags & !libc::EPOLL_CLOEXEC != 0 {
            return Err(th.raise(exc::OS_ERROR, "invalid flags"));
        }
        // SAFETY: a plain system call.
        let (fd, error) =
            without_gil(th, || (unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }, errno()));
        if fd < 0 {
            return Err(failed(th, error, NO_NAMES));
        }
        make(th, cls, fd)
    }

    /// Make an epoll object of a descriptor that epoll_create() gave.
    #[classmethod(sig = "(type, fd, /)")]
    fn fromfd(cls: Borrowed<'_, Type>, th: &Thread, fd: i32) -> PyResult {
        if fd >= 0 {
            return make(th, cls, fd);
        }
        Epoll::new(cls, th, DEFAULT_COUNT, 0)
    }

    /// Give up the descriptor behind the object; most methods raise ValueError from then on.
    #[method(sig = "(self, /)")]
    fn close(&self, th: &Thread) -> PyResult<()> {
        let fd = self.descriptor.0.replace(-1);
        if fd < 0 {
            return Ok(());
        }
        // SAFETY: the descriptor was this object's own.
        let (status, error) = without_gil(th, || (unsafe { libc::close(fd) }, errno()));
        if status < 0 { Err(failed(th, error, NO_NAMES)) } else { Ok(()) }
    }

    /// Whether close() was called.
    #[getter]
    fn closed(&self) -> bool {
        self.descriptor.0.get() < 0
    }

    /// Number of the descriptor behind the object.
    #[method(sig = "(self, /)")]
    fn fileno(&self, th: &Thread) -> PyResult<i32> {
        self.fd(th)
    }

    /// Start to watch a descriptor; OSError if it is watched already.
    ///
    /// fd is a descriptor or an object with a fileno() method; eventmask is a set of EPOLL bits.
    #[method(
        sig = "(self, /, fd,\n         eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)"
    )]
    fn register(
        &self,
        th: &Thread,
        fd: Fildes,
        #[default(EVERYTHING)] eventmask: Bits32,
    ) -> PyResult<()> {
        self.control(th, libc::EPOLL_CTL_ADD, fd.0, eventmask.0)
    }

    /// Change which events of a watched descriptor are reported.
    #[method(sig = "(self, /, fd, eventmask)")]
    fn modify(&self, th: &Thread, fd: Fildes, eventmask: Bits32) -> PyResult<()> {
        self.control(th, libc::EPOLL_CTL_MOD, fd.0, eventmask.0)
    }

    /// Watch a descriptor no longer.
    #[method(sig = "(self, /, fd)")]
    fn unregister(&self, th: &Thread, fd: Fildes) -> PyResult<()> {
        self.control(th, libc::EPOLL_CTL_DEL, fd.0, 0)
    }

    /// Sleep until watched descriptors have something to report.
    ///
    /// timeout is the longest time to wait, in seconds with fractions; None and -1 wait for ever. maxevents
    /// is how many events are answered at most. The result is a list of pairs of a descriptor and its events.
    #[method(sig = "(self, /, timeout=None, maxevents=-1)")]
    fn poll(
        &self,
        th: &Thread,
        timeout: Option<Borrowed<'_>>,
        maxevents: i32,
    ) -> PyResult<Owned<List>> {
        let epoll = self.fd(th)?;
        let mut deadline = Deadline::NEVER;
        if let Some(timeout) = timeout {
            let message = "timeout must be an integer or None";
            let nanos = timeout_nanos(th, timeout, 1_000_000_000, message)?;
            deadline = poll_deadline(th, nanos)?;
        }
        let count = if maxevents == -1 { DEFAULT_COUNT } else { maxevents };
        if count < 1 {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "maxevents must be greater than 0, got {maxevents}"
            ));
        }
        let mut events: Vec<libc::epoll_event> = Vec::new();
        events.try_reserve_exact(count as usize).map_err(|_| th.no_memory())?;
        let start = events.as_mut_ptr();
        let ready = wait(th, &deadline, |_| {
            // SAFETY: room for that many events.
            unsafe { libc::epoll_wait(epoll, start, count, deadline.milliseconds()) }
        })?;
        // SAFETY: the call has filled in as many.
        unsafe { events.set_len(ready) };
        let pair = |event: &libc::epoll_event| -> PyResult {
            let (fd, happened) = (event.u64 as i32, event.events);
            let fd = Int::from_i64(th, fd.into())?;
            let happened = Int::from_i64(th, happened.into())?;
            Tuple::pack(th, [fd.into_object(), happened.into_object()]).map(Owned::into_object)
        };
        let pairs: PyResult<Vec<Owned>> = events.iter().map(pair).collect();
        List::from_vec(th, pairs?)
    }

    #[method(name = "__enter__", sig = "(self, /)")]
    fn enter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        this.fd(th)?;
        Ok(this.object().to_owned())
    }

    #[method(name = "__exit__", sig = "(self, exc_type=None, exc_value=None, exc_tb=None, /)")]
    fn exit(
        &self,
        th: &Thread,
        _exc_type: Option<Borrowed<'_>>,
        _exc_value: Option<Borrowed<'_>>,
        _exc_tb: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        self.close(th)
    }
}
