//! `object.h`: what C asks of types. `type_specs` has how it makes them.

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::typeobj::{foreign, slot_numbers, spec};

use crate::support::*;

#[capi]
pub fn PyType_Ready(th: &Thread, ty: TypePtr) -> PyResult<()> {
    // SAFETY: C passes a type that is complete but for what it inherits.
    let ty = unsafe { type_of(ty) };
    foreign::ready(th, ty, || ty.ready(th))
}

#[inline(always)]
unsafe fn derives_at_once(ty: TypePtr, other: TypePtr) -> Option<c_int> {
    // SAFETY: C passes live types.
    unsafe { derives(ty, other).filter(|&derives| derives || ty != other).map(c_int::from) }
}

#[capi(fast = derives_at_once)]
pub fn PyType_IsSubtype(ty: TypePtr, other: TypePtr) -> c_int {
    // SAFETY: C passes live types.
    unsafe { type_of(ty).is_subtype(&type_of(other)) }.into()
}

#[capi]
pub fn PyType_GetFlags(ty: TypePtr) -> c_ulong {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.flags()
}

#[capi]
pub fn PyType_Modified(th: &Thread, ty: TypePtr) {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.modified(th)
}

#[capi]
pub fn PyType_ClearCache(th: &Thread) -> c_uint {
    th.interp().types.clear_cache();
    0
}

#[capi]
pub fn PyUnstable_Type_AssignVersionTag(th: &Thread, ty: TypePtr) -> c_int {
    // SAFETY: C passes a live type.
    (unsafe { type_of(ty) }.assign_version(th) != 0).into()
}

/// No attribute of the type changes any more.
#[capi]
pub fn PyType_Freeze(th: &Thread, ty: TypePtr) -> PyResult<()> {
    // SAFETY: C passes a live type.
    let ty = unsafe { type_of(ty) };
    let mro = ty.get().mro().ok_or_else(|| th.bad_internal_call())?.to_owned();
    spec::check_immutable(th, ty.tp_name(), mro.as_slice().get(1..).unwrap_or_default())?;
    // SAFETY: only the attached thread writes types.
    unsafe { (*ty.as_type_ptr()).tp_flags |= abi::Py_TPFLAGS_IMMUTABLETYPE };
    ty.modified(th);
    Ok(())
}

#[capi]
pub fn PyType_GetName(th: &Thread, ty: TypePtr) -> PyResult<Owned<Str>> {
    // SAFETY: C passes a live type.
    Str::new(th, unsafe { type_of(ty) }.name())
}

#[capi]
pub fn _PyType_Name(ty: TypePtr) -> *const c_char {
    // SAFETY: C passes a live type, whose name ends with NUL.
    unsafe {
        let whole = bytes_of((*ty).tp_name);
        let after = whole.iter().rposition(|&byte| byte == b'.').map_or(0, |dot| dot + 1);
        (*ty).tp_name.add(after)
    }
}

#[capi]
pub fn PyType_GetQualName(th: &Thread, ty: TypePtr) -> PyResult<Owned<Str>> {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.qualname(th)
}

#[capi]
pub fn PyType_GetModuleName(th: &Thread, ty: TypePtr) -> PyResult {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.module(th)
}

/// `module.qualname`, without the module for built-ins and for `__main__`.
#[capi]
pub fn PyType_GetFullyQualifiedName(th: &Thread, ty: TypePtr) -> PyResult<Owned<Str>> {
    // SAFETY: C passes a live type.
    let ty = unsafe { type_of(ty) };
    if !ty.is_heap_type() {
        return Str::new(th, ty.tp_name());
    }
    let qualname = ty.qualname(th)?;
    match ty.module(th)?.downcast::<Str>() {
        Ok(module) if !module.eq_str("builtins") && !module.eq_str("__main__") => {
            Str::from_fmt(th, format_args!("{}.{}", *module, *qualname))
        }
        _ => Ok(qualname),
    }
}

#[capi]
pub fn PyType_GetDict(th: &Thread, ty: TypePtr) -> Owned<Dict> {
    // SAFETY: C passes a live type.
    unsafe { type_of(ty) }.dict(th)
}

/// A borrowed value: the type that has it keeps it alive.
#[capi]
pub fn _PyType_Lookup(th: &Thread, ty: TypePtr, key: Ptr) -> Ptr {
    // SAFETY: C passes a live type and a string.
    let found = unsafe { type_of(ty).lookup(th, Borrowed::from_ptr(key)) };
    found.map_or(null_mut(), |found| found.as_ptr())
}

#[capi]
pub fn _PyType_LookupRef(th: &Thread, ty: TypePtr, key: Ptr) -> Option<Owned> {
    // SAFETY: C passes a live type and a string.
    unsafe { type_of(ty).lookup(th, Borrowed::from_ptr(key)) }
}

/// What is in a slot; NULL without an exception if nothing is.
#[capi]
pub fn PyType_GetSlot(th: &Thread, ty: TypePtr, slot: c_int) -> PyResult<*mut c_void> {
    if !(1..=slot_numbers::LAST).contains(&slot) {
        return Err(th.bad_internal_call());
    }
    if slot == abi::Py_tp_token {
        // SAFETY: C passes a live type.
        let heap = unsafe { type_of(ty) }.is_heap_type();
        // SAFETY: a heap type is laid out as `PyHeapTypeObject`.
        return Ok(if heap {
            // SAFETY: the flag says that the memory is a heap type's.
            unsafe { (*ty.cast::<abi::PyHeapTypeObject>()).ht_token }
        } else {
            null_mut()
        });
    }
    let Some(place) = slot_numbers::place(slot) else {
        return Err(th.bad_internal_call());
    };
    // SAFETY: C passes a live type.
    Ok(unsafe { place.read(ty) }.cast_mut())
}

/// How many bytes the type's own data has.
#[capi]
pub fn PyType_GetTypeDataSize(ty: TypePtr) -> isize {
    // SAFETY: C passes a live type that was made with a negative size, so it has a base.
    unsafe { ((*ty).tp_basicsize - spec::align_up((*(*ty).tp_base).tp_basicsize)).max(0) }
}

/// Where the data that `cls` adds to its base's lies in `ob`.
#[capi]
pub fn PyObject_GetTypeData(ob: Ptr, cls: TypePtr) -> *mut c_void {
    // SAFETY: C passes an instance of `cls`, as above.
    unsafe { ob.byte_offset(spec::align_up((*(*cls).tp_base).tp_basicsize)).cast() }
}

/// Where the items of `ob` begin.
#[capi]
pub fn PyObject_GetItemData(th: &Thread, ob: Ptr) -> PyResult<*mut c_void> {
    // SAFETY: C passes a live object.
    unsafe {
        let ty = type_of((*ob).ob_type);
        if !ty.has_flag(abi::Py_TPFLAGS_ITEMS_AT_END) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "type '{}' does not have Py_TPFLAGS_ITEMS_AT_END",
                ty.tp_name()
            ));
        }
        Ok(ob.byte_offset(ty.raw().tp_basicsize).cast())
    }
}

#[capi]
pub fn PyType_SUPPORTS_WEAKREFS(ty: TypePtr) -> c_int {
    // SAFETY: C passes a live type.
    unsafe { ((*ty).tp_weaklistoffset != 0).into() }
}
