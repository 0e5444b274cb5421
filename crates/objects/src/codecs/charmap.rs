//! Encodings of single bytes by tables that Python code gives: `charmap_decode`, `charmap_encode`, `charmap_build`.

use std::cell::RefCell;

use super::native::{self, Decoded};
use super::recover::{self, Target};
use crate::prelude::*;
use crate::str::Chars;
use crate::str::iterator::instance;
use crate::text::TextBuf;
use crate::text::codec::CodecError;

const UNDEFINED: &str = "character maps to <undefined>";
/// In a table: no character.
const NO_CHARACTER: u32 = 0xfffe;

/// A decoding table turned round: from characters to bytes.
#[pytype(name = "EncodingMap", flags(DISALLOW_INSTANTIATION), basicsize = 64)]
#[repr(C)]
pub struct EncodingMap {
    head: Head,
    /// Sorted by character.
    pairs: RefCell<Vec<(u32, u8)>>,
}

#[pymethods]
impl EncodingMap {
    /// Return how many bytes the map takes.
    #[method(sig = "(self, /)")]
    fn size(&self) -> usize {
        size_of::<Self>() + self.pairs.borrow().capacity() * size_of::<(u32, u8)>()
    }
}

/// `codecs.charmap_build`: the encoding map for a decoding table.
pub fn build(th: &Thread, table: Borrowed<'_, Str>) -> PyResult {
    let points: Vec<u32> = table.chars().iter().take(256).collect();
    let plain = points.first() == Some(&0) && points[1..].iter().all(|&c| c != 0 && c <= 0xffff);
    if !plain {
        let dict = Dict::new(th)?;
        for (byte, &point) in points.iter().enumerate() {
            let (key, value) = (Int::from_i64(th, i64::from(point))?, Int::from_usize(th, byte)?);
            dict.set(th, key.object(), value.object())?;
        }
        return Ok(dict.into_object());
    }
    let mut pairs: Vec<(u32, u8)> = points
        .iter()
        .enumerate()
        .filter(|&(_, &point)| point != NO_CHARACTER)
        .map(|(byte, &point)| (point, byte as u8))
        .collect();
    // Of several bytes for a character the last one counts, as in a dictionary.
    pairs.sort_by_key(|&(point, byte)| (point, std::cmp::Reverse(byte)));
    pairs.dedup_by_key(|&mut (point, _)| point);
    let map = instance::<EncodingMap>(th)?;
    *map.pairs.borrow_mut() = pairs;
    Ok(map.into_object())
}

/// What a byte means by a mapping.
fn decode_byte(th: &Thread, byte: u8, mapping: Borrowed<'_>, out: &mut TextBuf) -> PyResult<bool> {
    if let Some(table) = mapping.downcast_exact::<Str>() {
        let at = usize::from(byte);
        let point = if at < table.len() { table.char_at(at) } else { NO_CHARACTER };
        if point != NO_CHARACTER {
            out.push(point);
        }
        return Ok(point != NO_CHARACTER);
    }
    let key = Int::from_i64(th, i64::from(byte))?;
    let Some(value) = look_up(th, mapping, key.object())? else {
        return Ok(false);
    };
    if let Some(int) = value.object().downcast::<Int>() {
        return match int.to_i64() {
            Some(point) if point == i64::from(NO_CHARACTER) => Ok(false),
            Some(point @ 0..=0x10_ffff) => {
                out.push(point as u32);
                Ok(true)
            }
            _ => Err(th.raise(exc::TYPE_ERROR, "character mapping must be in range(0x110000)")),
        };
    }
    let Some(text) = value.object().downcast::<Str>() else {
        return Err(th.raise(exc::TYPE_ERROR, "character mapping must return integer, None or str"));
    };
    if text.len() == 1 && text.char_at(0) == NO_CHARACTER {
        return Ok(false);
    }
    crate::with_units!(text.chars(), units => out.push_units(units));
    Ok(true)
}

/// `mapping[key]`; `None` for LookupError and for None.
fn look_up(th: &Thread, mapping: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
    match object::get_item(th, mapping, key) {
        Ok(value) if value.is_none() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(raised) => {
            drop(th.take_if(raised, exc::LOOKUP_ERROR)?);
            Ok(None)
        }
    }
}

