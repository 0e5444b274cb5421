//! The interpreters that live in the process, and their thread states: how a thread that is attached to none finds one.
//!
//! The list halves of CPython's `_PyRuntime.interpreters` and `PyInterpreterState.threads`. What is here may be asked for
//! without any interpreter's lock, so it holds no objects: an entry is in it from an interpreter's first step to its last.
//!
//! Invariants:
//! 1. A state is in its interpreter's list from its making until it is freed, and linked to its neighbours there.
//! 2. The list's lock is never held while waiting for an interpreter's.

use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use krait_objects::interp::{Interpreter, Lent};
use krait_objects::thread::Thread;

use crate::gil::{self, Gil};
use crate::pending;
use crate::runtime;
use crate::subs::{Origin, Settings};

/// A live interpreter.
#[derive(Clone)]
pub struct Entry {
    pub id: i64,
    pub interp: *const Interpreter,
    pub gil: Gil,
    /// Whether it was made by another (`Py_NewInterpreter`).
    pub is_sub: bool,
    /// The state that it was started with.
    pub thread: *const Thread,
    pub settings: Settings,
    pub origin: Origin,
    /// Whether it has come up, and not begun to end.
    pub is_ready: bool,
    /// Whether a thread runs its `__main__`.
    pub runs_main: bool,
    /// How many handles Python programs have of it.
    pub handles: i64,
    /// Whether it ends with the last handle.
    pub ends_with_handles: bool,
}

struct Live {
    entry: Entry,
    /// The newest last.
    states: Vec<*const Thread>,
    last_number: u64,
}

// SAFETY: the pointers are addresses here; who follows them holds the interpreter's lock.
unsafe impl Send for Live {}

static LIVE: Mutex<Vec<Live>> = Mutex::new(Vec::new());

/// The memory of the last interpreter that loaded extension modules and is nobody's sub-interpreter. It stays when that ends:
/// what C++ has in variables of a thread or of the process dies later, and may look at Python objects that it never released,
/// as greenlet's does.
static LENT_TO_C: Mutex<Option<Arc<Lent>>> = Mutex::new(None);

/// Zero is for interpreters that are nobody's sub-interpreter.
static NEXT_ID: AtomicI64 = AtomicI64::new(1);

fn live() -> MutexGuard<'static, Vec<Live>> {
    LIVE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The number that the next sub-interpreter gets.
pub fn upcoming_id() -> i64 {
    NEXT_ID.load(Ordering::Relaxed)
}

fn lent_to_c() -> MutexGuard<'static, Option<Arc<Lent>>> {
    LENT_TO_C.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// An extension module is loaded, or the process ends with the interpreter: its memory is to outlive it, until `take_back`.
pub fn lend_to_c(interp: &Interpreter) {
    let mut lent = lent_to_c();
    if lent.as_ref().is_some_and(|lent| Arc::ptr_eq(lent, &interp.lent)) {
        return;
    }
    interp.lent.add();
    if let Some(earlier) = lent.replace(interp.lent.clone()) {
        earlier.remove();
    }
}

/// Another interpreter starts: what is left of the one before it goes.
pub fn take_back() {
    let mut lent = lent_to_c();
    if lent.as_ref().is_some_and(|lent| lent.is_left())
        && let Some(earlier) = lent.take()
    {
        earlier.remove();
    }
}

/// A number that no other sub-interpreter of this process has.
pub fn next_id() -> i64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// Enters a new interpreter with its first state.
pub fn enter(entry: Entry) {
    gil_and_link(&entry.gil, &[], entry.thread);
    let states = vec![entry.thread];
    let mut live = live();
    live.push(Live { entry, states, last_number: 1 });
    show(&live);
}

/// Links the interpreters to each other, the newest first, where debuggers look for them.
fn show(live: &[Live]) {
    let mut older = null_mut();
    for one in live {
        // SAFETY: an entry's interpreter and first state are live; what is written is atomic.
        unsafe {
            let interp = &*one.entry.interp;
            interp.next.store(older, Ordering::Release);
            interp.threads.main.store(one.entry.thread.cast_mut().cast(), Ordering::Release);
        }
        older = one.entry.interp.cast_mut();
    }
    let main = live.iter().find(|one| !one.entry.is_sub);
    runtime::show(older, main.map(|one| (one.entry.interp, one.entry.thread)));
}

