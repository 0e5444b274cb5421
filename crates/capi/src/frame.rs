//! `cpython/frameobject.h`, `pyframe.h`, `traceback.h`: frames and tracebacks.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_eval::code::Code;
use krait_eval::frame::FrameObject;
use krait_eval::traceback;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

fn get(th: &Thread, ob: Borrowed<'_>, name: &str) -> PyResult {
    object::get_attr(th, ob, Str::interned(th, name)?.borrow())
}

/// A frame that does not run: extensions make it for tracebacks.
#[capi]
pub fn PyFrame_New(
    th: &Thread,
    _state: *mut abi::PyThreadState,
    code: Borrowed<'_, Code>,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
) -> PyResult<Owned<FrameObject>> {
    krait_eval::frame::object::detached(th, code, globals, locals)
}

macro_rules! attributes {
    ($($name:ident $attribute:literal;)*) => {$(
        #[capi]
        pub fn $name(th: &Thread, frame: Borrowed<'_, FrameObject>) -> PyResult {
            get(th, frame.object(), $attribute)
        }
    )*};
}

attributes! {
    PyFrame_GetCode "f_code";
    PyFrame_GetGlobals "f_globals";
    PyFrame_GetBuiltins "f_builtins";
    PyFrame_GetLocals "f_locals";
}

/// The type is not asked for: greenlet passes a head that it made on its stack, with nothing in it but `f_back` and
/// `f_frame`, to get at the frame object of a frame that has none yet.
#[capi]
pub fn PyFrame_GetBack(th: &Thread, frame: Borrowed<'_>) -> PyResult<Option<Owned<FrameObject>>> {
    // SAFETY: the caller passes a `PyFrameObject`; `caller` reads these two fields only.
    unsafe { frame.cast::<FrameObject>() }.get().caller(th)
}

#[capi]
pub fn PyFrame_GetGenerator(
    th: &Thread,
    frame: Borrowed<'_, FrameObject>,
) -> PyResult<Option<Owned>> {
    Ok(Some(get(th, frame.object(), "f_generator")?).filter(|found| !found.is_none()))
}

#[capi]
pub fn PyFrame_GetLineNumber(frame: Borrowed<'_, FrameObject>) -> PyResult<c_int> {
    Ok(frame.get().current_line().unwrap_or(-1))
}

#[capi]
pub fn PyFrame_GetLasti(th: &Thread, frame: Borrowed<'_, FrameObject>) -> PyResult<c_int> {
    let index = get(th, frame.object(), "f_lasti")?;
    Ok(index.downcast::<Int>().ok().and_then(|index| index.to_i64()).unwrap_or(-1) as c_int)
}

fn variable(th: &Thread, frame: Borrowed<'_, FrameObject>, name: Borrowed<'_, Str>) -> PyResult {
    let locals = get(th, frame.object(), "f_locals")?;
    match object::get_item(th, locals.object(), name.object()) {
        Ok(value) => Ok(value),
        Err(raised) => {
            drop(th.take_if(raised, exc::KEY_ERROR)?);
            let shown = object::repr(th, name.object())?;
            Err(raise!(th, NAME_ERROR, "variable {} does not exist", *shown))
        }
    }
}

#[capi]
pub fn PyFrame_GetVar(
    th: &Thread,
    frame: Borrowed<'_, FrameObject>,
    name: Borrowed<'_>,
) -> PyResult {
    let Some(name) = name.downcast::<Str>() else {
        return Err(raise!(th, TYPE_ERROR, "name must be str, not {}", name.type_name()));
    };
    variable(th, frame, name)
}

#[capi]
pub fn PyFrame_GetVarString(
    th: &Thread,
    frame: Borrowed<'_, FrameObject>,
    name: *const c_char,
) -> PyResult {
    variable(th, frame, string(th, name)?.borrow())
}

/// Locals are always in step with the frame: there is nothing to copy.
#[capi]
pub fn PyFrame_FastToLocals(_frame: Ptr) {}

#[capi]
pub fn PyFrame_FastToLocalsWithError(_frame: Ptr) -> c_int {
    0
}

#[capi]
pub fn PyFrame_LocalsToFast(_frame: Ptr, _clear: c_int) {}

/// Adds a frame to the current exception's traceback.
#[capi]
pub fn PyTraceBack_Here(th: &Thread, frame: Borrowed<'_, FrameObject>) -> PyResult<()> {
    traceback::add_object(th, frame)
}

/// The lines of a traceback, written to `file`.
#[capi]
pub fn PyTraceBack_Print(
    th: &Thread,
    traceback: Option<Borrowed<'_>>,
    file: Borrowed<'_>,
) -> PyResult<()> {
    let Some(traceback) = traceback else {
        return Ok(());
    };
    match traceback.downcast::<traceback::Traceback>() {
        Some(traceback) => traceback::display::write_traceback(th, traceback, file),
        None => Err(th.bad_internal_call()),
    }
}

fn code_of(frame: *mut abi::_PyInterpreterFrame) -> Option<Owned<Code>> {
    if frame.is_null() {
        return None;
    }
    // SAFETY: C passes a live frame.
    Some(unsafe { krait_eval::frame::Frame::code(frame.cast()) }.to_owned())
}

#[capi]
pub fn PyUnstable_InterpreterFrame_GetCode(frame: *mut abi::_PyInterpreterFrame) -> Ptr {
    code_of(frame).map_or(null_mut(), Owned::into_ptr)
}

#[capi]
pub fn PyUnstable_InterpreterFrame_GetLasti(frame: *mut abi::_PyInterpreterFrame) -> c_int {
    // SAFETY: C passes a live frame.
    unsafe { 2 * krait_eval::frame::Frame::last_unit(frame.cast()) as c_int }
}

#[capi]
pub fn PyUnstable_InterpreterFrame_GetLine(frame: *mut abi::_PyInterpreterFrame) -> c_int {
    // SAFETY: C passes a live frame.
    unsafe { krait_eval::frame::Frame::line(frame.cast()).unwrap_or(-1) }
}
