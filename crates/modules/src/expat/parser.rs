//! `xmlparser`: the parser as an object, and parsing with it. (`settings` has what else is asked of it.)
//!
//! While a handler runs, the parser itself is in use: then the object answers from the reference that came with the
//! event (`running`), and settings that the parser itself would refuse are refused.
//!
//! Invariant for `unsafe`:
//! 1. `running` is null, or points to the parser that waits for a handler: `lend` sets it for as long as that reference
//!    is held, `take_back` sets it back.

mod settings;

use std::cell::{Cell, RefCell};

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};
use krait_xml::{Code, ParamEntityParsing, Parser, Settings};

use super::handlers::{Handlers, Wanted};
use super::raise_at;
use super::sink::Teller;

/// As many bytes are parsed at once.
const CHUNK: usize = 1 << 20;

/// As many bytes are read from a file at once.
const READ: usize = 2048;

/// An XML parser.
#[pytype(name = "pyexpat.xmlparser", flags(HAVE_GC, DISALLOW_INSTANTIATION, IMMUTABLETYPE))]
#[repr(C)]
pub struct XmlParser {
    head: Head,
    #[visit]
    pub handlers: Handlers,
    /// Names that were met, each by itself, so that the same name is the same object.
    #[visit]
    #[member(readonly)]
    intern: Slot,
    core: RefCell<Option<Box<Parser>>>,
    running: Cell<*const Parser>,
    pub wanted: Wanted,
    pub in_callback: Cell<bool>,
    pub ordered_attributes: Cell<bool>,
    pub specified_attributes: Cell<bool>,
    namespace_prefixes: Cell<bool>,
    /// Characters that are kept back, if they are. A new object is all zeros: none, because of the box.
    #[allow(clippy::box_collection)]
    text: RefCell<Option<Box<String>>>,
    pub buffer_size: Cell<usize>,
}

/// `ParserCreate`
pub fn create(
    th: &Thread,
    encoding: Option<Borrowed<'_>>,
    separator: Option<Borrowed<'_>>,
    intern: Option<Borrowed<'_>>,
) -> PyResult<Owned<XmlParser>> {
    let encoding = optional_text(th, encoding, "encoding")?;
    let separator = optional_text(th, separator, "namespace_separator")?;
    if separator.is_some_and(|text| text.len() > 1) {
        let message = "namespace_separator must be at most one character, omitted, or None";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    let intern = match intern {
        None => Some(Dict::new(th)?.into_object()),
        Some(given) if given.is(none()) => None,
        Some(given) if given.downcast::<Dict>().is_some() => Some(given.to_owned()),
        Some(_) => return Err(th.raise(exc::TYPE_ERROR, "intern must be a dictionary")),
    };
    let separator = separator.map(|text| text.bytes().next().unwrap_or(0));
    let parser = allocate(th, Parser::new(Settings { encoding, separator }))?;
    parser.intern.set(intern);
    parser.buffer_size.set(8192);
    Ok(parser)
}

fn allocate(th: &Thread, core: Parser) -> PyResult<Owned<XmlParser>> {
    let class = Borrowed::from_ref(XmlParser::type_object());
    let parser: Owned<XmlParser> = class.alloc(th, 0)?;
    parser.core.replace(Some(Box::new(core)));
    Ok(parser)
}

/// An argument of `ParserCreate` that may be None.
fn optional_text<'a>(
    th: &Thread,
    value: Option<Borrowed<'a>>,
    name: &str,
) -> PyResult<Option<&'a str>> {
    let Some(value) = value.filter(|value| !value.is(none())) else { return Ok(None) };
    let Some(text) = value.downcast::<Str>() else {
        let found = value.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "ParserCreate() argument '{name}' must be str or None, not {found}"
        ));
    };
    text_of(th, text).map(Some)
}

/// A string as C takes it.
fn text_of<'a>(th: &Thread, text: Borrowed<'a, Str>) -> PyResult<&'a str> {
    let text = text.get().as_utf8(th)?;
    match text.contains('\0') {
        true => Err(th.raise(exc::VALUE_ERROR, "embedded null character")),
        false => Ok(text),
    }
}

