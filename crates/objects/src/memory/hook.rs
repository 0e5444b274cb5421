//! Functions that C puts in place of an interpreter's heap: `PyMem_SetAllocator` for objects.
//!
//! While they are there, all that the interpreter allocates and frees goes through them, so that they are asked to free
//! just what they gave, or what the heap gave before. Without them nothing is paid for: they are noticed on the
//! slow ends of the heap's paths only. To lead every request there, the current pools and the map are put aside, so that
//! no pool has room and no block is known. What C finds in place first, and may call from its own functions, is the
//! heap with both put back: `unhooked`.
//!
//! Invariant: pools and map are aside while functions are set, and only then.

use std::cell::{Cell, RefCell};
use std::mem::swap;
use std::ptr::null_mut;

use super::arena::{Map, Pool};
use super::heap::{CLASSES, Heap};

/// What takes the place of a heap's own functions.
#[derive(Debug)]
pub struct Functions {
    /// A size, and whether the block is to be all zeros.
    pub alloc: fn(usize, bool) -> *mut u8,
    pub realloc: unsafe fn(*mut u8, usize) -> *mut u8,
    pub free: unsafe fn(*mut u8),
}

pub struct Hook {
    functions: Cell<Option<&'static Functions>>,
    pools: [Cell<*mut Pool>; CLASSES],
    map: RefCell<Map>,
}

impl Default for Hook {
    fn default() -> Hook {
        Hook {
            functions: Cell::new(None),
            pools: [const { Cell::new(null_mut()) }; CLASSES],
            map: RefCell::default(),
        }
    }
}

impl Hook {
    #[inline]
    pub fn get(&self) -> Option<&'static Functions> {
        self.functions.get()
    }
}

impl Heap {
    /// Sends every request to `functions` from here on; `None` ends that.
    pub fn set_hook(&self, functions: Option<&'static Functions>) {
        if self.hook.functions.replace(functions).is_some() != functions.is_some() {
            self.exchange();
        }
    }

    /// What every request is sent to.
    pub fn hook(&self) -> Option<&'static Functions> {
        self.hook.get()
    }

    /// Runs `body` as if there were no hook.
    #[inline]
    pub fn unhooked<R>(&self, body: impl FnOnce(&Heap) -> R) -> R {
        let functions = self.hook.functions.get();
        if functions.is_none() {
            return body(self);
        }
        self.set_hook(None);
        // What the hook is asked for is traced, not what it asks for.
        let paused = self.trace_paused.replace(true);
        let result = body(self);
        self.trace_paused.set(paused);
        self.set_hook(functions);
        result
    }

    fn exchange(&self) {
        for (here, aside) in self.pools.iter().zip(&self.hook.pools) {
            here.swap(aside);
        }
        swap(&mut *self.map.borrow_mut(), &mut *self.hook.map.borrow_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static HEAP: &'static Heap = Box::leak(Box::default());
        static SEEN: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    }

    const COUNTING: &Functions = &Functions {
        alloc: |size, zeroed| {
            SEEN.set((SEEN.get().0 + 1, SEEN.get().1));
            HEAP.with(|heap| {
                heap.unhooked(
                    |heap| {
                        if zeroed { heap.alloc_zeroed(size) } else { heap.alloc(size) }
                    },
                )
            })
        },
        // SAFETY: the caller passes a block of the heap.
        realloc: |block, size| unsafe {
            HEAP.with(|heap| heap.unhooked(|heap| heap.realloc(block, size)))
        },
        // SAFETY: as above.
        free: |block| unsafe {
            SEEN.set((SEEN.get().0, SEEN.get().1 + 1));
            HEAP.with(|heap| heap.unhooked(|heap| heap.free(block)));
        },
    };

    #[test]
    fn a_hook_sees_everything_while_it_is_there() {
        let heap = HEAP.with(|heap| *heap);
        let sizes = [1, 16, 40, 512, 513, 9000];
        let before = sizes.map(|size| heap.alloc(size));
        heap.set_hook(Some(COUNTING));
        let during = sizes.map(|size| heap.alloc(size));
        assert_eq!(SEEN.get(), (sizes.len(), 0));
        // SAFETY: blocks of this heap, each freed once.
        unsafe {
            before.into_iter().for_each(|block| heap.free(block));
            assert_eq!(SEEN.get(), (sizes.len(), sizes.len()));
            heap.set_hook(None);
            during.into_iter().for_each(|block| heap.free(block));
        }
        assert_eq!(SEEN.get(), (sizes.len(), sizes.len()));
        assert_eq!(heap.blocks(), 0);
    }
}
