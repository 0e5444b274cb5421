//! Finding elements of sets.
//!
//! The same way through the table is gone three times over, so that each may call no more than it must: `find_same` calls nothing,
//! `find_at_once` runs no Python code, `find` compares by `==`, which may change the set.
//!
//! SAFETY, throughout: the invariants of `table`.

use super::table::{LINEAR_PROBES, PERTURB_SHIFT, is_used};
use super::{Entry, Set};
use crate::dict::lookup::{self, equal_tuples, equal_words};
use crate::prelude::*;

/// What is known of an entry with the same hash, without running code.
enum Match {
    Same,
    /// The hashes are equal: the objects must be compared.
    Perhaps,
    Different,
}

#[inline(always)]
unsafe fn match_entry(entry: *const Entry, key: Borrowed<'_>) -> Match {
    // SAFETY: a used entry of a table.
    unsafe {
        let found: Borrowed<'_> = Borrowed::from_ptr((*entry).key);
        match (found.downcast_exact::<Str>(), key.downcast_exact::<Str>()) {
            (Some(found), Some(key)) if found.eq(&key) => Match::Same,
            (Some(_), Some(_)) => Match::Different,
            _ => match equal_words(found, key).or_else(|| equal_tuples(found, key)) {
                Some(true) => Match::Same,
                Some(false) => Match::Different,
                None => Match::Perhaps,
            },
        }
    }
}

/// Where a key is, as far as that can be told without comparing.
pub(super) enum Place {
    Used(*mut Entry),
    Free(*mut Entry),
    /// Something else has the same hash.
    Unknown,
}

/// What an entry says of where `key` is; `None` if it is further on.
///
/// # Safety
/// An entry of a table.
#[inline(always)]
unsafe fn look(entry: *mut Entry, key: Borrowed<'_>, hash: isize) -> Option<Place> {
    // SAFETY: the caller's promise.
    unsafe {
        if (*entry).hash as isize == hash {
            if (*entry).key == key.as_ptr() {
                return Some(Place::Used(entry));
            }
            return Some(if (*entry).key.is_null() { Place::Free(entry) } else { Place::Unknown });
        }
        (*entry).key.is_null().then_some(Place::Free(entry))
    }
}

impl Set {
    /// The used entry that equals `key`, or the free one where it would go.
    pub(super) fn find(&self, th: &Thread, key: Borrowed<'_>, hash: isize) -> PyResult<*mut Entry> {
        'again: loop {
            let (table, mask) = (self.table.get(), self.mask.get() as usize);
            let mut perturb = hash as usize;
            let mut at = hash as usize & mask;
            loop {
                // SAFETY: (1): the last place is at most `mask`.
                unsafe {
                    let mut entry = table.add(at);
                    let last =
                        if at + LINEAR_PROBES <= mask { entry.add(LINEAR_PROBES) } else { entry };
                    loop {
                        let known = (*entry).hash as isize;
                        if known == hash && !(*entry).key.is_null() {
                            if (*entry).key == key.as_ptr() {
                                return Ok(entry);
                            }
                            match match_entry(entry, key) {
                                Match::Different => {}
                                Match::Same => return Ok(entry),
                                Match::Perhaps => {
                                    let found =
                                        Borrowed::<Object>::from_ptr((*entry).key).to_owned();
                                    let equal = object::eq(th, found.borrow(), key)?;
                                    // The comparison may have changed the set.
                                    if self.table.get() != table
                                        || self.mask.get() as usize != mask
                                        || (*entry).key != found.as_ptr()
                                    {
                                        continue 'again;
                                    }
                                    if equal {
                                        return Ok(entry);
                                    }
                                }
                            }
                        } else if known == 0 && (*entry).key.is_null() {
                            return Ok(entry);
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
    }

    /// As `find`, for a key whose hash and equality take no code: `None` if they may.
    #[inline(always)]
    pub(super) fn find_at_once(&self, key: Borrowed<'_>, hash: isize) -> Option<*mut Entry> {
        let (table, mask) = (self.table.get(), self.mask.get() as usize);
        let mut perturb = hash as usize;
        let mut at = hash as usize & mask;
        loop {
            // SAFETY: (1): the last place is at most `mask`.
            unsafe {
                let mut entry = table.add(at);
                let last =
                    if at + LINEAR_PROBES <= mask { entry.add(LINEAR_PROBES) } else { entry };
                loop {
                    let found = (*entry).key;
                    if (*entry).hash as isize == hash && !found.is_null() {
                        if found == key.as_ptr() {
                            return Some(entry);
                        }
                        match match_entry(entry, key) {
                            Match::Different => {}
                            Match::Same => return Some(entry),
                            Match::Perhaps => return None,
                        }
                    } else if found.is_null() {
                        return Some(entry);
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

    /// Where `key` itself is or would go. Calls nothing, so that C's entries save no register for it.
    #[inline(always)]
    pub(super) fn find_same(&self, key: Borrowed<'_>, hash: isize) -> Place {
        let (table, mask) = (self.table.get(), self.mask.get() as usize);
        let mut perturb = hash as usize;
        let mut at = hash as usize & mask;
        let next = |at: usize, perturb: &mut usize| {
            *perturb >>= PERTURB_SHIFT;
            (at.wrapping_mul(5).wrapping_add(1).wrapping_add(*perturb)) & mask
        };
        // SAFETY: (1): the last place is at most `mask`.
        unsafe {
            // In the smallest table no neighbour is tried.
            if mask < LINEAR_PROBES {
                loop {
                    if let Some(place) = look(table.add(at), key, hash) {
                        return place;
                    }
                    at = next(at, &mut perturb);
                }
            }
            loop {
                let mut entry = table.add(at);
                let last =
                    if at + LINEAR_PROBES <= mask { entry.add(LINEAR_PROBES) } else { entry };
                loop {
                    if let Some(place) = look(entry, key, hash) {
                        return place;
                    }
                    if entry == last {
                        break;
                    }
                    entry = entry.add(1);
                }
                at = next(at, &mut perturb);
            }
        }
    }

    /// `contains` of a key whose look-up runs nothing.
    #[inline(always)]
    pub fn contains_at_once(&self, key: Borrowed<'_>) -> Option<bool> {
        let hash = lookup::hash_at_once(key)?;
        self.find_at_once(key, hash).map(is_used)
    }

    /// Whether there is an equal element, if that can be told without running anything.
    #[inline(always)]
    pub(super) fn has_at_once(&self, key: Borrowed<'_>, hash: isize) -> Option<bool> {
        self.find_at_once(key, hash).map(is_used)
    }

    /// As `find`; only where comparing may run code, `key` has to outlive that, which the caller's reference may not.
    #[inline(always)]
    pub(super) fn find_held(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<*mut Entry> {
        match self.find_at_once(key, hash) {
            Some(entry) => Ok(entry),
            None => self.find(th, key.to_owned().borrow(), hash),
        }
    }

    #[inline(never)]
    pub(super) fn has_hashed(&self, th: &Thread, key: Borrowed<'_>, hash: isize) -> PyResult<bool> {
        self.find_held(th, key, hash).map(is_used)
    }
}
