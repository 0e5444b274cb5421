//! Removing instructions without effect: NOPs that carry no line of their own, loads that are
//! popped at once, jumps to what comes next anyway.
//!
//! CPython: `remove_redundant_nops`, `remove_redundant_nops_and_pairs`, `remove_redundant_jumps`.

use krait_bytecode::Opcode;

use super::constants::loads_const;
use super::{Block, BlockId, Graph};

impl Graph {
    /// Removes the NOPs whose line another instruction shows.
    pub(super) fn remove_redundant_nops(&mut self) {
        for id in self.layout() {
            self.remove_redundant_nops_in(id);
        }
    }

    fn remove_redundant_nops_in(&mut self, id: BlockId) {
        if !self[id].code.iter().any(|i| i.is_nop()) {
            return;
        }
        let next_line = self.first_line(self[id].next);
        let Block { code, abandoned, .. } = &mut self[id];
        let mut kept = 0;
        let mut previous_line = -1;
        let handlers: Vec<Option<BlockId>> = code.iter().map(|instr| instr.handler).collect();
        for at in 0..code.len() {
            let line = code[at].line();
            if code[at].is_nop() {
                if line < 0 || line == previous_line {
                    continue;
                }
                if at + 1 < code.len() {
                    let next = code[at + 1].line();
                    if next == line {
                        continue;
                    }
                    if next < 0 {
                        code[at + 1].location = code[at].location;
                        continue;
                    }
                } else if next_line == Some(line) {
                    continue;
                }
            }
            code[kept] = code[at];
            kept += 1;
            previous_line = line;
        }
        code.truncate(kept);
        abandoned.extend(handlers[kept..].iter().rev());
    }

    /// The line of the first instruction from `id` on that will stay.
    fn first_line(&self, id: Option<BlockId>) -> Option<i32> {
        let next = self.next_nonempty(id)?;
        let stays = self[next].code.iter().find(|i| !i.is_nop() || i.line() >= 0);
        Some(stays.map_or(-1, |i| i.line()))
    }

    /// Removes NOPs, and pairs of which the second drops what the first has pushed.
    pub(super) fn remove_redundant_pairs(&mut self) {
        let order = self.layout();
        loop {
            let mut done = true;
            let mut previous: Option<(BlockId, usize)> = None;
            for &id in &order {
                self.remove_redundant_nops_in(id);
                if self[id].labelled {
                    previous = None;
                }
                for at in 0..self[id].code.len() {
                    if self[id].code[at].opcode == Opcode::POP_TOP
                        && let Some((block, place)) = previous
                    {
                        let before = &mut self[block].code[place];
                        if loads_const(before.opcode)
                            || before.opcode == Opcode::COPY && before.oparg == 1
                        {
                            before.make_nop();
                            self[id].code[at].make_nop();
                            done = false;
                        }
                    }
                    previous = Some((id, at));
                }
                let jumps = previous.is_some_and(|(b, at)| self[b].code[at].is_jump());
                if jumps || !self[id].falls_through() {
                    previous = None;
                }
            }
            if done {
                break;
            }
        }
    }

    pub(super) fn remove_redundant_nops_and_jumps(&mut self) {
        loop {
            self.remove_redundant_nops();
            if !self.remove_redundant_jumps() {
                break;
            }
        }
    }

    /// Turns jumps to the next block with instructions into NOPs.
    fn remove_redundant_jumps(&mut self) -> bool {
        let mut changed = false;
        for id in self.layout() {
            let Some(last) = self[id].last() else { continue };
            if !last.opcode.is_unconditional_jump() {
                continue;
            }
            let target = self.next_nonempty(last.target);
            if target.is_some()
                && target == self.next_nonempty(self[id].next)
                && let Some(last) = self[id].code.last_mut()
            {
                last.make_nop();
                changed = true;
            }
        }
        changed
    }
}
