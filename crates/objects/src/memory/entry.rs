//! What the C API's three families of allocation functions do.
//!
//! `raw_…` is the system's allocator, for callers without an interpreter. `mem_…` serves `PyMem_Malloc` and
//! `PyObject_Malloc`: the heap of the interpreter that the calling thread is attached to, whatever hook C put before it. As
//! the reference, all give a block even for no bytes, and refuse more than `PY_SSIZE_T_MAX`.

use std::ptr::null_mut;

use super::heap::{SMALL, class_of};
use super::large;
use crate::thread::Thread;

const MOST: usize = isize::MAX as usize;

/// `PyMem_RawMalloc`.
pub fn raw_malloc(size: usize) -> *mut u8 {
    if size > MOST {
        return null_mut();
    }
    // SAFETY: any size may be asked for.
    unsafe { libc::malloc(size.max(1)).cast() }
}

/// `PyMem_RawCalloc`.
pub fn raw_calloc(count: usize, size: usize) -> *mut u8 {
    match count.checked_mul(size) {
        // SAFETY: any size may be asked for.
        Some(total) if total <= MOST => unsafe { libc::calloc(1, total.max(1)).cast() },
        _ => null_mut(),
    }
}

/// `PyMem_RawRealloc`.
///
/// # Safety
/// `block` is null or came from this family.
pub unsafe fn raw_realloc(block: *mut u8, size: usize) -> *mut u8 {
    if size > MOST {
        return null_mut();
    }
    // SAFETY: the caller's promise.
    unsafe { libc::realloc(block.cast(), size.max(1)).cast() }
}

/// `PyMem_RawFree`.
///
/// # Safety
/// As for `raw_realloc`.
pub unsafe fn raw_free(block: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { libc::free(block.cast()) }
}

/// `PyMem_Malloc`, `PyObject_Malloc`: mostly a block that was given back before.
pub fn mem_malloc(size: usize) -> *mut u8 {
    if size <= SMALL
        && let Some(th) = Thread::current_or_none()
    {
        let heap = &th.interp().heap;
        let block =
            if heap.hook().is_none() { heap.take_freed(class_of(size)) } else { null_mut() };
        if !block.is_null() {
            return block;
        }
    }
    mem_malloc_slowly(size)
}

#[inline(never)]
fn mem_malloc_slowly(size: usize) -> *mut u8 {
    if size > MOST {
        return null_mut();
    }
    match Thread::current_or_none() {
        Some(th) => th.interp().heap.unhooked(|heap| heap.alloc(size)),
        None => large::alloc_unowned(size, false),
    }
}

/// `PyMem_Calloc`, `PyObject_Calloc`.
pub fn mem_calloc(count: usize, size: usize) -> *mut u8 {
    let Some(total) = count.checked_mul(size).filter(|&total| total <= MOST) else {
        return null_mut();
    };
    match Thread::current_or_none() {
        Some(th) => th.interp().heap.unhooked(|heap| heap.alloc_zeroed(total)),
        None => large::alloc_unowned(total, true),
    }
}

/// `PyMem_Realloc`, `PyObject_Realloc`.
///
/// # Safety
/// `block` is null or came from this family, in the same interpreter.
pub unsafe fn mem_realloc(block: *mut u8, size: usize) -> *mut u8 {
    if size > MOST {
        return null_mut();
    }
    // SAFETY: the caller's promise.
    unsafe {
        match Thread::current_or_none() {
            Some(th) => th.interp().heap.unhooked(|heap| heap.realloc(block, size)),
            None if block.is_null() => large::alloc_unowned(size, false),
            None => large::realloc_unowned(block, size),
        }
    }
}

/// `PyMem_Free`, `PyObject_Free`.
///
/// # Safety
/// As for `mem_realloc`.
pub unsafe fn mem_free(block: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe {
        match Thread::current_or_none() {
            Some(th) if th.interp().heap.hook().is_none() => th.interp().heap.free(block),
            _ => mem_free_slowly(block),
        }
    }
}

#[inline(never)]
unsafe fn mem_free_slowly(block: *mut u8) {
    // SAFETY: the promise of `mem_free`'s caller.
    unsafe {
        match Thread::current_or_none() {
            Some(th) => th.interp().heap.unhooked(|heap| heap.free(block)),
            None if block.is_null() => {}
            None => large::free_unowned(block),
        }
    }
}
