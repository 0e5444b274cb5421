//! Asynchronous generators: their methods, and the awaitables that these answer.
//!
//! A value that the generator yields to its consumer comes out of the frame wrapped, so that it can be told
//! from what an inner `await` passes to the event loop. `send` has the awaitable of `asend` and `__anext__`, `throw` that of
//! `athrow` and `aclose`; this file has what both do.

mod send;
mod throw;

use krait_objects::gc;
use krait_objects::prelude::*;

use super::types::{AsyncGenerator, check_throw};

pub use send::AsyncGenSend;
use throw::AsyncGenThrow;

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

#[pymethods(parts(common))]
impl AsyncGenerator {
    #[slot(am_aiter)]
    fn aiter(this: Borrowed<'_, Self>) -> PyResult<Owned<Self>> {
        Ok(this.to_owned())
    }

    #[slot(am_anext)]
    fn anext(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        init_hooks(th, this)?;
        send::send(th, this, None)
    }

    /// asend(v) -> awaitable
    ///
    /// Resume the generator: the yield at which it waits evaluates to v.
    #[method(sig = "(self, v, /)", no_text)]
    fn asend(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult {
        init_hooks(th, this)?;
        send::send(th, this, Some(value))
    }

    /// athrow(value)
    /// athrow(type[,value[,tb]])
    ///
    /// Raise an exception at the place where the generator waits.
    #[method(sig = "(self, type, value=None, traceback=None, /)", no_text)]
    fn athrow(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let values = check_throw(th, args)?;
        init_hooks(th, this)?;
        throw::throw(th, this, Some(Tuple::from_slice(th, values)?))
    }

    /// aclose() -> awaitable
    ///
    /// End the generator: GeneratorExit is raised at the place where it waits.
    #[method(sig = "(self)", no_text)]
    fn aclose(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        init_hooks(th, this)?;
        throw::throw(th, this, None)
    }
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
