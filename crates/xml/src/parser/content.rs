//! Elements and what is in them; comments and processing instructions; what follows the root element.

use crate::error::Code;
use crate::event::{Event, Kind, Sink};
use crate::limits::Account;
use crate::scan::{self, Token};

use super::{Outcome, Parser, Run, Source, Stage, utf8};

/// An open element: where in the parser's names its name as written begins, and the expanded one.
pub(super) struct Tag {
    name: usize,
    expanded: usize,
    /// How many namespaces were bound outside.
    bindings: usize,
}

impl Parser {
    /// The root element, or the content of an entity that is a document of its own.
    pub(super) fn main_content(&mut self, sink: &mut dyn Sink, account: Account) -> Outcome {
        let run = self.main_run(account);
        let next = self.content(sink, &run, self.index())?;
        self.at = self.input.base + next;
        Ok(())
    }

    /// Takes content; answers where it stopped.
    pub(super) fn content(
        &mut self,
        sink: &mut dyn Sink,
        run: &Run,
        start: usize,
    ) -> Outcome<usize> {
        let source = &run.source;
        let mut s = start;
        self.mark(source, s);
        loop {
            let found = self.scan(source).content(s);
            let (token, next) = (found.token, found.end);
            let end = self.text(source).len();
            let counted = match token {
                Token::TrailingCr | Token::TrailingBrackets => {
                    if run.more {
                        s
                    } else {
                        end
                    }
                }
                _ => next,
            };
            self.count(source, token, (s, counted), run.account)?;
            match token {
                Token::Nothing | Token::TrailingCr | Token::TrailingBrackets => {
                    return self.end_of_content(sink, run, token, s);
                }
                Token::Invalid => {
                    self.mark(source, next);
                    return Err(Code::InvalidToken);
                }
                Token::Partial | Token::PartialChar if run.more => return Ok(s),
                Token::Partial => return Err(Code::UnclosedToken),
                Token::PartialChar => return Err(Code::PartialChar),
                Token::Characters if sink.wants(Kind::CharacterData) => {
                    self.pieces(sink, source, s, next, Kind::CharacterData);
                }
                Token::NewLine => self.characters(sink, source, "\n", s, next),
                Token::EntityRef => self.entity_reference(sink, run, s, next)?,
                Token::CharRef => {
                    let Some(c) = scan::referred(&self.text(source)[s..next]) else {
                        return Err(Code::BadCharRef);
                    };
                    self.characters(sink, source, c.encode_utf8(&mut [0; 4]), s, next);
                }
                Token::StartTag => self.start_tag(sink, run, s, next)?,
                Token::EmptyElement => self.empty_element(sink, run, s, next)?,
                Token::EndTag => self.end_tag(sink, run, s, next)?,
                Token::XmlDecl => return Err(Code::MisplacedXmlDecl),
                Token::CdataOpen => {
                    if sink.wants(Kind::StartCdataSection) {
                        sink.event(self, Event::StartCdataSection);
                    } else {
                        self.default(sink, source, s, next);
                    }
                    let (stopped, closed) = self.cdata(sink, run, next)?;
                    if !closed {
                        self.stage = Stage::Cdata;
                        return Ok(stopped);
                    }
                    s = stopped;
                    self.mark(source, s);
                    continue;
                }
                Token::Instruction => self.instruction(sink, source, s, next),
                Token::Comment => self.comment(sink, source, s, next),
                _ => self.default(sink, source, s, next),
            }
            self.check_stop(sink, source, next)?;
            if self.again {
                return Ok(next);
            }
            s = next;
            self.mark(source, s);
        }
    }

