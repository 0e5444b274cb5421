//! Key tables: `PyDictKeysObject`, its index table and entries. `lookup` searches them.
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
pub(super) unsafe fn index_at(keys: Keys, slot: usize) -> isize {
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
pub(super) struct Probe {
    mask: usize,
    perturb: usize,
    pub(super) slot: usize,
}

impl Probe {
    #[inline(always)]
    pub(super) unsafe fn new(keys: Keys, hash: isize) -> Probe {
        // SAFETY: a live table.
        let mask = unsafe { size(keys) } - 1;
        Probe { mask, perturb: hash as usize, slot: hash as usize & mask }
    }

    #[inline(always)]
    pub(super) fn step(&mut self) {
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
