//! `dictobject.h`.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyDict_New(th: &Thread) -> PyResult<Owned<Dict>> {
    Dict::new(th)
}

#[capi]
pub fn _PyDict_NewPresized(th: &Thread, count: isize) -> PyResult<Owned<Dict>> {
    Dict::with_capacity(th, count.clamp(0, 1 << 17) as usize, false)
}

#[capi]
pub fn PyDict_Size(dict: Borrowed<'_, Dict>) -> PyResult<isize> {
    Ok(dict.len() as isize)
}

#[capi]
pub fn PyDict_Clear(ob: Borrowed<'_>) {
    if let Some(dict) = ob.downcast::<Dict>() {
        dict.clear();
    }
}

#[capi]
pub fn PyDict_Copy(th: &Thread, dict: Borrowed<'_, Dict>) -> PyResult<Owned<Dict>> {
    dict.copy(th)
}

/// As `found_at_once`, for a key whose look-up runs nothing.
#[inline(always)]
unsafe fn peek<'a>(dict: Ptr, key: Ptr) -> Option<Option<Borrowed<'a>>> {
    // SAFETY: C passes live objects or NULL.
    unsafe {
        let key: Borrowed<'_> = Borrowed::from_ptr_or_null(key)?;
        some::<Dict>(dict)?.peek(key)
    }
}

#[inline(always)]
unsafe fn has_at_once(dict: Ptr, key: Ptr) -> Option<c_int> {
    // SAFETY: C's arguments are passed on.
    unsafe { peek(dict, key).map(|found| found.is_some().into()) }
}

#[inline(always)]
unsafe fn item_at_once(dict: Ptr, key: Ptr) -> Option<Ptr> {
    // SAFETY: C's arguments are passed on.
    unsafe { peek(dict, key).map(|found| found.map_or(std::ptr::null_mut(), Borrowed::as_ptr)) }
}

#[inline(always)]
unsafe fn ref_at_once(dict: Ptr, key: Ptr, place: *mut Ptr) -> Option<c_int> {
    // SAFETY: what C passes; `place` is writable.
    unsafe {
        let found = peek(dict, key)?.map(Borrowed::to_owned);
        let is_there = found.is_some();
        *place = found.map_or(std::ptr::null_mut(), Owned::into_ptr);
        Some(is_there.into())
    }
}

#[capi(fast = has_at_once)]
pub fn PyDict_Contains(th: &Thread, dict: Borrowed<'_, Dict>, key: Borrowed<'_>) -> PyResult<bool> {
    dict.contains(th, key)
}

/// What a dictionary has under a C string, borrowed; `None` if that takes a string object.
#[inline(always)]
unsafe fn found_at_once<'a>(dict: Ptr, key: *const c_char) -> Option<Option<Borrowed<'a>>> {
    if key.is_null() {
        return None;
    }
    // SAFETY: C passes a live object or NULL, and a string.
    unsafe { some::<Dict>(dict)?.get_c_string(key.cast()) }
}

#[inline(always)]
unsafe fn contains_at_once(dict: Ptr, key: *const c_char) -> Option<c_int> {
    // SAFETY: C's arguments are passed on.
    unsafe { found_at_once(dict, key).map(|found| found.is_some().into()) }
}

#[inline(always)]
unsafe fn lent_at_once(dict: Ptr, key: *const c_char) -> Option<Ptr> {
    // SAFETY: C's arguments are passed on.
    unsafe {
        found_at_once(dict, key).map(|found| found.map_or(std::ptr::null_mut(), Borrowed::as_ptr))
    }
}

#[inline(always)]
unsafe fn given_at_once(dict: Ptr, key: *const c_char, place: *mut Ptr) -> Option<c_int> {
    // SAFETY: what C passes; `place` is writable.
    unsafe {
        let found = found_at_once(dict, key)?.map(Borrowed::to_owned);
        let is_there = found.is_some();
        *place = found.map_or(std::ptr::null_mut(), Owned::into_ptr);
        Some(is_there.into())
    }
}

#[capi(fast = contains_at_once)]
pub fn PyDict_ContainsString(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: *const c_char,
) -> PyResult<bool> {
    dict.contains(th, string(th, key)?.object())
}

#[capi]
pub fn PyDict_SetItem(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    dict.set(th, key, value)
}

#[capi]
pub fn PyDict_SetItemString(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: *const c_char,
    value: Borrowed<'_>,
) -> PyResult<()> {
    dict.set_str(th, name(th, key)?.borrow(), value)
}

#[capi]
pub fn PyDict_DelItem(th: &Thread, dict: Borrowed<'_, Dict>, key: Borrowed<'_>) -> PyResult<()> {
    if dict.remove(th, key)? {
        return Ok(());
    }
    // An empty dictionary does not ask for it.
    krait_objects::dict::hash_key(th, key)?;
    Err(krait_objects::dict::key_error(th, key))
}

#[capi]
pub fn PyDict_DelItemString(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: *const c_char,
) -> PyResult<()> {
    let key = string(th, key)?;
    if dict.remove(th, key.object())? {
        Ok(())
    } else {
        Err(krait_objects::dict::key_error(th, key.object()))
    }
}

