//! One collection: finds the objects that only each other keep alive, and takes them apart.
//!
//! For each object of the generation, its count less the references from objects of the same generation
//! is the number of references from outside. What has some, and all that it reaches, lives; the rest is unreachable:
//! weak references to it are cleared and their callbacks called, it is finalised (PEP 442), and if nothing came
//! back to life, `tp_clear` breaks its cycles.
//!
//! Invariants, besides those of `gc`:
//! 1. Between `count_references` and `clear_masks` no Python code runs: headers hold counts instead of links.
//! 2. After that only `COLLECTING` marks the objects of the unreachable list; lists are whole.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use super::list::{self, COLLECTING, FINALIZED, Head, NEXT_UNREACHABLE, PREV_MASK, PREV_SHIFT};
use super::{GENERATIONS, head_of, report};
use crate::prelude::*;
use crate::weakref::{self, WeakRef};

type Ptr = *mut abi::PyObject;

/// Why a collection runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Many new objects.
    Heap,
    Shutdown,
    Manual,
}

/// A list head on the stack. It must not move while the list has members.
struct Local(Head);

macro_rules! local_list {
    ($name:ident) => {
        let mut $name = Local(Head { _gc_next: 0, _gc_prev: 0 });
        // SAFETY: a local that is shadowed by the pointer to it, so nothing moves it.
        let $name: *mut Head = unsafe {
            list::init(&mut $name.0);
            &mut $name.0
        };
    };
}

/// Whether `ob` has a header: its type is collected and, asked about this very object, says so.
///
/// # Safety
/// `ob` is live.
#[inline(always)]
pub unsafe fn is_gc_object(ob: Ptr) -> bool {
    // SAFETY: a live object.
    unsafe {
        let ty = (*ob).ob_type;
        (*ty).tp_flags & abi::Py_TPFLAGS_HAVE_GC != 0
            && (*ty).tp_is_gc.is_none_or(|is_gc| is_gc(ob) != 0)
    }
}

fn is_collecting(head: &Head) -> bool {
    head._gc_prev & COLLECTING != 0
}

fn references(head: &Head) -> usize {
    head._gc_prev >> PREV_SHIFT
}

fn set_references(head: &mut Head, count: usize) {
    head._gc_prev = head._gc_prev & !PREV_MASK | count << PREV_SHIFT;
}

unsafe fn traverse(
    ob: Ptr,
    visit: unsafe extern "C" fn(Ptr, *mut c_void) -> c_int,
    arg: *mut c_void,
) {
    // SAFETY: a live object of a GC type.
    unsafe {
        if let Some(traverse) = (*(*ob).ob_type).tp_traverse {
            traverse(ob, Some(visit), arg);
        }
    }
}

/// Calls `body` with each header of a list; the next one is read first, so `body` may move the current one.
unsafe fn each(list: *mut Head, mut body: impl FnMut(*mut Head)) {
    // SAFETY: a whole list.
    unsafe {
        let mut item = list::next(list);
        while item != list {
            let next = list::next(item);
            body(item);
            item = next;
        }
    }
}

/// The objects of `base` that nothing outside of it reaches move to `unreachable`, marked as `COLLECTING`.
unsafe fn find_unreachable(base: *mut Head, unreachable: *mut Head) {
    // SAFETY: two whole lists; the masks of the one are cleared before any Python code runs.
    unsafe {
        count_references(base);
        subtract_internal(base);
        split(base, unreachable);
        clear_masks(unreachable);
    }
}

/// Each header gets its object's count and the mark `COLLECTING`.
unsafe fn count_references(list: *mut Head) {
    // SAFETY: a whole list: `_gc_next` still links it.
    unsafe {
        each(list, |item| {
            let ob = Borrowed::<Object>::from_ptr(list::object(item));
            if ob.is_immortal() {
                // Nobody can tell who holds it, so it is left alone for good.
                list::remove(item);
                return;
            }
            let count = ob.ref_count() as usize;
            (*item)._gc_prev = (*item)._gc_prev & FINALIZED | COLLECTING | count << PREV_SHIFT;
        });
    }
}

unsafe extern "C" fn subtract_one(ob: Ptr, _: *mut c_void) -> c_int {
    // SAFETY: `tp_traverse` gives live objects.
    unsafe {
        if is_gc_object(ob) {
            let head = &mut *head_of(ob);
            if is_collecting(head) && references(head) > 0 {
                set_references(head, references(head) - 1);
            }
        }
    }
    0
}

