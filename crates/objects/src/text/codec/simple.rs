//! ASCII and Latin-1.

use super::CodecError;
use crate::text::{TextBuf, Unit};

/// Every byte is a code point, so nothing can go wrong.
pub fn decode_latin1(input: &[u8], at: &mut usize, out: &mut TextBuf) {
    out.push_units(&input[*at..]);
    *at = input.len();
}

pub fn decode_ascii(input: &[u8], at: &mut usize, out: &mut TextBuf) -> Result<(), CodecError> {
    let rest = &input[*at..];
    let len = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
    out.push_units(&rest[..len]);
    *at += len;
    if len == rest.len() {
        return Ok(());
    }
    Err(CodecError { start: *at, end: *at + 1, reason: "ordinal not in range(128)" })
}

pub fn encode_ascii<T: Unit>(
    text: &[T],
    at: &mut usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    encode(text, at, out, 0x7f, "ordinal not in range(128)")
}

pub fn encode_latin1<T: Unit>(
    text: &[T],
    at: &mut usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    encode(text, at, out, 0xff, "ordinal not in range(256)")
}

fn encode<T: Unit>(
    text: &[T],
    at: &mut usize,
    out: &mut Vec<u8>,
    most: u32,
    reason: &'static str,
) -> Result<(), CodecError> {
    let run = |from: usize, fits: bool| {
        let end = text[from..].iter().position(|&unit| (unit.code() <= most) != fits);
        end.map_or(text.len(), |len| from + len)
    };
    let end = run(*at, true);
    out.extend(text[*at..end].iter().map(|&unit| unit.code() as u8));
    *at = end;
    if end == text.len() {
        return Ok(());
    }
    Err(CodecError { start: end, end: run(end, false), reason })
}
