//! `bytes`.

use crate::error::PyResult;
use crate::handle::{Instance, Owned, VarHead};
use crate::thread::Thread;
use crate::typeobj::Type;

#[repr(C)]
pub struct Bytes {
    head: VarHead,
    hash: std::cell::Cell<isize>,
    data: [u8; 1],
}
unsafe impl Instance for Bytes {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl Bytes {
    pub fn new(_th: &Thread, _data: &[u8]) -> PyResult<Owned<Bytes>> {
        todo!()
    }
    pub fn as_bytes(&self) -> &[u8] {
        todo!()
    }
}
