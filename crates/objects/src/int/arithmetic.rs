//! Operators of `int`, with the paths for one digit in front.

use super::{Int, build, power};
use crate::int_digits::{self, BitOp, TrueDivError};
use crate::prelude::*;

/// The operands as ints, or `None`: then the answer is `NotImplemented`.
#[inline(always)]
pub(super) fn operands<'a>(
    left: Borrowed<'a>,
    right: Borrowed<'a>,
) -> Option<(Borrowed<'a, Int>, Borrowed<'a, Int>)> {
    Some((left.downcast::<Int>()?, right.downcast::<Int>()?))
}

#[inline]
pub fn add(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Int>> {
    if a.is_compact() && b.is_compact() {
        return Int::from_i64(th, a.compact_value() + b.compact_value());
    }
    let (a, b) = (a.view(), b.view());
    build(th, int_digits::add_size(a, b), |out| int_digits::add_into(a, b, out))
}

#[inline]
pub fn subtract(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Int>> {
    if a.is_compact() && b.is_compact() {
        return Int::from_i64(th, a.compact_value() - b.compact_value());
    }
    let (a, b) = (a.view(), b.view());
    build(th, int_digits::add_size(a, b), |out| int_digits::sub_into(a, b, out))
}

#[inline]
pub fn multiply(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Int>> {
    if a.is_compact() && b.is_compact() {
        return Int::from_i64(th, a.compact_value() * b.compact_value());
    }
    let (a, b) = (a.view(), b.view());
    let size = int_digits::mul_size(a, b);
    power::allow(th, size)?;
    build(th, size, |out| int_digits::mul_into(a, b, out))
}

/// The value of a number of at most four digits that is not negative.
#[inline(always)]
fn small_natural(int: int_digits::IntRef<'_>) -> Option<u128> {
    if int.negative || int.digits.len() > 4 {
        return None;
    }
    let digits = int.digits.iter().rev();
    Some(digits.fold(0, |value, &digit| value << int_digits::SHIFT | u128::from(digit)))
}

pub fn bitwise(th: &Thread, op: BitOp, a: &Int, b: &Int) -> PyResult<Owned<Int>> {
    if a.is_compact() && b.is_compact() {
        let (a, b) = (a.compact_value(), b.compact_value());
        return Int::from_i64(
            th,
            match op {
                BitOp::And => a & b,
                BitOp::Or => a | b,
                BitOp::Xor => a ^ b,
            },
        );
    }
    let (a, b) = (a.view(), b.view());
    if let (Some(a), Some(b)) = (small_natural(a), small_natural(b)) {
        let result = match op {
            BitOp::And => a & b,
            BitOp::Or => a | b,
            BitOp::Xor => a ^ b,
        };
        return Int::from_natural(th, result);
    }
    build(th, int_digits::bitwise_size(a, b), |out| int_digits::bitwise_into(op, a, b, out))
}

/// Floor division and remainder of compact ints; the divisor is not zero.
pub(super) fn divmod_compact(a: i64, b: i64) -> (i64, i64) {
    let (quotient, remainder) = (a / b, a % b);
    if remainder != 0 && (remainder < 0) != (b < 0) {
        (quotient - 1, remainder + b)
    } else {
        (quotient, remainder)
    }
}

pub fn floor_divide(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Int>> {
    if b.is_zero() {
        return Err(th.raise(exc::ZERO_DIVISION_ERROR, "division by zero"));
    }
    if a.is_compact() && b.is_compact() {
        return Int::from_i64(th, divmod_compact(a.compact_value(), b.compact_value()).0);
    }
    power::allow(th, a.view().digits.len())?;
    match int_digits::div_floor(a.view(), b.view()) {
        Ok(quotient) => Int::from_buf(th, &quotient),
        Err(_) => Err(th.bad_internal_call()),
    }
}

pub fn remainder(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Int>> {
    if b.is_zero() {
        return Err(th.raise(exc::ZERO_DIVISION_ERROR, "division by zero"));
    }
    if a.is_compact() && b.is_compact() {
        return Int::from_i64(th, divmod_compact(a.compact_value(), b.compact_value()).1);
    }
    power::allow(th, a.view().digits.len())?;
    match int_digits::modulo(a.view(), b.view()) {
        Ok(remainder) => Int::from_buf(th, &remainder),
        Err(_) => Err(th.bad_internal_call()),
    }
}

/// `(a // b, a % b)`.
pub fn divmod(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Tuple>> {
    if b.is_zero() {
        return Err(th.raise(exc::ZERO_DIVISION_ERROR, "division by zero"));
    }
    let (quotient, remainder) = if a.is_compact() && b.is_compact() {
        let (quotient, remainder) = divmod_compact(a.compact_value(), b.compact_value());
        (Int::from_i64(th, quotient)?, Int::from_i64(th, remainder)?)
    } else {
        power::allow(th, a.view().digits.len())?;
        match int_digits::div_mod(a.view(), b.view()) {
            Ok((quotient, remainder)) => {
                (Int::from_buf(th, &quotient)?, Int::from_buf(th, &remainder)?)
            }
            Err(_) => return Err(th.bad_internal_call()),
        }
    };
    Tuple::pack(th, [quotient.into_object(), remainder.into_object()])
}

/// `a / b`, rounded correctly.
pub fn true_divide(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Float>> {
    if a.is_compact() && b.is_compact() && !b.is_zero() {
        // Both are doubles without loss: the hardware's division is the right one.
        return Float::new(th, a.compact_value() as f64 / b.compact_value() as f64);
    }
    match int_digits::true_div(a.view(), b.view()) {
        Ok(quotient) => Float::new(th, quotient),
        Err(error) => {
            let class = match error {
                TrueDivError::DivisionByZero => exc::ZERO_DIVISION_ERROR,
                TrueDivError::Overflow => exc::OVERFLOW_ERROR,
            };
            Err(th.raise(class, error.message()))
        }
    }
}

/// The count of a shift: ValueError for a negative one, `None` if it is past any size.
fn shift_count(th: &Thread, count: &Int) -> PyResult<Option<u64>> {
    if count.is_negative() {
        return Err(th.raise(exc::VALUE_ERROR, "negative shift count"));
    }
    Ok(count.to_u64())
}

/// `a << count`.
pub fn shift_left(th: &Thread, a: &Int, count: &Int) -> PyResult<Owned<Int>> {
    let count = shift_count(th, count)?;
    if a.is_zero() {
        return Ok(super::small(0).to_owned());
    }
    let sized = count
        .and_then(|count| int_digits::shift_left_size(a.view(), count).map(|size| (count, size)));
    let Some((count, size)) = sized else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "too many digits in integer"));
    };
    if a.is_compact() && count <= u64::from(int_digits::SHIFT) {
        return Int::from_i64(th, a.compact_value() << count);
    }
    if let Some(value) = small_natural(a.view())
        && count <= u64::from(value.leading_zeros())
    {
        return Int::from_natural(th, value << count);
    }
    build(th, size, |out| int_digits::shift_left_into(a.view(), count, out))
}

/// `a >> count`, towards minus infinity.
pub fn shift_right(th: &Thread, a: &Int, count: &Int) -> PyResult<Owned<Int>> {
    let count = shift_count(th, count)?.unwrap_or(u64::MAX);
    if a.is_compact() {
        return Int::from_i64(th, a.compact_value() >> count.min(63));
    }
    let a = a.view();
    if let Some(value) = small_natural(a) {
        return Int::from_natural(th, value >> count.min(127));
    }
    build(th, a.digits.len() + 1, |out| int_digits::shift_right_into(a, count, out))
}

/// `round(a, ndigits)` for negative `ndigits`: the nearest multiple of the power of ten, halves to the even one.
pub(super) fn round(th: &Thread, a: Borrowed<'_, Int>, ndigits: &Int) -> PyResult<Owned<Int>> {
    let zeros = ndigits.view().magnitude_u64().unwrap_or(u64::MAX);
    // A decimal digit takes more than three bits: past that even half of the power is greater than `a`.
    if zeros > a.view().bit_length() / 3 + 1 {
        return Ok(super::small(0).to_owned());
    }
    let unit = power::power_of(th, 10, zeros)?;
    match int_digits::div_near(a.view(), unit.view()) {
        Ok((_, rest)) => Int::from_buf(th, &int_digits::sub(a.view(), rest.view())),
        Err(_) => Err(th.bad_internal_call()),
    }
}

/// The ordering of two ints.
pub fn compare(a: &Int, b: &Int) -> std::cmp::Ordering {
    if a.is_compact() && b.is_compact() {
        return a.compact_value().cmp(&b.compact_value());
    }
    let (a, b) = (a.view(), b.view());
    match (a.negative, b.negative) {
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        (false, false) => int_digits::compare(a.digits, b.digits),
        (true, true) => int_digits::compare(b.digits, a.digits),
    }
}
