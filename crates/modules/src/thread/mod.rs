//! The `_thread` module: threads, locks, thread-local data.
//!
//! The same job as CPython's `Modules/_threadmodule.c`.

mod handle;
mod local;
mod lock;
mod start;

use std::cell::Cell;

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

pub use handle::ThreadHandle;
pub use local::Local;
pub use lock::{Lock, RLock};

/// This module provides primitive operations to write multi-threaded programs.
/// The 'threading' module provides a more convenient interface.
#[pymodule(name = "_thread")]
pub struct ThreadModule;

/// What the module keeps for an interpreter.
pub(crate) struct State {
    /// Threads started by `start_new_thread` that run.
    pub count: Cell<usize>,
    pub main: Cell<u64>,
    pub stack_size: Cell<usize>,
    pub next_id: Cell<u64>,
    /// Handles of threads that `_shutdown` waits for.
    pub joinable: std::cell::RefCell<Vec<Owned<ThreadHandle>>>,
}

impl Default for State {
    fn default() -> State {
        State {
            count: Cell::new(0),
            main: Cell::new(ident()),
            stack_size: Cell::new(0),
            next_id: Cell::new(2),
            joinable: std::cell::RefCell::default(),
        }
    }
}

/// The identity of the calling OS thread.
pub(crate) fn ident() -> u64 {
    // SAFETY: asks and changes nothing.
    unsafe { libc::pthread_self() }
}

static HOOK_ARGS: [Field; 4] = [
    Field { name: "exc_type", doc: "Exception type" },
    Field { name: "exc_value", doc: "Exception value" },
    Field { name: "exc_traceback", doc: "Exception traceback" },
    Field { name: "thread", doc: "Thread" },
];

/// The longest time-out of a lock, in seconds: what fits an i64 of nanoseconds.
const TIMEOUT_MAX: f64 = 9_223_372_036.0;

