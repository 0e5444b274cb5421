//! `internal/pycore_crossinterp.h`: bytes that cross to another interpreter where they are, and buffers that go back to
//! theirs.
//!
//! Invariant: 1. C passes live objects and structs.

use std::ffi::{c_char, c_int};

use krait_abi as abi;
use krait_eval::registry;
use krait_macros::capi;
use krait_modules::interpreters::session::visit;
use krait_objects::memory::entry::raw_free;
use krait_objects::prelude::*;

use super::crossing::{_PyXIData_InitWithSize, Data, Interp, State, clear};
use crate::support::*;

/// The bytes of an object, which keeps them.
#[repr(C)]
pub struct BytesData {
    bytes: *const c_char,
    len: isize,
}

#[capi]
pub fn _PyBytes_GetData(th: &Thread, ob: Borrowed<'_>, place: *mut BytesData) -> PyResult<()> {
    let Some(bytes) = ob.downcast::<Bytes>() else {
        let name = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "expected bytes, got {name}"));
    };
    let bytes = bytes.get().as_bytes();
    // SAFETY: (1).
    unsafe { *place = BytesData { bytes: bytes.as_ptr().cast(), len: bytes.len() as isize } };
    Ok(())
}

#[capi]
pub fn _PyBytes_FromData(th: &Thread, data: *const BytesData) -> PyResult<Owned<Bytes>> {
    // SAFETY: (1).
    let bytes =
        unsafe { std::slice::from_raw_parts((*data).bytes.cast(), (*data).len.max(0) as usize) };
    Bytes::new(th, bytes)
}

/// The data begins with where the bytes are.
#[capi]
pub fn _PyBytes_FromXIData(data: Data) -> Ptr {
    // SAFETY: (1).
    unsafe { _PyBytes_FromData((*data).data.cast()) }
}

/// Has a struct of `size` bytes begin with where the bytes are.
#[capi]
pub fn _PyBytes_GetXIDataWrapped(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    size: usize,
    new_object: abi::xid_newobjfunc,
    place: Data,
) -> PyResult<*mut BytesData> {
    // SAFETY: (1).
    unsafe {
        if !(*place).data.is_null() {
            return Err(th.raise(exc::VALUE_ERROR, "xidata has not been cleared"));
        }
        let size = if size < size_of::<BytesData>() { size_of::<BytesData>() } else { size };
        let interp = std::ptr::from_ref(th.interp()).cast_mut().cast();
        if _PyXIData_InitWithSize(place, interp, size, ob.as_ptr(), new_object) < 0 {
            return Err(th.no_memory());
        }
        let shared = (*place).data.cast();
        if _PyBytes_GetData(ob.as_ptr(), shared) < 0 {
            clear(place);
            return Err(th.raised_by_c());
        }
        Ok(shared)
    }
}

#[capi]
pub fn _PyBytes_GetXIData(
    th: &Thread,
    state: State,
    ob: Borrowed<'_>,
    place: Data,
) -> PyResult<()> {
    let size = size_of::<BytesData>();
    // SAFETY: (1).
    unsafe {
        let shared =
            _PyBytes_GetXIDataWrapped(state, ob.as_ptr(), size, Some(_PyBytes_FromXIData), place);
        if shared.is_null() { Err(th.raised_by_c()) } else { Ok(()) }
    }
}

/// Gives a buffer back in the interpreter that it comes from.
#[capi]
pub fn _PyBuffer_ReleaseInInterpreter(interp: Interp, view: *mut abi::Py_buffer) -> c_int {
    let Some(owner) = registry::find(interp.cast()) else { return -1 };
    // SAFETY: (1).
    let release = |_: &Thread| unsafe { crate::buffer::PyBuffer_Release(view) };
    match Thread::current_or_none().map(|th| visit(th, &owner, release)) {
        Some(Ok(())) => 0,
        _ => -1,
    }
}

#[capi]
pub fn _PyBuffer_ReleaseInInterpreterAndRawFree(
    interp: Interp,
    view: *mut abi::Py_buffer,
) -> c_int {
    // SAFETY: (1).
    unsafe {
        let status = _PyBuffer_ReleaseInInterpreter(interp, view);
        raw_free(view.cast());
        status
    }
}
