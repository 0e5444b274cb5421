//! `internal/pycore_dict.h`, `pycore_list.h`, `pycore_setobject.h`, `pycore_tuple.h`: what extensions and tests call.
//!
//! SAFETY, throughout: C passes live objects, as many items as it says, and writable places.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use krait_macros::capi;
use krait_objects::dict::{OnConflict, key_error};
use krait_objects::prelude::*;
use krait_objects::set::{self, Set};

use crate::support::*;

type Predicate = unsafe extern "C" fn(Ptr, *mut c_void) -> c_int;

/// Deletes the key if C says so of its value.
#[capi]
pub fn _PyDict_DelItemIf(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    predicate: Option<Predicate>,
    argument: *mut c_void,
) -> PyResult<c_int> {
    let value = dict.get().get(th, key)?.ok_or_else(|| key_error(th, key))?;
    let Some(predicate) = predicate else { return Ok(0) };
    // SAFETY: a live object, C's own function.
    let answer = unsafe { predicate(value.as_ptr(), argument) };
    if answer < 0 {
        return Err(th.raised_by_c());
    }
    if answer == 0 {
        return Ok(0);
    }
    if dict.remove(th, key)? { Ok(1) } else { Err(key_error(th, key)) }
}

#[capi]
pub fn _PyDict_DelItem_KnownHash(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    hash: isize,
) -> PyResult<()> {
    dict.pop_hashed(th, key, hash)?.map(drop).ok_or_else(|| key_error(th, key))
}

#[capi]
pub fn _PyDict_GetItemRef_KnownHash_LockHeld(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    hash: isize,
    place: *mut Ptr,
) -> PyResult<bool> {
    // SAFETY: see the top of the file.
    unsafe { give(place, dict.get_hashed(th, key, hash)) }
}

/// Both references are the dictionary's from here on, also on failure.
#[capi]
pub fn _PyDict_SetItem_Take2(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Owned,
    value: Owned,
) -> PyResult<()> {
    dict.set_owned(th, key, value)
}

#[capi]
pub fn _PyDict_MergeEx(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    other: Borrowed<'_>,
    replace: c_int,
) -> PyResult<()> {
    let on_conflict = match replace {
        0 => OnConflict::Keep,
        1 => OnConflict::Replace,
        _ => OnConflict::Refuse,
    };
    dict.merge_with(th, other, on_conflict)
}

#[capi]
pub fn _PyDict_SizeOf(th: &Thread, dict: Borrowed<'_, Dict>) -> PyResult<isize> {
    let name = Str::interned(th, "__sizeof__")?;
    let size = call::call_method(th, dict.object(), name.borrow(), &[])?;
    Ok(number::index(th, size.borrow())?.to_i64().unwrap_or(-1) as isize)
}

/// Keys and values from arrays, each `step` places further.
#[capi]
pub fn _PyDict_FromItems(
    th: &Thread,
    keys: *const Ptr,
    key_step: isize,
    values: *const Ptr,
    value_step: isize,
    count: isize,
) -> PyResult<Owned<Dict>> {
    let dict = Dict::with_capacity(th, count.max(0) as usize, false)?;
    for at in 0..count {
        // SAFETY: see the top of the file.
        let (key, value) = unsafe {
            (
                Borrowed::<Object>::from_ptr(*keys.offset(at * key_step)),
                Borrowed::<Object>::from_ptr(*values.offset(at * value_step)),
            )
        };
        dict.set(th, key, value)?;
    }
    Ok(dict)
}

/// A global or a built-in name; NULL without an exception if there is none.
#[capi]
pub fn _PyDict_LoadGlobal(
    th: &Thread,
    globals: Borrowed<'_, Dict>,
    builtins: Borrowed<'_, Dict>,
    name: Borrowed<'_>,
) -> PyResult<Option<Owned>> {
    match globals.get().get(th, name)? {
        Some(found) => Ok(Some(found)),
        None => builtins.get().get(th, name),
    }
}

/// Tells the watchers whose bits are given.
#[capi]
pub fn _PyDict_SendEvent(th: &Thread, bits: c_int, event: c_int, dict: Ptr, key: Ptr, value: Ptr) {
    for id in (0..8).filter(|id| bits >> id & 1 != 0) {
        let Some(watcher) = th.interp().dicts.watcher(id) else { continue };
        // SAFETY: see the top of the file.
        if unsafe { watcher(event, dict, key, value) } < 0 {
            let text = format!("Exception ignored in dict watcher callback for <dict at {dict:p}>");
            (th.interp().services.get().unraisable)(th, None, &text);
        }
    }
}

