//! The global interpreter lock: one thread at a time runs an interpreter's code.
//!
//! A thread that waits for longer than the switch interval asks the holder to let go, and the holder hands over
//! at its next back edge or call. An interpreter has a lock of its own or shares the main interpreter's. The same job
//! as CPython's `Python/ceval_gil.c`.
//!
//! A lock that nobody waits for is taken and given up by one atomic step on `Lock::word`. While the word has the bit `WATCHED`, it changes only
//! under the mutex.

use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use crate::interpreter::evaluator;
use crate::{monitoring, pending};

/// What protects an interpreter.
#[derive(Default)]
struct Lock {
    /// `HELD` and `WATCHED`.
    word: AtomicU32,
    state: Mutex<State>,
    /// Somebody let go.
    free: Condvar,
    /// Somebody else took it, or nobody wants it any more.
    switched: Condvar,
    /// The holder's thread state, so that a waiter can ask it to let go.
    holder: AtomicPtr<Thread>,
    /// Of the interpreters that share a heap, the one that ran last: it lies there.
    heap: AtomicPtr<Interpreter>,
    interval_micros: AtomicU64,
}

/// Of `Lock::word`: a thread has the lock.
const HELD: u32 = 1;
/// Of `Lock::word`: a thread waits, for the lock or for a change of hands.
const WATCHED: u32 = 2;

#[derive(Default)]
struct State {
    /// Counts changes of hands while somebody waits: a holder that was asked waits until someone else has had it.
    switches: u64,
    /// Threads that wait for `free`, and for `switched`: without any, nobody is woken, which costs a system call.
    waiting: usize,
    watching: usize,
}

/// An interpreter's lock, shared with the threads that wait for it and, maybe, with other interpreters.
#[derive(Clone, Default)]
pub struct Gil {
    lock: Arc<Lock>,
    /// At the interpreter's end: the address of the only thread state that may still take the lock.
    only: Arc<AtomicUsize>,
}

const DEFAULT_INTERVAL: u64 = 5000;

/// The lock of a state's interpreter.
pub fn of(th: &Thread) -> &Gil {
    let lock = th.lock(|| Arc::new(Gil::default()));
    lock.downcast_ref().expect("a state is given its lock in this file only")
}

/// Gives a new state its interpreter's lock.
pub fn give(th: &Thread, gil: &Gil) {
    th.lock(|| Arc::new(gil.clone()));
}

/// Waits for the lock and attaches this OS thread with `thread`.
///
/// # Safety
/// A live state that is attached nowhere; this OS thread is attached with none.
pub unsafe fn attach(thread: *const Thread) {
    // SAFETY: the caller's promise; the lock protects what follows.
    unsafe {
        of(&*thread).acquire(thread);
        let raw = (*thread).raw();
        // A state comes back to its own thread most of the time: no system call for what it knows.
        let own = libc::pthread_self();
        if (*raw).thread_id != own || Thread::own() != thread {
            (*raw).thread_id = own;
            (*raw).native_thread_id = libc::syscall(libc::SYS_gettid) as _;
            Thread::swap_current(thread);
            // It may be new. Those that are known are told of tools while they are detached.
            monitoring::greet(&*thread);
        } else {
            Thread::swap_current(thread);
        }
        evaluator::greet(&*thread);
    }
}

/// Detaches this OS thread and gives the lock up.
pub fn detach(th: &Thread) {
    let lock = Arc::as_ptr(&of(th).lock);
    th.interp().gil.release();
    // SAFETY: the lock is given up with it. It is there as long as this thread holds it; the state, and with it the lock, may be gone as soon as
    // another thread runs, so it is kept where giving it up takes more than one step.
    unsafe {
        Thread::swap_current(std::ptr::null());
        if !(*lock).let_go_unwatched() {
            Arc::increment_strong_count(lock);
            Arc::from_raw(lock).let_go();
        }
    }
}

