//! The evaluation loop.
//!
//! `state` has the registers and the ways from one instruction to the next, `table` the two back ends and
//! the list of handlers, `op` what out-of-line instructions work with; the other files hold the handlers,
//! by topic, and `specialize` decides what a hot instruction becomes. The same job as CPython's
//! `Python/ceval.c` and `Python/bytecodes.c`.

mod arithmetic;
mod attributes;
mod calls;
mod calls_direct;
mod calls_fast;
mod calls_native;
mod calls_row;
mod cold;
mod construct;
mod containers;
mod control;
mod entering;
pub mod evaluator;
mod except_star;
mod exceptions;
mod extended_operators;
mod functions;
mod hooks;
mod imports;
mod integers;
mod intrinsics;
mod iteration;
mod known_calls;
mod matching;
mod names;
mod op;
mod slots;
mod specialize;
mod stack;
mod state;
mod suspend;
mod table;
mod text;
mod unpack;
mod unwind;

pub use except_star::prepare_reraise;

use krait_bytecode::Opcode;
use krait_objects::prelude::*;

pub use exceptions::{end_handling, exception_group_split};
pub use intrinsics::{TypingHooks, TypingRequest, typing_hooks};

use crate::code::CodeUnit;
use crate::frame::{self, Frame, OWNED_BY_INTERPRETER, StackRef};
use state::State;

/// Opcodes of the loop's own pseudo-instructions, unused by CPython.
const OP_UNWIND: u8 = 212;
const OP_LEAVE: u8 = 213;

/// Opcodes of the hooks that tools put over instructions, by the units of the instruction's cache.
pub const OP_HOOK: u8 = 214;
pub const HOOKS: u8 = 10;

/// Stands first in foreign code that has not run yet.
pub const OP_ADMIT: u8 = 224;

/// Where an instruction goes on that has raised.
static UNWIND: [CodeUnit; 1] = [OP_UNWIND as CodeUnit];
/// Where unwinding goes on that found no handler before the entry frame.
static LEAVE: [CodeUnit; 1] = [OP_LEAVE as CodeUnit];
/// The code of entry frames: the callee's result arrives on their stack, then the loop is left.
/// A callee that returns goes on behind the first unit, one that yields behind the second, where the cache of
/// `SEND` would end.
static ENTRY: [CodeUnit; 3] = [
    Opcode::NOP as CodeUnit,
    Opcode::INTERPRETER_EXIT as CodeUnit,
    Opcode::INTERPRETER_EXIT as CodeUnit,
];

/// Where a caller goes on behind the instruction when the generator that it resumed yields.
const YIELD_OFFSET: usize = 1 + Opcode::SEND.cache_units();
const _: () = assert!(Opcode::SEND.cache_units() == Opcode::FOR_ITER.cache_units());

/// An entry frame: the border between a run of the loop and its native caller.
#[repr(C)]
struct Entry {
    frame: Frame,
    result: [StackRef; 2],
}

/// Runs `frame` until it returns, raises or yields. With `throwing`, the current exception is raised in it
/// first.
///
/// # Safety
/// `frame` is ready to run and not yet linked into the thread's chain; the loop takes it over.
#[inline(always)]
pub unsafe fn run_frame(th: &Thread, frame: *mut Frame, throwing: bool) -> PyResult {
    // SAFETY: the caller's promise.
    unsafe { if throwing { throw_into_frame(th, frame) } else { run_ready_frame(th, frame) } }
}

#[inline(never)]
unsafe fn run_ready_frame(th: &Thread, frame: *mut Frame) -> PyResult {
    // SAFETY: the caller's promise.
    unsafe { run_in_loop(th, frame, false) }
}

#[inline(never)]
unsafe fn throw_into_frame(th: &Thread, frame: *mut Frame) -> PyResult {
    // SAFETY: the caller's promise.
    unsafe { run_in_loop(th, frame, true) }
}

#[inline(always)]
unsafe fn run_in_loop(th: &Thread, frame: *mut Frame, throwing: bool) -> PyResult {
    // SAFETY: the caller's promise; the entry frame outlives everything pushed above it.
    unsafe {
        let mut entry = Entry {
            frame: Frame {
                executable: StackRef::none(),
                previous: frame::current(th),
                func: StackRef::NULL,
                globals: std::ptr::null_mut(),
                builtins: std::ptr::null_mut(),
                locals: std::ptr::null_mut(),
                object: std::ptr::null_mut(),
                ip: ENTRY.as_ptr(),
                sp: std::ptr::null_mut(),
                return_offset: 1,
                owner: OWNED_BY_INTERPRETER,
                visited: 0,
                localsplus: [StackRef::NULL],
            },
            result: [StackRef::NULL; 2],
        };
        let bottom = (&raw mut entry.result).cast::<StackRef>();
        let outer = &raw mut entry.frame;
        (*outer).sp = bottom;
        (*frame).previous = outer;
        frame::set_current(th, frame);
        (*th.raw()).py_recursion_remaining -= 1;
        let ip = start(th, frame, throwing);
        table::drive(State::reload(th, ip));
        frame::set_current(th, (*outer).previous);
        if (*outer).sp == bottom {
            return Err(Raised::assume());
        }
        Ok((*bottom).into_owned())
    }
}

/// Where a frame begins: at its instruction, or with an exception.
#[inline(always)]
unsafe fn start(th: &Thread, frame: *mut Frame, throwing: bool) -> *const CodeUnit {
    // SAFETY: (7).
    unsafe {
        if throwing {
            return unwind::unwind_waiting(th, frame).unwrap_or(UNWIND.as_ptr());
        }
        let entered = th.check_stack("").and_then(|()| check_recursion(th));
        match entered {
            Ok(()) => (*frame).ip,
            Err(_raised) => abandon(th, frame),
        }
    }
}

/// Leaves a frame that never ran: the exception belongs to its caller.
unsafe fn abandon(th: &Thread, frame: *mut Frame) -> *const CodeUnit {
    // SAFETY: (7): `frame` is the current one.
    unsafe { frame::leave(th, frame) };
    UNWIND.as_ptr()
}

/// RecursionError if the frame just counted was one too many.
#[inline(always)]
fn check_recursion(th: &Thread) -> PyResult<()> {
    // SAFETY: the thread is ours.
    if unsafe { (*th.raw()).py_recursion_remaining } >= 0 {
        return Ok(());
    }
    Err(too_deep(th))
}

#[cold]
#[inline(never)]
fn too_deep(th: &Thread) -> Raised {
    th.raise(exc::RECURSION_ERROR, "maximum recursion depth exceeded")
}
