//! Python functions, bound methods and cells
//! (`cpython/funcobject.h`, `cpython/classobject.h`).

use crate::object::{PyObject, vectorcallfunc};
use std::ffi::c_int;

pub type PyFunction_WatchCallback = Option<
    unsafe extern "C" fn(PyFunction_WatchEvent, *mut PyFunctionObject, *mut PyObject) -> c_int,
>;
pub type PyFunction_WatchEvent = c_int;

c_struct! {
    /// What a function is made from; the same fields, in the same order, begin a function object.
    pub struct PyFrameConstructor[64] {
        0 => fc_globals: *mut PyObject,
        8 => fc_builtins: *mut PyObject,
        16 => fc_name: *mut PyObject,
        24 => fc_qualname: *mut PyObject,
        32 => fc_code: *mut PyObject,
        40 => fc_defaults: *mut PyObject,
        48 => fc_kwdefaults: *mut PyObject,
        56 => fc_closure: *mut PyObject,
    }

    /// A function.
    pub struct PyFunctionObject[152] {
        0 => ob_base: PyObject,
        16 => func_globals: *mut PyObject,
        24 => func_builtins: *mut PyObject,
        32 => func_name: *mut PyObject,
        40 => func_qualname: *mut PyObject,
        48 => func_code: *mut PyObject,
        56 => func_defaults: *mut PyObject,
        64 => func_kwdefaults: *mut PyObject,
        72 => func_closure: *mut PyObject,
        80 => func_doc: *mut PyObject,
        88 => func_dict: *mut PyObject,
        96 => func_weakreflist: *mut PyObject,
        104 => func_module: *mut PyObject,
        112 => func_annotations: *mut PyObject,
        120 => func_annotate: *mut PyObject,
        128 => func_typeparams: *mut PyObject,
        136 => vectorcall: vectorcallfunc,
        144 => func_version: u32,
    }

    /// A bound method.
    pub struct PyMethodObject[48] {
        0 => ob_base: PyObject,
        16 => im_func: *mut PyObject,
        24 => im_self: *mut PyObject,
        32 => im_weakreflist: *mut PyObject,
        40 => vectorcall: vectorcallfunc,
    }

    /// A callable that binds like a function.
    pub struct PyInstanceMethodObject[24] {
        0 => ob_base: PyObject,
        16 => func: *mut PyObject,
    }

    /// A cell: a variable shared between nested functions.
    pub struct PyCellObject[24] {
        0 => ob_base: PyObject,
        16 => ob_ref: *mut PyObject,
    }
}

// Constants of `cpython/funcobject.h`.
pub const PyFunction_EVENT_CREATE: c_int = 0;
pub const PyFunction_EVENT_DESTROY: c_int = 1;
pub const PyFunction_EVENT_MODIFY_CODE: c_int = 2;
pub const PyFunction_EVENT_MODIFY_DEFAULTS: c_int = 3;
pub const PyFunction_EVENT_MODIFY_KWDEFAULTS: c_int = 4;
