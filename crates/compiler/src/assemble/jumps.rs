//! Distances of jumps.
//!
//! A distance decides how many `EXTENDED_ARG`s its jump needs, and these move other jumps'
//! targets: repeated until nothing grows. CPython: `resolve_unconditional_jumps`,
//! `resolve_jump_offsets`.

use krait_bytecode::Opcode;

use super::{AssembleError, size_of};
use crate::cfg::{FinalInstr, Jump, Row};

/// How far `END_SEND` lies behind the start of its `SEND`, in code units. `END_ASYNC_FOR` refers
/// to the former while its label is at the latter.
const END_SEND_OFFSET: u32 = 5;

/// Gives jumps their distances. Writes the offset of each instruction and, last, of the end, in code units.
pub(super) fn resolve(row: &mut Row, offsets: &mut Vec<u32>) -> Result<(), AssembleError> {
    let Row { instructions, jumps } = row;
    // The first guess, which is the reference's.
    for jump in &*jumps {
        instructions[jump.place].oparg = jump.target as u32;
    }
    loop {
        write_offsets(instructions, offsets)?;
        let mut resized = false;
        for &Jump { place, target } in &*jumps {
            let instr = &mut instructions[place];
            let size = size_of(instr);
            let end = offsets[place] + size;
            let target = offsets[target];
            instr.oparg = if instr.opcode == Opcode::END_ASYNC_FOR {
                end.checked_sub(target + END_SEND_OFFSET)
                    .ok_or(AssembleError::Invalid("END_ASYNC_FOR before its SEND"))?
            } else {
                end.abs_diff(target)
            };
            resized |= size_of(instr) != size;
        }
        if !resized {
            return Ok(());
        }
    }
}

fn write_offsets(instructions: &[FinalInstr], offsets: &mut Vec<u32>) -> Result<(), AssembleError> {
    offsets.clear();
    offsets.reserve(instructions.len() + 1);
    let mut offset = 0u32;
    for instr in instructions {
        offsets.push(offset);
        offset += size_of(instr);
        // CPython keeps byte offsets in a C int.
        if offset > i32::MAX as u32 / 2 {
            return Err(AssembleError::TooLarge);
        }
    }
    offsets.push(offset);
    Ok(())
}
