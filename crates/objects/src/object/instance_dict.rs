//! Where an instance keeps its attributes: inline values behind it, a managed dictionary before it, or one at
//! `tp_dictoffset`.
//!
//! The same job as `_PyObject_GetDictPtr` and the managed-dictionary functions of CPython's
//! `Objects/dictobject.c`.
//!
//! SAFETY, throughout: a type with `MANAGED_DICT` has three words before each instance, of which the first is the
//! dictionary; a type with a `tp_dictoffset` has a field there; both hold a dictionary or NULL. `inline_values` says what lies
//! behind instances.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use super::inline_values::{inline_values, set_inline, shared_keys};
use crate::dict::keys::EMPTY;
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
