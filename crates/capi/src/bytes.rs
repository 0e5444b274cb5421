//! `bytesobject.h`, `bytearrayobject.h`.

use std::ffi::{c_char, c_int};

use krait_macros::capi;
use krait_objects::bytearray::ByteArray;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use crate::support::*;

/// What an object of bytes takes beside them.
const HEADER: usize = 33;

fn checked_len(th: &Thread, len: isize, function: &str) -> PyResult<usize> {
    usize::try_from(len)
        .map_err(|_| krait_objects::raise!(th, SYSTEM_ERROR, "Negative size passed to {function}"))
}

#[capi]
pub fn PyBytes_FromStringAndSize(
    th: &Thread,
    text: *const c_char,
    len: isize,
) -> PyResult<Owned<Bytes>> {
    let len = checked_len(th, len, "PyBytes_FromStringAndSize")?;
    if text.is_null() {
        // C fills a new object of its own: never one that is shared.
        return Bytes::build(th, len, |_| Ok(()));
    }
    // SAFETY: C passes `len` bytes.
    Bytes::new(th, unsafe { std::slice::from_raw_parts(text.cast(), len) })
}

#[capi]
pub fn PyBytes_FromString(th: &Thread, text: *const c_char) -> PyResult<Owned<Bytes>> {
    Bytes::new(th, bytes_of(text))
}

#[capi]
pub fn PyBytes_FromObject(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<Owned<Bytes>> {
    krait_objects::bytes::from_object(th, ob.ok_or_else(|| th.bad_internal_call())?)
}

fn expected<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Bytes>> {
    ob.downcast::<Bytes>().ok_or_else(|| {
        krait_objects::raise!(th, TYPE_ERROR, "expected bytes, {} found", ob.type_name())
    })
}

#[inline(always)]
unsafe fn size_at_once(ob: Ptr) -> Option<isize> {
    // SAFETY: C passes a live object.
    unsafe { there::<Bytes>(ob).map(|bytes| bytes.len() as isize) }
}

#[inline(always)]
unsafe fn text_at_once(ob: Ptr) -> Option<*mut c_char> {
    // SAFETY: C passes a live object.
    unsafe { there::<Bytes>(ob).map(|bytes| bytes.as_bytes().as_ptr().cast_mut().cast()) }
}

#[capi(fast = size_at_once)]
pub fn PyBytes_Size(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    Ok(expected(th, ob)?.len() as isize)
}

#[capi(fast = text_at_once)]
pub fn PyBytes_AsString(th: &Thread, ob: Borrowed<'_>) -> PyResult<*mut c_char> {
    Ok(expected(th, ob)?.as_bytes().as_ptr().cast_mut().cast())
}

/// Without a place for the length the bytes are looked through.
#[inline(always)]
unsafe fn text_and_size_at_once(ob: Ptr, text: *mut *mut c_char, len: *mut isize) -> Option<c_int> {
    // SAFETY: C passes a live object or NULL, and writable places.
    unsafe {
        let bytes = some::<Bytes>(ob)?;
        let (text, len) = (text.as_mut()?, len.as_mut()?);
        *text = bytes.as_bytes().as_ptr().cast_mut().cast();
        *len = bytes.len() as isize;
    }
    Some(0)
}

#[capi(fast = text_and_size_at_once)]
pub fn PyBytes_AsStringAndSize(
    th: &Thread,
    ob: Borrowed<'_>,
    text: *mut *mut c_char,
    len: *mut isize,
) -> PyResult<()> {
    let bytes = expected(th, ob)?.get().as_bytes();
    if text.is_null() {
        return Err(th.bad_internal_call());
    }
    let _ = len;
    // SAFETY: C passes a writable place; the bytes end with NUL.
    unsafe { *text = bytes.as_ptr().cast_mut().cast() };
    if bytes.contains(&0) {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null byte"));
    }
    Ok(())
}

/// The bytes of two buffers. Whatever is wrong with them is a TypeError that names both.
pub fn joined(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    let (Ok(first), Ok(second)) = (Buffer::simple(th, left), Buffer::simple(th, right)) else {
        drop(th.take_exception());
        let (left, right) = (left.type_name(), right.type_name());
        return Err(krait_objects::raise!(th, TYPE_ERROR, "can't concat {right} to {left}"));
    };
    let mut bytes = first.to_vec(th)?;
    bytes.extend_from_slice(second.as_bytes());
    Bytes::new(th, &bytes)
}

/// `*place += other`: NULL on an error, or if it was.
fn concat(th: &Thread, place: *mut Ptr, other: Option<Borrowed<'_>>) {
    // SAFETY: C passes a place with a reference or NULL, which moves here.
    let left = unsafe {
        Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *place, std::ptr::null_mut()))
    };
    let (Some(left), Some(other)) = (left, other) else { return };
    let joined = joined(th, left.object(), other);
    if let Ok(joined) = joined {
        // SAFETY: as above.
        unsafe { *place = joined.into_ptr() };
    }
}

#[capi]
pub fn PyBytes_Concat(th: &Thread, place: *mut Ptr, other: Ptr) {
    // SAFETY: C passes an object or NULL.
    concat(th, place, unsafe { Borrowed::from_ptr_or_null(other) });
}

