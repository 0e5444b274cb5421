//! `XMLParser`: tells a target what a document is made of. A plain `TreeBuilder` is told without the way through Python.
//!
//! An exception ends what is told, not the parse: it is raised when the piece of the document is at its end.

use std::cell::{Cell, RefCell};

use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::protocol::sequence;
use krait_xml::{Code, Event, ExternalEntity, Kind, Parser, Settings, Sink};

use super::builder::{REPORTS, Report, TreeBuilder};
use super::{filled, state};
use crate::expat;

/// As many characters of an entity's name are shown.
const SHOWN: usize = 100;
/// As much is read at once.
const READ: usize = 64 * 1024;
/// As many bytes are parsed at once.
const CHUNK: usize = 1 << 20;

/// Parses XML documents.
#[pytype(name = "xml.etree.ElementTree.XMLParser", flags(BASETYPE, HAVE_GC, IMMUTABLETYPE))]
#[repr(C)]
pub struct XmlParser {
    head: Head,
    core: RefCell<Option<Box<Parser>>>,
    #[visit]
    #[member(readonly)]
    target: Slot,
    #[visit]
    #[member(readonly)]
    entity: Slot,
    /// Names that were met, as elements have them.
    #[visit]
    names: Slot<Dict>,
    #[visit]
    start: Slot,
    #[visit]
    data: Slot,
    #[visit]
    end: Slot,
    #[visit]
    comment: Slot,
    #[visit]
    pi: Slot,
    #[visit]
    close: Slot,
    #[visit]
    doctype: Slot,
    #[visit]
    start_ns: Slot,
    #[visit]
    end_ns: Slot,
    /// What the parser has to tell of: a bit for each kind.
    wanted: Cell<u32>,
}

fn string(th: &Thread, text: &str) -> PyResult {
    Str::new(th, text).map(Owned::into_object)
}

fn optional(th: &Thread, text: Option<&str>) -> PyResult {
    text.map_or_else(|| Ok(none().to_owned()), |text| string(th, text))
}

/// Raises `ParseError` with a code, at a position.
fn raise_at(th: &Thread, core: &Parser, code: Code, message: &str) -> Raised {
    let (line, column) = core.position();
    let made = (|| {
        let text = Str::from_fmt(th, format_args!("{message}: line {line}, column {column}"))?;
        let class = filled(th, &state(th).parse_error)?;
        let error = call::call(th, class.object(), &[text.object()])?;
        let number = Int::from_usize(th, code as usize)?;
        object::set_attr(th, error.borrow(), Str::interned(th, "code")?.borrow(), number.object())?;
        let (line, column) = (Int::from_usize(th, line)?, Int::from_usize(th, column)?);
        let position = Tuple::pack(th, [line.into_object(), column.into_object()])?;
        let name = Str::interned(th, "position")?;
        object::set_attr(th, error.borrow(), name.borrow(), position.object())?;
        Ok(error)
    })();
    made.map_or_else(|raised| raised, |error| th.set_exception(error))
}

/// Tells the target of a parser during one call of it.
struct Teller<'a> {
    th: &'a Thread,
    parser: &'a XmlParser,
    /// The target, if it is a plain `TreeBuilder`.
    builder: Option<Owned<TreeBuilder>>,
    raised: Option<Raised>,
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

impl XmlParser {
    /// Tells of more kinds of events.
    fn want(&self, kinds: &[Kind]) {
        let bits = kinds.iter().fold(0, |bits, &kind| bits | 1 << kind as u32);
        self.wanted.set(self.wanted.get() | bits);
    }

    fn check_initialized(&self, th: &Thread) -> PyResult<()> {
        if self.target.get().is_some() {
            return Ok(());
        }
        Err(th.raise(exc::VALUE_ERROR, "XMLParser.__init__() wasn't called"))
    }

    fn plain_builder(&self) -> Option<Owned<TreeBuilder>> {
        let target = self.target.get_owned()?;
        if target.is_exact::<TreeBuilder>() { target.downcast().ok() } else { None }
    }

