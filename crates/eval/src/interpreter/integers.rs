//! Arithmetic and comparison of `int` objects, in registers.
//!
//! Operands of one digit that are not negative are handled in line, as long as nothing has to be released: the
//! compiler borrows what lives in a local, so that is the common case. Everything else leaves for a cold
//! function. The reference's `BINARY_OP_*_INT` and `COMPARE_OP_INT` do the same job.

use krait_abi as abi;
use krait_objects::int;
use krait_objects::prelude::*;

use super::cold::{ReleaseOperands, deopt};
use super::specialize::layout;
use super::state::{Cold, Dispatch, State};
use crate::frame::StackRef;

/// Units with their caches.
const BINARY_OP: usize = 6;
const COMPARE_OP: usize = 2;

/// An operation on ints.
pub trait IntOp: 'static {
    /// On operands of one digit: cannot overflow.
    fn compact(left: i64, right: i64) -> i64;

    /// On operands of at most two digits; `None` beyond 64 bits.
    fn short(left: i64, right: i64) -> Option<i64>;
}

macro_rules! int_ops {
    ($($name:ident, $op:ident: $symbol:tt, $checked:ident;)*) => {$(
        struct $op;

        impl IntOp for $op {
            #[inline(always)]
            fn compact(left: i64, right: i64) -> i64 {
                left $symbol right
            }

            #[inline(always)]
            fn short(left: i64, right: i64) -> Option<i64> {
                left.$checked(right)
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
    binary_op_add_int, Add: +, checked_add;
    binary_op_subtract_int, Subtract: -, checked_sub;
    binary_op_multiply_int, Multiply: *, checked_mul;
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
        finish_borrowed::<D>(s, O::compact(left, right))
    }
}

/// The operands, if neither reference is counted.
#[inline(always)]
unsafe fn borrowed_operands(s: State) -> Option<(*mut abi::PyObject, *mut abi::PyObject)> {
    // SAFETY: (9).
    unsafe {
        let (left, right) = (s.peek(2), s.peek(1));
        Some((left.uncounted_ptr()?, right.uncounted_ptr()?))
    }
}

/// Replaces operands that need not be released by `value`, in line if it is small or a block is at hand.
#[inline(always)]
pub unsafe fn finish_borrowed<D: Dispatch>(s: State, value: i64) -> D::Out {
    // SAFETY: (9).
    unsafe {
        let result = if int::is_small(value) {
            StackRef::uncounted(int::small_ptr(value))
        } else {
            if !layout::is_one_digit(value) {
                return D::cold::<Finish>(s, value as usize);
            }
            let block = s.thread().interp().free_lists.ints.pop();
            if block.is_null() {
                return D::cold::<Finish>(s, value as usize);
            }
            layout::init_compact_int(block, value);
            StackRef::from_bits(block as usize)
        };
        s.poke(2, result);
        D::next(s.drop(1).skip(BINARY_OP))
    }
}

/// Operands that are counted, negative, or of two digits or more.
struct General<O>(std::marker::PhantomData<O>);

impl<O: IntOp> Cold for General<O> {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (9); the checks make the operands what the arithmetic reads.
        unsafe {
            let (left, right) = (s.peek(2).ptr(), s.peek(1).ptr());
            if !layout::is_int(left) || !layout::is_int(right) {
                return deopt::<D>(s);
            }
            let (Some(left), Some(right)) = (layout::short_int(left), layout::short_int(right))
            else {
                return deopt::<D>(s);
            };
            match O::short(left, right) {
                Some(value) => D::cold::<Finish>(s, value as usize),
                None => deopt::<D>(s),
            }
        }
    }
}

/// Replaces the operands by the number `x`: in place, if an operand is nobody else's, or by a new object.
struct Finish;

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
unsafe fn new_int(th: *const Thread, value: i64) -> *mut abi::PyObject {
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
        // SAFETY: (9); the checks make the operands what is read.
        unsafe {
            let (left, right) = (s.peek(2), s.peek(1));
            if !layout::is_int(left.ptr()) || !layout::is_int(right.ptr()) {
                return deopt::<D>(s);
            }
            let (Some(a), Some(b)) =
                (layout::short_int(left.ptr()), layout::short_int(right.ptr()))
            else {
                return deopt::<D>(s);
            };
            s.poke(2, StackRef::from_bool(s.arg & outcome(a, b) != 0));
            D::cold::<ReleaseOperands>(s.drop(1).skip(COMPARE_OP), left.bits())
        }
    }
}
