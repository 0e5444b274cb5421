//! Starting threads, and `_thread._ThreadHandle`, which waits for their end.

use std::cell::RefCell;
use std::os::unix::thread::JoinHandleExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use krait_eval::{gil, pending, registry, subs, thread_states};
use krait_objects::prelude::*;
use krait_objects::typeobj;

use super::timeout;
use super::{ident, threads};

/// Where a thread is in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    NotStarted,
    Starting,
    Running,
    Done,
}

struct State {
    phase: Phase,
    ident: u64,
}

/// What a thread and those who wait for it share.
pub struct Shared {
    state: Mutex<State>,
    done: Condvar,
}

/// All threads that were started here and may not have ended yet.
#[derive(Default)]
struct Started(RefCell<Vec<Weak<Shared>>>);

/// In a forked child: the other threads are over.
pub fn after_fork(th: &Thread) {
    let started = th.interp().state::<Started>().0.take();
    let known = th.interp().state::<NonDaemon>().0.take();
    for shared in started.iter().filter_map(Weak::upgrade) {
        shared.after_fork();
    }
    let mine = |shared: &Arc<Shared>| shared.lock().phase == Phase::Running;
    let started = started.into_iter().filter(|shared| shared.upgrade().as_ref().is_some_and(mine));
    th.interp().state::<Started>().0.replace(started.collect());
    th.interp().state::<NonDaemon>().0.replace(known.into_iter().filter(mine).collect());
}

impl Shared {
    /// The lock may be in any state, as a thread that is gone left it: it is made anew.
    fn after_fork(&self) {
        // SAFETY: nobody else is left to use them, and all of their memory may change behind a shared reference.
        unsafe {
            let state = (&raw const self.state).cast_mut();
            // Only this thread's own can be told by its number, and nobody else ever writes to that.
            let ident = self.state.try_lock().map_or(0, |state| state.ident);
            let phase = if ident == super::ident() { Phase::Running } else { Phase::Done };
            state.write(Mutex::new(State { phase, ident }));
            (&raw const self.done).cast_mut().write(Condvar::new());
        }
    }

    fn new(phase: Phase, ident: u64) -> Arc<Shared> {
        Arc::new(Shared { state: Mutex::new(State { phase, ident }), done: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether it was not started yet; from now on it is.
    fn begin(&self) -> bool {
        let mut state = self.lock();
        let is_first = state.phase == Phase::NotStarted;
        if is_first {
            state.phase = Phase::Starting;
        }
        is_first
    }

    fn set(&self, phase: Phase) {
        self.lock().phase = phase;
        self.done.notify_all();
    }

    /// Waits for the end, for ever or for a time: false if it is over. Without the GIL; in slices, so that signals
    /// that arrive in the main thread are seen.
    fn wait(&self, th: &Thread, timeout: Option<Duration>) -> PyResult<bool> {
        const SLICE: Duration = Duration::from_millis(50);
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            if self.lock().phase == Phase::Done {
                return Ok(true);
            }
            // Other threads run no more, so it would never end.
            if th.interp().finalizing.get() {
                let message = "cannot join thread at interpreter shutdown";
                return Err(th.raise(exc::PYTHON_FINALIZATION_ERROR, message));
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(false);
            }
            let slice = left.map_or(SLICE, |left| left.min(SLICE));
            gil::without_gil(th, || {
                let state = self.lock();
                if state.phase != Phase::Done {
                    drop(self.done.wait_timeout(state, slice));
                }
            });
            if pending::is_set(th) {
                pending::handle(th)?;
            }
        }
    }
}

/// A thread as Python sees it.
#[pytype(name = "_thread._ThreadHandle", flags(HAVE_GC))]
#[repr(C)]
pub struct ThreadHandle {
    head: Head,
    shared: Arc<Shared>,
}

fn make(th: &Thread, shared: Arc<Shared>) -> PyResult<Owned<ThreadHandle>> {
    let class = Borrowed::from_ref(ThreadHandle::type_object());
    class.ready(th)?;
    let handle = typeobj::alloc::alloc_untracked(th, class, 0)?;
    // SAFETY: a fresh instance.
    let handle: Owned<ThreadHandle> = unsafe {
        (&raw mut (*handle.as_ptr().cast::<ThreadHandle>()).shared).write(shared);
        handle.cast()
    };
    krait_objects::gc::track(th, handle.borrow());
    Ok(handle)
}

/// A handle of a thread that was started elsewhere.
pub fn of_ident(th: &Thread, ident: u64) -> PyResult<Owned<ThreadHandle>> {
    let shared = Shared::new(Phase::Running, ident);
    remember(th, &shared);
    make(th, shared)
}

/// A forked child must find it.
fn remember(th: &Thread, shared: &Arc<Shared>) {
    let started = &th.interp().state::<Started>().0;
    started.borrow_mut().retain(|other| other.strong_count() > 0);
    started.borrow_mut().push(Arc::downgrade(shared));
}

pub fn new_handle(th: &Thread) -> PyResult<Owned<ThreadHandle>> {
    make(th, Shared::new(Phase::NotStarted, 0))
}

impl ThreadHandle {
    pub fn ident_value(&self) -> u64 {
        self.shared.lock().ident
    }

    /// Waits for the thread's end.
    fn wait(&self, th: &Thread, timeout: Option<Duration>) -> PyResult<bool> {
        let (phase, thread) = {
            let state = self.shared.lock();
            (state.phase, state.ident)
        };
        if phase == Phase::NotStarted {
            return Err(th.raise(exc::RUNTIME_ERROR, "thread not started"));
        }
        if phase != Phase::Done && thread == ident() {
            return Err(th.raise(exc::RUNTIME_ERROR, "Cannot join current thread"));
        }
        // The thread cannot run any more, so it would never end.
        if phase != Phase::Done && th.interp().finalizing.get() {
            let message = "cannot join thread at interpreter shutdown";
            return Err(th.raise(exc::PYTHON_FINALIZATION_ERROR, message));
        }
        // The handle may go meanwhile.
        self.shared.clone().wait(th, timeout)
    }
}

#[pymethods]
impl ThreadHandle {
    #[slot(tp_new)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "_ThreadHandle() takes no keyword arguments"));
        }
        if !args.is_empty() {
            let given = args.len();
            return Err(raise!(th, TYPE_ERROR, "_ThreadHandle expected 0 arguments, got {given}"));
        }
        Ok(new_handle(th)?.into_object())
    }

