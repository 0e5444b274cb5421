//! Resuming a generator from native code: `send`, `throw`, `close`, `next`.

use krait_objects::prelude::*;

use super::{CLEARED, CREATED, Coroutine, EXECUTING, Generator, Kind};
use crate::frame::{self, StackRef};
use crate::interpreter;
use crate::traceback::Traceback;

/// How a resumed generator came back.
pub enum Resumed {
    Yielded(Owned),
    Returned(Owned),
}

impl Kind {
    pub fn text(self) -> &'static str {
        match self {
            Kind::Generator => "generator",
            Kind::Coroutine => "coroutine",
            Kind::AsyncGenerator => "async generator",
        }
    }
}

/// The value of a StopIteration instance.
pub fn stop_iteration_value(th: &Thread, exception: Borrowed<'_>) -> PyResult {
    object::get_attr(th, exception, id::value)
}

/// The value with which an iterator ended: None without an exception, that of a StopIteration.
pub fn stop_value(th: &Thread, raised: Option<Raised>) -> PyResult {
    let Some(raised) = raised else { return Ok(none().to_owned()) };
    let exception = th.take_if(raised, exc::STOP_ITERATION)?;
    stop_iteration_value(th, exception.object())
}

/// StopIteration with a value of any type.
pub fn raise_stop(th: &Thread, value: Borrowed<'_>) -> Raised {
    if value.is_none() {
        return th.raise_none(exc::STOP_ITERATION);
    }
    krait_objects::exceptions::raise_stop_iteration(th, value)
}

