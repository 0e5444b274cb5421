//! `import.h`.

use std::ffi::{c_char, c_int};

use krait_eval::import;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyImport_ImportModule(th: &Thread, name: *const c_char) -> PyResult {
    import::import_module(th, string(th, name)?.borrow())
}

#[capi]
pub fn PyImport_Import(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
    import::import_module(th, name)
}

#[capi]
pub fn PyImport_ImportModuleLevelObject(
    th: &Thread,
    name: Borrowed<'_, Str>,
    globals: Option<Borrowed<'_>>,
    _locals: Ptr,
    from_list: Option<Borrowed<'_>>,
    level: c_int,
) -> PyResult {
    import::import_level(th, name, globals, from_list, level)
}

#[capi]
pub fn PyImport_GetModuleDict(th: &Thread) -> Ptr {
    th.interp().modules.as_ptr()
}

#[capi]
pub fn PyImport_GetModule(th: &Thread, name: Borrowed<'_>) -> PyResult<Option<Owned>> {
    import::modules(th)?.get(th, name)
}

fn add(th: &Thread, name: Owned<Str>) -> PyResult {
    let modules = import::modules(th)?;
    if let Some(found) = modules.get(th, name.object())? {
        if found.object().ty().is_subtype(Module::type_object()) {
            return Ok(found);
        }
    }
    let module = Module::new(th, name.borrow())?;
    modules.set(th, name.object(), module.object())?;
    Ok(module.into_object())
}

#[capi]
pub fn PyImport_AddModuleRef(th: &Thread, name: *const c_char) -> PyResult {
    add(th, string(th, name)?)
}

/// `sys.modules` keeps the module alive.
#[capi]
pub fn PyImport_AddModule(th: &Thread, name: *const c_char) -> PyResult<*mut krait_abi::PyObject> {
    add(th, string(th, name)?).map(|module| module.as_ptr())
}
