//! `_pickle`. The same job as CPython's `Modules/_pickle.c`.

use krait_objects::pickle_buffer::PickleBuffer;
use krait_objects::prelude::*;

/// Optimized C implementation for the Python pickle module.
#[pymodule(name = "_pickle")]
pub struct PickleModule;

#[pyfunctions]
impl PickleModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, PickleBuffer::type_object())
    }
}
