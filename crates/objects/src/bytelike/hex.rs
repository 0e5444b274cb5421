//! Bytes as hexadecimal digits and back.
//!
//! The same job as CPython's `Python/pystrhex.c`.

use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};

/// The separator of `hex(sep)`.
fn separator(th: &Thread, sep: Borrowed<'_>, any: bool) -> PyResult<u8> {
    if object::len(th, sep)? != 1 {
        return Err(th.raise(exc::VALUE_ERROR, "sep must be length 1."));
    }
    let point = if let Some(text) = sep.downcast::<Str>() {
        if !text.is_ascii() {
            return Err(th.raise(exc::VALUE_ERROR, "sep must be ASCII."));
        }
        text.char_at(0) as u8
    } else if let Some(bytes) = sep.downcast::<Bytes>() {
        bytes.as_bytes()[0]
    } else {
        return Err(th.raise(exc::TYPE_ERROR, "sep must be str or bytes."));
    };
    if point > 127 && !any {
        return Err(th.raise(exc::VALUE_ERROR, "sep must be ASCII."));
    }
    Ok(point)
}

/// The digits, with a separator every so many bytes: counted from the right, from the left if negative.
/// `any` allows separators that are not ASCII.
pub fn digits(
    th: &Thread,
    data: &[u8],
    sep: Option<Borrowed<'_>>,
    bytes_per_sep: i32,
    any: bool,
) -> PyResult<Vec<u8>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let sep = match sep {
        Some(sep) => Some(separator(th, sep, any)?),
        None => None,
    };
    let every = bytes_per_sep.unsigned_abs() as usize;
    let sep = sep.filter(|_| every != 0 && every < data.len());
    let mut out = Vec::with_capacity(data.len() * 3);
    for (at, &byte) in data.iter().enumerate() {
        let counted = if bytes_per_sep > 0 { data.len() - at } else { at };
        if let Some(sep) = sep
            && at > 0
            && counted % every == 0
        {
            out.push(sep);
        }
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
    Ok(out)
}

/// `bytes.hex`.
pub fn hex(
    th: &Thread,
    data: &[u8],
    sep: Option<Borrowed<'_>>,
    bytes_per_sep: i32,
) -> PyResult<Owned<Str>> {
    let digits = digits(th, data, sep, bytes_per_sep, false)?;
    Str::from_chars_bounded(th, crate::str::Chars::One(&digits), 0x7f)
}

/// The bytes that pairs of digits mean, with white space between the pairs.
pub fn from_hex(th: &Thread, source: Borrowed<'_>) -> PyResult<Vec<u8>> {
    if let Some(text) = source.downcast::<Str>() {
        let points: Vec<u32> = text.chars().iter().collect();
        return parse(th, &points);
    }
    if !buffer::check(source) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "fromhex() argument must be str or bytes-like, not {}",
            source.type_name()
        ));
    }
    let data = Buffer::simple(th, source)?;
    let points: Vec<u32> = data.as_bytes().iter().map(|&byte| u32::from(byte)).collect();
    parse(th, &points)
}

fn parse(th: &Thread, points: &[u32]) -> PyResult<Vec<u8>> {
    let digit = |at: usize| {
        points.get(at).and_then(|&point| char::from_u32(point)).and_then(|c| c.to_digit(16))
    };
    let mut out = Vec::with_capacity(points.len() / 2);
    let mut at = 0;
    while at < points.len() {
        if super::is_space(points[at]) {
            at += 1;
            continue;
        }
        let wrong = match (digit(at), digit(at + 1)) {
            (Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 2;
                continue;
            }
            (Some(_), None) if at + 1 == points.len() => {
                return Err(th.raise(
                    exc::VALUE_ERROR,
                    "fromhex() arg must contain an even number of hexadecimal digits",
                ));
            }
            (Some(_), None) => at + 1,
            (None, _) => at,
        };
        return Err(raise!(
            th,
            VALUE_ERROR,
            "non-hexadecimal number found in fromhex() arg at position {wrong}"
        ));
    }
    Ok(out)
}