    /// The text ends, in a place that a document may not end at unless it is an entity.
    fn end_of_content(
        &mut self,
        sink: &mut dyn Sink,
        run: &Run,
        token: Token,
        s: usize,
    ) -> Outcome<usize> {
        if run.more {
            return Ok(s);
        }
        let end = self.text(&run.source).len();
        match token {
            Token::TrailingCr => self.characters(sink, &run.source, "\n", s, end),
            Token::TrailingBrackets if sink.wants(Kind::CharacterData) => {
                self.pieces(sink, &run.source, s, end, Kind::CharacterData);
            }
            Token::TrailingBrackets => self.default(sink, &run.source, s, end),
            _ => {}
        }
        let error = match run.level {
            0 => Code::NoElements,
            level if level != self.level() => Code::AsyncEntity,
            _ => return Ok(end),
        };
        if token == Token::TrailingBrackets {
            self.mark(&run.source, end);
        }
        Err(error)
    }

    fn start_tag(&mut self, sink: &mut dyn Sink, run: &Run, s: usize, next: usize) -> Outcome {
        let bindings = self.namespaces.bound();
        let text = self.text(&run.source);
        let name_end = scan::name_end(text, s + 1);
        let name = self.names.len();
        match &run.source {
            Source::Main => self.names.extend_from_slice(&self.input.text[s + 1..name_end]),
            Source::Entity(text) => self.names.extend_from_slice(&text[s + 1..name_end]),
        }
        let expanded = self.names.len();
        self.tags.push(Tag { name, expanded, bindings });
        if self.tags.len().is_multiple_of(64) && !self.limits.allocate(64 * 128) {
            return Err(Code::NoMemory);
        }
        self.read_tag(sink, &run.source, s, run.account)?;
        self.names.extend_from_slice(self.tag.name().as_bytes());
        self.tell_start(sink, &run.source, s, next);
        Ok(())
    }

    fn tell_start(&self, sink: &mut dyn Sink, source: &Source, s: usize, next: usize) {
        if sink.wants(Kind::StartElement) {
            sink.event(self, self.tag.event());
        } else {
            self.default(sink, source, s, next);
        }
    }

    fn empty_element(&mut self, sink: &mut dyn Sink, run: &Run, s: usize, next: usize) -> Outcome {
        let bindings = self.namespaces.bound();
        let read = self.read_tag(sink, &run.source, s, Account::None);
        if read.is_err() {
            self.unbind(sink, bindings);
            return read;
        }
        let mut told = false;
        if sink.wants(Kind::StartElement) {
            sink.event(self, self.tag.event());
            told = true;
        }
        if sink.wants(Kind::EndElement) {
            if told {
                self.mark(&run.source, next);
            }
            sink.event(self, Event::EndElement { name: self.tag.name() });
            told = true;
        }
        if !told {
            self.default(sink, &run.source, s, next);
        }
        self.unbind(sink, bindings);
        self.leave_element();
        Ok(())
    }

    /// After the root element comes the rest of the document.
    fn leave_element(&mut self) {
        if self.level() == 0 {
            self.enter(Stage::Epilog);
        }
    }

    fn end_tag(&mut self, sink: &mut dyn Sink, run: &Run, s: usize, next: usize) -> Outcome {
        if self.level() == run.level {
            return Err(Code::AsyncEntity);
        }
        let Some(tag) = self.tags.last() else { return Err(Code::UnexpectedState) };
        let text = self.text(&run.source);
        let name = &text[s + 2..scan::name_end(text, s + 2)];
        if name != &self.names[tag.name..tag.expanded] {
            self.mark(&run.source, s + 2);
            return Err(Code::TagMismatch);
        }
        let bindings = tag.bindings;
        let (name, expanded) = (tag.name, tag.expanded);
        self.tags.pop();
        if sink.wants(Kind::EndElement) {
            sink.event(self, Event::EndElement { name: utf8(&self.names[expanded..]) });
        } else {
            self.default(sink, &run.source, s, next);
        }
        self.names.truncate(name);
        self.unbind(sink, bindings);
        self.leave_element();
        Ok(())
    }

