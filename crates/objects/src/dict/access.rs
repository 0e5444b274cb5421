//! Finding, entering and taking out entries by their keys.
//!
//! What other Rust code asks of a dictionary most. Each way begins with what can be told without running code, which is in line
//! where that pays; `table` does the changing. References are handed out counted, but by `peek` and the ways for C, after
//! which nothing may run.
//!
//! SAFETY, throughout: the invariants of `keys` and of `dict/mod.rs`.

use super::keys::{self, EMPTY};
use super::{Dict, hash_key, lookup, unhashable};
use crate::prelude::*;

impl Dict {
    pub fn get(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        // Two jumps: what one way saves, the other does not pay for.
        if key.is_exact::<Str>() || key.is_exact::<Int>() {
            return self.get_usual(th, key);
        }
        self.get_other(th, key)
    }

    /// `get`, for texts and ints.
    #[inline(never)]
    fn get_usual(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        let hash = hash_key(th, key)?;
        self.find_value(th, key, hash)
    }

    /// `get`, for keys that the table knows nothing about.
    #[inline(never)]
    fn get_other(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        let hash = object::hash_by_slot(th, key)
            .map_err(|raised| unhashable(th, raised, key, "a dict key"))?;
        let index = lookup::lookup_other(self, th, key, hash)?;
        // SAFETY: the entry was just found.
        Ok(unsafe { self.counted_value(index) })
    }

    /// As `get`, for a key whose hash is known.
    #[inline]
    pub fn get_hashed(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<Option<Owned>> {
        self.find_value(th, key, hash)
    }

    #[inline(always)]
    fn find_value(&self, th: &Thread, key: Borrowed<'_>, hash: isize) -> PyResult<Option<Owned>> {
        let index = lookup::lookup(self, th, key, hash)?;
        // SAFETY: the entry was just found.
        Ok(unsafe { self.counted_value(index) })
    }

    /// A new reference to the value of entry `index`, if there is one.
    ///
    /// # Safety
    /// `EMPTY`, or as for `value_at`.
    #[inline(always)]
    unsafe fn counted_value(&self, index: isize) -> Option<Owned> {
        if index == EMPTY {
            return None;
        }
        // SAFETY: the caller's promise.
        unsafe {
            Borrowed::<Object>::from_ptr_or_null(self.value_at(index)).map(Borrowed::to_owned)
        }
    }

    /// With an exact `str` key: cannot run Python code if all keys are strings.
    #[inline]
    pub fn get_str(&self, th: &Thread, key: Borrowed<'_, Str>) -> PyResult<Option<Owned>> {
        let hash = lookup::hash_of(th, key.object())?;
        self.get_hashed(th, key.object(), hash)
    }

    /// The value of a key, if finding it runs nothing: `None` if it may.
    #[inline(always)]
    pub fn peek(&self, key: Borrowed<'_>) -> Option<Option<Borrowed<'_>>> {
        let hash = lookup::hash_at_once(key)?;
        // SAFETY: (1); the entry was just found.
        unsafe {
            let index = lookup::lookup_at_once(self.keys.get(), key, hash)?;
            if index == EMPTY {
                return Some(None);
            }
            Some(Borrowed::from_ptr_or_null(self.value_at(index)))
        }
    }

    /// The value of a C string as key; `None` as for `get_ascii`.
    ///
    /// # Safety
    /// `text` ends with NUL.
    #[inline(always)]
    pub unsafe fn get_c_string(&self, text: *const u8) -> Option<Option<Borrowed<'_>>> {
        // SAFETY: the caller's promise; (1); the entry was just found.
        unsafe {
            let first = *text;
            if first == 0 || first >= 128 || *text.add(1) != 0 {
                return self.get_c_text(text);
            }
            // A single character is a string that is there, and mostly knows its hash.
            let key = crate::str::single::single(first);
            let hash = keys::str_hash(key.as_ptr());
            let table = self.keys.get();
            if hash == -1 || !keys::is_unicode(table) {
                return None;
            }
            let index = lookup::lookup_same_str(table, key.as_ptr(), hash)?;
            Some(if index == EMPTY {
                None
            } else {
                Borrowed::from_ptr_or_null(self.value_at(index))
            })
        }
    }

    #[inline(never)]
    unsafe fn get_c_text(&self, text: *const u8) -> Option<Option<Borrowed<'_>>> {
        // SAFETY: the caller's promise.
        self.get_ascii(unsafe { std::ffi::CStr::from_ptr(text.cast()) }.to_bytes())
    }

