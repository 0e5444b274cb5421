//! Huffman codes, which literals are coded with.

use super::bits::Backward;
use super::fse;

/// The longest code.
const MAX_BITS: u32 = 11;

/// For each possible value of the next bits: the symbol in the high byte, the length of its code in
/// the low one.
#[derive(Clone)]
pub struct Huffman {
    /// The length of the longest code.
    log: u32,
    entries: [u16; 1 << MAX_BITS],
}

impl Huffman {
    pub const EMPTY: Huffman = Huffman { log: 0, entries: [0; 1 << MAX_BITS] };

    /// Reads the description of a code, and answers what follows it.
    pub fn read<'a>(&mut self, data: &'a [u8]) -> Option<&'a [u8]> {
        let (&head, rest) = data.split_first()?;
        let mut weights = [0; 256];
        let (count, rest) = match head {
            0..128 => {
                let (packed, rest) = rest.split_at_checked(head.into())?;
                (read_weights(packed, &mut weights)?, rest)
            }
            // Four bits each.
            _ => {
                let count = usize::from(head - 127);
                let (packed, rest) = rest.split_at_checked(count.div_ceil(2))?;
                for (pair, byte) in weights.chunks_mut(2).zip(packed) {
                    pair.copy_from_slice(&[byte >> 4, byte & 15]);
                }
                (count, rest)
            }
        };
        self.set(&mut weights, count)?;
        Some(rest)
    }

    /// The weight of the last symbol is not given: it completes the sum to a power of two.
    fn set(&mut self, weights: &mut [u8; 256], count: usize) -> Option<()> {
        let share = |weight: u8| (1u32 << weight) >> 1;
        if weights[..count].iter().any(|weight| u32::from(*weight) > MAX_BITS) {
            return None;
        }
        let sum: u32 = weights[..count].iter().map(|weight| share(*weight)).sum();
        let log = sum.checked_ilog2()? + 1;
        let missing = (1 << log) - sum;
        if log > MAX_BITS || !missing.is_power_of_two() {
            return None;
        }
        *weights.get_mut(count)? = missing.ilog2() as u8 + 1;

        // The longest codes come first; among equals, the symbols in their order.
        let mut starts = [0; MAX_BITS as usize + 2];
        for weight in &weights[..=count] {
            starts[usize::from(*weight) + 1] += share(*weight) as usize;
        }
        for weight in 1..starts.len() {
            starts[weight] += starts[weight - 1];
        }
        for (symbol, &weight) in (0u16..).zip(&weights[..=count]).filter(|(_, weight)| **weight > 0)
        {
            let start = &mut starts[usize::from(weight)];
            let end = *start + share(weight) as usize;
            let length = log as u16 + 1 - u16::from(weight);
            self.entries.get_mut(*start..end)?.fill(symbol << 8 | length);
            *start = end;
        }
        self.log = log;
        Some(())
    }

    /// Fills `out` from one stream.
    pub fn decode(&self, data: &[u8], out: &mut [u8]) -> Option<()> {
        let mut bits = Backward::new(data)?;
        self.finish(&mut bits, out)
    }

    /// Fills `out` from four streams of a quarter each, which are decoded side by side.
    pub fn decode_four(&self, data: &[u8], out: &mut [u8]) -> Option<()> {
        let (sizes, data) = data.split_first_chunk::<6>()?;
        let size = |at: usize| usize::from(u16::from_le_bytes([sizes[at], sizes[at + 1]]));
        let (a, data) = data.split_at_checked(size(0))?;
        let (b, data) = data.split_at_checked(size(2))?;
        let (c, d) = data.split_at_checked(size(4))?;
        let quarter = out.len().div_ceil(4);
        let (out_a, out) = out.split_at_mut_checked(quarter)?;
        let (out_b, out) = out.split_at_mut_checked(quarter)?;
        let (out_c, out_d) = out.split_at_mut_checked(quarter)?;
        let (mut a, mut b) = (Backward::new(a)?, Backward::new(b)?);
        let (mut c, mut d) = (Backward::new(c)?, Backward::new(d)?);

        // Five codes are at most 55 bits.
        let together = out_d.len() / 5 * 5;
        let (head_a, tail_a) = out_a.split_at_mut_checked(together)?;
        let (head_b, tail_b) = out_b.split_at_mut_checked(together)?;
        let (head_c, tail_c) = out_c.split_at_mut_checked(together)?;
        let (head_d, tail_d) = out_d.split_at_mut_checked(together)?;
        let first = head_a.as_chunks_mut::<5>().0.iter_mut().zip(head_b.as_chunks_mut::<5>().0);
        let second = head_c.as_chunks_mut::<5>().0.iter_mut().zip(head_d.as_chunks_mut::<5>().0);
        for ((out_a, out_b), (out_c, out_d)) in first.zip(second) {
            a.refill();
            b.refill();
            c.refill();
            d.refill();
            for at in 0..5 {
                out_a[at] = self.next(&mut a);
                out_b[at] = self.next(&mut b);
                out_c[at] = self.next(&mut c);
                out_d[at] = self.next(&mut d);
            }
        }
        self.finish(&mut a, tail_a)?;
        self.finish(&mut b, tail_b)?;
        self.finish(&mut c, tail_c)?;
        self.finish(&mut d, tail_d)
    }

    #[inline(always)]
    fn next(&self, bits: &mut Backward) -> u8 {
        let at = bits.peek(u64::BITS - self.log);
        let [length, symbol] = self.entries[at & ((1 << MAX_BITS) - 1)].to_le_bytes();
        bits.skip(length);
        symbol
    }

    fn finish(&self, bits: &mut Backward, out: &mut [u8]) -> Option<()> {
        for part in out.chunks_mut(5) {
            bits.refill();
            part.iter_mut().for_each(|byte| *byte = self.next(bits));
        }
        bits.is_finished().then_some(())
    }
}

/// The weights, themselves coded: two states take turns.
fn read_weights(data: &[u8], weights: &mut [u8; 256]) -> Option<usize> {
    let mut table = fse::Table::EMPTY;
    let data = table.read(data, 6, |symbol| Some((symbol.into(), 0)))?;
    let mut bits = Backward::new(data)?;
    let mut states = [0, 0].map(|_: usize| bits.read(table.log as u8) as usize);
    for at in 0..254 {
        let [current, other] = states;
        let entry = table.entry(current);
        weights[at] = entry.base as u8;
        bits.refill();
        if bits.left() < entry.bits.into() {
            weights[at + 1] = table.entry(other).base as u8;
            return Some(at + 2);
        }
        states = [other, usize::from(entry.next) + bits.read(entry.bits) as usize];
    }
    None
}
