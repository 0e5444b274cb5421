//! The parser: what it was fed, where it is, and which part of a document it expects.

mod attributes;
mod content;
mod declaration;
mod encoding;
mod entity;
mod external;
mod namespace;
mod prolog;
mod settings;
mod value;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::dtd::Dtd;
use crate::error::Code;
use crate::event::{Event, Kind, Sink};
use crate::input::{Input, Position};
use crate::limits::{Account, Limits};
use crate::role::Grammar;
use crate::scan::{Scan, Token};

use attributes::StartTag;
use entity::OpenEntity;
use namespace::Namespaces;
use prolog::Declared;

pub(crate) type Outcome<T = ()> = Result<T, Code>;

/// When external parameter entities, the external subset among them, are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ParamEntityParsing {
    Never,
    UnlessStandalone,
    Always,
}

/// What is said before the parse begins.
#[derive(Default)]
pub struct Settings<'a> {
    /// The encoding, whatever the document says.
    pub encoding: Option<&'a str>,
    /// Names are expanded to their namespace's URI, this byte (unless it is 0) and the local name.
    pub separator: Option<u8>,
}

/// Which part of the input comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was read: the encoding is to be found out.
    PrologStart,
    Prolog,
    Content,
    Cdata,
    IgnoredSection,
    Epilog,
    /// Internal entities are open.
    Entity,
    /// A general entity: its start, its text declaration, its content.
    GeneralStart,
    GeneralDecl,
    GeneralContent,
    /// A parameter entity between declarations, or in an entity's value.
    ParameterStart,
    Parameter,
    ValueStart,
    Value,
    Failed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    New,
    Parsing,
    Finished,
}

/// A text that is being parsed.
#[derive(Clone)]
enum Source {
    Main,
    Entity(Rc<[u8]>),
}

/// What a run over a text needs to know.
struct Run {
    source: Source,
    /// How many elements are open at its start.
    level: usize,
    /// It may go on behind its end.
    more: bool,
    account: Account,
}

/// The size of the buffer that expat would have, which tells when a token that is not complete is looked at again.
#[derive(Default)]
struct Buffer {
    size: usize,
    start: usize,
    end: usize,
    /// How much of it a token that was not complete had.
    partial: usize,
}

/// How much is kept before the current position for error messages.
const CONTEXT: usize = 1024;

impl Buffer {
    /// Makes room; answers by how much the buffer grew.
    fn reserve(&mut self, len: usize) -> usize {
        let old = self.size;
        if old != 0 && len <= self.size - self.end {
            return 0;
        }
        let keep = self.start.min(CONTEXT);
        let needed = len + (self.end - self.start) + keep;
        if needed > self.size {
            self.size = self.size.max(1024);
            while self.size < needed || self.size == 1024 {
                self.size *= 2;
            }
        }
        self.end -= self.start - keep;
        self.start = keep;
        self.size - old
    }
}

/// An XML parser.
pub struct Parser {
    input: Input,
    /// The offset that is to be parsed next.
    at: usize,
    /// The offset of what is or was told of last.
    event: Cell<Option<usize>>,
    /// Line and column of the offset `counted`.
    position: Cell<Position>,
    counted: Cell<usize>,
    buffer: Buffer,
    stage: Stage,
    status: Status,
    error: Option<Code>,
    /// The stage changed, or an entity is to be expanded first.
    again: bool,

    given_encoding: Option<String>,
    /// Names have prefixes; what stands between the parts of an expanded one.
    separator: Option<u8>,
    namespaces: Namespaces,
    triplets: bool,
    parameter_parsing: ParamEntityParsing,
    foreign_dtd: bool,
    base: RefCell<Option<Rc<str>>>,
    reparse_deferral: Cell<bool>,
    limits: Rc<Limits>,

    is_root: bool,
    is_parameter_entity: bool,
    in_entity_value: Cell<bool>,
    dtd: Rc<RefCell<Dtd>>,
    grammar: Grammar,
    declared: Declared,
    open: Vec<OpenEntity>,

    /// The open elements: names as written and expanded, one behind the other.
    names: Vec<u8>,
    tags: Vec<content::Tag>,
    /// How many elements count as open outside.
    outer_tags: usize,
    tag: StartTag,
    tag_number: u64,
}

