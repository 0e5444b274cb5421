//! Tokens to AST, by recursive descent with precedence climbing.
//!
//! This parser accepts or refuses; it says nothing about why. All the tokens are there before it
//! starts, an error of the lexer being one last token that no rule accepts. When it refuses, the
//! [`diagnose`](crate::diagnose) module reads the text again, slowly, to find what to report.
//!
//! Every rule consumes what it recognises and looks at most a few tokens ahead, except in two places
//! where a statement is tried one way and then another (`match`, parenthesised `with`): statements
//! do not nest in expressions, so the time stays linear.
//!
//! Nesting: the reference refuses what would make its rules nest too deeply. Here a bound on that is kept, and
//! only a text that exceeds it is read again by the machine of the `diagnose` module, which counts exactly.
//! The native stack is limited by `ParseOptions::stack_budget`.
//!
//! Does the job of the grammar and `Parser/pegen.c`.

mod atom;
mod call;
mod clause;
mod compound;
mod expr;
mod import;
mod interpolated;
mod params;
mod pattern;
mod scratch;
mod simple;
mod strings;
mod target;

use crate::ast::*;
use crate::error::{ErrorKind, SyntaxError, Warning};
use crate::options::{Mode, ParseOptions};
use crate::report::Moment;
use crate::stack::StackGuard;
use crate::stream::TokenStream;
use crate::token::{Token, TokenKind};
use bumpalo::Bump;
use krait_unicode::database::Version;
use krait_unicode::normalization::{Form, normalize};
use scratch::Scratch;
use std::cell::Cell;
pub(crate) use strings::split_literal;

/// What of the reference nests from an expression to one within it, or from a statement to one within it, at most; `and`,
/// `or` and comparisons in between come to that (`noted`).
const EXPRESSION_LEVELS: u32 = 30;
const STATEMENT_LEVELS: u32 = 12;

/// The text does not parse. What to report is found out elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fail;

pub(crate) type Parse<T> = Result<T, Fail>;
type E<'a> = &'a Expr<'a>;

pub(crate) struct Parser<'a, 't> {
    arena: &'a Bump,
    text: &'a str,
    tokens: &'t [Token],
    pos: usize,
    /// The kind of the next token, which is looked at all the time.
    kind: TokenKind,
    /// At least how deep the reference's rules nest here.
    levels: u32,
    guard: StackGuard,
    options: &'t ParseOptions<'t>,
    /// `<>` is the spelling of `!=`.
    flufl: bool,
    /// Expressions of the lists being read.
    scratch: Scratch<E<'a>>,
    /// Keys of dicts and defaults of parameters, which may be missing.
    optional: Scratch<Option<E<'a>>>,
    keywords: Scratch<Keyword<'a>>,
    parameters: Scratch<Arg<'a>>,
    aliases: Scratch<Alias<'a>>,
    /// Statements of the blocks being read.
    statements: Scratch<&'a Stmt<'a>>,
    /// No name needs to be normalised.
    ascii: bool,
    pub warnings: Vec<(Moment, Warning)>,
    /// Set if the text nests too deeply for the native stack; then nothing else is worth reporting.
    pub too_deep: bool,
    /// First token of the first top-level statement in which the reference's rules may nest too deeply.
    pub deep_statement: Option<usize>,
    /// Indices of the first tokens of the top-level statement before the one being read, and of
    /// that one.
    pub statement_starts: [usize; 2],
    /// Line and column of the last compound statement, functions left aside.
    pub last_statement: (i32, i32),
    /// Set if the text has a name that is that of a constant once it is normalised; nothing else is reported then.
    pub constant_name: Cell<Option<&'static str>>,
}

/// All the tokens of a text, and what else came with them.
pub(crate) struct Tokens {
    pub tokens: Vec<Token>,
    pub type_ignores: Vec<(u32, Token)>,
    pub warnings: Vec<(Moment, Warning)>,
    /// Where the lexer stopped, unless that is within an f-string or has no message.
    pub error: Option<SyntaxError>,
    /// What the reference says of a bracket that is open where the lexer stopped otherwise.
    pub unclosed: Option<SyntaxError>,
}

