//! Functions of C that run frames in the loop's place (PEP 523): `_PyInterpreterState_SetEvalFrameFunc`.
//!
//! The loop asks nobody how to run a frame. While there is such a function, a bit of the eval breaker stays set, and
//! each frame that comes to its `RESUME` (or becomes a generator) finds it there: the loop takes the frame out of the
//! chain, hands it to the function, and goes on in the caller with what that gives. The function mostly calls the usual
//! evaluator (`run`), a loop of its own for that frame.

use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;
use krait_bytecode::Opcode;
use krait_objects::prelude::*;

use super::unwind::unwind_caller;
use super::{YIELD_OFFSET, run_frame, suspend};
use crate::code::CodeUnit;
use crate::frame::{self, Frame, OWNED_BY_GENERATOR};
use crate::generator::{self, Generator};
use crate::{monitoring, pending, thread_states};

/// `_PyFrameEvalFunction`: it takes the frame over.
pub type Function = unsafe extern "C" fn(
    *mut abi::PyThreadState,
    *mut abi::_PyInterpreterFrame,
    c_int,
) -> *mut abi::PyObject;

/// The interpreter's function, if it is not the usual one.
#[derive(Default)]
struct Evaluator(Cell<Option<Function>>);

/// Whether frames are to be handed to a function.
#[inline(always)]
pub fn is_set(th: &Thread) -> bool {
    pending::has(th, pending::EVALUATOR)
}

pub fn get(th: &Thread) -> Option<Function> {
    th.interp().state::<Evaluator>().0.get()
}

/// Has `function` run all frames from here on; `None` is the loop itself.
pub fn set(th: &Thread, function: Option<Function>) -> PyResult<()> {
    th.interp().state::<Evaluator>().0.set(function);
    thread_states::for_each(th, |other| {
        match function {
            Some(_) => pending::request(other, pending::EVALUATOR),
            None => pending::withdraw(other, pending::EVALUATOR),
        }
        Ok(())
    })
}

/// A thread of an interpreter that may have such a function.
pub fn greet(th: &Thread) {
    if get(th).is_some() {
        pending::request(th, pending::EVALUATOR);
    }
}

/// Raises the current exception in a frame that waits: it comes to no `RESUME` before.
///
/// # Safety
/// As for `run_frame`.
pub unsafe fn throw_into(th: &Thread, frame: *mut Frame) -> PyResult {
    // SAFETY: the caller's promise.
    unsafe { if is_set(th) { call(th, frame, true) } else { run_frame(th, frame, true) } }
}

/// Hands a frame, which is not in the chain, to the interpreter's function.
///
/// # Safety
/// As for `run_frame`.
#[cold]
unsafe fn call(th: &Thread, frame: *mut Frame, throwing: bool) -> PyResult {
    let Some(function) = get(th) else {
        // SAFETY: the caller's promise.
        return unsafe { run_frame(th, frame, throwing) };
    };
    // SAFETY: a frame is laid out as C knows it; the answer is a reference or NULL with an exception.
    unsafe {
        let made = function(th.raw(), frame.cast(), throwing.into());
        Owned::from_ptr_or_null(made).ok_or_else(|| th.raised_by_c())
    }
}

/// The usual evaluator, called by such a function: `_PyEval_EvalFrameDefault`.
///
/// # Safety
/// As for `run_frame`.
pub unsafe fn run(th: &Thread, frame: *mut Frame, throwing: bool) -> PyResult {
    // SAFETY: the caller's promise.
    unsafe {
        let code = Frame::code(frame);
        let unit = (*frame).ip.offset_from(code.units());
        let first = monitoring::base_at(code.get(), unit.max(0) as usize);
        if !throwing && first == Some(Opcode::RETURN_GENERATOR) {
            (*frame).previous = frame::current(th);
            frame::set_current(th, frame);
            (*th.raw()).py_recursion_remaining -= 1;
            let made = suspend::move_into_generator(th, frame);
            return made.map(Owned::into_object).inspect_err(|_| {
                frame::leave(th, frame);
            });
        }
        run_frame(th, frame, throwing)
    }
}

/// The current frame has come to its `RESUME`, or to the instruction that makes it a generator: hands it over, and
/// answers where its caller goes on.
///
/// # Safety
/// The frame is current, its state saved.
#[cold]
#[inline(never)]
pub unsafe fn hand_over(th: &Thread, frame: *mut Frame) -> *const CodeUnit {
    // SAFETY: the caller's promise; who resumes a generator keeps it alive.
    unsafe {
        let caller = (*frame).previous;
        let resumed = (*frame).owner == OWNED_BY_GENERATOR;
        let generator = if resumed { Generator::of_frame(frame) } else { std::ptr::null() };
        frame::set_current(th, caller);
        (*th.raw()).py_recursion_remaining += 1;
        (*frame).previous = std::ptr::null_mut();
        match call(th, frame, false) {
            Ok(value) => {
                let yielded = resumed && (*generator).frame_state.get() < generator::EXECUTING;
                let offset = match yielded {
                    true => YIELD_OFFSET,
                    false => (*caller).return_offset as usize,
                };
                *(*caller).sp = frame::StackRef::from_owned(value);
                (*caller).sp = (*caller).sp.add(1);
                (*caller).ip.add(offset)
            }
            Err(_raised) => unwind_caller(th),
        }
    }
}
