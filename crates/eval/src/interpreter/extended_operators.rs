//! What `BINARY_OP_EXTEND` stands for: the operators on ints beyond `+`, `-` and `*`, and those on an int and a float.
//!
//! The number in the instruction's cache tells which. Operands of one digit that are not negative are handled in line, as in
//! `integers`, which has what happens to the operands and the result.

use krait_abi as abi;
use krait_bytecode::BinaryOp;
use krait_objects::int::arithmetic;
use krait_objects::int_digits::BitOp;
use krait_objects::prelude::*;

use super::cold::{ReleaseOperands, deopt};
use super::integers::{
    BINARY_OP, Finish, Ptr, borrowed_operands, finish, finish_borrowed, finish_long, int_operands,
    short_operands,
};
use super::specialize::layout;
use super::state::{Cold, Dispatch, State};
use crate::frame::StackRef;

/// What `BINARY_OP_EXTEND` stands for; its cache has the number.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Extension {
    And,
    Or,
    Xor,
    LeftShift,
    RightShift,
    FloorDivide,
    Remainder,
    // Of an int of one digit and a float.
    MixedAdd,
    MixedSubtract,
    MixedMultiply,
    MixedDivide,
}

impl Extension {
    /// The extension for a `BINARY_OP` on two ints, if there is one.
    pub fn of_ints(op: BinaryOp) -> Option<Extension> {
        Some(match op {
            BinaryOp::NB_AND | BinaryOp::NB_INPLACE_AND => Extension::And,
            BinaryOp::NB_OR | BinaryOp::NB_INPLACE_OR => Extension::Or,
            BinaryOp::NB_XOR | BinaryOp::NB_INPLACE_XOR => Extension::Xor,
            BinaryOp::NB_LSHIFT | BinaryOp::NB_INPLACE_LSHIFT => Extension::LeftShift,
            BinaryOp::NB_RSHIFT | BinaryOp::NB_INPLACE_RSHIFT => Extension::RightShift,
            BinaryOp::NB_FLOOR_DIVIDE | BinaryOp::NB_INPLACE_FLOOR_DIVIDE => Extension::FloorDivide,
            BinaryOp::NB_REMAINDER | BinaryOp::NB_INPLACE_REMAINDER => Extension::Remainder,
            _ => return None,
        })
    }

    /// The extension for a `BINARY_OP` on these numbers, one of which is a float.
    ///
    /// # Safety
    /// Live objects.
    pub unsafe fn of_mixed(
        op: BinaryOp,
        left: *mut abi::PyObject,
        right: *mut abi::PyObject,
    ) -> Option<Extension> {
        let extension = match op {
            BinaryOp::NB_ADD | BinaryOp::NB_INPLACE_ADD => Extension::MixedAdd,
            BinaryOp::NB_SUBTRACT | BinaryOp::NB_INPLACE_SUBTRACT => Extension::MixedSubtract,
            BinaryOp::NB_MULTIPLY | BinaryOp::NB_INPLACE_MULTIPLY => Extension::MixedMultiply,
            BinaryOp::NB_TRUE_DIVIDE | BinaryOp::NB_INPLACE_TRUE_DIVIDE => Extension::MixedDivide,
            _ => return None,
        };
        // SAFETY: the caller's promise.
        unsafe { Extension::mixed(extension as u16, left, right) }.map(|_| extension)
    }

    /// The result for an int of one digit and a float; `None` for others, for what is not a number, and for a
    /// division by zero.
    ///
    /// # Safety
    /// Live objects.
    unsafe fn mixed(
        number: u16,
        left: *mut abi::PyObject,
        right: *mut abi::PyObject,
    ) -> Option<f64> {
        // SAFETY: the types are checked before values are read.
        let (left, right) = unsafe {
            if layout::is_int(left) && layout::is_float(right) {
                (layout::compact_int(left)? as f64, layout::float_value(right))
            } else if layout::is_float(left) && layout::is_int(right) {
                (layout::float_value(left), layout::compact_int(right)? as f64)
            } else {
                return None;
            }
        };
        if left.is_nan() || right.is_nan() {
            return None;
        }
        match number {
            n if n == Extension::MixedAdd as u16 => Some(left + right),
            n if n == Extension::MixedSubtract as u16 => Some(left - right),
            n if n == Extension::MixedMultiply as u16 => Some(left * right),
            n if n == Extension::MixedDivide as u16 && right != 0.0 => Some(left / right),
            _ => None,
        }
    }

    /// On operands of one digit that are not negative.
    #[inline(always)]
    fn natural(number: u16, left: i64, right: i64) -> Option<i64> {
        const AND: u16 = Extension::And as u16;
        const OR: u16 = Extension::Or as u16;
        const XOR: u16 = Extension::Xor as u16;
        const LEFT_SHIFT: u16 = Extension::LeftShift as u16;
        const RIGHT_SHIFT: u16 = Extension::RightShift as u16;
        const FLOOR_DIVIDE: u16 = Extension::FloorDivide as u16;
        const REMAINDER: u16 = Extension::Remainder as u16;
        match number {
            AND => Some(left & right),
            OR => Some(left | right),
            XOR => Some(left ^ right),
            LEFT_SHIFT if right < 32 => Some(left << right),
            RIGHT_SHIFT if right < 64 => Some(left >> right),
            LEFT_SHIFT | RIGHT_SHIFT => None,
            _ if right == 0 => None,
            // One digit: the short division of the machine.
            FLOOR_DIVIDE => Some(i64::from(left as u32 / right as u32)),
            REMAINDER => Some(i64::from(left as u32 % right as u32)),
            _ => None,
        }
    }

