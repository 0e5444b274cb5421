//! The awaitable that `athrow` and `aclose` answer: it raises an exception where the generator waits.

use std::cell::Cell;

use krait_objects::prelude::*;

use super::super::types::{AsyncGenerator, check_throw};
use super::super::{CLEARED, Generator};
use super::{AsyncGenWrappedValue, Progress, ended_by_close, unwrap, warn_unawaited};

/// `athrow`, and `aclose` without arguments.
#[pytype(name = "async_generator_athrow", symbol = "_PyAsyncGenAThrow_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct AsyncGenThrow {
    head: Head,
    #[visit]
    generator: Slot<AsyncGenerator>,
    #[visit]
    args: Slot<Tuple>,
    progress: Cell<Option<Progress>>,
}

pub fn throw(
    th: &Thread,
    generator: Borrowed<'_, AsyncGenerator>,
    args: Option<Owned<Tuple>>,
) -> PyResult {
    let awaitable = AsyncGenThrow::type_object().alloc::<AsyncGenThrow>(th, 0)?;
    awaitable.progress.set(Some(Progress::Init));
    awaitable.generator.set(Some(generator.to_owned()));
    awaitable.args.set(args);
    Ok(awaitable.into_object())
}

const IGNORED: &str = "async generator ignored GeneratorExit";

impl AsyncGenThrow {
    fn generator(&self, th: &Thread) -> PyResult<Owned<AsyncGenerator>> {
        self.generator.get_owned().ok_or_else(|| th.bad_internal_call())
    }

    fn close_it(&self) {
        self.progress.set(Some(Progress::Closed));
    }

    fn is_close(&self) -> bool {
        self.args.get().is_none()
    }

    fn reused(th: &Thread) -> Raised {
        let message = "cannot reuse already awaited aclose()/athrow()";
        th.raise(exc::RUNTIME_ERROR, message)
    }

    fn begin(&self, th: &Thread, generator: &AsyncGenerator) -> PyResult<()> {
        if generator.running_async.get() != 0 {
            self.close_it();
            let message = if self.is_close() {
                "aclose(): asynchronous generator is already running"
            } else {
                "athrow(): asynchronous generator is already running"
            };
            return Err(th.raise(exc::RUNTIME_ERROR, message));
        }
        if generator.closed.get() != 0 {
            self.close_it();
            return Err(th.raise_none(exc::STOP_ASYNC_ITERATION));
        }
        self.progress.set(Some(Progress::Iterating));
        generator.running_async.set(1);
        Ok(())
    }

    fn step(&self, th: &Thread, value: Borrowed<'_>) -> PyResult {
        let generator = self.generator(th)?;
        let finished = generator.frame_state.get() >= CLEARED;
        if self.progress.get() == Some(Progress::Closed) {
            return Err(Self::reused(th));
        }
        if finished {
            self.close_it();
            return Err(th.raise_none(exc::STOP_ITERATION));
        }
        let inner: &Generator = generator.generator();
        if self.progress.get() == Some(Progress::Init) {
            if !value.is_none() {
                self.close_it();
                let message = "can't send non-None value to a just-started coroutine";
                return Err(th.raise(exc::RUNTIME_ERROR, message));
            }
            self.begin(th, &generator)?;
            let result = match self.args.get_owned() {
                None => {
                    generator.closed.set(1);
                    let class = Borrowed::from_ref(exc::GENERATOR_EXIT).object();
                    inner.throw(th, false, &[class])
                }
                Some(args) => inner.throw(th, false, args.as_slice()),
            };
            return self.settle(th, &generator, result);
        }
        let result = inner.resume_raising(th, Some(value), None, false);
        self.settle(th, &generator, result)
    }

    /// What the awaitable makes of the generator's answer.
    fn settle(&self, th: &Thread, generator: &AsyncGenerator, result: PyResult) -> PyResult {
        if !self.is_close() {
            let result = unwrap(th, generator, result);
            if result.is_err() {
                self.close_it();
            }
            return result;
        }
        match result {
            Ok(value) => {
                if value.object().is_exact::<AsyncGenWrappedValue>() {
                    generator.running_async.set(0);
                    self.close_it();
                    return Err(th.raise(exc::RUNTIME_ERROR, IGNORED));
                }
                Ok(value)
            }
            Err(raised) => {
                generator.running_async.set(0);
                self.close_it();
                let over = th.exception_matches(exc::STOP_ASYNC_ITERATION)
                    || th.exception_matches(exc::GENERATOR_EXIT);
                if over {
                    drop(th.take_raised(raised));
                    return Err(th.raise_none(exc::STOP_ITERATION));
                }
                Err(raised)
            }
        }
    }
}

#[pymethods]
impl AsyncGenThrow {
    #[slot(tp_finalize)]
    fn finalize(&self, th: &Thread) {
        if self.progress.get() == Some(Progress::Init) {
            let method = if self.is_close() { "aclose" } else { "athrow" };
            warn_unawaited(th, &self.generator, method);
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
            Some(Progress::Closed) => return Err(Self::reused(th)),
            Some(Progress::Init) => self.begin(th, &generator)?,
            _ => {}
        }
        let result = generator.generator().throw(th, false, values);
        self.settle(th, &generator, result)
    }

    /// close() -> raise GeneratorExit inside the generator.
    #[method(sig = "(self)", no_text)]
    fn close(&self, th: &Thread) -> PyResult<()> {
        match self.progress.get() {
            Some(Progress::Closed) => return Ok(()),
            Some(Progress::Init) => {
                self.close_it();
                return Ok(());
            }
            _ => {}
        }
        let generator = self.generator(th)?;
        let class = Borrowed::from_ref(exc::GENERATOR_EXIT).object();
        let result = generator.generator().throw(th, false, &[class]);
        ended_by_close(th, self.settle(th, &generator, result), || self.close_it())
    }
}
