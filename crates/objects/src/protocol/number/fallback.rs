//! What follows when the function of an operator that was asked first does not know, or is not there: the other operand's
//! function, what sequences do, TypeError. SAFETY: as in `number`.

use krait_abi as abi;

use super::operator::{Binary, Function, address, ask, slot};
use crate::prelude::*;

/// What follows when `first_function`'s answer was NotImplemented.
pub fn declined(th: &Thread, op: u32, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let Some(operator) = Binary::from_argument(op) else { return Err(th.bad_internal_call()) };
    let inplace = operator.slots().inplace;
    let answer = match inplace != 0 && slot::<Function>(left, inplace.into()).is_some() {
        true => return ask_both(th, operator, left, right),
        false => not_by_left(operator, left, right),
    };
    // SAFETY: a new reference, or NULL with an exception.
    unsafe { Owned::from_ptr_or_null(answer) }.ok_or_else(|| th.raised_by_c())
}

/// The in-place function does not know.
#[cold]
#[inline(never)]
pub(super) fn not_in_place(
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> *mut abi::PyObject {
    crate::args::shim::object(|th| ask_both(th, operator, left, right))
}

/// The left operand's function does not know: the right one's, then what sequences do.
#[cold]
#[inline(never)]
pub(super) fn not_by_left(
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> *mut abi::PyObject {
    let offset = usize::from(operator.slots().plain);
    let (first, second) = (slot::<Function>(left, offset), slot::<Function>(right, offset));
    crate::args::shim::object(|th| {
        if let Some(other) = second
            && first.map(address) != second.map(address)
        {
            // SAFETY: see the top of the file.
            let result: Owned =
                unsafe { Owned::from_ptr_or_null(other(left.as_ptr(), right.as_ptr())) }
                    .ok_or_else(|| th.raised_by_c())?;
            if !result.is(not_implemented()) {
                return Ok(result);
            }
        }
        by_sequence(th, operator, left, right)
    })
}

/// Both types have functions of their own, or the left one has none.
#[inline(never)]
pub(super) fn ask_both(
    th: &Thread,
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult {
    let offset = operator.slots().plain.into();
    // The left one's answer is what counts most of the time.
    if let Some(function) = slot::<Function>(left, offset)
        && !right.ty().get().derives_from(left.ty().get())
    {
        // SAFETY: see the top of the file.
        let result: Owned =
            unsafe { Owned::from_ptr_or_null(function(left.as_ptr(), right.as_ptr())) }
                .ok_or_else(|| th.raised_by_c())?;
        if !result.is(not_implemented()) {
            return Ok(result);
        }
        if let Some(other) = slot::<Function>(right, offset)
            && address(other) != address(function)
        {
            // SAFETY: see the top of the file.
            let result: Owned =
                unsafe { Owned::from_ptr_or_null(other(left.as_ptr(), right.as_ptr())) }
                    .ok_or_else(|| th.raised_by_c())?;
            if !result.is(not_implemented()) {
                return Ok(result);
            }
        }
        return by_sequence(th, operator, left, right);
    }
    // SAFETY: see the top of the file.
    let plain = ask::<Function>(th, left, right, offset, |function| unsafe {
        function(left.as_ptr(), right.as_ptr())
    })?;
    plain.map_or_else(|| by_sequence(th, operator, left, right), Ok)
}

/// No number slot knows how: what sequences do, or TypeError.
pub(super) fn by_sequence(
    th: &Thread,
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult {
    sequence_operator(th, operator, left, right)?
        .ok_or_else(|| unsupported(th, operator.symbol(), left, right))
}

/// `+` and `*` of sequences that have no number slots.
fn sequence_operator(
    th: &Thread,
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult<Option<Owned>> {
    // SAFETY: a live type's table.
    let table = |ob: Borrowed<'_>| unsafe { ob.get().ty().raw().tp_as_sequence.as_ref() };
    let inplace = matches!(operator, Binary::InplaceAdd | Binary::InplaceMultiply);
    match operator {
        Binary::Add | Binary::InplaceAdd => {
            let concat =
                table(left).and_then(|t| t.sq_inplace_concat.filter(|_| inplace).or(t.sq_concat));
            let Some(concat) = concat else {
                return Ok(None);
            };
            // SAFETY: see the top of the file.
            let result = unsafe { Owned::from_ptr_or_null(concat(left.as_ptr(), right.as_ptr())) };
            result.ok_or_else(|| th.raised_by_c()).map(Some)
        }
        Binary::Multiply | Binary::InplaceMultiply => {
            if let Some(repeat) =
                table(left).and_then(|t| t.sq_inplace_repeat.filter(|_| inplace).or(t.sq_repeat))
            {
                return repeat_sequence(th, repeat, left, right).map(Some);
            }
            // What is a sequence in any way is not asked for its other operand's sake.
            if inplace && table(left).is_some() {
                return Ok(None);
            }
            match table(right).and_then(|t| t.sq_repeat) {
                Some(repeat) => repeat_sequence(th, repeat, right, left).map(Some),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

fn repeat_sequence(
    th: &Thread,
    repeat: unsafe extern "C" fn(*mut abi::PyObject, isize) -> *mut abi::PyObject,
    sequence: Borrowed<'_>,
    count: Borrowed<'_>,
) -> PyResult {
    if !super::is_index(count) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "can't multiply sequence by non-int of type '{}'",
            count.type_name()
        ));
    }
    let count = super::as_isize(th, count, Some(exc::OVERFLOW_ERROR))?;
    // SAFETY: see the top of the file.
    unsafe { Owned::from_ptr_or_null(repeat(sequence.as_ptr(), count)) }
        .ok_or_else(|| th.raised_by_c())
}

#[cold]
pub(super) fn unsupported(
    th: &Thread,
    symbol: &str,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> Raised {
    raise!(
        th,
        TYPE_ERROR,
        "unsupported operand type(s) for {symbol}: '{}' and '{}'",
        left.type_name(),
        right.type_name()
    )
}
