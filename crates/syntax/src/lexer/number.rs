//! Numeric literals.

use super::{Lexed, Lexer, SourceText};
use crate::token::TokenKind;

fn is_digit(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_digit())
}

impl<S: SourceText> Lexer<S> {
    /// A period, an ellipsis, or a number that starts with its period.
    pub(super) fn dot(&mut self) -> Lexed {
        let next = self.bump();
        if is_digit(next) {
            return self.fraction(next);
        }
        self.back(next);
        if next == Some(b'.') && self.bytes()[self.pos..].starts_with(b"..") {
            self.pos += 2;
            return Ok(self.token(TokenKind::Ellipsis));
        }
        Ok(self.token(TokenKind::Dot))
    }

    /// A number that starts with the digit `first`.
    pub(super) fn number(&mut self, first: u8) -> Lexed {
        if first != b'0' {
            let next = self.decimal_tail()?;
            return self.after_integer_part(next);
        }
        let next = self.bump();
        match next {
            Some(b'x' | b'X') => self.radix_digits("hexadecimal", |byte| byte.is_ascii_hexdigit()),
            Some(b'o' | b'O') => self.radix_digits("octal", |byte| matches!(byte, b'0'..=b'7')),
            Some(b'b' | b'B') => self.radix_digits("binary", |byte| matches!(byte, b'0' | b'1')),
            _ => self.leading_zero(next),
        }
    }

    fn radix_digits(&mut self, kind: &str, accepts: fn(u8) -> bool) -> Lexed {
        let accepts = |byte: Option<u8>| byte.is_some_and(accepts);
        let mut byte = self.bump();
        loop {
            if byte == Some(b'_') {
                byte = self.bump();
            }
            if !accepts(byte) {
                self.wrong_digit(kind, byte)?;
                self.back(byte);
                return self.fail(format!("invalid {kind} literal"));
            }
            while accepts(byte) {
                byte = self.bump();
            }
            if byte != Some(b'_') {
                break;
            }
        }
        self.wrong_digit(kind, byte)?;
        self.end_number(byte, kind)
    }

    /// Fails if `byte` is a digit: it is none of this radix.
    fn wrong_digit(&mut self, kind: &str, byte: Option<u8>) -> Lexed<()> {
        match byte {
            Some(digit) if digit.is_ascii_digit() => {
                let digit = char::from(digit);
                self.fail(format!("invalid digit '{digit}' in {kind} literal"))
            }
            _ => Ok(()),
        }
    }

    /// A decimal number that starts with zero: only zeros, unless it turns out to be a float.
    fn leading_zero(&mut self, next: Option<u8>) -> Lexed {
        let mut byte = next;
        loop {
            if byte == Some(b'_') {
                byte = self.bump();
                if !is_digit(byte) {
                    self.back(byte);
                    return self.fail("invalid decimal literal");
                }
            }
            if byte != Some(b'0') {
                break;
            }
            byte = self.bump();
        }
        let zeros_end = self.pos;
        let nonzero = is_digit(byte);
        if nonzero {
            byte = self.decimal_tail()?;
        }
        if matches!(byte, Some(b'.' | b'e' | b'E' | b'j' | b'J'))
            || !nonzero
            || self.options.extra_tokens
        {
            return self.after_integer_part(byte);
        }
        self.back(byte);
        let offset = self.column_of(self.start) + 1;
        let end_offset = self.column_of(zeros_end);
        self.fail_at(
            "leading zeros in decimal integer literals are not permitted; \
             use an 0o prefix for octal integers",
            offset,
            end_offset,
        )
    }

    /// Digits and underscores; gives the byte after them.
    fn decimal_tail(&mut self) -> Lexed<Option<u8>> {
        loop {
            let mut byte = self.bump();
            while is_digit(byte) {
                byte = self.bump();
            }
            if byte != Some(b'_') {
                return Ok(byte);
            }
            let byte = self.bump();
            if !is_digit(byte) {
                self.back(byte);
                return self.fail("invalid decimal literal");
            }
        }
    }

    fn after_integer_part(&mut self, next: Option<u8>) -> Lexed {
        if next == Some(b'.') {
            let next = self.bump();
            return self.fraction(next);
        }
        self.exponent(next)
    }

    /// After the period, with the byte that follows it.
    fn fraction(&mut self, mut next: Option<u8>) -> Lexed {
        if is_digit(next) {
            next = self.decimal_tail()?;
        }
        self.exponent(next)
    }

    /// After the mantissa.
    fn exponent(&mut self, mut next: Option<u8>) -> Lexed {
        if let Some(b'e' | b'E') = next {
            let sign = self.bump();
            if matches!(sign, Some(b'+' | b'-')) {
                let digit = self.bump();
                if !is_digit(digit) {
                    self.back(digit);
                    return self.fail("invalid decimal literal");
                }
            } else if !is_digit(sign) {
                self.back(sign);
                return self.end_number(next, "decimal");
            }
            next = self.decimal_tail()?;
        }
        if matches!(next, Some(b'j' | b'J')) {
            next = self.bump();
            return self.end_number(next, "imaginary");
        }
        self.end_number(next, "decimal")
    }

    /// Checks the byte after a number and puts it back. A keyword there is worth a warning, any
    /// other word an error.
    fn end_number(&mut self, next: Option<u8>, kind: &str) -> Lexed {
        self.back(next);
        let Some(byte) = next else { return Ok(self.token(TokenKind::Number)) };
        if self.options.extra_tokens {
            return Ok(self.token(TokenKind::Number));
        }
        let rest = &self.bytes()[self.pos..self.line_end];
        let is_word = |word: &&[u8]| {
            let continues =
                |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
            rest.starts_with(word) && !rest.get(word.len()).is_some_and(continues)
        };
        let keyword = [&b"and"[..], b"else", b"for", b"or", b"not"].iter().any(is_word)
            || matches!(rest, [b'i', b'f' | b'n' | b's', ..]);
        if keyword {
            let message = format!("invalid {kind} literal");
            self.warn(message.clone(), message);
        } else if byte.is_ascii_alphanumeric() || byte == b'_' {
            return self.fail(format!("invalid {kind} literal"));
        }
        Ok(self.token(TokenKind::Number))
    }
}
