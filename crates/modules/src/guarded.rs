//! State of an object that threads may reach while one of them works on it without the GIL.
//!
//! What CPython does with a `PyMutex` in hash and compression objects.

use std::cell::OnceCell;
use std::sync::{Mutex, MutexGuard, TryLockError};

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;

/// A value behind a lock. All zeros, as an object's memory begins, it holds nothing.
pub struct Guarded<T>(OnceCell<Box<Mutex<T>>>);

impl<T: Send> Guarded<T> {
    /// Gives a new object its state, once.
    pub fn fill(&self, th: &Thread, value: T) -> PyResult<()> {
        self.0.set(Box::new(Mutex::new(value))).map_err(|_| th.bad_internal_call())
    }

    /// The value, for this thread alone until the guard is dropped.
    pub fn lock(&self, th: &Thread) -> PyResult<MutexGuard<'_, T>> {
        let Some(state) = self.0.get() else {
            return Err(th.bad_internal_call());
        };
        loop {
            match state.try_lock() {
                Ok(guard) => return Ok(guard),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                // Someone works on it without the GIL: wait for them without it as well.
                Err(TryLockError::WouldBlock) => without_gil(th, || drop(state.lock())),
            }
        }
    }
}
