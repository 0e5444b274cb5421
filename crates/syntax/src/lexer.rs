//! Text to tokens, one at a time, on demand: the reference reports an error of the lexer only if
//! its parser came that far, so this one never looks further than the token asked for.
//!
//! Lines are entered lazily, like the reference's tokenizer does: after a newline has been consumed
//! the current line is still the old one, and positions of tokens at that place depend on it.
//!
//! Does the job of `Parser/lexer/`.

mod fstring;
mod indent;
mod name;
mod number;
mod operator;
mod plain;
mod string;

use crate::error::{ErrorKind, Stage, SyntaxError, Warning, WarningKind};
use crate::token::{Token, TokenKind};
use fstring::StringMode;

/// Deepest nesting of brackets.
const MAX_LEVEL: usize = 200;

/// How far the lexer is, or why it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Ok,
    /// At the end of the text. An error only in open brackets or after a backslash.
    Eof,
    /// A finished error is in [`Lexer::error`].
    Error,
    /// As `Error`: in a triple-quoted string that the end of the text cut off.
    EofInString,
    /// As `Error`: in a single-quoted string that the end of the text cut off.
    EolInString,
    /// A dedent to no outer level.
    Dedent,
    TabSpace,
    TooDeep,
    LineContinuation,
}

/// An open bracket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bracket {
    pub char: u8,
    pub lineno: u32,
    pub col: i32,
}

impl Bracket {
    fn is_closed_by(self, closing: u8) -> bool {
        matches!((self.char, closing), (b'(', b')') | (b'[', b']') | (b'{', b'}'))
    }
}

/// The lexer stopped; [`Lexer::done`] says why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped;

/// What the lexer is asked to do beyond the ordinary.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LexerOptions {
    pub type_comments: bool,
    /// Give `COMMENT` and `NL` tokens and be lenient, as the `tokenize` module wants it.
    pub extra_tokens: bool,
}

/// What a lexer reads. Lines end with newlines.
pub(crate) trait SourceText {
    /// A line may hold newlines before its end.
    const LINES_IN_LINES: bool = false;

    /// As much of it as is known. It only ever grows.
    fn text(&self) -> &str;

    /// Makes more of it known; false at its end.
    fn more(&mut self) -> bool {
        false
    }

    /// How many of its bytes make a line, from `start` on: up to a newline, or what the reference takes for one line.
    #[inline(always)]
    fn line_len(&self, start: usize) -> usize {
        // Lines are short: this finds their ends as fast as vectors would, which ask the processor for its features at their first use.
        let rest = &self.text()[start..];
        rest.find('\n').map_or(rest.len(), |newline| newline + 1)
    }

    /// The newline at the end of what is known is not the source's own.
    fn implicit_newline(&self) -> bool {
        false
    }
}

/// A text that is known from the start.
impl SourceText for &str {
    #[inline(always)]
    fn text(&self) -> &str {
        self
    }
}

#[derive(Debug)]
pub(crate) struct Lexer<S> {
    pub source: S,
    /// Next byte to read.
    pub pos: usize,
    /// One past the current line, newline included.
    line_end: usize,
    pub line_start: usize,
    pub lineno: u32,
    /// Where the reference's buffer starts: at the line it read last between two tokens.
    pub buffer_start: usize,
    /// A token has begun.
    in_token: bool,
    /// Start of the token being read, with the line it starts in.
    start: usize,
    first_lineno: u32,
    first_line_start: usize,
    at_line_start: bool,
    /// The line holds nothing but space and comments.
    blank_line: bool,
    /// A comment stood alone on its line (with `extra_tokens`).
    comment_newline: bool,
    /// Indents (positive) or dedents (negative) not given yet.
    pending: i32,
    indents: Vec<indent::Level>,
    pub brackets: Vec<Bracket>,
    modes: Vec<StringMode>,
    options: LexerOptions,
    pub done: Done,
    pub error: Option<SyntaxError>,
    pub warnings: Vec<Warning>,
}

type Lexed<T = Token> = Result<T, Stopped>;

impl<S: SourceText> Lexer<S> {
    /// `text` must be shorter than 4 GiB. Carriage returns are only expected before newlines.
    pub fn new(source: S, options: LexerOptions) -> Self {
        Lexer {
            source,
            pos: 0,
            line_end: 0,
            line_start: 0,
            lineno: 0,
            buffer_start: 0,
            in_token: false,
            start: 0,
            first_lineno: 0,
            first_line_start: 0,
            at_line_start: true,
            blank_line: false,
            comment_newline: false,
            pending: 0,
            indents: Vec::new(),
            brackets: Vec::new(),
            modes: Vec::new(),
            options,
            done: Done::Ok,
            error: None,
            warnings: Vec::new(),
        }
    }

    #[inline(always)]
    pub fn text(&self) -> &str {
        self.source.text()
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        self.source.text().as_bytes()
    }

