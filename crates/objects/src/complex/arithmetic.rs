//! Arithmetic on pairs of real and imaginary part, with infinities as C's Annex G has them.

use crate::prelude::*;

type Pair = (f64, f64);

/// 1 for an infinity and 0 for anything else, with its sign.
fn box_infinity(x: f64) -> f64 {
    (if x.is_infinite() { 1f64 } else { 0.0 }).copysign(x)
}

fn nan_to_zero(x: f64) -> f64 {
    if x.is_nan() { 0f64.copysign(x) } else { x }
}

fn is_infinite(z: Pair) -> bool {
    z.0.is_infinite() || z.1.is_infinite()
}

fn is_finite(z: Pair) -> bool {
    z.0.is_finite() && z.1.is_finite()
}

pub fn multiply(a: Pair, b: Pair) -> Pair {
    let (ac, bd, ad, bc) = (a.0 * b.0, a.1 * b.1, a.0 * b.1, a.1 * b.0);
    let product = (ac - bd, ad + bc);
    if !(product.0.is_nan() && product.1.is_nan()) {
        return product;
    }
    // Both parts are lost, but an infinite operand makes the product infinite.
    let (mut z, mut w, mut infinite) = (a, b, false);
    if is_infinite(z) {
        z = (box_infinity(z.0), box_infinity(z.1));
        w = (nan_to_zero(w.0), nan_to_zero(w.1));
        infinite = true;
    }
    if is_infinite(w) {
        w = (box_infinity(w.0), box_infinity(w.1));
        z = (nan_to_zero(z.0), nan_to_zero(z.1));
        infinite = true;
    }
    if !infinite && [ac, bd, ad, bc].iter().any(|part| part.is_infinite()) {
        z = (nan_to_zero(z.0), nan_to_zero(z.1));
        w = (nan_to_zero(w.0), nan_to_zero(w.1));
        infinite = true;
    }
    if !infinite {
        return product;
    }
    (f64::INFINITY * (z.0 * w.0 - z.1 * w.1), f64::INFINITY * (z.0 * w.1 + z.1 * w.0))
}

/// `a / b` by Smith's method; `None` for a zero divisor.
pub fn divide(a: Pair, b: Pair) -> Option<Pair> {
    let quotient = if b.0.abs() >= b.1.abs() {
        if b.0 == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        ((a.0 + a.1 * ratio) / denominator, (a.1 - a.0 * ratio) / denominator)
    } else if b.1.abs() >= b.0.abs() {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        ((a.0 * ratio + a.1) / denominator, (a.1 * ratio - a.0) / denominator)
    } else {
        (f64::NAN, f64::NAN)
    };
    if !(quotient.0.is_nan() && quotient.1.is_nan()) {
        return Some(quotient);
    }
    Some(if is_infinite(a) && is_finite(b) {
        let (x, y) = (box_infinity(a.0), box_infinity(a.1));
        (f64::INFINITY * (x * b.0 + y * b.1), f64::INFINITY * (y * b.0 - x * b.1))
    } else if is_infinite(b) && is_finite(a) {
        let (x, y) = (box_infinity(b.0), box_infinity(b.1));
        (0.0 * (a.0 * x + a.1 * y), 0.0 * (a.1 * x - a.0 * y))
    } else {
        quotient
    })
}

/// A real number divided by a complex one; `None` for a zero divisor.
pub fn divide_real(a: f64, b: Pair) -> Option<Pair> {
    let quotient = if b.0.abs() >= b.1.abs() {
        if b.0 == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        (a / denominator, (-a * ratio) / denominator)
    } else if b.1.abs() >= b.0.abs() {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        ((a * ratio) / denominator, -a / denominator)
    } else {
        (f64::NAN, f64::NAN)
    };
    let lost = quotient.0.is_nan() && quotient.1.is_nan();
    if lost && a.is_finite() && is_infinite(b) {
        let (x, y) = (box_infinity(b.0), box_infinity(b.1));
        return Some((0.0 * (a * x), 0.0 * (-a * y)));
    }
    Some(quotient)
}

/// Exponents up to which a whole power is made by multiplying.
const SMALL_EXPONENT: f64 = 100.0;

/// `a ** b`: ZeroDivisionError for zero to a negative or complex power, OverflowError.
pub fn power(th: &Thread, a: Pair, b: Pair) -> PyResult<Pair> {
    let Some(result) = raw_power(a, b) else {
        return Err(th.raise(exc::ZERO_DIVISION_ERROR, "zero to a negative or complex power"));
    };
    if is_infinite(result) {
        return Err(th.raise(exc::OVERFLOW_ERROR, "complex exponentiation"));
    }
    Ok(result)
}

/// As `power`, without looking for overflow; `None` for zero to a negative or complex power.
pub fn raw_power(a: Pair, b: Pair) -> Option<Pair> {
    let whole = b.1 == 0.0 && b.0 == b.0.floor() && b.0.abs() <= SMALL_EXPONENT;
    if whole { whole_power(a, b.0 as i32) } else { general_power(a, b) }
}

fn whole_power(base: Pair, exponent: i32) -> Option<Pair> {
    if exponent <= 0 {
        return divide((1.0, 0.0), positive_power(base, exponent.unsigned_abs()));
    }
    Some(positive_power(base, exponent.unsigned_abs()))
}

fn positive_power(base: Pair, exponent: u32) -> Pair {
    let (mut result, mut square) = ((1.0, 0.0), base);
    let mut rest = exponent;
    while rest > 0 {
        if rest & 1 == 1 {
            result = multiply(result, square);
        }
        square = multiply(square, square);
        rest >>= 1;
    }
    result
}

fn general_power(a: Pair, b: Pair) -> Option<Pair> {
    if b == (0.0, 0.0) {
        return Some((1.0, 0.0));
    }
    if a == (0.0, 0.0) {
        return (b.1 == 0.0 && b.0 >= 0.0).then_some((0.0, 0.0));
    }
    let modulus = a.0.hypot(a.1);
    let angle = a.1.atan2(a.0);
    let (mut length, mut phase) = (modulus.powf(b.0), angle * b.0);
    if b.1 != 0.0 {
        length *= (-angle * b.1).exp();
        phase += b.1 * modulus.ln();
    }
    Some((length * phase.cos(), length * phase.sin()))
}