/// Cuts the text up. An error becomes an `ErrorToken` at the end.
pub(crate) fn tokenize(text: &str, options: &ParseOptions<'_>) -> Tokens {
    let mut stream = TokenStream::new(text, options);
    let mut tokens = Vec::with_capacity(text.len() / 4 + 4);
    let mut warnings = Vec::new();
    let last = loop {
        while let Some(token) = stream.plain() {
            tokens.push(token);
        }
        let token = stream.next();
        if !stream.lexer.warnings.is_empty() {
            let moment = Moment::of_token(tokens.len());
            warnings.extend(stream.lexer.warnings.drain(..).map(|warning| (moment, warning)));
        }
        match token {
            Ok(token) if token.kind == TokenKind::EndMarker => break token,
            Ok(token) => tokens.push(token),
            Err(_) => {
                let end = stream.lexer.pos as u32;
                let lineno = stream.lexer.lineno;
                break Token {
                    kind: TokenKind::ErrorToken,
                    start: end,
                    end,
                    lineno,
                    col: -1,
                    end_lineno: lineno,
                    end_col: -1,
                };
            }
        }
    };
    tokens.push(last);
    let stopped = last.kind == TokenKind::ErrorToken && !stream.lexer.in_string();
    let unclosed = stream.lexer.brackets.last().filter(|_| stopped && stream.lexer.error.is_none());
    let unclosed = unclosed.map(|open| stream.lexer.unclosed(*open));
    let error = stream.lexer.error.take().filter(|_| !stream.lexer.in_string());
    Tokens { tokens, type_ignores: stream.type_ignores, warnings, error, unclosed }
}

impl<'a, 't> Parser<'a, 't> {
    /// Up to here the reference's rules certainly do not nest too deeply: its limit, less what an expression
    /// without further nesting takes within a file.
    const LEVELS_ALLOWED: u32 = crate::diagnose::MAX_LEVELS as u32 - 4 * EXPRESSION_LEVELS;

    /// There is at least one token, the last.
    pub fn new(
        arena: &'a Bump,
        text: &'a str,
        tokens: &'t [Token],
        options: &'t ParseOptions<'t>,
    ) -> Self {
        Parser {
            arena,
            text,
            tokens,
            pos: 0,
            kind: tokens[0].kind,
            levels: 0,
            guard: StackGuard::new(options.stack_budget),
            options,
            flufl: options.barry_as_flufl,
            scratch: Scratch::default(),
            optional: Scratch::default(),
            keywords: Scratch::default(),
            parameters: Scratch::default(),
            aliases: Scratch::default(),
            statements: Scratch::default(),
            ascii: text.is_ascii(),
            warnings: Vec::new(),
            too_deep: false,
            deep_statement: None,
            statement_starts: [0; 2],
            last_statement: (0, 0),
            constant_name: Cell::new(None),
        }
    }

