//! `complex`.

use crate::prelude::*;

#[repr(C)]
pub struct Complex {
    head: Head,
}
unsafe impl Instance for Complex {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl Complex {
    pub fn new(_th: &Thread, _real: f64, _imag: f64) -> PyResult<Owned<Complex>> {
        todo!()
    }
}
