//! Checks of trees that were made by hand: what no parser would produce is a `ValueError` before it
//! confuses the compiler.
//!
//! This file has statements; `validate/expressions.rs` and `validate/patterns.rs` the rest. Does the
//! job of `_PyAST_Validate` in `Python/ast.c`.

mod expressions;
mod patterns;

use std::cell::Cell;

use krait_syntax::ast::*;

use crate::error::{CompileError, Result};
use crate::limits::StackGuard;

/// `ValueError`, `TypeError` or `RecursionError` if the tree cannot be compiled.
///
/// `stack_budget` is how many bytes of native stack the walk may use.
pub fn validate(tree: &Mod<'_>, stack_budget: usize) -> Result {
    let validator = Validator { stack_guard: StackGuard::new(stack_budget), walked: Cell::new(0) };
    match tree {
        Mod::Module { body, .. } | Mod::Interactive { body } => validator.stmts(body),
        Mod::Expression { body } => validator.expr(body, ExprContext::Load),
        Mod::FunctionType { argtypes, returns } => {
            validator.exprs(argtypes, ExprContext::Load)?;
            validator.expr(returns, ExprContext::Load)
        }
    }
}

const LOAD: ExprContext = ExprContext::Load;
const STORE: ExprContext = ExprContext::Store;

struct Validator {
    stack_guard: StackGuard,
    /// Address of the piece of a long chain that has been walked already, or 0.
    walked: Cell<usize>,
}

fn value_error<T>(message: impl Into<String>) -> Result<T> {
    Err(CompileError::Value(message.into()))
}

fn type_error<T>(message: &str) -> Result<T> {
    Err(CompileError::Type(message.to_owned()))
}

fn nonempty<T>(items: &[T], what: &str, owner: &str) -> Result {
    if items.is_empty() {
        return value_error(format!("empty {what} on {owner}"));
    }
    Ok(())
}

/// Names that are constants.
fn name(name: &str) -> Result {
    if matches!(name, "None" | "True" | "False") {
        return value_error(format!("identifier field can't represent '{name}' constant"));
    }
    Ok(())
}

