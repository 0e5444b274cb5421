//! Operators of types in C: the handler calls the slot itself, so that nothing is saved around the call but the thread. What
//! is unusual leaves for the operations.
//!
//! After the call the state is read back from the frame: a slot may run any code, but returns to the frame it was called from.
//!
//! Invariants, besides those of `state`:
//! 10. A slot takes objects of its type and answers with a reference of the caller's, or with NULL (or less than 0) and an
//!     exception set.

use krait_abi as abi;
use krait_objects::prelude::*;

use super::arithmetic;
use super::cold::{Dealloc, Rare, ReleaseOperands, Specialize, counter_triggers, dealloc};
use super::containers;
use super::op::Op;
use super::specialize::layout;
use super::state::{Cold, Dispatch, Operation, State, decode};
use crate::code::CodeUnit;
use crate::frame::StackRef;

type Ptr = *mut abi::PyObject;

/// Units with their caches.
const BINARY_OP: usize = 6;
const STORE_SUBSCR: usize = 2;
const CONTAINS_OP: usize = 2;
const TO_BOOL: usize = 4;
const CALL: usize = 4;

/// The state of the instruction that has called out.
#[inline(always)]
pub(super) unsafe fn back(th: *const Thread) -> State {
    // SAFETY: (8): it was saved before the call.
    unsafe {
        let frame = crate::frame::current(&*th);
        State { ip: (*frame).ip, sp: (*frame).sp, frame, th, arg: 0 }
    }
}

/// A slot has failed: the operands stay where they are until the stack is unwound.
struct Failed;

impl Cold for Failed {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        let _raised = s.thread().raised_by_c();
        // SAFETY: (8).
        unsafe { D::next(s.unwinding()) }
    }
}

/// The function of a table of the object's type.
macro_rules! slot {
    ($ob:expr, $table:ident, $slot:ident) => {
        (*(*$ob).ob_type).$table.as_ref().and_then(|table| table.$slot)
    };
}

/// `left <op> right` and `left[right]`, if a single slot is to be asked.
#[inline(always)]
pub unsafe fn binary_op<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9), (10); the instruction has a cache.
    unsafe {
        if counter_triggers(s) {
            return D::cold::<Specialize>(s, 0);
        }
        let (left, right) = (s.peek(2).ptr(), s.peek(1).ptr());
        let function = if s.arg == krait_bytecode::BinaryOp::NB_SUBSCR as usize {
            let function = slot!(left, tp_as_mapping, mp_subscript);
            if function.is_none() {
                return item_of_sequence::<D>(s);
            }
            function
        } else {
            number::first_function(s.arg, left, right)
        };
        let Some(function) = function else {
            return D::out_of_line::<Binary>(s);
        };
        s.save();
        let result = function(left, right);
        let s = back(s.th);
        if result.is_null() {
            return D::cold::<Failed>(s, 0);
        }
        if result == not_implemented().as_ptr() {
            return D::cold::<Declined>(s, 0);
        }
        finish_binary::<D, BINARY_OP>(s, StackRef::steal(result))
    }
}

/// An index that a slot of sequences takes as it is: an int of one digit, not negative.
#[inline(always)]
unsafe fn plain_index(key: Ptr) -> Option<isize> {
    // SAFETY: a live object, which is an int where it is read as one.
    unsafe {
        if !layout::is_int(key) {
            return None;
        }
        layout::compact_int(key).filter(|&index| index >= 0).map(|index| index as isize)
    }
}

/// `left[right]` of what is no mapping.
#[inline(always)]
unsafe fn item_of_sequence<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9), (10).
    unsafe {
        let (left, right) = (s.peek(2).ptr(), s.peek(1).ptr());
        let (Some(item), Some(index)) = (slot!(left, tp_as_sequence, sq_item), plain_index(right))
        else {
            return D::out_of_line::<Binary>(s);
        };
        s.save();
        let result = item(left, index);
        let s = back(s.th);
        if result.is_null() {
            return D::cold::<Failed>(s, 0);
        }
        finish_binary::<D, BINARY_OP>(s, StackRef::steal(result))
    }
}

