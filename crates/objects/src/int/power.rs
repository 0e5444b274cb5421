//! `pow` of ints.

use super::Int;
use crate::int_digits::{self, ModPowError};
use crate::prelude::*;

/// Digits up to which memory is there for sure, or the system ends the process anyway.
const SURE_DIGITS: usize = 1 << 20;

/// What a computation with big numbers keeps beside its result, at most, in sizes of the result.
const SCRATCH: usize = 8;

/// Whether a result of so many digits may be computed: OverflowError, MemoryError. The library that computes with big
/// numbers would end the process if it ran out of memory.
#[inline]
pub(super) fn allow(th: &Thread, digits: usize) -> PyResult<()> {
    if digits <= SURE_DIGITS { Ok(()) } else { allow_many(th, digits) }
}

#[cold]
fn allow_many(th: &Thread, digits: usize) -> PyResult<()> {
    if digits > int_digits::MAX_DIGITS {
        return Err(th.raise(exc::OVERFLOW_ERROR, "too many digits in integer"));
    }
    // Asked for and given back.
    let mut probe = Vec::<int_digits::Digit>::new();
    let wanted = digits.saturating_mul(SCRATCH);
    let bytes = wanted.saturating_mul(size_of::<int_digits::Digit>());
    if probe.try_reserve_exact(wanted).is_err() || !th.interp().heap.allows(bytes) {
        return Err(th.no_memory());
    }
    Ok(())
}

/// `base ** exp`: a float for negative exponents.
pub fn power(th: &Thread, base: &Int, exp: &Int) -> PyResult {
    if exp.is_negative() {
        return crate::float::arithmetic::power(th, base.to_f64(th)?, exp.to_f64(th)?);
    }
    if base.is_compact() && exp.is_compact() {
        if let Some(value) = base.compact_value().checked_pow(exp.compact_value() as u32) {
            return Int::from_i64(th, value).map(Owned::into_object);
        }
    }
    let result = int_digits::pow(base.view(), exp.view(), |digits| allow(th, digits))?;
    Int::from_buf(th, &result).map(Owned::into_object)
}

/// `base ** exp` of machine numbers.
pub(super) fn power_of(th: &Thread, base: i64, exp: u64) -> PyResult<Owned<Int>> {
    let (base, exp) = (int_digits::IntBuf::from(base), int_digits::IntBuf::from(exp));
    let result = int_digits::pow(base.view(), exp.view(), |digits| allow(th, digits))?;
    Int::from_buf(th, &result)
}

/// `pow(base, exp, modulus)`.
pub fn modular(th: &Thread, base: &Int, exp: &Int, modulus: &Int) -> PyResult<Owned<Int>> {
    // Numbers of a word need no memory but the result's.
    if let (Some(base), Some(word)) = (base.to_i64(), modulus.to_i64())
        && word > 0
        && !exp.is_negative()
    {
        let base = base.rem_euclid(word) as u64;
        let result = int_digits::word_mod_pow(base, exp.view().digits, word as u64);
        return Int::from_u64(th, result);
    }
    // Every intermediate product is reduced.
    allow(th, 2 * modulus.view().digits.len())?;
    match int_digits::mod_pow(base.view(), exp.view(), modulus.view()) {
        Ok(result) => Int::from_buf(th, &result),
        Err(error @ (ModPowError::ZeroModulus | ModPowError::NotInvertible)) => {
            Err(th.raise(exc::VALUE_ERROR, error.message()))
        }
    }
}
