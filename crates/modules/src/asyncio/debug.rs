//! Where debuggers find what: the section `.AsyncioDebug`, a table of offsets, as CPython's `_asyncio` has it.

use std::mem::{offset_of, size_of};

use krait_objects::asyncio::State;
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use super::future::Future;
use super::task::Task;

/// The table; all fields are sizes and offsets in bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Places {
    pub task_size: u64,
    pub task_name: u64,
    pub task_awaited_by: u64,
    pub task_is_task: u64,
    pub task_awaited_by_is_set: u64,
    pub task_coroutine: u64,
    pub task_node: u64,
    pub interpreter_size: u64,
    pub interpreter_tasks: u64,
    pub thread_size: u64,
    pub thread_running_loop: u64,
    pub thread_running_task: u64,
    pub thread_tasks: u64,
}

// SAFETY: the name tells nothing to the linker but where the table goes.
#[used]
#[unsafe(link_section = ".AsyncioDebug")]
static PLACES: Places = {
    const STATE: u64 = offset_of!(Thread, asyncio) as u64;
    Places {
        task_size: size_of::<Task>() as u64,
        task_name: offset_of!(Task, name) as u64,
        task_awaited_by: offset_of!(Future, awaited_by) as u64,
        task_is_task: offset_of!(Future, is_task) as u64,
        task_awaited_by_is_set: offset_of!(Future, awaited_by_is_set) as u64,
        task_coroutine: offset_of!(Task, coroutine) as u64,
        task_node: offset_of!(Task, link) as u64,
        interpreter_size: size_of::<Interpreter>() as u64,
        interpreter_tasks: offset_of!(Interpreter, tasks) as u64,
        thread_size: size_of::<Thread>() as u64,
        thread_running_loop: STATE + offset_of!(State, running_loop) as u64,
        thread_running_task: STATE + offset_of!(State, running_task) as u64,
        thread_tasks: STATE + offset_of!(State, tasks) as u64,
    }
};

/// Keeps the linker from leaving the table out, since no code reads it.
pub fn keep() {
    std::hint::black_box(&raw const PLACES);
}
