//! Operators, delimiters and the balance of brackets.

use super::{Bracket, Lexed, Lexer, MAX_LEVEL, SourceText};
use crate::token::TokenKind;

/// The operator of one byte, or `Op` if there is none.
const fn single(byte: u8) -> TokenKind {
    use TokenKind::*;
    match byte {
        b'(' => LPar,
        b')' => RPar,
        b'[' => LSqb,
        b']' => RSqb,
        b'{' => LBrace,
        b'}' => RBrace,
        b',' => Comma,
        b';' => Semi,
        b'~' => Tilde,
        b':' => Colon,
        b'=' => Equal,
        b'!' => Exclamation,
        b'+' => Plus,
        b'%' => Percent,
        b'&' => Amper,
        b'|' => VBar,
        b'^' => Circumflex,
        b'@' => At,
        b'-' => Minus,
        b'<' => Less,
        b'>' => Greater,
        b'*' => Star,
        b'/' => Slash,
        _ => Op,
    }
}

/// What [`single`] gives.
pub(super) static SINGLE: [TokenKind; 256] = {
    let mut table = [TokenKind::Op; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = single(byte as u8);
        byte += 1;
    }
    table
};

/// The longest operator at the start of `rest`, which begins with `first`.
#[inline]
pub(super) fn longest(first: u8, rest: &[u8]) -> (TokenKind, usize) {
    match rest.get(1) {
        Some(b'=' | b'>' | b'<' | b'*' | b'/') => compound(first, rest),
        _ => (SINGLE[usize::from(first)], 1),
    }
}

/// As [`longest`], if the second byte may be part of the operator.
fn compound(first: u8, rest: &[u8]) -> (TokenKind, usize) {
    use TokenKind::*;
    let equal_at = |at| rest.get(at) == Some(&b'=');
    let (double, double_equal) = match first {
        b'<' => (LeftShift, LeftShiftEqual),
        b'>' => (RightShift, RightShiftEqual),
        b'*' => (DoubleStar, DoubleStarEqual),
        b'/' => (DoubleSlash, DoubleSlashEqual),
        _ => (Op, Op),
    };
    if double != Op && rest.get(1) == Some(&first) {
        return if equal_at(2) { (double_equal, 3) } else { (double, 2) };
    }
    let with_equal = match first {
        b'-' if rest.get(1) == Some(&b'>') => return (RArrow, 2),
        b':' => ColonEqual,
        b'=' => EqEqual,
        b'!' => NotEqual,
        b'+' => PlusEqual,
        b'%' => PercentEqual,
        b'&' => AmperEqual,
        b'|' => VBarEqual,
        b'^' => CircumflexEqual,
        b'@' => AtEqual,
        b'-' => MinEqual,
        b'<' => LessEqual,
        b'>' => GreaterEqual,
        b'*' => StarEqual,
        b'/' => SlashEqual,
        _ => return (single(first), 1),
    };
    if equal_at(1) { (with_equal, 2) } else { (single(first), 1) }
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
        if kind == TokenKind::Equal {
            if let Some(mode) = self.modes.last_mut()
                && mode.at_field_top()
            {
                mode.in_debug = true;
            }
        } else if kind == TokenKind::Op && (first < b' ' || first == 0x7F) {
            return self.fail(format!("invalid non-printable character U+{first:04X}"));
        }
        Ok(self.token(kind))
    }

    /// An opening bracket.
    pub(super) fn open(&mut self, char: u8) -> Lexed {
        self.note_end();
        if self.brackets.len() >= MAX_LEVEL {
            return self.fail("too many nested parentheses");
        }
        let col = (self.start - self.line_start) as i32;
        self.brackets.push(Bracket { char, lineno: self.lineno, col });
        if let Some(mode) = self.modes.last_mut() {
            mode.depth += 1;
        }
        Ok(self.token(SINGLE[usize::from(char)]))
    }

    /// A closing bracket.
    pub(super) fn close(&mut self, char: u8) -> Lexed {
        self.note_end();
        self.balance(char)?;
        Ok(self.token(SINGLE[usize::from(char)]))
    }

    /// Takes the bracket off that a closing one belongs to.
    #[inline]
    fn balance(&mut self, char: u8) -> Lexed<()> {
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
            Some(open) if !lenient && !open.is_closed_by(char) => {
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
