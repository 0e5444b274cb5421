//! `pybuffer.h`: the buffer protocol.

use std::ffi::{c_char, c_int, c_void};

use krait_abi::Py_buffer;
use krait_macros::capi;
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer;

use crate::support::*;

#[capi]
pub fn PyObject_CheckBuffer(ob: Borrowed<'_>) -> bool {
    buffer::check(ob)
}

#[inline(always)]
unsafe fn view_at_once(ob: Ptr, view: *mut Py_buffer, flags: c_int) -> Option<c_int> {
    let usual = flags != krait_abi::PyBUF_READ && flags != krait_abi::PyBUF_WRITE;
    let get = slot_of!(ob, tp_as_buffer, bf_getbuffer).filter(|_| usual)?;
    // SAFETY: C passes a live object and a writable struct.
    Some(unsafe { get(ob, view, flags) })
}

#[capi(fast = view_at_once)]
pub fn PyObject_GetBuffer(
    th: &Thread,
    ob: Borrowed<'_>,
    view: *mut Py_buffer,
    flags: c_int,
) -> PyResult<()> {
    // SAFETY: C passes a writable struct.
    unsafe { buffer::acquire(th, ob, view, flags) }
}

#[capi]
pub fn PyBuffer_Release(view: *mut Py_buffer) {
    // SAFETY: C passes an acquired or released view.
    unsafe { buffer::release(view) }
}

#[capi]
pub fn PyBuffer_FillInfo(
    th: &Thread,
    view: *mut Py_buffer,
    ob: Option<Borrowed<'_>>,
    start: *mut c_void,
    len: isize,
    readonly: c_int,
    flags: c_int,
) -> PyResult<()> {
    if view.is_null() {
        let message = "PyBuffer_FillInfo: view==NULL argument is obsolete";
        return Err(th.raise(exc::BUFFER_ERROR, message));
    }
    let owner = ob.unwrap_or(none());
    // SAFETY: C passes a writable struct and the memory that it is to describe.
    unsafe {
        buffer::fill_info(
            th,
            view,
            owner,
            start.cast(),
            len.max(0) as usize,
            readonly != 0,
            flags,
        )?;
        if ob.is_none() {
            (*view).obj = std::ptr::null_mut();
        }
    }
    Ok(())
}

#[capi]
pub fn PyBuffer_IsContiguous(view: *const Py_buffer, order: c_char) -> c_int {
    // SAFETY: C passes a filled view.
    unsafe { krait_objects::protocol::buffer::is_contiguous(&*view, order.cast_unsigned()).into() }
}

#[capi]
pub fn PyMemoryView_FromObject(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<MemoryView>> {
    MemoryView::new(th, ob)
}

#[capi]
pub fn PyMemoryView_FromBuffer(th: &Thread, view: *const Py_buffer) -> PyResult<Owned<MemoryView>> {
    // SAFETY: C passes a filled view.
    unsafe { MemoryView::from_buffer(th, &*view) }
}
