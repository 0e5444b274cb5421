//! What Python sees of a `Future`.

use krait_objects::generic_alias;
use krait_objects::prelude::*;
use krait_objects::set::Set;

use super::future::{CANCELLED, FINISHED, Future, Outcome, not_initialized};
use super::iterator::{self, FutureIter};
use super::state::{attribute, invalid_state};
use crate::contextvars;

/// An attribute of a type that may be set, but not deleted.
pub fn settable<'a>(
    th: &Thread,
    value: Option<Borrowed<'a>>,
    class: &str,
    name: &str,
) -> PyResult<Borrowed<'a>> {
    value.ok_or_else(|| {
        raise!(
            th,
            ATTRIBUTE_ERROR,
            "attribute '{name}' of '_asyncio.{class}' objects cannot be deleted"
        )
    })
}

/// The keyword arguments `names` of a call with so many positional ones; `None` for any other call.
pub fn keywords<'a, const N: usize>(
    args: Args<'a>,
    positional: usize,
    names: [&str; N],
) -> Option<[Option<Borrowed<'a>>; N]> {
    let mut found = [None; N];
    if args.positional != positional {
        return None;
    }
    let given = args.kwnames.map_or(&[][..], |names| names.get().as_slice());
    for (name, &value) in given.iter().zip(&args.values[positional..]) {
        let name = name.downcast::<Str>()?;
        let at = names.iter().position(|known| name.eq_str(known))?;
        found[at] = Some(value).filter(|value| !value.is_none());
    }
    Some(found)
}

/// A call of a class as `type` carries it out.
#[cold]
pub fn construct_slowly(class: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
    let (args, kwargs) = args.to_tuple_and_dict(th)?;
    let kwargs = kwargs.as_ref().map_or(std::ptr::null_mut(), |kwargs| kwargs.as_ptr());
    let Some(call) = Type::type_object().raw().tp_call else {
        return Err(th.bad_internal_call());
    };
    // SAFETY: a class, a tuple, and a dictionary or NULL; the slot gives a new reference or NULL.
    unsafe { Owned::from_ptr_or_null(call(class.as_ptr(), args.as_ptr(), kwargs)) }
        .ok_or_else(|| th.raised_by_c())
}

#[pymethods(parts(attributes))]
impl Future {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Future>> {
        cls.alloc::<Future>(th, 0)
    }

    #[init(sig = "(*, loop=None)")]
    fn init(&self, th: &Thread, r#loop: Option<Borrowed<'_>>) -> PyResult<()> {
        self.start(th, r#loop)
    }

    /// A call of the class: as `__new__` and `__init__`, without a tuple and a dictionary for them.
    #[slot(tp_vectorcall)]
    fn construct(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        let given = keywords(args, 0, ["loop"]);
        let Some([event_loop]) =
            given.filter(|_| this.is(Borrowed::from_ref(Future::type_object())))
        else {
            return construct_slowly(this, th, args);
        };
        let future = Future::type_object().alloc::<Future>(th, 0)?;
        future.start(th, event_loop)?;
        Ok(future.into_object())
    }

    #[slot(tp_finalize)]
    fn finalize(this: Borrowed<'_, Self>, th: &Thread) {
        Future::report_unseen(this, th);
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        this.check_alive(th)?;
        let repr = attribute(th, "asyncio.base_futures", "_future_repr")?;
        call::call(th, repr.borrow(), &[this.object()])
    }

    #[slot(tp_iter, am_await)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<FutureIter>> {
        iterator::new(th, this)
    }

    /// Return the result.
    ///
    /// Raises the exception instead if there is one, CancelledError if the future was cancelled, and
    /// InvalidStateError if it is not done.
    #[method(sig = "(self, /)")]
    fn result(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if this.event_loop.get().is_none() {
            return Err(invalid_state(th, format_args!("Future object is not initialized.")));
        }
        match Future::outcome(this, th)? {
            Outcome::Result(result) => Ok(result),
            Outcome::Exception(exception) => Err(th.raise_exception(exception)),
        }
    }

    /// Return the exception, or None if there is a result.
    ///
    /// Raises CancelledError if the future was cancelled, and InvalidStateError if it is not done.
    #[method(sig = "(self, /)")]
    fn exception(&self, th: &Thread) -> PyResult<Option<Owned<BaseException>>> {
        if self.event_loop.get().is_none() {
            return Err(invalid_state(th, format_args!("Future object is not initialized.")));
        }
        match self.state.get() {
            CANCELLED => Err(self.raise_cancelled(th)),
            FINISHED => {
                self.log_traceback.set(false);
                Ok(self.exception.get_owned())
            }
            _ => Err(invalid_state(th, format_args!("Exception is not set."))),
        }
    }

    /// Set the result, which makes the future done. Raises InvalidStateError if it is done already.
    #[method(sig = "(self, result, /)")]
    fn set_result(this: Borrowed<'_, Self>, th: &Thread, result: Owned) -> PyResult<()> {
        Future::finish(this, th, result)
    }

    /// Set an exception, which makes the future done. Raises InvalidStateError if it is done already.
    #[method(sig = "(self, exception, /)")]
    fn set_exception(
        this: Borrowed<'_, Self>,
        th: &Thread,
        exception: Borrowed<'_>,
    ) -> PyResult<()> {
        Future::fail(this, th, exception)
    }

