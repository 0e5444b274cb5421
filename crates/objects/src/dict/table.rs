//! Changing dictionaries: inserting, deleting, growing, copying.
//!
//! SAFETY, throughout: the invariants of `keys` and of `dict/mod.rs`.

use krait_abi as abi;

use super::keys::{self, DUMMY, EMPTY, Keys, Ptr};
use super::state::Event;
use super::{Dict, lookup, split};
use crate::prelude::*;

impl Dict {
    /// `dict[key] = value` if that runs nothing but what the old value's end does, and takes no memory.
    #[inline(always)]
    pub(super) fn set_at_once(&self, key: Borrowed<'_>, value: Borrowed<'_>) -> bool {
        let table = self.keys.get();
        if table == keys::empty_keys() || !self.values.get().is_null() || self.is_watched() {
            return false;
        }
        let Some(hash) = lookup::hash_at_once(key) else { return false };
        // SAFETY: see the top of the file.
        unsafe {
            let Some(index) = lookup::lookup_at_once(table, key, hash) else { return false };
            if index == EMPTY {
                let fits = key.is_exact::<Str>() || !keys::is_unicode(table);
                if (*table).dk_usable <= 0 || !fits {
                    return false;
                }
                self.append_entry(table, key.to_owned(), hash, value.to_owned());
                return true;
            }
            let place = self.value_place(index);
            let old = std::mem::replace(&mut *place, value.to_owned().into_ptr());
            drop(Owned::<Object>::from_ptr_or_null(old));
            true
        }
    }

    /// `dict[key] = value`.
    #[inline]
    pub(crate) fn insert(
        &self,
        th: &Thread,
        key: Owned,
        hash: isize,
        value: Owned,
    ) -> PyResult<()> {
        if self.keys.get() == keys::empty_keys() {
            return self.insert_first(th, key, hash, value);
        }
        self.insert_found_or_new(th, key, hash, value)
    }

    /// The first key of a dictionary decides the kind of its table.
    fn insert_first(&self, th: &Thread, key: Owned, hash: isize, value: Owned) -> PyResult<()> {
        let unicode = key.is_exact::<Str>();
        let table = keys::new_keys(th, keys::LOG_MIN_SIZE, unicode)?;
        self.notify(Event::Added, Some(key.borrow()), Some(value.borrow()));
        self.keys.set(table);
        // SAFETY: see the top of the file; a fresh table has room.
        unsafe { self.append_entry(table, key, hash, value) };
        Ok(())
    }

    fn insert_found_or_new(
        &self,
        th: &Thread,
        key: Owned,
        hash: isize,
        value: Owned,
    ) -> PyResult<()> {
        // SAFETY: see the top of the file.
        unsafe {
            let is_str = key.is_exact::<Str>();
            if !is_str && keys::is_unicode(self.keys.get()) {
                self.resize(th, keys::log2_grown_size(self.len()), false)?;
            }
            let index = if self.values.get().is_null() {
                lookup::lookup(self, th, key.borrow(), hash)?
            } else {
                let index = split::insert_key(self.keys.get(), key.borrow(), hash);
                if index != EMPTY {
                    split::set_value(self, key.borrow(), index, value);
                    return Ok(());
                }
                EMPTY
            };
            if index == EMPTY {
                return self.insert_new(th, key, hash, value);
            }
            self.replace_value(key.borrow(), index, value);
            Ok(())
        }
    }

    /// Replaces the value of an entry.
    ///
    /// # Safety
    /// The table has that entry now, with a value.
    unsafe fn replace_value(&self, key: Borrowed<'_>, index: isize, value: Owned) {
        // SAFETY: see the top of the file.
        unsafe {
            if *self.value_place(index) != value.as_ptr() {
                self.notify(Event::Modified, Some(key), Some(value.borrow()));
            }
            // A watcher may not change the dictionary, so the place is still right.
            let place = self.value_place(index);
            let old = std::mem::replace(&mut *place, value.into_ptr());
            drop(Owned::<Object>::from_ptr_or_null(old));
        }
    }

