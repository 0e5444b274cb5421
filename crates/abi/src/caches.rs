//! The inline caches that follow instructions, and what code objects are made from
//! (`internal/pycore_code.h`).

use crate::object::PyObject;
use std::ffi::{c_int, c_ulong};

/// A piece of machine code or a trace that replaces a stretch of bytecode.
#[repr(C)]
#[derive(Debug)]
pub struct _PyExecutorObject {
    _opaque: [u8; 0],
}

c_struct! {
    /// Counts down to the next attempt to specialise: 12 bits of count, 4 of back-off.
    pub struct _Py_BackoffCounter[2] {
        0 => value_and_backoff: u16,
    }

    /// Of `LOAD_GLOBAL`.
    pub struct _PyLoadGlobalCache[8] {
        0 => counter: _Py_BackoffCounter,
        2 => module_keys_version: u16,
        4 => builtin_keys_version: u16,
        6 => index: u16,
    }

    /// Of `BINARY_OP`.
    pub struct _PyBinaryOpCache[10] {
        0 => counter: _Py_BackoffCounter,
        2 => external_cache: [u16; 4],
    }

    /// Of `UNPACK_SEQUENCE`.
    pub struct _PyUnpackSequenceCache[2] {
        0 => counter: _Py_BackoffCounter,
    }

    /// Of `COMPARE_OP`.
    pub struct _PyCompareOpCache[2] {
        0 => counter: _Py_BackoffCounter,
    }

    /// Of `LOAD_SUPER_ATTR`.
    pub struct _PySuperAttrCache[2] {
        0 => counter: _Py_BackoffCounter,
    }

    /// Of `LOAD_ATTR` and `STORE_ATTR`.
    pub struct _PyAttrCache[8] {
        0 => counter: _Py_BackoffCounter,
        2 => version: [u16; 2],
        6 => index: u16,
    }

    /// Of `LOAD_ATTR`. `keys_version` and the `dict_offset` of some forms share their place.
    pub struct _PyLoadMethodCache[18] {
        0 => counter: _Py_BackoffCounter,
        2 => type_version: [u16; 2],
        6 => keys_version: [u16; 2],
        10 => descr: [u16; 4],
    }

    /// Of `CALL` and `CALL_KW`.
    pub struct _PyCallCache[6] {
        0 => counter: _Py_BackoffCounter,
        2 => func_version: [u16; 2],
    }

    /// Of `STORE_SUBSCR`.
    pub struct _PyStoreSubscrCache[2] {
        0 => counter: _Py_BackoffCounter,
    }

    /// Of `FOR_ITER`.
    pub struct _PyForIterCache[2] {
        0 => counter: _Py_BackoffCounter,
    }

    /// Of `SEND`.
    pub struct _PySendCache[2] {
        0 => counter: _Py_BackoffCounter,
    }

    /// Of `TO_BOOL`.
    pub struct _PyToBoolCache[6] {
        0 => counter: _Py_BackoffCounter,
        2 => version: [u16; 2],
    }

    /// Of `CONTAINS_OP`.
    pub struct _PyContainsOpCache[2] {
        0 => counter: _Py_BackoffCounter,
    }

    /// All that a code object is made from.
    pub struct _PyCodeConstructor[112] {
        0 => filename: *mut PyObject,
        8 => name: *mut PyObject,
        16 => qualname: *mut PyObject,
        24 => flags: c_int,
        32 => code: *mut PyObject,
        40 => firstlineno: c_int,
        48 => linetable: *mut PyObject,
        56 => consts: *mut PyObject,
        64 => names: *mut PyObject,
        72 => localsplusnames: *mut PyObject,
        80 => localspluskinds: *mut PyObject,
        88 => argcount: c_int,
        92 => posonlyargcount: c_int,
        96 => kwonlyargcount: c_int,
        100 => stacksize: c_int,
        104 => exceptiontable: *mut PyObject,
    }
}

// Constants of `internal/pycore_backoff.h`.
pub const BACKOFF_BITS: c_int = 4;
pub const JUMP_BACKWARD_INITIAL_BACKOFF: c_int = 12;
pub const JUMP_BACKWARD_INITIAL_VALUE: c_int = 4095;
pub const MAX_BACKOFF: c_int = 12;
pub const SIDE_EXIT_INITIAL_BACKOFF: c_int = 12;
pub const SIDE_EXIT_INITIAL_VALUE: c_int = 4095;
pub const UNREACHABLE_BACKOFF: c_int = 15;

// Constants of `internal/pycore_code.h`.
pub const ADAPTIVE_COOLDOWN_BACKOFF: c_int = 0;
pub const ADAPTIVE_COOLDOWN_VALUE: c_int = 52;
pub const ADAPTIVE_WARMUP_BACKOFF: c_int = 1;
pub const ADAPTIVE_WARMUP_VALUE: c_int = 1;
pub const COMPARISON_EQUALS: c_int = 8;
pub const COMPARISON_GREATER_THAN: c_int = 4;
pub const COMPARISON_LESS_THAN: c_int = 2;
pub const COMPARISON_NOT_EQUALS: c_int = 7;
pub const COMPARISON_UNORDERED: c_int = 1;
pub const CO_FAST_ARG: c_int = 0xe;
pub const CO_FAST_ARG_KW: c_int = 0x4;
pub const CO_FAST_ARG_POS: c_int = 0x2;
pub const CO_FAST_ARG_VAR: c_int = 0x8;
pub const CO_FAST_CELL: c_int = 0x40;
pub const CO_FAST_FREE: c_int = 0x80;
pub const CO_FAST_HIDDEN: c_int = 0x10;
pub const CO_FAST_LOCAL: c_int = 0x20;
pub const ENABLE_SPECIALIZATION: c_int = 1;
pub const ENABLE_SPECIALIZATION_FT: c_int = 1;
pub const INLINE_CACHE_ENTRIES_BINARY_OP: c_ulong = 5;
pub const INLINE_CACHE_ENTRIES_CALL: c_ulong = 3;
pub const INLINE_CACHE_ENTRIES_CALL_KW: c_ulong = 3;
pub const INLINE_CACHE_ENTRIES_COMPARE_OP: c_ulong = 1;
pub const INLINE_CACHE_ENTRIES_CONTAINS_OP: c_ulong = 1;
pub const INLINE_CACHE_ENTRIES_FOR_ITER: c_ulong = 1;
pub const INLINE_CACHE_ENTRIES_LOAD_ATTR: c_ulong = 9;
pub const INLINE_CACHE_ENTRIES_LOAD_GLOBAL: c_ulong = 4;
pub const INLINE_CACHE_ENTRIES_LOAD_SUPER_ATTR: c_ulong = 1;
pub const INLINE_CACHE_ENTRIES_SEND: c_ulong = 1;
pub const INLINE_CACHE_ENTRIES_STORE_ATTR: c_ulong = 4;
pub const INLINE_CACHE_ENTRIES_STORE_SUBSCR: c_ulong = 1;
pub const INLINE_CACHE_ENTRIES_TO_BOOL: c_ulong = 3;
pub const INLINE_CACHE_ENTRIES_UNPACK_SEQUENCE: c_ulong = 1;