impl Parser {
    pub fn new(settings: Settings<'_>) -> Parser {
        Parser::with_dtd(settings, Rc::default(), Rc::new(Limits::new()))
    }

    fn with_dtd(settings: Settings<'_>, dtd: Rc<RefCell<Dtd>>, limits: Rc<Limits>) -> Parser {
        Parser {
            input: Input::new(),
            at: 0,
            event: Cell::new(None),
            position: Cell::default(),
            counted: Cell::new(0),
            buffer: Buffer::default(),
            stage: Stage::PrologStart,
            status: Status::New,
            error: None,
            again: false,
            given_encoding: settings.encoding.map(str::to_owned),
            separator: settings.separator,
            namespaces: Namespaces::default(),
            triplets: false,
            parameter_parsing: ParamEntityParsing::Never,
            foreign_dtd: false,
            base: RefCell::default(),
            reparse_deferral: Cell::new(true),
            limits,
            is_root: true,
            is_parameter_entity: false,
            in_entity_value: Cell::new(false),
            dtd,
            grammar: Grammar::document(),
            declared: Declared::default(),
            open: Vec::new(),
            names: Vec::new(),
            tags: Vec::new(),
            outer_tags: 0,
            tag: StartTag::default(),
            tag_number: 0,
        }
    }

    /// Parses the next piece of a document, of which at most `room` bytes were to come.
    pub fn parse(
        &mut self,
        sink: &mut dyn Sink,
        data: &[u8],
        room: usize,
        is_final: bool,
    ) -> Outcome {
        if self.status == Status::Finished {
            self.error = Some(Code::Finished);
            return Err(Code::Finished);
        }
        if self.status == Status::New && self.is_root && self.separator.is_some() {
            self.set_context(sink, "xml=http://www.w3.org/XML/1998/namespace")?;
        }
        self.status = Status::Parsing;
        let grown = self.buffer.reserve(room);
        if grown > 0 && !self.limits.allocate(grown) {
            return self.fail(Code::NoMemory, self.at);
        }
        self.buffer.end += data.len();
        let start = self.at;
        self.input.feed(data, start);
        if is_final {
            self.input.finish();
        }
        self.counted.set(start);
        if self.is_worth_parsing(room) {
            if let Err(code) = self.run(sink) {
                return self.fail(code, start);
            }
            let used = self.input.bytes_between(start, self.at);
            self.buffer.partial = if used == 0 { self.buffer.end - self.buffer.start } else { 0 };
            self.buffer.start = (self.buffer.start + used).min(self.buffer.end);
        }
        if is_final {
            self.status = Status::Finished;
        } else {
            self.count_lines(self.at);
        }
        Ok(())
    }

    fn fail(&mut self, code: Code, start: usize) -> Outcome {
        self.error = Some(code);
        self.stage = Stage::Failed;
        self.at = start;
        Err(code)
    }

    /// Whether there is so much more of a token that was not complete that it may be now. Looking at it for each byte
    /// would take time in the square of its length.
    fn is_worth_parsing(&self, requested: usize) -> bool {
        if self.input.finished || !self.reparse_deferral.get() {
            return true;
        }
        let buffer = &self.buffer;
        let room = (buffer.size - buffer.end).saturating_sub(CONTEXT);
        buffer.end - buffer.start >= 2 * buffer.partial || requested > room
    }

    /// Lets each stage take what it can.
    fn run(&mut self, sink: &mut dyn Sink) -> Outcome {
        loop {
            self.again = false;
            match self.stage {
                Stage::PrologStart => self.start(sink, false, Stage::Prolog)?,
                Stage::Prolog => self.document_prolog(sink)?,
                Stage::Content => self.main_content(sink, Account::Direct)?,
                Stage::Cdata => self.rest_of_cdata(sink)?,
                Stage::IgnoredSection => self.rest_of_ignored(sink)?,
                Stage::Epilog => self.epilog(sink)?,
                Stage::Entity => self.expand_entity(sink)?,
                Stage::GeneralStart => self.start(sink, true, Stage::GeneralDecl)?,
                Stage::GeneralDecl => self.text_declaration(sink)?,
                Stage::GeneralContent => self.main_content(sink, Account::Expansion)?,
                Stage::ParameterStart => self.start_parameter_entity(sink)?,
                Stage::Parameter => self.parameter_entity()?,
                Stage::ValueStart => self.value_declaration(sink)?,
                Stage::Value => self.rest_of_value(sink)?,
                Stage::Failed => return Err(self.error.unwrap_or(Code::UnexpectedState)),
            }
            if !self.again {
                return Ok(());
            }
        }
    }

