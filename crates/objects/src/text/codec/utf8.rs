//! UTF-8. Valid input is decoded as it is checked; what `std` says of other input is told as Python does.

use super::{CodecError, is_surrogate};
use crate::text::{TextBuf, Unit, vector};

/// The highest bit of each byte of a word.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The number of code points if it is valid, and a bound of the greatest one as `max_char` gives it: what it takes
/// to allocate a `str` for [`decode_exact`].
pub fn shape_of(input: &[u8]) -> (usize, u32) {
    let (mut len, mut lead) = (0, 0);
    // So few that their count fits into a byte: the inner loop becomes vector code.
    for block in input.chunks(192) {
        let mut count = 0u8;
        for &byte in block {
            count += u8::from((byte as i8) >= -0x40);
            lead = lead.max(byte);
        }
        len += usize::from(count);
    }
    let bound = match lead {
        0..0x80 => 0x7f,
        0x80..0xc4 => 0xff,
        0xc4..0xf0 => 0xffff,
        _ => 0x10_ffff,
    };
    (len, bound)
}

/// The code point that begins at `at`, which is not ASCII, and how many bytes it has; `None` if that is not valid.
#[inline(always)]
fn code_point(input: &[u8], at: usize) -> Option<(u32, usize)> {
    let lead = input[at];
    let tail = |offset: usize| {
        let byte = *input.get(at + offset)?;
        (byte & 0xc0 == 0x80).then(|| u32::from(byte & 0x3f))
    };
    match lead {
        0xc2..0xe0 => Some((u32::from(lead & 0x1f) << 6 | tail(1)?, 2)),
        0xe0..0xf0 => {
            let c = u32::from(lead & 0x0f) << 12 | tail(1)? << 6 | tail(2)?;
            (c >= 0x800 && !is_surrogate(c)).then_some((c, 3))
        }
        0xf0..0xf5 => {
            let c = u32::from(lead & 7) << 18 | tail(1)? << 12 | tail(2)? << 6 | tail(3)?;
            (0x1_0000..=0x10_ffff).contains(&c).then_some((c, 4))
        }
        _ => None,
    }
}

