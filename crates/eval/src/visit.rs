//! Native threads that run an interpreter's code for a while: how a call that comes from C gets there.
//!
//! The same job as `PyGILState_Ensure` and `PyGILState_Release` of CPython's `Python/pystate.c`, for a certain interpreter.

use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use crate::{gil, registry, thread_states};

/// Runs `body` attached to `interp`, with the state that this OS thread has there or one made for it. Does nothing if the
/// interpreter is gone.
///
/// # Safety
/// `interp` is or was an interpreter's address.
pub unsafe fn visit(interp: *const Interpreter, body: impl FnOnce(&Thread)) {
    match Thread::current_or_none() {
        Some(th) if std::ptr::eq(th.interp(), interp) => body(th),
        // SAFETY: the caller's promise.
        Some(other) => gil::without_gil(other, || unsafe { attached(interp, body) }),
        // SAFETY: the caller's promise.
        None => unsafe { attached(interp, body) },
    }
}

/// As `visit`, in a thread that is attached nowhere.
unsafe fn attached(interp: *const Interpreter, body: impl FnOnce(&Thread)) {
    let own = Thread::own();
    // SAFETY: a state of this OS thread that still is in its interpreter's list; nobody else attaches it.
    unsafe {
        if !own.is_null() && registry::is_mine(own) && std::ptr::eq((*own).interp(), interp) {
            gil::attach(own);
            (*(*own).raw()).gilstate_counter += 1;
            body(&*own);
            (*(*own).raw()).gilstate_counter -= 1;
            gil::detach(&*own);
            return;
        }
        let Some(state) = registry::new_state(interp) else { return };
        let state = Box::into_raw(state).cast_const();
        gil::attach(state);
        body(&*state);
        thread_states::clear(&*state);
        gil::detach(&*state);
        thread_states::delete(state);
    }
}
