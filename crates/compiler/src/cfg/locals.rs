//! Which loads of locals may find them unbound, and so must check.
//!
//! A forward analysis over the first 64 locals as a bit set; the others are looked at block by
//! block, to stay linear. CPython: `add_checks_for_loads_of_uninitialized_variables`.

use krait_bytecode::Opcode;

use super::kinds::Kinds;
use super::{BlockId, Graph};

/// As many locals are tracked through all blocks.
pub(crate) const TRACKED_LOCALS: u32 = 64;
const TRACKED: usize = TRACKED_LOCALS as usize;

impl Graph {
    pub(super) fn add_checks_for_unbound_locals(&mut self, locals: usize, parameters: usize) {
        if locals == 0 {
            return;
        }
        if locals > TRACKED {
            self.check_untracked_locals(locals);
        }
        self.todo.clear();
        let at_entry =
            (parameters..locals.min(TRACKED)).fold(0, |mask, local| mask | 1u64 << local);
        self.add_unbound(BlockId::ENTRY, at_entry);
        self.each_block(Graph::check_locals_in);
        while let Some(id) = self.todo.pop() {
            self[id].queued = false;
            self.check_locals_in(id);
        }
    }

    /// Notes what may be unbound on entry to a block, which has to be looked at again if that is new.
    fn add_unbound(&mut self, id: BlockId, unbound: u64) {
        let block = &mut self[id];
        if block.unbound | unbound != block.unbound {
            block.unbound |= unbound;
            if !std::mem::replace(&mut block.queued, true) {
                self.todo.push(id);
            }
        }
    }

    fn check_locals_in(&mut self, id: BlockId) {
        let mut unbound = self[id].unbound;
        // Taken out while what is unbound is noted at handlers.
        let mut code = std::mem::take(&mut self[id].code);
        let all_bound = unbound == 0 && !self[id].kinds.has(Kinds::UNBINDS);
        let looked_at = if all_bound { &mut [] } else { &mut code[..] };
        for instr in looked_at {
            if let Some(handler) = instr.handler {
                self.add_unbound(handler, unbound);
            }
            if !Kinds::of(instr.opcode).has(Kinds::LOCAL) {
                continue;
            }
            let bit = if instr.oparg < TRACKED_LOCALS { 1 << instr.oparg } else { 0 };
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
        let block = &mut self[id];
        block.code = code;
        let next = block.next.filter(|_| block.falls_through());
        let target = block.last().filter(|last| last.is_jump()).and_then(|last| last.target);
        for successor in next.into_iter().chain(target) {
            self.add_unbound(successor, unbound);
        }
    }

    /// Locals from the 65th on: bound only if the same block has bound or loaded them before.
    fn check_untracked_locals(&mut self, locals: usize) {
        // The number of the block, from 1, in which the local was last known to be bound.
        let mut bound_in = vec![0; locals - TRACKED];
        let mut number = 0;
        self.each_block(|graph, id| {
            for instr in &mut graph[id].code {
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
            number += 1;
        });
    }
}
