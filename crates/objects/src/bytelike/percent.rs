//! `bytes % arguments`.
//!
//! The same job as CPython's `_PyBytes_FormatEx`.

use crate::bytearray::ByteArray;
use crate::percent::{Conversion, Parser, Piece};
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};
use crate::str::percent::{Values, integer, plain_number};
use crate::text::digits::Number;

/// The argument of `c`.
fn single_byte(th: &Thread, value: Borrowed<'_>) -> PyResult<u8> {
    let wrong_length = |name: &str, len: usize| {
        raise!(
            th,
            TYPE_ERROR,
            "%c requires an integer in range(256) or a single byte, not a {name} object of length {len}"
        )
    };
    if let Some(bytes) = value.downcast::<Bytes>() {
        return match *bytes.as_bytes() {
            [byte] => Ok(byte),
            _ => Err(wrong_length("bytes", bytes.len())),
        };
    }
    if let Some(array) = value.downcast::<ByteArray>() {
        return match *array.as_bytes() {
            [byte] => Ok(byte),
            _ => Err(wrong_length("bytearray", array.as_bytes().len())),
        };
    }
    if !number::is_index(value) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "%c requires an integer in range(256) or a single byte, not {}",
            *value.ty().full_name(th)?
        ));
    }
    number::index(th, value)?
        .to_i64()
        .and_then(|value| u8::try_from(value).ok())
        .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "%c arg not in range(256)"))
}

/// The argument of `b` and `s`.
fn bytes_of(th: &Thread, value: Borrowed<'_>) -> PyResult<Vec<u8>> {
    if let Some(bytes) = value.downcast_exact::<Bytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    if let Some(method) = object::lookup_special(th, value, id::__bytes__)? {
        let result = call::call(th, method.borrow(), &[])?;
        return match result.object().downcast::<Bytes>() {
            Some(bytes) => Ok(bytes.as_bytes().to_vec()),
            None => Err(raise!(
                th,
                TYPE_ERROR,
                "__bytes__ returned non-bytes (type {})",
                result.type_name()
            )),
        };
    }
    if buffer::check(value) {
        return Buffer::get(th, value, krait_abi::PyBUF_FULL_RO)?.to_vec(th);
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{}'",
        value.type_name()
    ))
}

/// Appends `data` between spaces, if there is memory for all of it.
fn push_padded(
    th: &Thread,
    out: &mut Vec<u8>,
    left: usize,
    data: &[u8],
    right: usize,
) -> PyResult<()> {
    let len = left.checked_add(data.len()).and_then(|len| len.checked_add(right));
    match len {
        Some(len) if out.try_reserve(len).is_ok() => {}
        _ => return Err(th.no_memory()),
    }
    out.resize(out.len() + left, b' ');
    out.extend_from_slice(data);
    out.resize(out.len() + right, b' ');
    Ok(())
}

fn push_number(
    th: &Thread,
    out: &mut Vec<u8>,
    conversion: &Conversion,
    number: &Number,
) -> PyResult<()> {
    let (text, (padding, fill)) = (number.as_bytes(), conversion.padding_of(number.len()));
    match padding.total().and_then(|blanks| blanks.checked_add(text.len())) {
        Some(len) if out.try_reserve(len).is_ok() => {}
        _ => return Err(th.no_memory()),
    }
    let (head, body) = text.split_at(number.head);
    out.resize(out.len() + padding.left, fill);
    out.extend_from_slice(head);
    out.resize(out.len() + padding.inner, fill);
    out.extend_from_slice(body);
    out.resize(out.len() + padding.right, fill);
    Ok(())
}

fn push_text(th: &Thread, out: &mut Vec<u8>, conversion: &Conversion, data: &[u8]) -> PyResult<()> {
    let (used, left, right) = conversion.layout_text(data.len());
    push_padded(th, out, left, &data[..used], right)
}

fn convert(
    th: &Thread,
    conversion: &Conversion,
    value: Borrowed<'_>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    if let Some(number) = plain_number(conversion, value) {
        return push_number(th, out, conversion, &number);
    }
    let laid = match u8::try_from(conversion.code).unwrap_or(0) {
        b's' | b'b' if let Some(bytes) = value.downcast_exact::<Bytes>() => {
            return push_text(th, out, conversion, bytes.get().as_bytes());
        }
        b's' | b'b' => {
            return push_text(th, out, conversion, &bytes_of(th, value)?);
        }
        b'r' | b'a' => {
            let text = object::ascii(th, value)?;
            return push_text(th, out, conversion, &text.to_wtf8());
        }
        b'c' => {
            let byte = single_byte(th, value)?;
            let (left, right) = conversion.padding(1);
            return push_padded(th, out, left, &[byte], right);
        }
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => {
            let (negative, digits) = integer(th, value, conversion.code)?;
            if !conversion.allows_int() {
                return Err(th.raise(exc::OVERFLOW_ERROR, "precision too large"));
            }
            conversion.layout_int(negative, digits)
        }
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
            let float = match number::as_f64(th, value) {
                Ok(float) => float,
                Err(raised) => {
                    drop(th.take_if(raised, exc::TYPE_ERROR)?);
                    let found = value.type_name();
                    return Err(raise!(th, TYPE_ERROR, "float argument required, not {found}"));
                }
            };
            if !conversion.allows_float() {
                return Err(th.raise(exc::VALUE_ERROR, "precision too big"));
            }
            conversion.layout_float(float)
        }
        code if code > 127 => {
            // The reference builds its message from the byte as a character, and fails at that.
            return Err(th.raise(exc::OVERFLOW_ERROR, "character argument not in range(0x110000)"));
        }
        _ => return Err(th.raise(exc::VALUE_ERROR, &conversion.unsupported())),
    };
    match laid.len() {
        Some(len) if out.try_reserve(len).is_ok() => {}
        _ => return Err(th.no_memory()),
    }
    out.extend(laid.code_points().map(|point| point as u8));
    Ok(())
}

/// `format % args`.
pub fn format(th: &Thread, format: &[u8], args: Borrowed<'_>) -> PyResult<Vec<u8>> {
    let text_like = args.downcast::<Bytes>().is_some()
        || args.downcast::<ByteArray>().is_some()
        || args.downcast::<Str>().is_some();
    let mut values = Values::new(args, text_like);
    let mut out = Vec::with_capacity(format.len() + 100);
    let prepare = |values: &mut Values<'_>, conversion: &mut Conversion| {
        if let Some(key) = conversion.key.clone() {
            values.select(th, Bytes::new(th, &format[key])?.object())?;
        }
        values.amounts(th, conversion)
    };
    for piece in Parser::for_bytes(format) {
        match piece {
            Ok(Piece::Literal(range)) => out.extend_from_slice(&format[range]),
            Ok(Piece::Percent) => out.push(b'%'),
            Ok(Piece::Conversion(mut conversion)) => {
                prepare(&mut values, &mut conversion)?;
                let value = values.next(th)?;
                convert(th, &conversion, value.object(), &mut out)?;
            }
            Err(mut error) => {
                prepare(&mut values, &mut error.before)?;
                return Err(values.fail(th, error.message));
            }
        }
    }
    values.finish(th, "bytes")?;
    Ok(out)
}
