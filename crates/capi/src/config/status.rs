//! `PyStatus`: what a function of initialisation answers.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null;

use krait_abi::{_PyStatus_TYPE_ERROR, _PyStatus_TYPE_EXIT, _PyStatus_TYPE_OK, PyStatus};
use krait_macros::capi;

use crate::support::*;

const OK: PyStatus =
    PyStatus { _type: _PyStatus_TYPE_OK, func: null(), err_msg: null(), exitcode: 0 };

/// An error that a function of ours reports.
pub fn error(message: &'static CStr) -> PyStatus {
    PyStatus { _type: _PyStatus_TYPE_ERROR, err_msg: message.as_ptr(), ..OK }
}

/// An error with a message made for it, in the name of a function.
pub fn error_in(function: &'static CStr, message: &str) -> PyStatus {
    let func = if function.is_empty() { std::ptr::null() } else { function.as_ptr() };
    PyStatus { func, ..leaked(message) }
}

/// A status outlives everything, and names nobody who would free its message.
fn leaked(message: &str) -> PyStatus {
    let message = std::ffi::CString::new(message).unwrap_or_default();
    PyStatus { _type: _PyStatus_TYPE_ERROR, err_msg: message.into_raw(), ..OK }
}

#[capi]
pub fn PyStatus_Ok() -> PyStatus {
    OK
}

#[capi]
pub fn PyStatus_Error(message: *const c_char) -> PyStatus {
    PyStatus { _type: _PyStatus_TYPE_ERROR, err_msg: message, ..OK }
}

#[capi]
pub fn PyStatus_NoMemory() -> PyStatus {
    error(c"memory allocation failed")
}

#[capi]
pub fn PyStatus_Exit(code: c_int) -> PyStatus {
    PyStatus { _type: _PyStatus_TYPE_EXIT, exitcode: code, ..OK }
}

pub fn is_error(status: &PyStatus) -> bool {
    status._type == _PyStatus_TYPE_ERROR
}

pub fn is_exception(status: &PyStatus) -> bool {
    status._type != _PyStatus_TYPE_OK
}

#[capi]
pub fn PyStatus_IsError(status: PyStatus) -> c_int {
    is_error(&status).into()
}

#[capi]
pub fn PyStatus_IsExit(status: PyStatus) -> c_int {
    (status._type == _PyStatus_TYPE_EXIT).into()
}

#[capi]
pub fn PyStatus_Exception(status: PyStatus) -> c_int {
    is_exception(&status).into()
}

#[capi]
pub fn Py_ExitStatusException(status: PyStatus) {
    if status._type == _PyStatus_TYPE_EXIT {
        std::process::exit(status.exitcode);
    }
    if is_error(&status) {
        let function = optional(status.func);
        crate::lifecycle::fatal_exit(function.as_deref(), &text_of(status.err_msg));
    }
    crate::lifecycle::abort("Py_ExitStatusException() must not be called on success")
}
