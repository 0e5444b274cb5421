//! Doubles as text and back: `repr`, the `e`, `f` and `g` formats, hexadecimal, parsing, rounding.
//!
//! `zmij` gives the shortest digits; Rust's own formatting exact, correctly rounded ones, and its
//! parser rounds correctly. This module gives them the shapes and the grammar that Python has: those of `repr` and
//! `format` here, hexadecimal ones in `hex`, what is a number in `parse`.
//! The same job in CPython: `Python/dtoa.c`, `Python/pystrtod.c`, `float_hex`, `double_round`.

mod hex;
mod parse;

use std::fmt::Write;

use crate::text::ShortText;
use crate::text::digits::Number;

pub use hex::{HexError, from_hex, to_hex};
pub use parse::{parse, parse_prefix};

use parse::split_sign;

/// Fractional or significant digits that a double can have at most, and a margin. More precision
/// than that only appends zeros (and `std` takes no more than 65535).
const MAX_EXACT_DIGITS: usize = 1100;

/// The reference refuses more, so that its buffers' sizes stay in range.
pub const MOST_PRECISION: usize = i32::MAX as usize - 1024;

/// What [`format`] does besides its format code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Write a plus sign.
    pub sign: bool,
    /// Add `.0` to what would look like an integer.
    pub add_dot_0: bool,
    /// Always write a point, and keep the trailing zeros of `g`.
    pub alternate: bool,
    /// Write a negative number that rounds to zero without its sign.
    pub no_negative_zero: bool,
}

/// `repr(value)`.
pub fn repr(value: f64) -> String {
    repr_short(value).into_string()
}

/// What [`repr_in`] writes into.
pub type ReprBuffer = zmij::Buffer;

/// `repr(value)`, if that is what `zmij` writes: of all numbers but for some small ones, and those that are none.
#[inline]
pub fn repr_in(buffer: &mut ReprBuffer, value: f64) -> Option<&str> {
    let magnitude = value.abs();
    // Those it writes without an exponent, or with one of a single digit.
    if (1e-10..1e-4).contains(&magnitude) || !value.is_finite() {
        return None;
    }
    let text = buffer.format_finite(value);
    // Of so many digits the last may be another one; see `prefer_even`.
    (text.len() < 15 || !ends_early(magnitude)).then_some(text)
}

/// `repr(value)`, without going to the heap.
pub fn repr_short(value: f64) -> ShortText {
    format_short(value, b'r', 0, Style { add_dot_0: true, ..Style::default() })
}

/// Formats as `PyOS_double_to_string` does: `code` is one of `r`, `e`, `f`, `g`, `E`, `F`, `G`;
/// the precision is of no meaning for `r`.
pub fn format(value: f64, code: u8, precision: usize, style: Style) -> String {
    format_short(value, code, precision, style).into_string()
}

/// As [`format`], on the heap only if it is long.
pub fn format_short(value: f64, code: u8, precision: usize, style: Style) -> ShortText {
    let mut out = ShortText::new();
    if !value.is_finite() {
        push_special(&mut out, value, style);
    } else {
        push_finite(&mut out, value, code.to_ascii_lowercase(), precision, style);
    }
    if code.is_ascii_uppercase() {
        out.make_ascii_uppercase();
    }
    out
}

fn push_special(out: &mut ShortText, value: f64, style: Style) {
    if value == f64::NEG_INFINITY {
        out.push('-');
    } else if style.sign {
        out.push('+');
    }
    out.push_str(if value.is_nan() { "nan" } else { "inf" });
}

