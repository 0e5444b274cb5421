//! The exponential function and logarithms, correctly rounded, halves to even.
//!
//! A value is computed with digits to spare. If all numbers that it may stand for round to the same result, that is
//! the result; otherwise it is computed again with more digits. No value is a tie: they are all irrational but those
//! that are dealt with before.

use super::compare::by_value;
use super::limbs::{Coef, WIDTH};
use super::number::{Num, nan_of};
use super::round::{Context, Rounding, signal};
use super::series::{self, Fixed};

/// Digits to spare at first.
const SPARE: usize = 8;

/// More digits than anyone has memory for.
const TOO_MANY: i64 = 1 << 36;

/// Rounds what `compute` finds with so many digits: an approximation, of which the last but three digits are right.
fn correctly_rounded(cx: &mut Context, compute: impl Fn(usize) -> Option<Num>) -> Num {
    if cx.prec > TOO_MANY {
        return cx.no_memory();
    }
    let nearest = Context { rounding: Rounding::HalfEven, status: 0, ..*cx };
    let mut digits = cx.prec as usize + SPARE;
    loop {
        let Some(value) = compute(digits) else {
            return cx.no_memory();
        };
        let error = Coef::from_u64(1000);
        let (mut least, mut most) = (nearest, nearest);
        let low = least.finish(Num { coef: value.coef.sub(&error), ..value.clone() });
        let mut above = value.coef.add(&error);
        if above.digit(0) == 0 {
            above = above.plus_one();
        }
        let high = most.finish(Num { coef: above, ..value });
        if low.exp == high.exp && low.kind == high.kind && low.coef.compare(&high.coef).is_eq() {
            cx.note(most.status);
            return high;
        }
        digits += digits / 2 + 2 * WIDTH;
    }
}

/// `number`, with a digit after so many that says it is not exact.
fn nearly_one(above: bool, cx: &mut Context) -> Num {
    if cx.prec > TOO_MANY {
        return cx.no_memory();
    }
    let places = cx.prec + 2;
    let Some(unit) = Coef::ONE.shifted_left(places as usize) else {
        return cx.no_memory();
    };
    let coef = if above { unit.plus_one() } else { unit.minus_one() };
    let mut nearest = Context { rounding: Rounding::HalfEven, status: 0, ..*cx };
    let result = nearest.finish(Num::new(false, coef, -places));
    cx.note(nearest.status);
    result
}

/// `e**a`
pub fn exp(a: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a], cx) {
        return nan;
    }
    if a.is_infinite() {
        return if a.negative { Num::zero(false, 0) } else { a.clone() };
    }
    if a.coef.is_zero() {
        return cx.finish(Num::ONE);
    }
    let adjusted = a.adjusted();
    if adjusted > 18 {
        return out_of_range(a.negative, cx);
    }
    if adjusted < -cx.prec - 1 {
        return nearly_one(!a.negative, cx);
    }
    correctly_rounded(cx, |digits| exp_digits(a, digits))
}

/// Too great for any exponent, or too small.
fn out_of_range(small: bool, cx: &mut Context) -> Num {
    let exp = if small { cx.etiny() - 2 } else { cx.emax + 1 };
    let mut nearest = Context { rounding: Rounding::HalfEven, status: 0, ..*cx };
    let result = nearest.finish(Num::small(false, 1, exp));
    cx.note(nearest.status);
    result
}

fn exp_digits(a: &Num, digits: usize) -> Option<Num> {
    let before = a.adjusted().max(0) as usize + 1;
    let mut places = (digits + before) / WIDTH + 2;
    // Each halving may double the error.
    places += series::halvings(places) as usize / 60;
    let x = series::fixed(&a.coef, a.exp, places)?;
    let ten = series::ln_ten(places)?;
    // e**x == 10**tens * e**rest
    let (tens, rest) = super::divide::divide_limbs(&x, &ten)?;
    let mut tens = tens.first().map_or(0, |&tens| tens as i64);
    let mut rest: Fixed = Coef::from_vec(rest).limbs().to_vec();
    if a.negative {
        rest = series::sub(ten, &rest);
        tens = -tens - 1;
    }
    let power = series::exp(&rest, places)?;
    let (coef, exp) = series::rounded_off(power, places, digits);
    Some(Num::new(false, coef, exp + tens))
}

