//! Hexadecimal doubles: `float.hex` and `float.fromhex`.

use super::parse::{special, split_sign};
use super::repr;

/// `value.hex()`.
pub fn to_hex(value: f64) -> String {
    if !value.is_finite() {
        return repr(value);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let bits = value.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let exponent = (bits >> 52 & 0x7ff) as i32;
    match (exponent, mantissa) {
        (0, 0) => format!("{sign}0x0.0p+0"),
        (0, _) => format!("{sign}0x0.{mantissa:013x}p-1022"),
        _ => format!("{sign}0x1.{mantissa:013x}p{:+}", exponent - 1023),
    }
}

/// Why text is not a hexadecimal float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HexError {
    /// ValueError
    Invalid,
    /// OverflowError
    TooLarge,
}

impl HexError {
    /// The text of the exception.
    pub fn message(self) -> &'static str {
        match self {
            HexError::Invalid => "invalid hexadecimal floating-point string",
            HexError::TooLarge => "hexadecimal value too large to represent as a float",
        }
    }
}

/// `float.fromhex(text)`; white space around it is allowed.
pub fn from_hex(text: &[u8]) -> Result<f64, HexError> {
    let text = trim_space(text);
    let (negative, rest) = split_sign(text);
    let magnitude = match special(rest) {
        Some((value, len)) if len == rest.len() => value,
        Some(_) => return Err(HexError::Invalid),
        None => hex_magnitude(rest)?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

fn trim_space(text: &[u8]) -> &[u8] {
    let space = |c: &u8| matches!(c, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|c| !space(c)).unwrap_or(text.len());
    let end = text.iter().rposition(|c| !space(c)).map_or(start, |last| last + 1);
    &text[start..end]
}

fn hex_magnitude(text: &[u8]) -> Result<f64, HexError> {
    let text = match text {
        [b'0', b'x' | b'X', rest @ ..] => rest,
        rest => rest,
    };
    let (number, exponent) = match text.iter().position(|c| matches!(c, b'p' | b'P')) {
        Some(at) => (&text[..at], hex_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let point = number.iter().position(|&c| c == b'.');
    let fraction_len = point.map_or(0, |at| number.len() - at - 1);
    let mut digits = Vec::with_capacity(number.len());
    for (i, &c) in number.iter().enumerate() {
        if Some(i) != point {
            digits.push(char::from(c).to_digit(16).ok_or(HexError::Invalid)?);
        }
    }
    if digits.is_empty() {
        return Err(HexError::Invalid);
    }
    let Some(first) = digits.iter().position(|&d| d != 0) else {
        return Ok(0.0);
    };
    // 60 bits, and whether something follows them, decide the rounding.
    let digits = &digits[first..];
    let (head, tail) = digits.split_at(digits.len().min(15));
    let mantissa = head.iter().fold(0, |m: u64, &d| m << 4 | u64::from(d));
    let sticky = tail.iter().any(|&d| d != 0);
    let places = 4 * (tail.len() as i64 - fraction_len as i64);
    scale(mantissa, sticky, exponent.saturating_add(places))
}

fn hex_exponent(text: &[u8]) -> Result<i64, HexError> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(HexError::Invalid);
    }
    // Far beyond any exponent that can matter, but short of overflow.
    let clamp = |e: i64, &c: &u8| (e * 10 + i64::from(c - b'0')).min(1 << 58);
    let exponent = digits.iter().fold(0, clamp);
    Ok(if negative { -exponent } else { exponent })
}

/// `(mantissa + sticky) * 2**exponent` rounded half to even, for a mantissa of 1 to 60 bits.
fn scale(mantissa: u64, sticky: bool, exponent: i64) -> Result<f64, HexError> {
    let bits = i64::from(u64::BITS - mantissa.leading_zeros());
    let top = exponent.saturating_add(bits);
    if top > 1024 {
        return Err(HexError::TooLarge);
    }
    if top < -1074 {
        return Ok(0.0);
    }
    let lowest = (top - 53).max(-1074);
    let shift = lowest - exponent;
    let rounded = if shift <= 0 {
        mantissa << -shift
    } else {
        let half = 1 << (shift - 1);
        let (kept, rest) = (mantissa >> shift, mantissa & (half * 2 - 1));
        let up = rest > half || (rest == half && (sticky || kept & 1 == 1));
        kept + u64::from(up)
    };
    // A carry out of the mantissa moves into the exponent, as it should.
    let value = f64::from_bits((((lowest + 1074) as u64) << 52) + rounded);
    if value.is_finite() { Ok(value) } else { Err(HexError::TooLarge) }
}
