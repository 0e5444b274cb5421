//! Looking a key up in a key table.
//!
//! Most keys are strings or small integers, and are found without running any code. For these there is a way each, as short as
//! it can be; `None` from a function here says that its way does not lead to an answer. Only what is left is compared by `==`,
//! which may change the dictionary. Sets and sorting use what is known here of keys that are compared at once.
//!
//! SAFETY, throughout: the invariants of `keys`.

use super::Dict;
use super::keys::{
    EMPTY, Keys, Probe, Ptr, general_entries, index_at, is_unicode, str_hash, unicode_entries,
};
use crate::prelude::*;

/// The entry whose key is `key` itself, or `EMPTY`; runs nothing.
pub(crate) unsafe fn index_of_same(keys: Keys, key: Ptr, hash: isize) -> isize {
    // SAFETY: (1), (2), (3).
    unsafe {
        let mut probe = Probe::new(keys, hash);
        loop {
            let index = index_at(keys, probe.slot);
            if index >= 0 {
                let found = if is_unicode(keys) {
                    (*unicode_entries(keys).offset(index)).me_key
                } else {
                    (*general_entries(keys).offset(index)).me_key
                };
                if found == key {
                    return index;
                }
            } else if index == EMPTY {
                return EMPTY;
            }
            probe.step();
        }
    }
}

/// The hash of a key; of exact strings from the object.
#[inline(always)]
pub fn hash_of(th: &Thread, key: Borrowed<'_>) -> PyResult<isize> {
    if key.is_exact::<Str>() {
        // SAFETY: the type was checked.
        unsafe {
            let hash = str_hash(key.as_ptr());
            if hash != -1 {
                return Ok(hash);
            }
            return Ok(key.cast::<Str>().hash(th));
        }
    }
    object::hash(th, key)
}

#[inline(always)]
unsafe fn same_text(left: Ptr, right: Ptr) -> bool {
    // SAFETY: both are strings.
    unsafe { (*left.cast::<Str>()).eq(&*right.cast::<Str>()) }
}

/// The entry of an exact string in a table of exact strings, or `EMPTY`. Runs no Python code.
///
/// Mostly the first slot tells: nothing is saved for that, and the rest of the search is reached by a jump.
///
/// # Safety
/// As for `keys::size`; `key` is an exact string with that hash.
pub unsafe fn lookup_str(keys: Keys, key: Ptr, hash: isize) -> isize {
    // SAFETY: (1), (2), (3), (4).
    unsafe {
        let index = index_at(keys, Probe::new(keys, hash).slot);
        if index >= 0 {
            if (*unicode_entries(keys).offset(index)).me_key == key {
                return index;
            }
        } else if index == EMPTY {
            return EMPTY;
        }
        search_str(keys, key, hash)
    }
}

/// As `lookup_str`, in all slots.
#[inline(never)]
unsafe fn search_str(keys: Keys, key: Ptr, hash: isize) -> isize {
    // SAFETY: (1), (2), (3), (4).
    unsafe {
        let entries = unicode_entries(keys);
        let mut probe = Probe::new(keys, hash);
        loop {
            let index = index_at(keys, probe.slot);
            if index >= 0 {
                let found = (*entries.offset(index)).me_key;
                if found == key || (str_hash(found) == hash && same_text(found, key)) {
                    return index;
                }
            } else if index == EMPTY {
                return EMPTY;
            }
            probe.step();
        }
    }
}

/// As `lookup_str`, without a call: `None` if another string has the same hash.
///
/// # Safety
/// As for `lookup_str`.
#[inline(always)]
pub(crate) unsafe fn lookup_same_str(keys: Keys, key: Ptr, hash: isize) -> Option<isize> {
    // SAFETY: (1), (2), (3), (4).
    unsafe {
        let entries = unicode_entries(keys);
        let mut probe = Probe::new(keys, hash);
        loop {
            let index = index_at(keys, probe.slot);
            if index >= 0 {
                let found = (*entries.offset(index)).me_key;
                if found == key {
                    return Some(index);
                }
                if str_hash(found) == hash {
                    return None;
                }
            } else if index == EMPTY {
                return Some(EMPTY);
            }
            probe.step();
        }
    }
}

/// The entry of an ASCII text in a table of exact strings, or `EMPTY`. Runs no Python code.
///
/// # Safety
/// As for `keys::size`; `text` is ASCII and has that hash.
#[inline]
pub unsafe fn lookup_ascii(keys: Keys, text: &[u8], hash: isize) -> isize {
    // SAFETY: (1), (2), (3), (4).
    unsafe {
        let entries = unicode_entries(keys);
        let mut probe = Probe::new(keys, hash);
        loop {
            let index = index_at(keys, probe.slot);
            if index >= 0 {
                let found = (*entries.offset(index)).me_key;
                if str_hash(found) == hash
                    && (*found.cast::<Str>()).as_ascii().map(str::as_bytes) == Some(text)
                {
                    return index;
                }
            } else if index == EMPTY {
                return EMPTY;
            }
            probe.step();
        }
    }
}

