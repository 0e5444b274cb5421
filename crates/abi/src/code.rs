//! Code objects and code units (`cpython/code.h`), and the events that
//! can be monitored (`cpython/monitoring.h`).

use crate::caches::{_Py_BackoffCounter, _PyExecutorObject};
use crate::monitoring::_PyCoMonitoringData;
use crate::object::{Py_ssize_t, PyObject, PyVarObject};
use std::ffi::{c_char, c_int, c_void};

/// One 16-bit unit of bytecode: an instruction, or a cell of an inline cache.
#[repr(C)]
#[derive(Clone, Copy)]
pub union _Py_CODEUNIT {
    pub cache: u16,
    pub op: _Py_CODEUNIT_op,
    pub counter: _Py_BackoffCounter,
}

/// A code unit seen as an instruction.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct _Py_CODEUNIT_op {
    pub code: u8,
    pub arg: u8,
}

assert_layout!(_Py_CODEUNIT[2] { cache: 0, op: 0, counter: 0 });
assert_layout!(_Py_CODEUNIT_op[2] { code: 0, arg: 1 });

pub type PyCodeEvent = c_int;
pub type PyCode_WatchCallback =
    Option<unsafe extern "C" fn(PyCodeEvent, *mut PyCodeObject) -> c_int>;
pub type _PyCodeLocationInfoKind = c_int;

c_struct! {
    /// Whether an event of C code is being monitored.
    pub struct PyMonitoringState[2] {
        0 => active: u8,
        1 => opaque: u8,
    }

    /// Tuples that a code object computes when they are first asked for.
    pub struct _PyCoCached[32] {
        0 => _co_code: *mut PyObject,
        8 => _co_varnames: *mut PyObject,
        16 => _co_cellvars: *mut PyObject,
        24 => _co_freevars: *mut PyObject,
    }

    /// Executors attached to a code object.
    pub struct _PyExecutorArray[16] {
        0 => size: c_int,
        4 => capacity: c_int,
        8 => executors: [*mut _PyExecutorObject; 1],
    }

    /// A code object; its code units follow in `co_code_adaptive`.
    pub struct PyCodeObject[216] {
        0 => ob_base: PyVarObject,
        24 => co_consts: *mut PyObject,
        32 => co_names: *mut PyObject,
        40 => co_exceptiontable: *mut PyObject,
        48 => co_flags: c_int,
        52 => co_argcount: c_int,
        56 => co_posonlyargcount: c_int,
        60 => co_kwonlyargcount: c_int,
        64 => co_stacksize: c_int,
        68 => co_firstlineno: c_int,
        72 => co_nlocalsplus: c_int,
        76 => co_framesize: c_int,
        80 => co_nlocals: c_int,
        84 => co_ncellvars: c_int,
        88 => co_nfreevars: c_int,
        92 => co_version: u32,
        96 => co_localsplusnames: *mut PyObject,
        104 => co_localspluskinds: *mut PyObject,
        112 => co_filename: *mut PyObject,
        120 => co_name: *mut PyObject,
        128 => co_qualname: *mut PyObject,
        136 => co_linetable: *mut PyObject,
        144 => co_weakreflist: *mut PyObject,
        152 => co_executors: *mut _PyExecutorArray,
        160 => _co_cached: *mut _PyCoCached,
        168 => _co_instrumentation_version: usize,
        176 => _co_monitoring: *mut _PyCoMonitoringData,
        184 => _co_unique_id: Py_ssize_t,
        192 => _co_firsttraceable: c_int,
        200 => co_extra: *mut c_void,
        208 => co_code_adaptive: [c_char; 1],
    }

    /// Where a walk over the location table stands.
    pub struct _opaque[24] {
        0 => computed_line: c_int,
        8 => lo_next: *const u8,
        16 => limit: *const u8,
    }

    /// A stretch of code with one line number.
    pub struct PyCodeAddressRange[40] {
        0 => ar_start: c_int,
        4 => ar_end: c_int,
        8 => ar_line: c_int,
        16 => opaque: _opaque,
    }
}

