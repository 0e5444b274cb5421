//! Finite state entropy: the tables that lengths, offsets and the weights of Huffman codes are
//! coded with.

use super::bits::Forward;

/// The largest table has 512 states.
pub const MAX_LOG: u32 = 9;

/// More than any of the codes has.
const MAX_SYMBOLS: usize = 64;

/// What a state stands for, and how to come to the next one.
#[derive(Clone, Copy, Default)]
pub struct Entry {
    /// The value, less its extra bits.
    pub base: u32,
    /// The next state, less the bits that are read for it.
    pub next: u16,
    pub bits: u8,
    /// How many bits the value has besides `base`.
    pub extra: u8,
}

/// What a symbol stands for: base and number of extra bits; None if there is no such symbol.
pub type Meaning = fn(u8) -> Option<(u32, u8)>;

#[derive(Clone)]
pub struct Table {
    pub log: u32,
    entries: [Entry; 1 << MAX_LOG],
}

impl Table {
    pub const EMPTY: Table =
        Table { log: 0, entries: [Entry { base: 0, next: 0, bits: 0, extra: 0 }; 1 << MAX_LOG] };

    #[inline(always)]
    pub fn entry(&self, state: usize) -> Entry {
        self.entries[state & ((1 << MAX_LOG) - 1)]
    }

    /// One state only: every value is that of `symbol`.
    pub fn set_single(&mut self, symbol: u8, meaning: Meaning) -> Option<()> {
        let (base, extra) = meaning(symbol)?;
        self.log = 0;
        self.entries[0] = Entry { base, next: 0, bits: 0, extra };
        Some(())
    }

    /// Reads a table's description, and answers what follows it.
    pub fn read<'a>(&mut self, data: &'a [u8], max_log: u32, meaning: Meaning) -> Option<&'a [u8]> {
        let mut bits = Forward::new(data);
        let log = bits.read(4) + 5;
        if log > max_log {
            return None;
        }
        let mut counts = [0i16; MAX_SYMBOLS];
        let mut symbols = 0;
        let mut left = 1 << log;
        while left > 0 {
            // A value from 0 to left + 1, in one bit less if it is small.
            let width = u32::BITS - (left + 1u32).leading_zeros();
            let spare = (1 << width) - 1 - (left + 1);
            let half = 1 << (width - 1);
            let mut value = bits.peek(width);
            if value & (half - 1) < spare {
                value &= half - 1;
                bits.skip(width - 1);
            } else {
                value -= if value >= half { spare } else { 0 };
                bits.skip(width);
            }
            let count = value as i16 - 1;
            *counts.get_mut(symbols)? = count;
            symbols += 1;
            left = left.checked_sub(count.unsigned_abs().into())?;
            if count == 0 {
                loop {
                    let zeros = bits.read(2);
                    symbols += zeros as usize;
                    if zeros != 3 {
                        break;
                    }
                }
            }
        }
        self.set(log, counts.get(..symbols)?, meaning)?;
        bits.rest()
    }

    /// Spreads the symbols over the states. A count of -1 is less than one: one state, from which
    /// all bits of the next are read.
    pub fn set(&mut self, log: u32, counts: &[i16], meaning: Meaning) -> Option<()> {
        let size = 1usize << log;
        let mut symbols = [0u8; 1 << MAX_LOG];
        let mut top = size;
        for (_, symbol) in counts.iter().zip(0..).filter(|(count, _)| **count < 0) {
            top = top.checked_sub(1)?;
            symbols[top] = symbol;
        }
        let step = (size >> 1) + (size >> 3) + 3;
        let mut at = 0;
        for (&count, symbol) in counts.iter().zip(0..) {
            for _ in 0..count {
                symbols[at] = symbol;
                at = (at + step) & (size - 1);
                while at >= top {
                    at = (at + step) & (size - 1);
                }
            }
        }
        let mut nexts = [0u16; MAX_SYMBOLS];
        for (next, count) in nexts.iter_mut().zip(counts) {
            *next = count.unsigned_abs();
        }
        self.log = log;
        for (entry, symbol) in self.entries.iter_mut().zip(&symbols[..size]) {
            let next = nexts.get_mut(usize::from(*symbol))?;
            let bits = log.checked_sub(next.checked_ilog2()?)?;
            let (base, extra) = meaning(*symbol)?;
            let low = usize::from(*next) << bits;
            let next_base = low.checked_sub(size)? as u16;
            *entry = Entry { base, next: next_base, bits: bits as u8, extra };
            *next += 1;
        }
        Some(())
    }
}
