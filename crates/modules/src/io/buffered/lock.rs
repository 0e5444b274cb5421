//! The lock of a buffered stream: one thread at a time uses its buffer, and never twice at once.
//!
//! Invariant: 1. whoever reads or writes the cells is attached to the interpreter: they need no atomics.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard};

use krait_eval::gil::without_gil;
use krait_eval::thread_states;
use krait_objects::prelude::*;

/// Held while a stream's buffer and its raw stream are in use.
#[derive(Default)]
pub struct Lock {
    /// The state of the thread that has it, which is only compared; 0 for nobody.
    owner: Cell<usize>,
    /// How many threads wait for it.
    waiting: Cell<usize>,
    /// How often it was given back while others waited.
    times: Mutex<usize>,
    freed: Condvar,
}

/// The lock, held.
pub struct Held<'a>(&'a Lock);

impl Lock {
    /// Waits for other threads; RuntimeError if this one, in a signal handler or a finaliser, has it already.
    #[inline]
    pub fn enter<'a>(&'a self, th: &Thread, ob: Borrowed<'_>) -> PyResult<Held<'a>> {
        if self.owner.get() != 0 {
            self.wait(th, ob)?;
        }
        self.owner.set(std::ptr::from_ref(th).addr());
        Ok(Held(self))
    }

    fn times(&self) -> MutexGuard<'_, usize> {
        self.times.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Until nobody has it.
    #[cold]
    #[inline(never)]
    fn wait(&self, th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
        if self.owner.get() == std::ptr::from_ref(th).addr() {
            let shown = object::repr(th, ob)?;
            return Err(raise!(th, RUNTIME_ERROR, "reentrant call inside {}", &*shown));
        }
        self.waiting.set(self.waiting.get() + 1);
        // A thread that did not survive a fork never gives it back.
        while self.owner.get() != 0 && thread_states::is_live(th, self.owner.get()) {
            let seen = *self.times();
            without_gil(th, || {
                let mut times = self.times();
                while *times == seen {
                    times = self.freed.wait(times).unwrap_or_else(|poisoned| poisoned.into_inner());
                }
            });
        }
        self.waiting.set(self.waiting.get() - 1);
        Ok(())
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.owner.set(0);
        if self.0.waiting.get() > 0 {
            *self.0.times() += 1;
            self.0.freed.notify_all();
        }
    }
}
