//! `pymem.h` and `objimpl.h`: memory, and objects in it.

use std::ffi::c_void;
use std::ptr::null_mut;

use krait_abi as abi;
use krait_abi::PyMemAllocatorEx;
use krait_macros::capi;
use krait_objects::memory::entry;
use krait_objects::prelude::*;
use krait_objects::typeobj::alloc;

use crate::allocators::{self, noted};
use crate::support::*;

/// `PyMem_Raw…` is not traced.
fn unseen(_old: *mut c_void, new: *mut c_void, _size: usize) -> *mut c_void {
    new
}

macro_rules! family {
    ($malloc:ident $calloc:ident $realloc:ident $free:ident: $choice:ident $note:ident $a:ident $c:ident $r:ident $f:ident) => {
        #[capi]
        pub fn $malloc(size: usize) -> *mut c_void {
            // Out of line, so that the usual function is reached by a jump.
            #[cold]
            #[inline(never)]
            fn chosen(by: &PyMemAllocatorEx, size: usize) -> *mut c_void {
                match by.malloc {
                    // SAFETY: C promised such a function.
                    Some(malloc) => unsafe { $note(null_mut(), malloc(by.ctx, size), size) },
                    None => entry::$a(size).cast(),
                }
            }
            match allocators::$choice.get() {
                Some(by) => chosen(by, size),
                None => entry::$a(size).cast(),
            }
        }
        #[capi]
        pub fn $calloc(count: usize, size: usize) -> *mut c_void {
            match allocators::$choice.get() {
                // SAFETY: as above.
                Some(&PyMemAllocatorEx { ctx, calloc: Some(calloc), .. }) => unsafe {
                    $note(null_mut(), calloc(ctx, count, size), count.wrapping_mul(size))
                },
                _ => entry::$c(count, size).cast(),
            }
        }
        #[capi]
        pub fn $realloc(block: *mut c_void, size: usize) -> *mut c_void {
            match allocators::$choice.get() {
                // SAFETY: as above.
                Some(&PyMemAllocatorEx { ctx, realloc: Some(realloc), .. }) => unsafe {
                    $note(block, realloc(ctx, block, size), size)
                },
                // SAFETY: C passes a block of this family or NULL.
                _ => unsafe { entry::$r(block.cast(), size).cast() },
            }
        }
        #[capi]
        pub fn $free(block: *mut c_void) {
            // As for `malloc`.
            #[cold]
            #[inline(never)]
            unsafe fn chosen(by: &PyMemAllocatorEx, block: *mut c_void) {
                // SAFETY: C promised such a function, and passes a block of this family or NULL.
                unsafe {
                    match by.free {
                        Some(free) => free(by.ctx, $note(block, block, 0)),
                        None => entry::$f(block.cast()),
                    }
                }
            }
            // SAFETY: as above.
            unsafe {
                match allocators::$choice.get() {
                    Some(by) => chosen(by, block),
                    None => entry::$f(block.cast()),
                }
            }
        }
    };
}

family!(PyMem_RawMalloc PyMem_RawCalloc PyMem_RawRealloc PyMem_RawFree: RAW unseen raw_malloc raw_calloc raw_realloc raw_free);
family!(PyMem_Malloc PyMem_Calloc PyMem_Realloc PyMem_Free: MEM noted mem_malloc mem_calloc mem_realloc mem_free);
family!(PyObject_Malloc PyObject_Calloc PyObject_Realloc PyObject_Free: OBJ noted mem_malloc mem_calloc mem_realloc mem_free);

/// Without a size of its own, a type's instances are all alike.
#[capi]
pub fn _PyObject_New(ty: TypePtr) -> Ptr {
    // SAFETY: C passes a live type, whose instances have that size.
    unsafe {
        let ob: Ptr = PyObject_Malloc((*ty).tp_basicsize as usize).cast();
        PyObject_Init(ob, ty)
    }
}

#[capi]
pub fn _PyObject_NewVar(th: &Thread, ty: TypePtr, items: isize) -> PyResult {
    new_object(th, ty, items)
}

fn new_object(th: &Thread, ty: TypePtr, items: isize) -> PyResult {
    // SAFETY: C passes a live type.
    unsafe {
        let size = (*ty).tp_basicsize.saturating_add(items.saturating_mul((*ty).tp_itemsize));
        let size = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(7) & !7;
        let block = PyObject_Malloc(size);
        if block.is_null() {
            return Err(th.no_memory());
        }
        let ob: Ptr = block.cast();
        alloc::init_head(ob, type_of(ty));
        if (*ty).tp_itemsize > 0 {
            (*ob.cast::<abi::PyVarObject>()).ob_size = items;
        }
        th.interp().heap.tell(ob, abi::PyRefTracer_CREATE);
        Ok(Owned::from_ptr(ob))
    }
}

