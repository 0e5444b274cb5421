//! Frozen modules: those of the embedded library that `FrozenImporter` answers for.

use krait_objects::prelude::*;

use crate::marshal;

/// Whether a frozen module of that name exists.
pub fn exists(name: &str) -> bool {
    krait_stdlib::find_frozen(name).is_some()
}

/// The code object of a frozen module; ImportError if there is none.
pub fn code(th: &Thread, name: &str) -> PyResult {
    let module = krait_stdlib::find(name);
    let Some(data) = module.and_then(|module| module.code()) else {
        return Err(not_found(th, name));
    };
    marshal::loads(th, &data)
}

pub fn not_found(th: &Thread, name: &str) -> Raised {
    raise!(th, IMPORT_ERROR, "No such frozen object named {name}")
}
