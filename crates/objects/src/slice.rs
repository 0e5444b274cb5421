//! `slice`.

use crate::prelude::*;

#[repr(C)]
pub struct Slice {
    head: Head,
}
unsafe impl Instance for Slice {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl Slice {
    pub fn new(_th: &Thread, _start: Owned, _stop: Owned, _step: Owned) -> PyResult<Owned<Slice>> {
        todo!()
    }
}
