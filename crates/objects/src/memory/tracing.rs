//! The heap's side of `tracemalloc`: starting, stopping, and what happens to a block meanwhile.
//!
//! While nothing is traced this costs nothing: `Heap::alloc` and `Heap::free` have no test for it. Tracing takes the
//! lists of pools away from them, so that every block takes the slow way, which does test.

use super::arena::Pool;
use super::heap::{CLASSES, Heap};
use super::trace::{OWN_DOMAIN, Tracer};

impl Heap {
    pub fn is_tracing(&self) -> bool {
        self.tracing.get()
    }

    /// How many frames of a traceback are kept, or were when memory was last traced.
    pub fn trace_limit(&self) -> usize {
        self.trace_limit.get()
    }

    /// Traces what is allocated from here on, with so many frames of each traceback. Does nothing if it does so already.
    pub fn start_tracing(&self, limit: usize) {
        if self.tracing.get() {
            return;
        }
        self.trace_limit.set(limit);
        *self.tracer.borrow_mut() = Some(Box::new(Tracer::new(limit)));
        self.tracing.set(true);
        self.update_aside();
    }

    /// Ends tracing. Dropping what comes back releases Python objects.
    pub fn stop_tracing(&self) -> Option<Box<Tracer>> {
        self.tracing.set(false);
        self.update_aside();
        self.tracer.borrow_mut().take()
    }

    /// Forgets all traces. Dropping what comes back releases Python objects.
    pub fn clear_traces(&self) -> Option<Box<Tracer>> {
        let mut tracer = self.tracer.borrow_mut();
        let fresh = Box::new(Tracer::new(tracer.as_ref()?.limit()));
        tracer.replace(fresh)
    }

    /// Something with the tracer, if there is one; what runs must not allocate or release Python objects.
    pub fn with_tracer<R>(&self, action: impl FnOnce(&mut Tracer) -> R) -> Option<R> {
        self.tracer.borrow_mut().as_deref_mut().map(action)
    }

    /// Sends every request the slow way if anybody is to be told of blocks or objects, or ends that.
    pub(super) fn update_aside(&self) {
        let aside = self.tracing.get() || self.ref_tracer.get().is_some();
        if aside != self.aside.get() {
            self.unhooked(|heap| heap.move_lists(aside));
        }
    }

    /// Whether every request takes the slow way.
    pub fn is_watched(&self) -> bool {
        self.aside.get()
    }

    fn move_lists(&self, aside: bool) {
        self.aside.set(aside);
        for class in 0..CLASSES {
            let (from, to) = if aside {
                (&self.pools[class], &self.pools_aside[class])
            } else {
                (&self.pools_aside[class], &self.pools[class])
            };
            let mut pool: *mut Pool = from.replace(std::ptr::null_mut());
            to.set(pool);
            // SAFETY: the list's pools are live.
            while let Some(listed) = unsafe { pool.as_mut() } {
                listed.linked = !aside;
                pool = listed.next;
            }
        }
    }

    /// A fresh block, or null, on its way to the caller.
    #[inline]
    pub(super) fn traced(&self, block: *mut u8, size: usize) -> *mut u8 {
        if self.tracing.get() && !block.is_null() {
            self.track_block(block, size);
        }
        block
    }

    #[cold]
    fn track_block(&self, block: *mut u8, size: usize) {
        if !self.trace_paused.get()
            && let Ok(mut tracer) = self.tracer.try_borrow_mut()
            && let Some(tracer) = tracer.as_mut()
        {
            tracer.track(OWN_DOMAIN, block.addr(), size);
        }
    }

    /// A block that is about to be freed.
    #[inline]
    pub(super) fn untraced(&self, block: *mut u8) {
        if self.tracing.get() {
            self.untrack_block(block);
        }
    }

    #[cold]
    fn untrack_block(&self, block: *mut u8) {
        if !self.trace_paused.get()
            && let Ok(mut tracer) = self.tracer.try_borrow_mut()
            && let Some(tracer) = tracer.as_mut()
        {
            tracer.untrack(OWN_DOMAIN, block.addr());
        }
    }

    /// Notes a block that a hook's allocator gave to C in place of `old`; of no bytes: one that it takes back.
    pub fn note(&self, old: *mut u8, new: *mut u8, size: usize) {
        if !new.is_null() {
            if !old.is_null() {
                self.untraced(old);
            }
            if size != 0 || old.is_null() {
                self.traced(new, size);
            }
        }
    }

    /// `realloc` while memory is traced: the block counts once, where it was given its new size.
    ///
    /// # Safety
    /// As for `realloc`; `block` is not null.
    #[cold]
    pub(super) unsafe fn realloc_traced(&self, block: *mut u8, size: usize) -> *mut u8 {
        if self.trace_paused.get() {
            // SAFETY: the caller's promise.
            return unsafe { self.realloc_block(block, size) };
        }
        let before = self.with_tracer(|tracer| tracer.untrack(OWN_DOMAIN, block.addr())).flatten();
        // SAFETY: the caller's promise.
        let moved = unsafe { self.realloc_block(block, size) };
        self.with_tracer(|tracer| {
            if !moved.is_null() {
                tracer.track(OWN_DOMAIN, moved.addr(), size);
            } else if let Some(before) = before {
                tracer.restore(OWN_DOMAIN, block.addr(), before);
            }
        });
        moved
    }
}