    /// The value of a text as key; `None` if that takes a string: if the text is not ASCII, or other keys are no strings.
    #[inline(always)]
    pub fn get_ascii(&self, text: &[u8]) -> Option<Option<Borrowed<'_>>> {
        let table = self.keys.get();
        // SAFETY: (1); the entry was just found.
        unsafe {
            if !keys::is_unicode(table) {
                return None;
            }
            let hash = crate::str::hash_secret().hash(text) as isize;
            let index = lookup::lookup_ascii(table, text, hash);
            if index == EMPTY {
                return text.is_ascii().then_some(None);
            }
            Some(Borrowed::from_ptr_or_null(self.value_at(index)))
        }
    }

    #[inline]
    pub fn contains(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        match self.peek(key) {
            Some(found) => Ok(found.is_some()),
            None => self.contains_other(th, key),
        }
    }

    #[inline(never)]
    fn contains_other(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        let hash = hash_key(th, key)?;
        self.contains_hashed(th, key, hash)
    }

    pub fn contains_hashed(&self, th: &Thread, key: Borrowed<'_>, hash: isize) -> PyResult<bool> {
        let index = lookup::lookup(self, th, key, hash)?;
        // SAFETY: the entry was just found.
        Ok(index != EMPTY && unsafe { !self.value_at(index).is_null() })
    }

    pub fn set(&self, th: &Thread, key: Borrowed<'_>, value: Borrowed<'_>) -> PyResult<()> {
        if self.set_at_once(key, value) {
            return Ok(());
        }
        self.set_owned(th, key.to_owned(), value.to_owned())
    }

    /// As `set`, without counting.
    #[inline]
    pub fn set_owned(&self, th: &Thread, key: Owned, value: Owned) -> PyResult<()> {
        let hash = hash_key(th, key.borrow())?;
        self.insert(th, key, hash, value)
    }

    pub fn set_str(
        &self,
        th: &Thread,
        key: Borrowed<'_, Str>,
        value: Borrowed<'_>,
    ) -> PyResult<()> {
        self.set(th, key.object(), value)
    }

    /// As `set`, for a key whose hash is known.
    pub fn set_hashed(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        value: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<()> {
        self.insert(th, key.to_owned(), hash, value.to_owned())
    }

    /// `setdefault`: the value that is there afterwards.
    pub fn set_default(&self, th: &Thread, key: Borrowed<'_>, value: Borrowed<'_>) -> PyResult {
        let hash = hash_key(th, key)?;
        let index = lookup::lookup(self, th, key, hash)?;
        if index != EMPTY {
            // SAFETY: the entry was just found.
            let found = unsafe { Borrowed::<Object>::from_ptr_or_null(self.value_at(index)) };
            if let Some(found) = found {
                return Ok(found.to_owned());
            }
        }
        if self.is_split() {
            self.insert(th, key.to_owned(), hash, value.to_owned())?;
        } else {
            self.insert_new(th, key.to_owned(), hash, value.to_owned())?;
        }
        Ok(value.to_owned())
    }

    /// Whether the key was there.
    pub fn remove(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        self.pop(th, key).map(|value| value.is_some())
    }

    pub fn pop(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        if self.is_empty() {
            return Ok(None);
        }
        let hash = hash_key(th, key)?;
        self.pop_hashed(th, key, hash)
    }

    /// As `pop`, for a key whose hash is known.
    pub fn pop_hashed(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<Option<Owned>> {
        let index = lookup::lookup(self, th, key, hash)?;
        // SAFETY: the entry was just found.
        unsafe {
            if index == EMPTY || self.value_at(index).is_null() {
                return Ok(None);
            }
            Ok(Some(self.delete_entry(hash, index, key)))
        }
    }
}