    /// Adds a key that is not there.
    pub(super) fn insert_new(
        &self,
        th: &Thread,
        key: Owned,
        hash: isize,
        value: Owned,
    ) -> PyResult<()> {
        // SAFETY: see the top of the file.
        unsafe {
            // A comparison may have emptied the dictionary.
            let is_str = key.is_exact::<Str>();
            if self.keys.get() != keys::empty_keys() && !is_str && keys::is_unicode(self.keys.get())
            {
                self.resize(th, keys::log2_grown_size(self.len()), false)?;
            }
            if (*self.keys.get()).dk_usable <= 0 || !self.values.get().is_null() {
                self.resize(th, keys::log2_grown_size(self.len()), is_str)?;
            }
            self.notify(Event::Added, Some(key.borrow()), Some(value.borrow()));
            self.append_entry(self.keys.get(), key, hash, value);
        }
        Ok(())
    }

    /// # Safety
    /// `table` is this dictionary's, combined, has room, takes such keys, and the key is not in it.
    #[inline(always)]
    unsafe fn append_entry(&self, table: Keys, key: Owned, hash: isize, value: Owned) {
        // SAFETY: the caller's promise.
        unsafe {
            (*table).dk_version = 0;
            let at = (*table).dk_nentries;
            keys::set_index(table, keys::find_empty_slot(table, hash), at);
            if keys::is_unicode(table) {
                keys::unicode_entries(table).offset(at).write(abi::PyDictUnicodeEntry {
                    me_key: key.into_ptr(),
                    me_value: value.into_ptr(),
                });
            } else {
                keys::general_entries(table).offset(at).write(abi::PyDictKeyEntry {
                    me_hash: hash as abi::Py_hash_t,
                    me_key: key.into_ptr(),
                    me_value: value.into_ptr(),
                });
            }
            (*table).dk_usable -= 1;
            (*table).dk_nentries += 1;
        }
        self.add_used(1);
    }

    /// Gives the dictionary a combined table of `1 << log2_size` slots, without gaps.
    ///
    /// # Safety
    /// The new table has room for all entries.
    pub(crate) unsafe fn resize(&self, th: &Thread, log2_size: u8, unicode: bool) -> PyResult<()> {
        // SAFETY: see the top of the file.
        unsafe {
            let old = self.keys.get();
            let table = keys::new_keys(th, log2_size, unicode && keys::is_unicode(old))?;
            let old = self.keys.get();
            let values = self.values.get();
            let count = self.len();
            if values.is_null() {
                move_entries(old, table);
            } else {
                share_entries(old, values, table);
            }
            keys::build_indices(table, count);
            (*table).dk_nentries = count as isize;
            (*table).dk_usable -= count as isize;
            self.keys.set(table);
            if values.is_null() {
                if old != keys::empty_keys() {
                    keys::free_keys(old);
                }
            } else {
                self.values.set(std::ptr::null_mut());
                split::forget_values(th, values);
                keys::decref_keys(old);
            }
        }
        Ok(())
    }

    /// Takes entry `index` out; its value comes back, its key is released.
    ///
    /// # Safety
    /// The table has that entry now, with a value, of a key with that hash.
    pub(super) unsafe fn delete_entry(
        &self,
        hash: isize,
        index: isize,
        key: Borrowed<'_>,
    ) -> Owned {
        self.notify(Event::Deleted, Some(key), None);
        // SAFETY: see the top of the file.
        unsafe {
            let table = self.keys.get();
            let place = self.value_place(index);
            let value = Owned::from_ptr(std::mem::replace(&mut *place, std::ptr::null_mut()));
            self.add_used(-1);
            let values = self.values.get();
            if !values.is_null() {
                split::forget_index(values, index as usize);
                return value;
            }
            (*table).dk_version = 0;
            keys::set_index(table, keys::slot_of(table, hash, index), DUMMY);
            let old_key = if keys::is_unicode(table) {
                let entry = &mut *keys::unicode_entries(table).offset(index);
                std::mem::replace(&mut entry.me_key, std::ptr::null_mut())
            } else {
                let entry = &mut *keys::general_entries(table).offset(index);
                entry.me_hash = 0;
                std::mem::replace(&mut entry.me_key, std::ptr::null_mut())
            };
            drop(Owned::<Object>::from_ptr(old_key));
            value
        }
    }

