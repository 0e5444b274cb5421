//! `dict`.
//!
//! This file makes dictionaries. `access` and `walk` are what other Rust code uses most: by key, and over all entries. `keys` is
//! the memory of key tables, `lookup` finds keys in them; `table` changes dictionaries; `split` is tables that instances of a
//! class share; `merge` is `update`; `methods` is what Python sees; `views`, `view_sets` and `iterators` are what `keys()` and
//! its like give; `state` is versions and watchers. The same job as CPython's `Objects/dictobject.c`.
//!
//! Invariants, beyond those of `keys`:
//! 1. `keys` is a live table of which the dictionary holds one count. Without `values` nobody else holds one (but of
//!    the empty table), and the entries own keys and values.
//! 2. With `values`, the table is split: `values` holds as many pointers as the table ever had room for, and the order of
//!    insertion behind them. `values` lies inside an instance (`embedded`) or belongs to the dictionary.
//! 3. `used` counts the values.
//! 4. References are released only when the dictionary is whole.

mod access;
pub mod iterators;
pub mod keys;
pub(crate) mod lookup;
mod merge;
mod methods;
pub mod ordered;
pub mod split;
pub mod state;
mod table;
pub mod view_sets;
pub mod views;
mod walk;

use std::cell::Cell;

use krait_abi as abi;

use crate::freelist::alloc_gc;
use crate::gc;
use crate::prelude::*;
use crate::typeobj::alloc::init_head;
use keys::{Keys, Ptr};

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
    lookup::hash_of(th, key).map_err(|raised| unhashable(th, raised, key, "a dict key"))
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
}
