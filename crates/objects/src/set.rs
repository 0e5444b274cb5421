//! `set` and `frozenset`.

use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Owned};
use crate::thread::Thread;
use crate::typeobj::Type;

/// Laid out as `PySetObject`; `set` and `frozenset` share it.
#[repr(C)]
pub struct Set {
    head: crate::handle::Head,
}
unsafe impl Instance for Set {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl Set {
    pub fn new(_th: &Thread) -> PyResult<Owned<Set>> {
        todo!()
    }
    pub fn new_frozen(_th: &Thread, _items: &[Borrowed<'_>]) -> PyResult<Owned<Set>> {
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn contains(&self, _th: &Thread, _key: Borrowed<'_>) -> PyResult<bool> {
        todo!()
    }
    pub fn add(&self, _th: &Thread, _key: Borrowed<'_>) -> PyResult<()> {
        todo!()
    }
    pub fn remove(&self, _th: &Thread, _key: Borrowed<'_>) -> PyResult<bool> {
        todo!()
    }
    pub fn update(&self, _th: &Thread, _iterable: Borrowed<'_>) -> PyResult<()> {
        todo!()
    }
    pub fn next(&self, _position: &mut usize) -> Option<Owned> {
        todo!()
    }
}
