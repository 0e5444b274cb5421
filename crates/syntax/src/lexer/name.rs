//! Names, keywords and string prefixes.

use super::{Lexed, Lexer, SourceText};
use crate::token::{TokenKind, keyword_or_name, pack};

/// Eight bytes at once.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each of eight bytes that may not stand in a word.
#[inline]
fn outside_words(bytes: u64) -> u64 {
    let high = eight(0x80);
    // Sums that set the highest bit of a byte that is at least so much; none carries into the next byte.
    let at_least = |bytes: u64, least: u8| bytes + eight(0x80 - least);
    let low = bytes & !high;
    let small = low | eight(0x20);
    let letters = at_least(small, b'a') & !at_least(small, b'z' + 1);
    let digits = at_least(low, b'0') & !at_least(low, b'9' + 1);
    let underscores = !at_least(low ^ eight(b'_'), 1);
    !(bytes | letters | digits | underscores) & high
}

/// How far a word goes.
pub(super) struct Word {
    pub(super) len: usize,
    pub(super) is_ascii: bool,
    /// Its first eight bytes.
    pub(super) packed: u64,
}

/// The word, if there is one, that `rest` starts with.
#[inline]
pub(super) fn measure(rest: &[u8]) -> Word {
    let (mut len, mut seen, mut packed) = (0, 0, 0);
    loop {
        let bytes = match rest[len..].first_chunk() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => pack(&rest[len..]),
        };
        let outside = outside_words(bytes);
        // The bytes before the first that is not part of the word; all of them if there is none.
        let first_outside = (outside & outside.wrapping_neg()) >> 7;
        let inside = bytes & first_outside.wrapping_sub(1);
        seen |= inside;
        if len == 0 {
            packed = inside;
        }
        if outside != 0 {
            len += outside.trailing_zeros() as usize / 8;
            return Word { len, is_ascii: seen & eight(0x80) == 0, packed };
        }
        len += 8;
    }
}

/// The letters of a string prefix seen so far.
#[derive(Default)]
struct Prefix {
    b: bool,
    u: bool,
    r: bool,
    f: bool,
    t: bool,
}

impl Prefix {
    /// Takes one more letter, each at most once.
    fn take(&mut self, byte: u8) -> bool {
        let seen = match byte.to_ascii_lowercase() {
            b'b' => &mut self.b,
            b'u' => &mut self.u,
            b'r' => &mut self.r,
            b'f' => &mut self.f,
            b't' => &mut self.t,
            _ => return false,
        };
        !std::mem::replace(seen, true)
    }

    /// Two letters that do not go together.
    fn conflict(&self) -> Option<(char, char)> {
        let pairs = [
            (self.u && self.b, ('u', 'b')),
            (self.u && self.r, ('u', 'r')),
            (self.u && self.f, ('u', 'f')),
            (self.u && self.t, ('u', 't')),
            (self.b && self.f, ('b', 'f')),
            (self.b && self.t, ('b', 't')),
            (self.f && self.t, ('f', 't')),
        ];
        pairs.iter().find(|(both, _)| *both).map(|(_, pair)| *pair)
    }
}

impl<S: SourceText> Lexer<S> {
    /// A name or keyword, or the string whose prefix it turns out to be.
    pub(super) fn word(&mut self, first: u8) -> Lexed {
        let word = measure(&self.bytes()[self.start..]);
        let end = self.start + word.len;
        let before_quote = matches!(self.bytes().get(end), None | Some(b'"' | b'\''));
        if before_quote && let Some(done) = self.prefix(first) {
            return done;
        }
        self.pos = end;
        self.note_end();
        let kind = if word.len <= 8 { keyword_or_name(word.packed) } else { TokenKind::Name };
        if !word.is_ascii && !self.options.extra_tokens {
            self.check_identifier()?;
        }
        Ok(self.token(kind))
    }

    /// The string that a word which ends at a quote, or with the line, may be the prefix of.
    fn prefix(&mut self, first: u8) -> Option<Lexed> {
        let mut prefix = Prefix::default();
        let mut byte = first;
        while prefix.take(byte) {
            match self.bump() {
                Some(quote @ (b'"' | b'\'')) => return Some(self.prefixed_string(&prefix, quote)),
                Some(next) => byte = next,
                None => return Some(Ok(self.token(TokenKind::Name))),
            }
        }
        None
    }

    fn prefixed_string(&mut self, prefix: &Prefix, quote: u8) -> Lexed {
        if let Some((first, second)) = prefix.conflict() {
            let message = format!("'{first}' and '{second}' prefixes are incompatible");
            let offset = self.column_of(self.start) + 1;
            let end_offset = self.column_of(self.pos);
            return self.fail_at(message, offset, end_offset);
        }
        if prefix.f || prefix.t {
            return self.interpolated_string(quote, prefix.t, prefix.r);
        }
        self.string(quote)
    }

    /// Characters between the start of the line and `pos`.
    pub(super) fn column_of(&self, pos: usize) -> i32 {
        self.text()[self.line_start..pos].chars().count() as i32
    }

    /// Fails at the first character that may not stand where it does.
    fn check_identifier(&mut self) -> Lexed<()> {
        let word = &self.text()[self.start..self.pos];
        let mut chars = word.char_indices();
        let invalid = chars.find(|&(at, char)| {
            let valid = if at == 0 { is_identifier_start(char) } else { is_identifier_part(char) };
            !valid
        });
        let Some((at, char)) = invalid else { return Ok(()) };
        self.pos = self.start + at + char.len_utf8();
        let code = u32::from(char);
        if krait_unicode::is_printable(code) {
            self.fail(format!("invalid character '{char}' (U+{code:04X})"))
        } else {
            self.fail(format!("invalid non-printable character U+{code:04X}"))
        }
    }
}

pub(crate) fn is_identifier_start(char: char) -> bool {
    char == '_' || krait_unicode::is_xid_start(char.into())
}

pub(crate) fn is_identifier_part(char: char) -> bool {
    krait_unicode::is_xid_continue(char.into())
}
