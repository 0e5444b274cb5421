//! Watchers of dictionaries, types, functions and code, and tracers of references.
//!
//! Nothing calls them yet, so none can be registered.

use std::ffi::{c_int, c_void};

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

fn refuse<T>(th: &Thread, function: &str) -> PyResult<T> {
    Err(raise!(th, NOT_IMPLEMENTED_ERROR, "{function}() is not there yet"))
}

macro_rules! watchers {
    ($($add:ident $clear:ident;)*) => {$(
        #[capi]
        pub fn $add(th: &Thread, _callback: *mut c_void) -> PyResult<c_int> {
            refuse(th, stringify!($add))
        }
        #[capi]
        pub fn $clear(th: &Thread, _id: c_int) -> PyResult<c_int> {
            refuse(th, stringify!($clear))
        }
    )*};
}

watchers! {
    PyDict_AddWatcher PyDict_ClearWatcher;
    PyType_AddWatcher PyType_ClearWatcher;
    PyFunction_AddWatcher PyFunction_ClearWatcher;
    PyCode_AddWatcher PyCode_ClearWatcher;
}

macro_rules! watched {
    ($($name:ident;)*) => {$(
        #[capi]
        pub fn $name(th: &Thread, _id: c_int, _ob: Ptr) -> PyResult<c_int> {
            refuse(th, stringify!($name))
        }
    )*};
}

watched! {
    PyDict_Watch;
    PyDict_Unwatch;
    PyType_Watch;
    PyType_Unwatch;
}

#[capi]
pub fn PyRefTracer_SetTracer(
    th: &Thread,
    _tracer: *mut c_void,
    _data: *mut c_void,
) -> PyResult<c_int> {
    refuse(th, "PyRefTracer_SetTracer")
}

#[capi]
pub fn PyRefTracer_GetTracer(data: *mut *mut c_void) -> *mut c_void {
    if !data.is_null() {
        // SAFETY: C passes a writable place.
        unsafe { *data = std::ptr::null_mut() };
    }
    std::ptr::null_mut()
}
