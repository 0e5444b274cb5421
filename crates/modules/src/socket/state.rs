//! What the module keeps per interpreter, and its ways of failing.
//!
//! Relies on `objects::interp` for the state; the same job as `socket_state` in CPython's `Modules/socketmodule.c`.

use std::cell::{Cell, OnceCell};
use std::ffi::{CStr, c_int, c_void};

use krait_abi as abi;
use krait_objects::capsule::Capsule;
use krait_objects::exceptions::os::raise_errno;
use krait_objects::prelude::*;

/// The timeout that stands for "no limit".
pub const BLOCKING: i64 = -1;

pub struct State {
    /// In nanoseconds, for new sockets; `BLOCKING`, or 0 for sockets that never wait.
    pub default_timeout: Cell<i64>,
    gaierror: OnceCell<Owned<Type>>,
    herror: OnceCell<Owned<Type>>,
    /// What the capsule points to. Its address must not change: the state never moves.
    api: OnceCell<Api>,
}

impl Default for State {
    fn default() -> State {
        State {
            default_timeout: Cell::new(BLOCKING),
            gaierror: OnceCell::new(),
            herror: OnceCell::new(),
            api: OnceCell::new(),
        }
    }
}

/// ABI: `PySocketModule_APIObject`, which other modules reach through the capsule `_socket.CAPI`.
#[repr(C)]
pub struct Api {
    sock_type: *mut abi::PyTypeObject,
    error: *mut abi::PyObject,
    timeout_error: *mut abi::PyObject,
}

impl State {
    pub fn of(th: &Thread) -> &State {
        th.interp().state::<State>()
    }

    pub fn api(&self, socket: &'static Type) -> *const Api {
        self.api.get_or_init(|| Api {
            sock_type: Borrowed::from_ref(socket).as_type_ptr(),
            error: Borrowed::from_ref(exc::OS_ERROR).as_ptr(),
            timeout_error: Borrowed::from_ref(exc::TIMEOUT_ERROR).as_ptr(),
        })
    }
}

/// What the collector finds in the capsule of an `Api`.
///
/// # Safety
/// As for a `tp_traverse`; `capsule` is one whose pointer is to an `Api`.
pub unsafe extern "C" fn visit_api(
    capsule: *mut abi::PyObject,
    visit: abi::visitproc,
    arg: *mut c_void,
) -> c_int {
    let Some(visit) = visit else { return 0 };
    // SAFETY: the caller's promise.
    unsafe {
        let api = &*(*capsule.cast::<Capsule>()).pointer.get().cast::<Api>();
        for ob in [api.sock_type.cast(), api.error, api.timeout_error] {
            let stop = visit(ob, arg);
            if stop != 0 {
                return stop;
            }
        }
    }
    0
}

/// The types are static: there is nothing to give up.
///
/// # Safety
/// None is needed.
pub unsafe extern "C" fn clear_api(_capsule: *mut abi::PyObject) -> c_int {
    0
}

/// A subclass of OSError that lives in `socket`.
fn error_class(th: &Thread, name: &str) -> PyResult<Owned<Type>> {
    let class = |ty: &'static Type| Borrowed::from_ref(ty).object();
    let bases = Tuple::from_slice(th, &[class(exc::OS_ERROR)])?;
    let namespace = Dict::new(th)?;
    namespace.set_str(th, id::__module__, Str::interned(th, "socket")?.object())?;
    let name = Str::interned(th, name)?;
    let made = call::call(
        th,
        class(Type::type_object()),
        &[name.object(), bases.object(), namespace.object()],
    )?;
    made.downcast::<Type>().map_err(|_| th.bad_internal_call())
}

/// `socket.gaierror`.
pub fn gaierror(th: &Thread) -> PyResult<Owned<Type>> {
    let cell = &State::of(th).gaierror;
    if cell.get().is_none() {
        let made = error_class(th, "gaierror")?;
        let _already = cell.set(made);
    }
    cell.get().cloned().ok_or_else(|| th.bad_internal_call())
}

/// `socket.herror`.
pub fn herror(th: &Thread) -> PyResult<Owned<Type>> {
    let cell = &State::of(th).herror;
    if cell.get().is_none() {
        let made = error_class(th, "herror")?;
        let _already = cell.set(made);
    }
    cell.get().cloned().ok_or_else(|| th.bad_internal_call())
}

unsafe extern "C" {
    fn hstrerror(code: libc::c_int) -> *const libc::c_char;
    fn __h_errno_location() -> *mut libc::c_int;
}

fn raise_numbered(
    th: &Thread,
    class: PyResult<Owned<Type>>,
    code: i32,
    text: *const libc::c_char,
) -> Raised {
    let attempt = || -> PyResult<(Owned<Type>, Owned<Tuple>)> {
        // SAFETY: the C library's own text.
        let text = unsafe { CStr::from_ptr(text) };
        let code = Int::from_i64(th, code.into())?;
        let text = Str::from_fs_bytes(th, text.to_bytes())?;
        Ok((class?, Tuple::from_slice(th, &[code.object(), text.object()])?))
    };
    match attempt() {
        Ok((class, args)) => th.raise_in(class.borrow(), Some(args.object())),
        Err(raised) => raised,
    }
}

/// What `getaddrinfo` and `getnameinfo` answer with; `errno` is the system's error at that time.
#[cold]
pub fn raise_gai(th: &Thread, code: i32, errno: i32) -> Raised {
    if code == libc::EAI_SYSTEM {
        return failed(th, errno);
    }
    // SAFETY: any number may be asked for.
    raise_numbered(th, gaierror(th), code, unsafe { libc::gai_strerror(code) })
}

/// What the older functions leave in `h_errno`.
#[cold]
pub fn raise_host(th: &Thread, code: i32) -> Raised {
    // SAFETY: any number may be asked for.
    raise_numbered(th, herror(th), code, unsafe { hstrerror(code) })
}

pub fn h_errno() -> i32 {
    // SAFETY: the thread's own variable.
    unsafe { *__h_errno_location() }
}

pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// OSError for an error number.
#[cold]
pub fn failed(th: &Thread, errno: i32) -> Raised {
    raise_errno(th, exc::OS_ERROR, errno, [None, None])
}
