//! The prolog and the DTD: what each token means, and what follows from it. Declarations are in `declaration`.

use std::rc::Rc;

use crate::dtd::{EXTERNAL_SUBSET, Entity};
use crate::error::Code;
use crate::event::{Event, Kind, Sink};
use crate::limits::Account;
use crate::role::Role;
use crate::scan::Token;

use super::{Outcome, ParamEntityParsing, Parser, Run, Source, Stage, utf8};

/// What was read of the declaration that is not complete.
#[derive(Default)]
pub(super) struct Declared {
    pub doctype_name: Option<Rc<str>>,
    pub doctype_public: Option<Rc<str>>,
    pub doctype_system: Option<Rc<str>>,
    /// The document has an external subset.
    pub has_system: bool,
    /// The entity, and whether it is a parameter entity.
    pub entity: Option<(usize, bool)>,
    pub element: Option<usize>,
    pub attribute: Option<usize>,
    pub attribute_type: Option<String>,
    pub is_cdata: bool,
    pub is_id: bool,
    pub notation: Option<Rc<str>>,
    pub notation_public: Option<Rc<str>>,
    /// What stands between the parts of each open group of a content model.
    pub connectors: Vec<u8>,
}

impl Declared {
    /// Whether it is that parameter entity which is being declared.
    pub fn is_parameter(&self, number: usize) -> bool {
        self.entity == Some((number, true))
    }
}

/// A token of a declaration.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub source: &'a Source,
    pub role: Role,
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

/// Whether a token was told of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Yes,
    No,
}

impl Told {
    pub fn when(told: bool) -> Told {
        if told { Told::Yes } else { Told::No }
    }
}

impl Parser {
    pub(super) fn document_prolog(&mut self, sink: &mut dyn Sink) -> Outcome {
        let run = self.main_run(Account::Direct);
        let next = self.prolog(sink, &run, self.index(), true)?;
        self.at = self.input.base + next;
        Ok(())
    }

    /// Takes tokens of a prolog or DTD; answers where it stopped.
    pub(super) fn prolog(
        &mut self,
        sink: &mut dyn Sink,
        run: &Run,
        start: usize,
        may_close: bool,
    ) -> Outcome<usize> {
        let source = &run.source;
        let mut s = start;
        loop {
            let found = self.scan(source).prolog(s);
            let (token, mut next) = (found.token, found.end);
            self.mark(source, s);
            match token {
                Token::Invalid => {
                    self.mark(source, next);
                    return Err(Code::InvalidToken);
                }
                Token::Nothing | Token::Partial | Token::PartialChar if run.more => return Ok(s),
                _ if found.open && run.more => return Ok(s),
                Token::Partial => return Err(Code::UnclosedToken),
                Token::PartialChar => return Err(Code::PartialChar),
                Token::Nothing => return self.end_of_prolog(source, s),
                _ => {}
            }
            let role = self.grammar_role(source, token, s, next);
            if !matches!(role, Role::InstanceStart | Role::XmlDecl | Role::TextDecl) {
                self.count(source, token, (s, next), run.account)?;
            }
            let piece = Piece { source, role, token, start: s, end: next };
            let told = match role {
                Role::InstanceStart => {
                    self.instance_start(sink)?;
                    return Ok(s);
                }
                Role::DoctypeClose if !may_close => return Err(Code::InvalidToken),
                Role::IgnoreSection => {
                    self.default(sink, source, s, next);
                    let (stopped, closed) = self.ignored(sink, run, next)?;
                    if !closed {
                        self.stage = Stage::IgnoredSection;
                        return Ok(stopped);
                    }
                    next = stopped;
                    Told::Yes
                }
                Role::Instruction => {
                    self.instruction(sink, source, s, next);
                    Told::Yes
                }
                Role::Comment => {
                    self.comment(sink, source, s, next);
                    Told::Yes
                }
                Role::Error => {
                    return Err(match token {
                        Token::ParamEntityRef => Code::ParamEntityRef,
                        Token::XmlDecl => Code::MisplacedXmlDecl,
                        _ => Code::Syntax,
                    });
                }
                Role::None => Told::No,
                Role::XmlDecl | Role::TextDecl => {
                    self.xml_declaration(sink, role == Role::TextDecl, s, next)?;
                    Told::Yes
                }
                Role::ParamEntityRef | Role::InnerParamEntityRef => {
                    self.parameter_reference(sink, piece)?
                }
                _ => self.declaration(sink, piece)?,
            };
            if told == Told::No {
                self.default(sink, source, s, next);
            }
            self.check_stop(sink, source, next)?;
            if self.again {
                return Ok(next);
            }
            s = next;
        }
    }

    fn grammar_role(&mut self, source: &Source, token: Token, s: usize, next: usize) -> Role {
        let text = match source {
            Source::Main => &self.input.text,
            Source::Entity(text) => &text[..],
        };
        self.grammar.role(token, &text[s..next])
    }

    /// The text ends, which only that of a parameter entity may.
    fn end_of_prolog(&mut self, source: &Source, s: usize) -> Outcome<usize> {
        let internal = matches!(source, Source::Entity(_));
        if internal && self.open.last().is_some_and(|entity| !entity.between) {
            return Ok(s);
        }
        if !self.is_parameter_entity && !internal {
            return Err(Code::NoElements);
        }
        match self.grammar.role(Token::Nothing, b"") {
            Role::Error => Err(Code::IncompletePe),
            _ => Ok(s),
        }
    }

