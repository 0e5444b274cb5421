//! Functions written in C: their definitions and objects (`methodobject.h`).

use crate::object::{Py_ssize_t, PyObject, vectorcallfunc};
use crate::typeobj::PyTypeObject;
use std::ffi::{c_char, c_int};

pub type PyCFunction = Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject>;
pub type PyCFunctionFast =
    Option<unsafe extern "C" fn(*mut PyObject, *const *mut PyObject, Py_ssize_t) -> *mut PyObject>;
pub type PyCFunctionFastWithKeywords = Option<
    unsafe extern "C" fn(
        *mut PyObject,
        *const *mut PyObject,
        Py_ssize_t,
        *mut PyObject,
    ) -> *mut PyObject,
>;
pub type PyCFunctionWithKeywords =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject>;
pub type PyCMethod = Option<
    unsafe extern "C" fn(
        *mut PyObject,
        *mut PyTypeObject,
        *const *mut PyObject,
        Py_ssize_t,
        *mut PyObject,
    ) -> *mut PyObject,
>;
pub type _PyCFunctionFast = PyCFunctionFast;
pub type _PyCFunctionFastWithKeywords = PyCFunctionFastWithKeywords;

c_struct! {
    /// A function written in C, and how to call it (`METH_*`).
    pub struct PyMethodDef[32] {
        0 => ml_name: *const c_char,
        8 => ml_meth: PyCFunction,
        16 => ml_flags: c_int,
        24 => ml_doc: *const c_char,
    }

    /// A built-in function or method.
    pub struct PyCFunctionObject[56] {
        0 => ob_base: PyObject,
        16 => m_ml: *mut PyMethodDef,
        24 => m_self: *mut PyObject,
        32 => m_module: *mut PyObject,
        40 => m_weakreflist: *mut PyObject,
        48 => vectorcall: vectorcallfunc,
    }

    /// A built-in method that knows its defining class (`METH_METHOD`).
    pub struct PyCMethodObject[64] {
        0 => func: PyCFunctionObject,
        56 => mm_class: *mut PyTypeObject,
    }
}

// Constants of `methodobject.h`.
pub const METH_CLASS: c_int = 0x10;
pub const METH_COEXIST: c_int = 0x40;
pub const METH_FASTCALL: c_int = 0x80;
pub const METH_KEYWORDS: c_int = 0x2;
pub const METH_METHOD: c_int = 0x200;
pub const METH_NOARGS: c_int = 0x4;
pub const METH_O: c_int = 0x8;
pub const METH_STATIC: c_int = 0x20;
pub const METH_VARARGS: c_int = 0x1;
