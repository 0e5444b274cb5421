//! Integers as bytes, in either order, with or without two's complement.
//! The same job in CPython: `_PyLong_FromByteArray` and `_PyLong_AsByteArray`.

use super::{Digit, IntBuf, IntRef, MASK, SHIFT};

/// Why an integer does not fit into the bytes given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BytesError {
    /// Negative, and the bytes are unsigned.
    Negative,
    /// Needs more bytes.
    TooBig,
}

impl BytesError {
    /// The text of the OverflowError.
    pub fn message(self) -> &'static str {
        match self {
            BytesError::Negative => "can't convert negative int to unsigned",
            BytesError::TooBig => "int too big to convert",
        }
    }
}

/// Reads an integer.
pub fn from_bytes(bytes: &[u8], little_endian: bool, signed: bool) -> IntBuf {
    if little_endian {
        read(bytes.iter(), bytes.last().copied(), signed)
    } else {
        read(bytes.iter().rev(), bytes.first().copied(), signed)
    }
}

fn read<'a>(bytes: impl ExactSizeIterator<Item = &'a u8>, top: Option<u8>, signed: bool) -> IntBuf {
    let negative = signed && top.is_some_and(|byte| byte >= 0x80);
    let flip = if negative { 0xff } else { 0 };
    let mut digits = Vec::with_capacity(bytes.len() * 8 / SHIFT as usize + 2);
    let (mut pending, mut bits) = (0u64, 0);
    for &byte in bytes {
        pending |= u64::from(byte ^ flip) << bits;
        bits += 8;
        if bits >= SHIFT {
            digits.push(pending as u32 & MASK);
            pending >>= SHIFT;
            bits -= SHIFT;
        }
    }
    digits.push(pending as Digit);
    let mut value = IntBuf::new(false, digits);
    if negative {
        super::add::increment(&mut value.digits);
        value.negative = true;
    }
    value
}

/// Writes an integer over all of `out`.
pub fn to_bytes(
    value: IntRef,
    out: &mut [u8],
    little_endian: bool,
    signed: bool,
) -> Result<(), BytesError> {
    if value.negative && !signed {
        return Err(BytesError::Negative);
    }
    if !fits_bytes(value, out.len(), signed) {
        return Err(BytesError::TooBig);
    }
    to_low_bytes(value, out, little_endian);
    Ok(())
}

/// Writes the low bytes in two's complement over all of `out`.
pub fn to_low_bytes(value: IntRef, out: &mut [u8], little_endian: bool) {
    if little_endian {
        write(value, out.iter_mut());
    } else {
        write(value, out.iter_mut().rev());
    }
}

/// Whether `len` bytes have room for the value, which must not be negative unless they are signed.
pub fn fits_bytes(value: IntRef, len: usize, signed: bool) -> bool {
    let (needed, bits) = (value.bit_length(), len as u64 * 8);
    if !signed || value.is_zero() {
        return needed <= bits;
    }
    // The sign takes a bit, except that -2**n shares it with the highest bit of the magnitude.
    let is_power_of_two = value.trailing_zeros() + 1 == needed;
    needed < bits || (needed == bits && value.negative && is_power_of_two)
}

fn write<'a>(value: IntRef, out: impl Iterator<Item = &'a mut u8>) {
    let mut digits = value.digits.iter();
    let (mut pending, mut bits) = (0u64, 0);
    let (flip, mut carry) = if value.negative { (0xff, 1) } else { (0, 0) };
    for place in out {
        if bits < 8 {
            pending |= digits.next().map_or(0, |&d| u64::from(d)) << bits;
            bits += SHIFT;
        }
        let byte = ((pending as u8) ^ flip) as u16 + carry;
        *place = byte as u8;
        carry = byte >> 8;
        pending >>= 8;
        bits -= 8;
    }
}
