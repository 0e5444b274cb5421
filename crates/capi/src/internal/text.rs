//! `internal/pycore_unicodeobject.h`, `pycore_bytesobject.h`, `pycore_strhex.h`: strings and bytes.
//!
//! SAFETY, throughout: C passes live objects, as many items as it says, and writable places.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::codecs::escape::InvalidEscape;
use krait_objects::codecs::{self, escape};
use krait_objects::prelude::*;

use crate::support::*;

unsafe fn bytes<'a>(data: *const c_char, len: isize) -> &'a [u8] {
    if len <= 0 {
        return &[];
    }
    // SAFETY: see the top of the file.
    unsafe { std::slice::from_raw_parts(data.cast(), len as usize) }
}

/// Strings here are made whole.
#[capi]
pub fn _PyUnicode_CheckConsistency(ob: Borrowed<'_>, _contents: c_int) -> bool {
    ob.downcast::<Str>().is_some()
}

#[capi]
pub fn _PyUnicode_Copy(th: &Thread, string: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let Some(string) = string.downcast::<Str>() else {
        return Err(th.bad_internal_call());
    };
    Str::from_chars(th, string.get().chars())
}

#[capi]
pub fn _PyUnicode_AsUTF8String(
    th: &Thread,
    string: Borrowed<'_>,
    errors: *const c_char,
) -> PyResult {
    encoded(th, string, "utf-8", errors)
}

fn encoded(th: &Thread, string: Borrowed<'_>, encoding: &str, errors: *const c_char) -> PyResult {
    let Some(string) = string.downcast::<Str>() else {
        return Err(th.bad_argument());
    };
    let errors = optional(errors);
    Ok(codecs::encode(th, string, Some(encoding), errors.as_deref())?.into_object())
}

/// An encoding whose name tells the order of bytes: with a mark, or the least or greatest first.
fn wide(width: &str, order: c_int) -> String {
    let suffix = match order {
        0 => "",
        order if order < 0 => "-le",
        _ => "-be",
    };
    format!("utf-{width}{suffix}")
}

#[capi]
pub fn _PyUnicode_EncodeUTF16(
    th: &Thread,
    string: Borrowed<'_>,
    errors: *const c_char,
    order: c_int,
) -> PyResult {
    encoded(th, string, &wide("16", order), errors)
}

#[capi]
pub fn _PyUnicode_EncodeUTF32(
    th: &Thread,
    string: Borrowed<'_>,
    errors: *const c_char,
    order: c_int,
) -> PyResult {
    encoded(th, string, &wide("32", order), errors)
}

/// Tells C of an escape that means nothing: its character, or the number of an octal escape beyond 255.
unsafe fn tell_invalid(
    data: *const c_char,
    found: Option<InvalidEscape>,
    character: *mut c_int,
    place: *mut *const c_char,
) {
    let (value, at) = match found {
        None => (-1, None),
        Some(InvalidEscape::Unknown { at, byte }) => (byte.into(), Some(at)),
        Some(InvalidEscape::Octal { at, value }) => (value as c_int, Some(at)),
    };
    // SAFETY: see the top of the file.
    unsafe {
        *character = value;
        *place = at.map_or(std::ptr::null(), |at| data.add(at));
    }
}

#[capi]
pub fn _PyUnicode_DecodeUnicodeEscapeInternal2(
    th: &Thread,
    data: *const c_char,
    len: isize,
    errors: *const c_char,
    consumed: *mut isize,
    character: *mut c_int,
    place: *mut *const c_char,
) -> PyResult<Owned<Str>> {
    let errors = optional(errors);
    // SAFETY: see the top of the file.
    unsafe {
        let (text, used, invalid) = escape::read_unicode_escape(
            th,
            bytes(data, len),
            errors.as_deref(),
            consumed.is_null(),
        )?;
        if !consumed.is_null() {
            *consumed = used as isize;
        }
        tell_invalid(data, invalid, character, place);
        Ok(text)
    }
}

