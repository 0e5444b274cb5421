//! A decimal number: sign, coefficient and exponent, or an infinity, or what is not a number.

use super::limbs::Coef;
use super::round::{Context, signal};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Finite,
    Infinite,
    /// A NaN; the coefficient is its payload.
    Quiet,
    /// A NaN that every operation reports.
    Signaling,
}

/// `coef * 10**exp`, with a sign of its own. The exponent of what is not finite is 0.
#[derive(Clone, Debug)]
pub struct Num {
    pub coef: Coef,
    pub exp: i64,
    pub kind: Kind,
    pub negative: bool,
}

impl Num {
    pub const ONE: Num = Num::small(false, 1, 0);

    #[inline]
    pub fn new(negative: bool, coef: Coef, exp: i64) -> Num {
        Num { coef, exp, kind: Kind::Finite, negative }
    }

    /// `coef` is less than the radix of limbs.
    pub const fn small(negative: bool, coef: u64, exp: i64) -> Num {
        Num { coef: Coef::Small([coef, 0]), exp, kind: Kind::Finite, negative }
    }

    pub fn zero(negative: bool, exp: i64) -> Num {
        Num::small(negative, 0, exp)
    }

    pub fn infinity(negative: bool) -> Num {
        Num { kind: Kind::Infinite, ..Num::zero(negative, 0) }
    }

    pub fn nan() -> Num {
        Num { kind: Kind::Quiet, ..Num::zero(false, 0) }
    }

    pub fn from_i64(value: i64) -> Num {
        Num::new(value < 0, Coef::from_u64(value.unsigned_abs()), 0)
    }

    #[inline]
    pub fn is_finite(&self) -> bool {
        self.kind == Kind::Finite
    }

    pub fn is_infinite(&self) -> bool {
        self.kind == Kind::Infinite
    }

    pub fn is_nan(&self) -> bool {
        matches!(self.kind, Kind::Quiet | Kind::Signaling)
    }

    /// Whether it is a finite zero.
    #[inline]
    pub fn is_zero(&self) -> bool {
        self.is_finite() && self.coef.is_zero()
    }

    /// The exponent of the first digit; not of zero's own, but as if it were one.
    #[inline]
    pub fn adjusted(&self) -> i64 {
        self.exp + self.coef.digits() as i64 - 1
    }

    pub fn with_sign(mut self, negative: bool) -> Num {
        self.negative = negative;
        self
    }

    pub fn magnitude(&self) -> Num {
        self.clone().with_sign(false)
    }

    pub fn negated(&self) -> Num {
        self.clone().with_sign(!self.negative)
    }

    /// Whether it has no digits behind the point.
    pub fn is_integer(&self) -> bool {
        if !self.is_finite() {
            return false;
        }
        self.exp >= 0 || self.coef.is_zero() || self.trailing_zeros() as i64 >= -self.exp
    }

    /// How many digits at the end are zeros; not of zero.
    pub fn trailing_zeros(&self) -> usize {
        let limbs = self.coef.limbs();
        let whole = limbs.iter().take_while(|&&limb| limb == 0).count();
        let mut limb = limbs.get(whole).copied().unwrap_or(1);
        let mut zeros = whole * super::limbs::WIDTH;
        while limb.is_multiple_of(10) {
            limb /= 10;
            zeros += 1;
        }
        zeros
    }

    /// Whether a number without digits behind the point is odd.
    pub fn is_odd_integer(&self) -> bool {
        match self.exp {
            0 => self.coef.is_odd(),
            exp if exp > 0 => false,
            exp => self.coef.digit(exp.unsigned_abs() as usize) & 1 == 1,
        }
    }

    /// The value, if it is an integer that fits.
    pub fn to_i64(&self) -> Option<i64> {
        if !self.is_integer() {
            return None;
        }
        if self.coef.is_zero() {
            return Some(0);
        }
        if self.adjusted() > 18 {
            return None;
        }
        let coef = if self.exp >= 0 {
            self.coef.shifted_left(self.exp as usize)?
        } else {
            self.coef.shifted_right(self.exp.unsigned_abs() as usize).0
        };
        let value = i128::try_from(coef.small()?).ok()?;
        i64::try_from(if self.negative { -value } else { value }).ok()
    }
}

/// What an operation on a NaN results in, if any operand is one.
#[inline]
pub fn nan_of(operands: &[&Num], cx: &mut Context) -> Option<Num> {
    if operands.iter().any(|number| number.is_nan()) { nan_among(operands, cx) } else { None }
}

#[cold]
#[inline(never)]
fn nan_among(operands: &[&Num], cx: &mut Context) -> Option<Num> {
    let signaling = operands.iter().find(|number| number.kind == Kind::Signaling);
    if signaling.is_some() {
        cx.note(signal::INVALID_OPERATION);
    }
    let found = signaling.or_else(|| operands.iter().find(|number| number.is_nan()))?;
    let mut result = (*found).clone();
    result.kind = Kind::Quiet;
    Some(cx.fit_payload(result))
}
