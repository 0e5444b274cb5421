//! Functions of ints: divisors, roots, and counting.

use krait_objects::int::arithmetic;
use krait_objects::int_digits;
use krait_objects::prelude::*;

use super::Math;

/// The product of `low..=high`, by halves, so that factors are of like sizes.
fn product(th: &Thread, low: u64, high: u64) -> PyResult<Owned<Int>> {
    if low > high {
        return Int::from_i64(th, 1);
    }
    if high - low < 20
        && let Some(small) = (low..=high).try_fold(1u64, u64::checked_mul)
    {
        return Int::from_u64(th, small);
    }
    if high - low < 8 {
        let mut result = Int::from_u64(th, low)?;
        for factor in low + 1..=high {
            let factor = Int::from_u64(th, factor)?;
            result = arithmetic::multiply(th, &result, &factor)?;
        }
        return Ok(result);
    }
    let middle = low + (high - low) / 2;
    let (left, right) = (product(th, low, middle)?, product(th, middle + 1, high)?);
    arithmetic::multiply(th, &left, &right)
}

/// `n * (n - 1) * …`, `count` factors.
fn falling(th: &Thread, n: &Int, count: u64) -> PyResult<Owned<Int>> {
    if count == 0 {
        return Int::from_i64(th, 1);
    }
    if let Some(n) = n.to_u64() {
        return product(th, n - count + 1, n);
    }
    if count == 1 {
        return Int::from_digits(th, false, n.view().digits);
    }
    let half = count / 2;
    let rest = arithmetic::subtract(th, n, &*Int::from_u64(th, half)?)?;
    let (left, right) = (falling(th, n, half)?, falling(th, &rest, count - half)?);
    arithmetic::multiply(th, &left, &right)
}

/// `n` choose `k`, for `k` at most half of `n`.
fn choose(th: &Thread, n: &Int, k: u64) -> PyResult<Owned<Int>> {
    if let Some(n) = n.to_u64().filter(|&n| n <= MOST_IN_A_WORD) {
        return Int::from_u64(th, choose_word(n, k));
    }
    let numerator = falling(th, n, k)?;
    let denominator = product(th, 1, k)?;
    arithmetic::floor_divide(th, &numerator, &denominator)
}

fn non_negative(th: &Thread, value: &Int, name: &str) -> PyResult<()> {
    if value.is_negative() {
        return Err(raise!(th, VALUE_ERROR, "{name} must be a non-negative integer"));
    }
    Ok(())
}

fn zero(th: &Thread) -> PyResult<Owned<Int>> {
    Int::from_i64(th, 0)
}

/// Odd parts of the factorials, and what each has to be multiplied by to give 1, both modulo `2**64`.
static ODD_FACTORIALS: [(u64, u64); MOST_IN_A_WORD as usize + 1] = {
    let mut table = [(1u64, 1u64); MOST_IN_A_WORD as usize + 1];
    let mut n = 1;
    while n < table.len() {
        let odd = table[n - 1].0.wrapping_mul((n as u64) >> n.trailing_zeros());
        // Each step of Newton's doubles the bits that are right: of an odd number it is its own inverse in three.
        let mut inverse = odd;
        let mut bits = 3;
        while bits < 64 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
            bits *= 2;
        }
        table[n] = (odd, inverse);
        n += 1;
    }
    table
};

/// Of so many things any number can be chosen in less than `2**64` ways.
const MOST_IN_A_WORD: u64 = 67;

/// `n` choose `k`, for `k <= n <= MOST_IN_A_WORD`: as odd part and power of two, of which `n!` has `n` less its bits.
fn choose_word(n: u64, k: u64) -> u64 {
    let odd = |n: u64| ODD_FACTORIALS[n as usize];
    let twos = k.count_ones() + (n - k).count_ones() - n.count_ones();
    odd(n).0.wrapping_mul(odd(k).1).wrapping_mul(odd(n - k).1) << twos
}

/// The value of an int of one digit that is not negative.
#[inline]
fn small(ob: Borrowed<'_>) -> Option<u64> {
    let int = ob.downcast_exact::<Int>().filter(|int| int.is_compact())?;
    u64::try_from(int.compact_value()).ok()
}

