//! Pairs of loads and stores of locals in one instruction.
//!
//! CPython: `insert_superinstructions`.

use krait_bytecode::Opcode;

use super::kinds::Kinds;
use super::{Graph, Instr};

impl Graph {
    pub(super) fn insert_superinstructions(&mut self) {
        let mut kinds = Kinds::NONE;
        for block in &mut self.blocks[..self.used] {
            kinds |= block.kinds;
            if block.kinds.has(Kinds::LOCAL) && combine_all(&mut block.code) {
                block.without_nops = false;
                self.has_nops = true;
            }
        }
        self.lineless = kinds.has(Kinds::LINELESS);
        self.remove_redundant_nops();
    }
}

/// Whether there was something to combine.
fn combine_all(code: &mut [Instr]) -> bool {
    let mut combined = false;
    for at in 1..code.len() {
        let pair = match (code[at - 1].opcode, code[at].opcode) {
            (Opcode::LOAD_FAST, Opcode::LOAD_FAST) => Opcode::LOAD_FAST_LOAD_FAST,
            (Opcode::STORE_FAST, Opcode::LOAD_FAST) => Opcode::STORE_FAST_LOAD_FAST,
            (Opcode::STORE_FAST, Opcode::STORE_FAST) => Opcode::STORE_FAST_STORE_FAST,
            _ => continue,
        };
        combined |= combine(code, at, pair);
    }
    combined
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