#[capi]
pub fn _PyBytes_DecodeEscape2(
    th: &Thread,
    data: *const c_char,
    len: isize,
    errors: *const c_char,
    character: *mut c_int,
    place: *mut *const c_char,
) -> PyResult<Owned<Bytes>> {
    let errors = optional(errors);
    // SAFETY: see the top of the file.
    unsafe {
        let (made, invalid) = escape::read_escaped_bytes(th, bytes(data, len), errors.as_deref())?;
        tell_invalid(data, invalid, character, place);
        Ok(made)
    }
}

#[capi]
pub fn _PyUnicode_TransformDecimalAndSpaceToASCII(
    th: &Thread,
    string: Borrowed<'_>,
) -> PyResult<Owned<Str>> {
    let Some(string) = string.downcast::<Str>() else {
        return Err(th.bad_internal_call());
    };
    if string.is_ascii() {
        return Ok(string.to_owned());
    }
    let mut out = Vec::with_capacity(string.len());
    for point in string.get().chars().iter() {
        // SAFETY: no pointers.
        let (is_space, digit) = unsafe {
            (
                crate::str_types::_PyUnicode_IsWhitespace(point) != 0,
                crate::str_types::_PyUnicode_ToDecimalDigit(point),
            )
        };
        out.push(match point {
            0..0x80 => point,
            _ if is_space => ' '.into(),
            _ if digit >= 0 => u32::from(b'0') + digit as u32,
            _ => {
                // From here on it cannot be a number any more.
                out.push('?'.into());
                break;
            }
        });
    }
    Str::from_code_points(th, &out)
}

