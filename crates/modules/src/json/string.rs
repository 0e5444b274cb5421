//! Strings in JSON documents: finding their end, undoing their escapes.

use krait_objects::prelude::*;
use krait_objects::str::{Chars, StrBuilder};
use krait_objects::text::Unit;

use super::decode_error;

/// A kind of text that documents are stored in.
pub(super) trait Text: Unit {
    fn chars(units: &[Self]) -> Chars<'_>;
}

impl Text for u8 {
    fn chars(units: &[u8]) -> Chars<'_> {
        Chars::One(units)
    }
}

impl Text for u16 {
    fn chars(units: &[u16]) -> Chars<'_> {
        Chars::Two(units)
    }
}

impl Text for u32 {
    fn chars(units: &[u32]) -> Chars<'_> {
        Chars::Four(units)
    }
}

/// Whether a string can go on with this character as it is.
#[inline(always)]
fn is_plain<T: Text>(unit: T) -> bool {
    let code = unit.code();
    (code >= 0x20) & (code != u32::from(b'"')) & (code != u32::from(b'\\'))
}

/// How many plain characters there are at the start.
#[inline]
pub(super) fn plain_len<T: Text>(units: &[T]) -> usize {
    const BLOCK: usize = 16;
    let mut at = 0;
    // A whole block at a time, without branches in it, so that the compiler makes vectors of it.
    while let Some(block) = units.get(at..at + BLOCK) {
        if !block.iter().fold(true, |all, &unit| all & is_plain(unit)) {
            break;
        }
        at += BLOCK;
    }
    while at < units.len() && is_plain(units[at]) {
        at += 1;
    }
    at
}

/// A string of characters of a document. If all of that is ASCII, so is the part.
#[inline]
pub(super) fn part<T: Text>(
    th: &Thread,
    document: Borrowed<'_, Str>,
    units: &[T],
) -> PyResult<Owned<Str>> {
    if document.is_ascii() {
        return ascii(th, units);
    }
    Str::from_chars(th, T::chars(units))
}

/// A string of characters known to be ASCII: the constructor trusts the bound.
pub(super) fn ascii<T: Text>(th: &Thread, units: &[T]) -> PyResult<Owned<Str>> {
    Str::from_chars_bounded(th, T::chars(units), 0x7f)
}

/// The string whose first character is at `start`, after the quote, and the index after its end.
pub(super) fn scan<T: Text>(
    th: &Thread,
    document: Borrowed<'_, Str>,
    units: &[T],
    start: usize,
    strict: bool,
) -> PyResult<(Owned<Str>, usize)> {
    let end = start + plain_len(&units[start..]);
    if units.get(end).is_some_and(|unit| unit.code() == u32::from(b'"')) {
        return Ok((part(th, document, &units[start..end])?, end + 1));
    }
    scan_escaped(th, document, units, start, end, strict)
}

/// As `scan`, once something at `at` is not plain.
fn scan_escaped<T: Text>(
    th: &Thread,
    document: Borrowed<'_, Str>,
    units: &[T],
    start: usize,
    mut at: usize,
    strict: bool,
) -> PyResult<(Owned<Str>, usize)> {
    let unterminated =
        || decode_error(th, "Unterminated string starting at", document, start.saturating_sub(1));
    let mut text = StrBuilder::new();
    let mut from = start;
    loop {
        at += plain_len(&units[at..]);
        let code = units.get(at).ok_or_else(unterminated)?.code();
        if code != u32::from(b'"') && code != u32::from(b'\\') {
            if strict {
                return Err(decode_error(th, "Invalid control character at", document, at));
            }
            at += 1;
            continue;
        }
        text.push_chars(T::chars(&units[from..at]));
        at += 1;
        if code == u32::from(b'"') {
            return Ok((text.finish(th)?, at));
        }
        let escape = units.get(at).ok_or_else(unterminated)?.code();
        let point;
        (point, at) = match u8::try_from(escape).unwrap_or(0) {
            b'u' => unicode_escape(th, document, units, at + 1)?,
            kind => match simple_escape(kind) {
                Some(meant) => (u32::from(meant), at + 1),
                None => return Err(decode_error(th, "Invalid \\escape", document, at - 1)),
            },
        };
        text.push_char(point);
        from = at;
    }
}

fn simple_escape(kind: u8) -> Option<u8> {
    Some(match kind {
        b'"' | b'\\' | b'/' => kind,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// What the digits at `at` stand for, together with a second escape if both are a surrogate pair; where it ends.
fn unicode_escape<T: Text>(
    th: &Thread,
    document: Borrowed<'_, Str>,
    units: &[T],
    at: usize,
) -> PyResult<(u32, usize)> {
    let refuse = |at: usize| decode_error(th, "Invalid \\uXXXX escape", document, at);
    if units.len() < at + 4 {
        return Err(refuse(at - 1));
    }
    let high = four_digits(&units[at..at + 4]).ok_or_else(|| refuse(at - 1))?;
    let is = |at: usize, c: u8| units[at].code() == u32::from(c);
    let after = at + 4;
    if !(0xd800..0xdc00).contains(&high)
        || units.len() < after + 6
        || !(is(after, b'\\') && is(after + 1, b'u'))
    {
        return Ok((high, after));
    }
    match four_digits(&units[after + 2..after + 6]).ok_or_else(|| refuse(after + 1))? {
        low @ 0xdc00..0xe000 => {
            Ok((0x1_0000 + ((high - 0xd800) << 10 | (low - 0xdc00)), after + 6))
        }
        _ => Ok((high, after)),
    }
}

fn four_digits<T: Text>(digits: &[T]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| {
        let digit = char::from_u32(digit.code())?.to_digit(16)?;
        Some(value << 4 | digit)
    })
}
