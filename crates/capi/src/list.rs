//! `listobject.h`.

use krait_macros::capi;
use krait_objects::prelude::*;

#[capi]
pub fn PyList_New(th: &Thread, len: isize) -> PyResult<Owned<List>> {
    match usize::try_from(len) {
        Ok(0) => List::new(th),
        Ok(len) => List::with_nulls(th, len),
        Err(_) => Err(th.bad_internal_call()),
    }
}

#[capi]
pub fn PyList_Size(list: Borrowed<'_, List>) -> PyResult<isize> {
    Ok(list.len() as isize)
}

fn item(th: &Thread, list: Borrowed<'_>, index: isize) -> PyResult {
    let list = list.downcast::<List>().ok_or_else(|| th.bad_internal_call())?;
    let found = usize::try_from(index).ok().and_then(|index| list.get().get(index));
    found.ok_or_else(|| th.raise(exc::INDEX_ERROR, "list index out of range"))
}

#[capi]
pub fn PyList_GetItem(
    th: &Thread,
    list: Borrowed<'_>,
    index: isize,
) -> PyResult<*mut krait_abi::PyObject> {
    // The list keeps the item alive.
    item(th, list, index).map(|item| item.as_ptr())
}

#[capi]
pub fn PyList_GetItemRef(th: &Thread, list: Borrowed<'_>, index: isize) -> PyResult {
    if !list.ty().is_subtype(List::type_object()) {
        return Err(th.raise(exc::TYPE_ERROR, "expected a list"));
    }
    item(th, list, index)
}

#[capi]
pub fn PyList_SetItem(
    th: &Thread,
    list: Borrowed<'_, List>,
    index: isize,
    item: Option<Owned>,
) -> PyResult<()> {
    let Ok(index) = usize::try_from(index) else {
        return Err(th.raise(exc::INDEX_ERROR, "list assignment index out of range"));
    };
    if index >= list.len() {
        return Err(th.raise(exc::INDEX_ERROR, "list assignment index out of range"));
    }
    // SAFETY: the place lies in the list; a list that C is filling holds NULLs.
    unsafe {
        let place = list.items_ptr().add(index);
        let new = item.map_or(std::ptr::null_mut(), Owned::into_ptr);
        drop(Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut *place, new)));
    }
    Ok(())
}

#[capi]
pub fn PyList_Append(
    th: &Thread,
    list: Borrowed<'_, List>,
    item: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let item = crate::support::given(th, item)?;
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
    let item = crate::support::given(th, item)?;
    let len = list.len() as isize;
    let at = if index < 0 { index.saturating_add(len).max(0) } else { index.min(len) };
    let one = List::from_slice(th, &[item])?;
    let place = krait_objects::slice::Slice::of_indices(th, at, at)?;
    object::set_item(th, list.object(), place.object(), one.object())
}

#[capi]
pub fn PyList_GetSlice(
    th: &Thread,
    list: Borrowed<'_, List>,
    start: isize,
    stop: isize,
) -> PyResult<Owned<List>> {
    let len = list.len() as isize;
    let start = start.clamp(0, len);
    let stop = stop.clamp(start, len);
    list.slice(th, start as usize, (stop - start) as usize)
}

#[capi]
pub fn PyList_SetSlice(
    th: &Thread,
    list: Borrowed<'_, List>,
    start: isize,
    stop: isize,
    items: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let len = list.len() as isize;
    let start = start.clamp(0, len);
    let place = krait_objects::slice::Slice::of_indices(th, start, stop.clamp(start, len))?;
    match items {
        Some(items) => object::set_item(th, list.object(), place.object(), items),
        None => object::del_item(th, list.object(), place.object()),
    }
}

#[capi]
pub fn PyList_Sort(th: &Thread, list: Borrowed<'_, List>) -> PyResult<()> {
    list.sort(th)
}

#[capi]
pub fn PyList_Reverse(list: Borrowed<'_, List>) -> PyResult<()> {
    list.reverse();
    Ok(())
}

#[capi]
pub fn PyList_AsTuple(th: &Thread, list: Borrowed<'_, List>) -> PyResult<Owned<Tuple>> {
    list.to_tuple(th)
}
