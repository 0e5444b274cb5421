//! Powers, modular powers and inverses, integer square roots.
//! The same job in CPython: `long_pow`, `long_invmod` and `math.isqrt`.
//!
//! A power can take long and become large, so [`pow`] asks its caller before every step: that is
//! where signals, time limits and memory limits are looked at.

use super::big::{from_big, to_big};
use super::div::div_rem_magnitudes;
use super::{Digit, IntBuf, IntRef, SHIFT, modulo, mul, shift_left, sub};

/// Why a modular power does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModPowError {
    ZeroModulus,
    NotInvertible,
}

impl ModPowError {
    /// The text of the ValueError.
    pub fn message(self) -> &'static str {
        match self {
            ModPowError::ZeroModulus => "pow() 3rd argument cannot be 0",
            ModPowError::NotInvertible => "base is not invertible for the given modulus",
        }
    }
}

/// `base ** exponent` for an exponent that is not negative. `step` is told how many digits the
/// next product may have, and can stop the computation; it must if they are more than an integer
/// can have, or than there is memory for.
pub fn pow<E>(
    base: IntRef,
    exponent: IntRef,
    mut step: impl FnMut(usize) -> Result<(), E>,
) -> Result<IntBuf, E> {
    let negative = base.negative && exponent.is_odd();
    if exponent.is_zero() {
        return Ok(IntBuf::from(1u64));
    }
    if base.is_zero() || *base.digits == [1] {
        return Ok(IntBuf::new(negative, base.digits.to_vec()));
    }
    // Powers of two are only shifted.
    let zeros = base.trailing_zeros();
    let odd = super::shift_right(base.abs(), zeros);
    let shift = u128::from(zeros) * exponent.magnitude_u64().map_or(u128::MAX >> 64, u128::from);
    let shift = u64::try_from(shift).unwrap_or(u64::MAX);
    step(usize::try_from(shift / u64::from(SHIFT)).unwrap_or(usize::MAX))?;
    let mut result = if odd.digits == [1] { odd } else { odd_power(&odd, exponent, &mut step)? };
    if shift > 0 {
        match shift_left(result.view(), shift) {
            Some(shifted) => result = shifted,
            None => step(usize::MAX)?,
        }
    }
    result.negative = negative;
    Ok(result)
}

fn odd_power<E>(
    base: &IntBuf,
    exponent: IntRef,
    step: &mut impl FnMut(usize) -> Result<(), E>,
) -> Result<IntBuf, E> {
    let mut result = base.clone();
    for bit in (0..exponent.bit_length() - 1).rev() {
        step(result.digits.len().saturating_mul(2))?;
        result = mul(result.view(), result.view());
        if test_bit(exponent.digits, bit) {
            step(result.digits.len().saturating_add(base.digits.len()))?;
            result = mul(result.view(), base.view());
        }
    }
    Ok(result)
}

fn test_bit(digits: &[Digit], bit: u64) -> bool {
    let at = (bit / u64::from(SHIFT)) as usize;
    digits[at] >> (bit % u64::from(SHIFT)) & 1 == 1
}

/// `pow(base, exponent, modulus)`, with the sign of the modulus.
pub fn mod_pow(base: IntRef, exponent: IntRef, modulus: IntRef) -> Result<IntBuf, ModPowError> {
    if modulus.is_zero() {
        return Err(ModPowError::ZeroModulus);
    }
    let positive = modulus.abs();
    if *positive.digits == [1] {
        return Ok(IntBuf::default());
    }
    let base = if exponent.negative {
        mod_inverse(base, positive)?
    } else {
        modulo(base, positive).unwrap_or_default()
    };
    let result = match positive.magnitude_u64() {
        Some(m) => {
            let base = base.view().magnitude_u64().unwrap_or(0);
            IntBuf::from(word_mod_pow(base, exponent.digits, m))
        }
        None => {
            let power =
                to_big(&base.digits).modpow(&to_big(exponent.digits), &to_big(positive.digits));
            IntBuf::new(false, from_big(&power))
        }
    };
    if modulus.negative && !result.digits.is_empty() {
        return Ok(sub(result.view(), positive));
    }
    Ok(result)
}

/// `base` to the power of an exponent of these digits, modulo a word that is not zero; `base` is less than it.
pub fn word_mod_pow(base: u64, exponent: &[Digit], modulus: u64) -> u64 {
    let step = |result: u64, factor: u64| match u32::try_from(modulus) {
        // Dividing one word is much faster than dividing two.
        Ok(_) => result * factor % modulus,
        Err(_) => (u128::from(result) * u128::from(factor) % u128::from(modulus)) as u64,
    };
    let mut result = 1 % modulus;
    for bit in (0..super::bit_length(exponent)).rev() {
        result = step(result, result);
        if test_bit(exponent, bit) {
            result = step(result, base);
        }
    }
    result
}

/// The inverse of `a` modulo `modulus > 0`, between 0 and the modulus.
pub fn mod_inverse(a: IntRef, modulus: IntRef) -> Result<IntBuf, ModPowError> {
    let Ok(start) = modulo(a, modulus) else {
        return Err(ModPowError::ZeroModulus);
    };
    // Euclid's algorithm; `value == factor * a` modulo the modulus holds for both pairs.
    let (mut value, mut factor) = (start, IntBuf::from(1u64));
    let (mut next, mut next_factor) = (modulus.to_buf(), IntBuf::default());
    while !next.digits.is_empty() {
        let (quotient, rest) = div_rem_magnitudes(&value.digits, &next.digits);
        let quotient = IntBuf::new(false, quotient);
        let rest_factor = sub(factor.view(), mul(quotient.view(), next_factor.view()).view());
        (value, factor) = (next, next_factor);
        (next, next_factor) = (IntBuf::new(false, rest), rest_factor);
    }
    if value.digits != [1] {
        return Err(ModPowError::NotInvertible);
    }
    Ok(modulo(factor.view(), modulus).unwrap_or_default())
}

/// The integer part of the square root of `n >= 0`.
pub fn isqrt(n: IntRef) -> IntBuf {
    match n.magnitude_u64() {
        Some(n) => IntBuf::from(n.isqrt()),
        None => IntBuf::new(false, from_big(&to_big(n.digits).sqrt())),
    }
}
