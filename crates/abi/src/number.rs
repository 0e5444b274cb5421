//! `int`, `float` and `complex` (`cpython/longintrepr.h` and neighbours).

use crate::object::{Py_ssize_t, Py_uintptr_t, PyObject};
use std::ffi::{CStr, c_int, c_uint, c_ulong, c_void};

/// An integer under construction, by `PyLongWriter_Create`.
#[repr(C)]
#[derive(Debug)]
pub struct PyLongWriter {
    _opaque: [u8; 0],
}

pub type digit = u32;
pub type sdigit = i32;
pub type stwodigits = i64;
pub type twodigits = u64;

c_struct! {
    /// Digits of an integer. `lv_tag` holds the number of digits above its three low bits;
    /// the lowest two are the sign (0 positive, 1 zero, 2 negative).
    pub struct _PyLongValue[16] {
        0 => lv_tag: usize,
        8 => ob_digit: [digit; 1],
    }

    /// `int`: digits of 30 bits, the least significant first.
    pub struct PyLongObject[32] {
        0 => ob_base: PyObject,
        16 => long_value: _PyLongValue,
    }

    /// How digits lie in memory.
    pub struct PyLongLayout[4] {
        0 => bits_per_digit: u8,
        1 => digit_size: u8,
        2 => digits_order: i8,
        3 => digit_endianness: i8,
    }

    /// An integer as `PyLong_Export` shows it: a small value, or digits.
    pub struct PyLongExport[40] {
        0 => value: i64,
        8 => negative: u8,
        16 => ndigits: Py_ssize_t,
        24 => digits: *const c_void,
        32 => _reserved: Py_uintptr_t,
    }

    /// `float`.
    pub struct PyFloatObject[24] {
        0 => ob_base: PyObject,
        16 => ob_fval: f64,
    }

    /// A complex number of C.
    pub struct Py_complex[16] {
        0 => real: f64,
        8 => imag: f64,
    }

    /// `complex`.
    pub struct PyComplexObject[32] {
        0 => ob_base: PyObject,
        16 => cval: Py_complex,
    }
}

// Constants of `cpython/longintrepr.h`.
pub const PyLong_BASE: c_uint = 1073741824;
pub const PyLong_MASK: c_uint = 0x3fffffff;
pub const PyLong_SHIFT: c_int = 30;
pub const _PyLong_DECIMAL_BASE: c_uint = 1000000000;
pub const _PyLong_DECIMAL_SHIFT: c_int = 9;
pub const _PyLong_NON_SIZE_BITS: c_int = 3;
pub const _PyLong_SIGN_MASK: c_int = 0x3;

// Constants of `longobject.h`.
pub const Py_ASNATIVEBYTES_ALLOW_INDEX: c_int = 16;
pub const Py_ASNATIVEBYTES_BIG_ENDIAN: c_int = 0;
pub const Py_ASNATIVEBYTES_DEFAULTS: c_int = -1;
pub const Py_ASNATIVEBYTES_LITTLE_ENDIAN: c_int = 1;
pub const Py_ASNATIVEBYTES_NATIVE_ENDIAN: c_int = 3;
pub const Py_ASNATIVEBYTES_REJECT_NEGATIVE: c_int = 8;
pub const Py_ASNATIVEBYTES_UNSIGNED_BUFFER: c_int = 4;
pub const _Py_PARSE_INTPTR: &CStr = c"l";
pub const _Py_PARSE_PID: &CStr = c"i";
pub const _Py_PARSE_UINTPTR: &CStr = c"k";

// Constants of `internal/pycore_long.h`.
pub const IMMORTALITY_BIT_MASK: c_int = 0x4;
pub const NON_SIZE_BITS: c_int = 3;
pub const NON_SIZE_MASK: c_ulong = 0xfffffffffffffff8;
pub const SIGN_MASK: c_int = 0x3;
pub const SIGN_NEGATIVE: c_int = 2;
pub const SIGN_ZERO: c_int = 1;
pub const _PY_LONG_DEFAULT_MAX_STR_DIGITS: c_int = 4300;
pub const _PY_LONG_MAX_STR_DIGITS_THRESHOLD: c_int = 640;
pub const _PyLong_FALSE_TAG: c_ulong = 1;
pub const _PyLong_TRUE_TAG: c_ulong = 8;
