//! Conversions that the entries share: C strings, attribute names, results of calls.

use std::ffi::{CStr, c_char};

use krait_abi as abi;
pub use krait_objects::args::rt::capi::{
    exactly, missing as null_argument, some, there, there_exactly,
};
use krait_objects::codecs;
use krait_objects::prelude::*;

pub type Ptr = *mut abi::PyObject;
pub type TypePtr = *mut abi::PyTypeObject;

/// The function in a slot of a table of the object's class. What it answers is C's as it is.
macro_rules! slot {
    ($ob:expr, $table:ident, $slot:ident) => {
        // SAFETY: a class's tables, where there are any, are whole structs that live as long as it.
        unsafe { $ob.get().ty().get().raw().$table.as_ref() }.and_then(|table| table.$slot)
    };
}
pub(crate) use slot;

/// As `slot`, for what C passed, which may be NULL.
macro_rules! slot_of {
    ($ob:expr, $table:ident, $slot:ident) => {
        // SAFETY: a live object or NULL; a class's tables, where there are any, are whole structs that live as long as it.
        unsafe { $ob.as_ref().and_then(|ob| (*ob.ob_type).$table.as_ref()) }
            .and_then(|table| table.$slot)
    };
}
pub(crate) use slot_of;

/// Whether a class is in another's order of resolution; `None` if it has none yet.
///
/// # Safety
/// Both are live types.
#[inline(always)]
pub unsafe fn derives(ty: TypePtr, other: TypePtr) -> Option<bool> {
    // SAFETY: the caller's promise.
    let mro = unsafe { type_of(ty).get().mro()? };
    let mro = mro.get();
    let (classes, len) = (mro.items(), mro.len());
    if len == 0 {
        return Some(false);
    }
    // The count follows the comparison: the first class is the most likely one.
    let mut at = 0;
    loop {
        // SAFETY: `at` is less than `len`.
        if unsafe { *classes.add(at) } == other.cast() {
            return Some(true);
        }
        at += 1;
        if at == len {
            return Some(false);
        }
    }
}

/// The bytes of a C string; none for NULL.
pub fn bytes_of<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() {
        return &[];
    }
    // SAFETY: C passes a NUL-terminated string that outlives the call.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}

/// Whether runs of bytes are equal; those of about a word or two without a call.
///
/// # Safety
/// Both have `len` bytes.
#[inline(always)]
pub unsafe fn same_bytes(left: *const u8, right: *const u8, len: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        if !(8..=16).contains(&len) {
            return std::slice::from_raw_parts(left, len) == std::slice::from_raw_parts(right, len);
        }
        let word = |run: *const u8, at: usize| run.add(at).cast::<u64>().read_unaligned();
        // The words may overlap.
        let (first, last) = (0, len - 8);
        word(left, first) == word(right, first) && word(left, last) == word(right, last)
    }
}

/// A C string as Rust text, for names that are compared or shown.
pub fn text_of<'a>(text: *const c_char) -> std::borrow::Cow<'a, str> {
    String::from_utf8_lossy(bytes_of(text))
}

/// An optional C string, such as the name of a codec.
pub fn optional<'a>(text: *const c_char) -> Option<std::borrow::Cow<'a, str>> {
    (!text.is_null()).then(|| text_of(text))
}

/// A `str` of a UTF-8 C string, which must be there.
pub fn string(th: &Thread, text: *const c_char) -> PyResult<Owned<Str>> {
    if text.is_null() {
        return Err(null_argument(th));
    }
    decoded(th, bytes_of(text))
}

/// A `str` of UTF-8 bytes.
pub fn decoded(th: &Thread, bytes: &[u8]) -> PyResult<Owned<Str>> {
    Str::from_utf8(th, bytes).unwrap_or_else(|| codecs::decode(th, bytes, None, None))
}

/// As `string`, interned: for attribute names and keys.
pub fn name(th: &Thread, text: *const c_char) -> PyResult<Owned<Str>> {
    let bytes = bytes_of(text);
    if bytes.is_ascii() && !text.is_null() {
        return Str::interned_ascii(th, bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(found) if !text.is_null() => Str::interned(th, found),
        _ => string(th, text),
    }
}

/// An attribute's name, which C gives as any object.
pub fn attribute<'a>(th: &Thread, name: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    name.downcast::<Str>().ok_or_else(|| {
        raise!(th, TYPE_ERROR, "attribute name must be string, not '{}'", name.type_name())
    })
}

