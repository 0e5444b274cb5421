//! `Future`: a result that is not there yet. What it does by itself; its methods are in `future_methods`.
//!
//! The same job as the first half of CPython's `Modules/_asynciomodule.c`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::set::Set;

use super::registry::event_loop;
use super::state::{attribute, call_named, call_soon, imported, invalid_state};
use super::task::Task;

/// Where a future is in its life. Zero, as memory begins, is the first.
pub const PENDING: u8 = 0;
pub const CANCELLED: u8 = 1;
pub const FINISHED: u8 = 2;

/// A result that an event loop will have later: awaiting it waits until it is there.
///
/// It is much like concurrent.futures.Future, but is not safe to use from several threads, result() and
/// exception() do not wait, and the loop calls what add_done_callback() registered, by call_soon().
#[pytype(
    name = "_asyncio.Future", new = "(*, loop=None)", flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct Future {
    head: Head,
    /// Absent before `__init__`.
    #[visit]
    pub event_loop: Slot,
    /// The first callback, and the context it is called in; most futures have no other.
    #[visit]
    callback: Slot,
    #[visit]
    context: Slot,
    /// The other callbacks: pairs of callback and context.
    #[visit]
    callbacks: Slot<List>,
    #[visit]
    pub exception: Slot<BaseException>,
    /// The traceback that the exception came with, until it is raised.
    #[visit]
    traceback: Slot,
    #[visit]
    pub result: Slot,
    #[visit]
    pub source_traceback: Slot,
    #[visit]
    pub cancel_message: Slot,
    /// The CancelledError that ended the task, which is raised first.
    #[visit]
    pub cancelled_error: Slot<BaseException>,
    /// Who waits: a future, or a set of them.
    #[visit]
    pub awaited_by: Slot,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
    pub state: Cell<u8>,
    /// Whether nobody has seen the exception yet.
    pub log_traceback: Cell<bool>,
    /// `_asyncio_future_blocking`: set between `await` and the step of the task that sees it.
    pub blocking: Cell<bool>,
    /// For debuggers: whether it is a task, and whether `awaited_by` is a set.
    pub is_task: Cell<bool>,
    pub awaited_by_is_set: Cell<bool>,
}

/// How a future ended, unless it was cancelled.
pub enum Outcome {
    Result(Owned),
    Exception(Owned<BaseException>),
}

/// The loop of any future: `get_loop()`, or `_loop` of those that have no such method.
pub fn loop_of(th: &Thread, future: Borrowed<'_>) -> PyResult {
    if let Some(own) = exact(future) {
        return own.event_loop.get_owned().ok_or_else(|| not_initialized(th));
    }
    match object::get_attr_opt(th, future, id::get_loop)? {
        Some(method) => call::call(th, method.borrow(), &[]),
        None => object::get_attr(th, future, id::_loop),
    }
}

