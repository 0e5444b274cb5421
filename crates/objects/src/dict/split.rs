//! Split tables: the keys of all instances of a class in one table, the values with each instance.
//!
//! ```text
//! class.ht_cached_keys -> key table (SPLIT) <- keys of the instance's dictionary, if it was asked for
//! instance | PyDictValues: capacity, size, embedded, valid | values[capacity] | order of insertion: a byte each
//! ```
//!
//! The table only grows, up to 30 keys: an index found once is right for ever, so that an attribute is found by comparing
//! the class's version and the table's. The same job as the split-table half of CPython's `Objects/dictobject.c`.
//!
//! SAFETY, throughout: the invariants of `keys` and of `dict/mod.rs`; `values` is live, and
//! 1. `size` of its values are not null; the first `size` bytes of the order name them.
//! 2. `capacity` is how many keys the table could have when the instance was made, and it only gets less.

use krait_abi as abi;

use super::Dict;
use super::keys::{self, EMPTY, Keys, Ptr};
use super::lookup;
use super::state::Event;
use crate::prelude::*;

type Values = *mut abi::PyDictValues;

/// The logarithm of the size of a class's table.
const LOG_SIZE: u8 = abi::NEXT_LOG2_SHARED_KEYS_MAX_SIZE as u8;
/// How many keys it may get.
const MAX_KEYS: isize = abi::SHARED_KEYS_MAX_SIZE as isize;

/// Bytes of `count` values with their order.
pub const fn values_size(count: usize) -> usize {
    (count + 1) * size_of::<Ptr>() + count.next_multiple_of(size_of::<Ptr>())
}

#[inline(always)]
unsafe fn value_place(values: Values, index: usize) -> *mut Ptr {
    // SAFETY: see the top of the file.
    unsafe { (&raw mut (*values).values).cast::<Ptr>().add(index) }
}

#[inline(always)]
unsafe fn order(values: Values) -> *mut u8 {
    // SAFETY: see the top of the file.
    unsafe { value_place(values, (*values).capacity as usize).cast() }
}

/// The index of the value that was inserted as number `position`.
///
/// # Safety
/// For this and the following functions: see the top of the file.
#[inline(always)]
pub(crate) unsafe fn index_in_order(values: Values, position: usize) -> usize {
    // SAFETY: (1).
    unsafe { *order(values).add(position) as usize }
}

/// `index` has got a value.
///
/// # Safety
/// See the top of the file.
#[inline(always)]
pub unsafe fn add_index(values: Values, index: usize) {
    // SAFETY: (1).
    unsafe {
        let size = (*values).size;
        *order(values).add(size as usize) = index as u8;
        (*values).size = size + 1;
    }
}

/// `index` has lost its value.
///
/// # Safety
/// See the top of the file.
pub unsafe fn forget_index(values: Values, index: usize) {
    // SAFETY: (1).
    unsafe {
        let size = (*values).size as usize;
        let order = std::slice::from_raw_parts_mut(order(values), size);
        if let Some(at) = order.iter().position(|&entry| entry as usize == index) {
            order.copy_within(at + 1.., at);
            (*values).size = size as u8 - 1;
        }
    }
}

/// How many values the instances made now have room for.
///
/// # Safety
/// See the top of the file.
#[inline(always)]
pub unsafe fn capacity(table: Keys) -> usize {
    // SAFETY: a live table.
    unsafe { ((*table).dk_usable + (*table).dk_nentries) as usize }
}

/// The table for a class whose instances share keys, with the attributes that its methods are known to set.
pub fn new_keys_for_class(th: &Thread, attributes: Option<Borrowed<'_, Tuple>>) -> PyResult<Keys> {
    let table = keys::new_keys(th, LOG_SIZE, true)?;
    // SAFETY: a fresh table.
    unsafe {
        (*table).dk_usable = MAX_KEYS;
        (*table).dk_kind = keys::SPLIT;
    }
    for &name in attributes.iter().flat_map(|attributes| attributes.as_slice()) {
        if name.is_exact::<Str>() {
            let hash = lookup::hash_of(th, name)?;
            // SAFETY: an exact string.
            unsafe { insert_key(table, name, hash) };
        }
    }
    Ok(table)
}

/// The index of `key`, added if there is room; else `EMPTY`, also for a key that is no exact string.
///
/// # Safety
/// See the top of the file.
pub unsafe fn insert_key(table: Keys, key: Borrowed<'_>, hash: isize) -> isize {
    if !key.is_exact::<Str>() {
        return EMPTY;
    }
    // SAFETY: see the top of the file.
    unsafe {
        let index = lookup::lookup_str(table, key.as_ptr(), hash);
        if index != EMPTY || (*table).dk_usable <= 0 {
            return index;
        }
        (*table).dk_version = 0;
        let index = (*table).dk_nentries;
        keys::set_index(table, keys::find_empty_slot(table, hash), index);
        (*keys::unicode_entries(table).offset(index)).me_key = key.to_owned().into_ptr();
        (*table).dk_usable -= 1;
        (*table).dk_nentries += 1;
        index
    }
}

