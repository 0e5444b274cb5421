//! `sys._jit`: says that there is no JIT compiler.

use krait_objects::prelude::*;

/// Tells whether code is compiled to machine code while it runs.
#[pymodule(name = "_jit")]
pub struct Jit;

#[pyfunctions]
impl Jit {
    /// Whether this interpreter can compile to machine code at all.
    #[function(sig = "()")]
    fn is_available() -> bool {
        false
    }

    /// Whether this process compiles to machine code.
    #[function(sig = "()")]
    fn is_enabled() -> bool {
        false
    }

    /// Whether the innermost frame runs machine code at this moment.
    #[function(sig = "()")]
    fn is_active() -> bool {
        false
    }
}
