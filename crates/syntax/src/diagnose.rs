//! Finds what to report about a text that the parser refused.
//!
//! Which error the reference reports depends on the order in which its parser tries things, so the
//! text is read again the same way: by a machine that runs the reference's grammar with
//! backtracking, first without and then with the rules that exist to explain errors. It builds no
//! tree and has no need to be fast; it is never run on a text that parses.
//!
//! Does the job of the `invalid_` rules of the grammar and of `Parser/pegen_errors.c`.

mod actions;
mod compile;
mod literals;
mod machine;
mod node;
mod raise;

use crate::error::{ErrorKind, SyntaxError, Warning};
use crate::lexer::Done;
use crate::options::{Mode, ParseOptions};
use crate::report::Moment;
use crate::token::TokenKind;
pub(crate) use machine::MAX_LEVELS;
use machine::Machine;
use std::sync::OnceLock;

const GRAMMAR: &str = include_str!("diagnose/grammar.txt");

/// The grammar as the machine runs it, made when a text is refused for the first time: programs that try whether texts parse, as
/// the printing of tracebacks does, are refused many.
fn program() -> &'static compile::Program<'static> {
    static PROGRAM: OnceLock<compile::Program<'static>> = OnceLock::new();
    PROGRAM.get_or_init(|| compile::compile(GRAMMAR))
}

/// What came of reading a text again.
pub(crate) struct Diagnosis {
    pub error: SyntaxError,
    /// How many warnings came from the rest of the text, after the error was known; if it has been read.
    pub late_warnings: Option<usize>,
    /// Line and column of the last compound statement; none if the text parses and is refused all the same.
    pub last_statement: Option<(i32, i32)>,
    /// So many tokens have been read.
    pub tokens: usize,
    /// In the order in which they are issued.
    pub warnings: Vec<(Moment, Warning)>,
}

/// Whether rules nest too deeply for the reference in a text that parses otherwise, from token `start` on.
pub(crate) fn nests_too_deep(text: &str, options: &ParseOptions<'_>, start: usize) -> bool {
    let found = Machine::new(program(), text, options).run(start_rule(options), start, false);
    matches!(found, Err(error) if error.kind == ErrorKind::MemoryError)
}

/// The error to report for `text`. Statements before token `start` are known to be right; the last compound one of them
/// is at `last_statement`.
pub(crate) fn diagnose(
    text: &str,
    options: &ParseOptions<'_>,
    start: usize,
    last_statement: (i32, i32),
) -> Diagnosis {
    let rule = start_rule(options);
    let mut machine = Machine::new(program(), text, options);
    let found = machine.run(rule, start, false);
    let parses = matches!(found, Ok(true));
    let error = match found {
        Ok(true) => machine.refused_elsewhere(),
        _ if options.allow_incomplete_input && machine.at_end_of_source() => {
            let message = "incomplete input".to_owned();
            machine.error_here(ErrorKind::IncompleteInputError, message)
        }
        Ok(false) => {
            machine.last_statement = last_statement;
            machine.explain(rule, start)
        }
        Err(error) => machine.prefer_lexer_error(*error),
    };
    let late_warnings = machine.before_error.map(|before| machine.warnings.len() - before);
    let last_statement = (!parses).then_some(machine.last_statement);
    let tokens = machine.tokens.len();
    Diagnosis { error, late_warnings, last_statement, tokens, warnings: machine.warnings }
}

fn start_rule(options: &ParseOptions<'_>) -> &'static str {
    match options.mode {
        Mode::Exec => "file",
        Mode::Eval => "eval",
        Mode::Single => "interactive",
        Mode::FuncType => "func_type",
    }
}

impl Machine<'_> {
    /// The second pass, with error rules.
    fn explain(&mut self, rule: &str, start: usize) -> SyntaxError {
        let last = self.tokens[self.tokens.len() - 1];
        if let Err(error) = self.run(rule, start, true) {
            return self.prefer_lexer_error(*error);
        }
        let message = match last.kind {
            TokenKind::Indent => "unexpected indent",
            TokenKind::Dedent => "unexpected unindent",
            _ => {
                let error = self.error_at_token(last, "invalid syntax".to_owned());
                return self.prefer_later_error(error);
            }
        };
        self.error_here(ErrorKind::IndentationError, message.to_owned())
    }

    /// The grammar accepts what the parser refused: more than one interactive statement.
    fn refused_elsewhere(&self) -> SyntaxError {
        let message = match self.options.mode {
            Mode::Single => "multiple statements found while compiling a single statement",
            _ => "invalid syntax",
        };
        self.error_here(ErrorKind::SyntaxError, message.to_owned())
    }

    /// The text ended before the parser was done with it.
    fn at_end_of_source(&self) -> bool {
        let done = self.stream.lexer.done;
        matches!(done, Done::Eof | Done::EofInString | Done::EolInString)
    }

    /// An error of the parser gives way to one of the lexer further on.
    fn prefer_lexer_error(&mut self, error: SyntaxError) -> SyntaxError {
        let from_parser = self.stream.lexer.done == Done::Ok;
        let is_syntax_error =
            !matches!(error.kind, ErrorKind::MemoryError | ErrorKind::UnicodeDecodeError { .. });
        if from_parser && is_syntax_error {
            return self.prefer_later_error(error);
        }
        error
    }

    /// Reads the rest of the text: an error of the lexer in it, or a bracket left open before the
    /// place of `error`, says more about what is wrong.
    fn prefer_later_error(&mut self, error: SyntaxError) -> SyntaxError {
        let line = self.tokens[self.tokens.len() - 1].lineno;
        self.before_error = Some(self.warnings.len());
        loop {
            let token = self.stream.lexer.next();
            self.note_lexer_warnings();
            match token {
                Ok(token) if token.kind == TokenKind::EndMarker => return error,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        // The reference does not look for errors within f-strings here.
        if self.stream.lexer.in_string() {
            return error;
        }
        if let Some(later) = &self.stream.lexer.error {
            return later.clone();
        }
        match self.stream.lexer.brackets.last() {
            Some(open) if line > open.lineno => self.unclosed_bracket().unwrap_or(error),
            _ => error,
        }
    }
}
