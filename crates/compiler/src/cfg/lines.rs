//! Line numbers for instructions that have none of their own.
//!
//! An exit without line takes the line of the jump to it, and gets a copy for each such jump, so
//! that a tracer never sees a wrong line. CPython: `resolve_line_numbers`.

use super::kinds::Kinds;
use super::{Block, BlockId, Graph, Instr};
use crate::instructions::Location;
use krait_bytecode::OpFlags;

impl Block {
    /// The block exits or may be interrupted, and belongs to no line.
    fn needs_line(&self) -> bool {
        let breaks = |instr: &Instr| instr.opcode.flags().has(OpFlags::EVAL_BREAK);
        self.kinds.has(Kinds::LINELESS)
            && self.has_no_line()
            && (self.exits_scope() || self.code.iter().any(breaks))
    }
}

impl Graph {
    pub(super) fn resolve_line_numbers(&mut self) {
        if !self.lineless {
            return;
        }
        if self.blocks[..self.used].iter().any(Block::needs_line) {
            self.duplicate_exits_without_line();
        }
        self.propagate_line_numbers();
    }

    fn duplicate_exits_without_line(&mut self) {
        let mut cursor = Some(BlockId::ENTRY);
        while let Some(id) = cursor {
            if let Some((location, target)) = self.shared_lineless_target(id) {
                let copy = self.new_block();
                let mut code = std::mem::take(&mut self[copy].code);
                code.extend_from_slice(&self[target].code);
                self[copy].code = code;
                self[copy].code[0].location = location;
                self[copy].kinds = self[target].kinds;
                self[copy].predecessors = 1;
                self[copy].labelled = true;
                self.insert_after(target, copy);
                self[target].predecessors -= 1;
                if let Some(last) = self[id].code.last_mut() {
                    last.target = Some(copy);
                }
            }
            cursor = self[id].next;
        }
        // What is left is reached by falling through only, from one block.
        self.each_block(|graph, id| {
            let block = &graph[id];
            if let (true, Some(last), Some(next)) =
                (block.falls_through(), block.last(), block.next)
                && graph[next].needs_line()
            {
                let location = last.location;
                graph[next].code[0].location = location;
            }
        });
    }

    /// Where the block's final jump leads, if that is a lineless exit which others reach too.
    fn shared_lineless_target(&self, id: BlockId) -> Option<(Location, BlockId)> {
        let last = self[id].last()?;
        if !last.is_jump() {
            return None;
        }
        let target = self.next_nonempty(last.target)?;
        (self[target].predecessors > 1 && self[target].needs_line())
            .then_some((last.location, target))
    }

    /// Within a block, and into blocks with a single way in, lines carry on.
    fn propagate_line_numbers(&mut self) {
        const UNKNOWN: i32 = Location::NONE.line;
        self.each_block(|graph, id| {
            let mut previous = Location::NONE;
            let block = &mut graph[id];
            if block.kinds.has(Kinds::LINELESS) {
                let mut left = false;
                for instr in &mut block.code {
                    if instr.line() == UNKNOWN {
                        instr.location = previous;
                    } else {
                        previous = instr.location;
                    }
                    left |= !instr.location.has_line();
                }
                if !left {
                    block.kinds = block.kinds.without(Kinds::LINELESS);
                }
            } else if let Some(last) = block.last() {
                previous = last.location;
            }
            let block = &graph[id];
            let Some(last) = block.last() else { return };
            let next = block.next.filter(|_| block.falls_through());
            let target = last.target.filter(|_| last.is_jump());
            for successor in next.into_iter().chain(target) {
                let successor = &mut graph[successor];
                if successor.kinds.has(Kinds::LINELESS)
                    && successor.predecessors == 1
                    && let Some(first) = successor.code.first_mut()
                    && first.line() == UNKNOWN
                {
                    first.location = previous;
                }
            }
        });
    }
}
