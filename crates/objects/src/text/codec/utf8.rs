//! UTF-8. Valid input is checked by `std`, in words at a time; only errors are looked at again.

use super::{CodecError, is_surrogate};
use crate::text::{TextBuf, Unit};

/// The number of code points, and a bound of the greatest one as `max_char` gives it: what it takes
/// to allocate a `str` for [`fill_from_str`].
pub fn shape_of_str(text: &str) -> (usize, u32) {
    let mut len = 0;
    let mut lead = 0;
    for &byte in text.as_bytes() {
        len += usize::from(byte & 0xc0 != 0x80);
        lead = lead.max(byte);
    }
    let bound = match lead {
        0..0x80 => 0x7f,
        0x80..0xc4 => 0xff,
        0xc4..0xf0 => 0xffff,
        _ => 0x10_ffff,
    };
    (len, bound)
}

/// Writes the code points of a text of that shape.
pub fn fill_from_str<T: Unit>(text: &str, out: &mut [T]) {
    for (to, c) in out.iter_mut().zip(text.chars()) {
        *to = T::cut(u32::from(c));
    }
}

pub fn decode_utf8(
    input: &[u8],
    at: &mut usize,
    last: bool,
    out: &mut TextBuf,
) -> Result<(), CodecError> {
    let rest = &input[*at..];
    let error = match str::from_utf8(rest) {
        Ok(text) => {
            out.push_str(text);
            *at = input.len();
            return Ok(());
        }
        Err(error) => error,
    };
    let valid = error.valid_up_to();
    if let Ok(text) = str::from_utf8(&rest[..valid]) {
        out.push_str(text);
    }
    *at += valid;
    let start = *at;
    let (len, reason) = match error.error_len() {
        None if last => (rest.len() - valid, "unexpected end of data"),
        None => return Ok(()),
        // A surrogate is judged when it is complete.
        Some(_) if !last && matches!(rest[valid..], [0xed, 0xa0..=0xbf]) => return Ok(()),
        Some(len) if (0xc2..=0xf4).contains(&rest[valid]) => (len, "invalid continuation byte"),
        Some(len) => (len, "invalid start byte"),
    };
    Err(CodecError { start, end: start + len, reason })
}

/// Latin-1 characters: in runs of those that are a byte in UTF-8 as well, and of those that are two.
fn encode_latin(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + text.iter().filter(|byte| !byte.is_ascii()).count());
    for run in text.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        if run[0].is_ascii() {
            out.extend_from_slice(run);
        } else {
            out.extend(run.iter().flat_map(|byte| [byte >> 6 | 0xc0, byte & 0x3f | 0x80]));
        }
    }
}

pub fn encode_utf8<T: Unit>(
    text: &[T],
    at: &mut usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    if let Some(latin) = T::as_bytes(&text[*at..]) {
        encode_latin(latin, out);
        *at = text.len();
        return Ok(());
    }
    out.reserve(text.len() - *at);
    while let Some(&unit) = text.get(*at) {
        let c = unit.code();
        let tail = |shift: u32| (c >> shift & 0x3f) as u8 | 0x80;
        match c {
            0..0x80 => out.push(c as u8),
            0x80..0x800 => out.extend([(c >> 6) as u8 | 0xc0, tail(0)]),
            0x800..0x1_0000 if is_surrogate(c) => {
                let surrogates = text[*at..].iter().take_while(|unit| is_surrogate(unit.code()));
                let end = *at + surrogates.count();
                return Err(CodecError { start: *at, end, reason: "surrogates not allowed" });
            }
            0x800..0x1_0000 => out.extend([(c >> 12) as u8 | 0xe0, tail(6), tail(0)]),
            _ => out.extend([(c >> 18) as u8 | 0xf0, tail(12), tail(6), tail(0)]),
        }
        *at += 1;
    }
    Ok(())
}
