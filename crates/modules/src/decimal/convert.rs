//! Numbers made of other objects, and other objects made of numbers.

use std::ops::Deref;

use krait_objects::float_text;
use krait_objects::int_digits::{self, IntBuf, IntRef};
use krait_objects::prelude::*;
use num_bigint::BigUint;

use super::arith::limbs::{RADIX, mul_small};
use super::arith::multiply::multiply;
use super::arith::{Coef, Context, Kind, Num, Rounding, signal, text};
use super::context::DecimalContext;
use super::decimal::Decimal;

/// A number that lies in an object, or that was made of one.
pub enum Operand<'a> {
    Lent(Borrowed<'a, Decimal>),
    Made(Num),
}

impl Deref for Operand<'_> {
    type Target = Num;

    #[inline]
    fn deref(&self) -> &Num {
        match self {
            Operand::Lent(decimal) => decimal.number(),
            Operand::Made(number) => number,
        }
    }
}

/// The number of a `Decimal` or an int.
#[inline]
pub fn maybe_operand<'a>(
    th: &Thread,
    value: Borrowed<'a>,
    context: &DecimalContext,
) -> PyResult<Option<Operand<'a>>> {
    if let Some(decimal) = value.downcast::<Decimal>() {
        return Ok(Some(Operand::Lent(decimal)));
    }
    match value.downcast::<Int>() {
        Some(int) => exact_int(th, int.get(), context).map(|number| Some(Operand::Made(number))),
        None => Ok(None),
    }
}

/// As `maybe_operand`; TypeError for anything else.
pub fn operand<'a>(
    th: &Thread,
    value: Borrowed<'a>,
    context: &DecimalContext,
) -> PyResult<Operand<'a>> {
    maybe_operand(th, value, context)?.ok_or_else(|| unsupported(th, value))
}

#[cold]
pub fn unsupported(th: &Thread, value: Borrowed<'_>) -> Raised {
    let name = value.get().type_name();
    raise!(th, TYPE_ERROR, "conversion from {name} to Decimal is not supported")
}

fn exact_int(th: &Thread, int: &Int, context: &DecimalContext) -> PyResult<Num> {
    match of_int(int) {
        Some(number) => Ok(number),
        None => context.settle(th, signal::NO_MEMORY).map(|()| Num::nan()),
    }
}

/// The value of an int, or nothing if there is no memory for it.
#[inline]
pub fn of_int(int: &Int) -> Option<Num> {
    if int.is_compact() {
        return Some(Num::from_i64(int.compact_value()));
    }
    let view = int.view();
    Some(Num::new(view.negative, of_digits(view.digits)?, 0))
}

/// Ints of more digits are taken apart in the middle.
const MANY_DIGITS: usize = 500;

fn of_digits(digits: &[u32]) -> Option<Coef> {
    if digits.len() > MANY_DIGITS {
        let (low, high) = digits.split_at(digits.len() / 2);
        let unit = power(&Coef::from_u64(1 << 30), low.len() as u32)?;
        return Some(multiply(&of_digits(high)?, &unit)?.add(&of_digits(low)?));
    }
    let mut limbs = Vec::with_capacity(digits.len() / 2 + 1);
    for &digit in digits.iter().rev() {
        let carry = mul_small(&mut limbs, 1 << 30, digit.into());
        if carry != 0 {
            limbs.push(carry);
        }
    }
    Some(Coef::from_vec(limbs))
}

fn power(base: &Coef, exponent: u32) -> Option<Coef> {
    let mut result = Coef::ONE;
    for bit in (0..32 - exponent.leading_zeros()).rev() {
        result = multiply(&result, &result)?;
        if exponent >> bit & 1 == 1 {
            result = multiply(&result, base)?;
        }
    }
    Some(result)
}

