//! `tuple`.

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Owned, VarHead};
use crate::thread::Thread;
use crate::typeobj::Type;

#[repr(C)]
pub struct Tuple {
    head: VarHead,
    hash: std::cell::Cell<isize>,
    items: [*mut abi::PyObject; 0],
}
unsafe impl Instance for Tuple {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl Tuple {
    /// The empty tuple, one per process.
    pub fn empty() -> Borrowed<'static, Tuple> {
        todo!()
    }
    pub fn from_slice(_th: &Thread, _items: &[Borrowed<'_>]) -> PyResult<Owned<Tuple>> {
        todo!()
    }
    pub fn from_vec(_th: &Thread, _items: Vec<Owned>) -> PyResult<Owned<Tuple>> {
        todo!()
    }
    /// Moves the references in without a temporary vector.
    pub fn pack<const N: usize>(_th: &Thread, _items: [Owned; N]) -> PyResult<Owned<Tuple>> {
        todo!()
    }
    pub fn len(&self) -> usize {
        self.head.size() as usize
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn get(&self, _index: usize) -> Option<Borrowed<'_>> {
        todo!()
    }
    pub fn as_slice(&self) -> &[Borrowed<'_>] {
        todo!()
    }
}
