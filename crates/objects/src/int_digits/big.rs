//! The way to `num-bigint` and back, and what it lacks: division faster than quadratic.
//!
//! `num-bigint` multiplies with 64-bit limbs, Karatsuba and Toom-3, so a long product is worth the
//! two conversions; but it divides one limb at a time. [`div_rem`] divides recursively
//! (Burnikel and Ziegler), so that long division and radix conversion profit from fast products.
//!
//! The same job in CPython: `_int_divmod` of `Lib/_pylong.py`.

use super::{Digit, MASK, SHIFT, trimmed};
use num_bigint::BigUint;

/// Quotient bits up to which limb-by-limb division is the faster one.
const RECURSIVE_DIVISION_BITS: u64 = 64 * 160;

pub(super) fn to_big(digits: &[Digit]) -> BigUint {
    let mut words = Vec::with_capacity(digits.len());
    let (mut pending, mut bits) = (0u64, 0);
    for &d in digits {
        pending |= u64::from(d) << bits;
        bits += SHIFT;
        if bits >= 32 {
            words.push(pending as u32);
            pending >>= 32;
            bits -= 32;
        }
    }
    words.push(pending as u32);
    BigUint::new(words)
}

/// Calls `put` with each digit, the least significant first, and maybe some zeros at the end.
fn each_digit(value: &BigUint, mut put: impl FnMut(Digit)) {
    let (mut pending, mut bits) = (0u128, 0);
    for word in value.iter_u64_digits() {
        pending |= u128::from(word) << bits;
        bits += 64;
        while bits >= SHIFT {
            put(pending as u32 & MASK);
            pending >>= SHIFT;
            bits -= SHIFT;
        }
    }
    put(pending as u32);
}

pub(super) fn from_big(value: &BigUint) -> Vec<Digit> {
    let mut digits = Vec::with_capacity(value.bits() as usize / SHIFT as usize + 3);
    each_digit(value, |d| digits.push(d));
    digits.truncate(trimmed(&digits));
    digits
}

/// Writes the digits of a value that fits; the rest of `out` becomes zero.
pub(super) fn write_big(value: &BigUint, out: &mut [Digit]) -> usize {
    let mut at = 0;
    each_digit(value, |d| {
        if let Some(place) = out.get_mut(at) {
            *place = d;
            at += 1;
        }
    });
    out[at..].fill(0);
    trimmed(&out[..at])
}

/// Quotient and remainder; `b` is not zero.
pub(super) fn div_rem(a: &BigUint, b: &BigUint) -> (BigUint, BigUint) {
    let n = b.bits();
    if n <= RECURSIVE_DIVISION_BITS || a.bits().saturating_sub(n) <= RECURSIVE_DIVISION_BITS {
        return (a / b, a % b);
    }
    // Long division with "digits" as wide as the divisor.
    let count = a.bits().div_ceil(n);
    let mut quotient = BigUint::ZERO;
    let mut remainder = BigUint::ZERO;
    for i in (0..count).rev() {
        let digit = low_bits(&(a >> (i * n)), n);
        let (q, r) = div_two_by_one(&((remainder << n) | digit), b, n);
        quotient = (quotient << n) | q;
        remainder = r;
    }
    (quotient, remainder)
}

fn low_bits(value: &BigUint, bits: u64) -> BigUint {
    if value.bits() <= bits { value.clone() } else { value - ((value >> bits) << bits) }
}

/// Divides `a < b * 2**n` by `b` of exactly `n` bits.
fn div_two_by_one(a: &BigUint, b: &BigUint, n: u64) -> (BigUint, BigUint) {
    if a.bits().saturating_sub(n) <= RECURSIVE_DIVISION_BITS {
        return (a / b, a % b);
    }
    if n % 2 == 1 {
        let (q, r) = div_two_by_one(&(a << 1u32), &(b << 1u32), n + 1);
        return (q, r >> 1u32);
    }
    let half = n / 2;
    let (b_high, b_low) = (b >> half, low_bits(b, half));
    let a_high = a >> n;
    let a_middle = low_bits(&(a >> half), half);
    let (q_high, r) = div_three_by_two(&a_high, &a_middle, b, &b_high, &b_low, half);
    let (q_low, r) = div_three_by_two(&r, &low_bits(a, half), b, &b_high, &b_low, half);
    ((q_high << half) | q_low, r)
}

/// Divides `a_high * 2**half + a_low` by `b`, whose halves are given: first by the upper half of
/// `b` alone, then corrected, at most twice, for the lower one.
fn div_three_by_two(
    a_high: &BigUint,
    a_low: &BigUint,
    b: &BigUint,
    b_high: &BigUint,
    b_low: &BigUint,
    half: u64,
) -> (BigUint, BigUint) {
    let (mut q, r) = if a_high >> half == *b_high {
        let q = (BigUint::from(1u32) << half) - 1u32;
        let r = a_high + b_high - (b_high << half);
        (q, r)
    } else {
        div_two_by_one(a_high, b_high, half)
    };
    let mut r = (r << half) | a_low;
    let product = &q * b_low;
    while r < product {
        q -= 1u32;
        r += b;
    }
    (q, r - product)
}
