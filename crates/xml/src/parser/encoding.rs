//! The start of an entity: its encoding, and the declaration that may name another.

use crate::error::Code;
use crate::event::{Event, Kind, Sink};
use crate::input::{Detected, Encoding};
use crate::limits::Account;
use crate::scan::{Token, is_space};

use super::{Outcome, ParamEntityParsing, Parser, Source, Stage};

/// What an XML or text declaration says; where in the text the strings lie.
#[derive(Default)]
struct XmlDecl {
    version: Option<(usize, usize)>,
    encoding: Option<(usize, usize)>,
    standalone: Option<bool>,
}

/// A name and a value, `None` where the declaration ends; or where it is wrong.
type Pseudo = Result<Option<((usize, usize), (usize, usize))>, usize>;

impl Parser {
    /// Finds out the encoding; then comes `next`.
    pub(super) fn start(&mut self, sink: &mut dyn Sink, content: bool, next: Stage) -> Outcome {
        let given = match self.given_encoding.clone() {
            None => None,
            Some(name) => match Encoding::named(name.as_bytes()) {
                None => Some(self.unknown_encoding(sink, &name)?),
                known => known,
            },
        };
        let start = self.at;
        if !self.input.text.is_empty() {
            if next != Stage::Parameter {
                self.mark(&Source::Main, self.index());
            }
            if let Encoding::Unknown = self.input.encoding {
                match self.input.detect(given, content) {
                    Detected::Known { skipped } => self.at += skipped,
                    Detected::Partial if self.input.finished => return Err(Code::UnclosedToken),
                    Detected::Partial => return Ok(()),
                }
            }
        } else if !self.input.finished {
            return Ok(());
        }
        if !self.limits.count(self.at - start, self.is_root) {
            return Err(Code::Amplification);
        }
        self.enter(next);
        Ok(())
    }

    fn unknown_encoding(&self, sink: &mut dyn Sink, name: &str) -> Outcome<Encoding> {
        let table = sink.unknown_encoding(self, name);
        table.and_then(Encoding::from_table).ok_or(Code::UnknownEncoding)
    }

    /// `<?xml ...?>` between two positions.
    pub(super) fn xml_declaration(
        &mut self,
        sink: &mut dyn Sink,
        is_text: bool,
        s: usize,
        next: usize,
    ) -> Outcome {
        self.count(&Source::Main, Token::XmlDecl, (s, next), Account::Direct)?;
        let said = match parse(&self.input.text[..next - 2], s + 5, is_text) {
            Ok(said) => said,
            Err(wrong) => {
                self.mark(&Source::Main, wrong);
                return Err(if is_text { Code::TextDecl } else { Code::XmlDecl });
            }
        };
        if !is_text && said.standalone == Some(true) {
            self.dtd.borrow_mut().standalone = true;
            if self.parameter_parsing == ParamEntityParsing::UnlessStandalone {
                self.parameter_parsing = ParamEntityParsing::Never;
            }
        }
        let text = |span: Option<(usize, usize)>| {
            span.map(|(from, to)| super::utf8(&self.input.text[from..to]))
        };
        if sink.wants(Kind::XmlDecl) {
            let (version, encoding) = (text(said.version), text(said.encoding));
            let standalone = said.standalone.map_or(-1, i32::from);
            sink.event(self, Event::XmlDecl { version, encoding, standalone });
        } else {
            self.default(sink, &Source::Main, s, next);
        }
        match said.encoding {
            Some(encoding) if self.given_encoding.is_none() => {
                self.declared_encoding(sink, encoding, next)
            }
            _ => Ok(()),
        }
    }

    /// The document says which encoding it has; what was found out must agree.
    fn declared_encoding(
        &mut self,
        sink: &mut dyn Sink,
        (from, to): (usize, usize),
        next: usize,
    ) -> Outcome {
        let name = super::utf8(&self.input.text[from..to]).to_owned();
        let declared = match Encoding::named(name.as_bytes()) {
            Some(declared) => declared,
            None => match self.unknown_encoding(sink, &name) {
                Ok(found) => found,
                Err(code) => {
                    self.mark(&Source::Main, from);
                    return Err(code);
                }
            },
        };
        let fits = match (&declared, &self.input.encoding) {
            (Encoding::Utf16 { big }, Encoding::Utf16 { big: found }) => {
                if big == found || name.len() == "UTF-16".len() {
                    return Ok(());
                }
                false
            }
            // As expat, which does not ask whether an encoding that it has from elsewhere can be.
            (Encoding::Single(_), _) => true,
            (Encoding::Utf16 { .. }, _) | (_, Encoding::Utf16 { .. }) => false,
            _ => true,
        };
        if fits {
            self.input.switch(declared, self.input.base + next);
            return Ok(());
        }
        self.mark(&Source::Main, from);
        Err(Code::IncorrectEncoding)
    }
}

/// Reads a declaration from behind its `<?xml` on. The text ends in front of its `?>`.
fn parse(text: &[u8], start: usize, is_text: bool) -> Result<XmlDecl, usize> {
    let mut said = XmlDecl::default();
    let mut at = start;
    let Some((mut name, mut value)) = pseudo_attribute(text, &mut at)? else { return Err(at) };
    if &text[name.0..name.1] == b"version" {
        let minor = text[value.0..value.1].strip_prefix(b"1.").unwrap_or_default();
        if minor.is_empty() || !minor.iter().all(u8::is_ascii_digit) {
            return Err(value.0);
        }
        said.version = Some(value);
        match pseudo_attribute(text, &mut at)? {
            Some(found) => (name, value) = found,
            // Of a text declaration the encoding is the point.
            None if is_text => return Err(at),
            None => return Ok(said),
        }
    } else if !is_text {
        return Err(name.0);
    }
    if &text[name.0..name.1] == b"encoding" {
        if !text[value.0].is_ascii_alphabetic() {
            return Err(value.0);
        }
        said.encoding = Some(value);
        match pseudo_attribute(text, &mut at)? {
            Some(found) => (name, value) = found,
            None => return Ok(said),
        }
    }
    if &text[name.0..name.1] != b"standalone" || is_text {
        return Err(name.0);
    }
    said.standalone = match &text[value.0..value.1] {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => return Err(value.0),
    };
    at = spaces(text, at);
    if at != text.len() { Err(at) } else { Ok(said) }
}

fn spaces(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|&byte| is_space(byte)) {
        at += 1;
    }
    at
}

/// `name = "value"`, and moves behind it.
fn pseudo_attribute(text: &[u8], at: &mut usize) -> Pseudo {
    let start = *at;
    if start == text.len() {
        return Ok(None);
    }
    let name = spaces(text, start);
    if name == start {
        return Err(start);
    }
    if name == text.len() {
        return Ok(None);
    }
    let stop = |byte: &u8| *byte == b'=' || !byte.is_ascii() || is_space(*byte);
    let name_end = text[name..].iter().position(stop).map_or(text.len(), |len| name + len);
    let equals = spaces(text, name_end);
    if text.get(equals) != Some(&b'=') || name == name_end {
        return Err(equals);
    }
    let quote = spaces(text, equals + 1);
    let Some(&open @ (b'"' | b'\'')) = text.get(quote) else { return Err(quote) };
    let value = quote + 1;
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let wrong = text[value..].iter().position(|byte| !inside(byte));
    let end = wrong.map_or(text.len(), |len| value + len);
    if text.get(end) != Some(&open) {
        return Err(end);
    }
    *at = end + 1;
    Ok(Some(((name, name_end), (value, end))))
}
