//! What is done to the tree before code is generated: `__debug__` becomes a constant, `"…" % (…)` an
//! f-string, docstrings go away under `-OO`, and control flow out of `finally` is warned of.
//!
//! Nothing is rebuilt: code generation asks for the replacement of a node where it looks at one.
//! Does the job of `Python/ast_preprocess.c`.

mod finally;
mod percent_format;

use bumpalo::Bump;
use krait_syntax::ast::*;

pub(crate) use finally::check_finally;

use crate::codegen::constants::{in_tree, pattern_number};
use crate::future::docstring;

/// `expr` as it is to be compiled.
pub fn resolve<'a>(expr: &'a Expr<'a>, optimize: u8, arena: &'a Bump) -> &'a Expr<'a> {
    match expr.node {
        ExprKind::Name { id: "__debug__", ctx: ExprContext::Load } => {
            let value = if optimize == 0 { Constant::True } else { Constant::False };
            arena.alloc(Expr { node: ExprKind::Constant { value, kind: None }, span: expr.span })
        }
        ExprKind::BinOp { left, op: Operator::Mod, right } => {
            let ExprKind::Constant { value: Constant::Str(format), .. } = left.node else {
                return expr;
            };
            let ExprKind::Tuple { elts, .. } = right.node else { return expr };
            match percent_format::to_joined_str(format, elts, arena) {
                Some(node) => arena.alloc(Expr { node, span: expr.span }),
                None => expr,
            }
        }
        _ => expr,
    }
}

/// A literal of a pattern, where signed and complex numbers are constants.
pub fn pattern_literal<'a>(expr: &'a Expr<'a>, arena: &'a Bump) -> &'a Expr<'a> {
    match pattern_number(expr, arena).and_then(|number| in_tree(&number, arena)) {
        Some(value) => {
            arena.alloc(Expr { node: ExprKind::Constant { value, kind: None }, span: expr.span })
        }
        None => expr,
    }
}

/// A body without its docstring, if docstrings are not wanted.
pub fn strip_docstring<'a>(
    body: &'a [&'a Stmt<'a>],
    optimize: u8,
    arena: &'a Bump,
) -> &'a [&'a Stmt<'a>] {
    if optimize < 2 || docstring(body).is_none() {
        return body;
    }
    match body {
        // A body is never empty.
        [only] => {
            let Span { lineno, col_offset, .. } = only.span;
            let span = Span::new(lineno, col_offset, lineno, col_offset.saturating_add(4));
            let pass: &'a Stmt<'a> = arena.alloc(Stmt { node: StmtKind::Pass, span });
            arena.alloc_slice_copy(&[pass])
        }
        [_, rest @ ..] => match rest.first().map(|stmt| (stmt.span, stmt.node)) {
            // The next string must not become the docstring: it turns into a format string.
            Some((span, StmtKind::Expr { value })) if docstring(rest).is_some() => {
                let values: &'a [&'a Expr<'a>] = arena.alloc_slice_copy(&[value]);
                let node = ExprKind::JoinedStr { values };
                let value: &'a Expr<'a> = arena.alloc(Expr { node, span: value.span });
                let first: &'a Stmt<'a> =
                    arena.alloc(Stmt { node: StmtKind::Expr { value }, span });
                let mut body = rest.to_vec();
                body[0] = first;
                arena.alloc_slice_copy(&body)
            }
            _ => rest,
        },
        [] => body,
    }
}
