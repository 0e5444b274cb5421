//! Products of coefficients.

use super::limbs::{Coef, split, split_wide, zeros};
use super::transform;

/// From so many limbs of the shorter factor on, transforms are faster.
const LONG: usize = 200;

/// `a * b`, or nothing if there is no memory for it.
#[inline]
pub fn multiply(a: &Coef, b: &Coef) -> Option<Coef> {
    if let (Some(a), Some(b)) = (a.single(), b.single()) {
        let (high, low) = split_wide(u128::from(a) * u128::from(b));
        return Some(Coef::Small([low, high]));
    }
    multiply_limbs(a.limbs(), b.limbs()).map(Coef::from_vec)
}

pub fn multiply_limbs(a: &[u64], b: &[u64]) -> Option<Vec<u64>> {
    let mut out = zeros(a.len() + b.len())?;
    if a.is_empty() || b.is_empty() {
        return Some(out);
    }
    if a.len().min(b.len()) < LONG {
        by_columns(a, b, &mut out);
    } else {
        // Six transforms of up to twice the length.
        zeros(8 * out.len())?;
        transform::multiply(a, b, &mut out);
    }
    Some(out)
}

/// A column at a time, so that each limb of the product is divided by the radix once.
fn by_columns(a: &[u64], b: &[u64], out: &mut [u64]) {
    let mut carry = 0u128;
    for (column, limb) in out.iter_mut().enumerate() {
        let first = (column + 1).saturating_sub(b.len());
        let end = (column + 1).min(a.len());
        let (mut low, mut high) = (carry, 0u64);
        if first < end {
            let right = &b[column + 1 - end..column + 1 - first];
            for (&x, &y) in a[first..end].iter().zip(right.iter().rev()) {
                let (sum, over) = low.overflowing_add(u128::from(x) * u128::from(y));
                low = sum;
                high += u64::from(over);
            }
        }
        // `high` is less than the number of limbs.
        let (quotient_high, rest) = split_top(high, (low >> 64) as u64);
        let (quotient_low, rest) = split(rest, low as u64);
        *limb = rest;
        carry = u128::from(quotient_high) << 64 | u128::from(quotient_low);
    }
}

/// As `split`, for values that are mostly small.
#[inline]
fn split_top(high: u64, low: u64) -> (u64, u64) {
    if high == 0 && low < super::limbs::RADIX { (0, low) } else { split(high, low) }
}
