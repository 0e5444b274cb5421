//! `odict_iterator`: over the keys, values or items of an `OrderedDict`, forwards or backwards.

use std::cell::Cell;

use super::{MUTATED, OrderedDict};
use crate::dict::{hash_key, key_error};
use crate::iterators::enumerate::give_pair;
use crate::prelude::*;

/// What an iterator gives; may be combined.
pub(super) const KEYS: u32 = 1;
pub(super) const VALUES: u32 = 2;
pub(super) const ITEMS: u32 = KEYS | VALUES;
const BACKWARDS: u32 = 4;

#[pytype(name = "odict_iterator", symbol = "PyODictIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct OrderedIterator {
    head: Head,
    kind: Cell<u32>,
    /// Empty at the end.
    #[visit]
    dict: Slot<OrderedDict>,
    /// The dictionary's length at the start, -1 once it was found changed.
    size: Cell<isize>,
    state: Cell<usize>,
    /// The pair that was given out last: used again if nobody kept it.
    #[visit]
    pair: Slot<Tuple>,
    /// The key that comes next.
    #[visit]
    current: Slot,
}

impl OrderedIterator {
    pub(super) fn new(
        th: &Thread,
        dict: Borrowed<'_, OrderedDict>,
        kind: u32,
        backwards: bool,
    ) -> PyResult {
        let class = Borrowed::from_ref(OrderedIterator::type_object());
        let iterator = class.alloc::<OrderedIterator>(th, 0)?;
        if kind == ITEMS {
            let pair = Tuple::pack(th, [none().to_owned(), none().to_owned()])?;
            iterator.pair.set(Some(pair));
        }
        let end = if backwards { super::End::Last } else { super::End::First };
        iterator.kind.set(kind | if backwards { BACKWARDS } else { 0 });
        iterator.current.set(dict.nodes.end(end).map(|(key, _)| key));
        iterator.size.set(dict.dict.len() as isize);
        iterator.state.set(dict.nodes.state());
        iterator.dict.set(Some(dict.to_owned()));
        Ok(iterator.into_object())
    }

    /// The current key, having moved on to the next one.
    fn next_key(&self, th: &Thread, dict: &OrderedDict) -> PyResult<Option<Owned>> {
        if self.current.get().is_none() {
            return Ok(None);
        }
        if dict.nodes.state() != self.state.get() {
            return Err(th.raise(exc::RUNTIME_ERROR, MUTATED));
        }
        if self.size.get() != dict.dict.len() as isize {
            self.size.set(-1);
            let message = "OrderedDict changed size during iteration";
            return Err(th.raise(exc::RUNTIME_ERROR, message));
        }
        let Some(key) = self.current.take() else {
            return Ok(None);
        };
        let hash = hash_key(th, key.borrow())?;
        let Some(node) = dict.nodes.find(th, &dict.dict, key.borrow(), hash)? else {
            return Err(key_error(th, key.borrow()));
        };
        // SAFETY: the node was found just now.
        let beside = unsafe { dict.nodes.beside(node, self.kind.get() & BACKWARDS != 0) };
        self.current.set(beside.map(|(key, _)| key));
        Ok(Some(key))
    }

    fn give(&self, th: &Thread, dict: &OrderedDict, key: Owned) -> PyResult {
        if self.kind.get() & VALUES == 0 {
            return Ok(key);
        }
        let Some(value) = dict.dict.get(th, key.borrow())? else {
            drop(self.current.take());
            drop(self.dict.take());
            return Err(key_error(th, key.borrow()));
        };
        if self.kind.get() & KEYS == 0 {
            return Ok(value);
        }
        give_pair(th, &self.pair, key, value)
    }
}

#[pymethods]
impl OrderedIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(dict) = self.dict.get_owned() else {
            return Ok(None);
        };
        match self.next_key(th, &dict)? {
            Some(key) => self.give(th, &dict, key).map(Some),
            None => {
                drop(self.dict.take());
                Ok(None)
            }
        }
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let class = Borrowed::from_ref(OrderedIterator::type_object());
        let copy = class.alloc::<OrderedIterator>(th, 0)?;
        copy.kind.set(this.kind.get());
        copy.dict.set(this.dict.get_owned());
        copy.size.set(this.size.get());
        copy.state.set(this.state.get());
        copy.current.set(this.current.get_owned());
        let rest = List::from_iterable(th, copy.object())?;
        let arguments = Tuple::pack(th, [rest.into_object()])?;
        let function = crate::iterators::builtin(th, id::iter)?;
        Tuple::pack(th, [function, arguments.into_object()])
    }
}