/// The exact value of a double.
pub fn of_f64(value: f64) -> Option<Num> {
    if value.is_nan() {
        return Some(Num::nan());
    }
    if value.is_infinite() {
        return Some(Num::infinity(value < 0.0));
    }
    let negative = value.is_sign_negative();
    let (mantissa, exponent) = float_text::integer_ratio(value.abs()).unwrap_or((0, 0));
    let mantissa = Coef::from_u64(mantissa);
    // m / 2**k == m * 5**k / 10**k
    let factor = power(&Coef::from_u64(if exponent < 0 { 5 } else { 2 }), exponent.unsigned_abs())?;
    Some(Num::new(negative, multiply(&mantissa, &factor)?, exponent.min(0).into()))
}

/// The exact value of an int or a float; TypeError for anything else.
pub fn of_real(th: &Thread, value: Borrowed<'_>) -> PyResult<Num> {
    let number = if let Some(int) = value.downcast::<Int>() {
        of_int(int.get())
    } else if let Some(float) = value.downcast::<Float>() {
        of_f64(float.value())
    } else {
        return Err(th.raise(exc::TYPE_ERROR, "argument must be int or float"));
    };
    number.ok_or_else(|| th.no_memory())
}

/// Text as it is parsed: ASCII, decimal digits of other scripts converted; of `Decimal` itself also without white space
/// at the ends and underscores.
fn ascii_of(text: &Str, lenient: bool) -> Vec<u8> {
    let ascii = |point: u32| {
        if point < 0x80 {
            return point as u8;
        }
        if krait_objects::unicode::is_space(point) {
            return b' ';
        }
        krait_objects::unicode::to_decimal(point).map_or(0, |digit| b'0' + digit)
    };
    let mut bytes: Vec<u8> = match text.as_ascii() {
        Some(text) => text.as_bytes().to_vec(),
        None => text.chars().iter().map(ascii).collect(),
    };
    if lenient {
        let space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r' | 0x1c..=0x1f);
        let end = bytes.iter().rposition(|byte| !space(byte)).map_or(0, |last| last + 1);
        bytes.truncate(end);
        let start = bytes.iter().position(|byte| !space(byte)).unwrap_or(end);
        bytes.drain(..start);
        bytes.retain(|&byte| byte != b'_');
    }
    bytes
}

/// Checks a number that was read in full against the widest limits: beyond them it cannot be had exactly.
fn within_limits(number: Num, cx: &mut Context) -> Num {
    let number = cx.finish(number);
    if cx.status & (signal::INEXACT | signal::ROUNDED | signal::CLAMPED) != 0 {
        return cx.invalid();
    }
    number
}

/// What `Decimal(value)` is.
pub fn exact(th: &Thread, value: Borrowed<'_>, context: &DecimalContext) -> PyResult<Num> {
    let mut cx = Context::MAX;
    let number = if let Some(decimal) = value.downcast::<Decimal>() {
        return Ok(decimal.number().clone());
    } else if let Some(string) = value.downcast::<Str>() {
        let plain = string.as_ascii().map(str::as_bytes);
        let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b'.' || *byte == b'-';
        match plain.filter(|text| text.iter().all(digits)) {
            Some(text) => text::parse(text, &mut cx),
            None => text::parse(&ascii_of(string.get(), true), &mut cx),
        }
    } else if let Some(int) = value.downcast::<Int>() {
        return exact_int(th, int.get(), context);
    } else if value.downcast::<Tuple>().is_some() || value.downcast::<List>().is_some() {
        of_tuple(th, value, &mut cx)?
    } else if let Some(float) = value.downcast::<Float>() {
        context.settle(th, signal::FLOAT_OPERATION)?;
        return of_f64(float.value()).ok_or_else(|| th.no_memory());
    } else {
        return Err(unsupported(th, value));
    };
    let number = within_limits(number, &mut cx);
    context.settle_exact(th, cx.status)?;
    Ok(number)
}

