//! `tuple_iterator`.

use std::cell::Cell;

use super::{empty_tuple, length_hint_of, reduce, state_index};
use crate::freelist::alloc_gc;
use crate::gc;
use crate::prelude::*;
use crate::typeobj::alloc::init_head;

/// Laid out as `_PyTupleIterObject`: the specialised `FOR_ITER` reads it.
#[pytype(name = "tuple_iterator", symbol = "PyTupleIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct TupleIterator {
    head: Head,
    pub index: Cell<isize>,
    /// Empty at the end.
    #[visit]
    pub sequence: Slot<Tuple>,
}
assert_layout!(TupleIterator => krait_abi::_PyTupleIterObject);

impl TupleIterator {
    pub fn new(th: &Thread, tuple: Borrowed<'_, Tuple>) -> PyResult {
        let mut ob = th.interp().free_lists.tuple_iterators.pop();
        if ob.is_null() {
            ob = alloc_gc(th, size_of::<TupleIterator>(), TupleIterator::type_object())?;
        }
        // SAFETY: fresh memory of the right size; every field is written.
        unsafe {
            init_head(ob, Borrowed::from_ref(TupleIterator::type_object()));
            let this = ob.cast::<TupleIterator>();
            (&raw mut (*this).index).write(Cell::new(0));
            (&raw mut (*this).sequence).write(Slot::new(Some(tuple.to_owned())));
            let iterator = Owned::<Object>::from_ptr(ob);
            gc::track(th, iterator.borrow());
            Ok(iterator)
        }
    }
}

#[pymethods]
impl TupleIterator {
    #[slot(tp_iternext)]
    fn next(&self) -> PyResult<Option<Owned>> {
        let Some(sequence) = self.sequence.get() else {
            return Ok(None);
        };
        let index = self.index.get();
        if let Some(item) = sequence.get().get(index as usize) {
            let item = item.to_owned();
            self.index.set(index + 1);
            return Ok(Some(item));
        }
        drop(self.sequence.take());
        Ok(None)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the type has no subtypes.
        unsafe {
            gc::untrack_raw(this.cast());
            drop((*this).sequence.take());
            if !Thread::attached().interp().free_lists.tuple_iterators.push(this.cast()) {
                gc::gc_del(this.cast());
            }
        }
    }

    /// About how many items are still to come.
    #[method(sig = "(self, /)")]
    fn __length_hint__(&self) -> usize {
        length_hint_of(self.sequence.get().map(|sequence| sequence.len()), self.index.get())
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        reduce(th, id::iter, &self.sequence, &self.index, empty_tuple)
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let index = state_index(th, state)?;
        if let Some(sequence) = self.sequence.get() {
            self.index.set(index.clamp(0, sequence.len() as isize));
        }
        Ok(())
    }
}
