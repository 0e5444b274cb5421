//! Tokens for Python code: what the `tokenize` module is built on.
//!
//! Does the job of `Python/Python-tokenize.c`.

use crate::error::{ErrorKind, SyntaxError};
use crate::lexer::{Done, Lexer, LexerOptions, SourceText};
use crate::token::{Token, TokenKind};
use std::borrow::Cow;

/// A text to be cut into tokens, with a newline at its end.
#[derive(Clone, Debug)]
pub struct TokenizerSource<'s> {
    text: Cow<'s, str>,
    /// The newline at the end is not the text's own.
    implicit_newline: bool,
}

impl<'s> TokenizerSource<'s> {
    /// Line ends stay as they are. `None` if the text is too large (4 GiB).
    pub fn new(text: &'s str) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        let implicit_newline = !text.is_empty() && !text.ends_with('\n');
        let text =
            if implicit_newline { Cow::Owned(format!("{text}\n")) } else { Cow::Borrowed(text) };
        Some(TokenizerSource { text, implicit_newline })
    }
}

impl SourceText for &TokenizerSource<'_> {
    fn text(&self) -> &str {
        &self.text
    }

    fn implicit_newline(&self) -> bool {
        self.implicit_newline
    }
}

/// Gives a text piece by piece.
pub trait Feed {
    /// The next piece, a line as a rule; empty at the end.
    fn feed(&mut self) -> String;
}

/// A text that becomes known as the tokenizer asks for more of it.
#[derive(Debug)]
pub struct FedSource<F> {
    feed: F,
    text: String,
    implicit_newline: bool,
    ended: bool,
    too_large: bool,
}

impl<F: Feed> SourceText for FedSource<F> {
    const LINES_IN_LINES: bool = true;

    fn text(&self) -> &str {
        &self.text
    }

    fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let piece = self.feed.feed();
        self.too_large = u32::try_from(self.text.len() + piece.len() + 1).is_err();
        self.ended = piece.is_empty() || self.too_large;
        if self.ended {
            return false;
        }
        self.text.push_str(&piece);
        self.implicit_newline = !piece.ends_with('\n');
        if self.implicit_newline {
            self.text.push('\n');
        }
        true
    }

    /// A piece is a line, whatever newlines it holds.
    fn line_len(&self, start: usize) -> usize {
        self.text.len() - start
    }

    fn implicit_newline(&self) -> bool {
        self.implicit_newline
    }
}

/// Gives the tokens of a text one after the other: `_tokenize.TokenizerIter`.
#[derive(Debug)]
pub struct Tokenizer<S> {
    lexer: Lexer<S>,
    extra_tokens: bool,
    started: bool,
    finished: bool,
    /// The number of the line shown last, and where it is.
    last_line: (u32, usize, usize),
}

/// A token as Python code sees it. Columns count characters; -1 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenInfo<'s> {
    /// As in the `token` module.
    pub kind: u8,
    pub text: &'s str,
    pub start: (u32, i32),
    pub end: (u32, i32),
    /// The source line, or lines for a string that spans several.
    pub line: &'s str,
}

impl<'s, 't> Tokenizer<&'s TokenizerSource<'t>> {
    /// With `extra_tokens`, comments and newlines that end no statement are tokens too, operators
    /// have the kind `OP`, and much that does not parse is let through.
    pub fn new(source: &'s TokenizerSource<'t>, extra_tokens: bool) -> Self {
        Tokenizer::over(source, extra_tokens)
    }
}

impl<F: Feed> Tokenizer<FedSource<F>> {
    /// As `new`, for a text of which no more is asked than the tokens given need.
    pub fn fed(feed: F, extra_tokens: bool) -> Self {
        let source = FedSource {
            feed,
            text: String::new(),
            implicit_newline: false,
            ended: false,
            too_large: false,
        };
        Tokenizer::over(source, extra_tokens)
    }

    /// Whether the text came to more than 4 GiB, and was cut off there.
    pub fn is_too_large(&self) -> bool {
        self.lexer.source.too_large
    }

    pub fn feed_mut(&mut self) -> &mut F {
        &mut self.lexer.source.feed
    }
}

#[allow(private_bounds)] // sources are made by the constructors above
impl<S: SourceText> Tokenizer<S> {
    fn over(source: S, extra_tokens: bool) -> Self {
        let options = LexerOptions { type_comments: false, extra_tokens };
        Tokenizer {
            lexer: Lexer::new(source, options),
            extra_tokens,
            started: false,
            finished: false,
            last_line: (0, 0, 0),
        }
    }

