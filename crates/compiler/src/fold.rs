//! Operations on constants, as the interpreter would do them; `None` where it would raise, and
//! where the result would be too large to keep in a code object.
//!
//! CPython: `eval_const_unaryop`, `eval_const_binop` and the `const_folding_safe_*` functions.

mod complex;
mod float;
mod int;
mod sequence;

use crate::tables::HashSet;

use bumpalo::Bump;
use krait_bytecode::BinaryOp;
use num_bigint::BigInt;

use crate::code::Constant;
use complex::Complex;

/// The largest integer, in bits.
const MAX_INT_SIZE: u64 = 128;

/// A number in the widest of the types that an operation mixes.
enum Number {
    Int(BigInt),
    Float(f64),
    Complex(Complex),
}

fn number(constant: &Constant<'_>) -> Option<Number> {
    Some(match constant {
        Constant::Bool(value) => Number::Int(BigInt::from(u8::from(*value))),
        Constant::Int(value) => Number::Int(BigInt::from(*value)),
        Constant::BigInt(value) => Number::Int(value.value()),
        Constant::Float(value) => Number::Float(*value),
        Constant::Complex { real, imag } => Number::Complex(Complex { real: *real, imag: *imag }),
        _ => return None,
    })
}

/// `-operand`
pub(crate) fn negative<'a>(operand: &Constant<'a>, arena: &'a Bump) -> Option<Constant<'a>> {
    Some(match number(operand)? {
        Number::Int(value) => Constant::int(&-value, arena),
        Number::Float(value) => Constant::Float(-value),
        Number::Complex(value) => Constant::Complex { real: -value.real, imag: -value.imag },
    })
}

/// `+operand`
pub(crate) fn positive<'a>(operand: &Constant<'a>, arena: &'a Bump) -> Option<Constant<'a>> {
    Some(match number(operand)? {
        Number::Int(value) => Constant::int(&value, arena),
        _ => *operand,
    })
}

/// `~operand`. That of a `bool` is deprecated and so left to run and warn.
pub(crate) fn invert<'a>(operand: &Constant<'a>, arena: &'a Bump) -> Option<Constant<'a>> {
    match operand {
        Constant::Int(value) => Some(Constant::Int(!value)),
        Constant::BigInt(value) => Some(Constant::int(&!value.value(), arena)),
        _ => None,
    }
}

/// `left op right`
pub(crate) fn binary<'a>(
    left: &Constant<'a>,
    op: BinaryOp,
    right: &Constant<'a>,
    arena: &'a Bump,
) -> Option<Constant<'a>> {
    use BinaryOp::*;
    if op == NB_SUBSCR {
        return sequence::subscript(left, right, arena);
    }
    if let (Constant::Bool(a), Constant::Bool(b)) = (left, right) {
        match op {
            NB_AND => return Some(Constant::Bool(a & b)),
            NB_OR => return Some(Constant::Bool(a | b)),
            NB_XOR => return Some(Constant::Bool(a ^ b)),
            _ => {}
        }
    }
    let (Some(a), Some(b)) = (number(left), number(right)) else {
        return match op {
            NB_ADD => sequence::concatenate(left, right, arena),
            NB_MULTIPLY => sequence::repeat(left, right, arena)
                .or_else(|| sequence::repeat(right, left, arena)),
            _ => None,
        };
    };
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => int::binary(&a, op, &b, arena),
        (Number::Complex(a), b) => complex::binary(&Number::Complex(a), op, &b),
        (a, Number::Complex(b)) => complex::binary(&a, op, &Number::Complex(b)),
        (a, b) => float::binary(a.to_f64()?, op, b.to_f64()?),
    }
}

impl Number {
    /// The value of a real number, correctly rounded; `None` if it is too large.
    fn to_f64(&self) -> Option<f64> {
        match self {
            Number::Int(value) => int::to_f64(value),
            Number::Float(value) => Some(*value),
            Number::Complex(_) => None,
        }
    }
}

/// A frozenset of the items, without those that equal an earlier one.
pub(crate) fn frozenset<'a>(items: &[Constant<'a>], arena: &'a Bump) -> Constant<'a> {
    let mut seen = HashSet::default();
    let mut distinct = bumpalo::collections::Vec::with_capacity_in(items.len(), arena);
    distinct.extend(items.iter().filter(|item| seen.insert(equality_key(item, arena))).copied());
    Constant::FrozenSet(distinct.into_bump_slice())
}

/// A constant that is the same for all that compare equal in Python: `1`, `1.0` and `True`.
fn equality_key<'a>(constant: &Constant<'a>, arena: &'a Bump) -> Constant<'a> {
    let keys = |items: &'a [Constant<'a>]| {
        &*arena.alloc_slice_fill_iter(items.iter().map(|item| equality_key(item, arena)))
    };
    match *constant {
        Constant::Bool(value) => Constant::Int(i64::from(value)),
        Constant::Float(value) => match int::from_f64(value) {
            Some(whole) => Constant::int(&whole, arena),
            None => *constant,
        },
        Constant::Complex { real, imag: 0.0 } => equality_key(&Constant::Float(real), arena),
        // Adding zero makes `-0.0` positive.
        Constant::Complex { real, imag } => {
            Constant::Complex { real: real + 0.0, imag: imag + 0.0 }
        }
        Constant::Tuple(items) => Constant::Tuple(keys(items)),
        Constant::FrozenSet(items) => Constant::FrozenSet(keys(items)),
        _ => *constant,
    }
}
