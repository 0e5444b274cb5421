//! Integers: operations whose result stays small, and exact conversion to and from doubles.
//!
//! CPython: `longobject.c`, with the limits of `const_folding_safe_*`.

use bumpalo::Bump;
use krait_bytecode::BinaryOp;
use num_bigint::{BigInt, BigUint, Sign};

use super::{MAX_INT_SIZE, float};
use crate::code::Constant;

fn is_zero(value: &BigInt) -> bool {
    value.sign() == Sign::NoSign
}

fn is_negative(value: &BigInt) -> bool {
    value.sign() == Sign::Minus
}

pub(super) fn binary<'a>(
    a: &BigInt,
    op: BinaryOp,
    b: &BigInt,
    arena: &'a Bump,
) -> Option<Constant<'a>> {
    use BinaryOp::*;
    let result = match op {
        NB_ADD => a + b,
        NB_SUBTRACT => a - b,
        NB_MULTIPLY => {
            if !is_zero(a) && !is_zero(b) && a.bits() + b.bits() > MAX_INT_SIZE {
                return None;
            }
            a * b
        }
        NB_TRUE_DIVIDE => return true_divide(a, b).map(Constant::Float),
        NB_FLOOR_DIVIDE => floor_divide(a, b)?.0,
        NB_REMAINDER => floor_divide(a, b)?.1,
        NB_POWER => return power(a, b, arena),
        NB_LSHIFT => shift_left(a, b)?,
        NB_RSHIFT => shift_right(a, b)?,
        NB_AND => a & b,
        NB_OR => a | b,
        NB_XOR => a ^ b,
        _ => return None,
    };
    Some(Constant::int(&result, arena))
}

/// Quotient rounded down, and the remainder, which has the divisor's sign.
fn floor_divide(a: &BigInt, b: &BigInt) -> Option<(BigInt, BigInt)> {
    if is_zero(b) {
        return None;
    }
    let (quotient, remainder) = (a / b, a % b);
    if !is_zero(&remainder) && is_negative(&remainder) != is_negative(b) {
        return Some((quotient - 1, remainder + b));
    }
    Some((quotient, remainder))
}

fn power<'a>(a: &BigInt, b: &BigInt, arena: &'a Bump) -> Option<Constant<'a>> {
    if is_negative(b) {
        return float::binary(to_f64(a)?, BinaryOp::NB_POWER, to_f64(b)?);
    }
    if is_zero(b) {
        return Some(Constant::Int(1));
    }
    if is_zero(a) {
        return Some(Constant::Int(0));
    }
    let exponent = u32::try_from(b).ok()?;
    if a.bits() > MAX_INT_SIZE / u64::from(exponent) {
        return None;
    }
    Some(Constant::int(&a.pow(exponent), arena))
}

fn shift_left(a: &BigInt, b: &BigInt) -> Option<BigInt> {
    if is_negative(b) {
        return None;
    }
    if is_zero(a) || is_zero(b) {
        return Some(a.clone());
    }
    let count = u64::try_from(b).ok()?;
    if count > MAX_INT_SIZE || a.bits() > MAX_INT_SIZE - count {
        return None;
    }
    Some(a << count)
}

fn shift_right(a: &BigInt, b: &BigInt) -> Option<BigInt> {
    if is_negative(b) {
        return None;
    }
    // Nothing but the sign is left of what is shifted further than it is long.
    Some(match u64::try_from(b) {
        Ok(count) if count <= a.bits() => a >> count,
        _ if is_negative(a) => BigInt::from(-1),
        _ => BigInt::ZERO,
    })
}

/// `a / b`, correctly rounded; `None` for division by zero and results too large.
fn true_divide(a: &BigInt, b: &BigInt) -> Option<f64> {
    if is_zero(b) {
        return None;
    }
    let negative = is_negative(a) != is_negative(b);
    if is_zero(a) {
        return Some(if negative { -0.0 } else { 0.0 });
    }
    let magnitude = ratio_to_f64(a.magnitude(), b.magnitude())?;
    Some(if negative { -magnitude } else { magnitude })
}

