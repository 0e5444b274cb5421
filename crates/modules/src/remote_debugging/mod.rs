//! `_remote_debugging`: the stacks of another process's threads and tasks, read from its memory.
//!
//! The process may run Krait or CPython 3.14: it says itself where things are. `krait_eval::remote` finds it, `reader` reads
//! objects, `frames` threads and `tasks` asyncio. The same job as CPython's
//! `Modules/_remote_debugging_module.c`.

mod frames;
mod reader;
mod tasks;

use std::cell::Cell;

use krait_eval::remote::{self, Target};
use krait_objects::exceptions::os;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use frames::{Seen, State};
use reader::{Fault, Read, Reader};
use tasks::{Task, Tasks};

#[pymodule(name = "_remote_debugging")]
pub struct RemoteDebugging;

const fn field(name: &'static str, doc: &'static str) -> Field {
    Field { name, doc }
}

/// A type of results: its name, its docstring, its fields.
struct Shape(&'static str, &'static str, &'static [Field]);

static TASK: Shape = Shape(
    "_remote_debugging.TaskInfo",
    "A task of asyncio",
    &[
        field("task_id", "the task's address"),
        field("task_name", "its name"),
        field("coroutine_stack", "what its coroutine is at"),
        field("awaited_by", "the tasks that wait for it"),
    ],
);
static FRAME: Shape = Shape(
    "_remote_debugging.FrameInfo",
    "A frame",
    &[
        field("filename", "the file of its code"),
        field("lineno", "the line that it is at"),
        field("funcname", "the qualified name of its function"),
    ],
);
static COROUTINE: Shape = Shape(
    "_remote_debugging.CoroInfo",
    "What a task's coroutine is at",
    &[field("call_stack", "its frames, innermost first"), field("task_name", "the task's address")],
);
static THREAD: Shape = Shape(
    "_remote_debugging.ThreadInfo",
    "A thread",
    &[
        field("thread_id", "the system's number"),
        field("frame_info", "its frames, innermost first"),
    ],
);
static AWAITED: Shape = Shape(
    "_remote_debugging.AwaitedInfo",
    "The tasks of a thread",
    &[field("thread_id", "the system's number"), field("awaited_by", "the tasks")],
);

impl Shape {
    fn ty(&self, th: &Thread) -> PyResult<Owned<Type>> {
        StructSequence::new_type(th, self.0, self.1, self.2, self.2.len())
    }

    fn make(&self, th: &Thread, values: Vec<Owned>) -> PyResult {
        Ok(StructSequence::new(th, self.ty(th)?.borrow(), values)?.into_object())
    }
}

#[pyfunctions]
impl RemoteDebugging {
    #[constant]
    const PROCESS_VM_READV_SUPPORTED: i64 = 1;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for shape in [&TASK, &FRAME, &COROUTINE, &THREAD, &AWAITED] {
            let name = shape.0.rsplit('.').next().unwrap_or(shape.0);
            module.add(th, name, shape.ty(th)?.object())?;
        }
        module.add_type(th, Unwinder::type_object())
    }
}

/// RemoteUnwinder(pid, *, all_threads=False, only_active_thread=False, debug=False)
///
/// Reads the stacks of a process that runs Python 3.14.
#[pytype(name = "_remote_debugging.RemoteUnwinder")]
#[repr(C)]
pub struct Unwinder {
    head: Head,
    process: Process,
}

/// What is asked of which process.
struct Process {
    pid: Cell<i32>,
    runtime: Cell<u64>,
    all_threads: Cell<bool>,
    only_active: Cell<bool>,
}

