//! `abstract.h`: the iterator protocol.

use std::ffi::c_int;

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

#[inline(always)]
unsafe fn next_at_once(iterator: Ptr) -> Option<Ptr> {
    // SAFETY: C passes a live object; a slot takes a live object of its type.
    let item = unsafe { (*(*iterator).ob_type).tp_iternext?(iterator) };
    Some(if item.is_null() { ended() } else { item })
}

/// There was no item: a StopIteration goes.
#[inline(never)]
fn ended() -> Ptr {
    // SAFETY: the caller is attached.
    let _answer = iter::finished(unsafe { Thread::attached() });
    std::ptr::null_mut()
}

#[capi(fast = next_at_once)]
pub fn PyIter_Next(th: &Thread, iterator: Borrowed<'_>) -> PyResult<Option<Owned>> {
    iter::next(th, iterator)
}

#[inline(always)]
unsafe fn next_item_at_once(iterator: Ptr, place: *mut Ptr) -> Option<c_int> {
    // SAFETY: C passes a live object and a writable place; a slot takes a live object of its type.
    unsafe {
        let item = (*(*iterator).ob_type).tp_iternext?(iterator);
        *place = item;
        Some(if item.is_null() { without_item() } else { 1 })
    }
}

/// There was no item: 0, or -1 for an error.
#[inline(never)]
fn without_item() -> c_int {
    // SAFETY: the caller is attached.
    iter::finished(unsafe { Thread::attached() }).map_or(-1, |_| 0)
}

#[capi(fast = next_item_at_once)]
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