#[capi]
pub fn PyObject_Init(ob: Ptr, ty: TypePtr) -> Ptr {
    if ob.is_null() {
        let _raised = Thread::current().no_memory();
        return ob;
    }
    // SAFETY: C passes memory for an instance of a live type.
    unsafe {
        alloc::init_head(ob, type_of(ty));
        Thread::attached().interp().heap.tell(ob, abi::PyRefTracer_CREATE);
    }
    ob
}

#[capi]
pub fn PyObject_InitVar(
    ob: *mut abi::PyVarObject,
    ty: TypePtr,
    size: isize,
) -> *mut abi::PyVarObject {
    if ob.is_null() {
        let _raised = Thread::current().no_memory();
        return ob;
    }
    // SAFETY: C passes memory for an instance of a live type.
    unsafe {
        alloc::init_head(ob.cast(), type_of(ty));
        (*ob).ob_size = size;
        Thread::attached().interp().heap.tell(ob.cast(), abi::PyRefTracer_CREATE);
    }
    ob
}

#[capi]
pub fn _PyObject_GC_New(th: &Thread, ty: TypePtr) -> PyResult {
    // SAFETY: C passes a live type.
    alloc::alloc_untracked(th, unsafe { type_of(ty) }, 0)
}

#[capi]
pub fn _PyObject_GC_NewVar(th: &Thread, ty: TypePtr, items: isize) -> PyResult {
    // SAFETY: C passes a live type.
    alloc::alloc_untracked(th, unsafe { type_of(ty) }, items)
}

#[capi]
pub fn PyType_GenericAlloc(th: &Thread, ty: TypePtr, items: isize) -> PyResult {
    // SAFETY: C passes a live type.
    alloc::alloc(th, unsafe { type_of(ty) }, items)
}

#[capi]
pub fn PyType_GenericNew(th: &Thread, ty: TypePtr, _args: Ptr, _kwargs: Ptr) -> PyResult {
    // SAFETY: C passes a live type, whose `tp_alloc` is inherited at least.
    unsafe {
        match (*ty).tp_alloc {
            Some(allocate) => returned(th, allocate(ty, 0)),
            None => alloc::alloc(th, type_of(ty), 0),
        }
    }
}

#[capi]
pub fn _Py_Dealloc(ob: Ptr) {
    // SAFETY: C dropped the last reference.
    unsafe { krait_objects::memory::dealloc(ob) }
}

#[capi]
pub fn Py_IncRef(ob: Ptr) {
    if !ob.is_null() {
        // SAFETY: C passes a live object.
        unsafe { krait_objects::handle::incref(ob) }
    }
}

#[capi]
pub fn Py_DecRef(ob: Ptr) {
    if !ob.is_null() {
        // SAFETY: C gives up a reference.
        unsafe { krait_objects::handle::decref(ob) }
    }
}

#[capi]
pub fn _Py_IncRef(ob: Ptr) {
    // SAFETY: C passes a live object.
    unsafe { krait_objects::handle::incref(ob) }
}

#[capi]
pub fn _Py_DecRef(ob: Ptr) {
    // SAFETY: C gives up a reference.
    unsafe { krait_objects::handle::decref(ob) }
}

#[capi]
pub fn Py_NewRef(ob: Ptr) -> Ptr {
    // SAFETY: C passes a live object.
    unsafe { krait_objects::handle::incref(ob) };
    ob
}

#[capi]
pub fn Py_XNewRef(ob: Ptr) -> Ptr {
    if !ob.is_null() {
        // SAFETY: C passes a live object.
        unsafe { krait_objects::handle::incref(ob) };
    }
    ob
}

unsafe extern "C" fn new_chunk(_context: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: any size will do.
    unsafe { libc::malloc(size) }
}

unsafe extern "C" fn free_chunk(_context: *mut c_void, chunk: *mut c_void, _size: usize) {
    // SAFETY: a chunk of `new_chunk` or of a data stack, which nobody uses any more.
    unsafe { libc::free(chunk) }
}

/// What the chunks of data stacks come from: greenlet gives those of the stacks that it has replaced back by it.
#[capi]
pub fn PyObject_GetArenaAllocator(allocator: *mut abi::PyObjectArenaAllocator) {
    let chunks = abi::PyObjectArenaAllocator {
        ctx: null_mut(),
        alloc: Some(new_chunk),
        free: Some(free_chunk),
    };
    // SAFETY: C passes a writable struct.
    unsafe { *allocator = chunks };
}

/// Arenas come from the system itself.
#[capi]
pub fn PyObject_SetArenaAllocator(_allocator: *mut abi::PyObjectArenaAllocator) {}
