//! Control flow: jumps, truth, identity, returning, and resuming.

use krait_bytecode::Opcode;
use krait_objects::codegen::keep_apart;
use krait_objects::prelude::*;

use super::cold::{Dealloc, Pending, PendingAtResume, dealloc};
use super::state::{Cold, Dispatch, State};
use crate::frame::{self, Frame, OWNED_BY_THREAD, StackRef};

#[inline(always)]
fn events_pending(s: State) -> bool {
    crate::pending::is_set(s.thread())
}

/// The beginning of a function, or of what follows a `yield`, for the first time.
#[inline(always)]
pub unsafe fn resume<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8): only the attached thread rewrites code.
    unsafe {
        if (*s.ip as u8) == Opcode::RESUME as u8 {
            s.ip.cast_mut().cast::<u8>().write(Opcode::RESUME_CHECK as u8);
        }
        resume_check::<D>(s)
    }
}

#[inline(always)]
pub unsafe fn resume_check<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe {
        let pending = events_pending(s);
        let s = s.skip(1);
        if pending {
            return D::cold::<PendingAtResume>(s, 0);
        }
        D::next(s)
    }
}

#[inline(always)]
pub unsafe fn jump_forward<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::next(s.skip(1 + s.arg)) }
}

const JUMP_BACKWARD: isize = 1 + Opcode::JUMP_BACKWARD.cache_units() as isize;

/// Runs once, since there is no compiler to count for.
#[inline(always)]
pub unsafe fn jump_backward<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe {
        s.become_form(Opcode::JUMP_BACKWARD, Opcode::JUMP_BACKWARD_NO_JIT);
        jump_backward_no_jit::<D>(s)
    }
}

#[inline(always)]
pub unsafe fn jump_backward_no_jit<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe {
        let pending = events_pending(s);
        let s = s.jump(JUMP_BACKWARD - s.arg as isize);
        if pending {
            return D::cold::<Pending>(s, 0);
        }
        D::next(s)
    }
}

#[inline(always)]
pub unsafe fn jump_backward_no_interrupt<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::next(s.jump(1 - s.arg as isize)) }
}

/// Units of a conditional jump with its cache, which records the branches taken.
const POP_JUMP: usize = 1 + Opcode::POP_JUMP_IF_TRUE.cache_units();

/// Where a conditional jump goes on, by a branch of the machine. An address that is selected instead waits for the
/// condition, and with it every instruction that follows; a branch is predicted.
#[inline(always)]
unsafe fn branch<D: Dispatch>(s: State, taken: bool) -> D::Out {
    // SAFETY: (8).
    unsafe {
        if taken {
            keep_apart();
            return D::next(s.skip(POP_JUMP + s.arg));
        }
        D::next(s.skip(POP_JUMP))
    }
}

/// The condition is `True` or `False`: nothing to release.
#[inline(always)]
pub unsafe fn pop_jump_if_false<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let taken = s.peek(1) == StackRef::from_bool(false);
        branch::<D>(s.drop(1), taken)
    }
}

#[inline(always)]
pub unsafe fn pop_jump_if_true<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let taken = s.peek(1) == StackRef::from_bool(true);
        branch::<D>(s.drop(1), taken)
    }
}

#[inline(always)]
pub unsafe fn pop_jump_if_none<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let value = s.peek(1);
        let s = s.drop(1);
        if value == StackRef::none() {
            return branch::<D>(s, true);
        }
        let s = s.skip(POP_JUMP);
        if value.release() {
            return D::cold::<Dealloc>(s, value.bits());
        }
        D::next(s)
    }
}

#[inline(always)]
pub unsafe fn pop_jump_if_not_none<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let value = s.peek(1);
        let s = s.drop(1);
        if value == StackRef::none() {
            return branch::<D>(s, false);
        }
        if value.release() {
            return D::cold::<DeallocAndJump>(s, value.bits());
        }
        D::next(s.skip(POP_JUMP + s.arg))
    }
}

/// Deallocates what a conditional jump has looked at, then takes the jump.
struct DeallocAndJump;

impl Cold for DeallocAndJump {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: the count is zero; the state is complete, so any code may run.
        unsafe {
            s.save();
            dealloc(s.th, StackRef::from_bits(x).ptr());
            D::next(s.skip(POP_JUMP + s.arg))
        }
    }
}

#[inline(always)]
pub unsafe fn unary_not<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9): the operand is `True` or `False`.
    unsafe {
        let value = s.peek(1) == StackRef::from_bool(false);
        s.poke(1, StackRef::from_bool(value));
        D::next(s.skip(1))
    }
}

#[inline(always)]
pub unsafe fn is_op<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let (left, right) = (s.peek(2), s.peek(1));
        let same = left.ptr() == right.ptr();
        s.poke(2, StackRef::from_bool(same != (s.arg != 0)));
        let s = s.drop(1).skip(1);
        if left.is_counted() | right.is_counted() {
            return D::cold::<super::cold::ReleaseOperands>(s, left.bits());
        }
        D::next(s)
    }
}