fn aliases(aliases: &[Alias<'_>], owner: &str) -> Result {
    nonempty(aliases, "names", owner)?;
    for alias in aliases {
        name(alias.name)?;
        alias.asname.map_or(Ok(()), name)?;
    }
    Ok(())
}

fn positions(span: Span) -> Result {
    let Span { lineno, col_offset, end_lineno, end_col_offset } = span;
    if lineno > end_lineno {
        return value_error(format!("AST node line range ({lineno}, {end_lineno}) is not valid"));
    }
    if lineno < 0 && end_lineno != lineno || col_offset < 0 && col_offset != end_col_offset {
        return value_error(format!(
            "AST node column range ({col_offset}, {end_col_offset}) \
             for line range ({lineno}, {end_lineno}) is not valid"
        ));
    }
    if lineno == end_lineno && col_offset > end_col_offset {
        return value_error(format!(
            "line {lineno}, column {col_offset}-{end_col_offset} is not a valid range"
        ));
    }
    Ok(())
}

impl Validator {
    fn stmts(&self, body: &[&Stmt<'_>]) -> Result {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn body(&self, body: &[&Stmt<'_>], owner: &str) -> Result {
        nonempty(body, "body", owner)?;
        self.stmts(body)
    }

    fn stmt(&self, stmt: &Stmt<'_>) -> Result {
        self.stack_guard.check()?;
        positions(stmt.span)?;
        match stmt.node {
            StmtKind::FunctionDef(def) => self.function(def, "FunctionDef"),
            StmtKind::AsyncFunctionDef(def) => self.function(def, "AsyncFunctionDef"),
            StmtKind::ClassDef(def) => {
                name(def.name)?;
                self.body(def.body, "ClassDef")?;
                self.type_params(def.type_params)?;
                self.exprs(def.bases, LOAD)?;
                self.keywords(def.keywords)?;
                self.exprs(def.decorator_list, LOAD)
            }
            StmtKind::For(node) => self.for_stmt(node, "For"),
            StmtKind::AsyncFor(node) => self.for_stmt(node, "AsyncFor"),
            StmtKind::While { test, body, orelse } => self.branch(test, body, orelse, "While"),
            StmtKind::If { test, body, orelse } => self.branch(test, body, orelse, "If"),
            StmtKind::With(node) => self.with(node, "With"),
            StmtKind::AsyncWith(node) => self.with(node, "AsyncWith"),
            StmtKind::Match { subject, cases } => {
                self.expr(subject, LOAD)?;
                nonempty(cases, "cases", "Match")?;
                for case in cases {
                    self.pattern(case.pattern, false)?;
                    self.opt_expr(case.guard, LOAD)?;
                    self.body(case.body, "match_case")?;
                }
                Ok(())
            }
            StmtKind::Try(node) => self.try_stmt(node, "Try"),
            StmtKind::TryStar(node) => self.try_stmt(node, "TryStar"),
            _ => self.simple(stmt),
        }
    }

    fn simple(&self, stmt: &Stmt<'_>) -> Result {
        match stmt.node {
            StmtKind::Return { value } => self.opt_expr(value, LOAD),
            StmtKind::Delete { targets } => {
                nonempty(targets, "targets", "Delete")?;
                self.exprs(targets, ExprContext::Del)
            }
            StmtKind::Assign { targets, value, .. } => {
                nonempty(targets, "targets", "Assign")?;
                self.exprs(targets, STORE)?;
                self.expr(value, LOAD)
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target, STORE)?;
                self.expr(value, LOAD)
            }
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                if simple && !matches!(target.node, ExprKind::Name { .. }) {
                    return type_error("AnnAssign with simple non-Name target");
                }
                self.expr(target, STORE)?;
                self.opt_expr(value, LOAD)?;
                self.expr(annotation, LOAD)
            }
            StmtKind::TypeAlias { name, type_params, value } => {
                if !matches!(name.node, ExprKind::Name { .. }) {
                    return type_error("TypeAlias with non-Name name");
                }
                self.expr(name, STORE)?;
                self.type_params(type_params)?;
                self.expr(value, LOAD)
            }
            StmtKind::Raise { exc: None, cause: Some(_) } => {
                value_error("Raise with cause but no exception")
            }
            StmtKind::Raise { exc, cause } => {
                self.opt_expr(exc, LOAD)?;
                self.opt_expr(cause, LOAD)
            }
            StmtKind::Assert { test, msg } => {
                self.expr(test, LOAD)?;
                self.opt_expr(msg, LOAD)
            }
            StmtKind::Import { names } => aliases(names, "Import"),
            StmtKind::ImportFrom { names, level, .. } => {
                if level.is_some_and(|level| level < 0) {
                    return value_error("Negative ImportFrom level");
                }
                aliases(names, "ImportFrom")
            }
            StmtKind::Global { names } => nonempty(names, "names", "Global"),
            StmtKind::Nonlocal { names } => nonempty(names, "names", "Nonlocal"),
            StmtKind::Expr { value } => self.expr(value, LOAD),
            _ => Ok(()),
        }
    }

    fn function(&self, def: &FunctionDef<'_>, owner: &str) -> Result {
        name(def.name)?;
        self.body(def.body, owner)?;
        self.type_params(def.type_params)?;
        self.arguments(def.args)?;
        self.exprs(def.decorator_list, LOAD)?;
        self.opt_expr(def.returns, LOAD)
    }

    fn for_stmt(&self, node: &For<'_>, owner: &str) -> Result {
        self.expr(node.target, STORE)?;
        self.expr(node.iter, LOAD)?;
        self.body(node.body, owner)?;
        self.stmts(node.orelse)
    }

    fn branch(
        &self,
        test: &Expr<'_>,
        body: &[&Stmt<'_>],
        orelse: &[&Stmt<'_>],
        owner: &str,
    ) -> Result {
        self.expr(test, LOAD)?;
        self.body(body, owner)?;
        self.stmts(orelse)
    }

    fn with(&self, node: &With<'_>, owner: &str) -> Result {
        nonempty(node.items, "items", owner)?;
        for item in node.items {
            self.expr(item.context_expr, LOAD)?;
            self.opt_expr(item.optional_vars, STORE)?;
        }
        self.body(node.body, owner)
    }

    fn try_stmt(&self, node: &Try<'_>, owner: &str) -> Result {
        self.body(node.body, owner)?;
        if node.handlers.is_empty() && node.finalbody.is_empty() {
            return value_error(format!("{owner} has neither except handlers nor finalbody"));
        }
        if node.handlers.is_empty() && !node.orelse.is_empty() {
            return value_error(format!("{owner} has orelse but no except handlers"));
        }
        for handler in node.handlers {
            positions(handler.span)?;
            self.opt_expr(handler.r#type, LOAD)?;
            handler.name.map_or(Ok(()), name)?;
            self.body(handler.body, "ExceptHandler")?;
        }
        self.stmts(node.finalbody)?;
        self.stmts(node.orelse)
    }

    fn type_params(&self, params: &[TypeParam<'_>]) -> Result {
        for param in params {
            positions(param.span)?;
            match param.node {
                TypeParamKind::TypeVar { name: id, bound, default_value } => {
                    name(id)?;
                    self.opt_expr(bound, LOAD)?;
                    self.opt_expr(default_value, LOAD)?;
                }
                TypeParamKind::ParamSpec { name: id, default_value }
                | TypeParamKind::TypeVarTuple { name: id, default_value } => {
                    name(id)?;
                    self.opt_expr(default_value, LOAD)?;
                }
            }
        }
        Ok(())
    }
}
