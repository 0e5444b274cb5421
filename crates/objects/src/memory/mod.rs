//! Raw memory of objects, and their deallocation.
//!
//! `heap` is an interpreter's memory: pools in `arena`s for small blocks, `large` for the others; `hook` is what C may put in
//! its place, and `entry` is what the C API's allocation functions do otherwise. This file ends an object's life. The same job as CPython's `Objects/obmalloc.c` and
//! `_Py_Dealloc`.
//!
//! Invariants:
//! 1. A block from `Heap::alloc` goes back to the same interpreter's `Heap::free`, once.
//! 2. `dealloc` is reached with a count of zero: nobody else holds the object.

mod arena;
pub mod entry;
mod heap;
mod hook;
mod large;
mod ref_tracer;
mod statistics;
pub mod trace;
mod tracing;

use krait_abi as abi;

use crate::handle::Borrowed;
use crate::thread::Thread;
use crate::typeobj::Type;

pub use heap::Heap;
pub use hook::Functions;
pub use ref_tracer::RefTracer;

/// Frees an object whose last reference is gone: `_Py_Dealloc`.
///
/// # Safety
/// (2); the calling thread is attached.
#[inline(never)]
pub unsafe fn dealloc(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise, and (2): the object is still whole.
    unsafe {
        let th = Thread::attached();
        let ty: Borrowed<'_, Type> = Borrowed::from_ptr((*ob).ob_type.cast());
        if th.dealloc_is_special() && is_put_off(th, ob, ty) {
            return;
        }
        let Some(tp_dealloc) = (*ty.as_type_ptr()).tp_dealloc else {
            crate::fatal("deallocation of an object whose type has no tp_dealloc");
        };
        // A deallocator must leave the current exception as it found it.
        tp_dealloc(ob);
        if !(*th.raw()).delete_later.is_null() {
            free_put_off(th);
        }
    }
}

/// The native stack is low, or C wants to be told of objects that end: whether this one waits.
#[cold]
unsafe fn is_put_off(th: &Thread, ob: *mut abi::PyObject, ty: Borrowed<'_, Type>) -> bool {
    // SAFETY: a dead object, which is still whole.
    unsafe {
        if th.stack_is_low() && ty.is_gc() {
            put_off(th, ob);
            return true;
        }
        th.interp().heap.tell(ob, abi::PyRefTracer_DESTROY);
    }
    false
}

/// Chains `ob` into the thread's list of objects to free later, through its GC link (it is untracked and dead).
unsafe fn put_off(th: &Thread, ob: *mut abi::PyObject) {
    // SAFETY: a GC object is preceded by its two-word header, which a dead, untracked object no longer needs.
    unsafe {
        crate::gc::untrack_raw(ob);
        let head = ob.cast::<abi::PyGC_Head>().sub(1);
        (*head)._gc_next = (*th.raw()).delete_later as usize;
        (*th.raw()).delete_later = ob;
    }
}

#[cold]
unsafe fn free_put_off(th: &Thread) {
    // Only the outermost call empties the list: objects freed here may put off others.
    if th.stack_is_low() || th.dealloc_depth.replace(1) != 0 {
        return;
    }
    // SAFETY: the list holds dead objects linked by `put_off`.
    unsafe {
        while let Some(ob) = (*th.raw()).delete_later.as_mut() {
            let head = std::ptr::from_mut(ob).cast::<abi::PyGC_Head>().sub(1);
            (*th.raw()).delete_later = (*head)._gc_next as *mut abi::PyObject;
            (*head)._gc_next = 0;
            if let Some(tp_dealloc) = (*ob.ob_type).tp_dealloc {
                th.interp().heap.tell(ob, abi::PyRefTracer_DESTROY);
                tp_dealloc(ob);
            }
        }
    }
    th.dealloc_depth.set(0);
}
