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
    let sep = match sep {
        Some(sep) => Some(separator(th, sep, any)?),
        None => None,
    };
    let every = bytes_per_sep.unsigned_abs() as usize;
    let sep = sep.filter(|_| every != 0 && every < data.len());
    let len = data.len() * 2 + if sep.is_some() { (data.len() - 1) / every } else { 0 };
    let mut out = vec![0; len];
    write_digits(&mut out, data, sep, every, bytes_per_sep > 0);
    Ok(out)
}

/// Writes the digits, and a separator every so many bytes, counted from the right or the left.
fn write_digits(out: &mut [u8], data: &[u8], sep: Option<u8>, every: usize, from_right: bool) {
    let Some(sep) = sep else { return write_plain(out, data) };
    let first = if from_right { (data.len() - 1) % every + 1 } else { every };
    let (first, rest) = data.split_at(first);
    let (to, mut out) = out.split_at_mut(first.len() * 2);
    write_plain(to, first);
    for group in rest.chunks(every) {
        let (to, after) = out.split_at_mut(1 + group.len() * 2);
        to[0] = sep;
        write_plain(&mut to[1..], group);
        out = after;
    }
}

fn write_plain(out: &mut [u8], data: &[u8]) {
    let digit = |value: u8| value + b'0' + if value > 9 { b'a' - b'0' - 10 } else { 0 };
    for (pair, &byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(data) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
}

/// `bytes.hex`.
pub fn hex(
    th: &Thread,
    data: &[u8],
    sep: Option<Borrowed<'_>>,
    bytes_per_sep: i32,
) -> PyResult<Owned<Str>> {
    if sep.is_none() && data.len() < isize::MAX as usize / 2 {
        return Str::build_ascii(th, data.len() * 2, &mut |out| write_plain(out, data));
    }
    let digits = digits(th, data, sep, bytes_per_sep, false)?;
    Str::from_chars_bounded(th, crate::str::Chars::One(&digits), 0x7f)
}

/// The value of a hexadecimal digit; more than 15 for other characters.
#[inline(always)]
pub fn value(digit: u8) -> u8 {
    const VALUES: [u8; 256] = {
        let mut values = [0xff; 256];
        let mut at = 0;
        while at < 16 {
            let digit = b"0123456789abcdef"[at];
            values[digit as usize] = at as u8;
            values[digit.to_ascii_uppercase() as usize] = at as u8;
            at += 1;
        }
        values
    };
    VALUES[usize::from(digit)]
}

/// The bytes that pairs of digits mean, with white space between the pairs.
pub fn from_hex(th: &Thread, source: Borrowed<'_>) -> PyResult<Vec<u8>> {
    if let Some(text) = source.downcast::<Str>() {
        if let Some(ascii) = text.as_ascii() {
            return parse(th, ascii.as_bytes());
        }
        // What is not ASCII is found before anything else that is wrong.
        let wrong = text.chars().iter().position(|point| point >= 0x80).unwrap_or(0);
        return Err(not_a_digit(th, wrong));
    }
    if !buffer::check(source) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "fromhex() argument must be str or bytes-like, not {}",
            source.type_name()
        ));
    }
    parse(th, Buffer::simple(th, source)?.as_bytes())
}

fn not_a_digit(th: &Thread, at: usize) -> Raised {
    raise!(th, VALUE_ERROR, "non-hexadecimal number found in fromhex() arg at position {at}")
}

fn parse(th: &Thread, text: &[u8]) -> PyResult<Vec<u8>> {
    let digit = |at: usize| text.get(at).map_or(0xff, |&byte| value(byte));
    let mut out = Vec::with_capacity(text.len() / 2);
    // As far as there are digits only.
    out.extend(text.as_chunks::<2>().0.iter().map_while(|&[high, low]| {
        let (high, low) = (value(high), value(low));
        ((high | low) < 16).then_some(high << 4 | low)
    }));
    let mut at = out.len() * 2;
    while let Some(&byte) = text.get(at) {
        let (high, low) = (value(byte), digit(at + 1));
        if (high | low) < 16 {
            out.push(high << 4 | low);
            at += 2;
            continue;
        }
        if super::is_space(u32::from(byte)) {
            at += 1;
            continue;
        }
        if high < 16 && at + 1 == text.len() {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "fromhex() arg must contain an even number of hexadecimal digits",
            ));
        }
        let wrong = at + usize::from(high < 16);
        return Err(not_a_digit(th, wrong));
    }
    Ok(out)
}
