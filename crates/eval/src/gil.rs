//! The global interpreter lock: one thread at a time runs an interpreter's code.
//!
//! A thread that waits for longer than the switch interval asks the holder to let go, and the holder hands over
//! at its next back edge or call. The same job as CPython's `Python/ceval_gil.c`.

use std::cell::Cell;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use krait_objects::prelude::*;

use crate::pending;

/// What protects an interpreter.
#[derive(Default)]
struct Lock {
    state: Mutex<State>,
    /// Somebody let go.
    free: Condvar,
    /// Somebody else took it, or nobody wants it any more.
    switched: Condvar,
    /// The holder's thread state, so that a waiter can ask it to let go.
    holder: AtomicPtr<Thread>,
    interval_micros: AtomicU64,
}

#[derive(Default)]
struct State {
    held: bool,
    /// Counts changes of hands: a holder that was asked waits until someone else has had it.
    switches: u64,
    /// Threads that wait for `free`, and for `switched`: without any, nobody is woken, which costs a system call.
    waiting: usize,
    watching: usize,
    /// At the interpreter's end: the address of the only thread state that may still take the lock.
    only: Option<usize>,
}

impl State {
    fn is_closed_to(&self, thread: *const Thread) -> bool {
        self.only.is_some_and(|only| only != thread.addr())
    }
}

/// An interpreter's lock, shared with the threads that wait for it.
#[derive(Clone, Default)]
pub struct Gil(Arc<Lock>);

#[derive(Default)]
struct Kept(Cell<Option<Gil>>);

const DEFAULT_INTERVAL: u64 = 5000;

/// The lock of the current interpreter. Only an attached thread may ask; it keeps a clone while detached.
pub fn of(th: &Thread) -> Gil {
    let kept = &th.interp().state::<Kept>().0;
    let gil = kept.take().unwrap_or_default();
    kept.set(Some(gil.clone()));
    gil
}

impl Gil {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn interval(&self) -> Duration {
        match self.0.interval_micros.load(Ordering::Relaxed) {
            0 => Duration::from_micros(DEFAULT_INTERVAL),
            micros => Duration::from_micros(micros),
        }
    }

    /// Waits for the lock and takes it for `thread`.
    ///
    /// # Safety
    /// `thread` is a live state of the interpreter, not attached anywhere.
    pub unsafe fn acquire(&self, thread: *const Thread) {
        let mut state = self.lock();
        state.waiting += 1;
        while state.held {
            let before = state.switches;
            let (guard, timeout) = self
                .0
                .free
                .wait_timeout(state, self.interval())
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            state = guard;
            if state.is_closed_to(thread) {
                break;
            }
            if timeout.timed_out() && state.held && state.switches == before {
                // SAFETY: the holder clears the pointer, under this lock, before it lets go.
                if let Some(holder) = unsafe { self.0.holder.load(Ordering::Acquire).as_ref() } {
                    pending::request(holder, pending::GIL_DROP_REQUEST);
                }
            }
        }
        state.waiting -= 1;
        if state.is_closed_to(thread) {
            // The interpreter is ending or gone. A daemon thread can neither go on nor unwind: it sleeps for good.
            drop(state);
            self.0.free.notify_all();
            self.0.switched.notify_all();
            loop {
                std::thread::park();
            }
        }
        state.held = true;
        state.switches += 1;
        self.0.holder.store(thread.cast_mut(), Ordering::Release);
        if state.watching > 0 {
            self.0.switched.notify_all();
        }
    }

    /// Lets go.
    pub fn release(&self) {
        let mut state = self.lock();
        self.0.holder.store(std::ptr::null_mut(), Ordering::Release);
        state.held = false;
        let wanted = state.waiting > 0;
        drop(state);
        if wanted {
            self.0.free.notify_one();
        }
    }

    /// From here on only `thread` gets the lock: the interpreter is ending.
    pub fn close(&self, thread: &Thread) {
        self.lock().only = Some(std::ptr::from_ref(thread).addr());
        self.0.free.notify_all();
    }

    /// Waits until someone else has had the lock, if anyone wants it.
    fn wait_for_switch(&self, before: u64) {
        let mut state = self.lock();
        state.watching += 1;
        while state.waiting > 0 && state.switches == before {
            state = self.0.switched.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.watching -= 1;
    }
}

/// Runs `body` without the GIL: for calls that block. It must not touch objects.
pub fn without_gil<T>(th: &Thread, body: impl FnOnce() -> T) -> T {
    let gil = of(th);
    // SAFETY: the thread gives the GIL up, and takes it back before it is used again.
    unsafe {
        Thread::swap_current(std::ptr::null());
        gil.release();
        let result = body();
        gil.acquire(th);
        Thread::swap_current(th);
        result
    }
}

/// In a forked child, where only the calling thread is left, which holds the lock: the lock's memory may be in any state, as
/// other threads left it, so it is made anew in its place.
pub fn after_fork(th: &Thread) {
    let gil = of(th);
    let lock = &*gil.0;
    let state = State { held: true, switches: 1, ..State::default() };
    // SAFETY: no other thread is there to use them, and all of their memory may change behind a shared reference.
    unsafe {
        (&raw const lock.state).cast_mut().write(Mutex::new(state));
        (&raw const lock.free).cast_mut().write(Condvar::new());
        (&raw const lock.switched).cast_mut().write(Condvar::new());
    }
    lock.holder.store(std::ptr::from_ref(th).cast_mut(), Ordering::Release);
    pending::withdraw(th, pending::GIL_DROP_REQUEST);
}

/// Lets another thread have the GIL, as asked.
pub fn yield_to_others(th: &Thread) {
    let gil = of(th);
    let before = gil.lock().switches;
    without_gil(th, || gil.wait_for_switch(before));
}

pub fn switch_interval(th: &Thread) -> Duration {
    of(th).interval()
}

/// `seconds` is positive.
pub fn set_switch_interval(th: &Thread, seconds: f64) {
    let micros = (seconds * 1e6).clamp(1.0, u32::MAX.into());
    of(th).0.interval_micros.store(micros as u64, Ordering::Relaxed);
}
