//! Iterators over dictionaries: keys, values or items, forwards and backwards.
//!
//! A dictionary that changes its size, or whose keys change, meanwhile is an error: "dictionary changed size during
//! iteration" is remembered by `used` being -1.

use std::cell::Cell;

use krait_abi as abi;

use super::Dict;
use super::keys::{self, Ptr};
use super::split;
use crate::gc;
use crate::iterators::builtin;
use crate::iterators::enumerate::give_pair;
use crate::prelude::*;
use crate::typeobj::alloc::alloc_collected;

/// What an iterator gives of each entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Keys,
    Values,
    Items,
}

/// Laid out as `dictiterobject`; the types of all kinds share it.
#[repr(C)]
pub struct State {
    head: Head,
    /// Empty at the end.
    dict: Slot<Dict>,
    /// The dictionary's length at the start.
    used: Cell<isize>,
    position: Cell<isize>,
    /// The pair that was given out last: used again if nobody kept it.
    pair: Slot<Tuple>,
    left: Cell<isize>,
}

impl gc::Visit for State {
    fn visit(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
        let stop = visitor.visit(self.dict.get());
        if stop != 0 { stop } else { visitor.visit(self.pair.get()) }
    }

    fn clear(&self) {
        drop(self.dict.take());
        drop(self.pair.take());
    }
}

impl State {
    fn start(
        &self,
        th: &Thread,
        dict: Borrowed<'_, Dict>,
        kind: Kind,
        backwards: bool,
    ) -> PyResult<()> {
        if kind == Kind::Items {
            self.pair.set(Some(Tuple::pack(th, [none().to_owned(), none().to_owned()])?));
        }
        let len = dict.len() as isize;
        self.used.set(len);
        self.left.set(len);
        self.position.set(if backwards { dict.position_count() as isize - 1 } else { 0 });
        self.dict.set(Some(dict.to_owned()));
        Ok(())
    }

    /// In line, for one kind: this is what a loop over a dictionary does.
    #[inline(always)]
    fn next(&self, th: &Thread, kind: Kind) -> PyResult<Option<Owned>> {
        let Some(dict) = self.dict.get() else {
            return Ok(None);
        };
        if self.used.get() != dict.len() as isize {
            return Err(self.changed_size(th));
        }
        let mut position = self.position.get() as usize;
        // SAFETY: counted before anything runs.
        let Some((key, value)) = (unsafe { dict.next_borrowed(&mut position) }) else {
            drop(self.dict.take());
            return Ok(None);
        };
        if self.left.get() == 0 {
            return Err(self.changed_keys(th));
        }
        self.position.set(position as isize);
        self.left.set(self.left.get() - 1);
        self.give(th, kind, key, value).map(Some)
    }

    fn next_back(&self, th: &Thread, kind: Kind) -> PyResult<Option<Owned>> {
        let Some(dict) = self.dict.get() else {
            return Ok(None);
        };
        if self.used.get() != dict.len() as isize {
            return Err(self.changed_size(th));
        }
        let found = entry_at_or_before(&dict, self.position.get());
        let Some((position, key, value)) = found else {
            drop(self.dict.take());
            return Ok(None);
        };
        if self.left.get() == 0 {
            return Err(self.changed_keys(th));
        }
        self.position.set(position - 1);
        self.left.set(self.left.get() - 1);
        // SAFETY: counted before anything runs.
        unsafe { self.give(th, kind, Borrowed::from_ptr(key), Borrowed::from_ptr(value)).map(Some) }
    }

    #[cold]
    #[inline(never)]
    fn changed_size(&self, th: &Thread) -> Raised {
        // From now on always.
        self.used.set(-1);
        th.raise(exc::RUNTIME_ERROR, "dictionary changed size during iteration")
    }

    #[cold]
    #[inline(never)]
    fn changed_keys(&self, th: &Thread) -> Raised {
        drop(self.dict.take());
        th.raise(exc::RUNTIME_ERROR, "dictionary keys changed during iteration")
    }

    #[inline(always)]
    fn give(&self, th: &Thread, kind: Kind, key: Borrowed<'_>, value: Borrowed<'_>) -> PyResult {
        match kind {
            Kind::Keys => Ok(key.to_owned()),
            Kind::Values => Ok(value.to_owned()),
            Kind::Items => give_pair(th, &self.pair, key.to_owned(), value.to_owned()),
        }
    }

    fn length_hint(&self) -> usize {
        match self.dict.get() {
            Some(dict) if self.used.get() == dict.len() as isize => self.left.get().max(0) as usize,
            _ => 0,
        }
    }

