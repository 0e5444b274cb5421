//! External entities: parsers for them, and their first bytes.

use std::rc::Rc;

use crate::dtd::Dtd;
use crate::error::Code;
use crate::event::{ExternalEntity, Sink};
use crate::limits::Account;
use crate::role::Grammar;
use crate::scan::Token;

use super::{Outcome, Parser, Settings, Source, Stage};

impl Parser {
    /// A parser for an entity that a handler was told of, with its context: none for a parameter entity.
    pub fn external(
        &self,
        sink: &mut dyn Sink,
        context: Option<&str>,
        encoding: Option<&str>,
    ) -> Option<Parser> {
        let settings = Settings { encoding, separator: self.separator };
        let dtd = match context {
            Some(_) => Rc::new(Dtd::copy(&self.dtd.borrow()).into()),
            None => self.dtd.clone(),
        };
        let mut parser = Parser::with_dtd(settings, dtd, self.limits.clone());
        parser.is_root = false;
        parser.triplets = self.triplets;
        parser.parameter_parsing = self.parameter_parsing;
        parser.reparse_deferral = self.reparse_deferral.clone();
        parser.in_entity_value = self.in_entity_value.clone();
        match context {
            Some(context) => {
                parser.set_context(sink, context).ok()?;
                parser.stage = Stage::GeneralStart;
            }
            None => {
                parser.is_parameter_entity = true;
                parser.grammar = Grammar::external();
                parser.stage = Stage::ParameterStart;
            }
        }
        Some(parser)
    }

    /// Has a handler read an external parameter entity.
    pub(super) fn read_parameter(&self, sink: &mut dyn Sink, number: usize) -> Outcome {
        let mut dtd = self.dtd.borrow_mut();
        dtd.entity_read = false;
        dtd.parameter.items[number].open = true;
        let entity = dtd.parameter.items[number].clone();
        drop(dtd);
        let told = ExternalEntity {
            context: None,
            base: entity.base.as_deref(),
            system_id: entity.system_id.as_deref(),
            public_id: entity.public_id.as_deref(),
        };
        let read = sink.external_entity(self, told);
        self.dtd.borrow_mut().parameter.items[number].open = false;
        if read { Ok(()) } else { Err(Code::ExternalHandling) }
    }

    /// The text declaration of a general entity, if it has one.
    pub(super) fn text_declaration(&mut self, sink: &mut dyn Sink) -> Outcome {
        let s = self.index();
        self.mark(&Source::Main, s);
        let found = self.scan(&Source::Main).content(s);
        let more = !self.input.finished;
        match found.token {
            Token::XmlDecl => {
                self.xml_declaration(sink, true, s, found.end)?;
                self.at = self.input.base + found.end;
            }
            Token::Partial | Token::PartialChar if more => return Ok(()),
            Token::Partial => return Err(Code::UnclosedToken),
            Token::PartialChar => return Err(Code::PartialChar),
            _ => {}
        }
        self.outer_tags = 1;
        self.enter(Stage::GeneralContent);
        Ok(())
    }

    pub(super) fn start_parameter_entity(&mut self, sink: &mut dyn Sink) -> Outcome {
        // Being asked to parse is what counts as having been read.
        self.dtd.borrow_mut().entity_read = true;
        let value = self.in_entity_value.get();
        self.start(sink, false, if value { Stage::ValueStart } else { Stage::Parameter })
    }

    /// A parameter entity between declarations: nothing goes before they do.
    pub(super) fn parameter_entity(&mut self) -> Outcome {
        let s = self.index();
        let found = self.scan(&Source::Main).prolog(s);
        let broken = found.open
            || matches!(
                found.token,
                Token::Nothing | Token::Partial | Token::PartialChar | Token::Invalid
            );
        if broken && !self.input.finished && found.token != Token::Invalid {
            return Ok(());
        }
        match found.token {
            Token::Invalid => return Err(Code::InvalidToken),
            Token::Partial => return Err(Code::UnclosedToken),
            Token::PartialChar => return Err(Code::PartialChar),
            _ => {}
        }
        self.enter(Stage::Prolog);
        Ok(())
    }

    /// A parameter entity within an entity's value: its text declaration, or all of it if there is none.
    pub(super) fn value_declaration(&mut self, sink: &mut dyn Sink) -> Outcome {
        let mut s = self.index();
        loop {
            self.mark(&Source::Main, s);
            let found = self.scan(&Source::Main).prolog(s);
            match found.token {
                _ if self.ends_value(found.token, found.open) => {
                    return self.finish_value(sink, found.token);
                }
                Token::XmlDecl => {
                    self.xml_declaration(sink, false, s, found.end)?;
                    self.at = self.input.base + found.end;
                    self.enter(Stage::Value);
                    return Ok(());
                }
                Token::InstanceStart => {
                    self.at = self.input.base + found.end;
                    return Err(Code::Syntax);
                }
                _ => s = found.end,
            }
        }
    }

    pub(super) fn rest_of_value(&mut self, sink: &mut dyn Sink) -> Outcome {
        let mut s = self.index();
        loop {
            let found = self.scan(&Source::Main).prolog(s);
            if self.ends_value(found.token, found.open) {
                return self.finish_value(sink, found.token);
            }
            s = found.end;
        }
    }

    fn ends_value(&self, token: Token, open: bool) -> bool {
        open || matches!(
            token,
            Token::Nothing | Token::Partial | Token::PartialChar | Token::Invalid
        )
    }

    /// All of the entity is there, or nothing is done yet: a value is stored as a whole.
    fn finish_value(&mut self, sink: &mut dyn Sink, token: Token) -> Outcome {
        match token {
            Token::Invalid => Err(Code::InvalidToken),
            _ if !self.input.finished => Ok(()),
            Token::Partial => Err(Code::UnclosedToken),
            Token::PartialChar => Err(Code::PartialChar),
            _ => {
                let span = (self.index(), self.input.text.len());
                self.at = self.input.end();
                self.entity_value(sink, &Source::Main, span, Account::Direct)
            }
        }
    }
}
