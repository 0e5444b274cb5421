//! `set` and `frozenset`.
//!
//! This file is what other Rust code uses; `table` is the hash table, `lookup` searches it; `operations` combines sets;
//! `methods` is what Python sees; `iterator` iterates. The same job as CPython's `Objects/setobject.c`.

mod iterator;
mod lookup;
mod methods;
mod operations;
mod table;

use std::cell::Cell;

use krait_abi as abi;

use crate::gc;
use crate::prelude::*;

pub use iterator::SetIterator;

/// The smallest table; it lies in the object.
const MIN_SIZE: usize = abi::PySet_MINSIZE as usize;

/// An entry of a table: free (null key, hash 0), deleted (dummy key, hash -1) or used.
type Entry = abi::setentry;

/// A collection without an order, in which each element is only once.
#[pytype(
    name = "set", symbol = "PySet_Type", new = "(iterable=(), /)", flags(BASETYPE, HAVE_GC, MATCH_SELF),
    weaklist = weakrefs,
)]
#[repr(C)]
pub struct Set {
    head: Head,
    /// Used and deleted entries.
    fill: Cell<isize>,
    used: Cell<isize>,
    /// The table's size less one.
    mask: Cell<isize>,
    table: Cell<*mut Entry>,
    /// Of a frozenset; -1 until it is computed.
    hash: Cell<isize>,
    /// Where `pop` looks next.
    finger: Cell<isize>,
    small: [Cell<Entry>; MIN_SIZE],
    weakrefs: Cell<*mut abi::PyObject>,
}
assert_layout!(Set => abi::PySetObject);

/// A set that cannot be changed, and can be an element or a key itself.
#[pytype(
    name = "frozenset", symbol = "PyFrozenSet_Type", new = "(iterable=(), /)",
    flags(BASETYPE, HAVE_GC, MATCH_SELF), weaklist_offset = std::mem::offset_of!(Set, weakrefs) as isize,
)]
#[repr(C)]
pub struct FrozenSet {
    set: Set,
}