unsafe fn subtract_internal(list: *mut Head) {
    // SAFETY: links in `_gc_next` are whole.
    unsafe {
        let mut item = list::next(list);
        while item != list {
            traverse(list::object(item), subtract_one, std::ptr::null_mut());
            item = list::next(item);
        }
    }
}

/// Marks `ob` as reached from a living object: if it was taken for unreachable already, it comes back.
unsafe extern "C" fn reach(ob: Ptr, living: *mut c_void) -> c_int {
    // SAFETY: `tp_traverse` gives live objects; lists as `split` keeps them.
    unsafe {
        if !is_gc_object(ob) {
            return 0;
        }
        let head = head_of(ob);
        if !is_collecting(&*head) {
            return 0;
        }
        if (*head)._gc_next & NEXT_UNREACHABLE != 0 {
            let before = list::prev(head);
            let after = ((*head)._gc_next & !NEXT_UNREACHABLE) as *mut Head;
            (*before)._gc_next = (*head)._gc_next;
            list::set_prev(after, before);
            list::append(head, living.cast());
            set_references(&mut *head, 1);
        } else if references(&*head) == 0 {
            // Further on in the list: it will be looked at yet.
            set_references(&mut *head, 1);
        }
    }
    0
}

/// Goes through `living`: an object with references from outside stays and what it reaches is marked; one without
/// moves to `unreachable`, for now.
unsafe fn split(living: *mut Head, unreachable: *mut Head) {
    // SAFETY: `_gc_next` links what is still to be looked at; what is behind is whole in both directions.
    unsafe {
        let mut before = living;
        let mut item = list::next(living);
        while item != living {
            if references(&*item) != 0 {
                traverse(list::object(item), reach, living.cast());
                list::set_prev(item, before);
                (*item)._gc_prev &= !COLLECTING;
                before = item;
            } else {
                (*before)._gc_next = (*item)._gc_next;
                let last = (*unreachable)._gc_prev as *mut Head;
                (*last)._gc_next = NEXT_UNREACHABLE | item as usize;
                list::set_prev(item, last);
                (*item)._gc_next = NEXT_UNREACHABLE | unreachable as usize;
                (*unreachable)._gc_prev = item as usize;
            }
            item = list::next(before);
        }
        (*living)._gc_prev = before as usize;
        (*unreachable)._gc_next &= !NEXT_UNREACHABLE;
    }
}

unsafe fn clear_masks(unreachable: *mut Head) {
    // SAFETY: the list as `split` leaves it.
    unsafe {
        let mut item = list::next(unreachable);
        while item != unreachable {
            (*item)._gc_next &= !NEXT_UNREACHABLE;
            item = list::next(item);
        }
    }
}

/// Tuples that hold nothing collectable can never be part of a cycle.
unsafe fn untrack_tuples(list: *mut Head) {
    // SAFETY: a whole list of live objects.
    unsafe {
        each(list, |item| {
            let ob = Borrowed::<Object>::from_ptr(list::object(item));
            if !ob.is_exact::<Tuple>() {
                return;
            }
            // A place that C has not filled yet may still get anything.
            let settled = items_of_tuple(list::object(item)).iter().all(|&held| {
                !held.is_null()
                    && (!is_gc_object(held)
                        || Borrowed::<Object>::from_ptr(held).is_exact::<Tuple>()
                            && (*head_of(held))._gc_next == 0)
            });
            if settled {
                list::remove(item);
            }
        });
    }
}

/// The places of a tuple, which may be empty while it is filled in.
unsafe fn items_of_tuple<'a>(tuple: Ptr) -> &'a [Ptr] {
    // SAFETY: a live tuple: its items follow its size.
    unsafe {
        let tuple: *mut abi::PyTupleObject = tuple.cast();
        let count = (*tuple).ob_base.ob_size as usize;
        std::slice::from_raw_parts((&raw const (*tuple).ob_item).cast(), count)
    }
}