#[capi]
pub fn _PyUnicode_JoinArray(
    th: &Thread,
    separator: Option<Borrowed<'_>>,
    items: *const Ptr,
    count: isize,
) -> PyResult {
    // SAFETY: see the top of the file.
    let items = unsafe { std::slice::from_raw_parts(items.cast::<Borrowed<'_>>(), count as usize) };
    let list = List::from_slice(th, items)?;
    // Without one, a space.
    let space = Str::interned(th, " ")?;
    let separator = separator.unwrap_or(space.object());
    // SAFETY: live objects.
    unsafe { returned(th, crate::str::PyUnicode_Join(separator.as_ptr(), list.as_ptr())) }
}

#[capi]
pub fn _PyUnicode_EqualToASCIIString(string: Borrowed<'_, Str>, text: *const c_char) -> bool {
    string.to_wtf8() == bytes_of(text)
}

#[capi]
pub fn _PyUnicode_Equal(left: Borrowed<'_, Str>, right: Borrowed<'_, Str>) -> bool {
    left.get().eq(right.get())
}

/// How many characters of the beginning make an identifier.
#[capi]
pub fn _PyUnicode_ScanIdentifier(th: &Thread, string: Borrowed<'_, Str>) -> PyResult<isize> {
    let chars = string.get().chars();
    let (mut short, mut long) = (0, chars.len());
    let is_identifier = |len: usize| -> PyResult<bool> {
        Ok(Str::from_chars(th, chars.slice(0..len))?.is_identifier())
    };
    // A beginning of an identifier is one: the longest is found by halves.
    while short < long {
        let middle = (short + long).div_ceil(2);
        if is_identifier(middle)? {
            short = middle;
        } else {
            long = middle - 1;
        }
    }
    Ok(short as isize)
}

macro_rules! interning {
    ($($name:ident $function:ident;)*) => {$(
        #[capi]
        pub fn $name(_interp: *mut abi::PyInterpreterState, place: *mut Ptr) {
            // SAFETY: see the top of the file.
            unsafe { crate::str_build::$function(place) }
        }
    )*};
}

interning! {
    _PyUnicode_InternMortal PyUnicode_InternInPlace;
    _PyUnicode_InternInPlace PyUnicode_InternInPlace;
    _PyUnicode_InternImmortal PyUnicode_InternImmortal;
}

#[capi]
pub fn _PyUnicode_AsUTF8NoNUL(th: &Thread, ob: Borrowed<'_>) -> PyResult<*const c_char> {
    // SAFETY: see the top of the file.
    unsafe {
        let mut len = 0;
        let text = crate::str::PyUnicode_AsUTF8AndSize(ob.as_ptr(), &mut len);
        if text.is_null() {
            return Err(th.raised_by_c());
        }
        if bytes(text, len).contains(&0) {
            return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
        }
        Ok(text)
    }
}

/// Where `needle` is, counted from `offset`; -1 if it is not there.
#[capi]
pub fn _PyBytes_Find(
    data: *const c_char,
    len: isize,
    needle: *const c_char,
    needle_len: isize,
    offset: isize,
) -> isize {
    // SAFETY: see the top of the file.
    let found =
        unsafe { krait_objects::text::search::find(bytes(data, len), bytes(needle, needle_len)) };
    found.map_or(-1, |at| at as isize + offset)
}

#[capi]
pub fn _PyBytes_ReverseFind(
    data: *const c_char,
    len: isize,
    needle: *const c_char,
    needle_len: isize,
    offset: isize,
) -> isize {
    // SAFETY: see the top of the file.
    let found =
        unsafe { krait_objects::text::search::rfind(bytes(data, len), bytes(needle, needle_len)) };
    found.map_or(-1, |at| at as isize + offset)
}

/// Fills memory with copies of a text; the last may be cut.
#[capi]
pub fn _PyBytes_Repeat(place: *mut c_char, len: isize, text: *const c_char, text_len: isize) {
    // SAFETY: see the top of the file.
    unsafe {
        let mut done = 0;
        while done < len && text_len > 0 {
            let part = text_len.min(len - done);
            place.offset(done).copy_from_nonoverlapping(text, part as usize);
            done += part;
        }
    }
}

/// Bytes as hexadecimal digits, with a separator after so many bytes.
fn hex(
    th: &Thread,
    data: &[u8],
    separator: Option<Borrowed<'_>>,
    group: c_int,
) -> PyResult<Owned<Bytes>> {
    let source = Bytes::new(th, data)?;
    let name = Str::interned(th, "hex")?;
    let text = match separator {
        None => call::call_method(th, source.object(), name.borrow(), &[])?,
        Some(separator) => {
            let group = Int::from_i64(th, group.into())?;
            let args = [separator, group.object()];
            call::call_method(th, source.object(), name.borrow(), &args)?
        }
    };
    Bytes::new(th, object::str(th, text.borrow())?.to_wtf8().as_slice())
}

#[capi]
pub fn _Py_strhex(th: &Thread, data: *const c_char, len: isize) -> PyResult<Owned<Str>> {
    // SAFETY: see the top of the file.
    let digits = hex(th, unsafe { bytes(data, len) }, None, 0)?;
    decoded(th, digits.as_bytes())
}

#[capi]
pub fn _Py_strhex_bytes_with_sep(
    th: &Thread,
    data: *const c_char,
    len: isize,
    separator: Option<Borrowed<'_>>,
    group: c_int,
) -> PyResult<Owned<Bytes>> {
    // SAFETY: see the top of the file.
    hex(th, unsafe { bytes(data, len) }, separator, group)
}

/// A C string of `PyMem_Malloc`.
#[capi]
pub fn _PyMem_Strdup(text: *const c_char) -> *mut c_char {
    let bytes = bytes_of(text);
    // SAFETY: any size may be asked for.
    let copy: *mut u8 = unsafe { crate::memory::PyMem_Malloc(bytes.len() + 1) }.cast();
    if copy.is_null() {
        return null_mut();
    }
    // SAFETY: new memory of that size.
    unsafe {
        copy.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        copy.add(bytes.len()).write(0);
    }
    copy.cast()
}
