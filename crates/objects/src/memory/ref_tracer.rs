//! The function of C that is told of every object that comes and goes: `PyRefTracer_SetTracer`.
//!
//! Without one this costs nothing. While there is one, the heap's pools are aside and the free lists are closed, as for
//! `tracemalloc`, so that every object takes its memory on the slow way, which looks for the tracer; and threads take their
//! native stack for nearly used up, which leads every deallocation to where it is looked for (`memory::dealloc`).
//!
//! The tracer stays with the heap, so it is told of the objects of all interpreters that share it.

use std::ffi::c_void;

use krait_abi as abi;

use super::heap::{Heap, SMALL, class_of};

/// A tracer with its data.
#[derive(Clone, Copy)]
pub struct RefTracer {
    pub function: unsafe extern "C" fn(*mut abi::PyObject, i32, *mut c_void) -> i32,
    pub data: *mut c_void,
}

impl Heap {
    pub fn ref_tracer(&self) -> Option<RefTracer> {
        self.ref_tracer.get()
    }

    /// Use `Interpreter::set_ref_tracer`.
    pub(crate) fn set_ref_tracer(&self, tracer: Option<RefTracer>) {
        self.ref_tracer.set(tracer);
        self.update_aside();
    }

    /// As `alloc`, for an object of type `ty` that begins `before` bytes into the block. The caller writes its head.
    #[inline]
    pub fn alloc_object(
        &self,
        size: usize,
        before: usize,
        ty: *const abi::PyTypeObject,
    ) -> *mut u8 {
        if size <= SMALL {
            let block = self.take(class_of(size));
            if !block.is_null() {
                return block;
            }
        }
        self.alloc_object_slow(size, before, ty)
    }

    /// As `alloc_object`, if there is a block that was used before; else null. Without a call, so that the caller saves no register.
    #[inline(always)]
    pub fn object_at_once(&self, size: usize) -> *mut u8 {
        if size > SMALL { std::ptr::null_mut() } else { self.take_freed(class_of(size)) }
    }

    #[inline(never)]
    fn alloc_object_slow(
        &self,
        size: usize,
        before: usize,
        ty: *const abi::PyTypeObject,
    ) -> *mut u8 {
        let block = if size > SMALL {
            self.alloc_large(size, false)
        } else {
            self.alloc_slow(size, class_of(size))
        };
        if !block.is_null() {
            self.introduce(block, before, ty);
        }
        block
    }

    /// As `realloc`, for the only reference to an object, which is a new one from here on.
    ///
    /// # Safety
    /// As for `realloc`; the block is an object's, which begins `before` bytes into it.
    pub unsafe fn realloc_object(&self, block: *mut u8, before: usize, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe {
            if self.ref_tracer.get().is_none() {
                return self.realloc(block, size);
            }
            let ob: *mut abi::PyObject = block.add(before).cast();
            self.tell(ob, abi::PyRefTracer_DESTROY);
            let moved = self.realloc(block, size);
            let kept = if moved.is_null() { block } else { moved };
            self.tell(kept.add(before).cast(), abi::PyRefTracer_CREATE);
            moved
        }
    }

    /// Tells of a fresh object; the tracer sees a head.
    fn introduce(&self, block: *mut u8, before: usize, ty: *const abi::PyTypeObject) {
        if self.ref_tracer.get().is_none() {
            return;
        }
        // SAFETY: the block has room for an object at this place, which nobody knows yet.
        unsafe {
            block.write_bytes(0, before);
            let ob: *mut abi::PyObject = block.add(before).cast();
            ob.cast::<u64>().write(1);
            (*ob).ob_type = ty.cast_mut();
            self.tell(ob, abi::PyRefTracer_CREATE);
        }
    }

    /// Calls the tracer, if there is one.
    ///
    /// # Safety
    /// An object that has a type and a count.
    #[inline]
    pub unsafe fn tell(&self, ob: *mut abi::PyObject, event: i32) {
        if let Some(tracer) = self.ref_tracer.get() {
            // SAFETY: C promised a function that takes these.
            unsafe { (tracer.function)(ob, event, tracer.data) };
        }
    }
}
