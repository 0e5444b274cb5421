//! `pow` of ints.

use super::Int;
use crate::int_digits::{self, ModPowError};
use crate::prelude::*;

/// Digits up to which memory is there for sure, or the system ends the process anyway.
const SURE_DIGITS: usize = 1 << 20;

/// Whether a product of so many digits may be computed.
fn allow(th: &Thread, digits: usize) -> PyResult<()> {
    if digits > int_digits::MAX_DIGITS {
        return Err(th.raise(exc::OVERFLOW_ERROR, "too many digits in integer"));
    }
    if digits <= SURE_DIGITS {
        return Ok(());
    }
    // The product and a copy of it; asked for and given back.
    let mut probe = Vec::<int_digits::Digit>::new();
    let bytes = digits.saturating_mul(2 * size_of::<int_digits::Digit>());
    if probe.try_reserve_exact(digits.saturating_mul(2)).is_err() || !th.interp().heap.allows(bytes)
    {
        return Err(th.no_memory());
    }
    Ok(())
}

/// `base ** exp`: a float for negative exponents.
pub fn power(th: &Thread, base: &Int, exp: &Int) -> PyResult {
    if exp.is_negative() {
        return crate::float::arithmetic::power(th, base.to_f64(th)?, exp.to_f64(th)?);
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
    match int_digits::mod_pow(base.view(), exp.view(), modulus.view()) {
        Ok(result) => Int::from_buf(th, &result),
        Err(error @ (ModPowError::ZeroModulus | ModPowError::NotInvertible)) => {
            Err(th.raise(exc::VALUE_ERROR, error.message()))
        }
    }
}
