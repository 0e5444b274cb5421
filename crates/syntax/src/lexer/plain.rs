//! Words, operators and brackets outside of strings and within a line. Most tokens are, so they are read here without
//! a look at anything that matters to others only; `regular` reads whatever this leaves.

use super::name::measure;
use super::operator::{SINGLE, longest};
use super::{Bracket, Lexer, MAX_LEVEL, SourceText};
use crate::token::{Token, TokenKind, keyword_or_name};

/// What a token that begins with a byte may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Word,
    Operator,
    Opening,
    Closing,
    Other,
}

static STARTS: [Start; 256] = {
    let mut table = [Start::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Start::Word,
            b'(' | b'[' | b'{' => Start::Opening,
            b')' | b']' | b'}' => Start::Closing,
            _ if !matches!(SINGLE[byte], TokenKind::Op) => Start::Operator,
            _ => Start::Other,
        };
        byte += 1;
    }
    table
};

impl<S: SourceText> Lexer<S> {
    /// What [`next`](Self::next) would give, if it is one of these and not the last of the text. Nothing has changed if it
    /// is not.
    #[inline(always)]
    pub fn plain(&mut self) -> Option<Token> {
        if self.at_line_start || self.pending != 0 || !self.modes.is_empty() {
            return None;
        }
        let bytes = self.source.text().as_bytes();
        let line = &bytes[..self.line_end];
        let mut start = self.pos;
        while let Some(b' ') = line.get(start) {
            start += 1;
        }
        let first = *line.get(start)?;
        let col = start - self.line_start;
        let starts = STARTS[usize::from(first)];
        let (kind, len) = match starts {
            Start::Word => {
                let word = measure(&bytes[start..]);
                if !word.is_ascii || matches!(bytes.get(start + word.len), Some(b'"' | b'\'')) {
                    return None;
                }
                let short = word.len <= 8;
                (if short { keyword_or_name(word.packed) } else { TokenKind::Name }, word.len)
            }
            Start::Operator => longest(first, &line[start..]),
            Start::Opening if self.brackets.len() < MAX_LEVEL => (SINGLE[usize::from(first)], 1),
            Start::Closing if self.brackets.last().is_some_and(|open| open.is_closed_by(first)) => {
                (SINGLE[usize::from(first)], 1)
            }
            _ => return None,
        };
        let end = start + len;
        if end == bytes.len() {
            return None;
        }
        match starts {
            Start::Opening => {
                let (lineno, col) = (self.lineno, col as i32);
                self.brackets.push(Bracket { char: first, lineno, col });
            }
            Start::Closing => drop(self.brackets.pop()),
            _ => {}
        }
        (self.in_token, self.blank_line) = (true, false);
        (self.start, self.pos) = (start, end);
        (self.first_lineno, self.first_line_start) = (self.lineno, self.line_start);
        Some(Token {
            kind,
            start: start as u32,
            end: end as u32,
            lineno: self.lineno,
            col: col as i32,
            end_lineno: self.lineno,
            end_col: (col + len) as i32,
        })
    }
}
