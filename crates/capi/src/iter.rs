//! `abstract.h`: the iterator protocol.

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyObject_GetIter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    iter::get_iter(th, ob)
}

#[capi]
pub fn PyIter_Check(ob: Borrowed<'_>) -> bool {
    iter::is_iterator(ob)
}

#[capi]
pub fn PyIter_Next(th: &Thread, iterator: Borrowed<'_>) -> *mut krait_abi::PyObject {
    let next = iterator.get().ty().get().raw().tp_iternext;
    // SAFETY: a slot takes a live object of its type.
    let item = next.map_or(std::ptr::null_mut(), |next| unsafe { next(iterator.as_ptr()) });
    if item.is_null() {
        ended(th, iterator, next.is_none());
    }
    item
}

/// There was no item: a StopIteration goes.
fn ended(th: &Thread, iterator: Borrowed<'_>, is_none: bool) {
    let _answer = if is_none { iter::next(th, iterator) } else { iter::finished(th) };
}

#[capi]
pub fn PyIter_NextItem(th: &Thread, iterator: Borrowed<'_>, place: *mut Ptr) -> PyResult<bool> {
    if iterator.get().ty().raw().tp_iternext.is_none() {
        // SAFETY: `place` is writable.
        unsafe { *place = std::ptr::null_mut() };
        let name = iterator.type_name();
        return Err(raise!(th, TYPE_ERROR, "expected an iterator, got '{name}'"));
    }
    // SAFETY: `place` is writable.
    unsafe { give(place, iter::next(th, iterator)) }
}

#[capi]
pub fn PySeqIter_New(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if !sequence::check(ob) {
        return Err(th.bad_internal_call());
    }
    krait_objects::iterators::sequence_iterator(th, ob)
}

#[capi]
pub fn PyCallIter_New(th: &Thread, callable: Borrowed<'_>, sentinel: Borrowed<'_>) -> PyResult {
    krait_objects::iterators::callable_iterator(th, callable, sentinel)
}