/// `ob` if it is a set or frozenset, or an instance of a subclass of either.
#[inline]
pub fn any_set(ob: Borrowed<'_>) -> Option<Borrowed<'_, Set>> {
    if Set::check(ob.get()) || FrozenSet::check(ob.get()) {
        // SAFETY: both have the same layout.
        return Some(unsafe { ob.cast() });
    }
    None
}

/// Whether the type of `ob` is exactly `set` or `frozenset`.
#[inline(always)]
pub fn is_exact_any(ob: Borrowed<'_>) -> bool {
    ob.is_exact::<Set>() || ob.is_exact::<FrozenSet>()
}

impl Set {
    pub fn new(th: &Thread) -> PyResult<Owned<Set>> {
        Set::of_type(th, Borrowed::from_ref(Set::type_object()))
    }

    /// An empty set of a type that is laid out as one.
    pub fn of_type(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<Owned<Set>> {
        let set = ty.alloc::<Set>(th, 0)?;
        set.init_fields();
        Ok(set)
    }

    fn init_fields(&self) {
        self.mask.set(MIN_SIZE as isize - 1);
        self.table.set(self.small_table());
        self.hash.set(-1);
    }

    fn small_table(&self) -> *mut Entry {
        self.small.as_ptr().cast_mut().cast()
    }

    /// `set(iterable)`.
    pub fn from_iterable(th: &Thread, iterable: Borrowed<'_>) -> PyResult<Owned<Set>> {
        let set = Set::new(th)?;
        set.update(th, iterable)?;
        Ok(set)
    }

    /// A frozenset.
    pub fn new_frozen(th: &Thread, items: &[Borrowed<'_>]) -> PyResult<Owned<Set>> {
        let set = Set::of_type(th, Borrowed::from_ref(FrozenSet::type_object()))?;
        for &item in items {
            set.add(th, item)?;
        }
        Ok(set)
    }

    /// `frozenset(iterable)`.
    pub fn frozen_from_iterable(
        th: &Thread,
        iterable: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Set>> {
        if let Some(frozen) = iterable.filter(|iterable| iterable.is_exact::<FrozenSet>()) {
            // SAFETY: a frozenset has this layout.
            return Ok(unsafe { frozen.cast::<Set>() }.to_owned());
        }
        let set = Set::of_type(th, Borrowed::from_ref(FrozenSet::type_object()))?;
        if let Some(iterable) = iterable {
            set.update(th, iterable)?;
        }
        Ok(set)
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.used.get() as usize
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.used.get() == 0
    }

    pub fn contains(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        match self.contains_at_once(key) {
            Some(found) => Ok(found),
            None => self.contains_other(th, key),
        }
    }

    /// `contains`, of a key that the table knows nothing about by itself.
    #[inline(never)]
    pub(crate) fn contains_other(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        let hash = self.hash_element(th, key)?;
        self.find(th, key, hash).map(table::is_used)
    }

    pub fn add(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<()> {
        let hash = self.hash_element(th, key)?;
        self.add_hashed(th, key, hash)
    }

    /// Whether it was there.
    pub fn remove(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        let hash = self.hash_element(th, key)?;
        self.discard_hashed(th, key, hash)
    }

    /// The element at or after `*position`, which moves on.
    pub fn next(&self, position: &mut usize) -> Option<Owned> {
        self.next_hashed(position).map(|(item, _)| item)
    }

    /// As `next`, with the hash.
    pub fn next_hashed(&self, position: &mut usize) -> Option<(Owned, isize)> {
        while *position <= self.mask.get() as usize {
            // SAFETY: the position is in the table.
            let entry = unsafe { *self.table.get().add(*position) };
            *position += 1;
            if table::is_used_entry(&entry) {
                // SAFETY: a used entry holds a reference.
                let key: Borrowed<'_> = unsafe { Borrowed::from_ptr(entry.key) };
                return Some((key.to_owned(), entry.hash as isize));
            }
        }
        None
    }

    /// As `next_hashed`, without counting.
    ///
    /// # Safety
    /// Nothing runs while the result is in use, or the caller counts it before.
    #[inline(always)]
    pub(super) unsafe fn next_borrowed<'a>(
        &self,
        position: &mut usize,
    ) -> Option<(Borrowed<'a>, isize)> {
        while *position <= self.mask.get() as usize {
            // SAFETY: the position is in the table; a used entry holds a reference.
            unsafe {
                let entry = *self.table.get().add(*position);
                *position += 1;
                if table::is_used_entry(&entry) {
                    return Some((Borrowed::from_ptr(entry.key), entry.hash as isize));
                }
            }
        }
        None
    }

    /// The elements as they are now.
    pub fn to_vec(&self) -> Vec<Owned> {
        let mut position = 0;
        std::iter::from_fn(|| self.next(&mut position)).collect()
    }

    #[inline(always)]
    fn hash_element(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<isize> {
        crate::dict::lookup::hash_of(th, key)
            .map_err(|raised| crate::dict::unhashable(th, raised, key, "a set element"))
    }

    /// `tp_dealloc` of both types.
    ///
    /// # Safety
    /// The last reference is gone.
    unsafe fn free(this: *mut Set) {
        // SAFETY: the caller's promise.
        unsafe {
            let ob: *mut abi::PyObject = this.cast();
            gc::untrack_raw(ob);
            if !(*this).weakrefs.get().is_null() {
                crate::weakref::clear_references(ob);
            }
            // Nobody sees the entries any more: they need not be taken out first.
            let table = (*this).table.get();
            let (mut entry, mut left) = (table, (*this).len());
            while left > 0 {
                if table::is_used_entry(&*entry) {
                    left -= 1;
                    drop(Owned::<Object>::from_ptr((*entry).key));
                }
                entry = entry.add(1);
            }
            if table != (*this).small_table() {
                Thread::attached().interp().heap.free(table.cast());
            }
            crate::args::declare::free(ob);
        }
    }
}
