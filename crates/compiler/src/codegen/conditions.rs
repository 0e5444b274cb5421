//! Conditions: jumping on the truth of an expression without making a `bool` of it, comparisons and
//! boolean operators.
//!
//! Does the job of `codegen_jump_if`, `codegen_compare` and `codegen_boolop`.

use krait_bytecode::Opcode;
use krait_syntax::ast::{BoolOperator, CmpOperator, Expr, ExprKind, UnaryOperator};

use super::{Generator, at};
use crate::error::Result;
use crate::instructions::{Label, Location};

impl<'a> Generator<'a> {
    /// Jumps to `target` if the truth of `expr` is `condition`; falls through otherwise.
    pub(super) fn jump_if(&mut self, expr: &'a Expr<'a>, target: Label, condition: bool) -> Result {
        self.stack_guard.check()?;
        self.jump_if_node(expr, target, condition)?;
        Ok(())
    }

    fn jump_if_node(&mut self, expr: &'a Expr<'a>, target: Label, condition: bool) -> Result {
        match expr.node {
            ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => {
                self.jump_if(operand, target, !condition)
            }
            ExprKind::BoolOp { op, values } => {
                let Some((last, rest)) = values.split_last() else { return Ok(()) };
                // An operand that decides the whole jumps there, or past the last operand.
                let decides = op == BoolOperator::Or;
                let decided = if decides == condition { target } else { self.new_label() };
                for value in rest {
                    self.jump_if(value, decided, decides)?;
                }
                self.jump_if(last, target, condition)?;
                if decided != target {
                    self.use_label(decided);
                }
                Ok(())
            }
            ExprKind::IfExp { test, body, orelse } => {
                let [end, next] = [self.new_label(), self.new_label()];
                self.jump_if(test, next, false)?;
                self.jump_if(body, target, condition)?;
                self.op_j(Location::NONE, Opcode::JUMP_NO_INTERRUPT, end);
                self.use_label(next);
                self.jump_if(orelse, target, condition)?;
                self.use_label(end);
                Ok(())
            }
            ExprKind::Compare { left, ops, comparators } if ops.len() > 1 => {
                self.check_compare(expr);
                self.jump_if_chain(expr, (left, ops, comparators), target, condition)
            }
            _ => {
                self.expr(expr)?;
                self.op(at(expr.span), Opcode::TO_BOOL);
                self.op_j(at(expr.span), jump_opcode(condition), target);
                Ok(())
            }
        }
    }

    fn jump_if_chain(
        &mut self,
        expr: &'a Expr<'a>,
        (left, ops, comparators): (&'a Expr<'a>, &'a [CmpOperator], &'a [&'a Expr<'a>]),
        target: Label,
        condition: bool,
    ) -> Result {
        let loc = at(expr.span);
        let [cleanup, end] = [self.new_label(), self.new_label()];
        self.expr(left)?;
        let Some(last) = ops.len().min(comparators.len()).checked_sub(1) else { return Ok(()) };
        for (op, operand) in ops.iter().zip(comparators).take(last) {
            self.compare_keeping(loc, *op, operand)?;
            self.op(loc, Opcode::TO_BOOL);
            self.op_j(loc, Opcode::POP_JUMP_IF_FALSE, cleanup);
        }
        self.expr(comparators[last])?;
        self.compare(loc, ops[last]);
        self.op(loc, Opcode::TO_BOOL);
        self.op_j(loc, jump_opcode(condition), target);
        self.op_j(Location::NONE, Opcode::JUMP_NO_INTERRUPT, end);
        self.use_label(cleanup);
        self.op(loc, Opcode::POP_TOP);
        if !condition {
            self.op_j(Location::NONE, Opcode::JUMP_NO_INTERRUPT, target);
        }
        self.use_label(end);
        Ok(())
    }

    /// One link of a chain: the right operand stays below the result.
    fn compare_keeping(&mut self, loc: Location, op: CmpOperator, operand: &'a Expr<'a>) -> Result {
        self.expr(operand)?;
        self.op_i(loc, Opcode::SWAP, 2);
        self.op_i(loc, Opcode::COPY, 2);
        self.compare(loc, op);
        Ok(())
    }

    pub(super) fn compare_expr(
        &mut self,
        expr: &'a Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOperator],
        comparators: &'a [&'a Expr<'a>],
    ) -> Result {
        let loc = at(expr.span);
        self.check_compare(expr);
        self.expr(left)?;
        let Some(last) = ops.len().min(comparators.len()).checked_sub(1) else { return Ok(()) };
        if last == 0 {
            self.expr(comparators[0])?;
            self.compare(loc, ops[0]);
            return Ok(());
        }
        let [cleanup, end] = [self.new_label(), self.new_label()];
        for (op, operand) in ops.iter().zip(comparators).take(last) {
            self.compare_keeping(loc, *op, operand)?;
            self.op_i(loc, Opcode::COPY, 1);
            self.op(loc, Opcode::TO_BOOL);
            self.op_j(loc, Opcode::POP_JUMP_IF_FALSE, cleanup);
            self.op(loc, Opcode::POP_TOP);
        }
        self.expr(comparators[last])?;
        self.compare(loc, ops[last]);
        self.op_j(Location::NONE, Opcode::JUMP_NO_INTERRUPT, end);
        self.use_label(cleanup);
        self.op_i(loc, Opcode::SWAP, 2);
        self.op(loc, Opcode::POP_TOP);
        self.use_label(end);
        Ok(())
    }

    pub(super) fn bool_op(
        &mut self,
        loc: Location,
        op: BoolOperator,
        values: &'a [&'a Expr<'a>],
    ) -> Result {
        let jump = match op {
            BoolOperator::And => Opcode::JUMP_IF_FALSE,
            BoolOperator::Or => Opcode::JUMP_IF_TRUE,
        };
        let Some((last, rest)) = values.split_last() else { return Ok(()) };
        let end = self.new_label();
        for value in rest {
            self.expr(value)?;
            self.op_j(loc, jump, end);
            self.op(loc, Opcode::POP_TOP);
        }
        self.expr(last)?;
        self.use_label(end);
        Ok(())
    }

    pub(super) fn if_exp(
        &mut self,
        test: &'a Expr<'a>,
        body: &'a Expr<'a>,
        orelse: &'a Expr<'a>,
    ) -> Result {
        let [end, next] = [self.new_label(), self.new_label()];
        self.jump_if(test, next, false)?;
        self.expr(body)?;
        self.op_j(Location::NONE, Opcode::JUMP_NO_INTERRUPT, end);
        self.use_label(next);
        self.expr(orelse)?;
        self.use_label(end);
        Ok(())
    }
}

fn jump_opcode(condition: bool) -> Opcode {
    if condition { Opcode::POP_JUMP_IF_TRUE } else { Opcode::POP_JUMP_IF_FALSE }
}
