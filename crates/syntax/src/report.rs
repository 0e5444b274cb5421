//! Warnings about string escapes, placed as the reference places them.

use crate::error::{ErrorKind, Stage, SyntaxError, Warning, WarningKind};
use crate::literal::InvalidEscape;
use crate::options::ParseOptions;
use crate::token::{Token, TokenKind};

/// When a warning is issued: the reference's lexer and parser take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    token: usize,
    /// The parser has taken the token; before that, the lexer makes it.
    taken: bool,
}

impl Moment {
    /// While the token with this index is made.
    pub fn of_token(token: usize) -> Moment {
        Moment { token, taken: false }
    }

    /// When the parser has come to just before the token `next`.
    pub fn before(next: usize) -> Moment {
        Moment { token: next.saturating_sub(1), taken: true }
    }
}

/// The warning for a meaningless escape in `body`, the text of a string or of a part of an f-string.
///
/// `token` is the string; for the literal parts of an f-string it is the token that ends it. The
/// reference counts from the start of that token even so, and in the text as its codec sees it.
/// Before 3.12, the version asked for, such escapes were merely deprecated.
/// `None` if the lexer has warned already.
pub(crate) fn escape_warning(
    text: &str,
    token: Token,
    body: &str,
    invalid: &InvalidEscape,
    options: &ParseOptions<'_>,
) -> Option<Warning> {
    if token.kind != TokenKind::String && matches!(&*invalid.text, "{" | "}") {
        return None;
    }
    let before = &body[..invalid.offset];
    let newlines = memchr::memchr_iter(b'\n', before.as_bytes()).count();
    let lineno = token.lineno as i32 + newlines as i32;
    let last_line = before.rsplit('\n').next().unwrap_or("");
    let mut col: i32 = last_line.chars().map(|char| if char.is_ascii() { 1 } else { 10 }).sum();
    if newlines == 0 {
        let source = &text[token.start as usize..token.end as usize];
        let quotes = source.len() - source.trim_start_matches(['\'', '"']).len();
        col += token.col + quotes as i32;
    }
    let line = line_for(text, token, lineno);
    let error = Box::new(SyntaxError {
        kind: ErrorKind::SyntaxError,
        message: invalid.error_message(),
        lineno,
        offset: crate::error::characters(line, col + 1),
        end_lineno: lineno,
        end_offset: crate::error::characters(line, col + 3),
        text: Some(line.to_owned()),
    });
    let message = invalid.message();
    let kind = match options.feature_version {
        ..12 => WarningKind::DeprecationWarning,
        _ => WarningKind::SyntaxWarning,
    };
    Some(Warning { kind, message, lineno, error, stage: Stage::Later })
}

/// The line to show: that of the token's end if the reference counts beyond it.
fn line_for(text: &str, token: Token, lineno: i32) -> &str {
    let bytes = text.as_bytes();
    let end = token.end as usize;
    let mut start = memchr::memrchr(b'\n', &bytes[..end]).map_or(0, |newline| newline + 1);
    let last = token.end_lineno as i32;
    if lineno >= last {
        let rest = &bytes[start..];
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        return &text[start..start + len];
    }
    let mut stop = start;
    for _ in lineno..last {
        stop = start.saturating_sub(1);
        start = memchr::memrchr(b'\n', &bytes[..stop]).map_or(0, |newline| newline + 1);
    }
    &text[start..stop]
}
