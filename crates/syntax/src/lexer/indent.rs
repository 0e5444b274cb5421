//! Indentation: spaces and tabs at the start of a line, and what they mean.

use super::{Done, Lexed, Lexer, SourceText, Stopped};
use crate::token::{Token, TokenKind};

/// Deepest nesting of blocks.
const MAX_INDENTS: usize = 100;
const TAB_SIZE: u32 = 8;

/// The width of an indent, with tabs to every eighth column and with tabs of one column: if the two
/// disagree about which of two lines is deeper, tabs and spaces are mixed inconsistently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Level {
    col: u32,
    alt: u32,
}

/// How many spaces a line starts with, eight bytes at a time.
#[inline]
fn leading_spaces(line: &[u8]) -> usize {
    const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
    let (chunks, _) = line.as_chunks();
    let mut len = 0;
    for chunk in chunks {
        let others = u64::from_le_bytes(*chunk) ^ SPACES;
        if others != 0 {
            return len + others.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    len + line[len..].iter().take_while(|byte| **byte == b' ').count()
}

impl<S: SourceText> Lexer<S> {
    /// Reads the space at the start of a line and sets the indents or dedents it stands for.
    pub(super) fn indentation(&mut self) -> Lexed<()> {
        self.at_line_start = false;
        let (level, next) = self.measure_indent()?;
        self.blank_line = matches!(next, Some(b'#' | b'\n' | b'\r'));
        if self.blank_line || !self.brackets.is_empty() {
            return Ok(());
        }
        let current = self.indents.last().copied().unwrap_or_default();
        if level.col == current.col {
            return self.check_tabs(level.alt == current.alt);
        }
        if level.col > current.col {
            if self.indents.len() + 1 >= MAX_INDENTS {
                self.done = Done::TooDeep;
                self.pos = self.line_end;
                return Err(Stopped);
            }
            self.check_tabs(level.alt > current.alt)?;
            self.pending += 1;
            self.indents.push(level);
            return Ok(());
        }
        while self.indents.last().is_some_and(|open| level.col < open.col) {
            self.pending -= 1;
            self.indents.pop();
        }
        let outer = self.indents.last().copied().unwrap_or_default();
        if level.col != outer.col {
            self.done = Done::Dedent;
            self.pos = self.line_end;
            return Err(Stopped);
        }
        self.check_tabs(level.alt == outer.alt)
    }

    /// The width of the indent, and the byte after it (which is not consumed).
    fn measure_indent(&mut self) -> Lexed<(Level, Option<u8>)> {
        let mut level = Level::default();
        // A backslash ends the indent; the first one counts, if it is indented at all.
        let mut continued: Option<u32> = None;
        let next = loop {
            let byte = self.bump();
            match byte {
                Some(b' ') => {
                    let more = leading_spaces(self.line_rest());
                    self.pos += more;
                    // The text is shorter than 4 GiB.
                    level.col += 1 + more as u32;
                    level.alt += 1 + more as u32;
                }
                Some(b'\t') => {
                    level.col = (level.col / TAB_SIZE + 1) * TAB_SIZE;
                    level.alt += 1;
                }
                Some(b'\x0C') => level = Level::default(),
                Some(b'\\') => {
                    continued = continued.filter(|col| *col != 0).or(Some(level.col));
                    self.continuation()?;
                }
                _ => break byte,
            }
        };
        self.back(next);
        if let Some(col) = continued.filter(|col| *col != 0) {
            level = Level { col, alt: col };
        }
        Ok((level, next))
    }

    fn check_tabs(&mut self, consistent: bool) -> Lexed<()> {
        if consistent {
            return Ok(());
        }
        self.done = Done::TabSpace;
        self.pos = self.line_end;
        Err(Stopped)
    }

    pub(super) fn pending_indent(&mut self) -> Token {
        let kind = if self.pending > 0 { TokenKind::Indent } else { TokenKind::Dedent };
        self.pending -= self.pending.signum();
        self.placeless(kind)
    }
}
