//! Reading the exception table (`co_exceptiontable`).
//!
//! Entries are sorted by start. Each is four numbers of 6-bit digits, most significant first; bit 6
//! says that more digits follow, bit 7 marks the first byte of an entry, so that a search may start
//! anywhere. CPython: `get_exception_handler`, `_parse_exception_table`.

/// A protected range and where exceptions in it go. Offsets are in code units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExceptionEntry {
    pub start: u32,
    /// Exclusive.
    pub end: u32,
    pub target: u32,
    /// The depth to which the stack is cut before the exception is pushed.
    pub depth: u32,
    /// The offset of the raising instruction is pushed before the exception.
    pub lasti: bool,
}

const START_OF_ENTRY: u8 = 1 << 7;
const CONTINUES: u8 = 1 << 6;

/// Below this many bytes, looking at every entry beats halving.
const SCAN_BYTES: usize = 40;

fn number(rest: &mut &[u8]) -> Option<u32> {
    let mut value = 0u32;
    loop {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value = value << 6 | u32::from(byte & 0x3f);
        if byte & CONTINUES == 0 {
            return Some(value);
        }
    }
}

fn entry(rest: &mut &[u8]) -> Option<ExceptionEntry> {
    let start = number(rest)?;
    let length = number(rest)?;
    let target = number(rest)?;
    let depth_and_lasti = number(rest)?;
    Some(ExceptionEntry {
        start,
        end: start.saturating_add(length),
        target,
        depth: depth_and_lasti >> 1,
        lasti: depth_and_lasti & 1 == 1,
    })
}

/// As `entry`, only if the marks stand where a search relies on them: at the first byte of an entry and nowhere else.
pub fn strict_entry(rest: &mut &[u8]) -> Option<ExceptionEntry> {
    let table = *rest;
    let entry = entry(rest)?;
    let bytes = &table[..table.len() - rest.len()];
    let marked = |byte: &u8| byte & START_OF_ENTRY != 0;
    (marked(&bytes[0]) && !bytes[1..].iter().any(marked)).then_some(entry)
}

/// The entries of an exception table, in order. Ends early where the table is cut off.
pub fn exception_entries(table: &[u8]) -> impl Iterator<Item = ExceptionEntry> {
    let mut rest = table;
    std::iter::from_fn(move || entry(&mut rest))
}

/// The entry that protects the code unit at `offset`.
pub fn find_handler(table: &[u8], offset: u32) -> Option<ExceptionEntry> {
    let mut rest = table;
    // Halve while the entry in the middle starts at or before `offset`: then so does `rest`.
    let mut end = table.len();
    let mut start = 0;
    while end - start > SCAN_BYTES {
        let mut middle = start + (end - start) / 2;
        while middle > start && table[middle] & START_OF_ENTRY == 0 {
            middle -= 1;
        }
        if middle == start {
            break;
        }
        if number(&mut &table[middle..])? > offset {
            end = middle;
        } else {
            start = middle;
        }
    }
    rest = rest.get(start..)?;
    while let Some(entry) = entry(&mut rest) {
        if entry.start > offset {
            return None;
        }
        if offset < entry.end {
            return Some(entry);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(value: u32, mark: u8) -> Vec<u8> {
        let mut bytes = vec![(value & 0x3f) as u8];
        let mut rest = value >> 6;
        while rest > 0 {
            bytes.push((rest & 0x3f) as u8 | CONTINUES);
            rest >>= 6;
        }
        bytes.reverse();
        bytes[0] |= mark;
        bytes
    }

    #[test]
    fn every_offset_finds_the_entry_that_covers_it() {
        let ranges: Vec<(u32, u32)> = (0..500).map(|n| (n * 7 + 2, 1 + n % 6)).collect();
        let mut table = Vec::new();
        for (number, &(start, length)) in ranges.iter().enumerate() {
            table.extend(digits(start, START_OF_ENTRY));
            table.extend(digits(length, 0));
            table.extend(digits(number as u32, 0));
            table.extend(digits(5, 0));
        }
        assert_eq!(exception_entries(&table).count(), 500);
        for offset in 0..3600 {
            let expected = ranges.iter().position(|&(s, l)| s <= offset && offset < s + l);
            let found = find_handler(&table, offset);
            assert_eq!(found.map(|entry| entry.target as usize), expected, "{offset}");
            assert!(found.is_none_or(|entry| entry.depth == 2 && entry.lasti));
        }
    }
}
