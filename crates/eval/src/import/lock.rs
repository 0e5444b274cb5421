//! The import lock, which `importlib` holds while it looks for a module's own lock: one per interpreter, and a thread may
//! take it several times.
//!
//! The same job as the import lock of CPython's `Python/import.c`.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::ThreadId;

use krait_objects::prelude::*;

use crate::gil::without_gil;

#[derive(Default)]
struct Lock {
    /// Who holds it, and how often.
    holder: Mutex<Option<(ThreadId, usize)>>,
    freed: Condvar,
}

/// The interpreter's lock. A forked child gets a new one, since the old one's state may be anything.
#[derive(Default)]
struct Kept(RefCell<Arc<Lock>>);

fn of(th: &Thread) -> Arc<Lock> {
    th.interp().state::<Kept>().0.borrow().clone()
}

impl Lock {
    fn lock(&self) -> MutexGuard<'_, Option<(ThreadId, usize)>> {
        self.holder.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes it if it is free or this thread's own.
    fn try_acquire(&self) -> bool {
        let me = std::thread::current().id();
        let mut holder = self.lock();
        match *holder {
            None => *holder = Some((me, 1)),
            Some((who, count)) if who == me => *holder = Some((me, count + 1)),
            Some(_) => return false,
        }
        true
    }
}

/// Takes the lock; waits for other threads without the GIL.
pub fn acquire(th: &Thread) {
    let lock = of(th);
    while !lock.try_acquire() {
        without_gil(th, || {
            let mut holder = lock.lock();
            while holder.is_some() {
                holder = lock.freed.wait(holder).unwrap_or_else(|poisoned| poisoned.into_inner());
            }
        });
    }
}

/// Gives it back; false if this thread does not hold it.
pub fn release(th: &Thread) -> bool {
    let lock = of(th);
    let mut holder = lock.lock();
    match *holder {
        Some((who, count)) if who == std::thread::current().id() => {
            *holder = if count == 1 { None } else { Some((who, count - 1)) };
            drop(holder);
            lock.freed.notify_one();
            true
        }
        _ => false,
    }
}

pub fn is_held(th: &Thread) -> bool {
    of(th).lock().is_some()
}

/// In a forked child, whose parent's thread held the lock: only what that thread did otherwise remains.
pub fn after_fork(th: &Thread) {
    // The old lock's memory may be in any state: it is neither touched nor freed.
    let old = th.interp().state::<Kept>().0.replace(Arc::default());
    std::mem::forget(old);
}