/// What `context.create_decimal(value)` is.
pub fn rounded(th: &Thread, value: Borrowed<'_>, context: &DecimalContext) -> PyResult<Num> {
    let mut cx = context.limits();
    let number = if let Some(decimal) = value.downcast::<Decimal>() {
        decimal.number().clone()
    } else if let Some(string) = value.downcast::<Str>() {
        text::parse(&ascii_of(string.get(), false), &mut cx)
    } else if let Some(int) = value.downcast::<Int>() {
        exact_int(th, int.get(), context)?
    } else if value.downcast::<Tuple>().is_some() || value.downcast::<List>().is_some() {
        of_tuple(th, value, &mut cx)?
    } else if let Some(float) = value.downcast::<Float>() {
        context.settle(th, signal::FLOAT_OPERATION)?;
        of_f64(float.value()).ok_or_else(|| th.no_memory())?
    } else {
        return Err(unsupported(th, value));
    };
    let room = cx.prec - i64::from(cx.clamp);
    let number = if number.is_nan() && number.coef.digits() as i64 > room {
        cx.fail(signal::CONVERSION_SYNTAX)
    } else {
        cx.finish(number)
    };
    context.settle(th, cx.status)?;
    Ok(number)
}

/// The number of a sign, digits and an exponent.
fn of_tuple(th: &Thread, value: Borrowed<'_>, cx: &mut Context) -> PyResult<Num> {
    let items = iter::collect(th, value)?;
    let [sign, digits, exponent] = &items[..] else {
        return Err(th.raise(exc::VALUE_ERROR, "argument must be a sequence of length 3"));
    };
    let small = |ob: &Owned| ob.object().downcast::<Int>().and_then(|int| int.get().to_i64());
    let sign = small(sign).filter(|sign| (0..=1).contains(sign)).ok_or_else(|| {
        th.raise(exc::VALUE_ERROR, "sign must be an integer with the value 0 or 1")
    })?;
    let (mut kind, mut exp) = (Kind::Finite, 0);
    if let Some(letter) = exponent.object().downcast::<Str>() {
        kind = match letter.as_ascii() {
            Some("F") => Kind::Infinite,
            Some("n") => Kind::Quiet,
            Some("N") => Kind::Signaling,
            _ => {
                let what = "string argument in the third position must be 'F', 'n' or 'N'";
                return Err(th.raise(exc::VALUE_ERROR, what));
            }
        };
    } else if let Some(int) = exponent.object().downcast::<Int>() {
        exp = int.get().to_i64().ok_or_else(|| {
            th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")
        })?;
    } else {
        return Err(th.raise(exc::VALUE_ERROR, "exponent must be an integer"));
    }
    let wrong = || th.raise(exc::VALUE_ERROR, "coefficient must be a tuple of digits");
    if digits.object().downcast::<Tuple>().is_none() && digits.object().downcast::<List>().is_none()
    {
        return Err(wrong());
    }
    if kind == Kind::Infinite {
        return Ok(Num::infinity(sign == 1));
    }
    let digit = |ob: &Owned| match small(ob) {
        Some(digit @ 0..=9) => Ok(b'0' + digit as u8),
        _ => Err(wrong()),
    };
    let digits: Vec<u8> =
        iter::collect(th, digits.object())?.iter().map(digit).collect::<PyResult<_>>()?;
    let Some(coef) = text::coef_of_digits(&digits) else {
        return Ok(cx.no_memory());
    };
    // As text is read: beyond all limits, wherever that is.
    let exp = exp.clamp(-(1 << 61), 1 << 61);
    Ok(Num { coef, exp: if kind == Kind::Finite { exp } else { 0 }, kind, negative: sign == 1 })
}

/// ASCII as a str.
pub fn to_str(th: &Thread, text: &[u8]) -> PyResult<Owned<Str>> {
    Str::new(th, std::str::from_utf8(text).unwrap_or_default())
}

/// NaN is no integer, and no infinity.
fn check_finite(th: &Thread, number: &Num, what: &str) -> PyResult<()> {
    if number.is_nan() {
        return Err(raise!(th, VALUE_ERROR, "cannot convert NaN to {what}"));
    }
    if number.is_infinite() {
        return Err(raise!(th, OVERFLOW_ERROR, "cannot convert Infinity to {what}"));
    }
    Ok(())
}

/// Coefficients of more limbs are taken apart in the middle.
const MANY_LIMBS: usize = 60;

