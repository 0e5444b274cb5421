//! `_thread`: threads and locks.
//!
//! `lock` has the locks, `local` the thread-local object, `handle` starts threads and waits for them. The same job as CPython's
//! `Modules/_threadmodule.c`.

mod handle;
mod local;
mod lock;
pub mod semaphore;
pub mod timeout;

use std::cell::Cell;

use krait_eval::subs;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use handle::ThreadHandle;
use local::Local;
use lock::{Lock, RLock};
pub use timeout::{nanoseconds, seconds};

/// The interpreter's threads.
pub struct Threads {
    /// How many threads started here are running.
    running: Cell<usize>,
    /// For new threads; 0 for the system's own choice.
    stack_size: Cell<usize>,
    /// The main thread, as `get_ident` names it.
    main: Cell<u64>,
}

impl Default for Threads {
    fn default() -> Threads {
        Threads { running: Cell::new(0), stack_size: Cell::new(0), main: Cell::new(0) }
    }
}

/// In a forked child, where only the calling thread is left: it is the main thread now.
pub fn after_fork(th: &Thread) {
    threads(th).main.set(ident());
    threads(th).running.set(0);
    krait_eval::thread_states::after_fork(th);
    handle::after_fork(th);
    local::after_fork(th);
}

fn threads(th: &Thread) -> &Threads {
    th.interp().state::<Threads>()
}

/// The calling thread, as `threading.get_ident` names it.
pub fn ident() -> u64 {
    // SAFETY: no arguments; it cannot fail.
    unsafe { libc::pthread_self() }
}

/// The least stack that a thread may be given.
const LEAST_STACK: isize = 53248;

static HOOK_ARGS: [Field; 4] = [
    Field { name: "exc_type", doc: "Exception type" },
    Field { name: "exc_value", doc: "Exception value" },
    Field { name: "exc_traceback", doc: "Exception traceback" },
    Field { name: "thread", doc: "Thread" },
];

fn hook_args(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "ExceptHookArgs\n\nType used to pass arguments to threading.excepthook.";
    StructSequence::new_type(th, "_thread._ExceptHookArgs", doc, &HOOK_ARGS, 4)
}

/// This module provides primitive operations to write multi-threaded programs.
/// The 'threading' module provides a more convenient interface.
#[pymodule(name = "_thread")]
pub struct ThreadModule;

