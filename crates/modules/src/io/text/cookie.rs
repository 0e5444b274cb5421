//! What `TextIOWrapper.tell` returns: a position, and how to get from there to the exact character.
//!
//! It is one integer: the byte position in its low 64 bits, above them what else is needed, all zero in simple cases.

use krait_objects::int_digits;
use krait_objects::prelude::*;

/// A position in encoded text.
#[derive(Clone, Copy, Default, Debug)]
pub struct Cookie {
    /// Where in the buffer reading starts again.
    pub start: i64,
    /// The decoder's state there.
    pub flags: i32,
    /// How many bytes the decoder then gets,
    pub bytes_to_feed: i32,
    /// and how many of its characters are skipped.
    pub chars_to_skip: i32,
    /// Whether the decoder was told of the end.
    pub need_eof: bool,
}

const LEN: usize = 21;

impl Cookie {
    pub fn pack(self, th: &Thread) -> PyResult<Owned<Int>> {
        if self.flags == 0 && self.bytes_to_feed == 0 && self.chars_to_skip == 0 && !self.need_eof {
            return Int::from_i64(th, self.start);
        }
        let mut bytes = [0u8; LEN];
        bytes[0..8].copy_from_slice(&self.start.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.flags.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.bytes_to_feed.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.chars_to_skip.to_le_bytes());
        bytes[20] = self.need_eof.into();
        Int::from_buf(th, &int_digits::from_bytes(&bytes, true, false))
    }

    pub fn unpack(th: &Thread, cookie: Borrowed<'_>) -> PyResult<Cookie> {
        let int = number::index(th, cookie)?;
        let mut bytes = [0u8; LEN];
        if int_digits::to_bytes(int.view(), &mut bytes, true, false).is_err() {
            return Err(th.raise(exc::OVERFLOW_ERROR, "int too big to convert"));
        }
        let four = |at: usize| {
            i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let mut start = [0u8; 8];
        start.copy_from_slice(&bytes[..8]);
        Ok(Cookie {
            start: i64::from_le_bytes(start),
            flags: four(8),
            bytes_to_feed: four(12),
            chars_to_skip: four(16),
            need_eof: bytes[20] != 0,
        })
    }
}
