//! A lock that a thread may take several times: what the import system and the warnings' filters are guarded by.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::ThreadId;

use krait_objects::prelude::*;

use crate::gil::without_gil;

#[derive(Default)]
struct State {
    /// Who holds it, and how often.
    holder: Mutex<Option<(ThreadId, usize)>>,
    freed: Condvar,
}

/// The lock. A forked child gets a new one, since the old one's memory may be in any state.
#[derive(Default)]
pub struct Lock(RefCell<Arc<State>>);

impl State {
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

impl Lock {
    fn state(&self) -> Arc<State> {
        self.0.borrow().clone()
    }

    /// Takes the lock; waits for other threads without the GIL.
    pub fn acquire(&self, th: &Thread) {
        let state = self.state();
        while !state.try_acquire() {
            without_gil(th, || {
                let mut holder = state.lock();
                while holder.is_some() {
                    holder =
                        state.freed.wait(holder).unwrap_or_else(|poisoned| poisoned.into_inner());
                }
            });
        }
    }

    /// Gives it back; false if this thread does not hold it.
    pub fn release(&self) -> bool {
        let state = self.state();
        let mut holder = state.lock();
        match *holder {
            Some((who, count)) if who == std::thread::current().id() => {
                *holder = if count == 1 { None } else { Some((who, count - 1)) };
                drop(holder);
                state.freed.notify_one();
                true
            }
            _ => false,
        }
    }

    pub fn is_held(&self) -> bool {
        self.state().lock().is_some()
    }

    /// In a forked child, where nobody holds it: neither another thread, which is gone, nor this one any longer.
    pub fn after_fork(&self) {
        // The old lock's memory is neither touched nor freed.
        std::mem::forget(self.0.replace(Arc::default()));
    }
}
