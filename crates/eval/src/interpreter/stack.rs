//! Constants, fast locals, and moving values on the stack.

use krait_bytecode::Opcode;
use krait_objects::error::PyResult;
use krait_objects::handle::{Borrowed, Object};

use super::cold::{Dealloc, Rare, dealloc};
use super::op::Op;
use super::state::{Cold, Dispatch, Operation, State, decode};
use crate::code::CodeUnit;
use crate::frame::StackRef;

#[inline(always)]
pub unsafe fn nop<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::next(s.skip(1)) }
}

#[inline(always)]
pub unsafe fn not_taken<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8).
    unsafe { D::next(s.skip(1)) }
}

/// Prefixes the next instruction's argument with this one's.
#[inline(always)]
pub unsafe fn extended_arg<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (8): an instruction follows.
    unsafe {
        let s = s.skip(1);
        let (opcode, low) = decode(s.ip);
        D::to(State { arg: s.arg << 8 | low, ..s }, opcode)
    }
}

#[inline(always)]
pub unsafe fn load_fast<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe { D::next(s.push((*s.local(s.arg)).dup()).skip(1)) }
}

/// The local outlives the value's stay on the stack: the compiler has proved it.
#[inline(always)]
pub unsafe fn load_fast_borrow<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (3), (9).
    unsafe { D::next(s.push(borrow(*s.local(s.arg))).skip(1)) }
}

#[inline(always)]
fn borrow(value: StackRef) -> StackRef {
    StackRef::uncounted(value.bits() as *mut krait_abi::PyObject)
}

#[inline(always)]
pub unsafe fn load_fast_load_fast<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let first = (*s.local(s.arg >> 4)).dup();
        let second = (*s.local(s.arg & 15)).dup();
        D::next(s.push(first).push(second).skip(1))
    }
}

#[inline(always)]
pub unsafe fn load_fast_borrow_load_fast_borrow<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (3), (9).
    unsafe {
        let first = borrow(*s.local(s.arg >> 4));
        let second = borrow(*s.local(s.arg & 15));
        D::next(s.push(first).push(second).skip(1))
    }
}

#[inline(always)]
pub unsafe fn load_fast_check<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let value = *s.local(s.arg);
        if value.is_null() {
            return D::cold::<Rare<Unbound>>(s, 0);
        }
        D::next(s.push(value.dup()).skip(1))
    }
}

/// The local named by the argument has no value.
struct Unbound;

impl Operation for Unbound {
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        Err(super::names::unbound_local(op, op.arg))
    }
}

#[inline(always)]
pub unsafe fn load_fast_and_clear<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let value = *s.local(s.arg);
        *s.local(s.arg) = StackRef::NULL;
        D::next(s.push(value).skip(1))
    }
}

/// What the new value of a local must be: good for as long as the local is.
#[inline(always)]
unsafe fn stored(value: StackRef) -> StackRef {
    // SAFETY: (1).
    unsafe { value.into_heap_safe() }
}

#[inline(always)]
pub unsafe fn store_fast<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let slot = s.local(s.arg);
        let old = *slot;
        *slot = stored(s.peek(1));
        let s = s.drop(1).skip(1);
        if old.release() {
            return D::cold::<Dealloc>(s, old.bits());
        }
        D::next(s)
    }
}

#[inline(always)]
pub unsafe fn store_fast_load_fast<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let slot = s.local(s.arg >> 4);
        let old = *slot;
        *slot = stored(s.peek(1));
        s.poke(1, (*s.local(s.arg & 15)).dup());
        let s = s.skip(1);
        if old.release() {
            return D::cold::<Dealloc>(s, old.bits());
        }
        D::next(s)
    }
}

#[inline(always)]
pub unsafe fn store_fast_store_fast<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let first = s.local(s.arg >> 4);
        let old_first = *first;
        *first = stored(s.peek(1));
        let second = s.local(s.arg & 15);
        let old_second = *second;
        *second = stored(s.peek(2));
        // The old values take the place of the new ones on the stack until they are released.
        s.poke(2, old_second);
        let s = s.drop(2).skip(1);
        if old_first.is_ours_alone() | old_second.is_ours_alone() {
            return D::cold::<super::cold::ReleaseOperands>(s, old_first.bits());
        }
        // Both may be references to one object, and its last.
        if old_first.release() | old_second.release() {
            return D::cold::<Dealloc>(s, old_second.bits());
        }
        D::next(s)
    }
}

/// Runs once: the constant decides on the form for the next time.
#[inline(always)]
pub unsafe fn load_const<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (5), (8), (9).
    unsafe {
        let value = s.constant(s.arg);
        let form = if Borrowed::<Object>::from_ptr(value).is_immortal() {
            Opcode::LOAD_CONST_IMMORTAL
        } else {
            Opcode::LOAD_CONST_MORTAL
        };
        s.become_form(Opcode::LOAD_CONST, form);
        D::next(s.push(StackRef::new(value)).skip(1))
    }
}

/// The code object keeps its constants: nothing is counted.
#[inline(always)]
pub unsafe fn load_const_immortal<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (5), (9).
    unsafe { D::next(s.push(StackRef::uncounted(s.constant(s.arg))).skip(1)) }
}

#[inline(always)]
pub unsafe fn load_const_mortal<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (3): the code has the constant, and the frame has the code until its stack is empty. (5), (9).
    unsafe { D::next(s.push(StackRef::uncounted(s.constant(s.arg))).skip(1)) }
}

#[inline(always)]
pub unsafe fn load_small_int<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); small integers are immortal.
    unsafe {
        // The byte that the compiler's argument fits in, so that no bytecode reads beside the table.
        let value = krait_objects::int::small_ptr(i64::from(s.arg as u8));
        D::next(s.push(StackRef::uncounted(value)).skip(1))
    }
}

#[inline(always)]
pub unsafe fn push_null<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe { D::next(s.push(StackRef::NULL).skip(1)) }
}

#[inline(always)]
pub unsafe fn pop_top<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let value = s.peek(1);
        let s = s.drop(1).skip(1);
        if value.release() {
            return D::cold::<Dealloc>(s, value.bits());
        }
        D::next(s)
    }
}

/// Drops what a generator returned to the `for` that it fed.
#[inline(always)]
pub unsafe fn end_for<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let value = s.peek(1);
        let s = s.drop(1).skip(1);
        if value.release() {
            return D::cold::<EndFor>(s, value.bits());
        }
        D::next(s)
    }
}

/// Deallocates the value; for everyone who looks the frame is still at its `FOR_ITER`.
struct EndFor;

impl Cold for EndFor {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: the count is zero; the stack is complete, so any code may run.
        unsafe {
            (*s.frame).sp = s.sp;
            dealloc(s.th, StackRef::from_bits(x).ptr());
            D::next(s)
        }
    }
}

/// Drops an exhausted iterator.
#[inline(always)]
pub unsafe fn pop_iter<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe { pop_top::<D>(s) }
}

/// Drops the receiver below the value that ended a delegation.
#[inline(always)]
pub unsafe fn end_send<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let receiver = s.peek(2);
        s.poke(2, s.peek(1));
        let s = s.drop(1).skip(1);
        if receiver.release() {
            return D::cold::<Dealloc>(s, receiver.bits());
        }
        D::next(s)
    }
}

#[inline(always)]
pub unsafe fn copy<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe { D::next(s.push(s.peek(s.arg).dup()).skip(1)) }
}

#[inline(always)]
pub unsafe fn swap<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let top = s.peek(1);
        s.poke(1, s.peek(s.arg));
        s.poke(s.arg, top);
        D::next(s.skip(1))
    }
}
