//! An interpreter's heap: blocks up to 512 bytes from pools, larger ones from the system.
//!
//! This file is the ways that allocating and freeing mostly take; `pools` is what follows when a pool is full or empty.
//!
//! A size class has blocks of a multiple of 16 bytes. Allocation takes a block from the current pool of its class; freeing
//! finds the pool from the address. There are no locks: the interpreter's attached thread is the only user.
//!
//! Invariants:
//! 1. A block goes back to the heap it came from, once.
//! 2. `pools[class]` heads the list of the pools of the class that may have room; a pool that turned out to be
//!    full is not in it. While somebody is told of blocks or objects (`aside`), `pools_aside` has those lists and
//!    `pools` is empty.
//! 3. `arenas` is all arenas, `spare` heads the list of those that have a pool to give.

use std::cell::{Cell, RefCell};
use std::ptr::null_mut;

use super::arena::{ARENA, Arena, Map, Pool};
use super::hook::Hook;
use super::large::{self, Large};
use super::ref_tracer::RefTracer;
use super::trace::Tracer;

/// The largest block that comes from a pool.
pub const SMALL: usize = 512;
pub(super) const STEP: usize = 16;
pub(super) const CLASSES: usize = SMALL / STEP;

/// An interpreter's memory for objects, counted so that a limit can refuse more.
pub struct Heap {
    pub(super) pools: [Cell<*mut Pool>; CLASSES],
    pub(super) map: RefCell<Map>,
    /// What C put in place of all this.
    pub(super) hook: Hook,
    pub(super) pools_aside: [Cell<*mut Pool>; CLASSES],
    /// Whether every request takes the slow way (2).
    pub(super) aside: Cell<bool>,
    pub(super) ref_tracer: Cell<Option<RefTracer>>,
    pub(super) tracer: RefCell<Option<Box<Tracer>>>,
    /// Whether there is a tracer.
    pub(super) tracing: Cell<bool>,
    /// How many frames of a traceback tracing was last asked to keep.
    pub(super) trace_limit: Cell<usize>,
    /// Whether what happens is not for the tracer.
    pub(super) trace_paused: Cell<bool>,
    pub(super) spare: Cell<*mut Arena>,
    pub(super) arenas: RefCell<Vec<*mut Arena>>,
    /// How many arenas have no pool in use.
    pub(super) idle: Cell<usize>,
    pub(super) large: Large,
    /// Whether it tells what it is used for whenever it needs another arena.
    pub(super) talkative: Cell<bool>,
    /// No more bytes than these are taken from the system.
    limit: Cell<usize>,
}

impl Default for Heap {
    fn default() -> Heap {
        Heap {
            pools: [const { Cell::new(null_mut()) }; CLASSES],
            pools_aside: [const { Cell::new(null_mut()) }; CLASSES],
            aside: Cell::new(false),
            ref_tracer: Cell::new(None),
            tracer: RefCell::default(),
            tracing: Cell::new(false),
            trace_limit: Cell::new(1),
            trace_paused: Cell::new(false),
            map: RefCell::default(),
            hook: Hook::default(),
            spare: Cell::new(null_mut()),
            arenas: RefCell::default(),
            idle: Cell::new(0),
            large: Large::default(),
            talkative: Cell::new(false),
            limit: Cell::new(usize::MAX),
        }
    }
}

/// The class of blocks of `size` bytes.
#[inline(always)]
pub(super) fn class_of(size: usize) -> usize {
    size.saturating_sub(1) / STEP
}

impl Heap {
    /// A block of at least `size` bytes, aligned to 16; null if there is no more.
    #[inline]
    pub fn alloc(&self, size: usize) -> *mut u8 {
        if size > SMALL {
            return self.alloc_large(size, false);
        }
        let class = class_of(size);
        let block = self.take(class);
        if !block.is_null() {
            return block;
        }
        self.alloc_slow(size, class)
    }

    /// A block of the class's current pool; null if it has none.
    #[inline(always)]
    pub(super) fn take(&self, class: usize) -> *mut u8 {
        let pool = self.pools[class].get();
        // SAFETY: (2).
        if pool.is_null() { null_mut() } else { unsafe { Pool::take(pool) } }
    }

