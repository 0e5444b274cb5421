//! Single values: to bytes and from bytes.

use krait_objects::bytes::Bytes;
use krait_objects::complex::Complex;
use krait_objects::int_digits;
use krait_objects::prelude::*;

use super::error;
use super::layout::{Field, Mode};

/// Writes a value over `out`, which is as long as the field's size.
pub(super) fn pack(
    th: &Thread,
    mode: Mode,
    field: &Field,
    value: Borrowed<'_>,
    out: &mut [u8],
) -> PyResult<()> {
    match field.code {
        b'c' => match value.downcast::<Bytes>() {
            Some(bytes) if bytes.len() == 1 => out.copy_from_slice(bytes.as_bytes()),
            _ => return Err(error(th, "char format requires a bytes object of length 1")),
        },
        b'?' => out[0] = u8::from(object::is_true(th, value)?),
        b's' | b'p' => return pack_text(th, field, value, out),
        b'e' | b'f' | b'd' => {
            let number = as_float(th, value)?;
            pack_float(th, mode, field.code, number, out)?;
        }
        b'F' | b'D' => {
            let (real, imag) =
                krait_objects::complex::construct::as_pair(th, value).map_err(|raised| {
                    drop(th.take_raised(raised));
                    error(th, "required argument is not a complex")
                })?;
            let (first, second) = out.split_at_mut(field.size / 2);
            let part = if field.code == b'F' { b'f' } else { b'd' };
            pack_float(th, mode, part, real, first)?;
            pack_float(th, mode, part, imag, second)?;
        }
        code => return pack_int(th, mode, code, value, out),
    }
    Ok(())
}

fn as_float(th: &Thread, value: Borrowed<'_>) -> PyResult<f64> {
    number::as_f64(th, value).map_err(|raised| {
        drop(th.take_raised(raised));
        error(th, "required argument is not a float")
    })
}

fn pack_text(th: &Thread, field: &Field, value: Borrowed<'_>, out: &mut [u8]) -> PyResult<()> {
    let code = char::from(field.code);
    let buffer;
    let bytes = match value.downcast::<Bytes>() {
        Some(bytes) => bytes.get().as_bytes(),
        None if value.type_name() == "bytearray" => {
            buffer = krait_objects::protocol::buffer::Buffer::simple(th, value)?;
            buffer.as_bytes()
        }
        None => {
            let message = format!("argument for '{code}' must be a bytes object");
            return Err(error(th, &message));
        }
    };
    out.fill(0);
    if field.code == b's' {
        let len = bytes.len().min(out.len());
        out[..len].copy_from_slice(&bytes[..len]);
    } else if let Some((first, rest)) = out.split_first_mut() {
        // Pascal's: the length in the first byte.
        let len = bytes.len().min(rest.len());
        rest[..len].copy_from_slice(&bytes[..len]);
        *first = len.min(255) as u8;
    }
    Ok(())
}

fn is_signed(code: u8) -> bool {
    matches!(code, b'b' | b'h' | b'i' | b'l' | b'q' | b'n')
}

fn pack_int(
    th: &Thread,
    mode: Mode,
    code: u8,
    value: Borrowed<'_>,
    out: &mut [u8],
) -> PyResult<()> {
    let small = value.downcast_exact::<Int>().filter(|int| int.is_compact());
    if let Some(small) = small
        && write_small(mode, code, small.compact_value() as i64, out)
    {
        return Ok(());
    }
    if value.downcast::<Int>().is_none() && !number::is_index(value) {
        return Err(error(th, "required argument is not an integer"));
    }
    let int = number::index(th, value)?;
    // A pointer is an address, or a negative number that stands for one.
    let signed = is_signed(code) || code == b'P' && int.is_negative();
    if int_digits::to_bytes(int.view(), out, !mode.big, signed).is_ok() {
        return Ok(());
    }
    let bits = 8 * out.len() as u32;
    if code == b'P' {
        return Err(error(th, "int too large to convert"));
    }
    let (low, high) = if signed {
        (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
    } else {
        (0, (1i128 << bits) - 1)
    };
    let code = char::from(code);
    Err(error(th, &format!("'{code}' format requires {low} <= number <= {high}")))
}

/// Writes an integer of a digit, if it is in the range of the type.
#[inline]
fn write_small(mode: Mode, code: u8, value: i64, out: &mut [u8]) -> bool {
    let bits = 8 * out.len() as u32;
    let unused = 64 - bits;
    let fits = match is_signed(code) {
        true => (value << unused) >> unused == value,
        false => value >= 0 && (value as u64) << unused >> unused == value as u64,
    };
    if fits {
        store(mode, value as u64, out);
    }
    fits
}

/// The low bytes of a number, as many as there is room for, in the order of the mode.
#[inline]
fn store(mode: Mode, bits: u64, out: &mut [u8]) {
    let bits = if mode.big { bits.swap_bytes() >> (64 - 8 * out.len()) } else { bits };
    match out.len() {
        8 => out.copy_from_slice(&bits.to_le_bytes()),
        4 => out.copy_from_slice(&(bits as u32).to_le_bytes()),
        2 => out.copy_from_slice(&(bits as u16).to_le_bytes()),
        _ => out[0] = bits as u8,
    }
}

/// What `store` has written.
#[inline]
fn load(mode: Mode, bytes: &[u8]) -> u64 {
    let bits = match *bytes {
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, ..] => return u64::from(a),
        [] => return 0,
    };
    if mode.big { bits.swap_bytes() >> (64 - 8 * bytes.len()) } else { bits }
}

