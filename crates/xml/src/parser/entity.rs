//! References to general entities in content, and the internal entities that are being expanded.

use std::rc::Rc;

use crate::error::Code;
use crate::event::{Event, ExternalEntity, Kind, Sink};
use crate::limits::Account;
use crate::scan;

use super::{Outcome, Parser, Run, Source, Stage, utf8};

/// An internal entity whose text is being parsed.
pub(super) struct OpenEntity {
    number: usize,
    pub(super) is_parameter: bool,
    text: Rc<[u8]>,
    /// How much of it is parsed; all, once there is no more.
    at: usize,
    more: bool,
    level: usize,
    /// A parameter entity that stands between declarations, not within one.
    pub(super) between: bool,
}

impl Parser {
    /// `&name;` in content.
    pub(super) fn entity_reference(
        &mut self,
        sink: &mut dyn Sink,
        run: &Run,
        s: usize,
        next: usize,
    ) -> Outcome {
        let name = &self.text(&run.source)[s + 1..next - 1];
        if let Some(character) = scan::predefined(name) {
            self.count_predefined()?;
            self.characters(sink, &run.source, character, s, next);
            return Ok(());
        }
        let dtd = self.dtd.borrow();
        let found = dtd.general.find(utf8(name));
        if !dtd.has_parameter_refs || dtd.standalone {
            match found.map(|number| &dtd.general.items[number]) {
                None => return Err(Code::UndefinedEntity),
                Some(entity) if !entity.is_internal => return Err(Code::DeclaredInPe),
                _ => {}
            }
        }
        let Some(number) = found else {
            drop(dtd);
            self.skipped(sink, run, s, next);
            return Ok(());
        };
        let entity = &dtd.general.items[number];
        if entity.open {
            return Err(Code::RecursiveEntity);
        }
        if entity.notation.is_some() {
            return Err(Code::BinaryEntity);
        }
        let text = entity.text.clone();
        drop(dtd);
        match text {
            Some(_) if !sink.expands_entities() => self.skipped(sink, run, s, next),
            Some(text) => self.open_entity(number, false, text, false),
            None if sink.wants(Kind::ExternalEntityRef) => self.external_reference(sink, number)?,
            None => self.default(sink, &run.source, s, next),
        }
        Ok(())
    }

    /// A reference that is not replaced.
    fn skipped(&self, sink: &mut dyn Sink, run: &Run, s: usize, next: usize) {
        if sink.wants(Kind::SkippedEntity) {
            let name = utf8(&self.text(&run.source)[s + 1..next - 1]);
            sink.event(self, Event::SkippedEntity { name, is_parameter: false });
        } else {
            self.default(sink, &run.source, s, next);
        }
    }

    fn external_reference(&self, sink: &mut dyn Sink, number: usize) -> Outcome {
        self.dtd.borrow_mut().general.items[number].open = true;
        let context = self.make_context();
        self.dtd.borrow_mut().general.items[number].open = false;
        let entity = self.dtd.borrow().general.items[number].clone();
        let entity = ExternalEntity {
            context: Some(&context),
            base: entity.base.as_deref(),
            system_id: entity.system_id.as_deref(),
            public_id: entity.public_id.as_deref(),
        };
        match sink.external_entity(self, entity) {
            true => Ok(()),
            false => Err(Code::ExternalHandling),
        }
    }

    /// From here on an internal entity's text is parsed.
    pub(super) fn open_entity(
        &mut self,
        number: usize,
        is_parameter: bool,
        text: Rc<[u8]>,
        between: bool,
    ) {
        self.set_open(number, is_parameter, true);
        let level = self.level();
        self.open.push(OpenEntity {
            number,
            is_parameter,
            text,
            at: 0,
            more: true,
            level,
            between,
        });
        self.enter(Stage::Entity);
    }

    fn set_open(&self, number: usize, is_parameter: bool, open: bool) {
        let mut dtd = self.dtd.borrow_mut();
        let table = if is_parameter { &mut dtd.parameter } else { &mut dtd.general };
        table.items[number].open = open;
    }

    /// Parses what is left of the innermost entity, or closes it.
    pub(super) fn expand_entity(&mut self, sink: &mut dyn Sink) -> Outcome {
        let depth = self.open.len();
        let Some(top) = self.open.last() else { return Err(Code::UnexpectedState) };
        let (level, is_parameter, len) = (top.level, top.is_parameter, top.text.len());
        if !top.more {
            self.set_open(top.number, is_parameter, false);
            self.open.pop();
            if self.open.is_empty() {
                self.stage = if is_parameter { Stage::Prolog } else { Stage::Content };
            }
            self.again = true;
            return Ok(());
        }
        let source = Source::Entity(top.text.clone());
        let run = Run { source, level, more: false, account: Account::Expansion };
        let start = top.at;
        let next = match is_parameter {
            true => self.prolog(sink, &run, start, false)?,
            false => self.content(sink, &run, start)?,
        };
        let paused = next != len && self.again;
        let entity = &mut self.open[depth - 1];
        entity.at = next;
        entity.more = paused;
        if !paused && !is_parameter && level != self.level() {
            return Err(Code::AsyncEntity);
        }
        self.again = true;
        Ok(())
    }
}
