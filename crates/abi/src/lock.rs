//! Locks and thread-local storage (`cpython/lock.h`, `pythread.h`).

use std::ffi::{c_int, c_uint, c_ulong, c_ulonglong, c_void};

#[repr(C)]
#[derive(Debug)]
pub struct PyCriticalSection {
    _opaque: [u8; 0],
}

#[repr(C)]
#[derive(Debug)]
pub struct PyCriticalSection2 {
    _opaque: [u8; 0],
}

pub type PyLockStatus = c_int;
pub type PyThread_type_lock = *mut c_void;

c_struct! {
    /// A lock of one byte: bit 0 says locked, bit 1 that somebody waits.
    pub struct PyMutex[1] {
        0 => _bits: u8,
    }

    /// A key of thread-specific storage.
    pub struct Py_tss_t[8] {
        0 => _is_initialized: c_int,
        4 => _key: c_uint,
    }

    /// A lock that depends on nothing of Python.
    pub struct _PyRawMutex[8] {
        0 => v: usize,
    }

    /// A lock that its owner may take again.
    pub struct _PyRecursiveMutex[24] {
        0 => mutex: PyMutex,
        8 => thread: c_ulonglong,
        16 => level: usize,
    }

    /// A flag that threads can wait for; it is set once.
    pub struct PyEvent[1] {
        0 => v: u8,
    }
}

// Constants of `cpython/lock.h`.
pub const _Py_LOCKED: c_int = 1;
pub const _Py_UNLOCKED: c_int = 0;

// Constants of `cpython/pythread.h`.
pub const PYTHREAD_INVALID_THREAD_ID: c_ulong = 18446744073709551615;

// Constants of `pythread.h`.
pub const NOWAIT_LOCK: c_int = 0;
pub const PY_LOCK_ACQUIRED: c_int = 1;
pub const PY_LOCK_FAILURE: c_int = 0;
pub const PY_LOCK_INTR: c_int = 2;
pub const WAIT_LOCK: c_int = 1;
