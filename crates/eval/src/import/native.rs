//! Native modules: which there are, and how one is made.

use krait_objects::module::{self, StaticModuleDef};
use krait_objects::prelude::*;

use super::core_objects;
use super::extension::Hook;
use super::imp::Imp;
use crate::builtins::Builtins;
use crate::config::{self, NativeModule};
use crate::marshal::Marshal;
use crate::sys::Sys;
use crate::warnings::Warnings;

/// The modules of this crate.
static OWN: &[NativeModule] = &[
    NativeModule::new("_imp", Imp::module_def),
    NativeModule::new("_warnings", Warnings::module_def),
    NativeModule::new("builtins", Builtins::module_def),
    NativeModule::new("marshal", Marshal::module_def),
    NativeModule::new("sys", Sys::module_def),
];

/// The names of all native modules of the current interpreter.
pub fn builtin_names(th: &Thread) -> Vec<&'static str> {
    let config = config::of(th);
    let native = OWN.iter().chain(config.native_modules).map(|module| module.name);
    native.chain(config.linked_modules.iter().map(|module| module.name)).collect()
}

/// The hook of a module that the host linked in.
pub fn find_linked(th: &Thread, name: &str) -> Option<Hook> {
    config::of(th)
        .linked_modules
        .iter()
        .find(|module| module.name == name)
        .map(|module| module.hook)
}

pub fn find(th: &Thread, name: &str) -> Option<&'static StaticModuleDef> {
    let others = config::of(th).native_modules;
    OWN.iter().chain(others).find(|module| module.name == name).map(|module| (module.definition)())
}

/// Has a native module do what it does for an interpreter that has not imported it.
pub fn start(th: &Thread, name: &str) -> PyResult<()> {
    let native = config::of(th).native_modules.iter().find(|module| module.name == name);
    native.and_then(|module| module.start).map_or(Ok(()), |start| start(th))
}

/// A native module from `sys.modules`, or made now without importlib.
pub fn native_module(th: &Thread, name: &str) -> PyResult {
    let modules = super::modules(th)?;
    let key = Str::interned(th, name)?;
    if let Some(module) = modules.get(th, key.object())? {
        return Ok(module);
    }
    let (module, spec) = make(th, name, &key)?;
    modules.set(th, key.object(), module.object())?;
    core_objects::mark_loaded(th, &spec)?;
    Ok(module.into_object())
}

/// A native module, created and executed outside of importlib: for those that are there before it.
pub fn create(th: &Thread, name: &str) -> PyResult<Owned<Module>> {
    let key = Str::interned(th, name)?;
    make(th, name, &key).map(|(module, _)| module)
}

fn make(th: &Thread, name: &str, key: &Owned<Str>) -> PyResult<(Owned<Module>, Owned)> {
    let Some(definition) = find(th, name) else {
        return Err(raise!(th, IMPORT_ERROR, "no built-in module named {name}"));
    };
    let spec = core_objects::native_spec(th, key.borrow())?;
    let module =
        module::from_definition_named(th, definition.as_ptr(), spec.object(), key.borrow())?;
    let module = module.downcast::<Module>().map_err(|_| th.bad_internal_call())?;
    core_objects::set_module_attributes(th, &module, &spec)?;
    module::execute(th, module.object(), definition.as_ptr())?;
    Ok((module, spec))
}
