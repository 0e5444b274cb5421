//! Removing instructions without effect: NOPs that carry no line of their own, loads that are
//! popped at once, jumps to what comes next anyway.
//!
//! CPython: `remove_redundant_nops`, `remove_redundant_nops_and_pairs`, `remove_redundant_jumps`.

use krait_bytecode::Opcode;

use super::constants::loads_const;
use super::kinds::Kinds;
use super::{Block, BlockId, Graph, Instr};

impl Graph {
    /// Removes the NOPs whose line another instruction shows.
    pub(super) fn remove_redundant_nops(&mut self) {
        if std::mem::take(&mut self.has_nops) {
            self.each_block(Graph::remove_redundant_nops_in);
        }
    }

    fn remove_redundant_nops_in(&mut self, id: BlockId) {
        if self[id].without_nops {
            return;
        }
        let Some(first) = place_of(&self[id].code, Opcode::NOP) else {
            self[id].without_nops = true;
            return;
        };
        let ends_in_nop = self[id].last().is_some_and(|last| last.is_nop());
        let next_line = if ends_in_nop { self.first_line(self[id].next) } else { None };
        let protects = self.protects;
        let Block { code, abandoned, without_nops, .. } = &mut self[id];
        let mut left = false;
        let mut kept = first;
        let mut previous_line = if first > 0 { code[first - 1].line() } else { -1 };
        for at in first..code.len() {
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
            left |= code[at].is_nop();
            code[kept] = code[at];
            kept += 1;
            previous_line = line;
        }
        *without_nops = !left;
        if protects {
            abandoned.extend(code[kept..].iter().rev().map(|instr| instr.handler));
        }
        code.truncate(kept);
        self.has_nops |= left;
    }

    /// The line of the first instruction from `id` on that will stay.
    fn first_line(&self, id: Option<BlockId>) -> Option<i32> {
        let next = self.next_nonempty(id)?;
        let stays = self[next].code.iter().find(|i| !i.is_nop() || i.line() >= 0);
        Some(stays.map_or(-1, |i| i.line()))
    }

    /// Removes NOPs, and pairs of which the second drops what the first has pushed.
    pub(super) fn remove_redundant_pairs(&mut self) {
        loop {
            let mut done = true;
            let mut previous: Option<(BlockId, usize)> = None;
            self.each_block(|graph, id| {
                graph.remove_redundant_nops_in(id);
                if graph[id].labelled {
                    previous = None;
                }
                // Where to look next.
                let pops = graph[id].kinds.has(Kinds::POP_TOP);
                let mut at = if pops { 0 } else { graph[id].code.len() };
                while let Some(ahead) = place_of(&graph[id].code[at..], Opcode::POP_TOP) {
                    at += ahead;
                    // The instruction before, which may be in the block before.
                    let before = at.checked_sub(1).map(|before| (id, before)).or(previous);
                    if let Some((block, place)) = before {
                        let before = &mut graph[block].code[place];
                        if loads_const(before.opcode)
                            || before.opcode == Opcode::COPY && before.oparg == 1
                        {
                            before.make_nop();
                            graph.note_nop(block);
                            graph[id].code[at].make_nop();
                            graph.note_nop(id);
                            done = false;
                        }
                    }
                    at += 1;
                }
                if let Some(last) = graph[id].code.len().checked_sub(1) {
                    previous = Some((id, last));
                }
                let jumps = previous.is_some_and(|(b, at)| graph[b].code[at].is_jump());
                if jumps || !graph[id].falls_through() {
                    previous = None;
                }
            });
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
        self.each_block(|graph, id| {
            let Some(last) = graph[id].last() else { return };
            if !last.opcode.is_unconditional_jump() {
                return;
            }
            let target = graph.next_nonempty(last.target);
            if target.is_some()
                && target == graph.next_nonempty(graph[id].next)
                && let Some(last) = graph[id].code.last_mut()
            {
                last.make_nop();
                graph.note_nop(id);
                changed = true;
            }
        });
        changed
    }
}

/// The place of the first such instruction.
fn place_of(code: &[Instr], opcode: Opcode) -> Option<usize> {
    code.iter().position(|instr| instr.opcode == opcode)
}
