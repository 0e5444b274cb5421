//! The thread states of an interpreter: who else runs in it, and how a state ends.
//!
//! The list itself is in `registry`. The list half of CPython's `Python/pystate.c`.

use std::cell::Cell;

use krait_objects::prelude::*;

use crate::frame::datastack;
use crate::registry;

/// In a forked child only the calling thread is left.
pub fn after_fork(th: &Thread) {
    registry::after_fork(th);
}

/// Calls `body` with each state of the interpreter, the newest first.
pub fn for_each(th: &Thread, mut body: impl FnMut(&Thread) -> PyResult<()>) -> PyResult<()> {
    for state in registry::states(th.interp()) {
        // `body` may have let go of the GIL meanwhile, and a thread may have ended.
        if registry::states(th.interp()).contains(&state) {
            // SAFETY: in the list, so live; its thread waits for the GIL, which this one has.
            body(unsafe { &*state })?;
        }
    }
    Ok(())
}

/// Releases what modules keep of a thread that ends; set by `_thread`, which has the thread-local objects.
#[derive(Default)]
pub struct Leaving(pub Cell<Option<fn(&Thread)>>);

/// Releases what a state holds; the GIL of its interpreter is held.
///
/// # Safety
/// The state runs no Python code, or never will again.
pub unsafe fn clear(th: &Thread) {
    if let Some(leave) = th.interp().state::<Leaving>().0.get() {
        leave(th);
    }
    th.asyncio.leave(&th.interp().tasks);
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

/// Takes a state out of the list and frees it.
///
/// # Safety
/// A cleared state from `registry::new_state`, without frames, that is attached nowhere.
pub unsafe fn delete(th: *const Thread) {
    registry::leave_state(th);
    // SAFETY: the caller's promise.
    unsafe {
        datastack::free(&*th);
        drop(Box::from_raw(th.cast_mut()));
    }
}

/// Whether the state at this address is one of the interpreter's.
pub fn is_live(th: &Thread, address: usize) -> bool {
    registry::states(th.interp()).iter().any(|known| known.addr() == address)
}
