//! Type codes: what an item of each is, and how it goes into memory and out of it.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use krait_objects::prelude::*;

/// A type code. The first two fields are what Cython's `arraydescr` shows.
#[repr(C)]
pub struct Code {
    pub letter: u8,
    size: i32,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Signed,
    Unsigned,
    Float,
    Char,
}

const fn code(letter: u8, size: i32, kind: Kind) -> Code {
    Code { letter, size, kind }
}

/// All of them, in the order of `typecodes`.
pub static CODES: [Code; 14] = [
    code(b'b', 1, Kind::Signed),
    code(b'B', 1, Kind::Unsigned),
    code(b'u', 4, Kind::Char),
    code(b'w', 4, Kind::Char),
    code(b'h', 2, Kind::Signed),
    code(b'H', 2, Kind::Unsigned),
    code(b'i', 4, Kind::Signed),
    code(b'I', 4, Kind::Unsigned),
    code(b'l', 8, Kind::Signed),
    code(b'L', 8, Kind::Unsigned),
    code(b'q', 8, Kind::Signed),
    code(b'Q', 8, Kind::Unsigned),
    code(b'f', 4, Kind::Float),
    code(b'd', 8, Kind::Float),
];

/// An item's bytes; what is behind its size does not matter.
pub type Packed = [u8; 8];