fn to_big(limbs: &[u64]) -> BigUint {
    if limbs.len() <= MANY_LIMBS {
        let radix = BigUint::from(RADIX);
        return limbs.iter().rev().fold(BigUint::ZERO, |sum, &limb| sum * &radix + limb);
    }
    let (low, high) = limbs.split_at(limbs.len() / 2);
    to_big(high) * BigUint::from(RADIX).pow(low.len() as u32) + to_big(low)
}

fn coef_to_int(th: &Thread, negative: bool, coef: &Coef) -> PyResult<Owned<Int>> {
    if let Some(value) = coef.small() {
        if let Ok(value) = i64::try_from(value) {
            return Int::from_i64(th, if negative { -value } else { value });
        }
        let mut value = IntBuf::from(value);
        value.negative = negative;
        return Int::from_buf(th, &value);
    }
    let sign = if negative { num_bigint::Sign::Minus } else { num_bigint::Sign::Plus };
    Int::from_big(th, &num_bigint::BigInt::from_biguint(sign, to_big(coef.limbs())))
}

/// The whole number nearest in that way.
pub fn to_int(th: &Thread, number: &Num, rounding: Rounding) -> PyResult<Owned<Int>> {
    check_finite(th, number, "integer")?;
    match number.rescaled(0, rounding) {
        Some((whole, _)) => coef_to_int(th, whole.negative, &whole.coef),
        None => Err(th.no_memory()),
    }
}

pub fn to_float(th: &Thread, number: &Num) -> PyResult<f64> {
    match number.kind {
        Kind::Signaling => Err(th.raise(exc::VALUE_ERROR, "cannot convert signaling NaN to float")),
        Kind::Quiet => Ok(if number.negative { -f64::NAN } else { f64::NAN }),
        Kind::Infinite => Ok(if number.negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        Kind::Finite => Ok(float_text::parse(&text::to_text(number, true, false)).unwrap_or(0.0)),
    }
}

/// Numerator and denominator in lowest terms.
pub fn ratio(th: &Thread, number: &Num) -> PyResult<Owned<Tuple>> {
    check_finite(th, number, "integer ratio")?;
    let most = usize::try_from(-number.exp).unwrap_or(0);
    let (coef, zeros) = number.coef.clone().stripped(most);
    let exp = if coef.is_zero() { 0 } else { number.exp + zeros as i64 };
    let power = |exp: i64| Coef::ONE.shifted_left(exp.max(0) as usize);
    let (Some(up), Some(down)) = (coef.shifted_left(exp.max(0) as usize), power(-exp)) else {
        return Err(th.no_memory());
    };
    let numerator = coef_to_int(th, number.negative, &up)?;
    let denominator = coef_to_int(th, false, &down)?;
    let common = int_digits::gcd(numerator.view(), denominator.view());
    let reduced = |int: Owned<Int>| -> PyResult {
        let IntRef { digits, .. } = common.view();
        if *digits == [1] {
            return Ok(int.into_object());
        }
        number::floor_divide(th, int.object(), Int::from_buf(th, &common)?.object())
    };
    Tuple::pack(th, [reduced(numerator)?, reduced(denominator)?])
}

const MODULUS: u64 = int_digits::HASH_MODULUS;

fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(MODULUS)) as u64
}

/// The hash that equal numbers of all types have; not of NaNs.
pub fn hash(number: &Num) -> isize {
    const OF_INFINITY: isize = 314_159;
    /// The inverse of ten modulo the modulus.
    const TENTH: u64 = 2_075_258_708_292_324_556;
    let sign = if number.negative { -1 } else { 1 };
    if number.is_infinite() {
        return sign * OF_INFINITY;
    }
    let coef = number.coef.limbs().iter().rev().fold(0, |sum, &limb| {
        (u128::from(times(sum, RADIX % MODULUS)) + u128::from(limb)) as u64 % MODULUS
    });
    let mut result = coef;
    let mut base = if number.exp < 0 { TENTH } else { 10 };
    let mut exponent = number.exp.unsigned_abs();
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    match sign * result as isize {
        -1 => -2,
        hash => hash,
    }
}
