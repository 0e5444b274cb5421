//! The heap's pools: which of them have room, and how arenas come from the system and go back.
//!
//! `Heap::alloc` and `Heap::free` come here when the current pool of a class is full, when a pool that was full gets a block
//! back, and when one has become empty.
//!
//! SAFETY, throughout: the invariants of `heap`.

use std::cell::Cell;
use std::ptr::null_mut;

use super::arena::{ARENA, Arena, Pool};
use super::heap::{Heap, STEP};

/// So many arenas without a pool in use stay with the heap.
pub(super) const KEPT_IDLE: usize = 8;

impl Heap {
    /// The head of a class's list (2).
    #[inline]
    fn head(&self, class: usize) -> &Cell<*mut Pool> {
        if self.aside.get() { &self.pools_aside[class] } else { &self.pools[class] }
    }

    /// The current pool of the class is full: drops it from the list, and goes on with the next or a new one. While
    /// the pools are aside, every block comes from here.
    #[inline(never)]
    pub(super) fn alloc_slow(&self, size: usize, class: usize) -> *mut u8 {
        if let Some(functions) = self.hook.get() {
            return self.traced((functions.alloc)(size, false), size);
        }
        // SAFETY: (2).
        unsafe {
            loop {
                let mut pool = self.head(class).get();
                if pool.is_null() {
                    pool = self.new_pool(class);
                    if pool.is_null() {
                        return null_mut();
                    }
                    self.link(pool, class);
                }
                let block = Pool::take(pool);
                if !block.is_null() {
                    return self.traced(block, size);
                }
                self.unlink(pool, class);
            }
        }
    }

    /// # Safety
    /// A live pool that is not in the list.
    unsafe fn link(&self, pool: *mut Pool, class: usize) {
        // SAFETY: the caller's promise, (2).
        unsafe {
            let next = self.head(class).replace(pool);
            (*pool).next = next;
            (*pool).prev = null_mut();
            (*pool).listed = true;
            (*pool).linked = !self.aside.get();
            if let Some(next) = next.as_mut() {
                next.prev = pool;
            }
        }
    }

    /// As `link`, but the current pool stays the current one: were it pushed aside when it has become empty, nobody
    /// would give it back.
    ///
    /// # Safety
    /// A live pool that is not in the list.
    unsafe fn link_behind(&self, pool: *mut Pool, class: usize) {
        // SAFETY: the caller's promise, (2).
        unsafe {
            let Some(first) = self.head(class).get().as_mut() else {
                return self.link(pool, class);
            };
            (*pool).next = first.next;
            (*pool).prev = first;
            (*pool).listed = true;
            (*pool).linked = !self.aside.get();
            if let Some(next) = first.next.as_mut() {
                next.prev = pool;
            }
            first.next = pool;
        }
    }

    /// # Safety
    /// A pool in the list.
    unsafe fn unlink(&self, pool: *mut Pool, class: usize) {
        // SAFETY: the caller's promise, (2).
        unsafe {
            match (*pool).prev.as_mut() {
                Some(before) => before.next = (*pool).next,
                None => self.head(class).set((*pool).next),
            }
            if let Some(after) = (*pool).next.as_mut() {
                after.prev = (*pool).prev;
            }
            (*pool).listed = false;
            (*pool).linked = false;
        }
    }

    #[cold]
    fn new_pool(&self, class: usize) -> *mut Pool {
        // SAFETY: (3).
        unsafe {
            let mut arena = self.spare.get();
            if arena.is_null() {
                arena = self.new_arena();
                if arena.is_null() {
                    return null_mut();
                }
            }
            if (*arena).used == 0 {
                self.idle.set(self.idle.get() - 1);
            }
            let pool = Arena::take_pool(arena, class as u32, ((class + 1) * STEP) as u32);
            if !Arena::has_pool(arena) {
                self.drop_spare(arena);
            }
            pool
        }
    }

    fn new_arena(&self) -> *mut Arena {
        if !self.allows(ARENA) || !self.map.borrow_mut().prepare() {
            return null_mut();
        }
        if self.talkative.get() {
            eprint!("{}", self.describe());
        }
        let arena = Arena::map();
        if arena.is_null() {
            return null_mut();
        }
        if !self.map.borrow_mut().set(arena, true) {
            // SAFETY: just mapped.
            unsafe { Arena::unmap(arena) };
            return null_mut();
        }
        self.arenas.borrow_mut().push(arena);
        self.idle.set(self.idle.get() + 1);
        self.add_spare(arena);
        arena
    }

    fn add_spare(&self, arena: *mut Arena) {
        // SAFETY: (3): an arena that is not in the list.
        unsafe {
            let next = self.spare.replace(arena);
            (*arena).next = next;
            (*arena).prev = null_mut();
            if let Some(next) = next.as_mut() {
                next.prev = arena;
            }
        }
    }

    fn drop_spare(&self, arena: *mut Arena) {
        // SAFETY: (3): an arena in the list.
        unsafe {
            match (*arena).prev.as_mut() {
                Some(before) => before.next = (*arena).next,
                None => self.spare.set((*arena).next),
            }
            if let Some(after) = (*arena).next.as_mut() {
                after.prev = (*arena).prev;
            }
        }
    }

    /// A block of a full pool was freed, or the last block of any, or any while the pools are aside.
    #[inline(never)]
    pub(super) unsafe fn freed_in(&self, pool: *mut Pool, block: *mut u8) {
        self.untraced(block);
        // SAFETY: (2), (3).
        unsafe {
            let class = (*pool).class as usize;
            if !(*pool).listed {
                self.link_behind(pool, class);
            }
            // The class's current pool stays, so that one block that comes and goes costs nothing.
            if (*pool).used != 0 || self.head(class).get() == pool {
                return;
            }
            self.unlink(pool, class);
            let arena = Arena::of(pool);
            let was_spare = Arena::has_pool(arena);
            Arena::give_back(arena, pool);
            if !was_spare {
                self.add_spare(arena);
            }
            if (*arena).used == 0 {
                self.retire(arena);
            }
        }
    }

    /// An arena became empty. A few stay, so that what is freed and allocated again in turns does not ask the system
    /// each time; beyond that, no more than are in use.
    unsafe fn retire(&self, arena: *mut Arena) {
        let idle = self.idle.get() + 1;
        if idle <= KEPT_IDLE.max(self.arenas.borrow().len() / 2) {
            self.idle.set(idle);
            return;
        }
        // SAFETY: (3): an arena in the list of those that have a pool to give, with nothing in use.
        unsafe {
            self.drop_spare(arena);
            self.map.borrow_mut().set(arena, false);
            self.arenas.borrow_mut().retain(|&other| other != arena);
            Arena::unmap(arena);
        }
    }
}