    /// The next token; `None` after the end marker.
    ///
    /// An error without a line number has no location; one without an end line has no end.
    pub fn next_token(&mut self) -> Result<Option<TokenInfo<'_>>, SyntaxError> {
        if !self.started {
            self.started = true;
            let source = &mut self.lexer.source;
            // The reference gives no end marker for an empty text, unless asked for every token.
            let is_empty = source.text().is_empty() && !source.more();
            self.finished = is_empty && !self.extra_tokens;
        }
        if self.finished {
            return Ok(None);
        }
        match self.lexer.next() {
            Ok(token) => Ok(Some(self.describe(token))),
            Err(_) => {
                self.finished = true;
                Err(self.error())
            }
        }
    }

    fn describe(&mut self, token: Token) -> TokenInfo<'_> {
        self.finished = token.kind == TokenKind::EndMarker;
        let at_end = self.lexer.done == Done::Eof;
        let is_trailing = self.finished || (token.kind == TokenKind::Dedent && at_end);
        if self.extra_tokens && is_trailing {
            let place = (token.lineno + 1, 0);
            return TokenInfo {
                kind: token.kind.number(),
                text: "",
                start: place,
                end: place,
                line: "",
            };
        }
        let kind = match token.kind.number() {
            number if self.extra_tokens && number > 6 && number < 55 => TokenKind::Op as u8,
            number => number,
        };
        let (start, end) = self.extent(token);
        let is_string = matches!(kind, 3 | 59..=64);
        let first_line = match is_string {
            true => token.start as usize - token.col.max(0) as usize,
            false => self.lexer.line_start,
        };
        let implicit_newline = self.lexer.source.implicit_newline();
        let mut line_end = self.lexer.line_start + self.lexer.current_line().len();
        let is_last_line = line_end == self.lexer.text().len();
        if implicit_newline && is_last_line {
            line_end -= 1;
        }
        let is_newline = matches!(token.kind, TokenKind::Newline | TokenKind::Nl);
        let (line_start, line_end) = match is_trailing {
            true if self.last_line.0 == token.lineno => (self.last_line.1, self.last_line.2),
            true => (0, 0),
            false => (first_line.min(line_end), line_end),
        };
        self.last_line = (self.lexer.lineno, line_start, line_end);
        let text = self.lexer.text();
        let column = |from: usize, to: usize| text[from..to].chars().count() as i32;
        let mut info = TokenInfo {
            kind,
            text: &text[start..end],
            start: (token.lineno, column(first_line, start)),
            end: (token.end_lineno, column(self.lexer.line_start, end)),
            line: &text[line_start..line_end],
        };
        if !self.extra_tokens && token.col < 0 {
            info.start.1 = -1;
            info.end.1 = -1;
        }
        if self.extra_tokens && is_newline && implicit_newline && is_last_line {
            info.text = "";
        }
        info
    }

    /// Where the token's text starts and ends.
    fn extent(&self, token: Token) -> (usize, usize) {
        let (start, end) = (token.start as usize, token.end as usize);
        match token.kind {
            TokenKind::Indent if self.extra_tokens => (self.lexer.line_start, end),
            // With all tokens asked for, the newline is part of its token.
            TokenKind::Newline if self.extra_tokens => {
                let before = &self.lexer.text()[..end];
                let start = if before.ends_with('\r') { end - 1 } else { end };
                (start, (end + 1).min(self.lexer.text().len()))
            }
            _ => (start, end),
        }
    }

    /// How many bytes the reference's tokenizer has in its buffer when the text ends too early:
    /// those of a string with replacement fields, or of a line that should go on.
    fn unread(&self) -> usize {
        let line = self.lexer.current_line();
        if self.lexer.in_string() {
            self.lexer.line_start + line.len() - self.lexer.buffer_start
        } else if line.trim_end_matches('\n').ends_with('\\') {
            line.len()
        } else {
            0
        }
    }

    fn error(&self) -> SyntaxError {
        if let Some(error) = &self.lexer.error {
            return error.clone();
        }
        let (kind, message) = match self.lexer.done {
            Done::Dedent => {
                (ErrorKind::IndentationError, "unindent does not match any outer indentation level")
            }
            Done::TabSpace => {
                (ErrorKind::TabError, "inconsistent use of tabs and spaces in indentation")
            }
            Done::TooDeep => (ErrorKind::IndentationError, "too many levels of indentation"),
            Done::LineContinuation => {
                (ErrorKind::SyntaxError, "unexpected character after line continuation character")
            }
            _ => {
                let message = "unexpected EOF in multi-line statement".to_owned();
                return SyntaxError {
                    lineno: self.lexer.lineno as i32,
                    offset: self.unread() as i32,
                    ..crate::source::placeless(message)
                };
            }
        };
        let line_end = self.lexer.line_start + self.lexer.current_line().len();
        let line = &self.lexer.text()[self.lexer.buffer_start..line_end];
        SyntaxError {
            kind,
            lineno: self.lexer.lineno as i32,
            offset: line.chars().count() as i32,
            text: Some(line.trim_end_matches('\n').to_owned()),
            ..crate::source::placeless(message.to_owned())
        }
    }
}
