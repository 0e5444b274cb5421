//! The encodings that need no tables: UTF-8, -16, -32 and -7, Latin-1 and ASCII.
//!
//! A decoder returns the text and how much of the input it used: all of it if `last`.

use super::recover::{self, Target};
use crate::prelude::*;
use crate::text::codec::{self, Endian};
use crate::text::digits::Number;
use crate::with_units;

/// The text, and how many bytes of the input it took.
pub type Decoded = PyResult<(Owned<Str>, usize)>;

pub fn decode_utf8(th: &Thread, data: &[u8], errors: Option<&str>, last: bool) -> Decoded {
    if let Some(text) = Str::from_utf8(th, data) {
        return Ok((text?, data.len()));
    }
    let mut at = 0;
    let pass = errors == Some("surrogatepass");
    let text = recover::decode(th, "utf-8", data, errors, &mut at, &mut |input, at, out| loop {
        let result = codec::decode_utf8(input, at, last, out);
        if let (true, Err(error)) = (pass, &result)
            && let Some(&[first, second, third]) = input.get(error.start..error.start + 3)
            && first == 0xed
            && (0xa0..0xc0).contains(&second)
            && third & 0xc0 == 0x80
        {
            out.push(0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f));
            *at = error.start + 3;
            continue;
        }
        return result;
    })?;
    Ok((text, at))
}

pub fn encode_utf8(
    th: &Thread,
    string: Borrowed<'_, Str>,
    errors: Option<&str>,
) -> PyResult<Owned<Bytes>> {
    if let Some(ascii) = string.as_ascii() {
        return Bytes::new(th, ascii.as_bytes());
    }
    if let Some(bytes) = Bytes::utf8_of(th, &string) {
        return bytes;
    }
    if errors == Some("surrogatepass") {
        return Bytes::new(th, &string.to_wtf8());
    }
    let target = Target { ascii_replacement: true, ..Target::bytes("utf-8") };
    let out = Vec::new();
    recover::encode(
        th,
        &target,
        string,
        errors,
        out,
        &mut |chars, at, out| with_units!(chars, units => codec::encode_utf8(units, at, out)),
    )
}

pub fn decode_ascii(th: &Thread, data: &[u8], errors: Option<&str>) -> Decoded {
    if data.is_ascii() {
        return Ok((Str::from_chars_bounded(th, crate::str::Chars::One(data), 0x7f)?, data.len()));
    }
    // Where every byte has its own answer, nothing is to be asked.
    let mapped = |answer: fn(u8) -> u16| {
        let units = data.iter().map(|&byte| if byte < 0x80 { byte.into() } else { answer(byte) });
        units.collect::<Vec<u16>>()
    };
    let units = match errors {
        Some("ignore") => {
            let kept: Vec<u8> = data.iter().copied().filter(u8::is_ascii).collect();
            return Ok((Str::from_ascii(th, &kept)?, data.len()));
        }
        Some("replace") => Some(mapped(|_| 0xfffd)),
        Some("surrogateescape") => Some(mapped(|byte| 0xdc00 + u16::from(byte))),
        _ => None,
    };
    if let Some(units) = units {
        let text = Str::from_chars_bounded(th, crate::str::Chars::Two(&units), 0xffff)?;
        return Ok((text, data.len()));
    }
    let mut at = 0;
    let text = recover::decode(th, "ascii", data, errors, &mut at, &mut |input, at, out| {
        codec::decode_ascii(input, at, out)
    })?;
    Ok((text, data.len()))
}

/// With handlers that have an answer for each character: what is above `most` is left out, or becomes a question mark,
/// an escape sequence or a reference.
fn encode_simply(
    th: &Thread,
    string: &Str,
    errors: Option<&str>,
    most: u32,
) -> Option<PyResult<Owned<Bytes>>> {
    let replace = match errors {
        Some("ignore") => false,
        Some("replace") => true,
        Some("backslashreplace") => return Some(encode_escaped(th, string, most, false)),
        Some("xmlcharrefreplace") => return Some(encode_escaped(th, string, most, true)),
        _ => return None,
    };
    let mut out = vec![0; string.len()];
    let mut len = 0;
    with_units!(string.chars(), units => for &unit in units {
        let fits = u32::from(unit) <= most;
        out[len] = if fits { u32::from(unit) as u8 } else { b'?' };
        len += usize::from(fits | replace);
    });
    Some(Bytes::new(th, &out[..len]))
}

fn encode_escaped(th: &Thread, string: &Str, most: u32, xml: bool) -> PyResult<Owned<Bytes>> {
    let mut out = Vec::with_capacity(string.len().saturating_mul(2));
    with_units!(string.chars(), units => for &unit in units {
        let c = u32::from(unit);
        if c <= most {
            out.push(c as u8);
            continue;
        }
        let mut number = Number::new();
        if xml {
            number.push_front(b';');
            number.push_decimal(c.into());
            number.push_text(b"&#");
        } else {
            let (letter, width) = match c {
                0..0x100 => (b'x', 2),
                0x100..0x1_0000 => (b'u', 4),
                _ => (b'U', 8),
            };
            number.push_radix(c.into(), 16, false);
            while number.len() < width {
                number.push_front(b'0');
            }
            number.push_front(letter);
            number.push_front(b'\\');
        }
        out.extend_from_slice(number.as_bytes());
    });
    Bytes::new(th, &out)
}

