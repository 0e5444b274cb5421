//! `pystate.h`, `pylifecycle.h`: thread states that C makes, and interpreters beside the main one.
//!
//! SAFETY, throughout: C passes live states and interpreters; a state is attached by one OS thread at a time.

use std::ffi::{c_int, c_ulong, c_void};
use std::ptr::{null, null_mut};

use krait_abi as abi;
use krait_eval::pending;
use krait_eval::registry;
use krait_macros::capi;
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use crate::runtime;
use crate::support::*;

type State = *mut abi::PyThreadState;
type Interp = *mut abi::PyInterpreterState;

#[capi]
pub fn PyThreadState_New(interp: Interp) -> State {
    // SAFETY: see the top of the file.
    unsafe { runtime::new_thread_of(interp.cast()) }.cast_mut().cast()
}

#[capi]
pub fn _PyThreadState_Prealloc(interp: Interp) -> State {
    // SAFETY: see the top of the file.
    unsafe { runtime::new_thread_of(interp.cast()) }.cast_mut().cast()
}

/// A name of the stable ABI that nobody may call: states are whole from the start.
#[capi]
pub fn _PyThreadState_Init(_state: State) {
    crate::lifecycle::fatal_error(
        "_PyThreadState_Init",
        "_PyThreadState_Init() is for internal use only",
    );
}

#[capi]
pub fn PyThreadState_Clear(state: State) {
    // SAFETY: see the top of the file.
    unsafe { runtime::clear_thread(&*state.cast::<Thread>()) }
}

#[capi]
pub fn PyThreadState_Delete(state: State) {
    runtime::disown(state.cast());
    // SAFETY: a state that `PyThreadState_New` made, attached nowhere.
    drop(unsafe { Box::from_raw(state.cast::<Thread>()) });
}

#[capi]
pub fn PyThreadState_DeleteCurrent() {
    let state = runtime::detach();
    runtime::disown(state);
    // SAFETY: as for `PyThreadState_Delete`.
    drop(unsafe { Box::from_raw(state.cast_mut()) });
}

/// Attaches this OS thread with another state, or with none; the one before comes back.
#[capi]
pub fn PyThreadState_Swap(state: State) -> State {
    let before = match Thread::current_or_none() {
        Some(th) if std::ptr::eq(th.raw(), state) => return state,
        Some(_) => runtime::detach(),
        None => null(),
    };
    if !state.is_null() {
        // SAFETY: see the top of the file.
        unsafe { runtime::attach(state.cast()) };
    }
    before.cast_mut().cast()
}

#[capi]
pub fn PyThreadState_EnterTracing(state: State) {
    // SAFETY: see the top of the file.
    unsafe { (*state).tracing += 1 };
}

#[capi]
pub fn PyThreadState_LeaveTracing(state: State) {
    // SAFETY: see the top of the file.
    unsafe { (*state).tracing -= 1 };
}

/// Raises an exception in the thread with this identifier, or takes one back: how many threads were found.
#[capi]
pub fn PyThreadState_SetAsyncExc(
    th: &Thread,
    ident: c_ulong,
    exception: Option<Borrowed<'_>>,
) -> PyResult<c_int> {
    let mut candidates = vec![std::ptr::from_ref(th)];
    if let Some(entry) = registry::find(th.interp()) {
        candidates.push(entry.thread);
    }
    for candidate in candidates {
        // SAFETY: the interpreter's own states; the GIL is held.
        unsafe {
            let raw = (*candidate).raw();
            if (*raw).thread_id != ident {
                continue;
            }
            let new = exception.map_or(null_mut(), |found| found.to_owned().into_ptr());
            let old = std::mem::replace(&mut (*raw).async_exc, new);
            if !new.is_null() {
                pending::request(&*candidate, pending::ASYNC_EXCEPTION);
            }
            drop(Owned::<Object>::from_ptr_or_null(old));
            return Ok(1);
        }
    }
    Ok(0)
}

#[capi]
pub fn PyInterpreterState_Main() -> Interp {
    registry::main().map_or(null_mut(), |entry| entry.interp.cast_mut().cast())
}

/// The newest interpreter.
#[capi]
pub fn PyInterpreterState_Head() -> Interp {
    registry::all().last().map_or(null_mut(), |entry| entry.interp.cast_mut().cast())
}