fn push_finite(out: &mut ShortText, value: f64, code: u8, precision: usize, style: Style) {
    if value.is_sign_negative() {
        out.push('-');
    } else if style.sign {
        out.push('+');
    }
    let start = out.len();
    let magnitude = value.abs();
    match code {
        b'f' => {
            push_fixed(out, magnitude, precision);
            if precision == 0 && style.alternate {
                out.push('.');
            }
        }
        b'e' => {
            let decimal = Decimal::rounded(magnitude, precision.saturating_add(1));
            decimal.push_exponential(out, precision, style.alternate);
        }
        b'g' => {
            let precision = precision.max(1);
            let decimal = Decimal::rounded(magnitude, precision);
            let limit = precision as i64 - i64::from(style.add_dot_0);
            decimal.push_general(out, limit, precision, style);
        }
        _ => match repr_in(&mut ReprBuffer::new(), magnitude) {
            Some(text) if style.add_dot_0 && !style.alternate => out.push_str(text),
            Some(text) if !style.alternate => out.push_str(text.strip_suffix(".0").unwrap_or(text)),
            _ => Decimal::shortest(magnitude).push_general(out, 16, 0, style),
        },
    }
    if style.no_negative_zero && value.is_sign_negative() {
        let mantissa = out[start..].split('e').next().unwrap_or_default();
        if !mantissa.bytes().any(|c| (b'1'..=b'9').contains(&c)) {
            let digits = ShortText::from(&out[start..]);
            out.truncate(start - 1);
            if style.sign {
                out.push('+');
            }
            out.push_str(&digits);
        }
    }
}

