//! What a heap type refers to, and its end: for the collector and for the last reference.
//!
//! The same job as `type_traverse`, `type_clear` and `type_dealloc` in CPython's `Objects/typeobject.c`.
//!
//! Invariant: a type that gets here is a heap type, laid out as `PyHeapTypeObject`, and every field is a reference of
//! its own or NULL.

use std::ffi::{CString, c_int};

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::subclasses;

/// Visits what the type refers to.
pub fn traverse(ty: &Type, visitor: &mut Visitor<'_>) -> c_int {
    let raw = ty.raw();
    // SAFETY: the fields of a heap type are references or NULL. Strings and tuples of strings cannot be in a cycle.
    unsafe {
        let fields = [
            raw.tp_dict,
            raw.tp_cache,
            raw.tp_mro,
            raw.tp_bases,
            raw.tp_base.cast(),
            (*ty.as_heap_ptr()).ht_module,
        ];
        for field in fields {
            let stop = visitor.visit::<Object>(Borrowed::from_ptr_or_null(field));
            if stop != 0 {
                return stop;
            }
        }
    }
    0
}

/// Breaks the cycles of a class that is garbage: its namespace, its MRO, its module.
pub fn clear(ty: &Type) {
    let th = Thread::current();
    ty.modified(th);
    // SAFETY: as for `traverse`; each field is emptied before its reference goes.
    unsafe {
        if let Some(dict) = Borrowed::<Dict>::from_ptr_or_null(ty.raw().tp_dict) {
            dict.clear();
        }
        let module = std::mem::replace(&mut (*ty.as_heap_ptr()).ht_module, std::ptr::null_mut());
        drop(Owned::<Object>::from_ptr_or_null(module));
        let mro = std::mem::replace(&mut (*ty.as_type_ptr()).tp_mro, std::ptr::null_mut());
        drop(Owned::<Tuple>::from_ptr_or_null(mro));
    }
}

/// # Safety
/// The last reference to a heap type is gone.
pub unsafe fn dealloc(ty: *mut Type) {
    let th = Thread::current();
    // SAFETY: the caller's promise; every field is a reference of its own, or NULL.
    unsafe {
        let (raw, heap) = ((*ty).as_type_ptr(), (*ty).as_heap_ptr());
        crate::gc::untrack_raw(raw.cast());
        crate::weakref::clear_references(raw.cast());
        if let Ok(bases) = (*ty).bases(th) {
            for base in bases.as_slice().iter().filter_map(|base| base.downcast::<Type>()) {
                subclasses::remove(th, base.get(), raw.cast());
            }
        }
        let metatype = (*raw).ob_base.ob_base.ob_type;
        crate::object::inline_values::drop_shared_keys((*heap).ht_cached_keys);
        drop(Owned::<Object>::from_ptr_or_null((*raw).tp_subclasses.cast()));
        release_contents(th, heap);
        // The count on a metatype made in Python is given back by `subtype_dealloc`.
        if let Some(free) = (*metatype).tp_free {
            free(raw.cast());
        }
    }
}

/// Releases what the struct of a heap type owns, but for what its instances and subclasses have put there.
///
/// # Safety
/// The struct is not used any more.
pub(super) unsafe fn release_contents(th: &Thread, heap: *mut abi::PyHeapTypeObject) {
    // SAFETY: the caller's promise; every field is a reference of its own, or NULL.
    unsafe {
        crate::structseq::release_shape(heap);
        let raw = &(*heap).ht_type;
        let references = [
            raw.tp_dict,
            raw.tp_bases,
            raw.tp_mro,
            raw.tp_cache,
            (*heap).ht_name,
            (*heap).ht_slots,
            (*heap).ht_qualname,
            (*heap).ht_module,
            raw.tp_base.cast(),
        ];
        let (name, doc) = ((*heap)._ht_tpname, raw.tp_doc);
        for reference in references {
            drop(Owned::<Object>::from_ptr_or_null(reference));
        }
        if !name.is_null() {
            drop(CString::from_raw(name));
        }
        th.interp().heap.free(doc.cast_mut().cast());
    }
}
