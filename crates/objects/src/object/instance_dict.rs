//! Where an instance keeps its attributes: inline values behind it, a managed dictionary before it, or one at
//! `tp_dictoffset`.
//!
//! The same job as `_PyObject_GetDictPtr` and the managed-dictionary functions of CPython's
//! `Objects/dictobject.c`.
//!
//! SAFETY, throughout: a type with `MANAGED_DICT` has three words before each instance, of which the first is the
//! dictionary; a type with a `tp_dictoffset` has a field there; both hold a dictionary or NULL. Behind an instance of a
//! type with `INLINE_VALUES` lie values in the order of the type's `ht_cached_keys`; while they are `valid`, they are the
//! instance's attributes, and the dictionary, if there is one, keeps its values there.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use crate::dict::keys::{EMPTY, Keys};
use crate::dict::{lookup, split};
use crate::prelude::*;

type Ptr = *mut abi::PyObject;
type Visit = unsafe extern "C" fn(Ptr, *mut c_void) -> c_int;

/// Where the managed dictionary's pointer lies from the object, in bytes: weak list and GC header lie between.
const MANAGED_DICT_OFFSET: isize = -3 * size_of::<Ptr>() as isize;

/// Whether instances of `ty` can have a dictionary.
#[inline]
pub fn has_place(ty: &Type) -> bool {
    ty.raw().tp_dictoffset != 0
}

/// The field that holds the dictionary of `ob`; null if there is none.
///
/// # Safety
/// `ob` is live or dying.
#[inline]
unsafe fn field(ob: Ptr) -> *mut Ptr {
    // SAFETY: see the top of the file.
    unsafe {
        let ty = (*ob).ob_type;
        if (*ty).tp_flags & abi::Py_TPFLAGS_MANAGED_DICT != 0 {
            return ob.byte_offset(MANAGED_DICT_OFFSET).cast();
        }
        match (*ty).tp_dictoffset {
            0 => std::ptr::null_mut(),
            offset if offset > 0 => ob.byte_offset(offset).cast(),
            offset => ob.byte_offset(size_of_instance(ob) + offset).cast(),
        }
    }
}

/// The size of a variable-size object with its items, rounded up to a word.
unsafe fn size_of_instance(ob: Ptr) -> isize {
    // SAFETY: the caller passes a live object of a variable-size type.
    unsafe {
        let ty = (*ob).ob_type;
        let items = if (*ty).tp_flags & abi::Py_TPFLAGS_LONG_SUBCLASS != 0 {
            // An int keeps its sign and its count of digits in one word.
            ((*ob.cast::<abi::PyVarObject>()).ob_size as usize >> abi::_PyLong_NON_SIZE_BITS)
                as isize
        } else {
            (*ob.cast::<abi::PyVarObject>()).ob_size.abs()
        };
        ((*ty).tp_basicsize + items * (*ty).tp_itemsize + 7) & !7
    }
}

/// The instance's dictionary if it has one already.
#[inline]
pub fn get(_th: &Thread, ob: Borrowed<'_>) -> Option<Owned<Dict>> {
    // SAFETY: see the top of the file.
    unsafe {
        let field = field(ob.as_ptr()).as_ref()?;
        Borrowed::<Dict>::from_ptr_or_null(*field).map(Borrowed::to_owned)
    }
}

/// As `get`, where the dictionary is at the same place in all instances of a type; `None` elsewhere too.
#[inline(always)]
pub fn get_at_fixed_place(ob: Borrowed<'_>) -> Option<Owned<Dict>> {
    // SAFETY: see the top of the file.
    unsafe {
        let offset = match ob.ty().raw() {
            ty if ty.tp_flags & abi::Py_TPFLAGS_MANAGED_DICT != 0 => MANAGED_DICT_OFFSET,
            ty if ty.tp_dictoffset > 0 => ty.tp_dictoffset,
            _ => return None,
        };
        let field: *mut Ptr = ob.as_ptr().byte_offset(offset).cast();
        Borrowed::<Dict>::from_ptr_or_null(*field).map(Borrowed::to_owned)
    }
}

/// The keys that the instances of `ty` share.
///
/// # Safety
/// `ty` has `MANAGED_DICT`, so it is a heap type.
#[inline(always)]
unsafe fn shared_keys(ty: *mut abi::PyTypeObject) -> Keys {
    // SAFETY: the caller's promise.
    unsafe { (*ty.cast::<abi::PyHeapTypeObject>()).ht_cached_keys }
}

