//! Comparison, hash and truth.
//!
//! SAFETY, throughout: the slots of a live object's type take what their contract says.

use krait_abi as abi;

use crate::args::CompareOp;
use crate::prelude::*;
use crate::protocol::call::returned;

/// `left <op> right`, as any object.
pub fn compare(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>, op: CompareOp) -> PyResult {
    th.check_stack(" in comparison")?;
    let (left_type, right_type) = (left.get().ty(), right.get().ty());
    if left_type.is(right_type)
        && let Some(slot) = left_type.get().raw().tp_richcompare
    {
        // SAFETY: see the top of the file.
        let result =
            returned(th, unsafe { slot(left.as_ptr(), right.as_ptr(), op as std::ffi::c_int) })?;
        return match result.is(not_implemented()) {
            false => Ok(result),
            true => compare_reflected(th, left, right, op, false),
        };
    }
    compare_types(th, left, right, op)
}

/// Objects of different types: a subtype's method goes first.
fn compare_types(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>, op: CompareOp) -> PyResult {
    let (left_type, right_type) = (left.get().ty(), right.get().ty());
    let mut asked_right = false;
    if !left_type.is(right_type)
        && right_type.is_subtype(&left_type)
        && right_type.raw().tp_richcompare.is_some()
    {
        asked_right = true;
        let result = reflected(th, left, right, op)?;
        if !result.is(not_implemented()) {
            return Ok(result);
        }
    }
    if let Some(slot) = left.get().ty().get().raw().tp_richcompare {
        // SAFETY: see the top of the file.
        let result =
            returned(th, unsafe { slot(left.as_ptr(), right.as_ptr(), op as std::ffi::c_int) })?;
        if !result.is(not_implemented()) {
            return Ok(result);
        }
    }
    compare_reflected(th, left, right, op, asked_right)
}

/// What the right operand's type says of the comparison, seen from its side.
fn reflected(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>, op: CompareOp) -> PyResult {
    match right.get().ty().get().raw().tp_richcompare {
        // SAFETY: see the top of the file.
        Some(slot) => returned(th, unsafe {
            slot(right.as_ptr(), left.as_ptr(), op.swapped() as std::ffi::c_int)
        }),
        None => Ok(not_implemented().to_owned()),
    }
}

/// The left operand does not know: the right one, if it was not asked before, then identity.
fn compare_reflected(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    op: CompareOp,
    asked_right: bool,
) -> PyResult {
    if !asked_right {
        let result = reflected(th, left, right, op)?;
        if !result.is(not_implemented()) {
            return Ok(result);
        }
    }
    match op {
        CompareOp::Eq => Ok(bool_object(left.is(right)).to_owned().into_object()),
        CompareOp::Ne => Ok(bool_object(!left.is(right)).to_owned().into_object()),
        _ => Err(raise!(
            th,
            TYPE_ERROR,
            "'{}' not supported between instances of '{}' and '{}'",
            op.symbol(),
            left.type_name(),
            right.type_name()
        )),
    }
}

/// `PyObject_RichCompareBool`: identity implies equality.
pub fn compare_bool(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    op: CompareOp,
) -> PyResult<bool> {
    if left.is(right) {
        match op {
            CompareOp::Eq => return Ok(true),
            CompareOp::Ne => return Ok(false),
            _ => {}
        }
    }
    if let (Some(left), Some(right)) = (left.downcast_exact::<Str>(), right.downcast_exact::<Str>())
        && matches!(op, CompareOp::Eq | CompareOp::Ne)
    {
        return Ok(left.eq(&right) == (op == CompareOp::Eq));
    }
    if let Some(answer) = compare_numbers(left, right, op) {
        return Ok(answer);
    }
    let result = compare(th, left, right, op)?;
    is_true(th, result.object())
}

