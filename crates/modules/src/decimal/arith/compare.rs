//! Order: by value, and the total order of representations.

use std::cmp::Ordering;

use super::limbs::{WIDTH, pow10};
use super::number::{Kind, Num, nan_of};
use super::round::{Context, signal};

/// The order of two numbers neither of which is a NaN.
pub fn by_value(a: &Num, b: &Num) -> Ordering {
    if a.is_zero() || b.is_zero() || a.negative != b.negative {
        return sign_of(a).cmp(&sign_of(b));
    }
    let order = by_magnitude(a, b);
    if a.negative { order.reverse() } else { order }
}

fn sign_of(a: &Num) -> i32 {
    match (a.is_zero(), a.negative) {
        (true, _) => 0,
        (_, true) => -1,
        _ => 1,
    }
}

/// The order of the magnitudes of numbers neither of which is a NaN.
pub fn by_magnitude(a: &Num, b: &Num) -> Ordering {
    if a.is_infinite() || b.is_infinite() {
        return a.is_infinite().cmp(&b.is_infinite());
    }
    if a.coef.is_zero() || b.coef.is_zero() {
        return b.coef.is_zero().cmp(&a.coef.is_zero());
    }
    if let Some(order) = by_words(a, b) {
        return order;
    }
    a.adjusted().cmp(&b.adjusted()).then_with(|| {
        // As many digits from the same place: the shorter one gets zeros.
        let shifted = |number: &Num, by: i64| number.coef.shifted_left(by.max(0) as usize);
        match (shifted(a, a.exp - b.exp), shifted(b, b.exp - a.exp)) {
            (Some(a), Some(b)) => a.compare(&b),
            // Fewer digits than the other number has: there is memory.
            _ => Ordering::Equal,
        }
    })
}

/// The same, of coefficients in place that take no more than 128 bits once their exponents are equal.
#[inline]
fn by_words(a: &Num, b: &Num) -> Option<Ordering> {
    if a.exp == b.exp {
        return Some(a.coef.compare(&b.coef));
    }
    let (left, right) = (a.coef.small()?, b.coef.small()?);
    let by = usize::try_from(a.exp.abs_diff(b.exp)).ok().filter(|&by| by <= 2 * WIDTH)?;
    Some(if a.exp > b.exp {
        left.checked_mul(pow10(by))?.cmp(&right)
    } else {
        left.cmp(&right.checked_mul(pow10(by))?)
    })
}

fn as_number(order: Ordering) -> Num {
    Num::small(order == Ordering::Less, u64::from(order != Ordering::Equal), 0)
}

/// -1, 0 or 1 as a number.
pub fn compare(a: &Num, b: &Num, cx: &mut Context) -> Num {
    match nan_of(&[a, b], cx) {
        Some(nan) => nan,
        None => as_number(by_value(a, b)),
    }
}

/// As `compare`, reporting quiet NaNs, too.
pub fn compare_signal(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if a.is_nan() || b.is_nan() {
        cx.note(signal::INVALID_OPERATION);
    }
    compare(a, b, cx)
}

fn rank(a: &Num) -> u8 {
    match a.kind {
        Kind::Quiet => 2,
        Kind::Signaling => 1,
        _ => 0,
    }
}

/// The total order of representations.
pub fn total(a: &Num, b: &Num) -> Ordering {
    match (a.negative, b.negative) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (true, true) => total_magnitude(b, a),
        (false, false) => total_magnitude(a, b),
    }
}

/// The total order without signs.
pub fn total_magnitude(a: &Num, b: &Num) -> Ordering {
    let order = rank(a).cmp(&rank(b));
    if order != Ordering::Equal {
        return order;
    }
    if a.is_nan() {
        return a.coef.compare(&b.coef);
    }
    by_magnitude(a, b).then(a.exp.cmp(&b.exp))
}

pub fn compare_total(a: &Num, b: &Num, _cx: &mut Context) -> Num {
    as_number(total(a, b))
}

pub fn compare_total_mag(a: &Num, b: &Num, _cx: &mut Context) -> Num {
    as_number(total_magnitude(a, b))
}

/// The greater or the lesser of two, by value or by magnitude.
fn choose(a: &Num, b: &Num, greater: bool, magnitude: bool, cx: &mut Context) -> Num {
    if a.is_nan() || b.is_nan() {
        // A number is preferred to a quiet NaN.
        return match (a.kind, b.kind) {
            (Kind::Quiet, Kind::Finite | Kind::Infinite) => cx.finish(b.clone()),
            (Kind::Finite | Kind::Infinite, Kind::Quiet) => cx.finish(a.clone()),
            _ => nan_of(&[a, b], cx).unwrap_or_else(Num::nan),
        };
    }
    let order = if magnitude { by_magnitude(a, b) } else { by_value(a, b) };
    let order = order.then_with(|| total(a, b));
    let second = if greater { order == Ordering::Less } else { order == Ordering::Greater };
    cx.finish(if second { b } else { a }.clone())
}

pub fn max(a: &Num, b: &Num, cx: &mut Context) -> Num {
    choose(a, b, true, false, cx)
}

pub fn min(a: &Num, b: &Num, cx: &mut Context) -> Num {
    choose(a, b, false, false, cx)
}

pub fn max_mag(a: &Num, b: &Num, cx: &mut Context) -> Num {
    choose(a, b, true, true, cx)
}

pub fn min_mag(a: &Num, b: &Num, cx: &mut Context) -> Num {
    choose(a, b, false, true, cx)
}

/// The name of the class of numbers that it belongs to.
pub fn class_of(a: &Num, cx: &Context) -> &'static str {
    let names = match a.kind {
        Kind::Quiet => return "NaN",
        Kind::Signaling => return "sNaN",
        Kind::Infinite => ["+Infinity", "-Infinity"],
        Kind::Finite if a.coef.is_zero() => ["+Zero", "-Zero"],
        Kind::Finite if is_subnormal(a, cx) => ["+Subnormal", "-Subnormal"],
        Kind::Finite => ["+Normal", "-Normal"],
    };
    names[usize::from(a.negative)]
}

pub fn is_subnormal(a: &Num, cx: &Context) -> bool {
    a.is_finite() && !a.coef.is_zero() && a.adjusted() < cx.emin
}

pub fn is_normal(a: &Num, cx: &Context) -> bool {
    a.is_finite() && !a.coef.is_zero() && a.adjusted() >= cx.emin
}

/// Whether the exponents are equal, or both are infinite, or both NaNs.
pub fn same_quantum(a: &Num, b: &Num) -> bool {
    if a.is_finite() && b.is_finite() {
        return a.exp == b.exp;
    }
    (a.is_nan() && b.is_nan()) || (a.is_infinite() && b.is_infinite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_of_different_exponents_compare_by_value() {
        let number = |coef: u64, exp: i64| Num::new(false, super::super::Coef::from_u64(coef), exp);
        for (a, b, expected) in [
            (number(3, -1), number(30, -2), Ordering::Equal),
            (number(3, -1), number(31, -2), Ordering::Less),
            (number(u64::MAX, 0), number(18, 18), Ordering::Greater),
            (number(1, 38), number(u64::MAX, 19), Ordering::Less),
            (number(1, 39), number(u64::MAX, 0), Ordering::Greater),
            (number(1, 1000), number(1, 999), Ordering::Greater),
            (number(10, 1000), number(1, 1001), Ordering::Equal),
        ] {
            assert_eq!(by_magnitude(&a, &b), expected, "{a:?} {b:?}");
            assert_eq!(by_magnitude(&b, &a), expected.reverse(), "{b:?} {a:?}");
        }
    }
}
