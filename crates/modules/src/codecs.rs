//! `_codecs`: the registry of codecs and the native encodings, for the module `codecs` and the package `encodings`.
//!
//! The same job as CPython's `Modules/_codecsmodule.c`.

use krait_objects::args::{FromArg, Site};
use krait_objects::codecs::{charmap, escape, native, registry};
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

/// Bytes, or text that stands for its UTF-8.
struct Data<'a> {
    buffer: Option<Buffer>,
    text: &'a str,
}

impl Data<'_> {
    fn as_bytes(&self) -> &[u8] {
        self.buffer.as_ref().map_or(self.text.as_bytes(), Buffer::as_bytes)
    }
}

impl<'a> FromArg<'a> for Data<'a> {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        match arg.downcast::<Str>() {
            Some(text) => Ok(Data { buffer: None, text: text.get().as_utf8(th)? }),
            None => Ok(Data { buffer: Some(Buffer::simple(th, arg)?), text: "" }),
        }
    }
}

type Pair = PyResult<Owned<Tuple>>;

fn pair(th: &Thread, first: Owned, count: usize) -> Pair {
    Tuple::pack(th, [first, Int::from_usize(th, count)?.into_object()])
}

/// Text and how much of the input it took.
fn decoded(th: &Thread, result: native::Decoded) -> Pair {
    let (text, used) = result?;
    pair(th, text.into_object(), used)
}

/// Bytes and how many characters they encode.
fn encoded(th: &Thread, text: &Str, result: PyResult<Owned<Bytes>>) -> Pair {
    pair(th, result?.into_object(), text.len())
}

/// Text, how much of the input it took, and the order of bytes that its mark told.
fn decoded_ordered(th: &Thread, result: native::Decoded, order: i32) -> Pair {
    let (text, used) = result?;
    let used = Int::from_usize(th, used)?.into_object();
    Tuple::pack(th, [text.into_object(), used, Int::from_i64(th, i64::from(order))?.into_object()])
}

/// The registry of codecs, and the encodings that need no Python code.
#[pymodule(name = "_codecs")]
pub struct Codecs;

#[pyfunctions(parts(unicode, tables))]
impl Codecs {
    /// Register a function that finds codecs.
    ///
    /// It is called with an encoding's name in lower case, and returns a tuple of four functions
    /// (encoder, decoder, stream reader, stream writer), such as a CodecInfo object, or None.
    #[function(sig = "(search_function, /)")]
    fn register(th: &Thread, search_function: Borrowed<'_>) -> PyResult<()> {
        registry::register(th, search_function)
    }

    /// Take back the registration of a function that finds codecs.
    #[function(sig = "(search_function, /)")]
    fn unregister(th: &Thread, search_function: Borrowed<'_>) {
        registry::unregister(th, search_function)
    }

    /// Find the codec for an encoding: a tuple of four functions, or a CodecInfo object.
    #[function(sig = "(encoding, /)")]
    fn lookup(th: &Thread, encoding: &str) -> PyResult<Owned<Tuple>> {
        registry::lookup(th, encoding)
    }

    /// Encode an object with the codec for an encoding, whatever it encodes.
    #[function(sig = "(obj, encoding='utf-8', errors='strict')")]
    fn encode(
        th: &Thread,
        obj: Borrowed<'_>,
        encoding: Option<&str>,
        errors: Option<&str>,
    ) -> PyResult {
        registry::encode_object(th, obj, encoding, errors)
    }

    /// Decode an object with the codec for an encoding, whatever it decodes.
    #[function(sig = "(obj, encoding='utf-8', errors='strict')")]
    fn decode(
        th: &Thread,
        obj: Borrowed<'_>,
        encoding: Option<&str>,
        errors: Option<&str>,
    ) -> PyResult {
        registry::decode_object(th, obj, encoding, errors)
    }

    /// Register an error handler under a name.
    ///
    /// It is called with an instance of UnicodeError, and raises an exception or returns the
    /// replacement and the position to go on at.
    #[function(sig = "(errors, handler, /)")]
    fn register_error(th: &Thread, errors: &str, handler: Borrowed<'_>) -> PyResult<()> {
        registry::register_error(th, errors, handler)
    }

    /// Take back the registration of an error handler; whether there was one.
    #[function(sig = "(errors, /)")]
    fn _unregister_error(th: &Thread, errors: &str) -> PyResult<bool> {
        registry::unregister_error(th, errors)
    }

    /// Return the error handler of that name.
    #[function(sig = "(name, /)")]
    fn lookup_error(th: &Thread, name: &str) -> PyResult {
        registry::lookup_error(th, name)
    }
}