// Constants of `cpython/code.h`.
pub const CO_ASYNC_GENERATOR: c_int = 0x200;
pub const CO_COROUTINE: c_int = 0x80;
pub const CO_FUTURE_ABSOLUTE_IMPORT: c_int = 0x40000;
pub const CO_FUTURE_ANNOTATIONS: c_int = 0x1000000;
pub const CO_FUTURE_BARRY_AS_BDFL: c_int = 0x400000;
pub const CO_FUTURE_DIVISION: c_int = 0x20000;
pub const CO_FUTURE_GENERATOR_STOP: c_int = 0x800000;
pub const CO_FUTURE_PRINT_FUNCTION: c_int = 0x100000;
pub const CO_FUTURE_UNICODE_LITERALS: c_int = 0x200000;
pub const CO_FUTURE_WITH_STATEMENT: c_int = 0x80000;
pub const CO_GENERATOR: c_int = 0x20;
pub const CO_HAS_DOCSTRING: c_int = 0x4000000;
pub const CO_ITERABLE_COROUTINE: c_int = 0x100;
pub const CO_MAXBLOCKS: c_int = 0x15;
pub const CO_METHOD: c_int = 0x8000000;
pub const CO_NESTED: c_int = 0x10;
pub const CO_NEWLOCALS: c_int = 0x2;
pub const CO_NO_MONITORING_EVENTS: c_int = 0x2000000;
pub const CO_OPTIMIZED: c_int = 0x1;
pub const CO_VARARGS: c_int = 0x4;
pub const CO_VARKEYWORDS: c_int = 0x8;
pub const PY_CODE_EVENT_CREATE: c_int = 0;
pub const PY_CODE_EVENT_DESTROY: c_int = 1;
pub const PY_CODE_LOCATION_INFO_LONG: c_int = 14;
pub const PY_CODE_LOCATION_INFO_NONE: c_int = 15;
pub const PY_CODE_LOCATION_INFO_NO_COLUMNS: c_int = 13;
pub const PY_CODE_LOCATION_INFO_ONE_LINE0: c_int = 10;
pub const PY_CODE_LOCATION_INFO_ONE_LINE1: c_int = 11;
pub const PY_CODE_LOCATION_INFO_ONE_LINE2: c_int = 12;
pub const PY_CODE_LOCATION_INFO_SHORT0: c_int = 0;

// Constants of `cpython/monitoring.h`.
pub const PY_MONITORING_EVENT_BRANCH: c_int = 18;
pub const PY_MONITORING_EVENT_BRANCH_LEFT: c_int = 8;
pub const PY_MONITORING_EVENT_BRANCH_RIGHT: c_int = 9;
pub const PY_MONITORING_EVENT_CALL: c_int = 4;
pub const PY_MONITORING_EVENT_C_RAISE: c_int = 17;
pub const PY_MONITORING_EVENT_C_RETURN: c_int = 16;
pub const PY_MONITORING_EVENT_EXCEPTION_HANDLED: c_int = 12;
pub const PY_MONITORING_EVENT_INSTRUCTION: c_int = 6;
pub const PY_MONITORING_EVENT_JUMP: c_int = 7;
pub const PY_MONITORING_EVENT_LINE: c_int = 5;
pub const PY_MONITORING_EVENT_PY_RESUME: c_int = 1;
pub const PY_MONITORING_EVENT_PY_RETURN: c_int = 2;
pub const PY_MONITORING_EVENT_PY_START: c_int = 0;
pub const PY_MONITORING_EVENT_PY_THROW: c_int = 14;
pub const PY_MONITORING_EVENT_PY_UNWIND: c_int = 13;
pub const PY_MONITORING_EVENT_PY_YIELD: c_int = 3;
pub const PY_MONITORING_EVENT_RAISE: c_int = 11;
pub const PY_MONITORING_EVENT_RERAISE: c_int = 15;
pub const PY_MONITORING_EVENT_STOP_ITERATION: c_int = 10;
