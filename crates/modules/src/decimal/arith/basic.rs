//! Sums and products.

use super::limbs::{Coef, pow10, split_wide};
use super::multiply::multiply;
use super::number::{Num, nan_of};
use super::round::{Context, Rounding};

pub fn add(a: &Num, b: &Num, cx: &mut Context) -> Num {
    sum(a, b, b.negative, cx)
}

pub fn subtract(a: &Num, b: &Num, cx: &mut Context) -> Num {
    sum(a, b, !b.negative, cx)
}

/// `a + b` with that sign of `b`.
fn sum(a: &Num, b: &Num, negative: bool, cx: &mut Context) -> Num {
    if !a.is_finite() || !b.is_finite() {
        return sum_special(a, b, negative, cx);
    }
    if let (Some(x), Some(y)) = (a.coef.small(), b.coef.small()) {
        let (exp, x, y) = if a.exp == b.exp {
            (a.exp, Some(x), Some(y))
        } else if a.exp > b.exp {
            (b.exp, scaled(x, &a.coef, a.exp - b.exp), Some(y))
        } else {
            (a.exp, Some(x), scaled(y, &b.coef, b.exp - a.exp))
        };
        if let (Some(x), Some(y)) = (x, y) {
            return cx.finish(sum_small(a.negative, x, negative, y, exp, cx.rounding));
        }
    }
    match sum_exact(a, b, negative, cx) {
        Some(result) => cx.finish(result),
        None => cx.no_memory(),
    }
}

/// `value * 10**by`, if it has no more than 38 digits.
#[inline]
fn scaled(value: u128, coef: &Coef, by: i64) -> Option<u128> {
    (by <= 38 && coef.digits() as i64 + by <= 38).then(|| value * pow10(by as usize))
}

#[inline]
fn sum_small(x_neg: bool, x: u128, y_neg: bool, y: u128, exp: i64, rounding: Rounding) -> Num {
    if x_neg == y_neg {
        return Num::new(x_neg, Coef::from_u128(x + y), exp);
    }
    let (negative, difference) = match x.cmp(&y) {
        std::cmp::Ordering::Equal => (rounding == Rounding::Floor, 0),
        std::cmp::Ordering::Greater => (x_neg, x - y),
        std::cmp::Ordering::Less => (y_neg, y - x),
    };
    Num::new(negative, Coef::from_small(difference), exp)
}

#[cold]
fn sum_special(a: &Num, b: &Num, negative: bool, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return nan;
    }
    if a.is_infinite() {
        if b.is_infinite() && a.negative != negative {
            return cx.invalid();
        }
        return a.clone();
    }
    Num::infinity(negative)
}

/// The sum before it is rounded; of an operand that is too small to matter only that it is not zero goes in.
fn sum_exact(a: &Num, b: &Num, negative: bool, cx: &Context) -> Option<Num> {
    let (mut high, mut low) = ((a, a.negative), (b, negative));
    if high.0.exp < low.0.exp {
        std::mem::swap(&mut high, &mut low);
    }
    let mut low_coef = std::borrow::Cow::Borrowed(&low.0.coef);
    let mut exp = low.0.exp;
    if high.0.exp > exp && !high.0.coef.is_zero() {
        let beyond = (high.0.coef.digits() as i64 - cx.prec - 1).min(0);
        let tiny = high.0.exp - 1 + beyond;
        if low.0.adjusted() < tiny {
            exp = tiny;
            low_coef = std::borrow::Cow::Owned(Coef::from_u64(u64::from(!low.0.coef.is_zero())));
        }
    }
    let high_coef = if high.0.coef.is_zero() {
        Coef::ZERO
    } else {
        high.0.coef.shifted_left(usize::try_from(high.0.exp - exp).ok()?)?
    };
    if high.1 == low.1 {
        return Some(Num::new(high.1, high_coef.add(&low_coef), exp));
    }
    Some(match high_coef.compare(&low_coef) {
        std::cmp::Ordering::Equal => Num::zero(cx.rounding == Rounding::Floor, exp),
        std::cmp::Ordering::Greater => Num::new(high.1, high_coef.sub(&low_coef), exp),
        std::cmp::Ordering::Less => Num::new(low.1, low_coef.sub(&high_coef), exp),
    })
}

pub fn mul(a: &Num, b: &Num, cx: &mut Context) -> Num {
    let product = product(a, b, cx);
    cx.finish(product)
}

/// The exact product.
#[inline]
fn product(a: &Num, b: &Num, cx: &mut Context) -> Num {
    let negative = a.negative != b.negative;
    if !a.is_finite() || !b.is_finite() {
        return product_special(a, b, negative, cx);
    }
    let exp = a.exp + b.exp;
    if let (Some(x), Some(y)) = (a.coef.single(), b.coef.single()) {
        let (high, low) = split_wide(u128::from(x) * u128::from(y));
        return Num::new(negative, Coef::Small([low, high]), exp);
    }
    match multiply(&a.coef, &b.coef) {
        Some(coef) => Num::new(negative, coef, exp),
        None => cx.no_memory(),
    }
}

#[cold]
fn product_special(a: &Num, b: &Num, negative: bool, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return nan;
    }
    if a.is_zero() || b.is_zero() {
        return cx.invalid();
    }
    Num::infinity(negative)
}

/// `a * b + c`, rounded once.
pub fn fma(a: &Num, b: &Num, c: &Num, cx: &mut Context) -> Num {
    // A signaling NaN comes before a quiet one, and the factors before the summand.
    if a.is_nan() || b.is_nan() {
        if let Some(nan) = nan_of(&[a, b, c], cx) {
            return nan;
        }
    }
    let product = product(a, b, cx);
    if cx.status & super::signal::INVALID != 0 {
        return product;
    }
    add(&product, c, cx)
}

/// `0 + a`: rounded, and no negative zero unless rounding goes down.
pub fn plus(a: &Num, cx: &mut Context) -> Num {
    sign_changed(a, a.negative, cx)
}

/// `0 - a`
pub fn minus(a: &Num, cx: &mut Context) -> Num {
    sign_changed(a, !a.negative, cx)
}

fn sign_changed(a: &Num, negative: bool, cx: &mut Context) -> Num {
    if a.is_nan() {
        return nan_of(&[a], cx).unwrap_or_else(Num::nan);
    }
    // Only when rounding goes down there are negative zeros.
    let negative =
        negative && (!a.coef.is_zero() || a.is_infinite() || cx.rounding == Rounding::Floor);
    cx.finish(a.clone().with_sign(negative))
}

pub fn absolute(a: &Num, cx: &mut Context) -> Num {
    if a.negative { minus(a, cx) } else { plus(a, cx) }
}
