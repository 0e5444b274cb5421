//! `ceval.h` and `pystate.h`: thread states, the GIL, recursion.

use std::ffi::{c_char, c_int, c_void};

use krait_abi as abi;
use krait_eval::gil;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::lifecycle::fatal_error;
use crate::runtime;
use crate::support::*;

type State = *mut abi::PyThreadState;

/// What a NULL state is told.
const NULL_STATE: &str = "the function must be called with the GIL held, after Python initialization and before Python finalization, but the GIL is released (the current Python thread state is NULL)";

const LOCKED: c_int = 0;
const UNLOCKED: c_int = 1;

/// What a call without the GIL is told.
pub const NOT_ATTACHED: &str = "the function must be called with the GIL held, after Python initialization and before Python finalization, but the GIL is released (the current Python thread state is NULL)";

#[capi]
pub fn PyEval_SaveThread() -> State {
    runtime::detach().cast_mut().cast()
}

#[capi]
pub fn PyEval_RestoreThread(state: State) {
    if state.is_null() {
        fatal_error("PyEval_RestoreThread", NULL_STATE);
    }
    // SAFETY: a state that `PyEval_SaveThread` gave.
    unsafe { gil::attach(state.cast()) }
}

#[capi]
pub fn PyEval_AcquireThread(state: State) {
    if state.is_null() {
        fatal_error("PyEval_AcquireThread", NULL_STATE);
    }
    // SAFETY: as for `PyEval_RestoreThread`.
    unsafe { gil::attach(state.cast()) }
}

#[capi]
pub fn PyEval_ReleaseThread(state: State) {
    let is_current = |th: &Thread| std::ptr::eq(th.raw(), state);
    if !Thread::current_or_none().is_some_and(is_current) {
        fatal_error("PyEval_ReleaseThread", "wrong thread state");
    }
    runtime::detach();
}

#[capi]
pub fn PyEval_InitThreads() {}

#[capi]
pub fn PyGILState_Ensure() -> c_int {
    if let Some(th) = Thread::current_or_none() {
        // SAFETY: the state is ours.
        unsafe { (*th.raw()).gilstate_counter += 1 };
        return LOCKED;
    }
    let own = runtime::own();
    let state = if own.is_null() {
        match runtime::new_thread() {
            // SAFETY: nobody else knows the state; the last release frees it.
            Some(state) => unsafe {
                (*(*state).raw()).gilstate_counter = 0;
                state
            },
            None => fatal_error("PyGILState_Ensure", "the Python runtime is not initialized"),
        }
    } else {
        own
    };
    // SAFETY: this OS thread's own state, not attached.
    unsafe {
        gil::attach(state);
        (*(*state).raw()).gilstate_counter += 1;
    }
    UNLOCKED
}

#[capi]
pub fn PyGILState_Release(previous: c_int) {
    let own = runtime::own();
    if own.is_null() {
        let message = "auto-releasing thread-state, but no thread-state for this thread";
        fatal_error("PyGILState_Release", message);
    }
    if !std::ptr::eq(own, Thread::current_or_none().map_or(std::ptr::null(), std::ptr::from_ref)) {
        let message = format!("thread state {own:p} must be current when releasing");
        fatal_error("PyGILState_Release", &message);
    }
    // SAFETY: the state is ours; only a state that `PyGILState_Ensure` made counts down to nothing.
    unsafe {
        let raw = (*own).raw();
        (*raw).gilstate_counter -= 1;
        if (*raw).gilstate_counter == 0 {
            // What dies with the state may come back here, which must not end it once more.
            (*raw).gilstate_counter = 1;
            runtime::drop_thread(own);
        } else if previous == UNLOCKED {
            runtime::detach();
        }
    }
}

#[capi]
pub fn PyGILState_Check() -> c_int {
    Thread::current_or_none().is_some().into()
}

#[capi]
pub fn PyGILState_GetThisThreadState() -> State {
    runtime::own().cast_mut().cast()
}

#[capi]
pub fn PyThreadState_Get() -> State {
    match Thread::current_or_none() {
        Some(th) => th.raw(),
        None => crate::lifecycle::fatal_error("PyThreadState_Get", NOT_ATTACHED),
    }
}

#[capi]
pub fn PyThreadState_GetUnchecked() -> State {
    Thread::current_or_none().map_or(std::ptr::null_mut(), Thread::raw)
}

#[capi]
pub fn _PyThreadState_UncheckedGet() -> State {
    Thread::current_or_none().map_or(std::ptr::null_mut(), Thread::raw)
}

#[capi]
pub fn PyThreadState_GetInterpreter(state: State) -> *mut c_void {
    // SAFETY: C passes a live state.
    unsafe { (*state).interp.cast() }
}

#[capi]
pub fn PyThreadState_GetID(state: State) -> u64 {
    // SAFETY: C passes a live state.
    unsafe { (*state).id }
}

#[capi]
pub fn PyThreadState_GetFrame(_state: State) -> PyResult<Option<Owned>> {
    krait_eval::frame::object_at_depth(Thread::current(), 0)
}

#[capi]
pub fn PyThreadState_GetDict() -> Ptr {
    let Some(th) = Thread::current_or_none() else {
        return std::ptr::null_mut();
    };
    // SAFETY: the state is ours and owns the dictionary.
    unsafe {
        let raw = th.raw();
        if (*raw).dict.is_null() {
            match Dict::new(th) {
                Ok(dict) => (*raw).dict = dict.into_ptr(),
                Err(_) => drop(th.take_exception()),
            }
        }
        (*raw).dict
    }
}

#[capi]
pub fn PyInterpreterState_Get() -> *mut c_void {
    std::ptr::from_ref(Thread::current().interp()).cast_mut().cast()
}

#[capi]
pub fn PyInterpreterState_GetID(interp: *mut c_void) -> i64 {
    // SAFETY: C passes a live interpreter.
    unsafe { (*interp.cast::<krait_objects::interp::Interpreter>()).id }
}

#[capi]
pub fn Py_EnterRecursiveCall(th: &Thread, place: *const c_char) -> PyResult<()> {
    match th.has_room() {
        true => Ok(()),
        false => th.check_stack(&text_of(place)),
    }
}

/// What the stable ABI of older versions calls when its own count of calls ran out.
#[capi]
pub fn _Py_CheckRecursiveCall(
    th: &Thread,
    _state: *mut c_void,
    place: *const c_char,
) -> PyResult<()> {
    th.check_stack(&text_of(place))
}

#[capi]
pub fn Py_LeaveRecursiveCall() {}

#[capi]
pub fn PyErr_CheckSignals(th: &Thread) -> PyResult<()> {
    if krait_eval::pending::is_set(th) { krait_eval::pending::handle(th) } else { Ok(()) }
}

#[capi]
pub fn PyEval_GetBuiltins<'a>(th: &Thread) -> Option<Borrowed<'a, Dict>> {
    // SAFETY: the interpreter keeps them alive.
    th.interp().builtins.get().map(|dict| unsafe { Borrowed::from_ptr(dict.as_ptr()) })
}

#[capi]
pub fn PyEval_GetGlobals<'a>(th: &Thread) -> Option<Borrowed<'a, Dict>> {
    let globals = (th.interp().services.get().globals)(th)?;
    // SAFETY: the running frame keeps them alive.
    Some(unsafe { Borrowed::from_ptr(globals.as_ptr()) })
}

#[capi]
pub fn Py_SetRecursionLimit(th: &Thread, limit: c_int) {
    th.set_recursion_limit(limit);
}

#[capi]
pub fn Py_GetRecursionLimit(th: &Thread) -> c_int {
    th.interp().recursion_limit.get()
}
