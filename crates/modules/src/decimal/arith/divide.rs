//! Quotients and remainders of coefficients, and square roots.
//!
//! Short divisors are divided by limb by limb; for long ones the reciprocal is found by Newton's iteration,
//! and a quotient is a product with it, corrected by the remainder.

use std::cmp::Ordering;

use super::limbs::{
    Coef, RADIX, add_assign, compare, div_small, mul_small, split_wide, sub_assign, trimmed,
};
use super::multiply::multiply_limbs;

/// Divisors and quotients of so many limbs are divided by means of a reciprocal.
const LONG: usize = 300;

/// Quotient and remainder, or nothing if there is no memory for them; the divisor is not zero.
pub fn divide(a: &Coef, b: &Coef) -> Option<(Coef, Coef)> {
    if let (Some(a), Some(b)) = (a.small(), b.small()) {
        let (quotient, rest) = super::limbs::divide_words(a, b);
        return Some((Coef::from_small(quotient), Coef::from_small(rest)));
    }
    let (quotient, rest) = divide_limbs(a.limbs(), b.limbs())?;
    Some((Coef::from_vec(quotient), Coef::from_vec(rest)))
}

/// The operands have no leading zeros.
pub fn divide_limbs(a: &[u64], b: &[u64]) -> Option<(Vec<u64>, Vec<u64>)> {
    if compare(a, b) == Ordering::Less {
        return Some((Vec::new(), a.to_vec()));
    }
    if let [divisor] = *b {
        let mut quotient = a.to_vec();
        let rest = div_small(&mut quotient, divisor);
        return Some((quotient, vec![rest]));
    }
    let size = a.len() - b.len() + 1;
    if size < LONG || b.len() < LONG {
        return Some(long_division(a, b));
    }
    if size >= b.len() {
        return by_reciprocal(a, b);
    }
    // Of a divisor longer than the quotient, the lower limbs decide only whether the quotient is one too large.
    let skip = b.len() - size - 1;
    let (mut quotient, _) = by_reciprocal(&a[skip..], &b[skip..])?;
    quotient.truncate(trimmed(&quotient));
    let rest = corrected(a, b, &mut quotient)?;
    Some((quotient, rest))
}

/// `a - quotient * b`, after the quotient, which is right but for a few units, has been put right.
fn corrected(a: &[u64], b: &[u64], quotient: &mut Vec<u64>) -> Option<Vec<u64>> {
    let mut product = multiply_limbs(quotient, b)?;
    product.truncate(trimmed(&product));
    while compare(&product, a) == Ordering::Greater {
        sub_assign(quotient, &[1]);
        sub_assign(&mut product, b);
        product.truncate(trimmed(&product));
    }
    let mut rest = a.to_vec();
    sub_assign(&mut rest, &product);
    rest.truncate(trimmed(&rest));
    while compare(&rest, b) != Ordering::Less {
        quotient.push(0);
        add_assign(quotient, &[1]);
        quotient.truncate(trimmed(quotient));
        sub_assign(&mut rest, b);
        rest.truncate(trimmed(&rest));
    }
    Some(rest)
}

/// Knuth's algorithm D. The divisor has two limbs at least and is not greater than the dividend.
fn long_division(a: &[u64], b: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let n = b.len();
    // Scaled so that the top limb of the divisor is at least half of the radix.
    let scale = RADIX / (b[n - 1] + 1);
    let (mut rest, mut divisor) = (a.to_vec(), b.to_vec());
    let top = mul_small(&mut rest, scale, 0);
    rest.push(top);
    mul_small(&mut divisor, scale, 0);
    let (first, second) = (u128::from(divisor[n - 1]), u128::from(divisor[n - 2]));
    let radix = u128::from(RADIX);
    let mut quotient = vec![0; a.len() - n + 1];
    for at in (0..quotient.len()).rev() {
        let window = &mut rest[at..=at + n];
        let head = u128::from(window[n]) * radix + u128::from(window[n - 1]);
        let mut digit = (head / first).min(radix - 1);
        let mut left = head - digit * first;
        while left < radix && digit * second > left * radix + u128::from(window[n - 2]) {
            digit -= 1;
            left += first;
        }
        if subtract_product(window, &divisor, digit as u64) {
            digit -= 1;
            // The carry out of the top cancels what had been borrowed.
            add_assign(window, &divisor);
        }
        quotient[at] = digit as u64;
    }
    rest.truncate(n);
    div_small(&mut rest, scale);
    (quotient, rest)
}

/// `window -= divisor * digit`; whether that was too much.
fn subtract_product(window: &mut [u64], divisor: &[u64], digit: u64) -> bool {
    let mut carry = 0;
    let (low, top) = window.split_at_mut(divisor.len());
    for (x, &y) in low.iter_mut().zip(divisor) {
        let (high, take) = split_wide(u128::from(y) * u128::from(digit) + u128::from(carry));
        let below = *x < take;
        *x = if below { *x + (RADIX - take) } else { *x - take };
        carry = high + u64::from(below);
    }
    sub_assign(top, &[carry])
}

