//! String literals without replacement fields.

use super::{Done, Lexed, Lexer, SourceText};
use crate::token::TokenKind;

impl<S: SourceText> Lexer<S> {
    /// After the opening quote (and any prefix): how many quotes open the string. `None` if it is
    /// empty and has ended already.
    pub(super) fn quote_size(&mut self, quote: u8) -> Option<u8> {
        if self.peek() != Some(quote) {
            return Some(1);
        }
        self.pos += 1;
        if self.peek() != Some(quote) {
            return None;
        }
        self.pos += 1;
        Some(3)
    }

    /// The rest of a string that opened with `quote`.
    pub(super) fn string(&mut self, quote: u8) -> Lexed {
        let Some(size) = self.quote_size(quote) else {
            self.note_end();
            return Ok(self.token(TokenKind::String));
        };
        let mut closing = 0;
        let mut escaped_quote = false;
        while closing < size {
            if closing == 0 {
                // Nothing else matters within a line.
                let rest = self.line_rest();
                self.pos += memchr::memchr3(quote, b'\\', b'\n', rest).unwrap_or(rest.len());
            }
            let byte = self.bump();
            match byte {
                None => return self.unterminated(quote, size, escaped_quote, byte),
                Some(b'\n') if size == 1 => {
                    return self.unterminated(quote, size, escaped_quote, byte);
                }
                Some(b'\\') => {
                    closing = 0;
                    escaped_quote |= self.bump() == Some(quote);
                }
                Some(byte) if byte == quote => closing += 1,
                Some(_) => closing = 0,
            }
        }
        Ok(self.token(TokenKind::String))
    }

    fn unterminated(&mut self, quote: u8, size: u8, escaped: bool, last: Option<u8>) -> Lexed {
        let detected = self.lineno;
        self.pos = self.start + 1;
        self.line_start = self.first_line_start;
        self.lineno = self.first_lineno;
        if let Some(mode) = self.modes.last()
            && mode.quote == quote
            && mode.quote_size == size
        {
            let prefix = mode.prefix();
            return self.fail(format!("{prefix}-string: expecting '}}'"));
        }
        let message = match (size, escaped) {
            (3, _) => {
                format!("unterminated triple-quoted string literal (detected at line {detected})")
            }
            (_, false) => format!("unterminated string literal (detected at line {detected})"),
            (_, true) => format!(
                "unterminated string literal (detected at line {detected}); \
                 perhaps you escaped the end quote?"
            ),
        };
        let failed = self.fail(message);
        if last.is_none() {
            self.done = if size == 3 { Done::EofInString } else { Done::EolInString };
        }
        failed
    }
}
