//! Set operations of `dict_keys` and `dict_items`.

use super::views::{ItemsView, KeysView};
use crate::prelude::*;
use crate::protocol::sequence;
use crate::set::Set;

/// `PyDictViewSet_Check`.
fn is_set_like(ob: Borrowed<'_>) -> bool {
    ob.downcast::<KeysView>().is_some() || ob.downcast::<ItemsView>().is_some()
}

fn len_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<usize> {
    object::len(th, ob)
}

pub(super) fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let result = Set::from_iterable(th, left)?;
    result.difference_update(th, right)?;
    Ok(result.into_object())
}

pub(super) fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let result = Set::from_iterable(th, left)?;
    result.update(th, right)?;
    Ok(result.into_object())
}

pub(super) fn xor(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let result = Set::from_iterable(th, left)?;
    result.symmetric_difference_update(th, right)?;
    Ok(result.into_object())
}

pub(super) fn and(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let (mut view, mut other) = (left, right);
    if !is_set_like(view) {
        std::mem::swap(&mut view, &mut other);
    }
    let len = len_of(th, view)?;
    // The shorter one is iterated over.
    if other.is_exact::<Set>() && len_of(th, other)? <= len {
        // Looking up in a view is as fast as in a set.
    } else if is_set_like(other) && len_of(th, other)? > len {
        std::mem::swap(&mut view, &mut other);
    }
    let result = Set::new(th)?;
    iter::for_each(th, other, &mut |item| {
        if sequence::contains(th, view, item.borrow())? {
            result.add(th, item.borrow())?;
        }
        Ok(())
    })?;
    Ok(result.into_object())
}

pub(super) fn is_disjoint(th: &Thread, view: Borrowed<'_>, other: Borrowed<'_>) -> PyResult<bool> {
    if view.is(other) {
        return Ok(len_of(th, view)? == 0);
    }
    let (mut view, mut other) = (view, other);
    let set_like = crate::set::any_set(other).is_some() || is_set_like(other);
    if set_like && len_of(th, other)? > len_of(th, view)? {
        std::mem::swap(&mut view, &mut other);
    }
    let iterator = iter::get_iter(th, other)?;
    while let Some(item) = iter::next(th, iterator.borrow())? {
        if sequence::contains(th, view, item.borrow())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether everything in `part` is in `whole`.
fn all_in(th: &Thread, part: Borrowed<'_>, whole: Borrowed<'_>) -> PyResult<bool> {
    let iterator = iter::get_iter(th, part)?;
    while let Some(item) = iter::next(th, iterator.borrow())? {
        if !sequence::contains(th, whole, item.borrow())? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn compare(
    th: &Thread,
    view: Borrowed<'_>,
    other: Borrowed<'_>,
    op: CompareOp,
) -> PyResult {
    if crate::set::any_set(other).is_none() && !is_set_like(other) {
        return Ok(not_implemented().to_owned());
    }
    let (len, other_len) = (len_of(th, view)?, len_of(th, other)?);
    let holds = match op {
        CompareOp::Eq | CompareOp::Ne => {
            let equal = len == other_len && all_in(th, view, other)?;
            equal == (op == CompareOp::Eq)
        }
        CompareOp::Lt => len < other_len && all_in(th, view, other)?,
        CompareOp::Le => len <= other_len && all_in(th, view, other)?,
        CompareOp::Gt => len > other_len && all_in(th, other, view)?,
        CompareOp::Ge => len >= other_len && all_in(th, other, view)?,
    };
    Ok(bool_object(holds).object().to_owned())
}
