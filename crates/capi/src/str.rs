//! `unicodeobject.h`.

use std::ffi::{c_char, c_int};
use std::hint::cold_path;

use krait_macros::capi;
use krait_objects::codecs;
use krait_objects::codegen::keep_apart;
use krait_objects::prelude::*;
use krait_objects::text::search;

use crate::support::*;

/// The string of one character, which is there already.
#[inline(always)]
unsafe fn single_at_once(text: *const c_char) -> Option<Ptr> {
    // SAFETY: C passes a string or NULL.
    let first = unsafe { *text.as_ref()? } as u8;
    // SAFETY: behind a character that is not NUL there is another one.
    if !first.is_ascii() || first == 0 || unsafe { *text.add(1) } != 0 {
        return None;
    }
    // Immortal.
    Some(krait_objects::str::single::single(first).as_ptr())
}

#[capi(fast = single_at_once)]
pub fn PyUnicode_FromString(th: &Thread, text: *const c_char) -> PyResult<Owned<Str>> {
    string(th, text)
}

#[capi]
pub fn PyUnicode_FromStringAndSize(
    th: &Thread,
    text: *const c_char,
    len: isize,
) -> PyResult<Owned<Str>> {
    if text.is_null() && len > 0 {
        let message =
            "NULL string with positive size with NULL passed to PyUnicode_FromStringAndSize";
        return Err(th.raise(exc::SYSTEM_ERROR, message));
    }
    let negative = |th: &Thread| {
        Err(th.raise(exc::SYSTEM_ERROR, "Negative size passed to PyUnicode_FromStringAndSize"))
    };
    decoded(th, counted(th, text, len, negative)?)
}

#[capi]
pub fn PyUnicode_InternFromString(th: &Thread, text: *const c_char) -> PyResult<Owned<Str>> {
    name(th, text)
}

#[capi]
pub fn PyUnicode_DecodeUTF8(
    th: &Thread,
    text: *const c_char,
    len: isize,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    let bytes = counted(th, text, len, no_memory)?;
    // What is in order needs no codec; the name of a handler may have to be checked all the same.
    if errors.is_null() && bytes.is_ascii() {
        return Str::from_ascii(th, bytes);
    }
    codecs::decode(th, bytes, Some("utf-8"), optional(errors).as_deref())
}

#[capi]
pub fn PyUnicode_DecodeASCII(
    th: &Thread,
    text: *const c_char,
    len: isize,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    codecs::decode(
        th,
        counted(th, text, len, no_string)?,
        Some("ascii"),
        optional(errors).as_deref(),
    )
}

#[capi]
pub fn PyUnicode_DecodeLatin1(
    th: &Thread,
    text: *const c_char,
    len: isize,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    codecs::decode(
        th,
        counted(th, text, len, no_string)?,
        Some("latin-1"),
        optional(errors).as_deref(),
    )
}

#[capi]
pub fn PyUnicode_Decode(
    th: &Thread,
    text: *const c_char,
    len: isize,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    if text.is_null() && len > 0 {
        let message = "PyMemoryView_FromBuffer(): info->buf must not be NULL";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    let bytes = counted(th, text, len, nothing)?;
    if len == 0 {
        return Str::new(th, "");
    }
    codecs::decode(th, bytes, optional(encoding).as_deref(), optional(errors).as_deref())
}

#[capi]
pub fn PyUnicode_AsEncodedString(
    th: &Thread,
    text: Borrowed<'_>,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult<Owned<Bytes>> {
    let text = expected(th, text)?;
    codecs::encode(th, text, optional(encoding).as_deref(), optional(errors).as_deref())
}

#[capi]
pub fn PyUnicode_AsUTF8String(th: &Thread, text: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    codecs::encode(th, expected(th, text)?, Some("utf-8"), None)
}

#[capi]
pub fn PyUnicode_AsASCIIString(th: &Thread, text: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    codecs::encode(th, expected(th, text)?, Some("ascii"), None)
}

#[capi]
pub fn PyUnicode_AsLatin1String(th: &Thread, text: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    codecs::encode(th, expected(th, text)?, Some("latin-1"), None)
}

fn expected<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    ob.downcast::<Str>().ok_or_else(|| th.bad_argument())
}

/// The text of an ASCII string, or the UTF-8 that another one has kept.
#[inline(always)]
unsafe fn utf8_at_once(ob: Ptr) -> Option<*const c_char> {
    // SAFETY: C passes a live object.
    let text = unsafe { there::<Str>(ob)? };
    let text = text.as_compact_ascii().or_else(|| text.kept_utf8())?;
    Some(text.as_ptr().cast())
}

