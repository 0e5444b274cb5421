//! How a task runs: a step resumes its coroutine until it yields what it waits for.
//!
//! A step is called by the event loop: of a task that can go on as `TaskStepMethWrapper`, of one that has waited for a future
//! as the method `task_wakeup`, which is the future's callback.

use std::cell::Cell;

use krait_abi as abi;
use krait_eval::generator::{Coroutine, Generator, Resumed, stop_value};
use krait_objects::args::Sent;
use krait_objects::args::shim;
use krait_objects::cfunction::CFunction;
use krait_objects::prelude::*;
use krait_objects::typeobj::StaticCell;

use super::future::{self, Future, Outcome, loop_of, not_initialized};
use super::registry;
use super::state::{self, call_soon, imported, invalid_state};
use super::task::Task;
use crate::contextvars::Context;

// The next step of a task, as the loop calls it.
#[pytype(name = "_asyncio.TaskStepMethWrapper", flags(HAVE_GC), vectorcall = vectorcall)]
#[repr(C)]
pub struct StepWrapper {
    head: Head,
    #[visit]
    task: Slot<Task>,
    /// What is raised in the coroutine.
    #[visit]
    exception: Slot<BaseException>,
    vectorcall: Cell<abi::vectorcallfunc>,
}

#[pymethods]
impl StepWrapper {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<StepWrapper>> {
        let made = cls.alloc::<StepWrapper>(th, 0)?;
        made.vectorcall.set(StepWrapper::VECTORCALL);
        Ok(made)
    }

    #[vectorcall]
    fn call(&self, th: &Thread, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return Err(th.raise(exc::TYPE_ERROR, "function takes no keyword arguments"));
        }
        if args.positional != 0 {
            return Err(th.raise(exc::TYPE_ERROR, "function takes no positional arguments"));
        }
        let Some(task) = self.task.get_owned() else {
            return Err(th.bad_internal_call());
        };
        step(&task, th, self.exception.get_owned())?;
        Ok(none().to_owned())
    }

    #[getter]
    fn __self__(&self) -> Option<Owned<Task>> {
        self.task.get_owned()
    }
}

/// The callback of the future that a task waits for.
unsafe extern "C" fn wakeup_entry(
    task: *mut abi::PyObject,
    future: *mut abi::PyObject,
) -> *mut abi::PyObject {
    shim::object(|th| {
        // SAFETY: C's convention for a method with one argument, which is bound to a task.
        let (task, future) =
            unsafe { (Borrowed::<Task>::from_ptr(task), Borrowed::<Object>::from_ptr(future)) };
        wakeup(&task.to_owned(), th, future)?;
        Ok(none().to_owned())
    })
}

static WAKEUP: StaticCell<abi::PyMethodDef> = StaticCell::new(abi::PyMethodDef {
    ml_name: c"task_wakeup".as_ptr(),
    ml_meth: Some(wakeup_entry),
    ml_flags: abi::METH_O,
    ml_doc: std::ptr::null(),
});

fn event_loop(task: &Task, th: &Thread) -> PyResult {
    task.base.event_loop.get_owned().ok_or_else(|| not_initialized(th))
}

/// Has the loop call the next step.
pub fn soon(
    task: Borrowed<'_, Task>,
    th: &Thread,
    exception: Option<Owned<BaseException>>,
) -> PyResult<()> {
    let wrapper = StepWrapper::type_object().alloc::<StepWrapper>(th, 0)?;
    wrapper.task.set(Some(task.to_owned()));
    wrapper.exception.set(exception);
    wrapper.vectorcall.set(StepWrapper::VECTORCALL);
    let event_loop = event_loop(&task, th)?;
    let context = task.context.get_owned();
    let context = context.as_ref().map(Owned::borrow);
    call_soon(th, event_loop.borrow(), wrapper.object(), None, context).map(drop)
}

/// The coroutine has done what it must not: the next step raises a RuntimeError in it.
#[cold]
fn soon_error(task: &Owned<Task>, th: &Thread, message: std::fmt::Arguments<'_>) -> PyResult<()> {
    let raised = th.raise_fmt(exc::RUNTIME_ERROR, message);
    let exception = th.take_raised(raised);
    soon(task.borrow(), th, Some(exception))
}

