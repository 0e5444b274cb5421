//! What `anext(iterator, default)` answers: an awaitable that has the default where the iterator ends.
//!
//! The same job as `PyAnextAwaitable` in CPython's `Objects/iterobject.c`.

use krait_objects::prelude::*;

use super::Coroutine;
use super::awaitable::get_iter;
use super::resume::raise_stop;

/// The awaitable of `anext()` with a default.
#[pytype(name = "anext_awaitable", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct AnextAwaitable {
    head: Head,
    #[visit]
    wrapped: Slot,
    #[visit]
    default: Slot,
}

pub fn new(th: &Thread, wrapped: Owned, default: Borrowed<'_>) -> PyResult {
    let awaitable = AnextAwaitable::type_object().alloc::<AnextAwaitable>(th, 0)?;
    awaitable.wrapped.set(Some(wrapped));
    awaitable.default.set(Some(default.to_owned()));
    Ok(awaitable.into_object())
}

impl AnextAwaitable {
    /// The iterator that drives what is awaited. A coroutine has one only behind its `__await__`.
    fn inner(&self, th: &Thread) -> PyResult {
        let wrapped = self.wrapped.get_owned().ok_or_else(|| th.bad_internal_call())?;
        let found = get_iter(th, wrapped.borrow())?;
        if !found.object().is_exact::<Coroutine>() {
            return Ok(found);
        }
        call::call_method(th, found.borrow(), Str::interned(th, "__await__")?.borrow(), &[])
    }

    /// The end of the iterator becomes the end of the awaitable, with the default as its value.
    fn ended(&self, th: &Thread, raised: Raised) -> Raised {
        match th.take_if(raised, exc::STOP_ASYNC_ITERATION) {
            Ok(_ended) => {
                let default = self.default.get_owned().unwrap_or_else(|| none().to_owned());
                raise_stop(th, default.borrow())
            }
            Err(raised) => raised,
        }
    }

    /// Calls a method of the iterator.
    fn forward(&self, th: &Thread, method: &str, args: &[Borrowed<'_>]) -> PyResult {
        let inner = self.inner(th)?;
        let method = Str::interned(th, method)?;
        call::call_method(th, inner.borrow(), method.borrow(), args)
            .map_err(|raised| self.ended(th, raised))
    }
}

#[pymethods]
impl AnextAwaitable {
    #[slot(tp_iter, am_await)]
    fn iter(this: Borrowed<'_, Self>) -> PyResult<Owned<Self>> {
        Ok(this.to_owned())
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let inner = self.inner(th)?;
        let Some(next) = inner.object().ty().raw().tp_iternext else {
            return Err(th.raise(exc::TYPE_ERROR, "__await__ returned a non-iterable"));
        };
        // SAFETY: a slot gets an object of its type. A StopIteration with a value is passed on as it is.
        match unsafe { Owned::from_ptr_or_null(next(inner.as_ptr())) } {
            Some(value) => Ok(Some(value)),
            None if th.is_raised() => Err(self.ended(th, th.raised_by_c())),
            None => Ok(None),
        }
    }

    /// send(arg) -> next yielded value
    ///
    /// Pass arg on to the wrapped iterator. StopIteration says that it ended.
    #[method(sig = "(self, /, *args)", no_text)]
    fn send(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        self.forward(th, "send", args)
    }

    /// throw(value)
    /// throw(typ[,val[,tb]])
    ///
    /// Pass an exception on to the wrapped iterator, and return what it yields next. StopIteration says
    /// that it ended.
    #[method(sig = "(self, /, *args)", no_text)]
    fn throw(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        self.forward(th, "throw", args)
    }

    /// close() -> what close() of the wrapped iterator returns
    ///
    /// Close the wrapped iterator.
    #[method(sig = "(self, /, *args)", no_text)]
    fn close(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        self.forward(th, "close", args)
    }
}