#[pymethods]
impl Unwinder {
    #[new(sig = "(pid, *, all_threads=False, only_active_thread=False, debug=False)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        pid: i32,
        all_threads: bool,
        only_active_thread: bool,
        debug: bool,
    ) -> PyResult<Owned<Unwinder>> {
        if all_threads && only_active_thread {
            let message = "all_threads and only_active_thread cannot both be True";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let target = Target::find(th, pid).map_err(|raised| match debug {
            true => remote::explain(th, raised, "Failed to get Python runtime address"),
            false => raised,
        })?;
        target.interpreter(th)?;
        let this = cls.alloc::<Unwinder>(th, 0)?;
        this.process.pid.set(pid);
        this.process.runtime.set(target.runtime);
        this.process.all_threads.set(all_threads);
        this.process.only_active.set(only_active_thread);
        Ok(this)
    }

    /// Return a list of ThreadInfo: of all threads, of the one that has the GIL, or of the main thread, as was asked for when
    /// the unwinder was made. A thread's frames end where C has called Python.
    #[method(sig = "(self)")]
    fn get_stack_trace(&self, th: &Thread) -> PyResult<Owned<List>> {
        let (mut reader, interpreter) = self.process.look(th)?;
        let asked = &self.process;
        let mut read = || -> Read<Vec<(State, Vec<Seen>)>> {
            let states = if asked.all_threads.get() {
                reader.states(interpreter)?
            } else {
                let address = match asked.only_active.get() {
                    true => reader.holder(interpreter)?,
                    false => reader.main_state(interpreter)?,
                };
                if address == 0 { Vec::new() } else { vec![reader.state(address)?] }
            };
            states.into_iter().map(|state| Ok((state, reader.stack(state)?))).collect()
        };
        let threads = read().map_err(|fault| raise(th, fault))?;
        let mut shown = Vec::with_capacity(threads.len());
        for (state, stack) in threads {
            let values = vec![number(th, state.native)?, frames(th, &stack)?];
            shown.push(THREAD.make(th, values)?);
        }
        List::from_vec(th, shown)
    }

    /// Return a list of AwaitedInfo: for each thread in which a task of asyncio runs, that task and those that wait for it,
    /// directly or not.
    #[method(sig = "(self)")]
    fn get_async_stack_trace(&self, th: &Thread) -> PyResult<Owned<List>> {
        let (mut reader, interpreter) = self.process.look(th)?;
        let known = self.process.asyncio(th, &mut reader, interpreter)?;
        let mut read = || -> Read<Vec<(u64, Vec<Task>)>> {
            let mut found = Vec::new();
            for state in reader.states(interpreter)? {
                let task = known.running(&mut reader, state)?;
                if task != 0 {
                    let tasks = known.running_with_waiters(&mut reader, state, task)?;
                    found.push((state.native, tasks));
                }
            }
            Ok(found)
        };
        let found = read().map_err(|fault| raise(th, fault))?;
        awaited(th, found)
    }

    /// Return a list of AwaitedInfo: the tasks of asyncio that are not done, thread by thread; and last, as of thread 0, those
    /// of threads that have ended.
    #[method(sig = "(self)")]
    fn get_all_awaited_by(&self, th: &Thread) -> PyResult<Owned<List>> {
        let (mut reader, interpreter) = self.process.look(th)?;
        let known = self.process.asyncio(th, &mut reader, interpreter)?;
        let mut read = || -> Read<Vec<(u64, Vec<Task>)>> {
            let mut found = Vec::new();
            for state in reader.states(interpreter)? {
                let here = known.of_thread(&mut reader, state)?;
                found.push((state.native, known.describe_all(&mut reader, &here)?));
            }
            let rest = known.of_ended_threads(&mut reader, interpreter)?;
            found.push((0, known.describe_all(&mut reader, &rest)?));
            Ok(found)
        };
        let found = read().map_err(|fault| raise(th, fault))?;
        awaited(th, found)
    }
}

impl Process {
    /// A new look at the process, and its newest interpreter.
    fn look(&self, th: &Thread) -> PyResult<(Reader, u64)> {
        let target = Target::known(th, self.pid.get(), self.runtime.get())?;
        let interpreter = target.interpreter(th)?;
        Ok((Reader::new(&target), interpreter))
    }

    fn asyncio(&self, th: &Thread, reader: &mut Reader, interpreter: u64) -> PyResult<Tasks> {
        let target = Target::known(th, self.pid.get(), self.runtime.get())?;
        match Tasks::find(reader, &target, interpreter) {
            Ok(Some(tasks)) => Ok(tasks),
            Ok(None) => Err(th.raise(exc::RUNTIME_ERROR, "AsyncioDebug section not available")),
            Err(fault) => Err(raise(th, fault)),
        }
    }
}

fn raise(th: &Thread, fault: Fault) -> Raised {
    match fault {
        Fault::Broken(message) => th.raise(exc::RUNTIME_ERROR, message),
        Fault::Unreadable(error) => match error.raw_os_error() {
            // An address that is none: what pointed to it has changed meanwhile.
            Some(libc::EFAULT) | None => {
                th.raise(exc::RUNTIME_ERROR, "Unknown error reading memory of the remote process")
            }
            Some(number) => os::raise_errno(th, exc::OS_ERROR, number, [None, None]),
        },
    }
}

fn number(th: &Thread, number: u64) -> PyResult {
    Ok(Int::from_u64(th, number)?.into_object())
}

fn text(th: &Thread, text: &[u32]) -> PyResult {
    Ok(Str::from_code_points(th, text)?.into_object())
}

fn frames(th: &Thread, stack: &[Seen]) -> PyResult {
    let mut shown = Vec::with_capacity(stack.len());
    for seen in stack {
        let line = Int::from_i64(th, seen.line.into())?.into_object();
        let values = vec![text(th, &seen.filename)?, line, text(th, &seen.function)?];
        shown.push(FRAME.make(th, values)?);
    }
    Ok(List::from_vec(th, shown)?.into_object())
}

fn coroutine(th: &Thread, task: u64, stack: &[Seen]) -> PyResult {
    COROUTINE.make(th, vec![frames(th, stack)?, number(th, task)?])
}

fn task(th: &Thread, task: &Task) -> PyResult {
    let stack = vec![coroutine(th, task.address, &task.stack)?];
    let waiters: PyResult<Vec<Owned>> =
        task.awaited_by.iter().map(|(waiter, stack)| coroutine(th, *waiter, stack)).collect();
    let values = vec![
        number(th, task.address)?,
        text(th, &task.name)?,
        List::from_vec(th, stack)?.into_object(),
        List::from_vec(th, waiters?)?.into_object(),
    ];
    TASK.make(th, values)
}

fn awaited(th: &Thread, found: Vec<(u64, Vec<Task>)>) -> PyResult<Owned<List>> {
    let mut shown = Vec::with_capacity(found.len());
    for (thread, tasks) in found {
        let tasks: PyResult<Vec<Owned>> = tasks.iter().map(|one| task(th, one)).collect();
        let values = vec![number(th, thread)?, List::from_vec(th, tasks?)?.into_object()];
        shown.push(AWAITED.make(th, values)?);
    }
    List::from_vec(th, shown)
}
