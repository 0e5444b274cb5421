//! Subscription and length.
//!
//! SAFETY, throughout: the slots of a live object's type take what their contract says; a type's tables,
//! where there are any, are whole structs.

use krait_abi as abi;

use crate::prelude::*;
use crate::protocol::call::{call, returned, succeeded};
use crate::protocol::object::{get_attr_opt, lookup_special};

fn mapping_table<'a>(ob: Borrowed<'a>) -> Option<&'a abi::PyMappingMethods> {
    // SAFETY: see the top of the file.
    unsafe { ob.get().ty().get().raw().tp_as_mapping.as_ref() }
}

fn sequence_table<'a>(ob: Borrowed<'a>) -> Option<&'a abi::PySequenceMethods> {
    // SAFETY: see the top of the file.
    unsafe { ob.get().ty().get().raw().tp_as_sequence.as_ref() }
}

/// Whether the object has `__index__`.
fn has_index(ob: Borrowed<'_>) -> bool {
    // SAFETY: see the top of the file.
    let table = unsafe { ob.get().ty().get().raw().tp_as_number.as_ref() };
    table.is_some_and(|table| table.nb_index.is_some())
}

/// The index into a sequence without a mapping's slots, negative ones counted from the end.
fn sequence_index(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<isize> {
    let index = number::as_isize(th, key, Some(exc::INDEX_ERROR))?;
    match sequence_table(ob).and_then(|table| table.sq_length) {
        Some(length) if index < 0 => {
            // SAFETY: see the top of the file.
            match unsafe { length(ob.as_ptr()) } {
                length if length < 0 => Err(th.raised_by_c()),
                length => Ok(index + length),
            }
        }
        _ => Ok(index),
    }
}

#[cold]
fn index_must_be_integer(th: &Thread, key: Borrowed<'_>) -> Raised {
    raise!(th, TYPE_ERROR, "sequence index must be integer, not '{}'", key.type_name())
}

/// `ob[key]`.
pub fn get_item(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult {
    if let Some(subscript) = mapping_table(ob).and_then(|table| table.mp_subscript) {
        // SAFETY: see the top of the file.
        return returned(th, unsafe { subscript(ob.as_ptr(), key.as_ptr()) });
    }
    if let Some(item) = sequence_table(ob).and_then(|table| table.sq_item) {
        if !has_index(key) {
            return Err(index_must_be_integer(th, key));
        }
        let index = sequence_index(th, ob, key)?;
        // SAFETY: see the top of the file.
        return returned(th, unsafe { item(ob.as_ptr(), index) });
    }
    if let Some(ty) = ob.downcast::<Type>() {
        if std::ptr::eq(ty.get(), Type::type_object()) {
            return crate::generic_alias::new(th, ob, key);
        }
        return match get_attr_opt(th, ob, id::__class_getitem__)? {
            Some(method) if !method.is_none() => call(th, method.object(), &[key]),
            _ => Err(raise!(th, TYPE_ERROR, "type '{}' is not subscriptable", ty.tp_name())),
        };
    }
    Err(raise!(th, TYPE_ERROR, "'{}' object is not subscriptable", ob.type_name()))
}

/// `ob[key] = value`.
pub fn set_item(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    assign(th, ob, key, Some(value), "assignment")
}

/// `del ob[key]`.
pub fn del_item(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<()> {
    assign(th, ob, key, None, "deletion")
}

fn assign(
    th: &Thread,
    ob: Borrowed<'_>,
    key: Borrowed<'_>,
    value: Option<Borrowed<'_>>,
    what: &str,
) -> PyResult<()> {
    let pointer = value.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    if let Some(assign) = mapping_table(ob).and_then(|table| table.mp_ass_subscript) {
        // SAFETY: see the top of the file.
        return succeeded(th, unsafe { assign(ob.as_ptr(), key.as_ptr(), pointer) });
    }
    if let Some(table) = sequence_table(ob) {
        if has_index(key) {
            let index = super::super::number::as_isize(th, key, Some(exc::INDEX_ERROR))?;
            return super::super::sequence::set(th, ob, index, value);
        }
        if table.sq_ass_item.is_some() {
            return Err(index_must_be_integer(th, key));
        }
    }
    Err(raise!(th, TYPE_ERROR, "'{}' object does not support item {what}", ob.type_name()))
}

/// The slot behind `len`.
fn length_slot(ob: Borrowed<'_>) -> abi::lenfunc {
    let sequence = sequence_table(ob).and_then(|table| table.sq_length);
    sequence.or_else(|| mapping_table(ob).and_then(|table| table.mp_length))
}

/// `len(ob)`.
#[inline]
pub fn len(th: &Thread, ob: Borrowed<'_>) -> PyResult<usize> {
    let Some(length) = length_slot(ob) else {
        return Err(raise!(th, TYPE_ERROR, "object of type '{}' has no len()", ob.type_name()));
    };
    // SAFETY: see the top of the file.
    usize::try_from(unsafe { length(ob.as_ptr()) }).map_err(|_| th.raised_by_c())
}

/// `operator.length_hint`.
pub fn length_hint(th: &Thread, ob: Borrowed<'_>, default: usize) -> PyResult<usize> {
    if length_slot(ob).is_some() {
        match len(th, ob) {
            Ok(length) => return Ok(length),
            Err(raised) => drop(th.take_if(raised, exc::TYPE_ERROR)?),
        }
    }
    let Some(method) = lookup_special(th, ob, id::__length_hint__)? else {
        return Ok(default);
    };
    let hint = match call(th, method.object(), &[]) {
        Ok(hint) => hint,
        Err(raised) => {
            drop(th.take_if(raised, exc::TYPE_ERROR)?);
            return Ok(default);
        }
    };
    if hint.is(not_implemented()) {
        return Ok(default);
    }
    if !Int::check(&hint) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "__length_hint__ must be an integer, not {}",
            hint.type_name()
        ));
    }
    let hint = number::as_isize(th, hint.object(), Some(exc::OVERFLOW_ERROR))?;
    usize::try_from(hint)
        .map_err(|_| th.raise(exc::VALUE_ERROR, "__length_hint__() should return >= 0"))
}
