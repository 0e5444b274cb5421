//! Places in the text as the reference reports them: lines from 1, columns in characters from 1.

use crate::error::{ErrorKind, SyntaxError, Warning, WarningKind};
use crate::literal::InvalidEscape;
use crate::token::Token;

/// The line (newline included) around byte `at`, and where it starts.
pub(crate) fn line_around(text: &str, at: usize) -> (usize, &str) {
    let bytes = text.as_bytes();
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
    let rest = &bytes[start..];
    let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
    (start, &text[start..start + len])
}

/// The warning for a meaningless escape in `token`, whose backslash is at byte `at`.
pub(crate) fn escape_warning(
    text: &str,
    token: Token,
    at: usize,
    invalid: &InvalidEscape,
) -> Warning {
    let message = invalid.message();
    let before = &text.as_bytes()[token.start as usize..at];
    let lineno = token.lineno as i32 + memchr::memchr_iter(b'\n', before).count() as i32;
    let (line_start, line) = line_around(text, at);
    let offset = text[line_start..at].chars().count() as i32 + 1;
    let error = Box::new(SyntaxError {
        kind: ErrorKind::SyntaxError,
        message: message.clone(),
        lineno,
        offset,
        end_lineno: lineno,
        end_offset: offset + 1 + invalid.text.chars().count() as i32,
        text: Some(line.to_owned()),
    });
    Warning { kind: WarningKind::SyntaxWarning, message, lineno, error }
}
