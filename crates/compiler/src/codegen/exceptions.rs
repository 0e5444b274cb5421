//! `try` in all its forms.
//!
//! Each handler runs inside of a region whose clean-up restores the exception state. Does the job
//! of `codegen_try_finally`, `codegen_try_except` and their `_star_` forms.

use krait_bytecode::{Opcode, intrinsic_2};
use krait_syntax::ast::{ExceptHandler, Span, Try};

use super::frame_blocks::BlockType;
use super::{Generator, at};
use crate::error::Result;
use crate::instructions::{Label, Location};

const NONE: Location = Location::NONE;

impl<'a> Generator<'a> {
    pub(super) fn try_stmt(&mut self, span: Span, node: &'a Try<'a>, star: bool) -> Result {
        self.conditionally(|this| {
            if node.finalbody.is_empty() {
                this.try_handlers(span, node, star)
            } else {
                this.try_finally(span, node, star)
            }
        })
    }

    fn try_handlers(&mut self, span: Span, node: &'a Try<'a>, star: bool) -> Result {
        if star { self.try_except_star(span, node) } else { self.try_except(span, node) }
    }

    fn try_finally(&mut self, span: Span, node: &'a Try<'a>, star: bool) -> Result {
        let loc = at(span);
        let [body, end, exit, cleanup] =
            [self.new_label(), self.new_label(), self.new_label(), self.new_label()];
        self.op_j(loc, Opcode::SETUP_FINALLY, end);
        self.use_label(body);
        let kind = BlockType::FinallyTry { body: node.finalbody };
        self.push_block(loc, kind, Some(body), Some(end))?;
        if node.handlers.is_empty() {
            self.stmts(node.body)?;
        } else {
            self.try_handlers(span, node, star)?;
        }
        self.op(NONE, Opcode::POP_BLOCK);
        self.pop_block();
        self.stmts(node.finalbody)?;
        self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, exit);

