//! Names, keywords and string prefixes.

use super::{Lexed, Lexer, SourceText};
use crate::token::{Token, keyword_or_name};

/// Whether a byte may stand in a word.
static CONTINUES_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] =
            (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' || byte as u8 >= 0x80;
        byte += 1;
    }
    table
};

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
        let mut seen = 0;
        let mut end = self.start;
        while let Some(&byte) = self.bytes()[..self.line_end].get(end)
            && CONTINUES_WORD[usize::from(byte)]
        {
            seen |= byte;
            end += 1;
        }
        let before_quote =
            matches!(self.bytes()[..self.line_end].get(end), None | Some(b'"' | b'\''));
        if before_quote && let Some(done) = self.prefix(first) {
            return done;
        }
        self.pos = end;
        self.note_end();
        if seen.is_ascii() {
            return Ok(self.finish_ascii_word());
        }
        if !self.options.extra_tokens {
            self.check_identifier()?;
        }
        Ok(self.token(crate::token::TokenKind::Name))
    }

    /// The string that a word which ends at a quote, or with the line, may be the prefix of.
    fn prefix(&mut self, first: u8) -> Option<Lexed> {
        let mut prefix = Prefix::default();
        let mut byte = first;
        while prefix.take(byte) {
            match self.bump() {
                Some(quote @ (b'"' | b'\'')) => return Some(self.prefixed_string(&prefix, quote)),
                Some(next) => byte = next,
                None => return Some(Ok(self.finish_ascii_word())),
            }
        }
        None
    }

    fn finish_ascii_word(&self) -> Token {
        self.token(keyword_or_name(&self.bytes()[self.start..self.pos]))
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
