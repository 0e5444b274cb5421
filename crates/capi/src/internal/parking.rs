//! `internal/pycore_parking_lot.h`: threads that sleep until another wakes them by an address.
//!
//! Sleepers are in queues by address, a lock to each. The same job as CPython's `Python/parking_lot.c`.
//!
//! Invariant: 1. A waiter is in the queue of its address from when it goes to sleep until it is taken out, by itself or by
//! who wakes it, under the queue's lock; it lives on the stack of its thread, which does not leave before.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use krait_macros::capi;

use crate::runtime;

pub const OK: c_int = 0;
pub const AGAIN: c_int = -1;
pub const TIMEOUT: c_int = -2;
pub const INTERRUPTED: c_int = -3;

struct Waiter {
    address: usize,
    argument: *mut c_void,
    woken: Condvar,
    is_woken: std::cell::Cell<bool>,
}

/// A waiter in a queue (1).
struct Queued(*const Waiter);

// SAFETY: (1): touched under the queue's lock.
unsafe impl Send for Queued {}

type Queue = Vec<Queued>;

const QUEUES: usize = 61;
static LOT: [Mutex<Queue>; QUEUES] = [const { Mutex::new(Vec::new()) }; QUEUES];

fn queue(address: usize) -> MutexGuard<'static, Queue> {
    let queue = LOT[(address >> 3 ^ address) % QUEUES].lock();
    queue.unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The end of a time-out in nanoseconds; negative is none.
pub fn end_of(timeout: i64) -> Option<Instant> {
    let timeout = u64::try_from(timeout).ok()?;
    Instant::now().checked_add(Duration::from_nanos(timeout))
}

/// Sleeps until woken, if the memory at `address` is as expected.
pub fn park(
    address: usize,
    is_expected: impl FnOnce() -> bool,
    timeout: i64,
    argument: *mut c_void,
) -> c_int {
    let end = end_of(timeout);
    let waiter =
        Waiter { address, argument, woken: Condvar::new(), is_woken: std::cell::Cell::new(false) };
    let mut waiting = queue(address);
    if !is_expected() {
        return AGAIN;
    }
    waiting.push(Queued(&waiter));
    while !waiter.is_woken.get() {
        waiting = match end {
            None => waiter.woken.wait(waiting).unwrap_or_else(|poisoned| poisoned.into_inner()),
            Some(end) => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    waiting.retain(|queued| !std::ptr::eq(queued.0, &waiter));
                    return TIMEOUT;
                }
                let waited = waiter.woken.wait_timeout(waiting, left);
                waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0
            }
        };
    }
    OK
}

fn wake(queued: &Queued) {
    // SAFETY: (1): taken out just now, under the lock that its thread needs to go on.
    unsafe {
        (*queued.0).is_woken.set(true);
        (*queued.0).woken.notify_one();
    }
}

fn is_at(queued: &Queued, address: usize) -> bool {
    // SAFETY: (1).
    unsafe { (*queued.0).address == address }
}

pub fn unpark_all(address: usize) {
    queue(address).extract_if(.., |queued| is_at(queued, address)).for_each(|one| wake(&one));
}

/// Runs `body` without the GIL if asked to.
pub fn maybe_detached<T>(detach: c_int, body: impl FnOnce() -> T) -> T {
    if detach != 0 { runtime::detached(body) } else { body() }
}

/// The memory at `address`, of the size of an integer.
unsafe fn value(address: *const c_void, size: usize) -> u64 {
    use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};
    let address = address.cast_mut();
    // SAFETY: C passes so many bytes, which others may change.
    unsafe {
        match size {
            1 => AtomicU8::from_ptr(address.cast()).load(SeqCst).into(),
            2 => AtomicU16::from_ptr(address.cast()).load(SeqCst).into(),
            4 => AtomicU32::from_ptr(address.cast()).load(SeqCst).into(),
            _ => AtomicU64::from_ptr(address.cast()).load(SeqCst),
        }
    }
}

#[capi]
pub fn _PyParkingLot_Park(
    address: *const c_void,
    expected: *const c_void,
    size: usize,
    timeout: i64,
    argument: *mut c_void,
    detach: c_int,
) -> c_int {
    // SAFETY: C passes memory of that size, twice.
    let is_expected = || unsafe { value(address, size) == value(expected, size) };
    maybe_detached(detach, || park(address as usize, is_expected, timeout, argument))
}

type Unpark = unsafe extern "C" fn(*mut c_void, *mut c_void, c_int);

/// Wakes the first; `function` is told of it before, or that there is none.
#[capi]
pub fn _PyParkingLot_Unpark(
    address: *const c_void,
    function: Option<Unpark>,
    argument: *mut c_void,
) {
    let address = address as usize;
    let mut waiting = queue(address);
    let first = waiting.iter().position(|queued| is_at(queued, address));
    let first = first.map(|at| waiting.remove(at));
    let more = waiting.iter().any(|queued| is_at(queued, address));
    // SAFETY: (1), and C's own function.
    unsafe {
        if let Some(function) = function {
            let its = first.as_ref().map_or(null_mut(), |first| (*first.0).argument);
            function(argument, its, more.into());
        }
    }
    if let Some(first) = first {
        wake(&first);
    }
}

#[capi]
pub fn _PyParkingLot_UnparkAll(address: *const c_void) {
    unpark_all(address as usize);
}

/// The other threads are not there any more.
#[capi]
pub fn _PyParkingLot_AfterFork() {
    for queue in &LOT {
        if let Ok(mut queue) = queue.try_lock() {
            queue.clear();
        }
    }
}
