//! `longobject.h`, `boolobject.h`: integers.

use std::ffi::{c_char, c_int, c_long, c_longlong, c_ulong, c_ulonglong, c_void};

use krait_macros::capi;
use krait_objects::int;
use krait_objects::prelude::*;

use crate::support::*;

macro_rules! from {
    ($($name:ident $ty:ty, $make:ident $wide:tt;)*) => {$(
        #[capi(fast = (|value: $ty| from!(@small $wide, value)))]
        pub fn $name(th: &Thread, value: $ty) -> PyResult<Owned<Int>> {
            Int::$make(th, value as $wide)
        }
    )*};
    (@small i64, $value:ident) => {
        int::is_small($value as i64).then(|| int::owned_small($value as i64).into_ptr())
    };
    (@small $wide:ty, $value:ident) => {{
        let _ = $value;
        None
    }};
}

from! {
    PyLong_FromLong c_long, from_i64 i64;
    PyLong_FromLongLong c_longlong, from_i64 i64;
    PyLong_FromSsize_t isize, from_i64 i64;
    PyLong_FromInt32 i32, from_i64 i64;
    PyLong_FromInt64 i64, from_i64 i64;
    PyLong_FromUnsignedLong c_ulong, from_u64 u64;
    PyLong_FromUnsignedLongLong c_ulonglong, from_u64 u64;
    PyLong_FromSize_t usize, from_u64 u64;
    PyLong_FromUInt32 u32, from_u64 u64;
    PyLong_FromUInt64 u64, from_u64 u64;
    PyLong_FromVoidPtr *mut c_void, from_u64 u64;
    PyLong_FromDouble f64, from_f64 f64;
}

fn too_large(th: &Thread, what: &str) -> Raised {
    krait_objects::raise!(th, OVERFLOW_ERROR, "Python int too large to convert to C {what}")
}

/// The value of an int of one digit.
#[inline(always)]
pub fn one_digit(ob: Borrowed<'_>) -> Option<i64> {
    ob.downcast::<Int>().filter(|int| int.is_compact()).map(|int| int.compact_value())
}

fn signed(th: &Thread, ob: Borrowed<'_>, what: &str) -> PyResult<i64> {
    let value = match ob.downcast::<Int>() {
        Some(int) => int.to_i64(),
        None => number::index(th, ob)?.to_i64(),
    };
    value.ok_or_else(|| too_large(th, what))
}

/// The unsigned conversions take `int` only, not what has `__index__`.
#[inline(always)]
fn unsigned(th: &Thread, ob: Borrowed<'_>, negative: &str, large: &str) -> PyResult<u64> {
    match one_digit(ob) {
        Some(value) if value >= 0 => Ok(value as u64),
        _ => any_unsigned(th, ob, negative, large),
    }
}

fn any_unsigned(th: &Thread, ob: Borrowed<'_>, negative: &str, large: &str) -> PyResult<u64> {
    let Some(int) = ob.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
    };
    if int.is_negative() {
        return Err(th.raise(exc::OVERFLOW_ERROR, negative));
    }
    int.to_u64().ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, large))
}

/// The value of an int of one digit, from what C passed.
#[inline(always)]
unsafe fn digit_of(ob: Ptr) -> Option<i64> {
    // SAFETY: C passes a live object or NULL.
    let int = unsafe { some::<Int>(ob)? };
    int.is_compact().then(|| int.compact_value())
}

/// What fits into 64 bits, without a look at more than two digits.
#[inline(always)]
unsafe fn signed_at_once(ob: Ptr) -> Option<i64> {
    // SAFETY: C passes a live object or NULL.
    let int = unsafe { some::<Int>(ob)? };
    if int.is_compact() {
        return Some(int.compact_value());
    }
    int.two_digits()
}

#[inline(always)]
unsafe fn int_at_once(ob: Ptr) -> Option<c_int> {
    // SAFETY: C passes a live object or NULL.
    unsafe { c_int::try_from(digit_of(ob)?).ok() }
}

#[inline(always)]
unsafe fn unsigned_at_once(ob: Ptr) -> Option<u64> {
    // SAFETY: C passes a live object or NULL.
    unsafe { u64::try_from(digit_of(ob)?).ok() }
}

