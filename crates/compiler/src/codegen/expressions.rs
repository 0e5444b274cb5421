//! Expressions: the dispatch over expression kinds, and the simple ones.
//!
//! Does the job of `codegen_visit_expr`, `codegen_subscript` and `codegen_slice`.

use krait_bytecode::{BinaryOp, Opcode, intrinsic_1, resume};
use krait_syntax::ast::{self, Expr, ExprContext, ExprKind, UnaryOperator};

use super::{Generator, at, constants};
use crate::code::{Constant, Text};
use crate::error::Result;
use crate::instructions::Location;

impl<'a> Generator<'a> {
    pub(super) fn exprs(&mut self, exprs: &'a [&'a Expr<'a>]) -> Result {
        exprs.iter().try_for_each(|expr| self.expr(expr))
    }

    pub(super) fn expr(&mut self, expr: &'a Expr<'a>) -> Result {
        if !self.stack_guard.has_plenty() && self.walk_in_pieces(expr)? {
            return Ok(());
        }
        let expr = self.resolve(expr);
        self.expr_node(expr)?;
        Ok(())
    }

    /// Short of stack: generates all of a long chain but its last piece, for which the caller is left. True if the
    /// value of `expr` is on the stack from such a walk.
    #[cold]
    fn walk_in_pieces(&mut self, expr: &'a Expr<'a>) -> Result<bool> {
        if self.walked == expr.address() {
            self.walked = 0;
            return Ok(true);
        }
        self.stack_guard.check()?;
        for piece in expr.chain(self.walked).pieces {
            let resolved = self.resolve(piece);
            self.expr_node(resolved)?;
            self.walked = piece.address();
        }
        Ok(false)
    }

    fn expr_node(&mut self, expr: &'a Expr<'a>) -> Result {
        let loc = at(expr.span);
        match expr.node {
            ExprKind::Constant { value, .. } => {
                let constant = match value {
                    // What is left of `%%` in `"…%%…" % (…)`; no other constant is without a place.
                    ast::Constant::Str(text) if !loc.has_line() && text.as_bytes() == b"%" => {
                        Constant::Str(Text::separate("%"))
                    }
                    _ => constants::constant(&value, self.arena),
                };
                self.load_const(loc, constant);
                Ok(())
            }
            ExprKind::Name { id, ctx } => self.name_op(loc, id, ctx),
            ExprKind::Attribute { value, attr, ctx } => self.attribute(expr, value, attr, ctx),
            ExprKind::Call { .. } => self.call(expr),
            ExprKind::Subscript { value, slice, ctx } => self.subscript(loc, value, slice, ctx),
            ExprKind::BinOp { .. } => self.binary_chain(expr),
            ExprKind::Compare { left, ops, comparators } => {
                self.compare_expr(expr, left, ops, comparators)
            }
            ExprKind::BoolOp { op, values } => self.bool_op(loc, op, values),
            ExprKind::UnaryOp { op, operand } => self.unary(loc, op, operand),
            ExprKind::Tuple { elts, ctx } => self.tuple(expr.span, elts, ctx),
            ExprKind::List { elts, ctx } => self.list(expr.span, elts, ctx),
            ExprKind::Set { elts } => self.set(loc, elts),
            ExprKind::Dict { keys, values } => self.dict(loc, keys, values),
            ExprKind::JoinedStr { values } => self.joined_str(loc, values),
            ExprKind::TemplateStr { values } => self.template_str(loc, values),
            ExprKind::FormattedValue { value, conversion, format_spec } => {
                self.formatted_value(loc, value, conversion, format_spec)
            }
            ExprKind::Interpolation { value, str, conversion, format_spec } => {
                self.interpolation(loc, value, str, conversion, format_spec)
            }
            ExprKind::Lambda { args, body } => self.lambda(expr, args, body),
            ExprKind::IfExp { test, body, orelse } => self.if_exp(test, body, orelse),
            ExprKind::NamedExpr { target, value } => {
                self.expr(value)?;
                self.op_i(loc, Opcode::COPY, 1);
                self.expr(target)
            }
            ExprKind::ListComp { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::DictComp { .. }
            | ExprKind::GeneratorExp { .. } => self.comprehension(expr),
            ExprKind::Yield { .. } | ExprKind::YieldFrom { .. } | ExprKind::Await { .. } => {
                self.suspension(expr)
            }
            ExprKind::Slice { .. } => self.slice(loc, expr),
            ExprKind::Starred { ctx: ExprContext::Store, .. } => {
                self.error(expr.span, "starred assignment target must be in a list or tuple")
            }
            ExprKind::Starred { .. } => self.error(expr.span, "can't use starred expression here"),
        }
    }

    /// Operators of a kind often come in long chains, which nest to the left: no recursion there.
    fn binary_chain(&mut self, expr: &'a Expr<'a>) -> Result {
        let mut pending = Vec::new();
        let mut left = expr;
        while let ExprKind::BinOp { left: next, op, right } = left.node {
            pending.push((at(left.span), op, right));
            left = self.resolve(next);
        }
        self.expr(left)?;
        for (loc, op, right) in pending.into_iter().rev() {
            self.expr(right)?;
            self.binary(loc, op);
        }
        Ok(())
    }

    fn unary(&mut self, loc: Location, op: UnaryOperator, operand: &'a Expr<'a>) -> Result {
        self.expr(operand)?;
        match op {
            UnaryOperator::Invert => self.op(loc, Opcode::UNARY_INVERT),
            UnaryOperator::USub => self.op(loc, Opcode::UNARY_NEGATIVE),
            UnaryOperator::UAdd => {
                self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::UNARY_POSITIVE);
            }
            UnaryOperator::Not => {
                self.op(loc, Opcode::TO_BOOL);
                self.op(loc, Opcode::UNARY_NOT);
            }
        }
        Ok(())
    }

