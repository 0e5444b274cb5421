//! `cpython/pymem.h`: allocators that C puts in place of the three families of `memory`.
//!
//! C's functions take no handle, so the choice is the process's, as in the reference. An allocator for objects also takes
//! the place of the interpreter's heap: at once in the interpreter of the thread that chooses, in others when
//! they start. One that does not pass on to the previous one has to be there before the first interpreter, as in the
//! reference. What the interpreter allocates for itself counts as memory of objects, lists' items and the like
//! too.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use krait_abi::{
    PYMEM_ALLOCATOR_DEBUG, PYMEM_ALLOCATOR_DEFAULT, PYMEM_ALLOCATOR_MALLOC,
    PYMEM_ALLOCATOR_MALLOC_DEBUG, PYMEM_ALLOCATOR_MIMALLOC, PYMEM_ALLOCATOR_MIMALLOC_DEBUG,
    PYMEM_ALLOCATOR_NOT_SET, PYMEM_ALLOCATOR_PYMALLOC, PYMEM_ALLOCATOR_PYMALLOC_DEBUG,
    PyMemAllocatorEx,
};
use krait_macros::capi;
use krait_objects::memory::{Functions, entry};
use krait_objects::prelude::Thread;

use crate::debug_memory::{self, Debug};
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
    // SAFETY: any size may be asked for.
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
    let fresh: &'static PyMemAllocatorEx = Box::leak(Box::new(*allocator));
    all.push(Kept(fresh));
    fresh
}

