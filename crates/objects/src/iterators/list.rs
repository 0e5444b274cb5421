//! `list_iterator` and `list_reverseiterator`.

use std::cell::Cell;

use super::{length_hint_of, reduce, state_index};
use crate::freelist::alloc_gc;
use crate::gc;
use crate::prelude::*;
use crate::typeobj::alloc::init_head;

/// Laid out as `_PyListIterObject`: the specialised `FOR_ITER` reads it.
#[pytype(name = "list_iterator", symbol = "PyListIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct ListIterator {
    head: Head,
    pub index: Cell<isize>,
    /// Empty at the end.
    #[visit]
    pub sequence: Slot<List>,
}
assert_layout!(ListIterator => krait_abi::_PyListIterObject);

impl ListIterator {
    pub fn new(th: &Thread, list: Borrowed<'_, List>) -> PyResult {
        let mut ob = th.interp().free_lists.list_iterators.pop();
        if ob.is_null() {
            ob = alloc_gc(th, size_of::<ListIterator>(), ListIterator::type_object())?;
        }
        // SAFETY: fresh memory of the right size; every field is written.
        unsafe {
            init_head(ob, Borrowed::from_ref(ListIterator::type_object()));
            let this = ob.cast::<ListIterator>();
            (&raw mut (*this).index).write(Cell::new(0));
            (&raw mut (*this).sequence).write(Slot::new(Some(list.to_owned())));
            let iterator = Owned::<Object>::from_ptr(ob);
            gc::track(th, iterator.borrow());
            Ok(iterator)
        }
    }
}

#[pymethods]
impl ListIterator {
    #[slot(tp_iternext)]
    fn next(&self) -> PyResult<Option<Owned>> {
        let Some(sequence) = self.sequence.get() else {
            return Ok(None);
        };
        let index = self.index.get();
        if let Some(item) = sequence.get().get(index as usize) {
            self.index.set(index + 1);
            return Ok(Some(item));
        }
        self.index.set(-1);
        drop(self.sequence.take());
        Ok(None)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the type has no subtypes.
        unsafe {
            gc::untrack_raw(this.cast());
            drop((*this).sequence.take());
            if !Thread::attached().interp().free_lists.list_iterators.push(this.cast()) {
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
        reduce(th, id::iter, &self.sequence, &self.index, |th| {
            List::new(th).map(Owned::into_object)
        })
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let index = state_index(th, state)?;
        if let Some(sequence) = self.sequence.get() {
            // An iterator that went past the end stays there, as the list may have grown since.
            self.index.set(index.clamp(-1, sequence.len() as isize));
        }
        Ok(())
    }
}

/// From the last item to the first.
#[pytype(name = "list_reverseiterator", symbol = "PyListRevIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct ListReverseIterator {
    head: Head,
    index: Cell<isize>,
    #[visit]
    sequence: Slot<List>,
}

impl ListReverseIterator {
    pub fn new(th: &Thread, list: Borrowed<'_, List>) -> PyResult {
        let last = list.len() as isize - 1;
        let iterator = Borrowed::from_ref(Self::type_object()).alloc::<Self>(th, 0)?;
        iterator.index.set(last);
        iterator.sequence.set(Some(list.to_owned()));
        Ok(iterator.into_object())
    }
}

#[pymethods]
impl ListReverseIterator {
    #[slot(tp_iternext)]
    fn next(&self) -> PyResult<Option<Owned>> {
        let Some(sequence) = self.sequence.get() else {
            return Ok(None);
        };
        let index = self.index.get();
        if let Some(item) = usize::try_from(index).ok().and_then(|index| sequence.get().get(index))
        {
            self.index.set(index - 1);
            return Ok(Some(item));
        }
        self.index.set(-1);
        drop(self.sequence.take());
        Ok(None)
    }

    /// About how many items are still to come.
    #[method(sig = "(self, /)")]
    fn __length_hint__(&self) -> usize {
        let left = self.index.get() + 1;
        match self.sequence.get() {
            Some(sequence) if left >= 0 && sequence.len() >= left as usize => left as usize,
            _ => 0,
        }
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        reduce(th, id::reversed, &self.sequence, &self.index, |th| {
            List::new(th).map(Owned::into_object)
        })
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let index = state_index(th, state)?;
        if let Some(sequence) = self.sequence.get() {
            self.index.set(index.clamp(-1, sequence.len() as isize - 1));
        }
        Ok(())
    }
}
