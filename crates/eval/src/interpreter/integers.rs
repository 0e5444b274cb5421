//! Arithmetic and comparison of `int` objects, in registers.
//!
//! Operands of one digit that are not negative are handled in line, as long as nothing has to be released: the
//! compiler borrows what lives in a local, so that is the common case. Everything else leaves for a cold
//! function. The reference's `BINARY_OP_*_INT` and `COMPARE_OP_INT` do the same job.

use krait_abi as abi;
use krait_objects::int::{self, arithmetic};
use krait_objects::prelude::*;

use super::cold::{Dealloc, ReleaseOperands, deopt};
use super::specialize::layout;
use super::state::{Cold, Dispatch, State};
use crate::frame::StackRef;

pub(super) type Ptr = *mut abi::PyObject;

/// Units with their caches.
pub(super) const BINARY_OP: usize = 6;
const COMPARE_OP: usize = 2;

/// An operation on ints.
trait IntOp {
    /// On operands of one digit: cannot overflow.
    fn natural(left: i64, right: i64) -> i64;

    /// On operands of at most two digits; `None` beyond 64 bits.
    fn short(left: i64, right: i64) -> Option<i64>;

    /// On operands of any size: a new reference, or null with an exception.
    unsafe fn long(th: *const Thread, left: Ptr, right: Ptr) -> Ptr;
}

macro_rules! int_ops {
    ($($name:ident, $op:ident: $symbol:tt, $checked:ident, $long:ident;)*) => {$(
        struct $op;

        impl IntOp for $op {
            #[inline(always)]
            fn natural(left: i64, right: i64) -> i64 {
                left $symbol right
            }

            #[inline(always)]
            fn short(left: i64, right: i64) -> Option<i64> {
                left.$checked(right)
            }

            #[inline(never)]
            unsafe fn long(th: *const Thread, left: Ptr, right: Ptr) -> Ptr {
                // SAFETY: the loop's thread; the caller has checked the types.
                let result = unsafe { arithmetic::$long(&*th, &*left.cast(), &*right.cast()) };
                result.map_or(std::ptr::null_mut(), Owned::into_ptr)
            }
        }

        #[inline(always)]
        pub unsafe fn $name<D: Dispatch>(s: State) -> D::Out {
            // SAFETY: (9).
            unsafe { binary::<D, $op>(s) }
        }
    )*};
}

int_ops! {
    binary_op_add_int, Add: +, checked_add, add;
    binary_op_subtract_int, Subtract: -, checked_sub, subtract;
    binary_op_multiply_int, Multiply: *, checked_mul, multiply;
}

#[inline(always)]
unsafe fn binary<D: Dispatch, O: IntOp>(s: State) -> D::Out {
    // SAFETY: (9); the checks make the operands what the arithmetic reads.
    unsafe {
        let Some((left, right)) = borrowed_operands(s) else {
            return D::cold::<General<O>>(s, 0);
        };
        if !layout::is_int(left) || !layout::is_int(right) {
            return deopt::<D>(s);
        }
        let Some((left, right)) = layout::natural_pair(left, right) else {
            return D::cold::<General<O>>(s, 0);
        };
        finish_borrowed::<D>(s, O::natural(left, right))
    }
}

/// The operands, if both are ints.
#[inline(always)]
pub(super) unsafe fn int_operands(s: State) -> Option<(*mut abi::PyObject, *mut abi::PyObject)> {
    // SAFETY: (9).
    unsafe {
        let (left, right) = (s.peek(2).ptr(), s.peek(1).ptr());
        (layout::is_int(left) && layout::is_int(right)).then_some((left, right))
    }
}

/// The values of operands that are ints of at most two digits.
#[inline(always)]
pub(super) unsafe fn short_operands(s: State) -> Option<(i64, i64)> {
    // SAFETY: (9); the check makes the operands what is read.
    unsafe {
        let (left, right) = int_operands(s)?;
        Some((layout::short_int(left)?, layout::short_int(right)?))
    }
}

