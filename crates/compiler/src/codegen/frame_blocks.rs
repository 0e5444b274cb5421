//! Frame blocks: the loops, `try` and `with` statements around a statement, which `break`,
//! `continue` and `return` have to leave in order.
//!
//! Does the job of `_PyCompile_PushFBlock` and `codegen_unwind_fblock*`.

use krait_bytecode::{MAX_BLOCKS, Opcode};
use krait_syntax::ast::{Span, Stmt};

use super::Generator;
use crate::error::{CompileError, Result};
use crate::instructions::{Label, Location};

/// What a block is, and what leaving it needs.
#[derive(Clone, Copy, Debug)]
pub(super) enum BlockType<'a> {
    WhileLoop,
    ForLoop,
    AsyncForLoop,
    TryExcept,
    FinallyTry {
        body: &'a [&'a Stmt<'a>],
    },
    FinallyEnd,
    With,
    AsyncWith,
    /// `name` is that of `except … as name`; `protected` if its clean-up has a region of its own.
    HandlerCleanup {
        name: Option<&'a str>,
    },
    PopValue,
    ExceptionHandler,
    ExceptionGroupHandler,
    AsyncComprehensionGenerator,
    InlinedComprehension,
    StopIteration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct FrameBlock<'a> {
    pub(super) kind: BlockType<'a>,
    /// Where `continue` goes.
    pub(super) start: Option<Label>,
    /// Where `break` goes.
    pub(super) exit: Option<Label>,
    pub(super) loc: Location,
}

impl FrameBlock<'_> {
    fn is_loop(&self) -> bool {
        matches!(self.kind, BlockType::WhileLoop | BlockType::ForLoop | BlockType::AsyncForLoop)
    }
}

impl<'a> Generator<'a> {
    pub(super) fn push_block(
        &mut self,
        loc: Location,
        kind: BlockType<'a>,
        start: Option<Label>,
        exit: Option<Label>,
    ) -> Result {
        if self.unit().blocks.len() >= MAX_BLOCKS {
            let span = Span::new(loc.line, loc.column, loc.end_line, loc.end_column);
            return Err(CompileError::syntax("too many statically nested blocks", span));
        }
        self.unit_mut().blocks.push(FrameBlock { kind, start, exit, loc });
        Ok(())
    }

    pub(super) fn pop_block(&mut self) {
        self.unit_mut().blocks.pop();
    }

    /// Leaves all blocks (`stop_at_loop` unset) or those up to the innermost loop, which is
    /// returned. `loc` becomes that of what follows.
    pub(super) fn unwind_blocks(
        &mut self,
        loc: &mut Location,
        preserve_top: bool,
        stop_at_loop: bool,
    ) -> Result<Option<FrameBlock<'a>>> {
        let Some(&top) = self.unit().blocks.last() else { return Ok(None) };
        if matches!(top.kind, BlockType::ExceptionGroupHandler) {
            let span = Span::new(loc.line, loc.column, loc.end_line, loc.end_column);
            let message = "'break', 'continue' and 'return' cannot appear in an except* block";
            return Err(CompileError::syntax(message, span));
        }
        if stop_at_loop && top.is_loop() {
            return Ok(Some(top));
        }
        self.pop_block();
        self.unwind_block(loc, top, preserve_top)?;
        let found = self.unwind_blocks(loc, preserve_top, stop_at_loop)?;
        self.unit_mut().blocks.push(top);
        Ok(found)
    }

    /// Leaves one block, with the value on top of the stack if `preserve_top`.
    pub(super) fn unwind_block(
        &mut self,
        loc: &mut Location,
        block: FrameBlock<'a>,
        preserve_top: bool,
    ) -> Result {
        match block.kind {
            BlockType::WhileLoop
            | BlockType::ExceptionHandler
            | BlockType::ExceptionGroupHandler
            | BlockType::AsyncComprehensionGenerator
            | BlockType::InlinedComprehension
            | BlockType::StopIteration => {}
            BlockType::ForLoop | BlockType::AsyncForLoop | BlockType::PopValue => {
                self.swap_if(*loc, preserve_top);
                self.op(*loc, Opcode::POP_TOP);
            }
            BlockType::TryExcept => self.op(*loc, Opcode::POP_BLOCK),
            BlockType::FinallyTry { body } => {
                self.op(*loc, Opcode::POP_BLOCK);
                if preserve_top {
                    self.push_block(*loc, BlockType::PopValue, None, None)?;
                }
                self.stmts(body)?;
                if preserve_top {
                    self.pop_block();
                }
                // What follows runs after the `finally` body, not at the statement that left.
                *loc = Location::NONE;
            }
            BlockType::FinallyEnd => {
                self.swap_if(*loc, preserve_top);
                self.op(*loc, Opcode::POP_TOP);
                self.swap_if(*loc, preserve_top);
                self.op(*loc, Opcode::POP_BLOCK);
                self.op(*loc, Opcode::POP_EXCEPT);
            }
            BlockType::With | BlockType::AsyncWith => {
                *loc = block.loc;
                self.op(*loc, Opcode::POP_BLOCK);
                if preserve_top {
                    self.op_i(*loc, Opcode::SWAP, 3);
                    self.op_i(*loc, Opcode::SWAP, 2);
                }
                self.call_exit_with_nones(*loc);
                if matches!(block.kind, BlockType::AsyncWith) {
                    self.await_top(*loc, 2);
                }
                self.op(*loc, Opcode::POP_TOP);
                *loc = Location::NONE;
            }
            BlockType::HandlerCleanup { name } => {
                if name.is_some() {
                    self.op(*loc, Opcode::POP_BLOCK);
                }
                self.swap_if(*loc, preserve_top);
                self.op(*loc, Opcode::POP_BLOCK);
                self.op(*loc, Opcode::POP_EXCEPT);
                if let Some(name) = name {
                    self.forget_name(*loc, name)?;
                }
            }
        }
        Ok(())
    }

    fn swap_if(&mut self, loc: Location, preserve_top: bool) {
        if preserve_top {
            self.op_i(loc, Opcode::SWAP, 2);
        }
    }

    /// An error at a node.
    pub(super) fn error<T>(&self, span: Span, message: impl Into<String>) -> Result<T> {
        Err(CompileError::syntax(message, span))
    }
}
