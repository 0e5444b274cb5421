//! `int`: the object, its conversions, and the small ones that are always there.
//!
//! `arithmetic` and `power` compute; `methods`, `attributes` and `construct` are what Python sees; `bool` is the
//! subtype. Digits are those of
//! `int_digits`, in place. The same job as CPython's `Objects/longobject.c`.
//!
//! Invariants:
//! 1. `tag` is `digits << 3 | small << 2 | sign` with sign 0 positive, 1 zero, 2 negative; the top digit is not zero. `small` is
//!    set for the ints that exist once, so that C knows them.
//! 2. `tag >> 3` digits follow the tag (room for one at least).
//! 3. Once known to others an int never changes.

pub mod arithmetic;
mod attributes;
mod bool;
mod construct;
pub mod format;
mod methods;
pub mod power;
mod text;

use krait_abi as abi;
use num_bigint::{BigInt, BigUint, Sign};

use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Head, Instance, Owned};
use crate::int_digits::{self, Digit, IntBuf, IntRef, SHIFT};
use crate::raise;
use crate::thread::Thread;
use crate::typeobj::alloc::init_static_head;

pub use bool::{Bool, PyBool_Type};
pub use methods::{Int, PyLong_Type};
pub(crate) use text::{ascii_number, trim};
pub use text::{from_text_object, to_base, to_decimal};

const SIGN_ZERO: usize = 1;
const SIGN_NEGATIVE: usize = 2;
const SIGN_MASK: usize = 3;
const EXISTS_ONCE: usize = 4;
const DIGITS_SHIFT: u32 = 3;

/// The ints that exist once, as the reference has them.
const SMALL: std::ops::RangeInclusive<i64> = -5..=256;

const fn tag_of(negative: bool, digits: usize) -> usize {
    digits << DIGITS_SHIFT
        | match (digits, negative) {
            (0, _) => SIGN_ZERO,
            (_, true) => SIGN_NEGATIVE,
            (_, false) => 0,
        }
}

/// A static, immortal int of at most one digit.
const fn fixed(ty: *const abi::PyTypeObject, value: i64) -> Int {
    Int {
        head: Head::immortal(ty),
        tag: tag_of(value < 0, (value != 0) as usize),
        digits: [value.unsigned_abs() as Digit],
    }
}

static SMALL_INTS: [Int; 262] = {
    const ZERO: Int = fixed(PyLong_Type.as_ptr(), 0);
    let mut table = [ZERO; 262];
    let mut at = 0;
    while at < 262 {
        table[at] = fixed(PyLong_Type.as_ptr(), at as i64 - 5);
        table[at].tag |= EXISTS_ONCE;
        at += 1;
    }
    table
};

/// The static object of a value in `SMALL`.
#[inline(always)]
pub fn small(value: i64) -> Borrowed<'static, Int> {
    Borrowed::from_ref(&SMALL_INTS[(value + 5) as usize])
}

/// A reference to the object of a value in `SMALL`, which nobody counts.
#[inline(always)]
pub fn owned_small(value: i64) -> Owned<Int> {
    // SAFETY: static and immortal.
    unsafe { Owned::from_ptr(small(value).as_ptr()) }
}

/// Whether the value's object exists once.
#[inline(always)]
pub fn is_small(value: i64) -> bool {
    SMALL.contains(&value)
}

/// The address of `small(value)`.
///
/// # Safety
/// `is_small(value)`.
#[inline(always)]
pub unsafe fn small_ptr(value: i64) -> *mut abi::PyObject {
    // SAFETY: the caller's promise.
    unsafe { SMALL_INTS.as_ptr().offset(value as isize + 5).cast_mut().cast() }
}

/// Memory for an int of `digits` digits, with its head.
#[inline]
fn alloc(th: &Thread, digits: usize) -> PyResult<Owned<Int>> {
    // The header is followed by one digit at least, as C expects.
    let size = digits.max(1).checked_mul(size_of::<Digit>()).and_then(|size| size.checked_add(24));
    let block = match size {
        Some(size) => th.interp().heap.alloc_object(size, 0, Int::type_object().as_type_ptr()),
        None => std::ptr::null_mut(),
    };
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room for the head, the tag and the digits.
    unsafe {
        init_static_head(block.cast(), Int::type_object());
        Ok(Owned::from_ptr(block.cast()))
    }
}

