//! Decoding of Zstandard data that were compressed with a dictionary.
//!
//! Only what the embedded library needs: one call decodes a whole piece into memory of its known
//! size, and the dictionary's contents stay where they are. So an import pays for its own bytes
//! only; decoders that can stream copy the dictionary and pass everything through a window.
//! Damaged data give None. The format is RFC 8878; the frame's header is left out (`build/pack.rs`).

mod bits;
mod fse;
mod huffman;
mod sequences;
#[cfg(test)]
mod tests;

use huffman::Huffman;
use sequences::{Codes, Output};

const DICTIONARY_MAGIC: u32 = 0xEC30_A437;
/// A block has at most so many bytes.
const MAX_BLOCK: usize = 128 << 10;

/// What was common to the pieces that the dictionary was made from.
pub struct Dictionary {
    huffman: Huffman,
    codes: Codes,
    /// The offsets that a piece may repeat before it had its own.
    offsets: [usize; 3],
    /// What stands before every piece.
    content: &'static [u8],
}

impl Dictionary {
    pub fn read(data: &'static [u8]) -> Option<Dictionary> {
        let (magic, data) = data.split_first_chunk()?;
        let (_id, data) = data.split_first_chunk::<4>()?;
        if u32::from_le_bytes(*magic) != DICTIONARY_MAGIC {
            return None;
        }
        let (mut huffman, mut codes) = (Huffman::EMPTY, Codes::EMPTY);
        let data = huffman.read(data)?;
        let data = codes.read_for_dictionary(data)?;
        let (offsets, content) = data.split_first_chunk::<12>()?;
        let offset =
            |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| offsets[at + byte])) as usize;
        Some(Dictionary { huffman, codes, offsets: [offset(0), offset(4), offset(8)], content })
    }

    /// Decodes blocks that hold `size` bytes in all.
    pub fn decode(&self, mut data: &[u8], size: usize) -> Option<Vec<u8>> {
        let mut out = Output::new(size, self.content);
        let mut block = Block {
            huffman: self.huffman.clone(),
            codes: self.codes.clone(),
            offsets: self.offsets,
            literals: Vec::new(),
        };
        loop {
            let (head, rest) = data.split_first_chunk::<3>()?;
            let head = u32::from_le_bytes([head[0], head[1], head[2], 0]);
            let (is_last, kind, length) = (head & 1 == 1, head >> 1 & 3, head as usize >> 3);
            data = match kind {
                0 => {
                    let (raw, rest) = rest.split_at_checked(length)?;
                    out.append(raw)?;
                    rest
                }
                1 => {
                    let (byte, rest) = rest.split_first()?;
                    out.append(&vec![*byte; length.min(MAX_BLOCK)])?;
                    rest
                }
                2 => {
                    let (packed, rest) = rest.split_at_checked(length)?;
                    block.decode(packed, &mut out)?;
                    rest
                }
                _ => return None,
            };
            if is_last {
                return out.finish();
            }
        }
    }
}

/// What a block takes over from the one before it, at first from the dictionary.
struct Block {
    huffman: Huffman,
    codes: Codes,
    offsets: [usize; 3],
    /// The bytes of the block that are no repetitions, and some room behind them.
    literals: Vec<u8>,
}

impl Block {
    fn decode(&mut self, data: &[u8], out: &mut Output) -> Option<()> {
        let (count, data) = self.read_literals(data)?;
        let (repetitions, data) = read_count(data)?;
        if repetitions == 0 {
            return out.append(self.literals.get(..count)?);
        }
        let data = self.codes.read_for_block(data)?;
        let literals = &self.literals;
        self.codes.run(data, repetitions, literals, count, &mut self.offsets, out)
    }

    /// Answers how many literals there are, and what follows them.
    fn read_literals<'a>(&mut self, data: &'a [u8]) -> Option<(usize, &'a [u8])> {
        let head = data.iter().take(5).rev().fold(0, |head, byte| head << 8 | *byte as usize);
        let (kind, format) = (head & 3, head >> 2 & 3);
        // How long the header is, and how many bits each of its sizes has.
        let (length, width) = match (kind, format) {
            (0 | 1, 0 | 2) => (1, 5),
            (0 | 1, 1) => (2, 12),
            (0 | 1, _) => (3, 20),
            (_, 0 | 1) => (3, 10),
            (_, 2) => (4, 14),
            (_, _) => (5, 18),
        };
        let data = data.get(length..)?;
        let field = (1 << width) - 1;
        let count = if width == 5 { head >> 3 & field } else { head >> 4 & field };
        if count > MAX_BLOCK {
            return None;
        }
        self.literals.resize(count + sequences::SLACK, 0);
        let literals = self.literals.get_mut(..count)?;
        if kind == 0 {
            let (raw, rest) = data.split_at_checked(count)?;
            literals.copy_from_slice(raw);
            return Some((count, rest));
        }
        if kind == 1 {
            let (byte, rest) = data.split_first()?;
            literals.fill(*byte);
            return Some((count, rest));
        }
        let (mut packed, rest) = data.split_at_checked(head >> (4 + width) & field)?;
        if kind == 2 {
            packed = self.huffman.read(packed)?;
        }
        match format {
            0 => self.huffman.decode(packed, literals)?,
            _ => self.huffman.decode_four(packed, literals)?,
        }
        Some((count, rest))
    }
}

/// How many repetitions a block has, and what follows.
fn read_count(data: &[u8]) -> Option<(usize, &[u8])> {
    let byte = |at: usize| data.get(at).map(|byte| usize::from(*byte));
    let (count, length) = match byte(0)? {
        head @ 0..128 => (head, 1),
        head @ 128..255 => ((head - 128) << 8 | byte(1)?, 2),
        _ => (byte(1)? + (byte(2)? << 8) + 0x7F00, 3),
    };
    Some((count, data.get(length..)?))
}
