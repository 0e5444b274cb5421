//! Where hooks belong: the instructions at which an event can happen, and the starts of lines.

use krait_bytecode::{Decoded, Opcode, exception_entries, instructions};

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
        if has(all, event::INSTRUCTION)
            && !resume
            && data.tools(monitors, event::INSTRUCTION, start) != 0
        {
            wanted[start] = true;
        }
        wanted[unit] |= lines && (resume || at.jump_target().is_some());
        wanted[unit] |= branches && at.opcode.has_jump();
        if lines && data.line_starts.get(start) == Some(&true) {
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

/// By unit: whether a line starts there, seen from above or from a jump that leads there.
pub fn line_starts(code: &Code, bytes: &[u8]) -> Vec<bool> {
    let mut starts = vec![false; code.unit_count()];
    let line = |unit: u32| code.line_of_unit(unit as isize);
    let all: Vec<Decoded> = instructions(bytes).collect();
    let can_start = |opcode: Opcode| {
        !matches!(
            opcode,
            Opcode::END_ASYNC_FOR
                | Opcode::END_FOR
                | Opcode::END_SEND
                | Opcode::RESUME
                | Opcode::POP_ITER
        )
    };
    let mut current = None;
    for at in &all {
        if (at.start as i32) < code.first_traceable || !can_start(at.opcode) {
            continue;
        }
        let here = line(at.start);
        starts[at.start as usize] = here.is_some() && here != current;
        current = here;
    }
    for at in &all {
        let Some(target) = at.jump_target() else { continue };
        // A loop ends behind `END_FOR` and `POP_ITER`.
        let target = if at.opcode == Opcode::FOR_ITER { target + 2 } else { target };
        let reached = line(target);
        if (target as usize) < starts.len() && reached.is_some() && reached != line(at.offset) {
            mark(&mut starts, &all, target, &can_start);
        }
    }
    for entry in exception_entries(code.exceptiontable.as_bytes()) {
        if (entry.target as usize) < starts.len() && line(entry.target).is_some() {
            mark(&mut starts, &all, entry.target, &can_start);
        }
    }
    starts
}

fn mark(starts: &mut [bool], all: &[Decoded], target: u32, can_start: &impl Fn(Opcode) -> bool) {
    if let Ok(index) = all.binary_search_by_key(&target, |at| at.start)
        && can_start(all[index].opcode)
    {
        starts[target as usize] = true;
    }
}
