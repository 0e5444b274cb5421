//! Text that grows, in the narrowest kind that holds it.
//! The same job in CPython: `_PyUnicodeWriter`.

use super::{Unit, max_char};

/// A growing text. What was pushed decides the variant: it only ever becomes wider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextBuf {
    Latin1(Vec<u8>),
    Ucs2(Vec<u16>),
    Ucs4(Vec<u32>),
}

impl Default for TextBuf {
    fn default() -> Self {
        TextBuf::Latin1(Vec::new())
    }
}

fn widen<F: Unit, T: Unit>(text: &[F]) -> Vec<T> {
    let mut wide = Vec::with_capacity(text.len() * 2);
    wide.extend(text.iter().map(|&unit| T::cut(unit.code())));
    wide
}

impl TextBuf {
    pub fn with_capacity(capacity: usize) -> Self {
        TextBuf::Latin1(Vec::with_capacity(capacity))
    }

    /// The number of code points.
    pub fn len(&self) -> usize {
        match self {
            TextBuf::Latin1(text) => text.len(),
            TextBuf::Ucs2(text) => text.len(),
            TextBuf::Ucs4(text) => text.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties it, and begins with the narrowest kind again.
    pub fn clear(&mut self) {
        match self {
            TextBuf::Latin1(text) => text.clear(),
            _ => *self = TextBuf::default(),
        }
    }

    /// Cuts the end off. The variant stays, even if a narrower one would do.
    pub fn truncate(&mut self, len: usize) {
        match self {
            TextBuf::Latin1(text) => text.truncate(len),
            TextBuf::Ucs2(text) => text.truncate(len),
            TextBuf::Ucs4(text) => text.truncate(len),
        }
    }

    /// A bound for the greatest code point, as [`max_char`] gives it.
    pub fn max_char(&self) -> u32 {
        match self {
            TextBuf::Latin1(text) => max_char(text),
            TextBuf::Ucs2(text) => max_char(text),
            TextBuf::Ucs4(text) => max_char(text),
        }
    }

    /// All code points.
    pub fn code_points(&self) -> Vec<u32> {
        match self {
            TextBuf::Latin1(text) => widen(text),
            TextBuf::Ucs2(text) => widen(text),
            TextBuf::Ucs4(text) => text.clone(),
        }
    }

    /// Becomes able to hold a code point.
    #[inline]
    fn reach(&mut self, c: u32) {
        if c > 0xff {
            self.reach_wide(c);
        }
    }

    #[inline(never)]
    fn reach_wide(&mut self, c: u32) {
        match self {
            TextBuf::Latin1(text) if c > 0xffff => *self = TextBuf::Ucs4(widen(text)),
            TextBuf::Latin1(text) => *self = TextBuf::Ucs2(widen(text)),
            TextBuf::Ucs2(text) if c > 0xffff => *self = TextBuf::Ucs4(widen(text)),
            _ => {}
        }
    }

    /// Makes room for `more` code points; `false` if there is not the memory.
    pub fn try_reserve(&mut self, more: usize) -> bool {
        match self {
            TextBuf::Latin1(text) => text.try_reserve(more).is_ok(),
            TextBuf::Ucs2(text) => text.try_reserve(more).is_ok(),
            TextBuf::Ucs4(text) => text.try_reserve(more).is_ok(),
        }
    }

    #[inline]
    pub fn push(&mut self, c: u32) {
        self.reach(c);
        match self {
            TextBuf::Latin1(text) => text.push(c as u8),
            TextBuf::Ucs2(text) => text.push(c as u16),
            TextBuf::Ucs4(text) => text.push(c),
        }
    }

    /// Appends a code point `count` times.
    pub fn push_repeated(&mut self, c: u32, count: usize) {
        if count == 0 {
            return;
        }
        self.reach(c);
        match self {
            TextBuf::Latin1(text) => text.extend(std::iter::repeat_n(c as u8, count)),
            TextBuf::Ucs2(text) => text.extend(std::iter::repeat_n(c as u16, count)),
            TextBuf::Ucs4(text) => text.extend(std::iter::repeat_n(c, count)),
        }
    }

    /// Appends text of any kind.
    pub fn push_units<T: Unit>(&mut self, more: &[T]) {
        if let (TextBuf::Latin1(text), Some(more)) = (&mut *self, T::as_bytes(more)) {
            return text.extend_from_slice(more);
        }
        if !more.is_empty() {
            self.reach(max_char(more));
        }
        let codes = more.iter().map(|&unit| unit.code());
        match self {
            TextBuf::Latin1(text) => text.extend(codes.map(|c| c as u8)),
            TextBuf::Ucs2(text) => text.extend(codes.map(|c| c as u16)),
            TextBuf::Ucs4(text) => text.extend(codes),
        }
    }

    /// Appends Rust text.
    pub fn push_str(&mut self, more: &str) {
        if more.is_ascii() {
            return self.push_units(more.as_bytes());
        }
        self.reach(more.chars().map(u32::from).max().unwrap_or(0));
        let codes = more.chars().map(u32::from);
        match self {
            TextBuf::Latin1(text) => text.extend(codes.map(|c| c as u8)),
            TextBuf::Ucs2(text) => text.extend(codes.map(|c| c as u16)),
            TextBuf::Ucs4(text) => text.extend(codes),
        }
    }
}
