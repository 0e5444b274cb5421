//! The cyclic collector.
//!
//! Objects whose types may take part in reference cycles carry a header before them (`PyGC_Head`), which links
//! those that are tracked into a list per generation. This file is what the rest of the house uses: tracking,
//! and `tp_traverse` by the fields of a struct. `list` is the lists, `collect` the algorithm, `inspect` and `report` what
//! the `gc` module shows. The same job as
//! CPython's `Python/gc.c`.
//!
//! Invariants:
//! 1. An object of a type with `Py_TPFLAGS_HAVE_GC` is preceded by its header.
//! 2. The header of an untracked object has a `_gc_next` of zero; that of a tracked one is in exactly one list.
//! 3. Headers are read and written by the attached thread only.

pub mod collect;
mod inspect;
mod list;
mod report;

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Object, Owned, Slot};
use crate::list::List;
use crate::thread::Thread;

pub use collect::{Found, Reason, collect, is_gc_object, run_scheduled};
pub use inspect::referents;
use list::Head;
pub use list::{Lists, PERMANENT};

/// Generations of the collector: young, middle, old.
pub const GENERATIONS: usize = 3;

/// An interpreter's collector: generations and counters.
pub struct Collector {
    pub(crate) lists: Lists,
    pub enabled: Cell<bool>,
    pub collecting: Cell<bool>,
    /// How many more objects were tracked than untracked since the last young collection; then, how many
    /// collections of the generation before there were.
    pub count: [Cell<i32>; GENERATIONS],
    pub threshold: [Cell<i32>; GENERATIONS],
    /// How many old objects there were after the last full collection, and how many came to them since.
    total: Cell<usize>,
    pending: Cell<usize>,
    pub stats: [Stats; GENERATIONS],
    /// The `gc.DEBUG_*` flags.
    pub debug: Cell<c_int>,
    /// `gc.garbage` and `gc.callbacks`.
    pub garbage: Slot<List>,
    pub callbacks: Slot<List>,
}

/// What the collections of one generation did.
#[derive(Default)]
pub struct Stats {
    pub collections: Cell<usize>,
    pub collected: Cell<usize>,
    pub uncollectable: Cell<usize>,
}

impl Stats {
    fn add(&self, found: Found) {
        self.collections.set(self.collections.get() + 1);
        self.collected.set(self.collected.get() + found.collected);
        self.uncollectable.set(self.uncollectable.get() + found.uncollectable);
    }
}

impl Default for Collector {
    fn default() -> Collector {
        Collector {
            lists: Lists::default(),
            enabled: Cell::new(true),
            collecting: Cell::new(false),
            count: Default::default(),
            threshold: [Cell::new(2000), Cell::new(10), Cell::new(10)],
            total: Cell::new(0),
            pending: Cell::new(0),
            stats: Default::default(),
            debug: Cell::new(0),
            garbage: Slot::EMPTY,
            callbacks: Slot::EMPTY,
        }
    }
}

impl Collector {
    /// Counts a new object, and asks for a collection once there are many.
    #[inline(always)]
    fn count_new(&self, th: &Thread) {
        if self.count_quietly() {
            self.request(th);
        }
    }

    /// Counts a new object, and answers whether there are many.
    #[inline(always)]
    fn count_quietly(&self) -> bool {
        let count = self.count[0].get() + 1;
        self.count[0].set(count);
        count > self.threshold[0].get()
    }

    /// The list `gc.garbage`, made on first use.
    pub fn garbage(&self, th: &Thread) -> PyResult<Owned<List>> {
        list_in(th, &self.garbage)
    }

    /// The list `gc.callbacks`, made on first use.
    pub fn callbacks(&self, th: &Thread) -> PyResult<Owned<List>> {
        list_in(th, &self.callbacks)
    }

    /// Appends to `gc.garbage`. Without memory the object stays where it is.
    fn keep_garbage(&self, th: &Thread, ob: Borrowed<'_>) {
        let kept = self.garbage(th).and_then(|garbage| garbage.push(th, ob.to_owned()));
        if kept.is_err() {
            drop(th.take_exception());
        }
    }

    /// Releases what the collector holds itself; at finalisation.
    pub fn clear(&self) {
        let held = (self.garbage.take(), self.callbacks.take());
        drop(held);
    }

    /// Takes all objects out of the lists, which go while the objects stay. They are never freed: deallocators may rely on
    /// their being tracked.
    pub fn abandon(&self) {
        for generation in 0..=list::PERMANENT {
            let head = self.lists.head(generation);
            // SAFETY: a whole list of live objects.
            unsafe {
                while !list::is_empty(head) {
                    let item = list::next(head);
                    list::remove(item);
                    std::mem::forget(Borrowed::<Object>::from_ptr(list::object(item)).to_owned());
                }
            }
        }
    }

    /// The loop collects when it next looks at its eval breaker.
    #[cold]
    #[inline(never)]
    fn request(&self, th: &Thread) {
        if self.enabled.get() && self.threshold[0].get() != 0 && !self.collecting.get() {
            // SAFETY: the word lives as long as the thread; others set bits in it too.
            let breaker = unsafe { AtomicUsize::from_ptr(&raw mut (*th.raw()).eval_breaker) };
            breaker.fetch_or(abi::_PY_GC_SCHEDULED_BIT as usize, Ordering::Relaxed);
        }
    }
}

fn list_in(th: &Thread, slot: &Slot<List>) -> PyResult<Owned<List>> {
    if let Some(list) = slot.get_owned() {
        return Ok(list);
    }
    let list = List::new(th)?;
    slot.set(Some(list.clone()));
    Ok(list)
}