/// The operands, if neither reference is counted.
#[inline(always)]
pub(super) unsafe fn borrowed_operands(
    s: State,
) -> Option<(*mut abi::PyObject, *mut abi::PyObject)> {
    // SAFETY: (9).
    unsafe {
        let (left, right) = (s.peek(2), s.peek(1));
        Some((left.uncounted_ptr()?, right.uncounted_ptr()?))
    }
}

/// A number as a reference of the stack, if it is small or a block is at hand.
#[inline(always)]
pub unsafe fn at_hand(s: State, value: i64) -> Option<StackRef> {
    // SAFETY: (8); the block is one for an int.
    unsafe {
        if int::is_small(value) {
            return Some(StackRef::uncounted(int::small_ptr(value)));
        }
        if !layout::is_one_digit(value) {
            return None;
        }
        let block = s.thread().interp().free_lists.ints.pop();
        if block.is_null() {
            return None;
        }
        layout::init_compact_int(block, value);
        Some(StackRef::from_bits(block as usize))
    }
}

/// Replaces operands that need not be released by `value`, in line if it is small or a block is at hand.
#[inline(always)]
pub unsafe fn finish_borrowed<D: Dispatch>(s: State, value: i64) -> D::Out {
    // SAFETY: (9).
    unsafe {
        match at_hand(s, value) {
            Some(result) => {
                s.poke(2, result);
                D::next(s.drop(1).skip(BINARY_OP))
            }
            None => D::cold::<Finish>(s, value as usize),
        }
    }
}

/// Replaces operands of which some are counted by `value`: in place, if an operand is nobody else's, or by an int at
/// hand. Calls nothing.
#[inline(always)]
pub(super) unsafe fn finish<D: Dispatch>(s: State, value: i64) -> D::Out {
    // SAFETY: (9): two exact ints.
    unsafe {
        let (left, right) = (s.peek(2), s.peek(1));
        if layout::fits_in_place(value) {
            if left.is_ours_alone() {
                layout::write_compact_int(left.ptr(), value);
                return release_one::<D>(s.drop(1).skip(BINARY_OP), right);
            }
            if right.is_ours_alone() {
                layout::write_compact_int(right.ptr(), value);
                s.poke(2, right);
                return release_one::<D>(s.drop(1).skip(BINARY_OP), left);
            }
        }
        match at_hand(s, value) {
            Some(result) => replace::<D>(s, result, BINARY_OP),
            None => D::cold::<Finish>(s, value as usize),
        }
    }
}

/// Releases what has been taken off the stack.
#[inline(always)]
unsafe fn release_one<D: Dispatch>(s: State, operand: StackRef) -> D::Out {
    // SAFETY: the state is complete.
    unsafe {
        if operand.release() {
            return D::cold::<Dealloc>(s, operand.bits());
        }
        D::next(s)
    }
}

/// Puts `result` in the operands' place and releases them.
#[inline(always)]
unsafe fn replace<D: Dispatch>(s: State, result: StackRef, units: usize) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let (left, right) = (s.peek(2), s.peek(1));
        s.poke(2, result);
        let s = s.drop(1).skip(units);
        if left.is_ours_alone() | right.is_ours_alone() | (left == right) {
            return D::cold::<ReleaseOperands>(s, left.bits());
        }
        let _held_elsewhere = left.release() | right.release();
        D::next(s)
    }
}

/// Operands that are counted, negative, or of two digits or more.
struct General<O>(std::marker::PhantomData<O>);

impl<O: IntOp> Cold for General<O> {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let Some((left, right)) = int_operands(s) else {
                return deopt::<D>(s);
            };
            match layout::natural_pair(left, right) {
                Some((left, right)) => finish::<D>(s, O::natural(left, right)),
                None => D::cold::<Long<O>>(s, 0),
            }
        }
    }
}

