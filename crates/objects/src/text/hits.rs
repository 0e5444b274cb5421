//! Occurrences of a byte, found a word of eight bytes at a time.
//!
//! A library's vector search is best for long texts without what is looked for. Where the texts are short or the
//! occurrences close together, preparing it and calling it for each of them costs more than the search. So the words
//! come first, and the vectors when nothing was found for a while.

use super::vector;
use memchr::{memchr, memrchr};

/// Words without an occurrence, after which the rest is left to a vector search.
const PATIENCE: u32 = 6;

/// The highest bit of each byte of `word` that is that of `repeated`; all other bits are zero.
#[inline(always)]
fn equal_bytes(word: u64, repeated: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let difference = word ^ repeated;
    !(((difference & LOW) + LOW) | difference | LOW)
}

#[inline(always)]
fn repeat(byte: u8) -> u64 {
    u64::from(byte) * 0x0101_0101_0101_0101
}

/// The eight bytes at `at`, or as many as there are and zeros, and how many they are; `at` is inside.
#[inline(always)]
fn word_at(text: &[u8], at: usize) -> (u64, usize) {
    let rest = &text[at..];
    if let Some(&word) = rest.first_chunk::<8>() {
        return (u64::from_le_bytes(word), 8);
    }
    let word = match text.last_chunk::<8>() {
        Some(&last) => u64::from_le_bytes(last) >> (8 * (8 - rest.len())),
        None => rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    (word, rest.len())
}

/// Where a byte first stands.
#[inline(never)]
pub fn find_byte(text: &[u8], byte: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(block) = text[at..].first_chunk::<16>() {
        let bits = vector::places(block, byte);
        if bits != 0 {
            return Some(at + bits.trailing_zeros() as usize);
        }
        at += 16;
        if at == FEW {
            return memchr(byte, &text[at..]).map(|found| at + found);
        }
    }
    if let (Some(last), true) = (text.last_chunk::<16>(), at < text.len()) {
        // What has been looked through before has nothing.
        let bits = vector::places(last, byte);
        return (bits != 0).then(|| text.len() - 16 + bits.trailing_zeros() as usize);
    }
    find_in_few(&text[at..], byte).map(|found| at + found)
}

/// Of less than sixteen bytes.
#[inline(always)]
fn find_in_few(text: &[u8], byte: u8) -> Option<usize> {
    let repeated = repeat(byte);
    if let (Some(&head), Some(&tail)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        let bits = equal_bytes(u64::from_le_bytes(head), repeated);
        if bits != 0 {
            return Some(bits.trailing_zeros() as usize / 8);
        }
        let bits = equal_bytes(u64::from_le_bytes(tail), repeated);
        return (bits != 0).then(|| text.len() - 8 + bits.trailing_zeros() as usize / 8);
    }
    text.iter().position(|&other| other == byte)
}

/// Where a byte last stands.
#[inline(never)]
pub fn rfind_byte(text: &[u8], byte: u8) -> Option<usize> {
    if text.len() > FEW {
        return memrchr(byte, text);
    }
    let repeated = repeat(byte);
    let mut rest = text;
    while let Some((before, &word)) = rest.split_last_chunk::<8>() {
        let bits = equal_bytes(u64::from_le_bytes(word), repeated);
        if bits != 0 {
            return Some(before.len() + 7 - bits.leading_zeros() as usize / 8);
        }
        rest = before;
    }
    rest.iter().rposition(|&other| other == byte)
}

/// How often a byte stands in a text.
#[inline(never)]
pub fn count_byte(text: &[u8], byte: u8) -> usize {
    if text.len() > MOST_COUNTED {
        return memchr::memchr_iter(byte, text).count();
    }
    let (words, rest) = text.as_chunks::<8>();
    let repeated = repeat(byte);
    // A sum in each byte.
    let sums = words
        .iter()
        .fold(0, |sums, &word| sums + (equal_bytes(u64::from_le_bytes(word), repeated) >> 7));
    let inside = (sums.wrapping_mul(repeat(1)) >> 56) as usize;
    inside + rest.iter().filter(|&&other| other == byte).count()
}

/// So many bytes are looked through before a vector search would have begun.
const FEW: usize = 32;

/// The sum of as many occurrences fits into a byte.
const MOST_COUNTED: usize = 128;

/// The bits of the first `count` bytes.
#[inline(always)]
fn first_bytes(count: usize) -> u64 {
    if count >= 8 { !0 } else { (1 << (8 * count)) - 1 }
}

/// Where a byte stands, from the left.
pub struct ByteHits<'t> {
    text: &'t [u8],
    needle: u8,
    /// Where the word that `bits` is about begins, and the next one.
    base: usize,
    next: usize,
    bits: u64,
    idle: u32,
}

impl<'t> ByteHits<'t> {
    #[inline]
    pub fn new(text: &'t [u8], needle: u8) -> Self {
        ByteHits { text, needle, base: 0, next: 0, bits: 0, idle: 0 }
    }
}

impl Iterator for ByteHits<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            if self.next >= self.text.len() {
                return None;
            }
            if self.idle >= PATIENCE {
                self.idle = 0;
                match memchr(self.needle, &self.text[self.next..]) {
                    Some(skipped) => self.next += skipped,
                    None => {
                        self.next = self.text.len();
                        return None;
                    }
                }
            }
            let (word, count) = word_at(self.text, self.next);
            self.bits = equal_bytes(word, repeat(self.needle)) & first_bytes(count);
            self.base = self.next;
            self.next += count;
            self.idle += 1;
        }
        self.idle = 0;
        let at = self.base + self.bits.trailing_zeros() as usize / 8;
        self.bits &= self.bits - 1;
        Some(at)
    }
}