    /// The last entry, taken out; `None` if there is none.
    pub(crate) fn pop_last(&self, th: &Thread) -> PyResult<Option<(Owned, Owned)>> {
        if self.is_empty() {
            return Ok(None);
        }
        // SAFETY: see the top of the file.
        unsafe {
            if !self.values.get().is_null() {
                self.resize(th, (*self.keys.get()).dk_log2_size, true)?;
            }
            let table = self.keys.get();
            (*table).dk_version = 0;
            let mut at = (*table).dk_nentries - 1;
            let (key, value, hash) = if keys::is_unicode(table) {
                let entries = keys::unicode_entries(table);
                while (*entries.offset(at)).me_value.is_null() {
                    at -= 1;
                }
                let entry = entries.offset(at).read();
                entries.offset(at).write(abi::PyDictUnicodeEntry::EMPTY);
                (entry.me_key, entry.me_value, keys::str_hash(entry.me_key))
            } else {
                let entries = keys::general_entries(table);
                while (*entries.offset(at)).me_value.is_null() {
                    at -= 1;
                }
                let entry = entries.offset(at).read();
                entries.offset(at).write(abi::PyDictKeyEntry::EMPTY);
                (entry.me_key, entry.me_value, entry.me_hash)
            };
            keys::set_index(table, keys::slot_of(table, hash, at), DUMMY);
            (*table).dk_nentries = at;
            self.add_used(-1);
            let pair = (Owned::from_ptr(key), Owned::from_ptr(value));
            self.notify(Event::Deleted, Some(Owned::borrow(&pair.0)), None);
            Ok(Some(pair))
        }
    }

    pub fn clear(&self) {
        let (table, values) = (self.keys.get(), self.values.get());
        if table == keys::empty_keys() {
            return;
        }
        self.notify(Event::Cleared, None, None);
        // SAFETY: see the top of the file.
        unsafe {
            if values.is_null() {
                self.keys.set(keys::empty_keys());
                self.used.set(0);
                keys::decref_keys(table);
            } else if (*values).embedded != 0 {
                // The instance goes on keeping its attributes here.
                self.used.set(0);
                split::clear_values(values);
            } else {
                self.keys.set(keys::empty_keys());
                self.values.set(std::ptr::null_mut());
                self.used.set(0);
                split::clear_values(values);
                split::free_values(Thread::current(), values);
                keys::decref_keys(table);
            }
        }
    }

    pub fn copy(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        if !super::merge::iterates_as_dict(Borrowed::from_ref(self)) {
            // A subclass with an order of its own.
            let copy = Dict::new(th)?;
            copy.merge(th, Borrowed::from_ref(self).object(), true)?;
            return Ok(copy);
        }
        // SAFETY: see the top of the file.
        unsafe {
            if self.is_empty() {
                return Dict::new(th);
            }
            let table = self.keys.get();
            if !self.values.get().is_null() {
                let values = split::copy_values(th, self.values.get())?;
                keys::incref_keys(table);
                return Dict::from_table(th, table, values, self.used.get());
            }
            // With many gaps, a smaller table is worth the work.
            if self.used.get() >= ((*table).dk_nentries * 2) / 3 {
                let table = self.clone_table(th)?;
                return Dict::from_table(th, table, std::ptr::null_mut(), self.used.get());
            }
        }
        let copy = Dict::new(th)?;
        copy.merge(th, Borrowed::from_ref(self).object(), true)?;
        Ok(copy)
    }

