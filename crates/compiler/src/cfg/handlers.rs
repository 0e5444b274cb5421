//! Which handler protects each instruction.
//!
//! Follows the control flow with a stack of the open protected regions. CPython:
//! `mark_except_handlers` and `label_exception_targets`.

use krait_bytecode::{Opcode, resume};

use super::{BlockId, Graph};
use crate::assemble::AssembleError;

type Regions = Vec<BlockId>;

impl Graph {
    /// Flags the blocks that protected regions lead to.
    pub(super) fn mark_handlers(&mut self) {
        for id in self.layout() {
            for at in 0..self[id].code.len() {
                let instr = self[id].code[at];
                if let (true, Some(target)) = (instr.opcode.is_block_push(), instr.target) {
                    self[target].is_handler = true;
                }
            }
        }
    }

    /// Sets `handler` of every reachable instruction and removes `POP_BLOCK`.
    pub(super) fn label_exception_targets(&mut self) -> Result<(), AssembleError> {
        let mut visited = self.marks();
        visited[BlockId::ENTRY.index()] = true;
        let mut todo: Vec<(BlockId, Regions)> = vec![(BlockId::ENTRY, Regions::new())];
        while let Some((id, mut regions)) = todo.pop() {
            // Taken out while instructions flag other blocks.
            let mut code = std::mem::take(&mut self[id].code);
            let mut yield_depth = 0;
            for instr in &mut code {
                if instr.opcode.is_block_push() {
                    let Some(target) = instr.target else { continue };
                    if !std::mem::replace(&mut visited[target.index()], true) {
                        todo.push((target, regions.clone()));
                    }
                    if matches!(instr.opcode, Opcode::SETUP_WITH | Opcode::SETUP_CLEANUP) {
                        self[target].preserve_lasti = true;
                    }
                    regions.push(target);
                    continue;
                }
                match instr.opcode {
                    Opcode::POP_BLOCK => {
                        if regions.pop().is_none() {
                            return Err(AssembleError::Invalid("unbalanced POP_BLOCK"));
                        }
                        instr.make_nop();
                        continue;
                    }
                    Opcode::RETURN_GENERATOR => continue,
                    Opcode::YIELD_VALUE => yield_depth = regions.len(),
                    Opcode::RESUME if instr.oparg != resume::AT_FUNC_START => {
                        if yield_depth == 1 {
                            instr.oparg |= resume::OPARG_DEPTH1_MASK;
                        }
                        yield_depth = 0;
                    }
                    _ => {}
                }
                instr.handler = regions.last().copied();
                if let (true, Some(target)) = (instr.is_jump(), instr.target)
                    && !std::mem::replace(&mut visited[target.index()], true)
                {
                    todo.push((target, regions.clone()));
                }
            }
            self[id].code = code;
            if let (true, Some(next)) = (self[id].falls_through(), self[id].next)
                && !std::mem::replace(&mut visited[next.index()], true)
            {
                todo.push((next, regions));
            }
        }
        Ok(())
    }
}
