//! The patterns of `match` statements.

use super::{Constant, Expr, Span, Stmt};

/// One `case` of a `match`.
#[derive(Clone, Copy, Debug)]
pub struct MatchCase<'a> {
    pub pattern: &'a Pattern<'a>,
    pub guard: Option<&'a Expr<'a>>,
    pub body: &'a [&'a Stmt<'a>],
}

/// A pattern with its position.
#[derive(Clone, Copy, Debug)]
pub struct Pattern<'a> {
    pub node: PatternKind<'a>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum PatternKind<'a> {
    MatchValue {
        value: &'a Expr<'a>,
    },
    /// `None`, `True` or `False`.
    MatchSingleton {
        value: Constant<'a>,
    },
    MatchSequence {
        patterns: &'a [&'a Pattern<'a>],
    },
    MatchMapping {
        keys: &'a [&'a Expr<'a>],
        patterns: &'a [&'a Pattern<'a>],
        rest: Option<&'a str>,
    },
    MatchClass {
        cls: &'a Expr<'a>,
        patterns: &'a [&'a Pattern<'a>],
        kwd_attrs: &'a [&'a str],
        kwd_patterns: &'a [&'a Pattern<'a>],
    },
    /// `*name`; `*_` has no name.
    MatchStar {
        name: Option<&'a str>,
    },
    /// `pattern as name`, a capture (no pattern) or the wildcard (neither).
    MatchAs {
        pattern: Option<&'a Pattern<'a>>,
        name: Option<&'a str>,
    },
    MatchOr {
        patterns: &'a [&'a Pattern<'a>],
    },
}