/// The hash of a key that tells it without running anything: of a string that knows it, and of an int of one or two digits, such as
/// the address of an object.
#[inline(always)]
pub(crate) fn hash_at_once(key: Borrowed<'_>) -> Option<isize> {
    if key.is_exact::<Str>() {
        // SAFETY: the type was checked.
        let hash = unsafe { str_hash(key.as_ptr()) };
        return (hash != -1).then_some(hash);
    }
    let value = short_value(key.downcast_exact::<Int>()?.get())? as isize;
    Some(if value == -1 { -2 } else { value })
}

/// The value of an int of one or two digits, which is its hash.
#[inline(always)]
fn short_value(int: &Int) -> Option<i64> {
    if int.is_compact() { Some(int.compact_value()) } else { int.two_digits() }
}

/// The entry of such a key, or `EMPTY`; `None` if finding it may run code.
///
/// # Safety
/// As for `keys::size`; `key` is a string or an int of one or two digits, with that hash.
#[inline(always)]
pub(crate) unsafe fn lookup_at_once(keys: Keys, key: Borrowed<'_>, hash: isize) -> Option<isize> {
    // SAFETY: the caller's promise.
    unsafe {
        match (key.is_exact::<Str>(), is_unicode(keys)) {
            (true, true) => Some(lookup_str(keys, key.as_ptr(), hash)),
            (true, false) => lookup_str_in_general(keys, key.as_ptr(), hash),
            // No exact string equals an int.
            (false, true) => Some(EMPTY),
            (false, false) => lookup_digit(keys, key, hash),
        }
    }
}

unsafe fn lookup_digit(keys: Keys, key: Borrowed<'_>, hash: isize) -> Option<isize> {
    // SAFETY: the caller's promise.
    unsafe { lookup_in_general(keys, key.as_ptr(), hash, |found| equal_words(found, key)) }
}

unsafe fn lookup_str_in_general(keys: Keys, key: Ptr, hash: isize) -> Option<isize> {
    // SAFETY: the caller's promise.
    unsafe {
        lookup_in_general(keys, key, hash, |found| {
            found.is_exact::<Str>().then(|| same_text(found.as_ptr(), key))
        })
    }
}

