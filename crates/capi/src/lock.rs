//! `cpython/lock.h`, `cpython/critical_section.h`: mutexes of one byte, and critical sections.
//!
//! The headers take a free mutex inline; here is the case that somebody has it. A waiting thread gives up the GIL.
//! Critical sections are there for interpreters without a GIL: here the GIL is one.

use std::ffi::c_int;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use krait_abi::{PyCriticalSection, PyCriticalSection2, PyMutex};
use krait_macros::capi;
use krait_objects::prelude::Thread;

use crate::runtime;
use crate::support::Ptr;

const LOCKED: u8 = 1;
/// Somebody waits, so that unlocking has to wake.
const WAITED_FOR: u8 = 2;

/// Where threads wait for any mutex: those who cannot have theirs go on waiting.
static WAITING: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

/// # Safety
/// C passes a mutex, whose only member is the byte.
unsafe fn bits<'a>(mutex: *mut PyMutex) -> &'a AtomicU8 {
    // SAFETY: the caller's promise; everybody accesses it atomically.
    unsafe { AtomicU8::from_ptr(mutex.cast()) }
}

#[capi]
pub fn PyMutex_Lock(mutex: *mut PyMutex) {
    // SAFETY: C passes a mutex.
    let bits = unsafe { bits(mutex) };
    if bits.compare_exchange(0, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok() {
        return;
    }
    let attached = Thread::current_or_none().map(|_| runtime::detach());
    let (lock, changed) = &WAITING;
    let mut guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
    // The bit is set and looked at under the lock, so no wake-up is missed.
    while bits.fetch_or(LOCKED | WAITED_FOR, Ordering::Acquire) & LOCKED != 0 {
        guard = changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
    }
    drop(guard);
    if let Some(th) = attached {
        // SAFETY: the state that was given up above.
        unsafe { runtime::attach(th) };
    }
}

#[capi]
pub fn PyMutex_Unlock(mutex: *mut PyMutex) {
    // SAFETY: C passes a mutex.
    let bits = unsafe { bits(mutex) };
    match bits.compare_exchange(LOCKED, 0, Ordering::Release, Ordering::Relaxed) {
        Ok(_) => {}
        Err(found) if found & LOCKED == 0 => {
            crate::lifecycle::fatal_error("PyMutex_Unlock", "unlocking mutex that is not locked")
        }
        Err(_) => {
            let _guard = WAITING.0.lock().unwrap_or_else(PoisonError::into_inner);
            bits.store(0, Ordering::Release);
            WAITING.1.notify_all();
        }
    }
}

#[capi]
pub fn PyMutex_IsLocked(mutex: *mut PyMutex) -> c_int {
    // SAFETY: C passes a mutex.
    let bits = unsafe { bits(mutex) };
    (bits.load(Ordering::Relaxed) & LOCKED != 0).into()
}

#[capi]
pub fn PyCriticalSection_Begin(_section: *mut PyCriticalSection, _ob: Ptr) {}

#[capi]
pub fn PyCriticalSection_BeginMutex(_section: *mut PyCriticalSection, _mutex: *mut PyMutex) {}

#[capi]
pub fn PyCriticalSection_End(_section: *mut PyCriticalSection) {}

#[capi]
pub fn PyCriticalSection2_Begin(_section: *mut PyCriticalSection2, _first: Ptr, _second: Ptr) {}

#[capi]
pub fn PyCriticalSection2_BeginMutex(
    _section: *mut PyCriticalSection2,
    _first: *mut PyMutex,
    _second: *mut PyMutex,
) {
}

#[capi]
pub fn PyCriticalSection2_End(_section: *mut PyCriticalSection2) {}
