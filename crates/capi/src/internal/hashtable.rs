//! `internal/pycore_hashtable.h`: a hash table of C pointers.
//!
//! Chains of entries in an array of buckets whose length is a power of two; it grows when more than half as many entries
//! as buckets are in it, and shrinks when fewer than a tenth are. The structs are C's to look into. The same job as
//! CPython's `Python/hashtable.c`.
//!
//! SAFETY, throughout: C passes tables that `_Py_hashtable_new` made, and functions that fit its keys and values. An entry
//! is in the chain of its hash, once.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::hash::hash_pointer;
use krait_objects::memory::entry;

type Table = *mut abi::_Py_hashtable_t;
type Entry = *mut abi::_Py_hashtable_entry_t;
type Key = *const c_void;

const FEWEST_BUCKETS: usize = 16;

unsafe extern "C" fn mem_malloc(size: usize) -> *mut c_void {
    entry::mem_malloc(size).cast()
}

unsafe extern "C" fn mem_free(block: *mut c_void) {
    // SAFETY: a block of `mem_malloc`.
    unsafe { entry::mem_free(block.cast()) }
}

unsafe fn alloc(table: Table, size: usize) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe { (*table).alloc.malloc.map_or(null_mut(), |malloc| malloc(size)) }
}

unsafe fn free(table: Table, block: *mut c_void) {
    // SAFETY: see the top of the file.
    unsafe {
        if let Some(free) = (*table).alloc.free {
            free(block);
        }
    }
}

unsafe fn hash(table: Table, key: Key) -> usize {
    // SAFETY: see the top of the file.
    unsafe { (*table).hash_func.map_or(0, |hash| hash(key) as usize) }
}

/// The place of the chain that a hash belongs to.
unsafe fn bucket(table: Table, hash: usize) -> *mut Entry {
    // SAFETY: see the top of the file.
    unsafe { (*table).buckets.add(hash & ((*table).nbuckets - 1)).cast() }
}

unsafe fn next(entry: Entry) -> *mut Entry {
    // The link is the first field.
    entry.cast()
}

/// Where the link to the key's entry is; null if there is none.
unsafe fn find(table: Table, key: Key) -> *mut Entry {
    // SAFETY: see the top of the file.
    unsafe {
        let hash = hash(table, key);
        let mut link = bucket(table, hash);
        while !(*link).is_null() {
            let entry = *link;
            let same =
                |compare: unsafe extern "C" fn(Key, Key) -> c_int| compare(key, (*entry).key) != 0;
            if (*entry).key_hash as usize == hash && (*table).compare_func.is_some_and(same) {
                return link;
            }
            link = next(entry);
        }
        null_mut()
    }
}

unsafe extern "C" fn get_entry(table: Table, key: Key) -> Entry {
    // SAFETY: see the top of the file.
    unsafe {
        let link = find(table, key);
        if link.is_null() { null_mut() } else { *link }
    }
}

/// Gives the table a fitting number of buckets; false if there is no memory.
unsafe fn rehash(table: Table) -> bool {
    // SAFETY: see the top of the file.
    unsafe {
        let wanted = ((*table).nentries * 10 / 3).max(FEWEST_BUCKETS).next_power_of_two();
        if wanted == (*table).nbuckets {
            return true;
        }
        let size = wanted * size_of::<abi::_Py_slist_t>();
        let buckets = alloc(table, size);
        if buckets.is_null() {
            return false;
        }
        buckets.cast::<u8>().write_bytes(0, size);
        let old = (*table).buckets.cast::<Entry>();
        let count = (*table).nbuckets;
        (*table).buckets = buckets.cast();
        (*table).nbuckets = wanted;
        for at in 0..count {
            let mut entry = *old.add(at);
            while !entry.is_null() {
                let following = *next(entry);
                let first = bucket(table, (*entry).key_hash as usize);
                *next(entry) = *first;
                *first = entry;
                entry = following;
            }
        }
        free(table, old.cast());
        true
    }
}

/// Has the owner of keys and values release those of an entry, and frees it.
unsafe fn destroy(table: Table, entry: Entry) {
    // SAFETY: see the top of the file.
    unsafe {
        if let Some(destroy) = (*table).key_destroy_func {
            destroy((*entry).key);
        }
        if let Some(destroy) = (*table).value_destroy_func {
            destroy((*entry).value);
        }
        free(table, entry.cast());
    }
}

unsafe fn destroy_all(table: Table) {
    // SAFETY: see the top of the file.
    unsafe {
        for at in 0..(*table).nbuckets {
            let first = (*table).buckets.add(at).cast::<Entry>();
            let mut entry = std::mem::replace(&mut *first, null_mut());
            while !entry.is_null() {
                let following = *next(entry);
                destroy(table, entry);
                entry = following;
            }
        }
    }
}

#[capi]
pub fn _Py_hashtable_hash_ptr(key: Key) -> abi::Py_uhash_t {
    hash_pointer(key as usize) as abi::Py_uhash_t
}

#[capi]
pub fn _Py_hashtable_compare_direct(a: Key, b: Key) -> c_int {
    (a == b).into()
}

