//! Binary and ternary operators: which operand's slot is asked, in which order.
//!
//! The right operand goes first if its type derives from the left one's and has a slot of its own. In-place
//! operators try the in-place slot, then the plain one. `fallback` has what follows when the first does not know. SAFETY: as in
//! `number`.

use std::mem::offset_of;

use krait_abi as abi;

use super::fallback::{ask_both, by_sequence, not_by_left, not_in_place, unsupported};
use crate::prelude::*;

pub(super) type Function =
    unsafe extern "C" fn(*mut abi::PyObject, *mut abi::PyObject) -> *mut abi::PyObject;
type Ternary = unsafe extern "C" fn(
    *mut abi::PyObject,
    *mut abi::PyObject,
    *mut abi::PyObject,
) -> *mut abi::PyObject;

/// Where an operator's slots lie in `PyNumberMethods`.
#[derive(Clone, Copy)]
pub(super) struct Slots {
    pub(super) plain: u16,
    /// No operator has its in-place slot at the beginning: 0 stands for none.
    pub(super) inplace: u16,
}

macro_rules! table {
    ($($operator:ident $symbol:literal $slot:ident $($inplace:ident)?, $argument:literal;)*) => {
        /// A binary operator; `Inplace…` forms try the in-place slot first. The order is that of `NB_*`.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Binary {
            $($operator,)*
            Divmod,
        }

        impl Binary {
            /// The operator of a `BINARY_OP` argument; `None` for `NB_SUBSCR`.
            pub fn from_argument(op: u32) -> Option<Binary> {
                match op {
                    $($argument => Some(Binary::$operator),)*
                    _ => None,
                }
            }

            pub(super) fn symbol(self) -> &'static str {
                match self {
                    $(Binary::$operator => $symbol,)*
                    Binary::Divmod => "divmod()",
                }
            }

            #[inline(always)]
            pub(super) fn slots(self) -> Slots {
                SLOTS[self as usize]
            }
        }

        const SLOTS: [Slots; Binary::Divmod as usize + 1] = [
            $(Slots {
                plain: offset_of!(abi::PyNumberMethods, $slot) as u16,
                inplace: table!(@inplace $($inplace)?),
            },)*
            Slots { plain: offset_of!(abi::PyNumberMethods, nb_divmod) as u16, inplace: 0 },
        ];
    };
    (@inplace $slot:ident) => { offset_of!(abi::PyNumberMethods, $slot) as u16 };
    (@inplace) => { 0 };
}

table! {
    Add "+" nb_add, 0;
    And "&" nb_and, 1;
    FloorDivide "//" nb_floor_divide, 2;
    Lshift "<<" nb_lshift, 3;
    MatrixMultiply "@" nb_matrix_multiply, 4;
    Multiply "*" nb_multiply, 5;
    Remainder "%" nb_remainder, 6;
    Or "|" nb_or, 7;
    Power "** or pow()" nb_power, 8;
    Rshift ">>" nb_rshift, 9;
    Subtract "-" nb_subtract, 10;
    TrueDivide "/" nb_true_divide, 11;
    Xor "^" nb_xor, 12;
    InplaceAdd "+=" nb_add nb_inplace_add, 13;
    InplaceAnd "&=" nb_and nb_inplace_and, 14;
    InplaceFloorDivide "//=" nb_floor_divide nb_inplace_floor_divide, 15;
    InplaceLshift "<<=" nb_lshift nb_inplace_lshift, 16;
    InplaceMatrixMultiply "@=" nb_matrix_multiply nb_inplace_matrix_multiply, 17;
    InplaceMultiply "*=" nb_multiply nb_inplace_multiply, 18;
    InplaceRemainder "%=" nb_remainder nb_inplace_remainder, 19;
    InplaceOr "|=" nb_or nb_inplace_or, 20;
    InplacePower "**=" nb_power nb_inplace_power, 21;
    InplaceRshift ">>=" nb_rshift nb_inplace_rshift, 22;
    InplaceSubtract "-=" nb_subtract nb_inplace_subtract, 23;
    InplaceTrueDivide "/=" nb_true_divide nb_inplace_true_divide, 24;
    InplaceXor "^=" nb_xor nb_inplace_xor, 25;
}

