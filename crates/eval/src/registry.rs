//! The interpreters that live in the process: how a thread that is attached to none finds one.
//!
//! The list half of CPython's `_PyRuntime.interpreters`. It holds no objects: an entry is in it from an interpreter's
//! first step to its last.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};

use krait_objects::interp::Interpreter;
use krait_objects::thread::Thread;

use crate::gil::Gil;

/// A live interpreter.
#[derive(Clone)]
pub struct Entry {
    pub interp: *const Interpreter,
    pub gil: Gil,
    /// Whether it was made by another (`Py_NewInterpreter`).
    pub is_sub: bool,
    /// The state that it was started with.
    pub thread: *const Thread,
}

// SAFETY: the pointers are addresses here; who follows them holds the interpreter's lock.
unsafe impl Send for Entry {}

static LIVE: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// Zero is for interpreters that are nobody's sub-interpreter.
static NEXT_ID: AtomicI64 = AtomicI64::new(1);

fn live() -> MutexGuard<'static, Vec<Entry>> {
    LIVE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A number that no other sub-interpreter of this process has.
pub fn next_id() -> i64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

pub fn enter(entry: Entry) {
    live().push(entry);
}

pub fn leave(interp: *const Interpreter) {
    let mut live = live();
    live.retain(|entry| !std::ptr::eq(entry.interp, interp));
    if live.is_empty() {
        NEXT_ID.store(1, Ordering::Relaxed);
    }
}

/// The process's first interpreter.
pub fn main() -> Option<Entry> {
    live().iter().find(|entry| !entry.is_sub).cloned()
}

pub fn find(interp: *const Interpreter) -> Option<Entry> {
    live().iter().find(|entry| std::ptr::eq(entry.interp, interp)).cloned()
}

/// All of them, the oldest first.
pub fn all() -> Vec<Entry> {
    live().clone()
}
