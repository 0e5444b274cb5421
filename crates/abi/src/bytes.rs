//! `bytes`, `bytearray` and the builder of bytes
//! (`cpython/bytesobject.h`, `cpython/bytearrayobject.h`).

use crate::object::{Py_hash_t, Py_ssize_t, PyObject, PyVarObject};
use std::ffi::{c_char, c_int};

c_struct! {
    /// `bytearray`. `ob_start` moves when bytes are deleted from the front.
    pub struct PyByteArrayObject[56] {
        0 => ob_base: PyVarObject,
        24 => ob_alloc: Py_ssize_t,
        32 => ob_bytes: *mut c_char,
        40 => ob_start: *mut c_char,
        48 => ob_exports: Py_ssize_t,
    }

    /// `bytes`; a NUL follows the last byte.
    pub struct PyBytesObject[40] {
        0 => ob_base: PyVarObject,
        24 => ob_shash: Py_hash_t,
        32 => ob_sval: [c_char; 1],
    }

    /// Builds `bytes` or `bytearray`, first in a buffer on the C stack.
    pub struct _PyBytesWriter[552] {
        0 => buffer: *mut PyObject,
        8 => allocated: Py_ssize_t,
        16 => min_size: Py_ssize_t,
        24 => use_bytearray: c_int,
        28 => overallocate: c_int,
        32 => use_small_buffer: c_int,
        36 => small_buffer: [c_char; 512],
    }
}
