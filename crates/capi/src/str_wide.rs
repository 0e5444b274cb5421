//! `unicodeobject.h`: strings of C's wide characters, which are code points here.

use krait_macros::capi;
use krait_objects::prelude::*;

type Wide = libc::wchar_t;

#[capi]
pub fn PyUnicode_FromWideChar(th: &Thread, text: *const Wide, len: isize) -> PyResult<Owned<Str>> {
    if text.is_null() && len != 0 || len < -1 {
        return Err(th.bad_internal_call());
    }
    // SAFETY: C passes `len` characters, or a NUL at the end.
    let points: &[u32] = unsafe {
        let len = if len >= 0 { len as usize } else { libc::wcslen(text) };
        if len == 0 { &[] } else { std::slice::from_raw_parts(text.cast(), len) }
    };
    if let Some(wrong) = points.iter().find(|&&point| point > 0x10_ffff) {
        return Err(raise!(
            th,
            VALUE_ERROR,
            "character U+{wrong:x} is not in range [U+0000; U+10ffff]"
        ));
    }
    Str::from_code_points(th, points)
}

/// Without a buffer, the room it would take; else how many characters were written, without the NUL.
#[capi]
pub fn PyUnicode_AsWideChar(
    th: &Thread,
    text: Option<Borrowed<'_>>,
    out: *mut Wide,
    room: isize,
) -> PyResult<isize> {
    let Some(text) = text else {
        return Err(th.bad_internal_call());
    };
    let Some(text) = text.downcast::<Str>() else {
        return Err(th.bad_argument());
    };
    let len = text.len();
    if out.is_null() {
        return Ok(len as isize + 1);
    }
    let count = len.min(usize::try_from(room).unwrap_or(len));
    for (at, point) in text.chars().slice(0..count).iter().enumerate() {
        // SAFETY: C passes `room` places.
        unsafe { out.add(at).write(point as Wide) };
    }
    if usize::try_from(room).is_ok_and(|room| room > len) {
        // SAFETY: as above.
        unsafe { out.add(len).write(0) };
    }
    Ok(count as isize)
}

/// A copy that `PyMem_Free` gives back. Without a place for the length, there must be no NUL in it.
#[capi]
pub fn PyUnicode_AsWideCharString(
    th: &Thread,
    text: Option<Borrowed<'_>>,
    len: *mut isize,
) -> PyResult<*mut Wide> {
    let Some(text) = text else {
        return Err(th.bad_internal_call());
    };
    let Some(text) = text.downcast::<Str>() else {
        return Err(th.bad_argument());
    };
    if len.is_null() && text.chars().iter().any(|point| point == 0) {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
    }
    let bytes = (text.len() + 1).saturating_mul(size_of::<Wide>());
    // SAFETY: any size may be asked for.
    let block: *mut Wide = unsafe { crate::memory::PyMem_Malloc(bytes) }.cast();
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room; C passes a writable place or NULL.
    unsafe {
        for (at, point) in text.chars().iter().enumerate() {
            block.add(at).write(point as Wide);
        }
        block.add(text.len()).write(0);
        if !len.is_null() {
            *len = text.len() as isize;
        }
    }
    Ok(block)
}
