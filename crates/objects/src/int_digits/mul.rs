//! Multiplication. The same job in CPython: `x_mul` and `k_mul` in `Objects/longobject.c`.

use super::big::{to_big, write_big};
use super::{Digit, IntBuf, IntRef, MASK, Placed, SHIFT, trimmed};

/// Digits of the shorter factor from which `num-bigint`'s 64-bit limbs repay the conversions:
/// the schoolbook method does four times as many steps, and a conversion costs about three rows.
const BIG_PRODUCT: usize = 36;

/// How many digits the output of [`mul_into`] needs.
pub fn mul_size(a: IntRef, b: IntRef) -> usize {
    a.digits.len() + b.digits.len()
}

/// `a * b`.
pub fn mul_into(a: IntRef, b: IntRef, out: &mut [Digit]) -> Placed {
    let len = mul_magnitudes(a.digits, b.digits, out);
    Placed::new(a.negative != b.negative, len)
}

/// `a * b`.
pub fn mul(a: IntRef, b: IntRef) -> IntBuf {
    IntBuf::place(mul_size(a, b), |out| mul_into(a, b, out))
}

pub(super) fn mul_magnitudes(a: &[Digit], b: &[Digit], out: &mut [Digit]) -> usize {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let out = &mut out[..a.len() + b.len()];
    if short.len() >= BIG_PRODUCT {
        let product = if std::ptr::eq(a, b) {
            let a = to_big(a);
            &a * &a
        } else {
            to_big(a) * to_big(b)
        };
        return write_big(&product, out);
    }
    out.fill(0);
    for (i, &x) in short.iter().enumerate() {
        let x = u64::from(x);
        let row = &mut out[i..i + long.len() + 1];
        let mut carry = 0;
        for (o, &y) in row.iter_mut().zip(long) {
            carry += u64::from(*o) + x * u64::from(y);
            *o = carry as u32 & MASK;
            carry >>= SHIFT;
        }
        row[long.len()] = carry as u32;
    }
    trimmed(out)
}

/// `digits * factor + addend` in place, for a factor and addend of at most 32 bits.
pub(super) fn mul_add_small(digits: &mut Vec<Digit>, factor: u32, addend: u32) {
    let mut carry = u64::from(addend);
    for d in digits.iter_mut() {
        carry += u64::from(*d) * u64::from(factor);
        *d = carry as u32 & MASK;
        carry >>= SHIFT;
    }
    while carry != 0 {
        digits.push(carry as u32 & MASK);
        carry >>= SHIFT;
    }
}
