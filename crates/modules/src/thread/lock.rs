//! `_thread.lock` and `_thread.RLock`.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::{gc, typeobj};

use super::ident;
use super::semaphore::Semaphore;
use super::timeout::{self, Timeout};

type WeakList = Cell<*mut abi::PyObject>;

/// What one holder at a time can have; threading.Lock() makes one.
///
/// acquire() takes it, waiting if need be, release() gives it back, and locked() tells whether it is taken.
///
/// It belongs to no thread: any thread may unlock it, and one that locks it twice waits for ever if nobody
/// does.
#[pytype(name = "_thread.lock", new = "()", flags(HAVE_GC), weaklist = weakrefs)]
#[repr(C)]
pub struct Lock {
    head: Head,
    semaphore: Arc<Semaphore>,
    weakrefs: WeakList,
}

/// A new lock.
pub fn allocate(th: &Thread, class: Borrowed<'_, Type>) -> PyResult {
    class.ready(th)?;
    let lock = typeobj::alloc::alloc_untracked(th, class, 0)?;
    // SAFETY: a fresh instance; the other fields may be zero.
    unsafe { (&raw mut (*lock.as_ptr().cast::<Lock>()).semaphore).write(Semaphore::new()) };
    gc::track(th, lock.borrow());
    Ok(lock)
}

/// Waits for the semaphore of a lock as long as `timeout` says; whether it was got.
fn acquire(th: &Thread, semaphore: &Arc<Semaphore>, timeout: Timeout) -> PyResult<bool> {
    if semaphore.try_acquire() {
        return Ok(true);
    }
    // The lock may go meanwhile, but not what it waits on.
    let semaphore = semaphore.clone();
    match timeout {
        Timeout::None => Ok(false),
        Timeout::Forever => semaphore.acquire(th, None),
        Timeout::For(time) => semaphore.acquire(th, Some(time)),
    }
}

impl Lock {
    fn take(&self, th: &Thread, timeout: Timeout) -> PyResult<bool> {
        acquire(th, &self.semaphore, timeout)
    }

    fn give(&self, th: &Thread) -> PyResult<()> {
        if !self.semaphore.is_held() {
            return Err(th.raise(exc::RUNTIME_ERROR, "release unlocked lock"));
        }
        self.semaphore.release();
        Ok(())
    }
}