/// Decodes into units which hold what [`shape_of`] says; false if the input is not valid.
///
/// # Safety
/// There is room at `out` for `len` units, the number that `shape_of` has told of this input.
pub unsafe fn decode_exact<T: Unit>(input: &[u8], out: *mut T, len: usize) -> bool {
    let end = input.len();
    let (mut at, mut to) = (0, 0);
    // SAFETY: each unit that is written stands for one byte that begins a character, of which there are `len`; and eight
    // are written where there is room for as many.
    unsafe {
        while at < end {
            let lead = *input.get_unchecked(at);
            if lead < 0x80 {
                if at + 8 <= end && to + 8 <= len {
                    // Of what is not ASCII behind it, more is written than counts.
                    let word = input.as_ptr().add(at).cast::<[u8; 8]>().read();
                    let word = u64::from_le_bytes(word);
                    vector::widen(word, out.add(to));
                    let high = word & HIGH;
                    let ascii = if high == 0 { 8 } else { high.trailing_zeros() as usize / 8 };
                    (at, to) = (at + ascii, to + ascii);
                } else {
                    out.add(to).write(T::cut(lead.into()));
                    (at, to) = (at + 1, to + 1);
                }
            } else if lead < 0xe0 {
                let start = at;
                while at + 2 <= end {
                    let pair = input.as_ptr().add(at).cast::<[u8; 2]>().read();
                    let pair = u32::from(u16::from_le_bytes(pair));
                    let c = (pair & 0x1f) << 6 | pair >> 8 & 0x3f;
                    if pair & 0xc0e0 != 0x80c0 || c < 0x80 {
                        break;
                    }
                    out.add(to).write(T::cut(c));
                    (at, to) = (at + 2, to + 1);
                }
                if at == start {
                    return false;
                }
            } else {
                let Some((c, size)) = code_point(input, at) else {
                    return false;
                };
                out.add(to).write(T::cut(c));
                (at, to) = (at + size, to + 1);
            }
        }
    }
    to == len
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

/// How many bytes a text takes; `None` if there are surrogates in it.
pub fn encoded_len<T: Unit>(text: &[T]) -> Option<usize> {
    if let Some(latin) = T::as_bytes(text) {
        // So few that their count fits into a byte.
        let high = |block: &[u8]| block.iter().fold(0u8, |count, &byte| count + (byte >> 7));
        return Some(
            latin.len() + latin.chunks(192).map(|block| usize::from(high(block))).sum::<usize>(),
        );
    }
    let (mut len, mut surrogates) = (text.len(), false);
    // The inner loop has no exit, so it becomes vector code.
    for block in text.chunks(1024) {
        let mut more = 0u32;
        for unit in block {
            let c = unit.code();
            more += u32::from(c >= 0x80) + u32::from(c >= 0x800) + u32::from(c >= 0x1_0000);
            surrogates |= c & 0xffff_f800 == 0xd800;
        }
        len += more as usize;
    }
    (!surrogates).then_some(len)
}

/// Writes a text without surrogates.
///
/// # Safety
/// There is room at `out` for as many bytes as [`encoded_len`] says.
pub unsafe fn encode_exact<T: Unit>(text: &[T], mut out: *mut u8) {
    // SAFETY: the caller's promise: each code point takes as many bytes as are written for it here. Of Latin-1, eight
    // characters take eight bytes at least.
    unsafe {
        let mut rest = text;
        while let Some(word) = T::as_bytes(rest).and_then(|latin| latin.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*word);
            out.cast::<[u8; 8]>().write(word.to_le_bytes());
            let high = word & HIGH;
            if high == 0 {
                out = out.add(8);
                rest = rest.get_unchecked(8..);
                continue;
            }
            let ascii = high.trailing_zeros() as usize / 8;
            let byte = (word >> (8 * ascii)) as u8;
            out.add(ascii).cast::<[u8; 2]>().write([byte >> 6 | 0xc0, byte & 0x3f | 0x80]);
            out = out.add(ascii + 2);
            rest = rest.get_unchecked(ascii + 1..);
        }
        for unit in rest {
            out = encode_one(unit.code(), out);
        }
    }
}

/// Writes a code point, and says where the next one goes.
///
/// # Safety
/// There is room at `out` for its bytes.
#[inline(always)]
unsafe fn encode_one(c: u32, out: *mut u8) -> *mut u8 {
    let tail = |shift: u32| (c >> shift & 0x3f) as u8 | 0x80;
    // SAFETY: the caller's promise.
    unsafe {
        match c {
            0..0x80 => {
                out.write(c as u8);
                out.add(1)
            }
            0x80..0x800 => {
                out.cast::<[u8; 2]>().write([(c >> 6) as u8 | 0xc0, tail(0)]);
                out.add(2)
            }
            0x800..0x1_0000 => {
                out.cast::<[u8; 3]>().write([(c >> 12) as u8 | 0xe0, tail(6), tail(0)]);
                out.add(3)
            }
            _ => {
                let bytes = [(c >> 18) as u8 | 0xf0, tail(12), tail(6), tail(0)];
                out.cast::<[u8; 4]>().write(bytes);
                out.add(4)
            }
        }
    }
}

pub fn encode_utf8<T: Unit>(
    text: &[T],
    at: &mut usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let rest = &text[*at..];
    let wrong = rest.iter().position(|unit| is_surrogate(unit.code()));
    let valid = &rest[..wrong.unwrap_or(rest.len())];
    // There are no surrogates in it.
    let len = encoded_len(valid).unwrap_or(0);
    out.reserve(len);
    // SAFETY: there is room for as many bytes, all of which are written.
    unsafe {
        encode_exact(valid, out.as_mut_ptr().add(out.len()));
        out.set_len(out.len() + len);
    }
    *at += valid.len();
    if wrong.is_none() {
        return Ok(());
    }
    let surrogates = text[*at..].iter().take_while(|unit| is_surrogate(unit.code())).count();
    Err(CodecError { start: *at, end: *at + surrogates, reason: "surrogates not allowed" })
}