/// Of arguments without slots that take two operands.
const NO_SLOT: u16 = u16::MAX;

/// The slots by `BINARY_OP` argument.
static BY_ARGUMENT: [Slots; 27] = {
    let mut table = [Slots { plain: NO_SLOT, inplace: 0 }; 27];
    let mut at = 0;
    while at < Binary::Divmod as usize {
        if at != Binary::Power as usize && at != Binary::InplacePower as usize {
            table[at] = SLOTS[at];
        }
        at += 1;
    }
    table
};

/// The function in a slot of the operand's number table.
#[inline(always)]
pub(super) fn slot<F: Copy>(ob: Borrowed<'_>, offset: usize) -> Option<F> {
    let table = ob.ty().raw().tp_as_number;
    if table.is_null() {
        return None;
    }
    // SAFETY: the table lives as long as the type; its fields are optional functions of one word, of type `F` here.
    unsafe { *table.cast::<u8>().add(offset).cast::<Option<F>>() }
}

pub(super) fn address<F: Copy>(function: F) -> usize {
    // SAFETY: function pointers are one word.
    unsafe { std::mem::transmute_copy::<F, usize>(&function) }
}

/// Asks both operands' functions in the right order, by `call`; `None` if neither knows.
pub(super) fn ask<F: Copy>(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    offset: usize,
    call: impl Fn(F) -> *mut abi::PyObject,
) -> PyResult<Option<Owned>> {
    let answer = |function: F| -> PyResult<Option<Owned>> {
        // SAFETY: see the top of the file.
        let result: Owned =
            unsafe { Owned::from_ptr_or_null(call(function)) }.ok_or_else(|| th.raised_by_c())?;
        Ok((!result.is(not_implemented())).then_some(result))
    };
    let ours: Option<F> = slot(left, offset);
    let mut theirs: Option<F> = if left.ty().is(right.ty()) { None } else { slot(right, offset) };
    if theirs.map(address) == ours.map(address) {
        theirs = None;
    }
    if let Some(ours) = ours {
        if let Some(function) = theirs.filter(|_| right.ty().is_subtype(&left.ty())) {
            if let Some(result) = answer(function)? {
                return Ok(Some(result));
            }
            theirs = None;
        }
        if let Some(result) = answer(ours)? {
            return Ok(Some(result));
        }
    }
    match theirs {
        Some(theirs) => answer(theirs),
        None => Ok(None),
    }
}

