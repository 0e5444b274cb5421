//! Arguments of built-in functions: how C passes them, and conversion to Rust.

use krait_abi as abi;

use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::tuple::Tuple;

/// The arguments of a call in vectorcall order: positional values, then one value per keyword name.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    /// Positional values, then keyword values.
    pub values: &'a [Borrowed<'a>],
    /// How many of `values` are positional.
    pub positional: usize,
    /// The names of the others.
    pub kwnames: Option<Borrowed<'a, Tuple>>,
    /// Whether the callee may overwrite the word before `values[0]` (`PY_VECTORCALL_ARGUMENTS_OFFSET`).
    pub offset: bool,
}

impl<'a> Args<'a> {
    pub const NONE: Args<'static> =
        Args { values: &[], positional: 0, kwnames: None, offset: false };

    pub fn positional(values: &'a [Borrowed<'a>]) -> Args<'a> {
        Args { values, positional: values.len(), kwnames: None, offset: false }
    }
}

/// Keyword arguments that a signature collects with `**kwargs`.
#[derive(Clone, Copy)]
pub struct Kwargs<'a> {
    pub names: Option<Borrowed<'a, Tuple>>,
    pub values: &'a [Borrowed<'a>],
}

/// An index argument: anything with `__index__`, negative counts from the end.
#[derive(Clone, Copy)]
pub struct Index(pub isize);

impl Index {
    /// The position in a sequence of `len` items, if there is one.
    pub fn resolve(self, len: usize) -> Option<usize> {
        let at = if self.0 < 0 { self.0.checked_add(len as isize)? } else { self.0 };
        usize::try_from(at).ok().filter(|&at| at < len)
    }
}

/// A rich comparison, numbered as `Py_LT` …
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i32)]
pub enum CompareOp {
    Lt = abi::Py_LT as i32,
    Le = abi::Py_LE as i32,
    Eq = abi::Py_EQ as i32,
    Ne = abi::Py_NE as i32,
    Gt = abi::Py_GT as i32,
    Ge = abi::Py_GE as i32,
}

impl CompareOp {
    pub fn from_c(op: i32) -> Option<CompareOp> {
        use CompareOp::*;
        [Lt, Le, Eq, Ne, Gt, Ge].into_iter().find(|&known| known as i32 == op)
    }

    /// The comparison with its operands exchanged.
    pub fn swapped(self) -> CompareOp {
        use CompareOp::*;
        match self {
            Lt => Gt,
            Le => Ge,
            Eq => Eq,
            Ne => Ne,
            Gt => Lt,
            Ge => Le,
        }
    }

    /// What the comparison says of an ordering.
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        use CompareOp::*;
        match self {
            Lt => ordering.is_lt(),
            Le => ordering.is_le(),
            Eq => ordering.is_eq(),
            Ne => ordering.is_ne(),
            Gt => ordering.is_gt(),
            Ge => ordering.is_ge(),
        }
    }

    pub fn symbol(self) -> &'static str {
        use CompareOp::*;
        match self {
            Lt => "<",
            Le => "<=",
            Eq => "==",
            Ne => "!=",
            Gt => ">",
            Ge => ">=",
        }
    }
}

/// A `str` argument that must be a name or text, with its UTF-8 at hand.
pub type StrArg<'a> = Borrowed<'a, Str>;

/// What a function gives back to Python.
pub type Returned = Owned;
