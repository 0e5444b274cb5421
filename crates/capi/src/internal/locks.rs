//! `internal/pycore_lock.h`, `pycore_semaphore.h`, `pycore_critical_section.h`: locks of C structs.
//!
//! The structs' bits are the reference's, since inline functions of its headers read them. Who has to wait does so in the
//! parking lot. The same job as CPython's `Python/lock.c`.
//!
//! SAFETY, throughout: C passes live structs.

use std::ffi::{c_int, c_longlong, c_void};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, fence};

use krait_abi as abi;
use krait_eval::pending;
use krait_macros::capi;
use krait_objects::prelude::*;

use super::parking::{self, maybe_detached};
use crate::pythread;
use crate::support::*;

const LOCKED: u8 = 1;
const HAS_PARKED: u8 = 2;

unsafe fn event<'a>(event: *mut abi::PyEvent) -> &'a AtomicU8 {
    // SAFETY: see the top of the file.
    unsafe { AtomicU8::from_ptr(event.cast()) }
}

#[capi]
pub fn _PyEvent_IsSet(this: *mut abi::PyEvent) -> c_int {
    // SAFETY: see the top of the file.
    (unsafe { event(this) }.load(SeqCst) == LOCKED).into()
}

#[capi]
pub fn _PyEvent_Notify(this: *mut abi::PyEvent) {
    // SAFETY: see the top of the file.
    if unsafe { event(this) }.swap(LOCKED, SeqCst) == HAS_PARKED {
        parking::unpark_all(this as usize);
    }
}

fn wait(this: *mut abi::PyEvent, timeout: c_longlong, detach: c_int) -> bool {
    // SAFETY: see the top of the file.
    let state = unsafe { event(this) };
    loop {
        match state.compare_exchange(0, HAS_PARKED, SeqCst, SeqCst) {
            Err(LOCKED) => return true,
            _ if timeout == 0 => return false,
            _ => {}
        }
        let is_expected = || state.load(SeqCst) == HAS_PARKED;
        let park = || parking::park(this as usize, is_expected, timeout, std::ptr::null_mut());
        if maybe_detached(detach, park) == parking::TIMEOUT {
            return state.load(SeqCst) == LOCKED;
        }
    }
}

#[capi]
pub fn PyEvent_Wait(this: *mut abi::PyEvent) {
    wait(this, -1, 1);
}

#[capi]
pub fn PyEvent_WaitTimed(this: *mut abi::PyEvent, timeout: c_longlong, detach: c_int) -> c_int {
    wait(this, timeout, detach).into()
}

const DETACH: c_int = 1;
const HANDLE_SIGNALS: c_int = 2;
/// How long to wait before looking for signals.
const SLICE: i64 = 20_000_000;

/// Takes a lock by `attempt`, which waits for so many nanoseconds; handlers of signals run in between.
fn patiently(timeout: i64, flags: c_int, attempt: impl Fn(i64) -> bool) -> abi::PyLockStatus {
    if attempt(0) {
        return abi::PY_LOCK_ACQUIRED;
    }
    let detach = flags & DETACH;
    let Some(th) = Thread::current_or_none().filter(|_| flags & HANDLE_SIGNALS != 0) else {
        return maybe_detached(detach, || attempt(timeout)).into();
    };
    let end = parking::end_of(timeout);
    loop {
        let left = end.map_or(SLICE, |end| {
            let left = end.saturating_duration_since(std::time::Instant::now());
            left.as_nanos().min(SLICE as u128) as i64
        });
        if maybe_detached(detach, || attempt(left)) {
            return abi::PY_LOCK_ACQUIRED;
        }
        if left == 0 {
            return abi::PY_LOCK_FAILURE;
        }
        if pending::is_set(th) && pending::handle(th).is_err() {
            return abi::PY_LOCK_INTR;
        }
    }
}

#[capi]
pub fn _PyMutex_LockTimed(
    mutex: *mut abi::PyMutex,
    timeout: i64,
    flags: c_int,
) -> abi::PyLockStatus {
    // SAFETY: see the top of the file.
    patiently(timeout, flags, |timeout| unsafe { pythread::lock_timed(mutex, timeout) })
}

/// As `PyThread_acquire_lock_timed`, going on after signals; nanoseconds.
#[capi]
pub fn PyThread_acquire_lock_timed_with_retries(
    lock: *mut c_void,
    timeout: c_longlong,
) -> abi::PyLockStatus {
    patiently(timeout, DETACH | HANDLE_SIGNALS, |timeout| {
        let micros = if timeout < 0 { -1 } else { (timeout as u64).div_ceil(1000) as i64 };
        pythread::acquire(lock, micros) != 0
    })
}

