//! What a parse of the parser has to tell its target, through Python or straight to a `TreeBuilder`.

use krait_objects::prelude::*;
use krait_xml::{Code, Event, ExternalEntity, Kind, Parser, Sink};

use super::{XmlParser, raise_at};
use crate::elementtree::builder::{Report, TreeBuilder};
use crate::elementtree::filled;
use crate::expat;

/// As many characters of an entity's name are shown.
const SHOWN: usize = 100;

fn string(th: &Thread, text: &str) -> PyResult {
    Str::new(th, text).map(Owned::into_object)
}

fn optional(th: &Thread, text: Option<&str>) -> PyResult {
    text.map_or_else(|| Ok(none().to_owned()), |text| string(th, text))
}

/// Tells the target of a parser during one call of it.
pub(super) struct Teller<'a> {
    pub(super) th: &'a Thread,
    pub(super) parser: &'a XmlParser,
    /// The target, if it is a plain `TreeBuilder`.
    pub(super) builder: Option<Owned<TreeBuilder>>,
    pub(super) raised: Option<Raised>,
}

impl Teller<'_> {
    /// A name as `{namespace}name`: the same object each time.
    fn name(&self, text: &str) -> PyResult {
        let th = self.th;
        let names = filled(th, &self.parser.names)?;
        let key = Str::new(th, text)?;
        if let Some(known) = names.get_str(th, key.borrow())? {
            return Ok(known);
        }
        let name = match text.contains('}') {
            true => Str::from_fmt(th, format_args!("{{{text}"))?,
            false => key.clone(),
        };
        names.set(th, key.object(), name.object())?;
        Ok(name.into_object())
    }

    fn call(&self, handler: &Slot, args: &[Borrowed<'_>]) -> PyResult<()> {
        match handler.get_owned() {
            Some(handler) => call::call(self.th, handler.borrow(), args).map(drop),
            None => Ok(()),
        }
    }

    fn start(&self, name: &str, attributes: krait_xml::Attributes<'_>) -> PyResult<()> {
        let th = self.th;
        let tag = self.name(name)?;
        let mut attrib = None;
        for (name, value) in attributes.iter() {
            let dict = match attrib.take() {
                Some(dict) => dict,
                None => Dict::new(th)?,
            };
            dict.set_owned(th, self.name(name)?, string(th, value)?)?;
            attrib = Some(dict);
        }
        if let Some(builder) = &self.builder {
            return builder.add_start(th, tag, attrib).map(drop);
        }
        if self.parser.start.get().is_none() {
            return Ok(());
        }
        let attrib = attrib.map_or_else(|| Dict::new(th), Ok)?;
        self.call(&self.parser.start, &[tag.borrow(), attrib.object()])
    }

    fn data(&self, data: Owned) -> PyResult<()> {
        match &self.builder {
            Some(builder) => {
                builder.add_data(data);
                Ok(())
            }
            None => self.call(&self.parser.data, &[data.borrow()]),
        }
    }

    /// Other text: of interest are entities that the document does not declare.
    fn other(&self, core: &Parser, text: &str) -> PyResult<()> {
        let th = self.th;
        let Some(name) = text.strip_prefix('&').and_then(|text| text.strip_suffix(';')) else {
            return Ok(());
        };
        let entities = self.parser.entity.get_owned().and_then(|dict| dict.downcast::<Dict>().ok());
        let entities = entities.ok_or_else(|| th.bad_internal_call())?;
        if let Some(value) = entities.get_str(th, Str::new(th, name)?.borrow())? {
            return self.data(value);
        }
        let shown = &text[..text.floor_char_boundary(SHOWN)];
        Err(raise_at(th, core, Code::UndefinedEntity, &format!("undefined entity {shown}")))
    }

    fn start_namespace(&self, prefix: Option<&str>, uri: Option<&str>) -> PyResult<()> {
        let th = self.th;
        let wanted = match &self.builder {
            Some(builder) => builder.has_event(Report::StartNamespace),
            None => self.parser.start_ns.get().is_some(),
        };
        if !wanted {
            return Ok(());
        }
        let pair = [string(th, prefix.unwrap_or(""))?, string(th, uri.unwrap_or(""))?];
        match &self.builder {
            Some(builder) => {
                let pair = Tuple::pack(th, pair)?.into_object();
                builder.report(th, Report::StartNamespace, pair)
            }
            None => self.call(&self.parser.start_ns, &pair.each_ref().map(|text| text.borrow())),
        }
    }

    fn end_namespace(&self, prefix: Option<&str>) -> PyResult<()> {
        match &self.builder {
            Some(builder) => builder.report(self.th, Report::EndNamespace, none().to_owned()),
            None => {
                let prefix = string(self.th, prefix.unwrap_or(""))?;
                self.call(&self.parser.end_ns, &[prefix.borrow()])
            }
        }
    }

    fn doctype(&self, name: &str, system: Option<&str>, public: Option<&str>) -> PyResult<()> {
        let th = self.th;
        if self.parser.doctype.get().is_some() {
            let (name, public) = (self.name(name)?, optional(th, public)?);
            let system = optional(th, system)?;
            let args = [name.borrow(), public.borrow(), system.borrow()];
            return self.call(&self.parser.doctype, &args);
        }
        let this = Borrowed::from_ref(self.parser).object();
        let method = Str::interned(th, "doctype")?;
        if object::get_attr_opt(th, this, method.borrow())?.is_none() {
            return Ok(());
        }
        let message = "The doctype() method of XMLParser is ignored.  \
                       Define doctype() method on the TreeBuilder target.";
        let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
        krait_eval::warnings::warn(th, category, Str::new(th, message)?.borrow(), 1)
    }

    fn tell(&self, core: &Parser, event: Event<'_>) -> PyResult<()> {
        let (th, parser) = (self.th, self.parser);
        match event {
            Event::StartElement { name, attributes } => self.start(name, attributes),
            Event::EndElement { name } => match &self.builder {
                Some(builder) => builder.add_end(th).map(drop),
                None if parser.end.get().is_none() => Ok(()),
                None => self.call(&parser.end, &[self.name(name)?.borrow()]),
            },
            Event::CharacterData(text) => self.data(string(th, text)?),
            Event::Default(text) => self.other(core, text),
            Event::StartNamespaceDecl { prefix, uri } => self.start_namespace(prefix, uri),
            Event::EndNamespaceDecl { prefix } => self.end_namespace(prefix),
            Event::Comment(text) => {
                let text = string(th, text)?;
                match &self.builder {
                    Some(builder) => builder.add_comment(th, text.borrow()).map(drop),
                    None => self.call(&parser.comment, &[text.borrow()]),
                }
            }
            Event::ProcessingInstruction { target, data } => {
                let (target, data) = (string(th, target)?, string(th, data)?);
                match &self.builder {
                    Some(builder) => builder.add_pi(th, target.borrow(), data.borrow()).map(drop),
                    None => self.call(&parser.pi, &[target.borrow(), data.borrow()]),
                }
            }
            Event::StartDoctypeDecl { name, system_id, public_id, .. } => {
                self.doctype(name, system_id, public_id)
            }
            _ => Ok(()),
        }
    }
}

impl Sink for Teller<'_> {
    fn wants(&self, kind: Kind) -> bool {
        self.parser.wanted.get() >> kind as u32 & 1 != 0
    }

    fn wants_default(&self) -> bool {
        true
    }

    fn expands_entities(&self) -> bool {
        true
    }

    fn is_stopped(&self) -> bool {
        false
    }

    fn event(&mut self, core: &Parser, event: Event<'_>) {
        if self.raised.is_none() {
            self.raised = self.tell(core, event).err();
        }
    }

    fn external_entity(&mut self, _core: &Parser, _entity: ExternalEntity<'_>) -> bool {
        true
    }

    fn not_standalone(&mut self, _core: &Parser) -> bool {
        true
    }

    fn unknown_encoding(&mut self, _core: &Parser, name: &str) -> Option<Box<[u16; 256]>> {
        if self.raised.is_some() {
            return None;
        }
        let table = expat::encoding_table(self.th, name);
        table.map_err(|raised| self.raised = Some(raised)).ok()
    }
}
