//! `dict`.
//!
//! This file is what other Rust code uses. `keys` is the memory of key tables and looking up; `table` changes
//! dictionaries; `split` is tables that instances of a class share; `merge` is `update`; `methods` is what Python sees;
//! `views`, `view_sets` and `iterators` are what `keys()` and its like give; `state` is versions and watchers. The same job as
//! CPython's `Objects/dictobject.c`.
//!
//! Invariants, beyond those of `keys`:
//! 1. `keys` is a live table of which the dictionary holds one count. Without `values` nobody else holds one (but of
//!    the empty table), and the entries own keys and values.
//! 2. With `values`, the table is split: `values` holds as many pointers as the table ever had room for, and the order of
//!    insertion behind them. `values` lies inside an instance (`embedded`) or belongs to the dictionary.
//! 3. `used` counts the values.
//! 4. References are released only when the dictionary is whole.

pub mod iterators;
pub mod keys;
mod merge;
mod methods;
pub mod ordered;
pub mod split;
pub mod state;
mod table;
pub mod view_sets;
pub mod views;

use std::cell::Cell;

use krait_abi as abi;

use crate::freelist::alloc_gc;
use crate::gc;
use crate::prelude::*;
use crate::typeobj::alloc::init_head;
use keys::{EMPTY, Keys, Ptr};

pub use merge::OnConflict;

/// A mapping from keys to values, in the order in which the keys were inserted.
///
/// Made from nothing, from a mapping, or from an iterable of pairs of key and value; keyword
/// arguments are entries too.
#[pytype(
    name = "dict",
    symbol = "PyDict_Type",
    flags(BASETYPE, HAVE_GC, MAPPING, MATCH_SELF, DICT_SUBCLASS)
)]
#[repr(C)]
pub struct Dict {
    head: Head,
    used: Cell<isize>,
    watcher_tag: Cell<u64>,
    pub(crate) keys: Cell<Keys>,
    pub(crate) values: Cell<*mut abi::PyDictValues>,
}
assert_layout!(Dict => abi::PyDictObject);

/// KeyError(key), also for a key that is a tuple.
#[cold]
pub fn key_error(th: &Thread, key: Borrowed<'_>) -> Raised {
    match Tuple::from_slice(th, &[key]) {
        Ok(arguments) => th.raise_value(exc::KEY_ERROR, arguments.object()),
        Err(raised) => raised,
    }
}

/// The hash of a key, with the error message of dictionaries.
#[inline(always)]
pub fn hash_key(th: &Thread, key: Borrowed<'_>) -> PyResult<isize> {
    keys::hash_of(th, key).map_err(|raised| unhashable(th, raised, key, "a dict key"))
}

/// Says what an unhashable object was to be used as.
#[cold]
pub(crate) fn unhashable(th: &Thread, raised: Raised, ob: Borrowed<'_>, what: &str) -> Raised {
    let exact = th
        .current_exception()
        .is_some_and(|exception| std::ptr::eq(exception.ty().get(), exc::TYPE_ERROR));
    if !exact {
        return raised;
    }
    let exception = th.take_raised(raised);
    let (Ok(text), Ok(name)) = (object::str(th, exception.object()), ob.ty().full_name(th)) else {
        drop(th.take_exception());
        return th.set_exception(exception.into_object());
    };
    raise!(th, TYPE_ERROR, "cannot use '{}' as {what} ({})", &*name, &*text)
}

impl Dict {
    #[inline]
    pub fn new(th: &Thread) -> PyResult<Owned<Dict>> {
        // SAFETY: the empty table is immortal.
        unsafe { Dict::from_table(th, keys::empty_keys(), std::ptr::null_mut(), 0) }
    }

    /// A dictionary with room for `count` entries, whose keys are to be strings if `unicode`.
    pub fn with_capacity(th: &Thread, count: usize, unicode: bool) -> PyResult<Owned<Dict>> {
        if count <= keys::usable_fraction(8) {
            return Dict::new(th);
        }
        // As the reference, no more than this in advance.
        let log2_size = keys::log2_size_for_entries(count.min(keys::usable_fraction(128 << 10)));
        let table = keys::new_keys(th, log2_size, unicode)?;
        // SAFETY: a fresh table.
        unsafe { Dict::from_table(th, table, std::ptr::null_mut(), 0) }
    }

    /// # Safety
    /// The caller gives up one count of `table`, and `values`, which fit (1), (2), (3).
    unsafe fn from_table(
        th: &Thread,
        table: Keys,
        values: *mut abi::PyDictValues,
        used: isize,
    ) -> PyResult<Owned<Dict>> {
        let mut ob = th.interp().free_lists.dicts.pop();
        if ob.is_null() {
            ob = match alloc_gc(th, size_of::<Dict>(), Dict::type_object()) {
                Ok(ob) => ob,
                Err(raised) => {
                    // SAFETY: the caller's promise. Values inside an instance stay where they are.
                    unsafe {
                        if !values.is_null() && (*values).embedded == 0 {
                            split::free_values(th, values);
                        }
                        keys::decref_keys(table);
                    }
                    return Err(raised);
                }
            };
        }
        // SAFETY: fresh memory of the right size; every field is written.
        unsafe {
            init_head(ob, Borrowed::from_ref(Dict::type_object()));
            Dict::init_fields(ob, table, values, used);
            let dict = Owned::<Dict>::from_ptr(ob);
            gc::track(th, dict.borrow());
            Ok(dict)
        }
    }

