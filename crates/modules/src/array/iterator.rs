//! Iterators over arrays.

use std::cell::Cell;

use krait_objects::iterators::{empty_tuple, reduce};
use krait_objects::prelude::*;

use super::Array;

#[pytype(name = "array.arrayiterator", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct ArrayIterator {
    head: Head,
    index: Cell<isize>,
    /// Empty at the end.
    #[visit]
    array: Slot<Array>,
}

impl ArrayIterator {
    pub fn over(th: &Thread, array: Borrowed<'_, Array>) -> PyResult<Owned<ArrayIterator>> {
        let iterator = Borrowed::from_ref(Self::type_object()).alloc::<ArrayIterator>(th, 0)?;
        iterator.array.set(Some(array.to_owned()));
        Ok(iterator)
    }

    #[cold]
    #[inline(never)]
    fn end(&self) {
        drop(self.array.take());
    }
}

#[pymethods]
impl ArrayIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(array) = self.array.get() else {
            return Ok(None);
        };
        let index = self.index.get();
        if let Some(item) = array.get().get(th, index as usize)? {
            self.index.set(index + 1);
            return Ok(Some(item));
        }
        self.end();
        Ok(None)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        reduce(th, id::iter, &self.array, &self.index, empty_tuple)
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, state, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let Some(state) = state.downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
        };
        let index = number::as_isize(th, state.object(), Some(exc::OVERFLOW_ERROR))?;
        if let Some(array) = self.array.get() {
            self.index.set(index.clamp(0, array.get().len() as isize));
        }
        Ok(())
    }
}
