//! Pairs of loads and stores of locals in one instruction.
//!
//! CPython: `insert_superinstructions`.

use krait_bytecode::Opcode;

use super::{Block, Graph, Instr};

impl Graph {
    pub(super) fn insert_superinstructions(&mut self) {
        self.each_block(|graph, id| {
            let Block { code, without_nops, .. } = &mut graph[id];
            for at in 1..code.len() {
                let pair = match (code[at - 1].opcode, code[at].opcode) {
                    (Opcode::LOAD_FAST, Opcode::LOAD_FAST) => Opcode::LOAD_FAST_LOAD_FAST,
                    (Opcode::STORE_FAST, Opcode::LOAD_FAST) => Opcode::STORE_FAST_LOAD_FAST,
                    (Opcode::STORE_FAST, Opcode::STORE_FAST) => Opcode::STORE_FAST_STORE_FAST,
                    _ => continue,
                };
                if combine(code, at, pair) {
                    *without_nops = false;
                }
            }
        });
        self.remove_redundant_nops();
    }
}

/// Both locals have to fit into half a byte, and both instructions to be of the same line. Whether they do and are.
fn combine(code: &mut [Instr], second: usize, opcode: Opcode) -> bool {
    let (a, b) = (code[second - 1], code[second]);
    let lines_differ = a.line() >= 0 && b.line() >= 0 && a.line() != b.line();
    if lines_differ || a.oparg >= 16 || b.oparg >= 16 {
        return false;
    }
    code[second - 1].set(opcode, a.oparg << 4 | b.oparg);
    code[second].make_nop();
    true
}
