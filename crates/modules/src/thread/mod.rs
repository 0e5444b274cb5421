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
    Field { name: "exc_type", doc: "class of the exception" },
    Field { name: "exc_value", doc: "the exception, or None" },
    Field { name: "exc_traceback", doc: "its traceback, or None" },
    Field { name: "thread", doc: "the thread that it ended, or None" },
];

fn hook_args(th: &Thread) -> PyResult<Owned<Type>> {
    let doc =
        "ExceptHookArgs\n\nWhat threading.excepthook() gets: an exception that ended a thread.";
    StructSequence::new_type(th, "_thread._ExceptHookArgs", doc, &HOOK_ARGS, 4)
}

/// Threads and locks at the lowest level; threading builds on them and is easier to use.
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

    /// Call function(*args, **kwargs) in a new thread and return the thread's ident.
    ///
    /// What the function returns is dropped. An exception that it does not catch is reported, unless it is
    /// SystemExit, and ends the thread.
    #[function(sig = "(function, args, kwargs={}, /)")]
    fn start_new_thread(th: &Thread, args: Args<'_>) -> PyResult<u64> {
        start_new(th, args, "start_new_thread")
    }

    /// The older name of start_new_thread().
    #[function(sig = "(function, args, kwargs={}, /)")]
    fn start_new(th: &Thread, args: Args<'_>) -> PyResult<u64> {
        start_new(th, args, "start_new")
    }

    /// Call function() in a new thread and return a handle that can wait for its end. Not for public use:
    /// threading offers all of this.
    ///
    /// handle is a fresh _ThreadHandle to use in place of a new one. The interpreter ends without waiting for
    /// the thread if daemon is true.
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
            None => None,
            Some(handle) => match handle.downcast::<ThreadHandle>() {
                Some(handle) => Some(handle.to_owned()),
                None => {
                    return Err(th.raise(exc::TYPE_ERROR, "'handle' must be a _ThreadHandle"));
                }
            },
        };
        let given = handle.as_ref().map(Owned::borrow);
        audit!(th, "_thread.start_joinable_thread", function, i32::from(daemon), given)?;
        let handle = match handle {
            Some(handle) => handle,
            None => handle::new_handle(th)?,
        };
        if daemon && !subs::settings(th).allow_daemon_threads {
            let message = "daemon threads are disabled in this (sub)interpreter";
            return Err(th.raise(exc::RUNTIME_ERROR, message));
        }
        handle::start(th, &handle, function, Tuple::empty(), None, daemon)?;
        Ok(handle.into_object())
    }

    /// Whether this interpreter may have daemon threads.
    #[function(sig = "()")]
    fn daemon_threads_allowed(th: &Thread) -> bool {
        subs::settings(th).allow_daemon_threads
    }

    /// Make a lock that nobody holds; its type describes what locks do.
    #[function(sig = "()")]
    fn allocate_lock(th: &Thread) -> PyResult {
        lock::allocate(th, Borrowed::from_ref(Lock::type_object()))
    }

    /// The older name of allocate_lock().
    #[function(sig = "()")]
    fn allocate(th: &Thread) -> PyResult {
        lock::allocate(th, Borrowed::from_ref(Lock::type_object()))
    }

    /// End this thread by raising SystemExit, which is not reported.
    #[function(sig = "()")]
    fn exit(th: &Thread) -> PyResult<()> {
        Err(th.raise_none(exc::SYSTEM_EXIT))
    }

    /// The older name of exit().
    #[function(sig = "()")]
    fn exit_thread(th: &Thread) -> PyResult<()> {
        Err(th.raise_none(exc::SYSTEM_EXIT))
    }

    /// Act as if a signal, SIGINT by default, had arrived: its handler will run in the main thread.
    ///
    /// So any thread can interrupt the main one; with the handler that SIGINT has at first, KeyboardInterrupt
    /// is raised there.
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

    /// A number, not 0, that no other living thread has.
    ///
    /// It says nothing else, and a later thread may get it after this one has ended. It serves as a key for
    /// what a thread owns.
    #[function(sig = "()")]
    fn get_ident() -> u64 {
        ident()
    }

    /// The number, not negative, by which the operating system knows this thread. No other running thread of
    /// the system has it.
    #[function(sig = "()")]
    fn get_native_id() -> u64 {
        handle::native_id()
    }

    /// How many threads started from Python, by whichever module, are still running; the main thread does not
    /// count.
    ///
    /// Programs rather use threading.enumerate().
    #[function(sig = "()")]
    fn _count(th: &Thread) -> usize {
        threads(th).running.get()
    }

    /// Say how many bytes of stack threads started later get; 0, the default, leaves it to the system.
    ///
    /// The result is what held so far. A size that is neither 0 nor at least 53,248 is a ValueError and
    /// changes nothing.
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

    /// Report the exception that ended a thread.
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

    /// Whether this code runs in the interpreter that the process began with.
    #[function(sig = "()")]
    fn _is_main_interpreter(th: &Thread) -> bool {
        th.interp().id == 0
    }

    /// Let all other threads finish, except for the daemons.
    #[function(sig = "()")]
    fn _shutdown(th: &Thread) -> PyResult<()> {
        handle::wait_for_all(th)
    }

    /// What the operating system calls this thread.
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

    /// Tell the operating system what to call this thread.
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
    audit!(th, "_thread.start_new_thread", given[0], values, kwargs)?;
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
