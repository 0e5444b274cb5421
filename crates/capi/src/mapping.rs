//! `abstract.h`: the mapping protocol.

use std::ffi::c_char;

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyMapping_Check(ob: Option<Borrowed<'_>>) -> bool {
    ob.is_some_and(mapping::check)
}

#[capi]
pub fn PyMapping_Size(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    object::len(th, ob).map(|len| len as isize)
}

#[capi]
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

#[capi]
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