    /// As `take`, if it is a block that was used before: without a call, so that the caller saves no register.
    #[inline(always)]
    pub(super) fn take_freed(&self, class: usize) -> *mut u8 {
        let pool = self.pools[class].get();
        // SAFETY: (2).
        if pool.is_null() { null_mut() } else { unsafe { Pool::take_freed(pool) } }
    }

    /// As `alloc`, all zeros.
    pub fn alloc_zeroed(&self, size: usize) -> *mut u8 {
        if size > SMALL {
            return self.alloc_large(size, true);
        }
        let block = self.alloc(size);
        if !block.is_null() {
            // SAFETY: a fresh block of that size.
            unsafe { block.write_bytes(0, size) };
        }
        block
    }

    #[cold]
    #[inline(never)]
    pub(super) fn alloc_large(&self, size: usize, zeroed: bool) -> *mut u8 {
        if let Some(functions) = self.hook.get() {
            return self.traced((functions.alloc)(size, zeroed), size);
        }
        if !self.allows(size) {
            return null_mut();
        }
        let block = self.large.alloc(size, zeroed);
        self.traced(block, size)
    }

    /// # Safety
    /// `block` is null or came from this heap and is given back once.
    #[inline]
    pub unsafe fn free(&self, block: *mut u8) {
        if block.is_null() {
            return;
        }
        // SAFETY: (1): a block of a pool, or a large one.
        unsafe {
            if !self.contains(block) {
                return self.free_other(block);
            }
            let pool = Pool::of(block);
            block.cast::<*mut u8>().write((*pool).free);
            (*pool).free = block;
            (*pool).used -= 1;
            if !(*pool).linked || (*pool).used == 0 {
                self.freed_in(pool, block);
            }
        }
    }

    /// # Safety
    /// `block` is a large one, or a hook's.
    #[inline(never)]
    unsafe fn free_other(&self, block: *mut u8) {
        self.untraced(block);
        // SAFETY: the caller's promise.
        unsafe {
            match self.hook.get() {
                Some(functions) => (functions.free)(block),
                None => self.large.free(block),
            }
        }
    }

    #[inline(always)]
    fn contains(&self, block: *mut u8) -> bool {
        // SAFETY: nobody changes the map during the look: the attached thread is the only user.
        unsafe { (*self.map.as_ptr()).contains(block) }
    }

    /// How many bytes of `block` may be used.
    ///
    /// # Safety
    /// `block` came from this heap, and there is no hook.
    unsafe fn size_of(&self, block: *mut u8) -> usize {
        // SAFETY: (1).
        unsafe {
            if self.contains(block) { (*Pool::of(block)).size as usize } else { large::size(block) }
        }
    }

    /// # Safety
    /// As for `free`; the old block is gone unless null is returned.
    pub unsafe fn realloc(&self, block: *mut u8, size: usize) -> *mut u8 {
        if block.is_null() {
            return self.alloc(size);
        }
        if self.tracing.get() {
            // SAFETY: the caller's promise.
            return unsafe { self.realloc_traced(block, size) };
        }
        // SAFETY: the caller's promise.
        unsafe { self.realloc_block(block, size) }
    }