/// The future that the task waits for is done.
fn wakeup(task: &Owned<Task>, th: &Thread, future: Borrowed<'_>) -> PyResult<()> {
    future::note_waiter(th, future, task.object(), false)?;
    let outcome = match future::exact(future) {
        Some(own) => Future::outcome(own, th),
        None => call::call_method(th, future, id::result, &[]).map(Outcome::Result),
    };
    match outcome {
        // The coroutine asks the future itself.
        Ok(Outcome::Result(result)) => {
            drop(result);
            step(task, th, None)
        }
        Ok(Outcome::Exception(exception)) => step(task, th, Some(exception)),
        Err(raised) => {
            let exception = th.take_raised(raised);
            step(task, th, Some(exception))
        }
    }
}

/// Runs `body` with the task as the current one, and puts the one before back by `leave`.
fn finish_step(
    th: &Thread,
    result: PyResult<()>,
    leave: impl FnOnce() -> PyResult<()>,
) -> PyResult<()> {
    let Err(raised) = result else {
        return leave();
    };
    let exception = th.take_raised(raised);
    if let Err(second) = leave() {
        let second = th.take_raised(second);
        krait_objects::exceptions::chain_context(second.borrow(), exception.borrow());
        return Err(th.set_exception(second.into_object()));
    }
    Err(th.set_exception(exception.into_object()))
}

/// A step, with the task as the current one of its loop.
fn step(task: &Owned<Task>, th: &Thread, exception: Option<Owned<BaseException>>) -> PyResult<()> {
    let event_loop = event_loop(task, th)?;
    registry::enter(th, event_loop.borrow(), task.object())?;
    let result = run(task, th, exception);
    finish_step(th, result, || registry::leave(th, event_loop.borrow(), task.object()))
}

/// The first step of a task that starts at once, inside the task that makes it.
pub fn start_now(task: Borrowed<'_, Task>, th: &Thread) -> PyResult<()> {
    let task = &task.to_owned();
    th.check_stack(" while starting a task")?;
    let event_loop = event_loop(task, th)?;
    let context = task.context.get_owned().map(Owned::downcast::<Context>);
    let Some(Ok(context)) = context else {
        let message = "an instance of Context was expected";
        return Err(th.raise(exc::TYPE_ERROR, message));
    };
    let before = registry::swap(th, event_loop.borrow(), Some(task.clone().into_object()))?;
    task.register(th);
    let result = Context::enter(context.borrow(), th).and_then(|()| {
        let result = run(task, th, None);
        Context::exit(context.borrow(), th);
        result
    });
    let result =
        finish_step(th, result, || registry::swap(th, event_loop.borrow(), before).map(drop));
    if !task.base.is_pending() {
        // Soon nobody needs the frame any more.
        task.coroutine.set(None);
    }
    result
}

/// Resumes the coroutine, and sees to what came of it.
fn run(
    task: &Owned<Task>,
    th: &Thread,
    mut exception: Option<Owned<BaseException>>,
) -> PyResult<()> {
    if !task.base.is_pending() {
        let exception = exception.as_ref().map_or(none(), |exception| exception.object());
        let (task, exception) = (object::repr(th, task.object())?, object::repr(th, exception)?);
        return Err(invalid_state(
            th,
            format_args!("__step(): already done: {} {}", *task, *exception),
        ));
    }
    if task.must_cancel.get() {
        let cancelled = imported(th)?.cancelled_error.clone();
        if !exception.as_ref().is_some_and(|given| given.object().ty().is_subtype(&cancelled)) {
            let made = task.base.make_cancelled_error(th)?;
            exception = made.downcast::<BaseException>().ok();
        }
        task.must_cancel.set(false);
    }
    drop(task.waiter.take());
    let Some(coroutine) = task.coroutine.get_owned() else {
        return Err(th.raise(exc::RUNTIME_ERROR, "uninitialized Task object"));
    };
    let sent = match exception {
        None => send(th, coroutine.borrow()),
        Some(exception) => throw(th, coroutine.borrow(), exception),
    };
    match sent {
        Ok(Sent::Next(yielded)) => wait_for(task, th, yielded),
        Ok(Sent::Return(result)) => returned(task, th, result),
        Err(raised) => failed(task, th, raised),
    }
}

