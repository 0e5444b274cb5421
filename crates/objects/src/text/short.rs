//! Short ASCII-or-other text that is built on the stack: the digits of a number, mostly.
//!
//! Invariant: 1. the first `len` of the inline bytes are UTF-8.

use std::fmt;
use std::ops::Deref;

use super::digits::{DECIMAL, write_padded};

/// Longer than any number in a usual format.
const INLINE: usize = 39;

/// A growing text, which goes to the heap only if it is long.
#[derive(Clone)]
pub enum ShortText {
    Inline { len: u8, bytes: [u8; INLINE] },
    Heap(String),
}

impl Default for ShortText {
    fn default() -> Self {
        ShortText::new()
    }
}

impl ShortText {
    #[inline]
    pub const fn new() -> Self {
        ShortText::Inline { len: 0, bytes: [0; INLINE] }
    }

    #[inline]
    pub fn as_str(&self) -> &str {
        match self {
            // SAFETY: (1).
            ShortText::Inline { len, bytes } => unsafe {
                std::str::from_utf8_unchecked(bytes.get_unchecked(..usize::from(*len)))
            },
            ShortText::Heap(text) => text,
        }
    }

    #[inline]
    pub fn push_str(&mut self, more: &str) {
        match self {
            ShortText::Inline { len, bytes } => {
                let end = usize::from(*len) + more.len();
                match bytes.get_mut(usize::from(*len)..end) {
                    Some(room) => {
                        room.copy_from_slice(more.as_bytes());
                        *len = end as u8;
                    }
                    None => self.spill(more.len()).push_str(more),
                }
            }
            ShortText::Heap(text) => text.push_str(more),
        }
    }

    /// ASCII text.
    pub fn push_ascii(&mut self, text: &[u8]) {
        debug_assert!(text.is_ascii());
        self.push_str(str::from_utf8(text).unwrap_or_default());
    }

    #[inline]
    pub fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    pub fn push_zeros(&mut self, count: usize) {
        // As many as may have room without going to the heap.
        const ZEROS: &str = "000000000000000000000000000000000000000";
        const { assert!(ZEROS.len() == INLINE) }
        match ZEROS.get(..count) {
            Some(zeros) => self.push_str(zeros),
            None => self.spill(count).extend(std::iter::repeat_n('0', count)),
        }
    }

    /// Decimal digits, with zeros in front until there are `width`, at most 20.
    pub fn push_decimal(&mut self, value: u64, width: usize) {
        let mut digits = [0; DECIMAL];
        let at = write_padded(&mut digits, DECIMAL, value, width);
        // SAFETY: only ASCII digits were written.
        self.push_str(unsafe { std::str::from_utf8_unchecked(&digits[at..]) });
    }

    pub fn truncate(&mut self, to: usize) {
        match self {
            ShortText::Inline { len, .. } => *len = (*len).min(to.min(INLINE) as u8),
            ShortText::Heap(text) => text.truncate(to),
        }
    }

    pub fn make_ascii_uppercase(&mut self) {
        match self {
            ShortText::Inline { bytes, .. } => bytes.make_ascii_uppercase(),
            ShortText::Heap(text) => text.make_ascii_uppercase(),
        }
    }

    pub fn into_string(self) -> String {
        match self {
            ShortText::Heap(text) => text,
            inline => inline.as_str().to_owned(),
        }
    }

    /// Goes to the heap, with room for `more` bytes.
    #[cold]
    fn spill(&mut self, more: usize) -> &mut String {
        if let ShortText::Inline { .. } = self {
            let mut text = String::with_capacity(self.as_str().len() + more);
            text.push_str(self.as_str());
            *self = ShortText::Heap(text);
        }
        match self {
            ShortText::Heap(text) => text,
            ShortText::Inline { .. } => unreachable!("it was put onto the heap"),
        }
    }
}

impl Deref for ShortText {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for ShortText {
    #[inline]
    fn from(text: &str) -> Self {
        let mut short = ShortText::new();
        short.push_str(text);
        short
    }
}

impl From<String> for ShortText {
    fn from(text: String) -> Self {
        ShortText::Heap(text)
    }
}

impl fmt::Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl PartialEq for ShortText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ShortText {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_past_what_is_inline() {
        let mut text = ShortText::from("-");
        text.push_decimal(0, 1);
        text.push_decimal(1234, 6);
        text.push_zeros(20);
        text.push_str("0123456789");
        assert!(matches!(text, ShortText::Inline { .. }));
        text.push('é');
        assert_eq!(&*text, "-0001234000000000000000000000123456789é");
        text.push_zeros(17);
        assert!(matches!(text, ShortText::Heap(_)));
        text.truncate(8);
        assert_eq!(text.into_string(), "-0001234");
    }
}
