//! Sequences: so many literals, then a repetition of what was so far back.

use super::bits::Backward;
use super::fse::Table;

/// How much may be written or read behind the end of what is wanted, so that short pieces are
/// copied by moves of a fixed size.
pub const SLACK: usize = 32;
/// Such a move.
const STEP: usize = 16;

/// Base and extra bits of the codes that are more than their number.
const LITERAL_LENGTHS: [(u32, u8); 20] = [
    (16, 1),
    (18, 1),
    (20, 1),
    (22, 1),
    (24, 2),
    (28, 2),
    (32, 3),
    (40, 3),
    (48, 4),
    (64, 6),
    (128, 7),
    (256, 8),
    (512, 9),
    (1024, 10),
    (2048, 11),
    (4096, 12),
    (8192, 13),
    (16384, 14),
    (32768, 15),
    (65536, 16),
];
const MATCH_LENGTHS: [(u32, u8); 21] = [
    (35, 1),
    (37, 1),
    (39, 1),
    (41, 1),
    (43, 2),
    (47, 2),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 5),
    (131, 7),
    (259, 8),
    (515, 9),
    (1027, 10),
    (2051, 11),
    (4099, 12),
    (8195, 13),
    (16387, 14),
    (32771, 15),
    (65539, 16),
];

/// The distributions of blocks that do not bring their own.
const COMMON_LITERAL_LENGTHS: [i16; 36] = [
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
    -1, -1, -1, -1,
];
const COMMON_MATCH_LENGTHS: [i16; 53] = [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
];
const COMMON_OFFSETS: [i16; 29] =
    [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1];

fn literal_length(code: u8) -> Option<(u32, u8)> {
    match code.checked_sub(16) {
        None => Some((code.into(), 0)),
        Some(code) => LITERAL_LENGTHS.get(usize::from(code)).copied(),
    }
}

fn match_length(code: u8) -> Option<(u32, u8)> {
    match code.checked_sub(32) {
        None => Some((u32::from(code) + 3, 0)),
        Some(code) => MATCH_LENGTHS.get(usize::from(code)).copied(),
    }
}

/// From code 25 on, a sequence's bits may be more than a refill brings; nothing is so far back that it
/// is not refused anyway.
fn offset(code: u8) -> Option<(u32, u8)> {
    (code < 32).then(|| (1 << code, code))
}

/// The codes of sequences.
#[derive(Clone)]
pub struct Codes {
    literal_lengths: Table,
    offsets: Table,
    match_lengths: Table,
}

impl Codes {
    pub const EMPTY: Codes =
        Codes { literal_lengths: Table::EMPTY, offsets: Table::EMPTY, match_lengths: Table::EMPTY };

    /// Reads the tables as they stand in a dictionary, and answers what follows them.
    pub fn read_for_dictionary<'a>(&mut self, data: &'a [u8]) -> Option<&'a [u8]> {
        let data = self.offsets.read(data, 8, offset)?;
        let data = self.match_lengths.read(data, 9, match_length)?;
        self.literal_lengths.read(data, 9, literal_length)
    }

    /// Reads the tables that a block brings, and answers what follows them.
    pub fn read_for_block<'a>(&mut self, data: &'a [u8]) -> Option<&'a [u8]> {
        let (modes, mut data) = data.split_first()?;
        let tables = [
            (
                &mut self.literal_lengths,
                modes >> 6,
                9,
                6,
                &COMMON_LITERAL_LENGTHS[..],
                literal_length as fn(u8) -> _,
            ),
            (&mut self.offsets, modes >> 4, 8, 5, &COMMON_OFFSETS, offset),
            (&mut self.match_lengths, modes >> 2, 9, 6, &COMMON_MATCH_LENGTHS, match_length),
        ];
        for (table, mode, max_log, common_log, common, meaning) in tables {
            match mode & 3 {
                0 => table.set(common_log, common, meaning)?,
                1 => {
                    let (symbol, rest) = data.split_first()?;
                    table.set_single(*symbol, meaning)?;
                    data = rest;
                }
                2 => data = table.read(data, max_log, meaning)?,
                // As it was.
                _ => {}
            }
        }
        Some(data)
    }

    /// Decodes and carries out `count` sequences; what is left of the `end` literals follows them.
    pub fn run(
        &self,
        data: &[u8],
        count: usize,
        literals: &[u8],
        end: usize,
        offsets: &mut [usize; 3],
        out: &mut Output,
    ) -> Option<()> {
        let mut bits = Backward::new(data)?;
        let mut literal_state = bits.read(self.literal_lengths.log as u8) as usize;
        let mut offset_state = bits.read(self.offsets.log as u8) as usize;
        let mut match_state = bits.read(self.match_lengths.log as u8) as usize;
        let mut literal = 0;
        for left in (0..count).rev() {
            let literal_code = self.literal_lengths.entry(literal_state);
            let offset_code = self.offsets.entry(offset_state);
            let match_code = self.match_lengths.entry(match_state);
            bits.refill();
            let value = (offset_code.base + bits.read(offset_code.extra)) as usize;
            let match_length = (match_code.base + bits.read(match_code.extra)) as usize;
            let literal_length = (literal_code.base + bits.read(literal_code.extra)) as usize;
            if left > 0 {
                bits.refill();
                literal_state =
                    usize::from(literal_code.next) + bits.read(literal_code.bits) as usize;
                match_state = usize::from(match_code.next) + bits.read(match_code.bits) as usize;
                offset_state = usize::from(offset_code.next) + bits.read(offset_code.bits) as usize;
            }
            let offset = resolve(offsets, value, literal_length == 0);
            out.copy_literals(literals.get(literal..)?, literal_length)?;
            literal += literal_length;
            out.repeat(offset, match_length)?;
        }
        if !bits.is_finished() {
            return None;
        }
        out.append(literals.get(literal..end)?)
    }
}