/// A borrowed value: the dictionary keeps it alive.
fn lent(found: PyResult<Option<Owned>>) -> PyResult<*mut krait_abi::PyObject> {
    found.map(|found| found.map_or(std::ptr::null_mut(), |value| value.as_ptr()))
}

/// Without a way to tell, an error is reported and counts as absent; an exception that is set stays.
fn quiet(th: &Thread, body: impl FnOnce() -> PyResult<Option<Owned>>) -> *mut krait_abi::PyObject {
    let before = th.take_exception();
    let found = lent(body()).unwrap_or_else(|_| {
        (th.interp().services.get().unraisable)(th, None, "Exception ignored in PyDict_GetItem(); consider using PyDict_GetItemRef() or PyDict_GetItemWithError()");
        std::ptr::null_mut()
    });
    if let Some(before) = before {
        let _raised = th.set_exception(before.into_object());
    }
    found
}

#[capi(fast = item_at_once)]
pub fn PyDict_GetItem(th: &Thread, ob: Ptr, key: Ptr) -> Ptr {
    // SAFETY: C passes live objects.
    let (ob, key): (Borrowed<'_>, Borrowed<'_>) =
        unsafe { (Borrowed::from_ptr(ob), Borrowed::from_ptr(key)) };
    ob.downcast::<Dict>().map_or(std::ptr::null_mut(), |dict| {
        quiet(th, || dict.get_hashed(th, key, object::hash(th, key)?))
    })
}

#[capi(fast = lent_at_once)]
pub fn PyDict_GetItemString(th: &Thread, ob: Ptr, key: *const c_char) -> Ptr {
    // SAFETY: C passes a live object.
    let ob: Borrowed<'_> = unsafe { Borrowed::from_ptr(ob) };
    ob.downcast::<Dict>().map_or(std::ptr::null_mut(), |dict| {
        quiet(th, || dict.get().get(th, string(th, key)?.object()))
    })
}

#[capi(fast = item_at_once)]
pub fn PyDict_GetItemWithError(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
) -> PyResult<*mut krait_abi::PyObject> {
    lent(dict.get().get(th, key))
}

/// Borrowed; NULL without an exception if there is none.
#[capi]
pub fn _PyDict_GetItemStringWithError(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: *const c_char,
) -> PyResult<*mut krait_abi::PyObject> {
    let found = dict.get().get(th, string(th, key)?.object())?;
    Ok(found.map_or(null_mut(), |found| found.as_ptr()))
}

#[capi]
pub fn _PyDict_GetItem_KnownHash(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    hash: isize,
) -> PyResult<*mut krait_abi::PyObject> {
    lent(dict.get_hashed(th, key, hash))
}

#[capi]
pub fn _PyDict_SetItem_KnownHash(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    value: Borrowed<'_>,
    hash: isize,
) -> PyResult<()> {
    dict.set_hashed(th, key, value, hash)
}

/// For those who hold the lock that a dictionary has without a GIL.
#[capi]
pub fn _PyDict_SetItem_KnownHash_LockHeld(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    value: Borrowed<'_>,
    hash: isize,
) -> PyResult<()> {
    dict.set_hashed(th, key, value, hash)
}

/// For functions that write their result also if the object is no dictionary.
fn checked<'a>(th: &Thread, ob: Option<Borrowed<'a>>) -> PyResult<Borrowed<'a, Dict>> {
    ob.and_then(|ob| ob.downcast::<Dict>()).ok_or_else(|| th.bad_internal_call())
}

#[capi(fast = ref_at_once)]
pub fn PyDict_GetItemRef(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    key: Option<Borrowed<'_>>,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found =
        checked(th, ob).and_then(|dict| dict.get().get(th, key.ok_or_else(|| null_argument(th))?));
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}

#[capi(fast = given_at_once)]
pub fn PyDict_GetItemStringRef(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    key: *const c_char,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = checked(th, ob).and_then(|dict| dict.get().get(th, string(th, key)?.object()));
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}

/// The value of a key; without a default it has to be there.
fn default(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    value: Option<Borrowed<'_>>,
) -> PyResult {
    match value {
        Some(value) => dict.set_default(th, key, value),
        None => dict.get().get(th, key)?.ok_or_else(|| null_argument(th)),
    }
}

/// What is there already.
#[inline(always)]
unsafe fn default_at_once(dict: Ptr, key: Ptr, _value: Ptr) -> Option<Ptr> {
    // SAFETY: C's arguments are passed on.
    unsafe { peek(dict, key)?.map(Borrowed::as_ptr) }
}

/// The same as a new reference in `place`.
#[inline(always)]
unsafe fn default_ref_at_once(dict: Ptr, key: Ptr, _value: Ptr, place: *mut Ptr) -> Option<c_int> {
    // SAFETY: what C passes; `place` is NULL or writable.
    unsafe {
        let found = peek(dict, key)??;
        if let Some(place) = place.as_mut() {
            *place = found.to_owned().into_ptr();
        }
    }
    Some(1)
}

