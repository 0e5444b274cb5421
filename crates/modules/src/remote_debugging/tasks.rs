//! Tasks of asyncio in another process: which there are, what each is at, and who awaits whom.
//!
//! Read from the objects of asyncio's own Python code: the sets of tasks in `asyncio.tasks`, and the attributes of tasks,
//! futures and loops.

use std::collections::HashSet;

use super::frames::{Seen, State};
use super::reader::{Fault, Read, Reader};

/// Longer names are cut.
const LONGEST_NAME: u64 = 255;

/// A task, as `TaskInfo` shows it.
pub struct Task {
    pub address: u64,
    pub name: Vec<u32>,
    pub stack: Vec<Seen>,
    /// The tasks that await it, with what they are at.
    pub awaited_by: Vec<(u64, Vec<Seen>)>,
}

/// Where asyncio keeps its tasks: the dictionary of `asyncio.tasks`.
pub struct Tasks {
    module: u64,
}

impl Tasks {
    /// `None` if asyncio is not imported.
    pub fn find(reader: &mut Reader, interpreter: u64) -> Read<Option<Tasks>> {
        let modules = reader.word(interpreter, reader.offsets.interpreter_state.imports_modules)?;
        if modules == 0 {
            return Ok(None);
        }
        match reader.item(modules, "asyncio.tasks")? {
            0 => Ok(None),
            // A module's dictionary is its first field.
            module => Ok(Some(Tasks { module: reader.word(module, 16)? })),
        }
    }

    /// All tasks that are not done, each with the `threading.get_ident` of its loop's thread; 0 if the loop does not run.
    pub fn all(&self, reader: &mut Reader) -> Read<Vec<(u64, u64)>> {
        let mut found = Vec::new();
        let scheduled = reader.item(self.module, "_scheduled_tasks")?;
        if scheduled != 0 {
            let references = reader.attribute(scheduled, "data")?;
            for weak in if references == 0 { Vec::new() } else { reader.elements(references)? } {
                found.push(reader.referent(weak)?);
            }
        }
        let eager = reader.item(self.module, "_eager_tasks")?;
        if eager != 0 {
            found.extend(reader.elements(eager)?);
        }
        let mut tasks = Vec::with_capacity(found.len());
        for task in found.into_iter().filter(|&task| task != 0) {
            if is_pending(reader, task)? {
                tasks.push((task, ident_of_loop(reader, task)?));
            }
        }
        Ok(tasks)
    }

    /// The task that runs in a thread; 0 if none does.
    pub fn running(&self, reader: &mut Reader, state: State) -> Read<u64> {
        let current = reader.item(self.module, "_current_tasks")?;
        if current == 0 {
            return Ok(0);
        }
        for (event_loop, task) in reader.items(current)? {
            if ident(reader, event_loop)? == state.ident {
                return Ok(task);
            }
        }
        Ok(0)
    }
}

/// Whether a task has no result yet.
fn is_pending(reader: &mut Reader, task: u64) -> Read<bool> {
    match reader.attribute(task, "_state")? {
        // The class says what is so at first.
        0 => Ok(true),
        state => {
            Ok(reader.text(state, LONGEST_NAME)?.into_iter().eq("PENDING".chars().map(u32::from)))
        }
    }
}

fn ident_of_loop(reader: &mut Reader, task: u64) -> Read<u64> {
    match reader.attribute(task, "_loop")? {
        0 => Ok(0),
        event_loop => ident(reader, event_loop),
    }
}

/// The thread that runs a loop.
fn ident(reader: &mut Reader, event_loop: u64) -> Read<u64> {
    let ident = reader.attribute(event_loop, "_thread_id")?;
    if ident == 0 {
        return Ok(0);
    }
    // None, if the loop does not run.
    let ty = reader.type_of(ident)?;
    let flags = reader.word(ty, reader.offsets.type_object.tp_flags)?;
    match flags & u64::from(krait_abi::Py_TPFLAGS_LONG_SUBCLASS) {
        0 => Ok(0),
        _ => reader.number(ident),
    }
}

fn stack_of(reader: &mut Reader, task: u64) -> Read<Vec<Seen>> {
    match reader.attribute(task, "_coro")? {
        0 => Ok(Vec::new()),
        coroutine => reader.awaiting(coroutine),
    }
}

/// The tasks that await a task or future, through futures in between.
fn waiters(reader: &mut Reader, awaited: u64, known: &mut HashSet<u64>) -> Read<Vec<u64>> {
    let mut found = Vec::new();
    let set = reader.attribute(awaited, "_Future__asyncio_awaited_by")?;
    // None, unless somebody waits.
    if set == 0 || !is_set(reader, set)? {
        return Ok(found);
    }
    for waiter in reader.elements(set)? {
        if !known.insert(waiter) {
            continue;
        }
        match reader.attribute(waiter, "_coro")? {
            0 => found.extend(waiters(reader, waiter, known)?),
            _ => found.push(waiter),
        }
    }
    Ok(found)
}

fn is_set(reader: &mut Reader, object: u64) -> Read<bool> {
    let ty = reader.type_of(object)?;
    let name = reader.word(ty, reader.offsets.type_object.tp_name)?;
    let mut start = [0; 4];
    reader.bytes(name, &mut start)?;
    Ok(&start == b"set\0")
}

/// What there is to tell of a task.
pub fn describe(reader: &mut Reader, task: u64) -> Read<Task> {
    let name = match reader.attribute(task, "_name")? {
        0 => Vec::new(),
        name => reader.text(name, LONGEST_NAME)?,
    };
    let stack = stack_of(reader, task)?;
    let mut awaited_by = Vec::new();
    for waiter in waiters(reader, task, &mut HashSet::new())? {
        awaited_by.push((waiter, stack_of(reader, waiter)?));
    }
    Ok(Task { address: task, name, stack, awaited_by })
}

/// The task that runs in a thread, and those that wait for it, directly or not.
pub fn running_with_waiters(reader: &mut Reader, state: State, task: u64) -> Read<Vec<Task>> {
    let mut first = describe(reader, task)?;
    let coroutine = reader.attribute(task, "_coro")?;
    if coroutine != 0 {
        let frame = reader.frame_inside(coroutine);
        first.stack = reader.stack_to(state, frame)?;
    }
    let mut known = HashSet::from([task]);
    let mut todo: Vec<u64> = first.awaited_by.iter().map(|(waiter, _)| *waiter).collect();
    let mut tasks = vec![first];
    while let Some(next) = todo.pop() {
        if !known.insert(next) {
            continue;
        }
        if known.len() > 1 << 20 {
            return Err(Fault::Broken("Task list appears corrupted"));
        }
        let this = describe(reader, next)?;
        todo.extend(this.awaited_by.iter().map(|(waiter, _)| *waiter));
        tasks.push(this);
    }
    Ok(tasks)
}
