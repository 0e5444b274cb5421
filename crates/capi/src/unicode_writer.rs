//! `PyUnicodeWriter_…`: building a string piece by piece.

use std::ffi::{c_char, c_int};

use krait_macros::capi;
use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use crate::support::*;

/// A string under construction. C knows its address only.
pub struct PyUnicodeWriter {
    out: StrBuilder,
}

impl PyUnicodeWriter {
    pub fn push(&mut self, text: &Str) {
        self.out.push(text);
    }
}

/// # Safety
/// C passes a writer that it has not finished or discarded.
unsafe fn out<'a>(writer: *mut PyUnicodeWriter) -> &'a mut StrBuilder {
    // SAFETY: the caller's promise.
    unsafe { &mut (*writer).out }
}

#[capi]
pub fn PyUnicodeWriter_Create(th: &Thread, length: isize) -> PyResult<*mut PyUnicodeWriter> {
    let Ok(length) = usize::try_from(length) else {
        return Err(th.raise(exc::VALUE_ERROR, "length must be positive"));
    };
    // A hint only: what nobody could have is not reserved.
    let out = StrBuilder::with_capacity(length.clamp(32, 1 << 20));
    Ok(Box::into_raw(Box::new(PyUnicodeWriter { out })))
}

#[capi]
pub fn PyUnicodeWriter_Discard(writer: *mut PyUnicodeWriter) {
    if !writer.is_null() {
        // SAFETY: made by `PyUnicodeWriter_Create`, and given up.
        drop(unsafe { Box::from_raw(writer) });
    }
}

#[capi]
pub fn PyUnicodeWriter_Finish(th: &Thread, writer: *mut PyUnicodeWriter) -> PyResult<Owned<Str>> {
    // SAFETY: made by `PyUnicodeWriter_Create`, and given up.
    unsafe { Box::from_raw(writer) }.out.finish(th)
}

#[capi]
pub fn PyUnicodeWriter_WriteChar(
    th: &Thread,
    writer: *mut PyUnicodeWriter,
    point: u32,
) -> PyResult<()> {
    if point > 0x10_ffff {
        return Err(th.raise(exc::VALUE_ERROR, "character must be in range(0x110000)"));
    }
    // SAFETY: C passes a live writer.
    unsafe { out(writer) }.push_char(point);
    Ok(())
}

/// The bytes that C gives: all of them up to NUL if the length is negative.
fn given<'a>(text: *const c_char, len: isize) -> &'a [u8] {
    match usize::try_from(len) {
        // SAFETY: C passes so many bytes.
        Ok(len) if !text.is_null() => unsafe { std::slice::from_raw_parts(text.cast(), len) },
        _ => bytes_of(text),
    }
}

#[capi]
pub fn PyUnicodeWriter_WriteUTF8(
    th: &Thread,
    writer: *mut PyUnicodeWriter,
    text: *const c_char,
    len: isize,
) -> PyResult<()> {
    let bytes = given(text, len);
    // SAFETY: C passes a live writer.
    let out = unsafe { out(writer) };
    if bytes.is_ascii() {
        out.push_units(bytes);
    } else {
        out.push(&*decoded(th, bytes)?);
    }
    Ok(())
}

/// Whether the text is ASCII is the caller's promise.
#[capi]
pub fn PyUnicodeWriter_WriteASCII(
    writer: *mut PyUnicodeWriter,
    text: *const c_char,
    len: isize,
) -> c_int {
    // SAFETY: C passes a live writer.
    let out = unsafe { out(writer) };
    given(text, len).iter().for_each(|&byte| out.push_char(byte.into()));
    0
}

#[capi]
pub fn PyUnicodeWriter_DecodeUTF8Stateful(
    th: &Thread,
    writer: *mut PyUnicodeWriter,
    text: *const c_char,
    len: isize,
    errors: *const c_char,
    consumed: *mut isize,
) -> PyResult<()> {
    let bytes = given(text, len);
    let errors = optional(errors);
    let last = consumed.is_null();
    if !last {
        // SAFETY: C passes a writable place.
        unsafe { *consumed = 0 };
    }
    let (text, used) = codecs::native::decode_utf8(th, bytes, errors.as_deref(), last)?;
    // SAFETY: C passes a live writer, and a writable place or NULL.
    unsafe {
        out(writer).push(&text);
        if !last {
            *consumed = used as isize;
        }
    }
    Ok(())
}

#[capi]
pub fn PyUnicodeWriter_WriteWideChar(
    th: &Thread,
    writer: *mut PyUnicodeWriter,
    text: *const libc::wchar_t,
    len: isize,
) -> PyResult<()> {
    // SAFETY: C passes so many units, or a string that ends; and a live writer.
    unsafe {
        let text = wide_string(th, text, usize::try_from(len).ok())?;
        out(writer).push(&text);
    }
    Ok(())
}

#[capi]
pub fn PyUnicodeWriter_WriteUCS4(
    th: &Thread,
    writer: *mut PyUnicodeWriter,
    text: *const u32,
    len: isize,
) -> PyResult<()> {
    if len < 0 {
        return Err(th.raise(exc::VALUE_ERROR, "size must be positive"));
    }
    // SAFETY: C passes so many code points, and a live writer.
    unsafe {
        let text = wide_string(th, text.cast(), Some(len as usize))?;
        out(writer).push(&text);
    }
    Ok(())
}

#[capi]
pub fn PyUnicodeWriter_WriteStr(
    th: &Thread,
    writer: *mut PyUnicodeWriter,
    ob: Borrowed<'_>,
) -> PyResult<()> {
    let text = object::str(th, ob)?;
    // SAFETY: C passes a live writer.
    unsafe { out(writer) }.push(&text);
    Ok(())
}

#[capi]
pub fn PyUnicodeWriter_WriteRepr(
    th: &Thread,
    writer: *mut PyUnicodeWriter,
    ob: Ptr,
) -> PyResult<()> {
    // SAFETY: C passes a live writer, and a live object or NULL.
    unsafe {
        match Borrowed::from_ptr_or_null(ob) {
            None => out(writer).push_str("<NULL>"),
            Some(ob) => {
                let text = object::repr(th, ob)?;
                out(writer).push(&text);
            }
        }
    }
    Ok(())
}

#[capi]
pub fn PyUnicodeWriter_WriteSubstring(
    th: &Thread,
    writer: *mut PyUnicodeWriter,
    ob: Borrowed<'_>,
    start: isize,
    end: isize,
) -> PyResult<()> {
    let Some(text) = ob.downcast::<Str>() else {
        return Err(raise!(th, TYPE_ERROR, "expect str, not {}", ob.type_name()));
    };
    let len = text.len() as isize;
    if start < 0 || start > end {
        return Err(th.raise(exc::VALUE_ERROR, "invalid start argument"));
    }
    if end > len {
        return Err(th.raise(exc::VALUE_ERROR, "invalid end argument"));
    }
    // SAFETY: C passes a live writer.
    unsafe { out(writer) }.push_chars(text.get().chars().slice(start as usize..end as usize));
    Ok(())
}
