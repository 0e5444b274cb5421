//! `_sysconfig`: how Krait is built, for `sysconfig`.
//!
//! The same job as CPython's `Modules/_sysconfig.c`.

use krait_objects::prelude::*;

/// What sysconfig asks of the interpreter itself.
#[pymodule(name = "_sysconfig")]
pub struct Sysconfig;

#[pyfunctions]
impl Sysconfig {
    /// Return the variables that tell of the build, as a dict.
    #[function(sig = "()")]
    fn config_vars(th: &Thread) -> PyResult<Owned<Dict>> {
        let vars = Dict::new(th)?;
        for name in ["Py_GIL_DISABLED", "Py_DEBUG"] {
            vars.set_str(th, Str::interned(th, name)?.borrow(), Int::from_i64(th, 0)?.object())?;
        }
        Ok(vars)
    }
}
