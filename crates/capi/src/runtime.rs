//! The interpreters that C starts, and which thread state belongs to which OS thread.
//!
//! C's lifecycle functions take no handle: this is where the handles are kept. Everything else hangs off them; the
//! interpreters of the process, whoever started them, are in `krait_eval::registry`.
//!
//! Invariants:
//! 1. `STARTED` holds what C started and has not ended; C serialises starting and ending.
//! 2. `OWN` is null or a live state of this OS thread, attached or not.

use std::cell::Cell;
use std::ptr::null;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use krait_eval::config::{self, Config};
use krait_eval::gil::{self, Gil};
use krait_eval::lifecycle::Instance;
use krait_eval::pending::{Hooks, Pending};
use krait_eval::registry::{self, Entry};
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

struct Started(Instance);

// SAFETY: an instance is used by the thread that holds its GIL only; the lock protects the handle.
unsafe impl Send for Started {}

static STARTED: Mutex<Vec<Started>> = Mutex::new(Vec::new());

/// Far above what the interpreter itself counts up.
static NEXT_FOREIGN_ID: AtomicU64 = AtomicU64::new(1 << 32);

thread_local! {
    static OWN: Cell<*const Thread> = const { Cell::new(null()) };
}

fn started() -> MutexGuard<'static, Vec<Started>> {
    STARTED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

pub fn is_running() -> bool {
    registry::main().is_some()
}

/// Starts the interpreter; nothing if it runs already.
pub fn start(mut config: Config) -> Result<(), String> {
    if is_running() {
        return Ok(());
    }
    config.linked_modules.extend(crate::import_code::linked_modules());
    config.heap_hook = crate::allocators::heap_hook();
    let instance = Instance::start(config).map_err(|error| error.0)?;
    let th = instance.thread();
    OWN.set(th);
    let hooks = &th.interp().state::<Pending>().hooks;
    hooks.set(Hooks { calls: crate::runtime_facts::run_pending_calls, ..hooks.get() });
    started().push(Started(instance));
    Ok(())
}

/// Hands the main interpreter's first thread state to whoever wants to leave it a request, from any thread.
pub fn with_main_thread(leave: impl FnOnce(&Thread)) {
    if let Some(Started(instance)) = started().first() {
        leave(instance.thread());
    }
}

/// Starts an interpreter beside the current one; this OS thread is attached to it afterwards.
pub fn start_sub(checks: bool) -> Result<*const Thread, String> {
    let parent = detach();
    // SAFETY: a state's interpreter outlives it; its settings do not change once it runs.
    let mut config = unsafe {
        attach(parent);
        let config: Config = (*config::of(&*parent)).clone();
        detach();
        config
    };
    config.install_signal_handlers = false;
    config.heap_hook = crate::allocators::heap_hook();
    match Instance::start_sub(config, checks) {
        Ok(instance) => {
            let th: *const Thread = instance.thread();
            OWN.set(th);
            started().push(Started(instance));
            Ok(th)
        }
        Err(error) => {
            // SAFETY: the state was detached above.
            unsafe { attach(parent) };
            Err(error.0)
        }
    }
}

/// Ends the interpreter of the attached state; no state is attached afterwards.
pub fn finish_sub(th: &Thread) -> bool {
    let interp: *const Interpreter = th.interp();
    let found = {
        let mut started = started();
        let at = started.iter().position(|one| std::ptr::eq(one.0.thread().interp(), interp));
        at.map(|at| started.remove(at))
    };
    let Some(Started(instance)) = found else {
        return false;
    };
    if !std::ptr::eq(instance.thread(), th) {
        // It ends on the state that it began with.
        detach();
        instance.attach();
    }
    OWN.set(null());
    instance.finish()
}

/// Ends what C started, sub-interpreters first; false if flushing the standard streams failed.
pub fn finish() -> bool {
    let own = own();
    let mut flushed = true;
    loop {
        let Some(Started(instance)) = started().pop() else {
            krait_eval::sys::audit::clear_host_hooks();
            crate::runtime_facts::run_at_exit();
            return flushed;
        };
        if Thread::current_or_none().is_some_and(|th| !std::ptr::eq(th, instance.thread())) {
            detach();
        }
        if Thread::current_or_none().is_none() {
            instance.attach();
        }
        if std::ptr::eq(own, instance.thread()) {
            OWN.set(null());
        }
        flushed &= instance.finish();
    }
}