#[capi]
pub fn _Py_hashtable_new(
    hash: abi::_Py_hashtable_hash_func,
    compare: abi::_Py_hashtable_compare_func,
) -> Table {
    // SAFETY: no functions to destroy with, and the usual allocator.
    unsafe { _Py_hashtable_new_full(hash, compare, None, None, null_mut()) }
}

#[capi]
pub fn _Py_hashtable_new_full(
    hash: abi::_Py_hashtable_hash_func,
    compare: abi::_Py_hashtable_compare_func,
    destroy_key: abi::_Py_hashtable_destroy_func,
    destroy_value: abi::_Py_hashtable_destroy_func,
    allocator: *mut abi::_Py_hashtable_allocator_t,
) -> Table {
    // SAFETY: see the top of the file.
    unsafe {
        let given = if allocator.is_null() {
            abi::_Py_hashtable_allocator_t { malloc: Some(mem_malloc), free: Some(mem_free) }
        } else {
            allocator.read()
        };
        let (Some(malloc), Some(free)) = (given.malloc, given.free) else {
            return null_mut();
        };
        let table: Table = malloc(size_of::<abi::_Py_hashtable_t>()).cast();
        if table.is_null() {
            return null_mut();
        }
        let size = FEWEST_BUCKETS * size_of::<abi::_Py_slist_t>();
        let buckets = malloc(size);
        if buckets.is_null() {
            free(table.cast());
            return null_mut();
        }
        buckets.cast::<u8>().write_bytes(0, size);
        table.write(abi::_Py_hashtable_t {
            nentries: 0,
            nbuckets: FEWEST_BUCKETS,
            buckets: buckets.cast(),
            get_entry_func: Some(get_entry),
            hash_func: hash,
            compare_func: compare,
            key_destroy_func: destroy_key,
            value_destroy_func: destroy_value,
            alloc: given,
        });
        table
    }
}

#[capi]
pub fn _Py_hashtable_destroy(table: Table) {
    // SAFETY: see the top of the file.
    unsafe {
        destroy_all(table);
        free(table, (*table).buckets.cast());
        free(table, table.cast());
    }
}

#[capi]
pub fn _Py_hashtable_clear(table: Table) {
    // SAFETY: see the top of the file.
    unsafe {
        destroy_all(table);
        (*table).nentries = 0;
        // Too many buckets do no harm.
        rehash(table);
    }
}

#[capi]
pub fn _Py_hashtable_foreach(
    table: Table,
    function: Option<unsafe extern "C" fn(Table, Key, Key, *mut c_void) -> c_int>,
    argument: *mut c_void,
) -> c_int {
    let Some(function) = function else { return 0 };
    // SAFETY: see the top of the file; the function does not change the table.
    unsafe {
        for at in 0..(*table).nbuckets {
            let mut entry = *(*table).buckets.add(at).cast::<Entry>();
            while !entry.is_null() {
                let result = function(table, (*entry).key, (*entry).value, argument);
                if result != 0 {
                    return result;
                }
                entry = *next(entry);
            }
        }
    }
    0
}

#[capi]
pub fn _Py_hashtable_size(table: *const abi::_Py_hashtable_t) -> usize {
    // SAFETY: see the top of the file.
    unsafe {
        size_of::<abi::_Py_hashtable_t>()
            + (*table).nbuckets * size_of::<abi::_Py_slist_t>()
            + (*table).nentries * size_of::<abi::_Py_hashtable_entry_t>()
    }
}

#[capi]
pub fn _Py_hashtable_len(table: *const abi::_Py_hashtable_t) -> usize {
    // SAFETY: see the top of the file.
    unsafe { (*table).nentries }
}

/// Adds a key that is not there yet.
#[capi]
pub fn _Py_hashtable_set(table: Table, key: Key, value: *mut c_void) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        let entry: Entry = alloc(table, size_of::<abi::_Py_hashtable_entry_t>()).cast();
        if entry.is_null() {
            return -1;
        }
        (*table).nentries += 1;
        if (*table).nentries * 2 > (*table).nbuckets && !rehash(table) {
            (*table).nentries -= 1;
            free(table, entry.cast());
            return -1;
        }
        let hash = hash(table, key);
        let first = bucket(table, hash);
        *next(entry) = *first;
        (*entry).key_hash = hash as abi::Py_uhash_t;
        (*entry).key = key.cast_mut();
        (*entry).value = value;
        *first = entry;
    }
    0
}

#[capi]
pub fn _Py_hashtable_get(table: Table, key: Key) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe {
        let entry = get_entry(table, key);
        if entry.is_null() { null_mut() } else { (*entry).value }
    }
}

/// Takes an entry out; its value is the caller's from here on.
#[capi]
pub fn _Py_hashtable_steal(table: Table, key: Key) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe {
        let link = find(table, key);
        if link.is_null() {
            return null_mut();
        }
        let entry = *link;
        *link = *next(entry);
        let value = (*entry).value;
        free(table, entry.cast());
        (*table).nentries -= 1;
        if (*table).nentries * 10 < (*table).nbuckets {
            rehash(table);
        }
        value
    }
}
