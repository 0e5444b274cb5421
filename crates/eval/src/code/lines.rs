//! Iterators over a code object's lines, positions and branches.

use std::cell::Cell;

use krait_bytecode::{Decoded, LocationPlace, Opcode, instructions, location_entries_from};
use krait_objects::prelude::*;

use super::{Code, CodeUnit, original_bytes};

macro_rules! table_iterator {
    ($(#[$doc:meta])* $name:ident, $text:literal) => {
        $(#[$doc])*
        #[pytype(name = $text)]
        #[repr(C)]
        pub struct $name {
            head: Head,
            code: Slot<Code>,
            /// The next entry of the table, and how many units of it have been seen.
            place: Cell<LocationPlace>,
            seen: Cell<u32>,
        }

        impl $name {
            pub fn of(th: &Thread, code: Borrowed<'_, Code>) -> PyResult {
                let iterator = Self::type_object().alloc::<Self>(th, 0)?;
                iterator.code.set(Some(code.to_owned()));
                Ok(iterator.into_object())
            }
        }
    };
}

table_iterator!(
    /// The iterator of `co_lines`.
    LineIterator,
    "line_iterator"
);
table_iterator!(
    /// The iterator of `co_positions`.
    PositionsIterator,
    "positions_iterator"
);

/// A number, or None for what is not known.
fn number(th: &Thread, value: Option<i64>) -> PyResult {
    match value {
        Some(value) => Ok(Int::from_i64(th, value)?.into_object()),
        None => Ok(none().to_owned()),
    }
}

fn row(th: &Thread, values: &[Option<i64>]) -> PyResult<Option<Owned>> {
    let values = values.iter().map(|value| number(th, *value)).collect::<PyResult<Vec<_>>>()?;
    Ok(Some(Tuple::from_vec(th, values)?.into_object()))
}

#[pymethods]
impl LineIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(code) = self.code.get_owned() else { return Ok(None) };
        let (table, first_line) = (code.linetable.as_bytes(), code.firstlineno);
        let mut entries = location_entries_from(table, first_line, self.place.get());
        let Some(first) = entries.next() else { return Ok(None) };
        let line = first.position.line;
        let mut end = first.start + first.units;
        loop {
            self.place.set(entries.place(table, first_line));
            match entries.next() {
                Some(more) if more.position.line == line => end = more.start + more.units,
                _ => break,
            }
        }
        let offset = |unit: u32| Some(i64::from(unit) * size_of::<CodeUnit>() as i64);
        row(th, &[offset(first.start), offset(end), line.map(i64::from)])
    }
}

#[pymethods]
impl PositionsIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(code) = self.code.get_owned() else { return Ok(None) };
        let (table, first_line) = (code.linetable.as_bytes(), code.firstlineno);
        let mut entries = location_entries_from(table, first_line, self.place.get());
        let Some(entry) = entries.next() else { return Ok(None) };
        let seen = self.seen.get() + 1;
        if seen < entry.units {
            self.seen.set(seen);
        } else {
            self.seen.set(0);
            self.place.set(entries.place(table, first_line));
        }
        let position = entry.position;
        let fields = [position.line, position.end_line, position.column, position.end_column];
        row(th, &fields.map(|field| field.map(i64::from)))
    }
}

/// The branching instructions: byte offsets of the instruction, of where it falls through, and of its jump.
pub fn branches(code: &Code) -> Vec<[usize; 3]> {
    let bytes = original_bytes(code);
    let all: Vec<_> = instructions(&bytes).collect();
    let mut found = Vec::new();
    for instruction in &all {
        let branching = matches!(
            instruction.opcode,
            Opcode::POP_JUMP_IF_FALSE
                | Opcode::POP_JUMP_IF_TRUE
                | Opcode::POP_JUMP_IF_NONE
                | Opcode::POP_JUMP_IF_NOT_NONE
                | Opcode::FOR_ITER
        );
        if instruction.opcode == Opcode::END_ASYNC_FOR {
            found.extend(async_branch(instruction));
        }
        if !branching {
            continue;
        }
        let Some(target) = instruction.jump_target() else { continue };
        let end = instruction.end();
        let follows = all.iter().find(|next| next.start == end);
        // `NOT_TAKEN` belongs to the branch.
        let fall = match follows {
            Some(next) if next.opcode == Opcode::NOT_TAKEN => next.end(),
            _ => end,
        };
        // A loop ends behind `END_FOR` and `POP_ITER`.
        let target = if instruction.opcode == Opcode::FOR_ITER { target + 2 } else { target };
        found.push([2 * instruction.offset as usize, 2 * fall as usize, 2 * target as usize]);
    }
    found
}

/// The branch that `END_ASYNC_FOR` ends: it begins at the `END_SEND` to which the argument leads back. As in the
/// reference, a `NOT_TAKEN` is supposed to follow, though comprehensions have none.
fn async_branch(end: &Decoded) -> Option<[usize; 3]> {
    let source = end.end().checked_sub(end.oparg)?;
    Some([source, source + 2, end.end()].map(|unit| 2 * unit as usize))
}

/// Where a code unit comes from: line, end line, column, end column.
pub fn location(code: &Code, unit: isize) -> [Option<i32>; 4] {
    let found = u32::try_from(unit).ok().and_then(|unit| {
        krait_bytecode::position_at(code.linetable.as_bytes(), code.firstlineno, unit)
    });
    match found {
        Some(at) => [at.line, at.end_line, at.column, at.end_column],
        None => [None; 4],
    }
}