/// Ints of which one is negative or of two digits or more.
struct Long<O>(std::marker::PhantomData<O>);

impl<O: IntOp> Cold for Long<O> {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (9): two exact ints.
        unsafe {
            if let Some(value) = short_operands(s).and_then(|(left, right)| O::short(left, right)) {
                return D::cold::<Finish>(s, value as usize);
            }
            let result = O::long(s.th, s.peek(2).ptr(), s.peek(1).ptr());
            finish_long::<D>(s, result)
        }
    }
}

/// Replaces the operands by `result`, a new reference, or null with an exception.
#[inline(always)]
pub(super) unsafe fn finish_long<D: Dispatch>(s: State, result: Ptr) -> D::Out {
    // SAFETY: (9).
    unsafe {
        if result.is_null() {
            return D::next(s.unwinding());
        }
        let left = s.peek(2);
        s.poke(2, StackRef::steal(result));
        D::cold::<ReleaseOperands>(s.drop(1).skip(BINARY_OP), left.bits())
    }
}

/// Replaces the operands by the number `x`: in place, if an operand is nobody else's, or by a new object.
pub(super) struct Finish;

impl Cold for Finish {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
        // SAFETY: (9): two exact ints.
        unsafe {
            let value = x as i64;
            let (left, right) = (s.peek(2), s.peek(1));
            if layout::fits_in_place(value) {
                if left.is_ours_alone() {
                    layout::write_compact_int(left.ptr(), value);
                    // The result is where it belongs; nothing stands for the left operand any more.
                    return D::cold::<ReleaseOperands>(
                        s.drop(1).skip(BINARY_OP),
                        StackRef::NULL.bits(),
                    );
                }
                if right.is_ours_alone() {
                    layout::write_compact_int(right.ptr(), value);
                    s.poke(2, right);
                    s.poke(1, StackRef::NULL);
                    return D::cold::<ReleaseOperands>(s.drop(1).skip(BINARY_OP), left.bits());
                }
            }
            let result = new_int(s.th, value);
            if result.is_null() {
                return D::next(s.unwinding());
            }
            s.poke(2, StackRef::steal(result));
            D::cold::<ReleaseOperands>(s.drop(1).skip(BINARY_OP), left.bits())
        }
    }
}

/// A new reference, or null with an exception.
#[inline(never)]
pub unsafe fn new_int(th: *const Thread, value: i64) -> *mut abi::PyObject {
    // SAFETY: the loop's thread.
    let result = Int::from_i64(unsafe { &*th }, value);
    result.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// The argument's mask has a bit for each outcome: 2 for less, 4 for greater, 8 for equal.
#[inline(always)]
fn outcome(left: i64, right: i64) -> usize {
    2 + 2 * usize::from(left >= right) + 4 * usize::from(left == right)
}

#[inline(always)]
pub unsafe fn compare_op_int<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the checks make the operands what is read.
    unsafe {
        let Some((left, right)) = borrowed_operands(s) else {
            return D::cold::<GeneralComparison>(s, 0);
        };
        if !layout::is_int(left) || !layout::is_int(right) {
            return deopt::<D>(s);
        }
        let Some((left, right)) = layout::natural_pair(left, right) else {
            return D::cold::<GeneralComparison>(s, 0);
        };
        s.poke(2, StackRef::from_bool(s.arg & outcome(left, right) != 0));
        D::next(s.drop(1).skip(COMPARE_OP))
    }
}

/// Operands that are counted, negative, or of two digits or more.
struct GeneralComparison;

impl Cold for GeneralComparison {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (9).
        unsafe {
            match short_operands(s) {
                Some((left, right)) => {
                    let result = StackRef::from_bool(s.arg & outcome(left, right) != 0);
                    replace::<D>(s, result, COMPARE_OP)
                }
                None => deopt::<D>(s),
            }
        }
    }
}
