//! `set_iterator`.

use std::cell::Cell;

use super::Set;
use crate::gc;
use crate::iterators::builtin;
use crate::prelude::*;
use crate::typeobj::alloc::alloc_collected;

#[pytype(name = "set_iterator", symbol = "PySetIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct SetIterator {
    head: Head,
    /// Empty at the end.
    #[visit]
    set: Slot<Set>,
    /// The set's length at the start; -1 once it was seen to change.
    used: Cell<isize>,
    position: Cell<usize>,
    left: Cell<isize>,
}

impl SetIterator {
    pub fn new(th: &Thread, set: Borrowed<'_, Set>) -> PyResult {
        let iterator = alloc_collected::<Self>(th, Self::type_object())?;
        let len = set.len() as isize;
        iterator.used.set(len);
        iterator.left.set(len);
        iterator.set.set(Some(set.to_owned()));
        gc::track(th, iterator.object());
        Ok(iterator.into_object())
    }
}

#[pymethods]
impl SetIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(set) = self.set.get() else {
            return Ok(None);
        };
        if self.used.get() != set.len() as isize {
            self.used.set(-1);
            return Err(th.raise(exc::RUNTIME_ERROR, "Set changed size during iteration"));
        }
        let mut position = self.position.get();
        match set.next(&mut position) {
            Some(item) => {
                self.position.set(position);
                self.left.set(self.left.get() - 1);
                Ok(Some(item))
            }
            None => {
                drop(self.set.take());
                Ok(None)
            }
        }
    }

    /// About how many items are still to come.
    #[method(sig = "(self, /)")]
    fn __length_hint__(&self) -> usize {
        match self.set.get() {
            Some(set) if self.used.get() == set.len() as isize => self.left.get().max(0) as usize,
            _ => 0,
        }
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let rest = List::new(th)?;
        let (set, position, left) = (self.set.get_owned(), self.position.get(), self.left.get());
        // Making the list does not use the iterator up.
        let mut result = Ok(());
        while result.is_ok() {
            match self.next(th) {
                Ok(Some(item)) => result = rest.push(th, item),
                Ok(None) => break,
                Err(raised) => result = Err(raised),
            }
        }
        self.set.set(set);
        self.position.set(position);
        self.left.set(left);
        result?;
        let arguments = Tuple::pack(th, [rest.into_object()])?;
        let function = builtin(th, id::iter)?;
        Tuple::pack(th, [function, arguments.into_object()]).map(Owned::into_object)
    }
}