/// Sets the value at `index` of a split dictionary.
pub(super) unsafe fn set_value(dict: &Dict, key: Borrowed<'_>, index: isize, value: Owned) {
    // SAFETY: see the top of the file.
    unsafe {
        let values = dict.values.get();
        let place = value_place(values, index as usize);
        let old = *place;
        if old.is_null() {
            dict.notify(Event::Added, Some(key), Some(value.borrow()));
            *place = value.into_ptr();
            add_index(values, index as usize);
            dict.add_used(1);
            return;
        }
        // Unlike in a combined table, also if it is the same value.
        dict.notify(Event::Modified, Some(key), Some(value.borrow()));
        *place = value.into_ptr();
        drop(Owned::<Object>::from_ptr(old));
    }
}

/// Writes the values of a fresh instance, none of them set.
///
/// # Safety
/// See the top of the file.
pub unsafe fn init_values(values: Values, count: usize, embedded: bool) {
    // SAFETY: the caller's memory.
    unsafe {
        (*values).capacity = count as u8;
        (*values).size = 0;
        (*values).embedded = embedded.into();
        (*values).valid = 1;
        value_place(values, 0).write_bytes(0, count);
    }
}

/// A copy that does not lie in an instance.
pub(super) unsafe fn copy_values(th: &Thread, values: Values) -> PyResult<Values> {
    // SAFETY: see the top of the file.
    unsafe {
        let count = (*values).capacity as usize;
        let copy: Values = th.interp().heap.alloc(values_size(count)).cast();
        if copy.is_null() {
            return Err(th.no_memory());
        }
        copy.cast::<u8>().copy_from_nonoverlapping(values.cast(), values_size(count));
        (*copy).embedded = 0;
        for at in 0..count {
            let value = *value_place(values, at);
            if !value.is_null() {
                crate::handle::incref(value);
            }
        }
        Ok(copy)
    }
}

/// Releases every value; the block stays.
///
/// # Safety
/// See the top of the file.
pub unsafe fn clear_values(values: Values) {
    // SAFETY: see the top of the file: empty before the first value is released.
    unsafe {
        if (*values).size == 0 {
            return;
        }
        let count = (*values).capacity as usize;
        (*values).size = 0;
        let mut released = [std::ptr::null_mut::<abi::PyObject>(); MAX_KEYS as usize];
        let released = &mut released[..count.min(MAX_KEYS as usize)];
        released
            .copy_from_slice(std::slice::from_raw_parts(value_place(values, 0), released.len()));
        value_place(values, 0).write_bytes(0, count);
        for &value in released.iter() {
            drop(Owned::<Object>::from_ptr_or_null(value));
        }
    }
}

/// As `clear_values`, when nobody can reach the values any more: no copy of them is needed.
///
/// # Safety
/// See the top of the file; the object that they belong to is dying.
pub unsafe fn release_values(values: Values) {
    // SAFETY: see the top of the file: `size` of the places are not empty.
    unsafe {
        let mut left = std::mem::replace(&mut (*values).size, 0);
        let mut place = value_place(values, 0);
        let end = place.add((*values).capacity as usize);
        while left != 0 && place < end {
            let value = std::mem::replace(&mut *place, std::ptr::null_mut());
            place = place.add(1);
            if !value.is_null() {
                left -= 1;
                drop(Owned::<Object>::from_ptr(value));
            }
        }
    }
}

/// The values have moved to a combined table: those in an instance are not valid any more, others are freed.
pub(super) unsafe fn forget_values(th: &Thread, values: Values) {
    // SAFETY: see the top of the file.
    unsafe {
        if (*values).embedded != 0 {
            (*values).valid = 0;
            (*values).size = 0;
            value_place(values, 0).write_bytes(0, (*values).capacity as usize);
        } else {
            free_values(th, values);
        }
    }
}

/// Frees values that do not lie in an instance and are null.
pub(super) unsafe fn free_values(th: &Thread, values: Values) {
    // SAFETY: the caller gives them up.
    unsafe { th.interp().heap.free(values.cast()) }
}

/// The dictionary of an instance whose attributes are in `values`, which lie in the instance.
///
/// # Safety
/// See the top of the file.
pub unsafe fn dict_of_values(th: &Thread, table: Keys, values: Values) -> PyResult<Owned<Dict>> {
    // SAFETY: see the top of the file.
    unsafe {
        let used = (*values).size as isize;
        keys::incref_keys(table);
        Dict::from_table(th, table, values, used)
    }
}

/// The instance that `dict` keeps its values in goes away or gets another dictionary: they become the dictionary's own.
///
/// # Safety
/// See the top of the file.
pub unsafe fn detach(th: &Thread, dict: Borrowed<'_, Dict>, values: Values) -> PyResult<()> {
    if dict.values.get() != values || values.is_null() {
        return Ok(());
    }
    // SAFETY: see the top of the file.
    unsafe {
        let copy = copy_values(th, values)?;
        dict.values.set(copy);
        (*values).valid = 0;
        clear_values(values);
    }
    Ok(())
}

/// Gives a class's table back.
///
/// # Safety
/// See the top of the file.
pub unsafe fn drop_keys(table: Keys) {
    if !table.is_null() {
        // SAFETY: the caller's count.
        unsafe { keys::decref_keys(table) }
    }
}
