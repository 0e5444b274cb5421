//! UTF-32 in a known order of bytes; marks of the order are the caller's.

use super::{CodecError, Endian, is_surrogate};
use crate::text::{TextBuf, Unit};

pub fn decode_utf32(
    input: &[u8],
    at: &mut usize,
    endian: Endian,
    last: bool,
    out: &mut TextBuf,
) -> Result<(), CodecError> {
    while *at < input.len() {
        let start = *at;
        let Some(&[a, b, c, d]) = input.get(start..start + 4) else {
            let error = CodecError { start, end: input.len(), reason: "truncated data" };
            return if last { Err(error) } else { Ok(()) };
        };
        let c = match endian {
            Endian::Little => u32::from_le_bytes([a, b, c, d]),
            Endian::Big => u32::from_be_bytes([a, b, c, d]),
        };
        let reason = if is_surrogate(c) {
            "code point in surrogate code point range(0xd800, 0xe000)"
        } else if c > 0x10_ffff {
            "code point not in range(0x110000)"
        } else {
            out.push(c);
            *at += 4;
            continue;
        };
        return Err(CodecError { start, end: start + 4, reason });
    }
    Ok(())
}

pub fn encode_utf32<T: Unit>(
    text: &[T],
    at: &mut usize,
    endian: Endian,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    out.reserve((text.len() - *at) * 4);
    while let Some(&unit) = text.get(*at) {
        let c = unit.code();
        if is_surrogate(c) {
            let (start, end) = (*at, *at + 1);
            return Err(CodecError { start, end, reason: "surrogates not allowed" });
        }
        out.extend(if endian == Endian::Little { c.to_le_bytes() } else { c.to_be_bytes() });
        *at += 1;
    }
    Ok(())
}
