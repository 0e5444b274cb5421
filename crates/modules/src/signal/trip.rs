//! From the arrival of a signal to its handler in Python.
//!
//! The system's handler may do almost nothing: it marks the signal, sets a bit in the main thread's eval breaker, and writes to
//! the wake-up descriptor. The loop then calls `run`. Signals belong to the process, so what the system's
//! handler needs is process-wide; the interpreter that installed its handlers last is the one that gets them.
//!
//! Invariant: 1. `MAIN` is null or points to the state of the main thread of a live interpreter.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};

use krait_eval::pending;
use krait_objects::prelude::*;

/// One more than the largest signal.
pub const COUNT: usize = 65;

static TRIPPED: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
static ANY: AtomicBool = AtomicBool::new(false);
static MAIN: AtomicPtr<Thread> = AtomicPtr::new(std::ptr::null_mut());
static WAKEUP: AtomicI32 = AtomicI32::new(-1);
/// Whether a full pipe behind `WAKEUP` is to be told of.
static WARNS: AtomicBool = AtomicBool::new(true);
/// The error number of the last failure to write to `WAKEUP` that nobody was told of, or 0.
static FAILED: AtomicI32 = AtomicI32::new(0);

/// Notes that a signal has arrived. Called in signal handlers: no locks, no memory.
pub fn trip(signal: c_int) {
    let Some(tripped) = usize::try_from(signal).ok().and_then(|at| TRIPPED.get(at)) else {
        return;
    };
    tripped.store(true, Ordering::Relaxed);
    ANY.store(true, Ordering::Release);
    ask_main();
    let descriptor = WAKEUP.load(Ordering::Acquire);
    if descriptor == -1 {
        return;
    }
    let error = write_byte(descriptor, signal as u8);
    if error != 0 && (error != libc::EAGAIN || WARNS.load(Ordering::Relaxed)) {
        FAILED.store(error, Ordering::Relaxed);
        // The main thread may have looked already.
        ANY.store(true, Ordering::Release);
        ask_main();
    }
}

/// Has the main thread call `take_each`.
fn ask_main() {
    // SAFETY: (1).
    if let Some(main) = unsafe { MAIN.load(Ordering::Acquire).as_ref() } {
        pending::request(main, pending::SIGNALS_PENDING);
    }
}

/// The error number, or 0.
fn write_byte(descriptor: c_int, byte: u8) -> c_int {
    loop {
        // SAFETY: one byte of a local; writing is allowed in signal handlers, and so is reading the error number.
        let error = unsafe {
            match libc::write(descriptor, (&raw const byte).cast(), 1) {
                1.. => return 0,
                _ => *libc::__errno_location(),
            }
        };
        if error != libc::EINTR {
            return error;
        }
    }
}

/// What the system calls.
pub extern "C" fn on_signal(signal: c_int) {
    // SAFETY: the thread's own error number, which the interrupted code may be about to read.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        trip(signal);
        *errno = saved;
    }
}

/// From here on signals go to the thread `th`, or to nobody.
pub fn set_main(th: Option<&Thread>) {
    let th = th.map_or(std::ptr::null_mut(), |th| std::ptr::from_ref(th).cast_mut());
    MAIN.store(th, Ordering::Release);
}

/// In a forked child: what had arrived was for the parent, and signals go to the thread that is left.
pub fn after_fork(th: &Thread) {
    if MAIN.load(Ordering::Acquire).is_null() {
        return;
    }
    set_main(Some(th));
    ANY.store(false, Ordering::Release);
    FAILED.store(0, Ordering::Relaxed);
    for tripped in &TRIPPED {
        tripped.store(false, Ordering::Relaxed);
    }
    pending::withdraw(th, pending::SIGNALS_PENDING);
}

/// Whether `th` is the thread that signals go to.
pub fn is_main(th: &Thread) -> bool {
    std::ptr::eq(MAIN.load(Ordering::Acquire), th)
}

/// Where a byte is written for each signal, and whether it is told of if there is no room; the old descriptor comes back.
pub fn set_wakeup(descriptor: c_int, warns: bool) -> c_int {
    let old = WAKEUP.swap(-1, Ordering::AcqRel);
    WARNS.store(warns, Ordering::Relaxed);
    WAKEUP.store(descriptor, Ordering::Release);
    old
}

/// The error number of a failure to write to the wake-up descriptor, once.
pub fn take_failure() -> Option<c_int> {
    Some(FAILED.swap(0, Ordering::Relaxed)).filter(|error| *error != 0)
}

/// Calls `handle` for each signal that has arrived, in the order of their numbers. After an error the others wait for
/// the next time.
pub fn take_each(th: &Thread, mut handle: impl FnMut(c_int) -> PyResult<()>) -> PyResult<()> {
    if !is_main(th) || !ANY.swap(false, Ordering::AcqRel) {
        return Ok(());
    }
    for (signal, tripped) in TRIPPED.iter().enumerate().skip(1) {
        if tripped.swap(false, Ordering::AcqRel) {
            if let Err(raised) = handle(signal as c_int) {
                ANY.store(true, Ordering::Release);
                pending::request(th, pending::SIGNALS_PENDING);
                return Err(raised);
            }
        }
    }
    Ok(())
}
