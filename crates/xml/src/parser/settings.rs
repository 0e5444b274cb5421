//! What is asked of a parser beside the document, and what is set: where it is, its error, and how it is to go on.

use std::rc::Rc;

use super::{Outcome, ParamEntityParsing, Parser, Status};
use crate::error::Code;
use crate::input::Position;
use crate::limits::Limits;

impl Parser {
    /// Line (from 1) and column (from 0) of the event, or of where the next piece goes on.
    pub fn position(&self) -> (usize, usize) {
        if let Some(event) = self.event.get()
            && event >= self.counted.get()
        {
            self.count_lines(event);
        }
        let Position { line, column } = self.position.get();
        (line + 1, column)
    }

    /// Where in the bytes that were fed the event is.
    pub fn byte_index(&self) -> Option<usize> {
        Some(self.input.byte_index(self.event.get()?))
    }

    /// The bytes that were fed, from the event on.
    pub fn context(&self) -> &[u8] {
        self.event.get().map(|event| self.input.context(event)).unwrap_or_default()
    }

    pub fn error(&self) -> Option<Code> {
        self.error
    }

    /// What was given the entities' parsers to add to their identifiers.
    pub fn base(&self) -> Option<Rc<str>> {
        self.base.borrow().clone()
    }

    pub fn set_base(&self, base: Option<&str>) {
        self.base.replace(base.map(Rc::from));
    }

    pub fn reparse_deferral(&self) -> bool {
        self.reparse_deferral.get()
    }

    pub fn set_reparse_deferral(&self, enabled: bool) {
        self.reparse_deferral.set(enabled);
    }

    /// The limits of the whole tree of parsers, which only its root may change.
    pub fn limits(&self) -> Option<&Limits> {
        self.is_root.then_some(&self.limits)
    }

    /// Whether nothing was parsed, so that settings can change.
    pub fn is_new(&self) -> bool {
        self.status == Status::New
    }

    pub fn set_encoding(&mut self, encoding: &str) {
        if self.is_new() {
            self.given_encoding = Some(encoding.to_owned());
        }
    }

    /// Expanded names end with their prefix.
    pub fn set_triplets(&mut self, triplets: bool) {
        if self.is_new() {
            self.triplets = triplets;
        }
    }

    /// Says whether it could be set.
    pub fn set_parameter_parsing(&mut self, parsing: ParamEntityParsing) -> bool {
        if self.is_new() {
            self.parameter_parsing = parsing;
        }
        self.is_new()
    }

    /// A handler is asked for an external subset, if the document names none.
    pub fn set_foreign_dtd(&mut self, foreign: bool) -> Outcome {
        if !self.is_new() {
            return Err(Code::CannotChange);
        }
        self.foreign_dtd = foreign;
        Ok(())
    }
}
