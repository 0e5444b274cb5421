//! Statements: the dispatch over statement kinds, and the simple ones.
//!
//! Does the job of `codegen_visit_stmt`, `codegen_stmt_expr`, `codegen_assert` and `codegen_return`.

use krait_bytecode::{Opcode, common_constant, intrinsic_1};
use krait_syntax::ast::{Constant, Expr, ExprKind, Span, Stmt, StmtKind};

use super::{Generator, at};
use crate::error::Result;
use crate::instructions::Location;

impl<'a> Generator<'a> {
    pub(super) fn stmts(&mut self, body: &'a [&'a Stmt<'a>]) -> Result {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt<'a>) -> Result {
        self.stack_guard.check()?;
        self.stmt_node(stmt)?;
        Ok(())
    }

    fn stmt_node(&mut self, stmt: &'a Stmt<'a>) -> Result {
        let span = stmt.span;
        let loc = at(span);
        match stmt.node {
            StmtKind::FunctionDef(def) => self.function(stmt, def, false),
            StmtKind::AsyncFunctionDef(def) => self.function(stmt, def, true),
            StmtKind::ClassDef(def) => self.class(stmt, def),
            StmtKind::TypeAlias { name, type_params, value } => {
                self.type_alias(stmt, name, type_params, value)
            }
            StmtKind::Return { value } => self.return_stmt(span, value),
            StmtKind::Delete { targets } => self.exprs(targets),
            StmtKind::Assign { targets, value, .. } => {
                self.expr(value)?;
                for (index, target) in targets.iter().enumerate() {
                    if index + 1 < targets.len() {
                        self.op_i(loc, Opcode::COPY, 1);
                    }
                    self.expr(target)?;
                }
                Ok(())
            }
            StmtKind::AugAssign { target, op, value } => self.aug_assign(span, target, op, value),
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.ann_assign(span, target, annotation, value, simple)
            }
            StmtKind::For(node) => self.for_stmt(span, node),
            StmtKind::AsyncFor(node) => self.async_for(span, node),
            StmtKind::While { test, body, orelse } => self.while_stmt(span, test, body, orelse),
            StmtKind::If { test, body, orelse } => self.if_stmt(test, body, orelse),
            StmtKind::Match { subject, cases } => self.match_stmt(subject, cases),
            StmtKind::Raise { exc, cause } => {
                let mut count = 0;
                for expr in exc.into_iter().chain(exc.and(cause)) {
                    self.expr(expr)?;
                    count += 1;
                }
                self.op_i(loc, Opcode::RAISE_VARARGS, count);
                Ok(())
            }
            StmtKind::Try(node) => self.try_stmt(span, node, false),
            StmtKind::TryStar(node) => self.try_stmt(span, node, true),
            StmtKind::Assert { test, msg } => self.assert_stmt(span, test, msg),
            StmtKind::Import { names } => self.import(span, names),
            StmtKind::ImportFrom { module, names, level } => {
                self.import_from(span, module, names, level)
            }
            StmtKind::Global { .. } | StmtKind::Nonlocal { .. } => Ok(()),
            StmtKind::Expr { value } => self.expr_stmt(loc, value),
            StmtKind::Pass => {
                self.op(loc, Opcode::NOP);
                Ok(())
            }
            StmtKind::Break => self.break_stmt(span),
            StmtKind::Continue => self.continue_stmt(span),
            StmtKind::With(node) => self.with_stmt(node),
            StmtKind::AsyncWith(node) => self.async_with(node),
        }
    }

    fn expr_stmt(&mut self, loc: Location, value: &'a Expr<'a>) -> Result {
        if self.interactive && self.units.len() == 1 {
            self.expr(value)?;
            self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::PRINT);
            self.op(Location::NONE, Opcode::POP_TOP);
            return Ok(());
        }
        if matches!(self.resolve(value).node, ExprKind::Constant { .. }) {
            self.op(loc, Opcode::NOP);
            return Ok(());
        }
        self.expr(value)?;
        self.op(Location::NONE, Opcode::POP_TOP);
        Ok(())
    }

    fn assert_stmt(&mut self, span: Span, test: &'a Expr<'a>, msg: Option<&'a Expr<'a>>) -> Result {
        let always_true = match test.node {
            ExprKind::Tuple { elts, .. } => !elts.is_empty(),
            ExprKind::Constant { value: Constant::Tuple(items), .. } => !items.is_empty(),
            _ => false,
        };
        if always_true {
            self.warn(span, "assertion is always true, perhaps remove parentheses?");
        }
        if self.options.optimize > 0 {
            return Ok(());
        }
        let end = self.new_label();
        self.jump_if(test, end, true)?;
        self.load_common(at(span), common_constant::ASSERTIONERROR);
        if let Some(msg) = msg {
            self.expr(msg)?;
            self.op_i(at(span), Opcode::CALL, 0);
        }
        self.op_i(at(test.span), Opcode::RAISE_VARARGS, 1);
        self.use_label(end);
        Ok(())
    }

    fn return_stmt(&mut self, span: Span, value: Option<&'a Expr<'a>>) -> Result {
        let entry = self.entry();
        if !entry.kind.is_function_like() {
            return self.error(span, "'return' outside function");
        }
        if value.is_some() && entry.coroutine && entry.generator {
            return self.error(span, "'return' with value in async generator");
        }
        let value = value.map(|value| self.resolve(value));
        let mut loc = at(span);
        let constant = value.and_then(|value| match value.node {
            ExprKind::Constant { value, .. } => Some(value),
            _ => None,
        });
        let preserve_top = value.is_some() && constant.is_none();
        if let Some(value) = value {
            if preserve_top {
                self.expr(value)?;
            } else {
                // For tracing: the line of the constant counts as run.
                loc = at(value.span);
                self.op(loc, Opcode::NOP);
            }
        }
        if value.is_none_or(|value| value.span.lineno != span.lineno) {
            loc = at(span);
            self.op(loc, Opcode::NOP);
        }
        self.unwind_blocks(&mut loc, preserve_top, false)?;
        match (value, constant) {
            (None, _) => self.load_none(loc),
            (_, Some(constant)) => {
                self.load_const(loc, super::constants::constant(&constant, self.arena))
            }
            _ => {}
        }
        self.op(loc, Opcode::RETURN_VALUE);
        Ok(())
    }
}
