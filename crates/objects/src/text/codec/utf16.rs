//! UTF-16 in a known order of bytes; marks of the order are the caller's.

use super::{
    CodecError, Endian, is_high_surrogate, is_low_surrogate, is_surrogate, join_surrogates,
    surrogates_of,
};
use crate::text::{TextBuf, Unit};

pub fn decode_utf16(
    input: &[u8],
    at: &mut usize,
    endian: Endian,
    last: bool,
    out: &mut TextBuf,
) -> Result<(), CodecError> {
    let unit = |at: usize| {
        let &[a, b] = input.get(at..at + 2)? else { return None };
        let bytes = if endian == Endian::Little { [a, b] } else { [b, a] };
        Some(u32::from(u16::from_le_bytes(bytes)))
    };
    let (pairs, odd) = input[*at..].as_chunks::<2>();
    if odd.is_empty() {
        let units: Vec<u16> = match endian {
            Endian::Little => pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect(),
            Endian::Big => pairs.iter().map(|&pair| u16::from_be_bytes(pair)).collect(),
        };
        if !units.iter().fold(false, |any, &unit| any | is_surrogate(unit.into())) {
            // Every unit is a character.
            out.push_units(&units);
            *at = input.len();
            return Ok(());
        }
    }
    while *at < input.len() {
        let start = *at;
        let error = |end, reason| Err(CodecError { start, end, reason });
        let Some(c) = unit(start) else {
            return if last { error(input.len(), "truncated data") } else { Ok(()) };
        };
        if !is_surrogate(c) {
            out.push(c);
            *at += 2;
            continue;
        }
        if is_low_surrogate(c) {
            return error(start + 2, "illegal encoding");
        }
        match unit(start + 2) {
            None if last => return error(input.len(), "unexpected end of data"),
            None => return Ok(()),
            Some(low) if is_low_surrogate(low) => {
                out.push(join_surrogates(c, low));
                *at += 4;
            }
            Some(_) => return error(start + 2, "illegal UTF-16 surrogate"),
        }
    }
    Ok(())
}

pub fn encode_utf16<T: Unit>(
    text: &[T],
    at: &mut usize,
    endian: Endian,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let put = |c: u32, out: &mut Vec<u8>| {
        let unit = c as u16;
        out.extend(if endian == Endian::Little { unit.to_le_bytes() } else { unit.to_be_bytes() });
    };
    let rest = &text[*at..];
    if !rest
        .iter()
        .fold(false, |any, &unit| any | is_surrogate(unit.code()) | (unit.code() > 0xffff))
    {
        // Every character is one unit.
        let start = out.len();
        out.resize(start + rest.len() * 2, 0);
        for (to, unit) in out[start..].as_chunks_mut::<2>().0.iter_mut().zip(rest) {
            let unit = unit.code() as u16;
            *to = if endian == Endian::Little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        }
        *at = text.len();
        return Ok(());
    }
    out.reserve(rest.len() * 2);
    while let Some(&unit) = text.get(*at) {
        match unit.code() {
            c if is_high_surrogate(c) || is_low_surrogate(c) => {
                let (start, end) = (*at, *at + 1);
                return Err(CodecError { start, end, reason: "surrogates not allowed" });
            }
            c if c > 0xffff => surrogates_of(c).into_iter().for_each(|half| put(half, out)),
            c => put(c, out),
        }
        *at += 1;
    }
    Ok(())
}
