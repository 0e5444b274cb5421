//! Going over all entries, in the order of insertion.
//!
//! A position is a number of entries of the table, so that it stays right as long as the table is the same one. Of a split
//! dictionary it counts the values, whose order lies behind them.
//!
//! SAFETY, throughout: the invariants of `keys` and of `dict/mod.rs`.

use super::keys::{self, Ptr};
use super::{Dict, lookup, split};
use crate::prelude::*;

impl Dict {
    /// The entry at or after `*position`, which moves on: insertion order, as `PyDict_Next`.
    #[inline]
    pub fn next(&self, position: &mut usize) -> Option<(Owned, Owned)> {
        // SAFETY: counted at once.
        unsafe {
            self.next_borrowed(position).map(|(key, value)| (key.to_owned(), value.to_owned()))
        }
    }

    /// As `next`, for keys only, with the hash that the dictionary knows.
    pub fn next_key(&self, th: &Thread, position: &mut usize) -> PyResult<Option<(Owned, isize)>> {
        // SAFETY: counted at once.
        let Some((key, _)) = (unsafe { self.next_borrowed(position) }) else {
            return Ok(None);
        };
        let key = key.to_owned();
        let table = self.keys.get();
        // SAFETY: (1): the entry before `position` of a general table is the one just given.
        let hash = unsafe {
            if self.is_split() || keys::is_unicode(table) {
                lookup::hash_of(th, key.borrow())?
            } else {
                (*keys::general_entries(table).add(*position - 1)).me_hash as isize
            }
        };
        Ok(Some((key, hash)))
    }

    /// As `next`, without counting.
    ///
    /// # Safety
    /// The dictionary does not change while the result is in use.
    #[inline]
    pub unsafe fn next_borrowed<'a>(
        &self,
        position: &mut usize,
    ) -> Option<(Borrowed<'a>, Borrowed<'a>)> {
        let table = self.keys.get();
        // SAFETY: (1), (2), the caller's promise.
        unsafe {
            let values = self.values.get();
            if !values.is_null() {
                if *position >= self.len() {
                    return None;
                }
                let index = split::index_in_order(values, *position);
                *position += 1;
                let key = (*keys::unicode_entries(table).add(index)).me_key;
                let value = *(&raw const (*values).values).cast::<Ptr>().add(index);
                return Some((Borrowed::from_ptr(key), Borrowed::from_ptr(value)));
            }
            let count = (*table).dk_nentries as usize;
            while *position < count {
                let at = *position;
                *position += 1;
                let (key, value) = if keys::is_unicode(table) {
                    let entry = &*keys::unicode_entries(table).add(at);
                    (entry.me_key, entry.me_value)
                } else {
                    let entry = &*keys::general_entries(table).add(at);
                    (entry.me_key, entry.me_value)
                };
                if !value.is_null() {
                    return Some((Borrowed::from_ptr(key), Borrowed::from_ptr(value)));
                }
            }
        }
        None
    }

    /// The last position at which `next` finds an entry, and the entries from the back on, for reverse iteration.
    pub(crate) fn position_count(&self) -> usize {
        // SAFETY: (1).
        unsafe {
            if !self.values.get().is_null() {
                return self.len();
            }
            (*self.keys.get()).dk_nentries as usize
        }
    }

    /// A list of what `pick` makes of each entry. Making room may change the dictionary, so that is done first.
    fn list_of(
        &self,
        th: &Thread,
        mut pick: impl FnMut(Borrowed<'_>, Borrowed<'_>) -> PyResult<Owned>,
    ) -> PyResult<Owned<List>> {
        loop {
            let len = self.len();
            let list = List::with_capacity(th, len)?;
            if self.len() != len {
                continue;
            }
            let mut position = 0;
            while let Some((key, value)) = self.next(&mut position) {
                list.push(th, pick(key.borrow(), value.borrow())?)?;
            }
            return Ok(list);
        }
    }

    pub fn keys(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.list_of(th, |key, _| Ok(key.to_owned()))
    }

    pub fn values(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.list_of(th, |_, value| Ok(value.to_owned()))
    }

    pub fn items(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.list_of(th, |key, value| Tuple::from_slice(th, &[key, value]).map(Owned::into_object))
    }

    /// As `next_borrowed` for a position that C keeps; `None` if the values lie elsewhere, or an entry's has been deleted.
    ///
    /// # Safety
    /// As for `next_borrowed`; the position is not negative.
    #[inline(always)]
    pub unsafe fn next_at_once(&self, position: &mut isize) -> Option<Option<(Ptr, Ptr)>> {
        let table = self.keys.get();
        if !self.values.get().is_null() {
            return None;
        }
        // SAFETY: (1).
        unsafe {
            let at = *position;
            if at >= (*table).dk_nentries {
                return Some(None);
            }
            // Entries of both kinds begin at the same place, and end with key and value.
            let words = 3 - isize::from(keys::is_unicode(table));
            let end = keys::general_entries(table).cast::<Ptr>().offset((at + 1) * words);
            let (key, value) = (*end.sub(2), *end.sub(1));
            if value.is_null() {
                return None;
            }
            *position = at + 1;
            Some(Some((key, value)))
        }
    }
}
