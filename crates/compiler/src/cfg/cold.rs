//! Code that runs only after an exception goes behind everything else.
//!
//! CPython: `mark_warm`, `mark_cold`, `push_cold_blocks_to_end`.

use krait_bytecode::Opcode;

use super::{BlockId, Graph, Instr};
use crate::instructions::Location;

impl Graph {
    pub(super) fn push_cold_blocks_to_end(&mut self) {
        if self[BlockId::ENTRY].next.is_none() {
            return;
        }
        self.mark_warm();
        self.mark_cold();
        self.jump_from_cold_to_warm();
        let (warm, cold): (Vec<BlockId>, Vec<BlockId>) =
            self.layout().into_iter().partition(|&id| !self[id].cold);
        let moved = !cold.is_empty();
        let order: Vec<BlockId> = warm.into_iter().chain(cold).collect();
        for pair in order.windows(2) {
            self[pair[0]].next = Some(pair[1]);
        }
        if let Some(&last) = order.last() {
            self[last].next = None;
        }
        if moved {
            self.remove_redundant_nops_and_jumps();
        }
    }

    /// Where control goes from a block without an exception.
    fn successors(&self, id: BlockId) -> impl Iterator<Item = BlockId> + use<> {
        let block = &self[id];
        let next = block.next.filter(|_| block.falls_through());
        let target = block.last().filter(|last| last.is_jump()).and_then(|last| last.target);
        next.into_iter().chain(target)
    }

    fn mark_warm(&mut self) {
        let mut todo = vec![BlockId::ENTRY];
        self[BlockId::ENTRY].warm = true;
        while let Some(id) = todo.pop() {
            for successor in self.successors(id) {
                if !std::mem::replace(&mut self[successor].warm, true) {
                    todo.push(successor);
                }
            }
        }
    }

    fn mark_cold(&mut self) {
        let is_cold_root = |&id: &BlockId| self[id].is_handler && !self[id].warm;
        let mut todo: Vec<BlockId> = self.layout().into_iter().filter(is_cold_root).collect();
        for &id in &todo {
            self[id].cold = true;
        }
        while let Some(id) = todo.pop() {
            for successor in self.successors(id) {
                if !self[successor].warm && !std::mem::replace(&mut self[successor].cold, true) {
                    todo.push(successor);
                }
            }
        }
    }

    /// Falling through from a cold block into a warm one becomes a jump in a block of its own.
    fn jump_from_cold_to_warm(&mut self) {
        for id in self.layout() {
            let block = &self[id];
            let (true, true, Some(next)) = (block.cold, block.falls_through(), block.next) else {
                continue;
            };
            if !self[next].warm {
                continue;
            }
            let location = block.last().map_or(Location::NONE, |last| last.location);
            let mut jump = Instr::new(Opcode::JUMP_NO_INTERRUPT, 0, location);
            jump.target = Some(next);
            self[next].labelled = true;
            let bridge = self.new_block();
            self[bridge].code.push(jump);
            self[bridge].cold = true;
            self[bridge].predecessors = 1;
            self.insert_after(id, bridge);
        }
    }
}
