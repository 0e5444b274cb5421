//! Doubles. CPython: `floatobject.c`.

use krait_bytecode::BinaryOp;

use super::complex::{self, Complex};
use crate::code::Constant;

pub(super) fn binary(a: f64, op: BinaryOp, b: f64) -> Option<Constant<'static>> {
    use BinaryOp::*;
    let result = match op {
        NB_ADD => a + b,
        NB_SUBTRACT => a - b,
        NB_MULTIPLY => a * b,
        NB_TRUE_DIVIDE if b != 0.0 => a / b,
        NB_FLOOR_DIVIDE if b != 0.0 => floor_divide(a, b),
        NB_REMAINDER if b != 0.0 => remainder(a, b),
        NB_POWER => return power(a, b),
        _ => return None,
    };
    Some(Constant::Float(result))
}

/// The remainder, which has the divisor's sign.
fn remainder(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    if remainder == 0.0 {
        0.0f64.copysign(b)
    } else if (b < 0.0) != (remainder < 0.0) {
        remainder + b
    } else {
        remainder
    }
}

fn floor_divide(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    let mut quotient = (a - remainder) / b;
    if remainder != 0.0 && (b < 0.0) != (remainder < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0f64.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

fn is_odd(value: f64) -> bool {
    value.abs() % 2.0 == 1.0
}

/// `a ** b`: special cases first, as C libraries differ in them.
fn power(a: f64, b: f64) -> Option<Constant<'static>> {
    let result = if b == 0.0 {
        1.0
    } else if a.is_nan() {
        a
    } else if b.is_nan() {
        if a == 1.0 { 1.0 } else { b }
    } else if b.is_infinite() {
        let a = a.abs();
        if a == 1.0 {
            1.0
        } else if (b > 0.0) == (a > 1.0) {
            b.abs()
        } else {
            0.0
        }
    } else if a.is_infinite() {
        match (b > 0.0, is_odd(b)) {
            (true, true) => a,
            (true, false) => a.abs(),
            (false, true) => 0.0f64.copysign(a),
            (false, false) => 0.0,
        }
    } else if a == 0.0 {
        if b < 0.0 {
            return None;
        }
        if is_odd(b) { a } else { 0.0 }
    } else if a < 0.0 && b != b.floor() {
        let (a, b) = (Complex { real: a, imag: 0.0 }, Complex { real: b, imag: 0.0 });
        return complex::power(a, b);
    } else {
        let magnitude = if a.abs() == 1.0 { 1.0 } else { a.abs().powf(b) };
        if magnitude.is_infinite() {
            return None;
        }
        if a < 0.0 && is_odd(b) { -magnitude } else { magnitude }
    };
    Some(Constant::Float(result))
}
