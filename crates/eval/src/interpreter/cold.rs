//! Rare paths out of hot handlers: deallocation, specialisation, the eval breaker, falling back to a generic
//! form, and the loop's own pseudo-instructions.

use std::marker::PhantomData;

use krait_bytecode::Opcode;
use krait_objects::memory;
use krait_objects::prelude::*;

use super::op::Op;
use super::specialize::layout;
use super::state::{Cold, Dispatch, Operation, State, decode};
use super::{specialize, unwind as unwinding};
use crate::code::{CodeUnit, foreign};
use crate::frame::{Frame, StackRef};

/// Deallocates the object whose last reference the handler released; `x` is the reference.
pub struct Dealloc;

impl Cold for Dealloc {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: the count is zero; the state is complete, so any code may run.
        unsafe {
            let ob = StackRef::from_bits(x).ptr();
            match keep_number(s.th, ob) {
                Some(true) => D::next(s),
                Some(false) => D::cold::<FreeNumber>(s, x),
                None => D::cold::<DeallocObject>(s, x),
            }
        }
    }
}

/// A number for which there is no place on a free list.
struct FreeNumber;

impl Cold for FreeNumber {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: as for `Dealloc`.
        unsafe {
            memory::free_number(&*s.th, StackRef::from_bits(x).ptr());
            D::next(s)
        }
    }
}

/// Anything but a number.
struct DeallocObject;

impl Cold for DeallocObject {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: as for `Dealloc`.
        unsafe {
            s.save_done();
            memory::dealloc(StackRef::from_bits(x).ptr());
            D::next(s)
        }
    }
}

/// Keeps the memory of an exact number for the next one. False if there is no place for it, `None` for other objects.
///
/// # Safety
/// The object's last reference is gone.
#[inline(always)]
unsafe fn keep_number(th: *const Thread, ob: *mut krait_abi::PyObject) -> Option<bool> {
    // SAFETY: the caller's promise; exact numbers come from the interpreter's heap.
    unsafe {
        let interp = (*th).interp();
        if layout::is_int(ob) {
            Some(layout::compact_int(ob).is_some() && interp.free_lists.ints.push(ob))
        } else if layout::is_float(ob) {
            Some(interp.free_lists.floats.push(ob))
        } else {
            None
        }
    }
}

/// Deallocates; numbers, the most frequent case, hold nothing but their memory.
///
/// # Safety
/// The object's last reference is gone.
#[inline(always)]
pub unsafe fn dealloc(th: *const Thread, ob: *mut krait_abi::PyObject) {
    // SAFETY: the caller's promise; exact numbers come from the interpreter's heap.
    unsafe {
        match keep_number(th, ob) {
            Some(true) => {}
            Some(false) => memory::free_number(&*th, ob),
            None => memory::dealloc(ob),
        }
    }
}

/// Releases two operands: the right one, which still lies just above the top, and the left one, `x`.
pub struct ReleaseOperands;

impl Cold for ReleaseOperands {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: both were moved out of the stack by the handler.
        unsafe {
            let right = *s.sp;
            if right.release() && keep_number(s.th, right.ptr()) != Some(true) {
                return D::cold::<DeallocRight>(s, x);
            }
            let left = StackRef::from_bits(x);
            if left.release() {
                return D::cold::<Dealloc>(s, x);
            }
            D::next(s)
        }
    }
}

/// The right operand's last reference is gone; the left one, `x`, is still to be released.
struct DeallocRight;

impl Cold for DeallocRight {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: as for `ReleaseOperands`.
        unsafe {
            let right = *s.sp;
            s.save_done();
            dealloc(s.th, right.ptr());
            let left = StackRef::from_bits(x);
            if left.release() {
                return D::cold::<Dealloc>(s, x);
            }
            D::next(s)
        }
    }
}

/// The eval breaker is set: does what it asks for, then goes on at `ip`.
pub struct Pending;

impl Cold for Pending {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: the state is complete.
        unsafe {
            // A hook that follows may look where the frame has been.
            let from = (*s.frame).ip;
            s.save();
            match crate::pending::handle(s.thread()) {
                Ok(()) => {
                    (*s.frame).ip = from;
                    D::next(State::reload(s.th, s.ip))
                }
                Err(_raised) => D::next(s.unwinding()),
            }
        }
    }
}

