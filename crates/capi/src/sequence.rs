//! `abstract.h`: the sequence protocol.

use std::ffi::{c_char, c_int};

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[inline(always)]
unsafe fn is_sequence_at_once(ob: Ptr) -> Option<c_int> {
    // SAFETY: C passes a live object.
    sequence::check(unsafe { Borrowed::from_ptr(ob) }).then_some(1)
}

#[capi(fast = is_sequence_at_once)]
pub fn PySequence_Check(ob: Ptr) -> bool {
    // SAFETY: C passes a live object.
    sequence::check(unsafe { Borrowed::from_ptr(ob) })
}

#[inline(always)]
unsafe fn size_at_once(ob: Ptr) -> Option<isize> {
    // SAFETY: a slot takes a live object of its type.
    slot_of!(ob, tp_as_sequence, sq_length).map(|length| unsafe { length(ob) })
}

#[capi(fast = size_at_once)]
pub fn PySequence_Size(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    sequence::len(th, ob).map(|len| len as isize)
}

#[capi(fast = size_at_once)]
pub fn PySequence_Length(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    sequence::len(th, ob).map(|len| len as isize)
}

#[inline(always)]
unsafe fn item_at_once(ob: Ptr, index: isize) -> Option<Ptr> {
    // SAFETY: C passes a live object or NULL; a class's table, where there is one, is a whole struct that lives as long as it.
    let slots = unsafe { (*ob.as_ref()?.ob_type).tp_as_sequence.as_ref()? };
    let item = slots.sq_item?;
    // SAFETY: a slot takes a live object of its type.
    Some(unsafe { if index >= 0 { item(ob, index) } else { item_from_end(ob, index, slots) } })
}

/// Slots know no negative index.
///
/// # Safety
/// The slots are those of the object's class, and one of them is for items.
#[inline(never)]
unsafe fn item_from_end(ob: Ptr, index: isize, slots: &abi::PySequenceMethods) -> Ptr {
    // SAFETY: the caller's promise; lists and tuples have their length in their heads.
    unsafe {
        let class = (*ob).ob_type;
        if class == Tuple::type_object().as_type_ptr() || class == List::type_object().as_type_ptr()
        {
            let length = (*ob.cast::<abi::PyVarObject>()).ob_size;
            return slots.sq_item.unwrap_unchecked()(ob, index + length);
        }
    }
    // SAFETY: the caller's promise.
    unsafe { item_from_asked_end(ob, index, slots) }
}

/// # Safety
/// As for `item_from_end`.
#[inline(never)]
unsafe fn item_from_asked_end(ob: Ptr, index: isize, slots: &abi::PySequenceMethods) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        let length = match slots.sq_length {
            Some(length) => length(ob),
            None => 0,
        };
        if length < 0 {
            return std::ptr::null_mut();
        }
        slots.sq_item.unwrap_unchecked()(ob, index + length)
    }
}

#[capi(fast = item_at_once)]
pub fn PySequence_GetItem(th: &Thread, ob: Borrowed<'_>, index: isize) -> PyResult {
    sequence::get(th, ob, index)
}

/// Without a value the slot deletes.
#[inline(always)]
unsafe fn assign_at_once(ob: Ptr, index: isize, value: Ptr) -> Option<c_int> {
    let assign = slot_of!(ob, tp_as_sequence, sq_ass_item).filter(|_| index >= 0)?;
    // SAFETY: C passes live objects; a slot takes one of its type.
    Some(unsafe { assign(ob, index, value) })
}

#[capi(fast = assign_at_once)]
pub fn PySequence_SetItem(
    th: &Thread,
    ob: Borrowed<'_>,
    index: isize,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    if value.is_none()
        && slot!(ob, tp_as_sequence, sq_ass_item).is_none()
        && mapping_slots(ob).is_none_or(|slots| slots.mp_ass_subscript.is_none())
    {
        let name = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "'{name}' object does not support item assignment"));
    }
    sequence::set(th, ob, index, value)
}

#[capi]
pub fn PySequence_DelItem(th: &Thread, ob: Borrowed<'_>, index: isize) -> PyResult<()> {
    sequence::set(th, ob, index, None)
}

#[capi]
pub fn PySequence_Concat(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    sequence::concat(th, left, right)
}

#[capi]
pub fn PySequence_Repeat(th: &Thread, ob: Borrowed<'_>, count: isize) -> PyResult {
    sequence::repeat(th, ob, count)
}

fn sequence_table<'a>(ob: Borrowed<'a>) -> Option<&'a abi::PySequenceMethods> {
    // SAFETY: a type's tables live as long as it.
    unsafe { (*(*ob.as_ptr()).ob_type).tp_as_sequence.as_ref() }
}

/// The result of a slot, if it is filled.
fn in_place<F>(
    th: &Thread,
    ob: Borrowed<'_>,
    slot: Option<F>,
    run: impl FnOnce(F) -> Ptr,
) -> Option<PyResult> {
    slot.map(|slot| call::check_result(th, Some(ob), run(slot)))
}

