//! The sequence protocol.

use krait_abi as abi;

use crate::args::CompareOp;
use crate::dict::Dict;
use crate::error::{PyResult, Raised};
use crate::exceptions::exc;
use crate::handle::{Borrowed, Owned};
use crate::list::List;
use crate::protocol::{iter, object};
use crate::raise;
use crate::thread::Thread;
use crate::tuple::Tuple;

/// The type's sequence table.
#[inline]
fn slots<'a>(ob: Borrowed<'a>) -> Option<&'a abi::PySequenceMethods> {
    // SAFETY: the tables of a type live as long as it does, and the object keeps its type.
    unsafe { (*ob.get().ty().as_type_ptr()).tp_as_sequence.as_ref() }
}

/// The result of a slot that gives a new reference.
#[inline]
fn result(th: &Thread, ob: *mut abi::PyObject) -> PyResult {
    // SAFETY: a slot gives a new reference or NULL.
    unsafe { Owned::from_ptr_or_null(ob) }.ok_or_else(|| th.raised_by_c())
}

/// `item in ob`: `PySequence_Contains`.
#[inline]
pub fn contains(th: &Thread, ob: Borrowed<'_>, item: Borrowed<'_>) -> PyResult<bool> {
    if let Some(sq_contains) = slots(ob).and_then(|slots| slots.sq_contains) {
        // SAFETY: a slot gets an object of its type.
        return match unsafe { sq_contains(ob.as_ptr(), item.as_ptr()) } {
            -1 => Err(th.raised_by_c()),
            answer => Ok(answer != 0),
        };
    }
    contains_by_iteration(th, ob, item)
}

/// `ob[index]`: `PySequence_GetItem`.
pub fn get(th: &Thread, ob: Borrowed<'_>, index: isize) -> PyResult {
    let Some(table) = slots(ob) else {
        return Err(no_item(
            th,
            ob,
            |table| table.mp_subscript.is_some(),
            "is not a sequence",
            "does not support indexing",
        ));
    };
    let Some(sq_item) = table.sq_item else {
        return Err(no_item(
            th,
            ob,
            |table| table.mp_subscript.is_some(),
            "is not a sequence",
            "does not support indexing",
        ));
    };
    let index = match (index < 0, table.sq_length) {
        // SAFETY: as in `contains`.
        (true, Some(sq_length)) => match unsafe { sq_length(ob.as_ptr()) } {
            len if len < 0 => return Err(th.raised_by_c()),
            len => index + len as isize,
        },
        _ => index,
    };
    // SAFETY: as in `contains`.
    result(th, unsafe { sq_item(ob.as_ptr(), index as abi::Py_ssize_t) })
}

/// TypeError: of a mapping, another one.
#[cold]
fn no_item(
    th: &Thread,
    ob: Borrowed<'_>,
    is_mapping: fn(&abi::PyMappingMethods) -> bool,
    mapping: &str,
    other: &str,
) -> Raised {
    // SAFETY: the table of a live type.
    let is_mapping = unsafe { ob.ty().raw().tp_as_mapping.as_ref().is_some_and(is_mapping) };
    let what = if is_mapping { mapping } else { other };
    let name = ob.type_name();
    if is_mapping {
        return raise!(th, TYPE_ERROR, "{name} {what}");
    }
    raise!(th, TYPE_ERROR, "'{name}' object {what}")
}

/// `ob[index] = value` or `del ob[index]`.
pub fn set(
    th: &Thread,
    ob: Borrowed<'_>,
    index: isize,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let Some((table, sq_ass_item)) =
        slots(ob).and_then(|table| table.sq_ass_item.map(|set| (table, set)))
    else {
        let what = match value {
            Some(_) => "does not support item assignment",
            None => "doesn't support item deletion",
        };
        return Err(no_item(
            th,
            ob,
            |table| table.mp_ass_subscript.is_some(),
            "is not a sequence",
            what,
        ));
    };
    let index = match (index < 0, table.sq_length) {
        // SAFETY: as in `contains`.
        (true, Some(sq_length)) => match unsafe { sq_length(ob.as_ptr()) } {
            len if len < 0 => return Err(th.raised_by_c()),
            len => index + len as isize,
        },
        _ => index,
    };
    let value = value.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: as in `contains`.
    if unsafe { sq_ass_item(ob.as_ptr(), index as abi::Py_ssize_t, value) } < 0 {
        return Err(th.raised_by_c());
    }
    Ok(())
}

/// `left + right` of sequences: `PySequence_Concat`.
pub fn concat(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    if let Some(sq_concat) = slots(left).and_then(|slots| slots.sq_concat) {
        // SAFETY: as in `contains`.
        return result(th, unsafe { sq_concat(left.as_ptr(), right.as_ptr()) });
    }
    if check(left) && check(right) {
        let sum = crate::protocol::number::add(th, left, right)?;
        return Ok(sum);
    }
    Err(raise!(th, TYPE_ERROR, "'{}' object can't be concatenated", left.type_name()))
}

