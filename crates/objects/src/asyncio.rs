//! What a thread keeps for asyncio: its running loop and task, and its tasks that are not done.
//!
//! It lies in the thread's state because it is looked up at every step of every task, and because debuggers read it from
//! outside (`docs/internals/debuggers.md`). `_asyncio` in `modules` is its only user. The same job as the fields
//! `asyncio_*` of CPython's `_PyThreadStateImpl`.
//!
//! Invariants:
//! 1. A ring consists of a list's own link and those of its tasks; `next` and `prev` of each are those of its neighbours.
//! 2. A link in a ring does not move, and leaves the ring before its memory goes.
//! 3. Links are touched with the GIL of their interpreter held.

use std::cell::Cell;
use std::ptr;

use crate::handle::Slot;

/// A place in a list: of a task, or the list's own. Zeros are in no list.
#[repr(C)]
pub struct Link {
    next: Cell<*const Link>,
    prev: Cell<*const Link>,
}

impl Link {
    const fn new() -> Link {
        Link { next: Cell::new(ptr::null()), prev: Cell::new(ptr::null()) }
    }

    pub fn is_linked(&self) -> bool {
        !self.next.get().is_null()
    }

    /// Leaves the list, if it is in one.
    #[inline]
    pub fn unlink(&self) {
        if self.is_linked() {
            // SAFETY: (1), (2).
            unsafe {
                (*self.prev.get()).next.set(self.next.get());
                (*self.next.get()).prev.set(self.prev.get());
            }
            self.next.set(ptr::null());
            self.prev.set(ptr::null());
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.unlink();
    }
}

/// A list of tasks.
#[repr(transparent)]
pub struct TaskList(Link);

impl TaskList {
    pub const fn new() -> TaskList {
        TaskList(Link::new())
    }

    /// Makes a ring of an empty list, which stays where it is from now on. Debuggers take nothing else for a list.
    pub fn begin(&self) {
        self.0.next.set(&raw const self.0);
        self.0.prev.set(&raw const self.0);
    }

    /// Adds a task at the end, unless it is in a list.
    ///
    /// # Safety
    /// The list has begun; the link lies in an object, which drops it at its end.
    #[inline]
    pub unsafe fn add(&self, link: &Link) {
        if link.is_linked() {
            return;
        }
        let last = self.0.prev.get();
        link.prev.set(last);
        link.next.set(&raw const self.0);
        self.0.prev.set(link);
        // SAFETY: (1), (2); the caller's promise keeps (2).
        unsafe { (*last).next.set(link) };
    }

    /// Moves all tasks of `other` here. Both lists have begun.
    pub fn take_over(&self, other: &TaskList) {
        while let Some(link) = other.first() {
            link.unlink();
            // SAFETY: it was in a list, so it may be in this one.
            unsafe { self.add(link) };
        }
    }

    fn first(&self) -> Option<&Link> {
        let first = self.0.next.get();
        // SAFETY: (1), (2): alive until something else runs.
        (!first.is_null() && !ptr::eq(first, &self.0)).then(|| unsafe { &*first })
    }

    /// Calls `body` with each link; it must not change the list, nor run other code.
    pub fn for_each(&self, mut body: impl FnMut(*const Link)) {
        let mut at = self.0.next.get();
        while !at.is_null() && !ptr::eq(at, &self.0) {
            body(at);
            // SAFETY: (1), (2).
            at = unsafe { (*at).next.get() };
        }
    }

    /// Takes all tasks out: they are in no list any more.
    fn empty(&self) {
        while let Some(link) = self.first() {
            link.unlink();
        }
    }
}

impl Default for TaskList {
    fn default() -> TaskList {
        TaskList::new()
    }
}

/// Tasks that outlive the list are in none.
impl Drop for TaskList {
    fn drop(&mut self) {
        self.empty();
    }
}

/// A thread's part.
#[repr(C)]
pub struct State {
    pub running_loop: Slot,
    pub running_task: Slot,
    pub tasks: TaskList,
}

impl State {
    pub const fn new() -> State {
        State { running_loop: Slot::EMPTY, running_task: Slot::EMPTY, tasks: TaskList::new() }
    }

    /// In a forked child nothing runs, and the tasks are the parent's.
    pub fn after_fork(&self) {
        self.tasks.empty();
        drop(self.running_task.take());
        drop(self.running_loop.take());
    }

    /// The thread ends: releases what it ran, and hands its tasks to `left`.
    pub fn leave(&self, left: &TaskList) {
        left.take_over(&self.tasks);
        drop(self.running_task.take());
        drop(self.running_loop.take());
    }
}

impl Default for State {
    fn default() -> State {
        State::new()
    }
}
