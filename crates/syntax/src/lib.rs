//! Source text to tokens to AST, or a syntax error. Knows no objects.
//!
//! [`parse`] does it all; the tree lives in the arena that the caller gives. The parser is written
//! for texts that are right. If one is wrong, it only refuses, and a slower reader finds out what
//! to report.
//!
//! Does the job of CPython's `Parser/`.

#![forbid(unsafe_code)]

pub mod ast;
mod diagnose;
mod error;
mod lexer;
mod literal;
mod options;
mod parser;
mod report;
mod source;
mod stack;
mod stream;
mod token;
mod tokenize;

pub use error::{ErrorKind, Notes, Stage, SyntaxError, Warning, WarningKind};
pub use options::{
    DEFAULT_STACK_BUDGET, DecodeError, Decoder, Mode, Normalizer, ParseOptions, Parsed,
};
pub use source::decode as decode_source;
pub use stack::StackGuard;
pub use token::{Token, TokenKind};
pub use tokenize::{FedSource, Feed, TokenInfo, Tokenizer, TokenizerSource};

use bumpalo::Bump;
use report::Moment;

/// Texts with fewer tokens are read again from the start to find what is wrong with them.
const WHOLE_TEXT: usize = 5_000;

/// What to parse.
#[derive(Clone, Copy, Debug)]
pub enum Source<'s> {
    /// Decoded already; a coding cookie means nothing.
    Text(&'s str),
    /// To be decoded as PEP 263 says.
    Bytes(&'s [u8]),
}

impl Source<'_> {
    /// An arena with room for about the tree of the source: it grows a few times at most.
    pub fn arena(&self) -> Bump {
        Bump::with_capacity(match self {
            Source::Text(text) => text.len(),
            Source::Bytes(bytes) => bytes.len(),
        })
    }
}

impl<'s> From<&'s str> for Source<'s> {
    fn from(text: &'s str) -> Self {
        Source::Text(text)
    }
}

impl<'s> From<&'s [u8]> for Source<'s> {
    fn from(bytes: &'s [u8]) -> Self {
        Source::Bytes(bytes)
    }
}

/// Parses `source` into `arena`. The tree borrows from the source where it can.
///
/// Needs no more native stack than the options allow, and some 100 KiB; a text that would need more gives `MemoryError`.
pub fn parse<'a>(
    arena: &'a Bump,
    source: impl Into<Source<'a>>,
    options: &ParseOptions<'_>,
) -> Result<Parsed<'a>, SyntaxError> {
    let mut notes = Notes::default();
    let tree = parse_into(arena, source, options, &mut notes)?;
    Ok(Parsed { tree, warnings: notes.warnings })
}

/// As [`parse`], with what was noticed in a place of the caller's: the warnings issued before an
/// error are there as well.
pub fn parse_into<'a>(
    arena: &'a Bump,
    source: impl Into<Source<'a>>,
    options: &ParseOptions<'_>,
    notes: &mut Notes,
) -> Result<&'a ast::Mod<'a>, SyntaxError> {
    notes.last_statement = Some((0, 0));
    let text = match source.into() {
        Source::Text(text) => text.into(),
        Source::Bytes(bytes) => source::decode(bytes, options)?,
    };
    let text = source::prepare(arena, text, options.mode)?;
    let parser::Tokens { tokens, type_ignores, warnings: mut found, error, unclosed } =
        parser::tokenize(text, options);
    (notes.lexer_error, notes.unclosed) = (error, unclosed);
    let mut parser = parser::Parser::new(arena, text, &tokens, options);
    let result = parser.parse(&type_ignores);
    if let Some(name) = parser.constant_name.get() {
        return Err(parser::constant_name_error(name));
    }
    found.append(&mut parser.warnings);
    found.sort_by_key(|(at, _)| *at);
    let error = match result {
        Ok(_) if parser.nests_too_deep(text) => parser::too_deep_error(),
        Ok(tree) => {
            notes.before_error = found.len();
            notes.warnings = untimed(found);
            return Ok(arena.alloc(tree));
        }
        Err(parser::Fail) if parser.too_deep => parser::too_deep_error(),
        Err(parser::Fail) => {
            // What follows a complete statement may be wrong because of it. A text of ordinary
            // length is read from its start, because an error rule may even dislike a statement
            // that is right, as long as there is something wrong elsewhere.
            let [before, _] = parser.statement_starts;
            let before = parser.deep_statement.map_or(before, |deep| deep.min(before));
            let start = if tokens.len() < WHOLE_TEXT { 0 } else { before };
            let last_statement = if start > 0 { parser.last_statement } else { (0, 0) };
            let diagnosis = diagnose::diagnose(text, options, start, last_statement);
            found = merge(found, &diagnosis, start, notes);
            notes.last_statement = diagnosis.last_statement;
            diagnosis.error
        }
    };
    notes.warnings = untimed(found);
    Err(error)
}

/// The warnings up to a refusal, or beyond it where the rest of the text was read: before the token
/// `start` those of the first reading, with the parser's among them, from then on those of the diagnosis.
fn merge(
    first: Vec<(Moment, Warning)>,
    diagnosis: &diagnose::Diagnosis,
    start: usize,
    notes: &mut Notes,
) -> Vec<(Moment, Warning)> {
    let start = Moment::of_token(start);
    let (mut found, rest): (Vec<_>, Vec<_>) = first.into_iter().partition(|(at, _)| *at < start);
    found.extend(diagnosis.warnings.iter().filter(|(at, _)| *at >= start).cloned());
    match diagnosis.late_warnings {
        Some(late) => notes.before_error = found.len() - late,
        None => {
            let read = Moment::of_token(diagnosis.tokens);
            let is_unread = |at, warning: &Warning| at >= read && warning.stage != Stage::Later;
            notes.before_error = found.len();
            notes.unread =
                untimed(rest.into_iter().filter(|(at, warning)| is_unread(*at, warning)).collect());
        }
    }
    found
}

fn untimed(warnings: Vec<(Moment, Warning)>) -> Vec<Warning> {
    warnings.into_iter().map(|(_, warning)| warning).collect()
}
