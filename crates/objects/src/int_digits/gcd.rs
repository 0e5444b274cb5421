//! The greatest common divisor, by Lehmer's method: most steps of Euclid's algorithm depend only
//! on the leading bits, so they are done on machine words and applied to the long numbers together.
//! The same job in CPython: `_PyLong_GCD`.

use super::div::div_rem_magnitudes;
use super::{Digit, IntBuf, IntRef, MASK, SHIFT, bit_length, compare, trimmed};
use std::cmp::Ordering;

/// `gcd(a, b)`, never negative.
pub fn gcd(a: IntRef, b: IntRef) -> IntBuf {
    let (mut a, mut b) = (a.digits.to_vec(), b.digits.to_vec());
    if compare(&a, &b) == Ordering::Less {
        std::mem::swap(&mut a, &mut b);
    }
    while a.len() > 2 {
        if b.is_empty() {
            return IntBuf::new(false, a);
        }
        match lehmer_steps(&a, &b) {
            Some(matrix) => matrix.apply(&mut a, &mut b),
            None => {
                let rest = div_rem_magnitudes(&a, &b).1;
                a = std::mem::replace(&mut b, rest);
            }
        }
    }
    IntBuf::from(gcd_u64(word(&a), word(&b)))
}

fn word(digits: &[Digit]) -> u64 {
    IntRef { negative: false, digits }.magnitude_u64().unwrap_or(0)
}

fn gcd_u64(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Some steps of Euclid's algorithm: from `(a, b)` to `(x*a - y*b, w*b - z*a)`, with `a` and `b`
/// exchanged in that if the number of steps was odd.
struct Matrix {
    x: i64,
    y: i64,
    z: i64,
    w: i64,
    odd: bool,
}

/// `None` if the leading 60 bits do not decide even two steps.
fn lehmer_steps(a: &[Digit], b: &[Digit]) -> Option<Matrix> {
    let drop = bit_length(a) - 2 * u64::from(SHIFT);
    let (mut x, mut y) = (leading(a, drop), leading(b, drop));
    let (mut ma, mut mb, mut mc, mut md) = (1i64, 0i64, 0i64, 1i64);
    let mut steps = 0u32;
    // Collins' condition: stop as soon as the bits cut off could change the quotient.
    while y != mc {
        let q = (x + (ma - 1)) / (y - mc);
        let s = mb + q * md;
        let t = x - q * y;
        if s > t {
            break;
        }
        (x, y) = (y, t);
        let t = ma + q * mc;
        (ma, mb, mc, md) = (md, mc, s, t);
        steps += 1;
    }
    (steps > 0).then_some(Matrix { x: ma, y: mb, z: mc, w: md, odd: steps % 2 == 1 })
}

fn leading(digits: &[Digit], drop: u64) -> i64 {
    let at = (drop / u64::from(SHIFT)) as usize;
    let bits = (drop % u64::from(SHIFT)) as u32;
    let get = |i: usize| u128::from(digits.get(at + i).copied().unwrap_or(0));
    ((get(0) | get(1) << SHIFT | get(2) << (2 * SHIFT)) >> bits) as i64
}

impl Matrix {
    fn apply(&self, a: &mut Vec<Digit>, b: &mut Vec<Digit>) {
        let (mut carry_a, mut carry_b) = (0i64, 0i64);
        b.resize(a.len(), 0);
        for (a, b) in a.iter_mut().zip(b.iter_mut()) {
            let (p, q) = (i64::from(*a), i64::from(*b));
            let (p, q) = if self.odd { (q, p) } else { (p, q) };
            carry_a += self.x * p - self.y * q;
            carry_b += self.w * q - self.z * p;
            *a = carry_a as u32 & MASK;
            carry_a >>= SHIFT;
            *b = carry_b as u32 & MASK;
            carry_b >>= SHIFT;
        }
        a.truncate(trimmed(a));
        b.truncate(trimmed(b));
    }
}