    /// The next token. After the end marker there are only more end markers.
    #[inline]
    pub fn next(&mut self) -> Lexed {
        if self.modes.last().is_some_and(|mode| !mode.in_expression) {
            self.string_part()
        } else {
            self.regular()
        }
    }

    /// Consumes a byte; enters the next line if the current one is used up.
    #[inline]
    fn bump(&mut self) -> Option<u8> {
        if self.pos == self.line_end && !self.enter_line() {
            return None;
        }
        let byte = self.bytes()[self.pos];
        self.pos += 1;
        Some(byte)
    }

    fn enter_line(&mut self) -> bool {
        if self.pos == self.bytes().len() && !self.source.more() {
            self.done = Done::Eof;
            return false;
        }
        let len = self.source.line_len(self.pos);
        if !self.in_token {
            self.buffer_start = self.pos;
        }
        self.line_start = self.pos;
        self.line_end = self.pos + len;
        self.lineno += 1;
        true
    }

    /// What is left of the current line.
    #[inline]
    fn line_rest(&self) -> &[u8] {
        &self.bytes()[self.pos..self.line_end]
    }

    /// Puts back what [`bump`](Self::bump) gave last.
    #[inline]
    fn back(&mut self, byte: Option<u8>) {
        self.pos -= usize::from(byte.is_some());
    }

    /// The next byte without consuming it, within the current line.
    #[inline]
    fn peek(&self) -> Option<u8> {
        if self.pos == self.line_end { None } else { Some(self.bytes()[self.pos]) }
    }