/// Takes an interpreter out; the states that it has left.
pub fn leave(interp: *const Interpreter) -> Vec<*const Thread> {
    let mut live = live();
    let at = live.iter().position(|one| std::ptr::eq(one.entry.interp, interp));
    let gone = at.map(|at| live.remove(at));
    show(&live);
    if live.is_empty() {
        NEXT_ID.store(1, Ordering::Relaxed);
    }
    gone.map_or_else(Vec::new, |gone| gone.states)
}

/// The process's first interpreter.
pub fn main() -> Option<Entry> {
    live().iter().find(|one| !one.entry.is_sub).map(|one| one.entry.clone())
}

/// The interpreter whose heap this thread's shares: its own, or the main one, which is under the same lock.
pub fn heap_owner(th: &Thread) -> &Interpreter {
    let shared = if th.interp().is_guest() { main() } else { None };
    // SAFETY: the main interpreter outlives the others, and this thread holds its lock.
    shared.map_or(th.interp(), |main| unsafe { &*main.interp })
}

/// The system's number of the thread that the main interpreter was started in.
pub fn main_ident() -> Option<u64> {
    let live = live();
    let main = live.iter().find(|one| !one.entry.is_sub)?;
    // SAFETY: a live state (1), whose number changes with the thread that is attached with it only.
    Some(unsafe { (*(*main.entry.thread).raw()).thread_id })
}

pub fn find(interp: *const Interpreter) -> Option<Entry> {
    let live = live();
    live.iter().find(|one| std::ptr::eq(one.entry.interp, interp)).map(|one| one.entry.clone())
}

pub fn find_id(id: i64) -> Option<Entry> {
    live().iter().find(|one| one.entry.id == id).map(|one| one.entry.clone())
}

/// All of them, the oldest first.
pub fn all() -> Vec<Entry> {
    live().iter().map(|one| one.entry.clone()).collect()
}

/// Changes an interpreter's entry; `None` if it is gone.
pub fn update<T>(id: i64, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
    live().iter_mut().find(|one| one.entry.id == id).map(|one| change(&mut one.entry))
}

/// As `update`, by address: hosts have several interpreters that are nobody's sub-interpreter.
pub fn update_interp(interp: *const Interpreter, change: impl FnOnce(&mut Entry)) {
    if let Some(one) = live().iter_mut().find(|one| std::ptr::eq(one.entry.interp, interp)) {
        change(&mut one.entry);
    }
}

/// A new state of a live interpreter, attached nowhere; `None` if there is no such interpreter.
pub fn new_state(interp: *const Interpreter) -> Option<Box<Thread>> {
    let mut live = live();
    let one = live.iter_mut().find(|one| std::ptr::eq(one.entry.interp, interp))?;
    one.last_number += 1;
    // SAFETY: an entry's interpreter is live; the new state's fields only read its recursion limit.
    let thread = Thread::new(unsafe { &*interp }, one.last_number);
    gil_and_link(&one.entry.gil, &one.states, &*thread);
    one.states.push(&*thread);
    Some(thread)
}

/// Whether a state still is one of this OS thread's: another thread may have ended its interpreter.
pub fn is_mine(thread: *const Thread) -> bool {
    // SAFETY: in the list, so live (1); asking for one's own number cannot fail.
    live().iter().any(|one| one.states.contains(&thread))
        && unsafe { (*(*thread).raw()).thread_id == libc::pthread_self() }
}

fn gil_and_link(gil: &Gil, states: &[*const Thread], thread: *const Thread) {
    // SAFETY: a new state; its neighbour is live (1).
    unsafe {
        gil::give(&*thread, gil);
        let raw = (*thread).raw();
        (*raw).prev = null_mut();
        (*raw).next = null_mut();
        if let Some(&newest) = states.last() {
            (*raw).next = (*newest).raw();
            (*(*newest).raw()).prev = raw;
        }
        (*thread).interp().threads.head.store(raw, Ordering::Release);
    }
}

