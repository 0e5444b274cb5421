//! `PyFloat_Pack…`, `PyFloat_Unpack…`: floats as bytes; and `PyOS_double_to_string`.

use std::ffi::{c_char, c_int};

use krait_abi::{
    Py_DTSF_ADD_DOT_0, Py_DTSF_ALT, Py_DTSF_NO_NEG_0, Py_DTSF_SIGN, Py_DTST_FINITE,
    Py_DTST_INFINITE, Py_DTST_NAN,
};
use krait_macros::capi;
use krait_objects::float_text::{self, Style};
use krait_objects::prelude::*;

/// # Safety
/// There is room for the bytes.
unsafe fn write<const N: usize>(mut bytes: [u8; N], place: *mut c_char, little: c_int) {
    if little == 0 {
        bytes.reverse();
    }
    // SAFETY: the caller's promise.
    unsafe { place.cast::<[u8; N]>().write_unaligned(bytes) };
}

/// # Safety
/// There are so many bytes.
unsafe fn read<const N: usize>(place: *const c_char, little: c_int) -> [u8; N] {
    // SAFETY: the caller's promise.
    let mut bytes = unsafe { place.cast::<[u8; N]>().read_unaligned() };
    if little == 0 {
        bytes.reverse();
    }
    bytes
}

#[capi]
pub fn PyFloat_Pack8(value: f64, place: *mut c_char, little: c_int) -> c_int {
    // SAFETY: C passes room for 8 bytes.
    unsafe { write(value.to_le_bytes(), place, little) };
    0
}

#[capi]
pub fn PyFloat_Pack4(th: &Thread, value: f64, place: *mut c_char, little: c_int) -> PyResult<()> {
    let single = value as f32;
    if single.is_infinite() && value.is_finite() {
        return Err(th.raise(exc::OVERFLOW_ERROR, "float too large to pack with f format"));
    }
    // SAFETY: C passes room for 4 bytes.
    unsafe { write(single.to_le_bytes(), place, little) };
    Ok(())
}

#[capi]
pub fn PyFloat_Pack2(th: &Thread, value: f64, place: *mut c_char, little: c_int) -> PyResult<()> {
    let Some(half) = half_of(value) else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "float too large to pack with e format"));
    };
    // SAFETY: C passes room for 2 bytes.
    unsafe { write(half.to_le_bytes(), place, little) };
    Ok(())
}

#[capi]
pub fn PyFloat_Unpack8(place: *const c_char, little: c_int) -> f64 {
    // SAFETY: C passes 8 bytes.
    f64::from_le_bytes(unsafe { read(place, little) })
}

#[capi]
pub fn PyFloat_Unpack4(place: *const c_char, little: c_int) -> f64 {
    // SAFETY: C passes 4 bytes.
    f32::from_le_bytes(unsafe { read(place, little) }).into()
}

#[capi]
pub fn PyFloat_Unpack2(place: *const c_char, little: c_int) -> f64 {
    // SAFETY: C passes 2 bytes.
    of_half(u16::from_le_bytes(unsafe { read(place, little) }))
}

/// The nearest binary16, ties to even; `None` if it is too large.
fn half_of(value: f64) -> Option<u16> {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let magnitude = value.abs();
    if value.is_nan() {
        let payload = (value.to_bits() >> 42) as u16 & 0x1ff;
        return Some(sign | 0x7e00 | payload);
    }
    if magnitude.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // Whatever rounds to 65520 or more has no finite half.
    if magnitude >= 65520.0 {
        return None;
    }
    // Below 2**-14 the steps are 2**-24 apart, above they grow with the exponent.
    let exponent = ((magnitude.to_bits() >> 52) as i32 - 1023).max(-14);
    let units = (magnitude * f64::from(24 - exponent - 14).exp2()).round_ties_even() as u16;
    // A carry out of the fraction goes into the exponent by itself.
    let half = ((exponent + 14) as u16) << 10;
    Some(sign | (half + units))
}

fn of_half(half: u16) -> f64 {
    let fraction = f64::from(half & 0x3ff);
    let exponent = i32::from(half >> 10 & 0x1f);
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if half & 0x3ff == 0 => f64::INFINITY,
        31 => f64::from_bits(0x7ff8_0000_0000_0000 | u64::from(half & 0x3ff) << 42),
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if half & 0x8000 != 0 { -magnitude } else { magnitude }
}

#[capi]
pub fn PyOS_double_to_string(
    th: &Thread,
    value: f64,
    code: c_char,
    precision: c_int,
    flags: c_int,
    kind: *mut c_int,
) -> PyResult<*mut c_char> {
    let code = code as u8;
    let fits = match code {
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => precision >= 0,
        b'r' => precision == 0,
        _ => false,
    };
    if !fits {
        return Err(th.bad_internal_call());
    }
    let style = Style {
        sign: flags & Py_DTSF_SIGN != 0,
        add_dot_0: flags & Py_DTSF_ADD_DOT_0 != 0,
        alternate: flags & Py_DTSF_ALT != 0,
        no_negative_zero: flags & Py_DTSF_NO_NEG_0 != 0,
    };
    let text = float_text::format(value, code, precision as usize, style);
    // SAFETY: as many bytes are asked for as are written; `kind` is writable or null.
    unsafe {
        if !kind.is_null() {
            *kind = match () {
                () if value.is_nan() => Py_DTST_NAN,
                () if value.is_infinite() => Py_DTST_INFINITE,
                () => Py_DTST_FINITE,
            };
        }
        let memory: *mut c_char = crate::memory::PyMem_Malloc(text.len() + 1).cast();
        if memory.is_null() {
            return Err(th.no_memory());
        }
        memory.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
        memory.add(text.len()).write(0);
        Ok(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::{half_of, of_half};

    #[test]
    fn every_half_survives() {
        for half in 0..=u16::MAX {
            let value = of_half(half);
            if !value.is_nan() {
                assert_eq!(half_of(value), Some(half), "{value}");
            }
        }
        assert_eq!(half_of(65519.999), Some(0x7bff));
        assert_eq!(half_of(65520.0), None);
        assert_eq!(half_of(2f64.powi(-25)), Some(0));
        assert_eq!(half_of(2f64.powi(-25) * 1.0001), Some(1));
    }
}
