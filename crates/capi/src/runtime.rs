//! The interpreters that C starts, and which thread state belongs to which OS thread.
//!
//! C's lifecycle functions take no handle: this is where the main interpreter's is kept. The interpreters of the process,
//! whoever started them, are in `krait_eval::registry`.
//!
//! Invariant: 1. `STARTED` holds what C started and has not ended; C serialises starting and ending.

use std::sync::{Mutex, MutexGuard};

use krait_eval::config::Config;
use krait_eval::lifecycle::Instance;
use krait_eval::{gil, registry, thread_states};
use krait_objects::prelude::*;

struct Started(Instance);

// SAFETY: an instance is used by the thread that holds its GIL only; the lock protects the handle.
unsafe impl Send for Started {}

static STARTED: Mutex<Option<Started>> = Mutex::new(None);

fn started() -> MutexGuard<'static, Option<Started>> {
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
    crate::internal::fill_hash_secret();
    *started() = Some(Started(instance));
    Ok(())
}

/// Ends what C started, sub-interpreters first; false if flushing the standard streams failed.
pub fn finish() -> bool {
    let Some(Started(instance)) = started().take() else {
        return true;
    };
    let main = std::ptr::from_ref(instance.thread().interp());
    let is_mains = |th: &Thread| std::ptr::eq(th.interp(), main);
    if Thread::current_or_none().is_none_or(|th| !is_mains(th)) {
        if Thread::current_or_none().is_some() {
            detach();
        }
        instance.attach();
    }
    let flushed = instance.finish();
    krait_eval::sys::audit::clear_host_hooks();
    crate::runtime_facts::run_at_exit();
    flushed
}

/// Gives up the GIL; the state that was attached.
pub fn detach() -> *const Thread {
    let Some(th) = Thread::current_or_none() else {
        crate::lifecycle::fatal_error("PyEval_SaveThread", crate::threads::NOT_ATTACHED);
    };
    gil::detach(th);
    th
}

/// Runs `body` without the GIL, if this thread has it.
pub fn detached<T>(body: impl FnOnce() -> T) -> T {
    match Thread::current_or_none() {
        Some(th) => gil::without_gil(th, body),
        None => body(),
    }
}

/// This OS thread's state, attached or not.
pub fn own() -> *const Thread {
    if let Some(th) = Thread::current_or_none() {
        return th;
    }
    let own = Thread::own();
    if !own.is_null() && registry::is_mine(own) { own } else { std::ptr::null() }
}

/// A new state for this OS thread in the main interpreter, not attached yet.
pub fn new_thread() -> Option<*const Thread> {
    let main = registry::main()?;
    registry::new_state(main.interp).map(|state| Box::into_raw(state).cast_const())
}

/// Detaches and frees this OS thread's state.
///
/// # Safety
/// `th` is attached and came from `registry::new_state`.
pub unsafe fn drop_thread(th: *const Thread) {
    // SAFETY: the caller's promise.
    unsafe {
        thread_states::clear(&*th);
        detach();
        thread_states::delete(th);
    }
}
