//! The digits of ints as text, and back.

use std::borrow::Cow;

use super::Int;
use crate::bytes::Bytes;
use crate::int_digits::{self, ParseError};
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};
use crate::text::digits::{DECIMAL, write_bits, write_decimal};

/// `bin`, `oct`, `hex` (base 2, 8, 16), with sign and prefix.
pub fn to_base(th: &Thread, int: &Int, base: u32) -> PyResult<Owned<Str>> {
    if let Some(value) = int.to_i64() {
        return word_to_base(th, value, base);
    }
    let digits = int_digits::to_radix(int.view().abs(), base);
    let sign = if int.is_negative() { "-" } else { "" };
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        _ => "0x",
    };
    Str::from_fmt(th, format_args!("{sign}{prefix}{digits}"))
}

fn word_to_base(th: &Thread, value: i64, base: u32) -> PyResult<Owned<Str>> {
    let mut text = [0; 67];
    let end = text.len();
    let mut at = write_bits(&mut text, end, value.unsigned_abs(), base.trailing_zeros());
    let letter = match base {
        2 => b'b',
        8 => b'o',
        _ => b'x',
    };
    at -= 2;
    text[at..at + 2].copy_from_slice(&[b'0', letter]);
    if value < 0 {
        at -= 1;
        text[at] = b'-';
    }
    // Only ASCII was written.
    Str::from_ascii(th, &text[at..])
}

/// Decimal digits; ValueError past the interpreter's limit.
pub fn to_decimal(th: &Thread, int: &Int) -> PyResult<Owned<Str>> {
    if let Some(value) = int.to_i64() {
        return word_to_decimal(th, value);
    }
    let limit = th.interp().int_max_str_digits.get();
    if limit == 0 {
        super::power::allow(th, int.view().digits.len())?;
    }
    match int_digits::to_decimal(int.view(), limit as usize) {
        Ok(digits) => Str::new(th, &digits),
        Err(_) => Err(raise!(
            th,
            VALUE_ERROR,
            "Exceeds the limit ({limit} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit"
        )),
    }
}

fn word_to_decimal(th: &Thread, value: i64) -> PyResult<Owned<Str>> {
    let mut digits = [0; DECIMAL];
    let mut at = write_decimal(&mut digits, DECIMAL, value.unsigned_abs());
    if value < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    // Only ASCII was written.
    Str::from_ascii(th, &digits[at..])
}

/// A text as numbers are parsed from it: white space and decimal digits of any script become ASCII, what else is
/// not ASCII becomes `?`; then white space is cut off at both ends.
pub(crate) fn ascii_number(text: &Str) -> Cow<'_, [u8]> {
    if let Some(ascii) = text.as_ascii() {
        return Cow::Borrowed(trim(ascii.as_bytes()));
    }
    let ascii: Vec<u8> = text.chars().iter().map(ascii_of).collect();
    Cow::Owned(trim(&ascii).to_vec())
}

fn ascii_of(point: u32) -> u8 {
    if point < 0x80 {
        return point as u8;
    }
    if crate::unicode::is_space(point) {
        return b' ';
    }
    crate::unicode::to_decimal(point).map_or(b'?', |digit| b'0' + digit)
}

/// Without the ASCII white space at both ends.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let space = |c: &u8| matches!(c, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|c| !space(c)).unwrap_or(text.len());
    let end = text.iter().rposition(|c| !space(c)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// The value of a sign, if any, and a few digits and nothing else.
#[inline]
fn short_decimal(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // No limit is lower, and no value greater than fits.
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// The value of a few digits in a base and nothing else.
fn short_in_base(text: &[u8], base: u32) -> Option<i64> {
    // No more than fit in any base.
    if text.is_empty() || text.len() > 12 || base < 2 {
        return None;
    }
    text.iter().try_fold(0, |value, &byte| {
        let digit = char::from(byte).to_digit(base)?;
        Some(value * i64::from(base) + i64::from(digit))
    })
}

/// Parses text in `base`; `shown` is what the message of a failure quotes.
fn parse(th: &Thread, text: &[u8], base: u32, shown: Borrowed<'_>) -> PyResult<Owned<Int>> {
    if base == 10
        && let Some(value) = short_decimal(text)
    {
        return Int::from_i64(th, value);
    }
    if let Some(value) = short_in_base(text, base) {
        return Int::from_i64(th, value);
    }
    let limit = th.interp().int_max_str_digits.get();
    if limit == 0 {
        // A digit of memory holds nine of a text's, or six in the largest base.
        super::power::allow(th, text.len() / 6)?;
    }
    match int_digits::parse(text, base, limit as usize) {
        Ok(value) => Int::from_buf(th, &value),
        Err(ParseError::TooManyDigits { count }) => Err(raise!(
            th,
            VALUE_ERROR,
            "Exceeds the limit ({limit} digits) for integer string conversion: value has {count} digits; use sys.set_int_max_str_digits() to increase the limit"
        )),
        Err(ParseError::Invalid) => {
            let quoted = object::repr(th, shown)?;
            let quoted = quoted.substring(th, 0, quoted.len().min(200))?;
            Err(raise!(th, VALUE_ERROR, "invalid literal for int() with base {base}: {}", *quoted))
        }
    }
}

fn parse_bytes(th: &Thread, text: &[u8], base: u32) -> PyResult<Owned<Int>> {
    let shown = Bytes::new(th, text)?;
    parse(th, trim(text), base, shown.object())
}

/// `int(text)` for str, bytes and buffers; TypeError for anything else.
pub fn from_text_object(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    if let Some(text) = ob.downcast::<Str>() {
        return parse(th, &ascii_number(&text), 10, ob);
    }
    if let Some(bytes) = ob.downcast::<Bytes>() {
        return parse_bytes(th, bytes.as_bytes(), 10);
    }
    if buffer::check(ob) {
        let buffer = Buffer::simple(th, ob)?;
        return parse_bytes(th, buffer.as_bytes(), 10);
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
        ob.type_name()
    ))
}

/// `int(text, base)`.
pub(super) fn from_text_in_base(th: &Thread, ob: Borrowed<'_>, base: u32) -> PyResult<Owned<Int>> {
    if let Some(text) = ob.downcast::<Str>() {
        return parse(th, &ascii_number(&text), base, ob);
    }
    if let Some(bytes) = ob.downcast::<Bytes>() {
        return parse_bytes(th, bytes.as_bytes(), base);
    }
    if is_bytearray(ob) {
        let buffer = Buffer::simple(th, ob)?;
        return parse_bytes(th, buffer.as_bytes(), base);
    }
    Err(th.raise(exc::TYPE_ERROR, "int() can't convert non-string with explicit base"))
}

/// Whether it is a `bytearray`, or an instance of a subclass: the built-in type at the end of the bases.
fn is_bytearray(ob: Borrowed<'_>) -> bool {
    let mut class = Some(ob.get().ty());
    while let Some(current) = class {
        if !current.is_heap_type() {
            return current.tp_name() == "bytearray";
        }
        class = current.get().base();
    }
    false
}
