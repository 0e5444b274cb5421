//! `memory_iterator`.

use std::cell::Cell;

use super::MemoryView;
use crate::prelude::*;
use crate::str::iterator::instance;

/// Over a view of one dimension.
#[pytype(
    name = "memory_iterator",
    symbol = "_PyMemoryIter_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION),
    basicsize = 48
)]
#[repr(C)]
pub struct MemoryIterator {
    head: Head,
    index: Cell<isize>,
    #[visit]
    view: Slot<MemoryView>,
    len: Cell<isize>,
    unused: usize,
}

/// `iter(view)`.
pub fn new(th: &Thread, view: Borrowed<'_, MemoryView>) -> PyResult {
    view.check(th)?;
    match view.ndim() {
        0 => return Err(th.raise(exc::TYPE_ERROR, "invalid indexing of 0-dim memory")),
        1 => {}
        _ => {
            return Err(th.raise(
                exc::NOT_IMPLEMENTED_ERROR,
                "multi-dimensional sub-views are not implemented",
            ));
        }
    }
    view.letter(th)?;
    let iterator = instance::<MemoryIterator>(th)?;
    iterator.len.set(view.shape()[0]);
    iterator.view.set(Some(view.to_owned()));
    Ok(iterator.into_object())
}

#[pymethods]
impl MemoryIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(view) = self.view.get_owned() else {
            return Ok(None);
        };
        if self.index.get() >= self.len.get() {
            self.view.set(None);
            return Ok(None);
        }
        let index = self.index.replace(self.index.get() + 1);
        view.item(th, index).map(Some)
    }
}
