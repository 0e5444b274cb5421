//! First pass over statements, annotations, type parameters and patterns.
//!
//! Does the job of `symtable_visit_stmt` and its helpers of `Python/symtable.c`.

use krait_syntax::ast::*;

use super::build::{Builder, check_name};
use super::flags::*;
use super::{BlockKind, NodeKey, Role};
use crate::error::{CompileError, Result};
use crate::future::docstring;

type Body<'a> = &'a [&'a Stmt<'a>];

impl<'a> Builder<'a> {
    pub(super) fn stmts(&mut self, body: &[&'a Stmt<'a>]) -> Result {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt<'a>) -> Result {
        self.stack_guard.check()?;
        self.stmt_node(stmt)?;
        Ok(())
    }

    fn stmt_node(&mut self, stmt: &'a Stmt<'a>) -> Result {
        match stmt.node {
            StmtKind::FunctionDef(def) => self.function(stmt, def, false),
            StmtKind::AsyncFunctionDef(def) => self.function(stmt, def, true),
            StmtKind::ClassDef(def) => self.class(stmt, def),
            StmtKind::TypeAlias { name, type_params, value } => {
                self.type_alias(stmt, name, type_params, value)
            }
            StmtKind::Return { value } => {
                if let Some(value) = value {
                    self.expr(value)?;
                    self.cur_mut().returns_value = true;
                }
                Ok(())
            }
            StmtKind::Delete { targets } => self.exprs(targets),
            StmtKind::Assign { targets, value, .. } => {
                self.exprs(targets)?;
                self.expr(value)
            }
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.ann_assign(stmt.span, target, annotation, value, simple)
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target)?;
                self.expr(value)
            }
            StmtKind::Raise { exc, cause } => {
                self.opt_expr(exc)?;
                self.opt_expr(cause)
            }
            StmtKind::Assert { test, msg } => {
                self.expr(test)?;
                self.opt_expr(msg)
            }
            StmtKind::Import { names } => names.iter().try_for_each(|alias| self.alias(alias)),
            StmtKind::ImportFrom { module, names, level } => {
                names.iter().try_for_each(|alias| self.alias(alias))?;
                let absolute = level.unwrap_or(0) == 0;
                if absolute && module == Some("__future__") && self.future.is_over(stmt.span) {
                    let message = "from __future__ imports must occur at the beginning of the file";
                    return Err(CompileError::syntax(message, stmt.span));
                }
                Ok(())
            }
            StmtKind::Global { names } => self.declare(names, DEF_GLOBAL, stmt.span),
            StmtKind::Nonlocal { names } => self.declare(names, DEF_NONLOCAL, stmt.span),
            StmtKind::Expr { value } => self.expr(value),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => Ok(()),
            _ => self.compound(stmt),
        }
    }

    /// A chain of `elif` is nested: a loop here, so that its length costs no stack.
    fn if_stmt(&mut self, test: &'a Expr<'a>, body: Body<'a>, mut orelse: Body<'a>) -> Result {
        self.expr(test)?;
        let before = self.enter_conditional();
        self.stmts(body)?;
        while let &[Stmt { node: StmtKind::If { test, body, orelse: rest }, .. }] = orelse {
            self.expr(test)?;
            self.stmts(body)?;
            orelse = rest;
        }
        self.stmts(orelse)?;
        self.cur_mut().in_conditional_block = before;
        Ok(())
    }

    /// Statements whose bodies may or may not run.
    fn compound(&mut self, stmt: &'a Stmt<'a>) -> Result {
        match stmt.node {
            StmtKind::For(node) | StmtKind::AsyncFor(node) => {
                if matches!(stmt.node, StmtKind::AsyncFor(_)) {
                    self.require_async(stmt.span, "'async for' outside async function")?;
                }
                self.expr(node.target)?;
                self.expr(node.iter)?;
                self.conditional(&[node.body, node.orelse])
            }
            StmtKind::If { test, body, orelse } => self.if_stmt(test, body, orelse),
            StmtKind::While { test, body, orelse } => {
                self.expr(test)?;
                self.conditional(&[body, orelse])
            }
            StmtKind::With(node) | StmtKind::AsyncWith(node) => {
                if matches!(stmt.node, StmtKind::AsyncWith(_)) {
                    self.require_async(stmt.span, "'async with' outside async function")?;
                }
                let before = self.enter_conditional();
                for item in node.items {
                    self.expr(item.context_expr)?;
                    self.opt_expr(item.optional_vars)?;
                }
                self.stmts(node.body)?;
                self.cur_mut().in_conditional_block = before;
                Ok(())
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject)?;
                let before = self.enter_conditional();
                for case in cases {
                    self.pattern(case.pattern)?;
                    self.opt_expr(case.guard)?;
                    self.stmts(case.body)?;
                }
                self.cur_mut().in_conditional_block = before;
                Ok(())
            }
            StmtKind::Try(node) | StmtKind::TryStar(node) => {
                let before = self.enter_conditional();
                self.stmts(node.body)?;
                for handler in node.handlers {
                    self.opt_expr(handler.r#type)?;
                    if let Some(name) = handler.name {
                        self.add_def(name, DEF_LOCAL, handler.span)?;
                    }
                    self.stmts(handler.body)?;
                }
                self.stmts(node.orelse)?;
                self.stmts(node.finalbody)?;
                self.cur_mut().in_conditional_block = before;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn require_async(&mut self, span: Span, message: &str) -> Result {
        let top_level = self.allows_top_level_await();
        let entry = self.cur_mut();
        entry.coroutine |= top_level;
        if entry.coroutine { Ok(()) } else { Err(CompileError::syntax(message, span)) }
    }

    fn enter_conditional(&mut self) -> bool {
        std::mem::replace(&mut self.cur_mut().in_conditional_block, true)
    }

    fn conditional(&mut self, bodies: &[&'a [&'a Stmt<'a>]]) -> Result {
        let before = self.enter_conditional();
        bodies.iter().try_for_each(|body| self.stmts(body))?;
        self.cur_mut().in_conditional_block = before;
        Ok(())
    }

    fn function(&mut self, stmt: &'a Stmt<'a>, def: &'a FunctionDef<'a>, is_async: bool) -> Result {
        let span = stmt.span;
        self.add_def(def.name, DEF_LOCAL, span)?;
        self.defaults(def.args)?;
        self.exprs(def.decorator_list)?;
        let generic = !def.type_params.is_empty();
        if generic {
            let kwdefaults = def.args.kw_defaults.iter().any(Option::is_some);
            let key = NodeKey::new(&def.type_params[0], Role::TypeParameters);
            self.enter_type_param_block(def.name, key, span, [false, true, kwdefaults])?;
            self.type_params(def.type_params)?;
        }
        let entry =
            self.new_entry(def.name, BlockKind::Function, NodeKey::new(stmt, Role::Body), span);
        self.annotations(stmt, def)?;
        self.enter_existing(entry);
        let entry = self.cur_mut();
        entry.has_docstring = docstring(def.body).is_some();
        entry.coroutine |= is_async;
        self.arguments(def.args)?;
        self.stmts(def.body)?;
        self.exit_block();
        if generic {
            self.exit_block();
        }
        Ok(())
    }

    /// The block of a function's annotations.
    fn annotations(&mut self, stmt: &'a Stmt<'a>, def: &'a FunctionDef<'a>) -> Result {
        let sees_class = self.cur().can_see_class_scope || self.cur().kind == BlockKind::Class;
        let key = NodeKey::new(def.args, Role::Annotations);
        self.enter_block("__annotate__", BlockKind::Annotation, key, stmt.span)?;
        self.cur_mut().function_name = Some(def.name);
        if sees_class {
            self.cur_mut().can_see_class_scope = true;
            self.add_def("__classdict__", USE, stmt.span)?;
        }
        let args = def.args;
        let all = args.posonlyargs.iter().chain(args.args).chain(args.vararg).chain(args.kwarg);
        let annotations = all.chain(args.kwonlyargs).filter_map(|arg| arg.annotation);
        for annotation in annotations.chain(def.returns) {
            self.cur_mut().annotations_used = true;
            self.expr(annotation)?;
        }
        self.exit_block();
        Ok(())
    }

    fn class(&mut self, stmt: &'a Stmt<'a>, def: &'a ClassDef<'a>) -> Result {
        let span = stmt.span;
        self.add_def(def.name, DEF_LOCAL, span)?;
        self.exprs(def.decorator_list)?;
        let outer = self.private;
        let generic = !def.type_params.is_empty();
        if generic {
            let key = NodeKey::new(&def.type_params[0], Role::TypeParameters);
            self.enter_type_param_block(def.name, key, span, [true, false, false])?;
            // Only the type parameters are the class's own: bases mangle as outside.
            self.private = Some(def.name);
            self.limit_mangling();
            self.type_params(def.type_params)?;
        }
        self.exprs(def.bases)?;
        self.keywords(def.keywords)?;
        self.enter_block(def.name, BlockKind::Class, NodeKey::new(stmt, Role::Body), span)?;
        self.private = Some(def.name);
        if generic {
            self.add_def("__type_params__", DEF_LOCAL, span)?;
            self.add_def(".type_params", USE, span)?;
        }
        self.cur_mut().has_docstring = docstring(def.body).is_some();
        self.stmts(def.body)?;
        self.exit_block();
        if generic {
            self.exit_block();
        }
        self.private = outer;
        Ok(())
    }

    fn type_alias(
        &mut self,
        stmt: &'a Stmt<'a>,
        name: &'a Expr<'a>,
        type_params: &'a [TypeParam<'a>],
        value: &'a Expr<'a>,
    ) -> Result {
        self.expr(name)?;
        let ExprKind::Name { id, .. } = name.node else {
            return Err(CompileError::Value("TypeAlias with non-Name name".to_owned()));
        };
        let in_class = self.cur().kind == BlockKind::Class;
        let generic = !type_params.is_empty();
        if generic {
            let key = NodeKey::new(&type_params[0], Role::TypeParameters);
            self.enter_type_param_block(id, key, stmt.span, [false; 3])?;
            self.type_params(type_params)?;
        }
        self.enter_block(id, BlockKind::TypeAlias, NodeKey::new(stmt, Role::Body), stmt.span)?;
        if in_class {
            self.cur_mut().can_see_class_scope = true;
            self.add_def("__classdict__", USE, value.span)?;
        }
        self.expr(value)?;
        self.exit_block();
        if generic {
            self.exit_block();
        }
        Ok(())
    }

    fn type_params(&mut self, params: &'a [TypeParam<'a>]) -> Result {
        for param in params {
            let (name, bound, default, default_info) = match param.node {
                TypeParamKind::TypeVar { name, bound, default_value } => {
                    (name, bound, default_value, "a TypeVar default")
                }
                TypeParamKind::ParamSpec { name, default_value } => {
                    (name, None, default_value, "a ParamSpec default")
                }
                TypeParamKind::TypeVarTuple { name, default_value } => {
                    (name, None, default_value, "a TypeVarTuple default")
                }
            };
            self.add_def(name, DEF_TYPE_PARAM | DEF_LOCAL, param.span)?;
            let bound_info = match bound.map(|bound| &bound.node) {
                Some(ExprKind::Tuple { .. }) => "a TypeVar constraint",
                _ => "a TypeVar bound",
            };
            self.evaluator(param, name, bound, Role::Bound, bound_info)?;
            self.evaluator(param, name, default, Role::Default, default_info)?;
        }
        Ok(())
    }

    /// The block of a type parameter's bound or default.
    fn evaluator(
        &mut self,
        param: &'a TypeParam<'a>,
        name: &'a str,
        expr: Option<&'a Expr<'a>>,
        role: Role,
        info: &'static str,
    ) -> Result {
        if name == "__classdict__" {
            let message = format!("reserved name '{name}' cannot be used for type parameter");
            return Err(CompileError::syntax(message, param.span));
        }
        let Some(expr) = expr else { return Ok(()) };
        let sees_class = self.cur().can_see_class_scope;
        let key = NodeKey::new(param, role);
        self.enter_block(name, BlockKind::TypeVariable, key, expr.span)?;
        self.cur_mut().can_see_class_scope = sees_class;
        if sees_class {
            self.add_def("__classdict__", USE, expr.span)?;
        }
        self.cur_mut().scope_info = Some(info);
        self.expr(expr)?;
        self.exit_block();
        Ok(())
    }

    fn ann_assign(
        &mut self,
        span: Span,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        simple: bool,
    ) -> Result {
        self.cur_mut().annotations_used = true;
        if let ExprKind::Name { id, .. } = target.node {
            let usage = self.lookup(id);
            let at_top = self.cur_id() == self.table.top();
            if usage & (DEF_GLOBAL | DEF_NONLOCAL) != 0 && !at_top && simple {
                let what = if usage & DEF_GLOBAL != 0 { "global" } else { "nonlocal" };
                let message = format!("annotated name '{id}' can't be {what}");
                return Err(CompileError::syntax(message, span));
            }
            if simple {
                self.add_def(id, DEF_ANNOT | DEF_LOCAL, target.span)?;
            }
            if value.is_some() {
                self.add_def(id, DEF_LOCAL, target.span)?;
            }
        } else {
            self.expr(target)?;
        }
        self.variable_annotation(annotation)?;
        self.opt_expr(value)
    }

    /// The annotation of a variable goes to its block's `__annotate__`.
    fn variable_annotation(&mut self, annotation: &'a Expr<'a>) -> Result {
        let parent = self.cur_id();
        let span = annotation.span;
        let entry = self.cur();
        let kind = entry.kind;
        // A module's annotations always count as conditional: they may be asked for while it is
        // still running.
        let conditional =
            kind == BlockKind::Module || kind == BlockKind::Class && entry.in_conditional_block;
        if conditional && !entry.has_conditional_annotations {
            self.cur_mut().has_conditional_annotations = true;
            self.add_def("__conditional_annotations__", USE, span)?;
        }
        match self.cur().annotation_block {
            Some(block) => self.enter_existing(block),
            None => {
                let key = NodeKey::new(annotation, Role::Annotations);
                self.enter_block("__annotate__", BlockKind::Annotation, key, span)?;
                let block = self.cur_id();
                self.table.entry_mut(parent).annotation_block = Some(block);
                if kind == BlockKind::Class && !self.future_annotations() {
                    self.cur_mut().can_see_class_scope = true;
                    self.add_def("__classdict__", USE, span)?;
                }
            }
        }
        // Annotations in a function are never evaluated.
        let unevaluated = kind == BlockKind::Function;
        self.cur_mut().in_unevaluated_annotation |= unevaluated;
        self.expr(annotation)?;
        self.cur_mut().in_unevaluated_annotation &= !unevaluated;
        self.exit_block();
        Ok(())
    }

    fn alias(&mut self, alias: &'a Alias<'a>) -> Result {
        let name = alias.asname.unwrap_or(alias.name);
        if name == "*" {
            if self.cur().kind != BlockKind::Module {
                let message = "import * only allowed at module level";
                return Err(CompileError::syntax(message, alias.span));
            }
            return Ok(());
        }
        let stored = name.split('.').next().unwrap_or(name);
        self.add_def(stored, DEF_IMPORT, alias.span)
    }

    fn declare(&mut self, names: &'a [&'a str], flag: u32, span: Span) -> Result {
        let what = if flag == DEF_GLOBAL { "global" } else { "nonlocal" };
        for &name in names {
            let usage = self.lookup(name);
            if usage & (DEF_PARAM | DEF_LOCAL | USE | DEF_ANNOT) != 0 {
                let message = if usage & DEF_PARAM != 0 {
                    format!("name '{name}' is parameter and {what}")
                } else if usage & USE != 0 {
                    format!("name '{name}' is used prior to {what} declaration")
                } else if usage & DEF_ANNOT != 0 {
                    format!("annotated name '{name}' can't be {what}")
                } else {
                    format!("name '{name}' is assigned to before {what} declaration")
                };
                return Err(CompileError::syntax(message, span));
            }
            self.add_def(name, flag, span)?;
            self.record_directive(name, span);
        }
        Ok(())
    }

    fn patterns(&mut self, patterns: &'a [&'a Pattern<'a>]) -> Result {
        patterns.iter().try_for_each(|pattern| self.pattern(pattern))
    }

    fn pattern(&mut self, pattern: &'a Pattern<'a>) -> Result {
        self.stack_guard.check()?;
        let span = pattern.span;
        match pattern.node {
            PatternKind::MatchValue { value } => self.expr(value)?,
            PatternKind::MatchSingleton { .. } => {}
            PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
                self.patterns(patterns)?;
            }
            PatternKind::MatchMapping { keys, patterns, rest } => {
                self.exprs(keys)?;
                self.patterns(patterns)?;
                self.capture(rest, span)?;
            }
            PatternKind::MatchClass { cls, patterns, kwd_attrs, kwd_patterns } => {
                self.expr(cls)?;
                self.patterns(patterns)?;
                for (attr, pattern) in kwd_attrs.iter().zip(kwd_patterns) {
                    check_name(attr, pattern.span, ExprContext::Store)?;
                }
                self.patterns(kwd_patterns)?;
            }
            PatternKind::MatchStar { name } => self.capture(name, span)?,
            PatternKind::MatchAs { pattern, name } => {
                if let Some(pattern) = pattern {
                    self.pattern(pattern)?;
                }
                self.capture(name, span)?;
            }
        }
        Ok(())
    }

    fn capture(&mut self, name: Option<&'a str>, span: Span) -> Result {
        name.map_or(Ok(()), |name| self.add_def(name, DEF_LOCAL, span))
    }
}
