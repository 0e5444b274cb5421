//! `modsupport.h` and `moduleobject.h`: how C finds the module of a definition, and a module's file.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use krait_abi::{PyModuleDef, PyThreadState};
use krait_macros::capi;
use krait_objects::module::rules::ModulesByIndex;
use krait_objects::prelude::*;

use crate::support::*;

fn has_slots(def: &PyModuleDef) -> bool {
    !def.m_slots.is_null()
}

/// Borrowed: the interpreter keeps the module alive. NULL without an exception if there is none.
#[capi]
pub fn PyState_FindModule(th: &Thread, def: *mut PyModuleDef) -> Ptr {
    // SAFETY: C passes a static definition.
    let def = unsafe { &*def };
    if has_slots(def) {
        return null_mut();
    }
    ModulesByIndex::of(th).find(def).map_or(null_mut(), Borrowed::as_ptr)
}

fn add(th: &Thread, module: Borrowed<'_>, def: &PyModuleDef) -> PyResult<()> {
    if has_slots(def) {
        return Err(th.raise(exc::SYSTEM_ERROR, "PyState_AddModule called on module with slots"));
    }
    drop(ModulesByIndex::of(th).set(def, Some(module.to_owned())));
    Ok(())
}

#[capi]
pub fn PyState_AddModule(th: &Thread, module: Borrowed<'_>, def: *mut PyModuleDef) -> PyResult<()> {
    // SAFETY: C passes a static definition, or NULL by mistake.
    let Some(def) = (unsafe { def.as_ref() }) else {
        krait_objects::fatal("PyState_AddModule: module definition is NULL");
    };
    if ModulesByIndex::of(th).find(def).is_some_and(|known| known.is(module)) {
        krait_objects::fatal(&format!(
            "PyState_AddModule: module {:p} already added",
            module.as_ptr()
        ));
    }
    add(th, module, def)
}

#[capi]
pub fn _PyState_AddModule(
    th: &Thread,
    _state: *mut PyThreadState,
    module: Borrowed<'_>,
    def: *mut PyModuleDef,
) -> PyResult<()> {
    // SAFETY: C passes a static definition.
    add(th, module, unsafe { &*def })
}

#[capi]
pub fn PyState_RemoveModule(th: &Thread, def: *mut PyModuleDef) -> PyResult<()> {
    // SAFETY: C passes a static definition.
    let def = unsafe { &*def };
    if has_slots(def) {
        let message = "PyState_RemoveModule called on module with slots";
        return Err(th.raise(exc::SYSTEM_ERROR, message));
    }
    if def.m_base.m_index == 0 {
        krait_objects::fatal("PyState_RemoveModule: invalid module index");
    }
    drop(ModulesByIndex::of(th).set(def, None));
    Ok(())
}

/// A module, or TypeError.
pub fn module_of<'a>(th: &Thread, module: Borrowed<'a>) -> PyResult<Borrowed<'a, Module>> {
    module.downcast::<Module>().ok_or_else(|| th.bad_argument())
}

fn filename(th: &Thread, module: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let module = module_of(th, module)?;
    let key = Str::interned(th, "__file__")?;
    match module.dict().get_str(th, key.borrow())?.map(Owned::downcast::<Str>) {
        Some(Ok(name)) => Ok(name),
        _ => Err(th.raise(exc::SYSTEM_ERROR, "module filename missing")),
    }
}

#[capi]
pub fn PyModule_GetFilenameObject(th: &Thread, module: Borrowed<'_>) -> PyResult<Owned<Str>> {
    filename(th, module)
}

#[capi]
pub fn PyModule_GetFilename(th: &Thread, module: Borrowed<'_>) -> PyResult<*const c_char> {
    // The module's dictionary keeps the name alive.
    filename(th, module)?.as_utf8_ptr(th)
}

const API_VERSION: c_int = 1013;
const ABI_VERSION: c_int = 3;

/// RuntimeWarning for a module that was compiled for another C API.
pub fn check_version(th: &Thread, name: *const c_char, version: c_int) -> PyResult<()> {
    if version == API_VERSION || version == ABI_VERSION {
        return Ok(());
    }
    let name = text_of(name);
    let message = Str::from_fmt(
        th,
        format_args!(
            "Python C API version mismatch for module {name}: This Python has API version {API_VERSION}, module {name} has version {version}."
        ),
    )?;
    let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)
}