fn pack_float(th: &Thread, mode: Mode, code: u8, value: f64, out: &mut [u8]) -> PyResult<()> {
    let too_large =
        |code: char| Err(raise!(th, OVERFLOW_ERROR, "float too large to pack with {code} format"));
    let bits = match code {
        b'd' => value.to_bits(),
        b'f' => {
            let single = value as f32;
            if single.is_infinite() && value.is_finite() {
                return too_large('f');
            }
            u64::from(single.to_bits())
        }
        _ => match to_half(value) {
            Some(half) => u64::from(half),
            None => return too_large('e'),
        },
    };
    store(mode, bits, out);
    Ok(())
}

/// The nearest half-precision float; `None` if it is too great.
fn to_half(value: f64) -> Option<u16> {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    if value.is_nan() {
        return Some(sign | 0x7e00);
    }
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // In units of the least bit: multiples of 2**-24 below the normal range.
    let exponent = ((magnitude.to_bits() >> 52) as i32 - 1023).max(-14);
    let units = (magnitude / 2f64.powi(exponent - 10)).round_ties_even();
    // A carry goes over into the exponent by itself.
    let bits = if units < 1024.0 {
        units as u32
    } else {
        (((exponent + 15) as u32) << 10) + (units as u32 - 1024)
    };
    (bits < 0x7c00).then_some(sign | bits as u16)
}

fn from_half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

fn unpack_float(mode: Mode, code: u8, bytes: &[u8]) -> f64 {
    let bits = load(mode, bytes);
    match code {
        b'd' => f64::from_bits(bits),
        b'f' => f64::from(f32::from_bits(bits as u32)),
        _ => from_half(bits as u16),
    }
}

/// Reads a value from the bytes of its field.
pub(super) fn unpack(th: &Thread, mode: Mode, code: u8, bytes: &[u8]) -> PyResult {
    Ok(match code {
        b'c' | b's' => Bytes::new(th, bytes)?.into_object(),
        b'p' => {
            let text = match bytes {
                [len, rest @ ..] => &rest[..usize::from(*len).min(rest.len())],
                [] => &[],
            };
            Bytes::new(th, text)?.into_object()
        }
        b'?' => bool_object(bytes.iter().any(|&byte| byte != 0)).object().to_owned(),
        b'e' | b'f' | b'd' => Float::new(th, unpack_float(mode, code, bytes))?.into_object(),
        b'F' | b'D' => {
            let part = if code == b'F' { b'f' } else { b'd' };
            let (real, imag) = bytes.split_at(bytes.len() / 2);
            let (real, imag) = (unpack_float(mode, part, real), unpack_float(mode, part, imag));
            Complex::new(th, real, imag)?.into_object()
        }
        code => integer(th, mode, is_signed(code), bytes)?,
    })
}

/// Whether the integers of this letter have a sign; `None` for what is no integer.
pub(super) fn integer_sign(code: u8) -> Option<bool> {
    let is_integer =
        matches!(code, b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q');
    is_integer.then(|| is_signed(code))
}

#[inline(always)]
pub(super) fn integer(th: &Thread, mode: Mode, signed: bool, bytes: &[u8]) -> PyResult {
    let value = load(mode, bytes);
    if !signed {
        return Int::from_u64(th, value).map(Owned::into_object);
    }
    let unused = 64 - 8 * bytes.len() as u32;
    Int::from_i64(th, (value << unused) as i64 >> unused).map(Owned::into_object)
}
