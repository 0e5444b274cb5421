//! The number protocol: operators, dispatched to the slots of either operand, and conversions.
//!
//! The same job as the number part of CPython's `Objects/abstract.c`.
//!
//! SAFETY, throughout: the slots of a live type take live objects and answer with a new reference, or NULL with
//! an exception.

mod convert;
mod fallback;
mod operator;

pub use convert::{as_f64, as_isize, float, index, long};
pub use fallback::declined;
pub use operator::{Binary, answer_at_once, binary_operator, first_function};

use krait_abi as abi;

use crate::prelude::*;

/// `left <op> right` for a `BINARY_OP` argument (`NB_*`), in-place forms included.
#[inline(always)]
pub fn binary(th: &Thread, op: u32, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    match Binary::from_argument(op) {
        Some(Binary::Power) => power(th, left, right, None),
        Some(Binary::InplacePower) => inplace_power(th, left, right, None),
        Some(operator) => operator::operate(th, operator, left, right),
        // `NB_SUBSCR` is not a number operator, but has an argument beside them.
        None => object::get_item(th, left, right),
    }
}

macro_rules! operators {
    ($($name:ident: $operator:ident;)*) => {$(
        pub fn $name(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
            binary_operator(th, Binary::$operator, left, right)
        }
    )*};
}

operators! {
    add: Add;
    subtract: Subtract;
    multiply: Multiply;
    matrix_multiply: MatrixMultiply;
    true_divide: TrueDivide;
    floor_divide: FloorDivide;
    remainder: Remainder;
    divmod: Divmod;
    lshift: Lshift;
    rshift: Rshift;
    and: And;
    or: Or;
    xor: Xor;
}

/// `pow(base, exp)` or `pow(base, exp, modulus)`.
pub fn power(
    th: &Thread,
    base: Borrowed<'_>,
    exp: Borrowed<'_>,
    modulus: Option<Borrowed<'_>>,
) -> PyResult {
    operator::ternary(th, base, exp, modulus.unwrap_or(none()), false)
}

/// `base **= exp`.
pub fn inplace_power(
    th: &Thread,
    base: Borrowed<'_>,
    exp: Borrowed<'_>,
    modulus: Option<Borrowed<'_>>,
) -> PyResult {
    operator::ternary(th, base, exp, modulus.unwrap_or(none()), true)
}

/// A unary slot's answer, or TypeError.
fn unary(
    th: &Thread,
    ob: Borrowed<'_>,
    slot: impl Fn(&abi::PyNumberMethods) -> abi::unaryfunc,
    what: &str,
) -> PyResult {
    // SAFETY: see the top of the file.
    unsafe {
        match ob.ty().raw().tp_as_number.as_ref().and_then(&slot) {
            Some(function) => {
                Owned::from_ptr_or_null(function(ob.as_ptr())).ok_or_else(|| th.raised_by_c())
            }
            None => {
                Err(raise!(th, TYPE_ERROR, "bad operand type for {what}: '{}'", ob.type_name()))
            }
        }
    }
}

pub fn negative(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    unary(th, ob, |table| table.nb_negative, "unary -")
}

pub fn positive(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    unary(th, ob, |table| table.nb_positive, "unary +")
}

pub fn invert(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    unary(th, ob, |table| table.nb_invert, "unary ~")
}

pub fn absolute(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    unary(th, ob, |table| table.nb_absolute, "abs()")
}

/// `PyNumber_Check`: whether it is a number of any kind.
pub fn check(ob: Borrowed<'_>) -> bool {
    // SAFETY: see the top of the file.
    let table = unsafe { ob.ty().raw().tp_as_number.as_ref() };
    table.is_some_and(|table| {
        table.nb_index.is_some() || table.nb_int.is_some() || table.nb_float.is_some()
    })
}

/// Whether `index` accepts it.
pub fn is_index(ob: Borrowed<'_>) -> bool {
    // SAFETY: see the top of the file.
    unsafe { ob.ty().raw().tp_as_number.as_ref() }.is_some_and(|table| table.nb_index.is_some())
}