/// `left < right`, in line for numbers.
#[inline(always)]
pub fn less(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult<bool> {
    match numbers(left, right) {
        Some(Numbers::Ints(left, right)) => Ok(left < right),
        Some(Numbers::Floats(left, right)) => Ok(left < right),
        None => compare_bool(th, left, right, CompareOp::Lt),
    }
}

/// For two floats, and for two ints of a digit each.
#[inline(always)]
pub fn compare_numbers(left: Borrowed<'_>, right: Borrowed<'_>, op: CompareOp) -> Option<bool> {
    Some(match numbers(left, right)? {
        Numbers::Ints(left, right) => op.holds_of(left, right),
        Numbers::Floats(left, right) => op.holds_of(left, right),
    })
}

/// Whether two objects are the same, or equal as exact texts or as numbers that are compared without calls; `None` for any others.
#[inline(always)]
pub fn equal_at_once(left: Borrowed<'_>, right: Borrowed<'_>) -> Option<bool> {
    if left.is(right) {
        return Some(true);
    }
    if let Some(left) = left.downcast_exact::<Str>() {
        return Some(left.eq(right.downcast_exact::<Str>()?.get()));
    }
    compare_numbers(left, right, CompareOp::Eq)
}

/// Numbers that are compared without calls.
enum Numbers {
    /// Of a digit each.
    Ints(i64, i64),
    Floats(f64, f64),
}

#[inline(always)]
fn numbers(left: Borrowed<'_>, right: Borrowed<'_>) -> Option<Numbers> {
    if let Some(left) = left.downcast_exact::<Int>() {
        let right = right.downcast_exact::<Int>()?;
        if !left.is_compact() || !right.is_compact() {
            return None;
        }
        return Some(Numbers::Ints(left.compact_value(), right.compact_value()));
    }
    let (left, right) = (left.downcast_exact::<Float>()?, right.downcast_exact::<Float>()?);
    Some(Numbers::Floats(left.value(), right.value()))
}

/// `left is right or left == right`.
#[inline]
pub fn eq(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult<bool> {
    compare_bool(th, left, right, CompareOp::Eq)
}

/// `hash(ob)`; TypeError if it has none.
pub fn hash(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    match crate::dict::lookup::hash_at_once(ob) {
        Some(known) => Ok(known),
        None => hash_other(th, ob),
    }
}

/// Apart, so that a hash that is known saves no register.
#[inline(never)]
fn hash_other(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    hash_by_slot(th, ob)
}

/// What the type's slot says.
#[inline(always)]
pub(crate) fn hash_by_slot(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    let slot = match ob.get().ty().raw().tp_hash {
        Some(slot) => slot,
        None => late_hash_slot(th, ob)?,
    };
    // SAFETY: see the top of the file.
    match unsafe { slot(ob.as_ptr()) } {
        -1 => Err(th.raised_by_c()),
        hash => Ok(hash),
    }
}

/// Of a type that was not ready.
#[cold]
#[inline(never)]
fn late_hash_slot(
    th: &Thread,
    ob: Borrowed<'_>,
) -> PyResult<unsafe extern "C" fn(*mut abi::PyObject) -> isize> {
    let ty = ob.get().ty();
    ty.ready(th)?;
    let slot = ty.raw().tp_hash;
    slot.ok_or_else(|| raise!(th, TYPE_ERROR, "unhashable type: '{}'", ob.type_name()))
}

/// `bool(ob)`.
#[inline]
pub fn is_true(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    if ob.is(bool_object(true)) {
        return Ok(true);
    }
    if ob.is(bool_object(false)) || ob.is(none()) {
        return Ok(false);
    }
    is_true_by_slot(th, ob)
}

fn is_true_by_slot(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    let raw = ob.get().ty().get().raw();
    // SAFETY: see the top of the file; a type's tables are whole structs.
    let answer = unsafe {
        if let Some(nb_bool) = raw.tp_as_number.as_ref().and_then(|table| table.nb_bool) {
            nb_bool(ob.as_ptr()) as isize
        } else if let Some(length) = raw.tp_as_mapping.as_ref().and_then(|table| table.mp_length) {
            length(ob.as_ptr())
        } else if let Some(length) = raw.tp_as_sequence.as_ref().and_then(|table| table.sq_length) {
            length(ob.as_ptr())
        } else {
            1
        }
    };
    if answer < 0 { Err(th.raised_by_c()) } else { Ok(answer > 0) }
}

/// `PyCallable_Check`.
pub fn is_callable(ob: Borrowed<'_>) -> bool {
    ob.get().ty().get().raw().tp_call.is_some()
}
