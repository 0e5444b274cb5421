//! Quotients and remainders.

use super::divide::divide;
use super::limbs::{Coef, WIDTH, div_small, shift_left_into};
use super::number::{Num, nan_of};
use super::round::{Context, signal};

/// Limbs of a dividend that lies on the stack.
const SHORT: usize = 6;

/// The ends of division that need no division: NaNs, infinities, a zero divisor.
#[cold]
fn special(a: &Num, b: &Num, cx: &mut Context) -> Option<Num> {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return Some(nan);
    }
    let negative = a.negative != b.negative;
    if a.is_infinite() {
        return Some(if b.is_infinite() { cx.invalid() } else { Num::infinity(negative) });
    }
    if b.is_infinite() {
        cx.note(signal::CLAMPED);
        return Some(Num::zero(negative, cx.etiny()));
    }
    if b.coef.is_zero() {
        if a.coef.is_zero() {
            return Some(cx.fail(signal::DIVISION_UNDEFINED));
        }
        cx.note(signal::DIVISION_BY_ZERO);
        return Some(Num::infinity(negative));
    }
    None
}

pub fn div(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if !a.is_finite() || !b.is_finite() || b.coef.is_zero() {
        if let Some(result) = special(a, b, cx) {
            return result;
        }
    }
    let negative = a.negative != b.negative;
    let ideal = a.exp - b.exp;
    if a.coef.is_zero() {
        return cx.finish(Num::zero(negative, ideal));
    }
    let shift = b.coef.digits() as i64 - a.coef.digits() as i64 + cx.prec + 1;
    let Some((mut coef, exact)) = scaled_quotient(&a.coef, &b.coef, shift) else {
        return cx.no_memory();
    };
    let mut exp = ideal - shift;
    if exact {
        if exp < ideal {
            let (stripped, zeros) = coef.stripped((ideal - exp) as usize);
            coef = stripped;
            exp += zeros as i64;
        }
    } else if coef.digit(0).is_multiple_of(5) {
        // A last digit that is neither 0 nor 5 tells rounding that there is more.
        coef = coef.plus_one();
    }
    cx.finish(Num::new(negative, coef, exp))
}

/// `a * 10**shift / b`, cut off, and whether that is exact.
fn scaled_quotient(a: &Coef, b: &Coef, shift: i64) -> Option<(Coef, bool)> {
    if shift < 0 {
        let divisor = b.shifted_left(shift.unsigned_abs() as usize)?;
        let (quotient, rest) = divide(a, &divisor)?;
        return Some((quotient, rest.is_zero()));
    }
    let shift = usize::try_from(shift).ok()?;
    if let Some(divisor) = b.single() {
        let limbs = a.limbs();
        let size = limbs.len() + shift / WIDTH + 1;
        if size <= SHORT {
            let mut value = [0; SHORT];
            shift_left_into(limbs, shift, &mut value);
            let rest = div_small(&mut value[..size], divisor);
            return Some((Coef::from_limbs(&value), rest == 0));
        }
    }
    let (quotient, rest) = divide(&a.shifted_left(shift)?, b)?;
    Some((quotient, rest.is_zero()))
}

/// Quotient without digits behind the point, and the remainder, of finite numbers and a divisor that is not zero;
/// or a NaN if the quotient has more digits than the precision.
fn whole(a: &Num, b: &Num, cx: &mut Context) -> Result<(Num, Num), Num> {
    let negative = a.negative != b.negative;
    let ideal = a.exp.min(b.exp);
    if a.coef.is_zero() {
        return Ok((Num::zero(negative, 0), Num::zero(a.negative, ideal)));
    }
    let difference = a.adjusted() - b.adjusted();
    if difference < 0 {
        // The remainder is the dividend, with the exponent that it would have had.
        let beyond = a.exp - ideal;
        let Some(coef) = a.coef.shifted_left(beyond as usize) else {
            return Err(cx.no_memory());
        };
        return Ok((Num::zero(negative, 0), Num::new(a.negative, coef, ideal)));
    }
    if difference > cx.prec {
        return Err(cx.fail(signal::DIVISION_IMPOSSIBLE));
    }
    let Some((quotient, rest)) = aligned(a, b) else {
        return Err(cx.no_memory());
    };
    if quotient.digits() as i64 > cx.prec {
        return Err(cx.fail(signal::DIVISION_IMPOSSIBLE));
    }
    Ok((Num::new(negative, quotient, 0), Num::new(a.negative, rest, ideal)))
}

/// Quotient and remainder of the coefficients, with equal exponents.
fn aligned(a: &Num, b: &Num) -> Option<(Coef, Coef)> {
    let ideal = a.exp.min(b.exp);
    let left = a.coef.shifted_left((a.exp - ideal) as usize)?;
    let right = b.coef.shifted_left((b.exp - ideal) as usize)?;
    divide(&left, &right)
}

/// `a // b`, rounded towards zero.
pub fn divide_int(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if !a.is_finite() || !b.is_finite() || b.coef.is_zero() {
        if a.is_finite() && b.is_infinite() {
            return Num::zero(a.negative != b.negative, 0);
        }
        if let Some(result) = special(a, b, cx) {
            return result;
        }
    }
    match whole(a, b, cx) {
        Ok((quotient, _)) => cx.finish(quotient),
        Err(nan) => nan,
    }
}

