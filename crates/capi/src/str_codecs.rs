//! `unicodeobject.h`: the codecs by name, and the file system's and the locale's.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::codecs::{self, charmap, escape, native};
use krait_objects::prelude::*;

use crate::support::*;

/// What a decoder read goes to `consumed`, if C asks.
fn stateful(decoded: native::Decoded, consumed: *mut isize) -> PyResult<Owned<Str>> {
    let (text, read) = decoded?;
    if !consumed.is_null() {
        // SAFETY: C passes a writable place.
        unsafe { *consumed = read as isize };
    }
    Ok(text)
}

macro_rules! stateful_decoders {
    ($($name:ident $function:path, $negative:ident;)*) => {$(
        #[capi]
        pub fn $name(
            th: &Thread,
            text: *const c_char,
            len: isize,
            errors: *const c_char,
            consumed: *mut isize,
        ) -> PyResult<Owned<Str>> {
            let errors = optional(errors);
            let last = consumed.is_null();
            let bytes = counted(th, text, len, $negative)?;
            stateful($function(th, bytes, errors.as_deref(), last), consumed)
        }
    )*};
}

stateful_decoders! {
    PyUnicode_DecodeUTF8Stateful native::decode_utf8, no_memory;
    PyUnicode_DecodeUTF7Stateful native::decode_utf7, nothing;
}

macro_rules! decoders {
    ($($name:ident $function:path, $negative:ident;)*) => {$(
        #[capi]
        pub fn $name(
            th: &Thread,
            text: *const c_char,
            len: isize,
            errors: *const c_char,
        ) -> PyResult<Owned<Str>> {
            let errors = optional(errors);
            let bytes = counted(th, text, len, $negative)?;
            let (text, _) = $function(th, bytes, errors.as_deref(), true)?;
            Ok(text)
        }
    )*};
}

decoders! {
    PyUnicode_DecodeUTF7 native::decode_utf7, nothing;
    PyUnicode_DecodeUnicodeEscape escape::decode_unicode_escape, no_string;
    PyUnicode_DecodeRawUnicodeEscape escape::decode_raw_unicode_escape, no_string;
}

macro_rules! with_byte_order {
    ($($name:ident $stateful:ident $function:path;)*) => {$(
        #[capi]
        pub fn $name(
            th: &Thread,
            text: *const c_char,
            len: isize,
            errors: *const c_char,
            order: *mut c_int,
        ) -> PyResult<Owned<Str>> {
            ordered(th, $function, text, len, errors, order, null_mut())
        }
        #[capi]
        pub fn $stateful(
            th: &Thread,
            text: *const c_char,
            len: isize,
            errors: *const c_char,
            order: *mut c_int,
            consumed: *mut isize,
        ) -> PyResult<Owned<Str>> {
            ordered(th, $function, text, len, errors, order, consumed)
        }
    )*};
}

with_byte_order! {
    PyUnicode_DecodeUTF16 PyUnicode_DecodeUTF16Stateful native::decode_utf16;
    PyUnicode_DecodeUTF32 PyUnicode_DecodeUTF32Stateful native::decode_utf32;
}

type Ordered = fn(&Thread, &[u8], Option<&str>, &mut i32, bool) -> native::Decoded;

fn ordered(
    th: &Thread,
    decode: Ordered,
    text: *const c_char,
    len: isize,
    errors: *const c_char,
    order: *mut c_int,
    consumed: *mut isize,
) -> PyResult<Owned<Str>> {
    // SAFETY: C passes a writable place or NULL.
    let mut known = unsafe { order.as_ref() }.copied().unwrap_or(0);
    let errors = optional(errors);
    let last = consumed.is_null();
    let bytes = counted(th, text, len, |th| Err(th.bad_internal_call()))?;
    let decoded = decode(th, bytes, errors.as_deref(), &mut known, last);
    // SAFETY: as above.
    if let Some(order) = unsafe { order.as_mut() } {
        *order = known;
    }
    stateful(decoded, consumed)
}

fn string_argument<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    ob.downcast::<Str>().ok_or_else(|| th.bad_argument())
}

#[capi]
pub fn PyUnicode_AsUTF16String(th: &Thread, text: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    native::encode_utf16(th, string_argument(th, text)?, None, 0)
}

#[capi]
pub fn PyUnicode_AsUTF32String(th: &Thread, text: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    native::encode_utf32(th, string_argument(th, text)?, None, 0)
}

#[capi]
pub fn PyUnicode_AsUnicodeEscapeString(th: &Thread, text: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    escape::encode_unicode_escape(th, string_argument(th, text)?.get())
}