fn resumed(resumed: Resumed) -> Sent {
    match resumed {
        Resumed::Yielded(value) => Sent::Next(value),
        Resumed::Returned(value) => Sent::Return(value),
    }
}

/// The frame's owner, if it is a coroutine or generator of ours.
fn own_generator(coroutine: Borrowed<'_>) -> Option<Borrowed<'_, Generator>> {
    let own = coroutine.is_exact::<Coroutine>() || coroutine.is_exact::<Generator>();
    // SAFETY: coroutines are laid out as generators.
    own.then(|| unsafe { coroutine.cast() })
}

/// `coroutine.send(None)`
fn send(th: &Thread, coroutine: Borrowed<'_>) -> PyResult<Sent> {
    if let Some(own) = own_generator(coroutine) {
        return own.resume(th, None, None, false).map(resumed);
    }
    let ty = coroutine.get().ty();
    // SAFETY: the table of a live type.
    let table = unsafe { ty.raw().tp_as_async.as_ref() };
    if let Some(am_send) = table.and_then(|table| table.am_send) {
        let mut value = std::ptr::null_mut();
        // SAFETY: the slot gets an object of its type and a place for its result.
        let how = unsafe { am_send(coroutine.as_ptr(), none().as_ptr(), &mut value) };
        // SAFETY: a new reference or NULL.
        let value = unsafe { Owned::from_ptr_or_null(value) }.ok_or_else(|| th.raised_by_c())?;
        return Ok(if how == abi::PYGEN_RETURN { Sent::Return(value) } else { Sent::Next(value) });
    }
    let sent = if iter::is_iterator(coroutine) {
        iter::next_or(th, coroutine, None)
    } else {
        call::call_method(th, coroutine, id::send, &[none()])
    };
    answered(th, sent)
}

/// `coroutine.throw(exception)`
fn throw(th: &Thread, coroutine: Borrowed<'_>, exception: Owned<BaseException>) -> PyResult<Sent> {
    let args = [exception.object()];
    let thrown = match own_generator(coroutine) {
        Some(own) => own.throw(th, true, &args),
        None => call::call_method(th, coroutine, id::throw, &args),
    };
    answered(th, thrown)
}

/// What a method of the generator protocol answered: a return comes as StopIteration.
fn answered(th: &Thread, answer: PyResult) -> PyResult<Sent> {
    match answer {
        Ok(value) => Ok(Sent::Next(value)),
        Err(raised) => stop_value(th, Some(raised)).map(Sent::Return),
    }
}

fn as_future(task: &Owned<Task>) -> Borrowed<'_, Future> {
    // SAFETY: a task begins as a future.
    unsafe { task.borrow().cast() }
}

fn returned(task: &Owned<Task>, th: &Thread, result: Owned) -> PyResult<()> {
    if task.must_cancel.replace(false) {
        // It was cancelled just before the coroutine came to its end.
        let message = task.base.cancel_message.get_owned();
        return Future::cancel_pending(as_future(task), th, message).map(drop);
    }
    Future::finish(as_future(task), th, result)
}

#[cold]
fn failed(task: &Owned<Task>, th: &Thread, raised: Raised) -> PyResult<()> {
    let exception = th.take_raised(raised);
    let ty = exception.object().get().ty();
    if ty.is_subtype(&imported(th)?.cancelled_error) {
        task.base.cancelled_error.set(Some(exception));
        return Future::cancel_pending(as_future(task), th, None).map(drop);
    }
    let ends = ty.is_subtype(exc::KEYBOARD_INTERRUPT) || ty.is_subtype(exc::SYSTEM_EXIT);
    Future::fail(as_future(task), th, exception.object())?;
    if ends { Err(th.set_exception(exception.into_object())) } else { Ok(()) }
}

