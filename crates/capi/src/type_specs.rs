//! `object.h`: types that C makes on the heap, and how they find their module again.

use std::ffi::c_void;
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::typeobj::spec::from_spec;

use crate::support::*;

type Spec = *mut abi::PyType_Spec;

#[capi]
pub fn PyType_FromMetaclass(
    th: &Thread,
    metaclass: TypePtr,
    module: Option<Borrowed<'_>>,
    spec: Spec,
    bases: Option<Borrowed<'_>>,
) -> PyResult<Owned<Type>> {
    // SAFETY: C passes a live type or NULL, and a specification.
    unsafe { from_spec(th, Borrowed::from_ptr_or_null(metaclass.cast()), module, &*spec, bases) }
}

#[capi]
pub fn PyType_FromModuleAndSpec(
    th: &Thread,
    module: Option<Borrowed<'_>>,
    spec: Spec,
    bases: Option<Borrowed<'_>>,
) -> PyResult<Owned<Type>> {
    // SAFETY: C passes a specification.
    from_spec(th, None, module, unsafe { &*spec }, bases)
}

#[capi]
pub fn PyType_FromSpecWithBases(
    th: &Thread,
    spec: Spec,
    bases: Option<Borrowed<'_>>,
) -> PyResult<Owned<Type>> {
    // SAFETY: C passes a specification.
    from_spec(th, None, None, unsafe { &*spec }, bases)
}

#[capi]
pub fn PyType_FromSpec(th: &Thread, spec: Spec) -> PyResult<Owned<Type>> {
    // SAFETY: C passes a specification.
    from_spec(th, None, None, unsafe { &*spec }, None)
}

/// The module that a heap type was made with.
///
/// # Safety
/// `ty` is a live type.
#[inline(always)]
unsafe fn module_of(ty: TypePtr) -> Ptr {
    // SAFETY: the caller's promise; a heap type is laid out as `PyHeapTypeObject`.
    unsafe {
        if type_of(ty).is_heap_type() {
            (*ty.cast::<abi::PyHeapTypeObject>()).ht_module
        } else {
            null_mut()
        }
    }
}

fn required_module(th: &Thread, ty: TypePtr) -> PyResult<Ptr> {
    // SAFETY: C passes a live type.
    unsafe {
        let module = module_of(ty);
        if !module.is_null() {
            return Ok(module);
        }
        let ty = type_of(ty);
        let name = ty.tp_name();
        if ty.is_heap_type() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "PyType_GetModule: Type '{name}' has no associated module"
            ));
        }
        Err(raise!(th, TYPE_ERROR, "PyType_GetModule: Type '{name}' is not a heap type"))
    }
}

/// Borrowed: the type keeps it alive.
#[inline(always)]
unsafe fn module_at_once(ty: TypePtr) -> Option<*mut abi::PyObject> {
    // SAFETY: C passes a live type.
    let module = unsafe { module_of(ty) };
    (!module.is_null()).then_some(module)
}

#[capi(fast = module_at_once)]
pub fn PyType_GetModule(th: &Thread, ty: TypePtr) -> PyResult<*mut abi::PyObject> {
    required_module(th, ty)
}

#[capi]
pub fn PyType_GetModuleState(th: &Thread, ty: TypePtr) -> PyResult<*mut c_void> {
    let module = required_module(th, ty)?;
    // SAFETY: the type keeps its module alive.
    let module: Borrowed<'_> = unsafe { Borrowed::from_ptr(module) };
    match module.downcast::<Module>() {
        Some(module) => Ok(module.get().state()),
        None => Err(th.bad_internal_call()),
    }
}

/// The types of the MRO, the type itself first.
///
/// # Safety
/// `ty` is a live type.
unsafe fn with_bases<'a>(ty: TypePtr) -> impl Iterator<Item = TypePtr> + 'a {
    // SAFETY: the caller's promise.
    let mro = unsafe { type_of(ty) }.get().mro();
    let all: &[Borrowed<'_>] = mro.map_or(&[], |mro| mro.get().as_slice());
    all.iter().filter_map(|base| base.downcast::<Type>()).map(|base| base.as_ptr().cast())
}

/// The first of a type and its bases for which a condition holds. A type that is not complete has no MRO yet.
///
/// # Safety
/// `ty` is a live type.
unsafe fn first_with(ty: TypePtr, holds: &dyn Fn(&TypePtr) -> bool) -> Option<TypePtr> {
    // SAFETY: the caller's promise; a type's bases are types.
    unsafe {
        if !(*ty).tp_mro.is_null() {
            return with_bases(ty).find(holds);
        }
        if holds(&ty) {
            return Some(ty);
        }
        let bases = Borrowed::<Object>::from_ptr_or_null((*ty).tp_bases)?.downcast::<Tuple>()?;
        bases.get().as_slice().iter().find_map(|base| first_with(base.as_ptr().cast(), holds))
    }
}

/// Borrowed: the first module in the MRO that was made from `def`.
#[capi]
pub fn PyType_GetModuleByDef(
    th: &Thread,
    ty: TypePtr,
    def: *mut abi::PyModuleDef,
) -> PyResult<*mut abi::PyObject> {
    // SAFETY: C passes a live type.
    unsafe {
        for base in with_bases(ty) {
            let module = Borrowed::<Object>::from_ptr_or_null(module_of(base));
            if let Some(module) = module.and_then(|module| module.downcast::<Module>()) {
                if module.get().def() == def {
                    return Ok(module.as_ptr());
                }
            }
        }
        let ty = type_of(ty);
        let name = ty.tp_name();
        Err(raise!(
            th,
            TYPE_ERROR,
            "PyType_GetModuleByDef: No superclass of '{name}' has the given module"
        ))
    }
}

/// The first type in the MRO with `token`: 1 and a new reference, or 0 and NULL.
#[capi]
pub fn PyType_GetBaseByToken(
    th: &Thread,
    ty: Ptr,
    token: *mut c_void,
    result: *mut TypePtr,
) -> PyResult<bool> {
    // SAFETY: C passes a live object, and NULL or a place for the result.
    unsafe {
        if !result.is_null() {
            *result = null_mut();
        }
        if token.is_null() {
            let message = "PyType_GetBaseByToken called with token=NULL";
            return Err(th.raise(exc::SYSTEM_ERROR, message));
        }
        let ob: Borrowed<'_> = Borrowed::from_ptr(ty);
        let Some(ty) = ob.downcast::<Type>() else {
            let name = ob.ty().full_name(th)?;
            return Err(raise!(th, TYPE_ERROR, "expected a type, got a '{}' object", *name));
        };
        let has_token = |base: &TypePtr| {
            type_of(*base).is_heap_type()
                && (*base.cast::<abi::PyHeapTypeObject>()).ht_token == token
        };
        let Some(found) = first_with(ty.as_type_ptr(), &has_token) else {
            return Ok(false);
        };
        if !result.is_null() {
            *result = type_of(found).to_owned().into_ptr().cast();
        }
        Ok(true)
    }
}
