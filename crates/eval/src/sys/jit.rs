//! `sys._jit`: says that there is no JIT compiler.

use krait_objects::prelude::*;

/// Utilities for observing just-in-time compilation.
#[pymodule(name = "_jit")]
pub struct Jit;

#[pyfunctions]
impl Jit {
    /// Return True if the current Python executable supports JIT compilation, and False otherwise.
    #[function(sig = "()")]
    fn is_available() -> bool {
        false
    }

    /// Return True if JIT compilation is enabled for the current Python process, and False otherwise.
    #[function(sig = "()")]
    fn is_enabled() -> bool {
        false
    }

    /// Return True if the topmost Python frame is currently executing JIT code, and False otherwise.
    #[function(sig = "()")]
    fn is_active() -> bool {
        false
    }
}
