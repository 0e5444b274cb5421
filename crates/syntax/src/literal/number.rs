//! Numeric literals to values. The lexer has checked their form already.

use crate::ast::{Constant, IntLiteral};
use bumpalo::Bump;

/// Why a literal has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// A decimal integer with this many digits, more than allowed.
    TooManyDigits(usize),
    Malformed,
}

/// The value of `text`. Decimal integers may have `max_digits` digits (0: any number).
pub(crate) fn number<'a>(
    arena: &'a Bump,
    text: &str,
    max_digits: usize,
) -> Result<Constant<'a>, NumberError> {
    let cleaned;
    let text = if text.contains('_') {
        cleaned = text.replace('_', "");
        cleaned.as_str()
    } else {
        text
    };
    // Most numbers are small.
    if let Ok(value) = text.parse() {
        return Ok(Constant::Int(IntLiteral::Small(value)));
    }
    let bytes = text.as_bytes();
    if let [b'0', radix, digits @ ..] = bytes {
        match radix {
            b'x' | b'X' => return Ok(power_of_two_radix(arena, digits, 4)),
            b'o' | b'O' => return Ok(power_of_two_radix(arena, digits, 3)),
            b'b' | b'B' => return Ok(power_of_two_radix(arena, digits, 1)),
            _ => {}
        }
    }
    if let [mantissa @ .., b'j' | b'J'] = bytes {
        return float(&text[..mantissa.len()]).map(|imag| Constant::Complex { real: 0.0, imag });
    }
    if bytes.iter().all(u8::is_ascii_digit) {
        return decimal(arena, text, max_digits);
    }
    float(text).map(Constant::Float)
}

fn float(text: &str) -> Result<f64, NumberError> {
    text.parse().map_err(|_| NumberError::Malformed)
}

/// An integer of more than 64 bits.
fn decimal<'a>(
    arena: &'a Bump,
    text: &str,
    max_digits: usize,
) -> Result<Constant<'a>, NumberError> {
    if max_digits > 0 && text.len() > max_digits {
        return Err(NumberError::TooManyDigits(text.len()));
    }
    let mut limbs: Vec<u32> = Vec::with_capacity(text.len() / 9 + 1);
    for group in text.as_bytes().chunks(9) {
        let mut carry = group.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
        let scale = 10u64.pow(group.len() as u32);
        for limb in &mut limbs {
            let value = u64::from(*limb) * scale + carry;
            *limb = value as u32;
            carry = value >> 32;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    Ok(from_limbs(arena, limbs))
}

/// Digits of `bits` bits each.
fn power_of_two_radix<'a>(arena: &'a Bump, digits: &[u8], bits: u32) -> Constant<'a> {
    let digit_value = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or(0);
    if digits.len() <= (u64::BITS / bits) as usize {
        let value =
            digits.iter().fold(0, |value, digit| value << bits | u64::from(digit_value(digit)));
        return Constant::Int(IntLiteral::Small(value));
    }
    let mut limbs = Vec::with_capacity(digits.len() * bits as usize / 32 + 1);
    let mut pending = 0u64;
    let mut filled = 0;
    for digit in digits.iter().rev() {
        pending |= u64::from(digit_value(digit)) << filled;
        filled += bits;
        if filled >= 32 {
            limbs.push(pending as u32);
            pending >>= 32;
            filled -= 32;
        }
    }
    limbs.push(pending as u32);
    from_limbs(arena, limbs)
}

fn from_limbs(arena: &Bump, mut limbs: Vec<u32>) -> Constant<'_> {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    let int = match limbs[..] {
        [] => IntLiteral::Small(0),
        [low] => IntLiteral::Small(low.into()),
        [low, high] => IntLiteral::Small(u64::from(high) << 32 | u64::from(low)),
        _ => IntLiteral::Big(arena.alloc_slice_copy(&limbs)),
    };
    Constant::Int(int)
}
