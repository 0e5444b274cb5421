//! Shifts; to the right they round towards minus infinity, as for an endless two's complement.
//! The same job in CPython: `long_lshift1` and `long_rshift1` in `Objects/longobject.c`.

use super::add::increment;
use super::{Digit, IntBuf, IntRef, MASK, MAX_DIGITS, Placed, SHIFT, trimmed};

/// How many digits the output of [`shift_left_into`] needs; `None` if no integer has so many.
pub fn shift_left_size(a: IntRef, bits: u64) -> Option<usize> {
    if a.is_zero() {
        return Some(0);
    }
    let whole = usize::try_from(bits / u64::from(SHIFT)).ok()?;
    let size = whole.checked_add(a.digits.len())?.checked_add(1)?;
    (size <= MAX_DIGITS).then_some(size)
}

/// `a << bits`.
pub fn shift_left_into(a: IntRef, bits: u64, out: &mut [Digit]) -> Placed {
    if a.is_zero() {
        return Placed::new(false, 0);
    }
    let whole = (bits / u64::from(SHIFT)) as usize;
    let rest = (bits % u64::from(SHIFT)) as u32;
    out[..whole].fill(0);
    let mut carry = 0u64;
    for (o, &d) in out[whole..].iter_mut().zip(a.digits) {
        carry |= u64::from(d) << rest;
        *o = carry as u32 & MASK;
        carry >>= SHIFT;
    }
    let len = whole + a.digits.len();
    out[len] = carry as u32;
    Placed::new(a.negative, len + usize::from(carry != 0))
}

/// `a << bits`; `None` if no integer has so many digits ([`shift_left_size`] tells), or if there is
/// no memory for them: the one operation where a short program asks for any amount.
pub fn shift_left(a: IntRef, bits: u64) -> Option<IntBuf> {
    let size = shift_left_size(a, bits)?;
    let mut digits = Vec::new();
    digits.try_reserve_exact(size).ok()?;
    digits.resize(size, 0);
    let placed = shift_left_into(a, bits, &mut digits);
    digits.truncate(placed.len);
    Some(IntBuf { negative: placed.negative, digits })
}

/// `a >> bits`, into at least as many digits as `a` has, and one.
pub fn shift_right_into(a: IntRef, bits: u64, out: &mut [Digit]) -> Placed {
    let whole = usize::try_from(bits / u64::from(SHIFT)).unwrap_or(usize::MAX);
    if whole >= a.digits.len() {
        if a.negative {
            out[0] = 1;
        }
        return Placed::new(a.negative, usize::from(a.negative));
    }
    let rest = (bits % u64::from(SHIFT)) as u32;
    let (lost, kept) = a.digits.split_at(whole);
    for (i, o) in out[..kept.len()].iter_mut().enumerate() {
        let above = kept.get(i + 1).copied().unwrap_or(0);
        *o = ((u64::from(kept[i]) | u64::from(above) << SHIFT) >> rest) as u32 & MASK;
    }
    let mut len = trimmed(&out[..kept.len()]);
    let inexact = lost.iter().any(|&d| d != 0) || kept[0] & ((1 << rest) - 1) != 0;
    if a.negative && inexact {
        // Rounding towards minus infinity makes a negative number's magnitude greater.
        out[len] = 0;
        let mut at = 0;
        while at < len && out[at] == MASK {
            out[at] = 0;
            at += 1;
        }
        out[at] += 1;
        len = len.max(at + 1);
    }
    Placed::new(a.negative, len)
}

/// `a >> bits`.
pub fn shift_right(a: IntRef, bits: u64) -> IntBuf {
    IntBuf::place(a.digits.len() + 1, |out| shift_right_into(a, bits, out))
}

/// The magnitude shifted to the right, cutting bits off, and whether any of them was set.
pub(super) fn shift_right_magnitude(digits: &[Digit], bits: u64) -> (Vec<Digit>, bool) {
    let value = IntRef { negative: false, digits };
    let exact = bits <= value.trailing_zeros() || value.is_zero();
    (shift_right(value, bits).digits, !exact)
}

/// A magnitude divided by `2**bits`, rounded half to even.
pub(super) fn round_shift_right(digits: &[Digit], bits: u64) -> Vec<Digit> {
    if bits == 0 {
        return digits.to_vec();
    }
    let (with_half, sticky) = shift_right_magnitude(digits, bits - 1);
    let half = with_half.first().is_some_and(|d| d & 1 == 1);
    let mut result = shift_right_magnitude(&with_half, 1).0;
    if half && (sticky || result.first().is_some_and(|d| d & 1 == 1)) {
        increment(&mut result);
    }
    result
}