    /// `yield`, `yield from` and `await`.
    fn suspension(&mut self, expr: &'a Expr<'a>) -> Result {
        let loc = at(expr.span);
        let function_like = self.entry().kind.is_function_like();
        match expr.node {
            ExprKind::Await { value } => {
                self.expr(value)?;
                self.await_top(loc, 0);
                Ok(())
            }
            ExprKind::YieldFrom { .. } if !function_like => {
                self.error(expr.span, "'yield from' outside function")
            }
            _ if !function_like => self.error(expr.span, "'yield' outside function"),
            ExprKind::YieldFrom { value } => {
                if self.unit().kind == super::unit::ScopeKind::AsyncFunction {
                    return self.error(expr.span, "'yield from' inside async function");
                }
                self.expr(value)?;
                self.op(loc, Opcode::GET_YIELD_FROM_ITER);
                self.load_none(loc);
                self.yield_from(loc, false);
                Ok(())
            }
            ExprKind::Yield { value } => {
                match value {
                    Some(value) => self.expr(value)?,
                    None => self.load_none(loc),
                }
                self.yield_top(loc);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn yield_top(&mut self, loc: Location) {
        let entry = self.entry();
        if entry.generator && entry.coroutine {
            self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::ASYNC_GEN_WRAP);
        }
        self.op_i(loc, Opcode::YIELD_VALUE, 0);
        self.op_i(loc, Opcode::RESUME, resume::AFTER_YIELD);
    }

    fn subscript(
        &mut self,
        loc: Location,
        value: &'a Expr<'a>,
        slice: &'a Expr<'a>,
        ctx: ExprContext,
    ) -> Result {
        if ctx == ExprContext::Load {
            self.check_subscripter(value);
            self.check_index(value, slice);
        }
        self.expr(value)?;
        if ctx != ExprContext::Del && self.is_two_part_slice(slice) {
            self.slice_bounds(slice)?;
            let load = ctx == ExprContext::Load;
            self.op(loc, if load { Opcode::BINARY_SLICE } else { Opcode::STORE_SLICE });
            return Ok(());
        }
        self.expr(slice)?;
        match ctx {
            ExprContext::Load => {
                self.op_i(loc, Opcode::BINARY_OP, BinaryOp::NB_SUBSCR as u32);
            }
            ExprContext::Store => self.op(loc, Opcode::STORE_SUBSCR),
            ExprContext::Del => self.op(loc, Opcode::DELETE_SUBSCR),
        }
        Ok(())
    }

    fn slice(&mut self, loc: Location, expr: &'a Expr<'a>) -> Result {
        let parts = slice_parts(expr);
        if let Some(constant) = self.constant_slice(expr) {
            self.load_const(loc, constant);
            return Ok(());
        }
        self.slice_bounds(expr)?;
        let mut count = 2;
        if let Some(step) = parts[2] {
            self.expr(step)?;
            count = 3;
        }
        self.op_i(loc, Opcode::BUILD_SLICE, count);
        Ok(())
    }

    /// A slice whose parts are all constants or left out.
    fn constant_slice(&self, slice: &'a Expr<'a>) -> Option<Constant<'a>> {
        let parts = slice_parts(slice).map(|part| part.map(|part| self.resolve(part)));
        constants::constant_slice(parts, self.arena)
    }

    /// Slices without step have instructions of their own, unless they are constants.
    pub(super) fn is_two_part_slice(&self, slice: &'a Expr<'a>) -> bool {
        matches!(slice.node, ExprKind::Slice { step: None, .. })
            && self.constant_slice(slice).is_none()
    }

    /// Pushes start and stop of a slice.
    pub(super) fn slice_bounds(&mut self, slice: &'a Expr<'a>) -> Result {
        for part in &slice_parts(slice)[..2] {
            match part {
                Some(part) => self.expr(part)?,
                None => self.load_none(at(slice.span)),
            }
        }
        Ok(())
    }
}

/// Start, stop and step.
pub(super) fn slice_parts<'a>(slice: &Expr<'a>) -> [Option<&'a Expr<'a>>; 3] {
    match slice.node {
        ExprKind::Slice { lower, upper, step } => [lower, upper, step],
        _ => [None; 3],
    }
}

/// The value of a constant node.
pub(super) fn constant_of<'a>(expr: &Expr<'a>) -> Option<ast::Constant<'a>> {
    match expr.node {
        ExprKind::Constant { value, .. } => Some(value),
        _ => None,
    }
}
