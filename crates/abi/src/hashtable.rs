//! The hash table that C code may use on its own (`internal/pycore_hashtable.h`).

use crate::object::Py_uhash_t;
use std::ffi::{c_int, c_void};

pub type _Py_hashtable_hash_func = Option<unsafe extern "C" fn(*const c_void) -> Py_uhash_t>;
pub type _Py_hashtable_compare_func =
    Option<unsafe extern "C" fn(*const c_void, *const c_void) -> c_int>;
pub type _Py_hashtable_destroy_func = Option<unsafe extern "C" fn(*mut c_void)>;
pub type _Py_hashtable_get_entry_func =
    Option<unsafe extern "C" fn(*mut _Py_hashtable_t, *const c_void) -> *mut _Py_hashtable_entry_t>;

c_struct! {
    /// A link of a singly linked list.
    pub struct _Py_slist_item_t[8] {
        0 => next: *mut _Py_slist_item_t,
    }

    /// A singly linked list.
    pub struct _Py_slist_t[8] {
        0 => head: *mut _Py_slist_item_t,
    }

    /// An entry of the table.
    pub struct _Py_hashtable_entry_t[32] {
        0 => _Py_slist_item: _Py_slist_item_t,
        8 => key_hash: Py_uhash_t,
        16 => key: *mut c_void,
        24 => value: *mut c_void,
    }

    /// Where a table takes its memory from.
    pub struct _Py_hashtable_allocator_t[16] {
        0 => malloc: Option<unsafe extern "C" fn(usize) -> *mut c_void>,
        8 => free: Option<unsafe extern "C" fn(*mut c_void)>,
    }

    /// A hash table with C keys and values.
    pub struct _Py_hashtable_t[80] {
        0 => nentries: usize,
        8 => nbuckets: usize,
        16 => buckets: *mut _Py_slist_t,
        24 => get_entry_func: _Py_hashtable_get_entry_func,
        32 => hash_func: _Py_hashtable_hash_func,
        40 => compare_func: _Py_hashtable_compare_func,
        48 => key_destroy_func: _Py_hashtable_destroy_func,
        56 => value_destroy_func: _Py_hashtable_destroy_func,
        64 => alloc: _Py_hashtable_allocator_t,
    }
}
