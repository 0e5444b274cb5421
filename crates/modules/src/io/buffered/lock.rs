//! The lock of a buffered stream: one thread at a time uses its buffer, and never twice at once.

use std::sync::{Condvar, Mutex};

use krait_eval::gil::without_gil;
use krait_eval::thread_states;
use krait_objects::prelude::*;

/// Held while a stream's buffer and its raw stream are in use.
#[derive(Default)]
pub struct Lock {
    /// The state of the thread that has it; it is only compared.
    owner: Mutex<Option<usize>>,
    freed: Condvar,
}

/// The lock, held.
pub struct Held<'a>(&'a Lock);

impl Lock {
    /// Waits for other threads; RuntimeError if this one, in a signal handler or a finaliser, has it already.
    pub fn enter<'a>(&'a self, th: &Thread, ob: Borrowed<'_>) -> PyResult<Held<'a>> {
        let me = std::ptr::from_ref(th).addr();
        let mut owner = self.owner.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match *owner {
            None => *owner = Some(me),
            Some(other) if other == me => {
                drop(owner);
                let shown = object::repr(th, ob)?;
                return Err(raise!(th, RUNTIME_ERROR, "reentrant call inside {}", &*shown));
            }
            // Its thread did not survive a fork: nobody would ever free it.
            Some(other) if !thread_states::is_live(th, other) => *owner = Some(me),
            Some(_) => {
                drop(owner);
                without_gil(th, || {
                    let mut owner =
                        self.owner.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    while owner.is_some() {
                        owner =
                            self.freed.wait(owner).unwrap_or_else(|poisoned| poisoned.into_inner());
                    }
                    *owner = Some(me);
                });
            }
        }
        Ok(Held(self))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *self.0.owner.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
        self.0.freed.notify_one();
    }
}
