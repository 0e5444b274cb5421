//! Complex numbers, with the mixed rules for real and complex operands, and infinities recovered
//! from products and quotients as C99 asks. CPython: `complexobject.c`.

use krait_bytecode::BinaryOp;

use super::Number;
use crate::code::Constant;

#[derive(Clone, Copy)]
pub(super) struct Complex {
    pub(super) real: f64,
    pub(super) imag: f64,
}

const ONE: Complex = Complex { real: 1.0, imag: 0.0 };

/// Integer exponents up to this size are done by multiplication.
const MAX_MULTIPLIED_EXPONENT: f64 = 100.0;

/// At least one of the operands is complex.
pub(super) fn binary(a: &Number, op: BinaryOp, b: &Number) -> Option<Constant<'static>> {
    use BinaryOp::*;
    if op == NB_POWER {
        return power(a.to_complex()?, b.to_complex()?);
    }
    let result = match (a, b) {
        (Number::Complex(a), Number::Complex(b)) => match op {
            NB_ADD => Complex { real: a.real + b.real, imag: a.imag + b.imag },
            NB_SUBTRACT => Complex { real: a.real - b.real, imag: a.imag - b.imag },
            NB_MULTIPLY => multiply(*a, *b),
            NB_TRUE_DIVIDE => divide(*a, *b)?,
            _ => return None,
        },
        (Number::Complex(a), b) => {
            let b = b.to_f64()?;
            match op {
                NB_ADD => Complex { real: a.real + b, imag: a.imag },
                NB_SUBTRACT => Complex { real: a.real - b, imag: a.imag },
                NB_MULTIPLY => Complex { real: a.real * b, imag: a.imag * b },
                NB_TRUE_DIVIDE if b != 0.0 => Complex { real: a.real / b, imag: a.imag / b },
                _ => return None,
            }
        }
        (a, Number::Complex(b)) => {
            let a = a.to_f64()?;
            match op {
                NB_ADD => Complex { real: a + b.real, imag: b.imag },
                NB_SUBTRACT => Complex { real: a - b.real, imag: -b.imag },
                NB_MULTIPLY => Complex { real: a * b.real, imag: a * b.imag },
                NB_TRUE_DIVIDE => divide_real(a, *b)?,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(result.into())
}

impl Number {
    fn to_complex(&self) -> Option<Complex> {
        match self {
            Number::Complex(value) => Some(*value),
            other => Some(Complex { real: other.to_f64()?, imag: 0.0 }),
        }
    }
}

impl From<Complex> for Constant<'_> {
    fn from(value: Complex) -> Self {
        Constant::Complex { real: value.real, imag: value.imag }
    }
}

/// 1 with the sign of an infinity, else 0 with the sign of the value.
fn box_infinity(value: f64) -> f64 {
    (if value.is_infinite() { 1.0f64 } else { 0.0 }).copysign(value)
}

fn nan_to_zero(value: f64) -> f64 {
    if value.is_nan() { 0.0f64.copysign(value) } else { value }
}

fn multiply(z: Complex, w: Complex) -> Complex {
    let (mut a, mut b, mut c, mut d) = (z.real, z.imag, w.real, w.imag);
    let (ac, bd, ad, bc) = (a * c, b * d, a * d, b * c);
    let result = Complex { real: ac - bd, imag: ad + bc };
    if !(result.real.is_nan() && result.imag.is_nan()) {
        return result;
    }
    let mut recalculate = false;
    if a.is_infinite() || b.is_infinite() {
        (a, b, c, d) = (box_infinity(a), box_infinity(b), nan_to_zero(c), nan_to_zero(d));
        recalculate = true;
    }
    if c.is_infinite() || d.is_infinite() {
        (a, b, c, d) = (nan_to_zero(a), nan_to_zero(b), box_infinity(c), box_infinity(d));
        recalculate = true;
    }
    if !recalculate && [ac, bd, ad, bc].iter().any(|product| product.is_infinite()) {
        (a, b, c, d) = (nan_to_zero(a), nan_to_zero(b), nan_to_zero(c), nan_to_zero(d));
        recalculate = true;
    }
    if !recalculate {
        return result;
    }
    Complex { real: f64::INFINITY * (a * c - b * d), imag: f64::INFINITY * (a * d + b * c) }
}

/// Divides top and bottom by the larger part of the divisor, against overflow.
fn divide(a: Complex, b: Complex) -> Option<Complex> {
    let result = if b.real.abs() >= b.imag.abs() {
        if b.real == 0.0 {
            return None;
        }
        let ratio = b.imag / b.real;
        let bottom = b.real + b.imag * ratio;
        Complex {
            real: (a.real + a.imag * ratio) / bottom,
            imag: (a.imag - a.real * ratio) / bottom,
        }
    } else if b.imag.abs() >= b.real.abs() {
        let ratio = b.real / b.imag;
        let bottom = b.real * ratio + b.imag;
        Complex {
            real: (a.real * ratio + a.imag) / bottom,
            imag: (a.imag * ratio - a.real) / bottom,
        }
    } else {
        Complex { real: f64::NAN, imag: f64::NAN }
    };
    if !(result.real.is_nan() && result.imag.is_nan()) {
        return Some(result);
    }
    let finite = |z: Complex| z.real.is_finite() && z.imag.is_finite();
    let infinite = |z: Complex| z.real.is_infinite() || z.imag.is_infinite();
    Some(if infinite(a) && finite(b) {
        let (x, y) = (box_infinity(a.real), box_infinity(a.imag));
        Complex {
            real: f64::INFINITY * (x * b.real + y * b.imag),
            imag: f64::INFINITY * (y * b.real - x * b.imag),
        }
    } else if infinite(b) && finite(a) {
        let (x, y) = (box_infinity(b.real), box_infinity(b.imag));
        Complex { real: 0.0 * (a.real * x + a.imag * y), imag: 0.0 * (a.imag * x - a.real * y) }
    } else {
        result
    })
}

fn divide_real(a: f64, b: Complex) -> Option<Complex> {
    Some(if b.real.abs() >= b.imag.abs() {
        if b.real == 0.0 {
            return None;
        }
        let ratio = b.imag / b.real;
        let bottom = b.real + b.imag * ratio;
        Complex { real: a / bottom, imag: -a * ratio / bottom }
    } else if b.imag.abs() >= b.real.abs() {
        let ratio = b.real / b.imag;
        let bottom = b.real * ratio + b.imag;
        Complex { real: a * ratio / bottom, imag: -a / bottom }
    } else {
        Complex { real: f64::NAN, imag: f64::NAN }
    })
}

/// `a ** b`; `None` for zero to a negative or complex power, and for overflow.
pub(super) fn power(a: Complex, b: Complex) -> Option<Constant<'static>> {
    let result =
        if b.imag == 0.0 && b.real == b.real.floor() && b.real.abs() <= MAX_MULTIPLIED_EXPONENT {
            let magnitude = multiply_out(a, b.real.abs() as u32);
            if b.real > 0.0 { magnitude } else { divide(ONE, magnitude)? }
        } else if b.real == 0.0 && b.imag == 0.0 {
            ONE
        } else if a.real == 0.0 && a.imag == 0.0 {
            if b.imag != 0.0 || b.real < 0.0 {
                return None;
            }
            Complex { real: 0.0, imag: 0.0 }
        } else {
            let size = a.real.hypot(a.imag);
            let angle = a.imag.atan2(a.real);
            let mut length = size.powf(b.real);
            let mut phase = angle * b.real;
            if b.imag != 0.0 {
                length *= (-angle * b.imag).exp();
                phase += b.imag * size.ln();
            }
            if phase.is_infinite() {
                // A domain error of the C library, which the reference reports.
                return None;
            }
            Complex { real: length * phase.cos(), imag: length * phase.sin() }
        };
    if result.real.is_infinite() || result.imag.is_infinite() {
        return None;
    }
    Some(result.into())
}

/// The power by squaring.
fn multiply_out(base: Complex, exponent: u32) -> Complex {
    let mut result = ONE;
    let mut square = base;
    let mut left = exponent;
    while left > 0 {
        if left & 1 == 1 {
            result = multiply(result, square);
        }
        left >>= 1;
        square = multiply(square, square);
    }
    result
}
