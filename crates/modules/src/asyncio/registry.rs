//! Which loop and which task run in a thread, and which tasks there are.

use krait_eval::thread_states;
use krait_objects::asyncio::Link;
use krait_objects::prelude::*;
use krait_objects::set::Set;

use super::future::loop_of;
use super::state::{attribute, imported};
use super::task::Task;

/// The loop that runs in this thread; RuntimeError if there is none.
pub fn running_loop(th: &Thread) -> PyResult {
    th.asyncio
        .running_loop
        .get_owned()
        .ok_or_else(|| th.raise(exc::RUNTIME_ERROR, "no running event loop"))
}

/// The running loop, else the one that the policy gives.
pub fn event_loop(th: &Thread) -> PyResult {
    if let Some(running) = th.asyncio.running_loop.get_owned() {
        return Ok(running);
    }
    let policy = attribute(th, "asyncio.events", "_get_event_loop_policy")?;
    let policy = call::call(th, policy.borrow(), &[])?;
    call::call_method(th, policy.borrow(), id::get_event_loop, &[])
}

fn check_running(th: &Thread, event_loop: Borrowed<'_>) -> PyResult<()> {
    if th.asyncio.running_loop.get().is_some_and(|running| running.is(event_loop)) {
        return Ok(());
    }
    let shown = object::repr(th, event_loop)?;
    Err(raise!(th, RUNTIME_ERROR, "loop {} is not the running loop", *shown))
}

/// The task becomes the one that the thread runs.
pub fn enter(th: &Thread, event_loop: Borrowed<'_>, task: Borrowed<'_>) -> PyResult<()> {
    check_running(th, event_loop)?;
    if let Some(other) = th.asyncio.running_task.get_owned() {
        let (task, other) = (object::repr(th, task)?, object::repr(th, other.borrow())?);
        return Err(raise!(
            th,
            RUNTIME_ERROR,
            "Cannot enter into task {} while another task {} is being executed.",
            *task,
            *other
        ));
    }
    th.asyncio.running_task.set(Some(task.to_owned()));
    Ok(())
}

/// The thread no longer runs the task.
pub fn leave(th: &Thread, event_loop: Borrowed<'_>, task: Borrowed<'_>) -> PyResult<()> {
    check_running(th, event_loop)?;
    let current = &th.asyncio.running_task;
    if !current.get().is_some_and(|current| current.is(task)) {
        let current = current.get_owned().unwrap_or_else(|| none().to_owned());
        let (task, current) = (object::repr(th, task)?, object::repr(th, current.borrow())?);
        return Err(raise!(
            th,
            RUNTIME_ERROR,
            "Invalid attempt to leave task {} while task {} is entered.",
            *task,
            *current
        ));
    }
    current.set(None);
    Ok(())
}

/// The task, or nothing for `None`, becomes the one that the thread runs; the one before comes back.
pub fn swap(th: &Thread, event_loop: Borrowed<'_>, task: Option<Owned>) -> PyResult<Option<Owned>> {
    check_running(th, event_loop)?;
    Ok(th.asyncio.running_task.replace(task))
}

/// The task that a loop runs, in whatever thread.
pub fn current_task(th: &Thread, event_loop: Option<Borrowed<'_>>) -> PyResult<Option<Owned>> {
    let Some(event_loop) = event_loop else {
        running_loop(th)?;
        return Ok(th.asyncio.running_task.get_owned());
    };
    let runs = |thread: &Thread| {
        thread.asyncio.running_loop.get().is_some_and(|running| running.is(event_loop))
    };
    if runs(th) {
        return Ok(th.asyncio.running_task.get_owned());
    }
    let mut found = None;
    thread_states::for_each(th, |other| {
        if found.is_none() && runs(other) {
            found = other.asyncio.running_task.get_owned();
        }
        Ok(())
    })?;
    Ok(found)
}

/// Remembers a task: our own in the thread's list, another one in a set.
pub fn register(th: &Thread, task: Borrowed<'_>, eager: bool) -> PyResult<()> {
    match task.downcast::<Task>() {
        Some(task) => {
            task.register(th);
            Ok(())
        }
        None if eager => imported(th)?.eager.clone().add(th, task),
        None => {
            let scheduled = imported(th)?.scheduled.clone();
            call::call_method(th, scheduled.borrow(), id::add, &[task]).map(drop)
        }
    }
}

/// Forgets a task.
pub fn unregister(th: &Thread, task: Borrowed<'_>, eager: bool) -> PyResult<()> {
    match task.downcast::<Task>() {
        Some(task) => {
            task.unregister();
            Ok(())
        }
        None if eager => imported(th)?.eager.clone().remove(th, task).map(drop),
        None => {
            let scheduled = imported(th)?.scheduled.clone();
            call::call_method(th, scheduled.borrow(), id::discard, &[task]).map(drop)
        }
    }
}

/// Our tasks of all threads that belong to the loop and are not done.
fn own_tasks(th: &Thread, event_loop: Borrowed<'_>) -> PyResult<Vec<Owned>> {
    let mut found = Vec::new();
    let mut add = |link: *const Link| {
        // SAFETY: the links in these lists are those of tasks.
        let task = unsafe { Task::of_link(link) };
        // One that is being freed is past saving.
        if task.object().get().ref_count() > 0 && task.is_pending_in(event_loop) {
            found.push(task.object().to_owned());
        }
    };
    th.interp().tasks.for_each(&mut add);
    thread_states::for_each(th, |other| {
        other.asyncio.tasks.for_each(&mut add);
        Ok(())
    })?;
    Ok(found)
}

/// The tasks of a loop, by default of the running one, that are not done.
pub fn all_tasks(th: &Thread, event_loop: Option<Borrowed<'_>>) -> PyResult<Owned<Set>> {
    let event_loop = match event_loop {
        Some(event_loop) => event_loop.to_owned(),
        None => running_loop(th)?,
    };
    let tasks = Set::new(th)?;
    // Eager ones first: one that becomes a scheduled one meanwhile is not missed.
    let mut others = imported(th)?.eager.to_vec();
    let scheduled = imported(th)?.scheduled.clone();
    others.extend(iter::collect(th, scheduled.borrow())?);
    for task in others {
        if !loop_of(th, task.borrow())?.is(event_loop.borrow()) {
            continue;
        }
        let done = call::call_method(th, task.borrow(), id::done, &[])?;
        if !object::is_true(th, done.borrow())? {
            tasks.add(th, task.borrow())?;
        }
    }
    for task in own_tasks(th, event_loop.borrow())? {
        tasks.add(th, task.borrow())?;
    }
    Ok(tasks)
}