    #[slot(tp_traverse)]
    fn traverse(&self, _visit: &mut Visitor<'_>) -> std::ffi::c_int {
        0
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let name = this.object().get().type_name();
        Str::from_fmt(th, format_args!("<{name} object: ident={}>", this.ident_value()))
    }

    #[getter]
    fn ident(&self) -> u64 {
        self.ident_value()
    }

    #[method(sig = "(self, timeout=None, /)", no_text)]
    fn join(&self, th: &Thread, args: Args<'_>) -> PyResult<()> {
        if args.has_keywords() {
            return Err(
                th.raise(exc::TYPE_ERROR, "_ThreadHandle.join() takes no keyword arguments")
            );
        }
        let timeout = match args.positionals() {
            [] => None,
            [timeout] => Some(*timeout).filter(|timeout| !timeout.is_none()),
            more => {
                let given = more.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "join() takes at most 1 argument ({given} given)"
                ));
            }
        };
        // Any negative time waits for ever.
        let timeout = match timeout {
            Some(timeout) => match timeout::seconds(th, timeout)? {
                seconds if seconds < 0.0 => None,
                seconds => Some(Duration::from_secs_f64(seconds)),
            },
            None => None,
        };
        self.wait(th, timeout).map(drop)
    }

    #[method(sig = "(self, /)")]
    fn is_done(&self) -> bool {
        self.shared.lock().phase == Phase::Done
    }

    #[method(sig = "(self, /)")]
    fn _set_done(&self, th: &Thread) -> PyResult<()> {
        let mut state = self.shared.lock();
        if state.phase == Phase::NotStarted {
            drop(state);
            return Err(th.raise(exc::RUNTIME_ERROR, "thread not started"));
        }
        state.phase = Phase::Done;
        drop(state);
        self.shared.done.notify_all();
        Ok(())
    }
}

/// Threads that the interpreter waits for at its end.
#[derive(Default)]
pub struct NonDaemon(RefCell<Vec<Arc<Shared>>>);

/// What a new thread takes with it. The interpreter outlives it: at its end, it waits for the threads that are no daemons,
/// and its lock never lets the others run again.
struct Start {
    thread: Box<Thread>,
    shared: Arc<Shared>,
    function: Owned,
    args: Owned<Tuple>,
    kwargs: Option<Owned<Dict>>,
}

// SAFETY: touched only with the GIL held.
unsafe impl Send for Start {}

