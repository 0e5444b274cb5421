//! Searches in brief texts: all places at once, as the bits of a word, the first place lowest.
//!
//! In a text of no more than [`MOST`] bytes this is over before a search for long texts would have been prepared.

use super::vector;

/// The most bytes of a brief text: a word has a bit for each.
pub const MOST: usize = u64::BITS as usize;

/// Where a byte stands.
#[inline]
pub fn places(text: &[u8], byte: u8) -> u64 {
    debug_assert!(text.len() <= MOST);
    // What stands at the end of the text lies over what stands before.
    if let Some(last) = text.last_chunk::<16>() {
        let mut bits = u64::from(vector::places(last, byte)) << (text.len() - 16);
        for (i, block) in text.as_chunks::<16>().0.iter().enumerate() {
            bits |= u64::from(vector::places(block, byte)) << (16 * i);
        }
        return bits;
    }
    if let Some(bits) = places_in_some(text, byte) {
        return bits;
    }
    let word = few_bytes(text).to_le_bytes();
    u64::from(vector::places_in_two([&word, &word], byte)) & ((1 << text.len()) - 1)
}

/// As [`places`], of eight to sixteen bytes.
#[inline(always)]
fn places_in_some(text: &[u8], byte: u8) -> Option<u64> {
    let (first, last) = (text.first_chunk()?, text.last_chunk()?);
    let bits = u64::from(vector::places_in_two([first, last], byte));
    Some(bits & 0xff | (bits >> 8) << (text.len() - 8))
}

/// Less than eight bytes as a word, the first one lowest, and zeros.
#[inline]
fn few_bytes(text: &[u8]) -> u64 {
    match (text.first_chunk(), text.last_chunk()) {
        (Some(&first), Some(&last)) => {
            let (first, last) = (u32::from_le_bytes(first), u32::from_le_bytes(last));
            u64::from(first) | u64::from(last) << (8 * (text.len() - 4))
        }
        _ => text.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// Where a needle, which is not empty, stands, overlaps too.
#[inline]
fn starts<'a>(text: &'a [u8], needle: &'a [u8]) -> Starts<'a> {
    let reach = needle.len() - 1;
    let candidates = match (text.get(reach..), text.len().checked_sub(reach)) {
        (Some(tails), Some(count)) => {
            let heads = places(&text[..count], needle[0]);
            if reach == 0 { heads } else { heads & places(tails, needle[reach]) }
        }
        _ => 0,
    };
    Starts { text, needle, candidates }
}

/// Places where both ends of a needle stand, of which those count where all of it does.
struct Starts<'a> {
    text: &'a [u8],
    needle: &'a [u8],
    candidates: u64,
}

impl Starts<'_> {
    #[inline]
    fn is_whole(&self, at: usize) -> bool {
        let reach = self.needle.len() - 1;
        reach <= 1 || self.text[at + 1..at + reach] == self.needle[1..reach]
    }
}

impl Iterator for Starts<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.candidates != 0 {
            let at = self.candidates.trailing_zeros() as usize;
            self.candidates &= self.candidates - 1;
            if self.is_whole(at) {
                return Some(at);
            }
        }
        None
    }
}

impl DoubleEndedIterator for Starts<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<usize> {
        while self.candidates != 0 {
            let at = self.candidates.ilog2() as usize;
            self.candidates &= !(1 << at);
            if self.is_whole(at) {
                return Some(at);
            }
        }
        None
    }
}

/// The first place of a needle that is not empty.
///
/// Eight to sixteen places, which most brief texts have, take neither a loop nor a register that needs saving. What does is left by a jump.
#[inline]
pub fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let reach = needle.len() - 1;
    let Some(count @ 8..=16) = text.len().checked_sub(reach) else {
        return find_in_any(text, needle);
    };
    let heads = places_in_some(&text[..count], needle[0])?;
    let candidates = heads & places_in_some(&text[reach..], needle[reach])?;
    if reach > 1 {
        return first_whole(text, needle, candidates);
    }
    (candidates != 0).then(|| candidates.trailing_zeros() as usize)
}

#[inline(never)]
fn find_in_any(text: &[u8], needle: &[u8]) -> Option<usize> {
    starts(text, needle).next()
}

#[inline(never)]
fn first_whole(text: &[u8], needle: &[u8], candidates: u64) -> Option<usize> {
    Starts { text, needle, candidates }.next()
}

/// The last place of a needle that is not empty.
pub fn rfind(text: &[u8], needle: &[u8]) -> Option<usize> {
    starts(text, needle).next_back()
}

/// The places of a needle that is not empty, from the left and without overlap.
pub fn occurrences(text: &[u8], needle: &[u8]) -> u64 {
    let (mut bits, mut end) = (0, 0);
    for at in starts(text, needle) {
        if at >= end {
            bits |= 1 << at;
            end = at + needle.len();
        }
    }
    bits
}

/// How often two bytes, which differ, stand side by side in a text of any length.
pub fn count_pairs(text: &[u8], first: u8, second: u8) -> usize {
    let (heads, tails) = (text.chunks(MOST), text.get(1..).unwrap_or(&[]).chunks(MOST));
    // The last head may have no tail; its bit is cleared by a zero of the other word.
    let pairs = heads.zip(tails).map(|(heads, tails)| places(heads, first) & places(tails, second));
    pairs.map(|bits| bits.count_ones() as usize).sum()
}

/// The places that bits stand for.
#[derive(Clone, Copy)]
pub struct Bits(pub u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let at = self.0.trailing_zeros() as usize;
        self.0 &= self.0.checked_sub(1)?;
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of three letters, one of each length.
    fn texts() -> impl Iterator<Item = Vec<u8>> {
        (0..=MOST).map(|len| {
            let letter = |at: usize| b'a' + ((at * at + len * 7 + at / 5) % 3) as u8;
            (0..len).map(letter).collect()
        })
    }

    #[test]
    fn places_of_bytes() {
        for text in texts() {
            for byte in *b"abcd" {
                let expected: Vec<usize> = (0..text.len()).filter(|&at| text[at] == byte).collect();
                assert_eq!(Bits(places(&text, byte)).collect::<Vec<_>>(), expected);
            }
        }
    }

    #[test]
    fn places_of_needles() {
        let needles: [&[u8]; 9] = [
            b"a",
            b"ab",
            b"aa",
            b"aba",
            b"abc",
            b"caba",
            b"abcabc",
            b"bbbb",
            b"acbbacbbacbbacbbac",
        ];
        for text in texts() {
            for needle in needles {
                let all: Vec<usize> =
                    (0..text.len()).filter(|&at| text[at..].starts_with(needle)).collect();
                assert_eq!(find(&text, needle), all.first().copied());
                if let [first, second] = *needle
                    && first != second
                {
                    assert_eq!(count_pairs(&text, first, second), all.len());
                }
                assert_eq!(rfind(&text, needle), all.last().copied());
                let mut apart: Vec<usize> = Vec::new();
                for at in all {
                    if apart.last().is_none_or(|last| last + needle.len() <= at) {
                        apart.push(at);
                    }
                }
                assert_eq!(Bits(occurrences(&text, needle)).collect::<Vec<_>>(), apart);
            }
        }
    }
}
