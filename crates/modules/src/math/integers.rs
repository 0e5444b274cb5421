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
    // Up to here all fits into machine words.
    if let Some(n) = n.to_u64().filter(|&n| n <= 62) {
        let step = |value: u128, at: u64| value * u128::from(n - k + at) / u128::from(at);
        return Int::from_u64(th, (1..=k).fold(1, step) as u64);
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

fn gcd(th: &Thread, a: &Int, b: &Int) -> PyResult<Owned<Int>> {
    if a.is_compact() && b.is_compact() {
        let (mut a, mut b) = (a.compact_value().abs(), b.compact_value().abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        return Int::from_i64(th, a);
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
        let n = number::index(th, n)?;
        if n.is_negative() {
            return Err(th.raise(exc::VALUE_ERROR, "isqrt() argument must be nonnegative"));
        }
        Int::from_buf(th, &int_digits::isqrt(n.view()))
    }
}