#[pymethods]
impl Lock {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "lock() takes no keyword arguments"));
        }
        if !args.is_empty() {
            let given = args.len();
            return Err(raise!(th, TYPE_ERROR, "lock expected 0 arguments, got {given}"));
        }
        allocate(th, cls)
    }

    #[slot(tp_traverse)]
    fn traverse(&self, _visit: &mut Visitor<'_>) -> std::ffi::c_int {
        0
    }

    /// Take the lock: True if that worked.
    ///
    /// If it is taken already, even by this thread, wait until it is free, but not at all if blocking is
    /// false, and no longer than timeout seconds, where -1 is no limit. Signals are handled during the wait.
    #[method(sig = "(self, /, blocking=True, timeout=-1)")]
    fn acquire(
        &self,
        th: &Thread,
        blocking: bool,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<bool> {
        self.take(th, timeout::parse(th, blocking, timeout)?)
    }

    /// The older name of acquire().
    #[method(sig = "(self, /, blocking=True, timeout=-1)")]
    fn acquire_lock(
        &self,
        th: &Thread,
        blocking: bool,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<bool> {
        self.acquire(th, blocking, timeout)
    }

    /// Free the lock, so that one thread waiting for it can go on.
    ///
    /// It has to be taken, not necessarily by this thread; otherwise RuntimeError is raised.
    #[method(sig = "(self, /)")]
    fn release(&self, th: &Thread) -> PyResult<()> {
        self.give(th)
    }

    /// The older name of release().
    #[method(sig = "(self, /)")]
    fn release_lock(&self, th: &Thread) -> PyResult<()> {
        self.give(th)
    }

    /// Whether somebody holds the lock.
    #[method(sig = "(self, /)")]
    fn locked(&self) -> bool {
        self.semaphore.is_held()
    }

    /// The older name of locked().
    #[method(sig = "(self, /)")]
    fn locked_lock(&self) -> bool {
        self.semaphore.is_held()
    }

    /// Take the lock, however long that takes.
    #[method(sig = "(self, /)", name = "__enter__")]
    fn enter(&self, th: &Thread) -> PyResult<bool> {
        self.take(th, Timeout::Forever)
    }

    /// Free the lock.
    #[method(sig = "(self, /, *exc_info)", name = "__exit__")]
    fn exit(&self, th: &Thread, _exc_info: &[Borrowed<'_>]) -> PyResult<()> {
        self.give(th)
    }

    #[method(sig = "(self, /)")]
    fn _at_fork_reinit(&self) {
        // Nobody else survived the fork: whoever held it is gone.
        if self.semaphore.is_held() {
            self.semaphore.release();
        }
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let state = if this.semaphore.is_held() { "locked" } else { "unlocked" };
        let name = this.object().get().type_name();
        Str::from_fmt(th, format_args!("<{state} {name} object at {:p}>", this.as_ptr()))
    }
}

/// A lock that its owner may take several times.
#[pytype(name = "_thread.RLock", flags(BASETYPE, HAVE_GC), weaklist = weakrefs)]
#[repr(C)]
pub struct RLock {
    head: Head,
    semaphore: Arc<Semaphore>,
    /// The thread that holds it, 0 for none.
    owner: Cell<u64>,
    count: Cell<u64>,
    weakrefs: WeakList,
}

impl RLock {
    fn is_mine(&self) -> bool {
        self.count.get() > 0 && self.owner.get() == ident()
    }

    fn take(&self, th: &Thread, timeout: Timeout) -> PyResult<bool> {
        if self.is_mine() {
            let count =
                self.count.get().checked_add(1).ok_or_else(|| {
                    th.raise(exc::OVERFLOW_ERROR, "Internal lock count overflowed")
                })?;
            self.count.set(count);
            return Ok(true);
        }
        let acquired = acquire(th, &self.semaphore, timeout)?;
        if acquired {
            self.owner.set(ident());
            self.count.set(1);
        }
        Ok(acquired)
    }

    fn give(&self, th: &Thread) -> PyResult<()> {
        if !self.is_mine() {
            return Err(th.raise(exc::RUNTIME_ERROR, "cannot release un-acquired lock"));
        }
        self.count.set(self.count.get() - 1);
        if self.count.get() == 0 {
            self.owner.set(0);
            self.semaphore.release();
        }
        Ok(())
    }
}

#[pymethods]
impl RLock {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            let message = Str::new(
                th,
                "Passing arguments to RLock is deprecated and will be removed in 3.15",
            )?;
            let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
            (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
        }
        let lock = typeobj::alloc::alloc_untracked(th, cls, 0)?;
        // SAFETY: a fresh instance; the other fields may be zero.
        unsafe { (&raw mut (*lock.as_ptr().cast::<RLock>()).semaphore).write(Semaphore::new()) };
        gc::track(th, lock.borrow());
        Ok(lock)
    }

    #[slot(tp_traverse)]
    fn traverse(&self, _visit: &mut Visitor<'_>) -> std::ffi::c_int {
        0
    }

    /// Take the lock: True if that worked.
    ///
    /// The thread that holds it already only takes it once more. If another thread holds it, wait, but not at
    /// all if blocking is false, and no longer than timeout seconds, where -1 is no limit. Signals are
    /// handled during the wait.
    #[method(sig = "(self, /, blocking=True, timeout=-1)")]
    fn acquire(
        &self,
        th: &Thread,
        blocking: bool,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<bool> {
        self.take(th, timeout::parse(th, blocking, timeout)?)
    }

    /// Undo one acquire(). After as many as there were, the lock is free for other threads.
    ///
    /// RuntimeError says that this thread does not hold it.
    #[method(sig = "(self, /)")]
    fn release(&self, th: &Thread) -> PyResult<()> {
        self.give(th)
    }

    /// locked()
    ///
    /// Whether any thread holds the lock.
    #[method(sig = "(self, /)")]
    fn locked(&self) -> bool {
        self.count.get() > 0
    }

    /// Take the lock, however long that takes.
    #[method(sig = "(self, /)", name = "__enter__")]
    fn enter(&self, th: &Thread) -> PyResult<bool> {
        self.take(th, Timeout::Forever)
    }

    /// Undo one acquire().
    #[method(sig = "(self, /, *exc_info)", name = "__exit__")]
    fn exit(&self, th: &Thread, _exc_info: &[Borrowed<'_>]) -> PyResult<()> {
        self.give(th)
    }

    /// Helps threading.Condition: take the lock again as _release_save() found it.
    #[method(sig = "(self, state, /)")]
    fn _acquire_restore(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let parts = state.downcast::<Tuple>().filter(|parts| parts.len() == 2);
        let Some(parts) = parts else {
            let found = state.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "_acquire_restore() argument 1 must be 2-item tuple, not {found}"
            ));
        };
        let part = |at: usize| -> PyResult<u64> {
            let value = number::index(th, parts.as_slice()[at])?;
            value.to_u64().ok_or_else(|| {
                th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
            })
        };
        let (count, owner) = (part(0)?, part(1)?);
        self.semaphore.clone().acquire(th, None::<Duration>)?;
        self.owner.set(owner);
        self.count.set(count);
        Ok(())
    }

    /// Helps threading.Condition: free the lock wholly and return what _acquire_restore() needs.
    #[method(sig = "(self, /)")]
    fn _release_save(&self, th: &Thread) -> PyResult<(u64, u64)> {
        if self.count.get() == 0 {
            return Err(th.raise(exc::RUNTIME_ERROR, "cannot release un-acquired lock"));
        }
        let state = (self.count.replace(0), self.owner.replace(0));
        self.semaphore.release();
        Ok(state)
    }

    /// How many times this thread holds the lock, 0 if it does not. Not for public use.
    #[method(sig = "(self, /)")]
    fn _recursion_count(&self) -> u64 {
        if self.is_mine() { self.count.get() } else { 0 }
    }

    /// Helps threading.Condition: whether this thread holds the lock.
    #[method(sig = "(self, /)")]
    fn _is_owned(&self) -> bool {
        self.is_mine()
    }

    #[method(sig = "(self, /)")]
    fn _at_fork_reinit(&self) {
        self.owner.set(0);
        if self.count.replace(0) > 0 {
            self.semaphore.release();
        }
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let (owner, count) = (this.owner.get(), this.count.get());
        let state = if count > 0 { "locked" } else { "unlocked" };
        let name = this.object().get().type_name();
        let address = this.as_ptr();
        Str::from_fmt(
            th,
            format_args!("<{state} {name} object owner={owner} count={count} at {address:p}>"),
        )
    }
}
