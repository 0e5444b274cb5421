//! Operations on constants, as the interpreter would do them; `None` where it would raise, and
//! where the result would be too large to keep in a code object.
//!
//! CPython: `eval_const_unaryop`, `eval_const_binop` and the `const_folding_safe_*` functions.

mod complex;
mod float;
mod int;
mod sequence;

use crate::tables::HashSet;
use std::sync::Arc;

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

fn number(constant: &Constant) -> Option<Number> {
    Some(match constant {
        Constant::Bool(value) => Number::Int(BigInt::from(u8::from(*value))),
        Constant::Int(value) => Number::Int(BigInt::from(*value)),
        Constant::BigInt(value) => Number::Int((**value).clone()),
        Constant::Float(value) => Number::Float(*value),
        Constant::Complex { real, imag } => Number::Complex(Complex { real: *real, imag: *imag }),
        _ => return None,
    })
}

/// `-operand`
pub(crate) fn negative(operand: &Constant) -> Option<Constant> {
    Some(match number(operand)? {
        Number::Int(value) => Constant::int(-value),
        Number::Float(value) => Constant::Float(-value),
        Number::Complex(value) => Constant::Complex { real: -value.real, imag: -value.imag },
    })
}

/// `+operand`
pub(crate) fn positive(operand: &Constant) -> Option<Constant> {
    Some(match number(operand)? {
        Number::Int(value) => Constant::int(value),
        _ => operand.clone(),
    })
}

/// `~operand`. That of a `bool` is deprecated and so left to run and warn.
pub(crate) fn invert(operand: &Constant) -> Option<Constant> {
    match operand {
        Constant::Int(value) => Some(Constant::Int(!value)),
        Constant::BigInt(value) => Some(Constant::int(!(**value).clone())),
        _ => None,
    }
}

/// `left op right`
pub(crate) fn binary(left: &Constant, op: BinaryOp, right: &Constant) -> Option<Constant> {
    use BinaryOp::*;
    if op == NB_SUBSCR {
        return sequence::subscript(left, right);
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
            NB_ADD => sequence::concatenate(left, right),
            NB_MULTIPLY => sequence::repeat(left, right).or_else(|| sequence::repeat(right, left)),
            _ => None,
        };
    };
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => int::binary(&a, op, &b),
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
pub(crate) fn frozenset(items: Vec<Constant>) -> Constant {
    let mut seen = HashSet::default();
    let distinct: Arc<[Constant]> =
        items.into_iter().filter(|item| seen.insert(equality_key(item))).collect();
    Constant::FrozenSet(distinct)
}

/// A constant that is the same for all that compare equal in Python: `1`, `1.0` and `True`.
fn equality_key(constant: &Constant) -> Constant {
    match constant {
        Constant::Bool(value) => Constant::Int(i64::from(*value)),
        Constant::Float(value) => match int::from_f64(*value) {
            Some(whole) => Constant::int(whole),
            None => constant.clone(),
        },
        Constant::Complex { real, imag } if *imag == 0.0 => equality_key(&Constant::Float(*real)),
        // Adding zero makes `-0.0` positive.
        Constant::Complex { real, imag } => {
            Constant::Complex { real: real + 0.0, imag: imag + 0.0 }
        }
        Constant::Tuple(items) => Constant::tuple(items.iter().map(equality_key).collect()),
        Constant::FrozenSet(items) => Constant::FrozenSet(items.iter().map(equality_key).collect()),
        _ => constant.clone(),
    }
}