#[capi]
pub fn PySequence_InPlaceConcat(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult {
    let table = sequence_table(a);
    in_place(th, a, table.and_then(|table| table.sq_inplace_concat), |function| {
        // SAFETY: a slot takes live objects, the first of its type.
        unsafe { function(a.as_ptr(), b.as_ptr()) }
    })
    .unwrap_or_else(|| sequence::concat(th, a, b))
}

#[capi]
pub fn PySequence_InPlaceRepeat(th: &Thread, ob: Borrowed<'_>, count: isize) -> PyResult {
    let table = sequence_table(ob);
    in_place(th, ob, table.and_then(|table| table.sq_inplace_repeat), |function| {
        // SAFETY: a slot takes live objects, the first of its type.
        unsafe { function(ob.as_ptr(), count) }
    })
    .unwrap_or_else(|| sequence::repeat(th, ob, count))
}

#[inline(always)]
unsafe fn contains_at_once(ob: Ptr, item: Ptr) -> Option<c_int> {
    // SAFETY: C passes a live object, and another one or NULL.
    let container: Borrowed<'_> = unsafe { Borrowed::from_ptr(ob) };
    let contains = slot!(container, tp_as_sequence, sq_contains).filter(|_| !item.is_null())?;
    // SAFETY: a slot takes live objects.
    Some(unsafe { contains(ob, item) })
}

#[capi(fast = contains_at_once)]
pub fn PySequence_Contains(
    th: &Thread,
    ob: Borrowed<'_>,
    item: Option<Borrowed<'_>>,
) -> PyResult<bool> {
    contains(th, ob, item)
}

fn contains(th: &Thread, ob: Borrowed<'_>, item: Option<Borrowed<'_>>) -> PyResult<bool> {
    match item {
        Some(item) => sequence::contains(th, ob, item),
        // Nothing is compared with it.
        None if ob.downcast::<List>().is_some_and(|list| list.is_empty()) => Ok(false),
        None if ob.downcast::<List>().is_some() => Err(th.bad_internal_call()),
        None => Err(null_argument(th)),
    }
}

#[capi]
pub fn PySequence_In(th: &Thread, ob: Borrowed<'_>, item: Option<Borrowed<'_>>) -> PyResult<bool> {
    contains(th, ob, item)
}

#[capi]
pub fn PySequence_Count(th: &Thread, ob: Borrowed<'_>, item: Borrowed<'_>) -> PyResult<isize> {
    sequence::count(th, ob, item).map(|count| count as isize)
}

#[capi]
pub fn PySequence_Index(th: &Thread, ob: Borrowed<'_>, item: Borrowed<'_>) -> PyResult<isize> {
    sequence::index(th, ob, item).map(|index| index as isize)
}

#[capi]
pub fn PySequence_List(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<List>> {
    sequence::list(th, ob)
}

#[capi]
pub fn PySequence_Tuple(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
    sequence::tuple(th, ob)
}

#[capi]
pub fn PySequence_Fast(th: &Thread, ob: Borrowed<'_>, message: *const c_char) -> PyResult {
    if ob.is_exact::<List>() || ob.is_exact::<Tuple>() {
        return Ok(ob.to_owned());
    }
    sequence::fast(th, ob, &text_of(message))
}

fn slice(th: &Thread, start: isize, stop: isize) -> PyResult<Owned<krait_objects::slice::Slice>> {
    krait_objects::slice::Slice::of_indices(th, start, stop)
}

#[capi]
pub fn PySequence_GetSlice(th: &Thread, ob: Borrowed<'_>, start: isize, stop: isize) -> PyResult {
    if mapping_slots(ob).is_none_or(|slots| slots.mp_subscript.is_none()) {
        let name = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "'{name}' object is unsliceable"));
    }
    object::get_item(th, ob, slice(th, start, stop)?.object())
}

#[capi]
pub fn PySequence_SetSlice(
    th: &Thread,
    ob: Borrowed<'_>,
    start: isize,
    stop: isize,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    if mapping_slots(ob).is_none_or(|slots| slots.mp_ass_subscript.is_none()) {
        let name = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "'{name}' object doesn't support slice assignment"));
    }
    let place = slice(th, start, stop)?;
    match value {
        Some(value) => object::set_item(th, ob, place.object(), value),
        None => object::del_item(th, ob, place.object()),
    }
}

#[capi]
pub fn PySequence_DelSlice(
    th: &Thread,
    ob: Borrowed<'_>,
    start: isize,
    stop: isize,
) -> PyResult<()> {
    if mapping_slots(ob).is_none_or(|slots| slots.mp_ass_subscript.is_none()) {
        let name = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "'{name}' object doesn't support slice deletion"));
    }
    object::del_item(th, ob, slice(th, start, stop)?.object())
}

/// The class's slots of mappings.
fn mapping_slots<'a>(ob: Borrowed<'a>) -> Option<&'a krait_abi::PyMappingMethods> {
    // SAFETY: slots live as long as their type, which the object keeps.
    unsafe { ob.get().ty().raw().tp_as_mapping.as_ref() }
}
