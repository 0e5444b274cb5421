//! `Task`: a future whose result a coroutine computes. How it runs is in `step`.
//!
//! The same job as the second half of CPython's `Modules/_asynciomodule.c`.

use std::cell::Cell;

use krait_eval::generator::Coroutine;
use krait_objects::asyncio::Link;
use krait_objects::generic_alias;
use krait_objects::prelude::*;

use super::future::{self, Future};
use super::future_methods::{construct_slowly, keywords, settable};
use super::state::{attribute, next_number};
use super::step;
use crate::contextvars;

/// A future whose result a coroutine computes, step by step, in an event loop.
#[pytype(
    name = "_asyncio.Task", base = Future, flags(BASETYPE, HAVE_GC),
    new = "(coro, *, loop=None, name=None, context=None, eager_start=False)",
)]
#[repr(C)]
pub struct Task {
    #[visit]
    pub base: Future,
    /// Its place in the list of a thread, from which it takes itself when it is done.
    pub link: Link,
    /// What it waits for.
    #[visit]
    pub waiter: Slot,
    #[visit]
    pub coroutine: Slot,
    /// A string, or the number in a name that nobody has asked for yet.
    #[visit]
    pub name: Slot,
    #[visit]
    pub context: Slot,
    cancels: Cell<isize>,
    pub must_cancel: Cell<bool>,
    log_destroy_pending: Cell<bool>,
}

impl Task {
    /// The task at whose `link` this is.
    ///
    /// # Safety
    /// It is the link of a live task.
    pub unsafe fn of_link<'a>(link: *const Link) -> Borrowed<'a, Task> {
        let offset = std::mem::offset_of!(Task, link);
        // SAFETY: the caller's promise.
        unsafe { Borrowed::from_ptr(link.byte_sub(offset).cast_mut().cast()) }
    }

    /// The future as a task, if it is one.
    #[inline]
    pub fn of(future: Borrowed<'_, Future>) -> Option<Borrowed<'_, Task>> {
        // SAFETY: the flag is set by a task's `__init__` only.
        future.is_task.get().then(|| unsafe { future.cast() })
    }

    pub fn is_pending_in(&self, event_loop: Borrowed<'_>) -> bool {
        self.base.is_pending() && self.base.event_loop.get().is_some_and(|own| own.is(event_loop))
    }

    pub fn register(&self, th: &Thread) {
        // SAFETY: the list of a live thread; the link is part of an object.
        unsafe { th.asyncio.tasks.add(&self.link) };
    }

    #[inline]
    pub fn unregister(&self) {
        self.link.unlink();
    }

    /// Takes what `__init__` was given, and starts the coroutine or has it started soon.
    fn begin(
        this: Borrowed<'_, Self>,
        th: &Thread,
        coroutine: Borrowed<'_>,
        name: Option<Borrowed<'_>>,
        context: Option<Borrowed<'_>>,
        eager: bool,
    ) -> PyResult<()> {
        this.base.is_task.set(true);
        if !is_coroutine(th, coroutine)? {
            this.log_destroy_pending.set(false);
            let shown = object::repr(th, coroutine)?;
            return Err(raise!(th, TYPE_ERROR, "a coroutine was expected, got {}", *shown));
        }
        let context = match context {
            Some(context) => context.to_owned(),
            None => contextvars::copy_current(th)?.into_object(),
        };
        this.context.set(Some(context));
        this.waiter.set(None);
        this.must_cancel.set(false);
        this.log_destroy_pending.set(true);
        this.cancels.set(0);
        this.coroutine.set(Some(coroutine.to_owned()));
        this.name.set(Some(match name {
            None => Int::from_usize(th, next_number(th) as usize)?.into_object(),
            Some(name) => as_name(th, name)?,
        }));
        if eager && is_running(th, this)? {
            return step::start_now(this, th);
        }
        step::soon(this, th, None)?;
        this.register(th);
        Ok(())
    }
}

fn as_name(th: &Thread, name: Borrowed<'_>) -> PyResult {
    if name.is_exact::<Str>() {
        Ok(name.to_owned())
    } else {
        Ok(object::str(th, name)?.into_object())
    }
}

fn is_coroutine(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    if ob.is_exact::<Coroutine>() {
        return Ok(true);
    }
    let check = attribute(th, "asyncio.coroutines", "iscoroutine")?;
    object::is_true(th, call::call(th, check.borrow(), &[ob])?.borrow())
}

fn is_running(th: &Thread, task: Borrowed<'_, Task>) -> PyResult<bool> {
    let event_loop = task.base.event_loop.get_owned().ok_or_else(|| future::not_initialized(th))?;
    let running = call::call_method(th, event_loop.borrow(), id::is_running, &[])?;
    object::is_true(th, running.borrow())
}

#[pymethods(parts(methods, attributes))]
impl Task {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Task>> {
        cls.alloc::<Task>(th, 0)
    }

