//! Reading the location table (`co_linetable`).
//!
//! Each entry covers one to eight code units. Its first byte has bit 7 set, the kind in bits 3 to 6
//! and the number of units less one in bits 0 to 2; the kind says what follows. Damaged tables end
//! early. CPython: `co_positions`, `co_lines`, `PyCode_Addr2Line`.

use crate::{CODE_UNIT_SIZE, location_kind};

/// A range of the source; what is not known is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    pub line: Option<i32>,
    pub end_line: Option<i32>,
    pub column: Option<i32>,
    pub end_column: Option<i32>,
}

/// Where a run of code units comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocationEntry {
    /// The first code unit.
    pub start: u32,
    /// The number of code units.
    pub units: u32,
    pub position: Position,
}

/// Iterator over the entries of a location table.
#[derive(Clone, Debug)]
pub struct LocationEntries<'a> {
    rest: &'a [u8],
    line: i32,
    start: u32,
}

/// The same lines, and no columns.
pub fn without_columns(table: &[u8]) -> Vec<u8> {
    const NO_COLUMNS: u8 = location_kind::NO_COLUMNS;
    const NONE: u8 = location_kind::NONE;
    let mut out = Vec::with_capacity(table.len());
    let mut rest = table;
    while let Some((&head, mut data)) = rest.split_first() {
        let end = data.iter().position(|byte| byte & 0x80 != 0).unwrap_or(data.len());
        rest = &data[end..];
        data = &data[..end];
        let kind = head >> 3 & 15;
        if kind == NONE {
            out.push(head);
            continue;
        }
        out.push(0x80 | NO_COLUMNS << 3 | head & 7);
        match kind {
            // How many lines further is the first number of these, as it is written.
            location_kind::LONG | location_kind::NO_COLUMNS => {
                let len =
                    data.iter().position(|byte| byte & 0x40 == 0).map_or(data.len(), |at| at + 1);
                out.extend_from_slice(&data[..len]);
            }
            // One or two lines further: a signed number has its sign in the lowest bit.
            kind if (location_kind::ONE_LINE0..=location_kind::ONE_LINE0 + 2).contains(&kind) => {
                out.push((kind - location_kind::ONE_LINE0) * 2);
            }
            _ => out.push(0),
        }
    }
    out
}

/// The entries of `table`; `first_line` is `co_firstlineno`.
pub fn location_entries(table: &[u8], first_line: i32) -> LocationEntries<'_> {
    LocationEntries { rest: table, line: first_line, start: 0 }
}

/// How far an iteration has come, for one that goes on later with the same table; zero is its start.
#[derive(Clone, Copy, Default, Debug)]
pub struct LocationPlace {
    bytes: usize,
    lines: i32,
    start: u32,
}

/// As `location_entries`, from a place on.
pub fn location_entries_from(
    table: &[u8],
    first_line: i32,
    place: LocationPlace,
) -> LocationEntries<'_> {
    let rest = table.get(place.bytes..).unwrap_or_default();
    LocationEntries { rest, line: first_line.wrapping_add(place.lines), start: place.start }
}

