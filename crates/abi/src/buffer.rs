//! The buffer protocol and `memoryview` (`pybuffer.h`, `cpython/memoryobject.h`).

use crate::object::{Py_hash_t, Py_ssize_t, PyObject, PyVarObject};
use std::ffi::{c_char, c_int, c_void};

pub type getbufferproc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut Py_buffer, c_int) -> c_int>;
pub type releasebufferproc = Option<unsafe extern "C" fn(*mut PyObject, *mut Py_buffer)>;

c_struct! {
    /// A view of an object's memory, filled in by `bf_getbuffer`.
    pub struct Py_buffer[80] {
        0 => buf: *mut c_void,
        8 => obj: *mut PyObject,
        16 => len: Py_ssize_t,
        24 => itemsize: Py_ssize_t,
        32 => readonly: c_int,
        36 => ndim: c_int,
        40 => format: *mut c_char,
        48 => shape: *mut Py_ssize_t,
        56 => strides: *mut Py_ssize_t,
        64 => suboffsets: *mut Py_ssize_t,
        72 => internal: *mut c_void,
    }

    /// What all memoryviews of one exported buffer share.
    pub struct _PyManagedBufferObject[112] {
        0 => ob_base: PyObject,
        16 => flags: c_int,
        24 => exports: Py_ssize_t,
        32 => master: Py_buffer,
    }

    /// `memoryview`; shape, strides and suboffsets follow in `ob_array`.
    pub struct PyMemoryViewObject[152] {
        0 => ob_base: PyVarObject,
        24 => mbuf: *mut _PyManagedBufferObject,
        32 => hash: Py_hash_t,
        40 => flags: c_int,
        48 => exports: Py_ssize_t,
        56 => view: Py_buffer,
        136 => weakreflist: *mut PyObject,
        144 => ob_array: [Py_ssize_t; 1],
    }
}

// Constants of `cpython/memoryobject.h`.
pub const _Py_MANAGED_BUFFER_FREE_FORMAT: c_int = 2;
pub const _Py_MANAGED_BUFFER_RELEASED: c_int = 1;
pub const _Py_MEMORYVIEW_C: c_int = 2;
pub const _Py_MEMORYVIEW_FORTRAN: c_int = 4;
pub const _Py_MEMORYVIEW_PIL: c_int = 16;
pub const _Py_MEMORYVIEW_RELEASED: c_int = 1;
pub const _Py_MEMORYVIEW_RESTRICTED: c_int = 32;
pub const _Py_MEMORYVIEW_SCALAR: c_int = 8;

// Constants of `pybuffer.h`.
pub const PyBUF_ANY_CONTIGUOUS: c_int = 0x98;
pub const PyBUF_CONTIG: c_int = 0x9;
pub const PyBUF_CONTIG_RO: c_int = 0x8;
pub const PyBUF_C_CONTIGUOUS: c_int = 0x38;
pub const PyBUF_FORMAT: c_int = 0x4;
pub const PyBUF_FULL: c_int = 0x11d;
pub const PyBUF_FULL_RO: c_int = 0x11c;
pub const PyBUF_F_CONTIGUOUS: c_int = 0x58;
pub const PyBUF_INDIRECT: c_int = 0x118;
pub const PyBUF_MAX_NDIM: c_int = 0x40;
pub const PyBUF_ND: c_int = 0x8;
pub const PyBUF_READ: c_int = 0x100;
pub const PyBUF_RECORDS: c_int = 0x1d;
pub const PyBUF_RECORDS_RO: c_int = 0x1c;
pub const PyBUF_SIMPLE: c_int = 0x0;
pub const PyBUF_STRIDED: c_int = 0x19;
pub const PyBUF_STRIDED_RO: c_int = 0x18;
pub const PyBUF_STRIDES: c_int = 0x18;
pub const PyBUF_WRITABLE: c_int = 0x1;
pub const PyBUF_WRITE: c_int = 0x200;
pub const PyBUF_WRITEABLE: c_int = 0x1;
