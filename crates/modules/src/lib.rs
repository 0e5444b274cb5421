//! Native standard-library modules, a folder or file each.
//!
//! To add one: its file, and a line in `NATIVE_MODULES`.

extern crate self as krait_modules;

use krait_eval::config::NativeModule;

/// Every native module of this crate, sorted by name.
pub static NATIVE_MODULES: &[NativeModule] = &[
];
