//! `with` and `async with`. Does the job of `codegen_with_inner` and `codegen_async_with_inner`.

use krait_bytecode::{Opcode, special_method};
use krait_syntax::ast::With;

use super::frame_blocks::BlockType;
use super::{Generator, at};
use crate::error::Result;
use crate::instructions::{Label, Location};

/// What `GET_AWAITABLE` is told about its operand.
const AWAIT_AENTER: u32 = 1;
const AWAIT_AEXIT: u32 = 2;

impl<'a> Generator<'a> {
    pub(super) fn with_stmt(&mut self, node: &'a With<'a>) -> Result {
        self.conditionally(|this| this.with_item(node, 0, false))
    }

    pub(super) fn async_with(&mut self, node: &'a With<'a>) -> Result {
        self.conditionally(|this| this.with_item(node, 0, true))
    }

    /// The statement from its item `index` on.
    fn with_item(&mut self, node: &'a With<'a>, index: usize, is_async: bool) -> Result {
        let Some(item) = node.items.get(index) else { return self.stmts(node.body) };
        self.stack_guard.check()?;
        let [block, failed, exit, cleanup] =
            [self.new_label(), self.new_label(), self.new_label(), self.new_label()];
        self.expr(item.context_expr)?;
        let loc = at(item.context_expr.span);
        self.call_enter(loc, is_async);
        self.op_j(loc, Opcode::SETUP_WITH, failed);
        self.use_label(block);
        let kind = if is_async { BlockType::AsyncWith } else { BlockType::With };
        self.push_block(loc, kind, Some(block), Some(failed))?;
        match item.optional_vars {
            Some(target) => self.expr(target)?,
            None => self.op(loc, Opcode::POP_TOP),
        }
        self.with_item(node, index + 1, is_async)?;
        self.pop_block();
        self.op(if is_async { loc } else { Location::NONE }, Opcode::POP_BLOCK);
        // The body has ended well: __exit__(None, None, None).
        self.call_exit_with_nones(loc);
        if is_async {
            self.await_top(loc, AWAIT_AEXIT);
        }
        self.op(loc, Opcode::POP_TOP);
        self.op_j(loc, Opcode::JUMP, exit);
        // The body has raised.
        self.use_label(failed);
        self.op_j(loc, Opcode::SETUP_CLEANUP, cleanup);
        self.op(loc, Opcode::PUSH_EXC_INFO);
        self.op(loc, Opcode::WITH_EXCEPT_START);
        if is_async {
            self.await_top(loc, AWAIT_AEXIT);
        }
        self.with_except_finish(cleanup, exit);
        self.use_label(exit);
        Ok(())
    }

    fn call_enter(&mut self, loc: Location, is_async: bool) {
        let (enter, exit) = if is_async {
            (special_method::AENTER, special_method::AEXIT)
        } else {
            (special_method::ENTER, special_method::EXIT)
        };
        self.op_i(loc, Opcode::COPY, 1);
        self.op_i(loc, Opcode::LOAD_SPECIAL, exit);
        self.op_i(loc, Opcode::SWAP, 2);
        self.op_i(loc, Opcode::SWAP, 3);
        self.op_i(loc, Opcode::LOAD_SPECIAL, enter);
        self.op_i(loc, Opcode::CALL, 0);
        if is_async {
            self.await_top(loc, AWAIT_AENTER);
        }
    }

    pub(super) fn call_exit_with_nones(&mut self, loc: Location) {
        for _ in 0..3 {
            self.load_none(loc);
        }
        self.op_i(loc, Opcode::CALL, 3);
    }

    /// Reraises unless `__exit__` returned something true.
    fn with_except_finish(&mut self, cleanup: Label, exit: Label) {
        let none = Location::NONE;
        let suppress = self.new_label();
        self.op(none, Opcode::TO_BOOL);
        self.op_j(none, Opcode::POP_JUMP_IF_TRUE, suppress);
        self.op_i(none, Opcode::RERAISE, 2);
        self.use_label(suppress);
        self.op(none, Opcode::POP_TOP);
        self.op(none, Opcode::POP_BLOCK);
        self.op(none, Opcode::POP_EXCEPT);
        for _ in 0..3 {
            self.op(none, Opcode::POP_TOP);
        }
        self.op_j(none, Opcode::JUMP_NO_INTERRUPT, exit);
        self.use_label(cleanup);
        self.pop_except_and_reraise(none);
    }
}