#[inline(always)]
unsafe fn sized_utf8_at_once(ob: Ptr, len: *mut isize) -> Option<*const c_char> {
    // SAFETY: C passes a live object, and a writable place or NULL.
    unsafe {
        let text = there::<Str>(ob)?;
        if !text.is_compact_ascii() {
            return text.kept_utf8().map(|kept| sized(kept, len));
        }
        // Behind a jump: it is the shorter of the two ways also with one.
        cold_path();
        keep_apart();
        text.as_compact_ascii().map(|ascii| sized(ascii, len))
    }
}

#[inline(always)]
unsafe fn sized(text: &str, len: *mut isize) -> *const c_char {
    // SAFETY: C passes a writable place or NULL.
    if let Some(len) = unsafe { len.as_mut() } {
        *len = text.len() as isize;
    }
    text.as_ptr().cast()
}

#[inline(always)]
unsafe fn length_at_once(ob: Ptr) -> Option<isize> {
    // SAFETY: C passes a live object.
    unsafe { there::<Str>(ob).map(|text| text.len() as isize) }
}

#[inline(always)]
unsafe fn char_at_once(ob: Ptr, index: isize) -> Option<u32> {
    // SAFETY: C passes a live object.
    let text = unsafe { there::<Str>(ob)? };
    ((index as usize) < text.len()).then(|| text.char_at(index as usize))
}

#[capi(fast = utf8_at_once)]
pub fn PyUnicode_AsUTF8(th: &Thread, ob: Borrowed<'_>) -> PyResult<*const c_char> {
    expected(th, ob)?.as_utf8_ptr(th)
}

#[capi(fast = sized_utf8_at_once)]
pub fn PyUnicode_AsUTF8AndSize(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    len: *mut isize,
) -> *const c_char {
    let text = ob.ok_or_else(|| null_argument(th)).and_then(|ob| expected(th, ob));
    // SAFETY: C passes a writable place or NULL.
    unsafe {
        match text.and_then(|text| text.get().as_utf8(th)) {
            Ok(text) => sized(text, len),
            Err(_) => {
                if let Some(len) = len.as_mut() {
                    *len = -1;
                }
                std::ptr::null()
            }
        }
    }
}

#[capi(fast = length_at_once)]
pub fn PyUnicode_GetLength(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    Ok(expected(th, ob)?.len() as isize)
}

/// A name of the stable ABI: the size in units that strings no longer have.
#[capi]
pub fn PyUnicode_GetSize(th: &Thread, _ob: Ptr) -> PyResult<isize> {
    Err(th.raise(exc::RUNTIME_ERROR, "PyUnicode_GetSize has been removed."))
}

#[capi(fast = char_at_once)]
pub fn PyUnicode_ReadChar(th: &Thread, ob: Borrowed<'_>, index: isize) -> PyResult<u32> {
    let text = expected(th, ob)?;
    match usize::try_from(index).ok().filter(|&index| index < text.len()) {
        Some(index) => Ok(text.char_at(index)),
        None => Err(th.raise(exc::INDEX_ERROR, "string index out of range")),
    }
}

#[capi]
pub fn PyUnicode_FromOrdinal(th: &Thread, point: c_int) -> PyResult<Owned<Str>> {
    from_ordinal(th, point)
}

pub fn from_ordinal(th: &Thread, point: c_int) -> PyResult<Owned<Str>> {
    match u32::try_from(point).ok().filter(|&point| point <= 0x10_ffff) {
        Some(point) => Str::from_char(th, point),
        None => Err(th.raise(exc::VALUE_ERROR, "chr() arg not in range(0x110000)")),
    }
}

#[capi]
pub fn PyUnicode_Concat(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult<Owned<Str>> {
    let left = must_be_str(th, left)?;
    let Some(right) = right.downcast::<Str>() else {
        let name = right.type_name();
        return Err(raise!(th, TYPE_ERROR, "can only concatenate str (not \"{name}\") to str"));
    };
    left.concat(th, right)
}

/// TypeError for anything but a string.
pub fn must_be_str<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    ob.downcast::<Str>()
        .ok_or_else(|| raise!(th, TYPE_ERROR, "must be str, not {}", ob.type_name()))
}

#[capi]
pub fn PyUnicode_Join(
    th: &Thread,
    separator: Option<Borrowed<'_>>,
    items: Borrowed<'_>,
) -> PyResult {
    let space;
    let separator = match separator {
        Some(separator) => separator,
        None => {
            space = Str::interned(th, " ")?;
            space.object()
        }
    };
    let Some(separator) = separator.downcast::<Str>() else {
        let name = separator.type_name();
        return Err(raise!(th, TYPE_ERROR, "separator: expected str instance, {name} found"));
    };
    Str::join_method(separator, th, items).map(Owned::into_object)
}