#[capi]
pub fn PyUnicode_AsRawUnicodeEscapeString(
    th: &Thread,
    text: Borrowed<'_>,
) -> PyResult<Owned<Bytes>> {
    escape::encode_raw_unicode_escape(th, string_argument(th, text)?.get())
}

#[capi]
pub fn PyUnicode_DecodeCharmap(
    th: &Thread,
    text: *const c_char,
    len: isize,
    mapping: Option<Borrowed<'_>>,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    let bytes = counted(th, text, len, no_string)?;
    match charmap::decode(th, bytes, optional(errors).as_deref(), mapping) {
        Ok((text, _)) => Ok(text),
        Err(raised) if errors.is_null() => Err(raised),
        Err(raised) => {
            // The name of the handler may be no text.
            let raised = th.take_raised(raised);
            string(th, errors)?;
            Err(th.set_exception(raised.into_object()))
        }
    }
}

#[capi]
pub fn PyUnicode_AsCharmapString(
    th: &Thread,
    text: Option<Borrowed<'_>>,
    mapping: Option<Borrowed<'_>>,
) -> PyResult<Owned<Bytes>> {
    let Some(text) = text.and_then(|text| text.downcast::<Str>()) else {
        return Err(th.bad_argument());
    };
    let Some(mapping) = mapping else {
        return Err(th.bad_argument());
    };
    charmap::encode(th, text, None, Some(mapping))
}

#[capi]
pub fn PyUnicode_BuildEncodingMap(th: &Thread, table: Borrowed<'_>) -> PyResult {
    match table.downcast::<Str>().filter(|table| !table.is_empty()) {
        Some(table) => charmap::build(th, table),
        None => Err(th.bad_argument()),
    }
}

#[capi]
pub fn PyUnicode_FromEncodedObject(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    let ob = given(th, ob)?;
    krait_objects::str::construct::from_encoded_object(
        th,
        ob,
        optional(encoding).as_deref(),
        optional(errors).as_deref(),
    )
}

#[capi]
pub fn PyUnicode_GetDefaultEncoding() -> *const c_char {
    c"utf-8".as_ptr()
}

/// The four functions from before `bytes` and `str` were apart.
fn deprecated(
    th: &Thread,
    text: Borrowed<'_>,
    (encoding, errors): (*const c_char, *const c_char),
    (name, advice): (&str, &str),
    encode: bool,
    text_only: bool,
) -> PyResult {
    let text = string_argument(th, text)?;
    let message = Str::from_fmt(
        th,
        format_args!("{name}() is deprecated and will be removed in 3.15; use {advice}"),
    )?;
    let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
    let encoding = optional(encoding).unwrap_or("utf-8".into());
    let errors = optional(errors);
    let codec = codecs::registry::lookup(th, &encoding)?;
    let result = if encode {
        codecs::registry::encode_with(th, &codec, text.object(), &encoding, errors.as_deref())?
    } else {
        codecs::registry::decode_with(th, &codec, text.object(), &encoding, errors.as_deref())?
    };
    if text_only && result.object().downcast::<Str>().is_none() {
        let (what, how) = if encode { ("encoder", "encode") } else { ("decoder", "decode") };
        return Err(raise!(
            th,
            TYPE_ERROR,
            "'{encoding}' {what} returned '{}' instead of 'str'; use codecs.{how}() to {how} to arbitrary types",
            result.type_name()
        ));
    }
    Ok(result)
}

#[capi]
pub fn PyUnicode_AsDecodedObject(
    th: &Thread,
    text: Borrowed<'_>,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult {
    let says = ("PyUnicode_AsDecodedObject", "PyCodec_Decode() to decode from str");
    deprecated(th, text, (encoding, errors), says, false, false)
}

#[capi]
pub fn PyUnicode_AsDecodedUnicode(
    th: &Thread,
    text: Borrowed<'_>,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult {
    let says = ("PyUnicode_AsDecodedUnicode", "PyCodec_Decode() to decode from str to str");
    deprecated(th, text, (encoding, errors), says, false, true)
}

#[capi]
pub fn PyUnicode_AsEncodedObject(
    th: &Thread,
    text: Borrowed<'_>,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult {
    let advice = "PyUnicode_AsEncodedString() to encode from str to bytes or PyCodec_Encode() for generic encoding";
    let says = ("PyUnicode_AsEncodedObject", advice);
    deprecated(th, text, (encoding, errors), says, true, false)
}

#[capi]
pub fn PyUnicode_AsEncodedUnicode(
    th: &Thread,
    text: Borrowed<'_>,
    encoding: *const c_char,
    errors: *const c_char,
) -> PyResult {
    let says = ("PyUnicode_AsEncodedUnicode", "PyCodec_Encode() to encode from str to str");
    deprecated(th, text, (encoding, errors), says, true, true)
}

