//! Control flow: jumps, truth, identity, returning, and resuming.

use krait_bytecode::Opcode;

use super::cold::{Dealloc, Pending};
use super::state::{Dispatch, State};
use crate::frame::{self, Frame, OWNED_BY_THREAD, StackRef};

#[inline(always)]
fn events_pending(s: State) -> bool {
    crate::pending::is_set(s.thread())
}

/// The beginning of a function, or of what follows a `yield`.
#[inline(always)]
pub unsafe fn resume<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe {
        let pending = events_pending(s);
        let s = s.skip(1);
        if pending {
            return D::cold::<Pending>(s, 0);
        }
        D::next(s)
    }
}

#[inline(always)]
pub unsafe fn resume_check<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { resume::<D>(s) }
}

#[inline(always)]
pub unsafe fn jump_forward<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::next(s.skip(1 + s.arg)) }
}

const JUMP_BACKWARD: isize = 1 + Opcode::JUMP_BACKWARD.cache_units() as isize;

#[inline(always)]
pub unsafe fn jump_backward<D: Dispatch>(s: State) -> D::Out {
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
pub unsafe fn jump_backward_no_jit<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { jump_backward::<D>(s) }
}

#[inline(always)]
pub unsafe fn jump_backward_no_interrupt<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::next(s.jump(1 - s.arg as isize)) }
}

/// Units of a conditional jump with its cache, which records the branches taken.
const POP_JUMP: usize = 1 + Opcode::POP_JUMP_IF_TRUE.cache_units();

/// Where a conditional jump goes on, without a branch in the machine code.
#[inline(always)]
unsafe fn branch<D: Dispatch>(s: State, taken: bool) -> D::Out {
    // SAFETY: (8).
    unsafe {
        let distance = if taken { s.arg } else { 0 };
        D::next(s.skip(POP_JUMP + distance))
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
        let s = s.skip(POP_JUMP + s.arg);
        if value.release() {
            return D::cold::<Dealloc>(s, value.bits());
        }
        D::next(s)
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

/// Leaves the frame and goes on in its caller with the value.
#[inline(always)]
pub unsafe fn return_value<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (7), (9): the value outlives the locals it may be borrowed from.
    unsafe {
        let value = s.peek(1).into_heap_safe();
        (*s.frame).sp = s.sp.sub(1);
        let caller = leave(s);
        let ip = (*caller).ip.add((*caller).return_offset as usize);
        let s = State { ip, sp: (*caller).sp, frame: caller, th: s.th, arg: 0 };
        D::next(s.push(value))
    }
}

/// `frame::leave`, with what almost every frame needs done in line: release the locals and pop.
#[inline(always)]
unsafe fn leave(s: State) -> *mut Frame {
    // SAFETY: as for `frame::leave`.
    unsafe {
        let frame = s.frame;
        if (*frame).owner != OWNED_BY_THREAD
            || !(*frame).object.is_null()
            || !(*frame).locals.is_null()
        {
            return frame::leave(s.thread(), frame);
        }
        leave_plain(s.th, frame)
    }
}

/// Leaves a frame of the data stack without frame object and namespace.
#[inline(never)]
unsafe fn leave_plain(th: *const krait_objects::thread::Thread, frame: *mut Frame) -> *mut Frame {
    // SAFETY: as for `frame::leave`.
    unsafe {
        let previous = (*frame).previous;
        frame::set_current(&*th, previous);
        let base = Frame::local(frame, 0);
        let mut sp = (*frame).sp;
        (*frame).sp = base;
        while sp > base {
            sp = sp.sub(1);
            (*sp).close();
        }
        (*frame).func.close();
        (*frame).executable.close();
        (*(*th).raw()).py_recursion_remaining += 1;
        frame::datastack::pop(&*th, frame);
        previous
    }
}

/// The callee of an entry frame has returned: the value stays on the entry frame's stack.
#[inline(always)]
pub unsafe fn interpreter_exit<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { s.save() };
    D::exit()
}
