//! `descrobject.h`, `methodobject.h`, `cellobject.h`, `classobject.h`: descriptors and what wraps functions.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::cell::Cell;
use krait_objects::cfunction::CFunction;
use krait_objects::descr::{
    self, ClassMethod, ClassMethodDescriptor, MethodDescriptor, StaticMethod, WrapperDescriptor,
};
use krait_objects::method::InstanceMethod;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyDescr_NewMethod(th: &Thread, ty: TypePtr, def: *mut abi::PyMethodDef) -> PyResult {
    // SAFETY: C passes a live type, and a definition that lives as long.
    MethodDescriptor::new(th, unsafe { type_of(ty) }, def).map(Owned::into_object)
}

#[capi]
pub fn PyDescr_NewClassMethod(th: &Thread, ty: TypePtr, def: *mut abi::PyMethodDef) -> PyResult {
    // SAFETY: as above.
    ClassMethodDescriptor::new(th, unsafe { type_of(ty) }, def).map(Owned::into_object)
}

#[capi]
pub fn PyDescr_NewMember(th: &Thread, ty: TypePtr, def: *mut abi::PyMemberDef) -> PyResult {
    // SAFETY: as above.
    unsafe {
        if (*def).flags & abi::Py_RELATIVE_OFFSET != 0 {
            let message = "PyDescr_NewMember used with Py_RELATIVE_OFFSET";
            return Err(th.raise(exc::SYSTEM_ERROR, message));
        }
        descr::member_from_def(th, type_of(ty), def)
    }
}

#[capi]
pub fn PyDescr_NewGetSet(th: &Thread, ty: TypePtr, def: *mut abi::PyGetSetDef) -> PyResult {
    // SAFETY: as above.
    descr::getset_from_def(th, unsafe { type_of(ty) }, def)
}

#[capi]
pub fn PyDescr_IsData(ob: Ptr) -> c_int {
    // SAFETY: C passes a live object.
    unsafe { (*(*ob).ob_type).tp_descr_set.is_some().into() }
}

/// The value of a member of what lies at `start`.
#[capi]
pub fn PyMember_GetOne(th: &Thread, start: *const c_char, def: *mut abi::PyMemberDef) -> PyResult {
    // SAFETY: C passes an object that has the member.
    unsafe {
        let ob: Borrowed<'_> = Borrowed::from_ptr(start.cast_mut().cast());
        descr::member::get(th, ob, &*def)
    }
}

#[capi]
pub fn PyMember_SetOne(
    th: &Thread,
    start: *mut c_char,
    def: *mut abi::PyMemberDef,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    // SAFETY: C passes an object that has the member.
    unsafe {
        let ob: Borrowed<'_> = Borrowed::from_ptr(start.cast());
        descr::member::set(th, ob, &*def, value)
    }
}

/// The method-wrapper of a slot wrapper and an object.
#[capi]
pub fn PyWrapper_New(th: &Thread, wrapper: Borrowed<'_>, ob: Borrowed<'_>) -> PyResult {
    if wrapper.downcast::<descr::WrapperDescriptor>().is_none() {
        return Err(th.bad_internal_call());
    }
    // SAFETY: a live object of a type with this slot.
    unsafe {
        match (*(*wrapper.as_ptr()).ob_type).tp_descr_get {
            Some(get) => returned(th, get(wrapper.as_ptr(), ob.as_ptr(), null_mut())),
            None => Err(th.bad_internal_call()),
        }
    }
}

#[capi]
pub fn PyClassMethod_New(th: &Thread, callable: Borrowed<'_>) -> PyResult<Owned<ClassMethod>> {
    ClassMethod::new(th, callable)
}

#[capi]
pub fn PyStaticMethod_New(th: &Thread, callable: Borrowed<'_>) -> PyResult<Owned<StaticMethod>> {
    StaticMethod::new(th, callable)
}

/// `base` describes the method, `wrapped` is for the function that it names.
#[capi]
pub fn PyDescr_NewWrapper(
    th: &Thread,
    class: TypePtr,
    base: *mut abi::wrapperbase,
    wrapped: *mut c_void,
) -> PyResult {
    // SAFETY: C passes a live type, and a description that stays.
    unsafe { WrapperDescriptor::described(th, type_of(class), &*base, wrapped) }
}

#[capi]
pub fn PyInstanceMethod_New(
    th: &Thread,
    callable: Borrowed<'_>,
) -> PyResult<Owned<InstanceMethod>> {
    InstanceMethod::new(th, callable)
}

/// Borrowed.
#[capi]
pub fn PyInstanceMethod_Function(
    method: Borrowed<'_, InstanceMethod>,
) -> PyResult<*mut abi::PyObject> {
    Ok(method.get().function().as_ptr())
}

/// The struct of a built-in function.
///
/// # Safety
/// The result is valid as long as `function` is.
unsafe fn raw_of(function: Borrowed<'_, CFunction>) -> *mut abi::PyCFunctionObject {
    function.as_ptr().cast()
}

#[inline(always)]
unsafe fn function_at_once(function: Ptr) -> Option<abi::PyCFunction> {
    // SAFETY: C passes a live object or NULL; a function has a definition.
    unsafe { exactly::<CFunction>(function).map(|function| function.def().ml_meth) }
}

#[capi(error = None, fast = function_at_once)]
pub fn PyCFunction_GetFunction(function: Borrowed<'_, CFunction>) -> PyResult<abi::PyCFunction> {
    // SAFETY: a live function has a definition.
    unsafe { Ok((*(*raw_of(function)).m_ml).ml_meth) }
}

/// Borrowed; NULL without an exception for a static method.
#[capi]
pub fn PyCFunction_GetSelf(function: Borrowed<'_, CFunction>) -> PyResult<*mut abi::PyObject> {
    // SAFETY: as above.
    unsafe {
        let raw = raw_of(function);
        let is_static = (*(*raw).m_ml).ml_flags & abi::METH_STATIC as c_int != 0;
        Ok(if is_static { null_mut() } else { (*raw).m_self })
    }
}

#[capi]
pub fn PyCFunction_GetFlags(function: Borrowed<'_, CFunction>) -> PyResult<c_int> {
    // SAFETY: as above.
    unsafe { Ok((*(*raw_of(function)).m_ml).ml_flags) }
}

#[capi]
pub fn PyCell_New(th: &Thread, content: Option<Borrowed<'_>>) -> PyResult<Owned<Cell>> {
    Cell::new(th, content.map(Borrowed::to_owned))
}

#[capi]
pub fn PyCell_Get(cell: Borrowed<'_, Cell>) -> PyResult<Option<Owned>> {
    Ok(cell.get().get_owned())
}

#[capi]
pub fn PyCell_Set(cell: Borrowed<'_, Cell>, content: Option<Borrowed<'_>>) -> PyResult<()> {
    cell.get().set(content.map(Borrowed::to_owned));
    Ok(())
}