/// Registers the task with what its coroutine has yielded.
fn wait_for(task: &Owned<Task>, th: &Thread, yielded: Owned) -> PyResult<()> {
    if yielded.is_none() {
        return soon(task.borrow(), th, None);
    }
    if yielded.is(task.object()) {
        let shown = object::repr(th, task.object())?;
        return soon_error(task, th, format_args!("Task cannot await on itself: {}", *shown));
    }
    if let Some(own) = future::exact(yielded.borrow()) {
        let same = match (task.base.event_loop.get(), own.event_loop.get()) {
            (Some(event_loop), Some(other)) => event_loop.is(other),
            _ => false,
        };
        if !(same && own.blocking.get()) {
            return misused(task, th, yielded.borrow(), same);
        }
        own.blocking.set(false);
        own.add_waiter(th, task.object())?;
        let context = task.context.get_owned().unwrap_or_else(|| none().to_owned());
        Future::add_callback(own, th, wakeup_method(task, th)?, context)?;
        return waits(task, th, yielded.clone());
    }
    let blocking = object::get_attr_opt(th, yielded.borrow(), id::_asyncio_future_blocking)?;
    if let Some(blocking) = blocking.filter(|blocking| !blocking.is_none()) {
        return wait_for_other(task, th, yielded, blocking);
    }
    let (shown, other) = (object::repr(th, task.object()), object::repr(th, yielded.borrow()));
    let (shown, other) = (shown?, other?);
    if yielded.borrow().is_exact::<Generator>() {
        return soon_error(
            task,
            th,
            format_args!(
                "yield was used instead of yield from for generator in task {} with {}",
                *shown, *other
            ),
        );
    }
    soon_error(task, th, format_args!("Task got bad yield: {}", *other))
}

/// As `wait_for`, for futures of other makes and subclasses of ours.
fn wait_for_other(
    task: &Owned<Task>,
    th: &Thread,
    yielded: Owned,
    blocking: Owned,
) -> PyResult<()> {
    let blocking = object::is_true(th, blocking.borrow())?;
    let other = loop_of(th, yielded.borrow())?;
    let same = event_loop(task, th)?.is(other.borrow());
    if !(same && blocking) {
        return misused(task, th, yielded.borrow(), same);
    }
    future::note_waiter(th, yielded.borrow(), task.object(), true)?;
    let no = bool_object(false).object();
    object::set_attr(th, yielded.borrow(), id::_asyncio_future_blocking, no)?;
    let wakeup = wakeup_method(task, th)?;
    let context = task.context.get_owned().unwrap_or_else(|| none().to_owned());
    state::call_named(
        th,
        yielded.borrow(),
        id::add_done_callback,
        &[wakeup.borrow()],
        Some(context.borrow()),
        |imported| &imported.context_name,
    )?;
    waits(task, th, yielded)
}

/// A future of another loop, or one that was yielded without `await`.
#[cold]
fn misused(task: &Owned<Task>, th: &Thread, future: Borrowed<'_>, same: bool) -> PyResult<()> {
    let (shown, future) = (object::repr(th, task.object())?, object::repr(th, future)?);
    if same {
        return soon_error(
            task,
            th,
            format_args!(
                "yield was used instead of yield from in task {} with {}",
                *shown, *future
            ),
        );
    }
    soon_error(
        task,
        th,
        format_args!("Task {} got Future {} attached to a different loop", *shown, *future),
    )
}

fn wakeup_method(task: &Owned<Task>, th: &Thread) -> PyResult {
    CFunction::new(th, WAKEUP.as_ptr(), Some(task.object()), None, None).map(Owned::into_object)
}

/// The task waits for a future, which is cancelled if the task was meanwhile.
fn waits(task: &Owned<Task>, th: &Thread, future: Owned) -> PyResult<()> {
    task.waiter.set(Some(future.clone()));
    if task.must_cancel.get() {
        let message = task.base.cancel_message.get_owned();
        if future::cancel(th, future.borrow(), message)? {
            task.must_cancel.set(false);
        }
    }
    Ok(())
}
