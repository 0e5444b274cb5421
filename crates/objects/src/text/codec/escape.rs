//! `unicode_escape` and `raw_unicode_escape`: text as in Python's literals.

use super::CodecError;
use crate::text::{TextBuf, Unit};
use std::fmt::Write;

/// An escape that is none, or is an octal one past 255: kept or cut, and worth a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidEscape {
    /// The byte behind the backslash, and where it stands.
    Unknown { at: usize, byte: u8 },
    /// The value of the octal escape, and where its first digit stands.
    Octal { at: usize, value: u32 },
}

/// Why an escape could not be read.
enum Trouble {
    /// The input ended before the escape did.
    Incomplete(usize, &'static str),
    Wrong(usize, &'static str),
}

/// Decodes; `name` looks a character's name up for `\N{…}`, which may be the name of a sequence
/// too. The first invalid escape is stored in `invalid` if nothing is there.
pub fn decode_unicode_escape(
    input: &[u8],
    at: &mut usize,
    last: bool,
    out: &mut TextBuf,
    invalid: &mut Option<InvalidEscape>,
    mut name: impl FnMut(&[u8]) -> Option<u32>,
) -> Result<(), CodecError> {
    loop {
        let rest = &input[*at..];
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        out.push_units(&rest[..plain]);
        *at += plain;
        if plain == rest.len() {
            return Ok(());
        }
        match escape(input, *at + 1, out, invalid, &mut name) {
            Ok(end) => *at = end,
            Err(Trouble::Incomplete(..)) if !last => return Ok(()),
            Err(Trouble::Incomplete(end, reason) | Trouble::Wrong(end, reason)) => {
                return Err(CodecError { start: *at, end, reason });
            }
        }
    }
}

/// Reads what follows a backslash, and returns where it ends.
fn escape(
    input: &[u8],
    at: usize,
    out: &mut TextBuf,
    invalid: &mut Option<InvalidEscape>,
    name: &mut impl FnMut(&[u8]) -> Option<u32>,
) -> Result<usize, Trouble> {
    let Some(&letter) = input.get(at) else {
        return Err(Trouble::Incomplete(at, "\\ at end of string"));
    };
    let next = at + 1;
    let simple = match letter {
        b'\n' => return Ok(next),
        b'\\' | b'\'' | b'"' => letter,
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        b'0'..=b'7' => return Ok(octal(input, at, out, invalid)),
        b'x' => return hex(input, next, 2, "truncated \\xXX escape", out),
        b'u' => return hex(input, next, 4, "truncated \\uXXXX escape", out),
        b'U' => return hex(input, next, 8, "truncated \\UXXXXXXXX escape", out),
        b'N' => return named(input, next, out, name),
        _ => {
            invalid.get_or_insert(InvalidEscape::Unknown { at, byte: letter });
            out.push(u32::from(b'\\'));
            letter
        }
    };
    out.push(u32::from(simple));
    Ok(next)
}

fn octal(input: &[u8], at: usize, out: &mut TextBuf, invalid: &mut Option<InvalidEscape>) -> usize {
    let digits = input[at..].iter().take(3).take_while(|c| (b'0'..=b'7').contains(c));
    let (mut value, mut end) = (0, at);
    for &digit in digits {
        value = value * 8 + u32::from(digit - b'0');
        end += 1;
    }
    if value > 0o377 {
        invalid.get_or_insert(InvalidEscape::Octal { at, value });
    }
    out.push(value);
    end
}

fn hex_value(
    input: &[u8],
    at: usize,
    count: usize,
    reason: &'static str,
) -> Result<(u32, usize), Trouble> {
    let mut value = 0;
    for i in at..at + count {
        let Some(&digit) = input.get(i) else {
            return Err(Trouble::Incomplete(i, reason));
        };
        let Some(digit) = char::from(digit).to_digit(16) else {
            return Err(Trouble::Wrong(i, reason));
        };
        value = value << 4 | digit;
    }
    Ok((value, at + count))
}

fn hex(
    input: &[u8],
    at: usize,
    count: usize,
    reason: &'static str,
    out: &mut TextBuf,
) -> Result<usize, Trouble> {
    let (value, end) = hex_value(input, at, count, reason)?;
    if value > 0x10_ffff {
        return Err(Trouble::Wrong(end, "illegal Unicode character"));
    }
    out.push(value);
    Ok(end)
}

fn named(
    input: &[u8],
    at: usize,
    out: &mut TextBuf,
    name: &mut impl FnMut(&[u8]) -> Option<u32>,
) -> Result<usize, Trouble> {
    const MALFORMED: &str = "malformed \\N character escape";
    match input.get(at) {
        None => return Err(Trouble::Incomplete(at, MALFORMED)),
        Some(b'{') => {}
        Some(_) => return Err(Trouble::Wrong(at, MALFORMED)),
    }
    let start = at + 1;
    let Some(len) = memchr::memchr(b'}', &input[start..]) else {
        return Err(Trouble::Incomplete(input.len(), MALFORMED));
    };
    let end = start + len;
    if len == 0 {
        return Err(Trouble::Wrong(end, MALFORMED));
    }
    match name(&input[start..end]) {
        Some(c) => {
            out.push(c);
            Ok(end + 1)
        }
        None => Err(Trouble::Wrong(end + 1, "unknown Unicode character name")),
    }
}

pub fn decode_raw_unicode_escape(
    input: &[u8],
    at: &mut usize,
    last: bool,
    out: &mut TextBuf,
) -> Result<(), CodecError> {
    while let Some(&byte) = input.get(*at) {
        let start = *at;
        let (count, reason) = match input.get(start + 1) {
            None if byte == b'\\' && !last => return Ok(()),
            Some(b'u') if byte == b'\\' => (4, "truncated \\uXXXX escape"),
            Some(b'U') if byte == b'\\' => (8, "truncated \\UXXXXXXXX escape"),
            Some(&other) if byte == b'\\' => {
                out.push_units(&[byte, other]);
                *at += 2;
                continue;
            }
            _ => {
                out.push(u32::from(byte));
                *at += 1;
                continue;
            }
        };
        match hex_value(input, start + 2, count, reason) {
            Ok((value, end)) if value <= 0x10_ffff => {
                out.push(value);
                *at = end;
            }
            Ok((_, end)) => {
                return Err(CodecError { start, end, reason: "\\Uxxxxxxxx out of range" });
            }
            Err(Trouble::Incomplete(..)) if !last => return Ok(()),
            Err(Trouble::Incomplete(end, reason) | Trouble::Wrong(end, reason)) => {
                return Err(CodecError { start, end, reason });
            }
        }
    }
    Ok(())
}

pub fn encode_unicode_escape<T: Unit>(text: &[T]) -> String {
    let mut out = String::with_capacity(text.len());
    for &unit in text {
        match unit.code() {
            0x09 => out.push_str("\\t"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            0x5c => out.push_str("\\\\"),
            c @ 0x20..0x7f => out.push(char::from(c as u8)),
            c => push_escape(&mut out, c),
        }
    }
    out
}

/// The result is Latin-1.
pub fn encode_raw_unicode_escape<T: Unit>(text: &[T]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut escape = String::new();
    for &unit in text {
        match unit.code() {
            c @ 0..0x100 => out.push(c as u8),
            c => {
                escape.clear();
                push_escape(&mut escape, c);
                out.extend(escape.as_bytes());
            }
        }
    }
    out
}

fn push_escape(out: &mut String, c: u32) {
    // Writing to a String does not fail.
    let _ = match c {
        0..0x100 => write!(out, "\\x{c:02x}"),
        0x100..0x1_0000 => write!(out, "\\u{c:04x}"),
        _ => write!(out, "\\U{c:08x}"),
    };
}
