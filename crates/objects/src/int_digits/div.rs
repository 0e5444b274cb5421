//! Division: quotients rounded towards minus infinity, remainders with the divisor's sign.
//! The same job in CPython: `x_divrem`, `l_divmod` and `_PyLong_DivmodNear`.

use super::add::{increment, sub_magnitudes};
use super::big::{div_rem, from_big, to_big};
use super::{Digit, IntBuf, IntRef, MASK, SHIFT, add, compare, trimmed};
use std::cmp::Ordering;

/// The divisor is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DivisionByZero;

/// Digits of both divisor and quotient from which `num-bigint` repays the conversions.
const BIG_DIVISION: usize = 40;

/// `(a // b, a % b)`.
pub fn div_mod(a: IntRef, b: IntRef) -> Result<(IntBuf, IntBuf), DivisionByZero> {
    if b.is_zero() {
        return Err(DivisionByZero);
    }
    let (mut quotient, mut remainder) = div_rem_magnitudes(a.digits, b.digits);
    if a.negative != b.negative && !remainder.is_empty() {
        increment(&mut quotient);
        let mut rest = vec![0; b.digits.len()];
        let len = sub_magnitudes(b.digits, &remainder, &mut rest);
        rest.truncate(len);
        remainder = rest;
    }
    Ok((IntBuf::new(a.negative != b.negative, quotient), IntBuf::new(b.negative, remainder)))
}

/// `a // b`.
pub fn div_floor(a: IntRef, b: IntRef) -> Result<IntBuf, DivisionByZero> {
    Ok(div_mod(a, b)?.0)
}

/// `a % b`.
pub fn modulo(a: IntRef, b: IntRef) -> Result<IntBuf, DivisionByZero> {
    if let (&[divisor], false) = (b.digits, b.is_zero()) {
        // No quotient to write down.
        let rest = a.digits.iter().rev().fold(0, |rest, &d| {
            (((u64::from(rest) << SHIFT) | u64::from(d)) % u64::from(divisor)) as Digit
        });
        let rest = if rest != 0 && a.negative != b.negative { divisor - rest } else { rest };
        return Ok(IntBuf::new(b.negative, vec![rest]));
    }
    Ok(div_mod(a, b)?.1)
}

/// The quotient rounded to the nearest integer, halves to the even one, and the remainder that
/// goes with it: what `round(n, -2)` and `round(Fraction)` are made of.
pub fn div_near(a: IntRef, b: IntRef) -> Result<(IntBuf, IntBuf), DivisionByZero> {
    if b.is_zero() {
        return Err(DivisionByZero);
    }
    let (mut quotient, remainder) = div_rem_magnitudes(a.digits, b.digits);
    let negative = a.negative != b.negative;
    let mut rest = IntBuf::new(a.negative, remainder);
    let doubled = add(rest.view(), rest.view());
    let round_away = match compare(&doubled.digits, b.digits) {
        Ordering::Less => false,
        Ordering::Equal => quotient.first().is_some_and(|d| d & 1 == 1),
        Ordering::Greater => true,
    };
    if round_away {
        increment(&mut quotient);
        let step = IntRef::new(!a.negative, b.digits);
        rest = add(rest.view(), step);
    }
    Ok((IntBuf::new(negative, quotient), rest))
}

/// Quotient and remainder of magnitudes, without leading zeros; `b` is not zero.
pub(super) fn div_rem_magnitudes(a: &[Digit], b: &[Digit]) -> (Vec<Digit>, Vec<Digit>) {
    if compare(a, b) == Ordering::Less {
        return (Vec::new(), a.to_vec());
    }
    if let &[divisor] = b {
        let mut quotient = a.to_vec();
        let rest = div_small(&mut quotient, divisor);
        quotient.truncate(trimmed(&quotient));
        return (quotient, if rest == 0 { Vec::new() } else { vec![rest] });
    }
    if let (&[a0, a1], &[b0, b1]) = (a, b) {
        let (a, b) = (join(a1, a0), join(b1, b0));
        return (IntBuf::from(a / b).digits, IntBuf::from(a % b).digits);
    }
    if b.len() >= BIG_DIVISION && a.len() - b.len() >= BIG_DIVISION {
        let (quotient, remainder) = div_rem(&to_big(a), &to_big(b));
        return (from_big(&quotient), from_big(&remainder));
    }
    long_division(a, b)
}