    /// Something with the parser itself.
    fn with_core<T>(&self, th: &Thread, body: impl FnOnce(&mut Parser) -> T) -> PyResult<T> {
        match self.core.try_borrow_mut() {
            Ok(mut core) => match core.as_mut() {
                Some(core) => Ok(body(core)),
                None => Err(th.bad_internal_call()),
            },
            Err(_) => {
                Err(th.raise(exc::RUNTIME_ERROR, "a target cannot parse with its own parser"))
            }
        }
    }

    fn parse(&self, th: &Thread, data: &[u8], is_final: bool) -> PyResult<()> {
        let mut rest = data;
        while rest.len() > CHUNK {
            let (piece, tail) = rest.split_at(CHUNK);
            self.parse_piece(th, piece, false)?;
            rest = tail;
        }
        self.parse_piece(th, rest, is_final)
    }

    fn parse_piece(&self, th: &Thread, data: &[u8], is_final: bool) -> PyResult<()> {
        let builder = self.plain_builder();
        let mut teller = Teller { th, parser: self, builder, raised: None };
        self.with_core(th, |core| {
            let result = core.parse(&mut teller, data, data.len(), is_final);
            match (teller.raised, result) {
                (Some(raised), _) => Err(raised),
                (None, Err(code)) => Err(raise_at(th, core, code, code.message())),
                (None, Ok(())) => Ok(()),
            }
        })?
    }

    /// The end of the document: what was built.
    fn finish(&self, th: &Thread) -> PyResult<Option<Owned>> {
        self.parse(th, b"", true)?;
        Ok(self.plain_builder().map(|builder| builder.result()))
    }
}

#[pymethods]
impl XmlParser {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<XmlParser>> {
        cls.alloc::<XmlParser>(th, 0)
    }

    #[init(sig = "(*, target=None, encoding=None)")]
    fn init(
        &self,
        th: &Thread,
        target: Option<Borrowed<'_>>,
        encoding: Option<&str>,
    ) -> PyResult<()> {
        self.entity.set(Some(Dict::new(th)?.into_object()));
        self.names.set(Some(Dict::new(th)?));
        let core = Parser::new(Settings { encoding, separator: Some(b'}') });
        let Ok(mut place) = self.core.try_borrow_mut() else { return Err(th.bad_internal_call()) };
        *place = Some(Box::new(core));
        drop(place);
        self.wanted.set(0);
        self.want(&[Kind::StartElement, Kind::EndElement, Kind::CharacterData]);
        self.want(&[Kind::DefaultExpand, Kind::StartDoctypeDecl]);
        let Some(target) = target else {
            let builder = TreeBuilder::make(th)?;
            call::call_method(th, builder.object(), id::__init__, &[])?;
            drop(self.target.replace(Some(builder.into_object())));
            self.want(&[Kind::Comment, Kind::ProcessingInstruction]);
            return Ok(());
        };
        drop(self.target.replace(Some(target.to_owned())));
        let handlers = [
            (&self.start_ns, "start_ns"),
            (&self.end_ns, "end_ns"),
            (&self.start, "start"),
            (&self.data, "data"),
            (&self.end, "end"),
            (&self.comment, "comment"),
            (&self.pi, "pi"),
            (&self.close, "close"),
            (&self.doctype, "doctype"),
        ];
        for (slot, name) in handlers {
            let found = object::get_attr_opt(th, target, Str::interned(th, name)?.borrow())?;
            drop(slot.replace(found));
        }
        if self.start_ns.get().is_some() || self.end_ns.get().is_some() {
            self.want(&[Kind::StartNamespaceDecl, Kind::EndNamespaceDecl]);
        }
        if self.comment.get().is_some() {
            self.want(&[Kind::Comment]);
        }
        if self.pi.get().is_some() {
            self.want(&[Kind::ProcessingInstruction]);
        }
        Ok(())
    }

    #[getter(name = "version")]
    fn version(&self) -> String {
        let (major, minor, micro) = expat::VERSION;
        format!("Expat {major}.{minor}.{micro}")
    }

