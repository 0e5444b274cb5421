//! Where hooks belong: the instructions at which an event can happen, and the starts of lines.

use krait_bytecode::{Decoded, Opcode, exception_entries, instructions, location_entries};

use super::instrument::CodeData;
use super::{Monitors, event, has};
use crate::code::Code;

/// The event of the instruction itself, if it has one.
pub fn event_of(opcode: Opcode, oparg: u32) -> Option<u8> {
    Some(match opcode {
        Opcode::RESUME if oparg & 3 == 0 => event::PY_START,
        Opcode::RESUME => event::PY_RESUME,
        Opcode::RETURN_VALUE => event::PY_RETURN,
        Opcode::YIELD_VALUE => event::PY_YIELD,
        Opcode::CALL | Opcode::CALL_KW | Opcode::CALL_FUNCTION_EX | Opcode::LOAD_SUPER_ATTR => {
            event::CALL
        }
        Opcode::JUMP_FORWARD | Opcode::JUMP_BACKWARD => event::JUMP,
        Opcode::POP_JUMP_IF_FALSE
        | Opcode::POP_JUMP_IF_TRUE
        | Opcode::POP_JUMP_IF_NONE
        | Opcode::POP_JUMP_IF_NOT_NONE
        | Opcode::POP_ITER
        | Opcode::END_ASYNC_FOR => event::BRANCH_RIGHT,
        Opcode::NOT_TAKEN | Opcode::FOR_ITER => event::BRANCH_LEFT,
        Opcode::END_FOR | Opcode::END_SEND => event::STOP_ITERATION,
        _ => return None,
    })
}

/// What a unit is; no bit for the inside of an instruction.
pub mod mark {
    /// An instruction, or an `EXTENDED_ARG` in front of it.
    pub const INSTRUCTION: u8 = 1;
    /// A line starts, seen from above or from a jump that leads there.
    pub const LINE: u8 = 2;
}

/// By unit: whether a hook belongs there, given all events that any tool wants.
///
/// Under line events every jump, and what precedes the start of a line, has a hook too: it leaves its place in the
/// frame, and so tells the line that follows where it was reached from. The same for what leads to a branch's end.
pub fn hooks(
    code: &Code,
    bytes: &[u8],
    all: u32,
    data: &CodeData,
    monitors: &Monitors,
) -> Vec<bool> {
    let mut wanted = vec![false; code.unit_count()];
    let lines = has(all, event::LINE);
    let branches = has(all, event::BRANCH_LEFT) || has(all, event::BRANCH_RIGHT);
    let mut before = None;
    for at in instructions(bytes) {
        let (unit, start) = (at.offset as usize, at.start as usize);
        if unit < code.first_traceable as usize {
            continue;
        }
        if let Some(event) = event_of(at.opcode, at.oparg)
            && has(all, event)
            && data.tools(monitors, event, unit) != 0
        {
            wanted[unit] = true;
        }
        let resume = at.opcode == Opcode::RESUME;
        if has(all, event::INSTRUCTION) && !resume {
            for (at, wanted) in (start..).zip(&mut wanted[start..=unit]) {
                *wanted |= data.tools(monitors, event::INSTRUCTION, at) != 0;
            }
        }
        wanted[unit] |= lines && (resume || at.jump_target().is_some());
        if branches {
            wanted[unit] |= at.opcode.has_jump();
            if let (Opcode::NOT_TAKEN, Some(before)) = (at.opcode, before) {
                wanted[before] = true;
            }
        }
        if lines && data.is(start, mark::LINE) {
            if data.tools(monitors, event::LINE, start) != 0 {
                wanted[start] = true;
            }
            if let Some(before) = before {
                wanted[before] = true;
            }
        }
        before = Some(unit);
    }
    wanted
}

/// By unit: its line.
pub fn lines(code: &Code) -> Vec<Option<i32>> {
    let mut lines = vec![None; code.unit_count()];
    for entry in location_entries(code.linetable.as_bytes(), code.firstlineno) {
        let start = (entry.start as usize).min(lines.len());
        let end = start.saturating_add(entry.units as usize).min(lines.len());
        lines[start..end].fill(entry.position.line);
    }
    lines
}

/// By unit: what it is.
pub fn marks(code: &Code, bytes: &[u8], lines: &[Option<i32>]) -> Vec<u8> {
    let mut marks = vec![0; code.unit_count()];
    let line = |unit: u32| lines.get(unit as usize).copied().flatten();
    let all: Vec<Decoded> = instructions(bytes).collect();
    let mut current = None;
    for at in &all {
        marks[at.start as usize..=at.offset as usize].fill(mark::INSTRUCTION);
        if (at.start as i32) < code.first_traceable || !can_start_line(at.opcode) {
            continue;
        }
        let here = line(at.start);
        if here.is_some() && here != current {
            marks[at.start as usize] |= mark::LINE;
        }
        current = here;
    }
    let jumps = all.iter().filter_map(|at| match at.opcode {
        // Behind `END_SEND`, which has no line of its own.
        Opcode::SEND => at.jump_target().map(|target| target + 1),
        _ => at.jump_target(),
    });
    let handlers = exception_entries(code.exceptiontable.as_bytes()).map(|entry| entry.target);
    for target in jumps.chain(handlers) {
        if let Ok(index) = all.binary_search_by_key(&target, |at| at.start)
            && can_start_line(all[index].opcode)
            && line(target).is_some()
        {
            marks[target as usize] |= mark::LINE;
        }
    }
    marks
}

/// Not what only ends something that another line has begun.
fn can_start_line(opcode: Opcode) -> bool {
    !matches!(
        opcode,
        Opcode::END_ASYNC_FOR
            | Opcode::END_FOR
            | Opcode::END_SEND
            | Opcode::RESUME
            | Opcode::POP_ITER
    )
}
