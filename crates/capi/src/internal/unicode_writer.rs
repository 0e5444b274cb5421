//! `_PyUnicodeWriter_…`: building a string in a struct that C looks into.
//!
//! The buffer is a string that nobody else knows, with room at its end; a string that was written whole first is kept as
//! it is, to be given back if nothing follows. The same job as CPython's `Objects/unicode_writer.c`.
//!
//! SAFETY, throughout: C passes a writer that `_PyUnicodeWriter_Init` has set up.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::str_build::{PyUnicode_CopyCharacters, PyUnicode_DATA, PyUnicode_New, PyUnicode_Resize};
use crate::support::*;

type Writer = *mut abi::_PyUnicodeWriter;

const FEWEST: isize = 0;
/// A buffer that is too small gets so much more than needed: a quarter.
const EXTRA: isize = 4;

unsafe fn buffer<'a>(writer: Writer) -> Option<Borrowed<'a, Str>> {
    // SAFETY: see the top of the file.
    unsafe { Borrowed::from_ptr_or_null((*writer).buffer) }
}

/// The highest character that a string of the kind of `max` can hold.
fn bound(max: u32) -> u32 {
    match max {
        0..0x80 => 0x7f,
        0x80..0x100 => 0xff,
        0x100..0x1_0000 => 0xffff,
        _ => 0x10_ffff,
    }
}

/// Tells C what the buffer is like.
unsafe fn update(writer: Writer) {
    // SAFETY: see the top of the file.
    unsafe {
        let Some(buffer) = buffer(writer) else { return };
        let state = buffer.state();
        (*writer).maxchar = match (state.is_ascii(), state.kind()) {
            (true, _) => 0x7f,
            (_, 1) => 0xff,
            (_, 2) => 0xffff,
            _ => 0x10_ffff,
        };
        (*writer).data = PyUnicode_DATA(buffer.as_ptr());
        if (*writer).readonly == 0 {
            (*writer).kind = state.kind() as c_int;
            (*writer).size = buffer.len() as isize;
        } else {
            // Whatever is asked for next makes a buffer.
            (*writer).kind = 0;
            (*writer).size = 0;
        }
    }
}

unsafe fn set_buffer(writer: Writer, new: Owned<Str>) {
    // SAFETY: see the top of the file.
    unsafe {
        let old = std::mem::replace(&mut (*writer).buffer, new.into_ptr());
        drop(Owned::<Object>::from_ptr_or_null(old));
    }
}

unsafe fn fresh(th: &Thread, size: isize, max: u32) -> PyResult<Owned<Str>> {
    // SAFETY: a new string.
    unsafe { returned(th, PyUnicode_New(size, max)).map(|ob| ob.cast()) }
}

/// A new buffer with what has been written.
unsafe fn move_to(th: &Thread, writer: Writer, size: isize, max: u32) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        let new = fresh(th, size, max)?;
        if (*writer).pos > 0
            && PyUnicode_CopyCharacters(new.as_ptr(), 0, (*writer).buffer, 0, (*writer).pos) < 0
        {
            return Err(th.raised_by_c());
        }
        (*writer).readonly = 0;
        set_buffer(writer, new);
        Ok(())
    }
}

unsafe fn prepare(th: &Thread, writer: Writer, length: isize, max: u32) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        if length == 0 || max <= (*writer).maxchar && length <= (*writer).size - (*writer).pos {
            return Ok(());
        }
        let Some(mut needed) = (*writer).pos.checked_add(length) else {
            return Err(th.no_memory());
        };
        let max = bound(max.max((*writer).min_char));
        if (*writer).buffer.is_null() {
            if (*writer).overallocate != 0 && needed <= isize::MAX - needed / EXTRA {
                needed += needed / EXTRA;
            }
            let new = fresh(th, needed.max((*writer).min_length), max)?;
            set_buffer(writer, new);
        } else if needed > (*writer).size {
            if (*writer).overallocate != 0 && needed <= isize::MAX - needed / EXTRA {
                needed += needed / EXTRA;
            }
            let needed = needed.max((*writer).min_length);
            if max > (*writer).maxchar || (*writer).readonly != 0 {
                move_to(th, writer, needed, max.max((*writer).maxchar))?;
            } else if PyUnicode_Resize(&raw mut (*writer).buffer, needed) < 0 {
                return Err(th.raised_by_c());
            }
        } else if max > (*writer).maxchar {
            move_to(th, writer, (*writer).size, max)?;
        }
        update(writer);
        Ok(())
    }
}

#[capi]
pub fn _PyUnicodeWriter_Init(writer: Writer) {
    // SAFETY: C passes the memory.
    unsafe {
        writer.cast::<u8>().write_bytes(0, size_of::<abi::_PyUnicodeWriter>());
        (*writer).min_char = 127;
        (*writer).min_length = FEWEST;
    }
}

#[capi]
pub fn _PyUnicodeWriter_PrepareInternal(
    th: &Thread,
    writer: Writer,
    length: isize,
    max: u32,
) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe { prepare(th, writer, length, max) }
}

#[capi]
pub fn _PyUnicodeWriter_PrepareKindInternal(
    th: &Thread,
    writer: Writer,
    kind: c_int,
) -> PyResult<()> {
    let max = match kind {
        1 => 0xff,
        2 => 0xffff,
        4 => 0x10_ffff,
        _ => return Err(th.raise(exc::SYSTEM_ERROR, "invalid kind")),
    };
    // SAFETY: see the top of the file.
    unsafe {
        let left = ((*writer).size - (*writer).pos).max(1);
        prepare(th, writer, left, max)
    }
}

