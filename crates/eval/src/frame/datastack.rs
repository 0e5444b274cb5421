//! The thread's data stack: chunks of memory on which frames lie.
//!
//! A frame is pushed by moving the top of the current chunk; a new chunk is taken only when it is full, and
//! one empty chunk is kept back so that a call at the edge does not allocate every time. The same job as
//! `_PyThreadState_PushFrame` in CPython's `Python/pystate.c`; debuggers read the chunks.
//!
//! Invariants:
//! 1. `datastack_top..datastack_limit` is unused room in `datastack_chunk`, or both are null.
//! 2. Frames are popped in the opposite order of pushing.

use krait_abi as abi;
use krait_objects::thread::Thread;

use super::Frame;

const CHUNK_SIZE: usize = abi::_PY_DATA_STACK_CHUNK_SIZE as usize;
const WORD: usize = size_of::<usize>();
/// Words of a chunk before its data.
const HEADER: usize = std::mem::offset_of!(abi::_PyStackChunk, data) / WORD;

/// Room for a frame of `size` words, or `None` without memory. The frame is not initialised.
///
/// # Safety
/// The frame is popped with `pop` before any that was pushed earlier.
#[inline(always)]
pub unsafe fn push(th: &Thread, size: usize) -> Option<*mut Frame> {
    // SAFETY: (1).
    unsafe {
        if has_room(th, size) {
            return Some(take(th, size));
        }
        push_chunk(th, size)
    }
}

/// As `push`, where there is room.
///
/// # Safety
/// `has_room(th, size)`, and as for `push`.
#[inline(always)]
pub unsafe fn take(th: &Thread, size: usize) -> *mut Frame {
    // SAFETY: (1).
    unsafe {
        let top = (*th.raw()).datastack_top;
        (*th.raw()).datastack_top = top.add(size);
        top.cast()
    }
}

/// Whether a frame of `size` words fits into the current chunk.
#[inline(always)]
pub fn has_room(th: &Thread, size: usize) -> bool {
    // SAFETY: (1); with no chunk yet, both are null and nothing fits.
    unsafe { (*th.raw()).datastack_top.wrapping_add(size) < (*th.raw()).datastack_limit }
}

#[cold]
#[inline(never)]
unsafe fn push_chunk(th: &Thread, size: usize) -> Option<*mut Frame> {
    let mut bytes = CHUNK_SIZE;
    while bytes < WORD.checked_mul(size.checked_add(HEADER + 64)?)? {
        bytes = bytes.checked_mul(2)?;
    }
    // SAFETY: (1); the chunk is ours until `pop` or `free` gives it back.
    unsafe {
        let state = th.raw();
        let cached = (*state).datastack_cached_chunk;
        let chunk = if !cached.is_null() && (*cached).size >= bytes {
            (*state).datastack_cached_chunk = std::ptr::null_mut();
            cached
        } else {
            let chunk: *mut abi::_PyStackChunk = libc::malloc(bytes).cast();
            if chunk.is_null() {
                return None;
            }
            (*chunk).size = bytes;
            chunk
        };
        let previous = (*state).datastack_chunk;
        if !previous.is_null() {
            (*previous).top = (*state).datastack_top.offset_from(data(previous)) as usize;
        }
        (*chunk).previous = previous;
        (*chunk).top = 0;
        // The first chunk's first word stays unused, so that popping its first frame does not free the chunk.
        let start = data(chunk).add(usize::from(previous.is_null()));
        (*state).datastack_chunk = chunk;
        (*state).datastack_limit = chunk.byte_add((*chunk).size).cast();
        (*state).datastack_top = start.add(size);
        Some(start.cast())
    }
}

/// Gives the topmost frame's room back.
///
/// # Safety
/// (2).
#[inline(always)]
pub unsafe fn pop(th: &Thread, frame: *mut Frame) {
    // SAFETY: (2).
    unsafe {
        if !pop_in_chunk(th, frame) {
            pop_chunk(th);
        }
    }
}

/// As `pop`, but does nothing and answers false if the chunk goes with the frame.
///
/// # Safety
/// (2).
#[inline(always)]
#[must_use = "a frame that begins its chunk is still there"]
pub unsafe fn pop_in_chunk(th: &Thread, frame: *mut Frame) -> bool {
    // SAFETY: (1), (2).
    unsafe {
        let state = th.raw();
        let base: *mut *mut abi::PyObject = frame.cast();
        if base == data((*state).datastack_chunk) {
            return false;
        }
        (*state).datastack_top = base;
        true
    }
}

#[cold]
#[inline(never)]
unsafe fn pop_chunk(th: &Thread) {
    // SAFETY: (1), (2): only a chunk with a predecessor holds a frame at its first word.
    unsafe {
        let state = th.raw();
        let chunk = (*state).datastack_chunk;
        let previous = (*chunk).previous;
        libc::free((*state).datastack_cached_chunk.cast());
        (*state).datastack_cached_chunk = chunk;
        (*state).datastack_chunk = previous;
        (*state).datastack_top = data(previous).add((*previous).top);
        (*state).datastack_limit = previous.byte_add((*previous).size).cast();
    }
}

unsafe fn data(chunk: *mut abi::_PyStackChunk) -> *mut *mut abi::PyObject {
    // SAFETY: the caller's chunk is live.
    unsafe { (&raw mut (*chunk).data).cast() }
}

/// Frees the data stack of a thread that runs no Python code any more.
///
/// # Safety
/// No frame lies on it.
pub unsafe fn free(th: &Thread) {
    // SAFETY: the caller's promise.
    unsafe {
        let state = th.raw();
        let mut chunk = (*state).datastack_chunk;
        while !chunk.is_null() {
            let previous = (*chunk).previous;
            libc::free(chunk.cast());
            chunk = previous;
        }
        libc::free((*state).datastack_cached_chunk.cast());
        (*state).datastack_chunk = std::ptr::null_mut();
        (*state).datastack_cached_chunk = std::ptr::null_mut();
        (*state).datastack_top = std::ptr::null_mut();
        (*state).datastack_limit = std::ptr::null_mut();
    }
}
