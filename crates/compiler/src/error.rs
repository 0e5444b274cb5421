//! What compilation can say against a tree, as plain data: errors that become Python exceptions.
//!
//! Does the job of `_PyCompile_Error` and `PyErr_RangedSyntaxLocationObject`.

use std::fmt;

use krait_syntax::ast::{Span, Text};
use krait_syntax::{ErrorKind, SyntaxError, Warning};

/// Why a tree does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// `text` is left `None`: the reference reads the line from the file named, which the caller
    /// may do.
    Syntax(SyntaxError),
    /// What the symbol table or a `__future__` import has against the tree: the place is told by the exception's
    /// attributes, and is not among its arguments.
    Scope(SyntaxError),
    /// The tree nests deeper than the native stack allows.
    Recursion,
    /// The tree could not come from a parser.
    Value(String),
    /// As `Value`, where the reference raises `TypeError`.
    Type(String),
    /// A node of the wrong kind for where it stands.
    System(String),
    /// A tree of a kind that cannot be compiled.
    Runtime(String),
    /// A docstring that holds surrogates, which its clean-up cannot encode: `UnicodeEncodeError`
    /// for the code points from `start` to `end` of the text, in generalised UTF-8.
    Unicode { text: Vec<u8>, start: usize, end: usize },
    /// A count does not fit an instruction's argument.
    Overflow(String),
}

pub(crate) type Result<T = ()> = std::result::Result<T, CompileError>;

impl CompileError {
    /// A `SyntaxError` at `span`. Offsets count UTF-8 bytes, as the reference's do at this stage.
    pub fn syntax(message: impl Into<String>, span: Span) -> CompileError {
        CompileError::Syntax(syntax_error(message.into(), span))
    }

    /// As the stages before code generation report it.
    pub fn in_scope(self) -> CompileError {
        match self {
            CompileError::Syntax(error) => CompileError::Scope(error),
            other => other,
        }
    }
}

fn syntax_error(message: String, span: Span) -> SyntaxError {
    SyntaxError {
        kind: ErrorKind::SyntaxError,
        message,
        lineno: span.lineno,
        offset: span.col_offset.saturating_add(1),
        end_lineno: span.end_lineno,
        end_offset: span.end_col_offset.saturating_add(1),
        text: None,
    }
}

/// A `SyntaxWarning` at `span`.
pub(crate) fn syntax_warning(message: impl Into<String>, span: Span) -> Warning {
    let message = message.into();
    Warning {
        kind: krait_syntax::WarningKind::SyntaxWarning,
        message: message.clone(),
        lineno: span.lineno,
        error: Box::new(syntax_error(message, span)),
        stage: krait_syntax::Stage::Later,
    }
}

impl From<SyntaxError> for CompileError {
    fn from(error: SyntaxError) -> Self {
        CompileError::Syntax(error)
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Syntax(error) | CompileError::Scope(error) => error.fmt(f),
            CompileError::Recursion => {
                write!(f, "RecursionError: Stack overflow during compilation")
            }
            CompileError::Value(message) => write!(f, "ValueError: {message}"),
            CompileError::Type(message) => write!(f, "TypeError: {message}"),
            CompileError::System(message) => write!(f, "SystemError: {message}"),
            CompileError::Runtime(message) => write!(f, "RuntimeError: {message}"),
            CompileError::Unicode { text, start, end } => {
                let bad: Vec<u32> = Text::from_generalised(text)
                    .code_points()
                    .skip(*start)
                    .take(end - start)
                    .collect();
                let message = match bad[..] {
                    [only] => format!("character '\\u{only:04x}' in position {start}"),
                    _ => format!("characters in position {start}-{}", end - 1),
                };
                write!(
                    f,
                    "UnicodeEncodeError: 'utf-8' codec can't encode {message}: surrogates not allowed"
                )
            }
            CompileError::Overflow(message) => write!(f, "OverflowError: {message}"),
        }
    }
}

impl std::error::Error for CompileError {}