    /// On operands of at most two digits.
    fn short(number: u16, left: i64, right: i64) -> Option<i64> {
        if left >= 0 && right >= 0 && (left | right) >> 30 == 0 {
            return Extension::natural(number, left, right);
        }
        let floored = |divisor: i64| {
            let quotient = left / divisor;
            quotient - i64::from(left % divisor != 0 && (left < 0) != (divisor < 0))
        };
        match number {
            n if n == Extension::And as u16 => Some(left & right),
            n if n == Extension::Or as u16 => Some(left | right),
            n if n == Extension::Xor as u16 => Some(left ^ right),
            n if n == Extension::RightShift as u16 && (0..64).contains(&right) => {
                Some(left >> right)
            }
            n if n == Extension::FloorDivide as u16 && right != 0 => Some(floored(right)),
            n if n == Extension::Remainder as u16 && right != 0 => {
                Some(left - floored(right) * right)
            }
            _ => None,
        }
    }
}

/// The further operators on ints, by the number in the cache.
#[inline(always)]
pub unsafe fn binary_op_extend<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the checks make the operands what the arithmetic reads.
    unsafe {
        let Some((left, right)) = borrowed_operands(s) else {
            return D::cold::<GeneralExtension>(s, 0);
        };
        if !layout::is_int(left) || !layout::is_int(right) {
            return D::cold::<Mixed>(s, 0);
        }
        let Some((left, right)) = layout::natural_pair(left, right) else {
            return D::cold::<GeneralExtension>(s, 0);
        };
        match Extension::natural(s.cache_u16(2), left, right) {
            Some(value) => finish_borrowed::<D>(s, value),
            None => D::cold::<LongExtension>(s, 0),
        }
    }
}

/// As `Extension::short`, on operands of any size: a new reference, or null with an exception.
#[inline(never)]
unsafe fn long_extension(th: *const Thread, number: u16, left: Ptr, right: Ptr) -> Ptr {
    // SAFETY: the loop's thread; two exact ints.
    let (th, left, right): (&Thread, &Int, &Int) = unsafe { (&*th, &*left.cast(), &*right.cast()) };
    let result = match number {
        n if n == Extension::And as u16 => arithmetic::bitwise(th, BitOp::And, left, right),
        n if n == Extension::Or as u16 => arithmetic::bitwise(th, BitOp::Or, left, right),
        n if n == Extension::Xor as u16 => arithmetic::bitwise(th, BitOp::Xor, left, right),
        n if n == Extension::LeftShift as u16 => arithmetic::shift_left(th, left, right),
        n if n == Extension::RightShift as u16 => arithmetic::shift_right(th, left, right),
        n if n == Extension::FloorDivide as u16 => arithmetic::floor_divide(th, left, right),
        _ => arithmetic::remainder(th, left, right),
    };
    result.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// Operands that are counted, negative, or of two digits or more.
struct GeneralExtension;

impl Cold for GeneralExtension {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let Some((left, right)) = int_operands(s) else {
                return D::cold::<Mixed>(s, 0);
            };
            if let Some((left, right)) = layout::natural_pair(left, right)
                && let Some(value) = Extension::natural(s.cache_u16(2), left, right)
            {
                return finish::<D>(s, value);
            }
            D::cold::<LongExtension>(s, 0)
        }
    }
}

/// Ints of which one is negative or of two digits or more.
struct LongExtension;

impl Cold for LongExtension {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (9): two exact ints.
        unsafe {
            let value = short_operands(s)
                .and_then(|(left, right)| Extension::short(s.cache_u16(2), left, right));
            if let Some(value) = value {
                return D::cold::<Finish>(s, value as usize);
            }
            let number = s.cache_u16(2);
            if number > Extension::Remainder as u16 {
                // Meant for an int and a float.
                return deopt::<D>(s);
            }
            let result = long_extension(s.th, number, s.peek(2).ptr(), s.peek(1).ptr());
            finish_long::<D>(s, result)
        }
    }
}

/// An int and a float.
struct Mixed;

impl Cold for Mixed {
    #[inline(always)]
    unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
        // SAFETY: (9): two operands.
        unsafe {
            let (left, right) = (s.peek(2), s.peek(1));
            let Some(value) = Extension::mixed(s.cache_u16(2), left.ptr(), right.ptr()) else {
                return deopt::<D>(s);
            };
            match Float::new(s.thread(), value) {
                Ok(result) => {
                    s.poke(2, StackRef::from_fresh(result));
                    D::cold::<ReleaseOperands>(s.drop(1).skip(BINARY_OP), left.bits())
                }
                Err(_raised) => D::next(s.unwinding()),
            }
        }
    }
}