/// `item in container`.
#[inline(always)]
pub unsafe fn contains_op<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9), (10); the instruction has a cache.
    unsafe {
        if counter_triggers(s) {
            return D::cold::<Specialize>(s, 0);
        }
        let container = s.peek(1).ptr();
        let Some(contains) = slot!(container, tp_as_sequence, sq_contains) else {
            return D::out_of_line::<Contains>(s);
        };
        s.save();
        let found = contains(container, s.peek(2).ptr());
        let s = back(s.th);
        if found < 0 {
            return D::cold::<Failed>(s, 0);
        }
        // Read again: it always fits its byte.
        let (_, negated) = decode(s.ip);
        finish_binary::<D, CONTAINS_OP>(s, StackRef::from_bool((found != 0) != (negated != 0)))
    }
}

struct Contains;

impl Operation for Contains {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        containers::contains_op(op).map(|()| op.next())
    }
}

/// Replaces two operands by the result, and releases the left one, then the right one.
#[inline(always)]
unsafe fn finish_binary<D: Dispatch, const UNITS: usize>(s: State, result: StackRef) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let (left, right) = (s.peek(2), s.peek(1));
        s.poke(2, result);
        let s = s.drop(1).skip(UNITS);
        // Locals, mostly: one test for both.
        if StackRef::are_uncounted(left, right) {
            return D::next(s);
        }
        if (left.is_counted() && left.is_unique()) | (right.is_counted() && right.is_unique()) {
            return D::cold::<ReleaseLeftFirst>(s, left.bits());
        }
        // The slot may have left these two references to one object as its last.
        if left.release() | right.release() {
            return D::cold::<Dealloc>(s, right.bits());
        }
        D::next(s)
    }
}

/// As `ReleaseOperands`, the other way round.
struct ReleaseLeftFirst;

impl Cold for ReleaseLeftFirst {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: both were moved out of the stack by the handler.
        unsafe {
            let (left, right) = (StackRef::from_bits(x), *s.sp);
            s.save_done();
            if left.release() {
                dealloc(s.th, left.ptr());
            }
            if right.release() {
                dealloc(s.th, right.ptr());
            }
            D::next(s)
        }
    }
}

struct Binary;

impl Operation for Binary {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        arithmetic::binary_op(op).map(|()| op.next())
    }
}

/// The slot does not know. The argument, which always fits its byte, is read again; a subscript's answer may be anything.
struct Declined;

impl Cold for Declined {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (8), (9).
        unsafe {
            let (_, arg) = decode(s.ip);
            if arg == krait_bytecode::BinaryOp::NB_SUBSCR as usize {
                let answer = StackRef::immortal(not_implemented());
                return finish_binary::<D, BINARY_OP>(s, answer);
            }
            D::out_of_line::<AfterDeclined>(State { arg, ..s })
        }
    }
}

struct AfterDeclined;

impl Operation for AfterDeclined {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        let result = number::declined(op.th, op.arg as u32, op.peek(2), op.peek(1))?;
        let operands = op.pop::<2>();
        op.push(result);
        drop(operands);
        Ok(op.next())
    }
}

/// `-value`.
#[inline(always)]
pub unsafe fn unary_negative<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9), (10).
    unsafe {
        let value = s.peek(1).ptr();
        let Some(negative) = slot!(value, tp_as_number, nb_negative) else {
            return D::cold::<Rare<Negative>>(s, 0);
        };
        s.save();
        let result = negative(value);
        let s = back(s.th);
        if result.is_null() {
            return D::cold::<Failed>(s, 0);
        }
        let value = s.peek(1);
        s.poke(1, StackRef::steal(result));
        let s = s.skip(1);
        if value.release() {
            return D::cold::<Dealloc>(s, value.bits());
        }
        D::next(s)
    }
}

/// `bool(value)`.
#[inline(always)]
pub unsafe fn to_bool<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9), (10); the instruction has a cache.
    unsafe {
        if counter_triggers(s) {
            return D::cold::<Specialize>(s, 0);
        }
        let value = s.peek(1).ptr();
        let Some(truth) = slot!(value, tp_as_number, nb_bool) else {
            return D::out_of_line::<ToBool>(s);
        };
        s.save();
        let truth = truth(value);
        let s = back(s.th);
        if truth < 0 {
            return D::cold::<Failed>(s, 0);
        }
        let value = s.peek(1);
        s.poke(1, StackRef::from_bool(truth > 0));
        let s = s.skip(TO_BOOL);
        if value.release() {
            return D::cold::<Dealloc>(s, value.bits());
        }
        D::next(s)
    }
}