/// A new int whose digits `fill` writes into a slice of `size`; it says sign and how many count.
pub(crate) fn build(
    th: &Thread,
    size: usize,
    fill: impl FnOnce(&mut [Digit]) -> int_digits::Placed,
) -> PyResult<Owned<Int>> {
    if size > int_digits::MAX_DIGITS {
        return Err(th.raise(exc::OVERFLOW_ERROR, "too many digits in integer"));
    }
    let int = alloc(th, size)?;
    // SAFETY: nobody else knows the object; its digits have room for `size`. Zeroed, so that the slice is initialised.
    let placed = unsafe {
        let digits = (&raw mut (*int.as_ptr().cast::<Int>()).digits).cast::<Digit>();
        digits.write_bytes(0, size.max(1));
        fill(std::slice::from_raw_parts_mut(digits, size))
    };
    // SAFETY: as above.
    unsafe {
        (&raw mut (*int.as_ptr().cast::<Int>()).tag).write(tag_of(placed.negative, placed.len))
    };
    let first = if placed.len == 0 { 0 } else { int.digit(0) };
    if placed.len <= 1 {
        let value = if placed.negative { -i64::from(first) } else { i64::from(first) };
        if SMALL.contains(&value) {
            return Ok(small(value).to_owned());
        }
    }
    Ok(int)
}

impl Int {
    #[inline(always)]
    fn digit(&self, at: usize) -> Digit {
        // SAFETY: (2).
        unsafe { *(&raw const self.digits).cast::<Digit>().add(at) }
    }

