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
pub fn PyIter_Next(th: &Thread, iterator: Borrowed<'_>) -> PyResult<Option<Owned>> {
    iter::next(th, iterator)
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
