//! `pystate.h`, `pylifecycle.h`: thread states that C makes, and interpreters beside the main one.
//!
//! SAFETY, throughout: C passes live states and interpreters; a state is attached by one OS thread at a time.

use std::ffi::{c_int, c_ulong};
use std::ptr::{null, null_mut};

use krait_abi as abi;
use krait_eval::interpreter::evaluator;
use krait_eval::subs::{self, Origin, Settings};
use krait_eval::{gil, pending, registry, thread_states};
use krait_macros::capi;
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use crate::lifecycle::{abort, fatal_error};
use crate::runtime;
use crate::support::*;

type State = *mut abi::PyThreadState;
type Interp = *mut abi::PyInterpreterState;

/// A state of an interpreter for any OS thread, attached nowhere.
#[capi]
pub fn PyThreadState_New(interp: Interp) -> State {
    registry::new_state(interp.cast()).map_or(null_mut(), |state| Box::into_raw(state).cast())
}

#[capi]
pub fn _PyThreadState_Prealloc(interp: Interp) -> State {
    registry::new_state(interp.cast()).map_or(null_mut(), |state| Box::into_raw(state).cast())
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
    unsafe { thread_states::clear(&*state.cast::<Thread>()) }
}

#[capi]
pub fn PyThreadState_Delete(state: State) {
    if state.is_null() {
        abort("_PyThreadState_Delete: NULL tstate");
    }
    if Thread::current_or_none().is_some_and(|th| std::ptr::eq(th.raw(), state)) {
        abort(&format!("PyThreadState_Delete: tstate {state:p} is still current"));
    }
    // SAFETY: a state that `PyThreadState_New` made, attached nowhere.
    unsafe { thread_states::delete(state.cast()) }
}

#[capi]
pub fn PyThreadState_DeleteCurrent() {
    let state = runtime::detach();
    // SAFETY: as for `PyThreadState_Delete`.
    unsafe { thread_states::delete(state) }
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
        unsafe { gil::attach(state.cast()) };
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
    let mut found = 0;
    let mut old = None;
    thread_states::for_each(th, |state| {
        // SAFETY: a live state of the interpreter; the GIL is held.
        unsafe {
            let raw = state.raw();
            if found == 0 && (*raw).thread_id == ident {
                let new = exception.map_or(null_mut(), |class| class.to_owned().into_ptr());
                let before = std::mem::replace(&mut (*raw).async_exc, new);
                old = Owned::<Object>::from_ptr_or_null(before);
                found = 1;
                pending::request(state, pending::ASYNC_EXCEPTION);
            }
        }
        Ok(())
    })?;
    drop(old);
    Ok(found)
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
    registry::newest_state(interp.cast()).cast_mut().cast()
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
        status.func = c"init_interp_settings".as_ptr();
        status.err_msg = message;
    }
    status
}

/// The calling OS thread is attached to it afterwards.
#[capi]
pub fn Py_NewInterpreterFromConfig(
    place: *mut State,
    config: *const abi::PyInterpreterConfig,
) -> abi::PyStatus {
    // SAFETY: C passes a writable place and its settings.
    let (place, config) = unsafe { (&mut *place, &*config) };
    *place = null_mut();
    let settings = Settings {
        use_main_obmalloc: config.use_main_obmalloc != 0,
        allow_fork: config.allow_fork != 0,
        allow_exec: config.allow_exec != 0,
        allow_threads: config.allow_threads != 0,
        allow_daemon_threads: config.allow_daemon_threads != 0,
        check_multi_interp_extensions: config.check_multi_interp_extensions != 0,
        own_gil: config.gil == OWN_GIL,
    };
    if settings.check().is_err() {
        return status(
            c"per-interpreter obmalloc does not support single-phase init extension modules"
                .as_ptr(),
        );
    }
    if !(0..=OWN_GIL).contains(&config.gil) {
        return status(c"invalid interpreter config 'gil' value".as_ptr());
    }
    let Some(th) = parent() else {
        return status(c"no thread state is current".as_ptr());
    };
    match subs::start(th, settings, Origin::C) {
        Ok(state) => {
            *place = state.cast_mut().cast();
            status(null())
        }
        Err(_) => status(c"sub-interpreter creation failed".as_ptr()),
    }
}

const OWN_GIL: c_int = 2;

/// C may have detached its state first: the new interpreter is like that state's all the same.
fn parent<'a>() -> Option<&'a Thread> {
    if Thread::current_or_none().is_none() && !runtime::own().is_null() {
        // SAFETY: a state of this OS thread, which is attached nowhere.
        unsafe { gil::attach(runtime::own()) };
    }
    Thread::current_or_none()
}

#[capi]
pub fn Py_NewInterpreter() -> State {
    let started = parent().map(|th| subs::start(th, Settings::LEGACY, Origin::LegacyC));
    match started {
        Some(Ok(state)) => state.cast_mut().cast(),
        _ => null_mut(),
    }
}

#[capi]
pub fn Py_EndInterpreter(state: State) {
    let Some(th) = Thread::current_or_none().filter(|th| std::ptr::eq(th.raw(), state)) else {
        fatal_error("Py_EndInterpreter", "thread is not current");
    };
    if !krait_eval::frame::current_complete(th).is_null() {
        fatal_error("Py_EndInterpreter", "thread still has a frame");
    }
    if subs::finish(th).is_none() {
        runtime::finish();
    }
}

/// What runs the interpreter's frames.
#[capi]
pub fn _PyInterpreterState_GetEvalFrameFunc(th: &Thread, _interp: Interp) -> evaluator::Function {
    evaluator::get(th).unwrap_or(_PyEval_EvalFrameDefault)
}

/// Has a function run the interpreter's frames; the usual one ends that.
#[capi]
pub fn _PyInterpreterState_SetEvalFrameFunc(
    th: &Thread,
    interp: Interp,
    function: Option<evaluator::Function>,
) {
    if !std::ptr::eq(interp.cast_const().cast(), th.interp()) {
        fatal_error("_PyInterpreterState_SetEvalFrameFunc", "frames of another interpreter");
    }
    let usual: evaluator::Function = _PyEval_EvalFrameDefault;
    let function = function.filter(|&function| !std::ptr::fn_addr_eq(function, usual));
    if let Err(raised) = evaluator::set(th, function) {
        drop(th.take_raised(raised));
    }
}

/// Runs a frame that an evaluator was given.
#[capi]
pub fn _PyEval_EvalFrameDefault(
    th: &Thread,
    _state: State,
    frame: *mut abi::_PyInterpreterFrame,
    throwing: c_int,
) -> PyResult {
    // SAFETY: see the top of the file: the frame is not in the chain.
    unsafe { evaluator::run(th, frame.cast(), throwing != 0) }
}