/// Powers of ten that a double holds exactly, and few enough for the product below.
const POWERS: [u64; 16] = {
    let mut powers = [1; 16];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// A number as an integer over a power of ten.
struct Scaled {
    whole: u64,
    power: u64,
}

/// `magnitude * 10**places` rounded half to even, and that power; `None` if either is too great for this way.
fn scaled(magnitude: f64, places: usize) -> Option<Scaled> {
    let power = *POWERS.get(places)?;
    let bits = magnitude.to_bits();
    let biased = (bits >> 52) as i32;
    if biased == 0 {
        // Zero, or far less than half of the last place.
        return Some(Scaled { whole: 0, power });
    }
    // The value is `mantissa / 2**shift`.
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let shift = 1075 - biased;
    // Less than 2**103.
    let product = u128::from(mantissa) * u128::from(power);
    match shift {
        ..-10 => None,
        -10..=0 => {
            let whole = u64::try_from(product << -shift).ok()?;
            Some(Scaled { whole, power })
        }
        1..=104 => {
            let (whole, rest) = (product >> shift, product & ((1 << shift) - 1));
            let half = 1 << (shift - 1);
            let up = rest > half || (rest == half && whole & 1 == 1);
            let whole = u64::try_from(whole).ok()?.checked_add(u64::from(up))?;
            Some(Scaled { whole, power })
        }
        _ => Some(Scaled { whole: 0, power }),
    }
}

/// Puts a magnitude with so many digits behind its point in front of a text, and maybe a separator between thousands;
/// false if it takes another way.
#[inline]
pub fn push_fixed_short(
    number: &mut Number,
    magnitude: f64,
    places: usize,
    separator: Option<u8>,
) -> bool {
    let Some(Scaled { mut whole, power }) = scaled(magnitude, places) else {
        return false;
    };
    if places > 0 {
        number.push_padded(whole % power, places);
        number.push_front(b'.');
        whole /= power;
    }
    number.push_grouped(whole, separator);
    true
}

fn push_fixed(out: &mut ShortText, magnitude: f64, places: usize) {
    let mut number = Number::new();
    if push_fixed_short(&mut number, magnitude, places, None) {
        return out.push_str(str::from_utf8(number.as_bytes()).unwrap_or_default());
    }
    let exact = places.min(MAX_EXACT_DIGITS);
    // Writing to a text does not fail.
    let _ = write!(out, "{magnitude:.exact$}");
    out.push_zeros(places - exact);
}

/// Whether all digits of the value are few enough for it to lie in the middle of two texts of 17.
fn ends_early(magnitude: f64) -> bool {
    let bits = magnitude.to_bits();
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let odd = mantissa >> mantissa.trailing_zeros();
    // The value is `odd / 2**shift`: its digits are those of `odd * 5**shift`.
    let shift = 1075 - (bits >> 52) as i32 - mantissa.trailing_zeros() as i32;
    match u32::try_from(shift) {
        Ok(shift) => 5u64.checked_pow(shift).is_some_and(|power| power.checked_mul(odd).is_some()),
        Err(_) => magnitude < 1e18,
    }
}

/// `0.d1 d2 d3… * 10**point`, without trailing zeros but for the last digit.
struct Decimal {
    digits: ShortText,
    point: i64,
}

impl Decimal {
    fn shortest(magnitude: f64) -> Self {
        let mut buffer = ReprBuffer::new();
        let mut shortest = Decimal::from_text(buffer.format_finite(magnitude));
        shortest.prefer_even(magnitude);
        shortest
    }

    /// Of two shortest texts that are equally near, the one with an even last digit.
    fn prefer_even(&mut self, magnitude: f64) {
        let odd = self.digits.as_bytes().last().is_some_and(|digit| digit & 1 == 1);
        // Shorter ones are never in the middle of two that mean the same double.
        if self.digits.len() < 15 || !odd || !ends_early(magnitude) {
            return;
        }
        let even = Decimal::rounded(magnitude, self.digits.len());
        let mut text = ShortText::new();
        let _ = write!(text, "0.{}e{}", &*even.digits, even.point);
        if even.digits.len() == self.digits.len() && text.parse() == Ok(magnitude) {
            *self = even;
        }
    }

    /// Rounded to significant digits.
    fn rounded(magnitude: f64, digits: usize) -> Self {
        if let Some(decimal) = Decimal::scaled(magnitude, digits) {
            return decimal;
        }
        let places = digits.clamp(1, MAX_EXACT_DIGITS) - 1;
        let mut text = ShortText::new();
        let _ = write!(text, "{magnitude:.places$e}");
        Decimal::from_text(&text)
    }

    /// As `rounded`, of a number of usual size to a few digits: as an integer that has as many.
    fn scaled(magnitude: f64, digits: usize) -> Option<Self> {
        if !(1e-5..1e15).contains(&magnitude) || !(1..=15).contains(&digits) {
            return None;
        }
        // How many digits the whole part has, or less the zeros behind the point: one too low at most, for with one too
        // high the number would be rounded to a digit less.
        let mut point = match magnitude >= 1.0 {
            true => (magnitude as u64).ilog10() as i64 + 1,
            false => -((1.01 / magnitude) as u64).checked_ilog10().map_or(0, i64::from),
        };
        let (least, most) = (POWERS[digits - 1], POWERS[digits - 1] * 10);
        for _ in 0..2 {
            let places = usize::try_from(digits as i64 - point).ok()?;
            let whole = scaled(magnitude, places)?.whole;
            if whole < least {
                return None;
            } else if whole > most {
                point += 1;
            } else {
                let (whole, point) =
                    if whole == most { (least, point + 1) } else { (whole, point) };
                let mut text = ShortText::new();
                text.push_decimal(whole, 1);
                let significant = text.trim_end_matches('0').len().max(1);
                text.truncate(significant);
                return Some(Decimal { digits: text, point });
            }
        }
        None
    }

    /// From digits with or without a point and an exponent.
    fn from_text(text: &str) -> Self {
        let text = text.as_bytes();
        let mut end = text.len();
        let mut exponent = 0;
        // An exponent is short, and at the end.
        if let Some(at) = text.iter().rev().take(6).position(|&byte| byte == b'e') {
            end -= at + 1;
            exponent = exponent_of(&text[end + 1..]);
        }
        let mantissa = &text[..end];
        let whole = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(end);
        let zeros = mantissa.iter().take_while(|&&byte| matches!(byte, b'0' | b'.')).count();
        let trailing = mantissa.iter().rev().take_while(|&&byte| matches!(byte, b'0' | b'.'));
        let kept = end - trailing.count();
        let mut digits = ShortText::new();
        if zeros >= kept {
            digits.push_str("0");
            return Decimal { digits, point: 1 };
        }
        // Where the first digit that counts stands, from the point on.
        let point = if zeros > whole {
            whole as i64 - zeros as i64 + 1
        } else {
            whole as i64 - zeros as i64
        };
        if zeros < whole && whole < kept {
            digits.push_ascii(&mantissa[zeros..whole]);
            digits.push_ascii(&mantissa[whole + 1..kept]);
        } else {
            digits.push_ascii(&mantissa[zeros..kept]);
        }
        Decimal { digits, point: point + exponent }
    }

    /// One digit, a point and `places` digits; `places` may be fewer than there are only if the
    /// others are to be kept.
    fn push_exponential(&self, out: &mut ShortText, places: usize, alternate: bool) {
        out.push_str(&self.digits[..1]);
        let rest = &self.digits[1..];
        if !rest.is_empty() || places > 0 || alternate {
            out.push('.');
        }
        out.push_str(rest);
        out.push_zeros(places.saturating_sub(rest.len()));
        let exponent = self.point - 1;
        out.push_str(if exponent < 0 { "e-" } else { "e+" });
        out.push_decimal(exponent.unsigned_abs(), 2);
    }

    /// Positional unless the number is below 1e-4 or its point past `limit`. The alternate form
    /// keeps `precision` significant digits.
    fn push_general(&self, out: &mut ShortText, limit: i64, precision: usize, style: Style) {
        let kept = if style.alternate { precision } else { 0 };
        if self.point <= -4 || self.point > limit {
            return self.push_exponential(out, kept.saturating_sub(1), style.alternate);
        }
        let start = out.len();
        let mut significant = self.digits.len();
        if self.point <= 0 {
            out.push_str("0.");
            out.push_zeros(self.point.unsigned_abs() as usize);
            out.push_str(&self.digits);
        } else {
            let point = self.point as usize;
            let whole = &self.digits[..point.min(self.digits.len())];
            out.push_str(whole);
            out.push_zeros(point - whole.len());
            significant = significant.max(point);
            let fraction = &self.digits[whole.len()..];
            if !fraction.is_empty() || style.add_dot_0 || style.alternate {
                out.push('.');
            }
            out.push_str(fraction);
            if fraction.is_empty() && style.add_dot_0 && kept <= point {
                out.push('0');
            }
        }
        debug_assert!(out.len() > start);
        out.push_zeros(kept.saturating_sub(significant));
    }
}

/// The value of an exponent.
fn exponent_of(text: &[u8]) -> i64 {
    let (negative, digits) = split_sign(text);
    let value = digits.iter().fold(0, |value, &digit| value * 10 + i64::from(digit - b'0'));
    if negative { -value } else { value }
}

/// Why a double is no ratio of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatioError {
    /// OverflowError
    Infinity,
    /// ValueError
    NotANumber,
}

