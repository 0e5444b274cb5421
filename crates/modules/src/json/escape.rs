//! Strings as JSON writes them: in quotes, with escapes.

use krait_objects::prelude::*;
use krait_objects::str::Chars;
use krait_objects::text::{TextBuf, Unit};
use krait_objects::with_units;

/// The quoted form of a string, only in ASCII if asked for.
pub(super) fn quoted(th: &Thread, string: &Str, ascii: bool) -> PyResult<Owned<Str>> {
    let mut out = TextBuf::with_capacity(string.len() + 2);
    push_quoted(&mut out, string, ascii);
    finish(th, &out, ascii)
}

/// The text as a string; if it is known to be ASCII, without looking.
pub(super) fn finish(th: &Thread, text: &TextBuf, ascii: bool) -> PyResult<Owned<Str>> {
    match text {
        TextBuf::Latin1(units) if ascii => Str::from_chars_bounded(th, Chars::One(units), 0x7f),
        _ => Str::from_text(th, text),
    }
}

/// Appends the quoted form of a string.
pub(super) fn push_quoted(out: &mut TextBuf, string: &Str, ascii: bool) {
    push_ascii(out, b"\"");
    match string.chars() {
        Chars::One(units) if ascii => push_escaped(out, units, is_plain_ascii, push_ascii),
        // Latin-1 text stays as it is, in the buffer too.
        Chars::One(units) => push_escaped(out, units, is_plain, push_latin1),
        chars if ascii => with_units!(chars, units =>
            push_escaped(out, units, is_plain_ascii, |out, run| out.push_units(run))),
        chars => with_units!(chars, units =>
            push_escaped(out, units, is_plain, |out, run| out.push_units(run))),
    }
    push_ascii(out, b"\"");
}

/// Appends ASCII.
#[inline]
pub(super) fn push_ascii(out: &mut TextBuf, text: &[u8]) {
    match out {
        TextBuf::Latin1(out) => out.extend_from_slice(text),
        wider => wider.push_units(text),
    }
}

#[inline]
fn push_latin1(out: &mut TextBuf, text: &[u8]) {
    push_ascii(out, text);
}

#[inline(always)]
fn is_plain<T: Unit>(unit: T) -> bool {
    let code = unit.code();
    (code >= 0x20) & (code != u32::from(b'"')) & (code != u32::from(b'\\'))
}

#[inline(always)]
fn is_plain_ascii<T: Unit>(unit: T) -> bool {
    is_plain(unit) & (unit.code() < 0x7f)
}

/// Appends text, escaping what is not plain; `push` takes the plain runs.
#[inline(always)]
fn push_escaped<T: Unit>(
    out: &mut TextBuf,
    mut units: &[T],
    plain: impl Fn(T) -> bool,
    push: impl Fn(&mut TextBuf, &[T]),
) {
    const BLOCK: usize = 16;
    loop {
        let mut len = 0;
        // Whole blocks without branches in them, so that the compiler makes vectors of them.
        while let Some(block) = units.get(len..len + BLOCK) {
            if !block.iter().fold(true, |all, &unit| all & plain(unit)) {
                break;
            }
            len += BLOCK;
        }
        while len < units.len() && plain(units[len]) {
            len += 1;
        }
        push(out, &units[..len]);
        let Some(&special) = units.get(len) else {
            return;
        };
        push_escape(out, special.code());
        units = &units[len + 1..];
    }
}

fn push_escape(out: &mut TextBuf, point: u32) {
    let short = match u8::try_from(point) {
        Ok(b'"') => b"\\\"",
        Ok(b'\\') => b"\\\\",
        Ok(b'\n') => b"\\n",
        Ok(b'\r') => b"\\r",
        Ok(b'\t') => b"\\t",
        Ok(8) => b"\\b",
        Ok(12) => b"\\f",
        _ => return push_unicode_escape(out, point),
    };
    push_ascii(out, short);
}

/// `\uXXXX`, twice for what is beyond the basic plane.
fn push_unicode_escape(out: &mut TextBuf, point: u32) {
    let mut one = |unit: u32| {
        let digit = |shift: u32| b"0123456789abcdef"[(unit >> shift & 15) as usize];
        push_ascii(out, &[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
    };
    if point >= 0x1_0000 {
        one(0xd800 + ((point - 0x1_0000) >> 10));
        one(0xdc00 + ((point - 0x1_0000) & 0x3ff));
    } else {
        one(point);
    }
}
