//! Text to integers: what `int(text, base)` accepts, on ASCII that has been stripped.
//! The same job in CPython: `PyLong_FromString` and `_PyLong_FromString` helpers, and
//! `int_from_string` of `Lib/_pylong.py`.

use super::big::from_big;
use super::mul::mul_add_small;
use super::{Digit, IntBuf, MASK, SHIFT};
use num_bigint::BigUint;

/// Why text is not an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Not the grammar of integers in this base.
    Invalid,
    /// More digits than the limit given.
    TooManyDigits { count: usize },
}

/// Text digits from which splitting in halves beats the quadratic method.
const BIG_TEXT: usize = 2000;

/// Parses `[sign][prefix]digits`, where digits may be grouped by single underscores. `base` is 0
/// (look at the prefix) or 2 to 36; `limit` bounds the digits in bases that are not powers of
/// two, 0 for no limit.
pub fn parse(text: &[u8], base: u32, limit: usize) -> Result<IntBuf, ParseError> {
    debug_assert!(base == 0 || (2..=36).contains(&base));
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (found, digits) = prefix(rest, base);
    let (radix, must_be_zero) = match (base, found) {
        (0, None) => (10, digits.first() == Some(&b'0')),
        (0, Some(radix)) => (radix, false),
        (given, _) => (given, false),
    };
    if radix == 10
        && !must_be_zero
        && let Some(value) = few_decimals(digits)
    {
        return Ok(IntBuf::new(negative, value));
    }
    let values = digit_values(digits, radix, limit)?;
    if must_be_zero && values.iter().any(|&v| v != 0) {
        return Err(ParseError::Invalid);
    }
    let magnitude = if radix.is_power_of_two() {
        from_bits(&values, radix.trailing_zeros())
    } else if values.len() < BIG_TEXT {
        from_chunks(&values, radix)
    } else {
        from_big(&from_halves(&values, radix))
    };
    Ok(IntBuf::new(negative, magnitude))
}

/// The value of so few decimal digits that two machine words hold it. No limit is lower.
fn few_decimals(text: &[u8]) -> Option<Vec<Digit>> {
    if text.is_empty() || text.len() > 38 {
        return None;
    }
    let mut value = 0u128;
    for part in text.chunks(18) {
        let (mut low, mut power) = (0u64, 1u64);
        for &c in part {
            let digit = c.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            low = low * 10 + u64::from(digit);
            power *= 10;
        }
        value = value * u128::from(power) + u128::from(low);
    }
    let mut digits = Vec::with_capacity(5);
    while value != 0 {
        digits.push(value as Digit & MASK);
        value >>= SHIFT;
    }
    Some(digits)
}

/// Splits `0x`, `0o` or `0b` off if the base allows it, with the underscore that may follow.
fn prefix(text: &[u8], base: u32) -> (Option<u32>, &[u8]) {
    let &[b'0', letter, ref rest @ ..] = text else {
        return (None, text);
    };
    let radix = match letter | 0x20 {
        b'x' => 16,
        b'o' => 8,
        b'b' => 2,
        _ => return (None, text),
    };
    if base != 0 && base != radix {
        return (None, text);
    }
    (Some(radix), rest.strip_prefix(b"_").unwrap_or(rest))
}

/// The value of each letter or digit as a digit, in any base.
static VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut c = 0;
    while c < 256 {
        if let Some(value) = (c as u8 as char).to_digit(36) {
            values[c] = value as u8;
        }
        c += 1;
    }
    values
};

/// The values of the digits; refuses misplaced underscores and other characters.
fn digit_values(text: &[u8], radix: u32, limit: usize) -> Result<Vec<u8>, ParseError> {
    let mut underscores = 0;
    let mut after_digit = false;
    for &c in text {
        let digit = u32::from(VALUES[usize::from(c)]) < radix;
        if !digit && (c != b'_' || !after_digit) {
            return Err(ParseError::Invalid);
        }
        underscores += usize::from(!digit);
        after_digit = digit;
    }
    if !after_digit {
        return Err(ParseError::Invalid);
    }
    let count = text.len() - underscores;
    if limit > 0 && count > limit && !radix.is_power_of_two() {
        return Err(ParseError::TooManyDigits { count });
    }
    let digits = text.iter().filter(|&&c| c != b'_');
    Ok(digits.map(|&c| VALUES[usize::from(c)]).collect())
}

fn from_bits(values: &[u8], width: u32) -> Vec<Digit> {
    let mut digits = Vec::with_capacity(values.len() * width as usize / SHIFT as usize + 1);
    let (mut pending, mut bits) = (0u64, 0);
    for &value in values.iter().rev() {
        pending |= u64::from(value) << bits;
        bits += width;
        if bits >= SHIFT {
            digits.push(pending as u32 & MASK);
            pending >>= SHIFT;
            bits -= SHIFT;
        }
    }
    digits.push(pending as Digit);
    digits
}

fn from_chunks(values: &[u8], radix: u32) -> Vec<Digit> {
    let mut width = 1;
    while u64::from(radix).pow(width + 1) < 1 << 32 {
        width += 1;
    }
    let mut digits = Vec::with_capacity(values.len() * 6 / SHIFT as usize + 1);
    for chunk in values.chunks(width as usize) {
        let addend = chunk.iter().fold(0, |sum, &v| sum * radix + u32::from(v));
        mul_add_small(&mut digits, radix.pow(chunk.len() as u32), addend);
    }
    digits
}

fn from_halves(values: &[u8], radix: u32) -> BigUint {
    // Lengths at which the recursion below splits: powers are made once a level.
    let mut powers: Vec<(usize, BigUint)> = Vec::new();
    let mut width = BIG_TEXT / 2;
    let mut power = BigUint::from(radix).pow(width as u32);
    while width < values.len() {
        let square = if width * 2 < values.len() { &power * &power } else { BigUint::ZERO };
        powers.push((width, std::mem::replace(&mut power, square)));
        width *= 2;
    }
    join_halves(values, radix, &powers)
}

fn join_halves(values: &[u8], radix: u32, powers: &[(usize, BigUint)]) -> BigUint {
    let Some(((width, power), smaller)) = powers.split_last() else {
        return super::big::to_big(&from_chunks(values, radix));
    };
    if values.len() <= *width {
        return join_halves(values, radix, smaller);
    }
    let (high, low) = values.split_at(values.len() - width);
    join_halves(high, radix, smaller) * power + join_halves(low, radix, smaller)
}
