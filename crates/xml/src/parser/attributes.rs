//! Start tags: attributes as written and by default, namespaces, expanded names.

use std::collections::HashSet;

use crate::dtd::NO_PREFIX;
use crate::error::Code;
use crate::event::{Attributes, Event, Sink};
use crate::limits::Account;
use crate::scan::{self, is_space};

use super::{Outcome, Parser, Source, utf8};

/// The start tag that is being told of; its memory is used again for the next.
#[derive(Default)]
pub(super) struct StartTag {
    name: String,
    /// Names and values, one behind the other.
    text: String,
    spans: Vec<[usize; 3]>,
    /// The prefix of each attribute that has one.
    prefixes: Vec<Option<usize>>,
    specified: usize,
}

impl StartTag {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn event(&self) -> Event<'_> {
        let attributes =
            Attributes { text: &self.text, spans: &self.spans, specified: self.specified };
        Event::StartElement { name: &self.name, attributes }
    }

    fn clear(&mut self) {
        self.name.clear();
        self.text.clear();
        self.spans.clear();
        self.prefixes.clear();
    }

    fn push(&mut self, name: &str, value: &str, prefix: Option<usize>) {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        self.spans.push([start, middle, self.text.len()]);
        self.prefixes.push(prefix);
    }
}

/// Where an attribute's name and value lie.
struct Span {
    name: (usize, usize),
    value: (usize, usize),
}

/// The attribute at or behind a position of a start tag that is known to be valid.
fn next_attribute(text: &[u8], mut at: usize) -> Option<Span> {
    while is_space(text[at]) {
        at += 1;
    }
    if matches!(text[at], b'>' | b'/') {
        return None;
    }
    let name = (at, scan::name_end(text, at));
    at = name.1;
    while !matches!(text[at], b'"' | b'\'') {
        at += 1;
    }
    let value = at + 1;
    let end = value + memchr::memchr(text[at], &text[value..])?;
    Some(Span { name, value: (value, end) })
}

impl Parser {
    /// Reads the start tag at a position into `self.tag`.
    pub(super) fn read_tag(
        &mut self,
        sink: &mut dyn Sink,
        source: &Source,
        s: usize,
        account: Account,
    ) -> Outcome {
        let mut tag = std::mem::take(&mut self.tag);
        tag.clear();
        self.tag_number += 1;
        let text = self.text(source);
        let name_end = scan::name_end(text, s + 1);
        tag.name.push_str(utf8(&text[s + 1..name_end]));
        let element = self.dtd.borrow_mut().element(&tag.name, self.separator.is_some());
        self.read_attributes(sink, source, name_end, element, account, &mut tag)?;
        tag.specified = tag.spans.len();
        self.add_defaults(sink, element, &mut tag)?;
        if let Some(separator) = self.separator {
            if tag.prefixes.iter().any(Option::is_some) {
                self.expand_attributes(separator, &mut tag)?;
            }
            self.expand_element(separator, element, &mut tag)?;
        }
        self.tag = tag;
        Ok(())
    }

    fn read_attributes(
        &mut self,
        sink: &mut dyn Sink,
        source: &Source,
        mut at: usize,
        element: usize,
        account: Account,
        tag: &mut StartTag,
    ) -> Outcome {
        let mut normal = Vec::new();
        while let Some(span) = next_attribute(self.text(source), at) {
            at = span.value.1 + 1;
            let text = self.text(source);
            let name = utf8(&text[span.name.0..span.name.1]);
            let raw = &text[span.value.0..span.value.1];
            let mut dtd = self.dtd.borrow_mut();
            let id = dtd.attribute(name, self.separator.is_some());
            let attribute = &mut dtd.attributes.items[id];
            if attribute.seen == self.tag_number {
                self.mark(source, span.name.0);
                return Err(Code::DuplicateAttribute);
            }
            attribute.seen = self.tag_number;
            let (prefix, is_xmlns) = (attribute.prefix, attribute.is_xmlns);
            let mut is_cdata = true;
            if attribute.maybe_tokenized {
                let defaults = &dtd.elements.items[element].defaults;
                let declared = defaults.iter().find(|default| default.id == id);
                is_cdata = declared.is_none_or(|default| default.is_cdata);
            }
            drop(dtd);
            let special = |byte: &u8| match byte {
                b'&' | b'\t' | b'\n' | b'\r' => true,
                b' ' => !is_cdata,
                _ => false,
            };
            let value = if raw.iter().any(special) {
                normal.clear();
                self.attribute_value(source, span.value, is_cdata, false, account, &mut normal)?;
                utf8(&normal)
            } else {
                utf8(raw)
            };
            if !is_xmlns {
                tag.push(name, value, prefix);
            } else if let Some(prefix) = prefix {
                let uri = value.to_owned();
                self.bind(sink, prefix, true, &uri)?;
            }
        }
        Ok(())
    }

