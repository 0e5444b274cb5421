//! The exception table: ranges of code units and the handler of each.
//!
//! Numbers are written in 6-bit digits, most significant first; bit 6 says that more follow, bit 7
//! marks the start of an entry. CPython: `assemble_exception_table`.

use super::AssembleError;
use crate::cfg::{Block, FinalInstr, Graph};

const START_OF_ENTRY: u8 = 1 << 7;
const CONTINUES: u8 = 1 << 6;

/// Writes the table, in place of what `table` was.
pub(super) fn assemble(
    graph: &Graph,
    instructions: &[FinalInstr],
    offsets: &[u32],
    table: &mut Vec<u8>,
) -> Result<(), AssembleError> {
    table.clear();
    if !graph.has_handlers() {
        return Ok(());
    }
    let mut current: Option<&Block> = None;
    let mut start = 0;
    let handlers = instructions.iter().map(|instr| instr.handler).chain([None]);
    for (handler, &offset) in handlers.zip(offsets) {
        let handler = handler.map(|handler| &graph[handler]);
        // Several blocks may be at one place, of which all but the last are empty.
        if handler.map(|handler| handler.place) == current.map(|current| current.place) {
            continue;
        }
        if let Some(handler) = current {
            let target = offsets[handler.place as usize];
            write_entry(table, start, offset - start, target, handler)?;
        }
        start = offset;
        current = handler;
    }
    Ok(())
}

fn write_entry(
    table: &mut Vec<u8>,
    start: u32,
    length: u32,
    target: u32,
    handler: &Block,
) -> Result<(), AssembleError> {
    // What is pushed for the handler is not part of the depth to unwind to.
    let pushed = 1 + u32::from(handler.preserve_lasti);
    let depth = handler
        .start_depth
        .unwrap_or(0)
        .checked_sub(pushed)
        .ok_or(AssembleError::Invalid("exception handler without stack"))?;
    write_number(table, start, START_OF_ENTRY);
    write_number(table, length, 0);
    write_number(table, target, 0);
    write_number(table, depth << 1 | u32::from(handler.preserve_lasti), 0);
    Ok(())
}

fn write_number(table: &mut Vec<u8>, value: u32, mut mark: u8) {
    for shift in [30, 24, 18, 12, 6] {
        if value >> shift != 0 {
            table.push((value >> shift & 0x3f) as u8 | CONTINUES | mark);
            mark = 0;
        }
    }
    table.push((value & 0x3f) as u8 | mark);
}
