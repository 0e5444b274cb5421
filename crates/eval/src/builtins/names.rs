//! The types, exceptions and constants among the built-in names.

use krait_objects::prelude::*;

/// Adds every name that is not a function.
pub fn add(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    for (name, value) in [
        ("None", none()),
        ("Ellipsis", ellipsis()),
        ("NotImplemented", not_implemented()),
        ("False", bool_object(false).object()),
        ("True", bool_object(true).object()),
        ("__debug__", bool_object(crate::config::of(th).optimization_level == 0).object()),
    ] {
        module.add(th, name, value)?;
    }
    for &(name, ty) in krait_objects::builtin_types::BUILTINS {
        let ty = Borrowed::from_ref(ty());
        ty.ready(th)?;
        module.add(th, name, ty.object())?;
    }
    krait_objects::exceptions::prepare(th)?;
    for &class in krait_objects::exceptions::ALL {
        let class = Borrowed::from_ref(class);
        class.ready(th)?;
        module.add(th, class.name(), class.object())?;
    }
    let group = krait_objects::exceptions::exception_group(th)?;
    module.add(th, "ExceptionGroup", group.object())?;
    // Names that OSError took over from older versions.
    for alias in ["EnvironmentError", "IOError"] {
        module.add(th, alias, Borrowed::from_ref(exc::OS_ERROR).object())?;
    }
    Ok(())
}
