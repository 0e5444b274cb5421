//! What a type takes over from its bases: flags, sizes and every slot it leaves empty.
//!
//! The same job as `inherit_special` and `inherit_slots` in CPython's `Objects/typeobject.c`.
//!
//! SAFETY, throughout: the struct of the type being readied is written by this thread only, and its bases are ready.

use krait_abi as abi;

use crate::handle::{Borrowed, Instance, Object};
use crate::typeobj::Type;

/// `tp_new`: a C type with no constructor whose base is `object` cannot be called; others inherit.
pub fn inherit_new(ty: Borrowed<'_, Type>) {
    // SAFETY: see the top of the file.
    unsafe {
        let raw = ty.as_type_ptr();
        let Some(base) = (*raw).tp_base.as_ref() else {
            return;
        };
        let base_is_object = std::ptr::eq(base, Object::type_object().as_type_ptr());
        if (*raw).tp_new.is_none() && base_is_object && !ty.is_heap_type() {
            (*raw).tp_flags |= abi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
        }
        if (*raw).tp_flags & abi::Py_TPFLAGS_DISALLOW_INSTANTIATION != 0 {
            (*raw).tp_new = None;
        } else if (*raw).tp_new.is_none() {
            (*raw).tp_new = base.tp_new;
        }
    }
}

/// Everything else, from the nearest base in the MRO that has it.
pub fn inherit_all(ty: Borrowed<'_, Type>) {
    // SAFETY: see the top of the file.
    unsafe {
        if let Some(base) = ty.get().base() {
            inherit_special(ty.as_type_ptr(), base.as_type_ptr());
        }
        let Some(mro) = ty.get().mro() else {
            return;
        };
        for base in mro.as_slice().iter().skip(1) {
            if let Some(base) = base.downcast::<Type>() {
                let base = base.as_type_ptr();
                inherit_slots(ty.as_type_ptr(), base, (*base).tp_base);
            }
        }
        inherit_tables(ty);
        inherit_pattern_flags(ty);
    }
}

/// As `inherit_all` for a static type: its one base is complete, so nothing is to be had from further up.
pub fn inherit_static(ty: Borrowed<'_, Type>) {
    let Some(base) = ty.get().base() else {
        return;
    };
    // SAFETY: see the top of the file.
    unsafe {
        let (raw, base) = (ty.as_type_ptr(), base.as_type_ptr());
        inherit_special(raw, base);
        inherit_slots(raw, base, std::ptr::null());
        fill_tables(raw, base, std::ptr::null());
        share_tables(raw, base);
        const PATTERN: u64 = abi::Py_TPFLAGS_SEQUENCE | abi::Py_TPFLAGS_MAPPING;
        if (*raw).tp_flags & PATTERN == 0 {
            (*raw).tp_flags |= (*base).tp_flags & PATTERN;
        }
    }
}

/// Flags and sizes that follow the one base which decides the layout.
unsafe fn inherit_special(ty: *mut abi::PyTypeObject, base: *mut abi::PyTypeObject) {
    // SAFETY: see the top of the file.
    unsafe {
        if (*ty).tp_flags & abi::Py_TPFLAGS_HAVE_GC == 0
            && (*base).tp_flags & abi::Py_TPFLAGS_HAVE_GC != 0
            && (*ty).tp_traverse.is_none()
            && (*ty).tp_clear.is_none()
        {
            (*ty).tp_flags |= abi::Py_TPFLAGS_HAVE_GC;
            (*ty).tp_traverse = (*base).tp_traverse;
            (*ty).tp_clear = (*base).tp_clear;
        }
        (*ty).tp_flags |= (*base).tp_flags & abi::Py_TPFLAGS_PREHEADER;
        macro_rules! copy_zero {
            ($($field:ident),*) => {$( if (*ty).$field == 0 { (*ty).$field = (*base).$field; } )*};
        }
        copy_zero!(tp_basicsize, tp_itemsize, tp_weaklistoffset, tp_dictoffset);
        let subclass_kinds = abi::Py_TPFLAGS_LONG_SUBCLASS
            | abi::Py_TPFLAGS_LIST_SUBCLASS
            | abi::Py_TPFLAGS_TUPLE_SUBCLASS
            | abi::Py_TPFLAGS_BYTES_SUBCLASS
            | abi::Py_TPFLAGS_UNICODE_SUBCLASS
            | abi::Py_TPFLAGS_DICT_SUBCLASS
            | abi::Py_TPFLAGS_BASE_EXC_SUBCLASS
            | abi::Py_TPFLAGS_TYPE_SUBCLASS
            | abi::Py_TPFLAGS_ITEMS_AT_END
            | abi::_Py_TPFLAGS_MATCH_SELF;
        (*ty).tp_flags |= (*base).tp_flags & subclass_kinds;
    }
}

