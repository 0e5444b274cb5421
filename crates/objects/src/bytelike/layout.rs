//! What methods of `bytes` and `bytearray` make of their bytes: case, padding, translation.

use crate::prelude::*;
use crate::protocol::buffer::Buffer;
use crate::text::search;

pub fn swapcase(data: &mut [u8]) {
    for byte in data {
        if byte.is_ascii_alphabetic() {
            *byte ^= 0x20;
        }
    }
}

pub fn capitalize(data: &mut [u8]) {
    data.make_ascii_lowercase();
    if let Some(first) = data.first_mut() {
        first.make_ascii_uppercase();
    }
}

pub fn title(data: &mut [u8]) {
    let mut inside = false;
    for byte in data {
        if inside {
            byte.make_ascii_lowercase();
        } else {
            byte.make_ascii_uppercase();
        }
        inside = byte.is_ascii_alphabetic();
    }
}

/// Whether every word begins in upper case and continues in lower case.
pub fn is_title(data: &[u8]) -> bool {
    let (mut cased, mut inside) = (false, false);
    for byte in data {
        let (upper, lower) = (byte.is_ascii_uppercase(), byte.is_ascii_lowercase());
        if upper && inside || lower && !inside {
            return false;
        }
        inside = upper || lower;
        cased |= inside;
    }
    cased
}

/// So many fill bytes before and behind.
pub fn pad(th: &Thread, data: &[u8], left: usize, right: usize, fill: u8) -> PyResult<Vec<u8>> {
    let len = left.checked_add(right).and_then(|len| len.checked_add(data.len()));
    let mut out = Vec::new();
    let Some(len) = len.filter(|&len| len < isize::MAX as usize) else {
        return Err(th.no_memory());
    };
    out.try_reserve_exact(len).map_err(|_| th.no_memory())?;
    out.resize(left, fill);
    out.extend_from_slice(data);
    out.resize(len, fill);
    Ok(out)
}

/// How many bytes are missing to that width.
pub fn missing(data: &[u8], width: isize) -> usize {
    usize::try_from(width).unwrap_or(0).saturating_sub(data.len())
}

pub fn zfill(th: &Thread, data: &[u8], width: isize) -> PyResult<Vec<u8>> {
    let zeros = missing(data, width);
    let mut out = pad(th, data, zeros, 0, b'0')?;
    if zeros > 0 && matches!(data.first(), Some(b'+' | b'-')) {
        out.swap(0, zeros);
    }
    Ok(out)
}

pub fn expandtabs(th: &Thread, data: &[u8], tabsize: i32) -> PyResult<Vec<u8>> {
    let tabsize = usize::try_from(tabsize).unwrap_or(0);
    let (mut out, mut column) = (Vec::with_capacity(data.len()), 0usize);
    for &byte in data {
        match byte {
            b'\t' => {
                let blanks = if tabsize == 0 { 0 } else { tabsize - column % tabsize };
                if out.try_reserve(blanks).is_err() {
                    return Err(th.raise(exc::OVERFLOW_ERROR, "result too long"));
                }
                out.resize(out.len() + blanks, b' ');
                column += blanks;
            }
            _ => {
                out.push(byte);
                column = if matches!(byte, b'\n' | b'\r') { 0 } else { column + 1 };
            }
        }
    }
    Ok(out)
}

/// `replace`; `None` if nothing is replaced.
pub fn replace(
    th: &Thread,
    data: &[u8],
    old: &[u8],
    new: &[u8],
    most: usize,
) -> PyResult<Option<Vec<u8>>> {
    let places = search::replacements(data, old, most);
    if places.is_empty() {
        return Ok(None);
    }
    let Some(len) = search::replaced_len(data.len(), &places, new.len()) else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "replace bytes is too long"));
    };
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| th.no_memory())?;
    let mut from = 0;
    for place in places {
        out.extend_from_slice(&data[from..place.start]);
        out.extend_from_slice(new);
        from = place.end;
    }
    out.extend_from_slice(&data[from..]);
    Ok(Some(out))
}

/// The table of `translate`, which may be `None`.
pub fn table(th: &Thread, table: Borrowed<'_>) -> PyResult<Option<Buffer>> {
    if table.is_none() {
        return Ok(None);
    }
    let table = Buffer::simple(th, table)?;
    if table.as_bytes().len() != 256 {
        return Err(th.raise(exc::VALUE_ERROR, "translation table must be 256 characters long"));
    }
    Ok(Some(table))
}

pub fn translate(data: &[u8], table: Option<&[u8]>, delete: &[u8]) -> Vec<u8> {
    let mut deleted = [false; 256];
    delete.iter().for_each(|&byte| deleted[usize::from(byte)] = true);
    let kept = data.iter().filter(|&&byte| !deleted[usize::from(byte)]);
    kept.map(|&byte| table.map_or(byte, |table| table[usize::from(byte)])).collect()
}

/// `maketrans`.
pub fn maketrans(th: &Thread, from: &[u8], to: &[u8]) -> PyResult<Owned<Bytes>> {
    if from.len() != to.len() {
        return Err(th.raise(exc::VALUE_ERROR, "maketrans arguments must have same length"));
    }
    let mut table: [u8; 256] = std::array::from_fn(|byte| byte as u8);
    for (&from, &to) in from.iter().zip(to) {
        table[usize::from(from)] = to;
    }
    Bytes::new(th, &table)
}