#[capi]
pub fn PyBytes_ConcatAndDel(th: &Thread, place: *mut Ptr, other: Ptr) {
    // SAFETY: C gives up its reference.
    let other: Option<Owned> = unsafe { Owned::from_ptr_or_null(other) };
    concat(th, place, other.as_ref().map(Owned::object));
}

#[capi]
pub fn _PyBytes_Resize(th: &Thread, place: *mut Ptr, len: isize) -> PyResult<()> {
    // SAFETY: C passes a place with its reference.
    let old = unsafe {
        Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *place, std::ptr::null_mut()))
    };
    let bytes = old.and_then(|old| old.downcast::<Bytes>().ok());
    let (Some(bytes), Ok(len)) = (bytes, usize::try_from(len)) else {
        return Err(th.bad_internal_call());
    };
    let resized = Bytes::build(th, len, |out| {
        let kept = len.min(bytes.len());
        out[..kept].copy_from_slice(&bytes.as_bytes()[..kept]);
        Ok(())
    })?;
    // SAFETY: as above.
    unsafe { *place = resized.into_ptr() };
    Ok(())
}

#[capi]
pub fn PyByteArray_FromStringAndSize(
    th: &Thread,
    text: *const c_char,
    len: isize,
) -> PyResult<Owned<ByteArray>> {
    if text.is_null() || len < 0 {
        return array_without_bytes(th, len);
    }
    // SAFETY: C passes `len` bytes.
    ByteArray::new(th, unsafe { std::slice::from_raw_parts(text.cast(), len as usize) })
}

#[cold]
#[inline(never)]
fn array_without_bytes(th: &Thread, len: isize) -> PyResult<Owned<ByteArray>> {
    let len = checked_len(th, len, "PyByteArray_FromStringAndSize")?;
    let array = ByteArray::new(th, &[])?;
    array.resize(th, len)?;
    Ok(array)
}

#[capi]
pub fn PyByteArray_FromObject(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    let class = Borrowed::from_ref(ByteArray::type_object()).object();
    if th.is_raised() {
        // The empty array is made before the argument is looked at.
        let class = object::repr(th, class)?;
        let what = format_args!("{} returned a result with an exception set", *class);
        return Err(th.raise_from_current(exc::SYSTEM_ERROR, what));
    }
    call::call(th, class, &[ob])
}

#[capi]
pub fn PyByteArray_Size(array: Borrowed<'_, ByteArray>) -> PyResult<isize> {
    Ok(array.len() as isize)
}

#[capi]
pub fn PyByteArray_AsString(array: Borrowed<'_, ByteArray>) -> PyResult<*mut c_char> {
    Ok(array.data().cast())
}

#[capi]
pub fn PyByteArray_Resize(
    th: &Thread,
    array: Borrowed<'_, ByteArray>,
    len: isize,
) -> PyResult<c_int> {
    let Ok(len) = usize::try_from(len) else {
        return Err(krait_objects::raise!(
            th,
            VALUE_ERROR,
            "Can only resize to positive sizes, got {len}"
        ));
    };
    array.resize(th, len).map(|()| 0)
}

#[capi]
pub fn PyBytes_Join(
    th: &Thread,
    separator: Option<Borrowed<'_>>,
    pieces: Borrowed<'_>,
) -> PyResult {
    let separator = separator.ok_or_else(|| th.bad_internal_call())?;
    if separator.downcast::<Bytes>().is_none() {
        let name = separator.ty().full_name(th)?;
        return Err(krait_objects::raise!(th, TYPE_ERROR, "sep: expected bytes, got {}", *name));
    }
    call::call_method(th, separator, Str::interned(th, "join")?.borrow(), &[pieces])
}

#[capi]
pub fn PyBytes_Repr(th: &Thread, ob: Borrowed<'_, Bytes>, smart: c_int) -> PyResult<Owned<Str>> {
    let shown = object::repr(th, ob.object())?;
    let text = shown.to_string_lossy();
    // Otherwise the quotes are single ones whatever is between them.
    match text.strip_prefix("b\"").and_then(|text| text.strip_suffix('"')) {
        Some(inside) if smart == 0 => Str::new(th, &format!("b'{}'", inside.replace('\'', "\\'"))),
        _ => Ok(shown),
    }
}

#[capi]
pub fn PyBytes_DecodeEscape(
    th: &Thread,
    text: *const c_char,
    len: isize,
    errors: *const c_char,
    _unicode: isize,
    _recode: *const c_char,
) -> PyResult<Owned<Bytes>> {
    let len = usize::try_from(len).map_err(|_| th.no_memory())?;
    if len > isize::MAX as usize - HEADER {
        return Err(th.raise(exc::OVERFLOW_ERROR, "byte string is too large"));
    }
    // SAFETY: C passes `len` bytes.
    let data = if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(text.cast(), len) } };
    krait_objects::codecs::escape::escape_decode(th, data, optional(errors).as_deref())
}

/// What an empty bytearray's bytes are.
#[unsafe(no_mangle)]
pub static _PyByteArray_empty_string: [u8; 1] = [0];
