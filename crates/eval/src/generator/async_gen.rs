//! The awaitables of asynchronous generators: what `asend`, `athrow`, `aclose` and `__anext__` answer.
//!
//! A value that the generator yields to its consumer comes out of the frame wrapped, so that it can be told
//! from what an inner `await` passes to the event loop.

use std::cell::Cell;

use krait_objects::prelude::*;

use super::types::{AsyncGenerator, check_throw};
use super::{CLEARED, Generator};

/// A value on its way from `yield` to the consumer.
#[pytype(
    name = "async_generator_wrapped_value",
    symbol = "_PyAsyncGenWrappedValue_Type",
    flags(HAVE_GC)
)]
#[repr(C)]
pub struct AsyncGenWrappedValue {
    head: Head,
    #[visit]
    value: Slot,
}

#[pymethods]
impl AsyncGenWrappedValue {}

impl AsyncGenWrappedValue {
    pub fn new(th: &Thread, value: Borrowed<'_>) -> PyResult<Owned<AsyncGenWrappedValue>> {
        let wrapped = Self::type_object().alloc::<Self>(th, 0)?;
        wrapped.value.set(Some(value.to_owned()));
        Ok(wrapped)
    }
}

/// The types of this file.
pub fn types() -> [&'static Type; 3] {
    [AsyncGenWrappedValue::type_object(), AsyncGenSend::type_object(), AsyncGenThrow::type_object()]
}

/// Tells the event loop of a generator that begins to run: `sys.set_asyncgen_hooks`.
pub fn init_hooks(th: &Thread, generator: Borrowed<'_, AsyncGenerator>) -> PyResult<()> {
    if generator.hooks_inited.replace(1) != 0 {
        return Ok(());
    }
    // SAFETY: the thread's hooks are owned by its state.
    let (finalizer, first) = unsafe {
        let state = th.raw();
        let hook = |ptr| Borrowed::<Object>::from_ptr_or_null(ptr).map(Borrowed::to_owned);
        (hook((*state).async_gen_finalizer), hook((*state).async_gen_firstiter))
    };
    if let Some(finalizer) = finalizer {
        generator.origin_or_finalizer.set(Some(finalizer));
    }
    if let Some(first) = first {
        call::call(th, first.borrow(), &[generator.object()])?;
    }
    Ok(())
}

/// RuntimeWarning: an awaitable that goes away without having been awaited.
fn warn_unawaited(th: &Thread, generator: &Slot<AsyncGenerator>, method: &str) {
    let Some(generator) = generator.get_owned() else { return };
    let pending = th.take_exception();
    let name = generator.qualname.get_owned().map_or_else(|| none().to_owned(), Owned::into_object);
    let warned = object::repr(th, name.borrow()).and_then(|name| {
        let message = Str::from_fmt(
            th,
            format_args!("coroutine method '{method}' of {} was never awaited", &*name),
        )?;
        let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
        crate::warnings::warn_about(th, category, message.borrow(), 1, generator.object())
    });
    if let Err(_raised) = warned {
        let what = "Exception ignored while finalizing async generator";
        (th.interp().services.get().unraisable)(th, Some(generator.object()), what);
    }
    if let Some(pending) = pending {
        let _raised = th.set_exception(pending.into_object());
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Init,
    Iterating,
    Closed,
}

/// What came out of the generator: a value for the consumer ends the awaitable by StopIteration.
fn unwrap(th: &Thread, generator: &AsyncGenerator, result: PyResult) -> PyResult {
    match result {
        Ok(value) => {
            let Some(wrapped) = value.borrow().downcast_exact::<AsyncGenWrappedValue>() else {
                return Ok(value);
            };
            generator.running_async.set(0);
            let inner = wrapped.value.get_owned().unwrap_or_else(|| none().to_owned());
            Err(super::resume::raise_stop(th, inner.borrow()))
        }
        Err(raised) => {
            let raised =
                if th.is_raised() { raised } else { th.raise_none(exc::STOP_ASYNC_ITERATION) };
            let ended = th.exception_matches(exc::STOP_ASYNC_ITERATION)
                || th.exception_matches(exc::GENERATOR_EXIT);
            if ended {
                generator.closed.set(1);
            }
            generator.running_async.set(0);
            Err(raised)
        }
    }
}

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
    let awaitable = AsyncGenSend::type_object().alloc::<AsyncGenSend>(th, 0)?;
    awaitable.progress.set(Some(Progress::Init));
    awaitable.generator.set(Some(generator.to_owned()));
    awaitable.value.set(value.map(Borrowed::to_owned));
    Ok(awaitable.into_object())
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
        let result = unwrap(th, &generator, result);
        if result.is_err() {
            self.close_it();
        }
        result
    }
}

#[pymethods]
impl AsyncGenSend {
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

/// What `close` makes of the exception that came out.
fn ended_by_close(th: &Thread, result: PyResult, closed: impl FnOnce()) -> PyResult<()> {
    match result {
        Ok(_yielded) => Err(th.raise(exc::RUNTIME_ERROR, "coroutine ignored GeneratorExit")),
        Err(raised) => {
            closed();
            let expected = [exc::STOP_ITERATION, exc::STOP_ASYNC_ITERATION, exc::GENERATOR_EXIT];
            if expected.into_iter().any(|class| th.exception_matches(class)) {
                drop(th.take_raised(raised));
                return Ok(());
            }
            Err(raised)
        }
    }
}

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