#[pyfunctions]
impl ThreadModule {
    #[constant]
    const TIMEOUT_MAX: f64 = timeout::MAX;
    #[constant]
    const _NAME_MAXLEN: i32 = 15;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        if threads(th).main.get() == 0 {
            threads(th).main.set(krait_eval::registry::main_ident().unwrap_or_else(ident));
            th.interp()
                .state::<krait_eval::thread_states::Leaving>()
                .0
                .set(Some(local::forget_thread));
        }
        for (name, ty) in [
            ("lock", Lock::type_object()),
            ("LockType", Lock::type_object()),
            ("RLock", RLock::type_object()),
            ("_local", Local::type_object()),
            ("_ThreadHandle", ThreadHandle::type_object()),
            ("error", exc::RUNTIME_ERROR),
        ] {
            let ty = Borrowed::from_ref(ty);
            ty.ready(th)?;
            module.add(th, name, ty.object())?;
        }
        module.add(th, "_ExceptHookArgs", hook_args(th)?.object())
    }

    /// Start a new thread and return its identifier.
    ///
    /// The thread will call the function with positional arguments from the
    /// tuple args and keyword arguments taken from the optional dictionary
    /// kwargs.  The thread exits when the function returns; the return value
    /// is ignored.  The thread will also exit when the function raises an
    /// unhandled exception; a stack trace will be printed unless the exception
    /// is SystemExit.
    #[function(sig = "(function, args, kwargs={}, /)")]
    fn start_new_thread(th: &Thread, args: Args<'_>) -> PyResult<u64> {
        start_new(th, args, "start_new_thread")
    }

    /// An obsolete synonym of start_new_thread().
    #[function(sig = "(function, args, kwargs={}, /)")]
    fn start_new(th: &Thread, args: Args<'_>) -> PyResult<u64> {
        start_new(th, args, "start_new")
    }

    /// *For internal use only*: start a new thread.
    ///
    /// Like start_new_thread(), this starts a new thread calling the given function.
    /// Unlike start_new_thread(), this returns a handle object with methods to join
    /// or detach the given thread.
    /// This function is not for third-party code, please use the
    /// `threading` module instead. During finalization the runtime will not wait for
    /// the thread to exit if daemon is True. If handle is provided it must be a
    /// newly created thread._ThreadHandle instance.
    #[function(sig = "(function, handle=None, daemon=True)")]
    fn start_joinable_thread(
        th: &Thread,
        function: Borrowed<'_>,
        handle: Option<Borrowed<'_>>,
        daemon: bool,
    ) -> PyResult {
        if !object::is_callable(function) {
            return Err(th.raise(exc::TYPE_ERROR, "thread function must be callable"));
        }
        let handle = match handle.filter(|handle| !handle.is_none()) {
            None => handle::new_handle(th)?,
            Some(handle) => match handle.downcast::<ThreadHandle>() {
                Some(handle) => handle.to_owned(),
                None => {
                    return Err(th.raise(exc::TYPE_ERROR, "'handle' must be a _ThreadHandle"));
                }
            },
        };
        if daemon && !subs::settings(th).allow_daemon_threads {
            let message = "daemon threads are disabled in this (sub)interpreter";
            return Err(th.raise(exc::RUNTIME_ERROR, message));
        }
        handle::start(th, &handle, function, Tuple::empty(), None, daemon)?;
        Ok(handle.into_object())
    }

    /// Return True if daemon threads are allowed in the current interpreter,
    /// and False otherwise.
    #[function(sig = "()")]
    fn daemon_threads_allowed(th: &Thread) -> bool {
        subs::settings(th).allow_daemon_threads
    }

    /// Create a new lock object. See help(type(threading.Lock())) for
    /// information about locks.
    #[function(sig = "()")]
    fn allocate_lock(th: &Thread) -> PyResult {
        lock::allocate(th, Borrowed::from_ref(Lock::type_object()))
    }

    /// An obsolete synonym of allocate_lock().
    #[function(sig = "()")]
    fn allocate(th: &Thread) -> PyResult {
        lock::allocate(th, Borrowed::from_ref(Lock::type_object()))
    }

    /// This is synonymous to ``raise SystemExit''.  It will cause the current
    /// thread to exit silently unless the exception is caught.
    #[function(sig = "()")]
    fn exit(th: &Thread) -> PyResult<()> {
        Err(th.raise_none(exc::SYSTEM_EXIT))
    }

    /// An obsolete synonym of exit().
    #[function(sig = "()")]
    fn exit_thread(th: &Thread) -> PyResult<()> {
        Err(th.raise_none(exc::SYSTEM_EXIT))
    }

    /// Simulate the arrival of the given signal in the main thread,
    /// where the corresponding signal handler will be executed.
    /// If *signum* is omitted, SIGINT is assumed.
    /// A subthread can use this function to interrupt the main thread.
    ///
    /// Note: the default signal handler for SIGINT raises ``KeyboardInterrupt``.
    #[function(sig = "(signum=signal.SIGINT, /)")]
    fn interrupt_main(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let number = match args.positionals() {
            [] => i64::from(libc::SIGINT),
            [number] => number::index(th, *number)?.to_i64().unwrap_or(-1),
            more => {
                let given = more.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "interrupt_main expected at most 1 argument, got {given}"
                ));
            }
        };
        if !(1..65).contains(&number) {
            return Err(th.raise(exc::VALUE_ERROR, "signal number out of range"));
        }
        crate::signal::simulate(th, number as i32);
        Ok(())
    }

    /// Return a non-zero integer that uniquely identifies the current thread
    /// amongst other threads that exist simultaneously.
    ///
    /// This may be used to identify per-thread resources.  Even though on
    /// some platforms threads identities may appear to be allocated
    /// consecutive numbers starting at 1, this behavior should not be relied
    /// upon, and the number should be seen purely as a magic cookie.
    /// A thread's identity may be reused for another thread after it exits.
    #[function(sig = "()")]
    fn get_ident() -> u64 {
        ident()
    }

    /// Return a non-negative integer identifying the thread as reported
    /// by the OS (kernel). This may be used to uniquely identify a
    /// particular thread within a system.
    #[function(sig = "()")]
    fn get_native_id() -> u64 {
        handle::native_id()
    }

    /// Return the number of currently running Python threads, excluding
    /// the main thread. The returned number comprises all threads created
    /// through `start_new_thread()` as well as `threading.Thread`, and not
    /// yet finished.
    ///
    /// This function is meant for internal and specialized purposes only.
    /// In most applications `threading.enumerate()` should be used instead.
    #[function(sig = "()")]
    fn _count(th: &Thread) -> usize {
        threads(th).running.get()
    }

    /// Return the thread stack size used when creating new threads.  The
    /// optional size argument specifies the stack size (in bytes) to be used
    /// for subsequent threads.  The size must be 0 (use platform or
    /// configured default) or a positive integer value of at least 53,248. If
    /// changing the thread stack size is unsupported, a ThreadError exception
    /// is raised. If the specified size is invalid, a ValueError exception is
    /// raised, and the stack size is unmodified.
    #[function(sig = "(size=0, /)")]
    fn stack_size(th: &Thread, args: Args<'_>) -> PyResult<usize> {
        let size = match args.positionals() {
            [] => 0,
            [size] => number::as_isize(th, *size, Some(exc::OVERFLOW_ERROR))?,
            more => {
                let given = more.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "stack_size expected at most 1 argument, got {given}"
                ));
            }
        };
        if size < LEAST_STACK && size != 0 {
            return Err(raise!(th, VALUE_ERROR, "size must be at least {LEAST_STACK} bytes"));
        }
        Ok(threads(th).stack_size.replace(size as usize))
    }

    /// Handle uncaught Thread.run() exception.
    #[function(sig = "(args, /)")]
    fn _excepthook(th: &Thread, args: Borrowed<'_>) -> PyResult<()> {
        let class = hook_args(th)?;
        let args = match args.downcast::<Tuple>() {
            Some(tuple) if args.ty().is_subtype(&class) && tuple.len() == 4 => tuple,
            _ => {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "_thread.excepthook argument type must be ExceptHookArgs",
                ));
            }
        };
        excepthook(th, args)
    }

    /// Internal only. Return a thread handle for a thread that was not started here.
    #[function(sig = "(ident, /)")]
    fn _make_thread_handle(th: &Thread, ident: Borrowed<'_>) -> PyResult {
        let Some(ident) = ident.downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "ident must be an integer"));
        };
        let ident = ident.to_u64().ok_or_else(|| {
            th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C unsigned long")
        })?;
        Ok(handle::of_ident(th, ident)?.into_object())
    }

    /// Internal only. Return the ident of the main thread.
    #[function(sig = "()")]
    fn _get_main_thread_ident(th: &Thread) -> u64 {
        threads(th).main.get()
    }

    /// Return True if the current interpreter is the main Python interpreter.
    #[function(sig = "()")]
    fn _is_main_interpreter(th: &Thread) -> bool {
        th.interp().id == 0
    }

    /// Wait for all non-daemon threads (other than the calling thread) to stop.
    #[function(sig = "()")]
    fn _shutdown(th: &Thread) -> PyResult<()> {
        handle::wait_for_all(th)
    }

    /// Get the name of the current thread.
    #[function(sig = "()")]
    fn _get_name(th: &Thread) -> PyResult<Owned<Str>> {
        let mut name = [0u8; 64];
        // SAFETY: the buffer is as long as said.
        let status = unsafe {
            libc::pthread_getname_np(libc::pthread_self(), name.as_mut_ptr().cast(), name.len())
        };
        if status != 0 {
            return Err(krait_objects::exceptions::os::raise_errno(
                th,
                exc::OS_ERROR,
                status,
                [None, None],
            ));
        }
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        Str::from_fs_bytes(th, &name[..end])
    }

    /// Set the name of the current thread.
    #[function(sig = "(name)")]
    fn set_name(name: Borrowed<'_, Str>) -> PyResult<()> {
        // What the file system's encoding has no bytes for becomes a question mark.
        let text: String =
            name.chars().iter().map(|point| char::from_u32(point).unwrap_or('?')).collect();
        let mut bytes = text.into_bytes();
        bytes.truncate(15);
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        bytes.truncate(end);
        bytes.push(0);
        // SAFETY: a terminated string.
        unsafe { libc::pthread_setname_np(libc::pthread_self(), bytes.as_ptr().cast()) };
        Ok(())
    }
}