impl LocationEntries<'_> {
    /// The place from which the next entry comes, in the table that the iteration began with.
    pub fn place(&self, table: &[u8], first_line: i32) -> LocationPlace {
        LocationPlace {
            bytes: table.len().saturating_sub(self.rest.len()),
            lines: self.line.wrapping_sub(first_line),
            start: self.start,
        }
    }

    /// Passes over the entries that end at or before the code unit `offset`. Of them only the lines count: the next entry
    /// begins with the next byte that has its highest bit set.
    fn skip_to(&mut self, offset: u32) {
        let bytes = self.rest;
        let mut at = 0;
        while let Some(&head) = bytes.get(at) {
            let end = self.start + u32::from(head & 7) + 1;
            if offset < end {
                break;
            }
            at += 1;
            let kind = head >> 3 & 15;
            self.line = self.line.wrapping_add(match (kind, bytes.get(at)) {
                (location_kind::ONE_LINE0..=location_kind::ONE_LINE2, _) => {
                    i32::from(kind - location_kind::ONE_LINE0)
                }
                // A number of one byte, its sign in the lowest bit.
                (location_kind::LONG | location_kind::NO_COLUMNS, Some(&lines @ ..0x40)) => {
                    i32::from(lines >> 1) * (1 - 2 * i32::from(lines & 1))
                }
                (location_kind::LONG | location_kind::NO_COLUMNS, _) => {
                    self.rest = &bytes[at..];
                    self.signed_varint().unwrap_or(0)
                }
                _ => 0,
            });
            while bytes.get(at).is_some_and(|byte| byte & 0x80 == 0) {
                at += 1;
            }
            self.start = end;
        }
        self.rest = &bytes[at..];
    }

    fn byte(&mut self) -> Option<i32> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(i32::from(byte))
    }

    fn varint(&mut self) -> Option<u32> {
        let mut value = 0u32;
        let mut shift = 0;
        loop {
            let byte = self.byte()? as u32;
            value |= (byte & 0x3f).checked_shl(shift).unwrap_or(0);
            if byte & 0x40 == 0 {
                return Some(value);
            }
            shift += 6;
        }
    }

    fn signed_varint(&mut self) -> Option<i32> {
        let value = self.varint()?;
        let magnitude = (value >> 1) as i32;
        Some(if value & 1 == 1 { -magnitude } else { magnitude })
    }

    /// A column that is written plus one, 0 for an unknown one.
    fn column(&mut self) -> Option<Option<i32>> {
        Some((self.varint()? as i32).checked_sub(1).filter(|&column| column >= 0))
    }

    fn position(&mut self, kind: u8) -> Option<Position> {
        let (end_line, column, end_column);
        match kind {
            location_kind::NONE => return Some(Position::default()),
            location_kind::LONG => {
                self.line = self.line.wrapping_add(self.signed_varint()?);
                end_line = self.line.wrapping_add(self.varint()? as i32);
                column = self.column()?;
                end_column = self.column()?;
            }
            location_kind::NO_COLUMNS => {
                self.line = self.line.wrapping_add(self.signed_varint()?);
                (end_line, column, end_column) = (self.line, None, None);
            }
            location_kind::ONE_LINE0..=location_kind::ONE_LINE2 => {
                self.line = self.line.wrapping_add(i32::from(kind - location_kind::ONE_LINE0));
                end_line = self.line;
                column = Some(self.byte()?);
                end_column = Some(self.byte()?);
            }
            _ => {
                let second = self.byte()?;
                let first = i32::from(kind) << 3 | second >> 4 & 7;
                end_line = self.line;
                column = Some(first);
                end_column = Some(first + (second & 15));
            }
        }
        Some(Position { line: Some(self.line), end_line: Some(end_line), column, end_column })
    }
}

impl Iterator for LocationEntries<'_> {
    type Item = LocationEntry;

    fn next(&mut self) -> Option<LocationEntry> {
        let first = self.byte()? as u8;
        let units = u32::from(first & 7) + 1;
        let position = self.position(first >> 3 & 15)?;
        let start = self.start;
        self.start += units;
        Some(LocationEntry { start, units, position })
    }
}

/// The position of each code unit, as `co_positions()` has them.
pub fn positions(table: &[u8], first_line: i32) -> impl Iterator<Item = Position> {
    location_entries(table, first_line)
        .flat_map(|entry| std::iter::repeat_n(entry.position, entry.units as usize))
}

/// The position of the code unit at `offset`.
pub fn position_at(table: &[u8], first_line: i32, offset: u32) -> Option<Position> {
    let mut entries = location_entries(table, first_line);
    entries.skip_to(offset);
    entries.next().map(|entry| entry.position)
}

/// The line of the code unit at `offset`.
pub fn line_at(table: &[u8], first_line: i32, offset: u32) -> Option<i32> {
    position_at(table, first_line, offset)?.line
}

/// A run of code that belongs to one line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineRange {
    /// In bytes.
    pub start: u32,
    /// In bytes, exclusive.
    pub end: u32,
    pub line: Option<i32>,
}

/// The runs of code with the same line, as `co_lines()` has them.
pub fn lines(table: &[u8], first_line: i32) -> impl Iterator<Item = LineRange> {
    let mut entries = location_entries(table, first_line).peekable();
    std::iter::from_fn(move || {
        let first = entries.next()?;
        let line = first.position.line;
        let mut end = first.start + first.units;
        while let Some(next) = entries.next_if(|next| next.position.line == line) {
            end = next.start + next.units;
        }
        let unit = CODE_UNIT_SIZE as u32;
        Some(LineRange { start: first.start * unit, end: end * unit, line })
    })
}