/// The integer as a double, correctly rounded; `None` if it is too large.
pub(super) fn to_f64(value: &BigInt) -> Option<f64> {
    if is_zero(value) {
        return Some(0.0);
    }
    let magnitude = ratio_to_f64(value.magnitude(), &BigUint::from(1u8))?;
    Some(if is_negative(value) { -magnitude } else { magnitude })
}

/// The quotient of two positive integers, rounded half to even.
fn ratio_to_f64(a: &BigUint, b: &BigUint) -> Option<f64> {
    const MANTISSA_BITS: i64 = 53;
    const MIN_EXPONENT: i64 = -1074;
    // The quotient lies in [2^(difference-1), 2^(difference+1)). Scaled by 2^-exponent, it has at
    // least the bits that count.
    let difference = a.bits() as i64 - b.bits() as i64;
    let mut exponent = (difference - MANTISSA_BITS).max(MIN_EXPONENT);
    let divide = |exponent: i64| {
        let (n, d) = if exponent < 0 {
            (a << exponent.unsigned_abs(), b.clone())
        } else {
            (a.clone(), b << exponent.unsigned_abs())
        };
        let quotient = &n / &d;
        let remainder = n - &quotient * &d;
        (quotient, remainder, d)
    };
    let (mut quotient, mut remainder, mut divisor) = divide(exponent);
    if quotient.bits() as i64 > MANTISSA_BITS {
        exponent += 1;
        (quotient, remainder, divisor) = divide(exponent);
    }
    let mut mantissa = u64::try_from(&quotient).ok()?;
    let twice = remainder << 1u8;
    if twice > divisor || twice == divisor && mantissa & 1 == 1 {
        mantissa += 1;
    }
    if mantissa == 0 {
        return Some(0.0);
    }
    let top = 64 - i64::from(mantissa.leading_zeros()) + exponent;
    if top > 1024 {
        return None;
    }
    // Exact: the mantissa has at most 53 bits, and the exponent is in range. In two steps, because
    // the smallest powers of two are not normal numbers.
    let half = exponent / 2;
    Some(mantissa as f64 * power_of_two(half) * power_of_two(exponent - half))
}

/// `2^exponent` for exponents of normal numbers.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The integer that equals a double, if one does.
pub(super) fn from_f64(value: f64) -> Option<BigInt> {
    if !value.is_finite() || value.fract() != 0.0 {
        return None;
    }
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1075;
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let magnitude = if value == 0.0 {
        BigInt::ZERO
    } else if exponent < 0 {
        BigInt::from(mantissa >> exponent.unsigned_abs())
    } else {
        BigInt::from(mantissa) << exponent.unsigned_abs()
    };
    Some(if value < 0.0 { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_correctly() {
        let big = |text: &str| text.parse::<BigInt>().unwrap();
        // Values from the reference.
        for (a, b, expected) in [
            ("1", "3", 0.3333333333333333),
            ("9007199254740993", "1", 9007199254740992.0),
            ("9007199254740995", "1", 9007199254740996.0),
            ("-123456789012345678901234567890", "987654321", -1.249999988734375e+20),
            ("1", "100000000000000000000000000000000000000000", 1e-41),
        ] {
            assert_eq!(true_divide(&big(a), &big(b)), Some(expected), "{a} / {b}");
        }
        assert_eq!(true_divide(&(BigInt::from(1) << 1024u32), &big("1")), None);
        assert_eq!(true_divide(&big("1"), &(BigInt::from(1) << 1074u32)), Some(5e-324));
        assert_eq!(true_divide(&big("1"), &(BigInt::from(1) << 1075u32)), Some(0.0));
    }

    #[test]
    fn doubles_become_integers() {
        assert_eq!(from_f64(1e20), Some("100000000000000000000".parse().unwrap()));
        assert_eq!(from_f64(-3.0), Some(BigInt::from(-3)));
        assert_eq!(from_f64(0.5), None);
    }
}