fn start_new(th: &Thread, args: Args<'_>, function: &str) -> PyResult<u64> {
    let given = args.positionals();
    let (bound, limit) = match given.len() {
        0 | 1 => ("least", 2),
        2 | 3 => ("", 0),
        _ => ("most", 3),
    };
    if limit != 0 {
        let count = given.len();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{function} expected at {bound} {limit} arguments, got {count}"
        ));
    }
    if !object::is_callable(given[0]) {
        return Err(th.raise(exc::TYPE_ERROR, "first arg must be callable"));
    }
    let Some(values) = given[1].downcast::<Tuple>() else {
        return Err(th.raise(exc::TYPE_ERROR, "2nd arg must be a tuple"));
    };
    let kwargs = match given.get(2) {
        None => None,
        Some(kwargs) => match kwargs.downcast::<Dict>() {
            Some(kwargs) => Some(kwargs),
            None => {
                return Err(th.raise(exc::TYPE_ERROR, "optional 3rd arg must be a dictionary"));
            }
        },
    };
    let handle = handle::new_handle(th)?;
    handle::start(th, &handle, given[0], values, kwargs, true)?;
    Ok(handle.ident_value())
}

/// Prints "Exception in thread …" and the traceback to `sys.stderr`, or to the stream the thread kept.
fn excepthook(th: &Thread, args: Borrowed<'_, Tuple>) -> PyResult<()> {
    let &[class, value, traceback, thread] = args.get().as_slice() else {
        return Err(th.bad_internal_call());
    };
    if class.is(Borrowed::from_ref(exc::SYSTEM_EXIT)) {
        return Ok(());
    }
    let sys = krait_eval::import::import(th, "sys")?;
    let mut file = object::get_attr_opt(th, sys.borrow(), id::stderr)?;
    if file.as_ref().is_none_or(|file| file.is_none()) {
        if thread.is_none() {
            return Ok(());
        }
        file = object::get_attr_opt(th, thread, Str::interned(th, "_stderr")?.borrow())?;
    }
    let Some(file) = file.filter(|file| !file.is_none()) else {
        return Ok(());
    };
    let name = match thread.is_none() {
        true => None,
        false => object::get_attr_opt(th, thread, id::name)?,
    };
    let name = match name {
        Some(name) => object::str(th, name.borrow())?,
        None => Str::from_string(th, ident().to_string())?,
    };
    let line = Str::from_fmt(th, format_args!("Exception in thread {}:\n", &*name))?;
    call::call_method(th, file.borrow(), id::write, &[line.object()])?;
    let library = krait_eval::import::import(th, "traceback")?;
    let print =
        object::get_attr(th, library.borrow(), Str::interned(th, "print_exception")?.borrow())?;
    // `print_exception(class, value, traceback, limit, file)`.
    let limit = none();
    call::call(th, print.borrow(), &[class, value, traceback, limit, file.borrow()])?;
    call::call_method(th, file.borrow(), id::flush, &[]).map(drop)
}