/// The handle of a type that C passes as `PyTypeObject *`.
///
/// # Safety
/// `ty` is a live type.
pub unsafe fn type_of<'a>(ty: TypePtr) -> Borrowed<'a, Type> {
    // SAFETY: the caller's promise.
    unsafe { Borrowed::from_ptr(ty.cast()) }
}

/// A new reference in `place` and 1; NULL and 0 if there is none; NULL and -1 on an error.
///
/// # Safety
/// `place` is writable.
pub unsafe fn give(place: *mut Ptr, found: PyResult<Option<Owned>>) -> PyResult<bool> {
    let (value, result) = match found {
        Ok(Some(value)) => (value.into_ptr(), Ok(true)),
        Ok(None) => (std::ptr::null_mut(), Ok(false)),
        Err(raised) => (std::ptr::null_mut(), Err(raised)),
    };
    // SAFETY: the caller's promise.
    unsafe { *place = value };
    result
}

/// What a C function returned: a new reference, or NULL with an exception.
pub fn returned(th: &Thread, ptr: Ptr) -> PyResult {
    // SAFETY: C gives a reference or NULL.
    unsafe { Owned::from_ptr_or_null(ptr) }.ok_or_else(|| th.raised_by_c())
}

/// A wide C string as Rust text.
///
/// # Safety
/// `text` is null or a NUL-terminated string.
pub unsafe fn wide_text(text: *const libc::wchar_t) -> String {
    let mut out = String::new();
    let mut at = text;
    // SAFETY: the caller's promise.
    unsafe {
        while !at.is_null() && *at != 0 {
            out.push(char::from_u32(*at as u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            at = at.add(1);
        }
    }
    out
}

/// A `str` of a wide C string, of `len` units or up to its NUL.
///
/// # Safety
/// `text` holds so many units, or ends with NUL.
pub unsafe fn wide_string(
    th: &Thread,
    text: *const libc::wchar_t,
    len: Option<usize>,
) -> PyResult<Owned<Str>> {
    // SAFETY: the caller's promise; a code point has the size of a wide character here.
    let units: &[u32] = unsafe {
        let len = len.unwrap_or_else(|| libc::wcslen(text));
        std::slice::from_raw_parts(text.cast(), len)
    };
    match units.iter().find(|&&unit| unit > 0x10_ffff) {
        None => Str::from_code_points(th, units),
        Some(unit) => {
            Err(raise!(th, VALUE_ERROR, "character U+{unit:x} is not in range [U+0000; U+10ffff]"))
        }
    }
}

/// An argument that functions for one type of objects miss: SystemError, unless an exception is set.
#[inline(always)]
pub fn given<'a>(th: &Thread, ob: Option<Borrowed<'a>>) -> PyResult<Borrowed<'a>> {
    ob.ok_or_else(|| not_given(th))
}

#[cold]
#[inline(never)]
fn not_given(th: &Thread) -> Raised {
    if th.is_raised() { th.raised_by_c() } else { th.bad_internal_call() }
}

/// `len` bytes of C's; `negative` says what a negative length means.
pub fn counted<'a>(
    th: &Thread,
    text: *const c_char,
    len: isize,
    negative: fn(&Thread) -> PyResult<&'a [u8]>,
) -> PyResult<&'a [u8]> {
    match usize::try_from(len) {
        Ok(0) => Ok(&[]),
        Ok(_) if text.is_null() => Err(th.bad_internal_call()),
        // No string is that long.
        Ok(len) if len > isize::MAX as usize / 2 => Err(th.no_memory()),
        // SAFETY: C passes `len` bytes.
        Ok(len) => Ok(unsafe { std::slice::from_raw_parts(text.cast(), len) }),
        Err(_) => negative(th),
    }
}

/// A negative length fails where the string is made.
pub fn no_string<'a>(th: &Thread) -> PyResult<&'a [u8]> {
    Err(th.raise(exc::SYSTEM_ERROR, "Negative size passed to PyUnicode_New"))
}

/// A negative length is taken for one beyond all memory.
pub fn no_memory<'a>(th: &Thread) -> PyResult<&'a [u8]> {
    Err(th.no_memory())
}

/// A negative length is no length.
pub fn nothing<'a>(_: &Thread) -> PyResult<&'a [u8]> {
    Ok(&[])
}
