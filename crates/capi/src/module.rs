//! `moduleobject.h`, `modsupport.h`.

use std::ffi::{c_char, c_int, c_long, c_void};

use krait_abi::{PyMethodDef, PyModuleDef};
use krait_macros::capi;
use krait_objects::module::define::{
    add_functions, create_single_phase, execute, from_definition, init_definition,
};
use krait_objects::prelude::*;

use crate::module_state::{check_version, module_of};
use crate::support::*;

#[capi]
pub fn PyModuleDef_Init(def: *mut PyModuleDef) -> Ptr {
    // SAFETY: C passes a static definition.
    unsafe { init_definition(def) }
}

#[capi]
pub fn PyModule_Create2(
    th: &Thread,
    def: *mut PyModuleDef,
    api_version: c_int,
) -> PyResult<Owned<Module>> {
    // SAFETY: C passes a static definition.
    check_version(th, unsafe { (*def).m_name }, api_version)?;
    create_single_phase(th, def)
}

#[capi]
pub fn PyModule_FromDefAndSpec2(
    th: &Thread,
    def: *mut PyModuleDef,
    spec: Borrowed<'_>,
    api_version: c_int,
) -> PyResult {
    let name = object::get_attr(th, spec, id::name)?;
    let Some(name) = name.object().downcast::<Str>() else {
        return Err(th.bad_argument());
    };
    check_version(th, name.as_utf8_ptr(th)?, api_version)?;
    from_definition(th, def, spec)
}

#[capi]
pub fn PyModule_ExecDef(th: &Thread, module: Borrowed<'_>, def: *mut PyModuleDef) -> PyResult<()> {
    execute(th, module, def)
}

#[capi]
pub fn PyModule_New(th: &Thread, name: *const c_char) -> PyResult<Owned<Module>> {
    Module::new(th, string(th, name)?.borrow())
}

#[capi]
pub fn PyModule_NewObject(th: &Thread, name: Borrowed<'_>) -> PyResult<Owned<Module>> {
    Module::named(th, name)
}

#[inline(always)]
unsafe fn dict_at_once(module: Ptr) -> Option<Ptr> {
    // SAFETY: C passes a live object.
    let module = unsafe { there_exactly::<Module>(module)? };
    module.whole_dict()
}

#[capi(fast = dict_at_once)]
pub fn PyModule_GetDict<'a>(
    th: &Thread,
    module: Borrowed<'a, Module>,
) -> PyResult<Borrowed<'a, Dict>> {
    krait_objects::module::complete(th, module, None)?;
    Ok(module.get().dict())
}

#[capi]
pub fn PyModule_GetNameObject(th: &Thread, module: Borrowed<'_>) -> PyResult<Owned<Str>> {
    module_of(th, module)?.name(th)
}

#[capi]
pub fn PyModule_GetName(th: &Thread, module: Borrowed<'_>) -> PyResult<*const c_char> {
    // The module's dictionary keeps the name alive.
    module_of(th, module)?.name(th)?.as_utf8_ptr(th)
}

#[inline(always)]
unsafe fn state_at_once(module: Ptr) -> Option<*mut c_void> {
    // SAFETY: C passes a live object or NULL.
    unsafe { exactly::<Module>(module).map(Module::state) }
}

#[capi(fast = state_at_once)]
pub fn PyModule_GetState(th: &Thread, module: Borrowed<'_>) -> PyResult<*mut c_void> {
    Ok(module_of(th, module)?.get().state())
}

#[capi]
pub fn PyModule_GetDef(th: &Thread, module: Borrowed<'_>) -> PyResult<*mut PyModuleDef> {
    Ok(module_of(th, module)?.get().def())
}

fn checked<'a>(
    th: &Thread,
    module: Borrowed<'a>,
    function: &str,
) -> PyResult<Borrowed<'a, Module>> {
    module.downcast::<Module>().ok_or_else(|| {
        krait_objects::raise!(th, TYPE_ERROR, "{function}() first argument must be a module")
    })
}

#[capi]
pub fn PyModule_AddObjectRef(
    th: &Thread,
    module: Borrowed<'_>,
    key: *const c_char,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let module = checked(th, module, "PyModule_AddObjectRef")?;
    let Some(value) = value else {
        if th.is_raised() {
            return Err(th.raised_by_c());
        }
        return Err(th.raise(
            exc::SYSTEM_ERROR,
            "PyModule_AddObjectRef() must be called with an exception raised if value is NULL",
        ));
    };
    module.dict().set_str(th, name(th, key)?.borrow(), value)
}

/// The reference is taken in any case.
#[capi]
pub fn PyModule_Add(
    th: &Thread,
    module: Borrowed<'_>,
    key: *const c_char,
    value: Option<Owned>,
) -> PyResult<()> {
    let module = checked(th, module, "PyModule_AddObjectRef")?;
    let value = value.ok_or_else(|| krait_objects::args::entry::missing(th))?;
    module.dict().set_str(th, name(th, key)?.borrow(), value.object())
}

/// The reference is taken on success only.
#[capi]
pub fn PyModule_AddObject(
    th: &Thread,
    module: Borrowed<'_>,
    key: *const c_char,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let module = checked(th, module, "PyModule_AddObjectRef")?;
    let value = value.ok_or_else(|| krait_objects::args::entry::missing(th))?;
    module.dict().set_str(th, name(th, key)?.borrow(), value)?;
    // SAFETY: C gave its reference up.
    unsafe { krait_objects::handle::decref(value.as_ptr()) };
    Ok(())
}

#[capi]
pub fn PyModule_AddIntConstant(
    th: &Thread,
    module: Borrowed<'_>,
    key: *const c_char,
    value: c_long,
) -> PyResult<()> {
    let value = Int::from_i64(th, value)?;
    checked(th, module, "PyModule_AddObjectRef")?.dict().set_str(
        th,
        name(th, key)?.borrow(),
        value.object(),
    )
}

#[capi]
pub fn PyModule_AddStringConstant(
    th: &Thread,
    module: Borrowed<'_>,
    key: *const c_char,
    value: *const c_char,
) -> PyResult<()> {
    let module = checked(th, module, "PyModule_AddObjectRef")?;
    let value = string(th, value)?;
    module.dict().set_str(th, name(th, key)?.borrow(), value.object())
}

#[capi]
pub fn PyModule_AddFunctions(
    th: &Thread,
    module: Borrowed<'_, Module>,
    functions: *mut PyMethodDef,
) -> PyResult<()> {
    let name = module.name(th)?;
    add_functions(th, module.object(), name.object(), functions)
}

#[capi]
pub fn PyModule_AddType(th: &Thread, module: Borrowed<'_, Module>, ty: TypePtr) -> PyResult<()> {
    // SAFETY: C passes a type that lives as long as the module.
    let ty = unsafe { type_of(ty) };
    ty.ready(th)?;
    module.add(th, ty.name(), ty.object())
}

#[capi]
pub fn PyModule_SetDocString(
    th: &Thread,
    module: Borrowed<'_>,
    doc: *const c_char,
) -> PyResult<()> {
    object::set_attr(th, module, id::__doc__, string(th, doc)?.object())
}
