//! `_asyncio`: futures, tasks, and which loop and task run in a thread.
//!
//! `future` and `task` are the two classes, `step` runs a task's coroutine, `iterator` is what awaiting a future iterates
//! over, `registry` knows what runs where. The same job as CPython's `Modules/_asynciomodule.c`.

pub mod debug;
mod future;
mod future_methods;
mod iterator;
mod registry;
mod state;
mod step;
mod task;

use krait_objects::prelude::*;
use krait_objects::set::Set;

use future::Future;
use task::Task;

/// Accelerator module for asyncio
#[pymodule(name = "_asyncio", doc = "Accelerator module for asyncio")]
pub struct Asyncio;

#[pyfunctions]
impl Asyncio {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, Future::type_object())?;
        module.add_type(th, Task::type_object())?;
        debug::keep();
        state::imported(th).map(drop)
    }

    /// Return the running event loop, or the one that the policy gives.
    ///
    /// Called from a coroutine or a callback, this is always the running one.
    #[function(sig = "()")]
    fn get_event_loop(th: &Thread) -> PyResult {
        registry::event_loop(th)
    }

    /// Return the event loop that runs in this thread. Raises RuntimeError if there is none.
    #[function(sig = "()")]
    fn get_running_loop(th: &Thread) -> PyResult {
        registry::running_loop(th)
    }

    /// Return the event loop that runs in this thread, or None.
    ///
    /// For event loops themselves.
    #[function(sig = "()")]
    fn _get_running_loop(th: &Thread) -> Option<Owned> {
        th.asyncio.running_loop.get_owned()
    }

    /// Say which event loop runs in this thread; None for none.
    ///
    /// For event loops themselves.
    #[function(sig = "(loop, /)")]
    fn _set_running_loop(th: &Thread, r#loop: Borrowed<'_>) {
        let new = Some(r#loop).filter(|given| !given.is_none());
        th.asyncio.running_loop.set(new.map(Borrowed::to_owned));
    }

    /// Remember a task as one of the event loop's.
    #[function(sig = "(task)")]
    fn _register_task(th: &Thread, task: Borrowed<'_>) -> PyResult<()> {
        registry::register(th, task, false)
    }

    /// Remember a task that is about to be started eagerly.
    #[function(sig = "(task)")]
    fn _register_eager_task(th: &Thread, task: Borrowed<'_>) -> PyResult<()> {
        registry::register(th, task, true)
    }

    /// Forget a task.
    #[function(sig = "(task)")]
    fn _unregister_task(th: &Thread, task: Borrowed<'_>) -> PyResult<()> {
        registry::unregister(th, task, false)
    }

    /// Forget a task whose first step is over.
    #[function(sig = "(task)")]
    fn _unregister_eager_task(th: &Thread, task: Borrowed<'_>) -> PyResult<()> {
        registry::unregister(th, task, true)
    }

    /// Make a task the current one of the running event loop.
    #[function(sig = "(loop, task)")]
    fn _enter_task(th: &Thread, r#loop: Borrowed<'_>, task: Borrowed<'_>) -> PyResult<()> {
        registry::enter(th, r#loop, task)
    }

    /// Say that a task is no longer the current one.
    #[function(sig = "(loop, task)")]
    fn _leave_task(th: &Thread, r#loop: Borrowed<'_>, task: Borrowed<'_>) -> PyResult<()> {
        registry::leave(th, r#loop, task)
    }

    /// Make a task, or None, the current one, and return the one before.
    #[function(sig = "(loop, task)")]
    fn _swap_current_task(
        th: &Thread,
        r#loop: Borrowed<'_>,
        task: Borrowed<'_>,
    ) -> PyResult<Option<Owned>> {
        let task = Some(task).filter(|task| !task.is_none());
        registry::swap(th, r#loop, task.map(Borrowed::to_owned))
    }

    /// Return the task that the loop, by default the running one, is running, or None.
    #[function(sig = "(loop=None)")]
    fn current_task(th: &Thread, r#loop: Option<Borrowed<'_>>) -> PyResult<Option<Owned>> {
        registry::current_task(th, r#loop)
    }

    /// Return the set of the tasks of the loop, by default of the running one, that are not done.
    #[function(sig = "(loop=None)")]
    fn all_tasks(th: &Thread, r#loop: Option<Borrowed<'_>>) -> PyResult<Owned<Set>> {
        registry::all_tasks(th, r#loop)
    }

    /// Note that waiter waits for fut.
    #[function(sig = "(fut, waiter, /)")]
    fn future_add_to_awaited_by(
        th: &Thread,
        fut: Borrowed<'_>,
        waiter: Borrowed<'_>,
    ) -> PyResult<()> {
        future::note_waiter(th, fut, waiter, true)
    }

    #[function(sig = "(fut, waiter, /)")]
    fn future_discard_from_awaited_by(
        th: &Thread,
        fut: Borrowed<'_>,
        waiter: Borrowed<'_>,
    ) -> PyResult<()> {
        future::note_waiter(th, fut, waiter, false)
    }
}
