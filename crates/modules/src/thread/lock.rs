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

/// A lock object is a synchronization primitive.  To create a lock,
/// call threading.Lock().
///
/// Methods are:
///
/// acquire() -- lock the lock, possibly blocking until it can be obtained
/// release() -- unlock of the lock
/// locked() -- test whether the lock is currently locked
///
/// A lock belongs to no thread: any thread may unlock it, and one that locks it
/// twice waits for ever if nobody does.
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

impl Lock {
    fn take(&self, th: &Thread, timeout: Timeout) -> PyResult<bool> {
        // The lock may go meanwhile, but not what it waits on.
        let semaphore = self.semaphore.clone();
        match timeout {
            Timeout::None => Ok(semaphore.try_acquire()),
            Timeout::Forever => semaphore.acquire(th, None),
            Timeout::For(time) => semaphore.acquire(th, Some(time)),
        }
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

    /// Lock the lock.
    ///
    /// Without argument, this blocks if the lock is already locked
    /// (even by the same thread), waiting for another thread to release
    /// the lock, and return True once the lock is acquired.
    /// With an argument, this will only block if the argument is true,
    /// and the return value reflects whether the lock is acquired.
    /// The blocking operation is interruptible.
    #[method(sig = "(self, /, blocking=True, timeout=-1)")]
    fn acquire(
        &self,
        th: &Thread,
        blocking: bool,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<bool> {
        self.take(th, timeout::parse(th, blocking, timeout)?)
    }

    /// An obsolete synonym of acquire().
    #[method(sig = "(self, /, blocking=True, timeout=-1)")]
    fn acquire_lock(
        &self,
        th: &Thread,
        blocking: bool,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<bool> {
        self.acquire(th, blocking, timeout)
    }

    /// Release the lock.
    ///
    /// Another thread that is blocked waiting for the lock gets it. The lock must be
    /// locked, but not by the same thread.
    #[method(sig = "(self, /)")]
    fn release(&self, th: &Thread) -> PyResult<()> {
        self.give(th)
    }

    /// An obsolete synonym of release().
    #[method(sig = "(self, /)")]
    fn release_lock(&self, th: &Thread) -> PyResult<()> {
        self.give(th)
    }

    /// Return whether the lock is in the locked state.
    #[method(sig = "(self, /)")]
    fn locked(&self) -> bool {
        self.semaphore.is_held()
    }

    /// An obsolete synonym of locked().
    #[method(sig = "(self, /)")]
    fn locked_lock(&self) -> bool {
        self.semaphore.is_held()
    }

    /// Lock the lock.
    #[method(sig = "(self, /)", name = "__enter__")]
    fn enter(&self, th: &Thread) -> PyResult<bool> {
        self.take(th, Timeout::Forever)
    }

    /// Release the lock.
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
        let semaphore = self.semaphore.clone();
        let acquired = match timeout {
            Timeout::None => semaphore.try_acquire(),
            Timeout::Forever => semaphore.acquire(th, None)?,
            Timeout::For(time) => semaphore.acquire(th, Some(time))?,
        };
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

    /// Lock the lock.
    ///
    /// `blocking` indicates whether we should wait
    /// for the lock to be available or not.  If `blocking` is False
    /// and another thread holds the lock, the method will return False
    /// immediately.  If `blocking` is True and another thread holds
    /// the lock, the method will wait for the lock to be released,
    /// take it and then return True.
    /// (note: the blocking operation is interruptible.)
    ///
    /// In all other cases, the method will return True immediately.
    /// Precisely, if the current thread already holds the lock, its
    /// internal counter is simply incremented. If nobody holds the lock,
    /// the lock is taken and its internal counter initialized to 1.
    #[method(sig = "(self, /, blocking=True, timeout=-1)")]
    fn acquire(
        &self,
        th: &Thread,
        blocking: bool,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<bool> {
        self.take(th, timeout::parse(th, blocking, timeout)?)
    }

    /// Release the lock, allowing another thread that is blocked waiting for
    /// the lock to acquire the lock.  The lock must be in the locked state,
    /// and must be locked by the same thread that unlocks it; otherwise a
    /// `RuntimeError` is raised.
    ///
    /// Do note that if the lock was acquire()d several times in a row by the
    /// current thread, release() needs to be called as many times for the lock
    /// to be available for other threads.
    #[method(sig = "(self, /)")]
    fn release(&self, th: &Thread) -> PyResult<()> {
        self.give(th)
    }

    /// locked()
    ///
    /// Return a boolean indicating whether this object is locked right now.
    #[method(sig = "(self, /)")]
    fn locked(&self) -> bool {
        self.count.get() > 0
    }

    /// Lock the lock.
    #[method(sig = "(self, /)", name = "__enter__")]
    fn enter(&self, th: &Thread) -> PyResult<bool> {
        self.take(th, Timeout::Forever)
    }

    /// Release the lock.
    #[method(sig = "(self, /, *exc_info)", name = "__exit__")]
    fn exit(&self, th: &Thread, _exc_info: &[Borrowed<'_>]) -> PyResult<()> {
        self.give(th)
    }

    /// For internal use by `threading.Condition`.
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

    /// For internal use by `threading.Condition`.
    #[method(sig = "(self, /)")]
    fn _release_save(&self, th: &Thread) -> PyResult<(u64, u64)> {
        if self.count.get() == 0 {
            return Err(th.raise(exc::RUNTIME_ERROR, "cannot release un-acquired lock"));
        }
        let state = (self.count.replace(0), self.owner.replace(0));
        self.semaphore.release();
        Ok(state)
    }

    /// For internal use by reentrancy checks.
    #[method(sig = "(self, /)")]
    fn _recursion_count(&self) -> u64 {
        if self.is_mine() { self.count.get() } else { 0 }
    }

    /// For internal use by `threading.Condition`.
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
