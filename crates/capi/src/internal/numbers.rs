//! `internal/pycore_long.h`, `pycore_complexobject.h`, `pycore_floatobject.h`: arithmetic and converters of arguments.
//!
//! SAFETY, throughout: C passes live objects and writable places.

use std::ffi::{c_int, c_void};

use krait_abi::Py_complex;
use krait_macros::capi;
use krait_objects::int::arithmetic;
use krait_objects::int_digits::BitOp;
use krait_objects::prelude::*;

use crate::support::*;

macro_rules! binary {
    ($($name:ident $function:ident;)*) => {$(
        #[capi]
        pub fn $name(
            th: &Thread,
            left: Borrowed<'_, Int>,
            right: Borrowed<'_, Int>,
        ) -> PyResult<Owned<Int>> {
            arithmetic::$function(th, &left, &right)
        }
    )*};
}

binary! {
    _PyLong_Add add;
    _PyLong_Subtract subtract;
    _PyLong_Multiply multiply;
}

#[capi]
pub fn _PyLong_Lshift(th: &Thread, int: Borrowed<'_, Int>, count: i64) -> PyResult<Owned<Int>> {
    arithmetic::shift_left(th, &int, &*Int::from_i64(th, count)?)
}

#[capi]
pub fn _PyLong_Rshift(th: &Thread, int: Borrowed<'_, Int>, count: i64) -> PyResult<Owned<Int>> {
    arithmetic::shift_right(th, &int, &*Int::from_i64(th, count)?)
}

/// Quotient, rounded half to even, and remainder.
#[capi]
pub fn _PyLong_DivmodNear(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult<Owned<Tuple>> {
    let (Some(left), Some(right)) = (left.downcast::<Int>(), right.downcast::<Int>()) else {
        return Err(th.raise(exc::TYPE_ERROR, "non-integer arguments in division"));
    };
    let quotient = arithmetic::floor_divide(th, &left, &right)?;
    let rest = arithmetic::remainder(th, &left, &right)?;
    // Both have the divisor's sign: more than half of it, or half of it behind an odd quotient.
    let twice = arithmetic::add(th, &rest, &rest)?;
    let order = twice.view().abs().cmp(&right.view().abs());
    let is_more = order.is_gt() || order.is_eq() && quotient.view().is_odd();
    let pair = if is_more {
        let one = Int::from_i64(th, 1)?;
        [arithmetic::add(th, &quotient, &one)?, arithmetic::subtract(th, &rest, &right)?]
    } else {
        [quotient, rest]
    };
    Tuple::from_slice(th, &[pair[0].object(), pair[1].object()])
}

#[capi]
pub fn _PyLong_Format(th: &Thread, ob: Borrowed<'_, Int>, base: c_int) -> PyResult<Owned<Str>> {
    match base {
        10 => krait_objects::int::to_decimal(th, &ob),
        2 | 8 | 16 => krait_objects::int::to_base(th, &ob, base as u32),
        _ => Err(th.bad_internal_call()),
    }
}

/// The value as a fraction of at least a half and less than one, and the power of two it is to be multiplied with.
#[capi]
pub fn _PyLong_Frexp(th: &Thread, int: Borrowed<'_, Int>, place: *mut i64) -> PyResult<f64> {
    // So many bits fit into a float's range, far more than into its fraction.
    const MOST: u64 = 1000;
    let bits = int.view().bit_length();
    let mut short = int.to_owned();
    let dropped = bits.saturating_sub(MOST);
    if dropped > 0 {
        let count = Int::from_u64(th, dropped)?;
        short = arithmetic::shift_right(th, &int, &count)?;
        // What was dropped counts where it decides how to round.
        let back = arithmetic::shift_left(th, &short, &count)?;
        if back.view() != int.view() {
            short = arithmetic::bitwise(th, BitOp::Or, &short, &*Int::from_i64(th, 1)?)?;
        }
    }
    let value = short.to_f64(th)?;
    let (fraction, exponent) = if value == 0.0 {
        (0.0, 0)
    } else {
        const EXPONENT: u64 = 0x7ff << 52;
        let shown = value.to_bits();
        let fraction = f64::from_bits(shown & !EXPONENT | 1022 << 52);
        (fraction, ((shown & EXPONENT) >> 52) as i64 - 1022 + dropped as i64)
    };
    // SAFETY: see the top of the file.
    unsafe { *place = exponent };
    Ok(fraction)
}

macro_rules! converters {
    ($($name:ident $ty:ty, $shown:literal;)*) => {$(
        #[capi(error = 0)]
        pub fn $name(th: &Thread, ob: Borrowed<'_>, place: *mut c_void) -> PyResult<c_int> {
            let int = number::index(th, ob)?;
            if int.is_negative() {
                return Err(th.raise(exc::VALUE_ERROR, "Cannot convert negative int"));
            }
            let Some(value) = int.to_u64().and_then(|value| <$ty>::try_from(value).ok()) else {
                let message = concat!("Python int too large for C ", $shown);
                return Err(th.raise(exc::OVERFLOW_ERROR, message));
            };
            // SAFETY: see the top of the file.
            unsafe { *place.cast::<$ty>() = value };
            Ok(1)
        }
    )*};
}

converters! {
    _PyLong_UInt8_Converter u8, "uint8_t";
    _PyLong_UInt16_Converter u16, "uint16_t";
    _PyLong_UInt32_Converter u32, "uint32_t";
    _PyLong_UInt64_Converter u64, "uint64_t";
}

#[capi(error = 0)]
pub fn _PyLong_FileDescriptor_Converter(
    th: &Thread,
    ob: Borrowed<'_>,
    place: *mut c_void,
) -> PyResult<c_int> {
    // SAFETY: see the top of the file.
    unsafe {
        let descriptor = crate::object::PyObject_AsFileDescriptor(ob.as_ptr());
        if descriptor == -1 {
            return Err(th.raised_by_c());
        }
        *place.cast::<c_int>() = descriptor;
    }
    Ok(1)
}

/// An account's number, or -1 for none.
fn account(th: &Thread, ob: Borrowed<'_>, kind: &str) -> PyResult<u32> {
    if !number::is_index(ob) {
        let name = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "{kind} should be integer, not {name}"));
    }
    let int = number::index(th, ob)?;
    let limit = match int.to_i64() {
        Some(-1) => return Ok(u32::MAX),
        Some(value) => match u32::try_from(value) {
            Ok(value) if value != u32::MAX => return Ok(value),
            _ if value < 0 => "less than minimum",
            _ => "greater than maximum",
        },
        None if int.is_negative() => "less than minimum",
        None => "greater than maximum",
    };
    Err(raise!(th, OVERFLOW_ERROR, "{kind} is {limit}"))
}

