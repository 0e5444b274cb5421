//! `abstract.h`: the mapping protocol.

use std::ffi::{c_char, c_int};

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[inline(always)]
unsafe fn is_mapping_at_once(ob: Ptr) -> Option<c_int> {
    slot_of!(ob, tp_as_mapping, mp_subscript).map(|_| 1)
}

#[capi(fast = is_mapping_at_once)]
pub fn PyMapping_Check(ob: Option<Borrowed<'_>>) -> bool {
    ob.is_some_and(mapping::check)
}

/// A length that is a mapping's.
pub fn mapping_len(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    let class = ob.ty();
    let raw = class.raw();
    // SAFETY: the tables of a live type.
    let (is_mapping, is_sequence) = unsafe {
        (
            raw.tp_as_mapping.as_ref().is_some_and(|table| table.mp_length.is_some()),
            raw.tp_as_sequence.as_ref().is_some_and(|table| table.sq_length.is_some()),
        )
    };
    if is_sequence && !is_mapping {
        let name = ob.type_name();
        return Err(krait_objects::raise!(th, TYPE_ERROR, "{name:.200} is not a mapping"));
    }
    object::len(th, ob).map(|len| len as isize)
}

#[capi]
pub fn PyMapping_Size(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    mapping_len(th, ob)
}

#[capi]
pub fn PyMapping_Length(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    mapping_len(th, ob)
}

/// Of a dictionary that has it.
#[inline(always)]
unsafe fn item_at_once(ob: Ptr, key: *const c_char) -> Option<Ptr> {
    if key.is_null() {
        return None;
    }
    // SAFETY: C passes a live object or NULL, and a string.
    let found = unsafe { exactly::<Dict>(ob)?.get_c_string(key.cast())?? };
    Some(found.to_owned().into_ptr())
}

#[capi(fast = item_at_once)]
pub fn PyMapping_GetItemString(th: &Thread, ob: Borrowed<'_>, key: *const c_char) -> PyResult {
    object::get_item(th, ob, string(th, key)?.object())
}

#[capi]
pub fn PyMapping_SetItemString(
    th: &Thread,
    ob: Borrowed<'_>,
    key: *const c_char,
    value: Borrowed<'_>,
) -> PyResult<()> {
    object::set_item(th, ob, string(th, key)?.object(), value)
}

/// Of a dictionary, by a key whose look-up runs nothing.
#[inline(always)]
unsafe fn optional_at_once(ob: Ptr, key: Ptr, place: *mut Ptr) -> Option<std::ffi::c_int> {
    // SAFETY: C passes live objects or NULL, and a writable place.
    unsafe {
        let key: Borrowed<'_> = Borrowed::from_ptr_or_null(key)?;
        let found = exactly::<Dict>(ob)?.peek(key)?.map(Borrowed::to_owned);
        let is_there = found.is_some();
        *place = found.map_or(std::ptr::null_mut(), Owned::into_ptr);
        Some(is_there.into())
    }
}

#[capi(fast = optional_at_once)]
pub fn PyMapping_GetOptionalItem(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
    place: *mut Ptr,
) -> PyResult<bool> {
    // SAFETY: `place` is writable.
    unsafe { give(place, mapping::get_opt(th, ob, key)) }
}

#[capi]
pub fn PyMapping_GetOptionalItemString(
    th: &Thread,
    ob: Borrowed<'_>,
    key: *const c_char,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = string(th, key).and_then(|key| mapping::get_opt(th, ob, key.object()));
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}

#[capi]
pub fn PyMapping_Keys(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    mapping::keys(th, ob)
}

#[capi]
pub fn PyMapping_Values(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    mapping::values(th, ob)
}

#[capi]
pub fn PyMapping_Items(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    mapping::items(th, ob)
}

#[capi]
pub fn PyMapping_HasKeyWithError(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
) -> PyResult<bool> {
    Ok(mapping::get_opt(th, ob, key)?.is_some())
}

#[capi]
pub fn PyMapping_HasKeyStringWithError(
    th: &Thread,
    ob: Borrowed<'_>,
    key: *const c_char,
) -> PyResult<bool> {
    Ok(mapping::get_opt(th, ob, string(th, key)?.object())?.is_some())
}

/// False for an error too, which is only reported.
fn has_key(th: &Thread, ob: Option<Borrowed<'_>>, key: PyResult, function: &str) -> c_int {
    let ob = ob.ok_or_else(|| null_argument(th));
    match ob.and_then(|ob| mapping::get_opt(th, ob, key?.object())) {
        Ok(found) => found.is_some().into(),
        Err(_) => {
            let message = format!(
                "Exception ignored in {function}(); consider using {function}WithError(), PyMapping_GetOptionalItem() or PyMapping_GetItem()"
            );
            (th.interp().services.get().unraisable)(th, None, &message);
            0
        }
    }
}

#[capi]
pub fn PyMapping_HasKey(th: &Thread, ob: Ptr, key: Ptr) -> c_int {
    // SAFETY: C passes live objects or NULL.
    unsafe {
        let key = Borrowed::<Object>::from_ptr_or_null(key).map(Borrowed::to_owned);
        let key = key.ok_or_else(|| null_argument(th));
        has_key(th, Borrowed::from_ptr_or_null(ob), key, "PyMapping_HasKey")
    }
}

#[capi]
pub fn PyMapping_HasKeyString(th: &Thread, ob: Ptr, key: *const c_char) -> c_int {
    let key = string(th, key).map(Owned::into_object);
    // SAFETY: C passes live objects or NULL.
    let ob = unsafe { Borrowed::from_ptr_or_null(ob) };
    has_key(th, ob, key, "PyMapping_HasKeyString")
}