        self.use_label(end);
        self.push_block(NONE, BlockType::FinallyEnd, Some(end), None)?;
        self.op_j(NONE, Opcode::SETUP_CLEANUP, cleanup);
        self.op(NONE, Opcode::PUSH_EXC_INFO);
        // This copy would repeat the warnings of the other.
        let muted = std::mem::replace(&mut self.warnings_muted, true);
        self.stmts(node.finalbody)?;
        self.warnings_muted = muted;
        self.op_i(NONE, Opcode::RERAISE, 0);
        self.pop_block();
        self.use_label(cleanup);
        self.pop_except_and_reraise(NONE);
        self.use_label(exit);
        Ok(())
    }

    /// The body, up to the point where it has ended well.
    fn try_body(&mut self, loc: Location, node: &'a Try<'a>, except: Label) -> Result {
        let body = self.new_label();
        self.op_j(loc, Opcode::SETUP_FINALLY, except);
        self.use_label(body);
        self.push_block(loc, BlockType::TryExcept, Some(body), None)?;
        self.stmts(node.body)?;
        self.pop_block();
        self.op(NONE, Opcode::POP_BLOCK);
        Ok(())
    }

    fn try_except(&mut self, span: Span, node: &'a Try<'a>) -> Result {
        let loc = at(span);
        let [except, end, cleanup] = [self.new_label(), self.new_label(), self.new_label()];
        self.try_body(loc, node, except)?;
        self.stmts(node.orelse)?;
        self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, end);

        self.use_label(except);
        self.op_j(NONE, Opcode::SETUP_CLEANUP, cleanup);
        self.op(NONE, Opcode::PUSH_EXC_INFO);
        self.push_block(loc, BlockType::ExceptionHandler, None, None)?;
        for (index, handler) in node.handlers.iter().enumerate() {
            if handler.r#type.is_none() && index + 1 < node.handlers.len() {
                return self.error(handler.span, "default 'except:' must be last");
            }
            self.handler(handler, end)?;
        }
        self.pop_block();
        self.op_i(NONE, Opcode::RERAISE, 0);
        self.use_label(cleanup);
        self.pop_except_and_reraise(NONE);
        self.use_label(end);
        Ok(())
    }

    fn handler(&mut self, handler: &'a ExceptHandler<'a>, end: Label) -> Result {
        let loc = at(handler.span);
        let next = self.new_label();
        if let Some(kind) = handler.r#type {
            self.expr(kind)?;
            self.op(loc, Opcode::CHECK_EXC_MATCH);
            self.op_j(loc, Opcode::POP_JUMP_IF_FALSE, next);
        }
        let body = self.new_label();
        let block = BlockType::HandlerCleanup { name: handler.name };
        let Some(name) = handler.name else {
            self.op(loc, Opcode::POP_TOP);
            self.use_label(body);
            self.push_block(loc, block, Some(body), None)?;
            self.stmts(handler.body)?;
            self.pop_block();
            self.op(NONE, Opcode::POP_BLOCK);
            self.op(NONE, Opcode::POP_EXCEPT);
            self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, end);
            self.use_label(next);
            return Ok(());
        };
        let failed = self.new_label();
        self.store_name(loc, name)?;
        // The name goes away however the handler ends.
        self.op_j(loc, Opcode::SETUP_CLEANUP, failed);
        self.use_label(body);
        self.push_block(loc, block, Some(body), None)?;
        self.stmts(handler.body)?;
        self.pop_block();
        self.op(NONE, Opcode::POP_BLOCK);
        self.op(NONE, Opcode::POP_BLOCK);
        self.op(NONE, Opcode::POP_EXCEPT);
        self.forget_name(NONE, name)?;
        self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, end);
        self.use_label(failed);
        self.forget_name(NONE, name)?;
        self.op_i(NONE, Opcode::RERAISE, 1);
        self.use_label(next);
        Ok(())
    }

    /// `except*`. While handlers run, the stack holds the original group, a list of what handlers
    /// raised, and the part of the group that is not handled yet.
    fn try_except_star(&mut self, span: Span, node: &'a Try<'a>) -> Result {
        let loc = at(span);
        let [except, orelse, end, cleanup, reraise_star] = [
            self.new_label(),
            self.new_label(),
            self.new_label(),
            self.new_label(),
            self.new_label(),
        ];
        self.try_body(loc, node, except)?;
        self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, orelse);

        self.use_label(except);
        self.op_j(NONE, Opcode::SETUP_CLEANUP, cleanup);
        self.op(NONE, Opcode::PUSH_EXC_INFO);
        self.push_block(loc, BlockType::ExceptionGroupHandler, None, None)?;
        for (index, handler) in node.handlers.iter().enumerate() {
            if index == 0 {
                self.op_i(at(handler.span), Opcode::BUILD_LIST, 0);
                self.op_i(at(handler.span), Opcode::COPY, 2);
            }
            self.star_handler(handler)?;
            if index + 1 == node.handlers.len() {
                // What nobody handled joins what handlers raised.
                self.op_i(NONE, Opcode::LIST_APPEND, 1);
                self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, reraise_star);
            }
        }
        self.pop_block();
        self.use_label(reraise_star);
        self.star_finish(end);
        self.use_label(cleanup);
        self.pop_except_and_reraise(NONE);
        self.use_label(orelse);
        self.stmts(node.orelse)?;
        self.use_label(end);
        Ok(())
    }

    fn star_handler(&mut self, handler: &'a ExceptHandler<'a>) -> Result {
        let loc = at(handler.span);
        let [done, next, no_match, body, failed] = [
            self.new_label(),
            self.new_label(),
            self.new_label(),
            self.new_label(),
            self.new_label(),
        ];
        if let Some(kind) = handler.r#type {
            self.expr(kind)?;
            self.op(loc, Opcode::CHECK_EG_MATCH);
            self.op_i(loc, Opcode::COPY, 1);
            self.op_j(loc, Opcode::POP_JUMP_IF_NONE, no_match);
        }
        match handler.name {
            Some(name) => self.store_name(loc, name)?,
            None => self.op(loc, Opcode::POP_TOP),
        }
        self.op_j(loc, Opcode::SETUP_CLEANUP, failed);
        self.use_label(body);
        let block = BlockType::HandlerCleanup { name: handler.name };
        self.push_block(loc, block, Some(body), None)?;
        self.stmts(handler.body)?;
        self.pop_block();
        self.op(NONE, Opcode::POP_BLOCK);
        if let Some(name) = handler.name {
            self.forget_name(NONE, name)?;
        }
        self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, done);

        self.use_label(failed);
        if let Some(name) = handler.name {
            self.forget_name(NONE, name)?;
        }
        self.op_i(NONE, Opcode::LIST_APPEND, 3);
        self.op(NONE, Opcode::POP_TOP);
        self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, next);

        self.use_label(done);
        // Holds the location of the jump.
        self.op(NONE, Opcode::NOP);
        self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, next);
        self.use_label(no_match);
        self.op(loc, Opcode::POP_TOP);
        self.use_label(next);
        Ok(())
    }

    /// Raises what is left, or ends the statement.
    fn star_finish(&mut self, end: Label) {
        let reraise = self.new_label();
        self.op_i(NONE, Opcode::CALL_INTRINSIC_2, intrinsic_2::PREP_RERAISE_STAR);
        self.op_i(NONE, Opcode::COPY, 1);
        self.op_j(NONE, Opcode::POP_JUMP_IF_NOT_NONE, reraise);
        self.op(NONE, Opcode::POP_TOP);
        self.op(NONE, Opcode::POP_BLOCK);
        self.op(NONE, Opcode::POP_EXCEPT);
        self.op_j(NONE, Opcode::JUMP_NO_INTERRUPT, end);
        self.use_label(reraise);
        self.op(NONE, Opcode::POP_BLOCK);
        self.op_i(NONE, Opcode::SWAP, 2);
        self.op(NONE, Opcode::POP_EXCEPT);
        self.op_i(NONE, Opcode::RERAISE, 0);
    }
}
