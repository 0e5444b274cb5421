//! `dict`.

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Head, Instance, Owned};
use crate::str::Str;
use crate::thread::Thread;
use crate::typeobj::Type;

#[repr(C)]
pub struct Dict {
    head: Head,
    used: std::cell::Cell<isize>,
    watcher_tag: std::cell::Cell<u64>,
    keys: std::cell::Cell<*mut abi::PyDictKeysObject>,
    values: std::cell::Cell<*mut abi::PyDictValues>,
}
unsafe impl Instance for Dict {
    fn type_object() -> &'static Type {
        todo!()
    }
}
impl Dict {
    pub fn new(_th: &Thread) -> PyResult<Owned<Dict>> {
        todo!()
    }
    pub fn len(&self) -> usize {
        self.used.get() as usize
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn get(&self, _th: &Thread, _key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        todo!()
    }
    /// With an exact `str` key: cannot run Python code if all keys are strings.
    pub fn get_str(&self, _th: &Thread, _key: Borrowed<'_, Str>) -> PyResult<Option<Owned>> {
        todo!()
    }
    pub fn contains(&self, _th: &Thread, _key: Borrowed<'_>) -> PyResult<bool> {
        todo!()
    }
    pub fn set(&self, _th: &Thread, _key: Borrowed<'_>, _value: Borrowed<'_>) -> PyResult<()> {
        todo!()
    }
    pub fn set_str(
        &self,
        _th: &Thread,
        _key: Borrowed<'_, Str>,
        _value: Borrowed<'_>,
    ) -> PyResult<()> {
        todo!()
    }
    /// `setdefault`: the value that is there afterwards.
    pub fn set_default(&self, _th: &Thread, _key: Borrowed<'_>, _value: Borrowed<'_>) -> PyResult {
        todo!()
    }
    /// Whether the key was there.
    pub fn remove(&self, _th: &Thread, _key: Borrowed<'_>) -> PyResult<bool> {
        todo!()
    }
    pub fn pop(&self, _th: &Thread, _key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        todo!()
    }
    pub fn clear(&self) {
        todo!()
    }
    pub fn copy(&self, _th: &Thread) -> PyResult<Owned<Dict>> {
        todo!()
    }
    /// `PyDict_Merge`: `other` is any mapping.
    pub fn merge(&self, _th: &Thread, _other: Borrowed<'_>, _replace: bool) -> PyResult<()> {
        todo!()
    }
    /// The entry at or after `*position`, which moves on: insertion order, as `PyDict_Next`.
    pub fn next(&self, _position: &mut usize) -> Option<(Owned, Owned)> {
        todo!()
    }
    pub fn keys(&self, _th: &Thread) -> PyResult<Owned<crate::list::List>> {
        todo!()
    }
    pub fn values(&self, _th: &Thread) -> PyResult<Owned<crate::list::List>> {
        todo!()
    }
    pub fn items(&self, _th: &Thread) -> PyResult<Owned<crate::list::List>> {
        todo!()
    }
}