/// The inline values of `ob`, if it has them and they are valid.
///
/// # Safety
/// `ob` is live or dying.
#[inline(always)]
unsafe fn inline_values(ob: Ptr) -> Option<*mut abi::PyDictValues> {
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

/// An attribute that the instance itself has. Runs no Python code if all names are strings.
#[inline]
pub fn get_attribute(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    // SAFETY: see the top of the file.
    unsafe {
        if let Some(values) = inline_values(ob.as_ptr()) {
            if name.object().is_exact::<Str>() {
                let hash = lookup::hash_of(th, name.object())?;
                let table = shared_keys((*ob.as_ptr()).ob_type);
                let index = lookup::lookup_str(table, name.as_ptr(), hash);
                if index == EMPTY {
                    return Ok(None);
                }
                let value = *(&raw const (*values).values).cast::<Ptr>().offset(index);
                return Ok(Borrowed::<Object>::from_ptr_or_null(value).map(Borrowed::to_owned));
            }
            if let Some(dict) = get_or_create(th, ob)? {
                return dict.get(th, name.object());
            }
        }
    }
    match get(th, ob) {
        Some(dict) => dict.get_str(th, name),
        None => Ok(None),
    }
}

/// What became of setting or deleting an attribute of the instance itself.
pub enum Stored {
    Done,
    /// There was nothing to delete.
    Missing,
    /// The instance has no place for attributes.
    NoPlace,
}

/// Sets an attribute of the instance itself, or deletes it.
#[inline]
pub fn set_attribute(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
) -> PyResult<Stored> {
    // SAFETY: see the top of the file.
    if let Some(values) = unsafe { inline_values(ob.as_ptr()) } {
        // SAFETY: the values of `ob`, valid.
        if let Some(stored) = unsafe { set_inline(th, ob, values, name, value)? } {
            return Ok(stored);
        }
    }
    let Some(value) = value else {
        return match get(th, ob) {
            Some(dict) if dict.remove(th, name.object())? => Ok(Stored::Done),
            Some(_) => Ok(Stored::Missing),
            None if has_place(&ob.get().ty()) => Ok(Stored::Missing),
            None => Ok(Stored::NoPlace),
        };
    };
    match get_or_create(th, ob)? {
        Some(dict) => dict.set_str(th, name, value).map(|()| Stored::Done),
        None => Ok(Stored::NoPlace),
    }
}

/// As `set_attribute` in inline values; `None` if they have no place for the name.
unsafe fn set_inline(
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

/// The instance's dictionary, made if need be; `None` if the type has none.
pub fn get_or_create(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<Owned<Dict>>> {
    // SAFETY: see the top of the file.
    unsafe {
        let Some(field) = field(ob.as_ptr()).as_mut() else {
            return Ok(None);
        };
        if let Some(dict) = Borrowed::<Dict>::from_ptr_or_null(*field) {
            return Ok(Some(dict.to_owned()));
        }
        let dict = match inline_values(ob.as_ptr()) {
            Some(values) => split::dict_of_values(th, shared_keys((*ob.as_ptr()).ob_type), values)?,
            None => Dict::new(th)?,
        };
        *field = dict.clone().into_ptr();
        Ok(Some(dict))
    }
}

/// The field that holds the dictionary, which has taken over what inline values there were; null if there is none.
pub fn pointer(th: &Thread, ob: Borrowed<'_>) -> *mut Ptr {
    // SAFETY: see the top of the file.
    unsafe {
        if inline_values(ob.as_ptr()).is_some() && get_or_create(th, ob).is_err() {
            drop(th.take_exception());
            return std::ptr::null_mut();
        }
        field(ob.as_ptr())
    }
}

/// Puts another dictionary in place, or none; false if the type has no place for one.
pub fn replace(th: &Thread, ob: Borrowed<'_>, dict: Option<Owned<Dict>>) -> PyResult<bool> {
    // SAFETY: see the top of the file; the old attributes are released last.
    unsafe {
        let Some(field) = field(ob.as_ptr()).as_mut() else {
            return Ok(false);
        };
        let values = inline_values(ob.as_ptr());
        let old = Borrowed::<Dict>::from_ptr_or_null(*field).map(Borrowed::to_owned);
        if let (Some(old), Some(values)) = (&old, values) {
            split::detach(th, old.borrow(), values)?;
        }
        let new = dict.map_or(std::ptr::null_mut(), Owned::into_ptr);
        let field_owned = std::mem::replace(field, new);
        if let (None, Some(values)) = (&old, values) {
            (*values).valid = 0;
            split::clear_values(values);
        }
        drop(Owned::<Dict>::from_ptr_or_null(field_owned));
        drop(old);
        Ok(true)
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

/// Releases all attributes, at deallocation.
///
/// # Safety
/// `ob` is dying.
pub unsafe fn clear(ob: Ptr) {
    // SAFETY: see the top of the file; the field is empty before its dictionary goes.
    unsafe {
        let values = inline_values(ob);
        let old = match field(ob).as_mut() {
            Some(field) => std::mem::replace(field, std::ptr::null_mut()),
            None => return,
        };
        let dict = Owned::<Dict>::from_ptr_or_null(old);
        if let (Some(dict), Some(values)) = (&dict, values) {
            // Somebody goes on using the dictionary: it takes the values along.
            if dict.object().ref_count() > 1 {
                let th = Thread::attached();
                // The object may die while an exception is on its way.
                let current = th.take_exception();
                if split::detach(th, dict.borrow(), values).is_err() {
                    let place = "Exception ignored while clearing an object managed dict";
                    (th.interp().services.get().unraisable)(th, None, place);
                    dict.clear();
                }
                if let Some(current) = current {
                    let _raised = th.set_exception(current.into_object());
                }
            }
        }
        drop(dict);
        if let Some(values) = values {
            split::release_values(values);
        }
    }
}

/// Whether the class of `ob` adds the dictionary to what `base` has.
unsafe fn adds_dict(ob: Ptr, base: *mut abi::PyTypeObject) -> bool {
    // SAFETY: the caller passes a live object and its base type, or null.
    unsafe {
        let ty = (*ob).ob_type;
        match base.as_ref() {
            Some(base) => (*ty).tp_dictoffset != base.tp_dictoffset,
            None => (*ty).tp_dictoffset != 0,
        }
    }
}

/// `tp_traverse` of what the class `ob` is an instance of keeps beyond its base `base`.
///
/// # Safety
/// `ob` is live; `base` is the nearest base that is not a Python class.
pub unsafe fn traverse(
    ob: Ptr,
    base: *mut abi::PyTypeObject,
    visit: Visit,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        if !adds_dict(ob, base) {
            return 0;
        }
        // A dictionary that keeps its values in the instance visits them itself: it may outlive the instance.
        let dict: Option<Borrowed<'_, Dict>> =
            field(ob).as_ref().and_then(|&dict| Borrowed::from_ptr_or_null(dict));
        let own = |values| dict.is_none_or(|dict| dict.values_place() != values);
        if let Some(values) = inline_values(ob).filter(|&values| own(values)) {
            let first = (&raw const (*values).values).cast::<Ptr>();
            for &value in std::slice::from_raw_parts(first, (*values).capacity as usize) {
                if !value.is_null() {
                    let stop = visit(value, arg);
                    if stop != 0 {
                        return stop;
                    }
                }
            }
        }
        match field(ob).as_ref() {
            Some(&dict) if !dict.is_null() => visit(dict, arg),
            _ => 0,
        }
    }
}

/// `tp_clear` of the same.
///
/// # Safety
/// As for `traverse`.
pub unsafe fn clear_for_gc(ob: Ptr, base: *mut abi::PyTypeObject) {
    // SAFETY: the caller's promise.
    unsafe {
        if adds_dict(ob, base) {
            clear(ob);
        }
    }
}

/// `ob.__dict__` of objects with a dictionary: `PyObject_GenericGetDict`.
pub fn dict_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Dict>> {
    get_or_create(th, ob)?.ok_or_else(|| no_place(th))
}

/// The `__dict__` setter of C types with a dictionary, which cannot be deleted: `PyObject_GenericSetDict`.
pub fn set_generic(th: &Thread, ob: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(th.raise(exc::TYPE_ERROR, "cannot delete __dict__"));
    };
    let dict = expect_dict(th, value)?;
    assign(th, ob, Some(dict))
}

/// As `replace`; AttributeError if the type has no place for a dictionary.
pub(super) fn assign(
    th: &Thread,
    ob: Borrowed<'_>,
    dict: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    if replace(th, ob, dict.map(Borrowed::to_owned))? { Ok(()) } else { Err(no_place(th)) }
}

fn no_place(th: &Thread) -> Raised {
    th.raise(exc::ATTRIBUTE_ERROR, "This object has no __dict__")
}

pub(super) fn expect_dict<'a>(th: &Thread, value: Borrowed<'a>) -> PyResult<Borrowed<'a, Dict>> {
    value.downcast::<Dict>().ok_or_else(|| {
        let found = value.type_name();
        raise!(th, TYPE_ERROR, "__dict__ must be set to a dictionary, not a '{found}'")
    })
}
