//! The eval breaker: one word of the thread that the loop tests on back edges, calls and `RESUME`.
//!
//! Whoever wants the loop to stop for a moment sets a bit from any thread; `handle` does what the bits ask
//! for. The parts that belong to the interpreter's life (signals, pending calls, the GIL) plug in as hooks.
//! The same job as `_Py_HandlePending` in CPython's `Python/ceval_gil.c`.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use krait_abi as abi;
use krait_objects::prelude::*;

pub const GIL_DROP_REQUEST: usize = abi::_PY_GIL_DROP_REQUEST_BIT as usize;
pub const SIGNALS_PENDING: usize = abi::_PY_SIGNALS_PENDING_BIT as usize;
pub const CALLS_TO_DO: usize = abi::_PY_CALLS_TO_DO_BIT as usize;
pub const ASYNC_EXCEPTION: usize = abi::_PY_ASYNC_EXCEPTION_BIT as usize;
/// Another process wants something of this thread.
pub const PLEASE_STOP: usize = abi::_PY_EVAL_PLEASE_STOP_BIT as usize;
pub const GC_SCHEDULED: usize = abi::_PY_GC_SCHEDULED_BIT as usize;
/// A function of C runs the frames (`interpreter::evaluator`). Stays set as long as that is so.
pub const EVALUATOR: usize = abi::_PY_EVAL_EXPLICIT_MERGE_BIT as usize;
/// A tool listens everywhere: code must have its hooks before it runs. Stays set as long as that is so.
pub const MONITORING: usize = 1 << 7;
const EVENTS: usize = abi::_PY_EVAL_EVENTS_MASK as usize;

/// What the bits call for.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Runs the handlers of signals that have arrived.
    pub signals: fn(&Thread) -> PyResult<()>,
    /// Runs what `Py_AddPendingCall` has queued.
    pub calls: fn(&Thread) -> PyResult<()>,
    /// Collects garbage.
    pub collect: fn(&Thread),
    /// Lets another thread have the GIL for a while.
    pub yield_gil: fn(&Thread),
}

impl Default for Hooks {
    fn default() -> Hooks {
        Hooks {
            signals: |_| Ok(()),
            calls: crate::pending_calls::run,
            collect: krait_objects::gc::run_scheduled,
            yield_gil: |_| {},
        }
    }
}

/// The interpreter's hooks.
#[derive(Default)]
pub struct Pending {
    pub hooks: Cell<Hooks>,
}

fn word(th: &Thread) -> &AtomicUsize {
    // SAFETY: the word is only accessed atomically (and read once, plainly, by the loop).
    unsafe { AtomicUsize::from_ptr(&raw mut (*th.raw()).eval_breaker) }
}

/// Asks the thread's loop to stop for `bits`.
pub fn request(th: &Thread, bits: usize) {
    word(th).fetch_or(bits, Ordering::Release);
}

/// Whether anything is asked for.
#[inline(always)]
pub fn is_set(th: &Thread) -> bool {
    word(th).load(Ordering::Relaxed) & EVENTS != 0
}

/// Whether `bits` are asked for.
#[inline(always)]
pub fn has(th: &Thread, bits: usize) -> bool {
    word(th).load(Ordering::Relaxed) & bits != 0
}

/// Takes a request back, answering whether there was one.
fn take(th: &Thread, bit: usize) -> bool {
    word(th).fetch_and(!bit, Ordering::AcqRel) & bit != 0
}

/// Takes requests back without doing anything about them.
pub fn withdraw(th: &Thread, bits: usize) {
    take(th, bits);
}

/// Does what is asked for. An error is the exception of a signal handler, of a pending call, or one that
/// another thread has sent.
#[cold]
#[inline(never)]
pub fn handle(th: &Thread) -> PyResult<()> {
    let hooks = th.interp().state::<Pending>().hooks.get();
    if th.interp().forward.is_setting_up(th) {
        // The rest waits: it would run code of the program's while there is no importlib.
        if take(th, GIL_DROP_REQUEST) {
            (hooks.yield_gil)(th);
        }
        return Ok(());
    }
    if take(th, PLEASE_STOP) {
        crate::remote::run_asked(th);
    }
    if take(th, SIGNALS_PENDING) {
        (hooks.signals)(th)?;
    }
    if take(th, CALLS_TO_DO) {
        (hooks.calls)(th)?;
    }
    if take(th, GC_SCHEDULED) {
        (hooks.collect)(th);
    }
    if take(th, GIL_DROP_REQUEST) {
        (hooks.yield_gil)(th);
    }
    if take(th, ASYNC_EXCEPTION) {
        // SAFETY: the field owns its reference.
        let sent = unsafe {
            let sent = std::mem::replace(&mut (*th.raw()).async_exc, std::ptr::null_mut());
            Owned::<Object>::from_ptr_or_null(sent)
        };
        if let Some(class) = sent.and_then(|sent| sent.downcast::<Type>().ok()) {
            return Err(th.raise_in(class.borrow(), None));
        }
    }
    Ok(())
}
