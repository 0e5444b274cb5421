//! Frozen modules: those of the embedded library that `FrozenImporter` answers for.

use std::cell::Cell;

use krait_objects::prelude::*;
use krait_stdlib::Frozen;

use crate::{config, marshal};

/// What tests have said about the use of frozen modules: below zero, only importlib's own are; zero leaves it to the
/// configuration.
#[derive(Default)]
pub struct Override(pub Cell<i32>);

/// The frozen module of that name, if it is to be used.
pub fn find(th: &Thread, name: &str) -> Option<&'static Frozen> {
    let off = match th.interp().state::<Override>().0.get() {
        0 => !config::of(th).frozen_modules,
        forced => forced < 0,
    };
    krait_stdlib::find_frozen(name).filter(|_| !off || ESSENTIAL.contains(&name))
}

/// Without these nothing can be imported.
const ESSENTIAL: [&str; 3] = ["_frozen_importlib", "_frozen_importlib_external", "zipimport"];

/// Whether a frozen module of that name exists.
pub fn exists(th: &Thread, name: &str) -> bool {
    find(th, name).is_some()
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
