//! `abstract.h`: the iterator protocol.

use std::ffi::c_int;
use std::ptr::null_mut;

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyObject_GetIter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    iter::get_iter(th, ob)
}

#[capi]
pub fn PyObject_SelfIter(ob: Ptr) -> Ptr {
    // SAFETY: C passes a live object.
    unsafe { iter::self_iter(ob) }
}

#[capi]
pub fn PyIter_Check(ob: Ptr) -> bool {
    // SAFETY: C passes a live object.
    iter::is_iterator(unsafe { Borrowed::from_ptr(ob) })
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

/// Sends a value into an iterator: 1 and a value, 0 and the returned value, or -1.
#[capi]
pub fn PyIter_Send(th: &Thread, ob: Borrowed<'_>, value: Borrowed<'_>, place: *mut Ptr) -> c_int {
    // SAFETY: C passes live objects and a writable place.
    unsafe {
        let ty = ob.get().ty();
        if let Some(send) = ty.raw().tp_as_async.as_ref().and_then(|table| table.am_send) {
            return send(ob.as_ptr(), value.as_ptr(), place);
        }
        let result = if value.is_none() && ty.raw().tp_iternext.is_some() {
            iter::next(th, ob)
        } else {
            match Str::interned(th, "send") {
                Ok(send) => call::call_method(th, ob, send.borrow(), &[value]).map(Some),
                Err(raised) => Err(raised),
            }
        };
        let returned = match result {
            Ok(Some(value)) => {
                *place = value.into_ptr();
                return 1;
            }
            Ok(None) => Ok(none().to_owned()),
            Err(raised) => match th.take_if(raised, exc::STOP_ITERATION) {
                Ok(stop) => krait_eval::generator::stop_iteration_value(th, stop.object()),
                Err(raised) => Err(raised),
            },
        };
        match returned {
            Ok(value) => {
                *place = value.into_ptr();
                0
            }
            Err(_) => {
                *place = null_mut();
                -1
            }
        }
    }
}

#[capi]
pub fn PyObject_GetAIter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    iter::get_aiter(th, ob)
}

#[capi]
pub fn PyAIter_Check(ob: Ptr) -> c_int {
    // SAFETY: C passes a live object.
    unsafe {
        let table = (*(*ob).ob_type).tp_as_async;
        (!table.is_null() && (*table).am_anext.is_some()).into()
    }
}