/// The eval breaker is set at a `RESUME`, which lies before `ip`: code that tools have not seen yet gets their hooks,
/// and begins again.
pub struct PendingAtResume;

impl Cold for PendingAtResume {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: the state is complete.
        unsafe {
            if super::hooks::prepare(s.th, s.frame) {
                return D::next(s.jump(-1));
            }
            if super::evaluator::is_set(s.thread()) {
                s.save();
                let ip = super::evaluator::hand_over(s.thread(), s.frame);
                return D::next(State::reload(s.th, ip));
            }
            // Between a generator and the one that it delegates to, or an awaited one, nothing may come: who is
            // innermost gets what is pending.
            if s.arg & 3 >= 2 {
                return D::next(s);
            }
            Pending::run::<D>(s, x)
        }
    }
}

/// A counter has run out: looks for a better form of the instruction, then runs what is there.
pub struct Specialize;

impl Cold for Specialize {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: the state is complete; specialising runs no Python code.
        unsafe {
            s.save();
            respecialize(s.th, s.frame, s.arg);
            // Not what a hook replaces once more: it has been told.
            let (mut opcode, _) = decode(s.ip);
            if crate::monitoring::is_hook(opcode) {
                opcode = super::hooks::original(s.frame, s.ip);
            }
            D::to(s, opcode)
        }
    }
}

/// Scalars in: the address of an `Op` on the cold function's stack would keep its last call from being a jump.
#[inline(never)]
unsafe fn respecialize(th: *const Thread, frame: *mut Frame, arg: usize) {
    // SAFETY: (8).
    specialize::specialize(unsafe { Op::new(&*th, frame, arg) });
}

/// An operation that is rarely needed: the handler stays without a call, and so without registers to save.
pub struct Rare<O>(PhantomData<O>);

impl<O: Operation> Cold for Rare<O> {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: the state is complete.
        unsafe { D::out_of_line::<O>(s) }
    }
}

/// Whether the cache's counter says that it is time to specialise; else counts.
///
/// # Safety
/// The instruction has a cache.
#[inline(always)]
pub unsafe fn counter_triggers(s: State) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let counter = s.ip.add(1).cast_mut();
        if *counter < specialize::COUNT_ONE {
            return true;
        }
        *counter -= specialize::COUNT_ONE;
        false
    }
}

/// Runs the generic form instead of the specialised one, which stays in place until the counter runs out.
#[inline(always)]
pub unsafe fn deopt<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::cold::<Deopt>(s, 0) }
}

pub struct Deopt;

impl Cold for Deopt {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: the generic form takes the same stack and cache.
        unsafe {
            let (opcode, _) = decode(s.ip);
            let base = Opcode::from_byte(opcode).map_or(opcode, |known| known.base() as u8);
            D::to(s, base)
        }
    }
}

/// Finds the handler of the current exception.
#[inline(always)]
pub unsafe fn unwind<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: the raising instruction has saved the state; `s.ip` is the pseudo-instruction's.
    unsafe {
        let ip = unwind_shim(s.th);
        D::next(State::reload(s.th, ip))
    }
}

#[inline(never)]
unsafe fn unwind_shim(th: *const Thread) -> *const CodeUnit {
    // SAFETY: (8).
    unwinding::unwind(unsafe { &*th })
}

#[inline(always)]
pub unsafe fn leave_loop<D: Dispatch>(_: State) -> D::Out {
    D::exit()
}

#[inline(always)]
pub unsafe fn unknown_opcode<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::out_of_line::<UnknownOpcode>(s) }
}

/// The first instruction of foreign code until it is verified: then another one stands here, which runs.
#[inline(always)]
pub unsafe fn admit<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::out_of_line::<Admit>(s) }
}

struct Admit;

impl Operation for Admit {
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        foreign::admit(op.th, op.code().get())?;
        Ok(op.ip())
    }
}

struct UnknownOpcode;

impl Operation for UnknownOpcode {
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        let code = op.code();
        // SAFETY: (8).
        let (opcode, line) = unsafe { (*op.ip() as u8, Frame::line(op.frame).unwrap_or(-1)) };
        let filename = code.get().filename();
        Err(raise!(op.th, SYSTEM_ERROR, "{}:{line}: unknown opcode {opcode}", filename.get()))
    }
}
