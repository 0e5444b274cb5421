//! The buffer functions of the stable ABI from before `Py_buffer`: no header declares them, extensions built long ago call them.
//!
//! The memory they hand out is not held: it is the caller who keeps the object as it is.

use std::ffi::{c_char, c_int, c_void};

use krait_abi::Py_buffer;
use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer;

use crate::support::*;

/// `PyBUF_SIMPLE` and `PyBUF_WRITABLE`.
const READ: c_int = 0;
const WRITE: c_int = 1;

/// Start and length of the object's memory.
fn memory(th: &Thread, ob: Borrowed<'_>, flags: c_int) -> PyResult<(*mut c_void, isize)> {
    let mut view = Py_buffer::EMPTY;
    // SAFETY: a writable struct, released once.
    unsafe {
        buffer::acquire(th, ob, &mut view, flags)?;
        let found = (view.buf, view.len);
        buffer::release(&mut view);
        Ok(found)
    }
}

/// Hands out what `find` gives; NULL in any argument is an error.
fn give_memory(
    th: &Thread,
    ob: Ptr,
    start: *mut *mut c_void,
    len: *mut isize,
    find: impl FnOnce(Borrowed<'_>) -> PyResult<(*mut c_void, isize)>,
) -> PyResult<()> {
    if ob.is_null() || start.is_null() || len.is_null() {
        return Err(th.raise(exc::SYSTEM_ERROR, "null argument to internal routine"));
    }
    // SAFETY: C passes a live object and writable places.
    unsafe { (*start, *len) = find(Borrowed::from_ptr(ob))? };
    Ok(())
}

#[capi]
pub fn PyObject_CheckReadBuffer(th: &Thread, ob: Ptr) -> c_int {
    // SAFETY: C passes a live object.
    let ob: Borrowed<'_> = unsafe { Borrowed::from_ptr(ob) };
    let readable = buffer::check(ob) && memory(th, ob, READ).is_ok();
    if !readable {
        drop(th.take_exception());
    }
    readable.into()
}

#[capi]
pub fn PyObject_AsReadBuffer(
    th: &Thread,
    ob: Ptr,
    start: *mut *mut c_void,
    len: *mut isize,
) -> PyResult<()> {
    give_memory(th, ob, start, len, |ob| memory(th, ob, READ))
}

#[capi]
pub fn PyObject_AsCharBuffer(
    th: &Thread,
    ob: Ptr,
    start: *mut *mut c_char,
    len: *mut isize,
) -> PyResult<()> {
    give_memory(th, ob, start.cast(), len, |ob| memory(th, ob, READ))
}

#[capi]
pub fn PyObject_AsWriteBuffer(
    th: &Thread,
    ob: Ptr,
    start: *mut *mut c_void,
    len: *mut isize,
) -> PyResult<()> {
    give_memory(th, ob, start, len, |ob| {
        memory(th, ob, WRITE).map_err(|_| {
            drop(th.take_exception());
            th.raise(exc::TYPE_ERROR, "expected a writable bytes-like object")
        })
    })
}
