//! The process's one interpreter that C starts, and which thread state belongs to which OS thread.
//!
//! C's lifecycle functions take no handle: this is where the handle is kept. Everything else hangs off it.
//!
//! Invariants:
//! 1. `RUNTIME` is filled from `start` to `finish`; both happen on threads that C serialises.
//! 2. `OWN` is null or a live state of this OS thread, attached or not.

use std::cell::Cell;
use std::ptr::null;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use krait_eval::config::Config;
use krait_eval::gil::{self, Gil};
use krait_eval::lifecycle::Instance;
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

struct Runtime {
    instance: Instance,
    access: Access,
}

/// What a thread that is not attached needs to get in.
#[derive(Clone)]
struct Access {
    gil: Gil,
    interp: *const Interpreter,
}

// SAFETY: the instance is used by the thread that holds the GIL only; the lock protects the handle.
unsafe impl Send for Runtime {}

static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

/// Far above what the interpreter itself counts up.
static NEXT_FOREIGN_ID: AtomicU64 = AtomicU64::new(1 << 32);

thread_local! {
    static OWN: Cell<*const Thread> = const { Cell::new(null()) };
}

fn runtime() -> MutexGuard<'static, Option<Runtime>> {
    RUNTIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

pub fn is_running() -> bool {
    runtime().is_some()
}

/// Starts the interpreter; nothing if it runs already.
pub fn start(mut config: Config) -> Result<(), String> {
    if is_running() {
        return Ok(());
    }
    config.linked_modules.extend(crate::import_code::linked_modules());
    let instance = Instance::start(config).map_err(|error| error.0)?;
    let th = instance.thread();
    OWN.set(th);
    let access = Access { gil: gil::of(th), interp: th.interp() };
    *runtime() = Some(Runtime { instance, access });
    Ok(())
}

/// Ends the interpreter; false if flushing the standard streams failed.
pub fn finish() -> bool {
    let Some(Runtime { instance, .. }) = runtime().take() else {
        return true;
    };
    OWN.set(null());
    let flushed = instance.finish();
    krait_eval::sys::audit::clear_host_hooks();
    flushed
}

/// Gives up the GIL; the state that was attached.
pub fn detach() -> *const Thread {
    let Some(th) = Thread::current_or_none() else {
        krait_objects::fatal(
            "PyEval_SaveThread: the function must be called with the GIL held, after Python initialization and before Python finalization, but the GIL is released (the current Python thread state is NULL)",
        );
    };
    OWN.set(th);
    let gil = gil::of(th);
    // SAFETY: the GIL is given up with it.
    unsafe { Thread::swap_current(null()) };
    gil.release();
    th
}

/// Waits for the GIL and attaches `th`.
///
/// # Safety
/// `th` is a live state that no thread is attached with.
pub unsafe fn attach(th: *const Thread) {
    let Some(access) = access() else {
        krait_objects::fatal("PyEval_RestoreThread: the interpreter is not initialized");
    };
    // SAFETY: the caller's promise.
    unsafe {
        access.gil.acquire(th);
        Thread::swap_current(th);
    }
    OWN.set(th);
}

fn access() -> Option<Access> {
    runtime().as_ref().map(|runtime| runtime.access.clone())
}

/// This OS thread's state, attached or not.
pub fn own() -> *const Thread {
    Thread::current_or_none().map_or_else(|| OWN.get(), std::ptr::from_ref)
}

/// A new state for this OS thread, not attached yet.
pub fn new_thread() -> Option<*const Thread> {
    let access = access()?;
    // SAFETY: the interpreter lives as long as the runtime does.
    let interp = unsafe { &*access.interp };
    let thread = Thread::new(interp, NEXT_FOREIGN_ID.fetch_add(1, Ordering::Relaxed));
    Some(Box::into_raw(thread))
}

/// Detaches and frees this OS thread's state, which `new_thread` made.
///
/// # Safety
/// `th` is attached and came from `new_thread`.
pub unsafe fn drop_thread(th: *const Thread) {
    detach();
    OWN.set(null());
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(th.cast_mut()) });
}