struct ToBool;

impl Operation for ToBool {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        arithmetic::to_bool(op).map(|()| op.next())
    }
}

struct Negative;

impl Operation for Negative {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        arithmetic::unary_negative(op).map(|()| op.next())
    }
}

/// `container[key] = value`.
#[inline(always)]
pub unsafe fn store_subscr<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9), (10); the instruction has a cache.
    unsafe {
        if counter_triggers(s) {
            return D::cold::<Specialize>(s, 0);
        }
        let container = s.peek(2).ptr();
        let (key, value) = (s.peek(1).ptr(), s.peek(3).ptr());
        let failed = if let Some(assign) = slot!(container, tp_as_mapping, mp_ass_subscript) {
            s.save();
            assign(container, key, value) < 0
        } else {
            let assign = slot!(container, tp_as_sequence, sq_ass_item);
            let (Some(assign), Some(index)) = (assign, plain_index(key)) else {
                return D::out_of_line::<Store>(s);
            };
            s.save();
            assign(container, index, value) < 0
        };
        let s = back(s.th);
        if failed {
            return D::cold::<Failed>(s, 0);
        }
        let operands = [s.peek(3), s.peek(2), s.peek(1)];
        let s = s.drop(3).skip(STORE_SUBSCR);
        let last = |operand: StackRef| operand.is_counted() && operand.is_unique();
        if last(operands[0]) | last(operands[1]) | last(operands[2]) {
            return D::cold::<ReleaseThree>(s, 0);
        }
        // Two of them may be the last ones to one object.
        let _not_last = operands[0].release();
        let second = operands[1].release();
        if operands[2].release() | second {
            let last = if second { operands[1] } else { operands[2] };
            return D::cold::<Dealloc>(s, last.bits());
        }
        D::next(s)
    }
}

struct Store;

impl Operation for Store {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        containers::store_subscr(op).map(|()| op.next())
    }
}

/// Releases the three operands that lie just above the top, the topmost first.
struct ReleaseThree;

impl Cold for ReleaseThree {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: the handler has taken them off the stack.
        unsafe {
            let (first, second, third) = (*s.sp, *s.sp.add(1), *s.sp.add(2));
            s.save_done();
            if third.release() {
                dealloc(s.th, third.ptr());
            }
            if second.release() {
                dealloc(s.th, second.ptr());
            }
            if first.release() {
                dealloc(s.th, first.ptr());
            }
            D::next(s)
        }
    }
}

/// `len(ob)` through the type's slot: the argument lies on top, the function three below.
pub struct Length;

impl Cold for Length {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (9), (10).
        unsafe {
            let ob = s.peek(1).ptr();
            let Some(length) = slot!(ob, tp_as_sequence, sq_length)
                .or_else(|| slot!(ob, tp_as_mapping, mp_length))
            else {
                return D::out_of_line::<super::known_calls::Len>(s);
            };
            s.save();
            let len = length(ob);
            let s = back(s.th);
            if len < 0 {
                return D::cold::<Failed>(s, 0);
            }
            let len = if krait_objects::int::is_small(len as i64) {
                StackRef::uncounted(krait_objects::int::small_ptr(len as i64))
            } else {
                match Int::from_usize(s.thread(), len as usize) {
                    Ok(len) => StackRef::from_fresh(len),
                    Err(_raised) => return D::next(s.unwinding()),
                }
            };
            let (callable, value) = (s.peek(3), s.peek(1));
            s.poke(3, len);
            s.poke(2, value);
            let s = s.drop(2).skip(CALL);
            if (callable.is_counted() && callable.is_unique()) | value.is_counted() {
                return D::cold::<ReleaseOperands>(s, callable.bits());
            }
            let _last = callable.release();
            D::next(s)
        }
    }
}
