//! Inline values: attributes that lie behind an instance, in the order of the keys that the instances of its class share.
//!
//! `dict/split.rs` is their memory, `instance_dict` what becomes of them once the instance has a dictionary.
//!
//! SAFETY, throughout: behind an instance of a type with `INLINE_VALUES` lie values in the order of the type's
//! `ht_cached_keys`; while they are `valid`, they are the instance's attributes, and the dictionary, if there is one, keeps its
//! values there. The rest is as in `instance_dict`.

use krait_abi as abi;

use super::instance_dict::{Stored, get, get_or_create};
use crate::dict::keys::{EMPTY, Keys};
use crate::dict::{lookup, split};
use crate::prelude::*;

type Ptr = *mut abi::PyObject;

/// The keys that the instances of `ty` share.
///
/// # Safety
/// `ty` has `MANAGED_DICT`, so it is a heap type.
#[inline(always)]
pub(super) unsafe fn shared_keys(ty: *mut abi::PyTypeObject) -> Keys {
    // SAFETY: the caller's promise.
    unsafe { (*ty.cast::<abi::PyHeapTypeObject>()).ht_cached_keys }
}

/// The inline values of `ob`, if it has them and they are valid.
///
/// # Safety
/// `ob` is live or dying.
#[inline(always)]
pub(super) unsafe fn inline_values(ob: Ptr) -> Option<*mut abi::PyDictValues> {
    // SAFETY: see the top of the file.
    unsafe {
        let ty = (*ob).ob_type;
        if (*ty).tp_flags & abi::Py_TPFLAGS_INLINE_VALUES == 0 {
            return None;
        }
        let values: *mut abi::PyDictValues = ob.byte_offset((*ty).tp_basicsize).cast();
        ((*values).valid != 0).then_some(values)
    }
}

/// Whether the values of the instance's attributes lie behind it.
pub fn has_inline_values(ob: Borrowed<'_>) -> bool {
    // SAFETY: a live object.
    unsafe { inline_values(ob.as_ptr()) }.is_some()
}

/// The values that lie behind the instance, in the order of the keys that its class shares; `None` for one that is not
/// set. Nothing if there are no such values.
pub fn values_behind(ob: Borrowed<'_>) -> Option<Vec<Option<Owned>>> {
    // SAFETY: a live object; the table and the values have as many entries as the table says.
    unsafe {
        let values = inline_values(ob.as_ptr())?;
        let count = (*shared_keys((*ob.as_ptr()).ob_type)).dk_nentries;
        let first = (&raw const (*values).values).cast::<Ptr>();
        let value = |index| Borrowed::<Object>::from_ptr_or_null(*first.offset(index));
        Some((0..count).map(|index| value(index).map(Borrowed::to_owned)).collect())
    }
}

/// As `set_attribute` in inline values; `None` if they have no place for the name.
pub(super) unsafe fn set_inline(
    th: &Thread,
    ob: Borrowed<'_>,
    values: *mut abi::PyDictValues,
    name: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
) -> PyResult<Option<Stored>> {
    // SAFETY: see the top of the file.
    unsafe {
        let table = shared_keys((*ob.as_ptr()).ob_type);
        if !name.object().is_exact::<Str>() {
            return Ok(None);
        }
        // A dictionary is told of the change, so that it is counted and watched.
        let dict = get(th, ob);
        if let Some(dict) = dict {
            return match value {
                Some(value) => dict.set_str(th, name, value).map(|()| Some(Stored::Done)),
                None if dict.remove(th, name.object())? => Ok(Some(Stored::Done)),
                None => Ok(Some(Stored::Missing)),
            };
        }
        let hash = lookup::hash_of(th, name.object())?;
        let index = match value {
            Some(_) => split::insert_key(table, name.object(), hash),
            None => lookup::lookup_str(table, name.as_ptr(), hash),
        };
        if index == EMPTY {
            return Ok(if value.is_some() { None } else { Some(Stored::Missing) });
        }
        let place = (&raw mut (*values).values).cast::<Ptr>().offset(index);
        let new = value.map_or(std::ptr::null_mut(), |value| value.to_owned().into_ptr());
        let old = std::mem::replace(&mut *place, new);
        match (old.is_null(), new.is_null()) {
            (true, true) => return Ok(Some(Stored::Missing)),
            (true, false) => split::add_index(values, index as usize),
            (false, true) => split::forget_index(values, index as usize),
            (false, false) => {}
        }
        drop(Owned::<Object>::from_ptr_or_null(old));
        Ok(Some(Stored::Done))
    }
}

/// Before `ob` gets another class: its attributes move to a dictionary, as the new class has other keys.
pub fn leave_inline_values(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        let Some(values) = inline_values(ob.as_ptr()) else {
            return Ok(());
        };
        match get_or_create(th, ob)? {
            Some(dict) => split::detach(th, dict.borrow(), values),
            None => Ok(()),
        }
    }
}

/// Bytes of inline values behind an instance of `ty` (0 without `INLINE_VALUES`).
#[inline]
pub fn inline_values_size(ty: &Type) -> usize {
    if !ty.has_flag(abi::Py_TPFLAGS_INLINE_VALUES) {
        return 0;
    }
    // SAFETY: see the top of the file.
    unsafe { split::values_size(split::capacity(shared_keys(ty.as_type_ptr()))) }
}

/// # Safety
/// `ob` is fresh, with `inline_values_size` bytes behind it.
pub unsafe fn init_inline_values(ob: Ptr, ty: &Type) {
    // SAFETY: the caller's promise.
    unsafe {
        let table = shared_keys(ty.as_type_ptr());
        let count = split::capacity(table);
        // Each instance leaves less room for attributes that none has had yet.
        if (*table).dk_usable > 1 {
            (*table).dk_usable -= 1;
        }
        split::init_values(ob.byte_offset(ty.raw().tp_basicsize).cast(), count, true);
    }
}

/// `ht_cached_keys` of a new class whose instances share keys; they are known to have `attributes`.
pub fn init_shared_keys(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    attributes: Option<Borrowed<'_, Tuple>>,
) -> PyResult<()> {
    if !ty.has_flag(abi::Py_TPFLAGS_MANAGED_DICT) || !ty.is_heap_type() {
        return Ok(());
    }
    // SAFETY: a heap type; (2) of `typeobj/build.rs`.
    unsafe {
        let heap = ty.as_heap_ptr();
        if (*heap).ht_cached_keys.is_null() {
            (*heap).ht_cached_keys = split::new_keys_for_class(th, attributes)?;
        }
        if ty.raw().tp_itemsize == 0 {
            (*ty.as_type_ptr()).tp_flags |= abi::Py_TPFLAGS_INLINE_VALUES;
        }
    }
    Ok(())
}

/// # Safety
/// `keys` is the `ht_cached_keys` of a dying class, or null.
pub unsafe fn drop_shared_keys(keys: *mut abi::PyDictKeysObject) {
    // SAFETY: the caller's promise.
    unsafe { split::drop_keys(keys) }
}