/// Notes for `tracemalloc` a block that C's allocator gave, in place of another one.
#[cold]
#[inline(never)]
pub fn noted(old: *mut c_void, new: *mut c_void, size: usize) -> *mut c_void {
    if let Some(th) = Thread::current_or_none() {
        th.interp().heap.note(old.cast(), new.cast(), size);
    }
    new
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

/// The heap under the name of CPython's other allocator: what is known of it is that it is another one.
const MIMALLOC: PyMemAllocatorEx =
    PyMemAllocatorEx { ctx: std::ptr::without_provenance_mut(1), ..USUAL };

fn family(domain: c_int) -> Option<(&'static Choice, PyMemAllocatorEx)> {
    match domain {
        0 => Some((&RAW, USUAL_RAW)),
        1 => Some((&MEM, USUAL)),
        2 => Some((&OBJ, USUAL)),
        _ => None,
    }
}

/// What allocates for a family now.
fn current(domain: c_int) -> PyMemAllocatorEx {
    let found = family(domain).map(|(choice, usual)| choice.get().copied().unwrap_or(usual));
    found.unwrap_or(PyMemAllocatorEx::EMPTY)
}

/// All members are NULL for a family that does not exist.
#[capi]
pub fn PyMem_GetAllocator(domain: c_int, place: *mut PyMemAllocatorEx) {
    // SAFETY: C passes a writable struct.
    unsafe { place.write(current(domain)) }
}

#[capi]
pub fn PyMem_SetAllocator(domain: c_int, allocator: *const PyMemAllocatorEx) {
    // SAFETY: C passes a struct, which it may free afterwards.
    set(domain, unsafe { &*allocator });
}

fn set(domain: c_int, allocator: &PyMemAllocatorEx) {
    let Some((choice, usual)) = family(domain) else { return };
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

/// Puts allocators that look for misuse in front of those that are there, unless it was done.
#[capi]
pub fn PyMem_SetupDebugHooks() {
    for (domain, letter) in (0..).zip(*b"rmo") {
        let under = current(domain);
        if debug_memory::behind(&under).is_none() {
            set(domain, &debug_memory::allocator(kept_debug(letter, &under)));
        }
    }
}

/// The place for what a family's allocator remembers: the one that was made before, if it stood before the same one.
fn kept_debug(family: u8, under: &PyMemAllocatorEx) -> &'static Debug {
    let all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut known = all.iter().filter_map(|known| debug_memory::behind(known.0));
    let found = known.find(|it| it.family == family && identity(&it.under) == identity(under));
    found.unwrap_or_else(|| Box::leak(Box::new(Debug { family, under: *under })))
}

/// The names of PYTHONMALLOC with their numbers. The first of a number is what the allocators call themselves.
const NAMES: [(&CStr, c_int); 8] = [
    (c"pymalloc", PYMEM_ALLOCATOR_PYMALLOC),
    (c"malloc", PYMEM_ALLOCATOR_MALLOC),
    (c"mimalloc", PYMEM_ALLOCATOR_MIMALLOC),
    (c"pymalloc_debug", PYMEM_ALLOCATOR_PYMALLOC_DEBUG),
    (c"malloc_debug", PYMEM_ALLOCATOR_MALLOC_DEBUG),
    (c"mimalloc_debug", PYMEM_ALLOCATOR_MIMALLOC_DEBUG),
    (c"default", PYMEM_ALLOCATOR_DEFAULT),
    (c"debug", PYMEM_ALLOCATOR_DEBUG),
];

/// What serves memory and objects under each number: by itself, and with the looks for misuse.
const SERVICES: [(PyMemAllocatorEx, c_int, c_int); 4] = [
    (USUAL, PYMEM_ALLOCATOR_PYMALLOC, PYMEM_ALLOCATOR_PYMALLOC_DEBUG),
    (USUAL_RAW, PYMEM_ALLOCATOR_MALLOC, PYMEM_ALLOCATOR_MALLOC_DEBUG),
    (MIMALLOC, PYMEM_ALLOCATOR_MIMALLOC, PYMEM_ALLOCATOR_MIMALLOC_DEBUG),
    (USUAL, PYMEM_ALLOCATOR_DEFAULT, PYMEM_ALLOCATOR_DEBUG),
];

/// The number of an allocator's name.
pub fn named(name: &str) -> Option<c_int> {
    NAMES.iter().find(|known| known.0.to_bytes() == name.as_bytes()).map(|known| known.1)
}

/// What PYTHONMALLOC or the development mode ask for; 0 if nothing. `None`: there is no such allocator.
pub fn asked_for(use_environment: bool, dev_mode: bool) -> Option<c_int> {
    let variable =
        std::env::var_os("PYTHONMALLOC").filter(|name| use_environment && !name.is_empty());
    match variable {
        Some(name) => named(name.to_str()?),
        None if dev_mode => Some(PYMEM_ALLOCATOR_DEBUG),
        None => Some(PYMEM_ALLOCATOR_NOT_SET),
    }
}

/// Chooses allocators by their number, before there is an interpreter. Nothing for other numbers.
pub fn choose(number: c_int) {
    let found = SERVICES.iter().find(|(_, plain, debug)| [*plain, *debug].contains(&number));
    let Some((service, _, debug)) = found else { return };
    set(0, &USUAL_RAW);
    set(1, service);
    set(2, service);
    if number == *debug {
        // SAFETY: nothing is asked of the caller.
        unsafe { PyMem_SetupDebugHooks() }
    }
}

/// For the command line: what stands in the heap's place, if the allocators are to be others than usual.
pub fn prepare(
    use_environment: bool,
    dev_mode: bool,
) -> Result<Option<&'static Functions>, &'static str> {
    choose(asked_for(use_environment, dev_mode).ok_or(UNKNOWN)?);
    Ok(heap_hook())
}

pub const UNKNOWN: &str = "PYTHONMALLOC: unknown allocator";

/// How the allocators are called together; NULL if C has put others there.
#[capi]
pub fn _PyMem_GetCurrentAllocatorName() -> *const c_char {
    let all = [0, 1, 2].map(current);
    let debug = all.each_ref().map(|it| debug_memory::behind(it).is_some());
    let [raw, mem, obj] = all
        .map(|it| debug_memory::behind(&it).map_or(identity(&it), |debug| identity(&debug.under)));
    let known = SERVICES.iter().find(|(service, ..)| identity(service) == mem);
    let number = match (known, debug) {
        _ if raw != identity(&USUAL_RAW) || obj != mem => return std::ptr::null(),
        (Some(&(_, plain, _)), [false, false, false]) => plain,
        (Some(&(_, _, debug)), [true, true, true]) => debug,
        _ => return std::ptr::null(),
    };
    let name = NAMES.iter().find(|known| known.1 == number);
    name.map_or(std::ptr::null(), |name| name.0.as_ptr())
}
