//! `objimpl.h`: the collector.

use std::ffi::{c_int, c_void};

use krait_macros::capi;
use krait_objects::gc;
use krait_objects::prelude::*;
use krait_objects::weakref::WeakRef;

use crate::support::*;

#[capi]
pub fn PyObject_GC_Track(ob: Ptr) {
    // SAFETY: C passes a live collectable object, whose fields are valid by now.
    unsafe { gc::track_raw(ob) }
}

#[capi]
pub fn PyObject_GC_UnTrack(ob: *mut c_void) {
    // SAFETY: C passes a collectable object.
    unsafe { gc::untrack_raw(ob.cast()) }
}

#[capi]
pub fn PyObject_GC_Del(ob: *mut c_void) {
    // SAFETY: C gives the object's memory back.
    unsafe { gc::gc_del(ob) }
}

/// The object with room for another number of items, perhaps elsewhere.
#[capi]
pub fn _PyObject_GC_Resize(
    th: &Thread,
    ob: *mut krait_abi::PyVarObject,
    items: isize,
) -> PyResult<*mut krait_abi::PyObject> {
    // SAFETY: C passes an object that nobody else knows and that is not tracked.
    unsafe { krait_objects::typeobj::alloc::resize(th, ob, items) }.map(|ob| ob.cast())
}

/// Of types that have no say in it themselves.
#[inline(always)]
unsafe fn is_tracked_at_once(ob: Ptr) -> Option<c_int> {
    // SAFETY: C passes a live object or NULL; an object of such a type has a header.
    unsafe {
        let ty = &*ob.as_ref()?.ob_type;
        if ty.tp_flags & krait_abi::Py_TPFLAGS_HAVE_GC == 0 {
            return Some(0);
        }
        ty.tp_is_gc.is_none().then(|| gc::has_next(ob).into())
    }
}

#[capi(fast = is_tracked_at_once)]
pub fn PyObject_GC_IsTracked(ob: Borrowed<'_>) -> bool {
    // SAFETY: the object is live.
    unsafe { gc::is_gc_object(ob.as_ptr()) && gc::is_tracked(ob) }
}

#[capi]
pub fn PyObject_GC_IsFinalized(ob: Borrowed<'_>) -> bool {
    // SAFETY: the object is live.
    unsafe { gc::is_gc_object(ob.as_ptr()) && gc::is_finalized(ob.as_ptr()) }
}

#[capi]
pub fn PyObject_IS_GC(ob: Ptr) -> c_int {
    // SAFETY: C passes a live object.
    unsafe { gc::is_gc_object(ob) }.into()
}

#[capi]
pub fn PyGC_Collect(th: &Thread) -> isize {
    gc::collect(th, 2, gc::Reason::Manual) as isize
}

#[inline(always)]
unsafe fn nothing_to_call(ob: Ptr) -> Option<()> {
    // SAFETY: C passes a live object.
    unsafe { (*(*ob).ob_type).tp_finalize.is_none().then_some(()) }
}

#[capi(fast = nothing_to_call)]
pub fn PyObject_CallFinalizer(ob: Ptr) {
    // SAFETY: C passes a live object.
    unsafe {
        if let Some(finalize) = (*(*ob).ob_type).tp_finalize {
            let collected = gc::is_gc_object(ob);
            if collected && gc::is_finalized(ob) {
                return;
            }
            finalize(ob);
            if collected {
                gc::set_finalized(ob);
            }
        }
    }
}

#[capi]
pub fn PyObject_CallFinalizerFromDealloc(ob: Ptr) -> c_int {
    // SAFETY: C passes an object whose count fell to nothing; true means that it is dead still.
    if unsafe { krait_objects::typeobj::alloc::call_finalizer(ob) } { 0 } else { -1 }
}

#[capi]
pub fn PyObject_ClearWeakRefs(ob: Ptr) {
    // SAFETY: C passes an object that is being freed.
    unsafe { krait_objects::weakref::clear_references(ob) }
}

#[capi]
pub fn PyUnstable_Object_EnableDeferredRefcount(_ob: Ptr) -> c_int {
    0
}

#[capi]
pub fn PyUnstable_Object_IsUniquelyReferenced(ob: Borrowed<'_>) -> bool {
    ob.get().ref_count() == 1
}

#[capi]
pub fn PyWeakref_NewRef(th: &Thread, ob: Borrowed<'_>, callback: Option<Borrowed<'_>>) -> PyResult {
    krait_objects::weakref::new_ref(th, ob, callback.filter(|callback| !callback.is_none()))
}

#[capi]
pub fn PyWeakref_NewProxy(
    th: &Thread,
    ob: Borrowed<'_>,
    callback: Option<Borrowed<'_>>,
) -> PyResult {
    krait_objects::weakref::new_proxy(th, ob, callback.filter(|callback| !callback.is_none()))
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
        Some(reference) if krait_objects::weakref::is_reference(reference) => {
            Ok(krait_objects::weakref::referent(reference))
        }
        Some(_) => Err(th.raise(exc::TYPE_ERROR, "expected a weakref")),
        None => Err(th.bad_internal_call()),
    };
    // SAFETY: `place` is writable.
    unsafe { give(place, found) }
}
