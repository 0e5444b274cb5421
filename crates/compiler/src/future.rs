//! `from __future__ import …`: which features a module asks for. Does the job of `Python/future.c`.

use krait_bytecode::future_flags;
use krait_syntax::ast::{Alias, Constant, ExprKind, Mod, Span, Stmt, StmtKind, Text};

use crate::error::{CompileError, Result};

/// The features in force.
#[derive(Clone, Copy, Debug)]
pub struct Future {
    /// Bits of `future_flags`, and of the caller's compiler flags.
    pub features: u32,
    /// Where the last valid future statement is.
    pub last: Option<Span>,
}

impl Future {
    pub fn has(self, flag: u32) -> bool {
        self.features & flag != 0
    }

    /// Whether a future statement at `span` comes too late.
    pub(crate) fn is_over(self, span: Span) -> bool {
        self.last.is_none_or(|last| {
            span.lineno > last.lineno
                || span.lineno == last.end_lineno && span.col_offset > last.end_col_offset
        })
    }
}

/// The docstring of a body.
pub(crate) fn docstring<'a>(body: &[&'a Stmt<'a>]) -> Option<Text<'a>> {
    match body.first()?.node {
        StmtKind::Expr { value } => match value.node {
            ExprKind::Constant { value: Constant::Str(text), .. } => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Features of `tree`, added to those the caller gives.
pub fn future(tree: &Mod<'_>, inherited: u32) -> Result<Future> {
    let mut future = Future { features: inherited, last: None };
    let (Mod::Module { body, .. } | Mod::Interactive { body }) = tree else { return Ok(future) };
    let start = usize::from(docstring(body).is_some());
    for stmt in body.iter().skip(start) {
        let StmtKind::ImportFrom { module: Some("__future__"), names, level: None | Some(0) } =
            stmt.node
        else {
            break;
        };
        for name in names {
            future.features |= feature(name)?;
        }
        future.last = Some(stmt.span);
    }
    Ok(future)
}

fn feature(name: &Alias<'_>) -> Result<u32> {
    match name.name {
        "nested_scopes" | "generators" | "division" | "absolute_import" | "with_statement"
        | "print_function" | "unicode_literals" | "generator_stop" => Ok(0),
        "barry_as_FLUFL" => Ok(future_flags::BARRY_AS_BDFL),
        "annotations" => Ok(future_flags::ANNOTATIONS),
        "braces" => Err(CompileError::syntax("not a chance", name.span)),
        other => {
            let message = format!("future feature {} is not defined", clip(other));
            Err(CompileError::syntax(message, name.span))
        }
    }
}

/// The message shows no more than 100 bytes of the name.
fn clip(name: &str) -> &str {
    let mut end = name.len().min(100);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}
