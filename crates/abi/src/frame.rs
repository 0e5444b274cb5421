//! Frames, generators and tracebacks (`internal/pycore_interpframe_structs.h`,
//! `cpython/traceback.h`).

use crate::code::_Py_CODEUNIT;
use crate::object::PyObject;
use crate::pystate::_PyErr_StackItem;
use std::ffi::{c_char, c_int};

/// A reference on the evaluation stack: an object's address, tagged in its low bits.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct _PyStackRef {
    pub bits: usize,
}

assert_layout!(_PyStackRef[8] { bits: 0 });

c_struct! {
    /// A traceback entry.
    pub struct PyTracebackObject[40] {
        0 => ob_base: PyObject,
        16 => tb_next: *mut PyTracebackObject,
        24 => tb_frame: *mut PyFrameObject,
        32 => tb_lasti: c_int,
        36 => tb_lineno: c_int,
    }

    /// `frame.f_locals` of a function.
    pub struct PyFrameLocalsProxyObject[24] {
        0 => ob_base: PyObject,
        16 => frame: *mut PyFrameObject,
    }

    /// A running function; its locals, cells and evaluation stack follow in `localsplus`.
    pub struct _PyInterpreterFrame[88] {
        0 => f_executable: _PyStackRef,
        8 => previous: *mut _PyInterpreterFrame,
        16 => f_funcobj: _PyStackRef,
        24 => f_globals: *mut PyObject,
        32 => f_builtins: *mut PyObject,
        40 => f_locals: *mut PyObject,
        48 => frame_obj: *mut PyFrameObject,
        56 => instr_ptr: *mut _Py_CODEUNIT,
        64 => stackpointer: *mut _PyStackRef,
        72 => return_offset: u16,
        74 => owner: c_char,
        75 => visited: u8,
        80 => localsplus: [_PyStackRef; 1],
    }

    /// A generator, with its frame inside.
    pub struct PyGenObject[160] {
        0 => ob_base: PyObject,
        16 => gi_weakreflist: *mut PyObject,
        24 => gi_name: *mut PyObject,
        32 => gi_qualname: *mut PyObject,
        40 => gi_exc_state: _PyErr_StackItem,
        56 => gi_origin_or_finalizer: *mut PyObject,
        64 => gi_hooks_inited: c_char,
        65 => gi_closed: c_char,
        66 => gi_running_async: c_char,
        67 => gi_frame_state: i8,
        72 => gi_iframe: _PyInterpreterFrame,
    }

    /// A coroutine, with its frame inside.
    pub struct PyCoroObject[160] {
        0 => ob_base: PyObject,
        16 => cr_weakreflist: *mut PyObject,
        24 => cr_name: *mut PyObject,
        32 => cr_qualname: *mut PyObject,
        40 => cr_exc_state: _PyErr_StackItem,
        56 => cr_origin_or_finalizer: *mut PyObject,
        64 => cr_hooks_inited: c_char,
        65 => cr_closed: c_char,
        66 => cr_running_async: c_char,
        67 => cr_frame_state: i8,
        72 => cr_iframe: _PyInterpreterFrame,
    }

    /// An asynchronous generator, with its frame inside.
    pub struct PyAsyncGenObject[160] {
        0 => ob_base: PyObject,
        16 => ag_weakreflist: *mut PyObject,
        24 => ag_name: *mut PyObject,
        32 => ag_qualname: *mut PyObject,
        40 => ag_exc_state: _PyErr_StackItem,
        56 => ag_origin_or_finalizer: *mut PyObject,
        64 => ag_hooks_inited: c_char,
        65 => ag_closed: c_char,
        66 => ag_running_async: c_char,
        67 => ag_frame_state: i8,
        72 => ag_iframe: _PyInterpreterFrame,
    }

    /// A frame as Python sees it.
    pub struct PyFrameObject[80] {
        0 => ob_base: PyObject,
        16 => f_back: *mut PyFrameObject,
        24 => f_frame: *mut _PyInterpreterFrame,
        32 => f_trace: *mut PyObject,
        40 => f_lineno: c_int,
        44 => f_trace_lines: c_char,
        45 => f_trace_opcodes: c_char,
        48 => f_extra_locals: *mut PyObject,
        56 => f_locals_cache: *mut PyObject,
        64 => f_overwritten_fast_locals: *mut PyObject,
        72 => _f_frame_data: [*mut PyObject; 1],
    }
}

// Constants of `cpython/pyframe.h`.
pub const PyUnstable_EXECUTABLE_KINDS: c_int = 5;
pub const PyUnstable_EXECUTABLE_KIND_BUILTIN_FUNCTION: c_int = 3;
pub const PyUnstable_EXECUTABLE_KIND_METHOD_DESCRIPTOR: c_int = 4;
pub const PyUnstable_EXECUTABLE_KIND_PY_FUNCTION: c_int = 1;
pub const PyUnstable_EXECUTABLE_KIND_SKIP: c_int = 0;

// Constants of `internal/pycore_frame.h`.
pub const FRAME_CLEARED: c_int = 4;
pub const FRAME_COMPLETED: c_int = 1;
pub const FRAME_CREATED: c_int = -3;
pub const FRAME_EXECUTING: c_int = 0;
pub const FRAME_SUSPENDED: c_int = -2;
pub const FRAME_SUSPENDED_YIELD_FROM: c_int = -1;

// Constants of `internal/pycore_interpframe_structs.h`.
pub const FRAME_OWNED_BY_CSTACK: c_int = 4;
pub const FRAME_OWNED_BY_FRAME_OBJECT: c_int = 2;
pub const FRAME_OWNED_BY_GENERATOR: c_int = 1;
pub const FRAME_OWNED_BY_INTERPRETER: c_int = 3;
pub const FRAME_OWNED_BY_THREAD: c_int = 0;

// Constants of `internal/pycore_stackref.h`.
pub const PyStackRef_NULL_BITS: c_int = 1;
pub const Py_INT_TAG: c_int = 3;
pub const Py_TAG_BITS: c_int = 3;
pub const Py_TAG_REFCNT: c_int = 1;
