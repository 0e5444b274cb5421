//! Results with a given exponent: quantising, rounding to whole numbers, cutting trailing zeros.

use super::number::{Num, nan_of};
use super::round::{Context, Rounding, signal};

/// `a` with the exponent of `b`.
pub fn quantize(a: &Num, b: &Num, cx: &mut Context) -> Num {
    if !a.is_finite() || !b.is_finite() {
        if let Some(nan) = nan_of(&[a, b], cx) {
            return nan;
        }
        return if a.is_infinite() && b.is_infinite() { a.clone() } else { cx.invalid() };
    }
    to_exponent(a, b.exp, cx)
}

/// As `quantize`, with the exponent as a number.
pub fn to_exponent(a: &Num, exp: i64, cx: &mut Context) -> Num {
    if exp > cx.emax || exp < cx.etiny() {
        return cx.invalid();
    }
    if a.coef.is_zero() {
        return cx.finish(Num::zero(a.negative, exp));
    }
    let adjusted = a.adjusted();
    if adjusted > cx.emax || adjusted - exp + 1 > cx.prec {
        return cx.invalid();
    }
    let Some((result, inexact)) = a.rescaled(exp, cx.rounding) else {
        return cx.no_memory();
    };
    if result.adjusted() > cx.emax || result.coef.digits() as i64 > cx.prec {
        return cx.invalid();
    }
    if exp > a.exp {
        cx.note(if inexact { signal::ROUNDED | signal::INEXACT } else { signal::ROUNDED });
    }
    if !result.coef.is_zero() && result.adjusted() < cx.emin {
        cx.note(signal::SUBNORMAL);
        return result;
    }
    cx.finish(result)
}

/// Whole numbers are left alone, but for `Rounding`; `exact` also notes what was lost.
pub fn to_integral(a: &Num, exact: bool, rounding: Rounding, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a], cx) {
        return nan;
    }
    if a.is_infinite() || a.exp >= 0 {
        return a.clone();
    }
    if a.coef.is_zero() {
        return Num::zero(a.negative, 0);
    }
    // Nothing grows: there is memory.
    let Some((result, inexact)) = a.rescaled(0, rounding) else {
        return cx.no_memory();
    };
    if exact {
        cx.note(if inexact { signal::ROUNDED | signal::INEXACT } else { signal::ROUNDED });
    }
    result
}

/// Without trailing zeros, and rounded.
pub fn normalize(a: &Num, cx: &mut Context) -> Num {
    if let Some(nan) = nan_of(&[a], cx) {
        return nan;
    }
    let result = cx.finish(a.clone());
    if !result.is_finite() {
        return result;
    }
    if result.coef.is_zero() {
        return Num::zero(result.negative, 0);
    }
    let top = if cx.clamp { cx.etop() } else { cx.emax };
    let most = (top - result.exp).max(0) as usize;
    let (coef, zeros) = result.coef.stripped(most);
    Num::new(result.negative, coef, result.exp + zeros as i64)
}