    /// Parses the whole text.
    pub fn parse(&mut self, type_ignores: &[(u32, Token)]) -> Parse<Mod<'a>> {
        match self.options.mode {
            Mode::Exec => {
                let body = self.statements_up_to(TokenKind::EndMarker)?;
                let text = self.text;
                let type_ignores =
                    self.arena.alloc_slice_fill_iter(type_ignores.iter().map(|(lineno, tag)| {
                        let tag = Text::new(&text[tag.start as usize..tag.end as usize]);
                        TypeIgnore { lineno: *lineno as i32, tag }
                    }));
                Ok(Mod::Module { body, type_ignores })
            }
            Mode::Eval => {
                let body = self.expressions()?;
                self.end_of_text()?;
                Ok(Mod::Expression { body })
            }
            Mode::Single => self.interactive(),
            Mode::FuncType => self.function_type(),
        }
    }

    /// Any newlines, then the end.
    fn end_of_text(&mut self) -> Parse<()> {
        while self.eat(TokenKind::Newline) {}
        self.expect(TokenKind::EndMarker).map(|_| ())
    }

    fn interactive(&mut self) -> Parse<Mod<'a>> {
        if self.at(TokenKind::Newline) {
            let token = self.bump();
            self.push_statement(StmtKind::Pass, token_span(token));
        } else {
            let keyword = self.at_compound();
            self.statement()?;
            // A line that begins with `match` may be either.
            if keyword || matches!(self.statements.since(0)[0].node, StmtKind::Match { .. }) {
                self.expect(TokenKind::Newline)?;
            }
        }
        let rest = &self.text[self.tokens[self.pos - 1].end as usize..];
        if rest.lines().any(|line| {
            let line = line.trim_start_matches([' ', '\t', '\x0C']);
            !line.is_empty() && !line.starts_with('#')
        }) {
            return Err(Fail);
        }
        Ok(Mod::Interactive { body: self.take_statements(0) })
    }

    /// `(int, *str, **dict) -> bool`.
    fn function_type(&mut self) -> Parse<Mod<'a>> {
        self.expect(TokenKind::LPar)?;
        let mut argtypes = Vec::new();
        let mut stars = 0;
        while !self.at(TokenKind::RPar) {
            // Plain types come first, then at most one `*type`, then at most one `**type`.
            let star = match self.kind() {
                TokenKind::Star => 1,
                TokenKind::DoubleStar => 2,
                _ => 0,
            };
            if star > 0 {
                self.bump();
            }
            if (star == 0 && stars > 0) || (star > 0 && star <= stars) {
                return Err(Fail);
            }
            stars = star;
            argtypes.push(self.expression()?);
            if !self.at(TokenKind::RPar) {
                self.expect(TokenKind::Comma)?;
                if self.at(TokenKind::RPar) {
                    return Err(Fail);
                }
            }
        }
        self.expect(TokenKind::RPar)?;
        self.expect(TokenKind::RArrow)?;
        let returns = self.expression()?;
        self.end_of_text()?;
        Ok(Mod::FunctionType { argtypes: self.arena.alloc_slice_copy(&argtypes), returns })
    }

    // Tokens.

    #[inline]
    fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The kind of the token `ahead` places after the next.
    #[inline]
    fn kind_at(&self, ahead: usize) -> TokenKind {
        let last = self.tokens.len() - 1;
        self.tokens[(self.pos + ahead).min(last)].kind
    }

    #[inline]
    fn at(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    /// Goes past the next token, whatever it is; the last one is never used up.
    #[inline]
    fn advance(&mut self) {
        if let Some(next) = self.tokens.get(self.pos + 1) {
            self.pos += 1;
            self.kind = next.kind;
        }
    }

    /// Consumes the next token.
    #[inline]
    fn bump(&mut self) -> Token {
        let token = self.tokens[self.pos];
        self.advance();
        token
    }

    #[inline]
    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.at(kind);
        if found {
            self.advance();
        }
        found
    }

    #[inline]
    fn expect(&mut self, kind: TokenKind) -> Parse<Token> {
        if self.at(kind) { Ok(self.bump()) } else { Err(Fail) }
    }

    fn token_text(&self, token: Token) -> &'a str {
        &self.text[token.start as usize..token.end as usize]
    }

    /// Whether the next token is the soft keyword `word`.
    fn at_word(&self, word: &str) -> bool {
        self.at(TokenKind::Name) && self.token_text(self.tokens[self.pos]) == word
    }

    /// The next token as an identifier.
    fn name(&mut self) -> Parse<&'a str> {
        let token = self.expect(TokenKind::Name)?;
        Ok(self.identifier(token))
    }

    /// The name in compatibility-normalised form: names that look alike are the same.
    fn identifier(&self, token: Token) -> &'a str {
        let text = self.token_text(token);
        if self.ascii || text.is_ascii() {
            return text;
        }
        let name = self.options.normalizer.and_then(|normalizer| normalizer.normalize(text));
        let name = name.unwrap_or_else(|| {
            let chars = normalize(Version::Current, Form::Nfkc, text.chars().map(u32::from));
            // Nothing of a text decomposes or composes to a surrogate.
            chars.into_iter().filter_map(char::from_u32).collect()
        });
        if let Some(constant) = ["None", "True", "False"].into_iter().find(|it| *it == name) {
            self.constant_name.set(Some(constant));
        }
        self.arena.alloc_str(&name)
    }

    // Positions.

    /// From token `start` to the last token consumed that is more than layout.
    fn since(&self, start: usize) -> Span {
        let mut last = self.pos - 1;
        while last > start
            && matches!(
                self.tokens[last].kind,
                TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent | TokenKind::EndMarker
            )
        {
            last -= 1;
        }
        token_span(self.tokens[start]).to(token_span(self.tokens[last]))
    }

    // Nodes.

    fn expr(&self, node: ExprKind<'a>, span: Span) -> E<'a> {
        self.arena.alloc(Expr { node, span })
    }

    /// The expressions pushed on the scratch stack since it had `base` of them.
    fn take_exprs(&mut self, base: usize) -> &'a [E<'a>] {
        self.scratch.take(base, self.arena)
    }

    fn push_statement(&mut self, node: StmtKind<'a>, span: Span) {
        self.statements.push(self.arena.alloc(Stmt { node, span }));
    }

    /// The statements pushed since there were `base` of them.
    fn take_statements(&mut self, base: usize) -> &'a [&'a Stmt<'a>] {
        self.statements.take(base, self.arena)
    }

    /// Runs a rule that nests, unless the native stack is used up. `levels` says how many of the reference's rules,
    /// repetitions and groups it stands for, or more.
    #[inline]
    fn deeper<T>(&mut self, levels: u32, rule: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        self.note_deeper(levels);
        if !self.guard.has_room() {
            self.too_deep = true;
            return Err(Fail);
        }
        let result = rule(self);
        self.levels -= levels;
        result
    }

    /// Runs a rule that stands for a few more levels, for the reference, than those it is a part of.
    #[inline]
    fn noted<T>(&mut self, levels: u32, rule: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        self.note_deeper(levels);
        let result = rule(self);
        self.levels -= levels;
        result
    }

    /// Nests what follows, for the reference, though not here.
    #[inline]
    fn note_deeper(&mut self, levels: u32) {
        self.levels += levels;
        if self.levels > Self::LEVELS_ALLOWED && self.deep_statement.is_none() {
            self.deep_statement = Some(self.statement_starts[1]);
        }
    }

    /// Whether the text, which has been parsed, would make the reference's rules nest too deeply.
    pub fn nests_too_deep(&self, text: &str) -> bool {
        let start = self.deep_statement;
        start.is_some_and(|start| crate::diagnose::nests_too_deep(text, self.options, start))
    }

    /// Tries a rule that reads expressions; if it fails, everything is as before.
    fn attempt<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parse<T>) -> Option<T> {
        let (pos, levels) = (self.pos, self.levels);
        let warnings = self.warnings.len();
        let (scratch, optional) = (self.scratch.len(), self.optional.len());
        let (keywords, parameters) = (self.keywords.len(), self.parameters.len());
        match rule(self) {
            Ok(value) => Some(value),
            Err(Fail) => {
                self.pos = pos;
                self.kind = self.tokens[pos].kind;
                self.levels = levels;
                self.scratch.truncate(scratch);
                self.optional.truncate(optional);
                self.keywords.truncate(keywords);
                self.parameters.truncate(parameters);
                self.warnings.truncate(warnings);
                None
            }
        }
    }

    /// Refuses syntax that is newer than the version asked for.
    fn since_version(&self, minor: u8) -> Parse<()> {
        if self.options.feature_version >= minor { Ok(()) } else { Err(Fail) }
    }
}

pub(crate) fn token_span(token: Token) -> Span {
    Span::new(token.lineno as i32, token.col, token.end_lineno as i32, token.end_col)
}

/// What is reported for a text that nests too deeply.
pub(crate) fn too_deep_error() -> SyntaxError {
    let message = "Parser stack overflowed - Python source too complex to parse";
    placeless(ErrorKind::MemoryError, message.to_owned())
}

pub(crate) fn constant_name_error(name: &str) -> SyntaxError {
    let message = format!("identifier field can't represent '{name}' constant");
    placeless(ErrorKind::ValueError, message)
}

fn placeless(kind: ErrorKind, message: String) -> SyntaxError {
    SyntaxError { kind, message, lineno: 0, offset: 0, end_lineno: 0, end_offset: 0, text: None }
}
