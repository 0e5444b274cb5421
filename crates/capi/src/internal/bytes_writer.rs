//! `_PyBytesWriter_…`: building `bytes` in a struct of C's, first on its stack, then in an object.
//!
//! The same job as the private writer of CPython's `Objects/bytesobject.c`.
//!
//! SAFETY, throughout: C passes a writer that `_PyBytesWriter_Init` has set up, and places inside its buffer.

use std::ffi::c_void;
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

type Writer = *mut abi::_PyBytesWriter;

/// A buffer that is too small gets so much more than needed: a quarter.
const EXTRA: isize = 4;

/// The first byte of what an object of the writer holds.
unsafe fn data_of(ob: Ptr, bytearray: bool) -> *mut u8 {
    // SAFETY: see the top of the file.
    unsafe {
        if bytearray {
            (*ob.cast::<abi::PyByteArrayObject>()).ob_start.cast()
        } else {
            (&raw mut (*ob.cast::<abi::PyBytesObject>()).ob_sval).cast()
        }
    }
}

unsafe fn start(writer: Writer) -> *mut u8 {
    // SAFETY: see the top of the file.
    unsafe {
        if (*writer).use_small_buffer != 0 {
            (&raw mut (*writer).small_buffer).cast()
        } else {
            data_of((*writer).buffer, (*writer).use_bytearray != 0)
        }
    }
}

#[capi]
pub fn _PyBytesWriter_Init(writer: Writer) {
    // SAFETY: C passes the memory; the buffer may stay as it is.
    unsafe {
        writer.cast::<u8>().write_bytes(0, std::mem::offset_of!(abi::_PyBytesWriter, small_buffer))
    }
}

#[capi]
pub fn _PyBytesWriter_Dealloc(writer: Writer) {
    // SAFETY: see the top of the file.
    drop(unsafe {
        Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut (*writer).buffer, null_mut()))
    });
}

#[capi]
pub fn _PyBytesWriter_Alloc(writer: Writer, size: isize) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe {
        (*writer).use_small_buffer = 1;
        (*writer).allocated = size_of_val(&(*writer).small_buffer) as isize;
        _PyBytesWriter_Prepare(writer, (&raw mut (*writer).small_buffer).cast(), size)
    }
}

/// Room for `size` more bytes behind `place`, which may be somewhere else now.
#[capi]
pub fn _PyBytesWriter_Prepare(
    th: &Thread,
    writer: Writer,
    place: *mut c_void,
    size: isize,
) -> PyResult<*mut c_void> {
    if size == 0 {
        return Ok(place);
    }
    // SAFETY: see the top of the file.
    unsafe {
        let Some(needed) = (*writer).min_size.checked_add(size) else {
            return Err(th.no_memory());
        };
        (*writer).min_size = needed;
        if needed <= (*writer).allocated {
            return Ok(place);
        }
        grow(th, writer, place, needed)
    }
}

/// Makes the buffer larger, by more than needed if the writer wants that.
#[capi]
pub fn _PyBytesWriter_Resize(
    th: &Thread,
    writer: Writer,
    place: *mut c_void,
    size: isize,
) -> PyResult<*mut c_void> {
    // SAFETY: see the top of the file.
    unsafe { grow(th, writer, place, size) }
}

unsafe fn grow(
    th: &Thread,
    writer: Writer,
    place: *mut c_void,
    size: isize,
) -> PyResult<*mut c_void> {
    // SAFETY: see the top of the file.
    unsafe {
        let mut size = size;
        if (*writer).overallocate != 0 && size <= isize::MAX - size / EXTRA {
            size += size / EXTRA;
        }
        let used = place.cast::<u8>().offset_from(start(writer)) as usize;
        let bytearray = (*writer).use_bytearray != 0;
        if (*writer).use_small_buffer != 0 {
            let made = if bytearray {
                crate::bytes::PyByteArray_FromStringAndSize(std::ptr::null(), size)
            } else {
                crate::bytes::PyBytes_FromStringAndSize(std::ptr::null(), size)
            };
            let made = returned(th, made)?;
            if used != 0 {
                let from: *const u8 = (&raw const (*writer).small_buffer).cast();
                data_of(made.as_ptr(), bytearray).copy_from_nonoverlapping(from, used);
            }
            (*writer).buffer = made.into_ptr();
            (*writer).use_small_buffer = 0;
        } else {
            let failed = if bytearray {
                crate::bytes::PyByteArray_Resize((*writer).buffer, size) != 0
            } else {
                crate::bytes::_PyBytes_Resize(&raw mut (*writer).buffer, size) != 0
            };
            if failed {
                return Err(th.raised_by_c());
            }
        }
        (*writer).allocated = size;
        Ok(start(writer).add(used).cast())
    }
}

#[capi]
pub fn _PyBytesWriter_Finish(th: &Thread, writer: Writer, place: *mut c_void) -> PyResult {
    // SAFETY: see the top of the file.
    unsafe {
        let size = place.cast::<u8>().offset_from(start(writer));
        let bytearray = (*writer).use_bytearray != 0;
        if size == 0 && !bytearray {
            _PyBytesWriter_Dealloc(writer);
            return Ok(Bytes::empty().object().to_owned());
        }
        if (*writer).use_small_buffer != 0 {
            let from = start(writer).cast();
            let made = if bytearray {
                crate::bytes::PyByteArray_FromStringAndSize(from, size)
            } else {
                crate::bytes::PyBytes_FromStringAndSize(from, size)
            };
            return returned(th, made);
        }
        let mut buffer = std::mem::replace(&mut (*writer).buffer, null_mut());
        if size == (*writer).allocated {
            return Ok(Owned::from_ptr(buffer));
        }
        if !bytearray {
            // On failure the object is gone, and NULL in its place.
            crate::bytes::_PyBytes_Resize(&mut buffer, size);
            return returned(th, buffer);
        }
        let buffer = Owned::<Object>::from_ptr(buffer);
        if crate::bytes::PyByteArray_Resize(buffer.as_ptr(), size) != 0 {
            return Err(th.raised_by_c());
        }
        Ok(buffer)
    }
}

#[capi]
pub fn _PyBytesWriter_WriteBytes(
    writer: Writer,
    place: *mut c_void,
    bytes: *const c_void,
    size: isize,
) -> *mut c_void {
    // SAFETY: see the top of the file; C passes so many bytes.
    unsafe {
        let place = _PyBytesWriter_Prepare(writer, place, size);
        if place.is_null() {
            return place;
        }
        place.cast::<u8>().copy_from_nonoverlapping(bytes.cast(), size as usize);
        place.cast::<u8>().offset(size).cast()
    }
}
