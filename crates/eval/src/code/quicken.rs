//! Between the code as the compiler wrote it and the code units that run.
//!
//! `_PyCode_Quicken` and `_PyCode_GetCode` of the reference.

use krait_bytecode::Opcode;

use super::{Code, CodeUnit};
use crate::monitoring::original_at;

/// A fresh adaptive counter: it triggers after one execution, and backs off by powers of two.
pub const WARMUP: u16 = (krait_abi::ADAPTIVE_WARMUP_VALUE << krait_abi::BACKOFF_BITS
    | krait_abi::ADAPTIVE_WARMUP_BACKOFF) as u16;

fn opcode_of(unit: CodeUnit) -> Option<Opcode> {
    Opcode::from_byte(unit as u8)
}

/// Prepares code units for running: counters are set.
pub fn quicken(units: &mut [CodeUnit]) {
    let mut at = 0;
    while at < units.len() {
        let Some(opcode) = opcode_of(units[at]) else {
            at += 1;
            continue;
        };
        let caches = opcode.cache_units();
        if caches > 0 && at + caches < units.len() {
            // Whatever foreign code has in there: specialised forms find what they have written, or nothing.
            units[at + 1..=at + caches].fill(0);
            if has_counter(opcode) {
                units[at + 1] = WARMUP;
            }
        }
        at += 1 + caches;
    }
}

/// Conditional jumps use their cache to record branches, `JUMP_BACKWARD` for the JIT.
fn has_counter(opcode: Opcode) -> bool {
    !matches!(
        opcode,
        Opcode::POP_JUMP_IF_FALSE
            | Opcode::POP_JUMP_IF_TRUE
            | Opcode::POP_JUMP_IF_NONE
            | Opcode::POP_JUMP_IF_NOT_NONE
            | Opcode::JUMP_BACKWARD
    )
}

/// The code as the compiler wrote it: generic instructions, caches zero. The bytes of `co_code`.
pub fn original_bytes(code: &Code) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * code.unit_count());
    let mut skip = 0;
    for at in 0..code.unit_count() {
        // SAFETY: the code has that many units.
        let unit = unsafe { *code.units().add(at) };
        if skip > 0 {
            skip -= 1;
            bytes.extend([0, 0]);
            continue;
        }
        match opcode_of(original_at(code, at).into()) {
            Some(opcode) => {
                let base = opcode.base();
                skip = base.cache_units();
                bytes.extend([base.number() as u8, (unit >> 8) as u8]);
            }
            None => bytes.extend(unit.to_le_bytes()),
        }
    }
    bytes
}
