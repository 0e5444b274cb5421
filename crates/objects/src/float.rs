//! `float`.

use crate::error::PyResult;
use crate::handle::{Head, Instance, Owned};
use crate::thread::Thread;
use crate::typeobj::Type;

#[repr(C)]
pub struct Float {
    head: Head,
    value: f64,
}
unsafe impl Instance for Float {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl Float {
    pub fn new(_th: &Thread, _value: f64) -> PyResult<Owned<Float>> {
        todo!()
    }
    pub fn value(&self) -> f64 {
        self.value
    }
}