    /// Ends the parse, if a handler said so.
    fn check_stop(&mut self, sink: &mut dyn Sink, source: &Source, next: usize) -> Outcome {
        if !sink.is_stopped() {
            return Ok(());
        }
        self.mark(source, next);
        self.status = Status::Finished;
        Err(Code::Aborted)
    }

    /// Goes to a stage, at once.
    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.again = true;
    }

    /// The run over the input itself.
    fn main_run(&self, account: Account) -> Run {
        let level = usize::from(!self.is_root);
        Run { source: Source::Main, level, more: !self.input.finished, account }
    }

    fn text<'a>(&'a self, source: &'a Source) -> &'a [u8] {
        match source {
            Source::Main => &self.input.text,
            Source::Entity(text) => text,
        }
    }

    fn scan<'a>(&'a self, source: &'a Source) -> Scan<'a> {
        let is_main = matches!(source, Source::Main);
        Scan {
            text: self.text(source),
            namespaces: self.separator.is_some(),
            narrow: if is_main { self.input.encoding.narrow() } else { 0 },
            odd: is_main && self.input.is_odd(),
        }
    }

    /// Where in the input's text the next token begins.
    fn index(&self) -> usize {
        self.at - self.input.base
    }

    /// Notes that what is at an index of the text is told of.
    fn mark(&self, source: &Source, index: usize) {
        if let Source::Main = source {
            self.event.set(Some(self.input.base + index));
        }
    }

    /// Counts a token for the limit of expansion.
    fn count(
        &self,
        source: &Source,
        token: Token,
        (from, to): (usize, usize),
        account: Account,
    ) -> Outcome {
        let nothing =
            matches!(token, Token::Invalid | Token::Partial | Token::PartialChar | Token::Nothing);
        if nothing || account == Account::None {
            return Ok(());
        }
        let base = self.input.base;
        let len = match source {
            Source::Main => self.input.bytes_between(base + from, base + to),
            Source::Entity(_) => to - from,
        };
        match self.limits.count(len, account == Account::Direct && self.is_root) {
            true => Ok(()),
            false => Err(Code::Amplification),
        }
    }

    /// How many elements are open.
    fn level(&self) -> usize {
        self.tags.len() + self.outer_tags
    }

    /// Tells of text that no other handler is wanted for.
    fn default(&self, sink: &mut dyn Sink, source: &Source, from: usize, to: usize) {
        if sink.wants_default() {
            self.pieces(sink, source, from, to, Kind::Default);
        }
    }

    /// Tells of characters, or else of the text that stands for them.
    fn characters(
        &self,
        sink: &mut dyn Sink,
        source: &Source,
        characters: &str,
        from: usize,
        to: usize,
    ) {
        if sink.wants(Kind::CharacterData) {
            sink.event(self, Event::CharacterData(characters));
        } else {
            self.default(sink, source, from, to);
        }
    }

    /// Tells of text; in pieces if it was converted, as many characters at once as expat's buffer holds.
    fn pieces(&self, sink: &mut dyn Sink, source: &Source, from: usize, to: usize, kind: Kind) {
        let event = |text| match kind {
            Kind::CharacterData => Event::CharacterData(text),
            _ => Event::Default(text),
        };
        let mut rest = utf8(&self.text(source)[from..to]);
        let whole = !matches!(source, Source::Main) || !self.input.encoding.is_converted();
        while !whole && rest.len() > CONTEXT {
            let (piece, tail) = rest.split_at(rest.floor_char_boundary(CONTEXT));
            sink.event(self, event(piece));
            rest = tail;
            self.mark(source, to - rest.len());
        }
        sink.event(self, event(rest));
        if !whole && kind == Kind::Default {
            self.mark(source, to);
        }
    }

    fn count_lines(&self, to: usize) {
        let mut position = self.position.get();
        position.advance(self.input.slice(self.counted.get(), to));
        self.position.set(position);
        self.counted.set(to);
    }
}

/// Text that the scanner found valid.
fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