const UNSET_TIMEOUT: c_longlong = -1_000_000_000;

#[capi]
pub fn PyThread_ParseTimeoutArg(
    th: &Thread,
    argument: Ptr,
    blocking: c_int,
    place: *mut c_longlong,
) -> PyResult<()> {
    // SAFETY: see the top of the file.
    let argument = unsafe { Borrowed::<Object>::from_ptr_or_null(argument) };
    let timeout = match argument.filter(|argument| !argument.is_none()) {
        None if blocking != 0 => UNSET_TIMEOUT,
        None => 0,
        Some(_) if blocking == 0 => {
            let message = "can't specify a timeout for a non-blocking call";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        Some(argument) => {
            let timeout = super::time::timeout(th, argument)?;
            if timeout < 0 {
                let message = "timeout value must be a non-negative number";
                return Err(th.raise(exc::VALUE_ERROR, message));
            }
            timeout
        }
    };
    // SAFETY: see the top of the file.
    unsafe { *place = timeout };
    Ok(())
}

type Recursive = *mut abi::_PyRecursiveMutex;

fn this_thread() -> u64 {
    // SAFETY: it takes nothing, and answers this thread's own number.
    unsafe { libc::pthread_self() as u64 }
}

unsafe fn is_mine(mutex: Recursive) -> bool {
    use std::sync::atomic::AtomicU64;
    // SAFETY: see the top of the file.
    unsafe { AtomicU64::from_ptr(&raw mut (*mutex).thread).load(SeqCst) == this_thread() }
}

#[capi]
pub fn _PyRecursiveMutex_IsLockedByCurrentThread(mutex: Recursive) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { is_mine(mutex) }.into()
}

#[capi]
pub fn _PyRecursiveMutex_Lock(mutex: Recursive) {
    // SAFETY: see the top of the file; the owner alone changes the level.
    unsafe {
        if is_mine(mutex) {
            (*mutex).level += 1;
            return;
        }
        pythread::PyMutex_Lock(&raw mut (*mutex).mutex);
        (*mutex).thread = this_thread();
    }
}

#[capi]
pub fn _PyRecursiveMutex_Unlock(mutex: Recursive) {
    // SAFETY: see the top of the file.
    unsafe {
        if !is_mine(mutex) {
            krait_objects::fatal(
                "unlocking a recursive mutex that is not owned by the current thread",
            );
        }
        if (*mutex).level > 0 {
            (*mutex).level -= 1;
            return;
        }
        (*mutex).thread = 0;
        pythread::PyMutex_Unlock(&raw mut (*mutex).mutex);
    }
}

/// Of readers' and writers' locks: a writer has it; somebody waits; the readers, counted in the bits above.
const WRITING: usize = 1;
const WAITED_FOR: usize = 2;
const READER: usize = 4;

unsafe fn lock_when(lock: *mut usize, is_free: impl Fn(usize) -> bool, change: usize) {
    // SAFETY: see the top of the file.
    let bits = unsafe { AtomicUsize::from_ptr(lock) };
    loop {
        let now = bits.load(SeqCst);
        if is_free(now) {
            if bits.compare_exchange(now, now + change, SeqCst, SeqCst).is_ok() {
                return;
            }
            continue;
        }
        let waiting = now | WAITED_FOR;
        if bits.compare_exchange(now, waiting, SeqCst, SeqCst).is_ok() {
            let is_expected = || bits.load(SeqCst) == waiting;
            let park = || parking::park(lock as usize, is_expected, -1, std::ptr::null_mut());
            maybe_detached(1, park);
        }
    }
}

#[capi]
pub fn _PyRWMutex_RLock(lock: *mut usize) {
    // SAFETY: see the top of the file. Who waits for writing goes first.
    unsafe { lock_when(lock, |bits| bits & (WRITING | WAITED_FOR) == 0, READER) }
}

#[capi]
pub fn _PyRWMutex_RUnlock(lock: *mut usize) {
    // SAFETY: see the top of the file.
    let left = unsafe { AtomicUsize::from_ptr(lock) }.fetch_sub(READER, SeqCst) - READER;
    if left == WAITED_FOR {
        parking::unpark_all(lock as usize);
    }
}

#[capi]
pub fn _PyRWMutex_Lock(lock: *mut usize) {
    // SAFETY: see the top of the file.
    unsafe { lock_when(lock, |bits| bits & !WAITED_FOR == 0, WRITING) }
}

#[capi]
pub fn _PyRWMutex_Unlock(lock: *mut usize) {
    // SAFETY: see the top of the file.
    let before = unsafe { AtomicUsize::from_ptr(lock) }.swap(0, SeqCst);
    if before & WAITED_FOR != 0 {
        parking::unpark_all(lock as usize);
    }
}

