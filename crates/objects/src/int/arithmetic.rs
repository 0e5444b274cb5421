//! Operators of `int`, with the paths for one digit in front.

use super::{Int, build};
use crate::int_digits::{self, BitOp};
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
    build(th, int_digits::mul_size(a, b), |out| int_digits::mul_into(a, b, out))
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
    match int_digits::modulo(a.view(), b.view()) {
        Ok(remainder) => Int::from_buf(th, &remainder),
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
