//! Which loads of locals may find them unbound, and so must check.
//!
//! A forward analysis over the first 64 locals as a bit set; the others are looked at block by
//! block, to stay linear. CPython: `add_checks_for_loads_of_uninitialized_variables`.

use krait_bytecode::Opcode;

use super::{BlockId, Graph};

/// As many locals are tracked through all blocks.
pub(crate) const TRACKED_LOCALS: u32 = 64;
const TRACKED: usize = TRACKED_LOCALS as usize;

/// Blocks to look at again, and what is known to be possibly unbound on entry to each.
struct Worklist {
    unbound: Vec<u64>,
    queued: Vec<bool>,
    stack: Vec<BlockId>,
}

impl Worklist {
    fn push(&mut self, block: BlockId, unbound: u64) {
        let known = &mut self.unbound[block.index()];
        if *known | unbound != *known {
            *known |= unbound;
            if !std::mem::replace(&mut self.queued[block.index()], true) {
                self.stack.push(block);
            }
        }
    }
}

impl Graph {
    pub(super) fn add_checks_for_unbound_locals(&mut self, locals: usize, parameters: usize) {
        if locals == 0 {
            return;
        }
        if locals > TRACKED {
            self.check_untracked_locals(locals);
        }
        let mut work = Worklist {
            unbound: vec![0; self.blocks.len()],
            queued: self.marks(),
            stack: Vec::new(),
        };
        let at_entry =
            (parameters..locals.min(TRACKED)).fold(0, |mask, local| mask | 1u64 << local);
        work.push(BlockId::ENTRY, at_entry);
        for id in self.layout() {
            self.check_locals_in(id, &mut work);
        }
        while let Some(id) = work.stack.pop() {
            work.queued[id.index()] = false;
            self.check_locals_in(id, &mut work);
        }
    }

    fn check_locals_in(&mut self, id: BlockId, work: &mut Worklist) {
        let mut unbound = work.unbound[id.index()];
        for instr in &mut self[id].code {
            if let Some(handler) = instr.handler {
                work.push(handler, unbound);
            }
            if instr.oparg as usize >= TRACKED {
                continue;
            }
            let bit = 1 << instr.oparg;
            match instr.opcode {
                Opcode::DELETE_FAST
                | Opcode::LOAD_FAST_AND_CLEAR
                | Opcode::STORE_FAST_MAYBE_NULL => unbound |= bit,
                Opcode::LOAD_FAST if unbound & bit != 0 => {
                    instr.opcode = Opcode::LOAD_FAST_CHECK;
                    // Had it been unbound, we would not get past this.
                    unbound &= !bit;
                }
                Opcode::STORE_FAST | Opcode::LOAD_FAST_CHECK => unbound &= !bit,
                _ => {}
            }
        }
        let block = &self[id];
        if let Some(next) = block.next.filter(|_| block.falls_through()) {
            work.push(next, unbound);
        }
        if let Some(target) = block.last().filter(|last| last.is_jump()).and_then(|i| i.target) {
            work.push(target, unbound);
        }
    }

    /// Locals from the 65th on: bound only if the same block has bound or loaded them before.
    fn check_untracked_locals(&mut self, locals: usize) {
        // The number of the block, from 1, in which the local was last known to be bound.
        let mut bound_in = vec![0; locals - TRACKED];
        for (number, id) in self.layout().into_iter().enumerate() {
            for instr in &mut self[id].code {
                let index = (instr.oparg as usize).checked_sub(TRACKED);
                let Some(bound) = index.and_then(|index| bound_in.get_mut(index)) else {
                    continue;
                };
                match instr.opcode {
                    Opcode::DELETE_FAST
                    | Opcode::LOAD_FAST_AND_CLEAR
                    | Opcode::STORE_FAST_MAYBE_NULL => *bound = number,
                    Opcode::STORE_FAST => *bound = number + 1,
                    Opcode::LOAD_FAST => {
                        if *bound != number + 1 {
                            instr.opcode = Opcode::LOAD_FAST_CHECK;
                        }
                        *bound = number + 1;
                    }
                    _ => {}
                }
            }
        }
    }
}
