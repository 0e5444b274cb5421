//! `abstract.h`: the number protocol.

use std::ffi::c_int;

use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::protocol::number::{Binary, answer_at_once, binary_operator};

use crate::support::*;

macro_rules! binary {
    ($($name:ident $operator:ident;)*) => {$(
        #[capi(fast = (|left, right| answer_at_once(Binary::$operator, left, right)))]
        pub fn $name(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
            binary_operator(th, Binary::$operator, left, right)
        }
    )*};
}

binary! {
    PyNumber_Add Add;
    PyNumber_InPlaceAdd InplaceAdd;
    PyNumber_Subtract Subtract;
    PyNumber_InPlaceSubtract InplaceSubtract;
    PyNumber_Multiply Multiply;
    PyNumber_InPlaceMultiply InplaceMultiply;
    PyNumber_MatrixMultiply MatrixMultiply;
    PyNumber_InPlaceMatrixMultiply InplaceMatrixMultiply;
    PyNumber_TrueDivide TrueDivide;
    PyNumber_InPlaceTrueDivide InplaceTrueDivide;
    PyNumber_FloorDivide FloorDivide;
    PyNumber_InPlaceFloorDivide InplaceFloorDivide;
    PyNumber_Remainder Remainder;
    PyNumber_InPlaceRemainder InplaceRemainder;
    PyNumber_Lshift Lshift;
    PyNumber_InPlaceLshift InplaceLshift;
    PyNumber_Rshift Rshift;
    PyNumber_InPlaceRshift InplaceRshift;
    PyNumber_And And;
    PyNumber_InPlaceAnd InplaceAnd;
    PyNumber_Or Or;
    PyNumber_InPlaceOr InplaceOr;
    PyNumber_Xor Xor;
    PyNumber_InPlaceXor InplaceXor;
    PyNumber_Divmod Divmod;
}

macro_rules! unary {
    ($($name:ident $function:ident;)*) => {$(
        #[capi]
        pub fn $name(th: &Thread, ob: Borrowed<'_>) -> PyResult {
            number::$function(th, ob)
        }
    )*};
}

unary! {
    PyNumber_Negative negative;
    PyNumber_Positive positive;
    PyNumber_Invert invert;
    PyNumber_Absolute absolute;
    PyNumber_Float float;
}

#[inline(always)]
unsafe fn long_at_once(ob: Ptr) -> Option<Ptr> {
    // SAFETY: C passes a live object or NULL.
    unsafe { exactly::<Int>(ob)? };
    // SAFETY: as above.
    Some(unsafe { Borrowed::<Object>::from_ptr(ob) }.to_owned().into_ptr())
}

#[inline(always)]
unsafe fn size_at_once(ob: Ptr, _overflow: Ptr) -> Option<isize> {
    // SAFETY: C passes a live object or NULL.
    let int = unsafe { some::<Int>(ob)? };
    int.is_compact().then(|| int.compact_value() as isize)
}

#[capi(fast = long_at_once)]
pub fn PyNumber_Long(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    number::long(th, ob)
}

#[capi]
pub fn PyNumber_Index(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    number::index(th, ob)
}

#[capi]
pub fn PyNumber_Power(
    th: &Thread,
    base: Borrowed<'_>,
    exp: Borrowed<'_>,
    modulus: Option<Borrowed<'_>>,
) -> PyResult {
    number::power(th, base, exp, modulus)
}

#[capi]
pub fn PyNumber_InPlacePower(
    th: &Thread,
    base: Borrowed<'_>,
    exp: Borrowed<'_>,
    modulus: Option<Borrowed<'_>>,
) -> PyResult {
    number::inplace_power(th, base, exp, modulus)
}

#[inline(always)]
unsafe fn is_number_at_once(ob: Ptr) -> Option<c_int> {
    slot_of!(ob, tp_as_number, nb_index).map(|_| 1)
}

#[capi(fast = is_number_at_once)]
pub fn PyNumber_Check(ob: Option<Borrowed<'_>>) -> bool {
    ob.is_some_and(|ob| {
        number::check(ob) || ob.downcast::<krait_objects::complex::Complex>().is_some()
    })
}

#[capi]
pub fn PyIndex_Check(ob: Ptr) -> bool {
    // SAFETY: C passes a live object.
    number::is_index(unsafe { Borrowed::from_ptr(ob) })
}

#[capi(fast = size_at_once)]
pub fn PyNumber_AsSsize_t(th: &Thread, ob: Borrowed<'_>, overflow: Ptr) -> PyResult<isize> {
    match number::as_isize(th, ob, Some(exc::OVERFLOW_ERROR)) {
        Err(raised) if overflow.is_null() => {
            th.take_if(raised, exc::OVERFLOW_ERROR)?;
            let negative = number::index(th, ob)?.is_negative();
            Ok(if negative { isize::MIN } else { isize::MAX })
        }
        // SAFETY: C passes an exception class.
        Err(raised) if overflow != Borrowed::from_ref(exc::OVERFLOW_ERROR).as_ptr() => {
            th.take_if(raised, exc::OVERFLOW_ERROR)?;
            let message = format!("cannot fit '{}' into an index-sized integer", ob.type_name());
            let message = Str::new(th, &message)?;
            // SAFETY: C passes an exception class.
            Err(th.raise_in(unsafe { type_of(overflow.cast()) }, Some(message.object())))
        }
        answer => answer,
    }
}

#[capi]
pub fn PyNumber_ToBase(th: &Thread, ob: Option<Borrowed<'_>>, base: c_int) -> PyResult<Owned<Str>> {
    if ![2, 8, 10, 16].contains(&base) {
        return Err(th.raise(exc::SYSTEM_ERROR, "PyNumber_ToBase: base must be 2, 8, 10 or 16"));
    }
    let int = number::index(th, given(th, ob)?)?;
    if base == 10 {
        return krait_objects::int::to_decimal(th, &int);
    }
    krait_objects::int::to_base(th, &int, base as u32)
}
