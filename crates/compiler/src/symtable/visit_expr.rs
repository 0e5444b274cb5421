//! First pass over expressions, comprehensions and parameters.
//!
//! Does the job of `symtable_visit_expr` and `symtable_handle_comprehension` of
//! `Python/symtable.c`.

use krait_syntax::ast::*;

use super::build::{Builder, check_name};
use super::flags::*;
use super::{BlockKind, ComprehensionKind, NodeKey, Role};
use crate::error::{CompileError, Result};
use crate::limits::LONGEST_CHAIN;

impl<'a> Builder<'a> {
    pub(super) fn expr(&mut self, expr: &'a Expr<'a>) -> Result {
        if !self.stack_guard.has_plenty() && self.walk_in_pieces(expr)? {
            return Ok(());
        }
        self.expr_node(expr)?;
        Ok(())
    }

    /// Short of stack: walks all of a long chain but its last piece, for which the caller is left. True if `expr`
    /// has been walked so before.
    #[cold]
    fn walk_in_pieces(&mut self, expr: &'a Expr<'a>) -> Result<bool> {
        if self.walked == expr.address() {
            self.walked = 0;
            return Ok(true);
        }
        self.stack_guard.check()?;
        let chain = expr.chain(self.walked);
        if chain.length > LONGEST_CHAIN {
            return Err(CompileError::Recursion);
        }
        for piece in chain.pieces {
            self.expr_node(piece)?;
            self.walked = piece.address();
        }
        Ok(false)
    }

    pub(super) fn exprs(&mut self, exprs: &[&'a Expr<'a>]) -> Result {
        exprs.iter().try_for_each(|expr| self.expr(expr))
    }

    pub(super) fn opt_expr(&mut self, expr: Option<&'a Expr<'a>>) -> Result {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }

    fn opt_exprs(&mut self, exprs: &[Option<&'a Expr<'a>>]) -> Result {
        exprs.iter().try_for_each(|expr| self.opt_expr(*expr))
    }

