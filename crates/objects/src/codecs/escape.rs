//! Text and bytes as literals write them: `unicode_escape`, `raw_unicode_escape`, `escape_decode`.

use super::native::Decoded;
use super::recover;
use crate::bytelike;
use crate::prelude::*;
use crate::text::codec;
pub use crate::text::codec::InvalidEscape;
use crate::with_units;

/// Warns of an escape that is none; `prefix` stands before the quoted escape.
fn warn(th: &Thread, prefix: &str, invalid: InvalidEscape) -> PyResult<()> {
    let (shown, kind) = match invalid {
        InvalidEscape::Unknown { byte, .. } => (format!("\\{}", char::from(byte)), "escape"),
        InvalidEscape::Octal { value, .. } => (format!("\\{value:o}"), "octal escape"),
    };
    let message = Str::from_fmt(
        th,
        format_args!(
            "{prefix}\"{shown}\" is an invalid {kind} sequence. Such sequences will not work in the future. "
        ),
    )?;
    let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)
}

/// The character that `\N{…}` names.
fn character_named(name: &[u8]) -> Option<u32> {
    crate::unicode::names::lookup(std::str::from_utf8(name).ok()?).map(u32::from)
}

pub fn decode_unicode_escape(
    th: &Thread,
    data: &[u8],
    errors: Option<&str>,
    last: bool,
) -> Decoded {
    let (text, at, invalid) = read_unicode_escape(th, data, errors, last)?;
    if let Some(invalid) = invalid {
        warn(th, "", invalid)?;
    }
    Ok((text, at))
}

/// As `decode_unicode_escape`, telling of an escape that is none instead of warning.
pub fn read_unicode_escape(
    th: &Thread,
    data: &[u8],
    errors: Option<&str>,
    last: bool,
) -> PyResult<(Owned<Str>, usize, Option<InvalidEscape>)> {
    let (mut at, mut invalid) = (0, None);
    let text =
        recover::decode(th, "unicodeescape", data, errors, &mut at, &mut |input, at, out| {
            codec::decode_unicode_escape(input, at, last, out, &mut invalid, character_named)
        })?;
    Ok((text, at, invalid))
}

pub fn encode_unicode_escape(th: &Thread, string: &Str) -> PyResult<Owned<Bytes>> {
    let text = with_units!(string.chars(), units => codec::encode_unicode_escape(units));
    Bytes::new(th, text.as_bytes())
}

pub fn decode_raw_unicode_escape(
    th: &Thread,
    data: &[u8],
    errors: Option<&str>,
    last: bool,
) -> Decoded {
    let mut at = 0;
    let text =
        recover::decode(th, "rawunicodeescape", data, errors, &mut at, &mut |input, at, out| {
            codec::decode_raw_unicode_escape(input, at, last, out)
        })?;
    Ok((text, at))
}

pub fn encode_raw_unicode_escape(th: &Thread, string: &Str) -> PyResult<Owned<Bytes>> {
    Bytes::new(th, &with_units!(string.chars(), units => codec::encode_raw_unicode_escape(units)))
}

/// The bytes that the inside of a `bytes` literal stands for.
pub fn escape_decode(th: &Thread, data: &[u8], errors: Option<&str>) -> PyResult<Owned<Bytes>> {
    let (bytes, invalid) = read_escaped_bytes(th, data, errors)?;
    if let Some(invalid) = invalid {
        warn(th, "b", invalid)?;
    }
    Ok(bytes)
}

/// As `escape_decode`, telling of an escape that is none instead of warning.
pub fn read_escaped_bytes(
    th: &Thread,
    data: &[u8],
    errors: Option<&str>,
) -> PyResult<(Owned<Bytes>, Option<InvalidEscape>)> {
    let mut out = Vec::new();
    if out.try_reserve_exact(data.len()).is_err() {
        return Err(th.no_memory());
    }
    let mut invalid = None;
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(&letter) = data.get(at) else {
            return Err(th.raise(exc::VALUE_ERROR, "Trailing \\ in string"));
        };
        let letter_at = at;
        at += 1;
        match letter {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(letter),
            b'a' => out.push(0x07),
            b'b' => out.push(0x08),
            b't' => out.push(b'\t'),
            b'n' => out.push(b'\n'),
            b'v' => out.push(0x0b),
            b'f' => out.push(0x0c),
            b'r' => out.push(b'\r'),
            b'0'..=b'7' => {
                let digits = data[letter_at..].iter().take(3);
                let digits = digits.take_while(|digit| (b'0'..=b'7').contains(digit));
                at = letter_at + digits.clone().count();
                let value = digits.fold(0, |value, digit| value * 8 + u32::from(digit - b'0'));
                if value > 0o377 {
                    invalid.get_or_insert(InvalidEscape::Octal { at: letter_at, value });
                }
                out.push(value as u8);
            }
            b'x' => {
                let digit =
                    |at: usize| data.get(at).and_then(|&digit| char::from(digit).to_digit(16));
                if let (Some(high), Some(low)) = (digit(at), digit(at + 1)) {
                    out.push((high * 16 + low) as u8);
                    at += 2;
                    continue;
                }
                out.extend(instead_of_broken(th, letter_at - 1, errors)?);
                // A lone digit belongs to the broken escape.
                at += usize::from(digit(at).is_some());
            }
            _ => {
                invalid.get_or_insert(InvalidEscape::Unknown { at: letter_at, byte: letter });
                out.extend([b'\\', letter]);
            }
        }
    }
    Ok((Bytes::new(th, &out)?, invalid))
}

/// What stands for the broken `\x` escape at `position`.
fn instead_of_broken(th: &Thread, position: usize, errors: Option<&str>) -> PyResult<Option<u8>> {
    match errors {
        None | Some("strict") => {
            Err(raise!(th, VALUE_ERROR, "invalid \\x escape at position {position}"))
        }
        Some("replace") => Ok(Some(b'?')),
        Some("ignore") => Ok(None),
        Some(name) => {
            Err(raise!(th, VALUE_ERROR, "decoding error; unknown error handling code: {name}"))
        }
    }
}

/// The inside of the `bytes` literal.
pub fn escape_encode(th: &Thread, data: &[u8]) -> PyResult<Owned<Bytes>> {
    let mut out = String::with_capacity(data.len());
    bytelike::push_escaped(&mut out, data, |byte| matches!(byte, b'\'' | b'\\'));
    Bytes::new(th, out.as_bytes())
}