unsafe fn put(writer: Writer, at: isize, point: u32) {
    // SAFETY: the buffer has room for it, in its kind.
    unsafe {
        match (*writer).kind {
            1 => (*writer).data.cast::<u8>().offset(at).write(point as u8),
            2 => (*writer).data.cast::<u16>().offset(at).write(point as u16),
            _ => (*writer).data.cast::<u32>().offset(at).write(point),
        }
    }
}

#[capi]
pub fn _PyUnicodeWriter_WriteChar(th: &Thread, writer: Writer, point: u32) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        prepare(th, writer, 1, point)?;
        put(writer, (*writer).pos, point);
        (*writer).pos += 1;
    }
    Ok(())
}

unsafe fn write_part(
    th: &Thread,
    writer: Writer,
    string: Borrowed<'_, Str>,
    start: isize,
    end: isize,
) -> PyResult<()> {
    let part = string.get().chars().slice(start as usize..end as usize);
    // SAFETY: see the top of the file.
    unsafe {
        prepare(th, writer, end - start, part.max_char())?;
        for (at, point) in part.iter().enumerate() {
            put(writer, (*writer).pos + at as isize, point);
        }
        (*writer).pos += end - start;
    }
    Ok(())
}

#[capi]
pub fn _PyUnicodeWriter_WriteStr(
    th: &Thread,
    writer: Writer,
    string: Borrowed<'_, Str>,
) -> PyResult<()> {
    let len = string.len() as isize;
    // SAFETY: see the top of the file.
    unsafe {
        if len == 0 {
            return Ok(());
        }
        if (*writer).buffer.is_null() && (*writer).overallocate == 0 {
            // Kept whole until more follows.
            (*writer).readonly = 1;
            set_buffer(writer, string.to_owned());
            update(writer);
            (*writer).pos += len;
            return Ok(());
        }
        write_part(th, writer, string, 0, len)
    }
}

#[capi]
pub fn _PyUnicodeWriter_WriteSubstring(
    th: &Thread,
    writer: Writer,
    string: Borrowed<'_, Str>,
    start: isize,
    end: isize,
) -> PyResult<()> {
    if start >= end {
        return Ok(());
    }
    // SAFETY: see the top of the file.
    unsafe { write_part(th, writer, string, start, end) }
}

unsafe fn write_bytes(
    th: &Thread,
    writer: Writer,
    text: *const c_char,
    len: isize,
    max: u32,
) -> PyResult<()> {
    // SAFETY: see the top of the file; C passes so many bytes.
    unsafe {
        let len = if len < 0 { libc::strlen(text) as isize } else { len };
        prepare(th, writer, len, max)?;
        for at in 0..len {
            put(writer, (*writer).pos + at, (*text.offset(at) as u8).into());
        }
        (*writer).pos += len;
    }
    Ok(())
}

#[capi]
pub fn _PyUnicodeWriter_WriteASCIIString(
    th: &Thread,
    writer: Writer,
    text: *const c_char,
    len: isize,
) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe { write_bytes(th, writer, text, len, 0x7f) }
}

#[capi]
pub fn _PyUnicodeWriter_WriteLatin1String(
    th: &Thread,
    writer: Writer,
    text: *const c_char,
    len: isize,
) -> PyResult<()> {
    let bytes = if len > 0 {
        // SAFETY: C passes so many bytes.
        unsafe { std::slice::from_raw_parts(text.cast::<u8>(), len as usize) }
    } else {
        &[]
    };
    let max = if bytes.is_ascii() { 0x7f } else { 0xff };
    // SAFETY: see the top of the file.
    unsafe { write_bytes(th, writer, text, len.max(0), max) }
}

#[capi]
pub fn _PyUnicodeWriter_Finish(th: &Thread, writer: Writer) -> PyResult {
    // SAFETY: see the top of the file.
    unsafe {
        let mut buffer = std::mem::replace(&mut (*writer).buffer, null_mut());
        if (*writer).pos == 0 {
            drop(Owned::<Object>::from_ptr_or_null(buffer));
            return Ok(Str::empty().object().to_owned());
        }
        let string = Borrowed::<Str>::from_ptr(buffer);
        if (*writer).readonly != 0 || string.len() as isize == (*writer).pos && string.len() != 1 {
            return Ok(Owned::from_ptr(buffer));
        }
        if (*writer).pos == 1 {
            let point = string.char_at(0);
            drop(Owned::<Object>::from_ptr(buffer));
            return Str::from_char(th, point).map(Owned::into_object);
        }
        if PyUnicode_Resize(&mut buffer, (*writer).pos) < 0 {
            drop(Owned::<Object>::from_ptr_or_null(buffer));
            return Err(th.raised_by_c());
        }
        Ok(Owned::from_ptr(buffer))
    }
}

#[capi]
pub fn _PyUnicodeWriter_Dealloc(writer: Writer) {
    // SAFETY: see the top of the file.
    unsafe {
        let buffer = std::mem::replace(&mut (*writer).buffer, null_mut());
        drop(Owned::<Object>::from_ptr_or_null(buffer));
        (*writer).data = null_mut::<c_void>();
    }
}
