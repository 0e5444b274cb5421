//! Key tables: `PyDictKeysObject`, its index table and entries, and looking a key up.
//!
//! ```text
//! header (32 bytes) | indices: 2^log2_size integers of 1, 2, 4 or 8 bytes | entries, in insertion order
//! ```
//!
//! An index is the number of an entry, `EMPTY`, or `DUMMY` where an entry was deleted. The same job as the lower half of
//! CPython's `Objects/dictobject.c`.
//!
//! Invariants:
//! 1. `dk_log2_size`, `dk_log2_index_bytes` and `dk_kind` say how memory is laid out and never change while shared.
//! 2. Entries `0..dk_nentries` are initialised. A deleted entry's key and value are null; in a split table values are null,
//!    keys never.
//! 3. There is always an `EMPTY` index, so that probing ends.
//! 4. `dk_usable + dk_nentries` entries have room. The keys of a `UNICODE` or `SPLIT` table are exact strings.

use krait_abi as abi;

use super::Dict;
use crate::prelude::*;

pub type Keys = *mut abi::PyDictKeysObject;
pub(crate) type Ptr = *mut abi::PyObject;
pub(crate) type UnicodeEntry = abi::PyDictUnicodeEntry;
pub(crate) type GeneralEntry = abi::PyDictKeyEntry;

pub const EMPTY: isize = abi::DKIX_EMPTY as isize;
pub const DUMMY: isize = abi::DKIX_DUMMY as isize;

pub const GENERAL: u8 = abi::DICT_KEYS_GENERAL as u8;
pub const UNICODE: u8 = abi::DICT_KEYS_UNICODE as u8;
pub const SPLIT: u8 = abi::DICT_KEYS_SPLIT as u8;

/// The smallest table has eight slots.
pub const LOG_MIN_SIZE: u8 = 3;
const PERTURB_SHIFT: u32 = 5;
const HEADER: usize = size_of::<abi::PyDictKeysObject>();

/// The table of dictionaries that are empty: immortal, without room for an entry.
#[repr(C)]
pub(crate) struct EmptyKeys {
    header: std::cell::UnsafeCell<abi::PyDictKeysObject>,
    indices: [i8; 8],
}

// SAFETY: never written: it has no room, and its count is never touched.
unsafe impl Sync for EmptyKeys {}

static EMPTY_KEYS: EmptyKeys = EmptyKeys {
    header: std::cell::UnsafeCell::new(abi::PyDictKeysObject {
        dk_refcnt: isize::MIN / 2,
        dk_log2_size: 0,
        dk_log2_index_bytes: 3,
        dk_kind: UNICODE,
        dk_version: 1,
        dk_usable: 0,
        dk_nentries: 0,
        ..abi::PyDictKeysObject::EMPTY
    }),
    indices: [-1; 8],
};

/// The table of empty dictionaries.
#[inline(always)]
pub const fn empty_keys() -> Keys {
    (&raw const EMPTY_KEYS).cast_mut().cast()
}

/// How many entries a table of `size` slots has room for.
pub const fn usable_fraction(size: usize) -> usize {
    (size << 1) / 3
}

/// The logarithm of the smallest table of at least `size` slots.
pub fn log2_size_for(size: usize) -> u8 {
    let least = (size | 8).wrapping_sub(1) | 7;
    (usize::BITS - least.leading_zeros()) as u8
}

/// The logarithm of the table that takes `count` entries without growing.
pub fn log2_size_for_entries(count: usize) -> u8 {
    log2_size_for((count * 3).div_ceil(2))
}

/// The logarithm of the table that a full one with `used` keys grows into.
pub fn log2_grown_size(used: usize) -> u8 {
    log2_size_for(used * 3)
}

/// # Safety
/// For this and the following functions: `keys` is a live table; indices and entry numbers are in range.
#[inline(always)]
pub unsafe fn size(keys: Keys) -> usize {
    // SAFETY: (1).
    unsafe { 1 << (*keys).dk_log2_size }
}

/// # Safety
/// As for `size`.
#[inline(always)]
pub unsafe fn is_unicode(keys: Keys) -> bool {
    // SAFETY: (1).
    unsafe { (*keys).dk_kind != GENERAL }
}