/// The ends of a remainder that need no division.
#[inline]
fn remainder_special(a: &Num, b: &Num, cx: &mut Context) -> Option<Num> {
    if a.is_finite() && b.is_finite() && !b.coef.is_zero() {
        return None;
    }
    remainder_without_division(a, b, cx)
}

#[cold]
fn remainder_without_division(a: &Num, b: &Num, cx: &mut Context) -> Option<Num> {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return Some(nan);
    }
    if a.is_infinite() {
        return Some(cx.invalid());
    }
    if b.is_infinite() {
        return Some(cx.finish(a.clone()));
    }
    if b.coef.is_zero() {
        let condition =
            if a.coef.is_zero() { signal::DIVISION_UNDEFINED } else { signal::INVALID_OPERATION };
        return Some(cx.fail(condition));
    }
    None
}

/// `a % b`, with the sign of `a`.
pub fn remainder(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if let Some(result) = remainder_special(a, b, cx) {
        return result;
    }
    match whole(a, b, cx) {
        Ok((_, rest)) => cx.finish(rest),
        Err(nan) => nan,
    }
}

/// `a // b` and `a % b`
pub fn divmod(a: &Num, b: &Num, cx: &mut Context) -> (Num, Num) {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return (nan.clone(), nan);
    }
    let negative = a.negative != b.negative;
    if a.is_infinite() {
        let quotient = if b.is_infinite() { cx.invalid() } else { Num::infinity(negative) };
        return (quotient, cx.invalid());
    }
    if b.is_infinite() {
        return (Num::zero(negative, 0), cx.finish(a.clone()));
    }
    if b.coef.is_zero() {
        if a.coef.is_zero() {
            return (cx.fail(signal::DIVISION_UNDEFINED), Num::nan());
        }
        cx.note(signal::DIVISION_BY_ZERO);
        return (Num::infinity(negative), cx.invalid());
    }
    match whole(a, b, cx) {
        Ok((quotient, rest)) => (cx.finish(quotient), cx.finish(rest)),
        Err(nan) => (nan.clone(), nan),
    }
}

/// `a - b * n`, where `n` is the integer nearest to the quotient, of two the even one.
pub fn remainder_near(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if let Some(result) = remainder_special(a, b, cx) {
        return result;
    }
    let ideal = a.exp.min(b.exp);
    if a.coef.is_zero() {
        return cx.finish(Num::zero(a.negative, ideal));
    }
    let difference = a.adjusted() - b.adjusted();
    if difference > cx.prec {
        return cx.fail(signal::DIVISION_IMPOSSIBLE);
    }
    if difference <= -2 {
        return match a.rescaled(ideal, cx.rounding) {
            Some((result, _)) => cx.finish(result),
            None => cx.no_memory(),
        };
    }
    let nearest = || {
        let right = b.coef.shifted_left((b.exp - ideal) as usize)?;
        let (quotient, rest) = aligned(a, b)?;
        let twice = rest.add(&rest);
        let further = match twice.compare(&right) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => quotient.is_odd(),
            std::cmp::Ordering::Greater => true,
        };
        Some(if further {
            (quotient.plus_one(), Num::new(!a.negative, right.sub(&rest), ideal))
        } else {
            (quotient, Num::new(a.negative, rest, ideal))
        })
    };
    match nearest() {
        None => cx.no_memory(),
        Some((quotient, _)) if quotient.digits() as i64 > cx.prec => {
            cx.fail(signal::DIVISION_IMPOSSIBLE)
        }
        Some((_, rest)) => cx.finish(rest),
    }
}

/// The square root, halves to even.
pub fn square_root(a: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a], cx) {
        return nan;
    }
    let ideal = a.exp.div_euclid(2);
    if a.is_zero() {
        return cx.finish(Num::zero(a.negative, ideal));
    }
    if a.negative {
        return cx.invalid();
    }
    if a.is_infinite() {
        return a.clone();
    }
    match rooted(a, ideal, cx.prec) {
        Some(result) => {
            let mut halves = Context { rounding: super::Rounding::HalfEven, ..*cx };
            let result = halves.finish(result);
            cx.note(halves.status);
            result
        }
        None => cx.no_memory(),
    }
}

fn rooted(a: &Num, ideal: i64, prec: i64) -> Option<Num> {
    // The coefficient with an even exponent, and as many digits as make one more of the root than asked for.
    let odd = a.exp - 2 * ideal;
    let digits = a.coef.digits() as i64 + odd;
    let places = prec + 1 - (digits + 1) / 2;
    let mut exp = ideal - places;
    let (scaled, cut) = if places >= 0 {
        (a.coef.shifted_left(usize::try_from(2 * places + odd).ok()?)?, false)
    } else {
        let (coef, rest) = if -2 * places >= odd {
            a.coef.shifted_right((-2 * places - odd) as usize)
        } else {
            (a.coef.shifted_left(1)?, super::limbs::Rest::None)
        };
        (coef, rest != super::limbs::Rest::None)
    };
    let (mut root, exact) = super::divide::square_root(&scaled)?;
    if exact && !cut {
        if exp < ideal {
            let (stripped, zeros) = root.stripped((ideal - exp) as usize);
            root = stripped;
            exp += zeros as i64;
        }
    } else if root.digit(0).is_multiple_of(5) {
        root = root.plus_one();
    }
    Some(Num::new(false, root, exp))
}
