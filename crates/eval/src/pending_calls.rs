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

static QUEUE: Mutex<VecDeque<Call>> = Mutex::new(VecDeque::new());

/// So many calls may wait for the main thread, and for the threads of an interpreter.
const MOST_FOR_MAIN: usize = 32;
const MOST: usize = 300;

fn queue() -> MutexGuard<'static, VecDeque<Call>> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Queues a call for an interpreter, or for the main thread; false if too many wait.
pub fn add(interp: Option<*const Interpreter>, function: Function, argument: *mut c_void) -> bool {
    let target = interp.map_or(0, |interp| interp as usize);
    {
        let mut queue = queue();
        let waiting = queue.iter().filter(|call| call.interp == target).count();
        if waiting >= if interp.is_some() { MOST } else { MOST_FOR_MAIN } {
            return false;
        }
        queue.push_back(Call { interp: target, function, argument: argument as usize });
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
    // SAFETY: always possible.
    let here = unsafe { libc::pthread_self() } as u64;
    let is_main = registry::main().is_some_and(|main| main.interp as usize == own)
        && registry::main_ident() == Some(here);
    let is_mine = |call: &Call| call.interp == own || call.interp == 0 && is_main;
    // What is added meanwhile is for the next time.
    let waiting = queue().iter().filter(|call| is_mine(call)).count();
    for _ in 0..waiting {
        let next = {
            let mut queue = queue();
            let at = queue.iter().position(is_mine);
            at.and_then(|at| queue.remove(at))
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
