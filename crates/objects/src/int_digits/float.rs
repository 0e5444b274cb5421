//! Integers and doubles, rounded correctly, halves to even.
//! The same job in CPython: `_PyLong_Frexp`, `PyLong_FromDouble`, `long_true_divide`.

use super::div::div_rem_magnitudes;
use super::shift::{round_shift_right, shift_left, shift_right_magnitude};
use super::{Digit, IntBuf, IntRef};

/// The magnitude is too great for a double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatRange;

impl FloatRange {
    /// The text of the OverflowError of `float(n)`.
    pub const MESSAGE: &'static str = "int too large to convert to float";
}

/// Why a true division has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrueDivError {
    /// ZeroDivisionError
    DivisionByZero,
    /// OverflowError
    Overflow,
}

impl TrueDivError {
    /// The text of the exception.
    pub fn message(self) -> &'static str {
        match self {
            TrueDivError::DivisionByZero => "division by zero",
            TrueDivError::Overflow => "integer division result too large for a float",
        }
    }
}

/// The nearest double.
pub fn to_f64(value: IntRef) -> Result<f64, FloatRange> {
    if let Some(magnitude) = value.magnitude_u64() {
        // The hardware's conversion rounds half to even.
        return Ok(with_sign(magnitude as f64, value.negative));
    }
    let (fraction, exponent) = frexp(value);
    if exponent > 1024 {
        return Err(FloatRange);
    }
    // In two steps, since 2**1024 alone is infinite.
    Ok(fraction * 2.0 * exponent_of_two(exponent as i32 - 1))
}

/// A double `f` with `0.5 <= abs(f) < 1` and an exponent, such that `f * 2**exponent` is the value
/// rounded to 53 bits; for zero, both are 0.
pub fn frexp(value: IntRef) -> (f64, u64) {
    let bits = value.bit_length();
    if bits == 0 {
        return (0.0, 0);
    }
    let (mantissa, shift) = if bits > 53 {
        (word(&round_shift_right(value.digits, bits - 53)), 53)
    } else {
        (word(value.digits), bits as i32)
    };
    let fraction = mantissa as f64 * exponent_of_two(-shift);
    // Rounding may have carried into a 54th bit.
    let (fraction, bits) = if fraction == 1.0 { (0.5, bits + 1) } else { (fraction, bits) };
    (with_sign(fraction, value.negative), bits)
}

fn word(digits: &[Digit]) -> u64 {
    IntRef { negative: false, digits }.magnitude_u64().unwrap_or(u64::MAX)
}

fn with_sign(value: f64, negative: bool) -> f64 {
    if negative { -value } else { value }
}

/// `2.0**exponent` for the exponents of normal numbers.
fn exponent_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The integer part of a double; `None` for infinities and NaN.
pub fn from_f64(value: f64) -> Option<IntBuf> {
    if !value.is_finite() {
        return None;
    }
    let negative = value < 0.0;
    let magnitude = value.abs();
    if magnitude < 18446744073709551616.0 {
        return Some(IntBuf::new(negative, IntBuf::from(magnitude as u64).digits));
    }
    let bits = magnitude.to_bits();
    let exponent = (bits >> 52) - 1075;
    let mantissa = IntBuf::from((bits & ((1 << 52) - 1)) | 1 << 52);
    let shifted = shift_left(mantissa.view(), exponent)?;
    Some(IntBuf { negative, digits: shifted.digits })
}

/// `a / b` as the nearest double.
pub fn true_div(a: IntRef, b: IntRef) -> Result<f64, TrueDivError> {
    if b.is_zero() {
        return Err(TrueDivError::DivisionByZero);
    }
    let negative = a.negative != b.negative;
    if a.is_zero() {
        return Ok(with_sign(0.0, negative));
    }
    let (a_bits, b_bits) = (a.bit_length(), b.bit_length());
    if a_bits <= 53 && b_bits <= 53 {
        // Both are exact doubles, and the hardware's quotient is rounded correctly.
        return Ok(with_sign(word(a.digits) as f64 / word(b.digits) as f64, negative));
    }
    let difference = a_bits as i128 - b_bits as i128;
    if difference > 1024 {
        return Err(TrueDivError::Overflow);
    }
    if difference < -1076 {
        return Ok(with_sign(0.0, negative));
    }
    // Two bits more than the result keeps, then a sticky one: enough to round once.
    let shift = (difference as i64).max(-1021) - 55;
    let (quotient, sticky) = scaled_quotient(a, b, shift);
    let magnitude = round_scaled(quotient, sticky, shift);
    if magnitude.is_infinite() {
        return Err(TrueDivError::Overflow);
    }
    Ok(with_sign(magnitude, negative))
}

/// `a / (b * 2**shift)` of magnitudes, cut off, and whether something was cut off.
fn scaled_quotient(a: IntRef, b: IntRef, shift: i64) -> (u64, bool) {
    let (scaled, cut) = if shift <= 0 {
        // At most some thousand bits more than `b` has: no integer is too long for that.
        (shift_left(a.abs(), shift.unsigned_abs()).unwrap_or_default().digits, false)
    } else {
        shift_right_magnitude(a.digits, shift as u64)
    };
    let (quotient, rest) = div_rem_magnitudes(&scaled, b.digits);
    (word(&quotient), cut || !rest.is_empty())
}

/// `quotient * 2**shift` as a double. The quotient has at most 57 bits.
fn round_scaled(quotient: u64, sticky: bool, shift: i64) -> f64 {
    let bits = i64::from(u64::BITS - quotient.leading_zeros());
    let extra = bits.max(-1021 - shift) - 53;
    let digits = IntBuf::from(quotient << 1 | u64::from(sticky)).digits;
    let rounded = round_shift_right(&digits, extra as u64 + 1);
    let exponent = extra + shift;
    // `rounded` has at most 54 bits, and the product below is exact or overflows.
    let mantissa = word(&rounded) as f64;
    if exponent < -1022 {
        mantissa * exponent_of_two(-1022) * exponent_of_two((exponent + 1022) as i32)
    } else if exponent > 900 {
        mantissa * exponent_of_two(900) * exponent_of_two((exponent - 900) as i32)
    } else {
        mantissa * exponent_of_two(exponent as i32)
    }
}