/// An odd number says that somebody writes.
unsafe fn sequence<'a>(lock: *mut u32) -> &'a AtomicU32 {
    // SAFETY: see the top of the file.
    unsafe { AtomicU32::from_ptr(lock) }
}

#[capi]
pub fn _PySeqLock_LockWrite(lock: *mut u32) {
    // SAFETY: see the top of the file.
    let sequence = unsafe { sequence(lock) };
    let lock = |now: u32| (now & 1 == 0).then_some(now.wrapping_add(1));
    while sequence.fetch_update(SeqCst, SeqCst, lock).is_err() {
        std::thread::yield_now();
    }
}

#[capi]
pub fn _PySeqLock_AbandonWrite(lock: *mut u32) {
    // SAFETY: see the top of the file.
    unsafe { sequence(lock) }.fetch_sub(1, SeqCst);
}

#[capi]
pub fn _PySeqLock_UnlockWrite(lock: *mut u32) {
    // SAFETY: see the top of the file.
    unsafe { sequence(lock) }.fetch_add(1, SeqCst);
}

#[capi]
pub fn _PySeqLock_BeginRead(lock: *mut u32) -> u32 {
    // SAFETY: see the top of the file.
    let sequence = unsafe { sequence(lock) };
    loop {
        let now = sequence.load(SeqCst);
        if now & 1 == 0 {
            return now;
        }
        std::thread::yield_now();
    }
}

#[capi]
pub fn _PySeqLock_EndRead(lock: *mut u32, before: u32) -> c_int {
    fence(SeqCst);
    // SAFETY: see the top of the file.
    if unsafe { sequence(lock) }.load(SeqCst) == before {
        return 1;
    }
    std::thread::yield_now();
    0
}

#[capi]
pub fn _PySeqLock_AfterFork(lock: *mut u32) -> c_int {
    // SAFETY: see the top of the file.
    let sequence = unsafe { sequence(lock) };
    let was_locked = sequence.load(SeqCst) & 1 != 0;
    if was_locked {
        sequence.store(0, SeqCst);
    }
    was_locked.into()
}

type Semaphore = *mut libc::sem_t;

#[capi]
pub fn _PySemaphore_Init(semaphore: Semaphore) {
    // SAFETY: see the top of the file.
    if unsafe { libc::sem_init(semaphore, 0, 0) } < 0 {
        krait_objects::fatal("parking_lot: sem_init failed");
    }
}

#[capi]
pub fn _PySemaphore_Destroy(semaphore: Semaphore) {
    // SAFETY: see the top of the file.
    unsafe { libc::sem_destroy(semaphore) };
}

#[capi]
pub fn _PySemaphore_Wakeup(semaphore: Semaphore) {
    // SAFETY: see the top of the file.
    unsafe { libc::sem_post(semaphore) };
}

#[capi]
pub fn _PySemaphore_Wait(semaphore: Semaphore, timeout: i64, detach: c_int) -> c_int {
    // SAFETY: see the top of the file; the error number is the thread's own.
    let wait = || unsafe {
        let status = if timeout < 0 {
            libc::sem_wait(semaphore)
        } else {
            let end = crate::time::read(libc::CLOCK_REALTIME).saturating_add(timeout);
            let end = libc::timespec { tv_sec: end / 1_000_000_000, tv_nsec: end % 1_000_000_000 };
            libc::sem_timedwait(semaphore, &end)
        };
        match (status, *libc::__errno_location()) {
            (0, _) => parking::OK,
            (_, libc::ETIMEDOUT) => parking::TIMEOUT,
            (_, libc::EINTR) => parking::INTERRUPTED,
            _ => krait_objects::fatal("unexpected error from semaphore"),
        }
    };
    maybe_detached(detach, wait)
}

/// The GIL protects what critical sections would.
#[capi]
pub fn _PyCriticalSection_BeginSlow(_section: *mut c_void, _mutex: *mut abi::PyMutex) {}

#[capi]
pub fn _PyCriticalSection2_BeginSlow(
    _section: *mut c_void,
    _first: *mut abi::PyMutex,
    _second: *mut abi::PyMutex,
    _is_first_locked: c_int,
) {
}

#[capi]
pub fn _PyCriticalSection_Resume(_state: *mut abi::PyThreadState) {}

#[capi]
pub fn _PyCriticalSection_SuspendAll(_state: *mut abi::PyThreadState) {}

/// Who holds the GIL has stopped the others.
#[capi]
pub fn _PyEval_StopTheWorld(_interp: *mut abi::PyInterpreterState) {}

#[capi]
pub fn _PyEval_StartTheWorld(_interp: *mut abi::PyInterpreterState) {}
