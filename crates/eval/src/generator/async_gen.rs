//! The awaitables of asynchronous generators: what `asend`, `athrow`, `aclose` and `__anext__` answer.
//!
//! A value that the generator yields to its consumer comes out of the frame wrapped, so that it can be told
//! from what an inner `await` passes to the event loop.

use std::cell::Cell;

use krait_objects::gc;
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
impl AsyncGenWrappedValue {
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the type has no subtypes.
        unsafe {
            gc::untrack_raw(this.cast());
            drop((*this).value.take());
            if !Thread::current().interp().free_lists.async_values.push(this.cast()) {
                crate::free_gc(this.cast());
            }
        }
    }
}

impl AsyncGenWrappedValue {
    pub fn new(th: &Thread, value: Borrowed<'_>) -> PyResult<Owned<AsyncGenWrappedValue>> {
        let dead = th.interp().free_lists.async_values.reuse_gc(Self::type_object());
        if dead.is_null() {
            let wrapped = Self::type_object().alloc::<Self>(th, 0)?;
            wrapped.value.set(Some(value.to_owned()));
            return Ok(wrapped);
        }
        // SAFETY: memory for this type, with a head; the other field is written.
        unsafe {
            (&raw mut (*dead.cast::<Self>()).value).write(Slot::new(Some(value.to_owned())));
            let wrapped = Owned::<Self>::from_ptr(dead);
            gc::track(th, wrapped.borrow());
            Ok(wrapped)
        }
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

/// What an awaitable came back with.
pub enum Step {
    /// The consumer's value: the awaitable has done its work.
    Item(Owned),
    /// Something that an inner `await` passes to the event loop.
    Passed(Owned),
}

/// As iterators put it: a value for the consumer ends the awaitable by StopIteration.
fn as_result(th: &Thread, step: PyResult<Step>) -> PyResult {
    match step? {
        Step::Passed(value) => Ok(value),
        Step::Item(value) => Err(super::resume::raise_stop(th, value.borrow())),
    }
}

fn unwrap(th: &Thread, generator: &AsyncGenerator, result: PyResult) -> PyResult {
    as_result(th, unwrap_step(th, generator, result))
}

/// What came out of the generator.
fn unwrap_step(th: &Thread, generator: &AsyncGenerator, result: PyResult) -> PyResult<Step> {
    match result {
        Ok(value) => {
            let Some(wrapped) = value.borrow().downcast_exact::<AsyncGenWrappedValue>() else {
                return Ok(Step::Passed(value));
            };
            generator.running_async.set(0);
            Ok(Step::Item(wrapped.value.get_owned().unwrap_or_else(|| none().to_owned())))
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