/// `charmap_decode` with a mapping; Latin-1 without.
pub fn decode(
    th: &Thread,
    data: &[u8],
    errors: Option<&str>,
    mapping: Option<Borrowed<'_>>,
) -> Decoded {
    let Some(mapping) = mapping else {
        return native::decode_latin1(th, data);
    };
    let mut at = 0;
    let mut failed = false;
    let text = recover::decode(th, "charmap", data, errors, &mut at, &mut |input, at, out| {
        while let Some(&byte) = input.get(*at) {
            match decode_byte(th, byte, mapping, out) {
                Ok(true) => *at += 1,
                Ok(false) => {
                    let (start, end) = (*at, *at + 1);
                    return Err(CodecError { start, end, reason: UNDEFINED });
                }
                Err(_) => {
                    // The exception stays set; the loop ends as if all were read.
                    failed = true;
                    return Ok(());
                }
            }
        }
        Ok(())
    });
    if failed {
        return Err(th.raised_by_c());
    }
    Ok((text?, data.len()))
}

/// Appends the bytes of a character; false if there are none.
fn encode_point(
    th: &Thread,
    point: u32,
    mapping: Borrowed<'_>,
    out: &mut Vec<u8>,
) -> PyResult<bool> {
    if let Some(map) = mapping.downcast_exact::<EncodingMap>() {
        let pairs = map.pairs.borrow();
        return Ok(match pairs.binary_search_by_key(&point, |&(point, _)| point) {
            Ok(at) => {
                out.push(pairs[at].1);
                true
            }
            Err(_) => false,
        });
    }
    let key = Int::from_i64(th, i64::from(point))?;
    let Some(value) = look_up(th, mapping, key.object())? else {
        return Ok(false);
    };
    if let Some(int) = value.object().downcast::<Int>() {
        let Some(byte) = int.to_i64().and_then(|value| u8::try_from(value).ok()) else {
            return Err(th.raise(exc::TYPE_ERROR, "character mapping must be in range(256)"));
        };
        out.push(byte);
        return Ok(true);
    }
    let Some(bytes) = value.object().downcast::<Bytes>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "character mapping must return integer, bytes or None, not {}",
            value.type_name()
        ));
    };
    out.extend_from_slice(bytes.as_bytes());
    Ok(true)
}

/// `charmap_encode` with a mapping; Latin-1 without.
pub fn encode(
    th: &Thread,
    string: Borrowed<'_, Str>,
    errors: Option<&str>,
    mapping: Option<Borrowed<'_>>,
) -> PyResult<Owned<Bytes>> {
    let Some(mapping) = mapping else {
        return native::encode_latin1(th, string, errors);
    };
    let mut failed = false;
    let target = Target::bytes("charmap");
    let result = recover::encode(th, &target, string, errors, Vec::new(), &mut |chars, at, out| {
        if failed {
            return Ok(());
        }
        match encode_run(th, chars, at, mapping, out) {
            Ok(()) => Ok(()),
            Err(Some(error)) => Err(error),
            Err(None) => {
                failed = true;
                Ok(())
            }
        }
    });
    if failed {
        return Err(th.raised_by_c());
    }
    result
}

/// Encodes up to a run of characters without bytes; `Err(None)` if Python code raised.
fn encode_run(
    th: &Thread,
    chars: Chars<'_>,
    at: &mut usize,
    mapping: Borrowed<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Option<CodecError>> {
    while *at < chars.len() {
        match encode_point(th, chars.at(*at), mapping, out) {
            Ok(true) => *at += 1,
            Ok(false) => break,
            Err(_) => return Err(None),
        }
    }
    if *at == chars.len() {
        return Ok(());
    }
    let start = *at;
    let mut end = start + 1;
    let mut ignored = Vec::new();
    while end < chars.len() {
        match encode_point(th, chars.at(end), mapping, &mut ignored) {
            Ok(true) => break,
            Ok(false) => end += 1,
            Err(_) => return Err(None),
        }
    }
    Err(Some(CodecError { start, end, reason: UNDEFINED }))
}
