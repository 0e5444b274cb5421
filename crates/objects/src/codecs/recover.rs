//! The loops around the codecs of `text::codec`: an error goes to its handler, and the codec goes on.
//!
//! The handlers with well-known names work in place; others are called with an exception, as Python defines.

use std::fmt::Write;

use super::{names, registry};
use crate::exceptions::unicode::{fields_of, raise_decode_error, raise_encode_error};
use crate::prelude::*;
use crate::str::Chars;
use crate::text::TextBuf;
use crate::text::codec::CodecError;

/// A way to treat errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode<'a> {
    Strict,
    Ignore,
    Replace,
    BackslashReplace,
    XmlCharRefReplace,
    SurrogateEscape,
    SurrogatePass,
    Other(&'a str),
}

impl<'a> Mode<'a> {
    fn of(errors: Option<&'a str>) -> Mode<'a> {
        match errors {
            None | Some("strict") => Mode::Strict,
            Some("ignore") => Mode::Ignore,
            Some("replace") => Mode::Replace,
            Some("backslashreplace") => Mode::BackslashReplace,
            Some("xmlcharrefreplace") => Mode::XmlCharRefReplace,
            Some("surrogateescape") => Mode::SurrogateEscape,
            Some("surrogatepass") => Mode::SurrogatePass,
            Some(name) => Mode::Other(name),
        }
    }
}

/// A decoder that stops at errors; see `text::codec`.
pub type Decoder<'a> = dyn FnMut(&[u8], &mut usize, &mut TextBuf) -> Result<(), CodecError> + 'a;

/// Decodes all of `data`, from `*at` on, which moves to what was not consumed.
pub fn decode(
    th: &Thread,
    encoding: &str,
    data: &[u8],
    errors: Option<&str>,
    at: &mut usize,
    decoder: &mut Decoder<'_>,
) -> PyResult<Owned<Str>> {
    decode_from(th, &Target::bytes(encoding), data, errors, at, decoder)
}

/// `decode`, for an encoding with something particular.
pub fn decode_from(
    th: &Thread,
    target: &Target<'_>,
    data: &[u8],
    errors: Option<&str>,
    at: &mut usize,
    decoder: &mut Decoder<'_>,
) -> PyResult<Owned<Str>> {
    let mut out = TextBuf::with_capacity(data.len());
    // A handler may put other bytes in place of the input.
    let mut replaced: Option<Owned<Bytes>> = None;
    let mode = Mode::of(errors);
    loop {
        let input = replaced.as_ref().map_or(data, |bytes| bytes.as_bytes());
        let Err(error) = decoder(input, at, &mut out) else {
            return Str::from_text(th, &out);
        };
        let wrong = &input[error.start..error.end];
        match mode {
            Mode::Ignore => *at = error.end,
            Mode::Replace => {
                out.push(0xfffd);
                *at = error.end;
            }
            Mode::BackslashReplace => {
                wrong.iter().for_each(|&byte| crate::str::push_escape(&mut out, byte.into()));
                *at = error.end;
            }
            Mode::SurrogateEscape if !wrong.is_empty() && !wrong[0].is_ascii() => {
                // At most four bytes, and none that are ASCII.
                let escaped = wrong.iter().take(4).take_while(|byte| !byte.is_ascii());
                for &byte in escaped {
                    out.push(0xdc00 + u32::from(byte));
                    *at = error.start + 1;
                }
                let count = wrong.iter().take(4).take_while(|byte| !byte.is_ascii()).count();
                *at = error.start + count;
            }
            Mode::Strict => {
                let input = Bytes::new(th, input)?;
                return Err(raise_decode_error(th, target.encoding, input.borrow(), error));
            }
            _ => {
                let object = match replaced.take() {
                    Some(object) => object,
                    None => Bytes::new(th, data)?,
                };
                let name = errors.unwrap_or("strict");
                let (text, next, object) = ask_decode(th, name, target, object, error)?;
                push(&mut out, text.chars());
                *at = next;
                replaced = Some(object);
            }
        }
    }
}

fn push(out: &mut TextBuf, chars: Chars<'_>) {
    crate::with_units!(chars, units => out.push_units(units));
}

/// An instance of one of the UnicodeError classes.
fn exception(raised: Raised, th: &Thread) -> Owned<BaseException> {
    th.take_raised(raised)
}

/// The position a handler returned, counted from the end if it is negative.
pub fn position(th: &Thread, value: &Int, len: usize, any_index: bool) -> PyResult<usize> {
    let from_start = match value.to_i64() {
        Some(position) if position < 0 => position + len as i64,
        Some(position) => position,
        None if any_index => -1,
        None => {
            return Err(raise!(th, OVERFLOW_ERROR, "Python int too large to convert to C ssize_t"));
        }
    };
    match usize::try_from(from_start) {
        Ok(at) if at <= len => Ok(at),
        _ => Err(raise!(th, INDEX_ERROR, "position {from_start} from error handler out of bounds")),
    }
}

/// Asks a handler about a decoding error: replacement, where to go on, and the input from then on.
fn ask_decode(
    th: &Thread,
    name: &str,
    target: &Target<'_>,
    input: Owned<Bytes>,
    error: CodecError,
) -> PyResult<(Owned<Str>, usize, Owned<Bytes>)> {
    let handler = registry::lookup_error(th, name)?;
    let exception = exception(raise_decode_error(th, target.encoding, input.borrow(), error), th);
    let result = call::call(th, handler.borrow(), &[exception.object()])?;
    let refused =
        || th.raise(exc::TYPE_ERROR, "decoding error handler must return (str, int) tuple");
    let pair = result.object().downcast::<Tuple>().ok_or_else(refused)?;
    let [text, next] = pair.get().as_slice() else {
        return Err(refused());
    };
    let text = text.downcast::<Str>().ok_or_else(refused)?;
    let next = next.downcast::<Int>().ok_or_else(refused)?;
    let object = fields_of(exception.object()).and_then(|fields| fields.object.get_owned());
    let Some(object) = object.and_then(|object| object.downcast::<Bytes>().ok()) else {
        return Err(raise!(th, TYPE_ERROR, "UnicodeError 'object' attribute must be a bytes"));
    };
    let next = position(th, &next, object.len(), target.any_index)?;
    Ok((text.to_owned(), next, object))
}

/// An encoder that stops at errors; see `text::codec`.
pub type Encoder<'a> =
    dyn FnMut(Chars<'_>, &mut usize, &mut Vec<u8>) -> Result<(), CodecError> + 'a;

/// What is particular to an encoding.
pub struct Target<'a> {
    /// The name in exceptions.
    pub encoding: &'a str,
    /// How many bytes the smallest character takes: what a handler gives as bytes is a multiple of it.
    pub unit: usize,
    /// Handlers may give text that is ASCII only.
    pub ascii_replacement: bool,
    /// An index from a handler that is too large for a machine word is out of bounds as others are.
    pub any_index: bool,
}

impl<'a> Target<'a> {
    /// An encoding to single bytes.
    pub fn bytes(encoding: &'a str) -> Target<'a> {
        Target { encoding, unit: 1, ascii_replacement: false, any_index: false }
    }
}

/// Encodes all of `string`, behind what `out` holds already.
pub fn encode(
    th: &Thread,
    target: &Target<'_>,
    string: Borrowed<'_, Str>,
    errors: Option<&str>,
    mut out: Vec<u8>,
    encoder: &mut Encoder<'_>,
) -> PyResult<Owned<Bytes>> {
    let mode = Mode::of(errors);
    let mut at = 0;
    loop {
        let Err(error) = encoder(string.chars(), &mut at, &mut out) else {
            return Bytes::new(th, &out);
        };
        at = recover(th, target, string, mode, error, &mut out, encoder)?;
    }
}

/// Treats one error; where to go on.
fn recover(
    th: &Thread,
    target: &Target<'_>,
    string: Borrowed<'_, Str>,
    mode: Mode<'_>,
    error: CodecError,
    out: &mut Vec<u8>,
    encoder: &mut Encoder<'_>,
) -> PyResult<usize> {
    let refuse = |error| raise_encode_error(th, target.encoding, string, error);
    let wrong = string.chars().slice(error.start..error.end);
    let mut text = String::new();
    match mode {
        Mode::Strict => return Err(refuse(error)),
        Mode::Ignore => return Ok(error.end),
        Mode::Replace => text.extend(std::iter::repeat_n('?', wrong.len())),
        Mode::BackslashReplace => {
            wrong.iter().for_each(|point| names::push_backslash(&mut text, point))
        }
        Mode::XmlCharRefReplace => wrong.iter().for_each(|point| {
            // Writing to a String does not fail.
            let _ = write!(text, "&#{point};");
        }),
        Mode::SurrogateEscape if target.unit == 1 => {
            let escaped = wrong.iter().take_while(|point| (0xdc80..0xdd00).contains(point));
            let bytes: Vec<u8> = escaped.map(|point| point as u8).collect();
            if bytes.is_empty() {
                return Err(refuse(error));
            }
            out.extend_from_slice(&bytes);
            return Ok(error.start + bytes.len());
        }
        Mode::SurrogateEscape => {
            return ask(th, target, string, "surrogateescape", error, out, encoder);
        }
        Mode::SurrogatePass => {
            return ask(th, target, string, "surrogatepass", error, out, encoder);
        }
        Mode::Other(name) => return ask(th, target, string, name, error, out, encoder),
    }
    match encoder(Chars::One(text.as_bytes()), &mut 0, out) {
        Ok(()) => Ok(error.end),
        Err(_) => Err(refuse(error)),
    }
}

/// Asks a handler about an encoding error, and writes what it gives; where to go on.
fn ask(
    th: &Thread,
    target: &Target<'_>,
    string: Borrowed<'_, Str>,
    name: &str,
    error: CodecError,
    out: &mut Vec<u8>,
    encoder: &mut Encoder<'_>,
) -> PyResult<usize> {
    let refuse = || raise_encode_error(th, target.encoding, string, error);
    let handler = registry::lookup_error(th, name)?;
    let exception = exception(refuse(), th);
    let result = call::call(th, handler.borrow(), &[exception.object()])?;
    let bad =
        || th.raise(exc::TYPE_ERROR, "encoding error handler must return (str/bytes, int) tuple");
    let pair = result.object().downcast::<Tuple>().ok_or_else(bad)?;
    let [replacement, next] = pair.get().as_slice() else {
        return Err(bad());
    };
    let next = next.downcast::<Int>().ok_or_else(bad)?;
    if let Some(text) = replacement.downcast::<Str>() {
        let next = position(th, &next, string.len(), target.any_index)?;
        if target.ascii_replacement && !text.is_ascii() {
            return Err(refuse());
        }
        return match encoder(text.chars(), &mut 0, out) {
            Ok(()) => Ok(next),
            Err(_) => Err(refuse()),
        };
    }
    let bytes = replacement.downcast::<Bytes>().ok_or_else(bad)?;
    let next = position(th, &next, string.len(), target.any_index)?;
    if bytes.len() % target.unit != 0 {
        return Err(refuse());
    }
    out.extend_from_slice(bytes.as_bytes());
    Ok(next)
}