impl Generator {
    /// Resumes the generator with `value`, or with the current exception raised at its `yield`.
    pub fn resume(
        &self,
        th: &Thread,
        value: Option<Borrowed<'_>>,
        throwing: Option<Raised>,
        closing: bool,
    ) -> PyResult<Resumed> {
        let (state, kind) = (self.frame_state.get(), self.kind());
        if state == EXECUTING {
            drop(throwing.and_then(|_raised| th.take_exception()));
            return Err(raise!(th, VALUE_ERROR, "{} already executing", kind.text()));
        }
        if state > EXECUTING {
            if kind == Kind::Coroutine && !closing {
                drop(throwing.and_then(|_raised| th.take_exception()));
                let message = "cannot reuse already awaited coroutine";
                return Err(th.raise(exc::RUNTIME_ERROR, message));
            }
            return match throwing {
                Some(raised) => Err(raised),
                None => Ok(Resumed::Returned(none().to_owned())),
            };
        }
        if state == CREATED && value.is_some_and(|value| !value.is_none()) {
            let kind = kind.text();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can't send non-None value to a just-started {kind}"
            ));
        }
        // SAFETY: (10): the generator waits, and our caller keeps it alive.
        unsafe {
            let value = value.map_or(StackRef::none(), |value| StackRef::new(value.as_ptr()));
            self.enter(th, value);
            if throwing.is_some() {
                // What the generator was handling when it yielded is the context of what comes in there.
                let handled = (*self.exc_state.get()).exc_value;
                chain_to_handled(th, Borrowed::<BaseException>::from_ptr_or_null(handled));
            }
            let result = match throwing {
                Some(_) => interpreter::evaluator::throw_into(th, self.frame())?,
                None => interpreter::run_frame(th, self.frame(), false)?,
            };
            if self.frame_state.get() == CLEARED {
                return Ok(Resumed::Returned(result));
            }
            Ok(Resumed::Yielded(result))
        }
    }

    /// As `resume`, with a return as StopIteration (StopAsyncIteration of asynchronous generators).
    pub fn resume_raising(
        &self,
        th: &Thread,
        value: Option<Borrowed<'_>>,
        throwing: Option<Raised>,
        closing: bool,
    ) -> PyResult {
        match self.resume(th, value, throwing, closing)? {
            Resumed::Yielded(value) => Ok(value),
            Resumed::Returned(value) if self.kind() == Kind::AsyncGenerator => {
                drop(value);
                Err(th.raise_none(exc::STOP_ASYNC_ITERATION))
            }
            Resumed::Returned(value) => Err(raise_stop(th, value.borrow())),
        }
    }

    /// `tp_iternext`.
    pub fn iternext(&self, th: &Thread) -> PyResult<Option<Owned>> {
        if self.frame_state.get() < EXECUTING {
            // SAFETY: (10): it waits, and our caller keeps it alive.
            let result = unsafe {
                self.enter(th, StackRef::none());
                interpreter::run_frame(th, self.frame(), false)?
            };
            if self.frame_state.get() != CLEARED {
                return Ok(Some(result));
            }
            if result.is_none() {
                return Ok(None);
            }
            return Err(raise_stop(th, result.borrow()));
        }
        // It runs, which is an error, or is over.
        self.resume(th, None, None, false).map(|_ended| None)
    }

    /// Runs `body` while the generator counts as running, because what it delegates to does.
    fn delegating<T>(&self, th: &Thread, body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
        let state = self.frame_state.replace(EXECUTING);
        // SAFETY: (7): the frame is linked in for the time of the call, for tracebacks and `f_back`.
        unsafe {
            let inside = self.frame();
            let outer = frame::current(th);
            (*inside).previous = outer;
            frame::set_current(th, inside);
            let result = body();
            frame::set_current(th, outer);
            (*inside).previous = std::ptr::null_mut();
            self.frame_state.set(state);
            result
        }
    }

    /// `throw(exception)`, handed on to what the generator delegates to. A GeneratorExit closes the delegate
    /// instead if `close_on_exit` is set.
    pub fn throw(&self, th: &Thread, close_on_exit: bool, args: &[Borrowed<'_>]) -> PyResult {
        let Some(&kind) = args.first() else { return Err(th.bad_internal_call()) };
        let Some(delegate) = self.delegate() else { return self.throw_here(th, args) };
        if close_on_exit && is_generator_exit(kind) {
            let closed = self.delegating(th, || close_iterator(th, delegate.borrow()));
            return match closed {
                Ok(()) => self.throw_here(th, args),
                Err(raised) => self.resume_raising(th, Some(none()), Some(raised), false),
            };
        }
        let ours =
            delegate.object().is_exact::<Generator>() || delegate.object().is_exact::<Coroutine>();
        let result = if ours {
            // SAFETY: coroutines are laid out as generators.
            let inner: Borrowed<'_, Generator> = unsafe { delegate.borrow().cast() };
            self.delegating(th, || inner.throw(th, close_on_exit, args))
        } else {
            match object::get_attr_opt(th, delegate.borrow(), id::throw)? {
                None => return self.throw_here(th, args),
                Some(method) => self.delegating(th, || call::call(th, method.borrow(), args)),
            }
        };
        match result {
            Ok(value) => Ok(value),
            // The delegation is over: the exception, StopIteration included, goes on in the generator.
            Err(raised) => self.resume_raising(th, Some(none()), Some(raised), false),
        }
    }

    /// Raises the exception at the `yield` itself.
    fn throw_here(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        let raised = match exception_to_throw(th, args)? {
            Ok(exception) => th.set_exception(exception.into_object()),
            Err(raised) => raised,
        };
        self.resume_raising(th, Some(none()), Some(raised), false)
    }

    /// `close()`: the generator's return value, if it ends with one.
    pub fn close(&self, th: &Thread) -> PyResult {
        match self.frame_state.get() {
            CREATED => {
                self.clear_frame(th);
                return Ok(none().to_owned());
            }
            state if state > EXECUTING => return Ok(none().to_owned()),
            _ => {}
        }
        let closed = match self.delegate() {
            Some(delegate) => self.delegating(th, || close_iterator(th, delegate.borrow())),
            None => Ok(()),
        };
        let raised = match closed {
            Ok(()) => th.raise_none(exc::GENERATOR_EXIT),
            Err(raised) => raised,
        };
        match self.resume_raising(th, Some(none()), Some(raised), true) {
            Ok(_yielded) => {
                let kind = self.kind().text();
                Err(raise!(th, RUNTIME_ERROR, "{kind} ignored GeneratorExit"))
            }
            Err(raised) => self.closed_with(th, raised),
        }
    }

    fn closed_with(&self, th: &Thread, raised: Raised) -> PyResult {
        let raised = match th.take_if(raised, exc::GENERATOR_EXIT) {
            Ok(_expected) => return Ok(none().to_owned()),
            Err(raised) => raised,
        };
        let raised = match th.take_if(raised, exc::STOP_ASYNC_ITERATION) {
            Ok(_ended) if self.kind() == Kind::AsyncGenerator => return Ok(none().to_owned()),
            Ok(other) => th.set_exception(other.into_object()),
            Err(raised) => raised,
        };
        stop_value(th, Some(raised))
    }

    /// `frame.clear()` of a generator's frame.
    pub fn close_for_clear(&self, th: &Thread) -> PyResult<()> {
        match self.frame_state.get() {
            EXECUTING => Err(th.raise(exc::RUNTIME_ERROR, "cannot clear an executing frame")),
            super::SUSPENDED | super::SUSPENDED_YIELD_FROM => {
                Err(th.raise(exc::RUNTIME_ERROR, "cannot clear a suspended frame"))
            }
            _ => {
                self.close_finally(th);
                Ok(())
            }
        }
    }

    /// Releases the frame of a generator that will not run any more.
    pub(super) fn clear_frame(&self, th: &Thread) {
        self.frame_state.set(CLEARED);
        // SAFETY: (10): the frame is not linked.
        unsafe { frame::Frame::clear_except_code(th, self.frame()) };
        self.clear_exc_state();
    }
}

