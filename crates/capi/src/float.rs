//! `floatobject.h`: doubles as objects, and packed into bytes.

use std::ffi::{c_char, c_int};

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyFloat_FromDouble(th: &Thread, value: f64) -> PyResult<Owned<Float>> {
    Float::new(th, value)
}

#[inline(always)]
unsafe fn value_at_once(ob: Ptr) -> Option<f64> {
    // SAFETY: C passes a live object or NULL.
    unsafe { exactly::<Float>(ob).map(Float::value) }
}

#[capi(fast = value_at_once)]
pub fn PyFloat_AsDouble(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<f64> {
    match ob {
        Some(ob) => number::as_f64(th, ob),
        None => Err(th.bad_argument()),
    }
}

#[capi]
pub fn PyFloat_FromString(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    krait_objects::float::from_text_object(th, ob)
}

#[capi]
pub fn PyFloat_GetMax() -> f64 {
    f64::MAX
}

#[capi]
pub fn PyFloat_GetMin() -> f64 {
    f64::MIN_POSITIVE
}

/// `bytes` in the order that C asks for.
unsafe fn put<const N: usize>(mut bytes: [u8; N], place: *mut c_char, little: c_int) {
    if little == 0 {
        bytes.reverse();
    }
    // SAFETY: C passes room for as many bytes.
    unsafe { place.cast::<[u8; N]>().write_unaligned(bytes) }
}

unsafe fn take<const N: usize>(place: *const c_char, little: c_int) -> [u8; N] {
    // SAFETY: C passes as many bytes.
    let mut bytes = unsafe { place.cast::<[u8; N]>().read_unaligned() };
    if little == 0 {
        bytes.reverse();
    }
    bytes
}

#[capi]
pub fn PyFloat_Pack8(value: f64, place: *mut c_char, little: c_int) -> c_int {
    // SAFETY: C passes as many bytes.
    unsafe { put(value.to_le_bytes(), place, little) };
    0
}

#[capi]
pub fn PyFloat_Unpack8(place: *const c_char, little: c_int) -> f64 {
    // SAFETY: C passes as many bytes.
    f64::from_le_bytes(unsafe { take(place, little) })
}

/// The upper bits of a NaN's fraction: they are what a narrower float has room for. A signalling one whose payload does not
/// fit becomes a quiet one.
fn narrow_payload(value: f64, bits: u32) -> u64 {
    let payload = value.to_bits() & ((1 << 52) - 1);
    let kept = payload >> (52 - bits);
    if kept == 0 { 1 << (bits - 1) } else { kept }
}

/// A NaN keeps its sign, its kind and the upper bits of its payload.
fn narrow(value: f64) -> f32 {
    if !value.is_nan() {
        return value as f32;
    }
    let sign = (value.to_bits() >> 63) as u32;
    f32::from_bits(sign << 31 | 0xff << 23 | narrow_payload(value, 23) as u32)
}

fn widen(value: f32) -> f64 {
    if !value.is_nan() {
        return value.into();
    }
    let bits = u64::from(value.to_bits());
    f64::from_bits(bits >> 31 << 63 | 0x7ff << 52 | (bits & 0x7f_ffff) << 29)
}

#[capi]
pub fn PyFloat_Pack4(th: &Thread, value: f64, place: *mut c_char, little: c_int) -> PyResult<()> {
    let narrow = narrow(value);
    if narrow.is_infinite() && value.is_finite() {
        return Err(th.raise(exc::OVERFLOW_ERROR, "float too large to pack with f format"));
    }
    // SAFETY: C passes as many bytes.
    unsafe { put(narrow.to_le_bytes(), place, little) };
    Ok(())
}

#[capi]
pub fn PyFloat_Unpack4(place: *const c_char, little: c_int) -> f64 {
    // SAFETY: C passes as many bytes.
    widen(f32::from_le_bytes(unsafe { take(place, little) }))
}

/// The half-precision float nearest to `value`, ties to even; `None` if it is too large.
fn half(value: f64) -> Option<u16> {
    let sign = ((value.to_bits() >> 63) as u16) << 15;
    if value.is_nan() {
        return Some(sign | 0x7c00 | narrow_payload(value, 10) as u16);
    }
    if value.is_infinite() {
        return Some(sign | 0x7c00);
    }
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return Some(sign);
    }
    let exponent = ((magnitude.to_bits() >> 52) as i32 - 1023).max(-14);
    // In units of the last place: an integer of eleven bits at most, or a subnormal.
    let units = (magnitude * 2f64.powi(10 - exponent)).round_ties_even() as u32;
    let bits = units + (((exponent + 14) as u32) << 10);
    (bits < 0x7c00).then_some(sign | bits as u16)
}

#[capi]
pub fn PyFloat_Pack2(th: &Thread, value: f64, place: *mut c_char, little: c_int) -> PyResult<()> {
    let Some(half) = half(value) else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "float too large to pack with e format"));
    };
    // SAFETY: C passes as many bytes.
    unsafe { put(half.to_le_bytes(), place, little) };
    Ok(())
}

#[capi]
pub fn PyFloat_Unpack2(place: *const c_char, little: c_int) -> f64 {
    // SAFETY: C passes as many bytes.
    let bits = u16::from_le_bytes(unsafe { take(place, little) });
    let negative = bits & 0x8000 != 0;
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), bits & 0x3ff);
    let magnitude = match exponent {
        0x1f if fraction == 0 => f64::INFINITY,
        0x1f => f64::from_bits(0x7ff << 52 | u64::from(fraction) << 42),
        0 => f64::from(fraction) * 2f64.powi(-24),
        _ => f64::from(fraction + 0x400) * 2f64.powi(exponent - 25),
    };
    if negative { -magnitude } else { magnitude }
}
