//! The hash table of sets: open addressing, with a few neighbours tried before each jump. `lookup` finds elements in it.
//!
//! Invariants:
//! 1. `table` points to `mask + 1` entries, a power of two: to `small`, or to memory of its own.
//! 2. An entry is free (null key), deleted (the dummy, hash -1: no object has that hash) or used (a reference and its
//!    hash). `fill` counts those that are not free, `used` the used ones. Some are always free.
//! 3. References are released only when the set is whole.

use krait_abi as abi;

use super::lookup::Place;
use super::{Entry, MIN_SIZE, Set};
use crate::dict::lookup;
use crate::prelude::*;

/// How many neighbours are tried.
pub(super) const LINEAR_PROBES: usize = 9;
pub(super) const PERTURB_SHIFT: u32 = 5;

type Ptr = *mut abi::PyObject;

/// The key of deleted entries, as `_PySet_Dummy`: an object nobody else has.
static DUMMY: Head = Head::immortal(Object::TYPE);

trait ObjectType {
    const TYPE: *const abi::PyTypeObject;
}

impl ObjectType for Object {
    const TYPE: *const abi::PyTypeObject = <Object as crate::args::rt::StaticTypeOf>::TYPE;
}

pub(super) fn dummy() -> Ptr {
    (&raw const DUMMY).cast_mut().cast()
}

#[inline(always)]
pub(super) fn is_used_entry(entry: &Entry) -> bool {
    !entry.key.is_null() && entry.hash as isize != -1
}

#[inline(always)]
pub(super) fn is_used(entry: *mut Entry) -> bool {
    // SAFETY: an entry of a table.
    unsafe { is_used_entry(&*entry) }
}

impl Set {
    /// `add`, if the set has the key itself, or nothing with its hash. 0, or -1 with an exception: what C gets.
    #[inline(always)]
    pub fn add_same(&self, key: Borrowed<'_>) -> Option<i32> {
        let hash = lookup::hash_at_once(key)?;
        let entry = match self.find_same(key, hash) {
            Place::Used(_) => return Some(0),
            Place::Free(entry) => entry,
            Place::Unknown => return None,
        };
        let key = key.to_owned().into_ptr();
        // SAFETY: (2): the entry is free.
        unsafe { entry.write(Entry { key, hash: hash as abi::Py_hash_t }) };
        let fill = self.count_entry();
        Some(if fill as usize * 5 < self.mask.get() as usize * 3 { 0 } else { self.grow_for_c() })
    }

    #[inline(never)]
    fn grow_for_c(&self) -> i32 {
        // SAFETY: C calls on an attached thread.
        match self.grow(unsafe { Thread::attached() }) {
            Ok(()) => 0,
            Err(_raised) => -1,
        }
    }

    /// `remove` of the key itself, or of one that is not there; `None` as for `add_same`.
    #[inline(always)]
    pub fn remove_same(&self, key: Borrowed<'_>) -> Option<bool> {
        let hash = lookup::hash_at_once(key)?;
        match self.find_same(key, hash) {
            // SAFETY: (2).
            Place::Used(entry) => drop(unsafe { self.delete(entry) }),
            Place::Free(_) => return Some(false),
            Place::Unknown => return None,
        }
        Some(true)
    }

    /// `key` is alive as long as nothing runs.
    #[inline(never)]
    pub(super) fn add_hashed(&self, th: &Thread, key: Borrowed<'_>, hash: isize) -> PyResult<()> {
        let (entry, key) = match self.find_at_once(key, hash) {
            Some(entry) if is_used(entry) => return Ok(()),
            Some(entry) => (entry, key.to_owned()),
            None => {
                let key = key.to_owned();
                let entry = self.find(th, key.borrow(), hash)?;
                if is_used(entry) {
                    return Ok(());
                }
                (entry, key)
            }
        };
        // SAFETY: (2): the entry is free.
        unsafe { entry.write(Entry { key: key.into_ptr(), hash: hash as abi::Py_hash_t }) };
        let (fill, mask) = (self.count_entry() as usize, self.mask.get() as usize);
        if fill * 5 < mask * 3 {
            return Ok(());
        }
        self.grow(th)
    }

    /// Counts an entry that was free, and says how many are not. One word after the other: read as one vector, they would have to
    /// wait for the last store to one of them.
    #[inline(always)]
    fn count_entry(&self) -> isize {
        self.used.set(self.used.get() + 1);
        std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
        let fill = self.fill.get() + 1;
        self.fill.set(fill);
        fill
    }

    /// Makes room in a table that is too full.
    fn grow(&self, th: &Thread) -> PyResult<()> {
        let used = self.len();
        self.resize(th, if used > 50_000 { used * 2 } else { used * 4 })
    }

