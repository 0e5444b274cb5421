//! How deep the stack gets, and its depth on entry to each block.
//!
//! CPython: `calculate_stackdepth`.

use krait_bytecode::Opcode;

use super::{BlockId, Graph};
use crate::assemble::AssembleError;

impl Graph {
    pub(super) fn calculate_stack_depth(&mut self) -> Result<u32, AssembleError> {
        let mut deepest = 0;
        self.todo.clear();
        self.enter(BlockId::ENTRY, 0)?;
        while let Some(id) = self.todo.pop() {
            let mut depth = self[id].start_depth.unwrap_or(0);
            // Taken out while other blocks are entered.
            let code = std::mem::take(&mut self[id].code);
            for instr in &code {
                let after = step(depth, instr.opcode, instr.oparg, false)?;
                if let Some(target) = instr.target
                    && instr.has_target()
                    && instr.opcode != Opcode::END_ASYNC_FOR
                {
                    let jumped = step(depth, instr.opcode, instr.oparg, true)?;
                    deepest = deepest.max(jumped);
                    self.enter(target, jumped)?;
                }
                depth = after;
                deepest = deepest.max(depth);
            }
            self[id].code = code;
            let block = &self[id];
            if let (true, Some(next)) = (block.falls_through(), block.next) {
                self.enter(next, depth)?;
            }
        }
        Ok(deepest)
    }

    /// Records the depth on entry to a block; every way into it has to agree.
    fn enter(&mut self, id: BlockId, depth: u32) -> Result<(), AssembleError> {
        match self[id].start_depth {
            None => {
                self[id].start_depth = Some(depth);
                self.todo.push(id);
                Ok(())
            }
            Some(known) if known == depth => Ok(()),
            Some(_) => Err(AssembleError::Invalid("Invalid CFG, inconsistent stackdepth")),
        }
    }
}

fn step(depth: u32, opcode: Opcode, oparg: u32, jump: bool) -> Result<u32, AssembleError> {
    let effect = opcode
        .stack_effect(oparg, jump)
        .ok_or(AssembleError::Invalid("Invalid stack effect for opcode"))?;
    u32::try_from(i64::from(depth) + effect)
        .map_err(|_| AssembleError::Invalid("Invalid CFG, stack underflow"))
}