fn gcd_of_words(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn gcd(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Int>> {
    if a.is_compact() && b.is_compact() {
        let (a, b) = (a.compact_value().unsigned_abs(), b.compact_value().unsigned_abs());
        return Int::from_u64(th, gcd_of_words(a, b));
    }
    Int::from_buf(th, &int_digits::gcd(a.view(), b.view()))
}

fn factorial(th: &Thread, n: Borrowed<'_>) -> PyResult<Owned<Int>> {
    let n = number::index(th, n)?;
    if n.is_negative() {
        return Err(th.raise(exc::VALUE_ERROR, "factorial() not defined for negative values"));
    }
    match n.to_i64() {
        Some(n) => product(th, 1, n as u64),
        None => {
            Err(raise!(th, OVERFLOW_ERROR, "factorial() argument should not exceed {}", i64::MAX))
        }
    }
}

#[pyfunctions(part = "integers")]
impl Math {
    /// The factorial n!: the product of all integers from 1 to n. ValueError if n is negative.
    #[function(name = "factorial", sig = "(n, /)")]
    fn factorial_of(th: &Thread, n: Borrowed<'_>) -> PyResult<Owned<Int>> {
        factorial(th, n)
    }

    /// In how many orders k of n things can be laid out: n! / (n - k)!, or 0 if k exceeds n.
    ///
    /// Without k, it is n!. ValueError if a number is negative.
    #[function(sig = "(n, k=None, /)")]
    fn perm(th: &Thread, n: Borrowed<'_>, k: Option<Borrowed<'_>>) -> PyResult<Owned<Int>> {
        let Some(k) = k.filter(|k| !k.is_none()) else {
            return factorial(th, n);
        };
        let (n, k) = (number::index(th, n)?, number::index(th, k)?);
        non_negative(th, &n, "n")?;
        non_negative(th, &k, "k")?;
        if arithmetic::compare(&n, &k).is_lt() {
            return zero(th);
        }
        match k.to_i64() {
            Some(k) => falling(th, &n, k as u64),
            None => Err(raise!(th, OVERFLOW_ERROR, "k must not exceed {}", i64::MAX)),
        }
    }

    /// How many sets of k things can be made out of n: the binomial coefficient, 0 if k exceeds n.
    ///
    /// It is n! / (k! * (n - k)!). ValueError if a number is negative.
    #[function(sig = "(n, k, /)")]
    fn comb(th: &Thread, n: Borrowed<'_>, k: Borrowed<'_>) -> PyResult<Owned<Int>> {
        if let (Some(n), Some(k)) = (small(n), small(k))
            && k <= n
            && n <= MOST_IN_A_WORD
        {
            return Int::from_u64(th, choose_word(n, k));
        }
        let (n, mut k) = (number::index(th, n)?, number::index(th, k)?);
        non_negative(th, &n, "n")?;
        non_negative(th, &k, "k")?;
        let other = arithmetic::subtract(th, &n, &k)?;
        if other.is_negative() {
            return zero(th);
        }
        if arithmetic::compare(&other, &k).is_lt() {
            k = other;
        }
        match k.to_i64() {
            Some(k) => choose(th, &n, k as u64),
            None => Err(raise!(th, OVERFLOW_ERROR, "min(n - k, k) must not exceed {}", i64::MAX)),
        }
    }

    /// The greatest integer that divides all the arguments; 0 if all are zero or there are none.
    #[function(name = "gcd", sig = "(*integers)")]
    fn gcd_of(th: &Thread, integers: &[Borrowed<'_>]) -> PyResult<Owned<Int>> {
        if let &[a, b] = integers
            && let (Some(a), Some(b)) = (small(a), small(b))
        {
            return Int::from_u64(th, gcd_of_words(a, b));
        }
        let mut result = zero(th)?;
        for &integer in integers {
            let integer = number::index(th, integer)?;
            result = gcd(th, &result, &integer)?;
        }
        Ok(result)
    }

    /// The least positive integer that all arguments divide; 0 if one of them is 0, 1 without arguments.
    #[function(sig = "(*integers)")]
    fn lcm(th: &Thread, integers: &[Borrowed<'_>]) -> PyResult<Owned<Int>> {
        if let &[a, b] = integers
            && let (Some(a @ 1..), Some(b @ 1..)) = (small(a), small(b))
        {
            return Int::from_u64(th, a / gcd_of_words(a, b) * b);
        }
        let mut result = Int::from_i64(th, 1)?;
        for &integer in integers {
            let integer = number::index(th, integer)?;
            if result.is_zero() || integer.is_zero() {
                result = zero(th)?;
                continue;
            }
            let common = gcd(th, &result, &integer)?;
            let factor = arithmetic::floor_divide(th, &integer, &common)?;
            let multiple = arithmetic::multiply(th, &result, &factor)?;
            result = Int::from_digits(th, false, multiple.view().digits)?;
        }
        Ok(result)
    }

    /// The square root of an integer, rounded down. ValueError if n is negative.
    #[function(sig = "(n, /)")]
    fn isqrt(th: &Thread, n: Borrowed<'_>) -> PyResult<Owned<Int>> {
        if let Some(n) = small(n) {
            return Int::from_u64(th, n.isqrt());
        }
        let n = number::index(th, n)?;
        if n.is_negative() {
            return Err(th.raise(exc::VALUE_ERROR, "isqrt() argument must be nonnegative"));
        }
        Int::from_buf(th, &int_digits::isqrt(n.view()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_chosen_as_in_pascals_triangle() {
        let mut row = vec![1u64];
        for n in 0..=MOST_IN_A_WORD {
            for (k, &expected) in row.iter().enumerate() {
                assert_eq!(choose_word(n, k as u64), expected, "{n} choose {k}");
            }
            let sums = row.windows(2).map(|pair| pair[0].wrapping_add(pair[1]));
            row = std::iter::once(1).chain(sums).chain([1]).collect();
        }
    }
}
