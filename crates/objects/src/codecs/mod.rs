//! Codecs: the registry, the error handlers, and the native encodings.
//!
//! `encode` and `decode` are `str.encode` and `bytes.decode`; `native` has one function for each encoding that needs
//! no Python code, `recover` the loop that hands their errors to handlers. The module `_codecs` wraps all of it. The
//! same job as CPython's `Python/codecs.c` and the codecs of `Objects/unicodeobject.c`.

pub mod charmap;
pub mod escape;
pub mod handlers;
pub(crate) mod names;
pub mod native;
pub mod recover;
pub mod registry;

use crate::prelude::*;

/// An encoding that is found without the registry.
#[derive(Clone, Copy)]
enum Native {
    Utf8,
    Utf16,
    Utf32,
    Ascii,
    Latin1,
}

impl Native {
    fn of(encoding: Option<&str>) -> Option<Native> {
        let Some(encoding) = encoding else {
            return Some(Native::Utf8);
        };
        match encoding {
            "utf-8" | "utf8" | "UTF-8" => return Some(Native::Utf8),
            "ascii" => return Some(Native::Ascii),
            "latin-1" | "latin1" => return Some(Native::Latin1),
            _ => {}
        }
        // What is no short ASCII name is none of ours.
        let mut name = [0u8; 10];
        let normal = registry::normalize_into(encoding, &mut name)?;
        match normal {
            "utf8" | "utf_8" => Some(Native::Utf8),
            "utf16" | "utf_16" => Some(Native::Utf16),
            "utf32" | "utf_32" => Some(Native::Utf32),
            "ascii" | "us_ascii" => Some(Native::Ascii),
            "latin1" | "latin_1" | "iso8859_1" | "iso_8859_1" => Some(Native::Latin1),
            _ => None,
        }
    }
}

/// Development mode: there are a codec and an error handler of these names.
fn check_names(th: &Thread, encoding: Option<&str>, errors: Option<&str>) -> PyResult<()> {
    if !th.interp().checks_codecs.get() {
        return Ok(());
    }
    if let Some(encoding) = encoding.filter(|_| Native::of(encoding).is_none()) {
        registry::lookup(th, encoding)?;
    }
    if let Some(errors) = errors.filter(|&errors| errors != "strict") {
        registry::lookup_error(th, errors)?;
    }
    Ok(())
}

/// `bytes(data).decode(encoding, errors)`.
pub fn decode(
    th: &Thread,
    data: &[u8],
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Owned<Str>> {
    check_names(th, encoding, errors)?;
    let decoded = match Native::of(encoding) {
        Some(Native::Utf8) => native::decode_utf8(th, data, errors, true)?,
        Some(Native::Utf16) => native::decode_utf16(th, data, errors, &mut 0, true)?,
        Some(Native::Utf32) => native::decode_utf32(th, data, errors, &mut 0, true)?,
        Some(Native::Ascii) => native::decode_ascii(th, data, errors)?,
        Some(Native::Latin1) => native::decode_latin1(th, data)?,
        None => return decode_text(th, data, encoding.unwrap_or("utf-8"), errors),
    };
    Ok(decoded.0)
}

fn decode_text(
    th: &Thread,
    data: &[u8],
    encoding: &str,
    errors: Option<&str>,
) -> PyResult<Owned<Str>> {
    let codec = registry::text_codec(th, encoding, "codecs.decode()")?;
    let data = Bytes::new(th, data)?;
    let result = registry::decode_with(th, &codec, data.object(), encoding, errors)?;
    result.downcast::<Str>().map_err(|other| {
        let found = other.type_name();
        raise!(
            th,
            TYPE_ERROR,
            "'{encoding}' decoder returned '{found}' instead of 'str'; use codecs.decode() to decode to arbitrary types"
        )
    })
}

/// `string.encode(encoding, errors)`.
pub fn encode(
    th: &Thread,
    string: Borrowed<'_, Str>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Owned<Bytes>> {
    check_names(th, encoding, errors)?;
    match Native::of(encoding) {
        Some(Native::Utf8) => native::encode_utf8(th, string, errors),
        Some(Native::Utf16) => native::encode_utf16(th, string, errors, 0),
        Some(Native::Utf32) => native::encode_utf32(th, string, errors, 0),
        Some(Native::Ascii) => native::encode_ascii(th, string, errors),
        Some(Native::Latin1) => native::encode_latin1(th, string, errors),
        None => encode_text(th, string, encoding.unwrap_or("utf-8"), errors),
    }
}

fn encode_text(
    th: &Thread,
    string: Borrowed<'_, Str>,
    encoding: &str,
    errors: Option<&str>,
) -> PyResult<Owned<Bytes>> {
    let codec = registry::text_codec(th, encoding, "codecs.encode()")?;
    let result = registry::encode_with(th, &codec, string.object(), encoding, errors)?;
    match result.downcast::<Bytes>() {
        Ok(bytes) => Ok(bytes),
        Err(other) => {
            if let Some(array) = other.object().downcast::<crate::bytearray::ByteArray>() {
                let message = Str::from_fmt(
                    th,
                    format_args!(
                        "encoder {encoding} returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types"
                    ),
                )?;
                let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
                (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
                return Bytes::new(th, array.get().as_bytes());
            }
            let found = other.type_name();
            Err(raise!(
                th,
                TYPE_ERROR,
                "'{encoding}' encoder returned '{found}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types"
            ))
        }
    }
}