/// Gives up the GIL; the state that was attached.
pub fn detach() -> *const Thread {
    let Some(th) = Thread::current_or_none() else {
        crate::lifecycle::fatal_error("PyEval_SaveThread", crate::threads::NOT_ATTACHED);
    };
    OWN.set(th);
    let gil = gil::of(th);
    // SAFETY: the GIL is given up with it.
    unsafe { Thread::swap_current(null()) };
    gil.release();
    th
}

/// Runs `body` without the GIL, if this thread has it.
pub fn detached<T>(body: impl FnOnce() -> T) -> T {
    if Thread::current_or_none().is_none() {
        return body();
    }
    let th = detach();
    let result = body();
    // SAFETY: the state was detached above.
    unsafe { attach(th) };
    result
}

/// Waits for the GIL and attaches `th`.
///
/// # Safety
/// `th` is a live state that no thread is attached with.
pub unsafe fn attach(th: *const Thread) {
    // SAFETY: the caller's promise.
    let gil = match registry::find(unsafe { (*(*th).raw()).interp.cast() }) {
        Some(Entry { gil, .. }) => gil,
        None => sleep(),
    };
    // SAFETY: the caller's promise.
    unsafe {
        gil.acquire(th);
        Thread::swap_current(th);
    }
    OWN.set(th);
}

/// The interpreter of this state is gone: its thread can neither go on nor unwind.
fn sleep() -> Gil {
    loop {
        std::thread::park();
    }
}

/// This OS thread's state, attached or not.
pub fn own() -> *const Thread {
    Thread::current_or_none().map_or_else(|| OWN.get(), std::ptr::from_ref)
}

/// Forgets the state if it is this OS thread's.
pub fn disown(th: *const Thread) {
    if std::ptr::eq(OWN.get(), th) {
        OWN.set(null());
    }
}

/// A new state of `interp`, not attached yet.
///
/// # Safety
/// `interp` is live.
pub unsafe fn new_thread_of(interp: *const Interpreter) -> *const Thread {
    // SAFETY: the caller's promise.
    let interp = unsafe { &*interp };
    let thread = Thread::new(interp, NEXT_FOREIGN_ID.fetch_add(1, Ordering::Relaxed));
    // SAFETY: the state is new.
    unsafe { (*thread.raw()).thread_id = libc::pthread_self() as _ };
    Box::into_raw(thread)
}

/// A new state for this OS thread in the main interpreter, not attached yet.
pub fn new_thread() -> Option<*const Thread> {
    let main = registry::main()?;
    // SAFETY: the registry's interpreters are live.
    Some(unsafe { new_thread_of(main.interp) })
}

/// Detaches and frees this OS thread's state, which `new_thread` made.
///
/// # Safety
/// `th` is attached and came from `new_thread`.
pub unsafe fn drop_thread(th: *const Thread) {
    // SAFETY: the caller's promise.
    unsafe {
        clear_thread(&*th);
        detach();
        OWN.set(null());
        drop(Box::from_raw(th.cast_mut()));
    }
}

/// Releases what a state holds; the GIL of its interpreter is held.
///
/// # Safety
/// The state runs no Python code.
pub unsafe fn clear_thread(th: &Thread) {
    // SAFETY: the caller's promise; each field is empty before its reference goes.
    unsafe {
        let raw = th.raw();
        let fields = [
            &raw mut (*raw).dict,
            &raw mut (*raw).current_exception,
            &raw mut (*raw).async_exc,
            &raw mut (*raw).context,
            &raw mut (*raw).exc_state.exc_value,
            &raw mut (*raw).async_gen_firstiter,
            &raw mut (*raw).async_gen_finalizer,
        ];
        for field in fields {
            let held = std::mem::replace(&mut *field, std::ptr::null_mut());
            drop(Owned::<Object>::from_ptr_or_null(held));
        }
    }
}