#[inline(always)]
unsafe fn size_at_once(ob: Ptr) -> Option<usize> {
    // SAFETY: C passes a live object or NULL.
    unsafe { usize::try_from(digit_of(ob)?).ok() }
}

#[inline(always)]
unsafe fn mask_at_once(ob: Ptr) -> Option<u64> {
    // SAFETY: C passes a live object or NULL.
    unsafe { digit_of(ob).map(|value| value as u64) }
}

#[inline(always)]
unsafe fn isize_at_once(ob: Ptr) -> Option<isize> {
    // SAFETY: C passes a live object or NULL.
    unsafe { digit_of(ob).map(|value| value as isize) }
}

#[inline(always)]
unsafe fn float_at_once(ob: Ptr) -> Option<f64> {
    // SAFETY: C passes a live object or NULL.
    unsafe { digit_of(ob).map(|value| value as f64) }
}

#[inline(always)]
unsafe fn in_range_at_once(ob: Ptr, overflow: *mut c_int) -> Option<i64> {
    // SAFETY: C passes a live object or NULL, and a writable place.
    unsafe {
        let value = digit_of(ob)?;
        *overflow = 0;
        Some(value)
    }
}

#[capi(fast = signed_at_once)]
pub fn PyLong_AsLong(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<c_long> {
    match ob.and_then(one_digit) {
        Some(value) => Ok(value),
        None => signed(th, given(th, ob)?, "long"),
    }
}

#[capi(fast = signed_at_once)]
pub fn PyLong_AsLongLong(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<c_longlong> {
    if let Some(value) = ob.and_then(one_digit) {
        return Ok(value);
    }
    let ob = given(th, ob)?;
    number::index(th, ob)?
        .to_i64()
        .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "int too big to convert"))
}

