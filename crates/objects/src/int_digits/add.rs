//! Addition and subtraction. The same job in CPython: `x_add`, `x_sub` in `Objects/longobject.c`.

use super::{Digit, IntBuf, IntRef, MASK, Placed, SHIFT, compare, trimmed};
use std::cmp::Ordering;

/// How many digits the output of [`add_into`] and [`sub_into`] needs.
pub fn add_size(a: IntRef, b: IntRef) -> usize {
    a.digits.len().max(b.digits.len()) + 1
}

/// `a + b`.
pub fn add_into(a: IntRef, b: IntRef, out: &mut [Digit]) -> Placed {
    if a.negative == b.negative {
        let len = add_magnitudes(a.digits, b.digits, out);
        return Placed::new(a.negative, len);
    }
    match compare(a.digits, b.digits) {
        Ordering::Equal => Placed::new(false, 0),
        Ordering::Greater => Placed::new(a.negative, sub_magnitudes(a.digits, b.digits, out)),
        Ordering::Less => Placed::new(b.negative, sub_magnitudes(b.digits, a.digits, out)),
    }
}

/// `a - b`.
pub fn sub_into(a: IntRef, b: IntRef, out: &mut [Digit]) -> Placed {
    add_into(a, b.negated(), out)
}

/// `a + b`.
pub fn add(a: IntRef, b: IntRef) -> IntBuf {
    IntBuf::place(add_size(a, b), |out| add_into(a, b, out))
}

/// `a - b`.
pub fn sub(a: IntRef, b: IntRef) -> IntBuf {
    IntBuf::place(add_size(a, b), |out| sub_into(a, b, out))
}

/// Writes `a + b` and returns its length; `out` has a digit more than the longer of them.
pub(super) fn add_magnitudes(a: &[Digit], b: &[Digit], out: &mut [Digit]) -> usize {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let (low, high) = long.split_at(short.len());
    let mut carry = 0;
    for ((o, &x), &y) in out.iter_mut().zip(low).zip(short) {
        carry += x + y;
        *o = carry & MASK;
        carry >>= SHIFT;
    }
    for (o, &x) in out[short.len()..].iter_mut().zip(high) {
        carry += x;
        *o = carry & MASK;
        carry >>= SHIFT;
    }
    out[long.len()] = carry;
    long.len() + carry as usize
}

/// Writes `a - b`, for `a >= b`, and returns its length; `out` is at least as long as `a`.
pub(super) fn sub_magnitudes(a: &[Digit], b: &[Digit], out: &mut [Digit]) -> usize {
    let (low, high) = a.split_at(b.len());
    let mut borrow = 0;
    for ((o, &x), &y) in out.iter_mut().zip(low).zip(b) {
        let difference = x.wrapping_sub(y).wrapping_sub(borrow);
        *o = difference & MASK;
        borrow = difference >> 31;
    }
    for (o, &x) in out[b.len()..].iter_mut().zip(high) {
        let difference = x.wrapping_sub(borrow);
        *o = difference & MASK;
        borrow = difference >> 31;
    }
    trimmed(&out[..a.len()])
}

/// Adds one to a magnitude in place.
pub(super) fn increment(digits: &mut Vec<Digit>) {
    for d in digits.iter_mut() {
        if *d < MASK {
            *d += 1;
            return;
        }
        *d = 0;
    }
    digits.push(1);
}
