//! Powers, and powers modulo a number.

use super::basic::mul;
use super::compare::{by_magnitude, by_value};
use super::divide::divide;
use super::elementary;
use super::limbs::{Coef, div_small, word_digits};
use super::number::{Num, nan_of};
use super::quotient;
use super::round::{Context, Rounding, signal};

/// An exponent beyond that of any number.
const BEYOND: i64 = 2_000_000_000_000_000_001;

/// `base**exp`
pub fn power(base: &Num, exp: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[base, exp], cx) {
        return nan;
    }
    let whole = exp.is_integer();
    let negative = whole && base.negative && exp.is_odd_integer();
    if base.is_zero() {
        return match (exp.is_zero(), exp.negative) {
            (true, _) => cx.invalid(),
            (_, true) => Num::infinity(negative),
            _ => Num::zero(negative, 0),
        };
    }
    if base.negative && !whole {
        return cx.invalid();
    }
    let to_one = by_magnitude(base, &Num::ONE);
    if exp.is_infinite() {
        if to_one.is_eq() {
            cx.note(signal::INEXACT | signal::ROUNDED);
            return padded_one(negative, cx.prec - 1, cx);
        }
        let vanishes = to_one.is_lt() != exp.negative;
        return if vanishes { Num::zero(negative, 0) } else { Num::infinity(negative) };
    }
    if exp.is_zero() {
        return Num::ONE;
    }
    if base.is_infinite() {
        return if exp.negative { Num::zero(negative, 0) } else { Num::infinity(negative) };
    }
    if to_one.is_eq() {
        return power_of_one(base, exp, whole, negative, cx);
    }
    if is_out_of_range(base, exp, cx) {
        let grows = to_one.is_gt() != exp.negative;
        let exp = if grows { BEYOND } else { cx.etiny() - 1 };
        return cx.finish(Num::small(negative, 1, exp));
    }
    if whole { whole_power(base, exp, negative, cx) } else { real_power(base, exp, cx) }
}

/// One with zeros behind the point.
fn padded_one(negative: bool, zeros: i64, cx: &mut Context) -> Num {
    match Coef::ONE.shifted_left(zeros as usize) {
        Some(coef) => Num::new(negative, coef, -zeros),
        None => cx.no_memory(),
    }
}

fn power_of_one(base: &Num, exp: &Num, whole: bool, negative: bool, cx: &mut Context) -> Num {
    if !whole {
        cx.note(signal::INEXACT | signal::ROUNDED);
        return padded_one(negative, cx.prec - 1, cx);
    }
    if exp.negative {
        return Num::small(negative, 1, 0);
    }
    // 1.00 to the third has six zeros.
    let zeros = exp.to_i64().map_or(i64::MAX, |times| times.saturating_mul(-base.exp));
    if base.exp != 0 && zeros > cx.prec - 1 {
        cx.note(signal::ROUNDED);
        return padded_one(negative, cx.prec - 1, cx);
    }
    padded_one(negative, if base.exp == 0 { 0 } else { zeros }, cx)
}

/// Whether the exponents alone show that the result has too great an exponent, or too small a one.
fn is_out_of_range(base: &Num, exp: &Num, cx: &Context) -> bool {
    // |log10(base)| is at least 10**zeta
    let adjusted = base.adjusted();
    let tens = if adjusted >= 0 { adjusted } else { -adjusted - 1 };
    let zeta = if tens > 0 {
        word_digits(tens.unsigned_abs()) as i64 - 1
    } else {
        let mut wide = Context::MAX;
        let from_one = super::basic::subtract(&base.magnitude(), &Num::ONE, &mut wide);
        from_one.adjusted() - 2
    };
    let limit = cx.emax.max(-cx.etiny()).unsigned_abs() + 1;
    exp.adjusted() + zeta >= word_digits(limit) as i64
}

fn whole_power(base: &Num, exp: &Num, negative: bool, cx: &mut Context) -> Num {
    let more = exp.adjusted() + 3 + i64::from(exp.negative);
    let prec = cx.prec.saturating_add(more);
    let mut wide = Context { prec, rounding: Rounding::HalfEven, clamp: false, status: 0, ..*cx };
    let start = if exp.negative {
        let inverse = quotient::div(&Num::ONE, base, &mut wide);
        wide.status &= signal::INVALID;
        inverse
    } else {
        base.clone()
    };
    let Some(result) = by_squares(&start, exp, &mut wide) else {
        return cx.no_memory();
    };
    cx.note(wide.status);
    if result.is_nan() {
        return result;
    }
    let result = if result.is_infinite() { Num::small(negative, 1, BEYOND) } else { result };
    cx.finish(result.with_sign(negative))
}

