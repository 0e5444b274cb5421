//! `cpython/pymem.h`: allocators that C puts in place of the three families of `memory`.
//!
//! C's functions take no handle, so the choice is the process's, as in the reference. An allocator for objects also takes
//! the place of the interpreter's heap: at once in the interpreter of the thread that chooses, in others when
//! they start. One that does not pass on to the previous one has to be there before the first interpreter, as in the
//! reference. What the interpreter allocates for itself counts as memory of objects, lists' items and the like
//! too.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use krait_abi::PyMemAllocatorEx;
use krait_macros::capi;
use krait_objects::memory::{Functions, entry};
use krait_objects::prelude::Thread;

use crate::memory::{PyObject_Calloc, PyObject_Free, PyObject_Malloc, PyObject_Realloc};

/// What C chose for a family: null for the usual functions.
pub struct Choice(AtomicPtr<PyMemAllocatorEx>);

pub static RAW: Choice = Choice(AtomicPtr::new(null_mut()));
pub static MEM: Choice = Choice(AtomicPtr::new(null_mut()));
pub static OBJ: Choice = Choice(AtomicPtr::new(null_mut()));

impl Choice {
    #[inline(always)]
    pub fn get(&self) -> Option<&'static PyMemAllocatorEx> {
        // SAFETY: null, or a struct of `KEPT`, which is never freed.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }
}

/// Leads a heap's requests to what is chosen at the time.
const TO_CHOICE: &Functions = &Functions {
    // SAFETY: any size goes.
    alloc: |size, zeroed| unsafe {
        if zeroed { PyObject_Calloc(1, size).cast() } else { PyObject_Malloc(size).cast() }
    },
    // SAFETY: the heap passes a block that it was given here, or gave itself before.
    realloc: |block, size| unsafe { PyObject_Realloc(block.cast(), size).cast() },
    // SAFETY: as above.
    free: |block| unsafe { PyObject_Free(block.cast()) },
};

/// What an interpreter that starts now has in place of its heap.
pub fn heap_hook() -> Option<&'static Functions> {
    OBJ.get().map(|_| TO_CHOICE)
}

/// The structs that were chosen once, each one time: another thread may be reading any of them.
static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

struct Kept(&'static PyMemAllocatorEx);

// SAFETY: nobody writes the struct; what its context is for, its functions know, which C promised work in any thread.
unsafe impl Send for Kept {}

/// The functions of a struct as addresses, to compare.
fn identity(allocator: &PyMemAllocatorEx) -> [usize; 5] {
    [
        allocator.ctx as usize,
        allocator.malloc.map_or(0, |function| function as usize),
        allocator.calloc.map_or(0, |function| function as usize),
        allocator.realloc.map_or(0, |function| function as usize),
        allocator.free.map_or(0, |function| function as usize),
    ]
}

fn kept(allocator: &PyMemAllocatorEx) -> &'static PyMemAllocatorEx {
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().find(|known| identity(known.0) == identity(allocator)) {
        return known.0;
    }
    let PyMemAllocatorEx { ctx, malloc, calloc, realloc, free } = *allocator;
    let fresh: &'static PyMemAllocatorEx =
        Box::leak(Box::new(PyMemAllocatorEx { ctx, malloc, calloc, realloc, free }));
    all.push(Kept(fresh));
    fresh
}

macro_rules! usual {
    ($($malloc:ident $calloc:ident $realloc:ident $free:ident)*) => {$(
        unsafe extern "C" fn $malloc(_: *mut c_void, size: usize) -> *mut c_void {
            entry::$malloc(size).cast()
        }
        unsafe extern "C" fn $calloc(_: *mut c_void, count: usize, size: usize) -> *mut c_void {
            entry::$calloc(count, size).cast()
        }
        unsafe extern "C" fn $realloc(_: *mut c_void, block: *mut c_void, size: usize) -> *mut c_void {
            // SAFETY: C passes a block of this family or NULL.
            unsafe { entry::$realloc(block.cast(), size).cast() }
        }
        unsafe extern "C" fn $free(_: *mut c_void, block: *mut c_void) {
            // SAFETY: C passes a block of this family or NULL.
            unsafe { entry::$free(block.cast()) }
        }
    )*};
}

usual!(raw_malloc raw_calloc raw_realloc raw_free mem_malloc mem_calloc mem_realloc mem_free);

const USUAL_RAW: PyMemAllocatorEx = PyMemAllocatorEx {
    ctx: null_mut(),
    malloc: Some(raw_malloc),
    calloc: Some(raw_calloc),
    realloc: Some(raw_realloc),
    free: Some(raw_free),
};

const USUAL: PyMemAllocatorEx = PyMemAllocatorEx {
    ctx: null_mut(),
    malloc: Some(mem_malloc),
    calloc: Some(mem_calloc),
    realloc: Some(mem_realloc),
    free: Some(mem_free),
};

fn family(domain: c_int) -> Option<(&'static Choice, PyMemAllocatorEx)> {
    match domain {
        0 => Some((&RAW, USUAL_RAW)),
        1 => Some((&MEM, USUAL)),
        2 => Some((&OBJ, USUAL)),
        _ => None,
    }
}

/// All members are NULL for a family that does not exist.
#[capi]
pub fn PyMem_GetAllocator(domain: c_int, place: *mut PyMemAllocatorEx) {
    let found = family(domain).map(|(choice, usual)| match choice.get() {
        Some(&PyMemAllocatorEx { ctx, malloc, calloc, realloc, free }) => {
            PyMemAllocatorEx { ctx, malloc, calloc, realloc, free }
        }
        None => usual,
    });
    // SAFETY: C passes a writable struct.
    unsafe { place.write(found.unwrap_or(PyMemAllocatorEx::EMPTY)) }
}

#[capi]
pub fn PyMem_SetAllocator(domain: c_int, allocator: *const PyMemAllocatorEx) {
    let Some((choice, usual)) = family(domain) else { return };
    // SAFETY: C passes a struct, which it may free afterwards.
    let allocator = unsafe { &*allocator };
    let chosen = if identity(allocator) == identity(&usual) {
        null_mut()
    } else {
        std::ptr::from_ref(kept(allocator)).cast_mut()
    };
    choice.0.store(chosen, Ordering::Release);
    if let Some(th) = Thread::current_or_none() {
        th.interp().heap.set_hook(heap_hook());
    }
}

/// There is no heap that looks for overruns here, so that none is put in place.
#[capi]
pub fn PyMem_SetupDebugHooks() {}