/// Divides in place by one digit and returns the remainder.
pub(super) fn div_small(digits: &mut [Digit], divisor: Digit) -> Digit {
    let mut rest = 0;
    for d in digits.iter_mut().rev() {
        let dividend = join(rest, *d);
        let quotient = dividend / u64::from(divisor);
        *d = quotient as Digit;
        rest = (dividend - quotient * u64::from(divisor)) as Digit;
    }
    rest
}

fn join(high: Digit, low: Digit) -> u64 {
    u64::from(high) << SHIFT | u64::from(low)
}

/// Knuth's algorithm D, for `a >= b` and a divisor of at least two digits.
fn long_division(a: &[Digit], b: &[Digit]) -> (Vec<Digit>, Vec<Digit>) {
    let n = b.len();
    // With the divisor's top bit set, an estimate from two digits is at most two too great.
    let shift = b[n - 1].leading_zeros() - (u32::BITS - SHIFT);
    let divisor = shifted(b, shift);
    let mut rest = shifted(a, shift);
    let (top, below) = (u64::from(divisor[n - 1]), u64::from(divisor[n - 2]));
    let steps = a.len() + 1 - n;
    let mut quotient = vec![0; steps];
    for at in (0..steps).rev() {
        let window = &mut rest[at..=at + n];
        let head = join(window[n], window[n - 1]);
        let (mut q, mut r) = (head / top, head % top);
        while q > u64::from(MASK) || q * below > (r << SHIFT | u64::from(window[n - 2])) {
            q -= 1;
            r += top;
            if r > u64::from(MASK) {
                break;
            }
        }
        if subtract_multiple(window, &divisor[..n], q) {
            q -= 1;
            add_back(window, &divisor[..n]);
        }
        quotient[at] = q as Digit;
    }
    rest.truncate(n);
    let len = trimmed(&rest);
    let rest = shifted_back(&rest[..len], shift);
    quotient.truncate(trimmed(&quotient));
    (quotient, rest)
}

/// Subtracts `q * divisor` and returns whether the result became negative.
fn subtract_multiple(window: &mut [Digit], divisor: &[Digit], q: u64) -> bool {
    let mut carry = 0i64;
    for (w, &d) in window.iter_mut().zip(divisor) {
        carry += i64::from(*w) - (q * u64::from(d)) as i64;
        *w = carry as u32 & MASK;
        carry >>= SHIFT;
    }
    let top = &mut window[divisor.len()];
    carry += i64::from(*top);
    *top = carry as u32 & MASK;
    carry < 0
}

fn add_back(window: &mut [Digit], divisor: &[Digit]) {
    let mut carry = 0;
    for (w, &d) in window.iter_mut().zip(divisor) {
        carry += *w + d;
        *w = carry & MASK;
        carry >>= SHIFT;
    }
    let top = &mut window[divisor.len()];
    *top = (*top + carry) & MASK;
}

/// A copy shifted to the left by less than a digit, with one digit more.
fn shifted(digits: &[Digit], shift: u32) -> Vec<Digit> {
    let mut out = Vec::with_capacity(digits.len() + 1);
    let mut carry = 0u64;
    for &d in digits {
        carry |= u64::from(d) << shift;
        out.push(carry as u32 & MASK);
        carry >>= SHIFT;
    }
    out.push(carry as u32);
    out
}

fn shifted_back(digits: &[Digit], shift: u32) -> Vec<Digit> {
    super::shift::shift_right_magnitude(digits, u64::from(shift)).0
}
