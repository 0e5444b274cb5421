//! Exceptions (`cpython/pyerrors.h`).

use crate::object::{Py_ssize_t, PyObject};
use std::ffi::c_char;

pub type PyEnvironmentErrorObject = PyOSErrorObject;

c_struct! {
    /// What all exceptions begin with.
    pub struct PyBaseExceptionObject[72] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
    }

    /// An exception group.
    pub struct PyBaseExceptionGroupObject[96] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => msg: *mut PyObject,
        80 => excs: *mut PyObject,
        88 => excs_str: *mut PyObject,
    }

    /// `SyntaxError`.
    pub struct PySyntaxErrorObject[144] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => msg: *mut PyObject,
        80 => filename: *mut PyObject,
        88 => lineno: *mut PyObject,
        96 => offset: *mut PyObject,
        104 => end_lineno: *mut PyObject,
        112 => end_offset: *mut PyObject,
        120 => text: *mut PyObject,
        128 => print_file_and_line: *mut PyObject,
        136 => metadata: *mut PyObject,
    }

    /// `ImportError`.
    pub struct PyImportErrorObject[104] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => msg: *mut PyObject,
        80 => name: *mut PyObject,
        88 => path: *mut PyObject,
        96 => name_from: *mut PyObject,
    }

    /// `UnicodeError` and its subclasses.
    pub struct PyUnicodeErrorObject[112] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => encoding: *mut PyObject,
        80 => object: *mut PyObject,
        88 => start: Py_ssize_t,
        96 => end: Py_ssize_t,
        104 => reason: *mut PyObject,
    }

    /// `SystemExit`.
    pub struct PySystemExitObject[80] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => code: *mut PyObject,
    }

    /// `OSError`; `written` is -1 unless the error is `BlockingIOError`.
    pub struct PyOSErrorObject[112] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => myerrno: *mut PyObject,
        80 => strerror: *mut PyObject,
        88 => filename: *mut PyObject,
        96 => filename2: *mut PyObject,
        104 => written: Py_ssize_t,
    }

    /// `StopIteration`.
    pub struct PyStopIterationObject[80] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => value: *mut PyObject,
    }

    /// `NameError`.
    pub struct PyNameErrorObject[80] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => name: *mut PyObject,
    }

    /// `AttributeError`.
    pub struct PyAttributeErrorObject[88] {
        0 => ob_base: PyObject,
        16 => dict: *mut PyObject,
        24 => args: *mut PyObject,
        32 => notes: *mut PyObject,
        40 => traceback: *mut PyObject,
        48 => context: *mut PyObject,
        56 => cause: *mut PyObject,
        64 => suppress_context: c_char,
        72 => obj: *mut PyObject,
        80 => name: *mut PyObject,
    }
}
