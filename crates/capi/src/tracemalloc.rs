//! `cpython/tracemalloc.h`: tracing memory that C has from elsewhere.

use std::ffi::c_int;

use krait_macros::capi;
use krait_objects::memory::trace::Tracer;
use krait_objects::prelude::*;

use crate::threads::{PyGILState_Ensure, PyGILState_Release};

/// What the functions answer while memory is not traced.
const NOT_TRACING: c_int = -2;

/// Does something with the tracer of the calling thread's interpreter, which it attaches to for that if need be.
fn with_tracer(action: impl FnOnce(&mut Tracer)) -> c_int {
    if !crate::runtime::is_running() {
        return NOT_TRACING;
    }
    // SAFETY: Python runs; what is attached here is detached again.
    let state = unsafe { PyGILState_Ensure() };
    let done = Thread::current().interp().heap.with_tracer(action);
    // SAFETY: as above.
    unsafe { PyGILState_Release(state) };
    if done.is_some() { 0 } else { NOT_TRACING }
}

/// A block of C's own was allocated, or has another size now.
#[capi]
pub fn PyTraceMalloc_Track(domain: u32, block: usize, size: usize) -> c_int {
    with_tracer(|tracer| tracer.track(domain, block, size))
}

/// A block of C's own is gone.
#[capi]
pub fn PyTraceMalloc_Untrack(domain: u32, block: usize) -> c_int {
    with_tracer(|tracer| drop(tracer.untrack(domain, block)))
}

/// Where a block was allocated: a tuple of file names and lines, or None.
#[capi]
pub fn _PyTraceMalloc_GetTraceback(th: &Thread, domain: u32, block: usize) -> PyResult {
    let find = |tracer: &mut Tracer| tracer.find(domain, block).map(|trace| trace.place.clone());
    match th.interp().heap.with_tracer(find).flatten() {
        Some(place) => krait_modules::tracemalloc::lines_of(th, &place).map(Owned::into_object),
        None => Ok(none().to_owned()),
    }
}