    /// Takes a CDATA section; answers where it stopped, and whether the section ends there.
    fn cdata(&mut self, sink: &mut dyn Sink, run: &Run, start: usize) -> Outcome<(usize, bool)> {
        let source = &run.source;
        let mut s = start;
        self.mark(source, s);
        loop {
            let found = self.scan(source).cdata(s);
            let (token, next) = (found.token, found.end);
            self.count(source, token, (s, next), run.account)?;
            match token {
                Token::CdataClose => {
                    if sink.wants(Kind::EndCdataSection) {
                        sink.event(self, Event::EndCdataSection);
                    } else {
                        self.default(sink, source, s, next);
                    }
                    self.check_stop(sink, source, next)?;
                    return Ok((next, true));
                }
                Token::NewLine => self.characters(sink, source, "\n", s, next),
                Token::Characters if sink.wants(Kind::CharacterData) => {
                    self.pieces(sink, source, s, next, Kind::CharacterData);
                }
                Token::Characters => self.default(sink, source, s, next),
                Token::Invalid => {
                    self.mark(source, next);
                    return Err(Code::InvalidToken);
                }
                _ if run.more => return Ok((s, false)),
                Token::PartialChar => return Err(Code::PartialChar),
                _ => return Err(Code::UnclosedCdata),
            }
            self.check_stop(sink, source, next)?;
            s = next;
            self.mark(source, s);
        }
    }

    pub(super) fn rest_of_cdata(&mut self, sink: &mut dyn Sink) -> Outcome {
        let run = self.main_run(Account::Direct);
        let (next, closed) = self.cdata(sink, &run, self.index())?;
        self.at = self.input.base + next;
        if closed {
            self.enter(if self.is_root { Stage::Content } else { Stage::GeneralContent });
        }
        Ok(())
    }

    pub(super) fn epilog(&mut self, sink: &mut dyn Sink) -> Outcome {
        let source = &Source::Main;
        let more = !self.input.finished;
        loop {
            let s = self.index();
            self.mark(source, s);
            let found = self.scan(source).prolog(s);
            let (token, next) = (found.token, found.end);
            self.count(source, token, (s, next), Account::Direct)?;
            match token {
                Token::Space if found.open => {
                    self.default(sink, source, s, next);
                    self.check_stop(sink, source, next)?;
                    self.at = self.input.base + next;
                    return Ok(());
                }
                Token::Nothing => return Ok(()),
                Token::Space => self.default(sink, source, s, next),
                Token::Instruction => self.instruction(sink, source, s, next),
                Token::Comment => self.comment(sink, source, s, next),
                Token::Invalid => {
                    self.mark(source, next);
                    return Err(Code::InvalidToken);
                }
                Token::Partial | Token::PartialChar if more => return Ok(()),
                Token::Partial => return Err(Code::UnclosedToken),
                Token::PartialChar => return Err(Code::PartialChar),
                _ => return Err(Code::JunkAfterElement),
            }
            self.check_stop(sink, source, next)?;
            self.at = self.input.base + next;
        }
    }

    pub(super) fn instruction(&self, sink: &mut dyn Sink, source: &Source, s: usize, next: usize) {
        if !sink.wants(Kind::ProcessingInstruction) {
            return self.default(sink, source, s, next);
        }
        let text = self.text(source);
        let target_end = scan::name_end(text, s + 2);
        let data = &text[target_end..next - 2];
        let data = data.trim_ascii_start();
        let target = utf8(&text[s + 2..target_end]);
        let data = normal_lines(utf8(data));
        sink.event(self, Event::ProcessingInstruction { target, data: &data });
    }

    pub(super) fn comment(&self, sink: &mut dyn Sink, source: &Source, s: usize, next: usize) {
        if !sink.wants(Kind::Comment) {
            return self.default(sink, source, s, next);
        }
        let text = normal_lines(utf8(&self.text(source)[s + 4..next - 3]));
        sink.event(self, Event::Comment(&text));
    }
}

/// Text in which each line ends with a line feed.
fn normal_lines(text: &str) -> std::borrow::Cow<'_, str> {
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text.into(),
    }
}
