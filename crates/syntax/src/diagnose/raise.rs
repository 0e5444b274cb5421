//! Errors at places, with the reference's way of counting.
//!
//! A position that the reference does not know it gives as -1 or 0, and which of them depends on
//! how it got there; programs see these numbers, so they are kept.

use super::machine::Machine;
use super::node::NodeId;
use crate::error::{ErrorKind, SyntaxError, characters};
use crate::lexer::Done;
use crate::token::Token;

/// Lines and columns from 1 in bytes; `end_col` as the reference has it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub lineno: i32,
    pub col: i32,
    pub end_lineno: i32,
    pub end_col: i32,
}

impl Machine<'_> {
    pub fn error_at_place(&self, kind: ErrorKind, place: Place, message: String) -> SyntaxError {
        let line = self.line(place.lineno);
        let end_offset =
            if place.end_col > 0 { characters(line, place.end_col) } else { place.end_col };
        SyntaxError {
            kind,
            message,
            lineno: place.lineno,
            offset: characters(line, place.col),
            end_lineno: place.end_lineno,
            end_offset,
            text: Some(line.to_owned()),
        }
    }

    /// The line to show: with its newline only if the lexer has not come further.
    fn line(&self, lineno: i32) -> &str {
        let lexer = &self.stream.lexer;
        if lexer.lineno as i32 <= lineno {
            return lexer.current_line();
        }
        lexer.text().split('\n').nth(usize::try_from(lineno - 1).unwrap_or(0)).unwrap_or("")
    }

    /// From the start of one node to the end of another.
    pub fn error_at_nodes(&self, first: NodeId, last: NodeId, message: String) -> SyntaxError {
        let first = self.tokens[self.nodes.get(first).first as usize];
        let last = self.tokens[self.nodes.get(last).last as usize];
        self.error_at_tokens(first, last, message)
    }

    pub fn error_at_token(&self, token: Token, message: String) -> SyntaxError {
        self.error_at_tokens(token, token, message)
    }

    pub fn error_at_tokens(&self, first: Token, last: Token, message: String) -> SyntaxError {
        let place = Place {
            lineno: first.lineno as i32,
            col: first.col + 1,
            end_lineno: last.end_lineno as i32,
            end_col: last.end_col + 1,
        };
        self.error_at_place(ErrorKind::SyntaxError, place, message)
    }

    /// From the start of a node to where the lexer is.
    pub fn error_from_node(&self, node: NodeId, message: String) -> SyntaxError {
        let first = self.tokens[self.nodes.get(node).first as usize];
        let lexer = &self.stream.lexer;
        let place = Place {
            lineno: first.lineno as i32,
            col: first.col + 1,
            end_lineno: lexer.lineno as i32,
            end_col: (lexer.pos - lexer.line_start) as i32,
        };
        self.error_at_place(ErrorKind::SyntaxError, place, message)
    }

    /// At the last token read, or where the lexer is if that has no columns.
    pub fn error_here(&self, kind: ErrorKind, message: String) -> SyntaxError {
        self.error_at_index(kind, self.tokens.len().saturating_sub(1), message)
    }

    /// At the next token.
    pub fn error_next(&self, message: String) -> SyntaxError {
        let index = self.pos.min(self.tokens.len().saturating_sub(1));
        self.error_at_index(ErrorKind::SyntaxError, index, message)
    }

    fn error_at_index(&self, kind: ErrorKind, index: usize, message: String) -> SyntaxError {
        let token = self.tokens[index];
        let lexer = &self.stream.lexer;
        let place = Place {
            lineno: token.lineno as i32,
            col: match token.col {
                -1 => (lexer.pos - lexer.line_start) as i32,
                col => col + 1,
            },
            end_lineno: token.end_lineno as i32,
            end_col: if token.end_col == -1 { -1 } else { token.end_col + 1 },
        };
        self.error_at_place(kind, place, message)
    }

    /// What made the lexer stop.
    pub fn lexer_error(&mut self) -> SyntaxError {
        if let Some(error) = &self.stream.lexer.error {
            return error.clone();
        }
        let lexer = &self.stream.lexer;
        let lineno = lexer.lineno as i32;
        let (kind, col, message) = match lexer.done {
            Done::Dedent => {
                let message = "unindent does not match any outer indentation level".to_owned();
                return self.error_here(ErrorKind::IndentationError, message);
            }
            Done::TabSpace => {
                (ErrorKind::TabError, 1, "inconsistent use of tabs and spaces in indentation")
            }
            Done::TooDeep => (ErrorKind::IndentationError, 1, "too many levels of indentation"),
            Done::LineContinuation => (
                ErrorKind::SyntaxError,
                (lexer.pos - lexer.buffer_start) as i32,
                "unexpected character after line continuation character",
            ),
            _ => {
                return self.unclosed_bracket().unwrap_or_else(|| {
                    self.error_here(ErrorKind::SyntaxError, "unexpected EOF while parsing".into())
                });
            }
        };
        let place = Place { lineno, col, end_lineno: lineno, end_col: 0 };
        self.error_at_place(kind, place, message.to_owned())
    }

    /// The innermost bracket that is open where the lexer is.
    pub fn unclosed_bracket(&self) -> Option<SyntaxError> {
        let lexer = &self.stream.lexer;
        lexer.brackets.last().map(|open| lexer.unclosed(*open))
    }
}
