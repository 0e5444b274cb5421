//! Operators of `float`.

use crate::complex::{self, Complex};
use crate::prelude::*;

/// The value of an operand; `None` if it is neither float nor int.
#[inline]
pub(crate) fn value_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<f64>> {
    if let Some(float) = ob.downcast::<Float>() {
        return Ok(Some(float.value()));
    }
    match ob.downcast::<Int>() {
        Some(int) => int.to_f64(th).map(Some),
        None => Ok(None),
    }
}

/// The values of both operands; `None` if one is neither float nor int.
#[inline]
pub(super) fn operands(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult<Option<(f64, f64)>> {
    let Some(left) = value_of(th, left)? else {
        return Ok(None);
    };
    Ok(value_of(th, right)?.map(|right| (left, right)))
}

/// ZeroDivisionError if it is zero.
#[inline]
pub fn check_divisor(th: &Thread, divisor: f64) -> PyResult<()> {
    if divisor == 0.0 {
        return Err(th.raise(exc::ZERO_DIVISION_ERROR, "division by zero"));
    }
    Ok(())
}

/// `a % b`, with the sign of `b`, which is not zero.
pub fn modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        return 0f64.copysign(b);
    }
    if (b < 0.0) != (rest < 0.0) { rest + b } else { rest }
}

/// `(a // b, a % b)`; `b` is not zero.
pub fn divmod(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    // What is left is a multiple of `b`, but for rounding.
    let mut quotient = (a - rest) / b;
    if rest == 0.0 {
        rest = 0f64.copysign(b);
    } else if (b < 0.0) != (rest < 0.0) {
        rest += b;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0f64.copysign(a / b), rest);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}

/// OverflowError as the C library's `ERANGE` becomes one.
#[cold]
pub fn range_error(th: &Thread) -> Raised {
    let made = Int::from_i64(th, libc::ERANGE.into()).and_then(|code| {
        let text = Str::new(th, "Numerical result out of range")?;
        Tuple::pack(th, [code.into_object(), text.into_object()])
    });
    match made {
        Ok(args) => th.raise_value(exc::OVERFLOW_ERROR, args.object()),
        Err(raised) => raised,
    }
}

/// `a ** b`: complex for a negative base and a fraction as the exponent.
pub fn power(th: &Thread, a: f64, b: f64) -> PyResult {
    if a == 0.0 && b < 0.0 && b.is_finite() {
        return Err(th.raise(exc::ZERO_DIVISION_ERROR, "zero to a negative power"));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b != b.floor() {
        let (real, imag) = complex::arithmetic::power(th, (a, 0.0), (b, 0.0))?;
        return Complex::new(th, real, imag).map(Owned::into_object);
    }
    // IEEE 754 says of zeros, infinities and NaN what Python does.
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(range_error(th));
    }
    Float::new(th, result).map(Owned::into_object)
}
