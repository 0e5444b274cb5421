//! The awaitable that `__anext__` and `asend` answer: it runs the generator up to its next value for the consumer.

use std::cell::Cell;

use krait_objects::gc;
use krait_objects::prelude::*;

use super::super::types::{AsyncGenerator, check_throw};
use super::{Progress, Step, as_result, ended_by_close, unwrap, unwrap_step, warn_unawaited};

/// `__anext__` and `asend`.
#[pytype(name = "async_generator_asend", symbol = "_PyAsyncGenASend_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct AsyncGenSend {
    head: Head,
    #[visit]
    generator: Slot<AsyncGenerator>,
    #[visit]
    value: Slot,
    progress: Cell<Option<Progress>>,
}

pub fn send(
    th: &Thread,
    generator: Borrowed<'_, AsyncGenerator>,
    value: Option<Borrowed<'_>>,
) -> PyResult {
    let (generator, value) = (Some(generator.to_owned()), value.map(Borrowed::to_owned));
    let dead = th.interp().free_lists.async_sends.reuse_gc(AsyncGenSend::type_object());
    if dead.is_null() {
        let awaitable = AsyncGenSend::type_object().alloc::<AsyncGenSend>(th, 0)?;
        awaitable.progress.set(Some(Progress::Init));
        awaitable.generator.set(generator);
        awaitable.value.set(value);
        return Ok(awaitable.into_object());
    }
    // SAFETY: memory for this type, with a head; all other fields are written.
    unsafe {
        let raw = dead.cast::<AsyncGenSend>();
        (&raw mut (*raw).generator).write(Slot::new(generator));
        (&raw mut (*raw).value).write(Slot::new(value));
        (&raw mut (*raw).progress).write(Cell::new(Some(Progress::Init)));
        let awaitable = Owned::<AsyncGenSend>::from_ptr(dead);
        gc::track(th, awaitable.borrow());
        Ok(awaitable.into_object())
    }
}

impl AsyncGenSend {
    fn generator(&self, th: &Thread) -> PyResult<Owned<AsyncGenerator>> {
        self.generator.get_owned().ok_or_else(|| th.bad_internal_call())
    }

    fn close_it(&self) {
        self.progress.set(Some(Progress::Closed));
    }

    /// Begins to run the generator, or says why not.
    fn begin(&self, th: &Thread, generator: &AsyncGenerator) -> PyResult<()> {
        if generator.running_async.get() != 0 {
            self.close_it();
            let message = "anext(): asynchronous generator is already running";
            return Err(th.raise(exc::RUNTIME_ERROR, message));
        }
        self.progress.set(Some(Progress::Iterating));
        generator.running_async.set(1);
        Ok(())
    }

    fn step(&self, th: &Thread, value: Borrowed<'_>) -> PyResult {
        as_result(th, self.advance(th, value))
    }

    /// Runs the generator up to its next `yield`, or what it awaits up to where that waits.
    pub fn advance(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<Step> {
        let generator = self.generator(th)?;
        let mut sent = value.to_owned();
        match self.progress.get() {
            Some(Progress::Closed) => {
                let message = "cannot reuse already awaited __anext__()/asend()";
                return Err(th.raise(exc::RUNTIME_ERROR, message));
            }
            Some(Progress::Init) => {
                self.begin(th, &generator)?;
                if value.is_none() {
                    sent = self.value.get_owned().unwrap_or_else(|| none().to_owned());
                }
            }
            _ => {}
        }
        let result = generator.generator().resume_raising(th, Some(sent.borrow()), None, false);
        let step = unwrap_step(th, &generator, result);
        if !matches!(step, Ok(Step::Passed(_))) {
            self.close_it();
        }
        step
    }
}

#[pymethods]
impl AsyncGenSend {
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the finaliser may bring the object back. The type has no subtypes.
        unsafe {
            // One that has been awaited has nothing to finalise.
            if (*this).progress.get() == Some(Progress::Init)
                && krait_objects::typeobj::alloc::call_finalizer(this.cast())
            {
                return;
            }
            gc::untrack_raw(this.cast());
            drop((*this).generator.take());
            drop((*this).value.take());
            if !Thread::current().interp().free_lists.async_sends.push(this.cast()) {
                crate::free_gc(this.cast());
            }
        }
    }

    #[slot(tp_finalize)]
    fn finalize(&self, th: &Thread) {
        if self.progress.get() == Some(Progress::Init) {
            warn_unawaited(th, &self.generator, "asend");
        }
    }

    #[slot(tp_iter, am_await)]
    fn iter(this: Borrowed<'_, Self>) -> PyResult<Owned<Self>> {
        Ok(this.to_owned())
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        self.step(th, none()).map(Some)
    }

    /// send(value) -> send 'value' into the generator.
    #[method(sig = "(self, value, /)", no_text)]
    fn send(&self, th: &Thread, value: Borrowed<'_>) -> PyResult {
        self.step(th, value)
    }

    /// throw(value) -> raise an exception in the generator.
    #[method(sig = "(self, type, value=None, traceback=None, /)", no_text)]
    fn throw(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let values = check_throw(th, args)?;
        let generator = self.generator(th)?;
        match self.progress.get() {
            Some(Progress::Closed) => {
                let message = "cannot reuse already awaited __anext__()/asend()";
                return Err(th.raise(exc::RUNTIME_ERROR, message));
            }
            Some(Progress::Init) => self.begin(th, &generator)?,
            _ => {}
        }
        let result = generator.generator().throw(th, false, values);
        let result = unwrap(th, &generator, result);
        if result.is_err() {
            self.close_it();
        }
        result
    }

    /// close() -> raise GeneratorExit inside the generator.
    #[method(sig = "(self)", no_text)]
    fn close(&self, th: &Thread) -> PyResult<()> {
        if self.progress.get() == Some(Progress::Closed) {
            return Ok(());
        }
        let generator = self.generator(th)?;
        if self.progress.get() == Some(Progress::Init) {
            self.close_it();
            return Ok(());
        }
        let class = Borrowed::from_ref(exc::GENERATOR_EXIT).object();
        let result = generator.generator().throw(th, false, &[class]);
        ended_by_close(th, unwrap(th, &generator, result), || self.close_it())
    }
}
