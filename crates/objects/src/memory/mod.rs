//! Raw memory of objects, and their deallocation.
//!
//! `heap` is an interpreter's memory: `pools` in `arena`s for small blocks, `large` for the others; `hook` is what C may put in
//! its place, and `entry` is what the C API's allocation functions do otherwise. This file ends an object's life. The same
//! job as CPython's `Objects/obmalloc.c` and `_Py_Dealloc`.
//!
//! Invariants:
//! 1. A block from `Heap::alloc` goes back to the same interpreter's `Heap::free`, once.
//! 2. `dealloc` is reached with a count of zero: nobody else holds the object.

mod arena;
pub mod entry;
mod heap;
mod hook;
mod large;
mod pools;
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
pub use trace::AddressHash;

/// Frees an object whose last reference is gone: `_Py_Dealloc`.
///
/// # Safety
/// (2); the calling thread is attached.
#[inline(never)]
pub unsafe fn dealloc(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise, and (2): the object is still whole.
    unsafe {
        let th = Thread::attached();
        if th.dealloc_is_special() {
            return dealloc_special(th, ob);
        }
        end(th, ob);
    }
}

#[inline(always)]
unsafe fn end(th: &Thread, ob: *mut abi::PyObject) {
    // SAFETY: as for `dealloc`.
    unsafe {
        let Some(tp_dealloc) = (*(*ob).ob_type).tp_dealloc else {
            crate::fatal("deallocation of an object whose type has no tp_dealloc");
        };
        // A deallocator must leave the current exception as it found it.
        tp_dealloc(ob);
        if !(*th.raw()).delete_later.is_null() {
            free_put_off(th);
        }
    }
}

/// The native stack is low, so that what could lead to long chains waits; or C wants to be told of objects that end.
#[cold]
#[inline(never)]
unsafe fn dealloc_special(th: &Thread, ob: *mut abi::PyObject) {
    // SAFETY: as for `dealloc`.
    unsafe {
        let ty: Borrowed<'_, Type> = Borrowed::from_ptr((*ob).ob_type.cast());
        if th.stack_is_low() && ty.is_gc() {
            return put_off(th, ob);
        }
        th.interp().heap.tell(ob, abi::PyRefTracer_DESTROY);
        end(th, ob);
    }
}

/// Gives back the memory of a dead number.
///
/// # Safety
/// (2), and there is nothing but memory to give back.
#[cold]
#[inline(never)]
pub unsafe fn free_number(th: &Thread, ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        let heap = &th.interp().heap;
        heap.tell(ob, abi::PyRefTracer_DESTROY);
        heap.free(ob.cast());
    }
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