/// The bits of the exponent from the top decide where the base goes in.
fn by_squares(base: &Num, exp: &Num, cx: &mut Context) -> Option<Num> {
    let bits = bits_of(exp)?;
    let mut result = base.clone();
    for &bit in bits.iter().rev().skip(1) {
        result = mul(&result, &result, cx);
        if bit {
            result = mul(&result, base, cx);
        }
        let vanished = result.is_zero() && cx.status & signal::CLAMPED != 0;
        if vanished || !result.is_finite() {
            break;
        }
    }
    Some(result)
}

/// The bits of a whole number, the lowest first.
fn bits_of(number: &Num) -> Option<Vec<bool>> {
    let coef = if number.exp >= 0 {
        number.coef.shifted_left(number.exp as usize)?
    } else {
        number.coef.shifted_right(number.exp.unsigned_abs() as usize).0
    };
    let mut limbs = coef.limbs().to_vec();
    let mut bits = Vec::new();
    while !limbs.is_empty() {
        let rest = div_small(&mut limbs, 1 << 32);
        bits.extend((0..32).map(|bit| rest >> bit & 1 == 1));
        limbs.truncate(super::limbs::trimmed(&limbs));
    }
    bits.truncate(bits.iter().rposition(|&bit| bit).map_or(0, |top| top + 1));
    Some(bits)
}

/// `e**(exp * ln(base))`, with more digits than the result has.
fn real_power(base: &Num, exp: &Num, cx: &mut Context) -> Num {
    let prec = cx.prec.max(base.coef.digits() as i64).saturating_add(4 + 19);
    let mut wide = Context::working(prec);
    let logarithm = elementary::ln(base, &mut wide);
    let product = mul(&logarithm, exp, &mut wide);
    let mut result = elementary::exp(&product, &mut wide);
    cx.note(wide.status);
    if result.is_nan() {
        return result;
    }
    if by_value(&result, &Num::ONE).is_eq() {
        result = padded_one(false, cx.prec - 1, cx);
    }
    if result.is_infinite() {
        result = Num::small(false, 1, BEYOND);
    }
    cx.note(signal::INEXACT | signal::ROUNDED);
    cx.finish(result)
}

/// `base**exp % modulus` of whole numbers.
pub fn power_modulo(base: &Num, exp: &Num, modulus: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[base, exp, modulus], cx) {
        return nan;
    }
    let whole = base.is_integer() && exp.is_integer() && modulus.is_integer();
    if !whole || modulus.coef.is_zero() || modulus.adjusted() >= cx.prec {
        return cx.invalid();
    }
    let undefined = if exp.coef.is_zero() { base.coef.is_zero() } else { exp.negative };
    if undefined {
        return cx.invalid();
    }
    let negative = base.negative && exp.is_odd_integer();
    match modular(base, exp, modulus) {
        Some(coef) => Num::new(negative, coef, 0),
        None => cx.no_memory(),
    }
}

fn modular(base: &Num, exp: &Num, modulus: &Num) -> Option<Coef> {
    let whole = |number: &Num| {
        if number.exp >= 0 {
            number.coef.shifted_left(number.exp as usize)
        } else {
            Some(number.coef.shifted_right(number.exp.unsigned_abs() as usize).0)
        }
    };
    let modulus = whole(modulus)?;
    let times = |a: &Coef, b: &Coef| -> Option<Coef> {
        Some(divide(&super::multiply::multiply(a, b)?, &modulus)?.1)
    };
    let raise = |base: &Coef, bits: &[bool]| -> Option<Coef> {
        let mut result = divide(&Coef::ONE, &modulus)?.1;
        for &bit in bits.iter().rev() {
            result = times(&result, &result)?;
            if bit {
                result = times(&result, base)?;
            }
        }
        Some(result)
    };
    let tens = |exp: i64| bits_of(&Num::from_i64(exp));
    let mut start = divide(&whole(&Num { exp: base.exp.min(0), ..base.clone() })?, &modulus)?.1;
    if base.exp > 0 {
        start = times(&start, &raise(&Coef::from_u64(10), &tens(base.exp)?)?)?;
    }
    let coef = Num { exp: exp.exp.min(0), ..exp.clone() };
    let mut result = raise(&start, &bits_of(&coef)?)?;
    let ten = tens(10)?;
    for _ in 0..exp.exp.max(0) {
        result = raise(&result, &ten)?;
    }
    Some(result)
}
