//! `object.h`: types.

use std::ffi::{c_int, c_ulong};

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyType_Ready(th: &Thread, ty: TypePtr) -> PyResult<()> {
    // SAFETY: C passes a type that is complete but for what it inherits.
    unsafe { type_of(ty) }.ready(th)
}

#[capi]
pub fn PyType_IsSubtype(ty: TypePtr, other: TypePtr) -> c_int {
    // SAFETY: C passes live types.
    unsafe { type_of(ty).is_subtype(&type_of(other)) }.into()
}

#[capi]
pub fn PyType_GetFlags(ty: TypePtr) -> c_ulong {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.flags()
}

#[capi]
pub fn PyType_Modified(th: &Thread, ty: TypePtr) {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.modified(th)
}

#[capi]
pub fn PyType_GetName(th: &Thread, ty: TypePtr) -> PyResult<Owned<Str>> {
    // SAFETY: C passes a live type.
    Str::new(th, unsafe { type_of(ty) }.name())
}

#[capi]
pub fn PyType_GetQualName(th: &Thread, ty: TypePtr) -> PyResult<Owned<Str>> {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.qualname(th)
}

#[capi]
pub fn PyType_GetDict(th: &Thread, ty: TypePtr) -> Owned<Dict> {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.dict(th)
}

/// A borrowed value: the type that has it keeps it alive.
#[capi]
pub fn _PyType_Lookup(th: &Thread, ty: TypePtr, key: Ptr) -> Ptr {
    // SAFETY: C passes a live type and a string.
    let found = unsafe { type_of(ty).lookup(th, Borrowed::from_ptr(key)) };
    found.map_or(std::ptr::null_mut(), |found| found.as_ptr())
}
