//! Values of attributes and entities: references are replaced, white space is made uniform.

use std::rc::Rc;

use crate::error::Code;
use crate::event::{Kind, Sink};
use crate::limits::Account;
use crate::scan::{self, Scan, Token};

use super::{Outcome, Parser, Source, utf8};

/// The entities whose text is being read: number, text and how far it is read.
type Pending = Vec<(usize, Rc<[u8]>, usize)>;

/// How an attribute's value is read.
#[derive(Clone, Copy)]
struct Reading {
    is_cdata: bool,
    /// It is a default value, in the DTD.
    in_prolog: bool,
}

impl Parser {
    /// The scanner for a value within a text.
    fn scan_value<'a>(&'a self, source: &'a Source, to: usize) -> Scan<'a> {
        let scan = self.scan(source);
        Scan { text: &scan.text[..to], ..scan }
    }

    /// Appends the value of an attribute.
    pub(super) fn attribute_value(
        &self,
        source: &Source,
        (from, to): (usize, usize),
        is_cdata: bool,
        in_prolog: bool,
        account: Account,
        value: &mut Vec<u8>,
    ) -> Outcome {
        let reading = Reading { is_cdata, in_prolog };
        let mut open: Pending = Vec::new();
        let mut at = from;
        loop {
            let (next, entity) = match open.last() {
                None => self.attribute_part(source, (at, to), reading, account, value)?,
                Some((_, text, at)) => {
                    let (span, inner) = ((*at, text.len()), Source::Entity(text.clone()));
                    self.attribute_part(&inner, span, reading, Account::Expansion, value)?
                }
            };
            match open.last_mut() {
                None => at = next,
                Some((_, _, at)) => *at = next,
            }
            let mut dtd = self.dtd.borrow_mut();
            if let Some((entity, text)) = entity {
                dtd.general.items[entity].open = true;
                open.push((entity, text, 0));
            } else if let Some((entity, ..)) = open.pop() {
                dtd.general.items[entity].open = false;
            } else {
                break;
            }
        }
        if !is_cdata && value.last() == Some(&b' ') {
            value.pop();
        }
        Ok(())
    }

    /// Takes a value up to its end, or to an entity that is to be read first. Answers where it stopped, and the entity.
    fn attribute_part(
        &self,
        source: &Source,
        (mut at, to): (usize, usize),
        reading: Reading,
        account: Account,
        value: &mut Vec<u8>,
    ) -> Outcome<(usize, Option<(usize, Rc<[u8]>)>)> {
        let scan = self.scan_value(source, to);
        // A space in front of another, or of all, is none.
        let drops = |value: &[u8]| !reading.is_cdata && matches!(value.last(), None | Some(b' '));
        loop {
            let found = scan.attribute_value(at);
            let mut next = found.end;
            self.count(source, found.token, (at, next), account)?;
            match found.token {
                Token::Nothing => return Ok((at, None)),
                Token::Invalid => {
                    self.mark(source, next);
                    return Err(Code::InvalidToken);
                }
                Token::Partial => {
                    self.mark(source, at);
                    return Err(Code::InvalidToken);
                }
                Token::CharRef => match scan::referred(&scan.text[at..next]) {
                    Some(' ') if drops(value) => {}
                    Some(c) => value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => {
                        self.mark(source, at);
                        return Err(Code::BadCharRef);
                    }
                },
                Token::Characters => value.extend_from_slice(&scan.text[at..next]),
                Token::TrailingCr | Token::ValueSpace | Token::NewLine => {
                    if found.token == Token::TrailingCr {
                        next = at + 1;
                    }
                    if !drops(value) {
                        value.push(b' ');
                    }
                }
                Token::EntityRef => {
                    let name = &scan.text[at + 1..next - 1];
                    if let Some(character) = scan::predefined(name) {
                        self.count_predefined()?;
                        value.extend_from_slice(character.as_bytes());
                    } else if let Some(entity) =
                        self.entity_in_value(source, utf8(name), at, reading)?
                    {
                        return Ok((next, Some(entity)));
                    }
                }
                _ => return Err(Code::UnexpectedState),
            }
            at = next;
        }
    }

    /// The character of a reference that needs no declaration counts as expanded.
    pub(super) fn count_predefined(&self) -> Outcome {
        match self.limits.count(1, false) {
            true => Ok(()),
            false => Err(Code::Amplification),
        }
    }

    /// The internal entity that a value refers to; none if it may be declared where nobody looked.
    fn entity_in_value(
        &self,
        source: &Source,
        name: &str,
        at: usize,
        reading: Reading,
    ) -> Outcome<Option<(usize, Rc<[u8]>)>> {
        let dtd = self.dtd.borrow();
        let must_be_declared = if reading.in_prolog {
            self.is_settled()
        } else {
            !dtd.has_parameter_refs || dtd.standalone
        };
        let Some(number) = dtd.general.find(name) else {
            return if must_be_declared { Err(Code::UndefinedEntity) } else { Ok(None) };
        };
        let entity = &dtd.general.items[number];
        if must_be_declared && !entity.is_internal {
            return Err(Code::DeclaredInPe);
        }
        let error = match &entity.text {
            _ if entity.open => Code::RecursiveEntity,
            _ if entity.notation.is_some() => Code::BinaryEntity,
            None => Code::ExternalInAttribute,
            Some(text) => return Ok(Some((number, text.clone()))),
        };
        self.mark(source, at);
        Err(error)
    }