/// `left <op> right`; TypeError if neither operand knows how.
pub fn binary_operator(
    th: &Thread,
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult {
    operate(th, operator, left, right)
}

/// As `binary_operator`, in line: for the loop.
#[inline(always)]
pub(super) fn operate(
    th: &Thread,
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult {
    let slots = operator.slots();
    if slots.inplace != 0
        && let Some(function) = slot::<Function>(left, slots.inplace.into())
    {
        // SAFETY: see the top of the file.
        let result: Owned =
            unsafe { Owned::from_ptr_or_null(function(left.as_ptr(), right.as_ptr())) }
                .ok_or_else(|| th.raised_by_c())?;
        if !result.is(not_implemented()) {
            return Ok(result);
        }
    }
    let offset = usize::from(slots.plain);
    // Most of the time there is one to ask.
    if let Some(only) = slot::<Function>(left, offset)
        && (left.ty().is(right.ty())
            || slot::<Function>(right, offset).is_none_or(|other| address(other) == address(only)))
    {
        // SAFETY: see the top of the file.
        let result: Owned = unsafe { Owned::from_ptr_or_null(only(left.as_ptr(), right.as_ptr())) }
            .ok_or_else(|| th.raised_by_c())?;
        return match result.is(not_implemented()) {
            false => Ok(result),
            true => by_sequence(th, operator, left, right),
        };
    }
    ask_both(th, operator, left, right)
}

/// The answer of the left operand's function, if that is all that is to be asked: for C's entries, whose results may be NULL.
///
/// # Safety
/// The operands are live objects or NULL.
#[inline(always)]
pub unsafe fn answer_at_once(
    operator: Binary,
    left: *mut abi::PyObject,
    right: *mut abi::PyObject,
) -> Option<*mut abi::PyObject> {
    let slots = operator.slots();
    // SAFETY: the caller's promise.
    let (left, right): (Borrowed<'_>, Borrowed<'_>) =
        unsafe { (Borrowed::from_ptr_or_null(left)?, Borrowed::from_ptr_or_null(right)?) };
    if slots.inplace != 0
        && let Some(function) = slot::<Function>(left, slots.inplace.into())
    {
        // SAFETY: see the top of the file.
        let result = unsafe { function(left.as_ptr(), right.as_ptr()) };
        return Some(if result == not_implemented().as_ptr() {
            not_in_place(operator, left, right)
        } else {
            result
        });
    }
    let offset = usize::from(slots.plain);
    let function = slot::<Function>(left, offset)?;
    if !left.ty().is(right.ty())
        && let Some(other) = slot::<Function>(right, offset)
        && address(other) != address(function)
        && right.ty().get().derives_from(left.ty().get())
    {
        return None;
    }
    // SAFETY: see the top of the file.
    let result = unsafe { function(left.as_ptr(), right.as_ptr()) };
    Some(if result == not_implemented().as_ptr() {
        not_by_left(operator, left, right)
    } else {
        result
    })
}

/// The function to ask for a `BINARY_OP` argument, if it is the only one, or an in-place one. Of operators whose functions take
/// two operands.
///
/// # Safety
/// The operands are live objects.
#[inline(always)]
pub unsafe fn first_function(
    op: usize,
    left: *mut abi::PyObject,
    right: *mut abi::PyObject,
) -> Option<Function> {
    let slots = BY_ARGUMENT.get(op)?;
    // SAFETY: the caller's promise.
    let (left, right): (Borrowed<'_>, Borrowed<'_>) =
        unsafe { (Borrowed::from_ptr(left), Borrowed::from_ptr(right)) };
    if slots.inplace != 0
        && let Some(function) = slot::<Function>(left, slots.inplace.into())
    {
        return Some(function);
    }
    if slots.plain == NO_SLOT {
        return None;
    }
    let offset = usize::from(slots.plain);
    let function = slot::<Function>(left, offset)?;
    let is_asked_alone = left.ty().is(right.ty())
        || slot::<Function>(right, offset).is_none_or(|other| address(other) == address(function));
    is_asked_alone.then_some(function)
}

/// `pow` with a modulus (`None` the object for none): each operand may know how.
pub(super) fn ternary(
    th: &Thread,
    base: Borrowed<'_>,
    exp: Borrowed<'_>,
    modulus: Borrowed<'_>,
    inplace: bool,
) -> PyResult {
    let offset = offset_of!(abi::PyNumberMethods, nb_power);
    // SAFETY: see the top of the file.
    let call =
        |function: Ternary| unsafe { function(base.as_ptr(), exp.as_ptr(), modulus.as_ptr()) };
    if inplace {
        if let Some(function) =
            slot::<Ternary>(base, offset_of!(abi::PyNumberMethods, nb_inplace_power))
        {
            // SAFETY: see the top of the file.
            let result: Owned = unsafe { Owned::from_ptr_or_null(call(function)) }
                .ok_or_else(|| th.raised_by_c())?;
            if !result.is(not_implemented()) {
                return Ok(result);
            }
        }
    }
    if let Some(result) = ask::<Ternary>(th, base, exp, offset, call)? {
        return Ok(result);
    }
    if let Some(function) = slot::<Ternary>(modulus, offset) {
        let known = [slot::<Ternary>(base, offset), slot(exp, offset)]
            .iter()
            .flatten()
            .any(|&other| address(other) == address(function));
        if !known {
            // SAFETY: see the top of the file.
            let result: Owned = unsafe { Owned::from_ptr_or_null(call(function)) }
                .ok_or_else(|| th.raised_by_c())?;
            if !result.is(not_implemented()) {
                return Ok(result);
            }
        }
    }
    let symbol = if inplace { "**=" } else { "** or pow()" };
    if modulus.is_none() {
        return Err(unsupported(th, symbol, base, exp));
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "unsupported operand type(s) for {symbol}: '{}', '{}', '{}'",
        base.type_name(),
        exp.type_name(),
        modulus.type_name()
    ))
}
