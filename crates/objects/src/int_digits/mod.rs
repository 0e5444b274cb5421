//! Integer arithmetic on sign and magnitude, without objects.
//!
//! A magnitude is a slice of 30-bit digits, least significant first: exactly what `ob_digit` of a
//! `PyLongObject` shows through the ABI, so an object's digits are used in place. Operations that
//! the object layer calls most write into a slice that it provides (`*_into`, with a `*_size`
//! function for the upper bound) and say how much of it is used; the others return an [`IntBuf`].
//! Past measured sizes the work is handed to `num-bigint` ([`big`]).
//!
//! The same job in CPython: `Objects/longobject.c` and `Lib/_pylong.py`.

mod add;
mod big;
mod bitwise;
mod bytes;
mod div;
mod float;
mod gcd;
mod mul;
mod parse;
mod power;
mod shift;
mod text;

pub use add::{add, add_into, add_size, sub, sub_into};
pub use bitwise::{BitOp, bitwise, bitwise_into, bitwise_size, invert};
pub use bytes::{BytesError, fits_bytes, from_bytes, to_bytes, to_low_bytes};
pub use div::{DivisionByZero, div_floor, div_mod, div_near, modulo};
pub use float::{FloatRange, TrueDivError, frexp, from_f64, to_f64, true_div};
pub use gcd::gcd;
pub use mul::{mul, mul_into, mul_size};
pub use parse::{ParseError, parse};
pub use power::{ModPowError, isqrt, mod_inverse, mod_pow, pow, word_mod_pow};
pub use shift::{shift_left, shift_left_into, shift_left_size, shift_right, shift_right_into};
pub use text::{TooManyTextDigits, to_decimal, to_radix};

use std::cmp::Ordering;

/// One 30-bit digit, as in `ob_digit`.
pub type Digit = u32;
/// Bits in a digit.
pub const SHIFT: u32 = 30;
/// One more than the greatest digit.
pub const BASE: u32 = 1 << SHIFT;
/// The greatest digit.
pub const MASK: u32 = BASE - 1;
/// The most digits an integer may have: the number of its bits fits an `int64_t`.
pub const MAX_DIGITS: usize = (i64::MAX as usize - 1) / SHIFT as usize;

/// The modulus of numeric hashes: 2**61 - 1.
pub const HASH_MODULUS: u64 = (1 << HASH_BITS) - 1;
/// The logarithm of [`HASH_MODULUS`] plus one.
pub const HASH_BITS: u32 = 61;

/// A borrowed integer. The top digit is not zero; zero has no digits and is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntRef<'a> {
    pub negative: bool,
    pub digits: &'a [Digit],
}

/// An integer in a buffer of its own, with the invariants of [`IntRef`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntBuf {
    pub negative: bool,
    pub digits: Vec<Digit>,
}

/// What a `*_into` operation left in its output slice: `out[..len]` is the magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub negative: bool,
    pub len: usize,
}

impl Placed {
    pub(super) fn new(negative: bool, len: usize) -> Self {
        Placed { negative: negative && len > 0, len }
    }
}

impl<'a> IntRef<'a> {
    pub const ZERO: IntRef<'static> = IntRef { negative: false, digits: &[] };

    /// Leaves out leading zero digits, and the sign of zero.
    pub fn new(negative: bool, digits: &'a [Digit]) -> Self {
        let digits = &digits[..trimmed(digits)];
        IntRef { negative: negative && !digits.is_empty(), digits }
    }

    pub fn is_zero(self) -> bool {
        self.digits.is_empty()
    }

    pub fn is_odd(self) -> bool {
        self.digits.first().is_some_and(|d| d & 1 == 1)
    }