    /// Parse a piece of a document.
    #[method(sig = "(self, data, /)")]
    fn feed(&self, th: &Thread, data: Borrowed<'_>) -> PyResult<()> {
        self.check_initialized(th)?;
        if let Some(text) = data.downcast::<Str>() {
            let text = text.get().as_utf8(th)?;
            self.with_core(th, |core| core.set_encoding("utf-8"))?;
            return self.parse(th, text.as_bytes(), false);
        }
        let view = Buffer::simple(th, data)?;
        self.parse(th, view.as_bytes(), false)
    }

    /// Parse what was put off because it was not complete.
    #[method(sig = "(self, /)")]
    fn flush(&self, th: &Thread) -> PyResult<()> {
        self.check_initialized(th)?;
        let deferred = self.with_core(th, |core| {
            let before = core.reparse_deferral();
            core.set_reparse_deferral(false);
            before
        })?;
        let result = self.parse(th, b"", false);
        self.with_core(th, |core| core.set_reparse_deferral(deferred))?;
        result
    }

    /// End the document, and return what the target makes of it.
    #[method(sig = "(self, /)")]
    fn close(&self, th: &Thread) -> PyResult {
        self.check_initialized(th)?;
        if let Some(tree) = self.finish(th)? {
            return Ok(tree);
        }
        match self.close.get_owned() {
            Some(close) => call::call(th, close.borrow(), &[]),
            None => Ok(none().to_owned()),
        }
    }

    /// Parse all of a file.
    #[method(sig = "(self, file, /)")]
    fn _parse_whole(&self, th: &Thread, file: Borrowed<'_>) -> PyResult {
        self.check_initialized(th)?;
        let read = object::get_attr(th, file, Str::interned(th, "read")?.borrow())?;
        let size = Int::from_usize(th, READ)?;
        loop {
            let piece = call::call(th, read.borrow(), &[size.object()])?;
            let piece = match piece.borrow().downcast_exact::<Str>() {
                Some(text) if text.is_empty() => break,
                Some(text) => {
                    self.with_core(th, |core| core.set_encoding("utf-8"))?;
                    codecs::encode(th, text, Some("utf-8"), Some("surrogatepass"))?
                }
                None => match piece.downcast::<Bytes>() {
                    Ok(bytes) if !bytes.as_bytes().is_empty() => bytes,
                    _ => break,
                },
            };
            self.parse(th, piece.as_bytes(), false)?;
        }
        Ok(self.finish(th)?.unwrap_or_else(|| none().to_owned()))
    }

    #[method(sig = "(self, events_queue, events_to_report=None, /)")]
    fn _setevents(
        &self,
        th: &Thread,
        events_queue: Borrowed<'_>,
        events_to_report: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        self.check_initialized(th)?;
        let Some(builder) = self.plain_builder() else {
            let message = "event handling only supported for ElementTree.TreeBuilder targets";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        let append = object::get_attr(th, events_queue, Str::interned(th, "append")?.borrow())?;
        builder.set_events(append);
        let Some(events) = events_to_report else {
            builder.set_event(Report::End, Str::interned(th, REPORTS[1])?.into_object());
            return Ok(());
        };
        let events = sequence::fast(th, events, "events must be a sequence")?;
        for name in iter::collect(th, events.borrow())? {
            let known = match (name.borrow().downcast::<Str>(), name.borrow().downcast::<Bytes>()) {
                (Some(text), _) => text.to_string_lossy(),
                (_, Some(bytes)) => String::from_utf8_lossy(bytes.as_bytes()).into_owned(),
                _ => return Err(th.raise(exc::VALUE_ERROR, "invalid events sequence")),
            };
            let (report, kinds): (Report, &[Kind]) = match known.as_str() {
                "start" => (Report::Start, &[]),
                "end" => (Report::End, &[]),
                "start-ns" => (Report::StartNamespace, &[Kind::StartNamespaceDecl]),
                "end-ns" => (Report::EndNamespace, &[Kind::EndNamespaceDecl]),
                "comment" => (Report::Comment, &[Kind::Comment]),
                "pi" => (Report::Instruction, &[Kind::ProcessingInstruction]),
                _ => return Err(raise!(th, VALUE_ERROR, "unknown event '{known}'")),
            };
            builder.set_event(report, name);
            self.want(kinds);
        }
        Ok(())
    }
}