macro_rules! accounts {
    ($($name:ident $kind:literal;)*) => {$(
        #[capi(error = 0)]
        pub fn $name(th: &Thread, ob: Borrowed<'_>, place: *mut u32) -> PyResult<c_int> {
            let number = account(th, ob, $kind)?;
            // SAFETY: see the top of the file.
            unsafe { *place = number };
            Ok(1)
        }
    )*};
}

accounts! {
    _Py_Uid_Converter "uid";
    _Py_Gid_Converter "gid";
}

#[capi]
pub fn _PyLong_FromGid(th: &Thread, gid: u32) -> PyResult<Owned<Int>> {
    Int::from_i64(th, if gid == u32::MAX { -1 } else { gid.into() })
}

macro_rules! exact_dealloc {
    ($($name:ident)*) => {$(
        /// Frees an object without references whose class has no say in it.
        #[capi]
        pub fn $name(ob: Ptr) {
            // SAFETY: see the top of the file.
            unsafe {
                if let Some(dealloc) = (*(*ob).ob_type).tp_dealloc {
                    dealloc(ob);
                }
            }
        }
    )*};
}

exact_dealloc! { _PyLong_ExactDealloc _PyFloat_ExactDealloc _PyUnicode_ExactDealloc }

fn domain_error() -> Py_complex {
    // SAFETY: this thread's own.
    unsafe { *libc::__errno_location() = libc::EDOM };
    Py_complex { real: 0.0, imag: 0.0 }
}

#[capi]
pub fn _Py_cr_sum(a: Py_complex, b: f64) -> Py_complex {
    Py_complex { real: a.real + b, imag: a.imag }
}

#[capi]
pub fn _Py_cr_diff(a: Py_complex, b: f64) -> Py_complex {
    Py_complex { real: a.real - b, imag: a.imag }
}

#[capi]
pub fn _Py_rc_diff(a: f64, b: Py_complex) -> Py_complex {
    Py_complex { real: a - b.real, imag: -b.imag }
}

#[capi]
pub fn _Py_cr_prod(a: Py_complex, b: f64) -> Py_complex {
    Py_complex { real: a.real * b, imag: a.imag * b }
}

#[capi]
pub fn _Py_cr_quot(a: Py_complex, b: f64) -> Py_complex {
    if b == 0.0 {
        return domain_error();
    }
    Py_complex { real: a.real / b, imag: a.imag / b }
}

/// By the larger part of the divisor, so that nothing overflows on the way.
#[capi]
pub fn _Py_rc_quot(a: f64, b: Py_complex) -> Py_complex {
    match krait_objects::complex::arithmetic::divide_real(a, (b.real, b.imag)) {
        Some((real, imag)) => Py_complex { real, imag },
        None => domain_error(),
    }
}
