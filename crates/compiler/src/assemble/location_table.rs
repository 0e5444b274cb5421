//! The location table: for each run of code units, line, end line and columns.
//!
//! CPython: `assemble_location_info`; the format is described in its `InternalDocs`.

use krait_bytecode::location_kind;

use crate::cfg::FinalInstr;
use crate::instructions::Location;

/// One entry covers up to this many code units.
const MAX_UNITS: u32 = 8;

/// Writes the table, in place of what `bytes` was.
pub(super) fn assemble(
    instructions: &[FinalInstr],
    offsets: &[u32],
    first_line: i32,
    bytes: &mut Vec<u8>,
) {
    bytes.clear();
    let mut table = Table { bytes, line: first_line };
    let mut current = Location::NONE;
    let mut start = 0;
    for (instr, &offset) in instructions.iter().zip(offsets) {
        let location = instr.location;
        if location != current {
            table.add(current, offset - start);
            (current, start) = (location, offset);
        }
    }
    table.add(current, offsets.last().map_or(0, |end| end - start));
}

struct Table<'b> {
    bytes: &'b mut Vec<u8>,
    /// The line of the last entry that has one.
    line: i32,
}

impl Table<'_> {
    #[inline]
    fn add(&mut self, location: Location, mut units: u32) {
        while units > MAX_UNITS {
            self.add_entry(location, MAX_UNITS);
            units -= MAX_UNITS;
        }
        if units > 0 {
            self.add_entry(location, units);
        }
    }

    #[inline]
    fn add_entry(&mut self, location: Location, units: u32) {
        let Location { line, end_line, column, end_column } = location;
        let delta = i64::from(line) - i64::from(self.line);
        let width = end_column.wrapping_sub(column);
        let is_short_line = end_line == line && (column | end_column) as u32 <= 0x7f;
        if !is_short_line || line == Location::NONE.line || !(0..3).contains(&delta) {
            self.add_rare(location, units);
        } else if delta == 0 && column < 80 && (0..16).contains(&width) {
            let head = head(location_kind::SHORT0 + (column >> 3) as u8, units);
            self.bytes.extend_from_slice(&[head, ((column & 7) << 4 | width) as u8]);
        } else {
            self.line = line;
            let head = head(location_kind::ONE_LINE0 + delta as u8, units);
            self.bytes.extend_from_slice(&[head, column as u8, end_column as u8]);
        }
    }

    /// An entry that has no short form.
    #[inline(never)]
    fn add_rare(&mut self, location: Location, units: u32) {
        let Location { line, end_line, column, end_column } = location;
        if line == Location::NONE.line {
            self.bytes.push(head(location_kind::NONE, units));
            return;
        }
        let delta = i64::from(line) - i64::from(self.line);
        self.line = line;
        if (column < 0 || end_column < 0) && (end_line == line || end_line < 0) {
            self.bytes.push(head(location_kind::NO_COLUMNS, units));
            self.signed_varint(delta);
            return;
        }
        self.bytes.push(head(location_kind::LONG, units));
        self.signed_varint(delta);
        self.varint(i64::from(end_line) - i64::from(line));
        self.varint(i64::from(column) + 1);
        self.varint(i64::from(end_column) + 1);
    }

    /// 6-bit digits, least significant first; bit 6 says that more follow.
    fn varint(&mut self, value: i64) {
        let mut rest = value.max(0) as u64;
        while rest >= 64 {
            self.bytes.push(0x40 | (rest & 0x3f) as u8);
            rest >>= 6;
        }
        self.bytes.push(rest as u8);
    }

    fn signed_varint(&mut self, value: i64) {
        self.varint(value.abs() << 1 | i64::from(value < 0));
    }
}

/// The first byte of an entry.
fn head(kind: u8, units: u32) -> u8 {
    1 << 7 | kind << 3 | (units - 1) as u8
}
