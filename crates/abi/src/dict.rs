//! Dictionaries, their key tables and the values of instances (`cpython/dictobject.h`,
//! `internal/pycore_dict.h`).

use crate::object::{Py_hash_t, Py_ssize_t, PyObject};
use std::ffi::{c_char, c_int, c_ulong};

/// `collections.OrderedDict`.
#[repr(C)]
#[derive(Debug)]
pub struct PyODictObject {
    _opaque: [u8; 0],
}

pub type PyDict_WatchCallback = Option<
    unsafe extern "C" fn(PyDict_WatchEvent, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int,
>;
pub type PyDict_WatchEvent = c_int;

c_struct! {
    /// `dict`; with `ma_values`, the key table is shared and the values are apart.
    pub struct PyDictObject[48] {
        0 => ob_base: PyObject,
        16 => ma_used: Py_ssize_t,
        24 => _ma_watcher_tag: u64,
        32 => ma_keys: *mut PyDictKeysObject,
        40 => ma_values: *mut PyDictValues,
    }

    /// A view of a dictionary: keys, values or items.
    pub struct _PyDictViewObject[24] {
        0 => ob_base: PyObject,
        16 => dv_dict: *mut PyDictObject,
    }

    /// An entry of a table with keys of any type.
    pub struct PyDictKeyEntry[24] {
        0 => me_hash: Py_hash_t,
        8 => me_key: *mut PyObject,
        16 => me_value: *mut PyObject,
    }

    /// An entry of a table with only strings as keys.
    pub struct PyDictUnicodeEntry[16] {
        0 => me_key: *mut PyObject,
        8 => me_value: *mut PyObject,
    }

    /// A key table: indices in `dk_indices`, then entries.
    pub struct PyDictKeysObject[32] {
        0 => dk_refcnt: Py_ssize_t,
        8 => dk_log2_size: u8,
        9 => dk_log2_index_bytes: u8,
        10 => dk_kind: u8,
        12 => dk_version: u32,
        16 => dk_usable: Py_ssize_t,
        24 => dk_nentries: Py_ssize_t,
        32 => dk_indices: [c_char; 0],
    }

    /// The attribute values of an instance, in the order of a shared key table.
    pub struct PyDictValues[16] {
        0 => capacity: u8,
        1 => size: u8,
        2 => embedded: u8,
        3 => valid: u8,
        8 => values: [*mut PyObject; 1],
    }
}

// Constants of `cpython/dictobject.h`.
pub const PyDict_EVENT_ADDED: c_int = 0;
pub const PyDict_EVENT_CLEARED: c_int = 4;
pub const PyDict_EVENT_CLONED: c_int = 3;
pub const PyDict_EVENT_DEALLOCATED: c_int = 5;
pub const PyDict_EVENT_DELETED: c_int = 2;
pub const PyDict_EVENT_MODIFIED: c_int = 1;

// Constants of `internal/pycore_dict.h`.
pub const DICT_KEYS_GENERAL: c_int = 0;
pub const DICT_KEYS_SPLIT: c_int = 2;
pub const DICT_KEYS_UNICODE: c_int = 1;
pub const DICT_UNIQUE_ID_MAX: c_ulong = 4294967295;
pub const DICT_UNIQUE_ID_SHIFT: c_int = 32;
pub const DICT_VERSION_INCREMENT: c_int = 4096;
pub const DICT_WATCHER_AND_MODIFICATION_MASK: c_int = 0xfff;
pub const DICT_WATCHER_MASK: c_int = 0xff;
pub const DKIX_DUMMY: c_int = -2;
pub const DKIX_EMPTY: c_int = -1;
pub const DKIX_ERROR: c_int = -3;
pub const DKIX_KEY_CHANGED: c_int = -4;
pub const NEXT_LOG2_SHARED_KEYS_MAX_SIZE: c_int = 6;
pub const SHARED_KEYS_MAX_SIZE: c_int = 30;