impl XmlParser {
    /// While a handler runs, it may ask the parser that waits for it.
    pub fn lend(&self, core: &Parser) -> *const Parser {
        self.running.replace(core)
    }

    pub fn take_back(&self, outer: *const Parser) {
        self.running.set(outer);
    }

    /// Asks the parser, whether it waits for a handler or not.
    fn ask<T>(&self, th: &Thread, question: impl FnOnce(&Parser) -> T) -> PyResult<T> {
        // SAFETY: (1).
        if let Some(running) = unsafe { self.running.get().as_ref() } {
            return Ok(question(running));
        }
        let core = self.core.borrow();
        match &*core {
            Some(core) => Ok(question(core)),
            None => Err(th.bad_internal_call()),
        }
    }

    /// Changes a setting, if the parser is not at work; says whether it is.
    fn change<T>(&self, change: impl FnOnce(&mut Parser) -> T) -> Option<T> {
        self.core.try_borrow_mut().ok()?.as_mut().map(|core| change(core))
    }

    pub fn is_buffering(&self) -> bool {
        self.text.borrow().is_some()
    }

    pub fn buffered(&self) -> usize {
        self.text.borrow().as_ref().map_or(0, |text| text.len())
    }

    pub fn keep_text(&self, more: &str) {
        if let Some(text) = &mut *self.text.borrow_mut() {
            text.push_str(more);
        }
    }

    /// The characters that were kept back, if there are any.
    pub fn take_text(&self) -> Option<String> {
        let mut text = self.text.borrow_mut();
        text.as_mut().filter(|text| !text.is_empty()).map(|text| std::mem::take(&mut **text))
    }

    /// Calls the handler with the characters that were kept back, outside of a parse.
    pub fn flush(&self, th: &Thread) -> PyResult<()> {
        Teller::new(th, self).flush()
    }

    /// A name, the same object each time.
    pub fn interned(&self, th: &Thread, text: &str) -> PyResult {
        let name = Str::new(th, text)?.into_object();
        match self.intern.get_owned().and_then(|intern| intern.downcast::<Dict>().ok()) {
            Some(intern) => intern.set_default(th, name.borrow(), name.borrow()),
            None => Ok(name),
        }
    }

    /// Parses a piece; `Err` if a handler raised or the document is wrong.
    fn feed(&self, th: &Thread, data: &[u8], room: usize, is_final: bool) -> PyResult<()> {
        let Ok(mut core) = self.core.try_borrow_mut() else {
            return Err(th.raise(exc::RUNTIME_ERROR, "a handler cannot parse with its own parser"));
        };
        let Some(core) = core.as_mut() else { return Err(th.bad_internal_call()) };
        let mut teller = Teller::new(th, self);
        let result = core.parse(&mut teller, data, room, is_final);
        match (teller.raised, result) {
            (Some(raised), _) => Err(raised),
            (None, Err(code)) => Err(raise_at(th, core, code, None)),
            (None, Ok(())) => Ok(()),
        }
    }
}

#[pymethods(parts(handlers, settings))]
impl XmlParser {
    /// Parse a piece of a document.
    ///
    /// isfinal says that it is the last.
    #[method(sig = "(self, data, isfinal=False, /)")]
    fn Parse(&self, th: &Thread, data: Borrowed<'_>, isfinal: bool) -> PyResult<i64> {
        let view;
        let mut rest = if let Some(text) = data.downcast::<Str>() {
            let text = text.get().as_utf8(th)?;
            self.change(|core| core.set_encoding("utf-8"));
            text.as_bytes()
        } else {
            view = Buffer::simple(th, data)?;
            view.as_bytes()
        };
        while rest.len() > CHUNK {
            let (piece, tail) = rest.split_at(CHUNK);
            self.feed(th, piece, CHUNK, false)?;
            rest = tail;
        }
        self.feed(th, rest, rest.len(), isfinal)?;
        self.flush(th)?;
        Ok(1)
    }

