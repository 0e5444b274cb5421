//! Operators, delimiters and the balance of brackets.

use super::{Bracket, Lexed, Lexer, MAX_LEVEL, SourceText};
use crate::token::TokenKind;

/// The longest operator at the start of `rest`, which begins with `first`.
fn longest(first: u8, rest: &[u8]) -> (TokenKind, usize) {
    use TokenKind::*;
    let second = rest.get(1).copied().unwrap_or(0);
    let third = rest.get(2).copied().unwrap_or(0);
    let with_equal = |plain, equal| if second == b'=' { (equal, 2) } else { (plain, 1) };
    let doubled = |single: (TokenKind, usize), double, double_equal| {
        if second != first {
            single
        } else if third == b'=' {
            (double_equal, 3)
        } else {
            (double, 2)
        }
    };
    match first {
        b'(' => (LPar, 1),
        b')' => (RPar, 1),
        b'[' => (LSqb, 1),
        b']' => (RSqb, 1),
        b'{' => (LBrace, 1),
        b'}' => (RBrace, 1),
        b',' => (Comma, 1),
        b';' => (Semi, 1),
        b'~' => (Tilde, 1),
        b':' => with_equal(Colon, ColonEqual),
        b'=' => with_equal(Equal, EqEqual),
        b'!' => with_equal(Exclamation, NotEqual),
        b'+' => with_equal(Plus, PlusEqual),
        b'%' => with_equal(Percent, PercentEqual),
        b'&' => with_equal(Amper, AmperEqual),
        b'|' => with_equal(VBar, VBarEqual),
        b'^' => with_equal(Circumflex, CircumflexEqual),
        b'@' => with_equal(At, AtEqual),
        b'-' if second == b'>' => (RArrow, 2),
        b'-' => with_equal(Minus, MinEqual),
        b'<' => doubled(with_equal(Less, LessEqual), LeftShift, LeftShiftEqual),
        b'>' => doubled(with_equal(Greater, GreaterEqual), RightShift, RightShiftEqual),
        b'*' => doubled(with_equal(Star, StarEqual), DoubleStar, DoubleStarEqual),
        b'/' => doubled(with_equal(Slash, SlashEqual), DoubleSlash, DoubleSlashEqual),
        _ => (Op, 1),
    }
}

impl<S: SourceText> Lexer<S> {
    pub(super) fn operator(&mut self, first: u8) -> Lexed {
        if first == b':'
            && let Some(mode) = self.modes.last_mut()
            && mode.field_depth >= 0
            && mode.depth - 1 == mode.field_depth
        {
            // Ends the expression of a replacement field, whatever follows.
            mode.in_expression = false;
            mode.in_format_spec = true;
            return Ok(self.token(TokenKind::Colon));
        }
        let (kind, len) = longest(first, &self.bytes()[self.start..self.line_end]);
        self.pos = self.start + len;
        if len < 3 {
            self.note_end();
        }
        match kind {
            TokenKind::LPar | TokenKind::LSqb | TokenKind::LBrace => self.open(first)?,
            TokenKind::RPar | TokenKind::RSqb | TokenKind::RBrace => self.close(first)?,
            TokenKind::Equal => {
                if let Some(mode) = self.modes.last_mut()
                    && mode.at_field_top()
                {
                    mode.in_debug = true;
                }
            }
            TokenKind::Op if first < b' ' || first == 0x7F => {
                return self.fail(format!("invalid non-printable character U+{first:04X}"));
            }
            _ => {}
        }
        Ok(self.token(kind))
    }

    fn open(&mut self, char: u8) -> Lexed<()> {
        if self.brackets.len() >= MAX_LEVEL {
            return self.fail("too many nested parentheses");
        }
        let col = (self.start - self.line_start) as i32;
        self.brackets.push(Bracket { char, lineno: self.lineno, col });
        if let Some(mode) = self.modes.last_mut() {
            mode.depth += 1;
        }
        Ok(())
    }

    fn close(&mut self, char: u8) -> Lexed<()> {
        if let Some(mode) = self.modes.last()
            && mode.depth == 0
            && char == b'}'
        {
            let prefix = mode.prefix();
            return self.fail(format!("{prefix}-string: single '}}' is not allowed"));
        }
        let lenient = self.options.extra_tokens;
        match self.brackets.pop() {
            None if lenient => {}
            None => return self.fail(format!("unmatched '{}'", char::from(char))),
            Some(open)
                if !lenient
                    && !matches!((open.char, char), (b'(', b')') | (b'[', b']') | (b'{', b'}')) =>
            {
                return self.mismatch(open, char);
            }
            Some(_) => {}
        }
        let Some(mode) = self.modes.last_mut() else { return Ok(()) };
        mode.depth -= 1;
        if mode.depth < 0 {
            let prefix = mode.prefix();
            return self.fail(format!("{prefix}-string: unmatched '{}'", char::from(char)));
        }
        if char == b'}' && mode.depth == mode.field_depth {
            mode.field_depth -= 1;
            mode.in_expression = false;
            mode.in_format_spec = false;
            mode.in_debug = false;
        }
        Ok(())
    }

    fn mismatch(&mut self, open: Bracket, char: u8) -> Lexed<()> {
        let (opening, closing) = (char::from(open.char), char::from(char));
        if let Some(mode) = self.modes.last()
            && open.char == b'{'
            && mode.depth - 1 == mode.field_depth
        {
            let prefix = mode.prefix();
            return self.fail(format!("{prefix}-string: unmatched '{closing}'"));
        }
        if open.lineno != self.lineno {
            let line = open.lineno;
            return self.fail(format!(
                "closing parenthesis '{closing}' does not match opening parenthesis '{opening}' on line {line}"
            ));
        }
        self.fail(format!(
            "closing parenthesis '{closing}' does not match opening parenthesis '{opening}'"
        ))
    }
}