    /// Whether all declarations so far were seen, so that what is not declared is wrong.
    pub(super) fn is_settled(&self) -> bool {
        let dtd = self.dtd.borrow();
        self.grammar.is_document
            && if dtd.standalone { self.open.is_empty() } else { !dtd.has_parameter_refs }
    }

    /// Appends the value of an entity to that which is being read.
    pub(super) fn entity_value(
        &self,
        sink: &mut dyn Sink,
        source: &Source,
        (from, to): (usize, usize),
        account: Account,
    ) -> Outcome {
        let mut open: Pending = Vec::new();
        let mut at = from;
        let outer = self.in_entity_value.replace(true);
        let result = loop {
            let part = match open.last() {
                None => self.entity_part(sink, source, (at, to), account),
                Some((_, text, at)) => {
                    let (span, inner) = ((*at, text.len()), Source::Entity(text.clone()));
                    self.entity_part(sink, &inner, span, Account::Expansion)
                }
            };
            let (next, entity) = match part {
                Ok(part) => part,
                Err(code) => break Err(code),
            };
            match open.last_mut() {
                None => at = next,
                Some((_, _, at)) => *at = next,
            }
            let mut dtd = self.dtd.borrow_mut();
            if let Some((entity, text)) = entity {
                dtd.parameter.items[entity].open = true;
                open.push((entity, text, 0));
            } else if let Some((entity, ..)) = open.pop() {
                dtd.parameter.items[entity].open = false;
            } else {
                break Ok(());
            }
        };
        self.in_entity_value.set(outer);
        result
    }

    fn entity_part(
        &self,
        sink: &mut dyn Sink,
        source: &Source,
        (mut at, to): (usize, usize),
        account: Account,
    ) -> Outcome<(usize, Option<(usize, Rc<[u8]>)>)> {
        let scan = self.scan_value(source, to);
        let append = |bytes: &[u8]| self.dtd.borrow_mut().value.extend_from_slice(bytes);
        loop {
            let found = scan.entity_value(at);
            let mut next = found.end;
            self.count(source, found.token, (at, next), account)?;
            match found.token {
                Token::Nothing => return Ok((at, None)),
                Token::EntityRef | Token::Characters => append(&scan.text[at..next]),
                Token::TrailingCr | Token::NewLine => {
                    if found.token == Token::TrailingCr {
                        next = at + 1;
                    }
                    append(b"\n");
                }
                Token::CharRef => match scan::referred(&scan.text[at..next]) {
                    Some(c) => append(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => {
                        self.mark(source, at);
                        return Err(Code::BadCharRef);
                    }
                },
                Token::ParamEntityRef
                    if self.is_parameter_entity || !matches!(source, Source::Main) =>
                {
                    let name = utf8(&scan.text[at + 1..next - 1]);
                    let entity = self.parameter_in_value(sink, source, name, at)?;
                    if entity.is_some() {
                        return Ok((next, entity));
                    }
                }
                Token::ParamEntityRef => {
                    // In the internal subset they may only stand between declarations.
                    self.event.set(Some(self.input.base + at));
                    return Err(Code::ParamEntityRef);
                }
                Token::Partial => {
                    self.mark(source, at);
                    return Err(Code::InvalidToken);
                }
                Token::Invalid => {
                    self.mark(source, next);
                    return Err(Code::InvalidToken);
                }
                _ => return Err(Code::UnexpectedState),
            }
            at = next;
        }
    }

    /// A parameter entity that an entity's value refers to, if it is internal; an external one is read at once.
    fn parameter_in_value(
        &self,
        sink: &mut dyn Sink,
        source: &Source,
        name: &str,
        at: usize,
    ) -> Outcome<Option<(usize, Rc<[u8]>)>> {
        let mut dtd = self.dtd.borrow_mut();
        let Some(number) = dtd.parameter.find(name) else {
            dtd.keep_processing = dtd.standalone;
            return Ok(None);
        };
        let entity = &dtd.parameter.items[number];
        if entity.open || self.declared.is_parameter(number) {
            self.mark(source, at);
            return Err(Code::RecursiveEntity);
        }
        if entity.system_id.is_none() {
            return Ok(entity.text.clone().map(|text| (number, text)));
        }
        if !sink.wants(Kind::ExternalEntityRef) {
            dtd.keep_processing = dtd.standalone;
            return Ok(None);
        }
        drop(dtd);
        self.read_parameter(sink, number)?;
        let mut dtd = self.dtd.borrow_mut();
        if !dtd.entity_read {
            dtd.keep_processing = dtd.standalone;
        }
        Ok(None)
    }
}