/// Objects with a `tp_del`, and what they reach, cannot be taken apart safely: nobody can say in which order.
unsafe fn set_legacy_aside(unreachable: *mut Head, legacy: *mut Head) {
    unsafe extern "C" fn take_along(ob: Ptr, legacy: *mut c_void) -> c_int {
        // SAFETY: `tp_traverse` gives live objects.
        unsafe {
            if is_gc_object(ob) && is_collecting(&*head_of(ob)) {
                list::move_to(head_of(ob), legacy.cast());
                (*head_of(ob))._gc_prev &= !COLLECTING;
            }
        }
        0
    }
    // SAFETY: whole lists.
    unsafe {
        each(unreachable, |item| {
            if has_legacy_finalizer(list::object(item)) {
                (*item)._gc_prev &= !COLLECTING;
                list::move_to(item, legacy);
            }
        });
        // The list grows at its end while it is gone through.
        let mut item = list::next(legacy);
        while item != legacy {
            traverse(list::object(item), take_along, legacy.cast());
            item = list::next(item);
        }
    }
}

unsafe fn has_legacy_finalizer(ob: Ptr) -> bool {
    // SAFETY: a live object.
    unsafe { (*(*ob).ob_type).tp_del.is_some() }
}

/// Clears the weak references to unreachable objects and calls the callbacks of those that are reachable themselves.
unsafe fn handle_weakrefs(th: &Thread, unreachable: *mut Head) {
    let mut calls = Vec::new();
    // SAFETY: live objects; nothing is released before the list was gone through.
    unsafe {
        each(unreachable, |item| {
            let ob = list::object(item);
            let handle = Borrowed::<Object>::from_ptr(ob);
            // Trash among weak references never calls back: its callback could see what is being taken apart.
            if weakref::is_reference(handle) {
                handle.cast::<WeakRef>().detach();
            }
            if (*(*ob).ob_type).tp_weaklistoffset == 0 {
                return;
            }
            for reference in weakref::all(handle) {
                let weak = reference.borrow().cast::<WeakRef>();
                weak.detach();
                let is_trash = is_collecting(&*head_of(reference.as_ptr()));
                if let Some(callback) = weak.callback().filter(|_| !is_trash) {
                    calls.push((reference.clone(), callback));
                }
            }
        });
    }
    weakref::run_callbacks(th, calls);
}

/// Clears all weak references to what is about to be taken apart, also those that finalisers made.
unsafe fn clear_weakrefs(garbage: *mut Head) {
    // SAFETY: live objects; the references are released after their detaching, which runs nothing.
    unsafe {
        each(garbage, |item| {
            let ob = list::object(item);
            if (*(*ob).ob_type).tp_weaklistoffset == 0 {
                return;
            }
            for reference in weakref::all(Borrowed::<Object>::from_ptr(ob)) {
                reference.borrow().cast::<WeakRef>().detach();
            }
        });
    }
}

/// Calls `tp_finalize` of each object, once in its life.
unsafe fn finalize(collectable: *mut Head) {
    local_list!(seen);
    // SAFETY: whole lists; each object is held while its finaliser runs.
    unsafe {
        while !list::is_empty(collectable) {
            let item = list::next(collectable);
            let ob = list::object(item);
            list::move_to(item, seen);
            let finalizer = (*(*ob).ob_type).tp_finalize;
            if let (Some(finalizer), false) = (finalizer, (*item)._gc_prev & FINALIZED != 0) {
                (*item)._gc_prev |= FINALIZED;
                let held = Borrowed::<Object>::from_ptr(ob).to_owned();
                finalizer(ob);
                drop(held);
            }
        }
        list::merge(seen, collectable);
    }
}

/// What finalisers brought back to life, and all it reaches, moves to `old`; the rest is in `still`.
unsafe fn keep_resurrected(unreachable: *mut Head, still: *mut Head, old: *mut Head) {
    // SAFETY: whole lists.
    unsafe {
        each(unreachable, |item| (*item)._gc_prev &= !COLLECTING);
        find_unreachable(unreachable, still);
        list::merge(unreachable, old);
    }
}

/// Breaks the cycles: `tp_clear` of each object that is still there.
unsafe fn delete(th: &Thread, collectable: *mut Head, old: *mut Head) {
    let gc = &th.interp().gc;
    // SAFETY: whole lists; each object is held while it is cleared.
    unsafe {
        while !list::is_empty(collectable) {
            let item = list::next(collectable);
            let ob = list::object(item);
            if gc.debug.get() & abi::_PyGC_DEBUG_SAVEALL != 0 {
                gc.keep_garbage(th, Borrowed::from_ptr(ob));
            } else if let Some(clear) = (*(*ob).ob_type).tp_clear {
                let held = Borrowed::<Object>::from_ptr(ob).to_owned();
                clear(ob);
                if th.is_raised() {
                    let name = held.type_name().to_string();
                    report::unraisable(th, &format!("Exception ignored in tp_clear of {name}"));
                }
                drop(held);
            }
            if list::next(collectable) == item {
                // It lives on; perhaps it dies later.
                (*item)._gc_prev &= !COLLECTING;
                list::move_to(item, old);
            }
        }
    }
}