#[capi(fast = default_at_once)]
pub fn PyDict_SetDefault(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    value: Option<Borrowed<'_>>,
) -> PyResult<*mut krait_abi::PyObject> {
    lent(default(th, dict, key, value).map(Some))
}

#[capi(fast = default_ref_at_once)]
pub fn PyDict_SetDefaultRef(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
    value: Option<Borrowed<'_>>,
    place: *mut Ptr,
) -> PyResult<bool> {
    let dict = ob.downcast::<Dict>();
    let before = dict.map_or(0, |dict| dict.len());
    let found = checked(th, Some(ob)).and_then(|dict| default(th, dict, key, value)).map(Some);
    if place.is_null() {
        found?;
    } else {
        // SAFETY: `place` is writable.
        unsafe { give(place, found)? };
    }
    Ok(dict.map_or(0, |dict| dict.len()) == before)
}

#[capi]
pub fn PyDict_Pop(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    key: Option<Borrowed<'_>>,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = checked(th, ob).and_then(|dict| match key {
        Some(key) => dict.pop(th, key),
        // An empty dictionary does not look at it.
        None if dict.is_empty() => Ok(None),
        None => Err(null_argument(th)),
    });
    if place.is_null() {
        return found.map(|found| found.is_some());
    }
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}

#[capi]
pub fn PyDict_PopString(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    key: *const c_char,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = string(th, key).and_then(|key| {
        let dict = ob.and_then(|ob| ob.downcast::<Dict>()).ok_or_else(|| th.bad_internal_call())?;
        dict.get().pop(th, key.object())
    });
    if place.is_null() {
        return found.map(|found| found.is_some());
    }
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}

#[capi]
pub fn _PyDict_Pop(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    key: Borrowed<'_>,
    default: Option<Borrowed<'_>>,
) -> PyResult {
    match (dict.get().pop(th, key)?, default) {
        (Some(found), _) => Ok(found),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(th.raise_value(exc::KEY_ERROR, key)),
    }
}

#[inline(always)]
unsafe fn next_at_once(
    ob: Ptr,
    position: *mut isize,
    key: *mut Ptr,
    value: *mut Ptr,
) -> Option<c_int> {
    // SAFETY: C passes a live object or NULL, and writable places (or NULL for key and value).
    unsafe {
        let dict = some::<Dict>(ob)?;
        if *position < 0 {
            return None;
        }
        let Some((found, stored)) = dict.next_at_once(&mut *position)? else { return Some(0) };
        if let Some(key) = key.as_mut() {
            *key = found;
        }
        if let Some(value) = value.as_mut() {
            *value = stored;
        }
    }
    Some(1)
}

#[capi(fast = next_at_once)]
pub fn PyDict_Next(ob: Ptr, position: *mut isize, key: *mut Ptr, value: *mut Ptr) -> c_int {
    // SAFETY: C passes a live object and writable places (or NULL for key and value).
    unsafe {
        let ob: Borrowed<'_> = Borrowed::from_ptr(ob);
        let Some(dict) = ob.downcast::<Dict>() else { return 0 };
        let mut at = (*position).max(0) as usize;
        let Some((found, stored)) = dict.next_borrowed(&mut at) else { return 0 };
        *position = at as isize;
        if !key.is_null() {
            *key = found.as_ptr();
        }
        if !value.is_null() {
            *value = stored.as_ptr();
        }
        1
    }
}

#[capi]
pub fn PyDict_Update(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    other: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let other = given(th, other)?;
    dict.merge(th, other, true)
}

#[capi]
pub fn PyDict_Merge(
    th: &Thread,
    dict: Borrowed<'_, Dict>,
    other: Option<Borrowed<'_>>,
    replace: c_int,
) -> PyResult<()> {
    let other = given(th, other)?;
    dict.merge(th, other, replace != 0)
}

#[capi]
pub fn PyDict_MergeFromSeq2(
    th: &Thread,
    dict: Option<Borrowed<'_>>,
    pairs: Borrowed<'_>,
    replace: c_int,
) -> PyResult<()> {
    if let Some(dict) = dict.and_then(Borrowed::downcast::<Dict>) {
        return dict.merge_pairs(th, pairs, replace != 0);
    }
    // The pairs are looked at first.
    let unused = Dict::new(th)?;
    unused.merge_pairs(th, pairs, true)?;
    if unused.is_empty() { Ok(()) } else { Err(th.bad_internal_call()) }
}

#[capi]
pub fn PyDict_Keys(th: &Thread, dict: Borrowed<'_, Dict>) -> PyResult<Owned<List>> {
    dict.keys(th)
}

#[capi]
pub fn PyDict_Values(th: &Thread, dict: Borrowed<'_, Dict>) -> PyResult<Owned<List>> {
    dict.values(th)
}

#[capi]
pub fn PyDict_Items(th: &Thread, dict: Borrowed<'_, Dict>) -> PyResult<Owned<List>> {
    dict.items(th)
}

#[capi]
pub fn PyDictProxy_New(th: &Thread, mapping: Borrowed<'_>) -> PyResult {
    krait_objects::descr::mapping_proxy(th, mapping)
}
