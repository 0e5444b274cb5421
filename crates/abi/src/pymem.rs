//! Allocators (`cpython/pymem.h`), and the head of objects that the cyclic collector knows.

use crate::object::PyObject;
use std::ffi::{c_int, c_ulong, c_void};

pub type PyMemAllocatorDomain = c_int;
pub type PyMemAllocatorName = c_int;
pub type gcvisitobjects_t = Option<unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int>;

c_struct! {
    /// An allocator that replaces one of the three families.
    pub struct PyMemAllocatorEx[40] {
        0 => ctx: *mut c_void,
        8 => malloc: Option<unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void>,
        16 => calloc: Option<unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void>,
        24 => realloc: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void>,
        32 => free: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
    }

    /// Where arenas of the small-object allocator come from.
    pub struct PyObjectArenaAllocator[24] {
        0 => ctx: *mut c_void,
        8 => alloc: Option<unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void>,
        16 => free: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, usize)>,
    }

    /// What lies before an object that the collector knows: links of a list, with flags in low bits.
    pub struct PyGC_Head[16] {
        0 => _gc_next: usize,
        8 => _gc_prev: usize,
    }
}

// Constants of `cpython/pymem.h`.
pub const PYMEM_ALLOCATOR_DEBUG: c_int = 2;
pub const PYMEM_ALLOCATOR_DEFAULT: c_int = 1;
pub const PYMEM_ALLOCATOR_MALLOC: c_int = 3;
pub const PYMEM_ALLOCATOR_MALLOC_DEBUG: c_int = 4;
pub const PYMEM_ALLOCATOR_MIMALLOC: c_int = 7;
pub const PYMEM_ALLOCATOR_MIMALLOC_DEBUG: c_int = 8;
pub const PYMEM_ALLOCATOR_NOT_SET: c_int = 0;
pub const PYMEM_ALLOCATOR_PYMALLOC: c_int = 5;
pub const PYMEM_ALLOCATOR_PYMALLOC_DEBUG: c_int = 6;
pub const PYMEM_DOMAIN_MEM: c_int = 1;
pub const PYMEM_DOMAIN_OBJ: c_int = 2;
pub const PYMEM_DOMAIN_RAW: c_int = 0;

// Constants of `internal/pycore_gc.h`.
pub const _PyGC_DEBUG_COLLECTABLE: c_int = 2;
pub const _PyGC_DEBUG_LEAK: c_int = 38;
pub const _PyGC_DEBUG_SAVEALL: c_int = 32;
pub const _PyGC_DEBUG_STATS: c_int = 1;
pub const _PyGC_DEBUG_UNCOLLECTABLE: c_int = 4;
pub const _PyGC_PREV_MASK: c_ulong = 0xfffffffffffffffc;
pub const _PyGC_PREV_MASK_COLLECTING: c_ulong = 0x2;
pub const _PyGC_PREV_MASK_FINALIZED: c_ulong = 0x1;
pub const _PyGC_PREV_SHIFT: c_int = 2;
pub const _Py_GC_REASON_HEAP: c_int = 0;
pub const _Py_GC_REASON_MANUAL: c_int = 2;
pub const _Py_GC_REASON_SHUTDOWN: c_int = 1;
