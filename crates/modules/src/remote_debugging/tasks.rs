//! Tasks of asyncio in another process: which there are, what each is at, and who awaits whom.
//!
//! Read where the table in the section `.AsyncioDebug` says, which native versions of asyncio have: ours, and CPython's.

use std::collections::HashSet;

use krait_eval::remote::Target;

use super::frames::{Seen, State};
use super::reader::{Fault, Read, Reader};
use crate::asyncio::debug::Places;

/// Longer names are cut.
const LONGEST_NAME: u64 = 255;
/// No list of tasks is read that has more.
const MOST: usize = 1 << 20;

/// A task, as `TaskInfo` shows it.
pub struct Task {
    pub address: u64,
    pub name: Vec<u32>,
    pub stack: Vec<Seen>,
    /// The tasks that await it, with what they are at.
    pub awaited_by: Vec<(u64, Vec<Seen>)>,
}

/// Where asyncio keeps its tasks.
pub struct Tasks {
    places: Places,
}

impl Tasks {
    /// `None` if asyncio is not imported, or is one that has no table.
    pub fn find(reader: &mut Reader, target: &Target, interpreter: u64) -> Read<Option<Tasks>> {
        let modules = reader.word(interpreter, reader.offsets.interpreter_state.imports_modules)?;
        if modules == 0 || reader.item(modules, "asyncio.tasks")? == 0 {
            return Ok(None);
        }
        let mut found = None;
        let read = |address| {
            let mut bytes = [0; size_of::<Places>()];
            let is_one = target.process.read(address, &mut bytes).is_ok();
            // SAFETY: the struct is numbers only.
            let places: Places = unsafe { std::mem::transmute(bytes) };
            // A task is an object of a few words.
            let is_one = is_one && (64..4096).contains(&places.task_size);
            found = is_one.then_some(Tasks { places });
            is_one
        };
        target.process.find_section(".AsyncioDebug", read).map_err(Fault::Unreadable)?;
        Ok(found)
    }

    /// The tasks of a thread that are not done.
    pub fn of_thread(&self, reader: &mut Reader, state: State) -> Read<Vec<u64>> {
        self.in_list(reader, state.address.wrapping_add(self.places.thread_tasks))
    }

    /// The tasks that are not done of threads that have ended.
    pub fn of_ended_threads(&self, reader: &mut Reader, interpreter: u64) -> Read<Vec<u64>> {
        self.in_list(reader, interpreter.wrapping_add(self.places.interpreter_tasks))
    }

    /// The tasks whose links are in the ring that begins at `head`.
    fn in_list(&self, reader: &mut Reader, head: u64) -> Read<Vec<u64>> {
        let next = reader.offsets.llist_node.next;
        let mut found = Vec::new();
        let mut at = reader.word(head, next)?;
        while at != head {
            if at == 0 {
                return Err(Fault::Broken("Invalid linked list structure reading remote memory"));
            }
            if found.len() > MOST {
                return Err(Fault::Broken("Task list appears corrupted"));
            }
            found.push(at.wrapping_sub(self.places.task_node));
            at = reader.word(at, next)?;
        }
        Ok(found)
    }

    /// The task that runs in a thread; 0 if none does.
    pub fn running(&self, reader: &mut Reader, state: State) -> Read<u64> {
        reader.word(state.address, self.places.thread_running_task)
    }

    fn stack_of(&self, reader: &mut Reader, task: u64) -> Read<Vec<Seen>> {
        match reader.word(task, self.places.task_coroutine)? {
            0 => Ok(Vec::new()),
            coroutine => reader.awaiting(coroutine),
        }
    }

    /// The tasks that await a task or future, through futures in between.
    fn waiters(
        &self,
        reader: &mut Reader,
        awaited: u64,
        known: &mut HashSet<u64>,
    ) -> Read<Vec<u64>> {
        let waiters = match reader.word(awaited, self.places.task_awaited_by)? {
            0 => Vec::new(),
            set if reader.byte(awaited, self.places.task_awaited_by_is_set)? != 0 => {
                reader.elements(set)?
            }
            one => vec![one],
        };
        let mut found = Vec::new();
        for waiter in waiters {
            if !known.insert(waiter) {
                continue;
            }
            match reader.byte(waiter, self.places.task_is_task)? {
                0 => found.extend(self.waiters(reader, waiter, known)?),
                _ => found.push(waiter),
            }
        }
        Ok(found)
    }

    /// A task's name, which is a number as long as nobody has asked for it.
    fn name(&self, reader: &mut Reader, task: u64) -> Read<Vec<u32>> {
        let name = reader.word(task, self.places.task_name)?;
        if name == 0 {
            return Ok(Vec::new());
        }
        let ty = reader.type_of(name)?;
        let flags = reader.word(ty, reader.offsets.type_object.tp_flags)?;
        if flags & u64::from(krait_abi::Py_TPFLAGS_LONG_SUBCLASS) == 0 {
            return reader.text(name, LONGEST_NAME);
        }
        let number = reader.number(name)?;
        Ok(format!("Task-{number}").chars().map(u32::from).collect())
    }

    /// What there is to tell of a task.
    pub fn describe(&self, reader: &mut Reader, task: u64) -> Read<Task> {
        let name = self.name(reader, task)?;
        let stack = self.stack_of(reader, task)?;
        let mut awaited_by = Vec::new();
        for waiter in self.waiters(reader, task, &mut HashSet::new())? {
            awaited_by.push((waiter, self.stack_of(reader, waiter)?));
        }
        Ok(Task { address: task, name, stack, awaited_by })
    }

    pub fn describe_all(&self, reader: &mut Reader, tasks: &[u64]) -> Read<Vec<Task>> {
        tasks.iter().map(|&task| self.describe(reader, task)).collect()
    }

    /// The task that runs in a thread, and those that wait for it, directly or not.
    pub fn running_with_waiters(
        &self,
        reader: &mut Reader,
        state: State,
        task: u64,
    ) -> Read<Vec<Task>> {
        let mut first = self.describe(reader, task)?;
        let coroutine = reader.word(task, self.places.task_coroutine)?;
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
            if known.len() > MOST {
                return Err(Fault::Broken("Task list appears corrupted"));
            }
            let this = self.describe(reader, next)?;
            todo.extend(this.awaited_by.iter().map(|(waiter, _)| *waiter));
            tasks.push(this);
        }
        Ok(tasks)
    }
}
