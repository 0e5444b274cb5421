//! The methods of `list` that have names, and what they work with. `slots` has what operators and C ask.

use super::{List, sort};
use crate::iterators::list::ListReverseIterator;
use crate::prelude::*;
use crate::slice::SliceBound;

impl List {
    /// The first position from `start` whose item equals `value`, looking at most at `stop - 1`.
    pub(crate) fn find(
        &self,
        th: &Thread,
        value: Borrowed<'_>,
        start: usize,
        stop: usize,
    ) -> PyResult<Option<usize>> {
        // The list may change with every comparison.
        let mut at = start;
        while at < stop {
            let Some(item) = self.get(at) else { break };
            if object::eq(th, item.borrow(), value)? {
                return Ok(Some(at));
            }
            at += 1;
        }
        Ok(None)
    }

    /// Takes the item at `at`, which exists, out of the list.
    pub(super) fn remove_at(&self, th: &Thread, at: usize) -> PyResult {
        let len = self.len();
        // SAFETY: the invariants of `list/mod.rs`: the reference moves to the caller.
        unsafe {
            let items = self.items.get();
            let item = *items.add(at);
            std::ptr::copy(items.add(at + 1), items.add(at), len - at - 1);
            if let Err(raised) = self.resize(th, len - 1) {
                drop(th.take_raised(raised));
                self.head.set_size(len as isize - 1);
            }
            Ok(Owned::from_ptr_or_null(item).unwrap_or_else(|| none().to_owned()))
        }
    }

    /// Takes the last item, if there is one.
    pub fn pop_last(&self, th: &Thread) -> PyResult<Option<Owned>> {
        self.len().checked_sub(1).map(|at| self.remove_at(th, at)).transpose()
    }

    /// Puts `item` before the one at `at` (at the end, if there is none).
    pub fn insert_at(&self, th: &Thread, at: usize, item: Owned) -> PyResult<()> {
        let len = self.len();
        let at = at.min(len);
        self.resize(th, len + 1)?;
        // SAFETY: the invariants of `list/mod.rs`; there is room for one more.
        unsafe {
            let items = self.items.get();
            std::ptr::copy(items.add(at), items.add(at + 1), len - at);
            items.add(at).write(item.into_ptr());
        }
        Ok(())
    }
}

#[pymethods(part = "more")]
impl List {
    /// Return self[index].
    #[method(name = "__getitem__", sig = "(self, index, /)", coexist)]
    fn getitem(this: Borrowed<'_, Self>, th: &Thread, index: Borrowed<'_>) -> PyResult {
        List::subscript(this, th, index)
    }

    /// Return an iterator over the items, from the last to the first.
    #[method(sig = "(self, /)")]
    fn __reversed__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        ListReverseIterator::new(th, this)
    }

    /// How many bytes the list takes.
    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
        let basic = this.object().get().ty().raw().tp_basicsize as usize;
        basic + this.capacity() * size_of::<usize>()
    }

    /// Put an object after the last item.
    #[method(sig = "(self, object, /)")]
    fn append(&self, th: &Thread, object: Owned) -> PyResult<()> {
        self.push(th, object)
    }

    /// Leave the list empty.
    #[method(name = "clear", sig = "(self, /)")]
    fn clear_all(&self) {
        self.clear();
    }

    /// Return another list with the same items.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.slice(th, 0, self.len())
    }

    /// How many items equal value.
    #[method(sig = "(self, value, /)")]
    fn count(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<usize> {
        let (mut count, mut at) = (0, 0);
        while let Some(item) = self.get(at) {
            count += usize::from(item.is(value) || object::eq(th, item.borrow(), value)?);
            at += 1;
        }
        Ok(count)
    }

    /// Put all items of the iterable after the last item.
    #[method(name = "extend", sig = "(self, iterable, /)")]
    fn extend_by(&self, th: &Thread, iterable: Borrowed<'_>) -> PyResult<()> {
        self.extend(th, iterable)
    }

    /// Where the first item that equals value is, from start on and before stop.
    ///
    /// Raises ValueError if the value is not there.
    #[method(sig = "(self, value, start=0, stop=sys.maxsize, /)")]
    fn index(
        &self,
        th: &Thread,
        value: Borrowed<'_>,
        #[default(SliceBound(0))] start: SliceBound,
        #[default(SliceBound(isize::MAX))] stop: SliceBound,
    ) -> PyResult<usize> {
        let len = self.len();
        match self.find(th, value, start.within(len), stop.within(len))? {
            Some(at) => Ok(at),
            None => Err(th.raise(exc::VALUE_ERROR, "list.index(x): x not in list")),
        }
    }

    /// Put an object in front of the item at the index.
    #[method(sig = "(self, index, object, /)")]
    fn insert(&self, th: &Thread, index: isize, object: Owned) -> PyResult<()> {
        let at = SliceBound(index).within(self.len());
        self.insert_at(th, at, object)
    }

    /// Take out the item at the index, without one the last, and return it.
    ///
    /// IndexError if there is no such item.
    #[method(sig = "(self, index=-1, /)")]
    fn pop(&self, th: &Thread, index: isize) -> PyResult {
        if self.is_empty() {
            return Err(th.raise(exc::INDEX_ERROR, "pop from empty list"));
        }
        match self.position(index) {
            Some(at) => self.remove_at(th, at),
            None => Err(th.raise(exc::INDEX_ERROR, "pop index out of range")),
        }
    }

    /// Take out the first item that equals value.
    ///
    /// Raises ValueError if the value is not there.
    #[method(sig = "(self, value, /)")]
    fn remove(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<()> {
        match self.find(th, value, 0, usize::MAX)? {
            // The comparison may have shortened the list.
            Some(at) if at < self.len() => {
                drop(self.remove_at(th, at)?);
                Ok(())
            }
            Some(_) => Ok(()),
            None => Err(th.raise(exc::VALUE_ERROR, "list.remove(x): x not in list")),
        }
    }

    /// Turn the order of the items around, in the list itself.
    #[method(name = "reverse", sig = "(self, /)")]
    fn reverse_items(&self) {
        self.reverse();
    }

    /// Sort the list in ascending order and return None.
    ///
    /// The sort changes the list itself and is stable: items that compare equal stay in their
    /// order. A key function is applied once to each item, and the results are compared.
    /// With reverse, the order is descending.
    #[method(name = "sort", sig = "(self, /, *, key=None, reverse=False)")]
    fn sort_items(&self, th: &Thread, key: Option<Borrowed<'_>>, reverse: bool) -> PyResult<()> {
        sort::sort(self, th, key, reverse)
    }

    /// Return a generic alias, for annotations.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }
}
