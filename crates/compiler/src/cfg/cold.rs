//! Code that runs only after an exception goes behind everything else.
//!
//! CPython: `mark_warm`, `mark_cold`, `push_cold_blocks_to_end`.

use krait_bytecode::Opcode;

use super::{BlockId, Graph, Instr};
use crate::instructions::Location;

impl Graph {
    pub(super) fn push_cold_blocks_to_end(&mut self) {
        if !self.protects || self[BlockId::ENTRY].next.is_none() {
            return;
        }
        self.mark_warm();
        self.mark_cold();
        self.jump_from_cold_to_warm();
        if self.move_cold() {
            self.remove_redundant_nops_and_jumps();
        }
    }

    /// Lays the cold blocks out behind the others, each in their order. Whether there are any.
    fn move_cold(&mut self) -> bool {
        let (mut last_warm, mut last_cold) = (BlockId::ENTRY, None);
        let mut first_cold = None;
        let mut cursor = self[BlockId::ENTRY].next;
        while let Some(id) = cursor {
            cursor = self[id].next;
            if !self[id].cold {
                self[last_warm].next = Some(id);
                last_warm = id;
                continue;
            }
            match last_cold {
                Some(last) => self[last].next = Some(id),
                None => first_cold = Some(id),
            }
            last_cold = Some(id);
        }
        self[last_warm].next = first_cold;
        if let Some(last) = last_cold {
            self[last].next = None;
        }
        first_cold.is_some()
    }

    /// Where control goes from a block without an exception.
    fn successors(&self, id: BlockId) -> impl Iterator<Item = BlockId> + use<> {
        let block = &self[id];
        let next = block.next.filter(|_| block.falls_through());
        let target = block.last().filter(|last| last.is_jump()).and_then(|last| last.target);
        next.into_iter().chain(target)
    }

    fn mark_warm(&mut self) {
        self.start_walk();
        while let Some(id) = self.todo.pop() {
            self[id].warm = true;
            self.successors(id).for_each(|successor| self.visit(successor));
        }
    }

    fn mark_cold(&mut self) {
        self.walk += 1;
        self.each_block(|graph, id| {
            if graph[id].is_handler && !graph[id].warm {
                graph.visit(id);
            }
        });
        while let Some(id) = self.todo.pop() {
            self[id].cold = true;
            for successor in self.successors(id) {
                if !self[successor].warm {
                    self.visit(successor);
                }
            }
        }
    }

    /// Falling through from a cold block into a warm one becomes a jump in a block of its own.
    fn jump_from_cold_to_warm(&mut self) {
        self.each_block(|graph, id| {
            let block = &graph[id];
            let (true, true, Some(next)) = (block.cold, block.falls_through(), block.next) else {
                return;
            };
            if !graph[next].warm {
                return;
            }
            let location = block.last().map_or(Location::NONE, |last| last.location);
            let mut jump = Instr::new(Opcode::JUMP_NO_INTERRUPT, 0, location);
            jump.target = Some(next);
            graph[next].labelled = true;
            let bridge = graph.new_block();
            graph.lineless |= !location.has_line();
            graph[bridge].extend([jump]);
            graph[bridge].cold = true;
            graph[bridge].predecessors = 1;
            graph.insert_after(id, bridge);
        });
    }
}