/// `radix**(2n) / b` for `b` of `n` limbs, but for a few units.
fn reciprocal(b: &[u64]) -> Option<Vec<u64>> {
    let n = b.len();
    if n < LONG {
        let mut one = vec![0; 2 * n + 1];
        one[2 * n] = 1;
        return Some(if n == 1 {
            div_small(&mut one, b[0]);
            one
        } else {
            long_division(&one, b).0
        });
    }
    let half = n / 2 + 2;
    let mut start = reciprocal(&b[n - half..])?;
    start.truncate(trimmed(&start));
    // How far `b * start` is from `radix**(n + half)`.
    let product = multiply_limbs(b, &start)?;
    let mut target = vec![0; product.len().max(n + half + 1)];
    let mut error = target.clone();
    target[n + half] = 1;
    error[..product.len()].copy_from_slice(&product);
    let above = error[n + half..].iter().any(|&limb| limb != 0);
    if above {
        sub_assign(&mut error, &target);
    } else {
        sub_assign(&mut target, &error);
        error = target;
    }
    error.truncate(trimmed(&error));
    let change = multiply_limbs(&start, &error)?;
    let change = &change[(2 * half).min(change.len())..];
    let change = &change[..trimmed(change)];
    let mut result = vec![0; n - half];
    result.extend_from_slice(&start);
    result.push(0);
    if above {
        sub_assign(&mut result, change);
    } else {
        add_assign(&mut result, change);
    }
    result.truncate(trimmed(&result));
    Some(result)
}

/// A block of as many limbs as the divisor at a time.
fn by_reciprocal(a: &[u64], b: &[u64]) -> Option<(Vec<u64>, Vec<u64>)> {
    let n = b.len();
    let inverse = reciprocal(b)?;
    let mut quotient = vec![0; a.len()];
    let mut rest: Vec<u64> = Vec::new();
    let mut at = a.len();
    while at > 0 {
        let from = at.saturating_sub(n);
        let mut value = a[from..at].to_vec();
        value.extend_from_slice(&rest);
        value.truncate(trimmed(&value));
        let head = value.get(n - 1..).unwrap_or(&[]);
        let mut digits = multiply_limbs(head, &inverse)?;
        digits.drain(..(n + 1).min(digits.len()));
        digits.truncate(trimmed(&digits));
        rest = corrected(&value, b, &mut digits)?;
        quotient[from..from + digits.len()].copy_from_slice(&digits);
        at = from;
    }
    Some((quotient, rest))
}

/// The whole part of the square root, and whether it is exact.
pub fn square_root(value: &Coef) -> Option<(Coef, bool)> {
    let root = root_of(value)?;
    let square = super::multiply::multiply(&root, &root)?;
    let exact = square.compare(value) == Ordering::Equal;
    Some((root, exact))
}

fn root_of(value: &Coef) -> Option<Coef> {
    if let Some(value) = value.small() {
        return Some(Coef::from_small(value.isqrt()));
    }
    // Half of the digits are the root of the upper half; one step of Newton's iteration gives the rest.
    let limbs = value.limbs();
    let skip = (limbs.len() - 1) / 4;
    let skip = if skip == 0 { return small_steps(value) } else { skip };
    let start = root_of(&Coef::from_limbs(&limbs[2 * skip..]))?.plus_one();
    let mut guess = vec![0; skip];
    guess.extend_from_slice(start.limbs());
    descend(value, Coef::from_vec(guess))
}

/// From above, each step comes nearer until the root is reached.
fn descend(value: &Coef, mut guess: Coef) -> Option<Coef> {
    loop {
        let quotient = divide(value, &guess)?.0;
        if quotient.compare(&guess) != Ordering::Less {
            return Some(guess);
        }
        let mut sum = guess.add(&quotient).limbs().to_vec();
        div_small(&mut sum, 2);
        guess = Coef::from_vec(sum);
    }
}

/// For three or four limbs: the start comes from the upper two.
fn small_steps(value: &Coef) -> Option<Coef> {
    let limbs = value.limbs();
    let upper = Coef::from_limbs(&limbs[limbs.len() - 2..]).small().unwrap_or(0);
    let root = upper.isqrt() + 1;
    let start = if limbs.len() == 4 {
        Coef::from_vec(vec![
            0,
            (root % u128::from(RADIX)) as u64,
            (root / u128::from(RADIX)) as u64,
        ])
    } else {
        // The square root of the radix, rounded up.
        Coef::from_u128(root).mul_word(3_162_277_661)?
    };
    descend(value, start)
}

impl Coef {
    /// The product with a word that is less than the radix.
    pub fn mul_word(&self, factor: u64) -> Option<Coef> {
        super::multiply::multiply(self, &Coef::from_u64(factor))
    }
}
