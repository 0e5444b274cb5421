//! What a program sees of importlib before it is set up: its finders, and the specs of the native modules.
//!
//! The classes are declared (`typeobj::forward`): importlib's code fills them when it runs. In the reference they are
//! made by that code, at start.

use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::typeobj::forward;

/// The names of importlib's modules.
pub const CORE: &str = "_frozen_importlib";
pub const EXTERNAL: &str = "_frozen_importlib_external";

/// The classes, and the modules that are there from the start.
pub struct CoreObjects {
    pub module_spec: Slot<Type>,
    pub builtin_importer: Slot<Type>,
    pub frozen_importer: Slot<Type>,
    pub path_finder: Slot<Type>,
    pub sys: Slot,
    pub builtins: Slot,
}

impl Default for CoreObjects {
    fn default() -> CoreObjects {
        CoreObjects {
            module_spec: Slot::EMPTY,
            builtin_importer: Slot::EMPTY,
            frozen_importer: Slot::EMPTY,
            path_finder: Slot::EMPTY,
            sys: Slot::EMPTY,
            builtins: Slot::EMPTY,
        }
    }
}

impl CoreObjects {
    pub fn of(th: &Thread) -> &CoreObjects {
        th.interp().state::<CoreObjects>()
    }

    /// Declares the classes, in an interpreter that has no modules yet.
    pub fn declare(th: &Thread) -> PyResult<()> {
        let core = CoreObjects::of(th);
        let spec =
            forward::declare(th, CORE, "ModuleSpec", &[id::__init__, id::__repr__, id::__eq__])?;
        core.module_spec.set(Some(spec));
        for (slot, module, name) in [
            (&core.builtin_importer, CORE, "BuiltinImporter"),
            (&core.frozen_importer, CORE, "FrozenImporter"),
            (&core.path_finder, EXTERNAL, "PathFinder"),
        ] {
            slot.set(Some(forward::declare(th, module, name, &[])?));
        }
        Ok(())
    }
}

/// The spec that `BuiltinImporter` gives for a native module.
pub fn native_spec(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
    let core = CoreObjects::of(th);
    let (Some(class), Some(loader)) = (core.module_spec.get(), core.builtin_importer.get()) else {
        return Err(th.bad_internal_call());
    };
    let spec: Owned = class.alloc::<Object>(th, 0)?;
    let no = bool_object(false).object();
    let uninitialized = List::new(th)?;
    let origin = Str::interned(th, "built-in")?;
    for (field, value) in [
        (id::name, name.object()),
        (id::loader, loader.object()),
        (id::origin, origin.object()),
        (id::loader_state, none()),
        (id::submodule_search_locations, none()),
        (id::_uninitialized_submodules, uninitialized.object()),
        (id::_set_fileattr, no),
        (id::_cached, none()),
    ] {
        set_field(th, &spec, field, value)?;
    }
    Ok(spec)
}

/// What importlib adds to a spec when it has loaded the module.
pub fn mark_loaded(th: &Thread, spec: &Owned) -> PyResult<()> {
    set_field(th, spec, id::_initializing, bool_object(false).object())
}

/// `spec.field = value`, without a look at the class.
fn set_field(
    th: &Thread,
    spec: &Owned,
    field: Borrowed<'static, Str>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    instance_dict::set_attribute(th, spec.object(), field, Some(value)).map(drop)
}

/// What importlib gives a module with its spec.
pub fn set_module_attributes(th: &Thread, module: &Module, spec: &Owned) -> PyResult<()> {
    let dict = module.dict();
    dict.set_str(th, id::__package__, Str::empty().object())?;
    if let Some(loader) = CoreObjects::of(th).builtin_importer.get() {
        dict.set_str(th, id::__loader__, loader.object())?;
    }
    dict.set_str(th, id::__spec__, spec.object())
}