impl Lock {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn take_unwatched(&self) -> bool {
        self.word.compare_exchange(0, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Whether this was done: after that the lock is not touched any more. Whoever begins to wait after that sees no holder.
    fn let_go_unwatched(&self) -> bool {
        self.holder.store(std::ptr::null_mut(), Ordering::Release);
        self.word.compare_exchange(HELD, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Lets go, and wakes who waits.
    #[cold]
    fn let_go(&self) {
        let state = self.locked();
        self.word.fetch_and(!HELD, Ordering::Release);
        let wanted = state.waiting > 0;
        drop(state);
        if wanted {
            self.free.notify_one();
        }
    }

    /// Somebody is about to wait.
    fn watch(&self) {
        self.word.fetch_or(WATCHED, Ordering::AcqRel);
    }

    /// Somebody does not wait any more.
    fn unwatch(&self, state: &State) {
        if state.waiting == 0 && state.watching == 0 {
            self.word.fetch_and(!WATCHED, Ordering::Release);
        }
    }
}

impl Gil {
    /// The same lock for another interpreter.
    pub fn shared(&self) -> Gil {
        Gil { lock: self.lock.clone(), only: Arc::default() }
    }

    /// Whether both wait for each other's holders.
    pub fn is_same(&self, other: &Gil) -> bool {
        Arc::ptr_eq(&self.lock, &other.lock)
    }

    fn is_closed_to(&self, thread: *const Thread) -> bool {
        let only = self.only.load(Ordering::Acquire);
        only != 0 && only != thread.addr()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.lock.locked()
    }

    fn interval(&self) -> Duration {
        match self.lock.interval_micros.load(Ordering::Relaxed) {
            0 => Duration::from_micros(DEFAULT_INTERVAL),
            micros => Duration::from_micros(micros),
        }
    }

    /// Waits for the lock and takes it for `thread`.
    ///
    /// # Safety
    /// `thread` is a live state of the interpreter, not attached anywhere.
    pub unsafe fn acquire(&self, thread: *const Thread) {
        if !self.lock.take_unwatched() {
            // SAFETY: the caller's promise.
            unsafe { self.wait_and_take(thread) };
        } else if self.is_closed_to(thread) {
            self.release();
            self.sleep_for_good();
        }
        self.lock.holder.store(thread.cast_mut(), Ordering::Release);
        // SAFETY: the caller's promise.
        let interp = unsafe { (*thread).interp() };
        interp.gil.take(thread);
        if interp.shares_heap.get() {
            self.fetch_heap(interp);
        }
    }

    /// Takes a lock that is held, or that others wait for.
    ///
    /// # Safety
    /// As for `acquire`.
    #[cold]
    unsafe fn wait_and_take(&self, thread: *const Thread) {
        let lock = &*self.lock;
        let mut state = self.lock();
        state.waiting += 1;
        lock.watch();
        while lock.word.load(Ordering::Acquire) & HELD != 0 {
            let before = state.switches;
            let (guard, timeout) = lock
                .free
                .wait_timeout(state, self.interval())
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            state = guard;
            if self.is_closed_to(thread) {
                break;
            }
            let held = lock.word.load(Ordering::Acquire) & HELD != 0;
            if timeout.timed_out() && held && state.switches == before {
                // SAFETY: the holder clears the pointer before it lets go, and lets go under this mutex, as it is watched.
                if let Some(holder) = unsafe { lock.holder.load(Ordering::Acquire).as_ref() } {
                    pending::request(holder, pending::GIL_DROP_REQUEST);
                }
            }
        }
        state.waiting -= 1;
        if self.is_closed_to(thread) {
            lock.unwatch(&state);
            drop(state);
            self.sleep_for_good();
        }
        lock.word.fetch_or(HELD, Ordering::Acquire);
        lock.unwatch(&state);
        state.switches += 1;
        if state.watching > 0 {
            lock.switched.notify_all();
        }
    }

    /// The interpreter is ending or gone. A daemon thread can neither go on nor unwind.
    #[cold]
    fn sleep_for_good(&self) -> ! {
        self.lock.free.notify_all();
        self.lock.switched.notify_all();
        loop {
            std::thread::park();
        }
    }

    /// The heap that interpreters share lies in the one that runs, so that none needs a step more to reach it than one
    /// with a heap of its own.
    fn fetch_heap(&self, interp: &Interpreter) {
        let here = std::ptr::from_ref(interp).cast_mut();
        let before = self.lock.heap.load(Ordering::Relaxed);
        if !std::ptr::eq(before, here) {
            self.lock.heap.store(here, Ordering::Relaxed);
            // SAFETY: under the lock; who goes leaves the heap to another one (`leave_heap`).
            if let Some(before) = unsafe { before.as_ref() } {
                // SAFETY: as above: whoever ran in it has let go.
                unsafe { interp.exchange_heap(before) };
            }
        }
    }

    /// An interpreter goes: the heap that it shares is left to the main one, or goes with it.
    ///
    /// # Safety
    /// The calling thread holds the lock, and `interp` is not used any more.
    pub unsafe fn leave_heap(&self, interp: &Interpreter, main: Option<&Interpreter>) {
        if interp.is_guest()
            && let Some(main) = main
        {
            self.fetch_heap(main);
        } else if std::ptr::eq(self.lock.heap.load(Ordering::Relaxed), interp) {
            self.lock.heap.store(std::ptr::null_mut(), Ordering::Relaxed);
        }
    }

    /// Lets go.
    pub fn release(&self) {
        if !self.lock.let_go_unwatched() {
            self.lock.let_go();
        }
    }

    /// From here on only `thread` gets the lock: the interpreter is ending.
    pub fn close(&self, thread: &Thread) {
        let state = self.lock();
        self.only.store(std::ptr::from_ref(thread).addr(), Ordering::Release);
        drop(state);
        self.lock.free.notify_all();
    }

    /// Waits until someone else has had the lock, if anyone wants it.
    fn wait_for_switch(&self, before: u64) {
        let mut state = self.lock();
        state.watching += 1;
        self.lock.watch();
        while state.waiting > 0 && state.switches == before {
            state = self.lock.switched.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.watching -= 1;
        self.lock.unwatch(&state);
    }
}

/// Runs `body` without the GIL: for calls that block. It must not touch objects.
pub fn without_gil<T>(th: &Thread, body: impl FnOnce() -> T) -> T {
    let gil = of(th);
    // SAFETY: the thread gives the GIL up, and takes it back before it is used again.
    unsafe {
        Thread::swap_current(std::ptr::null());
        th.interp().gil.release();
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
    let lock = &*gil.lock;
    let state = State { switches: 1, ..State::default() };
    // SAFETY: no other thread is there to use them, and all of their memory may change behind a shared reference.
    unsafe {
        (&raw const lock.state).cast_mut().write(Mutex::new(state));
        (&raw const lock.free).cast_mut().write(Condvar::new());
        (&raw const lock.switched).cast_mut().write(Condvar::new());
    }
    lock.word.store(HELD, Ordering::Release);
    lock.holder.store(std::ptr::from_ref(th).cast_mut(), Ordering::Release);
    // SAFETY: the state is ours; the thread goes by another number in the child.
    unsafe { (*th.raw()).native_thread_id = libc::syscall(libc::SYS_gettid) as _ };
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
    of(th).lock.interval_micros.store(micros as u64, Ordering::Relaxed);
}
