//! Integers to text, in any radix. The same job in CPython: `long_to_decimal_string_internal`,
//! `long_format_binary` and `int_to_decimal_string` of `Lib/_pylong.py`.

use super::big::{div_rem, to_big};
use super::div::div_small;
use super::{Digit, IntRef, SHIFT, trimmed};
use crate::text::digits::{DECIMAL, write_decimal, write_padded};
use num_bigint::BigUint;

/// The text would have more digits than the limit that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyTextDigits;

/// Digits from which splitting at powers of ten beats the quadratic method.
const BIG_TEXT: usize = 120;
/// Bits below which a part of a split number is converted by the quadratic method; more than the
/// square of the smallest power has.
const LEAF_BITS: u64 = 100 * SHIFT as u64;
/// The smallest power of ten to split at.
const LEAF_WIDTH: usize = 400;

const CHUNK: u32 = 1_000_000_000;
const CHUNK_DIGITS: usize = 9;

/// Decimal digits with a minus sign if need be. `limit` is the most digits allowed, 0 for no limit;
/// numbers that are clearly too long are refused before the work.
pub fn to_decimal(value: IntRef, limit: usize) -> Result<String, TooManyTextDigits> {
    // A bit is more than 0.301 decimal digits.
    let at_least = u128::from(value.bit_length().saturating_sub(1)) * 301 / 1000;
    if limit > 0 && at_least > limit as u128 {
        return Err(TooManyTextDigits);
    }
    let mut text = String::with_capacity(value.digits.len() * 10 + 2);
    if value.negative {
        text.push('-');
    }
    let sign = text.len();
    if let Some(small) = value.magnitude_u64() {
        push_word(&mut text, small);
    } else if value.digits.len() < BIG_TEXT {
        push_decimal(&mut text, value.digits, 0);
    } else {
        push_big(&mut text, to_big(value.digits));
    }
    if limit > 0 && text.len() - sign > limit {
        return Err(TooManyTextDigits);
    }
    Ok(text)
}

fn push_word(text: &mut String, value: u64) {
    let mut digits = [0; DECIMAL];
    let at = write_decimal(&mut digits, DECIMAL, value);
    push_ascii(text, &digits[at..]);
}

fn push_ascii(text: &mut String, digits: &[u8]) {
    text.push_str(str::from_utf8(digits).unwrap_or_default());
}

/// Pushes decimal digits, padded with zeros to `width`.
fn push_decimal(text: &mut String, digits: &[Digit], width: usize) {
    let mut chunks: Vec<u32> = Vec::with_capacity(digits.len() + digits.len() / 9 + 1);
    for &d in digits.iter().rev() {
        let mut carry = u64::from(d);
        for chunk in &mut chunks {
            carry += u64::from(*chunk) << SHIFT;
            *chunk = (carry % u64::from(CHUNK)) as u32;
            carry /= u64::from(CHUNK);
        }
        while carry != 0 {
            chunks.push((carry % u64::from(CHUNK)) as u32);
            carry /= u64::from(CHUNK);
        }
    }
    // The highest without zeros in front, unless they are asked for.
    let mut buffer = [0; DECIMAL];
    let highest = chunks.pop().unwrap_or(0);
    let at =
        if highest == 0 { DECIMAL } else { write_decimal(&mut buffer, DECIMAL, highest.into()) };
    let len = DECIMAL - at + chunks.len() * CHUNK_DIGITS;
    text.extend(std::iter::repeat_n('0', width.saturating_sub(len)));
    push_ascii(text, &buffer[at..]);
    for &chunk in chunks.iter().rev() {
        let at = write_padded(&mut buffer, DECIMAL, chunk.into(), CHUNK_DIGITS);
        push_ascii(text, &buffer[at..]);
    }
}

/// Splits at powers of ten that double in length.
fn push_big(text: &mut String, value: BigUint) {
    let mut width = LEAF_WIDTH;
    let mut powers = vec![(width, BigUint::from(10u32).pow(width as u32))];
    while let Some((_, power)) = powers.last()
        && power.bits() * 2 <= value.bits() + 1
    {
        let square = power * power;
        width *= 2;
        powers.push((width, square));
    }
    push_split(text, value, &powers, 0);
}

fn push_split(text: &mut String, value: BigUint, powers: &[(usize, BigUint)], width: usize) {
    let split = if value.bits() > LEAF_BITS { powers.split_last() } else { None };
    let Some(((low_width, power), smaller)) = split else {
        return push_decimal(text, &super::big::from_big(&value), width);
    };
    if value < *power {
        if width > *low_width {
            text.extend(std::iter::repeat_n('0', width - low_width));
        }
        return push_split(text, value, smaller, width.min(*low_width));
    }
    let (high, low) = div_rem(&value, power);
    push_split(text, high, smaller, width.saturating_sub(*low_width));
    push_split(text, low, smaller, *low_width);
}

/// Digits in a radix from 2 to 36, lower case, with a minus sign if need be and without a prefix.
pub fn to_radix(value: IntRef, radix: u32) -> String {
    debug_assert!((2..=36).contains(&radix));
    let mut reversed = if radix.is_power_of_two() {
        radix_by_bits(value, radix.trailing_zeros())
    } else if radix == 10 {
        return to_decimal(value, 0).unwrap_or_default();
    } else {
        radix_by_division(value.digits.to_vec(), radix)
    };
    if reversed.is_empty() {
        reversed.push(b'0');
    }
    if value.negative {
        reversed.push(b'-');
    }
    reversed.iter().rev().map(|&c| char::from(c)).collect()
}

fn symbol(digit: u32) -> u8 {
    b"0123456789abcdefghijklmnopqrstuvwxyz"[digit as usize]
}

fn radix_by_bits(value: IntRef, width: u32) -> Vec<u8> {
    let count = value.bit_length().div_ceil(u64::from(width)) as usize;
    let mut out = Vec::with_capacity(count + 1);
    let mut digits = value.digits.iter();
    let (mut pending, mut bits) = (0u64, 0);
    for _ in 0..count {
        if bits < width {
            pending |= digits.next().map_or(0, |&d| u64::from(d)) << bits;
            bits += SHIFT;
        }
        out.push(symbol(pending as u32 & ((1 << width) - 1)));
        pending >>= width;
        bits -= width;
    }
    out
}

fn radix_by_division(mut digits: Vec<Digit>, radix: u32) -> Vec<u8> {
    // As many symbols at a time as fit a digit.
    let (mut chunk, mut width) = (radix, 1);
    while chunk * radix < super::BASE {
        chunk *= radix;
        width += 1;
    }
    let mut out = Vec::new();
    while !digits.is_empty() {
        let mut rest = div_small(&mut digits, chunk);
        digits.truncate(trimmed(&digits));
        for _ in 0..width {
            out.push(symbol(rest % radix));
            rest /= radix;
        }
    }
    out.truncate(out.iter().rposition(|&c| c != b'0').map_or(0, |top| top + 1));
    out
}