#[inline(always)]
unsafe fn indices<T>(keys: Keys) -> *mut T {
    // SAFETY: (1).
    unsafe { keys.byte_add(HEADER).cast() }
}

/// # Safety
/// As for `size`.
#[inline(always)]
pub unsafe fn unicode_entries(keys: Keys) -> *mut UnicodeEntry {
    // SAFETY: (1).
    unsafe { keys.byte_add(HEADER + (1 << (*keys).dk_log2_index_bytes)).cast() }
}

/// # Safety
/// As for `size`.
#[inline(always)]
pub unsafe fn general_entries(keys: Keys) -> *mut GeneralEntry {
    // SAFETY: (1).
    unsafe { keys.byte_add(HEADER + (1 << (*keys).dk_log2_index_bytes)).cast() }
}

/// The index in a slot.
#[inline(always)]
unsafe fn index_at(keys: Keys, slot: usize) -> isize {
    // SAFETY: (1): the width follows from the size.
    unsafe {
        match (*keys).dk_log2_size {
            0..8 => *indices::<i8>(keys).add(slot) as isize,
            8..16 => *indices::<i16>(keys).add(slot) as isize,
            16..32 => *indices::<i32>(keys).add(slot) as isize,
            _ => *indices::<i64>(keys).add(slot) as isize,
        }
    }
}

#[inline(always)]
pub(crate) unsafe fn set_index(keys: Keys, slot: usize, index: isize) {
    // SAFETY: as in `index_at`.
    unsafe {
        match (*keys).dk_log2_size {
            0..8 => *indices::<i8>(keys).add(slot) = index as i8,
            8..16 => *indices::<i16>(keys).add(slot) = index as i16,
            16..32 => *indices::<i32>(keys).add(slot) = index as i32,
            _ => *indices::<i64>(keys).add(slot) = index as i64,
        }
    }
}

/// The order in which slots are tried.
struct Probe {
    mask: usize,
    perturb: usize,
    slot: usize,
}

impl Probe {
    #[inline(always)]
    unsafe fn new(keys: Keys, hash: isize) -> Probe {
        // SAFETY: a live table.
        let mask = unsafe { size(keys) } - 1;
        Probe { mask, perturb: hash as usize, slot: hash as usize & mask }
    }

    #[inline(always)]
    fn step(&mut self) {
        self.perturb >>= PERTURB_SHIFT;
        self.slot =
            (self.slot.wrapping_mul(5).wrapping_add(self.perturb).wrapping_add(1)) & self.mask;
    }
}

/// A new table of `1 << log2_size` slots.
pub(crate) fn new_keys(th: &Thread, log2_size: u8, unicode: bool) -> PyResult<Keys> {
    if log2_size >= 60 {
        return Err(th.no_memory());
    }
    let log2_bytes = match log2_size {
        0..8 => log2_size,
        8..16 => log2_size + 1,
        16..32 => log2_size + 2,
        _ => log2_size + 3,
    };
    let usable = usable_fraction(1 << log2_size);
    let entry = if unicode { size_of::<UnicodeEntry>() } else { size_of::<GeneralEntry>() };
    let interp = th.interp();
    let mut block: *mut u8 = std::ptr::null_mut();
    if log2_size == LOG_MIN_SIZE && unicode {
        block = interp.free_lists.dict_keys.pop().cast();
    }
    if block.is_null() {
        let size = usable
            .checked_mul(entry)
            .and_then(|entries| entries.checked_add(HEADER + (1 << log2_bytes)))
            .filter(|&size| size < isize::MAX as usize)
            .ok_or_else(|| th.no_memory())?;
        block = interp.heap.alloc(size);
        if block.is_null() {
            return Err(th.no_memory());
        }
    }
    let keys: Keys = block.cast();
    // SAFETY: fresh memory of the size that (1) says.
    unsafe {
        keys.write(abi::PyDictKeysObject {
            dk_refcnt: 1,
            dk_log2_size: log2_size,
            dk_log2_index_bytes: log2_bytes,
            dk_kind: if unicode { UNICODE } else { GENERAL },
            dk_usable: usable as isize,
            ..abi::PyDictKeysObject::EMPTY
        });
        indices::<u8>(keys).write_bytes(0xff, 1 << log2_bytes);
        unicode_entries(keys).cast::<u8>().write_bytes(0, usable * entry);
    }
    Ok(keys)
}