/// The entry of a key in a general table, as far as that can be told without running code: `None` if `same` cannot tell
/// whether an object with the same hash is the key.
#[inline(always)]
unsafe fn lookup_in_general(
    keys: Keys,
    key: Ptr,
    hash: isize,
    same: impl Fn(Borrowed<'_>) -> Option<bool>,
) -> Option<isize> {
    // SAFETY: (1), (2), (3).
    unsafe {
        let entries = general_entries(keys);
        let mut probe = Probe::new(keys, hash);
        loop {
            let index = index_at(keys, probe.slot);
            if index >= 0 {
                let entry = &*entries.offset(index);
                if entry.me_key == key {
                    return Some(index);
                }
                if entry.me_hash == hash && same(Borrowed::from_ptr(entry.me_key))? {
                    return Some(index);
                }
            } else if index == EMPTY {
                return Some(EMPTY);
            }
            probe.step();
        }
    }
}

/// Whether two exact integers of one or two digits are equal; `None` if they are anything else. Runs nothing.
#[inline(always)]
pub(crate) fn equal_words(left: Borrowed<'_>, right: Borrowed<'_>) -> Option<bool> {
    let (left, right) = (left.downcast_exact::<Int>()?, right.downcast_exact::<Int>()?);
    Some(short_value(left.get())? == short_value(right.get())?)
}

/// How deep tuples in tuples are compared without asking anybody.
const TUPLE_LEVELS: usize = 4;

/// Whether two exact tuples are equal, if that is known without running code: their items are the same objects, exact texts, numbers
/// that are compared at once, or such tuples.
#[inline(never)]
pub(crate) fn equal_tuples(left: Borrowed<'_>, right: Borrowed<'_>) -> Option<bool> {
    equal_tuples_within(left, right, TUPLE_LEVELS)
}

#[inline(always)]
fn equal_tuples_within(left: Borrowed<'_>, right: Borrowed<'_>, levels: usize) -> Option<bool> {
    let (left, right) = (left.downcast_exact::<Tuple>()?, right.downcast_exact::<Tuple>()?);
    let (left, right) = (left.get().as_slice(), right.get().as_slice());
    if left.len() != right.len() {
        return Some(false);
    }
    for (&a, &b) in left.iter().zip(right) {
        let equal = match object::equal_at_once(a, b) {
            None => equal_inner_tuples(a, b, levels)?,
            Some(equal) => equal,
        };
        if !equal {
            return Some(false);
        }
    }
    Some(true)
}

#[inline(never)]
fn equal_inner_tuples(left: Borrowed<'_>, right: Borrowed<'_>, levels: usize) -> Option<bool> {
    if levels == 0 { None } else { equal_tuples_within(left, right, levels - 1) }
}

/// The entry of an exact tuple in a general table, or `EMPTY`; `None` if finding it may run code.
#[inline(never)]
unsafe fn lookup_tuple(keys: Keys, key: Borrowed<'_>, hash: isize) -> Option<isize> {
    // SAFETY: the caller's promise.
    unsafe { lookup_in_general(keys, key.as_ptr(), hash, |found| equal_tuples(found, key)) }
}

/// As `lookup`, once: `None` if a comparison changed the table, so that the search must start again.
unsafe fn lookup_comparing(
    dict: &Dict,
    th: &Thread,
    keys: Keys,
    key: Borrowed<'_>,
    hash: isize,
) -> PyResult<Option<isize>> {
    // SAFETY: (1), (2), (3); after each comparison the table is looked at only if it is still the dictionary's.
    unsafe {
        let unicode = is_unicode(keys);
        let entry = |index: isize| -> (Ptr, isize) {
            if unicode {
                let found = (*unicode_entries(keys).offset(index)).me_key;
                (found, str_hash(found))
            } else {
                let entry = &*general_entries(keys).offset(index);
                (entry.me_key, entry.me_hash)
            }
        };
        let mut probe = Probe::new(keys, hash);
        loop {
            let index = index_at(keys, probe.slot);
            if index >= 0 {
                let (found, found_hash) = entry(index);
                if found == key.as_ptr() {
                    return Ok(Some(index));
                }
                if found_hash == hash {
                    let found = Borrowed::<Object>::from_ptr(found);
                    match equal_words(found, key) {
                        Some(true) => return Ok(Some(index)),
                        Some(false) => {
                            probe.step();
                            continue;
                        }
                        None => {}
                    }
                    let found = found.to_owned();
                    let equal = object::compare_bool(th, found.borrow(), key, CompareOp::Eq);
                    let same = dict.keys.get() == keys && entry(index).0 == found.as_ptr();
                    drop(found);
                    if equal? && same && dict.keys.get() == keys {
                        return Ok(Some(index));
                    }
                    if !same || dict.keys.get() != keys {
                        return Ok(None);
                    }
                }
            } else if index == EMPTY {
                return Ok(Some(EMPTY));
            }
            probe.step();
        }
    }
}

/// The entry of `key`, or `EMPTY`. Comparing keys can run any code, also code that changes the dictionary: the
/// answer is about the table as it is on return.
#[inline]
pub(crate) fn lookup(dict: &Dict, th: &Thread, key: Borrowed<'_>, hash: isize) -> PyResult<isize> {
    let keys = dict.keys.get();
    // SAFETY: a dictionary's table is live.
    unsafe {
        if key.is_exact::<Str>() {
            if is_unicode(keys) {
                return Ok(lookup_str(keys, key.as_ptr(), hash));
            }
            if let Some(index) = lookup_str_in_general(keys, key.as_ptr(), hash) {
                return Ok(index);
            }
        } else if key.downcast_exact::<Int>().is_some_and(|int| short_value(int.get()).is_some())
            && !is_unicode(keys)
            && let Some(index) = lookup_digit(keys, key, hash)
        {
            return Ok(index);
        }
    }
    lookup_slowly(dict, th, key, hash)
}

/// As `lookup_other`, out of line.
#[inline(never)]
fn lookup_slowly(dict: &Dict, th: &Thread, key: Borrowed<'_>, hash: isize) -> PyResult<isize> {
    lookup_other(dict, th, key, hash)
}

/// `lookup`, when neither the key nor its place tells anything by itself.
#[inline(always)]
pub(super) fn lookup_other(
    dict: &Dict,
    th: &Thread,
    key: Borrowed<'_>,
    hash: isize,
) -> PyResult<isize> {
    let keys = dict.keys.get();
    // SAFETY: a dictionary's table is live.
    unsafe {
        if !is_unicode(keys) {
            if key.is_exact::<Tuple>() {
                if let Some(index) = lookup_tuple(keys, key, hash) {
                    return Ok(index);
                }
                return lookup_by_comparing(dict, th, key, hash);
            }
            // The key itself needs no comparison. It mostly lies where it is looked for first.
            let index = index_at(keys, Probe::new(keys, hash).slot);
            if index >= 0 && (*general_entries(keys).offset(index)).me_key == key.as_ptr() {
                return Ok(index);
            }
        }
    }
    lookup_by_comparing(dict, th, key, hash)
}

#[inline(never)]
fn lookup_by_comparing(
    dict: &Dict,
    th: &Thread,
    key: Borrowed<'_>,
    hash: isize,
) -> PyResult<isize> {
    loop {
        // SAFETY: a dictionary's table is live.
        if let Some(index) = unsafe { lookup_comparing(dict, th, dict.keys.get(), key, hash)? } {
            return Ok(index);
        }
    }
}