    pub fn abs(self) -> IntRef<'a> {
        IntRef { negative: false, digits: self.digits }
    }

    pub fn negated(self) -> IntRef<'a> {
        IntRef::new(!self.negative, self.digits)
    }

    pub fn to_buf(self) -> IntBuf {
        IntBuf { negative: self.negative, digits: self.digits.to_vec() }
    }

    /// The number of bits of the magnitude. Digits are limited so that it fits.
    pub fn bit_length(self) -> u64 {
        bit_length(self.digits)
    }

    /// The number of one bits of the magnitude.
    pub fn bit_count(self) -> u64 {
        self.digits.iter().map(|d| u64::from(d.count_ones())).sum()
    }

    /// The number of zero bits below the lowest one bit; 0 for zero.
    pub fn trailing_zeros(self) -> u64 {
        match self.digits.iter().position(|&d| d != 0) {
            Some(at) => at as u64 * u64::from(SHIFT) + u64::from(self.digits[at].trailing_zeros()),
            None => 0,
        }
    }

    /// `None` if the magnitude needs more than 64 bits.
    pub fn magnitude_u64(self) -> Option<u64> {
        match *self.digits {
            [] => Some(0),
            [a] => Some(u64::from(a)),
            [a, b] => Some(u64::from(a) | u64::from(b) << SHIFT),
            [a, b, c] if c < 16 => {
                Some(u64::from(a) | u64::from(b) << SHIFT | u64::from(c) << (2 * SHIFT))
            }
            _ => None,
        }
    }

    /// `None` if the value is negative or needs more than 64 bits.
    pub fn to_u64(self) -> Option<u64> {
        if self.negative { None } else { self.magnitude_u64() }
    }

    /// `None` if the value does not fit.
    pub fn to_i64(self) -> Option<i64> {
        let magnitude = self.magnitude_u64()?;
        if self.negative {
            0i64.checked_sub_unsigned(magnitude)
        } else {
            i64::try_from(magnitude).ok()
        }
    }

    /// The low 64 bits of the two's complement, as `PyLong_AsUnsignedLongLongMask` gives them.
    pub fn wrapping_u64(self) -> u64 {
        let mut low = 0u64;
        for (i, &d) in self.digits.iter().take(3).enumerate() {
            low |= u64::from(d) << (i as u32 * SHIFT);
        }
        if self.negative { low.wrapping_neg() } else { low }
    }

    /// The numeric hash: the value modulo 2**61 - 1 with its sign, and never -1.
    pub fn hash(self) -> i64 {
        let residue = hash_residue(self.digits) as i64;
        match if self.negative { -residue } else { residue } {
            -1 => -2,
            hash => hash,
        }
    }
}

/// A magnitude modulo [`HASH_MODULUS`].
fn hash_residue(digits: &[Digit]) -> u64 {
    // 2**61 is 1 modulo the modulus, so multiplying by 2**30 is a rotation of 61 bits.
    digits.iter().rev().fold(0, |x: u64, &d| {
        let rotated = ((x << SHIFT) & HASH_MODULUS) | (x >> (HASH_BITS - SHIFT));
        let sum = rotated + u64::from(d);
        if sum >= HASH_MODULUS { sum - HASH_MODULUS } else { sum }
    })
}

impl Ord for IntRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => compare(self.digits, other.digits),
            (true, true) => compare(other.digits, self.digits),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for IntRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl IntBuf {
    /// Cuts leading zero digits off, and the sign of zero.
    pub fn new(negative: bool, mut digits: Vec<Digit>) -> Self {
        digits.truncate(trimmed(&digits));
        IntBuf { negative: negative && !digits.is_empty(), digits }
    }

    pub fn view(&self) -> IntRef<'_> {
        IntRef { negative: self.negative, digits: &self.digits }
    }

    pub(super) fn place(size: usize, write: impl FnOnce(&mut [Digit]) -> Placed) -> Self {
        let mut digits = vec![0; size];
        let placed = write(&mut digits);
        digits.truncate(placed.len);
        IntBuf { negative: placed.negative, digits }
    }
}

impl From<u64> for IntBuf {
    fn from(value: u64) -> Self {
        IntBuf::from(u128::from(value))
    }
}

impl From<i64> for IntBuf {
    fn from(value: i64) -> Self {
        IntBuf { negative: value < 0, digits: IntBuf::from(value.unsigned_abs()).digits }
    }
}

impl From<u128> for IntBuf {
    fn from(mut value: u128) -> Self {
        let mut digits = Vec::new();
        while value != 0 {
            digits.push(value as u32 & MASK);
            value >>= SHIFT;
        }
        IntBuf { negative: false, digits }
    }
}

impl From<i128> for IntBuf {
    fn from(value: i128) -> Self {
        IntBuf { negative: value < 0, digits: IntBuf::from(value.unsigned_abs()).digits }
    }
}

/// The length of a magnitude without its leading zero digits.
pub fn trimmed(digits: &[Digit]) -> usize {
    digits.iter().rposition(|&d| d != 0).map_or(0, |top| top + 1)
}

/// Compares two magnitudes without leading zeros.
pub fn compare(a: &[Digit], b: &[Digit]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

pub(crate) fn bit_length(digits: &[Digit]) -> u64 {
    match digits.last() {
        Some(top) => {
            (digits.len() as u64 - 1) * u64::from(SHIFT)
                + u64::from(u32::BITS - top.leading_zeros())
        }
        None => 0,
    }
}
