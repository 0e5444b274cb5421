//! An East Asian encoding as a table.
//!
//! The data are generated from the reference by `data/record_multibyte.py`. Deflated, in little
//! endian: 16-bit words for single bytes, for pairs (less by exclusive or what another encoding
//! has there), and for triples that begin with 0x8F, if any; then 32-bit words for what 16 bits do
//! not hold, for runs of codes of four bytes, and for characters that are not encoded as the
//! reverse of decoding. The same job as the tables of CPython's `Modules/cjkcodecs/`.

use std::collections::HashMap;

use zlib_rs::{InflateConfig, ReturnCode, decompress_slice};

/// What a 16-bit word says if it is no character: the first byte is wrong.
const ILLEGAL: u16 = 0xFFFF;
/// More bytes are needed.
const MORE: u16 = 0xFFFE;
/// All the bytes are wrong.
const ALL_ILLEGAL: u16 = 0xFFFD;
/// From here to the end of the surrogates: the number of an entry of `extras`.
const EXTRA: std::ops::Range<u16> = 0xD800..0xE000;
/// The lead byte of triples.
const TRIPLE: u8 = 0x8F;
const PAIRS: usize = 128 * 256;
/// More than any of the files is, inflated.
const LARGEST: usize = 192 << 10;

/// An encoding's name, data, and the encoding it shares pairs with.
struct Source(&'static str, &'static [u8], Option<&'static str>);

static SOURCES: &[Source] = &[
    Source("gb2312", include_bytes!("../../data/multibyte/gb2312.bin"), None),
    Source("gbk", include_bytes!("../../data/multibyte/gbk.bin"), Some("gb2312")),
    Source("gb18030", include_bytes!("../../data/multibyte/gb18030.bin"), Some("gbk")),
    Source("euc_kr", include_bytes!("../../data/multibyte/euc_kr.bin"), None),
    Source("cp949", include_bytes!("../../data/multibyte/cp949.bin"), Some("euc_kr")),
    Source("johab", include_bytes!("../../data/multibyte/johab.bin"), None),
    Source("shift_jis", include_bytes!("../../data/multibyte/shift_jis.bin"), None),
    Source("cp932", include_bytes!("../../data/multibyte/cp932.bin"), Some("shift_jis")),
    Source(
        "shift_jis_2004",
        include_bytes!("../../data/multibyte/shift_jis_2004.bin"),
        Some("shift_jis"),
    ),
    Source(
        "shift_jisx0213",
        include_bytes!("../../data/multibyte/shift_jisx0213.bin"),
        Some("shift_jis_2004"),
    ),
    Source("euc_jp", include_bytes!("../../data/multibyte/euc_jp.bin"), None),
    Source("euc_jis_2004", include_bytes!("../../data/multibyte/euc_jis_2004.bin"), Some("euc_jp")),
    Source(
        "euc_jisx0213",
        include_bytes!("../../data/multibyte/euc_jisx0213.bin"),
        Some("euc_jis_2004"),
    ),
    Source("big5", include_bytes!("../../data/multibyte/big5.bin"), None),
    Source("cp950", include_bytes!("../../data/multibyte/cp950.bin"), Some("big5")),
    Source("big5hkscs", include_bytes!("../../data/multibyte/big5hkscs.bin"), Some("big5")),
];

/// Codes of four bytes that follow each other, as do their characters.
struct Run {
    linear: u32,
    point: u32,
    len: u32,
}

/// An encoding, ready to use.
pub struct Table {
    singles: Vec<u16>,
    pairs: Vec<u16>,
    /// Behind 0x8F; empty if there are none.
    triples: Vec<u16>,
    /// Characters beyond 16 bits, and pairs of characters that are one code.
    extras: Vec<[u32; 2]>,
    runs: Vec<Run>,
    /// Codes of eight bytes.
    long: HashMap<u64, u32>,
    codes: HashMap<u32, u64>,
    /// Codes of pairs of characters, by their first and second.
    combined: HashMap<(u32, u32), u64>,
}

/// One step of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// One or two characters (the second 0 if there is none), and how many bytes they took.
    Chars([u32; 2], usize),
    /// Bytes that change the shift state.
    Shift(usize),
    Incomplete,
    /// How many bytes are wrong.
    Illegal(usize),
}

