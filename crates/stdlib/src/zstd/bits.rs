//! Reading bits, in the two directions that the format has.

/// Reads from the end to the beginning: what entropy-coded data are read with.
///
/// The window holds the next bits at its top, and below them, after the bits that one load brings,
/// a one that tells how many were used since: no counter is kept beside it.
pub struct Backward<'a> {
    data: &'a [u8],
    /// Just behind the bytes that the window was loaded from.
    end: usize,
    window: u64,
}

impl<'a> Backward<'a> {
    /// The highest one of the last byte only marks where the data begin.
    pub fn new(data: &'a [u8]) -> Option<Backward<'a>> {
        let last = *data.last()?;
        if last == 0 {
            return None;
        }
        let window = 1 << (last.leading_zeros() + 1);
        let mut bits = Backward { data, end: data.len(), window };
        bits.refill();
        Some(bits)
    }

    /// After it, 56 bits may be read.
    #[inline(always)]
    pub fn refill(&mut self) {
        let used = self.window.trailing_zeros();
        let bytes = (used >> 3) as usize;
        let start = self.end.wrapping_sub(bytes + 8);
        match self.data.get(start..).and_then(|rest| rest.first_chunk()) {
            Some(word) => {
                self.end -= bytes;
                self.window = (u64::from_le_bytes(*word) | 1) << (used & 7);
            }
            None => self.refill_near_start(),
        }
    }

    /// Less than a whole word is left. Zeros follow the data; who reads them is not
    /// [`finished`](Self::is_finished) any more.
    #[cold]
    fn refill_near_start(&mut self) {
        let used = self.window.trailing_zeros();
        let Some(end) = self.end.checked_sub((used >> 3) as usize) else {
            (self.end, self.window) = (0, 1 << 7);
            return;
        };
        self.end = end;
        let word = self.data[..end].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let word = if end == 0 { 0 } else { word << (64 - 8 * end) };
        self.window = (word | 1) << (used & 7);
    }

    /// The next bits, of which `64 - shift` are asked for; they are not used up.
    #[inline(always)]
    pub fn peek(&self, shift: u32) -> usize {
        (self.window >> (shift & 63)) as usize
    }

    #[inline(always)]
    pub fn skip(&mut self, count: u8) {
        self.window <<= count & 63;
    }

    #[inline(always)]
    pub fn read(&mut self, count: u8) -> u32 {
        let value = self.window >> 1 >> (63 - (count & 63));
        self.skip(count);
        value as u32
    }

    /// How many bits are left; negative if more were read than there are.
    pub fn left(&self) -> isize {
        (self.end * 8) as isize - self.window.trailing_zeros() as isize
    }

    pub fn is_finished(&self) -> bool {
        self.left() == 0
    }
}

/// Reads from the beginning, the lowest bits first: what tables are described with.
pub struct Forward<'a> {
    data: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> Forward<'a> {
    pub fn new(data: &'a [u8]) -> Forward<'a> {
        Forward { data, at: 0 }
    }

    /// The next `count` bits, at most 16. Behind the data there are zeros.
    pub fn peek(&self, count: u32) -> u32 {
        let byte = |index: usize| self.data.get(index).map_or(0, |byte| u32::from(*byte));
        let first = self.at / 8;
        let word = byte(first) | byte(first + 1) << 8 | byte(first + 2) << 16;
        word >> (self.at % 8) & ((1 << count) - 1)
    }

    pub fn skip(&mut self, count: u32) {
        self.at += count as usize;
    }

    pub fn read(&mut self, count: u32) -> u32 {
        let value = self.peek(count);
        self.skip(count);
        value
    }

    /// The bytes behind the one that was read last; None if more was read than there is.
    pub fn rest(self) -> Option<&'a [u8]> {
        self.data.get(self.at.div_ceil(8)..)
    }
}
