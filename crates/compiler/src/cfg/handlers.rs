//! Which handler protects each instruction.
//!
//! Follows the control flow with the open protected regions. CPython: `mark_except_handlers` (its part is done when the
//! graph is built) and `label_exception_targets`.

use krait_bytecode::{Opcode, resume};

use super::{BlockId, Graph};
use crate::assemble::AssembleError;

/// An open protected region.
#[derive(Clone, Copy, Debug)]
struct Region {
    handler: BlockId,
    /// The place of the one around it in the list of all.
    outer: Option<usize>,
    depth: u32,
}

#[derive(Default, Debug)]
pub(super) struct Regions {
    /// Every region that was opened on any way.
    opened: Vec<Region>,
    /// The blocks that are left to look at, with the innermost region there.
    todo: Vec<(BlockId, Option<usize>)>,
}

impl Regions {
    fn open(&mut self, handler: BlockId, outer: Option<usize>) -> usize {
        self.opened.push(Region { handler, outer, depth: self.depth(outer) + 1 });
        self.opened.len() - 1
    }

    fn depth(&self, region: Option<usize>) -> u32 {
        region.map_or(0, |region| self.opened[region].depth)
    }
}

impl Graph {
    /// Sets `handler` of every reachable instruction and removes `POP_BLOCK`.
    pub(crate) fn find_handlers(&mut self) -> Result<(), AssembleError> {
        if !self.protects {
            return Ok(());
        }
        let mut regions = std::mem::take(&mut self.regions);
        regions.opened.clear();
        self.walk += 1;
        self.mark(BlockId::ENTRY);
        regions.todo.clear();
        regions.todo.push((BlockId::ENTRY, None));
        while let Some((id, mut region)) = regions.todo.pop() {
            // Taken out while instructions flag other blocks.
            let mut code = std::mem::take(&mut self[id].code);
            let mut yield_depth = 0;
            for instr in &mut code {
                if instr.opcode.is_block_push() {
                    let Some(target) = instr.target else { continue };
                    if !self.mark(target) {
                        regions.todo.push((target, region));
                    }
                    if matches!(instr.opcode, Opcode::SETUP_WITH | Opcode::SETUP_CLEANUP) {
                        self[target].preserve_lasti = true;
                    }
                    region = Some(regions.open(target, region));
                    continue;
                }
                match instr.opcode {
                    Opcode::POP_BLOCK => {
                        let Some(closed) = region else {
                            return Err(AssembleError::Invalid("unbalanced POP_BLOCK"));
                        };
                        region = regions.opened[closed].outer;
                        instr.make_nop();
                        continue;
                    }
                    Opcode::RETURN_GENERATOR => continue,
                    Opcode::YIELD_VALUE => yield_depth = regions.depth(region),
                    Opcode::RESUME if instr.oparg != resume::AT_FUNC_START => {
                        if yield_depth == 1 {
                            instr.oparg |= resume::OPARG_DEPTH1_MASK;
                        }
                        yield_depth = 0;
                    }
                    _ => {}
                }
                instr.handler = region.map(|region| regions.opened[region].handler);
                if let (true, Some(target)) = (instr.is_jump(), instr.target)
                    && !self.mark(target)
                {
                    regions.todo.push((target, region));
                }
            }
            self[id].code = code;
            if let (true, Some(next)) = (self[id].falls_through(), self[id].next)
                && !self.mark(next)
            {
                regions.todo.push((next, region));
            }
        }
        self.regions = regions;
        Ok(())
    }
}
