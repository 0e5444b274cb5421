//! f-strings and t-strings: a start token, literal parts, replacement fields in ordinary tokens, an
//! end token. A stack of modes remembers the strings that are open around the current position.

use super::{Done, Lexed, Lexer, SourceText};
use crate::literal::InvalidEscape;
use crate::token::TokenKind;

/// Deepest nesting of strings in each other's replacement fields.
const MAX_STRINGS: usize = 150;
/// Deepest nesting of replacement fields in format specs.
const MAX_FIELDS: i32 = 3;

/// An f-string or t-string that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct StringMode {
    pub quote: u8,
    pub quote_size: u8,
    is_template: bool,
    raw: bool,
    /// In a replacement field, where ordinary tokens stand.
    pub in_expression: bool,
    pub in_format_spec: bool,
    pub in_debug: bool,
    /// Brackets open since the string started, those of its fields included.
    pub depth: i32,
    /// `depth` just outside the innermost open field; -1 if there is none.
    pub field_depth: i32,
    start: usize,
    line_start: usize,
    lineno: u32,
}

impl StringMode {
    pub(super) fn prefix(&self) -> char {
        if self.is_template { 't' } else { 'f' }
    }

    /// The current position is directly in a replacement field, in no bracket of its own.
    pub(super) fn at_field_top(&self) -> bool {
        self.depth - self.field_depth == 1
    }

    fn kind(&self, f: TokenKind, t: TokenKind) -> TokenKind {
        if self.is_template { t } else { f }
    }

    fn middle(&self) -> TokenKind {
        self.kind(TokenKind::FStringMiddle, TokenKind::TStringMiddle)
    }
}

impl<S: SourceText> Lexer<S> {
    /// After the prefix and the first `quote` of an f-string or t-string.
    pub(super) fn interpolated_string(&mut self, quote: u8, is_template: bool, raw: bool) -> Lexed {
        let quote_size = self.quote_size(quote).unwrap_or_else(|| {
            // Two quotes: the second one closes the empty string, in a token of its own.
            self.pos -= 1;
            1
        });
        let rest = &self.bytes()[self.pos..];
        if quote_size == 1 && (rest.is_empty() || rest == [quote]) {
            // The reference has looked for more quotes.
            self.done = Done::Eof;
        }
        if self.modes.len() + 1 >= MAX_STRINGS {
            return self.fail("too many nested f-strings or t-strings");
        }
        let mode = StringMode {
            quote,
            quote_size,
            is_template,
            raw,
            in_expression: false,
            in_format_spec: false,
            in_debug: false,
            depth: 0,
            field_depth: -1,
            start: self.start,
            line_start: self.line_start,
            lineno: self.lineno,
        };
        self.modes.push(mode);
        Ok(self.token(mode.kind(TokenKind::FStringStart, TokenKind::TStringStart)))
    }

    /// A literal part, the end of the string, or the first token of a replacement field.
    pub(super) fn string_part(&mut self) -> Lexed {
        let Some(mode) = self.modes.last().copied() else { return self.regular() };
        self.in_token = true;
        let first = self.bump();
        self.back(first);
        self.start = self.pos;
        self.first_lineno = self.lineno;
        self.first_line_start = self.line_start;
        let rest = &self.bytes()[self.pos..];
        if first == Some(b'{') && rest.get(1) != Some(&b'{') {
            self.enter_field()?;
            return self.regular();
        }
        let size = usize::from(mode.quote_size);
        if rest.len() >= size && rest[..size].iter().all(|byte| *byte == mode.quote) {
            self.pos += size;
            self.modes.pop();
            return Ok(self.token(mode.kind(TokenKind::FStringEnd, TokenKind::TStringEnd)));
        }
        self.literal_part(mode)
    }

    /// From here on there are ordinary tokens, the first of them the opening brace.
    fn enter_field(&mut self) -> Lexed<()> {
        let Some(mode) = self.modes.last_mut() else { return Ok(()) };
        mode.field_depth += 1;
        mode.in_expression = true;
        if mode.field_depth >= MAX_FIELDS {
            let prefix = mode.prefix();
            return self.fail(format!("{prefix}-string: expressions nested too deeply"));
        }
        Ok(())
    }

    fn leave_literal(&mut self) {
        if let Some(mode) = self.modes.last_mut() {
            mode.in_expression = true;
            mode.in_format_spec = false;
        }
    }

    fn literal_part(&mut self, mode: StringMode) -> Lexed {
        let in_spec = mode.in_format_spec && mode.field_depth >= 0;
        let mut in_name_escape = false;
        let mut closing = 0;
        while closing < mode.quote_size {
            let byte = self.bump();
            let Some(byte) = byte.filter(|byte| mode.quote_size == 3 || *byte != b'\n') else {
                return self.literal_cut_off(mode, in_spec, byte);
            };
            if byte == mode.quote {
                closing += 1;
                continue;
            }
            closing = 0;
            match byte {
                b'{' => {
                    if self.peek() != Some(b'{') || in_spec {
                        self.back(Some(b'{'));
                        self.enter_field()?;
                        return Ok(self.token(mode.middle()));
                    }
                    return Ok(self.doubled_brace(mode));
                }
                b'}' => {
                    if in_name_escape {
                        return Ok(self.token(mode.middle()));
                    }
                    if self.peek() == Some(b'}') && !in_spec && mode.depth == 0 {
                        return Ok(self.doubled_brace(mode));
                    }
                    self.back(Some(b'}'));
                    self.leave_literal();
                    return Ok(self.token(mode.middle()));
                }
                b'\\' => {
                    let escaped = self.bump();
                    if matches!(escaped, Some(b'{' | b'}')) {
                        if let Some(brace) = escaped.filter(|_| !mode.raw) {
                            self.warn_escape(brace);
                        }
                        // The brace keeps its meaning.
                        self.back(escaped);
                    } else if !mode.raw && escaped == Some(b'N') && self.peek() == Some(b'{') {
                        self.pos += 1;
                        in_name_escape = true;
                    }
                }
                _ => {}
            }
        }
        self.pos -= usize::from(mode.quote_size);
        Ok(self.token(mode.middle()))
    }

    /// Just after a backslash and a brace.
    fn warn_escape(&mut self, brace: u8) {
        let text = char::from(brace).to_string();
        let escape = InvalidEscape { offset: 0, text };
        self.warn(escape.message(), escape.error_message());
    }

    /// At the second of two equal braces: the token ends with the first.
    fn doubled_brace(&mut self, mode: StringMode) -> crate::token::Token {
        let mut token = self.token(mode.middle());
        self.pos += 1;
        token.end_col = (self.pos - self.line_start) as i32;
        token
    }

    /// The line or the text ended in a literal part.
    fn literal_cut_off(&mut self, mode: StringMode, in_spec: bool, last: Option<u8>) -> Lexed {
        let prefix = mode.prefix();
        if in_spec && last == Some(b'\n') {
            return self.fail(format!(
                "{prefix}-string: newlines are not allowed in format specifiers for single \
                 quoted {prefix}-strings"
            ));
        }
        let detected = self.lineno;
        self.pos = mode.start + 1;
        self.line_start = mode.line_start;
        self.lineno = mode.lineno;
        let triple = mode.quote_size == 3;
        let quoted = if triple { "triple-quoted " } else { "" };
        let failed = self.fail(format!(
            "unterminated {quoted}{prefix}-string literal (detected at line {detected})"
        ));
        if triple && last.is_none() {
            self.done = Done::EofInString;
        }
        failed
    }
}
