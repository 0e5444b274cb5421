//! `lock` and `RLock`: locks that wait without the GIL.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use krait_abi as abi;
use krait_eval::gil::without_gil;
use krait_eval::pending;
use krait_objects::prelude::*;

use super::{TIMEOUT_MAX, ident};

/// A lock that any thread may release.
#[derive(Default)]
pub(crate) struct RawLock {
    held: Mutex<bool>,
    released: Condvar,
}

/// How long a waiting thread sleeps before it looks for signals.
const SLICE: Duration = Duration::from_millis(50);

impl RawLock {
    fn held(&self) -> MutexGuard<'_, bool> {
        self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn is_held(&self) -> bool {
        *self.held()
    }

    fn try_acquire(&self) -> bool {
        !std::mem::replace(&mut *self.held(), true)
    }

    /// False if it was not held.
    pub fn release(&self) -> bool {
        let was_held = std::mem::replace(&mut *self.held(), false);
        self.released.notify_one();
        was_held
    }

    /// Waits for at most `time`; the answer is whether the lock is ours.
    fn wait(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let mut held = self.held();
        while *held {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            held = self
                .released
                .wait_timeout(held, left)
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .0;
        }
        *held = true;
        true
    }

    /// Acquires within `limit` (`None` for ever), without the GIL while it waits. Signal handlers run in between.
    pub fn acquire(&self, th: &Thread, limit: Option<Duration>) -> PyResult<bool> {
        if self.try_acquire() {
            return Ok(true);
        }
        let deadline = limit.map(|limit| Instant::now() + limit);
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(false);
            }
            let slice = left.map_or(SLICE, |left| left.min(SLICE));
            if without_gil(th, || self.wait(slice)) {
                return Ok(true);
            }
            if pending::is_set(th) {
                pending::handle(th)?;
            }
        }
    }
}

/// The time limit that `blocking` and `timeout` ask for: `None` waits for ever.
pub(crate) fn limit_of(
    th: &Thread,
    blocking: bool,
    timeout: Borrowed<'_>,
) -> PyResult<Option<Duration>> {
    let seconds = number::as_f64(th, timeout)?;
    if !blocking {
        if seconds != -1.0 {
            return Err(
                th.raise(exc::VALUE_ERROR, "can't specify a timeout for a non-blocking call")
            );
        }
        return Ok(Some(Duration::ZERO));
    }
    if seconds == -1.0 {
        return Ok(None);
    }
    if seconds < 0.0 || seconds.is_nan() {
        return Err(th.raise(exc::VALUE_ERROR, "timeout value must be a non-negative number"));
    }
    if seconds > TIMEOUT_MAX {
        return Err(th.raise(exc::OVERFLOW_ERROR, "timeout value is too large"));
    }
    Ok(Some(Duration::from_secs_f64(seconds)))
}

/// A lock object is a synchronization primitive. To create a lock,
/// call threading.Lock(). It is held by nobody or by whoever acquired it, and any thread may release it.
#[pytype(name = "_thread.lock", new = "()", weaklist = weakrefs, flags(HAVE_GC))]
#[repr(C)]
pub struct Lock {
    head: Head,
    raw: RawLock,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl Lock {
    pub fn create(th: &Thread) -> PyResult<Owned<Lock>> {
        let lock = Borrowed::from_ref(Lock::type_object()).get().alloc::<Lock>(th, 0)?;
        // SAFETY: zeroed memory that nobody knows yet.
        unsafe { (&raw mut (*lock.as_ptr().cast::<Lock>()).raw).write(RawLock::default()) };
        Ok(lock)
    }
}

#[pymethods]
impl Lock {
    #[new(sig = "()")]
    fn new(_cls: Borrowed<'_, Type>, th: &Thread) -> PyResult<Owned<Lock>> {
        Lock::create(th)
    }

    #[slot(tp_traverse)]
    fn traverse(&self, _visitor: &mut krait_objects::gc::Visitor<'_>) -> std::ffi::c_int {
        0
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let state = if self.raw.is_held() { "locked" } else { "unlocked" };
        let address: *const Lock = self;
        Str::from_fmt(th, format_args!("<{state} _thread.lock object at {address:p}>"))
    }