    fn expr_node(&mut self, expr: &'a Expr<'a>) -> Result {
        let span = expr.span;
        match expr.node {
            ExprKind::NamedExpr { target, value } => {
                self.refuse_in_annotation("named expression", span)?;
                self.named_expr(target, value, span)
            }
            ExprKind::BoolOp { values, .. }
            | ExprKind::JoinedStr { values }
            | ExprKind::TemplateStr { values } => self.exprs(values),
            ExprKind::BinOp { left, right, .. } => self.binary_chain(left, right),
            ExprKind::UnaryOp { operand, .. } => self.expr(operand),
            ExprKind::Lambda { args, body } => self.lambda(expr, args, body),
            ExprKind::IfExp { test, body, orelse } => self.exprs(&[test, body, orelse]),
            ExprKind::Dict { keys, values } => {
                self.opt_exprs(keys)?;
                self.exprs(values)
            }
            ExprKind::Set { elts } | ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
                self.exprs(elts)
            }
            ExprKind::ListComp { elt, generators } => {
                self.comprehension(expr, ComprehensionKind::List, generators, elt, None)
            }
            ExprKind::SetComp { elt, generators } => {
                self.comprehension(expr, ComprehensionKind::Set, generators, elt, None)
            }
            ExprKind::DictComp { key, value, generators } => {
                self.comprehension(expr, ComprehensionKind::Dict, generators, key, Some(value))
            }
            ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension(expr, ComprehensionKind::Generator, generators, elt, None)
            }
            ExprKind::Yield { value } => self.yield_expr(value, span),
            ExprKind::YieldFrom { value } => self.yield_expr(Some(value), span),
            ExprKind::Await { value } => self.await_expr(value, span),
            ExprKind::Compare { left, comparators, .. } => {
                self.expr(left)?;
                self.exprs(comparators)
            }
            ExprKind::Call { func, args, keywords } => {
                self.expr(func)?;
                self.exprs(args)?;
                self.keywords(keywords)
            }
            ExprKind::FormattedValue { value, format_spec, .. }
            | ExprKind::Interpolation { value, format_spec, .. } => {
                self.expr(value)?;
                self.opt_expr(format_spec)
            }
            ExprKind::Constant { .. } => Ok(()),
            ExprKind::Attribute { value, attr, ctx } => {
                check_name(attr, span, ctx)?;
                self.expr(value)
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                self.expr(slice)
            }
            ExprKind::Starred { value, .. } => self.expr(value),
            ExprKind::Slice { lower, upper, step } => self.opt_exprs(&[lower, upper, step]),
            ExprKind::Name { id, ctx } => self.name(id, ctx, span),
        }
    }

    /// Long chains of operators nest to the left: no recursion there, but the reference's limit.
    fn binary_chain(&mut self, mut left: &'a Expr<'a>, right: &'a Expr<'a>) -> Result {
        if !matches!(left.node, ExprKind::BinOp { .. }) {
            self.expr(left)?;
            return self.expr(right);
        }
        let mut pending = vec![right];
        while let ExprKind::BinOp { left: next, right, .. } = left.node {
            pending.push(right);
            left = next;
        }
        if pending.len() > LONGEST_CHAIN {
            return Err(CompileError::Recursion);
        }
        self.expr(left)?;
        pending.iter().rev().try_for_each(|right| self.expr(right))
    }

    fn name(&mut self, id: &'a str, ctx: ExprContext, span: Span) -> Result {
        if self.cur().in_unevaluated_annotation {
            return Ok(());
        }
        let flag = if ctx == ExprContext::Load { USE } else { DEF_LOCAL };
        self.add_def_ctx(id, flag, span, ctx)?;
        // `super()` finds the class through this cell.
        if ctx == ExprContext::Load && id == "super" && self.cur().kind.is_function_like() {
            self.add_def("__class__", USE, span)?;
        }
        Ok(())
    }

    pub(super) fn keywords(&mut self, keywords: &'a [Keyword<'a>]) -> Result {
        for keyword in keywords {
            if let Some(arg) = keyword.arg {
                check_name(arg, keyword.span, ExprContext::Store)?;
            }
        }
        keywords.iter().try_for_each(|keyword| self.expr(keyword.value))
    }

    fn lambda(
        &mut self,
        expr: &'a Expr<'a>,
        args: &'a Arguments<'a>,
        body: &'a Expr<'a>,
    ) -> Result {
        self.defaults(args)?;
        let key = NodeKey::new(expr, Role::Body);
        self.enter_block("lambda", BlockKind::Function, key, expr.span)?;
        self.arguments(args)?;
        self.expr(body)?;
        self.exit_block();
        Ok(())
    }

    pub(super) fn defaults(&mut self, args: &'a Arguments<'a>) -> Result {
        self.exprs(args.defaults)?;
        self.opt_exprs(args.kw_defaults)
    }

    pub(super) fn arguments(&mut self, args: &'a Arguments<'a>) -> Result {
        let named = args.posonlyargs.iter().chain(args.args).chain(args.kwonlyargs);
        for arg in named.chain(args.vararg).chain(args.kwarg) {
            self.add_def(arg.arg, DEF_PARAM, arg.span)?;
        }
        let entry = self.cur_mut();
        entry.varargs |= args.vararg.is_some();
        entry.varkeywords |= args.kwarg.is_some();
        Ok(())
    }

    fn yield_expr(&mut self, value: Option<&'a Expr<'a>>, span: Span) -> Result {
        self.refuse_in_annotation("yield expression", span)?;
        self.opt_expr(value)?;
        self.mark_generator(span)
    }

    fn mark_generator(&mut self, span: Span) -> Result {
        let entry = self.cur_mut();
        entry.generator = true;
        let message = match entry.comprehension {
            None => return Ok(()),
            Some(ComprehensionKind::List) => "'yield' inside list comprehension",
            Some(ComprehensionKind::Set) => "'yield' inside set comprehension",
            Some(ComprehensionKind::Dict) => "'yield' inside dict comprehension",
            Some(ComprehensionKind::Generator) => "'yield' inside generator expression",
        };
        Err(CompileError::syntax(message, span))
    }

    fn in_async_function(&self) -> bool {
        self.cur().kind.is_function_like() && self.cur().coroutine
    }

    fn await_expr(&mut self, value: &'a Expr<'a>, span: Span) -> Result {
        self.refuse_in_annotation("await expression", span)?;
        if !self.allows_top_level_await() {
            if !self.cur().kind.is_function_like() {
                return Err(CompileError::syntax("'await' outside function", span));
            }
            if !self.in_async_function() && self.cur().comprehension.is_none() {
                return Err(CompileError::syntax("'await' outside async function", span));
            }
        }
        self.expr(value)?;
        self.cur_mut().coroutine = true;
        Ok(())
    }

    fn comprehension_target(&mut self, target: &'a Expr<'a>) -> Result {
        self.cur_mut().comp_iter_target = true;
        self.expr(target)?;
        self.cur_mut().comp_iter_target = false;
        Ok(())
    }

    fn comprehension_iter(&mut self, iter: &'a Expr<'a>) -> Result {
        self.cur_mut().comp_iter_expr += 1;
        self.expr(iter)?;
        self.cur_mut().comp_iter_expr -= 1;
        Ok(())
    }

    fn comprehension(
        &mut self,
        expr: &'a Expr<'a>,
        kind: ComprehensionKind,
        generators: &'a [Comprehension<'a>],
        elt: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
    ) -> Result {
        let Some((outermost, rest)) = generators.split_first() else {
            let message = "comprehension with no generators".to_owned();
            return Err(CompileError::Value(message));
        };
        // The outermost iterable is evaluated in the block around.
        self.comprehension_iter(outermost.iter)?;
        let name = match kind {
            ComprehensionKind::List => "listcomp",
            ComprehensionKind::Set => "setcomp",
            ComprehensionKind::Dict => "dictcomp",
            ComprehensionKind::Generator => "genexpr",
        };
        let key = NodeKey::new(expr, Role::Body);
        self.enter_block(name, BlockKind::Function, key, expr.span)?;
        let entry = self.cur_mut();
        entry.comprehension = Some(kind);
        entry.coroutine |= outermost.is_async;
        let span = entry.span;
        self.add_def(".0", DEF_PARAM, span)?;
        self.comprehension_target(outermost.target)?;
        self.exprs(outermost.ifs)?;
        for generator in rest {
            self.comprehension_target(generator.target)?;
            self.comprehension_iter(generator.iter)?;
            self.exprs(generator.ifs)?;
            self.cur_mut().coroutine |= generator.is_async;
        }
        self.opt_expr(value)?;
        self.expr(elt)?;
        let is_generator = kind == ComprehensionKind::Generator;
        let entry = self.cur_mut();
        entry.generator = is_generator;
        let is_async = entry.coroutine && !is_generator;
        self.exit_block();
        if is_async {
            if !self.in_async_function()
                && self.cur().comprehension.is_none()
                && !self.allows_top_level_await()
            {
                let message = "asynchronous comprehension outside of an asynchronous function";
                return Err(CompileError::syntax(message, expr.span));
            }
            self.cur_mut().coroutine = true;
        }
        Ok(())
    }
}