/// The slots that are empty in `ty`, from one base: of those the ones that differ from the base's own base, `next`. What
/// a base only inherits comes from where it is defined, which may be after another base that overrides it.
unsafe fn inherit_slots(
    ty: *mut abi::PyTypeObject,
    base: *mut abi::PyTypeObject,
    next: *const abi::PyTypeObject,
) {
    macro_rules! copy {
        ($($field:ident),*) => {$(
            if (*ty).$field.is_none() {
                let inherited = next.as_ref().and_then(|next| next.$field);
                if (*base).$field.map(|f| f as usize) != inherited.map(|f| f as usize) {
                    (*ty).$field = (*base).$field;
                }
            }
        )*};
    }
    // SAFETY: see the top of the file.
    unsafe {
        copy!(tp_dealloc);
        if (*ty).tp_getattr.is_none() && (*ty).tp_getattro.is_none() {
            (*ty).tp_getattr = (*base).tp_getattr;
            (*ty).tp_getattro = (*base).tp_getattro;
        }
        if (*ty).tp_setattr.is_none() && (*ty).tp_setattro.is_none() {
            (*ty).tp_setattr = (*base).tp_setattr;
            (*ty).tp_setattro = (*base).tp_setattro;
        }
        copy!(
            tp_repr,
            tp_call,
            tp_str,
            tp_iter,
            tp_iternext,
            tp_descr_get,
            tp_init,
            tp_alloc,
            tp_is_gc,
            tp_finalize,
            tp_del
        );
        if (*ty).tp_vectorcall_offset == 0 {
            (*ty).tp_vectorcall_offset = (*base).tp_vectorcall_offset;
        }
        // A Python class may be given another `__call__` at any time; then the flag goes.
        if (*ty).tp_flags & abi::Py_TPFLAGS_HAVE_VECTORCALL == 0
            && (*base).tp_flags & abi::Py_TPFLAGS_HAVE_VECTORCALL != 0
            && (*ty).tp_call.map(|f| f as usize) == (*base).tp_call.map(|f| f as usize)
        {
            (*ty).tp_flags |= abi::Py_TPFLAGS_HAVE_VECTORCALL;
        }
        // Comparison and hash go together: a type that redefines one does not inherit the other.
        if (*ty).tp_richcompare.is_none() && (*ty).tp_hash.is_none() && !overrides_hash(ty) {
            (*ty).tp_richcompare = (*base).tp_richcompare;
            (*ty).tp_hash = (*base).tp_hash;
        }
        if (*ty).tp_descr_set.is_none() {
            (*ty).tp_descr_set = (*base).tp_descr_set;
            if (*ty).tp_flags & abi::Py_TPFLAGS_HEAPTYPE == 0
                && (*ty).tp_descr_get.map(|f| f as usize)
                    == (*base).tp_descr_get.map(|f| f as usize)
            {
                (*ty).tp_flags |= (*base).tp_flags & abi::Py_TPFLAGS_METHOD_DESCRIPTOR;
            }
        }
        inherit_free(ty, base);
    }
}

/// Memory comes from the collector or not: a type may take its base's `tp_free` only if both agree.
unsafe fn inherit_free(ty: *mut abi::PyTypeObject, base: *mut abi::PyTypeObject) {
    // SAFETY: see the top of the file.
    unsafe {
        if (*ty).tp_free.is_some() {
            return;
        }
        let collected = |ty: *mut abi::PyTypeObject| (*ty).tp_flags & abi::Py_TPFLAGS_HAVE_GC != 0;
        if collected(ty) == collected(base) {
            (*ty).tp_free = (*base).tp_free;
        } else if collected(ty) {
            (*ty).tp_free = Some(crate::gc::gc_del);
        }
    }
}

