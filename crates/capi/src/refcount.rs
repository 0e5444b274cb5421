//! `refcount.h`, and what extensions do to counts behind it: the count itself.
//!
//! SAFETY, throughout: C passes live objects, or memory that it makes into one.

use krait_macros::capi;
use krait_objects::thread::Thread;

use crate::support::*;

#[capi]
pub fn Py_REFCNT(ob: Ptr) -> isize {
    // SAFETY: see the top of the file.
    unsafe { (*ob).ob_refcnt as isize }
}

/// Immortal objects stay so.
#[capi]
pub fn _Py_SetRefcnt(ob: Ptr, count: isize) {
    // SAFETY: see the top of the file.
    unsafe {
        if (*ob).ob_refcnt.cast_signed() >= 0 {
            (*ob).ob_refcnt = count as u32;
        }
    }
}

/// One reference, as a new object has it. All eight bytes are the count here.
unsafe fn set_new(ob: Ptr) {
    // SAFETY: see the top of the file.
    unsafe { ob.cast::<u64>().write(1) }
}

#[capi]
pub fn _Py_NewReference(ob: Ptr) {
    // SAFETY: see the top of the file.
    unsafe {
        set_new(ob);
        if let Some(th) = Thread::current_or_none() {
            th.interp().heap.tell(ob, krait_abi::PyRefTracer_CREATE);
        }
    }
}

/// An object whose count fell to nothing lives on.
#[capi]
pub fn _Py_ResurrectReference(ob: Ptr) {
    // SAFETY: see the top of the file.
    unsafe { set_new(ob) }
}
