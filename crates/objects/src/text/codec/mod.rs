//! Codecs that report errors and go on.
//!
//! A decoder reads `input` from `*at`, appends to a [`TextBuf`](super::TextBuf) and advances
//! `*at`. It stops at the end (before an incomplete sequence if the input is not `last`), or at
//! the first error, which says what range is wrong and why. The caller then asks its error
//! handler, appends what that gives, sets `*at`, and calls again. Encoders work alike, from the
//! units of a text to bytes. Reasons and ranges are those of the reference.

mod escape;
mod simple;
mod utf16;
mod utf32;
mod utf7;
mod utf8;

pub use escape::{
    InvalidEscape, decode_raw_unicode_escape, decode_unicode_escape, encode_raw_unicode_escape,
    encode_unicode_escape,
};
pub use simple::{decode_ascii, decode_latin1, encode_ascii, encode_latin1};
pub use utf7::{Utf7Decoder, encode_utf7};
pub use utf8::{decode_exact, decode_utf8, encode_exact, encode_utf8, encoded_len, shape_of};
pub use utf16::{decode_utf16, encode_utf16};
pub use utf32::{decode_utf32, encode_utf32};

/// What a UnicodeDecodeError or UnicodeEncodeError says: a range of the input, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecError {
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

/// The order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endian {
    Little,
    Big,
}

impl Endian {
    /// The machine's own.
    pub const NATIVE: Endian =
        if cfg!(target_endian = "little") { Endian::Little } else { Endian::Big };
}

fn is_surrogate(c: u32) -> bool {
    (0xd800..0xe000).contains(&c)
}

fn is_high_surrogate(c: u32) -> bool {
    (0xd800..0xdc00).contains(&c)
}

fn is_low_surrogate(c: u32) -> bool {
    (0xdc00..0xe000).contains(&c)
}

fn join_surrogates(high: u32, low: u32) -> u32 {
    0x1_0000 + ((high & 0x3ff) << 10 | low & 0x3ff)
}

/// The two surrogates of a code point past 0xffff.
fn surrogates_of(c: u32) -> [u32; 2] {
    let offset = c - 0x1_0000;
    [0xd800 + (offset >> 10), 0xdc00 + (offset & 0x3ff)]
}