    /// Sign and magnitude, in place.
    #[inline(always)]
    pub fn view(&self) -> IntRef<'_> {
        // SAFETY: (2), (3).
        let digits = unsafe {
            std::slice::from_raw_parts(
                (&raw const self.digits).cast::<Digit>(),
                self.tag >> DIGITS_SHIFT,
            )
        };
        IntRef { negative: self.is_negative(), digits }
    }

    /// Whether it has at most one digit: `compact_value` is its value.
    #[inline(always)]
    pub fn is_compact(&self) -> bool {
        self.tag < 2 << DIGITS_SHIFT
    }

    /// The value of a compact int.
    #[inline(always)]
    pub fn compact_value(&self) -> i64 {
        (1 - (self.tag & SIGN_MASK) as i64) * i64::from(self.digits[0])
    }

    /// The value, if it has two digits.
    #[inline(always)]
    pub fn two_digits(&self) -> Option<i64> {
        if self.tag >> DIGITS_SHIFT != 2 {
            return None;
        }
        let magnitude = i64::from(self.digit(1)) << SHIFT | i64::from(self.digit(0));
        Some((1 - (self.tag & SIGN_MASK) as i64) * magnitude)
    }

    #[inline]
    pub fn from_i64(th: &Thread, value: i64) -> PyResult<Owned<Int>> {
        if SMALL.contains(&value) {
            return Ok(owned_small(value));
        }
        let magnitude = value.unsigned_abs();
        if magnitude <= u64::from(int_digits::MASK) {
            return Int::one_digit(th, value < 0, magnitude as Digit);
        }
        Int::from_magnitude(th, value < 0, magnitude)
    }

    /// An int of one digit that is not among the small ones.
    #[inline]
    fn one_digit(th: &Thread, negative: bool, digit: Digit) -> PyResult<Owned<Int>> {
        let mut block = th.interp().free_lists.ints.pop().cast::<u8>();
        if block.is_null() {
            let ty = Int::type_object().as_type_ptr();
            block = th.interp().heap.alloc_object(size_of::<Int>(), 0, ty);
            if block.is_null() {
                return Err(th.no_memory());
            }
        }
        // SAFETY: the block has room for the struct, and nobody else knows it.
        unsafe {
            init_static_head(block.cast(), Int::type_object());
            let raw = block.cast::<Int>();
            (&raw mut (*raw).tag).write(tag_of(negative, 1));
            (&raw mut (*raw).digits).write([digit]);
            Ok(Owned::from_ptr(block.cast()))
        }
    }

    #[inline]
    pub fn from_u64(th: &Thread, value: u64) -> PyResult<Owned<Int>> {
        if value <= *SMALL.end() as u64 {
            return Ok(owned_small(value as i64));
        }
        if value <= u64::from(int_digits::MASK) {
            return Int::one_digit(th, false, value as Digit);
        }
        Int::from_magnitude(th, false, value)
    }

    fn from_magnitude(th: &Thread, negative: bool, magnitude: u64) -> PyResult<Owned<Int>> {
        let mask = u64::from(int_digits::MASK);
        if magnitude >> (2 * SHIFT) == 0 && magnitude != 0 {
            return Int::from_two_digits(th, negative, magnitude);
        }
        let digits = [magnitude & mask, magnitude >> SHIFT & mask, magnitude >> (2 * SHIFT)]
            .map(|digit| digit as Digit);
        Int::from_digits(th, negative, &digits[..int_digits::trimmed(&digits)])
    }

    /// From a magnitude of one or two digits that is not among the small ones.
    #[inline]
    fn from_two_digits(th: &Thread, negative: bool, magnitude: u64) -> PyResult<Owned<Int>> {
        let high = (magnitude >> SHIFT) as Digit;
        let size = 1 + usize::from(high != 0);
        let int = alloc(th, size)?;
        // SAFETY: nobody else knows the object; it has room for `size` digits.
        unsafe {
            let raw = int.as_ptr().cast::<Int>();
            (&raw mut (*raw).tag).write(tag_of(negative, size));
            let digits = (&raw mut (*raw).digits).cast::<Digit>();
            digits.write((magnitude & u64::from(int_digits::MASK)) as Digit);
            if high != 0 {
                digits.add(1).write(high);
            }
        }
        Ok(int)
    }

    /// An int of up to five digits.
    #[inline]
    pub(crate) fn from_natural(th: &Thread, value: u128) -> PyResult<Owned<Int>> {
        if value >> (2 * SHIFT) == 0 {
            return Int::from_u64(th, value as u64);
        }
        let size = (u128::BITS - value.leading_zeros()).div_ceil(SHIFT) as usize;
        let int = alloc(th, size)?;
        // SAFETY: nobody else knows the object; it has room for `size` digits.
        unsafe {
            let raw = int.as_ptr().cast::<Int>();
            (&raw mut (*raw).tag).write(tag_of(false, size));
            let digits = (&raw mut (*raw).digits).cast::<Digit>();
            let mut rest = value;
            for at in 0..size {
                digits.add(at).write(rest as Digit & int_digits::MASK);
                rest >>= SHIFT;
            }
        }
        Ok(int)
    }

    /// From a magnitude without leading zeros.
    pub fn from_digits(th: &Thread, negative: bool, digits: &[Digit]) -> PyResult<Owned<Int>> {
        build(th, digits.len(), |out| {
            out.copy_from_slice(digits);
            int_digits::Placed { negative: negative && !digits.is_empty(), len: digits.len() }
        })
    }

    /// From a result of `int_digits`.
    pub fn from_buf(th: &Thread, value: &IntBuf) -> PyResult<Owned<Int>> {
        Int::from_digits(th, value.negative, &value.digits)
    }

    pub fn from_isize(th: &Thread, value: isize) -> PyResult<Owned<Int>> {
        Int::from_i64(th, value as i64)
    }

    pub fn from_usize(th: &Thread, value: usize) -> PyResult<Owned<Int>> {
        Int::from_u64(th, value as u64)
    }

    /// Towards zero; OverflowError for infinity, ValueError for NaN.
    pub fn from_f64(th: &Thread, value: f64) -> PyResult<Owned<Int>> {
        // Well within what fits.
        if value.abs() < (1u64 << 62) as f64 {
            return Int::from_i64(th, value as i64);
        }
        match int_digits::from_f64(value) {
            Some(int) => Int::from_buf(th, &int),
            None if value.is_nan() => {
                Err(th.raise(exc::VALUE_ERROR, "cannot convert float NaN to integer"))
            }
            None => Err(th.raise(exc::OVERFLOW_ERROR, "cannot convert float infinity to integer")),
        }
    }

    pub fn from_big(th: &Thread, value: &BigInt) -> PyResult<Owned<Int>> {
        let (sign, bytes) = value.to_bytes_le();
        let magnitude = int_digits::from_bytes(&bytes, true, false);
        Int::from_digits(th, sign == Sign::Minus, &magnitude.digits)
    }

    pub fn to_big(&self) -> BigInt {
        let view = self.view();
        let magnitude =
            view.digits.iter().rev().fold(BigUint::ZERO, |value, &digit| (value << SHIFT) + digit);
        BigInt::from_biguint(if view.negative { Sign::Minus } else { Sign::Plus }, magnitude)
    }

    /// `None` if it does not fit.
    #[inline]
    pub fn to_i64(&self) -> Option<i64> {
        if self.is_compact() { Some(self.compact_value()) } else { self.view().to_i64() }
    }

    /// `None` if it does not fit.
    pub fn to_u64(&self) -> Option<u64> {
        self.view().to_u64()
    }

    /// OverflowError if it does not fit.
    pub fn to_f64(&self, th: &Thread) -> PyResult<f64> {
        if self.is_compact() {
            return Ok(self.compact_value() as f64);
        }
        int_digits::to_f64(self.view())
            .map_err(|_| raise!(th, OVERFLOW_ERROR, "int too large to convert to float"))
    }

    #[inline(always)]
    pub fn is_negative(&self) -> bool {
        self.tag & SIGN_MASK == SIGN_NEGATIVE
    }

    #[inline(always)]
    pub fn is_zero(&self) -> bool {
        self.tag & SIGN_MASK == SIGN_ZERO
    }
}
