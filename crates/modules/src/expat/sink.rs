//! Events become calls of handlers.

use krait_eval::{code, frame, traceback};
use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_xml::{EntityIds, Event, ExternalEntity, Kind, ModelKind, Parser, Part, Sink};

use super::parser::XmlParser;
use super::{int, string};

/// What a traceback shows as the file that calls handlers: the reference's.
const FILE: &str = "../Modules/pyexpat.c";

/// Tells the handlers of a parser during one call of `Parse`.
pub struct Teller<'a> {
    pub th: &'a Thread,
    pub parser: &'a XmlParser,
    /// A handler raised, or its arguments could not be made.
    pub raised: Option<Raised>,
    /// A handler raised.
    pub stopped: bool,
}

impl<'a> Teller<'a> {
    pub fn new(th: &'a Thread, parser: &'a XmlParser) -> Teller<'a> {
        Teller { th, parser, raised: None, stopped: false }
    }

    /// Does what may call a handler, unless one has raised before. While it is done, the parser answers from `core`.
    fn attempt<T>(
        &mut self,
        core: &Parser,
        work: impl FnOnce(&mut Teller<'a>) -> PyResult<Option<T>>,
    ) -> Option<T> {
        if self.raised.is_some() {
            return None;
        }
        let outer = self.parser.lend(core);
        let result = work(self);
        self.parser.take_back(outer);
        match result {
            Ok(value) => value,
            Err(raised) => {
                self.raised = Some(raised);
                None
            }
        }
    }

    /// Calls a handler, if there still is one, after the characters that were kept back.
    fn call(
        &mut self,
        kind: Kind,
        args: impl FnOnce(&Teller<'a>) -> PyResult<Vec<Owned>>,
    ) -> PyResult<Option<Owned>> {
        let (th, parser) = (self.th, self.parser);
        if parser.handlers.get(kind).is_none() {
            return Ok(None);
        }
        if kind != Kind::CharacterData {
            self.flush()?;
        }
        let Some(handler) = parser.handlers.get(kind) else { return Ok(None) };
        let args = match args(self) {
            Ok(args) => args,
            Err(raised) => {
                parser.clear_handlers();
                return Err(raised);
            }
        };
        let borrowed: Vec<_> = args.iter().map(Owned::borrow).collect();
        parser.in_callback.set(true);
        let result = call::call(th, handler.borrow(), &borrowed);
        parser.in_callback.set(false);
        match result {
            Ok(result) => Ok(Some(result)),
            Err(_) => {
                self.stopped = true;
                let raised = traced(th, kind);
                parser.clear_handlers();
                Err(raised)
            }
        }
    }

    /// Calls the handler with the characters that were kept back.
    pub fn flush(&mut self) -> PyResult<()> {
        let Some(text) = self.parser.take_text() else { return Ok(()) };
        self.call(Kind::CharacterData, |teller| Ok(vec![string(teller.th, &text)?]))?;
        Ok(())
    }

    /// Takes characters, or keeps them back to put more to them.
    fn characters(&mut self, text: &str) -> PyResult<()> {
        let parser = self.parser;
        if parser.is_buffering() {
            if parser.buffered() + text.len() > parser.buffer_size.get() {
                self.flush()?;
                if parser.handlers.get(Kind::CharacterData).is_none() {
                    return Ok(());
                }
            }
            if text.len() <= parser.buffer_size.get() {
                parser.keep_text(text);
                return Ok(());
            }
        }
        self.call(Kind::CharacterData, |teller| Ok(vec![string(teller.th, text)?]))?;
        Ok(())
    }

    /// A name, the same object each time.
    fn name(&self, text: &str) -> PyResult {
        self.parser.interned(self.th, text)
    }

    fn optional_name(&self, text: Option<&str>) -> PyResult {
        text.map_or_else(|| Ok(none().to_owned()), |text| self.name(text))
    }

    fn optional(&self, text: Option<&str>) -> PyResult {
        text.map_or_else(|| Ok(none().to_owned()), |text| string(self.th, text))
    }

    /// Names and values of attributes, in a dict or a flat list.
    fn attributes(&self, attributes: krait_xml::Attributes<'_>) -> PyResult {
        let th = self.th;
        let count = match self.parser.specified_attributes.get() {
            true => attributes.specified,
            false => usize::MAX,
        };
        let list = if self.parser.ordered_attributes.get() { Some(List::new(th)?) } else { None };
        let dict = Dict::new(th)?;
        for (name, value) in attributes.iter().take(count) {
            let (name, value) = (self.name(name)?, string(th, value)?);
            match &list {
                Some(list) => {
                    list.push(th, name)?;
                    list.push(th, value)?;
                }
                None => dict.set_owned(th, name, value)?,
            }
        }
        Ok(list.map_or_else(|| dict.into_object(), Owned::into_object))
    }

    /// A content model as nested tuples.
    fn model(&self, parts: &[Part], number: usize) -> PyResult {
        let th = self.th;
        th.check_stack(" in conv_content_model")?;
        let part = &parts[number];
        let mut children = Vec::new();
        let mut child = part.first_child;
        for _ in 0..part.children {
            children.push(self.model(parts, child)?);
            child = parts[child].next;
        }
        let name = match part.kind {
            ModelKind::Name => self.optional(part.name.as_deref())?,
            _ => none().to_owned(),
        };
        let children = Tuple::from_vec(th, children)?.into_object();
        let quantifier = int(th, part.quantifier as i64)?;
        let model = vec![int(th, part.kind as i64)?, quantifier, name, children];
        Tuple::from_vec(th, model).map(Owned::into_object)
    }

    fn ids(&self, entity: EntityIds<'_>) -> PyResult<[Owned; 3]> {
        Ok([
            self.optional_name(entity.base)?,
            self.optional_name(entity.system_id)?,
            self.optional_name(entity.public_id)?,
        ])
    }

    /// The arguments of the handler for an event.
    fn args(&self, event: Event<'_>) -> PyResult<Vec<Owned>> {
        let th = self.th;
        Ok(match event {
            Event::StartElement { name, attributes } => {
                vec![self.name(name)?, self.attributes(attributes)?]
            }
            Event::EndElement { name } => vec![self.name(name)?],
            Event::ProcessingInstruction { target, data } => {
                vec![self.name(target)?, string(th, data)?]
            }
            Event::CharacterData(text) | Event::Default(text) | Event::Comment(text) => {
                vec![string(th, text)?]
            }
            Event::UnparsedEntityDecl { entity, notation } => {
                let [base, system, public] = self.ids(entity)?;
                vec![self.name(entity.name)?, base, system, public, self.name(notation)?]
            }
            Event::NotationDecl { entity } => {
                let [base, system, public] = self.ids(entity)?;
                vec![self.name(entity.name)?, base, system, public]
            }
            Event::StartNamespaceDecl { prefix, uri } => {
                vec![self.optional_name(prefix)?, self.optional_name(uri)?]
            }
            Event::EndNamespaceDecl { prefix } => vec![self.optional_name(prefix)?],
            Event::StartCdataSection | Event::EndCdataSection | Event::EndDoctypeDecl => vec![],
            Event::StartDoctypeDecl { name, system_id, public_id, internal_subset } => vec![
                self.name(name)?,
                self.optional_name(system_id)?,
                self.optional_name(public_id)?,
                int(th, internal_subset.into())?,
            ],
            Event::EntityDecl { entity, is_parameter, value, notation } => {
                let [base, system, public] = self.ids(entity)?;
                let (name, value) = (self.name(entity.name)?, self.optional(value)?);
                let notation = self.optional_name(notation)?;
                vec![name, int(th, is_parameter.into())?, value, base, system, public, notation]
            }
            Event::XmlDecl { version, encoding, standalone } => {
                let (version, encoding) = (self.optional(version)?, self.optional(encoding)?);
                vec![version, encoding, int(th, standalone.into())?]
            }
            Event::ElementDecl { name, model } => vec![self.name(name)?, self.model(model, 0)?],
            Event::AttlistDecl { element, attribute, kind, default, required } => vec![
                self.name(element)?,
                self.name(attribute)?,
                string(th, kind)?,
                self.optional(default)?,
                int(th, required.into())?,
            ],
            Event::SkippedEntity { name, is_parameter } => {
                vec![self.name(name)?, int(th, is_parameter.into())?]
            }
        })
    }

    /// Which handler an event is for.
    fn kind(&self, event: Event<'_>) -> Kind {
        match event {
            Event::StartElement { .. } => Kind::StartElement,
            Event::EndElement { .. } => Kind::EndElement,
            Event::ProcessingInstruction { .. } => Kind::ProcessingInstruction,
            Event::CharacterData(_) => Kind::CharacterData,
            Event::UnparsedEntityDecl { .. } => Kind::UnparsedEntityDecl,
            Event::NotationDecl { .. } => Kind::NotationDecl,
            Event::StartNamespaceDecl { .. } => Kind::StartNamespaceDecl,
            Event::EndNamespaceDecl { .. } => Kind::EndNamespaceDecl,
            Event::Comment(_) => Kind::Comment,
            Event::StartCdataSection => Kind::StartCdataSection,
            Event::EndCdataSection => Kind::EndCdataSection,
            Event::Default(_) => self.parser.wanted.default().unwrap_or(Kind::Default),
            Event::StartDoctypeDecl { .. } => Kind::StartDoctypeDecl,
            Event::EndDoctypeDecl => Kind::EndDoctypeDecl,
            Event::EntityDecl { .. } => Kind::EntityDecl,
            Event::XmlDecl { .. } => Kind::XmlDecl,
            Event::ElementDecl { .. } => Kind::ElementDecl,
            Event::AttlistDecl { .. } => Kind::AttlistDecl,
            Event::SkippedEntity { .. } => Kind::SkippedEntity,
        }
    }

    /// Whether a handler that answers a number answered another than 0. One that is no number raises.
    fn answer(&self, result: Option<Owned>) -> PyResult<Option<bool>> {
        let Some(result) = result else { return Ok(None) };
        Ok(Some(!number::index(self.th, result.borrow())?.view().is_zero()))
    }
}

impl Sink for Teller<'_> {
    fn wants(&self, kind: Kind) -> bool {
        self.parser.wanted.has(kind)
    }

    fn wants_default(&self) -> bool {
        self.parser.wanted.default().is_some()
    }

    fn expands_entities(&self) -> bool {
        self.parser.wanted.expands_entities()
    }

    fn is_stopped(&self) -> bool {
        self.stopped
    }

    fn event(&mut self, core: &Parser, event: Event<'_>) {
        self.attempt(core, |teller| match event {
            Event::CharacterData(text) => teller.characters(text).map(Some),
            _ => {
                let kind = teller.kind(event);
                teller.call(kind, |teller| teller.args(event))?;
                Ok(Some(()))
            }
        });
    }

    fn external_entity(&mut self, core: &Parser, entity: ExternalEntity<'_>) -> bool {
        let answer = self.attempt(core, |teller| {
            let result = teller.call(Kind::ExternalEntityRef, |teller| {
                Ok(vec![
                    teller.optional(entity.context)?,
                    teller.optional_name(entity.base)?,
                    teller.optional_name(entity.system_id)?,
                    teller.optional_name(entity.public_id)?,
                ])
            })?;
            teller.answer(result)
        });
        answer.unwrap_or(false)
    }

    fn not_standalone(&mut self, core: &Parser) -> bool {
        let answer = self.attempt(core, |teller| {
            let result = teller.call(Kind::NotStandalone, |_| Ok(vec![]))?;
            teller.answer(result)
        });
        answer.unwrap_or(false)
    }

    fn unknown_encoding(&mut self, core: &Parser, name: &str) -> Option<Box<[u16; 256]>> {
        self.attempt(core, |teller| encoding_table(teller.th, name).map(Some))
    }
}

