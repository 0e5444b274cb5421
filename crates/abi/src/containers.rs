//! `tuple`, `list`, `set`, `slice`, and the iterators that other code looks into.

use crate::object::{Py_hash_t, Py_ssize_t, PyObject, PyVarObject};
use std::ffi::{c_int, c_long};

c_struct! {
    /// `tuple`.
    pub struct PyTupleObject[40] {
        0 => ob_base: PyVarObject,
        24 => ob_hash: Py_hash_t,
        32 => ob_item: [*mut PyObject; 1],
    }

    /// `list`; `allocated` is how many items `ob_item` has room for.
    pub struct PyListObject[40] {
        0 => ob_base: PyVarObject,
        24 => ob_item: *mut *mut PyObject,
        32 => allocated: Py_ssize_t,
    }

    /// A slot of a set's table.
    pub struct setentry[16] {
        0 => key: *mut PyObject,
        8 => hash: Py_hash_t,
    }

    /// `set` and `frozenset`; small tables lie inside.
    pub struct PySetObject[200] {
        0 => ob_base: PyObject,
        16 => fill: Py_ssize_t,
        24 => used: Py_ssize_t,
        32 => mask: Py_ssize_t,
        40 => table: *mut setentry,
        48 => hash: Py_hash_t,
        56 => finger: Py_ssize_t,
        64 => smalltable: [setentry; 8],
        192 => weakreflist: *mut PyObject,
    }

    /// `slice`.
    pub struct PySliceObject[40] {
        0 => ob_base: PyObject,
        16 => start: *mut PyObject,
        24 => stop: *mut PyObject,
        32 => step: *mut PyObject,
    }

    /// A list iterator.
    pub struct _PyListIterObject[32] {
        0 => ob_base: PyObject,
        16 => it_index: Py_ssize_t,
        24 => it_seq: *mut PyListObject,
    }

    /// A range iterator over C integers.
    pub struct _PyRangeIterObject[40] {
        0 => ob_base: PyObject,
        16 => start: c_long,
        24 => step: c_long,
        32 => len: c_long,
    }

    /// A tuple iterator.
    pub struct _PyTupleIterObject[32] {
        0 => ob_base: PyObject,
        16 => it_index: Py_ssize_t,
        24 => it_seq: *mut PyTupleObject,
    }
}

// Constants of `cpython/setobject.h`.
pub const PySet_MINSIZE: c_int = 8;