/// The bytes a table takes.
pub(crate) unsafe fn byte_size(keys: Keys) -> usize {
    // SAFETY: a live table.
    unsafe {
        let entry =
            if is_unicode(keys) { size_of::<UnicodeEntry>() } else { size_of::<GeneralEntry>() };
        HEADER + (1 << (*keys).dk_log2_index_bytes) + usable_fraction(size(keys)) * entry
    }
}

#[inline(always)]
pub(crate) unsafe fn incref_keys(keys: Keys) {
    // SAFETY: a live table; the count of the immortal one is negative.
    unsafe {
        if (*keys).dk_refcnt >= 0 {
            (*keys).dk_refcnt += 1;
        }
    }
}

/// Gives a reference to the table back; the last one releases keys and values.
pub(crate) unsafe fn decref_keys(keys: Keys) {
    // SAFETY: the caller's reference.
    unsafe {
        if (*keys).dk_refcnt < 0 {
            return;
        }
        (*keys).dk_refcnt -= 1;
        if (*keys).dk_refcnt > 0 {
            return;
        }
        let count = (*keys).dk_nentries as usize;
        if is_unicode(keys) {
            let entries = unicode_entries(keys);
            for at in 0..count {
                let entry = entries.add(at).read();
                drop(Owned::<Object>::from_ptr_or_null(entry.me_key));
                drop(Owned::<Object>::from_ptr_or_null(entry.me_value));
            }
        } else {
            let entries = general_entries(keys);
            for at in 0..count {
                let entry = entries.add(at).read();
                drop(Owned::<Object>::from_ptr_or_null(entry.me_key));
                drop(Owned::<Object>::from_ptr_or_null(entry.me_value));
            }
        }
        free_keys(keys);
    }
}

/// Frees the memory of a table whose entries are gone.
pub(crate) unsafe fn free_keys(keys: Keys) {
    // SAFETY: C calls it on an attached thread.
    let interp = unsafe { Thread::attached() }.interp();
    // SAFETY: the caller's table.
    unsafe {
        let small = (*keys).dk_log2_size == LOG_MIN_SIZE && (*keys).dk_kind == UNICODE;
        if !small || !interp.free_lists.dict_keys.push(keys.cast()) {
            interp.heap.free(keys.cast());
        }
    }
}

/// The first slot without an entry on the way of `hash`.
#[inline(always)]
pub(crate) unsafe fn find_empty_slot(keys: Keys, hash: isize) -> usize {
    // SAFETY: (3).
    unsafe {
        let mut probe = Probe::new(keys, hash);
        while index_at(keys, probe.slot) >= 0 {
            probe.step();
        }
        probe.slot
    }
}

/// The slot that holds `index`, an existing entry of a key with `hash`.
#[inline]
pub(crate) unsafe fn slot_of(keys: Keys, hash: isize, index: isize) -> usize {
    // SAFETY: (3).
    unsafe {
        let mut probe = Probe::new(keys, hash);
        while index_at(keys, probe.slot) != index {
            probe.step();
        }
        probe.slot
    }
}

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

/// Enters the entries `0..count`, which have no gaps, into an empty index table.
pub(crate) unsafe fn build_indices(keys: Keys, count: usize) {
    // SAFETY: (1), (3).
    unsafe {
        if is_unicode(keys) {
            let entries = unicode_entries(keys);
            for at in 0..count {
                let hash = str_hash((*entries.add(at)).me_key);
                set_index(keys, find_empty_slot(keys, hash), at as isize);
            }
        } else {
            let entries = general_entries(keys);
            for at in 0..count {
                let hash = (*entries.add(at)).me_hash;
                set_index(keys, find_empty_slot(keys, hash), at as isize);
            }
        }
    }
}

/// The hash in a `str`, -1 if it was not computed yet. Keys of tables have theirs.
///
/// # Safety
/// `string` is a `str`.
#[inline(always)]
pub unsafe fn str_hash(string: Ptr) -> isize {
    // SAFETY: `string` is laid out as a `str`.
    unsafe { (*string.cast::<abi::PyASCIIObject>()).hash }
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
/// As for `size`; `key` is an exact string with that hash.
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
/// As for `size`; `text` is ASCII and has that hash.
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
/// As for `size`; `key` is a string or an int of one or two digits, with that hash.
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
