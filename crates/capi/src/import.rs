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
pub fn PyImport_Import(th: &Thread, name: Borrowed<'_>) -> PyResult {
    import::import_module(th, module_name(th, name)?)
}

/// The name of a module to import, which C gives as any object.
fn module_name<'a>(th: &Thread, name: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    name.downcast::<Str>().ok_or_else(|| th.raise(exc::TYPE_ERROR, "module name must be a string"))
}

#[capi]
pub fn PyImport_ImportModuleLevelObject(
    th: &Thread,
    name: Option<Borrowed<'_>>,
    globals: Option<Borrowed<'_>>,
    _locals: Ptr,
    from_list: Option<Borrowed<'_>>,
    level: c_int,
) -> PyResult {
    let Some(name) = name else {
        return Err(th.raise(exc::VALUE_ERROR, "Empty module name"));
    };
    import::import_level(th, module_name(th, name)?, globals, from_list, level)
}

#[capi]
pub fn PyImport_GetModuleDict(th: &Thread) -> Ptr {
    th.interp().modules.as_ptr()
}

#[capi]
pub fn PyImport_GetModule(th: &Thread, name: Borrowed<'_>) -> PyResult<Option<Owned>> {
    import::modules(th)?.get(th, name)
}

#[capi]
pub fn PyImport_AddModuleRef(th: &Thread, name: *const c_char) -> PyResult {
    import::add_module(th, string(th, name)?.object())
}

/// `sys.modules` keeps the module alive.
#[capi]
pub fn PyImport_AddModule(th: &Thread, name: *const c_char) -> PyResult<*mut krait_abi::PyObject> {
    import::add_module(th, string(th, name)?.object()).map(|module| module.as_ptr())
}

#[capi]
pub fn PyImport_AddModuleObject(
    th: &Thread,
    name: Borrowed<'_>,
) -> PyResult<*mut krait_abi::PyObject> {
    import::add_module(th, name).map(|module| module.as_ptr())
}

#[capi]
pub fn PyImport_ImportModuleNoBlock(th: &Thread, name: *const c_char) -> PyResult {
    let message = Str::interned(
        th,
        "PyImport_ImportModuleNoBlock() is deprecated and scheduled for removal in Python 3.15. Use PyImport_ImportModule() instead.",
    )?;
    let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
    import::import_module(th, string(th, name)?.borrow())
}

#[capi]
pub fn PyImport_ImportModuleLevel(
    th: &Thread,
    name: *const c_char,
    globals: Option<Borrowed<'_>>,
    _locals: Ptr,
    from_list: Option<Borrowed<'_>>,
    level: c_int,
) -> PyResult {
    import::import_level(th, string(th, name)?.borrow(), globals, from_list, level)
}

#[capi]
pub fn PyImport_ReloadModule(th: &Thread, module: Borrowed<'_>) -> PyResult {
    let importlib = import::import(th, "importlib")?;
    let reload = Str::interned(th, "reload")?;
    call::call_method(th, importlib.object(), reload.borrow(), &[module])
}

#[capi]
pub fn PyImport_ImportModuleAttr(
    th: &Thread,
    module: Borrowed<'_>,
    name: Borrowed<'_>,
) -> PyResult {
    let module = import::import_module(th, module_name(th, module)?)?;
    object::get_attr(th, module.object(), attribute(th, name)?)
}

#[capi]
pub fn PyImport_ImportModuleAttrString(
    th: &Thread,
    module: *const c_char,
    attribute: *const c_char,
) -> PyResult {
    let module = import::import_module(th, string(th, module)?.borrow())?;
    object::get_attr(th, module.object(), name(th, attribute)?.borrow())
}

#[capi]
pub fn _PyImport_SetModule(th: &Thread, name: Borrowed<'_>, module: Borrowed<'_>) -> PyResult<()> {
    import::modules(th)?.set(th, name, module)
}