/// `ob * count` of a sequence: `PySequence_Repeat`.
pub fn repeat(th: &Thread, ob: Borrowed<'_>, count: isize) -> PyResult {
    if let Some(sq_repeat) = slots(ob).and_then(|slots| slots.sq_repeat) {
        // SAFETY: as in `contains`.
        return result(th, unsafe { sq_repeat(ob.as_ptr(), count as abi::Py_ssize_t) });
    }
    if check(ob) {
        let count = crate::int::Int::from_isize(th, count)?;
        return crate::protocol::number::multiply(th, ob, count.object());
    }
    Err(raise!(th, TYPE_ERROR, "'{}' object can't be repeated", ob.type_name()))
}

/// `PySequence_Check`.
pub fn check(ob: Borrowed<'_>) -> bool {
    if ob.downcast::<Dict>().is_some() {
        return false;
    }
    slots(ob).is_some_and(|slots| slots.sq_item.is_some())
}

/// `PySequence_Size`.
pub fn len(th: &Thread, ob: Borrowed<'_>) -> PyResult<usize> {
    match slots(ob).and_then(|slots| slots.sq_length) {
        // SAFETY: as in `contains`.
        Some(sq_length) => match unsafe { sq_length(ob.as_ptr()) } {
            len if len < 0 => Err(th.raised_by_c()),
            len => Ok(len as usize),
        },
        None => {
            // SAFETY: the table of a live type.
            let mapping = unsafe {
                (*ob.ty().as_type_ptr())
                    .tp_as_mapping
                    .as_ref()
                    .is_some_and(|table| table.mp_length.is_some())
            };
            let name = ob.type_name();
            if mapping {
                return Err(raise!(th, TYPE_ERROR, "{name} is not a sequence"));
            }
            Err(raise!(th, TYPE_ERROR, "object of type '{name}' has no len()"))
        }
    }
}

pub fn list(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<List>> {
    List::from_iterable(th, ob)
}

/// `tuple(ob)`: itself if it is an exact tuple.
pub fn tuple(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
    if let Some(tuple) = ob.downcast_exact::<Tuple>() {
        return Ok(tuple.to_owned());
    }
    if let Some(list) = ob.downcast_exact::<List>() {
        return list.to_tuple(th);
    }
    let iterator = iter::get_iter(th, ob)?;
    let mut items = Vec::new();
    while let Some(item) = iter::next(th, iterator.borrow())? {
        iter::push(th, &mut items, item)?;
    }
    Tuple::from_vec(th, items)
}

/// `PySequence_Fast`: a list or tuple as it is, else a new list; TypeError with `message` if not iterable.
pub fn fast(th: &Thread, ob: Borrowed<'_>, message: &str) -> PyResult {
    if ob.is_exact::<List>() || ob.is_exact::<Tuple>() {
        return Ok(ob.to_owned());
    }
    match iter::get_iter(th, ob) {
        Ok(iterator) => list(th, iterator.borrow()).map(Owned::into_object),
        Err(raised) => {
            drop(th.take_if(raised, exc::TYPE_ERROR)?);
            Err(th.raise(exc::TYPE_ERROR, message))
        }
    }
}

/// `iter(ob)` for a search, with its own message.
fn search_iter(th: &Thread, ob: Borrowed<'_>, what: &str) -> PyResult {
    iter::get_iter(th, ob).or_else(|raised| {
        drop(th.take_if(raised, exc::TYPE_ERROR)?);
        Err(raise!(th, TYPE_ERROR, "argument of type '{}' is not {what}", ob.type_name()))
    })
}

/// `item in ob` by comparing with each item of `iter(ob)`.
pub fn contains_by_iteration(th: &Thread, ob: Borrowed<'_>, item: Borrowed<'_>) -> PyResult<bool> {
    let iterator = search_iter(th, ob, "a container or iterable")?;
    while let Some(found) = iter::next(th, iterator.borrow())? {
        if object::compare_bool(th, found.borrow(), item, CompareOp::Eq)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How often `item` is in `ob`: `operator.countOf`.
pub fn count(th: &Thread, ob: Borrowed<'_>, item: Borrowed<'_>) -> PyResult<usize> {
    let iterator = search_iter(th, ob, "iterable")?;
    let mut count = 0;
    while let Some(found) = iter::next(th, iterator.borrow())? {
        count += usize::from(object::compare_bool(th, found.borrow(), item, CompareOp::Eq)?);
    }
    Ok(count)
}

/// The first position of `item` in `ob`: `operator.indexOf`.
pub fn index(th: &Thread, ob: Borrowed<'_>, item: Borrowed<'_>) -> PyResult<usize> {
    let iterator = search_iter(th, ob, "iterable")?;
    let mut at = 0;
    while let Some(found) = iter::next(th, iterator.borrow())? {
        if object::compare_bool(th, found.borrow(), item, CompareOp::Eq)? {
            return Ok(at);
        }
        at += 1;
    }
    Err(th.raise(exc::VALUE_ERROR, "sequence.index(x): x not in sequence"))
}