/// Runs `function(*args, **kwargs)` in a new thread.
pub fn start(
    th: &Thread,
    handle: &ThreadHandle,
    function: Borrowed<'_>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
    daemon: bool,
) -> PyResult<()> {
    if th.interp().finalizing.get() {
        return Err(th.raise(
            exc::PYTHON_FINALIZATION_ERROR,
            "can't create new thread at interpreter shutdown",
        ));
    }
    if !subs::settings(th).allow_threads {
        return Err(
            th.raise(exc::RUNTIME_ERROR, "thread is not supported for isolated subinterpreters")
        );
    }
    let shared = handle.shared.clone();
    if !shared.begin() {
        return Err(th.raise(exc::RUNTIME_ERROR, "thread already started"));
    }
    let Some(thread) = registry::new_state(th.interp()) else {
        return Err(th.bad_internal_call());
    };
    let start = Start {
        thread,
        shared: shared.clone(),
        function: function.to_owned(),
        args: args.to_owned(),
        kwargs: kwargs.map(|kwargs| kwargs.to_owned()),
    };
    spawn(th, start)?;
    let state = threads(th);
    state.running.set(state.running.get() + 1);
    remember(th, &shared);
    if !daemon {
        let known = &th.interp().state::<NonDaemon>().0;
        known.borrow_mut().retain(|other| other.lock().phase != Phase::Done);
        known.borrow_mut().push(shared);
    }
    Ok(())
}

/// Starts the system's thread, and notes its name.
fn spawn(th: &Thread, start: Start) -> PyResult<()> {
    let shared = start.shared.clone();
    let size = match threads(th).stack_size.get() {
        0 => 8 << 20,
        size => size,
    };
    // What the thread takes along must not be dropped without the GIL if it cannot be started.
    let slot = Arc::new(Mutex::new(Some(start)));
    let take = |slot: &Mutex<Option<Start>>| {
        slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    };
    let inside = slot.clone();
    let spawned = std::thread::Builder::new().stack_size(size).spawn(move || {
        if let Some(start) = take(&inside) {
            run(start);
        }
    });
    let Ok(joiner) = spawned else {
        shared.set(Phase::NotStarted);
        if let Some(start) = take(&slot) {
            registry::leave_state(&*start.thread);
        }
        return Err(th.raise(exc::RUNTIME_ERROR, "can't start new thread"));
    };
    let mut at = shared.lock();
    at.ident = joiner.as_pthread_t();
    if at.phase == Phase::Starting {
        at.phase = Phase::Running;
    }
    Ok(())
}

/// The new thread's life.
fn run(start: Start) {
    let Start { thread, shared, function, args, kwargs } = start;
    shared.lock().ident = ident();
    // SAFETY: the thread state was made for this OS thread; the interpreter lives (see `Start`). The end below frees it.
    let th = unsafe {
        let thread = Box::into_raw(thread);
        gil::attach(thread);
        &*thread
    };
    let kwargs_given = kwargs.as_ref().map(Owned::borrow);
    if call::call_tuple_dict(th, function.borrow(), args.borrow(), kwargs_given).is_err() {
        report(th, function.borrow());
    }
    drop((function, args, kwargs));
    drop(th.take_exception());
    let state = threads(th);
    state.running.set(state.running.get().saturating_sub(1));
    crate::contextvars::leave_thread(th);
    let gil = gil::of(th).clone();
    // SAFETY: no frame is left, and the state is not used any more.
    unsafe {
        thread_states::clear(th);
        Thread::swap_current(std::ptr::null());
        thread_states::delete(th);
    }
    // Done only when nothing of the interpreter is touched any more: whoever waits may end it.
    gil.release();
    shared.set(Phase::Done);
}

/// What a thread's function raised: nobody is there to catch it.
fn report(th: &Thread, function: Borrowed<'_>) {
    if th.exception_matches(exc::SYSTEM_EXIT) {
        drop(th.take_exception());
        return;
    }
    let exception = th.take_exception();
    let what = match object::repr(th, function) {
        Ok(text) => format!("Exception ignored in thread started by {}", &*text),
        Err(raised) => {
            drop(th.take_raised(raised));
            "Exception ignored in thread".to_string()
        }
    };
    if let Some(exception) = exception {
        let _ = th.set_exception(exception.into_object());
        (th.interp().services.get().unraisable)(th, None, &what);
    }
}

/// Waits for all threads that are no daemons.
pub fn wait_for_all(th: &Thread) -> PyResult<()> {
    let known = &th.interp().state::<NonDaemon>().0;
    loop {
        let next = known.borrow().iter().find(|other| other.lock().ident != ident()).cloned();
        let Some(next) = next else {
            return Ok(());
        };
        next.wait(th, None)?;
        known.borrow_mut().retain(|other| !Arc::ptr_eq(other, &next));
    }
}

/// The system's number of the calling thread.
pub fn native_id() -> u64 {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::syscall(libc::SYS_gettid) as u64 }
}
