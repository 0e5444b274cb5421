//! `_socket`: what the network offers, as the system has it; `socket` builds on it.
//!
//! `object` is the type, `descriptor` what it holds; `transfer`, `message` and `options` are its methods by topic. `address` and `families`
//! turn addresses into Python and back, `resolve` and `names` look things up, `wait` calls the system with a
//! time limit. The same job as CPython's `Modules/socketmodule.c`.

mod address;
mod arguments;
mod constants;
mod descriptor;
mod families;
mod ip;
mod message;
mod names;
mod object;
mod options;
mod resolve;
mod state;
mod transfer;
mod wait;

use krait_eval::gil::without_gil;
use krait_objects::args::ToObject;
use krait_objects::capsule::Capsule;
use krait_objects::prelude::*;

use descriptor::Descriptor;
use object::Socket;
use state::{State, failed};
use wait::checked;

/// What the socket module is built on; its documentation covers this one too.
#[pymodule(name = "_socket")]
pub struct SocketModule;

#[pyfunctions(parts(resolve, names, message))]
impl SocketModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, value) in constants::CONSTANTS {
            module.add(th, name, Int::from_i64(th, *value)?.object())?;
        }
        for (name, value) in
            [("BDADDR_ANY", "00:00:00:00:00:00"), ("BDADDR_LOCAL", "00:00:00:FF:FF:FF")]
        {
            module.add(th, name, Str::new(th, value)?.object())?;
        }
        module.add(th, "has_ipv6", bool_object(true).object())?;
        module.add(th, "error", Borrowed::from_ref(exc::OS_ERROR).object())?;
        module.add(th, "timeout", Borrowed::from_ref(exc::TIMEOUT_ERROR).object())?;
        module.add(th, "herror", state::herror(th)?.object())?;
        module.add(th, "gaierror", state::gaierror(th)?.object())?;
        module.add_type(th, Socket::type_object())?;
        module.add(th, "SocketType", Borrowed::from_ref(Socket::type_object()).object())?;
        let api = State::of(th).api(Socket::type_object());
        let name = c"_socket.CAPI".as_ptr();
        let capsule = Capsule::new(th, api.cast_mut().cast(), name, None)?;
        capsule.track(th, state::visit_api, state::clear_api);
        module.add(th, "CAPI", capsule.object())
    }

    /// close(integer) -> None
    ///
    /// Close a socket given by its descriptor. On some systems os.close() cannot do that.
    #[function(sig = "(object, /)", no_text)]
    fn close(th: &Thread, object: i32) -> PyResult<()> {
        descriptor::close(th, object)
    }

    /// dup(integer) -> integer
    ///
    /// Make another descriptor for a socket given by its descriptor. On some systems os.dup() cannot do that.
    #[function(sig = "(object, /)", no_text)]
    fn dup(th: &Thread, object: i32) -> PyResult<usize> {
        // SAFETY: any number may be tried. The copy is not inherited by other programs.
        let copy = checked(unsafe { libc::fcntl(object, libc::F_DUPFD_CLOEXEC, 0) } as isize);
        copy.map_err(|errno| failed(th, errno))
    }

    /// getdefaulttimeout() -> timeout
    ///
    /// How many seconds new sockets may wait, as a float. None, the value at first, is no limit.
    #[function(sig = "()", no_text)]
    fn getdefaulttimeout(th: &Thread) -> Option<f64> {
        wait::timeout_seconds(State::of(th).default_timeout.get())
    }

    /// setdefaulttimeout(timeout)
    ///
    /// Say how many seconds new sockets may wait. None, the value at first, is no limit.
    #[function(sig = "(object, /)", no_text)]
    fn setdefaulttimeout(th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        State::of(th).default_timeout.set(wait::parse_timeout(th, object)?);
        Ok(())
    }

    /// socketpair([family[, type [, proto]]]) -> (socket object, socket object)
    ///
    /// Make two sockets that are connected with each other.
    ///
    /// The arguments mean what they mean for socket(), but family is AF_UNIX by default, or AF_INET where the
    /// system lacks that.
    #[function(sig = "(*args)", no_text)]
    fn socketpair(th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        arguments::count(th, "socketpair", args, 0, 3)?;
        let family = arguments::int_or(th, args.first(), libc::AF_UNIX)?;
        let kind = arguments::int_or(th, args.get(1), libc::SOCK_STREAM)?;
        let proto = arguments::int_or(th, args.get(2), 0)?;
        let mut pair = [0; 2];
        let made = without_gil(th, || {
            // SAFETY: room for two descriptors.
            checked(unsafe {
                libc::socketpair(family, kind | libc::SOCK_CLOEXEC, proto, pair.as_mut_ptr())
            } as isize)
        });
        made.map_err(|errno| failed(th, errno))?;
        let [first, second] = pair.map(Descriptor);
        let parts = [family, kind, proto];
        let first = Socket::from_descriptor(th, first, parts)?;
        (first, Socket::from_descriptor(th, second, parts)?).to_object(th)
    }
}
