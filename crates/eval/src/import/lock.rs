//! The import lock, which `importlib` holds while it looks for a module's own lock: one per interpreter.
//!
//! The same job as the import lock of CPython's `Python/import.c`.

use krait_objects::prelude::*;

use crate::reentrant::Lock;

#[derive(Default)]
struct ImportLock(Lock);

fn of(th: &Thread) -> &Lock {
    &th.interp().state::<ImportLock>().0
}

/// Takes the lock; waits for other threads without the GIL.
pub fn acquire(th: &Thread) {
    of(th).acquire(th);
}

/// Gives it back; false if this thread does not hold it.
pub fn release(th: &Thread) -> bool {
    of(th).release()
}

pub fn is_held(th: &Thread) -> bool {
    of(th).is_held()
}

/// In a forked child, whose parent took the lock for the fork.
pub fn after_fork(th: &Thread) {
    of(th).after_fork();
}