fn is_generator_exit(kind: Borrowed<'_>) -> bool {
    match kind.downcast::<Type>() {
        Some(class) => class.is_subtype(exc::GENERATOR_EXIT),
        None => kind.ty().is_subtype(exc::GENERATOR_EXIT),
    }
}

/// Closes what a generator delegates to; other iterators may do without `close`.
fn close_iterator(th: &Thread, delegate: Borrowed<'_>) -> PyResult<()> {
    if delegate.is_exact::<Generator>() || delegate.is_exact::<Coroutine>() {
        // SAFETY: coroutines are laid out as generators.
        let generator: Borrowed<'_, Generator> = unsafe { delegate.cast() };
        return generator.close(th).map(drop);
    }
    match object::get_attr_opt(th, delegate, id::close) {
        Ok(Some(method)) => call::call(th, method.borrow(), &[]).map(drop),
        Ok(None) => Ok(()),
        Err(_raised) => {
            let what = "Exception ignored while closing generator";
            (th.interp().services.get().unraisable)(th, Some(delegate), what);
            Ok(())
        }
    }
}

/// Makes the exception that the generator is handling the context of the current one. What its callers handle is
/// not: the exception comes from there.
fn chain_to_handled(th: &Thread, handled: Option<Borrowed<'_, BaseException>>) {
    let Some(handled) = handled.filter(|handled| !handled.object().is_none()) else { return };
    let handled = handled.to_owned();
    if let Some(exception) = th.take_exception() {
        krait_objects::exceptions::chain_context(exception.borrow(), handled.borrow());
        let _raised = th.set_exception(exception.into_object());
    }
}

/// The instance for `throw(type, value, traceback)` in any of its forms. One that cannot be made is replaced by
/// the reason, which is thrown instead; arguments that make no sense are the caller's error.
fn exception_to_throw(
    th: &Thread,
    args: &[Borrowed<'_>],
) -> PyResult<Result<Owned<BaseException>, Raised>> {
    let kind = args.first().copied().unwrap_or(none());
    let value = args.get(1).copied().filter(|value| !value.is_none());
    let traceback = args.get(2).copied().filter(|traceback| !traceback.is_none());
    if traceback.is_some_and(|traceback| traceback.downcast::<Traceback>().is_none()) {
        let message = "throw() third argument must be a traceback object";
        return Err(th.raise(exc::TYPE_ERROR, message));
    }
    let exception = if let Some(class) =
        kind.downcast::<Type>().filter(|class| class.is_subtype(exc::BASE_EXCEPTION))
    {
        match krait_objects::exceptions::create(th, class, value) {
            Ok(exception) => exception,
            Err(raised) => return Ok(Err(raised)),
        }
    } else if let Some(exception) = kind.downcast::<BaseException>() {
        if value.is_some() {
            let message = "instance exception may not have a separate value";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        exception.to_owned()
    } else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "exceptions must be classes or instances deriving from BaseException, not {}",
            kind.type_name()
        ));
    };
    if let Some(traceback) = traceback {
        exception.set_traceback(Some(traceback.to_owned()));
    }
    Ok(Ok(exception))
}