    /// # Safety
    /// As for `realloc`; `block` is not null.
    pub(super) unsafe fn realloc_block(&self, block: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: (1).
        unsafe {
            if let Some(functions) = self.hook.get() {
                return (functions.realloc)(block, size);
            }
            let old = self.size_of(block);
            if !self.contains(block) && size > SMALL {
                if size > old && !self.allows(size - old) {
                    return null_mut();
                }
                return self.large.realloc(block, size);
            }
            // A block may stay where it is as long as no more than a quarter of it is wasted.
            if size <= old && size > old / 4 * 3 && self.contains(block) {
                return block;
            }
            let moved = self.alloc(size);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, old.min(size));
                self.free(block);
            }
            moved
        }
    }

    /// Whether the limit leaves room for `more` bytes.
    pub fn allows(&self, more: usize) -> bool {
        self.bytes().checked_add(more).is_some_and(|total| total <= self.limit.get())
    }

    /// How many bytes the heap has taken from the system.
    pub fn bytes(&self) -> usize {
        self.arenas.borrow().len() * ARENA + self.large.bytes()
    }

    /// From here on, the heap refuses to take more than `limit` bytes.
    pub fn set_limit(&self, limit: usize) {
        self.limit.set(limit);
    }

    /// `PYTHONMALLOCSTATS`: from here on, what memory is used for is told whenever an arena is added.
    pub fn set_talkative(&self, talkative: bool) {
        self.talkative.set(talkative);
    }

    pub fn limit(&self) -> usize {
        self.limit.get()
    }

    /// How many blocks are in use (`sys.getallocatedblocks`).
    pub fn blocks(&self) -> usize {
        // SAFETY: (3).
        let small: usize =
            self.arenas.borrow().iter().map(|&arena| unsafe { Arena::blocks(arena) }).sum();
        small + self.large.count()
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        for &arena in self.arenas.borrow().iter() {
            // SAFETY: the interpreter is gone, and with it all that used its blocks.
            unsafe { Arena::unmap(arena) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pools::KEPT_IDLE;
    use super::*;

    /// Numbers that look random and are the same every time.
    fn sequence() -> impl FnMut() -> usize {
        let mut state = 0x2545_f491_u64;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as usize
        }
    }

    #[test]
    fn blocks_keep_their_content_and_all_come_back() {
        let heap = Heap::default();
        let mut next = sequence();
        let mut live: Vec<(*mut u8, usize, u8)> = Vec::new();
        for step in 0..200_000 {
            // SAFETY: blocks of this heap, used within their size.
            unsafe {
                if live.len() > 3000 || (next().is_multiple_of(2) && !live.is_empty()) {
                    let (block, size, mark) = live.swap_remove(next() % live.len());
                    for at in [0, size / 2, size - 1] {
                        assert_eq!(*block.add(at), mark);
                    }
                    if step % 5 == 0 {
                        let size_after = 1 + next() % 700;
                        let moved = heap.realloc(block, size_after);
                        assert_eq!(*moved, mark);
                        moved.write_bytes(mark, size_after);
                        live.push((moved, size_after, mark));
                    } else {
                        heap.free(block);
                    }
                } else {
                    let size = 1 + next() % if next().is_multiple_of(50) { 9000 } else { 560 };
                    let block = heap.alloc(size);
                    assert!(block.addr().is_multiple_of(16) && heap.size_of(block) >= size);
                    let mark = step as u8;
                    block.write_bytes(mark, size);
                    live.push((block, size, mark));
                }
            }
        }
        assert_eq!(heap.blocks(), live.len());
        for (block, ..) in live {
            // SAFETY: as above.
            unsafe { heap.free(block) };
        }
        assert_eq!(heap.blocks(), 0);
        assert!(heap.bytes() <= KEPT_IDLE * ARENA);
    }

    #[test]
    fn memory_goes_back_in_whichever_order_it_is_freed() {
        let heap = Heap::default();
        let mut blocks: Vec<_> = (0..20 * ARENA / 48).map(|_| heap.alloc(48)).collect();
        assert!(heap.bytes() >= 20 * ARENA);
        let later = blocks.split_off(blocks.len() / 2);
        for block in blocks.into_iter().chain(later.into_iter().rev()) {
            // SAFETY: a block of this heap.
            unsafe { heap.free(block) };
        }
        assert!(heap.bytes() <= 12 * ARENA, "{}", heap.bytes());
    }

    #[test]
    fn a_limit_refuses_and_freeing_makes_room() {
        let heap = Heap::default();
        heap.set_limit(2 * ARENA);
        let first = heap.alloc(ARENA);
        assert!(!first.is_null());
        let small: Vec<_> =
            std::iter::from_fn(|| Some(heap.alloc(64)).filter(|block| !block.is_null())).collect();
        assert!(small.len() * 64 > ARENA * 9 / 10);
        assert!(heap.alloc(600).is_null());
        // SAFETY: a block of this heap.
        unsafe { heap.free(first) };
        assert!(!heap.alloc(600).is_null());
    }
}
