//! Operations on digits and exponents: logical ones, shifts, neighbours.

use super::basic;
use super::limbs::{Coef, POW10, WIDTH};
use super::number::{Kind, Num, nan_of};
use super::round::{Context, Rounding, signal};

/// The exponent of the first digit, as a number.
pub fn logb(a: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a], cx) {
        return nan;
    }
    if a.is_infinite() {
        return Num::infinity(false);
    }
    if a.coef.is_zero() {
        cx.note(signal::DIVISION_BY_ZERO);
        return Num::infinity(true);
    }
    cx.finish(Num::from_i64(a.adjusted()))
}

/// `a` with `b` added to its exponent.
pub fn scaleb(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return nan;
    }
    let limit = 2 * (cx.emax.saturating_add(cx.prec));
    let by = match b.to_i64() {
        Some(by) if b.exp == 0 && by.abs() <= limit => by,
        _ => return cx.invalid(),
    };
    if a.is_infinite() {
        return a.clone();
    }
    // Sums beyond are out of every range, too.
    let exp = a.exp.saturating_add(by).clamp(-(1 << 62), 1 << 62);
    cx.finish(Num { exp, ..a.clone() })
}

/// How far to shift or rotate: a whole number of at most the precision.
fn distance(b: &Num, cx: &mut Context) -> Option<i64> {
    match b.to_i64() {
        Some(by) if b.exp == 0 && by.abs() <= cx.prec => Some(by),
        _ => {
            cx.note(signal::INVALID_OPERATION);
            None
        }
    }
}

/// Digits moved, zeros coming in.
pub fn shift(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return nan;
    }
    let Some(by) = distance(b, cx) else {
        return Num::nan();
    };
    if a.is_infinite() {
        return a.clone();
    }
    let coef = if by >= 0 {
        // What would leave at the top is cut before.
        a.coef.low_digits((cx.prec - by) as usize).shifted_left(by as usize)
    } else {
        let low = a.coef.low_digits(cx.prec as usize);
        Some(low.shifted_right(by.unsigned_abs() as usize).0)
    };
    match coef {
        Some(coef) => Num { coef, ..a.clone() },
        None => cx.no_memory(),
    }
}

/// Digits moved, those that leave coming in at the other end.
pub fn rotate(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return nan;
    }
    let Some(by) = distance(b, cx) else {
        return Num::nan();
    };
    if a.is_infinite() {
        return a.clone();
    }
    let left = if by >= 0 { by } else { cx.prec + by };
    let right = cx.prec - left;
    let digits = a.coef.low_digits(cx.prec as usize);
    let top = digits.shifted_right(right as usize).0;
    match digits.low_digits(right as usize).shifted_left(left as usize) {
        Some(low) => Num { coef: low.add(&top), ..a.clone() },
        None => cx.no_memory(),
    }
}

/// Whether all digits are 0 or 1, and nothing else is there.
fn is_logical(a: &Num) -> bool {
    if !a.is_finite() || a.negative || a.exp != 0 {
        return false;
    }
    a.coef.limbs().iter().all(|&limb| {
        let mut rest = limb;
        while rest > 0 {
            if rest % 10 > 1 {
                return false;
            }
            rest /= 10;
        }
        true
    })
}

/// Combines digits of 0 and 1, a limb at a time.
fn digitwise(a: u64, b: u64, op: fn(u64, u64) -> u64) -> u64 {
    (0..WIDTH).map(|at| op(a / POW10[at] % 10, b / POW10[at] % 10) * POW10[at]).sum()
}

fn logical(a: &Num, b: &Num, op: fn(u64, u64) -> u64, cx: &mut Context) -> Num {
    if !is_logical(a) || !is_logical(b) {
        return cx.invalid();
    }
    let (left, right) = (a.coef.limbs(), b.coef.limbs());
    let limb = |limbs: &[u64], at: usize| limbs.get(at).copied().unwrap_or(0);
    let limbs = (0..left.len().max(right.len()))
        .map(|at| digitwise(limb(left, at), limb(right, at), op))
        .collect();
    let coef = Coef::from_vec(limbs);
    let room = usize::try_from(cx.prec).unwrap_or(usize::MAX);
    Num::new(false, if coef.digits() > room { coef.low_digits(room) } else { coef }, 0)
}

pub fn logical_and(a: &Num, b: &Num, cx: &mut Context) -> Num {
    logical(a, b, |x, y| x & y, cx)
}

pub fn logical_or(a: &Num, b: &Num, cx: &mut Context) -> Num {
    logical(a, b, |x, y| x | y, cx)
}

pub fn logical_xor(a: &Num, b: &Num, cx: &mut Context) -> Num {
    logical(a, b, |x, y| x ^ y, cx)
}

/// Every digit of the precision is inverted.
pub fn logical_invert(a: &Num, cx: &mut Context) -> Num {
    if !is_logical(a) {
        return cx.invalid();
    }
    if cx.prec > 1 << 40 {
        return cx.no_memory();
    }
    let mut ones: Vec<u64> = Coef::nines(cx.prec as usize).limbs().to_vec();
    ones.iter_mut().for_each(|limb| *limb /= 9);
    let ones = Num::new(false, Coef::from_vec(ones), 0);
    logical(&ones, a, |x, y| x ^ y, cx)
}

/// The nearest number in one direction: rounding that way after the least step that there is.
fn neighbour(a: &Num, down: bool, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a], cx) {
        return nan;
    }
    let rounding = if down { Rounding::Floor } else { Rounding::Ceiling };
    let mut quiet = Context { rounding, ..*cx };
    if a.is_infinite() {
        if a.negative == down {
            return a.clone();
        }
        let result = quiet.greatest(a.negative);
        cx.note(quiet.status & signal::NO_MEMORY);
        return result;
    }
    let rounded = quiet.finish(a.clone());
    // Rounded already, if that went somewhere.
    if super::compare::by_value(&rounded, a) != std::cmp::Ordering::Equal {
        return rounded;
    }
    let step = Num::small(down, 1, cx.etiny() - 1);
    let result = basic::add(a, &step, &mut quiet);
    cx.note(quiet.status & signal::NO_MEMORY);
    result
}

pub fn next_minus(a: &Num, cx: &mut Context) -> Num {
    neighbour(a, true, cx)
}

pub fn next_plus(a: &Num, cx: &mut Context) -> Num {
    neighbour(a, false, cx)
}

/// The nearest number in the direction of `b`.
pub fn next_toward(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a, b], cx) {
        return nan;
    }
    let result = match super::compare::by_value(a, b) {
        std::cmp::Ordering::Equal => {
            return a.clone().with_sign(b.negative);
        }
        std::cmp::Ordering::Less => neighbour(a, false, cx),
        std::cmp::Ordering::Greater => neighbour(a, true, cx),
    };
    if result.kind == Kind::Infinite {
        cx.note(signal::OVERFLOW | signal::ROUNDED | signal::INEXACT);
    } else if result.is_finite() && result.adjusted() < cx.emin {
        cx.note(signal::UNDERFLOW | signal::SUBNORMAL | signal::ROUNDED | signal::INEXACT);
        if result.coef.is_zero() {
            cx.note(signal::CLAMPED);
        }
    }
    result
}
