//! `_ThreadHandle`: a started thread that can be joined.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use krait_objects::prelude::*;

use super::ident;
use super::lock::RawLock;

/// What a handle and the thread it stands for share: held while the thread runs.
#[derive(Default)]
pub(crate) struct Done(RawLock);

impl Done {
    pub fn begin(&self, th: &Thread) -> PyResult<()> {
        self.0.acquire(th, Some(Duration::ZERO)).map(drop)
    }

    pub fn finish(&self) {
        self.0.release();
    }

    pub fn is_finished(&self) -> bool {
        !self.0.is_held()
    }
}

/// A handle of a thread.
#[pytype(name = "_thread._ThreadHandle", new = "()")]
#[repr(C)]
pub struct ThreadHandle {
    head: Head,
    done: Arc<Done>,
    ident: Cell<u64>,
    started: Cell<bool>,
}

impl ThreadHandle {
    pub fn create(th: &Thread) -> PyResult<Owned<ThreadHandle>> {
        let handle =
            Borrowed::from_ref(ThreadHandle::type_object()).get().alloc::<ThreadHandle>(th, 0)?;
        // SAFETY: zeroed memory that nobody knows yet.
        unsafe { (&raw mut (*handle.as_ptr().cast::<ThreadHandle>()).done).write(Arc::default()) };
        Ok(handle)
    }

    /// Marks the handle as that of a running thread; an error if it is one already.
    pub(crate) fn start(&self, th: &Thread) -> PyResult<Arc<Done>> {
        if self.started.get() {
            return Err(th.raise(exc::RUNTIME_ERROR, "thread already started"));
        }
        self.done.begin(th)?;
        self.started.set(true);
        Ok(self.done.clone())
    }

    pub(crate) fn set_ident(&self, ident: u64) {
        self.ident.set(ident);
        self.started.set(true);
    }

    /// The thread could not be started after all.
    pub(crate) fn fail(&self) {
        self.done.finish();
        self.started.set(false);
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.done.is_finished()
    }

    pub(crate) fn wait(&self, th: &Thread, limit: Option<Duration>) -> PyResult<bool> {
        let done = self.done.clone();
        let finished = done.0.acquire(th, limit)?;
        if finished {
            done.0.release();
        }
        Ok(finished)
    }
}

#[pymethods]
impl ThreadHandle {
    #[new(sig = "()")]
    fn new(_cls: Borrowed<'_, Type>, th: &Thread) -> PyResult<Owned<ThreadHandle>> {
        ThreadHandle::create(th)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone.
        unsafe {
            std::ptr::drop_in_place(&raw mut (*this).done);
            krait_objects::typeobj::alloc::object_free(this.cast());
        }
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::from_fmt(th, format_args!("<_ThreadHandle object: ident={}>", self.ident.get()))
    }

    #[getter]
    fn ident(&self) -> u64 {
        self.ident.get()
    }

    /// Whether the thread has ended.
    #[method(sig = "(self, /)")]
    fn is_done(&self) -> bool {
        self.started.get() && self.is_finished()
    }

    /// For internal use after a fork: the thread does not exist here.
    #[method(sig = "(self, /)")]
    fn _set_done(&self) {
        self.started.set(true);
        self.done.finish();
    }

    /// Wait until the thread has ended, or until the time is over.
    #[method(sig = "(self, timeout=None, /)", no_text)]
    fn join(&self, th: &Thread, timeout: Option<Borrowed<'_>>) -> PyResult<()> {
        if !self.started.get() {
            return Err(th.raise(exc::RUNTIME_ERROR, "thread not started"));
        }
        if self.ident.get() == ident() && !self.is_finished() {
            return Err(th.raise(exc::RUNTIME_ERROR, "Cannot join current thread"));
        }
        let limit = match timeout {
            None => None,
            Some(timeout) => {
                let seconds = number::as_f64(th, timeout)?;
                (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(super::TIMEOUT_MAX)))
            }
        };
        self.wait(th, limit).map(drop)
    }
}
