//! `contextvars` (`cpython/context.h`, `internal/pycore_context.h`, `internal/pycore_hamt.h`).

use crate::object::{Py_hash_t, Py_ssize_t, PyObject};
use std::ffi::c_int;

/// A node of the hash array mapped trie that holds a context's variables.
#[repr(C)]
#[derive(Debug)]
pub struct PyHamtNode {
    _opaque: [u8; 0],
}

pub type PyContextEvent = c_int;
pub type PyContext_WatchCallback =
    Option<unsafe extern "C" fn(PyContextEvent, *mut PyObject) -> c_int>;

c_struct! {
    /// An immutable mapping with cheap copies.
    pub struct PyHamtObject[40] {
        0 => ob_base: PyObject,
        16 => h_root: *mut PyHamtNode,
        24 => h_weakreflist: *mut PyObject,
        32 => h_count: Py_ssize_t,
    }

    /// `Token.MISSING`.
    pub struct _PyContextTokenMissing[16] {
        0 => ob_base: PyObject,
    }

    /// `contextvars.Context`.
    pub struct PyContext[48] {
        0 => ob_base: PyObject,
        16 => ctx_prev: *mut PyContext,
        24 => ctx_vars: *mut PyHamtObject,
        32 => ctx_weakreflist: *mut PyObject,
        40 => ctx_entered: c_int,
    }

    /// `contextvars.ContextVar`, with the value last found.
    pub struct PyContextVar[64] {
        0 => ob_base: PyObject,
        16 => var_name: *mut PyObject,
        24 => var_default: *mut PyObject,
        32 => var_cached: *mut PyObject,
        40 => var_cached_tsid: u64,
        48 => var_cached_tsver: u64,
        56 => var_hash: Py_hash_t,
    }

    /// `contextvars.Token`.
    pub struct PyContextToken[48] {
        0 => ob_base: PyObject,
        16 => tok_ctx: *mut PyContext,
        24 => tok_var: *mut PyContextVar,
        32 => tok_oldval: *mut PyObject,
        40 => tok_used: c_int,
    }
}

// Constants of `cpython/context.h`.
pub const Py_CONTEXT_SWITCHED: c_int = 1;
