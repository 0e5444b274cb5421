//! Names, keywords and string prefixes.

use super::{Lexed, Lexer, SourceText};
use crate::token::{Token, keyword_or_name};

const fn continues_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
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
        let mut prefix = Prefix::default();
        let mut byte = first;
        while prefix.take(byte) {
            match self.bump() {
                Some(quote @ (b'"' | b'\'')) => return self.prefixed_string(&prefix, quote),
                Some(next) => byte = next,
                None => return Ok(self.finish_ascii_word()),
            }
        }
        self.back(Some(byte));
        let rest = &self.bytes()[self.pos..self.line_end];
        self.pos += rest.iter().take_while(|byte| continues_word(**byte)).count();
        self.note_end();
        if self.bytes()[self.start..self.pos].is_ascii() {
            return Ok(self.finish_ascii_word());
        }
        if !self.options.extra_tokens {
            self.check_identifier()?;
        }
        Ok(self.token(crate::token::TokenKind::Name))
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
