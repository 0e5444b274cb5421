//! What C wants called soon by whoever runs Python code: the queues behind `Py_AddPendingCall`.
//!
//! Any thread may add to them, whatever it holds; so they are the process's. The same job as `_PyEval_AddPendingCall` in
//! CPython's `Python/ceval_gil.c`.

use std::collections::VecDeque;
use std::ffi::{c_int, c_void};
use std::ptr::from_ref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;

use crate::{pending, registry};

pub type Function = unsafe extern "C" fn(*mut c_void) -> c_int;

struct Call {
    /// The address of the interpreter whose threads may call it; zero: the main interpreter's main thread has to.
    interp: usize,
    function: Function,
    argument: usize,
}

struct Queue {
    calls: VecDeque<Call>,
    /// The interpreters a thread of which is calling: no other does meanwhile, nor does the same thread in the midst of a call.
    busy: Vec<usize>,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { calls: VecDeque::new(), busy: Vec::new() });

/// So many calls may wait for the main thread, and for the threads of an interpreter.
const MOST_FOR_MAIN: usize = 32;
const MOST: usize = 300;

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Queues a call for an interpreter, or for the main thread; false if too many wait.
pub fn add(interp: Option<*const Interpreter>, function: Function, argument: *mut c_void) -> bool {
    let target = interp.map_or(0, |interp| interp as usize);
    {
        let mut queue = queue();
        let waiting = queue.calls.iter().filter(|call| call.interp == target).count();
        if waiting >= if interp.is_some() { MOST } else { MOST_FOR_MAIN } {
            return false;
        }
        queue.calls.push_back(Call { interp: target, function, argument: argument as usize });
    }
    match interp {
        Some(interp) => registry::request(interp, pending::CALLS_TO_DO),
        None => registry::request_of_main(pending::CALLS_TO_DO),
    }
    true
}

/// Calls what waits for this thread, oldest first; an exception ends it for now.
pub fn run(th: &Thread) -> PyResult<()> {
    let own = from_ref(th.interp()) as usize;
    {
        let mut queue = queue();
        if queue.busy.contains(&own) {
            return Ok(());
        }
        queue.busy.push(own);
    }
    let result = run_waiting(th, own);
    let mut queue = queue();
    queue.busy.retain(|&busy| busy != own);
    let left = queue.calls.iter().any(|call| call.interp == own);
    drop(queue);
    if left {
        registry::request(th.interp(), pending::CALLS_TO_DO);
    }
    result
}

fn run_waiting(th: &Thread, own: usize) -> PyResult<()> {
    // SAFETY: always possible.
    let here = unsafe { libc::pthread_self() } as u64;
    let is_main = registry::main().is_some_and(|main| main.interp as usize == own)
        && registry::main_ident() == Some(here);
    let is_mine = |call: &Call| call.interp == own || call.interp == 0 && is_main;
    // What is added meanwhile is for the next time.
    let waiting = queue().calls.iter().filter(|call| is_mine(call)).count();
    for _ in 0..waiting {
        let next = {
            let mut queue = queue();
            let at = queue.calls.iter().position(is_mine);
            at.and_then(|at| queue.calls.remove(at))
        };
        let Some(Call { function, argument, .. }) = next else { break };
        // SAFETY: C promised a function that takes this.
        if unsafe { function(argument as *mut c_void) } != 0 {
            // The others are still to come.
            pending::request(th, pending::CALLS_TO_DO);
            return Err(th.raised_by_c());
        }
    }
    Ok(())
}