    /// A copy of the combined table, gaps and all, whose entries own their keys and values.
    ///
    /// # Safety
    /// The dictionary has a combined table.
    pub(super) unsafe fn clone_table(&self, th: &Thread) -> PyResult<Keys> {
        // SAFETY: see the top of the file.
        unsafe {
            let table = self.keys.get();
            if table == keys::empty_keys() {
                return Ok(table);
            }
            let copy = keys::new_keys(th, (*table).dk_log2_size, keys::is_unicode(table))?;
            copy.cast::<u8>().copy_from_nonoverlapping(table.cast(), keys::byte_size(table));
            (*copy).dk_refcnt = 1;
            let count = (*copy).dk_nentries as usize;
            let count_entry = |key: Ptr, value: Ptr| {
                if !value.is_null() {
                    crate::handle::incref(key);
                    crate::handle::incref(value);
                }
            };
            if keys::is_unicode(copy) {
                for entry in std::slice::from_raw_parts(keys::unicode_entries(copy), count) {
                    count_entry(entry.me_key, entry.me_value);
                }
            } else {
                for entry in std::slice::from_raw_parts(keys::general_entries(copy), count) {
                    count_entry(entry.me_key, entry.me_value);
                }
            }
            Ok(copy)
        }
    }

    /// Takes over a copy of `other`'s table.
    ///
    /// # Safety
    /// This dictionary is empty and combined, `other` is combined.
    pub(super) unsafe fn adopt_clone(&self, th: &Thread, other: &Dict) -> PyResult<()> {
        // SAFETY: see the top of the file.
        unsafe {
            let table = other.clone_table(th)?;
            let old = self.keys.replace(table);
            self.used.set(other.used.get());
            keys::decref_keys(old);
        }
        Ok(())
    }

    /// `__sizeof__`.
    pub(super) fn byte_size(&self) -> usize {
        // SAFETY: see the top of the file.
        unsafe {
            let mut size = Borrowed::from_ref(self).object().get().ty().raw().tp_basicsize as usize;
            let values = self.values.get();
            if !values.is_null() {
                size += split::values_size((*values).capacity as usize);
            }
            // A shared table is counted with its class.
            if (*self.keys.get()).dk_refcnt == 1 {
                size += keys::byte_size(self.keys.get());
            }
            size
        }
    }
}

/// Moves the entries of a combined table into a fresh one, closing gaps.
unsafe fn move_entries(old: Keys, new: Keys) {
    // SAFETY: see the top of the file.
    unsafe {
        let count = (*old).dk_nentries as usize;
        let mut to = 0;
        if !keys::is_unicode(old) {
            let (from, into) = (keys::general_entries(old), keys::general_entries(new));
            for at in 0..count {
                let entry = from.add(at).read();
                if !entry.me_value.is_null() {
                    into.add(to).write(entry);
                    to += 1;
                }
            }
            return;
        }
        let from = keys::unicode_entries(old);
        for at in 0..count {
            let entry = from.add(at).read();
            if !entry.me_value.is_null() {
                put(new, to, entry.me_key, entry.me_value);
                to += 1;
            }
        }
    }
}

/// Copies the keys of a split table and moves its values, in the order of insertion.
unsafe fn share_entries(old: Keys, values: *mut abi::PyDictValues, new: Keys) {
    // SAFETY: see the top of the file.
    unsafe {
        for at in 0..(*values).size as usize {
            let index = split::index_in_order(values, at);
            let key = (*keys::unicode_entries(old).add(index)).me_key;
            crate::handle::incref(key);
            let place = (&raw mut (*values).values).cast::<Ptr>().add(index);
            let value = std::mem::replace(&mut *place, std::ptr::null_mut());
            put(new, at, key, value);
        }
    }
}

/// Writes an entry whose key is an exact string.
unsafe fn put(table: Keys, at: usize, key: Ptr, value: Ptr) {
    // SAFETY: see the top of the file.
    unsafe {
        if keys::is_unicode(table) {
            let entry = abi::PyDictUnicodeEntry { me_key: key, me_value: value };
            keys::unicode_entries(table).add(at).write(entry);
        } else {
            let hash = keys::str_hash(key) as abi::Py_hash_t;
            let entry = abi::PyDictKeyEntry { me_hash: hash, me_key: key, me_value: value };
            keys::general_entries(table).add(at).write(entry);
        }
    }
}