/// The interpreter that was made before this one.
#[capi]
pub fn PyInterpreterState_Next(interp: Interp) -> Interp {
    let all = registry::all();
    let at = all.iter().position(|entry| std::ptr::eq(entry.interp, interp.cast()));
    let before = at.and_then(|at| at.checked_sub(1)).and_then(|at| all.get(at));
    before.map_or(null_mut(), |entry| entry.interp.cast_mut().cast())
}

#[capi]
pub fn PyInterpreterState_ThreadHead(interp: Interp) -> State {
    let found = registry::find(interp.cast());
    found.map_or(null_mut(), |entry| entry.thread.cast_mut().cast())
}

#[capi]
pub fn PyThreadState_Next(state: State) -> State {
    // SAFETY: see the top of the file.
    unsafe { (*state).next }
}

/// The dictionary that extensions keep things in.
struct InterpDict(Slot<Dict>);

impl Default for InterpDict {
    fn default() -> Self {
        InterpDict(Slot::EMPTY)
    }
}

/// Borrowed; NULL without an exception if it cannot be made.
#[capi]
pub fn PyInterpreterState_GetDict(th: &Thread, interp: Interp) -> Ptr {
    // SAFETY: see the top of the file.
    let slot = &unsafe { &*interp.cast::<Interpreter>() }.state::<InterpDict>().0;
    if slot.get().is_none() {
        match Dict::new(th) {
            Ok(dict) => slot.set(Some(dict)),
            Err(raised) => drop(th.take_raised(raised)),
        }
    }
    slot.as_ptr()
}

/// An interpreter that is not initialised is of no use here: there is none.
#[capi]
pub fn PyInterpreterState_New() -> Interp {
    null_mut()
}

#[capi]
pub fn PyInterpreterState_Clear(_interp: Interp) {}

#[capi]
pub fn PyInterpreterState_Delete(_interp: Interp) {}

fn status(message: *const std::ffi::c_char) -> abi::PyStatus {
    let mut status = abi::PyStatus::EMPTY;
    if !message.is_null() {
        status._type = 1;
        status.func = c"Py_NewInterpreterFromConfig".as_ptr();
        status.err_msg = message;
    }
    status
}

/// An interpreter of its own lock; the calling OS thread is attached to it afterwards.
#[capi]
pub fn Py_NewInterpreterFromConfig(
    place: *mut State,
    config: *const abi::PyInterpreterConfig,
) -> abi::PyStatus {
    // SAFETY: C passes a writable place and its settings.
    let (place, config) = unsafe { (&mut *place, &*config) };
    *place = null_mut();
    let checks = config.check_multi_interp_extensions != 0;
    if config.use_main_obmalloc == 0 && !checks {
        return status(
            c"per-interpreter obmalloc does not support single-phase init extension modules"
                .as_ptr(),
        );
    }
    attach_own();
    match runtime::start_sub(checks) {
        Ok(state) => {
            *place = state.cast_mut().cast();
            status(null())
        }
        Err(_) => status(c"cannot create a sub-interpreter".as_ptr()),
    }
}

/// C may have detached its state first: the new interpreter is like that state's all the same.
fn attach_own() {
    if Thread::current_or_none().is_none() && !runtime::own().is_null() {
        // SAFETY: a state of this OS thread, which is attached nowhere.
        unsafe { runtime::attach(runtime::own()) };
    }
}

#[capi]
pub fn Py_NewInterpreter() -> State {
    attach_own();
    runtime::start_sub(false).map_or(null_mut(), |state| state.cast_mut().cast())
}

#[capi]
pub fn Py_EndInterpreter(state: State) {
    let Some(th) = Thread::current_or_none().filter(|th| std::ptr::eq(th.raw(), state)) else {
        krait_objects::fatal("Py_EndInterpreter: thread is not current");
    };
    if krait_eval::frame::current_complete(th).is_null() {
        runtime::finish_sub(th);
    } else {
        krait_objects::fatal("Py_EndInterpreter: thread still has a frame");
    }
}

/// For those who ask without the header's macro.
#[capi]
pub fn _PyInterpreterState_GetEvalFrameFunc(_interp: Interp) -> *mut c_void {
    null_mut()
}
