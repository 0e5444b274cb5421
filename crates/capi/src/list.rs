//! `listobject.h`.

use std::ffi::c_int;

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyList_New(th: &Thread, len: isize) -> PyResult<Owned<List>> {
    match usize::try_from(len) {
        Ok(0) => List::new(th),
        Ok(len) => List::with_nulls(th, len),
        Err(_) => Err(th.bad_internal_call()),
    }
}

#[inline(always)]
unsafe fn size_at_once(list: Ptr) -> Option<isize> {
    // SAFETY: C passes a live object.
    unsafe { there::<List>(list).map(|list| list.len() as isize) }
}

#[capi(fast = size_at_once)]
pub fn PyList_Size(list: Borrowed<'_, List>) -> PyResult<isize> {
    Ok(list.len() as isize)
}

/// The place of an index in a list that C passed.
///
/// # Safety
/// `list` is a live object.
#[inline(always)]
unsafe fn place(list: Ptr, index: isize) -> Option<*mut Ptr> {
    // SAFETY: the caller's promise; the place lies in the list.
    unsafe {
        let list = there::<List>(list)?;
        ((index as usize) < list.len()).then(|| list.items_ptr().add(index as usize))
    }
}

#[inline(always)]
unsafe fn item_at_once(list: Ptr, index: isize) -> Option<Ptr> {
    // SAFETY: C passes a live object or NULL.
    unsafe { place(list, index).map(|place| *place) }
}

#[inline(always)]
unsafe fn counted_item_at_once(list: Ptr, index: isize) -> Option<Ptr> {
    // SAFETY: C passes a live object or NULL.
    let item: Borrowed<'_> = unsafe { Borrowed::from_ptr_or_null(*place(list, index)?)? };
    Some(item.to_owned().into_ptr())
}

/// Takes `item`; a list that C is filling holds NULLs.
#[inline(always)]
unsafe fn set_at_once(list: Ptr, index: isize, item: Ptr) -> Option<c_int> {
    // SAFETY: C passes live objects or NULL, and gives its reference to `item` up.
    unsafe {
        let old = std::mem::replace(&mut *place(list, index)?, item);
        drop(Owned::<Object>::from_ptr_or_null(old));
    }
    Some(0)
}

/// What lies at an index, not counted: the list keeps it alive.
#[inline(always)]
fn item<'a>(th: &Thread, list: Borrowed<'a>, index: isize) -> PyResult<Borrowed<'a>> {
    let list = list.downcast::<List>().ok_or_else(|| th.bad_internal_call())?;
    let found = list.get().peek(index as usize);
    // SAFETY: the list has a reference, or NULL where C has not filled it in.
    let found = found.and_then(|item| unsafe { Borrowed::from_ptr_or_null(item) });
    found.ok_or_else(|| th.raise(exc::INDEX_ERROR, "list index out of range"))
}

#[capi(fast = item_at_once)]
pub fn PyList_GetItem(
    th: &Thread,
    list: Borrowed<'_>,
    index: isize,
) -> PyResult<*mut krait_abi::PyObject> {
    item(th, list, index).map(Borrowed::as_ptr)
}

#[capi(fast = counted_item_at_once)]
pub fn PyList_GetItemRef(th: &Thread, list: Borrowed<'_>, index: isize) -> PyResult {
    if list.downcast::<List>().is_none() {
        return Err(th.raise(exc::TYPE_ERROR, "expected a list"));
    }
    item(th, list, index).map(Borrowed::to_owned)
}

#[capi(fast = set_at_once)]
pub fn PyList_SetItem(
    th: &Thread,
    list: Borrowed<'_, List>,
    index: isize,
    item: Option<Owned>,
) -> PyResult<()> {
    // The rest has been done already.
    let _ = (list, index, item);
    Err(th.raise(exc::INDEX_ERROR, "list assignment index out of range"))
}

#[capi]
pub fn PyList_Append(
    th: &Thread,
    list: Borrowed<'_, List>,
    item: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let item = given(th, item)?;
    list.push(th, item.to_owned())
}

#[capi]
pub fn PyList_Extend(th: &Thread, list: Borrowed<'_, List>, items: Borrowed<'_>) -> PyResult<()> {
    list.extend(th, items)
}

#[capi]
pub fn PyList_Clear(list: Borrowed<'_, List>) -> PyResult<()> {
    list.clear();
    Ok(())
}

#[capi]
pub fn PyList_Insert(
    th: &Thread,
    list: Borrowed<'_, List>,
    index: isize,
    item: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let item = given(th, item)?;
    let len = list.len() as isize;
    let at = if index < 0 { index.saturating_add(len).max(0) } else { index.min(len) };
    list.insert_at(th, at as usize, item.to_owned())
}

/// Bounds that lie in the list, in order.
#[inline(always)]
fn clipped(list: Borrowed<'_, List>, start: isize, stop: isize) -> (usize, usize) {
    let len = list.len() as isize;
    let start = start.clamp(0, len);
    (start as usize, stop.clamp(start, len) as usize)
}

#[capi]
pub fn PyList_GetSlice(
    th: &Thread,
    list: Borrowed<'_, List>,
    start: isize,
    stop: isize,
) -> PyResult<Owned<List>> {
    let (start, stop) = clipped(list, start, stop);
    list.slice(th, start, stop - start)
}

#[capi]
pub fn PyList_SetSlice(
    th: &Thread,
    list: Borrowed<'_, List>,
    start: isize,
    stop: isize,
    items: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let items =
        items.map(|items| sequence::fast(th, items, "can only assign an iterable")).transpose()?;
    let bounds = (start.max(0), stop.max(0));
    krait_objects::list::assign_slice(list, th, bounds, items.as_ref().map(|items| items.object()))
}

#[capi]
pub fn PyList_Sort(th: &Thread, list: Borrowed<'_, List>) -> PyResult<()> {
    list.sort(th)
}

#[inline(always)]
unsafe fn reverse_at_once(list: Ptr) -> Option<c_int> {
    // SAFETY: C passes a live object or NULL; the places lie in the list.
    unsafe {
        let list = some::<List>(list)?;
        let len = list.len();
        if len > 1 {
            let (mut first, mut last) = (list.items_ptr(), list.items_ptr().add(len - 1));
            // With two ways out the loop is not unrolled: lists that C turns around are short.
            while first < last {
                std::ptr::swap(first, last);
                (first, last) = (first.add(1), last.sub(1));
                if first == last {
                    break;
                }
            }
        }
    }
    Some(0)
}

#[capi(fast = reverse_at_once)]
pub fn PyList_Reverse(list: Borrowed<'_, List>) -> PyResult<()> {
    list.reverse();
    Ok(())
}

#[capi]
pub fn PyList_AsTuple(th: &Thread, list: Borrowed<'_, List>) -> PyResult<Owned<Tuple>> {
    list.to_tuple(th)
}