    /// Acquire the lock: wait until nobody holds it, or until the time is over.
    ///
    /// The answer is whether the lock was acquired.
    #[method(sig = "(self, /, blocking=True, timeout=-1)")]
    fn acquire(
        &self,
        th: &Thread,
        blocking: bool,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<bool> {
        let forever = Int::from_i64(th, -1)?;
        let limit = limit_of(th, blocking, timeout.unwrap_or(forever.object()))?;
        self.raw.acquire(th, limit)
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

    /// Release the lock, which must be held.
    #[method(sig = "(self, /)")]
    fn release(&self, th: &Thread) -> PyResult<()> {
        match self.raw.release() {
            true => Ok(()),
            false => Err(th.raise(exc::RUNTIME_ERROR, "release unlocked lock")),
        }
    }

    /// An obsolete synonym of release().
    #[method(sig = "(self, /)")]
    fn release_lock(&self, th: &Thread) -> PyResult<()> {
        self.release(th)
    }

    /// Whether the lock is held.
    #[method(sig = "(self, /)")]
    fn locked(&self) -> bool {
        self.raw.is_held()
    }

    /// An obsolete synonym of locked().
    #[method(sig = "(self, /)")]
    fn locked_lock(&self) -> bool {
        self.raw.is_held()
    }

    /// Acquire the lock.
    #[method(sig = "(self, /)")]
    fn __enter__(&self, th: &Thread) -> PyResult<bool> {
        self.raw.acquire(th, None)
    }

    /// Release the lock.
    #[method(sig = "(self, /, *exc_info)")]
    fn __exit__(&self, th: &Thread, _exc_info: &[Borrowed<'_>]) -> PyResult<()> {
        self.release(th)
    }

    /// Make the lock free again in the child of a fork.
    #[method(sig = "(self, /)")]
    fn _at_fork_reinit(&self) {
        self.raw.release();
    }
}

/// A lock that its holder may acquire again; it is free when it has been released as often.
#[pytype(name = "_thread.RLock", new = "()", weaklist = weakrefs, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct RLock {
    head: Head,
    raw: RawLock,
    /// The holder, and how often it holds the lock.
    owner: Cell<u64>,
    count: Cell<usize>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl RLock {
    fn is_mine(&self) -> bool {
        self.count.get() > 0 && self.owner.get() == ident()
    }

    fn acquire_within(&self, th: &Thread, limit: Option<Duration>) -> PyResult<bool> {
        if self.is_mine() {
            match self.count.get().checked_add(1) {
                Some(count) => self.count.set(count),
                None => return Err(th.raise(exc::OVERFLOW_ERROR, "internal lock count overflowed")),
            }
            return Ok(true);
        }
        let acquired = self.raw.acquire(th, limit)?;
        if acquired {
            self.owner.set(ident());
            self.count.set(1);
        }
        Ok(acquired)
    }
}

#[pymethods]
impl RLock {
    #[new(sig = "()")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread) -> PyResult<Owned<RLock>> {
        let lock = cls.get().alloc::<RLock>(th, 0)?;
        // SAFETY: zeroed memory that nobody knows yet.
        unsafe { (&raw mut (*lock.as_ptr().cast::<RLock>()).raw).write(RawLock::default()) };
        Ok(lock)
    }

    #[slot(tp_traverse)]
    fn traverse(&self, _visitor: &mut krait_objects::gc::Visitor<'_>) -> std::ffi::c_int {
        0
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let (count, owner) = (this.count.get(), this.owner.get());
        let state = if count > 0 { "locked" } else { "unlocked" };
        let owner = if count > 0 { owner } else { 0 };
        let ty = this.object().type_name().to_owned();
        Str::from_fmt(
            th,
            format_args!(
                "<{state} {ty} object owner={owner} count={count} at {:p}>",
                this.as_ptr()
            ),
        )
    }

    /// Acquire the lock once more if it is ours, else wait until nobody holds it or the time is over.
    ///
    /// The answer is whether the lock was acquired.
    #[method(sig = "(self, /, blocking=True, timeout=-1)")]
    fn acquire(
        &self,
        th: &Thread,
        blocking: bool,
        timeout: Option<Borrowed<'_>>,
    ) -> PyResult<bool> {
        let forever = Int::from_i64(th, -1)?;
        let limit = limit_of(th, blocking, timeout.unwrap_or(forever.object()))?;
        self.acquire_within(th, limit)
    }

    /// Release the lock once, which must be ours.
    #[method(sig = "(self, /)")]
    fn release(&self, th: &Thread) -> PyResult<()> {
        if !self.is_mine() {
            return Err(th.raise(exc::RUNTIME_ERROR, "cannot release un-acquired lock"));
        }
        self.count.set(self.count.get() - 1);
        if self.count.get() == 0 {
            self.owner.set(0);
            self.raw.release();
        }
        Ok(())
    }

    /// Whether the lock is held.
    #[method(sig = "(self, /)")]
    fn locked(&self) -> bool {
        self.raw.is_held()
    }

    /// Acquire the lock.
    #[method(sig = "(self, /)")]
    fn __enter__(&self, th: &Thread) -> PyResult<bool> {
        self.acquire_within(th, None)
    }

    /// Release the lock.
    #[method(sig = "(self, /, *exc_info)")]
    fn __exit__(&self, th: &Thread, _exc_info: &[Borrowed<'_>]) -> PyResult<()> {
        self.release(th)
    }

    /// For internal use by `threading.Condition`.
    #[method(sig = "(self, /)")]
    fn _is_owned(&self) -> bool {
        self.is_mine()
    }

    /// For internal use by reentrant lock tests.
    #[method(sig = "(self, /)")]
    fn _recursion_count(&self) -> usize {
        if self.is_mine() { self.count.get() } else { 0 }
    }

    /// For internal use by `threading.Condition`: releases all, answering how to acquire as often again.
    #[method(sig = "(self, /)")]
    fn _release_save(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        if self.count.get() == 0 {
            return Err(th.raise(exc::RUNTIME_ERROR, "cannot release un-acquired lock"));
        }
        let state = [
            Int::from_usize(th, self.count.get())?.into_object(),
            Int::from_u64(th, self.owner.get())?.into_object(),
        ];
        self.count.set(0);
        self.owner.set(0);
        self.raw.release();
        Tuple::pack(th, state)
    }

    /// For internal use by `threading.Condition`.
    #[method(sig = "(self, state, /)")]
    fn _acquire_restore(&self, th: &Thread, state: Borrowed<'_, Tuple>) -> PyResult<()> {
        let &[count, owner] = state.get().as_slice() else {
            return Err(th.raise(exc::TYPE_ERROR, "state must be a pair of numbers"));
        };
        let word =
            |value: Borrowed<'_>| number::index(th, value).map(|value| value.to_u64().unwrap_or(0));
        let (count, owner) = (word(count)?, word(owner)?);
        self.raw.acquire(th, None)?;
        self.owner.set(owner);
        self.count.set(count as usize);
        Ok(())
    }

    /// Make the lock free again in the child of a fork.
    #[method(sig = "(self, /)")]
    fn _at_fork_reinit(&self) {
        self.count.set(0);
        self.owner.set(0);
        self.raw.release();
    }
}