/// Pairs of functions for an encoding in a known order of bytes.
#[pyfunctions(part = "unicode")]
impl Codecs {
    #[function(sig = "(data, errors=None, final=False, /)")]
    fn utf_7_decode(th: &Thread, data: Buffer, errors: Option<&str>, last: bool) -> Pair {
        decoded(th, native::decode_utf7(th, data.as_bytes(), errors, last))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn utf_7_encode(th: &Thread, str: Borrowed<'_, Str>, _errors: Option<&str>) -> Pair {
        encoded(th, &str, native::encode_utf7(th, &str))
    }

    #[function(sig = "(data, errors=None, final=False, /)")]
    fn utf_8_decode(th: &Thread, data: Buffer, errors: Option<&str>, last: bool) -> Pair {
        decoded(th, native::decode_utf8(th, data.as_bytes(), errors, last))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn utf_8_encode(th: &Thread, str: Borrowed<'_, Str>, errors: Option<&str>) -> Pair {
        encoded(th, &str, native::encode_utf8(th, str, errors))
    }

    #[function(sig = "(data, errors=None, final=False, /)")]
    fn utf_16_decode(th: &Thread, data: Buffer, errors: Option<&str>, last: bool) -> Pair {
        decoded(th, native::decode_utf16(th, data.as_bytes(), errors, &mut 0, last))
    }

    #[function(sig = "(data, errors=None, final=False, /)")]
    fn utf_16_le_decode(th: &Thread, data: Buffer, errors: Option<&str>, last: bool) -> Pair {
        decoded(th, native::decode_utf16(th, data.as_bytes(), errors, &mut -1, last))
    }

    #[function(sig = "(data, errors=None, final=False, /)")]
    fn utf_16_be_decode(th: &Thread, data: Buffer, errors: Option<&str>, last: bool) -> Pair {
        decoded(th, native::decode_utf16(th, data.as_bytes(), errors, &mut 1, last))
    }

    #[function(sig = "(data, errors=None, byteorder=0, final=False, /)")]
    fn utf_16_ex_decode(
        th: &Thread,
        data: Buffer,
        errors: Option<&str>,
        byteorder: i32,
        last: bool,
    ) -> Pair {
        let mut order = byteorder;
        let result = native::decode_utf16(th, data.as_bytes(), errors, &mut order, last);
        decoded_ordered(th, result, order)
    }

    #[function(sig = "(str, errors=None, byteorder=0, /)")]
    fn utf_16_encode(
        th: &Thread,
        str: Borrowed<'_, Str>,
        errors: Option<&str>,
        byteorder: i32,
    ) -> Pair {
        encoded(th, &str, native::encode_utf16(th, str, errors, byteorder))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn utf_16_le_encode(th: &Thread, str: Borrowed<'_, Str>, errors: Option<&str>) -> Pair {
        encoded(th, &str, native::encode_utf16(th, str, errors, -1))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn utf_16_be_encode(th: &Thread, str: Borrowed<'_, Str>, errors: Option<&str>) -> Pair {
        encoded(th, &str, native::encode_utf16(th, str, errors, 1))
    }

    #[function(sig = "(data, errors=None, final=False, /)")]
    fn utf_32_decode(th: &Thread, data: Buffer, errors: Option<&str>, last: bool) -> Pair {
        decoded(th, native::decode_utf32(th, data.as_bytes(), errors, &mut 0, last))
    }

    #[function(sig = "(data, errors=None, final=False, /)")]
    fn utf_32_le_decode(th: &Thread, data: Buffer, errors: Option<&str>, last: bool) -> Pair {
        decoded(th, native::decode_utf32(th, data.as_bytes(), errors, &mut -1, last))
    }

    #[function(sig = "(data, errors=None, final=False, /)")]
    fn utf_32_be_decode(th: &Thread, data: Buffer, errors: Option<&str>, last: bool) -> Pair {
        decoded(th, native::decode_utf32(th, data.as_bytes(), errors, &mut 1, last))
    }

    #[function(sig = "(data, errors=None, byteorder=0, final=False, /)")]
    fn utf_32_ex_decode(
        th: &Thread,
        data: Buffer,
        errors: Option<&str>,
        byteorder: i32,
        last: bool,
    ) -> Pair {
        let mut order = byteorder;
        let result = native::decode_utf32(th, data.as_bytes(), errors, &mut order, last);
        decoded_ordered(th, result, order)
    }

    #[function(sig = "(str, errors=None, byteorder=0, /)")]
    fn utf_32_encode(
        th: &Thread,
        str: Borrowed<'_, Str>,
        errors: Option<&str>,
        byteorder: i32,
    ) -> Pair {
        encoded(th, &str, native::encode_utf32(th, str, errors, byteorder))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn utf_32_le_encode(th: &Thread, str: Borrowed<'_, Str>, errors: Option<&str>) -> Pair {
        encoded(th, &str, native::encode_utf32(th, str, errors, -1))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn utf_32_be_encode(th: &Thread, str: Borrowed<'_, Str>, errors: Option<&str>) -> Pair {
        encoded(th, &str, native::encode_utf32(th, str, errors, 1))
    }
}

#[pyfunctions(part = "tables")]
impl Codecs {
    #[function(sig = "(data, errors=None, /)")]
    fn ascii_decode(th: &Thread, data: Buffer, errors: Option<&str>) -> Pair {
        decoded(th, native::decode_ascii(th, data.as_bytes(), errors))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn ascii_encode(th: &Thread, str: Borrowed<'_, Str>, errors: Option<&str>) -> Pair {
        encoded(th, &str, native::encode_ascii(th, str, errors))
    }

    #[function(sig = "(data, errors=None, /)")]
    fn latin_1_decode(th: &Thread, data: Buffer, _errors: Option<&str>) -> Pair {
        decoded(th, native::decode_latin1(th, data.as_bytes()))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn latin_1_encode(th: &Thread, str: Borrowed<'_, Str>, errors: Option<&str>) -> Pair {
        encoded(th, &str, native::encode_latin1(th, str, errors))
    }

    #[function(sig = "(data, errors=None, mapping=None, /)")]
    fn charmap_decode(
        th: &Thread,
        data: Buffer,
        errors: Option<&str>,
        mapping: Option<Borrowed<'_>>,
    ) -> Pair {
        decoded(th, charmap::decode(th, data.as_bytes(), errors, mapping))
    }

    #[function(sig = "(str, errors=None, mapping=None, /)")]
    fn charmap_encode(
        th: &Thread,
        str: Borrowed<'_, Str>,
        errors: Option<&str>,
        mapping: Option<Borrowed<'_>>,
    ) -> Pair {
        encoded(th, &str, charmap::encode(th, str, errors, mapping))
    }

    #[function(sig = "(map, /)")]
    fn charmap_build(th: &Thread, map: Borrowed<'_, Str>) -> PyResult {
        charmap::build(th, map)
    }

    #[function(sig = "(data, errors=None, /)")]
    fn escape_decode(th: &Thread, data: Data<'_>, errors: Option<&str>) -> Pair {
        let bytes = escape::escape_decode(th, data.as_bytes(), errors)?;
        pair(th, bytes.into_object(), data.as_bytes().len())
    }

    #[function(sig = "(data, errors=None, /)")]
    fn escape_encode(th: &Thread, data: Borrowed<'_, Bytes>, _errors: Option<&str>) -> Pair {
        let bytes = escape::escape_encode(th, data.as_bytes())?;
        pair(th, bytes.into_object(), data.len())
    }

    #[function(sig = "(data, errors=None, final=True, /)")]
    fn unicode_escape_decode(
        th: &Thread,
        data: Data<'_>,
        errors: Option<&str>,
        last: bool,
    ) -> Pair {
        decoded(th, escape::decode_unicode_escape(th, data.as_bytes(), errors, last))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn unicode_escape_encode(th: &Thread, str: Borrowed<'_, Str>, _errors: Option<&str>) -> Pair {
        encoded(th, &str, escape::encode_unicode_escape(th, &str))
    }

    #[function(sig = "(data, errors=None, final=True, /)")]
    fn raw_unicode_escape_decode(
        th: &Thread,
        data: Data<'_>,
        errors: Option<&str>,
        last: bool,
    ) -> Pair {
        decoded(th, escape::decode_raw_unicode_escape(th, data.as_bytes(), errors, last))
    }

    #[function(sig = "(str, errors=None, /)")]
    fn raw_unicode_escape_encode(
        th: &Thread,
        str: Borrowed<'_, Str>,
        _errors: Option<&str>,
    ) -> Pair {
        encoded(th, &str, escape::encode_raw_unicode_escape(th, &str))
    }

    #[function(sig = "(data, errors=None, /)")]
    fn readbuffer_encode(th: &Thread, data: Data<'_>, _errors: Option<&str>) -> Pair {
        let bytes = Bytes::new(th, data.as_bytes())?;
        pair(th, bytes.into_object(), data.as_bytes().len())
    }
}
