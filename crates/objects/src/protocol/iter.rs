//! The iterator protocol.

use krait_abi as abi;

use crate::error::{PyResult, Raised};
use crate::exceptions::exc;
use crate::handle::{Borrowed, Owned, incref};
use crate::iterators;
use crate::list::List;
use crate::protocol::sequence;
use crate::raise;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::Type;

/// `iter(ob)`: `PyObject_GetIter`.
pub fn get_iter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    let ty = ob.ty();
    let Some(tp_iter) = ty.raw().tp_iter else {
        if sequence::check(ob) {
            return iterators::sequence_iterator(th, ob);
        }
        return Err(raise!(th, TYPE_ERROR, "'{}' object is not iterable", ty.tp_name()));
    };
    // SAFETY: a slot gets an object of its type and gives a new reference or NULL.
    let iterator: Owned =
        unsafe { Owned::from_ptr_or_null(tp_iter(ob.as_ptr())) }.ok_or_else(|| th.raised_by_c())?;
    if !is_iterator(iterator.borrow()) {
        let name = iterator.type_name();
        return Err(raise!(th, TYPE_ERROR, "iter() returned non-iterator of type '{name}'"));
    }
    Ok(iterator)
}

/// `PyObject_SelfIter`: the `tp_iter` of iterators, whose declarations leave it out.
///
/// # Safety
/// `ob` is a live object.
pub unsafe extern "C" fn self_iter(ob: *mut abi::PyObject) -> *mut abi::PyObject {
    // SAFETY: the caller's promise.
    unsafe { incref(ob) };
    ob
}

/// The next item; `None` at the end (StopIteration is not left set).
#[inline]
pub fn next(th: &Thread, iterator: Borrowed<'_>) -> PyResult<Option<Owned>> {
    let Some(tp_iternext) = iterator.ty().raw().tp_iternext else {
        return Err(not_an_iterator(th, iterator));
    };
    // SAFETY: a slot gets an object of its type and gives a new reference or NULL.
    match unsafe { Owned::from_ptr_or_null(tp_iternext(iterator.as_ptr())) } {
        Some(item) => Ok(Some(item)),
        None => finished(th),
    }
}

/// `next(iterator, default)`; StopIteration without a default. `iterator` is one.
pub fn next_or(th: &Thread, iterator: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
    let Some(tp_iternext) = iterator.ty().raw().tp_iternext else {
        return Err(not_an_iterator(th, iterator));
    };
    // SAFETY: as in `next`.
    if let Some(item) = unsafe { Owned::from_ptr_or_null(tp_iternext(iterator.as_ptr())) } {
        return Ok(item);
    }
    match default {
        Some(default) => match finished(th)? {
            Some(item) => Ok(item),
            None => Ok(default.to_owned()),
        },
        // A StopIteration that is set already keeps its value.
        None if th.is_raised() => Err(th.raised_by_c()),
        None => Err(th.raise_none(exc::STOP_ITERATION)),
    }
}

/// `aiter(ob)`: `PyObject_GetAIter`.
pub fn get_aiter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    // SAFETY: the async table of a live type.
    let table = |ty: Borrowed<'_, Type>| unsafe { (*ty.as_type_ptr()).tp_as_async.as_ref() };
    let Some(am_aiter) = table(ob.ty()).and_then(|table| table.am_aiter) else {
        let name = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "'{name}' object is not an async iterable"));
    };
    // SAFETY: as in `get_iter`.
    let iterator: Owned = unsafe { Owned::from_ptr_or_null(am_aiter(ob.as_ptr())) }
        .ok_or_else(|| th.raised_by_c())?;
    let is_async = table(iterator.ty())
        .and_then(|table| table.am_anext)
        .is_some_and(|next| !std::ptr::eq(next as *const (), next_not_implemented as *const ()));
    if !is_async {
        let name = iterator.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "aiter() returned not an async iterator of type '{name}'"
        ));
    }
    Ok(iterator)
}

/// NULL without an exception, or with StopIteration, is the end.
pub fn finished(th: &Thread) -> PyResult<Option<Owned>> {
    if !th.is_raised() {
        return Ok(None);
    }
    drop(th.take_if(th.raised_by_c(), exc::STOP_ITERATION)?);
    Ok(None)
}

#[cold]
fn not_an_iterator(th: &Thread, ob: Borrowed<'_>) -> Raised {
    raise!(th, TYPE_ERROR, "'{}' object is not an iterator", ob.type_name())
}

/// `PyIter_Check`.
pub fn is_iterator(ob: Borrowed<'_>) -> bool {
    ob.ty()
        .raw()
        .tp_iternext
        .is_some_and(|next| !std::ptr::eq(next as *const (), next_not_implemented as *const ()))
}

/// Calls `body` for every item of any iterable; fast for exact lists and tuples.
pub fn for_each(
    th: &Thread,
    iterable: Borrowed<'_>,
    body: &mut dyn FnMut(Owned) -> PyResult<()>,
) -> PyResult<()> {
    if let Some(tuple) = iterable.downcast_exact::<Tuple>() {
        return tuple.as_slice().iter().try_for_each(|&item| body(item.to_owned()));
    }
    if let Some(list) = iterable.downcast_exact::<List>() {
        let mut at = 0;
        while let Some(item) = list.get().get(at) {
            body(item)?;
            at += 1;
        }
        return Ok(());
    }
    let iterator = get_iter(th, iterable)?;
    while let Some(item) = next(th, iterator.borrow())? {
        body(item)?;
    }
    Ok(())
}

pub fn collect(th: &Thread, iterable: Borrowed<'_>) -> PyResult<Vec<Owned>> {
    let mut items: Vec<Owned> = Vec::new();
    for_each(th, iterable, &mut |item| push(th, &mut items, item))?;
    Ok(items)
}

/// As `Vec::push`, which ends the process if there is no memory.
#[inline(always)]
pub fn push(th: &Thread, items: &mut Vec<Owned>, item: Owned) -> PyResult<()> {
    if items.len() == items.capacity() && items.try_reserve(1).is_err() {
        return Err(th.no_memory());
    }
    items.push(item);
    Ok(())
}

/// `_PyObject_NextNotImplemented`: what `tp_iternext` of types that are no iterators may hold.
///
/// # Safety
/// `ob` is a live object; the thread is attached.
pub unsafe extern "C" fn next_not_implemented(ob: *mut abi::PyObject) -> *mut abi::PyObject {
    let th = Thread::current();
    // SAFETY: the caller's promise.
    let ob: Borrowed<'_> = unsafe { Borrowed::from_ptr(ob) };
    let Raised { .. } = raise!(th, TYPE_ERROR, "'{}' object is not iterable", ob.type_name());
    std::ptr::null_mut()
}
