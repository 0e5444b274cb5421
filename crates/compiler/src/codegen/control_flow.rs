//! Branches and loops.
//!
//! Does the job of `codegen_if`, `codegen_for`, `codegen_async_for`, `codegen_while`,
//! `codegen_break` and `codegen_continue`.

use krait_bytecode::Opcode;
use krait_syntax::ast::{Expr, For, Span, Stmt, StmtKind};

use super::frame_blocks::BlockType;
use super::{Generator, at};
use crate::error::Result;
use crate::instructions::Location;

type Body<'a> = &'a [&'a Stmt<'a>];

impl<'a> Generator<'a> {
    /// Runs `emit` with annotations counting as conditional.
    pub(super) fn conditionally(&mut self, emit: impl FnOnce(&mut Self) -> Result) -> Result {
        let before = std::mem::replace(&mut self.unit_mut().in_conditional_block, true);
        emit(self)?;
        self.unit_mut().in_conditional_block = before;
        Ok(())
    }

    /// An `elif` is a statement of its own in the `else` block: a loop here, so that a chain of them costs no stack.
    pub(super) fn if_stmt(
        &mut self,
        mut test: &'a Expr<'a>,
        mut body: Body<'a>,
        mut orelse: Body<'a>,
    ) -> Result {
        let mut end = self.new_label();
        let mut outer_ends = Vec::new();
        self.conditionally(|this| {
            loop {
                let next = if orelse.is_empty() { end } else { this.new_label() };
                this.jump_if(test, next, false)?;
                this.stmts(body)?;
                if orelse.is_empty() {
                    return Ok(());
                }
                this.op_j(Location::NONE, Opcode::JUMP_NO_INTERRUPT, end);
                this.use_label(next);
                let &[Stmt { node: StmtKind::If { test: t, body: b, orelse: o }, .. }] = orelse
                else {
                    return this.stmts(orelse);
                };
                (test, body, orelse) = (t, b, o);
                outer_ends.push(std::mem::replace(&mut end, this.new_label()));
            }
        })?;
        self.use_label(end);
        outer_ends.into_iter().rev().for_each(|end| self.use_label(end));
        Ok(())
    }

    pub(super) fn while_stmt(
        &mut self,
        span: Span,
        test: &'a Expr<'a>,
        body: Body<'a>,
        orelse: Body<'a>,
    ) -> Result {
        let [start, end, anchor] = [self.new_label(), self.new_label(), self.new_label()];
        self.use_label(start);
        self.push_block(at(span), BlockType::WhileLoop, Some(start), Some(end))?;
        self.conditionally(|this| {
            this.jump_if(test, anchor, false)?;
            this.stmts(body)?;
            this.op_j(Location::NONE, Opcode::JUMP, start);
            this.pop_block();
            this.use_label(anchor);
            this.stmts(orelse)
        })?;
        self.use_label(end);
        Ok(())
    }

    pub(super) fn for_stmt(&mut self, span: Span, node: &'a For<'a>) -> Result {
        let [start, cleanup, end] = [self.new_label(), self.new_label(), self.new_label()];
        self.push_block(at(span), BlockType::ForLoop, Some(start), Some(end))?;
        self.expr(node.iter)?;
        let loc = at(node.iter.span);
        self.op(loc, Opcode::GET_ITER);
        self.use_label(start);
        self.op_j(loc, Opcode::FOR_ITER, cleanup);
        // For tracing of targets on a line of their own.
        self.op(at(node.target.span), Opcode::NOP);
        self.conditionally(|this| {
            this.expr(node.target)?;
            this.stmts(node.body)?;
            this.op_j(Location::NONE, Opcode::JUMP, start);
            this.use_label(cleanup);
            // END_FOR comes first, for instrumentation: iterating a generator jumps to it, other
            // iterators behind it.
            this.op(Location::NONE, Opcode::END_FOR);
            this.op(Location::NONE, Opcode::POP_ITER);
            this.pop_block();
            this.stmts(node.orelse)
        })?;
        self.use_label(end);
        Ok(())
    }

    pub(super) fn async_for(&mut self, span: Span, node: &'a For<'a>) -> Result {
        let loc = at(span);
        let [start, send, except, end] =
            [self.new_label(), self.new_label(), self.new_label(), self.new_label()];
        self.expr(node.iter)?;
        let iter_loc = at(node.iter.span);
        self.op(iter_loc, Opcode::GET_AITER);
        self.use_label(start);
        self.push_block(loc, BlockType::AsyncForLoop, Some(start), Some(end))?;
        // The call of __anext__ is guarded.
        self.op_j(loc, Opcode::SETUP_FINALLY, except);
        self.op(loc, Opcode::GET_ANEXT);
        self.load_none(loc);
        self.use_label(send);
        self.yield_from(loc, true);
        self.op(loc, Opcode::POP_BLOCK);
        self.op(loc, Opcode::NOT_TAKEN);
        self.conditionally(|this| {
            this.expr(node.target)?;
            this.stmts(node.body)?;
            this.op_j(Location::NONE, Opcode::JUMP, start);
            this.pop_block();
            this.use_label(except);
            this.op_j(iter_loc, Opcode::END_ASYNC_FOR, send);
            this.stmts(node.orelse)
        })?;
        self.use_label(end);
        Ok(())
    }

    pub(super) fn break_stmt(&mut self, span: Span) -> Result {
        let mut loc = at(span);
        self.op(loc, Opcode::NOP);
        let Some(block) = self.unwind_blocks(&mut loc, false, true)? else {
            return self.error(span, "'break' outside loop");
        };
        self.unwind_block(&mut loc, block, false)?;
        if let Some(exit) = block.exit {
            self.op_j(loc, Opcode::JUMP, exit);
        }
        Ok(())
    }

    pub(super) fn continue_stmt(&mut self, span: Span) -> Result {
        let mut loc = at(span);
        self.op(loc, Opcode::NOP);
        let Some(block) = self.unwind_blocks(&mut loc, false, true)? else {
            return self.error(span, "'continue' not properly in loop");
        };
        if let Some(start) = block.start {
            self.op_j(loc, Opcode::JUMP, start);
        }
        Ok(())
    }
}