    /// `(iter, (list of the rest,))`; the iterator itself stays where it is.
    fn reduce(&self, th: &Thread, kind: Kind, backwards: bool) -> PyResult {
        let rest = List::new(th)?;
        let (position, left, used) = (self.position.get(), self.left.get(), self.used.get());
        let dict = self.dict.get_owned();
        let mut result = Ok(());
        while result.is_ok() {
            let next = if backwards { self.next_back(th, kind) } else { self.next(th, kind) };
            match next {
                Ok(Some(item)) => result = rest.push(th, item),
                Ok(None) => break,
                Err(raised) => result = Err(raised),
            }
        }
        self.position.set(position);
        self.left.set(left);
        self.used.set(used);
        self.dict.set(dict);
        result?;
        let arguments = Tuple::pack(th, [rest.into_object()])?;
        let function = builtin(th, id::iter)?;
        Tuple::pack(th, [function, arguments.into_object()]).map(Owned::into_object)
    }
}

/// The entry at `position` or the nearest one before it: where, key and value.
fn entry_at_or_before(dict: &Dict, mut position: isize) -> Option<(isize, Ptr, Ptr)> {
    let table = dict.keys.get();
    // SAFETY: the invariants of `keys` and of `dict/mod.rs`.
    unsafe {
        let values: *mut abi::PyDictValues = dict.values.get();
        if !values.is_null() {
            if position < 0 || position >= dict.len() as isize {
                return None;
            }
            let index = split::index_in_order(values, position as usize);
            let key = (*keys::unicode_entries(table).add(index)).me_key;
            return Some((position, key, dict.value_at(index as isize)));
        }
        if position >= (*table).dk_nentries {
            // The entries are others now.
            return None;
        }
        while position >= 0 {
            let value = dict.value_at(position);
            if !value.is_null() {
                let key = if keys::is_unicode(table) {
                    (*keys::unicode_entries(table).offset(position)).me_key
                } else {
                    (*keys::general_entries(table).offset(position)).me_key
                };
                return Some((position, key, value));
            }
            position -= 1;
        }
    }
    None
}

/// One iterator type: its name, its kind, its direction.
macro_rules! iterator {
    ($ty:ident, $name:literal, $symbol:literal, $kind:ident, $next:ident, $backwards:literal) => {
        #[pytype(name = $name, symbol = $symbol, flags(HAVE_GC))]
        #[repr(C)]
        pub struct $ty {
            #[visit]
            state: State,
        }

        impl $ty {
            fn make(th: &Thread, dict: Borrowed<'_, Dict>) -> PyResult {
                let iterator = alloc_collected::<Self>(th, Self::type_object())?;
                iterator.state.start(th, dict, Kind::$kind, $backwards)?;
                gc::track(th, iterator.object());
                Ok(iterator.into_object())
            }
        }

        #[pymethods]
        impl $ty {
            #[slot(tp_iternext)]
            fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
                self.state.$next(th, Kind::$kind)
            }

            /// About how many items are still to come.
            #[method(sig = "(self, /)")]
            fn __length_hint__(&self) -> usize {
                self.state.length_hint()
            }

            /// What pickle and copy need to make the object anew.
            #[method(sig = "(self, /)")]
            fn __reduce__(&self, th: &Thread) -> PyResult {
                self.state.reduce(th, Kind::$kind, $backwards)
            }
        }
    };
}

iterator!(KeyIterator, "dict_keyiterator", "PyDictIterKey_Type", Keys, next, false);
iterator!(ValueIterator, "dict_valueiterator", "PyDictIterValue_Type", Values, next, false);
iterator!(ItemIterator, "dict_itemiterator", "PyDictIterItem_Type", Items, next, false);
iterator!(
    ReverseKeyIterator,
    "dict_reversekeyiterator",
    "PyDictRevIterKey_Type",
    Keys,
    next_back,
    true
);
iterator!(
    ReverseValueIterator,
    "dict_reversevalueiterator",
    "PyDictRevIterValue_Type",
    Values,
    next_back,
    true
);
iterator!(
    ReverseItemIterator,
    "dict_reverseitemiterator",
    "PyDictRevIterItem_Type",
    Items,
    next_back,
    true
);

/// An iterator over a dictionary.
pub fn new(th: &Thread, dict: Borrowed<'_, Dict>, kind: Kind) -> PyResult {
    match kind {
        Kind::Keys => KeyIterator::make(th, dict),
        Kind::Values => ValueIterator::make(th, dict),
        Kind::Items => ItemIterator::make(th, dict),
    }
}

/// An iterator from the last entry to the first.
pub fn new_reversed(th: &Thread, dict: Borrowed<'_, Dict>, kind: Kind) -> PyResult {
    match kind {
        Kind::Keys => ReverseKeyIterator::make(th, dict),
        Kind::Values => ReverseValueIterator::make(th, dict),
        Kind::Items => ReverseItemIterator::make(th, dict),
    }
}
