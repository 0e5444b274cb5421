//! Durations by way of Python's own integers: for numbers of any size, and for instances of subclasses of `int` and
//! `float`, whose methods are asked as the reference asks them.

use num_bigint::BigInt;

use krait_objects::int::arithmetic;
use krait_objects::prelude::*;

use super::timedelta::{Delta, ORDER, UNITS, round_beside};
use crate::getargs::Format;

/// An `int` of any machine integer.
pub fn int(th: &Thread, value: i128) -> PyResult<Owned<Int>> {
    match i64::try_from(value) {
        Ok(value) => Int::from_i64(th, value),
        Err(_) => Int::from_big(th, &BigInt::from(value)),
    }
}

/// `a / b` as Python divides integers: the nearest double. ZeroDivisionError if `b` is 0.
pub fn true_divide(th: &Thread, a: i128, b: i128) -> PyResult<Owned<Float>> {
    const EXACT: i128 = 1 << 53;
    if b != 0 && a.abs() <= EXACT && b.abs() <= EXACT {
        return Float::new(th, a as f64 / b as f64);
    }
    let (a, b) = (int(th, a)?, int(th, b)?);
    arithmetic::true_divide(th, &a, &b)
}

/// `divmod(value, divisor)`, where the class of `value` may say what that is: the quotient, and a remainder in range.
fn checked_divmod(th: &Thread, value: Borrowed<'_>, divisor: i64) -> PyResult<(Owned, i64)> {
    let pair = number::divmod(th, value, Int::from_i64(th, divisor)?.object())?;
    let Some(pair) = pair.object().downcast::<Tuple>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "divmod() returned non-tuple (type {})",
            pair.type_name()
        ));
    };
    let &[quotient, rest] = pair.as_slice() else {
        let size = pair.len();
        return Err(raise!(th, TYPE_ERROR, "divmod() returned a tuple of size {size}"));
    };
    let rest = c_int(th, rest)?;
    if !(0..divisor).contains(&rest) {
        return Err(th.raise(exc::TYPE_ERROR, "divmod() returned a value out of range"));
    }
    Ok((quotient.to_owned(), rest))
}

/// `PyLong_AsInt`
fn c_int(th: &Thread, value: Borrowed<'_>) -> PyResult<i64> {
    number::index(th, value)?
        .to_i64()
        .filter(|&value| i32::try_from(value).is_ok())
        .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"))
}

/// The duration of so many microseconds.
pub fn delta_of(th: &Thread, cls: Borrowed<'_, Type>, micros: Owned) -> PyResult<Owned<Delta>> {
    let (seconds, micros) = checked_divmod(th, micros.object(), 1_000_000)?;
    let (days, seconds) = checked_divmod(th, seconds.object(), 86_400)?;
    let days = c_int(th, days.object())?;
    Delta::from_parts(th, cls, days, seconds as i32, micros as i32)
}

fn exact_delta(th: &Thread, micros: Owned) -> PyResult {
    delta_of(th, Borrowed::from_ref(Delta::type_object()), micros).map(Owned::into_object)
}

/// The sum in microseconds of what a `timedelta` is to be made of.
pub fn sum(th: &Thread, values: &[Option<Borrowed<'_>>; 7], format: &Format) -> PyResult {
    let mut sum = Int::from_i64(th, 0)?.into_object();
    let mut fraction = 0.0;
    for at in ORDER {
        if let Some(value) = values[at] {
            sum = accumulate(th, sum, value, UNITS[at], format.names[at], &mut fraction)?;
        }
    }
    if fraction == 0.0 {
        return Ok(sum);
    }
    let odd = number::and(th, sum.object(), Int::from_i64(th, 1)?.object())?;
    let odd = object::is_true(th, odd.object())?;
    let more = Int::from_i64(th, round_beside(fraction, odd))?;
    number::add(th, sum.object(), more.object())
}

/// `sum + value * unit`; what is less than a microsecond goes to `fraction`.
fn accumulate(
    th: &Thread,
    sum: Owned,
    value: Borrowed<'_>,
    unit: i64,
    name: &str,
    fraction: &mut f64,
) -> PyResult {
    let factor = Int::from_i64(th, unit)?;
    if Int::check(&value) {
        let product = number::multiply(th, value, factor.object())?;
        return number::add(th, sum.object(), product.object());
    }
    let Some(float) = value.downcast::<Float>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "unsupported type for timedelta {name} component: {}",
            value.type_name()
        ));
    };
    let whole = Int::from_f64(th, float.value())?;
    let product = arithmetic::multiply(th, &whole, &factor)?;
    let sum = number::add(th, sum.object(), product.object())?;
    let rest = float.value().fract() * unit as f64;
    if rest == 0.0 {
        return Ok(sum);
    }
    *fraction += rest.fract();
    let whole = Int::from_f64(th, rest)?;
    number::add(th, sum.object(), whole.object())
}

/// `micros * factor` for an instance of a subclass of `int`, or one that is too large.
pub fn times_int(th: &Thread, micros: i128, factor: Borrowed<'_>) -> PyResult {
    let micros = int(th, micros)?;
    exact_delta(th, number::multiply(th, micros.object(), factor)?)
}

/// `micros // divisor`, likewise.
pub fn floor_int(th: &Thread, micros: i128, divisor: Borrowed<'_>) -> PyResult {
    let micros = int(th, micros)?;
    exact_delta(th, number::floor_divide(th, micros.object(), divisor)?)
}

/// `micros / divisor`, likewise.
pub fn over_int(th: &Thread, micros: i128, divisor: Borrowed<'_>) -> PyResult {
    let micros = int(th, micros)?;
    exact_delta(th, divide_nearest(th, micros.object(), divisor)?)
}

/// The nearest integer to `a / b`; a half goes to the even one.
fn divide_nearest(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult {
    let (Some(a), Some(b)) = (a.downcast::<Int>(), b.downcast::<Int>()) else {
        return Err(th.raise(exc::TYPE_ERROR, "non-integer arguments in division"));
    };
    if b.is_zero() {
        return Err(th.raise(exc::ZERO_DIVISION_ERROR, "division by zero"));
    }
    let (a, b) = (a.to_big(), b.to_big());
    let (mut quotient, mut rest) = (&a / &b, &a % &b);
    if rest != BigInt::ZERO && (rest < BigInt::ZERO) != (b < BigInt::ZERO) {
        quotient -= 1;
        rest += &b;
    }
    let (twice, divisor) = ((rest * 2i32).magnitude().clone(), b.magnitude());
    if &twice > divisor || (&twice == divisor && quotient.bit(0)) {
        quotient += 1;
    }
    Int::from_big(th, &quotient).map(Owned::into_object)
}

/// `micros * value`, or `micros / value`, for an instance of a subclass of `float`.
pub fn times_ratio(th: &Thread, micros: i128, value: Borrowed<'_>, divide: bool) -> PyResult {
    let name = Str::interned(th, "as_integer_ratio")?;
    let ratio = call::call_method(th, value, name.borrow(), &[])?;
    let Some(ratio) = ratio.object().downcast::<Tuple>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "unexpected return type from as_integer_ratio(): expected tuple, not '{}'",
            ratio.type_name()
        ));
    };
    let &[numerator, denominator] = ratio.as_slice() else {
        return Err(th.raise(exc::VALUE_ERROR, "as_integer_ratio() must return a 2-tuple"));
    };
    let (by, over) = if divide { (denominator, numerator) } else { (numerator, denominator) };
    let micros = int(th, micros)?;
    let product = number::multiply(th, micros.object(), by)?;
    exact_delta(th, divide_nearest(th, product.object(), over)?)
}