    /// The root element begins.
    fn instance_start(&mut self, sink: &mut dyn Sink) -> Outcome {
        if self.foreign_dtd {
            self.external_subset(sink, false)?;
        }
        self.enter(Stage::Content);
        Ok(())
    }

    /// Has a handler read the external subset, if it may: the document's, or the one that the program has.
    pub(super) fn external_subset(&mut self, sink: &mut dyn Sink, is_named: bool) -> Outcome {
        let had_refs = std::mem::replace(&mut self.dtd.borrow_mut().has_parameter_refs, true);
        let foreign = std::mem::take(&mut self.foreign_dtd);
        if self.parameter_parsing == ParamEntityParsing::Never
            || !sink.wants(Kind::ExternalEntityRef)
        {
            return Ok(());
        }
        let number = self.external_subset_entity();
        if foreign {
            self.dtd.borrow_mut().parameter.items[number].base = self.base();
        }
        self.read_parameter(sink, number)?;
        if self.dtd.borrow().entity_read {
            return self.check_standalone(sink);
        }
        if !is_named {
            self.dtd.borrow_mut().has_parameter_refs = had_refs;
        }
        Ok(())
    }

    /// The number of the external subset among the parameter entities.
    pub(super) fn external_subset_entity(&self) -> usize {
        let mut dtd = self.dtd.borrow_mut();
        match dtd.parameter.find(EXTERNAL_SUBSET) {
            Some(found) => found,
            None => {
                let name: Rc<str> = EXTERNAL_SUBSET.into();
                dtd.parameter.add(name.clone(), Entity::new(name, false, false))
            }
        }
    }

    /// Asks a handler whether a document that needs declarations from elsewhere is fine.
    pub(super) fn check_standalone(&self, sink: &mut dyn Sink) -> Outcome {
        let refused = !self.dtd.borrow().standalone
            && sink.wants(Kind::NotStandalone)
            && !sink.not_standalone(self);
        if refused { Err(Code::NotStandalone) } else { Ok(()) }
    }

    /// `%name;`
    fn parameter_reference(&mut self, sink: &mut dyn Sink, piece: Piece<'_>) -> Outcome<Told> {
        let mut told = Told::No;
        let mut dtd = self.dtd.borrow_mut();
        dtd.has_parameter_refs = true;
        if self.parameter_parsing == ParamEntityParsing::Never {
            dtd.keep_processing = dtd.standalone;
            drop(dtd);
            self.check_standalone(sink)?;
            return Ok(told);
        }
        let name = utf8(&self.text(piece.source)[piece.start + 1..piece.end - 1]);
        let found = dtd.parameter.find(name);
        drop(dtd);
        let settled = self.is_settled();
        let mut dtd = self.dtd.borrow_mut();
        let Some(number) = found else {
            if settled {
                return Err(Code::UndefinedEntity);
            }
            dtd.keep_processing = dtd.standalone;
            drop(dtd);
            if piece.role == Role::ParamEntityRef && sink.wants(Kind::SkippedEntity) {
                sink.event(self, Event::SkippedEntity { name, is_parameter: true });
                told = Told::Yes;
            }
            return Ok(told);
        };
        let entity = &dtd.parameter.items[number];
        if settled && !entity.is_internal {
            return Err(Code::DeclaredInPe);
        }
        if entity.open {
            return Err(Code::RecursiveEntity);
        }
        if let Some(text) = entity.text.clone() {
            drop(dtd);
            self.open_entity(number, true, text, piece.role == Role::ParamEntityRef);
            return Ok(Told::Yes);
        }
        if !sink.wants(Kind::ExternalEntityRef) {
            dtd.keep_processing = dtd.standalone;
            return Ok(told);
        }
        drop(dtd);
        self.read_parameter(sink, number)?;
        let mut dtd = self.dtd.borrow_mut();
        if !dtd.entity_read {
            dtd.keep_processing = dtd.standalone;
            return Ok(Told::Yes);
        }
        drop(dtd);
        self.check_standalone(sink)?;
        Ok(Told::Yes)
    }

    /// Skips a section that is ignored; answers where it stopped, and whether the section ends there.
    fn ignored(&mut self, sink: &mut dyn Sink, run: &Run, s: usize) -> Outcome<(usize, bool)> {
        self.mark(&run.source, s);
        let found = self.scan(&run.source).ignored(s);
        self.count(&run.source, found.token, (s, found.end), run.account)?;
        match found.token {
            Token::IgnoredSection => {
                self.default(sink, &run.source, s, found.end);
                Ok((found.end, true))
            }
            Token::Invalid => {
                self.mark(&run.source, found.end);
                Err(Code::InvalidToken)
            }
            _ if run.more => Ok((s, false)),
            Token::PartialChar => Err(Code::PartialChar),
            _ => Err(Code::Syntax),
        }
    }

    pub(super) fn rest_of_ignored(&mut self, sink: &mut dyn Sink) -> Outcome {
        let run = self.main_run(Account::Direct);
        let (next, closed) = self.ignored(sink, &run, self.index())?;
        self.at = self.input.base + next;
        if closed {
            self.enter(Stage::Prolog);
        }
        Ok(())
    }
}