/// Leaves the frame and goes on in its caller with the value. What almost every frame needs is done in line:
/// references that are not the last ones to anything.
#[inline(always)]
pub unsafe fn return_value<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (7), (9): the value outlives the locals it may be borrowed from.
    unsafe {
        let mut value = s.peek(1);
        if !value.is_counted() {
            value = StackRef::new(value.ptr());
        }
        let frame = s.frame;
        let mut sp = s.sp.sub(1);
        if (*frame).owner != OWNED_BY_THREAD
            || !(*frame).object.is_null()
            || !(*frame).locals.is_null()
        {
            (*frame).sp = sp;
            // Whoever keeps the frame sees where it ended.
            (*frame).ip = s.ip;
            return D::cold::<LeaveWhole>(s, value.bits());
        }
        let caller = (*frame).previous;
        frame::set_current(s.thread(), caller);
        let base = Frame::local(frame, 0);
        while sp > base {
            sp = sp.sub(1);
            if (*sp).release() {
                (*frame).sp = sp;
                return D::cold::<LeaveRest>(s, value.bits());
            }
        }
        if (*frame).func.release() {
            return D::cold::<LeaveFunction>(s, value.bits());
        }
        if (*frame).executable.release() {
            return D::cold::<LeaveCode>(s, value.bits());
        }
        give_back::<D>(s, caller, value)
    }
}

/// Pops the emptied frame and hands the value to its caller, which is the current frame already.
#[inline(always)]
unsafe fn give_back<D: Dispatch>(s: State, caller: *mut Frame, value: StackRef) -> D::Out {
    // SAFETY: (7).
    unsafe {
        (*s.thread().raw()).py_recursion_remaining += 1;
        if !frame::datastack::pop_in_chunk(s.thread(), s.frame) {
            return D::cold::<PopChunk>(s, value.bits());
        }
        hand_over::<D>(s, caller, value)
    }
}

/// Goes on in the caller with the value on its stack.
#[inline(always)]
unsafe fn hand_over<D: Dispatch>(s: State, caller: *mut Frame, value: StackRef) -> D::Out {
    // SAFETY: (7), (9).
    unsafe {
        let ip = (*caller).ip.add((*caller).return_offset as usize);
        let s = State { ip, sp: (*caller).sp, frame: caller, th: s.th, arg: 0 };
        D::next(s.push(value))
    }
}

/// The frame was the first of its chunk of the data stack; `x` is the value to return.
struct PopChunk;

impl Cold for PopChunk {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (7): the frame is emptied, and its caller current.
        unsafe {
            frame::datastack::pop(s.thread(), s.frame);
            hand_over::<D>(s, frame::current(s.thread()), StackRef::from_bits(x))
        }
    }
}

/// The local at the frame's `sp` has lost its last reference; those below it are still to be released. `x` is
/// the value to return.
struct LeaveRest;

impl Cold for LeaveRest {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (4), (7).
        unsafe {
            release_rest(s.th, s.frame);
            if (*s.frame).func.release() {
                return D::cold::<LeaveFunction>(s, x);
            }
            (*s.frame).executable.close();
            give_back::<D>(s, frame::current(s.thread()), StackRef::from_bits(x))
        }
    }
}

/// Deallocates what the frame's `sp` points to and releases the locals below.
#[inline(never)]
unsafe fn release_rest(th: *const Thread, frame: *mut Frame) {
    // SAFETY: (4): the frame shows nothing any more when other code runs.
    unsafe {
        let base = Frame::local(frame, 0);
        let mut sp = (*frame).sp;
        (*frame).sp = base;
        dealloc(th, (*sp).ptr());
        while sp > base {
            sp = sp.sub(1);
            if (*sp).release() {
                dealloc(th, (*sp).ptr());
            }
        }
    }
}

/// The frame's function has lost its last reference; `x` is the value to return.
struct LeaveFunction;

impl Cold for LeaveFunction {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (6), (7): the emptied frame is not current any more.
        unsafe {
            dealloc(s.th, (*s.frame).func.ptr());
            (*s.frame).executable.close();
            give_back::<D>(s, frame::current(s.thread()), StackRef::from_bits(x))
        }
    }
}

/// The frame's code has lost its last reference; `x` is the value to return.
struct LeaveCode;

impl Cold for LeaveCode {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (5), (7): the emptied frame is not current any more.
        unsafe {
            dealloc(s.th, (*s.frame).executable.ptr());
            give_back::<D>(s, frame::current(s.thread()), StackRef::from_bits(x))
        }
    }
}

/// Frames of generators, with a frame object, with a namespace; `x` is the value to return.
struct LeaveWhole;

impl Cold for LeaveWhole {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (7): the frame's `sp` has been written back.
        unsafe {
            let caller = frame::leave(s.thread(), s.frame);
            hand_over::<D>(s, caller, StackRef::from_bits(x))
        }
    }
}

/// The callee of an entry frame has returned: the value stays on the entry frame's stack.
#[inline(always)]
pub unsafe fn interpreter_exit<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { s.save() };
    D::exit()
}