    /// # Safety
    /// `ob` has a dictionary's layout; the rest is as for `from_table`.
    unsafe fn init_fields(ob: Ptr, table: Keys, values: *mut abi::PyDictValues, used: isize) {
        let this = ob.cast::<Dict>();
        // SAFETY: the caller's promise.
        unsafe {
            (&raw mut (*this).used).write(Cell::new(used));
            (&raw mut (*this).watcher_tag).write(Cell::new(0));
            (&raw mut (*this).keys).write(Cell::new(table));
            (&raw mut (*this).values).write(Cell::new(values));
        }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.used.get() as usize
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.used.get() == 0
    }

    /// The identity of the key table: positions of `next` stay right as long as it is the same.
    pub fn keys_table(&self) -> usize {
        self.keys.get() as usize
    }

    /// Whether the keys are in a table that others share.
    #[inline]
    pub(crate) fn is_split(&self) -> bool {
        !self.values.get().is_null()
    }

    /// Where the values of a dictionary with shared keys are, or null.
    #[inline]
    pub(crate) fn values_place(&self) -> *mut abi::PyDictValues {
        self.values.get()
    }

    #[inline(always)]
    pub(crate) fn add_used(&self, change: isize) {
        self.used.set(self.used.get() + change);
    }

    /// The value of entry `index`, null if it has none.
    ///
    /// # Safety
    /// The table has that entry now.
    #[inline(always)]
    pub(crate) unsafe fn value_at(&self, index: isize) -> Ptr {
        // SAFETY: (1), (2), the caller's promise.
        unsafe { *self.value_place(index) }
    }

    /// Where the value of entry `index` is.
    ///
    /// # Safety
    /// As for `value_at`.
    #[inline(always)]
    pub(crate) unsafe fn value_place(&self, index: isize) -> *mut Ptr {
        let table = self.keys.get();
        // SAFETY: (1), (2), the caller's promise.
        unsafe {
            let values = self.values.get();
            if !values.is_null() {
                (&raw mut (*values).values).cast::<Ptr>().offset(index)
            } else if keys::is_unicode(table) {
                &raw mut (*keys::unicode_entries(table).offset(index)).me_value
            } else {
                &raw mut (*keys::general_entries(table).offset(index)).me_value
            }
        }
    }

    pub fn get(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        if !key.is_exact::<Str>() && !key.is_exact::<Int>() {
            return self.get_other(th, key);
        }
        let hash = hash_key(th, key)?;
        self.find_value(th, key, hash)
    }

    /// `get`, for keys that the table knows nothing about.
    #[inline(never)]
    fn get_other(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        let hash = object::hash_by_slot(th, key)
            .map_err(|raised| unhashable(th, raised, key, "a dict key"))?;
        let index = keys::lookup_other(self, th, key, hash)?;
        if index == EMPTY {
            return Ok(None);
        }
        // SAFETY: the entry was just found.
        unsafe {
            Ok(Borrowed::<Object>::from_ptr_or_null(self.value_at(index)).map(Borrowed::to_owned))
        }
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
        let index = keys::lookup(self, th, key, hash)?;
        if index == EMPTY {
            return Ok(None);
        }
        // SAFETY: the entry was just found.
        unsafe {
            Ok(Borrowed::<Object>::from_ptr_or_null(self.value_at(index)).map(Borrowed::to_owned))
        }
    }

    /// With an exact `str` key: cannot run Python code if all keys are strings.
    #[inline]
    pub fn get_str(&self, th: &Thread, key: Borrowed<'_, Str>) -> PyResult<Option<Owned>> {
        let hash = keys::hash_of(th, key.object())?;
        self.get_hashed(th, key.object(), hash)
    }

    /// The value of a key, if finding it runs nothing: `None` if it may.
    #[inline(always)]
    pub fn peek(&self, key: Borrowed<'_>) -> Option<Option<Borrowed<'_>>> {
        let hash = keys::hash_at_once(key)?;
        // SAFETY: (1); the entry was just found.
        unsafe {
            let index = keys::lookup_at_once(self.keys.get(), key, hash)?;
            if index == EMPTY {
                return Some(None);
            }
            Some(Borrowed::from_ptr_or_null(self.value_at(index)))
        }
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
            let index = keys::lookup_same_str(table, key.as_ptr(), hash)?;
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
            let index = keys::lookup_ascii(table, text, hash);
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
        let index = keys::lookup(self, th, key, hash)?;
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
        let index = keys::lookup(self, th, key, hash)?;
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
        let index = keys::lookup(self, th, key, hash)?;
        // SAFETY: the entry was just found.
        unsafe {
            if index == EMPTY || self.value_at(index).is_null() {
                return Ok(None);
            }
            Ok(Some(self.delete_entry(hash, index, key)))
        }
    }

    /// `PyDict_Merge`: `other` is any mapping.
    pub fn merge(&self, th: &Thread, other: Borrowed<'_>, replace: bool) -> PyResult<()> {
        let on_conflict = if replace { OnConflict::Replace } else { OnConflict::Keep };
        merge::merge(self, th, other, on_conflict)
    }

    /// As `merge`, with what happens to keys that are in both.
    pub fn merge_with(
        &self,
        th: &Thread,
        other: Borrowed<'_>,
        on_conflict: OnConflict,
    ) -> PyResult<()> {
        merge::merge(self, th, other, on_conflict)
    }

    /// `PyDict_MergeFromSeq2`: `pairs` is an iterable of pairs.
    pub fn merge_pairs(&self, th: &Thread, pairs: Borrowed<'_>, replace: bool) -> PyResult<()> {
        merge::merge_pairs(self, th, pairs, replace)
    }

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
                keys::hash_of(th, key.borrow())?
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
}