    /// Whether it was there.
    pub(super) fn discard_hashed(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<bool> {
        let entry = self.find_held(th, key, hash)?;
        if !is_used(entry) {
            return Ok(false);
        }
        // SAFETY: (2).
        drop(unsafe { self.delete(entry) });
        Ok(true)
    }

    /// # Safety
    /// `entry` is used, and of this set.
    #[inline(always)]
    pub(super) unsafe fn delete(&self, entry: *mut Entry) -> Owned {
        // SAFETY: the caller's promise.
        unsafe {
            let key = (*entry).key;
            entry.write(Entry { key: dummy(), hash: -1 });
            self.used.set(self.used.get() - 1);
            Owned::from_ptr(key)
        }
    }

    /// A table for more than `least` elements, without deleted entries.
    pub(super) fn resize(&self, th: &Thread, least: usize) -> PyResult<()> {
        let mut size = MIN_SIZE;
        while size <= least {
            size = size.checked_mul(2).ok_or_else(|| th.no_memory())?;
        }
        let heap = &th.interp().heap;
        let old = self.table.get();
        let old_size = self.mask.get() as usize + 1;
        let was_small = old == self.small_table();
        // SAFETY: (1); nothing runs until the new table is whole.
        unsafe {
            let mut copy = [Entry::EMPTY; MIN_SIZE];
            let new = if size == MIN_SIZE {
                if was_small {
                    if self.fill.get() == self.used.get() {
                        return Ok(());
                    }
                    copy.as_mut_ptr().copy_from_nonoverlapping(old, MIN_SIZE);
                }
                self.small_table()
            } else {
                let bytes = size.checked_mul(size_of::<Entry>()).ok_or_else(|| th.no_memory())?;
                let new: *mut Entry = heap.alloc(bytes).cast();
                if new.is_null() {
                    return Err(th.no_memory());
                }
                new
            };
            let from = if new == old { copy.as_ptr() } else { old.cast_const() };
            new.write_bytes(0, size);
            for entry in std::slice::from_raw_parts(from, old_size) {
                if is_used_entry(entry) {
                    insert_clean(new, size - 1, *entry);
                }
            }
            self.table.set(new);
            self.mask.set(size as isize - 1);
            self.fill.set(self.used.get());
            if !was_small {
                heap.free(old.cast());
            }
        }
        Ok(())
    }

    /// Takes all elements of another set.
    pub(super) fn merge(&self, th: &Thread, other: &Set) -> PyResult<()> {
        if std::ptr::eq(self, other) || other.is_empty() {
            return Ok(());
        }
        let (fill, mask) = (self.fill.get() as usize, self.mask.get() as usize);
        if (fill + other.len()) * 5 >= mask * 3 {
            self.resize(th, (self.len() + other.len()) * 2)?;
        }
        if self.fill.get() == 0 {
            self.copy_from(other);
            return Ok(());
        }
        let mut position = 0;
        while position <= other.mask.get() as usize {
            // SAFETY: (1): the position is in the table, which is looked at anew each time. The element is alive as long
            // as nothing runs.
            unsafe {
                let entry = *other.table.get().add(position);
                if is_used_entry(&entry) {
                    self.add_hashed(th, Borrowed::from_ptr(entry.key), entry.hash as isize)?;
                }
            }
            position += 1;
        }
        Ok(())
    }

    /// Takes the elements of `other` into an empty table that is large enough.
    fn copy_from(&self, other: &Set) {
        // SAFETY: (1), (2); nothing runs.
        unsafe {
            let size = other.mask.get() as usize + 1;
            let entries = std::slice::from_raw_parts(other.table.get(), size);
            let same = self.mask.get() == other.mask.get() && other.fill.get() == other.used.get();
            for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| is_used_entry(entry))
            {
                crate::handle::incref(entry.key);
                if same {
                    self.table.get().add(at).write(*entry);
                } else {
                    insert_clean(self.table.get(), self.mask.get() as usize, *entry);
                }
            }
            self.fill.set(other.used.get());
            self.used.set(other.used.get());
        }
    }

    /// Removes all elements.
    pub fn clear(&self) {
        if self.fill.get() == 0 && self.table.get() == self.small_table() {
            return;
        }
        let (table, size) = (self.table.get(), self.mask.get() as usize + 1);
        let small = table == self.small_table();
        let mut left = self.used.get();
        // SAFETY: (1), (3): the entries are out of the set before the first is released.
        unsafe {
            let mut copy = [Entry::EMPTY; MIN_SIZE];
            let entries = if small {
                copy.as_mut_ptr().copy_from_nonoverlapping(table, MIN_SIZE);
                copy.as_mut_ptr()
            } else {
                table
            };
            self.small_table().write_bytes(0, MIN_SIZE);
            self.fill.set(0);
            self.used.set(0);
            self.init_fields();
            for entry in std::slice::from_raw_parts(entries, size) {
                if is_used_entry(entry) {
                    drop(Owned::<Object>::from_ptr(entry.key));
                    left -= 1;
                    if left == 0 {
                        break;
                    }
                }
            }
            if !small {
                Thread::attached().interp().heap.free(table.cast());
            }
        }
    }

    /// Exchanges the elements of two sets.
    pub(super) fn swap(&self, other: &Set) {
        let (mine, theirs) = (self.small_table(), other.small_table());
        let (table, other_table) = (self.table.get(), other.table.get());
        self.fill.swap(&other.fill);
        self.used.swap(&other.used);
        self.mask.swap(&other.mask);
        self.table.set(if other_table == theirs { mine } else { other_table });
        other.table.set(if table == mine { theirs } else { table });
        for (a, b) in self.small.iter().zip(&other.small) {
            a.swap(b);
        }
        self.hash.set(-1);
        other.hash.set(-1);
    }
}

/// Puts an entry whose key is not there into a table without deleted entries.
///
/// # Safety
/// `table` has `mask + 1` entries, some free.
unsafe fn insert_clean(table: *mut Entry, mask: usize, new: Entry) {
    let hash = new.hash as isize as usize;
    let mut perturb = hash;
    let mut at = hash & mask;
    loop {
        // SAFETY: the caller's promise: the last place is at most `mask`.
        unsafe {
            let mut entry = table.add(at);
            let last = if at + LINEAR_PROBES <= mask { entry.add(LINEAR_PROBES) } else { entry };
            loop {
                if (*entry).key.is_null() {
                    entry.write(new);
                    return;
                }
                if entry == last {
                    break;
                }
                entry = entry.add(1);
            }
        }
        perturb >>= PERTURB_SHIFT;
        at = (at.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb)) & mask;
    }
}
