//! `tupleobject.h`.

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyTuple_New(th: &Thread, len: isize) -> PyResult<Owned<Tuple>> {
    match usize::try_from(len) {
        Ok(0) => Ok(Tuple::empty().to_owned()),
        Ok(len) => Tuple::with_nulls(th, len),
        Err(_) => Err(th.bad_internal_call()),
    }
}

#[inline(always)]
unsafe fn size_at_once(tuple: Ptr) -> Option<isize> {
    // SAFETY: C passes a live object.
    unsafe { there::<Tuple>(tuple).map(|tuple| tuple.len() as isize) }
}

#[capi(fast = size_at_once)]
pub fn PyTuple_Size(tuple: Borrowed<'_, Tuple>) -> PyResult<isize> {
    Ok(tuple.len() as isize)
}

#[inline(always)]
unsafe fn item_at_once(tuple: Ptr, index: isize) -> Option<Ptr> {
    // SAFETY: C passes a live object or NULL.
    let tuple = unsafe { some::<Tuple>(tuple)? };
    // SAFETY: the place lies in the tuple.
    ((index as usize) < tuple.len()).then(|| unsafe { *tuple.items().add(index as usize) })
}

#[capi(fast = item_at_once)]
pub fn PyTuple_GetItem<'a>(
    th: &Thread,
    tuple: Borrowed<'a, Tuple>,
    index: isize,
) -> PyResult<Borrowed<'a>> {
    let found = usize::try_from(index).ok().and_then(|index| tuple.get().get(index));
    found.ok_or_else(|| th.raise(exc::INDEX_ERROR, "tuple index out of range"))
}

#[capi]
pub fn PyTuple_SetItem(
    th: &Thread,
    tuple: Borrowed<'_, Tuple>,
    index: isize,
    item: Option<Owned>,
) -> PyResult<()> {
    if tuple.object().ref_count() != 1 {
        return Err(th.bad_internal_call());
    }
    let place = usize::try_from(index).ok().filter(|&index| index < tuple.len());
    let Some(index) = place else {
        return Err(th.raise(exc::INDEX_ERROR, "tuple assignment index out of range"));
    };
    // SAFETY: the place lies in the tuple, which nobody else has seen; it holds a reference or NULL.
    unsafe {
        let place = tuple.items().add(index);
        let new = item.map_or(std::ptr::null_mut(), Owned::into_ptr);
        drop(Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *place, new)));
    }
    Ok(())
}

#[capi]
pub fn PyTuple_GetSlice(
    th: &Thread,
    tuple: Borrowed<'_, Tuple>,
    start: isize,
    stop: isize,
) -> PyResult<Owned<Tuple>> {
    let len = tuple.len() as isize;
    let start = start.clamp(0, len);
    let stop = stop.clamp(start, len);
    Tuple::slice(tuple, th, start as usize, stop as usize)
}

#[capi]
pub fn _PyTuple_Resize(th: &Thread, place: *mut Ptr, len: isize) -> PyResult<()> {
    // SAFETY: C passes a place with its only reference.
    let old = unsafe {
        Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *place, std::ptr::null_mut()))
    };
    let tuple = old.and_then(|old| old.downcast::<Tuple>().ok());
    let tuple = tuple.filter(|tuple| tuple.is_empty() || tuple.object().ref_count() == 1);
    let (Some(tuple), Ok(len)) = (tuple, usize::try_from(len)) else {
        return Err(th.bad_internal_call());
    };
    // SAFETY: as above.
    unsafe { *place = Tuple::resize(th, tuple, len)?.into_ptr() };
    Ok(())
}
