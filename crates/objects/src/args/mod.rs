//! Arguments of built-in functions: how C passes them, and conversion to and from Rust.
//!
//! This file has the types that functions take. The rest serves the shims that `krait_macros` generates, which
//! reach it through `rt`: `bind` (arguments to parameters), `refuse` (calls that get no further), `convert` (objects to
//! Rust and back), `shim` (entering from C and going back), `declare` (the tables of types and modules). The same job as
//! CPython's `Python/getargs.c` and the code that Argument Clinic writes.

pub mod bind;
pub mod convert;
pub mod declare;
pub mod entry;
mod named;
mod refuse;
pub mod shim;
mod suggest;

use krait_abi as abi;

use crate::dict::Dict;
use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::thread::Thread;
use crate::tuple::Tuple;

pub use bind::{Given, Keywords};
pub use convert::{CodePoint, FromArg, Site, ToObject, unsigned};
pub use named::{named, pairs_of};
pub use suggest::suggestion;

/// What the generated code names. Not for other use.
#[doc(hidden)]
pub mod rt {
    pub use super::bind::*;
    pub use super::convert::*;
    pub use super::declare::*;
    pub use super::refuse::*;
    pub use super::shim::*;
    pub use super::{Args, Kwargs};
    pub use crate::codegen;
    pub use crate::error::PyResult;
    pub use crate::gc::{Visit, Visitor};
    pub use crate::handle::{Borrowed, Instance, Object, Owned};
    pub use crate::module::{Module, StaticModuleDef};
    pub use crate::thread::Thread;
    pub use crate::typeobj::{StaticCell, StaticType, Type};
    pub use krait_abi as abi;

    pub use super::entry as capi;
}

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

    /// # Safety
    /// The arguments of a vectorcall: `values` holds `nargsf` (less its flag) objects, then one for each name
    /// in the tuple `kwnames`, which may be null; all live for `'a`.
    #[inline(always)]
    pub unsafe fn from_raw(
        values: *const *mut abi::PyObject,
        nargsf: usize,
        kwnames: *mut abi::PyObject,
    ) -> Args<'a> {
        let positional = nargsf & !shim::ARGUMENTS_OFFSET;
        // SAFETY: the caller's promise.
        unsafe {
            let kwnames: Option<Borrowed<'a, Tuple>> = Borrowed::from_ptr_or_null(kwnames);
            let count = positional + kwnames.map_or(0, |names| names.len());
            let offset = nargsf & shim::ARGUMENTS_OFFSET != 0;
            let values = match offset {
                // Also of no arguments at all the place matters: the word before it is lent.
                true => std::slice::from_raw_parts(values.cast(), count),
                false => shim::slice(values, count),
            };
            Args { values, positional, kwnames, offset }
        }
    }

    /// As `tp_call` takes them.
    pub fn to_tuple_and_dict(&self, th: &Thread) -> PyResult<(Owned<Tuple>, Option<Owned<Dict>>)> {
        let tuple = Tuple::from_slice(th, self.positionals())?;
        let dict = self.has_keywords().then(|| self.keywords().to_dict(th)).transpose()?;
        Ok((tuple, dict))
    }

    /// The positional values.
    pub fn positionals(&self) -> &'a [Borrowed<'a>] {
        self.values.get(..self.positional).unwrap_or(self.values)
    }

    /// Whether there are keyword arguments.
    pub fn has_keywords(&self) -> bool {
        self.values.len() > self.positional
    }

    /// The keyword arguments.
    pub fn keywords(&self) -> Kwargs<'a> {
        let values = self.values.get(self.positional..).unwrap_or(&[]);
        let given = self.kwnames.map_or(Keywords::None, |names| Keywords::Named { names, values });
        Kwargs { given, taken: &[] }
    }
}

/// What `am_send` comes back with.
pub enum Sent {
    /// The value yielded.
    Next(Owned),
    /// The value returned: the generator is finished.
    Return(Owned),
}

/// Keyword arguments that a signature collects with `**kwargs`: those that no parameter took.
#[derive(Clone, Copy)]
pub struct Kwargs<'a> {
    pub(super) given: Keywords<'a>,
    /// Names of parameters, which are not among them.
    pub(super) taken: &'static [&'static str],
}

impl Kwargs<'_> {
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn len(&self) -> usize {
        let mut count = 0;
        self.given.each(|name, _| count += usize::from(!self.is_taken(name)));
        count
    }

    /// The value given for `name`.
    pub fn get(&self, name: &str) -> Option<Owned> {
        let mut found = None;
        self.given.each(|key, value| {
            if is_name(key, name) {
                found = Some(value.to_owned());
            }
        });
        found
    }

    /// Names and values, in the order of the call.
    pub fn pairs(&self) -> Vec<(Owned<Str>, Owned)> {
        let mut pairs = Vec::new();
        self.given.each(|name, value| {
            if !self.is_taken(name) {
                // Names that are no strings were refused when the call was bound.
                if let Some(name) = name.downcast::<Str>() {
                    pairs.push((name.to_owned(), value.to_owned()));
                }
            }
        });
        pairs
    }

    /// A new dict of them.
    pub fn to_dict(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        let dict = Dict::new(th)?;
        if let (Keywords::Named { names, values }, []) = (&self.given, self.taken) {
            for (name, value) in names.get().as_slice().iter().zip(*values) {
                if let Some(name) = name.downcast::<Str>() {
                    dict.set_str(th, name, *value)?;
                }
            }
            return Ok(dict);
        }
        for (name, value) in self.pairs() {
            dict.set_str(th, name.borrow(), value.borrow())?;
        }
        Ok(dict)
    }

    fn is_taken(&self, name: Borrowed<'_>) -> bool {
        self.taken.iter().any(|taken| is_name(name, taken))
    }
}

/// Whether `key` is the string `name`.
pub(crate) fn is_name(key: Borrowed<'_>, name: &str) -> bool {
    key.downcast::<Str>().is_some_and(|key| key.eq_str(name))
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
    Lt = abi::Py_LT,
    Le = abi::Py_LE,
    Eq = abi::Py_EQ,
    Ne = abi::Py_NE,
    Gt = abi::Py_GT,
    Ge = abi::Py_GE,
}

impl CompareOp {
    #[inline(always)]
    pub fn from_c(op: i32) -> Option<CompareOp> {
        // SAFETY: an operation for each of the numbers, which are C's.
        (0..=abi::Py_GE).contains(&op).then(|| unsafe { std::mem::transmute::<i32, CompareOp>(op) })
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

    /// What the comparison says of two numbers. Where it is not known in advance, by arithmetic: a jump for each operator
    /// would have to be predicted.
    #[inline(always)]
    pub fn holds_of<T: PartialOrd>(self, left: T, right: T) -> bool {
        // By operator four bits: for less, equal, greater, and unordered.
        const ANSWERS: u32 = 0b0110_0100_1101_0010_0011_0001;
        let ordered = usize::from(left <= right) | usize::from(left >= right);
        let outcome = usize::from(left >= right) + usize::from(left > right) + 3 * (1 - ordered);
        ANSWERS >> (4 * self as usize + outcome) & 1 != 0
    }

    /// What the comparison says of two floats.
    pub fn holds_of_floats(self, left: f64, right: f64) -> bool {
        use CompareOp::*;
        match self {
            Lt => left < right,
            Le => left <= right,
            Eq => left == right,
            Ne => left != right,
            Gt => left > right,
            Ge => left >= right,
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