#[capi(fast = int_at_once)]
pub fn PyLong_AsInt(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<c_int> {
    let value = match ob.and_then(one_digit) {
        Some(value) => value,
        None => signed(th, given(th, ob)?, "int")?,
    };
    c_int::try_from(value).map_err(|_| too_large(th, "int"))
}

#[capi(fast = isize_at_once)]
pub fn PyLong_AsSsize_t(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<isize> {
    let ob = given(th, ob)?;
    let Some(int) = ob.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
    };
    int.to_i64().map(|value| value as isize).ok_or_else(|| too_large(th, "ssize_t"))
}

#[capi(fast = unsigned_at_once)]
pub fn PyLong_AsUnsignedLong(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<c_ulong> {
    let ob = given(th, ob)?;
    unsigned(
        th,
        ob,
        "can't convert negative value to unsigned int",
        "Python int too large to convert to C unsigned long",
    )
}

#[capi(fast = unsigned_at_once)]
pub fn PyLong_AsUnsignedLongLong(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<c_ulonglong> {
    let ob = given(th, ob)?;
    unsigned(th, ob, "can't convert negative int to unsigned", "int too big to convert")
}

#[capi(fast = size_at_once)]
pub fn PyLong_AsSize_t(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<usize> {
    let ob = given(th, ob)?;
    unsigned(
        th,
        ob,
        "can't convert negative value to size_t",
        "Python int too large to convert to C size_t",
    )
    .map(|value| value as usize)
}

#[capi(fast = float_at_once)]
pub fn PyLong_AsDouble(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<f64> {
    let ob = given(th, ob)?;
    match ob.downcast::<Int>() {
        Some(int) => int.to_f64(th),
        None => Err(th.raise(exc::TYPE_ERROR, "an integer is required")),
    }
}

#[capi]
pub fn PyLong_AsVoidPtr(th: &Thread, ob: Borrowed<'_>) -> PyResult<*mut c_void> {
    let Some(int) = ob.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
    };
    let bits = int.to_i64().map(|value| value as u64).or_else(|| int.to_u64());
    bits.map(|bits| bits as *mut c_void).ok_or_else(|| too_large(th, "long"))
}

/// The low bits, whatever the size.
#[inline]
pub fn low_bits(th: &Thread, ob: Borrowed<'_>) -> PyResult<u64> {
    match one_digit(ob) {
        Some(value) => Ok(value as u64),
        None => low_bits_of_any(th, ob),
    }
}

fn low_bits_of_any(th: &Thread, ob: Borrowed<'_>) -> PyResult<u64> {
    let int = number::index(th, ob)?;
    if let Some(value) = int.to_i64() {
        return Ok(value as u64);
    }
    let digits = int.to_big().to_signed_bytes_le();
    let fill = if int.is_negative() { 0xff } else { 0 };
    let byte = |at: usize| digits.get(at).copied().unwrap_or(fill);
    Ok(u64::from_le_bytes(std::array::from_fn(byte)))
}

#[capi(fast = mask_at_once)]
pub fn PyLong_AsUnsignedLongMask(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<c_ulong> {
    let ob = given(th, ob)?;
    low_bits(th, ob)
}

#[capi]
pub fn PyLong_AsUnsignedLongLongMask(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
) -> PyResult<c_ulonglong> {
    let ob = given(th, ob)?;
    low_bits(th, ob)
}

fn with_overflow(th: &Thread, ob: Option<Borrowed<'_>>, overflow: *mut c_int) -> PyResult<i64> {
    if let Some(value) = ob.and_then(one_digit) {
        // SAFETY: C passes a writable place.
        unsafe { *overflow = 0 };
        return Ok(value);
    }
    let int = ob.ok_or_else(|| th.bad_internal_call()).and_then(|ob| number::index(th, ob));
    let sign = match &int {
        Ok(int) if int.to_i64().is_none() => {
            if int.is_negative() {
                -1
            } else {
                1
            }
        }
        _ => 0,
    };
    // SAFETY: C passes a writable place.
    unsafe { *overflow = sign };
    Ok(int?.to_i64().unwrap_or(-1))
}

#[capi(fast = in_range_at_once)]
pub fn PyLong_AsLongAndOverflow(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    overflow: *mut c_int,
) -> PyResult<c_long> {
    with_overflow(th, ob, overflow)
}

#[capi(fast = in_range_at_once)]
pub fn PyLong_AsLongLongAndOverflow(
    th: &Thread,
    ob: Option<Borrowed<'_>>,
    overflow: *mut c_int,
) -> PyResult<c_longlong> {
    with_overflow(th, ob, overflow)
}

/// A few decimal digits and nothing else.
#[inline(always)]
unsafe fn digits_at_once(text: *const c_char, end: *mut *mut c_char, base: c_int) -> Option<Ptr> {
    if base != 10 || text.is_null() {
        return None;
    }
    let (mut value, mut len) = (0i64, 0);
    // SAFETY: C passes a string, which is read up to its NUL, and a writable place or NULL.
    unsafe {
        loop {
            match *text.add(len) as u8 {
                digit @ b'0'..=b'9' if len < 18 => value = value * 10 + i64::from(digit - b'0'),
                0 if len > 0 => break,
                _ => return None,
            }
            len += 1;
        }
        let number = Int::from_i64(Thread::attached(), value).ok()?;
        if let Some(end) = end.as_mut() {
            *end = text.cast_mut().add(len);
        }
        Some(number.into_ptr())
    }
}

/// As `int(text, base)`, which may stop before the end if C asks where.
#[capi(fast = digits_at_once)]
pub fn PyLong_FromString(
    th: &Thread,
    text: *const c_char,
    end: *mut *mut c_char,
    base: c_int,
) -> PyResult {
    let bytes = bytes_of(text);
    if base != 0 && !(2..=36).contains(&base) {
        return Err(th.raise(exc::VALUE_ERROR, "int() arg 2 must be >= 2 and <= 36"));
    }
    let shown = string(th, text)?;
    // Digits are those of ASCII here.
    if !bytes.is_ascii() {
        let (shown, base) = (object::repr(th, shown.object())?, if base == 0 { 10 } else { base });
        return Err(raise!(
            th,
            VALUE_ERROR,
            "invalid literal for int() with base {base}: {}",
            *shown
        ));
    }
    let number = call::call(
        th,
        Borrowed::from_ref(Int::type_object()).object(),
        &[shown.object(), Int::from_i64(th, base.into())?.object()],
    )?;
    if !end.is_null() {
        // SAFETY: C passes a writable place.
        unsafe { *end = text.cast_mut().add(bytes.len()) };
    }
    Ok(number)
}

#[capi]
pub fn PyBool_FromLong(value: c_long) -> Owned<Int> {
    // SAFETY: static and immortal.
    unsafe { Owned::from_ptr(bool_object(value != 0).as_ptr()) }
}
