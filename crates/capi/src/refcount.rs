//! `refcount.h`: counts of references, and what else decides how long an object lives.
//!
//! SAFETY, throughout: C passes live objects, or memory that it makes into one.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use krait_eval::frame::{self, Frame};
use krait_macros::capi;
use krait_objects::prelude::*;

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

#[capi]
pub fn PyUnstable_IsImmortal(ob: Ptr) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { (*ob.cast::<i32>() < 0).into() }
}

#[capi]
pub fn PyUnstable_EnableTryIncRef(_ob: Ptr) {}

#[capi]
pub fn PyUnstable_TryIncRef(ob: Ptr) -> c_int {
    // SAFETY: see the top of the file: the GIL is held, so the count cannot fall meanwhile.
    unsafe {
        if *ob.cast::<u32>() == 0 {
            return 0;
        }
        krait_objects::handle::incref(ob);
    }
    1
}

#[capi]
pub fn PyUnstable_Object_EnableDeferredRefcount(_ob: Ptr) -> c_int {
    0
}

#[capi]
pub fn PyUnstable_Object_IsUniquelyReferenced(ob: Borrowed<'_>) -> bool {
    ob.get().ref_count() == 1
}

/// Whether the only reference is a temporary value of the running frame, so that its memory may be used again.
#[capi]
pub fn PyUnstable_Object_IsUniqueReferencedTemporary(th: &Thread, ob: Ptr) -> c_int {
    // SAFETY: see the top of the file; a frame that waits for C has its state saved.
    unsafe {
        if *ob.cast::<u32>() != 1 {
            return 0;
        }
        let frame = frame::current_complete(th);
        if frame.is_null() {
            return 0;
        }
        let (base, mut sp) = (Frame::stack_base(frame), (*frame).sp);
        while sp > base {
            sp = sp.sub(1);
            if !(*sp).is_null() && (*sp).ptr() == ob {
                return (*sp).is_counted().into();
            }
        }
        0
    }
}

/// Objects whose deallocation was put off because the stack is nearly used up.
#[derive(Default)]
struct Deposited(RefCell<Vec<Ptr>>);

#[capi]
pub fn _PyTrash_thread_deposit_object(th: &Thread, _state: *mut c_void, ob: Ptr) {
    th.interp().state::<Deposited>().0.borrow_mut().push(ob);
    // SAFETY: the attached state; a pointer that is not null says that there is something to do.
    unsafe { (*th.raw()).delete_later = ob };
}

#[capi]
pub fn _PyTrash_thread_destroy_chain(th: &Thread, _state: *mut c_void) {
    // SAFETY: objects with no reference left, whose deallocator was on its way.
    unsafe {
        (*th.raw()).delete_later = null_mut();
        loop {
            let next = th.interp().state::<Deposited>().0.borrow_mut().pop();
            let Some(ob) = next else {
                return;
            };
            if let Some(dealloc) = (*(*ob).ob_type).tp_dealloc {
                dealloc(ob);
            }
        }
    }
}
