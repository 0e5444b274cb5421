//! What parsing can say against a source text, as plain data. Knows no file names: the caller does.

use std::fmt;

/// The exception to raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    SyntaxError,
    IndentationError,
    TabError,
    /// `_IncompleteInputError`: only with [`ParseOptions::allow_incomplete_input`].
    ///
    /// [`ParseOptions::allow_incomplete_input`]: crate::ParseOptions::allow_incomplete_input
    IncompleteInputError,
    /// The text nests deeper than the parser's stack allows. Has no position.
    MemoryError,
    /// A literal is too large to be represented. Has no position.
    OverflowError,
    /// An escape in a format spec, which the reference's codec dislikes; `text` is what it was given. Has
    /// no position and no message.
    UnicodeDecodeError {
        start: usize,
        end: usize,
        reason: &'static str,
    },
    /// A name is a constant's only once it is normalised. Has no position.
    ValueError,
}

/// Why a text does not parse.
///
/// `offset` and `end_offset` count characters from 1. Where the reference gives 0 or -1 for want of
/// a position, so does this. Without `text`, `lineno` 0 and `offset` 0 there is no position at all,
/// and the exception has nothing but its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub kind: ErrorKind,
    pub message: String,
    pub lineno: i32,
    pub offset: i32,
    pub end_lineno: i32,
    pub end_offset: i32,
    /// The source line, `None` if there is none to show.
    pub text: Option<String>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {} ({}:{})", self.kind, self.message, self.lineno, self.offset)
    }
}

impl std::error::Error for SyntaxError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WarningKind {
    SyntaxWarning,
    DeprecationWarning,
}

/// Something that parses but deserves a warning. If the caller's warning filters turn it into an
/// exception, `error` is the `SyntaxError` that the reference raises in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub kind: WarningKind,
    pub message: String,
    pub lineno: i32,
    pub error: Box<SyntaxError>,
    pub stage: Stage,
}

/// What was at work when a warning was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Lexer,
    /// Within an f-string or t-string.
    LexerInString,
    Later,
}

/// What a reading of a text noticed, whatever came of it.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// In the order in which the reference issues them.
    pub warnings: Vec<Warning>,
    /// How many of them were issued before the error was known. After that, the lexer reads the rest
    /// of the text for an error that says more.
    pub before_error: usize,
    /// Warnings of the lexer further on, which come to light only if one of those above is an error.
    pub unread: Vec<Warning>,
    /// The error at which the lexer stops, if it has a message of its own and is outside of f-strings.
    pub lexer_error: Option<SyntaxError>,
    /// The bracket that was open there, or where the text ended.
    pub unclosed: Option<SyntaxError>,
    /// Line and column of the last compound statement before an error: where a search for a keyword with a
    /// typing error may start. None if the text is too long by a statement.
    pub last_statement: Option<(i32, i32)>,
}

/// How many characters begin in the first `bytes` bytes of a line, which may reach one past it.
pub(crate) fn characters(line: &str, bytes: i32) -> i32 {
    let bytes = usize::try_from(bytes).unwrap_or(0);
    let past_end = i32::from(bytes > line.len());
    line.char_indices().take_while(|(at, _)| *at < bytes).count() as i32 + past_end
}
