//! `internal/pycore_crossinterp.h`: exceptions of what cannot cross from one interpreter to another, and what is told of one
//! in another interpreter.

use std::ffi::{CString, c_char};
use std::ptr::null_mut;

use krait_macros::capi;
use krait_modules::interpreters::errors::{self, Snapshot, not_shareable};
use krait_objects::prelude::*;

use super::crossing::State;
use crate::support::*;

/// Borrowed: the interpreter keeps the class.
#[capi(error = null_mut())]
pub fn _PyXIData_GetNotShareableErrorType(th: &Thread, _state: State) -> PyResult<Ptr> {
    errors::not_shareable_class(th).map(|class| class.as_ptr())
}

#[capi]
pub fn _PyXIData_SetNotShareableError(th: &Thread, _state: State, message: *const c_char) {
    let _raised = not_shareable(th, &text_of(message), None);
}

/// What is told of an exception.
#[repr(C)]
pub struct ExcInfo {
    builtin: TypePtr,
    name: *mut c_char,
    qualname: *mut c_char,
    module: *mut c_char,
    message: *mut c_char,
    display: *mut c_char,
}

fn c_text(text: &str) -> *mut c_char {
    CString::new(text.replace('\0', "\\x00")).unwrap_or_default().into_raw()
}

#[capi]
pub fn _PyXI_NewExcInfo(th: &Thread, exception: Borrowed<'_>) -> PyResult<*mut ExcInfo> {
    if exception.is_none() {
        return Err(th.raise(exc::TYPE_ERROR, "missing exc"));
    }
    let told = Snapshot::of(th, exception);
    let optional = |text: &Option<String>| text.as_deref().map_or(null_mut(), c_text);
    let info = ExcInfo {
        builtin: null_mut(),
        name: c_text(&told.name),
        qualname: c_text(&told.qualname),
        module: c_text(&told.module),
        message: optional(&told.message),
        display: optional(&told.display),
    };
    Ok(Box::into_raw(Box::new(info)))
}

#[capi]
pub fn _PyXI_FreeExcInfo(info: *mut ExcInfo) {
    if info.is_null() {
        return;
    }
    // SAFETY: made by `_PyXI_NewExcInfo`.
    unsafe {
        let info = Box::from_raw(info);
        for text in [info.name, info.qualname, info.module, info.message, info.display] {
            if !text.is_null() {
                drop(CString::from_raw(text));
            }
        }
    }
}

unsafe fn snapshot(info: *const ExcInfo) -> Snapshot {
    let text = |text: *mut c_char| text_of(text).into_owned();
    let optional = |pointer: *mut c_char| (!pointer.is_null()).then(|| text(pointer));
    // SAFETY: made by `_PyXI_NewExcInfo`.
    unsafe {
        Snapshot {
            name: text((*info).name),
            qualname: text((*info).qualname),
            module: text((*info).module),
            message: optional((*info).message),
            display: optional((*info).display),
        }
    }
}

#[capi]
pub fn _PyXI_FormatExcInfo(th: &Thread, info: *const ExcInfo) -> PyResult<Owned<Str>> {
    // SAFETY: see `snapshot`.
    Str::new(th, &unsafe { snapshot(info) }.formatted())
}

#[capi]
pub fn _PyXI_ExcInfoAsObject(th: &Thread, info: *const ExcInfo) -> PyResult {
    // SAFETY: see `snapshot`.
    unsafe { snapshot(info) }.to_namespace(th)
}
