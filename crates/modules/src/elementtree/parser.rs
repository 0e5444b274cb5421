//! `XMLParser`: tells a target what a document is made of. A plain `TreeBuilder` is told without the way through Python.
//!
//! An exception ends what is told, not the parse: it is raised when the piece of the document is at its end.

mod teller;

use std::cell::{Cell, RefCell};

use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::protocol::sequence;
use krait_xml::{Code, Kind, Parser, Settings};

use super::builder::{REPORTS, Report, TreeBuilder};
use super::{filled, state};
use crate::expat;
use teller::Teller;

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