/// The characters of an encoding that has one for each byte.
pub fn encoding_table(th: &Thread, name: &str) -> PyResult<Box<[u16; 256]>> {
    let bytes: Vec<u8> = (0..=255).collect();
    let text = codecs::decode(th, &bytes, Some(name), Some("replace"))?;
    if text.len() != 256 {
        return Err(th.raise(exc::VALUE_ERROR, "multi-byte encodings are not supported"));
    }
    let mut table = Box::new([0xffff; 256]);
    for (slot, point) in table.iter_mut().zip(text.chars().iter()) {
        *slot = u16::try_from(point).ok().filter(|&point| point != 0xfffd).unwrap_or(0xffff);
    }
    Ok(table)
}

/// The current exception, with an entry in its traceback for the function that called the handler.
#[cold]
fn traced(th: &Thread, kind: Kind) -> Raised {
    let exception = th.take_exception();
    let made = (|| {
        let (file, name) = (Str::new(th, FILE)?, Str::from_fmt(th, format_args!("{kind:?}"))?);
        let code = code::empty(th, file, name, line!() as i32)?;
        frame::object::detached(th, code.borrow(), Dict::new(th)?.borrow(), None)
    })();
    let Some(exception) = exception else { return th.raised_by_c() };
    let raised = th.set_exception(exception.into_object());
    if let Ok(frame) = made {
        // Without memory for the entry the exception goes on as it is.
        let _added = traceback::add_object(th, frame.borrow());
    }
    raised
}