    #[init(sig = "(coro, *, loop=None, name=None, context=None, eager_start=False)")]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        coro: Borrowed<'_>,
        r#loop: Option<Borrowed<'_>>,
        name: Option<Borrowed<'_>>,
        context: Option<Borrowed<'_>>,
        eager_start: bool,
    ) -> PyResult<()> {
        this.base.start(th, r#loop)?;
        Task::begin(this, th, coro, name, context, eager_start)
    }

    /// A call of the class: as `__new__` and `__init__`, without a tuple and a dictionary for them.
    #[slot(tp_vectorcall)]
    fn construct(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        const NAMES: [&str; 4] = ["loop", "name", "context", "eager_start"];
        let given = keywords(args, 1, NAMES);
        let Some([event_loop, name, context, eager]) =
            given.filter(|_| this.is(Borrowed::from_ref(Task::type_object())))
        else {
            return construct_slowly(this, th, args);
        };
        let task = Task::type_object().alloc::<Task>(th, 0)?;
        let eager = eager.map_or(Ok(false), |eager| object::is_true(th, eager))?;
        task.base.start(th, event_loop)?;
        Task::begin(task.borrow(), th, args.values[0], name, context, eager)?;
        Ok(task.into_object())
    }

    #[slot(tp_finalize)]
    fn finalize(this: Borrowed<'_, Self>, th: &Thread) {
        // SAFETY: a task begins as a future.
        let base: Borrowed<'_, Future> = unsafe { this.cast() };
        if base.is_pending() && this.log_destroy_pending.get() {
            let rest = [(id::task, this.object())];
            future::quietly(th, this.object(), || {
                Future::report(base, th, "Task was destroyed but it is pending!", &rest)
            });
        }
        Future::report_unseen(base, th);
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        this.base.check_alive(th)?;
        let repr = attribute(th, "asyncio.base_tasks", "_task_repr")?;
        call::call(th, repr.borrow(), &[this.object()])
    }

    #[slot(tp_iter, am_await)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        // SAFETY: a task begins as a future.
        super::iterator::new(th, unsafe { this.cast() }).map(Owned::into_object)
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        generic_alias::new(th, cls.object(), object)
    }

    /// Ask the task to cancel itself.
    ///
    /// CancelledError is raised in the coroutine the next time the loop comes to it. The coroutine may
    /// clean up, or even deny the request, so it is not certain that the task will be cancelled; cancelled()
    /// tells when it has ended. Returns whether the task was not done yet, and counts the request.
    #[method(sig = "(self, /, msg=None)")]
    fn cancel(&self, th: &Thread, msg: Option<Borrowed<'_>>) -> PyResult<bool> {
        self.base.log_traceback.set(false);
        if !self.base.is_pending() {
            return Ok(false);
        }
        self.cancels.set(self.cancels.get() + 1);
        let message = msg.map(Borrowed::to_owned);
        if let Some(waiter) = self.waiter.get_owned()
            && future::cancel(th, waiter.borrow(), message.clone())?
        {
            return Ok(true);
        }
        self.must_cancel.set(true);
        self.base.cancel_message.set(message);
        Ok(true)
    }