pub fn encode_ascii(
    th: &Thread,
    string: Borrowed<'_, Str>,
    errors: Option<&str>,
) -> PyResult<Owned<Bytes>> {
    if let Some(ascii) = string.as_ascii() {
        return Bytes::new(th, ascii.as_bytes());
    }
    if let Some(encoded) = encode_simply(th, &string, errors, 0x7f) {
        return encoded;
    }
    recover::encode(
        th,
        &Target::bytes("ascii"),
        string,
        errors,
        Vec::new(),
        &mut |chars, at, out| with_units!(chars, units => codec::encode_ascii(units, at, out)),
    )
}

pub fn decode_latin1(th: &Thread, data: &[u8]) -> Decoded {
    Ok((Str::from_chars(th, crate::str::Chars::One(data))?, data.len()))
}

pub fn encode_latin1(
    th: &Thread,
    string: Borrowed<'_, Str>,
    errors: Option<&str>,
) -> PyResult<Owned<Bytes>> {
    if let crate::str::Chars::One(units) = string.chars() {
        return Bytes::new(th, units);
    }
    if let Some(encoded) = encode_simply(th, &string, errors, 0xff) {
        return encoded;
    }
    let target = Target::bytes("latin-1");
    recover::encode(
        th,
        &target,
        string,
        errors,
        Vec::new(),
        &mut |chars, at, out| with_units!(chars, units => codec::encode_latin1(units, at, out)),
    )
}

/// The order of bytes that `byteorder` says: -1 little, 1 big, 0 the machine's.
fn endian(byteorder: i32) -> Endian {
    match byteorder {
        ..0 => Endian::Little,
        0 => Endian::NATIVE,
        _ => Endian::Big,
    }
}

/// Looks for the mark of the order of bytes if none is given; how long it is.
fn skip_mark(data: &[u8], little: &[u8], big: &[u8], byteorder: &mut i32) -> usize {
    if *byteorder != 0 {
        return 0;
    }
    if data.starts_with(little) {
        *byteorder = -1;
    } else if data.starts_with(big) {
        *byteorder = 1;
    } else {
        return 0;
    }
    little.len()
}

/// With `*byteorder` 0, a mark is skipped, and tells the order for `*byteorder`.
pub fn decode_utf16(
    th: &Thread,
    data: &[u8],
    errors: Option<&str>,
    byteorder: &mut i32,
    last: bool,
) -> Decoded {
    let mut at = skip_mark(data, &[0xff, 0xfe], &[0xfe, 0xff], byteorder);
    let endian = endian(*byteorder);
    let name = if endian == Endian::Little { "utf-16-le" } else { "utf-16-be" };
    let text = recover::decode(th, name, data, errors, &mut at, &mut |input, at, out| {
        codec::decode_utf16(input, at, endian, last, out)
    })?;
    Ok((text, at))
}

pub fn decode_utf32(
    th: &Thread,
    data: &[u8],
    errors: Option<&str>,
    byteorder: &mut i32,
    last: bool,
) -> Decoded {
    let mut at = skip_mark(data, &[0xff, 0xfe, 0, 0], &[0, 0, 0xfe, 0xff], byteorder);
    let endian = endian(*byteorder);
    let name = if endian == Endian::Little { "utf-32-le" } else { "utf-32-be" };
    let text = recover::decode(th, name, data, errors, &mut at, &mut |input, at, out| {
        codec::decode_utf32(input, at, endian, last, out)
    })?;
    Ok((text, at))
}

/// With `byteorder` 0, in the machine's order behind a mark.
pub fn encode_utf16(
    th: &Thread,
    string: Borrowed<'_, Str>,
    errors: Option<&str>,
    byteorder: i32,
) -> PyResult<Owned<Bytes>> {
    let encoding = ["utf-16-le", "utf-16", "utf-16-be"][(byteorder.signum() + 1) as usize];
    encode_wide(th, string, errors, encoding, byteorder, 2)
}

/// With `byteorder` 0, in the machine's order behind a mark.
pub fn encode_utf32(
    th: &Thread,
    string: Borrowed<'_, Str>,
    errors: Option<&str>,
    byteorder: i32,
) -> PyResult<Owned<Bytes>> {
    let encoding = ["utf-32-le", "utf-32", "utf-32-be"][(byteorder.signum() + 1) as usize];
    encode_wide(th, string, errors, encoding, byteorder, 4)
}

fn encode_wide(
    th: &Thread,
    string: Borrowed<'_, Str>,
    errors: Option<&str>,
    encoding: &str,
    byteorder: i32,
    unit: usize,
) -> PyResult<Owned<Bytes>> {
    let endian = endian(byteorder);
    let encode = |chars: crate::str::Chars<'_>, at: &mut usize, out: &mut Vec<u8>| {
        with_units!(chars, units => match unit {
            2 => codec::encode_utf16(units, at, endian, out),
            _ => codec::encode_utf32(units, at, endian, out),
        })
    };
    let mut out = Vec::with_capacity((string.len() + 1).saturating_mul(unit));
    if byteorder == 0 {
        // The mark is a character, which both encode.
        let _ = encode(crate::str::Chars::Two(&[0xfeff]), &mut 0, &mut out);
    }
    let target = Target { unit, ascii_replacement: true, ..Target::bytes(encoding) };
    recover::encode(th, &target, string, errors, out, &mut |chars, at, out| encode(chars, at, out))
}

pub fn decode_utf7(th: &Thread, data: &[u8], errors: Option<&str>, last: bool) -> Decoded {
    let mut at = 0;
    let mut decoder = codec::Utf7Decoder::default();
    let text = recover::decode(th, "utf7", data, errors, &mut at, &mut |input, at, out| {
        decoder.decode(input, at, last, out)
    })?;
    Ok((text, at))
}

pub fn encode_utf7(th: &Thread, string: &Str) -> PyResult<Owned<Bytes>> {
    Bytes::new(th, &with_units!(string.chars(), units => codec::encode_utf7(units)))
}
