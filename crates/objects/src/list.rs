//! `list`.

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Owned, VarHead};
use crate::thread::Thread;
use crate::typeobj::Type;

#[repr(C)]
pub struct List {
    head: VarHead,
    items: std::cell::Cell<*mut *mut abi::PyObject>,
    allocated: std::cell::Cell<isize>,
}
unsafe impl Instance for List {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl List {
    pub fn new(_th: &Thread) -> PyResult<Owned<List>> {
        todo!()
    }
    pub fn with_capacity(_th: &Thread, _capacity: usize) -> PyResult<Owned<List>> {
        todo!()
    }
    pub fn from_vec(_th: &Thread, _items: Vec<Owned>) -> PyResult<Owned<List>> {
        todo!()
    }
    pub fn from_slice(_th: &Thread, _items: &[Borrowed<'_>]) -> PyResult<Owned<List>> {
        todo!()
    }
    /// `list(iterable)`.
    pub fn from_iterable(_th: &Thread, _iterable: Borrowed<'_>) -> PyResult<Owned<List>> {
        todo!()
    }
    pub fn push(&self, _th: &Thread, _item: Owned) -> PyResult<()> {
        todo!()
    }
    pub fn extend(&self, _th: &Thread, _iterable: Borrowed<'_>) -> PyResult<()> {
        todo!()
    }
    pub fn len(&self) -> usize {
        self.head.size() as usize
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Counted, because any Python code may take the item out of the list.
    pub fn get(&self, _index: usize) -> Option<Owned> {
        todo!()
    }
    /// Puts `item` at `index`; the old item comes back. `Err(item)` if there is no such index.
    pub fn replace(&self, _index: usize, _item: Owned) -> Result<Owned, Owned> {
        todo!()
    }
    pub fn to_vec(&self) -> Vec<Owned> {
        todo!()
    }
    pub fn to_tuple(&self, _th: &Thread) -> PyResult<Owned<crate::tuple::Tuple>> {
        todo!()
    }
    pub fn sort(&self, _th: &Thread) -> PyResult<()> {
        todo!()
    }
    pub fn clear(&self) {
        todo!()
    }
}