/// Takes a state out of its interpreter's list, before it is freed.
pub fn leave_state(thread: *const Thread) {
    let mut live = live();
    // SAFETY: the state still is live, and so are its neighbours (1).
    unsafe {
        let raw = (*thread).raw();
        let interp: *const Interpreter = (*raw).interp.cast();
        if let Some(one) = live.iter_mut().find(|one| std::ptr::eq(one.entry.interp, interp)) {
            one.states.retain(|&known| !std::ptr::eq(known, thread));
            match (*raw).prev.as_mut() {
                Some(newer) => newer.next = (*raw).next,
                None => (*interp).threads.head.store((*raw).next, Ordering::Release),
            }
            if let Some(older) = (*raw).next.as_mut() {
                older.prev = (*raw).prev;
            }
        }
    }
}

/// The states of an interpreter, the newest first.
pub fn states(interp: *const Interpreter) -> Vec<*const Thread> {
    let live = live();
    let one = live.iter().find(|one| std::ptr::eq(one.entry.interp, interp));
    one.map_or_else(Vec::new, |one| one.states.iter().rev().copied().collect())
}

/// As `states`, for who may neither wait nor allocate, as a handler of signals: as many as there is room for. None if the list
/// does not come to rest.
pub fn peek_states(interp: *const Interpreter, found: &mut [*const Thread]) -> usize {
    for _ in 0..1000 {
        let live = match LIVE.try_lock() {
            Ok(live) => live,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                std::hint::spin_loop();
                continue;
            }
        };
        let one = live.iter().find(|one| std::ptr::eq(one.entry.interp, interp));
        let states = one.map_or(&[][..], |one| &one.states);
        for (place, &state) in found.iter_mut().zip(states.iter().rev()) {
            *place = state;
        }
        return found.len().min(states.len());
    }
    0
}

/// Asks every thread of an interpreter for something (`pending`).
pub fn request(interp: *const Interpreter, bits: usize) {
    let live = live();
    for one in live.iter().filter(|one| std::ptr::eq(one.entry.interp, interp)) {
        // SAFETY: live states (1).
        one.states.iter().for_each(|&state| unsafe { pending::request(&*state, bits) });
    }
}

/// The same of the thread that the main interpreter was started in.
pub fn request_of_main(bits: usize) {
    if let Some(main) = live().iter().find(|one| !one.entry.is_sub) {
        // SAFETY: a live state (1), which the interpreter has as long as it lives.
        unsafe { pending::request(&*main.entry.thread, bits) };
    }
}

/// The newest state of an interpreter.
pub fn newest_state(interp: *const Interpreter) -> *const Thread {
    states(interp).first().copied().unwrap_or(null())
}

/// In a forked child only the calling thread is left, and of the interpreters only its own can still end.
pub fn after_fork(th: &Thread) {
    // The lock may be in any state, as a thread that is gone left it.
    let lock = (&raw const LIVE).cast_mut();
    // SAFETY: nobody else is left to use it, and all of its memory may change behind a shared reference; the old list, which
    // another thread may have been changing, is left as it is unless nobody held it.
    unsafe {
        let kept = match (*lock).try_lock() {
            Ok(mut live) => std::mem::take(&mut *live),
            Err(_) => Vec::new(),
        };
        let mut kept = kept;
        kept.retain_mut(|one| {
            let mine = std::ptr::eq(one.entry.interp, th.interp());
            one.states.retain(|&state| std::ptr::eq(state, th));
            mine
        });
        let raw = th.raw();
        (*raw).next = null_mut();
        (*raw).prev = null_mut();
        for one in &mut kept {
            one.entry.thread = th;
        }
        th.interp().threads.head.store(raw, Ordering::Release);
        show(&kept);
        lock.write(Mutex::new(kept));
    }
}