    fn regular(&mut self) -> Lexed {
        loop {
            self.in_token = false;
            self.blank_line = false;
            if self.at_line_start {
                self.indentation()?;
            }
            if self.pending != 0 {
                return Ok(self.pending_indent());
            }
            let mut byte = self.skip_space();
            self.in_token = true;
            self.start = self.pos - usize::from(byte.is_some());
            self.first_lineno = self.lineno;
            self.first_line_start = self.line_start;
            if byte == Some(b'#') {
                if let Some(comment) = self.comment() {
                    return Ok(comment);
                }
                byte = self.bump();
            }
            let Some(byte) = byte else {
                return if self.brackets.is_empty() && self.done == Done::Eof {
                    Ok(self.end_marker())
                } else {
                    Err(Stopped)
                };
            };
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => return self.word(byte),
                b'\r' if self.peek() == Some(b'\n') => self.pos += 1,
                b'\n' => {}
                b'0'..=b'9' => return self.number(byte),
                b'(' | b'[' | b'{' => return self.open(byte),
                b')' | b']' | b'}' => return self.close(byte),
                b'.' => return self.dot(),
                b'\'' | b'"' => return self.string(byte),
                b'\\' => {
                    self.continuation()?;
                    continue;
                }
                _ => return self.operator(byte),
            }
            if let Some(newline) = self.newline() {
                return Ok(newline);
            }
        }
    }

    /// The next byte that is no space.
    #[inline]
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            let byte = self.bump();
            if !matches!(byte, Some(b' ' | b'\t' | b'\x0C')) {
                return byte;
            }
        }
    }

    /// Reads on to the end of the line. A token if comments or type comments are asked for.
    fn comment(&mut self) -> Option<Token> {
        let rest = &self.bytes()[self.start..self.line_end];
        let newline = if S::LINES_IN_LINES { memchr::memchr(b'\n', rest) } else { None };
        let len = newline.map_or(rest.len(), |newline| newline + 1);
        self.pos = self.start + len - newline_len(&rest[..len]);
        if self.options.type_comments
            && let Some(token) = self.type_comment()
        {
            return Some(token);
        }
        if !self.options.extra_tokens {
            return None;
        }
        self.comment_newline = self.blank_line;
        Some(self.token(TokenKind::Comment))
    }

    /// `# type: …`, with the text after it as the token.
    fn type_comment(&mut self) -> Option<Token> {
        let mut at = self.start;
        for expected in b"# type: " {
            if *expected == b' ' {
                while at < self.pos && matches!(self.bytes()[at], b' ' | b'\t') {
                    at += 1;
                }
            } else if at < self.pos && self.bytes()[at] == *expected {
                at += 1;
            } else {
                return None;
            }
        }
        let rest = &self.bytes()[at..self.pos];
        let is_ignore = rest.strip_prefix(b"ignore").is_some_and(|tag| {
            tag.first().is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric())
        });
        self.start = at + if is_ignore { 6 } else { 0 };
        let kind = if is_ignore { TokenKind::TypeIgnore } else { TokenKind::TypeComment };
        let token = self.token(kind);
        if is_ignore && self.blank_line {
            self.bump();
            self.at_line_start = true;
        }
        Some(token)
    }

    /// The newline just consumed, if it ends a logical line or if every token is asked for.
    fn newline(&mut self) -> Option<Token> {
        self.at_line_start = true;
        if self.blank_line || !self.brackets.is_empty() {
            self.comment_newline = false;
            return self.options.extra_tokens.then(|| self.token(TokenKind::Nl));
        }
        if self.comment_newline && self.options.extra_tokens {
            self.comment_newline = false;
            return Some(self.token(TokenKind::Nl));
        }
        let mut token = self.token(TokenKind::Newline);
        token.end -= 1;
        Some(token)
    }

    /// After a backslash: consumes the newline that has to follow.
    fn continuation(&mut self) -> Lexed<()> {
        if self.bytes()[self.pos..].starts_with(b"\r\n") {
            self.pos += 1;
        }
        if self.bump() != Some(b'\n') {
            self.done = Done::LineContinuation;
            return Err(Stopped);
        }
        let next = self.bump();
        if next.is_none() {
            self.done = Done::Eof;
            return Err(Stopped);
        }
        self.back(next);
        Ok(())
    }

    /// Notes that the reference has looked past the token just read, if the text ends with it.
    #[inline]
    fn note_end(&mut self) {
        if self.pos == self.bytes().len() {
            self.done = Done::Eof;
        }
    }

    /// The token from `start` to here.
    fn token(&self, kind: TokenKind) -> Token {
        Token {
            kind,
            start: self.start as u32,
            end: self.pos as u32,
            lineno: self.first_lineno,
            col: (self.start - self.first_line_start) as i32,
            end_lineno: self.lineno,
            end_col: (self.pos - self.line_start) as i32,
        }
    }

    /// A token that has no columns.
    fn placeless(&self, kind: TokenKind) -> Token {
        Token {
            kind,
            start: self.pos as u32,
            end: self.pos as u32,
            lineno: self.lineno,
            col: -1,
            end_lineno: self.lineno,
            end_col: -1,
        }
    }

    fn end_marker(&self) -> Token {
        self.placeless(TokenKind::EndMarker)
    }

    /// Treats all open indents as closed here: the text of an interactive statement has ended.
    pub fn close_indents(&mut self) {
        self.pending = -(self.indents.len() as i32);
        self.indents.clear();
    }

    pub fn has_indents(&self) -> bool {
        !self.indents.is_empty()
    }

    /// `f` or `t`: the innermost string that is open.
    pub fn string_prefix(&self) -> char {
        self.modes.last().map_or('f', StringMode::prefix)
    }

    /// Whether an f-string or t-string is open.
    pub fn in_string(&self) -> bool {
        !self.modes.is_empty()
    }

    /// The current line, newline included.
    pub fn current_line(&self) -> &str {
        &self.text()[self.line_start..self.line_end]
    }

    /// Line `lineno` counted from `line_start`: what errors show, without its newline.
    fn error_line(&self) -> &str {
        let rest = &self.text()[self.line_start..];
        &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())]
    }

    /// An error at the character before the current position.
    fn fail<T>(&mut self, message: impl Into<String>) -> Lexed<T> {
        let end = self.text().floor_char_boundary(self.pos);
        let col = self.text()[self.line_start..end].chars().count() as i32;
        self.fail_at(message, col, col)
    }

    fn fail_at<T>(&mut self, message: impl Into<String>, offset: i32, end_offset: i32) -> Lexed<T> {
        self.error = Some(self.syntax_error(message.into(), offset, end_offset));
        self.done = Done::Error;
        Err(Stopped)
    }

    fn syntax_error(&self, message: String, offset: i32, end_offset: i32) -> SyntaxError {
        SyntaxError {
            kind: ErrorKind::SyntaxError,
            message,
            lineno: self.lineno as i32,
            offset,
            end_lineno: self.lineno as i32,
            end_offset,
            text: Some(self.error_line().to_owned()),
        }
    }

    /// The error that there is for a bracket that is never closed.
    pub fn unclosed(&self, open: Bracket) -> SyntaxError {
        let at_line = self.lineno <= open.lineno;
        let lines = || self.text().split('\n').nth(open.lineno as usize - 1).unwrap_or("");
        let line = if at_line { self.current_line() } else { lines() };
        SyntaxError {
            kind: ErrorKind::SyntaxError,
            message: format!("'{}' was never closed", char::from(open.char)),
            lineno: open.lineno as i32,
            offset: crate::error::characters(line, open.col + 1),
            end_lineno: open.lineno as i32,
            end_offset: 0,
            text: Some(line.to_owned()),
        }
    }

    /// A warning at the character before the current position, with the error it may become.
    fn warn(&mut self, message: String, error: String) {
        let end = self.text().floor_char_boundary(self.pos);
        let col = self.text()[self.line_start..end].chars().count() as i32;
        let error = Box::new(self.syntax_error(error, col, col));
        let lineno = self.lineno as i32;
        let kind = WarningKind::SyntaxWarning;
        let stage = if self.in_string() { Stage::LexerInString } else { Stage::Lexer };
        self.warnings.push(Warning { kind, message, lineno, error, stage });
    }
}

/// How many bytes of newline end `line`.
fn newline_len(line: &[u8]) -> usize {
    match line {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    }
}
