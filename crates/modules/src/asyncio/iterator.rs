//! `FutureIter`: what `await future` iterates over.

use krait_eval::generator::raise_stop;
use krait_eval::traceback::Traceback;
use krait_objects::exceptions;
use krait_objects::prelude::*;

use super::future::{Future, Outcome};

#[pytype(name = "_asyncio.FutureIter", flags(HAVE_GC))]
#[repr(C)]
pub struct FutureIter {
    head: Head,
    /// Gone once it is done, or something was thrown in.
    #[visit]
    future: Slot<Future>,
}

pub fn new(th: &Thread, future: Borrowed<'_, Future>) -> PyResult<Owned<FutureIter>> {
    future.check_alive(th)?;
    let made = FutureIter::type_object().alloc::<FutureIter>(th, 0)?;
    made.future.set(Some(future.to_owned()));
    Ok(made)
}

impl FutureIter {
    /// The future itself while it is pending; then `Err` of its exception, or its result.
    fn advance(&self, th: &Thread) -> PyResult<Result<Owned<Future>, Owned>> {
        let Some(future) = self.future.get_owned() else {
            return Ok(Err(none().to_owned()));
        };
        if future.is_pending() {
            if future.blocking.replace(true) {
                return Err(th.raise(exc::RUNTIME_ERROR, "await wasn't used with future"));
            }
            return Ok(Ok(future));
        }
        drop(self.future.take());
        match Future::outcome(future.borrow(), th)? {
            Outcome::Result(result) => Ok(Err(result)),
            Outcome::Exception(exception) => Err(th.raise_exception(exception)),
        }
    }
}

#[pymethods]
impl FutureIter {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<FutureIter>> {
        cls.alloc::<FutureIter>(th, 0)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        match self.advance(th)? {
            Ok(future) => Ok(Some(future.into_object())),
            Err(result) if result.is_none() => Ok(None),
            Err(result) => Err(raise_stop(th, result.borrow())),
        }
    }

    #[method(sig = "(self, object, /)")]
    fn send(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        match self.advance(th)? {
            Ok(future) => Ok(future.into_object()),
            Err(result) => Err(raise_stop(th, result.borrow())),
        }
    }

    #[method(sig = "(self, /, *args)", no_text)]
    fn throw(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        check_count(th, args)?;
        let exception = to_throw(th, args)?;
        drop(self.future.take());
        Err(th.raise_exception(exception))
    }

    #[method(sig = "(self, /)")]
    fn close(&self) {
        drop(self.future.take());
    }
}

fn check_count(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
    match args.len() {
        0 => Err(th.raise(exc::TYPE_ERROR, "throw expected at least 1 argument, got 0")),
        1 => Ok(()),
        2 | 3 => {
            let message = "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.";
            let message = Str::new(th, message)?;
            let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
            (th.interp().services.get().warn)(th, category, message.borrow(), 1)
        }
        n => Err(raise!(th, TYPE_ERROR, "throw expected at most 3 arguments, got {n}")),
    }
}

/// The exception that `throw(type, value, traceback)` means.
fn to_throw(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<Owned<BaseException>> {
    let given = |index: usize| args.get(index).copied().filter(|value| !value.is_none());
    let (kind, value, traceback) = (args[0], given(1), given(2));
    if traceback.is_some_and(|traceback| traceback.downcast::<Traceback>().is_none()) {
        return Err(th.raise(exc::TYPE_ERROR, "throw() third argument must be a traceback"));
    }
    let class = kind.downcast::<Type>().filter(|class| class.is_subtype(exc::BASE_EXCEPTION));
    let exception = if let Some(class) = class {
        exceptions::create(th, class, value)?
    } else if let Some(exception) = kind.downcast::<BaseException>() {
        if value.is_some() {
            let message = "instance exception may not have a separate value";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        exception.to_owned()
    } else {
        let message =
            "exceptions must be classes deriving BaseException or instances of such a class";
        return Err(th.raise(exc::TYPE_ERROR, message));
    };
    if let Some(traceback) = traceback {
        exception.set_traceback(Some(traceback.to_owned()));
    }
    Ok(exception)
}