#[capi]
pub fn PyUnicode_EncodeFSDefault(th: &Thread, text: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
    Bytes::new(th, &string_argument(th, text)?.to_fs_bytes(th)?)
}

#[capi]
pub fn PyUnicode_DecodeFSDefault(th: &Thread, text: *const c_char) -> PyResult<Owned<Str>> {
    Str::from_fs_bytes(th, bytes_of(text))
}

#[capi]
pub fn PyUnicode_DecodeFSDefaultAndSize(
    th: &Thread,
    text: *const c_char,
    len: isize,
) -> PyResult<Owned<Str>> {
    Str::from_fs_bytes(th, counted(th, text, len, no_memory)?)
}

/// The error handlers that the locale's encoding knows.
fn locale_errors<'a>(
    th: &Thread,
    errors: &'a Option<std::borrow::Cow<'_, str>>,
) -> PyResult<&'a str> {
    match errors.as_deref().unwrap_or("strict") {
        known @ ("strict" | "surrogateescape" | "surrogatepass") => Ok(known),
        _ => Err(th.raise(exc::VALUE_ERROR, "unsupported error handler")),
    }
}

#[capi]
pub fn PyUnicode_DecodeLocaleAndSize(
    th: &Thread,
    text: *const c_char,
    len: isize,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    let bytes = counted(th, text, len, nothing)?;
    // SAFETY: C passes a NUL behind the bytes, or this call is to fail.
    let ends = len >= 0 && unsafe { *text.offset(len) } == 0;
    if !ends || bytes.contains(&0) {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null byte"));
    }
    let errors = optional(errors);
    codecs::decode(th, bytes, Some("utf-8"), Some(locale_errors(th, &errors)?))
}

#[capi]
pub fn PyUnicode_DecodeLocale(
    th: &Thread,
    text: *const c_char,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    let errors = optional(errors);
    codecs::decode(th, bytes_of(text), Some("utf-8"), Some(locale_errors(th, &errors)?))
}

#[capi]
pub fn PyUnicode_EncodeLocale(
    th: &Thread,
    text: Option<Borrowed<'_>>,
    errors: *const c_char,
) -> PyResult<Owned<Bytes>> {
    let text = given(th, text)?;
    let errors = optional(errors);
    let text = string_argument(th, text)?;
    if text.chars().iter().any(|point| point == 0) {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
    }
    codecs::encode(th, text, Some("utf-8"), Some(locale_errors(th, &errors)?))
}

/// What `PyArg_Parse` takes as "call me again to clean up".
const CLEANUP: c_int = abi::Py_CLEANUP_SUPPORTED;

/// Gives `*place` back, for a converter that is called again.
unsafe fn clean_up(place: *mut Ptr) -> c_int {
    // SAFETY: C passes the place of the first call.
    unsafe { drop(Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *place, null_mut()))) };
    1
}

/// A path as `bytes`.
#[capi(error = 0)]
pub fn PyUnicode_FSConverter(th: &Thread, arg: Ptr, place: *mut c_void) -> PyResult<c_int> {
    let place: *mut Ptr = place.cast();
    // SAFETY: C passes an object or NULL, and a writable place.
    unsafe {
        let Some(arg) = Borrowed::<Object>::from_ptr_or_null(arg) else {
            return Ok(clean_up(place));
        };
        let path = krait_modules::posix::path::fspath(th, arg)?;
        let bytes = match path.object().downcast::<Str>() {
            Some(text) => Bytes::new(th, &text.to_fs_bytes(th)?)?,
            None => path.downcast::<Bytes>().map_err(|_| th.bad_internal_call())?,
        };
        if bytes.as_bytes().contains(&0) {
            return Err(th.raise(exc::VALUE_ERROR, "embedded null byte"));
        }
        *place = bytes.into_ptr();
    }
    Ok(CLEANUP)
}

/// A path as `str`.
#[capi(error = 0)]
pub fn PyUnicode_FSDecoder(th: &Thread, arg: Ptr, place: *mut c_void) -> PyResult<c_int> {
    let place: *mut Ptr = place.cast();
    // SAFETY: C passes an object or NULL, and a writable place.
    unsafe {
        let Some(arg) = Borrowed::<Object>::from_ptr_or_null(arg) else {
            return Ok(clean_up(place));
        };
        let path = krait_modules::posix::path::fspath(th, arg)?;
        let text = match path.object().downcast::<Bytes>() {
            Some(bytes) => Str::from_fs_bytes(th, bytes.as_bytes())?,
            None => path.downcast::<Str>().map_err(|_| th.bad_internal_call())?,
        };
        if text.chars().iter().any(|point| point == 0) {
            return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
        }
        *place = text.into_ptr();
    }
    Ok(CLEANUP)
}
