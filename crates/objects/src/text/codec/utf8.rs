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
    let mut rest = text.as_bytes();
    let tail = |byte: u8| u32::from(byte & 0x3f);
    for to in out {
        // Valid UTF-8: what begins a character tells how long it is.
        let (c, after) = match *rest {
            [a @ 0..0x80, ref after @ ..] => (u32::from(a), after),
            [a @ 0..0xe0, b, ref after @ ..] => (u32::from(a & 0x1f) << 6 | tail(b), after),
            [a @ 0..0xf0, b, c, ref after @ ..] => {
                (u32::from(a & 0x0f) << 12 | tail(b) << 6 | tail(c), after)
            }
            [a, b, c, d, ref after @ ..] => {
                (u32::from(a & 0x07) << 18 | tail(b) << 12 | tail(c) << 6 | tail(d), after)
            }
            _ => return,
        };
        *to = T::cut(c);
        rest = after;
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

/// Latin-1 characters: each is written as if it were two bytes, the second of which counts only if it is.
fn encode_latin(text: &[u8], out: &mut Vec<u8>) {
    let mut at = out.len();
    out.resize(at + text.len() * 2, 0);
    for &byte in text {
        let Some(to) = out.get_mut(at..at + 2) else { break };
        let two = byte >> 7;
        to[0] = if two == 0 { byte } else { byte >> 6 | 0xc0 };
        to[1] = byte & 0x3f | 0x80;
        at += 1 + usize::from(two);
    }
    out.truncate(at);
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
    let mut written = out.len();
    // Room for what each can need, and to write four bytes at the last one; cut off in the end.
    let most = if T::MAX <= 0xffff { 3 } else { 4 };
    out.resize(written + (text.len() - *at) * most + 1, 0);
    let mut result = Ok(());
    for &unit in &text[*at..] {
        let c = unit.code();
        let tail = |shift: u32| (c >> shift & 0x3f) as u8 | 0x80;
        let Some(to) = out.get_mut(written..).and_then(<[u8]>::first_chunk_mut::<4>) else { break };
        written += match c {
            0..0x80 => {
                to[0] = c as u8;
                1
            }
            0x80..0x800 => {
                [to[0], to[1]] = [(c >> 6) as u8 | 0xc0, tail(0)];
                2
            }
            0x800..0x1_0000 if is_surrogate(c) => {
                let surrogates = text[*at..].iter().take_while(|unit| is_surrogate(unit.code()));
                let end = *at + surrogates.count();
                result = Err(CodecError { start: *at, end, reason: "surrogates not allowed" });
                break;
            }
            0x800..0x1_0000 => {
                [to[0], to[1], to[2]] = [(c >> 12) as u8 | 0xe0, tail(6), tail(0)];
                3
            }
            _ => {
                *to = [(c >> 18) as u8 | 0xf0, tail(12), tail(6), tail(0)];
                4
            }
        };
        *at += 1;
    }
    out.truncate(written);
    result
}