#[pyfunctions(parts(start))]
impl ThreadModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        th.interp().state::<State>();
        for (name, ty) in [
            ("LockType", Lock::type_object()),
            ("lock", Lock::type_object()),
            ("RLock", RLock::type_object()),
            ("_local", Local::type_object()),
            ("_ThreadHandle", ThreadHandle::type_object()),
        ] {
            let ty = Borrowed::from_ref(ty);
            ty.ready(th)?;
            module.add(th, name, ty.object())?;
        }
        module.add(th, "error", Borrowed::from_ref(exc::RUNTIME_ERROR).object())?;
        module.add(th, "TIMEOUT_MAX", Float::new(th, TIMEOUT_MAX)?.object())?;
        module.add(th, "_NAME_MAXLEN", Int::from_i64(th, 15)?.object())?;
        let args = StructSequence::new_type(
            th,
            "_thread._ExceptHookArgs",
            "Type used to pass arguments to threading.excepthook.",
            &HOOK_ARGS,
            4,
        )?;
        module.add(th, "_ExceptHookArgs", args.object())
    }

    /// Create a new lock object.
    #[function(sig = "()")]
    fn allocate_lock(th: &Thread) -> PyResult<Owned<Lock>> {
        Lock::create(th)
    }

    /// An obsolete synonym of allocate_lock().
    #[function(sig = "()")]
    fn allocate(th: &Thread) -> PyResult<Owned<Lock>> {
        Lock::create(th)
    }

    /// Return a number that identifies the current thread among those that run at the same time.
    #[function(sig = "()")]
    fn get_ident() -> u64 {
        ident()
    }

    /// Return the number by which the operating system knows the current thread.
    #[function(sig = "()")]
    fn get_native_id() -> i64 {
        // SAFETY: asks and changes nothing.
        unsafe { libc::syscall(libc::SYS_gettid) }
    }

    /// Return the identity of the main thread.
    #[function(sig = "()")]
    fn _get_main_thread_ident(th: &Thread) -> u64 {
        th.interp().state::<State>().main.get()
    }

    /// Whether this is the main interpreter.
    #[function(sig = "()")]
    fn _is_main_interpreter(th: &Thread) -> bool {
        th.interp().id == 0
    }

    /// Whether daemon threads may be started.
    #[function(sig = "()")]
    fn daemon_threads_allowed() -> bool {
        true
    }

    /// Return how many threads run that start_new_thread() has started.
    #[function(sig = "()")]
    fn _count(th: &Thread) -> usize {
        th.interp().state::<State>().count.get()
    }

    /// Raise SystemExit: unless it is caught, the thread ends silently.
    #[function(sig = "()")]
    fn exit(th: &Thread) -> PyResult<()> {
        Err(th.raise_none(exc::SYSTEM_EXIT))
    }

    /// An obsolete synonym of exit().
    #[function(sig = "()")]
    fn exit_thread(th: &Thread) -> PyResult<()> {
        Err(th.raise_none(exc::SYSTEM_EXIT))
    }

    /// Simulate the arrival of a signal in the main thread.
    #[function(sig = "(signum=2, /)")]
    fn interrupt_main(th: &Thread, signum: i32) -> PyResult<()> {
        if !(1..=64).contains(&signum) {
            return Err(th.raise(exc::VALUE_ERROR, "signal number out of range"));
        }
        // SAFETY: raises a signal in this process, which the handler records.
        unsafe { libc::kill(libc::getpid(), signum) };
        Ok(())
    }

    /// Return the stack size of new threads, and set it if size is given; 0 stands for the system's default.
    #[function(sig = "(size=0, /)")]
    fn stack_size(th: &Thread, size: isize) -> PyResult<usize> {
        let state = th.interp().state::<State>();
        let old = state.stack_size.get();
        match usize::try_from(size) {
            Ok(size) if size == 0 || size >= 32 << 10 => state.stack_size.set(size),
            Ok(size) => return Err(raise!(th, VALUE_ERROR, "size not valid: {size} bytes")),
            Err(_) => return Err(th.raise(exc::VALUE_ERROR, "size must be 0 or a positive value")),
        }
        Ok(old)
    }

    /// Return the name of the current thread, as the operating system has it.
    #[function(sig = "()")]
    fn _get_name(th: &Thread) -> PyResult<Owned<Str>> {
        let mut name = [0u8; 16];
        // SAFETY: the system writes at most 16 bytes, a NUL among them.
        unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        Str::from_fs_bytes(th, &name[..end])
    }

    /// Set the name of the current thread for the operating system, cut to what it takes.
    #[function(sig = "(name)")]
    fn set_name(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<()> {
        let mut bytes = name.to_fs_bytes(th)?;
        bytes.truncate(15);
        bytes.push(0);
        // SAFETY: a NUL-terminated string that lives through the call.
        unsafe { libc::prctl(libc::PR_SET_NAME, bytes.as_ptr()) };
        Ok(())
    }

    /// Handle an exception that a thread's function has raised: print it, but for SystemExit.
    #[function(sig = "(args, /)")]
    fn _excepthook(th: &Thread, args: Borrowed<'_>) -> PyResult<()> {
        let field = |name: &str| -> PyResult {
            object::get_attr(th, args, Str::interned(th, name)?.borrow())
        };
        let ty = field("exc_type")?;
        if ty.is(Borrowed::from_ref(exc::SYSTEM_EXIT)) {
            return Ok(());
        }
        let (value, thread) = (field("exc_value")?, field("thread")?);
        let name =
            match object::get_attr_opt(th, thread.object(), Str::interned(th, "name")?.borrow())? {
                Some(name) => object::str(th, name.object())?.to_string_lossy(),
                None => ident().to_string(),
            };
        let Some(stderr) = krait_eval::sys::get(th, id::stderr)?.filter(|stream| !stream.is_none())
        else {
            return Ok(());
        };
        let line = Str::new(th, &format!("Exception in thread {name}:\n"))?;
        call::call_method(th, stderr.object(), id::write, &[line.object()])?;
        krait_eval::sys::hooks::print_exception(th, value.object());
        Ok(())
    }
}