impl Code {
    pub fn find(letter: u32) -> Option<&'static Code> {
        CODES.iter().find(|code| u32::from(code.letter) == letter)
    }

    /// Bytes of an item.
    #[inline]
    pub fn size(&self) -> usize {
        self.size as usize
    }

    pub fn is_text(&self) -> bool {
        self.kind == Kind::Char
    }

    /// The number that the least and the greatest bytes of an item make.
    fn word(&self, item: &[u8]) -> u64 {
        match *item {
            [a] => u64::from(a),
            [a, b] => u64::from(u16::from_ne_bytes([a, b])),
            [a, b, c, d] => u64::from(u32::from_ne_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => u64::from_ne_bytes([a, b, c, d, e, f, g, h]),
            _ => 0,
        }
    }

    fn signed_word(&self, item: &[u8]) -> i64 {
        let unused = 64 - 8 * self.size as u32;
        (self.word(item) << unused) as i64 >> unused
    }

    /// The object that an item stands for.
    ///
    /// # Safety
    /// There are as many bytes at `item` as an item has.
    #[inline(always)]
    pub unsafe fn unpack(&self, th: &Thread, item: *const u8) -> PyResult {
        // SAFETY: the caller's promise; each type is as large as the letter's items.
        let int = unsafe {
            match self.letter {
                b'b' => item.cast::<i8>().read().into(),
                b'B' => item.read().into(),
                b'h' => item.cast::<i16>().read_unaligned().into(),
                b'H' => item.cast::<u16>().read_unaligned().into(),
                b'i' => item.cast::<i32>().read_unaligned().into(),
                b'I' => item.cast::<u32>().read_unaligned().into(),
                b'l' | b'q' => item.cast::<i64>().read_unaligned(),
                _ => return self.unpack_other(th, item),
            }
        };
        Int::from_i64(th, int).map(Owned::into_object)
    }

    /// As `unpack`, for items that are no integers of C's `long`.
    #[inline(never)]
    unsafe fn unpack_other(&self, th: &Thread, item: *const u8) -> PyResult {
        // SAFETY: the caller's promise; each type is as large as the letter's items.
        let float = unsafe {
            match self.letter {
                b'f' => item.cast::<f32>().read_unaligned().into(),
                b'd' => item.cast::<f64>().read_unaligned(),
                _ => return self.unpack_rare(th, std::slice::from_raw_parts(item, self.size())),
            }
        };
        Float::new(th, float).map(Owned::into_object)
    }

    #[inline(never)]
    fn unpack_rare(&self, th: &Thread, item: &[u8]) -> PyResult {
        let word = self.word(item);
        match self.kind {
            Kind::Signed | Kind::Unsigned | Kind::Float => {
                Int::from_u64(th, word).map(Owned::into_object)
            }
            Kind::Char if word <= 0x10ffff => {
                Str::from_char(th, word as u32).map(Owned::into_object)
            }
            Kind::Char if self.letter == b'u' => Err(not_a_character(th, word as u32)),
            Kind::Char => Err(th.raise(exc::VALUE_ERROR, "chr() arg not in range(0x110000)")),
        }
    }

    /// The bytes of an object as an item.
    pub fn pack(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<Packed> {
        let word = match self.kind {
            Kind::Float => {
                let number = number::as_f64(th, value)?;
                if self.size == 4 { u64::from((number as f32).to_bits()) } else { number.to_bits() }
            }
            Kind::Char => u64::from(character(th, value)?),
            Kind::Signed | Kind::Unsigned => self.integer(th, value)?,
        };
        Ok(self.stored(word))
    }

    /// The low bytes of a word, first those that are stored.
    fn stored(&self, word: u64) -> Packed {
        let mut packed = word.to_ne_bytes();
        if cfg!(target_endian = "big") {
            packed.rotate_left(8 - self.size());
        }
        packed
    }

    /// An object as an integer in range, in two's complement. The messages are those of C's conversions.
    fn integer(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<u64> {
        let short = || {
            let range = i64::from(i16::MIN)..=i64::from(i16::MAX);
            ranged(th, long(th, value)?, range, "signed short integer")
        };
        let int = || {
            let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
            ranged(th, long(th, value)?, range, "signed integer")
        };
        let signed = match self.letter {
            b'b' => ranged(th, short()?, -128..=127, "signed char")?,
            b'B' => ranged(th, short()?, 0..=255, "unsigned byte integer")?,
            b'h' => short()?,
            b'H' => ranged(th, int()?, 0..=65535, "unsigned short")?,
            b'i' => int()?,
            b'l' => long(th, value)?,
            b'q' => number::index(th, value)?
                .to_i64()
                .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "int too big to convert"))?,
            _ => return self.unsigned(th, value),
        };
        Ok(signed as u64)
    }

    fn unsigned(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<u64> {
        let (negative, too_big) = if self.letter == b'Q' {
            ("can't convert negative int to unsigned", "int too big to convert")
        } else {
            (
                "can't convert negative value to unsigned int",
                "Python int too large to convert to C unsigned long",
            )
        };
        let int = number::index(th, value)?;
        if int.is_negative() {
            return Err(th.raise(exc::OVERFLOW_ERROR, negative));
        }
        let word = int.to_u64().ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, too_big))?;
        if self.letter == b'I' && word > u64::from(u32::MAX) {
            return Err(th.raise(exc::OVERFLOW_ERROR, "unsigned int is greater than maximum"));
        }
        Ok(word)
    }

    /// How two items compare, unless they are floats.
    pub fn order(&self, left: &[u8], right: &[u8]) -> Ordering {
        match self.kind {
            Kind::Signed => self.signed_word(left).cmp(&self.signed_word(right)),
            _ => self.word(left).cmp(&self.word(right)),
        }
    }
}

fn long(th: &Thread, value: Borrowed<'_>) -> PyResult<i64> {
    number::index(th, value)?
        .to_i64()
        .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long"))
}

fn ranged(th: &Thread, value: i64, range: RangeInclusive<i64>, name: &str) -> PyResult<i64> {
    if range.contains(&value) {
        return Ok(value);
    }
    let side = if value < *range.start() { "less than minimum" } else { "greater than maximum" };
    Err(raise!(th, OVERFLOW_ERROR, "{name} is {side}"))
}

fn character(th: &Thread, value: Borrowed<'_>) -> PyResult<u32> {
    const WANTED: &str = "array item must be a unicode character, not";
    match value.downcast::<Str>() {
        Some(text) if text.len() == 1 => Ok(text.char_at(0)),
        Some(text) => Err(raise!(th, TYPE_ERROR, "{WANTED} a string of length {}", text.len())),
        None => Err(raise!(th, TYPE_ERROR, "{WANTED} {}", value.type_name())),
    }
}

/// ValueError: a wide character past the end of Unicode.
#[cold]
pub fn not_a_character(th: &Thread, point: u32) -> Raised {
    raise!(th, VALUE_ERROR, "character U+{point:x} is not in range [U+0000; U+10ffff]")
}