/// What `tp_traverse` hands every reference to.
pub struct Visitor<'a> {
    pub(crate) visit: abi::visitproc,
    pub(crate) arg: *mut c_void,
    pub(crate) lifetime: std::marker::PhantomData<&'a ()>,
}

impl Visitor<'_> {
    /// # Safety
    /// The pair comes from a collector's call of `tp_traverse`.
    pub unsafe fn new(visit: abi::visitproc, arg: *mut c_void) -> Self {
        Visitor { visit, arg, lifetime: std::marker::PhantomData }
    }

    /// Non-zero stops the traversal: hand it on.
    #[inline(always)]
    pub fn visit<T>(&mut self, ob: Option<Borrowed<'_, T>>) -> c_int {
        match (ob, self.visit) {
            // SAFETY: the pair belongs together, by the promise of `new`.
            (Some(ob), Some(visit)) => unsafe { visit(ob.as_ptr(), self.arg) },
            _ => 0,
        }
    }
}

/// A field that holds references: gives `tp_traverse` and `tp_clear` of `#[visit]` fields.
pub trait Visit {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int;
    fn clear(&self);
}

impl<T> Visit for Slot<T> {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        visitor.visit(self.get())
    }

    fn clear(&self) {
        drop(self.take())
    }
}

/// The header of an object.
///
/// # Safety
/// `ob` is an object of a GC type, live or dead but not freed.
#[inline(always)]
pub(crate) unsafe fn head_of(ob: *mut abi::PyObject) -> *mut Head {
    // SAFETY: (1).
    unsafe { ob.cast::<Head>().sub(1) }
}

/// Adds a GC object to the collector's lists, if it is not there yet.
#[inline]
pub fn track<T>(th: &Thread, ob: Borrowed<'_, T>) {
    // SAFETY: tracked objects are of GC types: (1).
    unsafe { track_head(th, head_of(ob.as_ptr())) }
}

/// As `track`, without a call: answers whether the caller is to `ask` for a collection.
///
/// # Safety
/// `ob` is an object of a GC type that is not tracked.
#[inline(always)]
pub unsafe fn track_quietly(th: &Thread, ob: *mut abi::PyObject) -> bool {
    // SAFETY: (1), (3).
    unsafe {
        let gc = &th.interp().gc;
        gc.lists.append_young(head_of(ob));
        gc.count_quietly()
    }
}

/// The loop collects when it next looks, unless that is switched off.
pub fn ask(th: &Thread) {
    th.interp().gc.request(th);
}

#[inline(always)]
unsafe fn track_head(th: &Thread, head: *mut Head) {
    // SAFETY: (1), (3).
    unsafe {
        if (*head)._gc_next == 0 {
            let gc = &th.interp().gc;
            gc.lists.append_young(head);
            gc.count_new(th);
        }
    }
}

/// # Safety
/// `ob` is an object of a GC type, so a header precedes it.
#[inline]
pub unsafe fn untrack_raw(ob: *mut abi::PyObject) {
    // SAFETY: (1), (2), (3).
    unsafe {
        let head = head_of(ob);
        if (*head)._gc_next != 0 {
            list::remove(head);
            let count = &Thread::attached().interp().gc.count[0];
            count.set((count.get() - 1).max(0));
        }
    }
}

pub fn is_tracked<T>(ob: Borrowed<'_, T>) -> bool {
    // SAFETY: a live object; only GC objects have a header.
    unsafe { is_gc_object(ob.as_ptr()) && (*head_of(ob.as_ptr()))._gc_next != 0 }
}

/// Whether the header of an object says that it is tracked.
///
/// # Safety
/// `ob` is an object with a header.
#[inline(always)]
pub unsafe fn has_next(ob: *mut abi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*head_of(ob))._gc_next != 0 }
}

/// As `gc_del`, of an object that is not tracked and of whose memory nothing but the header stands before it.
///
/// # Safety
/// As for `gc_del`.
#[inline(never)]
pub unsafe fn free_plain(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe { Thread::attached().interp().heap.free(head_of(ob).cast()) }
}

/// # Safety
/// `ob` is an object of a GC type.
pub unsafe fn track_raw(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe { track_head(Thread::attached(), head_of(ob)) }
}

/// Whether `tp_finalize` was called.
///
/// # Safety
/// `ob` is an object of a GC type.
pub unsafe fn is_finalized(ob: *mut abi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*head_of(ob))._gc_prev & list::FINALIZED != 0 }
}

/// # Safety
/// As for `is_finalized`.
pub unsafe fn set_finalized(ob: *mut abi::PyObject) {
    // SAFETY: the caller's promise. Volatile, as the compiler would write a byte only, and who reads the word next would
    // wait for that.
    unsafe {
        let word = &raw mut (*head_of(ob))._gc_prev;
        word.write_volatile(word.read_volatile() | list::FINALIZED);
    }
}

/// `tp_free` of collected types: `PyObject_GC_Del`.
///
/// # Safety
/// `ob` is a dead object of a GC type, whose memory nobody uses any more.
pub unsafe extern "C" fn gc_del(ob: *mut c_void) {
    let ob: *mut abi::PyObject = ob.cast();
    // SAFETY: C calls this with a dead object of its type; what stands before it follows from its type.
    unsafe {
        untrack_raw(ob);
        let ty: Borrowed<'_, crate::typeobj::Type> = Borrowed::from_ptr((*ob).ob_type.cast());
        let before = crate::typeobj::alloc::size_before(&ty);
        Thread::attached().interp().heap.free(ob.cast::<u8>().sub(before));
    }
}