impl RatioError {
    /// The text of the exception.
    pub fn message(self) -> &'static str {
        match self {
            RatioError::Infinity => "cannot convert Infinity to integer ratio",
            RatioError::NotANumber => "cannot convert NaN to integer ratio",
        }
    }
}

/// The odd mantissa (0 for zero) and exponent with `mantissa * 2**exponent == abs(value)`: the
/// ratio is `mantissa << exponent` to 1, or `mantissa` to `1 << -exponent`.
pub fn integer_ratio(value: f64) -> Result<(u64, i32), RatioError> {
    if value.is_nan() {
        return Err(RatioError::NotANumber);
    }
    if value.is_infinite() {
        return Err(RatioError::Infinity);
    }
    let bits = value.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    if mantissa == 0 {
        return Ok((0, 0));
    }
    let zeros = mantissa.trailing_zeros();
    Ok((mantissa >> zeros, exponent + zeros as i32))
}

/// `round(value, places)`; `None` if the result is too great (OverflowError, "rounded value too
/// large to represent").
pub fn round(value: f64, places: i64) -> Option<f64> {
    if !value.is_finite() || places > 323 {
        return Some(value);
    }
    if places < -308 {
        return Some(0.0 * value);
    }
    let fast = usize::try_from(places).ok().and_then(|places| scaled(value.abs(), places));
    let magnitude =
        if let Some(Scaled { whole, power, .. }) = fast.filter(|fast| fast.whole < 1 << 53) {
            // Both are exact, so the quotient is the nearest double.
            whole as f64 / power as f64
        } else if places >= 0 {
            format!("{:.*}", places as usize, value.abs()).parse().unwrap_or(value.abs())
        } else {
            round_whole(value.abs(), -places)
        };
    (magnitude < f64::INFINITY).then(|| f64::copysign(magnitude, value))
}

/// Rounds to a multiple of `10**zeros`.
fn round_whole(magnitude: f64, zeros: i64) -> f64 {
    let exact = Decimal::rounded(magnitude, MAX_EXACT_DIGITS);
    let kept = exact.point - zeros;
    if kept < 0 || magnitude == 0.0 {
        return 0.0;
    }
    let text = if kept > 0 {
        format!("{magnitude:.*e}", kept as usize - 1)
    } else if &*exact.digits > "5" {
        // The next power of ten is nearer than zero; a tie goes to zero, which is even.
        format!("1e{zeros}")
    } else {
        return 0.0;
    };
    text.parse().unwrap_or(magnitude)
}
