//! Lists of tracked objects, linked through their headers.
//!
//! A list is a ring with a head that belongs to no object. `_gc_next` is the address of the next header;
//! `_gc_prev` that of the previous one, shifted over nothing, with flags in its two low bits. While a collection
//! runs, `_gc_prev` holds a count instead, and `_gc_next` may carry a flag in its lowest bit.
//!
//! Invariant: 1. every function is called with headers of live objects, by the attached thread.

use krait_abi as abi;

use super::GENERATIONS;

pub type Head = abi::PyGC_Head;

/// In `_gc_prev`: `tp_finalize` was called.
pub const FINALIZED: usize = 1;
/// In `_gc_prev`: the header is in the generation being collected, and the upper bits are a count.
pub const COLLECTING: usize = 2;
/// What of `_gc_prev` is an address, or a count.
pub const PREV_MASK: usize = !3;
pub const PREV_SHIFT: u32 = 2;
/// In `_gc_next`, within the list of objects that may be unreachable.
pub const NEXT_UNREACHABLE: usize = 1;

/// The heads of an interpreter's lists, at an address that stays.
pub struct Lists(Box<[Head; GENERATIONS + 1]>);

/// The index of the list of objects that `gc.freeze()` set aside.
pub const PERMANENT: usize = GENERATIONS;

impl Default for Lists {
    fn default() -> Lists {
        let mut heads = Box::new([const { Head { _gc_next: 0, _gc_prev: 0 } }; GENERATIONS + 1]);
        for head in heads.iter_mut() {
            // SAFETY: a head in place.
            unsafe { init(head) };
        }
        Lists(heads)
    }
}

impl Lists {
    /// The head of a generation's list, or of the permanent one.
    #[inline(always)]
    pub fn head(&self, generation: usize) -> *mut Head {
        (&raw const self.0[generation]).cast_mut()
    }

    /// Puts a new object into the youngest generation.
    ///
    /// # Safety
    /// (1); the header is in no list.
    #[inline(always)]
    pub unsafe fn append_young(&self, item: *mut Head) {
        // SAFETY: (1).
        unsafe { append(item, self.head(0)) }
    }
}

/// Makes `list` an empty ring.
///
/// # Safety
/// `list` is writable.
pub unsafe fn init(list: *mut Head) {
    // SAFETY: the caller's promise.
    unsafe {
        (*list)._gc_next = list as usize;
        (*list)._gc_prev = list as usize;
    }
}

/// # Safety
/// (1).
#[inline(always)]
pub unsafe fn next(item: *mut Head) -> *mut Head {
    // SAFETY: (1).
    unsafe { (*item)._gc_next as *mut Head }
}

/// # Safety
/// (1).
#[inline(always)]
pub unsafe fn prev(item: *mut Head) -> *mut Head {
    // SAFETY: (1).
    unsafe { ((*item)._gc_prev & PREV_MASK) as *mut Head }
}

/// # Safety
/// (1).
#[inline(always)]
pub unsafe fn set_prev(item: *mut Head, to: *mut Head) {
    // SAFETY: (1).
    unsafe { (*item)._gc_prev = (*item)._gc_prev & !PREV_MASK | to as usize }
}

/// # Safety
/// (1).
pub unsafe fn is_empty(list: *mut Head) -> bool {
    // SAFETY: (1).
    unsafe { (*list)._gc_next == list as usize }
}

/// Puts `item`, which is in no list, at the end of `list`.
///
/// # Safety
/// (1).
#[inline(always)]
pub unsafe fn append(item: *mut Head, list: *mut Head) {
    // SAFETY: (1).
    unsafe {
        let last = (*list)._gc_prev as *mut Head;
        set_prev(item, last);
        (*item)._gc_next = list as usize;
        (*last)._gc_next = item as usize;
        (*list)._gc_prev = item as usize;
    }
}

/// Takes `item` out of its list: it is untracked; only its flag "finalized" stays.
///
/// # Safety
/// (1); `item` is in a list.
#[inline(always)]
pub unsafe fn remove(item: *mut Head) {
    // SAFETY: (1).
    unsafe {
        let (before, after) = (prev(item), next(item));
        (*before)._gc_next = after as usize;
        set_prev(after, before);
        (*item)._gc_next = 0;
        (*item)._gc_prev &= FINALIZED;
    }
}

/// Moves `item` from its list to the end of `list`.
///
/// # Safety
/// (1).
pub unsafe fn move_to(item: *mut Head, list: *mut Head) {
    // SAFETY: (1).
    unsafe {
        let (before, after) = (prev(item), next(item));
        (*before)._gc_next = after as usize;
        set_prev(after, before);
        append(item, list);
    }
}

/// Appends all of `from` to `to`; `from` is empty then.
///
/// # Safety
/// (1).
pub unsafe fn merge(from: *mut Head, to: *mut Head) {
    // SAFETY: (1).
    unsafe {
        if !is_empty(from) {
            let (last_of_to, first, last) = (prev(to), next(from), prev(from));
            (*last_of_to)._gc_next = first as usize;
            set_prev(first, last_of_to);
            (*last)._gc_next = to as usize;
            (*to)._gc_prev = last as usize;
        }
        init(from);
    }
}

/// # Safety
/// (1).
pub unsafe fn len(list: *mut Head) -> usize {
    let mut count = 0;
    // SAFETY: (1).
    unsafe {
        let mut item = next(list);
        while item != list {
            count += 1;
            item = next(item);
        }
    }
    count
}

/// The object behind a header.
///
/// # Safety
/// (1).
#[inline(always)]
pub unsafe fn object(item: *mut Head) -> *mut abi::PyObject {
    // SAFETY: (1).
    unsafe { item.add(1).cast() }
}