/// The offset that `value` stands for: the last three have numbers of their own.
#[inline(always)]
fn resolve(last: &mut [usize; 3], value: usize, no_literals: bool) -> usize {
    let [first, second, third] = *last;
    if value > 3 {
        *last = [value - 3, first, second];
        return value - 3;
    }
    // Without literals, to repeat the last one would only make it longer.
    match value + usize::from(no_literals) {
        1 => {}
        2 => *last = [second, first, third],
        3 => *last = [third, first, second],
        _ => *last = [first.wrapping_sub(1), first, second],
    }
    last[0]
}

/// What has been decoded.
pub struct Output {
    /// Of the final size and [`SLACK`].
    bytes: Vec<u8>,
    size: usize,
    at: usize,
    /// What stands before it.
    before: &'static [u8],
}

impl Output {
    pub fn new(size: usize, before: &'static [u8]) -> Output {
        Output { bytes: vec![0; size + SLACK], size, at: 0, before }
    }

    /// None if it is not complete.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        self.bytes.truncate(self.size);
        (self.at == self.size).then_some(self.bytes)
    }

    pub fn append(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.at + bytes.len();
        self.bytes.get_mut(self.at..end)?.copy_from_slice(bytes);
        self.at = end;
        Some(())
    }

    /// Copies the first `length` of `literals`.
    #[inline(always)]
    fn copy_literals(&mut self, literals: &[u8], length: usize) -> Option<()> {
        if length > STEP {
            return self.append(literals.get(..length)?);
        }
        self.step(*literals.first_chunk()?)?;
        self.at += length;
        Some(())
    }

    /// Writes `STEP` bytes without counting them.
    #[inline(always)]
    fn step(&mut self, bytes: [u8; STEP]) -> Option<()> {
        *self.bytes.get_mut(self.at..)?.first_chunk_mut()? = bytes;
        Some(())
    }

    /// Appends the `length` bytes that begin `offset` before the end; they may overlap what is
    /// appended.
    #[inline(always)]
    fn repeat(&mut self, offset: usize, length: usize) -> Option<()> {
        if length > self.size.checked_sub(self.at)? {
            return None;
        }
        let Some(from) = self.at.checked_sub(offset) else {
            return self.repeat_before(offset, length);
        };
        if offset < STEP {
            return self.repeat_near(offset, length);
        }
        self.repeat_far(from, length)
    }

    /// From at least `STEP` bytes back.
    #[inline(always)]
    fn repeat_far(&mut self, mut from: usize, length: usize) -> Option<()> {
        let end = self.at + length;
        loop {
            self.step(*self.bytes.get(from..)?.first_chunk()?)?;
            from += STEP;
            self.at += STEP;
            if self.at >= end {
                self.at = end;
                return Some(());
            }
        }
    }

    /// A pattern that is shorter than a step.
    #[inline(never)]
    fn repeat_near(&mut self, offset: usize, length: usize) -> Option<()> {
        let offset = if offset == 0 { return None } else { offset };
        let head = length.min(STEP);
        for _ in 0..head {
            let byte = self.bytes[self.at - offset];
            *self.bytes.get_mut(self.at)? = byte;
            self.at += 1;
        }
        if length == head {
            return Some(());
        }
        let back = STEP.next_multiple_of(offset);
        self.repeat_far(self.at.checked_sub(back)?, length - head)
    }

    /// Begins in what stands before the output.
    #[inline(always)]
    fn repeat_before(&mut self, offset: usize, length: usize) -> Option<()> {
        let start = self.before.len().checked_sub(offset - self.at)?;
        let from = &self.before[start..];
        if let Some(bytes) = from.first_chunk()
            && length <= STEP
        {
            self.step(*bytes)?;
            self.at += length;
            return Some(());
        }
        if length <= from.len() {
            return self.append(&from[..length]);
        }
        self.append(from)?;
        let (from, rest) = (0, length - from.len());
        if self.at < STEP { self.repeat_near(self.at, rest) } else { self.repeat_far(from, rest) }
    }
}