/// What a collection found.
#[derive(Clone, Copy, Default)]
pub struct Found {
    pub collected: usize,
    pub uncollectable: usize,
}

/// Collects `generation` and the younger ones; answers how many unreachable objects there were.
pub fn collect(th: &Thread, generation: usize, reason: Reason) -> usize {
    let gc = &th.interp().gc;
    if gc.collecting.replace(true) {
        return 0;
    }
    if reason != Reason::Shutdown {
        report::callbacks(th, "start", generation, Found::default());
    }
    let clock = report::start(th, generation);
    // SAFETY: the attached thread collects; `collecting` keeps it from doing so twice.
    let found = unsafe { run(th, generation) };
    if let Some(clock) = clock {
        report::done(th, found, clock);
    }
    if th.is_raised() {
        if reason == Reason::Shutdown {
            drop(th.take_exception());
        } else {
            report::unraisable(th, "Exception ignored in garbage collection");
        }
    }
    gc.stats[generation].add(found);
    if reason != Reason::Shutdown {
        report::callbacks(th, "stop", generation, found);
    }
    gc.collecting.set(false);
    found.collected + found.uncollectable
}

unsafe fn run(th: &Thread, generation: usize) -> Found {
    let gc = &th.interp().gc;
    if let Some(count) = gc.count.get(generation + 1) {
        count.set(count.get() + 1);
    }
    gc.count[..=generation].iter().for_each(|count| count.set(0));
    let young = gc.lists.head(generation);
    let old = gc.lists.head((generation + 1).min(GENERATIONS - 1));
    local_list!(unreachable);
    local_list!(legacy);
    local_list!(garbage);
    let mut found = Found::default();
    // SAFETY: whole lists at each step.
    unsafe {
        for younger in 0..generation {
            list::merge(gc.lists.head(younger), young);
        }
        find_unreachable(young, unreachable);
        untrack_tuples(young);
        if young != old {
            if generation == GENERATIONS - 2 {
                gc.pending.set(gc.pending.get() + list::len(young));
            }
            list::merge(young, old);
        } else {
            gc.pending.set(0);
            gc.total.set(list::len(young));
        }
        set_legacy_aside(unreachable, legacy);
        if gc.debug.get() & abi::_PyGC_DEBUG_COLLECTABLE != 0 {
            report::each_object(th, "collectable", unreachable);
        }
        handle_weakrefs(th, unreachable);
        finalize(unreachable);
        keep_resurrected(unreachable, garbage, old);
        found.collected = list::len(garbage);
        clear_weakrefs(garbage);
        delete(th, garbage, old);
        found.uncollectable = list::len(legacy);
        if gc.debug.get() & abi::_PyGC_DEBUG_UNCOLLECTABLE != 0 {
            report::each_object(th, "uncollectable", legacy);
        }
        keep_legacy(th, legacy, old);
    }
    found
}

/// Shows what could not be taken apart in `gc.garbage`.
unsafe fn keep_legacy(th: &Thread, legacy: *mut Head, old: *mut Head) {
    let gc = &th.interp().gc;
    // SAFETY: a whole list.
    unsafe {
        each(legacy, |item| {
            let ob = list::object(item);
            if gc.debug.get() & abi::_PyGC_DEBUG_SAVEALL != 0 || has_legacy_finalizer(ob) {
                gc.keep_garbage(th, Borrowed::from_ptr(ob));
            }
        });
        list::merge(legacy, old);
    }
}

/// What the loop calls when a collection was asked for: the oldest generation that is due.
pub fn run_scheduled(th: &Thread) {
    let gc = &th.interp().gc;
    if !gc.enabled.get() || gc.collecting.get() {
        return;
    }
    // A full collection costs as much as there are old objects, so it waits until a quarter as many are new.
    let is_due = |generation: &usize| {
        let (count, threshold) = (&gc.count[*generation], &gc.threshold[*generation]);
        count.get() > threshold.get()
            && (*generation < GENERATIONS - 1 || gc.pending.get() >= gc.total.get() / 4)
    };
    if let Some(generation) = (0..GENERATIONS).rev().find(is_due) {
        collect(th, generation, Reason::Heap);
    }
}