/// Appends where there is no room left; the reference is the list's from here on.
#[capi]
pub fn _PyList_AppendTakeRefListResize(
    th: &Thread,
    list: Borrowed<'_, List>,
    item: Owned,
) -> PyResult<()> {
    list.push(th, item)
}

#[capi]
pub fn _PyList_AsTupleAndClear(th: &Thread, list: Borrowed<'_, List>) -> PyResult<Owned<Tuple>> {
    let tuple = list.to_tuple(th)?;
    list.clear();
    Ok(tuple)
}

#[capi]
pub fn _PyList_Extend(
    th: &Thread,
    list: Borrowed<'_, List>,
    iterable: Borrowed<'_>,
) -> PyResult<()> {
    list.extend(th, iterable)
}

#[capi]
pub fn _PyList_SliceSubscript(th: &Thread, list: Borrowed<'_>, slice: Borrowed<'_>) -> PyResult {
    object::get_item(th, list, slice)
}

fn any_set<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Set>> {
    set::any_set(ob).ok_or_else(|| th.bad_internal_call())
}

#[capi]
pub fn _PySet_AddTakeRef(th: &Thread, set: Borrowed<'_>, key: Owned) -> PyResult<()> {
    any_set(th, set)?.add(th, key.borrow())
}

#[capi]
pub fn _PySet_Contains(th: &Thread, set: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<bool> {
    any_set(th, set)?.contains(th, key)
}

#[capi]
pub fn _PySet_Update(th: &Thread, set: Borrowed<'_>, iterable: Borrowed<'_>) -> PyResult<()> {
    match set.downcast::<krait_objects::set::Set>() {
        Some(set) => set.update(th, iterable),
        None => Err(th.bad_internal_call()),
    }
}

fn next_entry(
    th: &Thread,
    set: Borrowed<'_>,
    position: *mut isize,
    hash: *mut isize,
) -> PyResult<Option<Owned>> {
    let set = any_set(th, set)?;
    // SAFETY: see the top of the file.
    unsafe {
        let mut at = (*position).max(0) as usize;
        let Some((key, its)) = set.next_hashed(&mut at) else { return Ok(None) };
        *position = at as isize;
        *hash = its;
        Ok(Some(key))
    }
}

/// The set keeps the key alive.
#[capi]
pub fn _PySet_NextEntry(
    th: &Thread,
    set: Borrowed<'_>,
    position: *mut isize,
    key: *mut Ptr,
    hash: *mut isize,
) -> PyResult<bool> {
    let found = next_entry(th, set, position, hash)?;
    let Some(found) = found else { return Ok(false) };
    // SAFETY: see the top of the file.
    unsafe { *key = found.as_ptr() };
    Ok(true)
}

#[capi]
pub fn _PySet_NextEntryRef(
    th: &Thread,
    set: Borrowed<'_>,
    position: *mut isize,
    key: *mut Ptr,
    hash: *mut isize,
) -> PyResult<bool> {
    // SAFETY: see the top of the file.
    unsafe { give(key, next_entry(th, set, position, hash)) }
}

/// Takes the references of the items, also on failure.
#[capi]
pub fn _PyTuple_FromArraySteal(
    th: &Thread,
    items: *const Ptr,
    count: isize,
) -> PyResult<Owned<Tuple>> {
    if count <= 0 {
        return Ok(Tuple::empty().to_owned());
    }
    // SAFETY: see the top of the file; each reference is ours from here on.
    let items = (0..count).map(|at| unsafe { Owned::from_ptr(*items.offset(at)) }).collect();
    Tuple::from_vec(th, items)
}

/// Keyword arguments of a vectorcall as a dictionary.
#[capi]
pub fn _PyStack_AsDict(
    th: &Thread,
    values: *const Ptr,
    names: Borrowed<'_, Tuple>,
) -> PyResult<Owned<Dict>> {
    let dict = Dict::new(th)?;
    for (at, name) in names.get().as_slice().iter().enumerate() {
        // SAFETY: see the top of the file.
        let value = unsafe { Borrowed::<Object>::from_ptr(*values.add(at)) };
        dict.set(th, *name, value)?;
    }
    Ok(dict)
}

/// What the reference's sets mark deleted entries with; those here have no use for it.
#[unsafe(no_mangle)]
pub static _PySet_Dummy: NoObject = NoObject(null_mut());

/// A pointer that is never written.
#[repr(transparent)]
pub struct NoObject(#[allow(dead_code, reason = "for C")] Ptr);

// SAFETY: null for ever.
unsafe impl Sync for NoObject {}