#[capi]
pub fn PyUnicode_Format(
    th: &Thread,
    format: Option<Borrowed<'_>>,
    args: Option<Borrowed<'_>>,
) -> PyResult {
    let format = given(th, format)?;
    let args = given(th, args)?;
    number::remainder(th, must_be_str(th, format)?.object(), args)
}

#[capi]
pub fn PyUnicode_Substring(
    th: &Thread,
    text: Borrowed<'_, Str>,
    start: isize,
    end: isize,
) -> PyResult<Owned<Str>> {
    if start < 0 || end < 0 {
        return Err(th.raise(exc::INDEX_ERROR, "string index out of range"));
    }
    let end = (end as usize).min(text.len());
    let start = (start as usize).min(end);
    text.substring(th, start, end)
}

#[inline(always)]
unsafe fn contains_at_once(text: Ptr, part: Ptr) -> Option<c_int> {
    // SAFETY: C passes live objects.
    let (text, part) = unsafe { (there::<Str>(text)?, there::<Str>(part)?) };
    Some(contains_bytes(text.as_compact_latin1()?, part.as_compact_latin1()?))
}

/// What the entry ends with, by a jump.
#[inline(never)]
fn contains_bytes(text: &[u8], part: &[u8]) -> c_int {
    search::find_bytes(text, part).is_some().into()
}

#[capi(fast = contains_at_once)]
pub fn PyUnicode_Contains(th: &Thread, text: Borrowed<'_>, part: Borrowed<'_>) -> PyResult<bool> {
    let Some(part) = part.downcast::<Str>() else {
        let name = part.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "'in <string>' requires string as left operand, not {name}"
        ));
    };
    let text = must_be_str(th, text)?;
    Ok(text.find_in(&part, 0, text.len()).is_some())
}

#[inline(always)]
unsafe fn compare_at_once(left: Ptr, right: Ptr) -> Option<c_int> {
    // SAFETY: C passes live objects or NULL.
    unsafe { Some(order(some::<Str>(left)?, some::<Str>(right)?)) }
}

/// -1, 0 or 1.
#[inline(never)]
fn order(left: &Str, right: &Str) -> c_int {
    if let (Some(left), Some(right)) = (left.as_ascii(), right.as_ascii()) {
        return left.cmp(right) as c_int;
    }
    left.compare(right) as c_int
}

#[capi(fast = compare_at_once)]
pub fn PyUnicode_Compare(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult<c_int> {
    match (left.downcast::<Str>(), right.downcast::<Str>()) {
        (Some(left), Some(right)) => Ok(left.get().compare(right.get()) as c_int),
        _ => {
            let (left, right) = (left.type_name(), right.type_name());
            Err(raise!(th, TYPE_ERROR, "Can't compare {left} and {right}"))
        }
    }
}

#[capi]
pub fn PyUnicode_Equal(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult<bool> {
    let wrong = |which: &str, ob: Borrowed<'_>| {
        raise!(th, TYPE_ERROR, "{which} argument must be str, not {}", ob.type_name())
    };
    let Some(first) = left.downcast::<Str>() else { return Err(wrong("first", left)) };
    let Some(second) = right.downcast::<Str>() else { return Err(wrong("second", right)) };
    Ok(first.get().eq(second.get()))
}

/// Of an ASCII string. One that is compared with NULL ends the process, as in the reference.
#[inline(always)]
unsafe fn equal_at_once(text: Ptr, other: *const c_char) -> Option<c_int> {
    // SAFETY: C passes a live object and a string.
    unsafe {
        let text = there::<Str>(text)?.as_ascii()?;
        let len = libc::strlen(other);
        Some((len == text.len() && same_bytes(text.as_ptr(), other.cast(), len)).into())
    }
}

#[capi(fast = equal_at_once)]
pub fn PyUnicode_EqualToUTF8(text: Option<Borrowed<'_>>, other: *const c_char) -> bool {
    let Some(text) = text.and_then(Borrowed::downcast::<Str>) else { return false };
    std::str::from_utf8(bytes_of(other)).is_ok_and(|other| text.eq_str(other))
}

#[capi]
pub fn PyUnicode_CompareWithASCIIString(text: Option<Borrowed<'_>>, other: *const c_char) -> c_int {
    let Some(text) = text.and_then(Borrowed::downcast::<Str>) else { return 1 };
    let other = bytes_of(other);
    if let Some(text) = text.as_ascii() {
        return text.as_bytes().cmp(other) as c_int;
    }
    let other = other.iter().map(|&byte| u32::from(byte));
    text.get().chars().iter().cmp(other) as c_int
}
