//! `objimpl.h`: the collector.

use std::ffi::{c_int, c_void};

use krait_macros::capi;
use krait_objects::gc::{self, PERMANENT};
use krait_objects::prelude::*;

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

#[capi]
pub fn PyGC_Enable(th: &Thread) -> c_int {
    th.interp().gc.enabled.replace(true).into()
}

#[capi]
pub fn PyGC_Disable(th: &Thread) -> c_int {
    th.interp().gc.enabled.replace(false).into()
}

#[capi]
pub fn PyGC_IsEnabled(th: &Thread) -> c_int {
    th.interp().gc.enabled.get().into()
}

/// Calls `visit` with every object that the collector knows, until it says 0.
#[capi]
pub fn PyUnstable_GC_VisitObjects(
    th: &Thread,
    visit: Option<unsafe extern "C" fn(Ptr, *mut c_void) -> c_int>,
    argument: *mut c_void,
) {
    let Some(visit) = visit else {
        return;
    };
    let gc = &th.interp().gc;
    for ob in gc.objects(None).into_iter().chain(gc.objects(Some(PERMANENT))) {
        // SAFETY: the list holds the object.
        if unsafe { visit(ob.as_ptr(), argument) } == 0 {
            return;
        }
    }
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
