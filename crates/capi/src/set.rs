//! `setobject.h`.

use std::ffi::c_int;

use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::set::{Set, any_set};

use crate::support::*;

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

/// A set of exactly one of the two types.
///
/// # Safety
/// `ob` is a live object or NULL.
#[inline(always)]
unsafe fn exact<'a>(ob: Ptr) -> Option<&'a Set> {
    // SAFETY: the caller's promise; both have the same layout.
    unsafe {
        let ob: Borrowed<'a> = Borrowed::from_ptr_or_null(ob)?;
        krait_objects::set::is_exact_any(ob).then(|| ob.cast::<Set>().get())
    }
}

#[inline(always)]
unsafe fn size_at_once(ob: Ptr) -> Option<isize> {
    // SAFETY: C passes a live object or NULL.
    unsafe { exact(ob).map(|set| set.len() as isize) }
}

#[capi(fast = size_at_once)]
pub fn PySet_Size(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    Ok(either(th, ob)?.len() as isize)
}

#[inline(always)]
unsafe fn contains_at_once(ob: Ptr, key: Ptr) -> Option<c_int> {
    // SAFETY: C passes live objects or NULL.
    unsafe { exact(ob)?.contains_at_once(Borrowed::from_ptr_or_null(key)?).map(c_int::from) }
}

#[inline(always)]
unsafe fn add_at_once(ob: Ptr, key: Ptr) -> Option<c_int> {
    // SAFETY: C passes live objects or NULL.
    unsafe {
        let key = Borrowed::from_ptr_or_null(key)?;
        exactly::<Set>(ob)?.add_same(key)
    }
}

#[inline(always)]
unsafe fn discard_at_once(ob: Ptr, key: Ptr) -> Option<c_int> {
    // SAFETY: C passes live objects or NULL.
    unsafe {
        let key = Borrowed::from_ptr_or_null(key)?;
        exactly::<Set>(ob)?.remove_same(key).map(c_int::from)
    }
}

#[capi(fast = contains_at_once)]
pub fn PySet_Contains(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<bool> {
    either(th, ob)?.contains(th, key)
}

#[capi(fast = add_at_once)]
pub fn PySet_Add(th: &Thread, ob: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<()> {
    if let Some(set) = ob.downcast_exact::<Set>() {
        return set.add(th, key);
    }
    let set = either(th, ob)?;
    // A frozen set may be filled by whoever has just made it.
    if !ob.ty().is_subtype(Set::type_object()) && ob.ref_count() != 1 {
        return Err(th.bad_internal_call());
    }
    set.add(th, key)
}

#[capi(fast = discard_at_once)]
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