    /// Return how often the task was asked to cancel itself, less the calls of uncancel().
    #[method(sig = "(self, /)")]
    fn cancelling(&self) -> isize {
        self.cancels.get()
    }

    /// Take a request to cancel back. Returns how many are left.
    #[method(sig = "(self, /)")]
    fn uncancel(&self) -> isize {
        if self.cancels.get() > 0 {
            self.cancels.set(self.cancels.get() - 1);
            if self.cancels.get() == 0 {
                self.must_cancel.set(false);
            }
        }
        self.cancels.get()
    }

    /// Return the frames of the coroutine, the oldest first.
    ///
    /// Of a coroutine that waits, this is one frame: the newest. Of one that an exception has ended, these are
    /// the frames of the traceback; of others none. limit is the greatest number of frames: the newest of a
    /// stack, the oldest of a traceback.
    #[method(sig = "(self, /, *, limit=None)")]
    fn get_stack(this: Borrowed<'_, Self>, th: &Thread, limit: Option<Borrowed<'_>>) -> PyResult {
        let function = attribute(th, "asyncio.base_tasks", "_task_get_stack")?;
        call::call(th, function.borrow(), &[this.object(), limit.unwrap_or(none())])
    }

    /// Print the stack or the traceback of the coroutine, as get_stack() has it.
    ///
    /// file is the stream to write to, by default sys.stderr.
    #[method(sig = "(self, /, *, limit=None, file=None)")]
    fn print_stack(
        this: Borrowed<'_, Self>,
        th: &Thread,
        limit: Option<Borrowed<'_>>,
        file: Option<Borrowed<'_>>,
    ) -> PyResult {
        let function = attribute(th, "asyncio.base_tasks", "_task_print_stack")?;
        let args = [this.object(), limit.unwrap_or(none()), file.unwrap_or(none())];
        call::call(th, function.borrow(), &args)
    }
}

#[pymethods(part = "methods")]
impl Task {
    #[method(sig = "(self, result, /)")]
    fn set_result(&self, th: &Thread, _result: Borrowed<'_>) -> PyResult<()> {
        Err(th.raise(exc::RUNTIME_ERROR, "Task does not support set_result operation"))
    }

    #[method(sig = "(self, exception, /)")]
    fn set_exception(&self, th: &Thread, _exception: Borrowed<'_>) -> PyResult<()> {
        Err(th.raise(exc::RUNTIME_ERROR, "Task does not support set_exception operation"))
    }

    #[method(sig = "(self, /)")]
    fn get_coro(&self) -> Option<Owned> {
        self.coroutine.get_owned()
    }

    #[method(sig = "(self, /)")]
    fn get_context(&self) -> Option<Owned> {
        self.context.get_owned()
    }

    #[method(sig = "(self, /)")]
    fn get_name(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(name) = self.name.get_owned() else {
            return Ok(None);
        };
        let Some(number) = name.borrow().downcast_exact::<Int>() else {
            return Ok(Some(name));
        };
        let number = object::str(th, number.object())?;
        let name = Str::from_fmt(th, format_args!("Task-{}", *number))?.into_object();
        self.name.set(Some(name.clone()));
        Ok(Some(name))
    }

    #[method(sig = "(self, value, /)")]
    fn set_name(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<()> {
        self.name.set(Some(as_name(th, value)?));
        Ok(())
    }
}

#[pymethods(part = "attributes")]
impl Task {
    #[getter]
    fn _coro(&self) -> Option<Owned> {
        self.coroutine.get_owned()
    }

    #[getter]
    fn _fut_waiter(&self) -> Option<Owned> {
        self.waiter.get_owned()
    }

    #[getter]
    fn _must_cancel(&self) -> bool {
        self.must_cancel.get()
    }

    #[getter]
    fn _log_destroy_pending(&self) -> bool {
        self.log_destroy_pending.get()
    }

    #[setter(name = "_log_destroy_pending")]
    fn set_log_destroy_pending(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = settable(th, value, "Task", "_log_destroy_pending")?;
        self.log_destroy_pending.set(object::is_true(th, value)?);
        Ok(())
    }
}