    /// Adds the attributes that are declared with a value and not given.
    fn add_defaults(&mut self, sink: &mut dyn Sink, element: usize, tag: &mut StartTag) -> Outcome {
        let number = self.tag_number;
        let mut at = 0;
        loop {
            let mut dtd = self.dtd.borrow_mut();
            let Some(default) = dtd.elements.items[element].defaults.get(at) else {
                return Ok(());
            };
            at += 1;
            let (id, value) = (default.id, default.value.clone());
            let attribute = &mut dtd.attributes.items[id];
            let (Some(value), true) = (value, attribute.seen != number) else { continue };
            let (name, prefix) = (attribute.name.clone(), attribute.prefix);
            if attribute.is_xmlns {
                drop(dtd);
                self.bind(sink, prefix.unwrap_or(NO_PREFIX), true, &value)?;
            } else {
                attribute.seen = number;
                tag.push(&name, &value, prefix);
            }
        }
    }

    /// Replaces prefixes by what they are bound to.
    fn expand_attributes(&self, separator: u8, tag: &mut StartTag) -> Outcome {
        let (text, spans) = (std::mem::take(&mut tag.text), std::mem::take(&mut tag.spans));
        let prefixes = std::mem::take(&mut tag.prefixes);
        let several = prefixes.iter().flatten().count() > 1;
        let mut seen = HashSet::new();
        let mut expanded = String::new();
        for ([name, value, end], prefix) in spans.into_iter().zip(prefixes) {
            let (name, value) = (&text[name..value], &text[value..end]);
            let Some(prefix) = prefix else {
                tag.push(name, value, None);
                continue;
            };
            let Some(uri) = self.namespaces.get(prefix) else { return Err(Code::UnboundPrefix) };
            let (start, local) = name.split_once(':').unwrap_or(("", name));
            expanded.clear();
            expanded.push_str(uri);
            push_separator(&mut expanded, separator);
            expanded.push_str(local);
            if several && !seen.insert(expanded.clone()) {
                return Err(Code::DuplicateAttribute);
            }
            if self.triplets && separator != 0 {
                push_separator(&mut expanded, separator);
                expanded.push_str(start);
            }
            tag.push(&expanded, value, None);
        }
        Ok(())
    }

    fn expand_element(&self, separator: u8, element: usize, tag: &mut StartTag) -> Outcome {
        let prefix = self.dtd.borrow().elements.items[element].prefix;
        let uri = match self.namespaces.get(prefix.unwrap_or(NO_PREFIX)) {
            Some(uri) => uri,
            None if prefix.is_some() => return Err(Code::UnboundPrefix),
            None => return Ok(()),
        };
        let name = std::mem::take(&mut tag.name);
        let (start, local) = match prefix {
            Some(_) => name.split_once(':').unwrap_or(("", &name)),
            None => ("", &name[..]),
        };
        tag.name.push_str(uri);
        push_separator(&mut tag.name, separator);
        tag.name.push_str(local);
        if self.triplets && separator != 0 && prefix.is_some() {
            push_separator(&mut tag.name, separator);
            tag.name.push_str(start);
        }
        Ok(())
    }
}

fn push_separator(text: &mut String, separator: u8) {
    if separator != 0 {
        text.push(char::from(separator));
    }
}