    /// Have the loop call fn with the future when it is done: soon, if it is done already.
    #[method(sig = "(self, fn, /, *, context=<unrepresentable>)")]
    fn add_done_callback(
        this: Borrowed<'_, Self>,
        th: &Thread,
        r#fn: Owned,
        context: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        if this.event_loop.get().is_none() {
            return Err(th.raise(exc::RUNTIME_ERROR, "uninitialized Future object"));
        }
        let context = match context {
            Some(context) => context.to_owned(),
            None => contextvars::copy_current(th)?.into_object(),
        };
        Future::add_callback(this, th, r#fn, context)
    }

    /// Remove a callback, however often it was added. Returns how often that was.
    #[method(sig = "(self, fn, /)")]
    fn remove_done_callback(&self, th: &Thread, r#fn: Borrowed<'_>) -> PyResult<usize> {
        self.check_alive(th)?;
        self.remove_callback(th, r#fn)
    }

    /// Cancel the future and have its callbacks called.
    ///
    /// Returns whether that was possible: a future that is done cannot be cancelled.
    #[method(sig = "(self, /, msg=None)")]
    fn cancel(this: Borrowed<'_, Self>, th: &Thread, msg: Option<Borrowed<'_>>) -> PyResult<bool> {
        this.check_alive(th)?;
        Future::cancel_pending(this, th, msg.map(Borrowed::to_owned))
    }

    /// Return whether the future was cancelled.
    #[method(sig = "(self, /)")]
    fn cancelled(&self) -> bool {
        self.state.get() == CANCELLED
    }

    /// Return whether the future is done: it has a result or an exception, or was cancelled.
    #[method(sig = "(self, /)")]
    fn done(&self) -> bool {
        !self.is_pending()
    }

    /// Return the event loop that the future belongs to.
    #[method(sig = "(self, /)")]
    fn get_loop(&self, th: &Thread) -> PyResult {
        self.event_loop.get_owned().ok_or_else(|| not_initialized(th))
    }

    /// Make the CancelledError to raise for a future that was cancelled.
    ///
    /// Should be called once only, since it forgets the exception that it may have kept.
    #[method(sig = "(self, /)")]
    fn _make_cancelled_error(&self, th: &Thread) -> PyResult {
        self.make_cancelled_error(th)
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        generic_alias::new(th, cls.object(), object)
    }
}

#[pymethods(part = "attributes")]
impl Future {
    #[getter]
    fn _state(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.check_alive(th)?;
        Str::interned(
            th,
            match self.state.get() {
                CANCELLED => "CANCELLED",
                FINISHED => "FINISHED",
                _ => "PENDING",
            },
        )
    }

    #[getter]
    fn _asyncio_future_blocking(&self) -> bool {
        self.event_loop.get().is_some() && self.blocking.get()
    }

    #[setter(name = "_asyncio_future_blocking")]
    fn set_blocking(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = settable(th, value, "Future", "_asyncio_future_blocking")?;
        self.check_alive(th)?;
        self.blocking.set(object::is_true(th, value)?);
        Ok(())
    }

    #[getter]
    fn _asyncio_awaited_by(&self, th: &Thread) -> PyResult<Option<Owned<Set>>> {
        let Some(waiters) = self.awaited_by.get_owned() else {
            return Ok(None);
        };
        if waiters.borrow().is_exact::<Set>() {
            return Set::frozen_from_iterable(th, Some(waiters.borrow())).map(Some);
        }
        Set::new_frozen(th, &[waiters.borrow()]).map(Some)
    }

    #[getter]
    fn _loop(&self) -> Option<Owned> {
        self.event_loop.get_owned()
    }

    #[getter]
    fn _callbacks(&self, th: &Thread) -> PyResult<Option<Owned<List>>> {
        self.check_alive(th)?;
        self.all_callbacks(th)
    }

    #[getter]
    fn _result(&self, th: &Thread) -> PyResult<Option<Owned>> {
        self.check_alive(th)?;
        Ok(self.result.get_owned())
    }

    #[getter]
    fn _exception(&self, th: &Thread) -> PyResult<Option<Owned<BaseException>>> {
        self.check_alive(th)?;
        Ok(self.exception.get_owned())
    }

    #[getter]
    fn _source_traceback(&self) -> Option<Owned> {
        self.source_traceback.get_owned()
    }

    #[getter]
    fn _cancel_message(&self) -> Option<Owned> {
        self.cancel_message.get_owned()
    }

    #[setter(name = "_cancel_message")]
    fn set_cancel_message(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = settable(th, value, "Future", "_cancel_message")?;
        self.cancel_message.set(Some(value.to_owned()));
        Ok(())
    }

    #[getter]
    fn _log_traceback(&self, th: &Thread) -> PyResult<bool> {
        self.check_alive(th)?;
        Ok(self.log_traceback.get())
    }

    #[setter(name = "_log_traceback")]
    fn set_log_traceback(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = settable(th, value, "Future", "_log_traceback")?;
        if object::is_true(th, value)? {
            return Err(th.raise(exc::VALUE_ERROR, "_log_traceback can only be set to False"));
        }
        self.log_traceback.set(false);
        Ok(())
    }
}
