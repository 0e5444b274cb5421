//! What methods of `bytes` and `bytearray` make of their bytes: case, padding, translation.

use super::methods::ByteString;
use crate::prelude::*;
use crate::protocol::buffer::Buffer;
use crate::text::search::{self, Places};

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

/// How many bytes there are with so many before and behind.
pub fn padded_len(th: &Thread, data: &[u8], left: usize, right: usize) -> PyResult<usize> {
    let len = left.checked_add(right).and_then(|len| len.checked_add(data.len()));
    len.filter(|&len| len < isize::MAX as usize - 64).ok_or_else(|| th.no_memory())
}

/// The bytes with `left` fill bytes before them, and others behind.
pub fn pad(out: &mut [u8], data: &[u8], left: usize, fill: u8) {
    out[..left].fill(fill);
    out[left..left + data.len()].copy_from_slice(data);
    out[left + data.len()..].fill(fill);
}

/// How many bytes are missing to that width.
pub fn missing(data: &[u8], width: isize) -> usize {
    usize::try_from(width).unwrap_or(0).saturating_sub(data.len())
}

/// Zeros go behind a sign.
pub fn zfill(out: &mut [u8], data: &[u8], zeros: usize) {
    pad(out, data, zeros, b'0');
    if let Some(b'+' | b'-') = data.first() {
        out.swap(0, zeros);
    }
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
pub fn replace<T: ByteString>(
    th: &Thread,
    this: Borrowed<'_, T>,
    old: &[u8],
    new: &[u8],
    most: usize,
) -> PyResult<Option<Owned<T>>> {
    let data = this.get().view();
    if let (&[from], &[to], true) = (old, new, most >= data.len()) {
        if search::find_unit(data, from).is_none() {
            return Ok(None);
        }
        let swap = &mut |out: &mut [u8]| search::swap_into(data, from.into(), to.into(), out);
        return T::filled(th, data.len(), swap).map(Some);
    }
    let places = Places::of_bytes(data, old, most);
    if places.is_empty() {
        return Ok(None);
    }
    let Some(len) = search::replaced_len(data.len(), places.len(), old.len(), new.len()) else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "replace bytes is too long"));
    };
    let fill = &mut |out: &mut [u8]| search::replace_into(data, &places, 1, old.len(), new, out);
    T::filled(th, len, fill).map(Some)
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
    if let (Some(table), []) = (table.and_then(<[u8]>::as_array::<256>), delete) {
        return data.iter().map(|&byte| table[usize::from(byte)]).collect();
    }
    let mut deleted = [false; 256];
    delete.iter().for_each(|&byte| deleted[usize::from(byte)] = true);
    let mut out = vec![0; data.len()];
    let mut len = 0;
    for &byte in data {
        out[len] = table.map_or(byte, |table| table[usize::from(byte)]);
        len += usize::from(!deleted[usize::from(byte)]);
    }
    out.truncate(len);
    out
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