/// The natural logarithm of a positive number that is not one, and whether it is negative.
fn ln_fixed(a: &Num, digits: usize) -> Option<(Fixed, usize, bool)> {
    // a == m * 10**tens, with m between the roots of a tenth and of ten: then the sum of the logarithms is small
    // only if there are no tens.
    let mut tens = a.adjusted();
    let first = a.coef.shifted_right((a.coef.digits() - 1).saturating_sub(1)).0;
    let first = first.single().unwrap_or(0) * if a.coef.digits() == 1 { 10 } else { 1 };
    if first > 31 {
        tens += 1;
    }
    let lost = if tens == 0 { leading_zeros(a) } else { 0 };
    let mut places = (digits + lost) / WIDTH + 4;
    places += series::halvings(places) as usize / 60;
    let mut m = series::fixed(&a.coef, a.exp - tens, places)?;
    let below = first > 31;
    if below {
        m = series::div(&series::one(places), &m, places)?;
    }
    let part = series::ln(&m, places)?;
    let mut whole = series::ln_ten(places)?;
    let factor = Coef::from_u64(tens.unsigned_abs());
    whole = if tens == 0 {
        Vec::new()
    } else {
        super::multiply::multiply_limbs(&whole, factor.limbs())?
    };
    whole = Coef::from_vec(whole).limbs().to_vec();
    // tens * ln(10) + ln(m), where ln(m) is -part if m is below one.
    Some(match (tens < 0, below) {
        (negative, same) if tens == 0 || negative == same => {
            (series::add(whole, &part), places, if tens == 0 { below } else { negative })
        }
        (negative, _) => (series::sub(whole, &part), places, negative),
    })
}

/// How many zeros or nines the number begins with behind the point, if it is near one.
fn leading_zeros(a: &Num) -> usize {
    let mut cx = Context::MAX;
    let difference = super::basic::subtract(a, &Num::ONE, &mut cx);
    usize::try_from(-difference.adjusted()).unwrap_or(0)
}

/// The ends of logarithms that need no computation.
fn special(a: &Num, cx: &mut Context) -> Option<Num> {
    if let Some(nan) = nan_of(&[a], cx) {
        return Some(nan);
    }
    if a.is_zero() {
        return Some(Num::infinity(true));
    }
    if a.negative {
        return Some(cx.invalid());
    }
    a.is_infinite().then(|| a.clone())
}

/// The natural logarithm.
pub fn ln(a: &Num, cx: &mut Context) -> Num {
    if let Some(result) = special(a, cx) {
        return result;
    }
    if by_value(a, &Num::ONE).is_eq() {
        return Num::zero(false, 0);
    }
    correctly_rounded(cx, |digits| {
        let (value, places, negative) = ln_fixed(a, digits)?;
        let (coef, exp) = series::rounded_off(value, places, digits);
        Some(Num::new(negative, coef, exp))
    })
}

/// The logarithm to the base of ten.
pub fn log10(a: &Num, cx: &mut Context) -> Num {
    if let Some(result) = special(a, cx) {
        return result;
    }
    if a.trailing_zeros() + 1 == a.coef.digits() && a.coef.digit(a.coef.digits() - 1) == 1 {
        let mut nearest = Context { rounding: Rounding::HalfEven, status: 0, ..*cx };
        let result = nearest.finish(Num::from_i64(a.adjusted()));
        cx.note(nearest.status & !signal::CLAMPED);
        return result;
    }
    correctly_rounded(cx, |digits| {
        let (value, places, negative) = ln_fixed(a, digits)?;
        let value = series::div(&value, &series::ln_ten(places)?, places)?;
        let (coef, exp) = series::rounded_off(value, places, digits);
        Some(Num::new(negative, coef, exp))
    })
}
