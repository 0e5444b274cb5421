//! `weakrefobject.h`: weak references.
//!
//! SAFETY, throughout: C passes live objects.

use std::ffi::c_int;
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::weakref::{self, WeakRef};

use crate::support::*;

#[capi]
pub fn PyWeakref_NewRef(th: &Thread, ob: Borrowed<'_>, callback: Option<Borrowed<'_>>) -> PyResult {
    weakref::new_ref(th, ob, callback.filter(|callback| !callback.is_none()))
}

#[capi]
pub fn PyWeakref_NewProxy(
    th: &Thread,
    ob: Borrowed<'_>,
    callback: Option<Borrowed<'_>>,
) -> PyResult {
    weakref::new_proxy(th, ob, callback.filter(|callback| !callback.is_none()))
}

#[inline(always)]
unsafe fn referent_at_once(reference: Ptr, place: *mut Ptr) -> Option<c_int> {
    // SAFETY: C passes a live object or NULL, and a writable place.
    unsafe {
        let target = exactly::<WeakRef>(reference)?.target()?;
        *place = target.into_ptr();
    }
    Some(1)
}

#[capi(fast = referent_at_once)]
pub fn PyWeakref_GetRef(
    th: &Thread,
    reference: Option<Borrowed<'_>>,
    place: *mut Ptr,
) -> PyResult<bool> {
    let found = match reference {
        Some(reference) if weakref::is_reference(reference) => Ok(weakref::referent(reference)),
        Some(_) => Err(th.raise(exc::TYPE_ERROR, "expected a weakref")),
        None => Err(th.bad_internal_call()),
    };
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}

/// Borrowed, or None: nothing keeps it alive but luck.
#[capi]
pub fn PyWeakref_GetObject(
    th: &Thread,
    reference: Option<Borrowed<'_>>,
) -> PyResult<*mut abi::PyObject> {
    let Some(reference) = reference.filter(|found| weakref::is_reference(*found)) else {
        return Err(th.bad_internal_call());
    };
    Ok(weakref::referent(reference).map_or(none().as_ptr(), |found| found.as_ptr()))
}

#[capi]
pub fn PyWeakref_IsDead(th: &Thread, reference: Option<Borrowed<'_>>) -> PyResult<bool> {
    let reference = given(th, reference)?;
    if !weakref::is_reference(reference) {
        let name = reference.ty().full_name(th)?;
        return Err(raise!(th, TYPE_ERROR, "expected a weakref, got {}", *name));
    }
    Ok(weakref::referent(reference).is_none())
}

#[capi]
pub fn PyObject_GET_WEAKREFS_LISTPTR(ob: Ptr) -> *mut Ptr {
    // SAFETY: see the top of the file.
    unsafe { weakref::list_pointer(ob) }.unwrap_or(null_mut())
}

#[capi]
pub fn PyObject_ClearWeakRefs(ob: Ptr) {
    // SAFETY: C passes an object that is being freed.
    unsafe { weakref::clear_references(ob) }
}

#[capi]
pub fn PyUnstable_Object_ClearWeakRefsNoCallbacks(ob: Ptr) {
    // SAFETY: see the top of the file.
    unsafe { weakref::forget_references(ob) }
}