    /// Parse a document from a file-like object.
    #[method(sig = "(self, file, /)")]
    fn ParseFile(&self, th: &Thread, file: Borrowed<'_>) -> PyResult<i64> {
        let name = Str::interned(th, "read")?;
        let Some(read) = object::get_attr_opt(th, file, name.borrow())? else {
            return Err(th.raise(exc::TYPE_ERROR, "argument must have 'read' attribute"));
        };
        let size = Int::from_usize(th, READ)?;
        loop {
            let data = call::call(th, read.borrow(), &[size.object()])?;
            if !buffer::check(data.borrow()) {
                let found = data.type_name();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "read() did not return a bytes object (type={found})"
                ));
            }
            let view = Buffer::simple(th, data.borrow())?;
            let bytes = view.as_bytes();
            if bytes.len() > READ {
                let len = bytes.len();
                return Err(raise!(
                    th,
                    VALUE_ERROR,
                    "read() returned too much data: {READ} bytes requested, {len} returned"
                ));
            }
            self.feed(th, bytes, READ, bytes.is_empty())?;
            if bytes.is_empty() {
                break;
            }
        }
        self.flush(th)?;
        Ok(1)
    }

    /// Set what relative system identifiers are relative to.
    #[method(sig = "(self, base, /)")]
    fn SetBase(&self, th: &Thread, base: Borrowed<'_, Str>) -> PyResult<()> {
        let base = text_of(th, base)?;
        self.ask(th, |core| core.set_base(Some(base)))
    }

    /// Return what relative system identifiers are relative to.
    #[method(sig = "(self, /)")]
    fn GetBase(&self, th: &Thread) -> PyResult<Option<String>> {
        self.ask(th, |core| core.base().map(|base| base.to_string()))
    }

    /// Return the input from the current event on, while a handler runs; else None.
    #[method(sig = "(self, /)")]
    fn GetInputContext(&self, th: &Thread) -> PyResult<Option<Owned<Bytes>>> {
        if !self.in_callback.get() {
            return Ok(None);
        }
        self.ask(th, |core| Bytes::new(th, core.context()))?.map(Some)
    }

    /// Return a parser for an external entity that a handler was told of.
    #[method(sig = "(self, context, encoding=<unrepresentable>, /)")]
    fn ExternalEntityParserCreate(
        &self,
        th: &Thread,
        context: Borrowed<'_>,
        encoding: Option<Borrowed<'_, Str>>,
    ) -> PyResult<Owned<XmlParser>> {
        let context = match context.downcast::<Str>() {
            Some(context) => Some(text_of(th, context)?),
            None if context.is(none()) => None,
            None => {
                let found = context.type_name();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "ExternalEntityParserCreate() argument 1 must be str or None, not {found}"
                ));
            }
        };
        let encoding = encoding.map(|encoding| text_of(th, encoding)).transpose()?;
        let mut teller = Teller::new(th, self);
        let Some(core) = self.ask(th, |core| core.external(&mut teller, context, encoding))? else {
            return Err(th.no_memory());
        };
        let parser = allocate(th, core)?;
        parser.intern.set(self.intern.get_owned());
        parser.buffer_size.set(self.buffer_size.get());
        parser.text.replace(self.is_buffering().then(Box::default));
        parser.ordered_attributes.set(self.ordered_attributes.get());
        parser.specified_attributes.set(self.specified_attributes.get());
        parser.namespace_prefixes.set(self.namespace_prefixes.get());
        parser.copy_handlers(self);
        Ok(parser)
    }

    /// Choose when external parameter entities are read; say whether it could be.
    #[method(sig = "(self, flag, /)")]
    fn SetParamEntityParsing(&self, flag: i32) -> i32 {
        let parsing = match flag {
            0 => ParamEntityParsing::Never,
            1 => ParamEntityParsing::UnlessStandalone,
            _ => ParamEntityParsing::Always,
        };
        i32::from(self.change(|core| core.set_parameter_parsing(parsing)).unwrap_or(false))
    }

    /// Let a handler give an external subset to documents without one.
    #[method(sig = "(self, flag=True, /)")]
    fn UseForeignDTD(&self, th: &Thread, flag: bool) -> PyResult<()> {
        match self.change(|core| core.set_foreign_dtd(flag)).unwrap_or(Err(Code::CannotChange)) {
            Ok(()) => Ok(()),
            Err(code) => self.ask(th, |core| Err(raise_at(th, core, code, None)))?,
        }
    }
}