/// One step of encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// The code's bytes, most significant first, and how many characters it stands for.
    Code(u64, usize),
    /// It depends on the next character.
    Undecided,
    Illegal,
}

/// Reads little-endian numbers; past the end, zeros.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_at_checked(N).unwrap_or((&[], &[]));
        self.0 = rest;
        head.try_into().unwrap_or([0; N])
    }

    fn word(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn long(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn words(&mut self, count: usize) -> Vec<u16> {
        (0..count).map(|_| self.word()).collect()
    }
}

impl Table {
    /// The encoding of that name, if it is among those here.
    pub fn load(name: &str) -> Option<Table> {
        let source = SOURCES.iter().find(|source| source.0 == name)?;
        let mut space = vec![0; LARGEST];
        let (data, state) = decompress_slice(&mut space, source.1, InflateConfig::default());
        if state != ReturnCode::Ok {
            return None;
        }
        let mut reader = Reader(data);
        let singles = reader.words(256);
        let mut pairs = reader.words(PAIRS);
        if let Some(base) = source.2.and_then(Table::load) {
            pairs.iter_mut().zip(base.pairs).for_each(|(word, other)| *word ^= other);
        }
        let triples = usize::from(reader.word()) * 256;
        let triples = reader.words(triples);
        let extras = (0..reader.long()).map(|_| [reader.long(), reader.long()]).collect();
        let mut runs = Vec::new();
        for _ in 0..reader.long() {
            let (linear, point, len) = (reader.long(), reader.long(), reader.long());
            runs.push(Run { linear, point, len });
        }
        let (long, codes, combined) = Default::default();
        let mut table = Table { singles, pairs, triples, extras, runs, long, codes, combined };
        table.reverse();
        for _ in 0..reader.long() {
            let point = reader.long();
            let code = u64::from(reader.long()) << 32 | u64::from(reader.long());
            match code {
                u64::MAX => drop(table.codes.remove(&point)),
                _ => drop(table.codes.insert(point, code)),
            }
            if code != u64::MAX && code > u32::MAX.into() {
                table.long.insert(code, point);
            }
        }
        Some(table)
    }

    /// Fills the tables for encoding: of several codes for a character, the first is taken.
    fn reverse(&mut self) {
        let singles = (0..).zip(&self.singles);
        let pairs = (0x8000..).zip(&self.pairs);
        let triples = (0x8F_8000..).zip(&self.triples);
        for (code, &word) in singles.chain(pairs).chain(triples) {
            match self.chars(word) {
                Some([point, 0]) => drop(self.codes.entry(point).or_insert(code)),
                Some([first, second]) => drop(self.combined.insert((first, second), code)),
                None => {}
            }
        }
    }

    fn chars(&self, word: u16) -> Option<[u32; 2]> {
        match word {
            ILLEGAL | MORE | ALL_ILLEGAL => None,
            _ if EXTRA.contains(&word) => self.extras.get(usize::from(word - EXTRA.start)).copied(),
            _ => Some([word.into(), 0]),
        }
    }

    /// What `input` begins with; it is not empty.
    pub fn decode(&self, input: &[u8]) -> Decoded {
        let known = |word: u16, len: usize| match word {
            MORE => None,
            ILLEGAL => Some(Decoded::Illegal(1)),
            ALL_ILLEGAL => Some(Decoded::Illegal(len)),
            _ => Some(match self.chars(word) {
                Some(chars) => Decoded::Chars(chars, len),
                None => Decoded::Illegal(1),
            }),
        };
        let lead = input[0];
        if let Some(decoded) = known(self.singles[usize::from(lead)], 1) {
            return decoded;
        }
        let Some(&second) = input.get(1) else { return Decoded::Incomplete };
        let at = usize::from(lead & 0x7F) << 8 | usize::from(second);
        if let Some(decoded) = known(self.pairs[at], 2) {
            return decoded;
        }
        if !self.runs.is_empty() {
            return self.decode_four(input);
        }
        if !self.long.is_empty() {
            let Some((code, _)) = input.split_first_chunk() else { return Decoded::Incomplete };
            return match self.long.get(&u64::from_be_bytes(*code)) {
                Some(&point) => Decoded::Chars([point, 0], 8),
                None => Decoded::Illegal(1),
            };
        }
        let Some(&third) = input.get(2) else { return Decoded::Incomplete };
        let at = usize::from(second & 0x7F) << 8 | usize::from(third);
        let word = self.triples.get(at).copied().filter(|_| lead == TRIPLE && second >= 0x80);
        word.and_then(|word| known(word, 3)).unwrap_or(Decoded::Illegal(1))
    }

    /// Codes of four bytes are numbers in a mixed base.
    fn decode_four(&self, input: &[u8]) -> Decoded {
        let &[first, second, ref rest @ ..] = input else { return Decoded::Incomplete };
        let (third, fourth) = match *rest {
            [third, fourth, ..] => (third, fourth),
            _ => return Decoded::Incomplete,
        };
        let digits =
            [(first, 0x81, 126), (second, 0x30, 10), (third, 0x81, 126), (fourth, 0x30, 10)];
        let mut linear = 0;
        for (byte, least, base) in digits {
            let digit = u32::from(byte).wrapping_sub(least);
            if digit >= base {
                return Decoded::Illegal(1);
            }
            linear = linear * base + digit;
        }
        let at = self.runs.partition_point(|run| run.linear <= linear);
        match at.checked_sub(1).map(|at| &self.runs[at]) {
            Some(run) if linear - run.linear < run.len => {
                Decoded::Chars([run.point + linear - run.linear, 0], 4)
            }
            _ => Decoded::Illegal(1),
        }
    }

    /// The characters of a pair, of which the low seven bits are given.
    pub fn pair(&self, lead: u8, second: u8) -> Option<[u32; 2]> {
        let at = usize::from(lead & 0x7F) << 8 | usize::from(second | 0x80);
        self.chars(self.pairs[at])
    }

    /// The characters of a triple, of which the low seven bits of the last two bytes are given.
    pub fn triple(&self, second: u8, third: u8) -> Option<[u32; 2]> {
        let at = usize::from(second & 0x7F) << 8 | usize::from(third | 0x80);
        self.triples.get(at).and_then(|&word| self.chars(word))
    }

    /// The code of a character by itself.
    pub fn code(&self, point: u32) -> Option<u64> {
        self.codes.get(&point).copied()
    }

    /// The code of two characters, as `encode` answers.
    pub fn combined(&self, point: u32, next: Option<u32>, is_last: bool) -> Encoded {
        match next.and_then(|next| self.combined.get(&(point, next))) {
            Some(&code) => Encoded::Code(code, 2),
            None if next.is_none() && !is_last && self.begins_two(point) => Encoded::Undecided,
            None => Encoded::Illegal,
        }
    }

    fn begins_two(&self, point: u32) -> bool {
        self.combined.keys().any(|pair| pair.0 == point)
    }

    /// How `point` is encoded, before `next`; without one, more may follow unless `is_last`.
    pub fn encode(&self, point: u32, next: Option<u32>, is_last: bool) -> Encoded {
        if point < 0x80 && self.codes.get(&point) == Some(&point.into()) {
            return Encoded::Code(point.into(), 1);
        }
        match self.combined(point, next, is_last) {
            Encoded::Illegal => {}
            found => return found,
        }
        match self.codes.get(&point) {
            Some(&code) => Encoded::Code(code, 1),
            None => self.encode_four(point),
        }
    }

    fn encode_four(&self, point: u32) -> Encoded {
        let run = self.runs.iter().find(|run| (run.point..run.point + run.len).contains(&point));
        let Some(run) = run else { return Encoded::Illegal };
        let linear = run.linear + point - run.point;
        let (rest, fourth) = (linear / 10, linear % 10);
        let (rest, third) = (rest / 126, rest % 126);
        let bytes = [0x81 + rest / 10, 0x30 + rest % 10, 0x81 + third, 0x30 + fourth];
        Encoded::Code(bytes.iter().fold(0, |code, &byte| code << 8 | u64::from(byte)), 1)
    }
}
