//! Frames, the evaluation loop and its specialisation, calls, functions, generators.
//!
//! `run` is the door: compile and execute. `docs/internals/evaluation.md` is the map of this crate.

extern crate self as krait_eval;

pub mod arguments;
pub mod builtins;
pub mod code;
pub mod command_line;
pub mod compile;
pub mod config;
pub mod crash;
pub mod frame;
pub mod function;
pub mod generator;
pub mod gil;
pub mod import;
pub mod installation;
pub mod interpreter;
pub mod lifecycle;
pub mod marshal;
pub mod monitoring;
pub mod pending;
pub mod pending_calls;
pub mod reentrant;
pub mod registry;
pub mod remote;
pub mod run;
pub mod runtime;
pub mod services;
mod site;
pub mod streams;
pub mod subs;
pub mod sys;
pub mod thread_states;
pub mod traceback;
pub mod types;
pub mod visit;
pub mod warnings;

/// Gives a collected object's memory back, after its fields have been released.
///
/// # Safety
/// `ob` is dead and untracked.
unsafe fn free_gc(ob: *mut krait_abi::PyObject) {
    // SAFETY: the caller's promise; static types have a `tp_free`.
    unsafe {
        if let Some(free) = (*(*ob).ob_type).tp_free {
            free(ob.cast());
        }
    }
}

/// What `.pyc` files begin with.
pub const PYC_MAGIC: [u8; 4] = krait_bytecode::MAGIC;
