//! Reachability, and copying small blocks to the jumps that lead to them.
//!
//! CPython: `remove_unreachable`, `inline_small_or_no_lineno_blocks`.

use krait_bytecode::Opcode;

use super::kinds::Kinds;
use super::{BlockId, Graph, Instr};

/// Exits of up to this many instructions are copied.
const MAX_COPY_SIZE: usize = 4;

impl Graph {
    /// Counts the ways into each block and empties the blocks without any.
    pub(super) fn remove_unreachable(&mut self) {
        for block in &mut self.blocks[..self.used] {
            block.predecessors = 0;
        }
        self.start_walk();
        self[BlockId::ENTRY].predecessors = 1;
        let mut reached = 0;
        while let Some(id) = self.todo.pop() {
            reached += 1;
            let next = self[id].next.filter(|_| self[id].falls_through());
            // Only the last instruction jumps, but regions may be opened anywhere.
            let len = self[id].code.len();
            let opens = self.protects && self[id].kinds.has(Kinds::REGION);
            let mut at = if opens { 0 } else { len.saturating_sub(1) };
            while let Some(ahead) = self[id].code[at..].iter().position(Instr::has_target) {
                at += ahead + 1;
                if let Some(target) = self[id].code[at - 1].target {
                    self.enter_from_elsewhere(target);
                }
            }
            if let Some(next) = next {
                self.enter_from_elsewhere(next);
            }
        }
        if reached < self.used {
            for block in self.blocks[..self.used].iter_mut().filter(|b| b.predecessors == 0) {
                block.code.clear();
                block.is_handler = false;
            }
        }
    }

    fn enter_from_elsewhere(&mut self, target: BlockId) {
        self[target].predecessors += 1;
        self.visit(target);
    }

    /// Replaces unconditional jumps to small exits, and to blocks without line that do not fall
    /// through, by copies.
    pub(super) fn inline_small_blocks(&mut self) {
        // A loop without any line, which only a hand-made tree has, would be copied forever.
        let mut budget = 2 * self.size + 1000;
        loop {
            let mut changed = false;
            self.each_block(|graph, id| changed |= graph.inline_target(id, &mut budget));
            if !changed {
                break;
            }
        }
    }

    fn inline_target(&mut self, id: BlockId, budget: &mut usize) -> bool {
        let Some(last) = self[id].last() else { return false };
        let (opcode, Some(target)) = (last.opcode, last.target) else { return false };
        if !opcode.is_unconditional_jump() {
            return false;
        }
        let block = &self[target];
        let small_exit = block.exits_scope() && block.code.len() <= MAX_COPY_SIZE;
        let lineless = !block.falls_through() && block.has_no_line();
        if !small_exit && !lineless || block.code.len() >= *budget {
            return false;
        }
        *budget -= block.code.len();
        let copy = block.code.clone();
        let block = &mut self[id];
        if let Some(last) = block.code.last_mut() {
            last.make_nop();
        }
        block.extend(copy);
        if let (true, Some(last)) = (lineless, block.code.last_mut())
            && last.opcode.is_unconditional_jump()
            && opcode == Opcode::JUMP
        {
            // The jump that was replaced may be interrupted, so must be the new one: no loop may
            // become uninterruptible.
            last.opcode = Opcode::JUMP;
        }
        self[target].predecessors = self[target].predecessors.wrapping_sub(1);
        true
    }
}
