//! `abstract.h`: the mapping protocol.

use std::ffi::c_char;

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
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
