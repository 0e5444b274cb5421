//! Argument parsing (`modsupport.h`, `cpython/modsupport.h`).

use crate::object::PyObject;
use std::ffi::{CStr, c_char, c_int};

c_struct! {
    /// Says whether something was done already.
    pub struct _PyOnceFlag[1] {
        0 => v: u8,
    }

    /// A format for keyword arguments, parsed once.
    pub struct _PyArg_Parser[72] {
        0 => format: *const c_char,
        8 => keywords: *const *const c_char,
        16 => fname: *const c_char,
        24 => custom_msg: *const c_char,
        32 => once: _PyOnceFlag,
        36 => is_kwtuple_owned: c_int,
        40 => pos: c_int,
        44 => min: c_int,
        48 => max: c_int,
        56 => kwtuple: *mut PyObject,
        64 => next: *mut _PyArg_Parser,
    }
}

// Constants of `modsupport.h`.
pub const PYTHON_ABI_STRING: &CStr = c"3";
pub const PYTHON_ABI_VERSION: c_int = 3;
pub const PYTHON_API_STRING: &CStr = c"1013";
pub const PYTHON_API_VERSION: c_int = 1013;
pub const Py_CLEANUP_SUPPORTED: c_int = 131072;
