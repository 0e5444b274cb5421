//! Frozen modules: those of the embedded library that `FrozenImporter` answers for.

use krait_objects::prelude::*;

use crate::marshal;

/// Whether a frozen module of that name exists.
pub fn exists(name: &str) -> bool {
    krait_stdlib::find_frozen(name).is_some()
}

/// The code object of a module of the embedded library; ImportError if there is none.
pub fn code(th: &Thread, name: &str) -> PyResult {
    match krait_stdlib::find(name).and_then(|module| module.code()) {
        Some(data) => marshal::loads_own(th, &data),
        None => Err(not_found(th, Str::new(th, name)?.borrow())),
    }
}

pub fn not_found(th: &Thread, name: Borrowed<'_, Str>) -> Raised {
    match object::repr(th, name.object()) {
        Ok(name) => raise!(th, IMPORT_ERROR, "No such frozen object named {}", *name),
        Err(raised) => raised,
    }
}
