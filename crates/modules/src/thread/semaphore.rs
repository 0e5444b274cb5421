//! What a lock waits on: a binary semaphore of the system, which a signal can interrupt.
//!
//! Invariant: 1. the semaphore lies where it was made, and is destroyed only when nobody waits for it (the waiters hold
//! the `Arc`).

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use krait_eval::{gil, pending};
use krait_objects::prelude::*;

pub struct Semaphore(UnsafeCell<libc::sem_t>);

// SAFETY: a semaphore is made to be used by several threads.
unsafe impl Send for Semaphore {}
// SAFETY: as above.
unsafe impl Sync for Semaphore {}

/// How waiting ended.
enum Waited {
    Acquired,
    TimedOut,
    Interrupted,
}

impl Semaphore {
    /// One that is free.
    pub fn new() -> Arc<Semaphore> {
        // SAFETY: the memory of a semaphore may be zero until it is initialised, in its final place: (1).
        unsafe {
            let made = Arc::new(Semaphore(UnsafeCell::new(std::mem::zeroed())));
            libc::sem_init(made.0.get(), 0, 1);
            made
        }
    }

    /// Takes it if it is free.
    pub fn try_acquire(&self) -> bool {
        loop {
            // SAFETY: (1).
            if unsafe { libc::sem_trywait(self.0.get()) } == 0 {
                return true;
            }
            if std::io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
                return false;
            }
        }
    }

    /// Whether somebody holds it.
    pub fn is_held(&self) -> bool {
        let mut value = 0;
        // SAFETY: (1).
        unsafe { libc::sem_getvalue(self.0.get(), &mut value) };
        value <= 0
    }

    pub fn release(&self) {
        // SAFETY: (1).
        unsafe { libc::sem_post(self.0.get()) };
    }

    fn wait(&self, timeout: Option<Duration>) -> Waited {
        let until = timeout.map(|timeout| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let until = now.saturating_add(timeout);
            libc::timespec {
                tv_sec: i64::try_from(until.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: until.subsec_nanos().into(),
            }
        });
        // SAFETY: (1); the time lives during the call.
        let status = unsafe {
            match &until {
                None => libc::sem_wait(self.0.get()),
                Some(until) => libc::sem_timedwait(self.0.get(), until),
            }
        };
        match status {
            0 => Waited::Acquired,
            _ => match std::io::Error::last_os_error().raw_os_error() {
                Some(libc::EINTR) => Waited::Interrupted,
                _ => Waited::TimedOut,
            },
        }
    }

    /// Waits without the GIL, for ever or for a time; false if the time is over. Signal handlers run meanwhile, and
    /// what they raise ends the wait.
    pub fn acquire(&self, th: &Thread, timeout: Option<Duration>) -> PyResult<bool> {
        if self.try_acquire() {
            return Ok(true);
        }
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            match gil::without_gil(th, || self.wait(left)) {
                Waited::Acquired => return Ok(true),
                Waited::TimedOut => return Ok(false),
                Waited::Interrupted => pending::handle(th)?,
            }
        }
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        // SAFETY: (1): the last holder drops it.
        unsafe { libc::sem_destroy(self.0.get()) };
    }
}
