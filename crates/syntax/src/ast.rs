//! The abstract syntax tree of Python 3.14: every node class of the reference's `ast` module under
//! its own name, with its own field names. All of a tree lives in one [`bumpalo::Bump`] arena, so
//! nodes are `Copy`, refer to each other by plain references and are freed all at once.
//!
//! The parser is one maker of trees; the other is whoever converts `ast` objects built by hand.
//! Everything is public for that reason, and nothing here promises more than the types say: a
//! hand-made tree may hold positions, names and contexts that no source text could produce.
//!
//! Does the job of `Parser/Python.asdl` and the generated `Python-ast.h`.

mod chain;
mod constant;
mod dump;
mod expr;
mod pattern;
mod stmt;

pub use chain::Chain;
pub use constant::{Constant, IntLiteral, Text};
pub use dump::dump;
pub use expr::{
    Arg, Arguments, BoolOperator, CmpOperator, Comprehension, Expr, ExprContext, ExprKind, Keyword,
    Operator, UnaryOperator,
};
pub use pattern::{MatchCase, Pattern, PatternKind};
pub use stmt::{
    Alias, ClassDef, ExceptHandler, For, FunctionDef, Stmt, StmtKind, Try, TypeParam,
    TypeParamKind, With, WithItem,
};

/// Where a node starts and ends: lines count from 1, columns from 0 in UTF-8 bytes. Signed, because
/// a hand-made node may hold any C `int`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub lineno: i32,
    pub col_offset: i32,
    pub end_lineno: i32,
    pub end_col_offset: i32,
}

impl Span {
    /// Line and column where it starts.
    pub(crate) const fn start(self) -> (i32, i32) {
        (self.lineno, self.col_offset)
    }

    pub const fn new(lineno: i32, col_offset: i32, end_lineno: i32, end_col_offset: i32) -> Self {
        Span { lineno, col_offset, end_lineno, end_col_offset }
    }

    /// From the start of `self` to the end of `last`.
    pub const fn to(self, last: Span) -> Self {
        Span { end_lineno: last.end_lineno, end_col_offset: last.end_col_offset, ..self }
    }
}

/// The root of a tree: what one of the four parse modes gives.
#[derive(Clone, Copy, Debug)]
pub enum Mod<'a> {
    Module { body: &'a [&'a Stmt<'a>], type_ignores: &'a [TypeIgnore<'a>] },
    Interactive { body: &'a [&'a Stmt<'a>] },
    Expression { body: &'a Expr<'a> },
    FunctionType { argtypes: &'a [&'a Expr<'a>], returns: &'a Expr<'a> },
}

/// A `# type: ignore` comment; `tag` is what follows `ignore`.
#[derive(Clone, Copy, Debug)]
pub struct TypeIgnore<'a> {
    pub lineno: i32,
    pub tag: Text<'a>,
}
