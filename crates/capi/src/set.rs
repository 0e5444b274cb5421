//! `setobject.h`.

use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::set::{Set, any_set};

#[capi]
pub fn PySet_New(th: &Thread, items: Option<Borrowed<'_>>) -> PyResult<Owned<Set>> {
    match items {
        Some(items) => Set::from_iterable(th, items),
        None => Set::new(th),
    }
}

#[capi]
pub fn PyFrozenSet_New(th: &Thread, items: Option<Borrowed<'_>>) -> PyResult<Owned<Set>> {
    Set::frozen_from_iterable(th, items)
}

fn either<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Set>> {
    any_set(ob).ok_or_else(|| th.bad_internal_call())
}

#[capi]
pub fn PySet_Size(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    Ok(either(th, ob)?.len() as isize)
}

#[capi]
pub fn PySet_Contains(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<bool> {
    either(th, ob)?.contains(th, key)
}

#[capi]
pub fn PySet_Add(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<()> {
    let set = either(th, ob)?;
    // A frozen set may be filled by whoever has just made it.
    if !ob.ty().is_subtype(Set::type_object()) && ob.ref_count() != 1 {
        return Err(th.bad_internal_call());
    }
    set.add(th, key)
}

#[capi]
pub fn PySet_Discard(th: &Thread, set: Borrowed<'_, Set>, key: Borrowed<'_>) -> PyResult<bool> {
    set.remove(th, key)
}

#[capi]
pub fn PySet_Clear(set: Borrowed<'_, Set>) -> PyResult<()> {
    set.clear();
    Ok(())
}

#[capi]
pub fn PySet_Pop(th: &Thread, set: Borrowed<'_, Set>) -> PyResult {
    call::call_method(th, set.object(), Str::interned(th, "pop")?.borrow(), &[])
}