/// Whether the type's dictionary defines `__eq__` or `__hash__` (only heap types have one at this point).
unsafe fn overrides_hash(ty: *mut abi::PyTypeObject) -> bool {
    use crate::ids::id;
    // SAFETY: see the top of the file; `tp_dict` of a heap type is a dictionary.
    unsafe {
        let Some(dict) = Borrowed::<'_, crate::dict::Dict>::from_ptr_or_null((*ty).tp_dict) else {
            return false;
        };
        let th = crate::thread::Thread::current();
        [id::__eq__, id::__hash__]
            .into_iter()
            .any(|name| matches!(dict.get_str(th, name), Ok(Some(_))))
    }
}

/// The number, sequence, mapping, async and buffer tables: filled up, and shared with the base where the type has none.
unsafe fn inherit_tables(ty: Borrowed<'_, Type>) {
    let Some(mro) = ty.get().mro() else {
        return;
    };
    // SAFETY: see the top of the file.
    unsafe {
        for base in mro.as_slice().iter().skip(1).filter_map(|base| base.downcast::<Type>()) {
            let base = base.as_type_ptr();
            fill_tables(ty.as_type_ptr(), base, (*base).tp_base);
        }
        if let Some(base) = ty.get().base() {
            share_tables(ty.as_type_ptr(), base.as_type_ptr());
        }
    }
}

/// What the type's own tables lack, from one base, as `inherit_slots`.
unsafe fn fill_tables(
    ty: *mut abi::PyTypeObject,
    base: *mut abi::PyTypeObject,
    next: *const abi::PyTypeObject,
) {
    macro_rules! fill {
        ($($table:ident),*) => {$(
            let (to, from) = ((*ty).$table, (*base).$table);
            if !to.is_null() && !from.is_null() && to != from {
                fill_words(to, from, next.as_ref().map_or(std::ptr::null_mut(), |next| next.$table));
            }
        )*};
    }
    // SAFETY: see the top of the file; the tables consist of pointers only.
    unsafe {
        fill!(tp_as_number, tp_as_sequence, tp_as_mapping, tp_as_async, tp_as_buffer);
    }
}

/// A table that is shared is not the type's to write in: it comes last, and from one base.
unsafe fn share_tables(ty: *mut abi::PyTypeObject, base: *mut abi::PyTypeObject) {
    macro_rules! share {
        ($($table:ident),*) => {$(
            if (*ty).$table.is_null() {
                (*ty).$table = (*base).$table;
            }
        )*};
    }
    // SAFETY: see the top of the file.
    unsafe {
        share!(tp_as_number, tp_as_sequence, tp_as_mapping, tp_as_async, tp_as_buffer);
    }
}

/// Copies every pointer that is set in `from` and not in `to`, unless it is but what `from`'s own base has (`next`).
unsafe fn fill_words<T>(to: *mut T, from: *const T, next: *const T) {
    let words = size_of::<T>() / size_of::<usize>();
    // SAFETY: see the top of the file: both are whole tables of pointers.
    unsafe {
        for at in 0..words {
            let (to, found) = (to.cast::<usize>().add(at), *from.cast::<usize>().add(at));
            let inherited = if next.is_null() { 0 } else { *next.cast::<usize>().add(at) };
            if *to == 0 && found != inherited {
                *to = found;
            }
        }
    }
}

/// `SEQUENCE` and `MAPPING` of pattern matching come from the first base that has either.
unsafe fn inherit_pattern_flags(ty: Borrowed<'_, Type>) {
    const PATTERN: u64 = abi::Py_TPFLAGS_SEQUENCE | abi::Py_TPFLAGS_MAPPING;
    let Some(mro) = ty.get().mro() else {
        return;
    };
    for base in mro.as_slice() {
        if let Some(base) = base.downcast::<Type>().filter(|base| base.flags() & PATTERN != 0) {
            // SAFETY: see the top of the file.
            unsafe {
                let raw = ty.as_type_ptr();
                if (*raw).tp_flags & PATTERN == 0 {
                    (*raw).tp_flags |= base.flags() & PATTERN;
                }
            }
            return;
        }
    }
}