/// `ob` if nothing of a Future can have been overridden in it.
#[inline]
pub fn exact(ob: Borrowed<'_>) -> Option<Borrowed<'_, Future>> {
    // SAFETY: tasks begin as futures.
    (ob.is_exact::<Future>() || ob.is_exact::<Task>()).then(|| unsafe { ob.cast() })
}

#[cold]
pub fn not_initialized(th: &Thread) -> Raised {
    th.raise(exc::RUNTIME_ERROR, "Future object is not initialized.")
}

impl Future {
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.state.get() == PENDING
    }

    /// RuntimeError before `__init__`.
    #[inline]
    pub fn check_alive(&self, th: &Thread) -> PyResult<()> {
        if self.event_loop.get().is_some() { Ok(()) } else { Err(not_initialized(th)) }
    }

    fn check_pending(&self, th: &Thread) -> PyResult<()> {
        self.check_alive(th)?;
        if self.is_pending() {
            Ok(())
        } else {
            Err(invalid_state(th, format_args!("invalid state")))
        }
    }

    /// `__init__`, which may be called again.
    pub fn start(&self, th: &Thread, given: Option<Borrowed<'_>>) -> PyResult<()> {
        if self.event_loop.get().is_some() {
            self.forget();
        }
        let given = match given {
            Some(given) => given.to_owned(),
            None => event_loop(th)?,
        };
        self.event_loop.set(Some(given.clone()));
        let debug = call::call_method(th, given.borrow(), id::get_debug, &[])?;
        if object::is_true(th, debug.borrow())? && !th.interp().finalizing.get() {
            let extract = attribute(th, "traceback", "extract_stack")?;
            self.source_traceback.set(Some(call::call(th, extract.borrow(), &[])?));
        }
        Ok(())
    }

    /// Makes the object as new.
    #[cold]
    fn forget(&self) {
        self.state.set(PENDING);
        self.log_traceback.set(false);
        self.blocking.set(false);
        self.awaited_by_is_set.set(false);
        let slots = [
            &self.event_loop,
            &self.callback,
            &self.context,
            &self.traceback,
            &self.result,
            &self.source_traceback,
            &self.cancel_message,
            &self.awaited_by,
        ];
        let held = slots.map(Slot::take);
        let more = (self.callbacks.take(), self.exception.take(), self.cancelled_error.take());
        drop((held, more));
    }

    /// It is done: has the loop call the callbacks, and forgets them.
    fn schedule_callbacks(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        if let Some(task) = Task::of(this) {
            task.unregister();
        }
        if let Some(callback) = this.callback.take() {
            let context = this.context.take();
            if let Err(raised) = this.call_soon(this, th, &callback, context.as_ref()) {
                // The rest is lost, as with the reference.
                let exception = th.take_raised(raised);
                drop(this.callbacks.take());
                return Err(th.set_exception(exception.into_object()));
            }
        }
        let Some(callbacks) = this.callbacks.take() else {
            return Ok(());
        };
        for pair in callbacks.to_vec() {
            let (callback, context) = parts(th, &pair)?;
            this.call_soon(this, th, &callback, Some(&context))?;
        }
        Ok(())
    }

    fn call_soon(
        &self,
        this: Borrowed<'_, Self>,
        th: &Thread,
        callback: &Owned,
        context: Option<&Owned>,
    ) -> PyResult<()> {
        let event_loop = self.event_loop.get_owned().ok_or_else(|| not_initialized(th))?;
        let context = context.map(Owned::borrow);
        call_soon(th, event_loop.borrow(), callback.borrow(), Some(this.object()), context)
            .map(drop)
    }

    /// Has `callback` called when it is done, or soon if it is.
    pub fn add_callback(
        this: Borrowed<'_, Self>,
        th: &Thread,
        callback: Owned,
        context: Owned,
    ) -> PyResult<()> {
        if !this.is_pending() {
            return this.call_soon(this, th, &callback, Some(&context));
        }
        if this.callback.get().is_none() && this.callbacks.get().is_none() {
            this.context.set(Some(context));
            this.callback.set(Some(callback));
            return Ok(());
        }
        let pair = Tuple::pack(th, [callback, context])?.into_object();
        match this.callbacks.get_owned() {
            Some(callbacks) => callbacks.push(th, pair),
            None => {
                this.callbacks.set(Some(List::from_vec(th, vec![pair])?));
                Ok(())
            }
        }
    }

    /// Removes all callbacks that are equal to `callback`; how many.
    pub fn remove_callback(&self, th: &Thread, callback: Borrowed<'_>) -> PyResult<usize> {
        let mut removed = 0;
        if let Some(first) = self.callback.get_owned()
            && object::eq(th, first.borrow(), callback)?
        {
            // Comparing may have put another one there.
            if self.callback.get().is_some_and(|now| now.is(first.borrow())) {
                let held = (self.callback.take(), self.context.take());
                drop(held);
            }
            removed = 1;
        }
        let Some(callbacks) = self.callbacks.get_owned() else {
            return Ok(removed);
        };
        let mut kept = Vec::new();
        let mut at = 0;
        while let Some(pair) = callbacks.get(at) {
            at += 1;
            let (other, _) = parts(th, &pair)?;
            if object::eq(th, other.borrow(), callback)? {
                removed += 1;
            } else {
                kept.push(pair);
            }
        }
        // Comparing may have removed some itself, which makes a new list.
        if self.callbacks.get().is_some_and(|now| now.is(callbacks.borrow())) {
            let kept = if kept.is_empty() { None } else { Some(List::from_vec(th, kept)?) };
            self.callbacks.set(kept);
        }
        Ok(removed)
    }

    /// `_callbacks`: pairs of callback and context, if there are any.
    pub fn all_callbacks(&self, th: &Thread) -> PyResult<Option<Owned<List>>> {
        let first = match (self.callback.get_owned(), self.context.get_owned()) {
            (Some(callback), context) => {
                let context = context.unwrap_or_else(|| none().to_owned());
                Some(Tuple::pack(th, [callback, context])?.into_object())
            }
            _ => None,
        };
        let mut all: Vec<Owned> = first.into_iter().collect();
        if let Some(callbacks) = self.callbacks.get() {
            all.extend(callbacks.to_vec());
        }
        if all.is_empty() { Ok(None) } else { List::from_vec(th, all).map(Some) }
    }

    pub fn finish(this: Borrowed<'_, Self>, th: &Thread, result: Owned) -> PyResult<()> {
        this.check_pending(th)?;
        this.result.set(Some(result));
        this.state.set(FINISHED);
        Future::schedule_callbacks(this, th)
    }

    /// `set_exception`: an instance, or a class that is called.
    pub fn fail(this: Borrowed<'_, Self>, th: &Thread, exception: Borrowed<'_>) -> PyResult<()> {
        this.check_pending(th)?;
        let exception = match exception.downcast::<Type>() {
            Some(class) if class.is_subtype(exc::BASE_EXCEPTION) => call::call(th, exception, &[])?,
            _ => exception.to_owned(),
        };
        let invalid = || th.raise(exc::TYPE_ERROR, "invalid exception object");
        let mut exception = exception.downcast::<BaseException>().map_err(|_| invalid())?;
        if exception.object().ty().is_subtype(exc::STOP_ITERATION) {
            let message =
                "StopIteration interacts badly with generators and cannot be raised into a Future";
            let raised = th.raise(exc::RUNTIME_ERROR, message);
            let outer = th.take_raised(raised);
            outer.set_cause(Some(exception.clone().into_object()));
            outer.set_context(Some(exception.into_object()));
            exception = outer;
        }
        this.traceback.set(exception.traceback().map(Borrowed::to_owned));
        this.exception.set(Some(exception));
        this.state.set(FINISHED);
        Future::schedule_callbacks(this, th)?;
        this.log_traceback.set(true);
        Ok(())
    }

    /// `cancel` of futures that are no tasks.
    pub fn cancel_pending(
        this: Borrowed<'_, Self>,
        th: &Thread,
        message: Option<Owned>,
    ) -> PyResult<bool> {
        this.log_traceback.set(false);
        if !this.is_pending() {
            return Ok(false);
        }
        this.state.set(CANCELLED);
        this.cancel_message.set(message);
        Future::schedule_callbacks(this, th)?;
        Ok(true)
    }

    /// The CancelledError to raise: the one that ended the task, once; then new ones.
    pub fn make_cancelled_error(&self, th: &Thread) -> PyResult<Owned> {
        if let Some(kept) = self.cancelled_error.take() {
            return Ok(kept.into_object());
        }
        let class = imported(th)?.cancelled_error.clone();
        let message = self.cancel_message.get_owned().filter(|message| !message.is_none());
        let args = message.as_ref().map(Owned::borrow);
        call::call(th, class.object(), args.as_slice())
    }

    /// Raises the CancelledError.
    pub fn raise_cancelled(&self, th: &Thread) -> Raised {
        let made = self.make_cancelled_error(th);
        match made.map(Owned::downcast::<BaseException>) {
            Ok(Ok(exception)) => th.raise_exception(exception),
            Ok(Err(_)) => th.bad_internal_call(),
            Err(raised) => raised,
        }
    }

    /// How it ended; CancelledError if it was cancelled, InvalidStateError if it is not done.
    pub fn outcome(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Outcome> {
        match this.state.get() {
            CANCELLED => return Err(this.raise_cancelled(th)),
            FINISHED => this.log_traceback.set(false),
            _ => return Err(invalid_state(th, format_args!("Result is not set."))),
        }
        if let Some(exception) = this.exception.get_owned() {
            exception.set_traceback(this.traceback.take());
            return Ok(Outcome::Exception(exception));
        }
        Ok(Outcome::Result(this.result.get_owned().unwrap_or_else(|| none().to_owned())))
    }

    /// Notes that `waiter` waits for it.
    pub fn add_waiter(&self, th: &Thread, waiter: Borrowed<'_>) -> PyResult<()> {
        let Some(known) = self.awaited_by.get_owned() else {
            self.awaited_by.set(Some(waiter.to_owned()));
            return Ok(());
        };
        if let Some(set) = known.borrow().downcast_exact::<Set>() {
            return set.add(th, waiter);
        }
        let set = Set::new(th)?;
        set.add(th, known.borrow())?;
        set.add(th, waiter)?;
        self.awaited_by.set(Some(set.into_object()));
        self.awaited_by_is_set.set(true);
        Ok(())
    }

    /// Notes that `waiter` waits for it no longer.
    pub fn remove_waiter(&self, th: &Thread, waiter: Borrowed<'_>) -> PyResult<()> {
        let Some(known) = self.awaited_by.get_owned() else {
            return Ok(());
        };
        if let Some(set) = known.borrow().downcast_exact::<Set>() {
            set.remove(th, waiter)?;
        } else if known.is(waiter) {
            self.awaited_by.set(None);
        }
        Ok(())
    }

    /// Tells the loop's exception handler of a future that goes.
    pub fn report(
        this: Borrowed<'_, Self>,
        th: &Thread,
        message: &str,
        rest: &[(Borrowed<'_, Str>, Borrowed<'_>)],
    ) -> PyResult<()> {
        let context = Dict::new(th)?;
        context.set_str(th, id::message, Str::new(th, message)?.object())?;
        for &(name, value) in rest {
            context.set_str(th, name, value)?;
        }
        if let Some(source) = this.source_traceback.get_owned() {
            context.set_str(th, id::source_traceback, source.borrow())?;
        }
        let Some(event_loop) = this.event_loop.get_owned() else {
            return Ok(());
        };
        let handler = object::get_attr(th, event_loop.borrow(), id::call_exception_handler)?;
        if call::call(th, handler.borrow(), &[context.object()]).is_err() {
            let what = "Exception ignored while calling asyncio function";
            (th.interp().services.get().unraisable)(th, Some(handler.borrow()), what);
        }
        Ok(())
    }

    /// `__del__`: an exception that nobody has seen is told of.
    pub fn report_unseen(this: Borrowed<'_, Self>, th: &Thread) {
        if !this.log_traceback.replace(false) {
            return;
        }
        let Some(exception) = this.exception.get_owned() else {
            return;
        };
        let ty = this.object().get().ty();
        let message = format!("{} exception was never retrieved", ty.get().name());
        let rest = [(id::exception, exception.object()), (id::future, this.object())];
        quietly(th, this.object(), || Future::report(this, th, &message, &rest));
    }
}

/// Runs what must not fail in a finaliser: the exception that is under way stays, others are told of.
pub fn quietly(th: &Thread, ob: Borrowed<'_>, body: impl FnOnce() -> PyResult<()>) {
    let pending = th.take_exception();
    if body().is_err() {
        let what = "Exception ignored while finalizing future";
        (th.interp().services.get().unraisable)(th, Some(ob), what);
    }
    if let Some(pending) = pending {
        let _raised = th.set_exception(pending.into_object());
    }
}

/// Callback and context of a pair.
fn parts(th: &Thread, pair: &Owned) -> PyResult<(Owned, Owned)> {
    let pair = pair.borrow().downcast::<Tuple>();
    match pair.as_ref().map(|pair| pair.as_slice()) {
        Some(&[callback, context]) => Ok((callback.to_owned(), context.to_owned())),
        _ => Err(th.bad_internal_call()),
    }
}

/// `waiter` waits for `future`: noted if both are ours.
pub fn note_waiter(
    th: &Thread,
    future: Borrowed<'_>,
    waiter: Borrowed<'_>,
    waits: bool,
) -> PyResult<()> {
    let (Some(future), Some(_)) = (future.downcast::<Future>(), waiter.downcast::<Future>()) else {
        return Ok(());
    };
    if waits { future.add_waiter(th, waiter) } else { future.remove_waiter(th, waiter) }
}

/// `future.cancel(msg=message)`, whatever kind of future it is.
pub fn cancel(th: &Thread, future: Borrowed<'_>, message: Option<Owned>) -> PyResult<bool> {
    if future.is_exact::<Future>() {
        // SAFETY: just checked.
        return Future::cancel_pending(unsafe { future.cast() }, th, message);
    }
    let message = message.unwrap_or_else(|| none().to_owned());
    let answer = call_named(th, future, id::cancel, &[], Some(message.borrow()), |imported| {
        &imported.msg_name
    })?;
    object::is_true(th, answer.borrow())
}
