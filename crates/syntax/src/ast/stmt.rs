//! Statement nodes and the parts they are made of.

use super::{Arguments, Expr, Keyword, MatchCase, Operator, Span, Text};

/// A statement with its position.
#[derive(Clone, Copy, Debug)]
pub struct Stmt<'a> {
    pub node: StmtKind<'a>,
    pub span: Span,
}

/// The large statements keep their fields in structs of their own, which two node classes often
/// share (`for` and `async for`); it also keeps this enum small.
#[derive(Clone, Copy, Debug)]
pub enum StmtKind<'a> {
    FunctionDef(&'a FunctionDef<'a>),
    AsyncFunctionDef(&'a FunctionDef<'a>),
    ClassDef(&'a ClassDef<'a>),
    Return {
        value: Option<&'a Expr<'a>>,
    },
    Delete {
        targets: &'a [&'a Expr<'a>],
    },
    Assign {
        targets: &'a [&'a Expr<'a>],
        value: &'a Expr<'a>,
        type_comment: Option<Text<'a>>,
    },
    TypeAlias {
        name: &'a Expr<'a>,
        type_params: &'a [TypeParam<'a>],
        value: &'a Expr<'a>,
    },
    AugAssign {
        target: &'a Expr<'a>,
        op: Operator,
        value: &'a Expr<'a>,
    },
    /// `simple` says that the target is a name without parentheses.
    AnnAssign {
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        simple: bool,
    },
    For(&'a For<'a>),
    AsyncFor(&'a For<'a>),
    While {
        test: &'a Expr<'a>,
        body: &'a [&'a Stmt<'a>],
        orelse: &'a [&'a Stmt<'a>],
    },
    If {
        test: &'a Expr<'a>,
        body: &'a [&'a Stmt<'a>],
        orelse: &'a [&'a Stmt<'a>],
    },
    With(&'a With<'a>),
    AsyncWith(&'a With<'a>),
    Match {
        subject: &'a Expr<'a>,
        cases: &'a [MatchCase<'a>],
    },
    Raise {
        exc: Option<&'a Expr<'a>>,
        cause: Option<&'a Expr<'a>>,
    },
    Try(&'a Try<'a>),
    TryStar(&'a Try<'a>),
    Assert {
        test: &'a Expr<'a>,
        msg: Option<&'a Expr<'a>>,
    },
    Import {
        names: &'a [Alias<'a>],
    },
    /// The parser always gives a `level`; a tree made by hand may leave it out.
    ImportFrom {
        module: Option<&'a str>,
        names: &'a [Alias<'a>],
        level: Option<i32>,
    },
    Global {
        names: &'a [&'a str],
    },
    Nonlocal {
        names: &'a [&'a str],
    },
    Expr {
        value: &'a Expr<'a>,
    },
    Pass,
    Break,
    Continue,
}

#[derive(Clone, Copy, Debug)]
pub struct FunctionDef<'a> {
    pub name: &'a str,
    pub args: &'a Arguments<'a>,
    pub body: &'a [&'a Stmt<'a>],
    pub decorator_list: &'a [&'a Expr<'a>],
    pub returns: Option<&'a Expr<'a>>,
    pub type_comment: Option<Text<'a>>,
    pub type_params: &'a [TypeParam<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct ClassDef<'a> {
    pub name: &'a str,
    pub bases: &'a [&'a Expr<'a>],
    pub keywords: &'a [Keyword<'a>],
    pub body: &'a [&'a Stmt<'a>],
    pub decorator_list: &'a [&'a Expr<'a>],
    pub type_params: &'a [TypeParam<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct For<'a> {
    pub target: &'a Expr<'a>,
    pub iter: &'a Expr<'a>,
    pub body: &'a [&'a Stmt<'a>],
    pub orelse: &'a [&'a Stmt<'a>],
    pub type_comment: Option<Text<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct With<'a> {
    pub items: &'a [WithItem<'a>],
    pub body: &'a [&'a Stmt<'a>],
    pub type_comment: Option<Text<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct WithItem<'a> {
    pub context_expr: &'a Expr<'a>,
    pub optional_vars: Option<&'a Expr<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    pub body: &'a [&'a Stmt<'a>],
    pub handlers: &'a [ExceptHandler<'a>],
    pub orelse: &'a [&'a Stmt<'a>],
    pub finalbody: &'a [&'a Stmt<'a>],
}

/// `except type as name:`. The only variant of the reference's `excepthandler`.
#[derive(Clone, Copy, Debug)]
pub struct ExceptHandler<'a> {
    pub r#type: Option<&'a Expr<'a>>,
    pub name: Option<&'a str>,
    pub body: &'a [&'a Stmt<'a>],
    pub span: Span,
}

/// `name as asname` of an import. `name` may be dotted, or `*`.
#[derive(Clone, Copy, Debug)]
pub struct Alias<'a> {
    pub name: &'a str,
    pub asname: Option<&'a str>,
    pub span: Span,
}

/// A type parameter: `T`, `*Ts` or `**P`.
#[derive(Clone, Copy, Debug)]
pub struct TypeParam<'a> {
    pub node: TypeParamKind<'a>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum TypeParamKind<'a> {
    TypeVar { name: &'a str, bound: Option<&'a Expr<'a>>, default_value: Option<&'a Expr<'a>> },
    ParamSpec { name: &'a str, default_value: Option<&'a Expr<'a>> },
    TypeVarTuple { name: &'a str, default_value: Option<&'a Expr<'a>> },
}
