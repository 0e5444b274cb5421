//! Prefixes and what they are bound to; the context that the parser of an external entity starts with.

use std::rc::Rc;

use crate::dtd::NO_PREFIX;
use crate::error::Code;
use crate::event::{Event, Kind, Sink};

use super::{Outcome, Parser};

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Stands between the parts of a context.
const CONTEXT_SEPARATOR: char = '\x0c';

#[derive(Default)]
pub(super) struct Namespaces {
    /// What each prefix is bound to, by its number.
    current: Vec<Option<Rc<str>>>,
    /// Each prefix that was bound, the latest last, and what it was bound to before.
    stack: Vec<(usize, Option<Rc<str>>)>,
}

impl Namespaces {
    pub(super) fn get(&self, prefix: usize) -> Option<&Rc<str>> {
        self.current.get(prefix)?.as_ref()
    }

    /// How many are bound.
    pub(super) fn bound(&self) -> usize {
        self.stack.len()
    }

    fn replace(&mut self, prefix: usize, uri: Option<Rc<str>>) -> Option<Rc<str>> {
        if self.current.len() <= prefix {
            self.current.resize(prefix + 1, None);
        }
        std::mem::replace(&mut self.current[prefix], uri)
    }
}

impl Parser {
    /// The name of a prefix; none if it is that of names without one.
    fn prefix_name(&self, prefix: usize) -> Option<Rc<str>> {
        (prefix != NO_PREFIX).then(|| self.dtd.borrow().prefixes.items[prefix].clone())
    }

    /// Binds a prefix. `in_scope` says that an attribute does it, for its element.
    pub(super) fn bind(
        &mut self,
        sink: &mut dyn Sink,
        prefix: usize,
        in_scope: bool,
        uri: &str,
    ) -> Outcome {
        let name = self.prefix_name(prefix);
        if uri.is_empty() && name.is_some() {
            return Err(Code::UndeclaringPrefix);
        }
        if name.as_deref() == Some("xmlns") {
            return Err(Code::ReservedXmlns);
        }
        // A program that splits expanded names must not be confused by a URI with the separator in it.
        let splits = |byte: u8| Some(byte) == self.separator && !is_uri_byte(byte);
        if uri.bytes().any(splits) {
            return Err(Code::Syntax);
        }
        let must_be_xml = name.as_deref() == Some("xml");
        if must_be_xml != (uri == XML) {
            return Err(if must_be_xml { Code::ReservedXml } else { Code::ReservedUri });
        }
        if uri == XMLNS {
            return Err(Code::ReservedUri);
        }
        let uri: Option<Rc<str>> = (!uri.is_empty()).then(|| uri.into());
        let previous = self.namespaces.replace(prefix, uri.clone());
        self.namespaces.stack.push((prefix, previous));
        if in_scope && sink.wants(Kind::StartNamespaceDecl) {
            let (prefix, uri) = (name.as_deref(), uri.as_deref());
            sink.event(self, Event::StartNamespaceDecl { prefix, uri });
        }
        Ok(())
    }

    /// Undoes bindings until so many are left.
    pub(super) fn unbind(&mut self, sink: &mut dyn Sink, count: usize) {
        while self.namespaces.stack.len() > count {
            let Some((prefix, previous)) = self.namespaces.stack.pop() else { return };
            if sink.wants(Kind::EndNamespaceDecl) {
                let name = self.prefix_name(prefix);
                sink.event(self, Event::EndNamespaceDecl { prefix: name.as_deref() });
            }
            self.namespaces.replace(prefix, previous);
        }
    }

    /// What the parser of an external entity has to know: prefixes, and the entities that are being expanded.
    pub(super) fn make_context(&self) -> String {
        let dtd = self.dtd.borrow();
        let mut parts = Vec::new();
        for (prefix, name) in dtd.prefixes.items.iter().enumerate() {
            if let Some(uri) = self.namespaces.get(prefix) {
                parts.push(format!("{name}={uri}"));
            }
        }
        let open = dtd.general.items.iter().filter(|entity| entity.open);
        parts.extend(open.map(|entity| entity.name.to_string()));
        parts.join(CONTEXT_SEPARATOR.encode_utf8(&mut [0; 4]))
    }

    pub(super) fn set_context(&mut self, sink: &mut dyn Sink, context: &str) -> Outcome {
        for part in context.split(CONTEXT_SEPARATOR) {
            let Some((prefix, uri)) = part.split_once('=') else {
                let mut dtd = self.dtd.borrow_mut();
                if let Some(entity) = dtd.general.find(part) {
                    dtd.general.items[entity].open = true;
                }
                continue;
            };
            let prefix = match prefix {
                "" => NO_PREFIX,
                name => self.dtd.borrow_mut().prefix(name),
            };
            self.bind(sink, prefix, false, uri)?;
        }
        Ok(())
    }
}

/// Whether a byte may stand in a URI (RFC 3986), so that one may well be meant.
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"%-._~:/?#[]@!$&'()*+,;=".contains(&byte)
}
