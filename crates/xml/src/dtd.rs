//! What declarations leave behind: entities, element types, attributes; and the names that content uses.
//!
//! A parser shares it with the parsers of external parameter entities; the parser of an external general entity gets a
//! copy.

use std::collections::HashMap;
use std::rc::Rc;

use crate::event::{Part, Quantifier};

/// Things by name, in the order of their first use.
#[derive(Clone)]
pub struct Table<T> {
    numbers: HashMap<Rc<str>, u32>,
    pub items: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { numbers: HashMap::new(), items: Vec::new() }
    }
}

impl<T> Table<T> {
    pub fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).map(|&number| number as usize)
    }

    /// Adds what is not there yet.
    pub fn add(&mut self, name: Rc<str>, item: T) -> usize {
        let number = self.items.len();
        self.numbers.insert(name, number as u32);
        self.items.push(item);
        number
    }
}

#[derive(Clone)]
pub struct Entity {
    pub name: Rc<str>,
    /// The replacement text of an internal entity.
    pub text: Option<Rc<[u8]>>,
    pub base: Option<Rc<str>>,
    pub system_id: Option<Rc<str>>,
    pub public_id: Option<Rc<str>>,
    pub notation: Option<Rc<str>>,
    /// It is being expanded.
    pub open: bool,
    pub is_parameter: bool,
    /// Its declaration stands in the document itself.
    pub is_internal: bool,
}

impl Entity {
    pub fn new(name: Rc<str>, is_parameter: bool, is_internal: bool) -> Entity {
        Entity {
            name,
            text: None,
            base: None,
            system_id: None,
            public_id: None,
            notation: None,
            open: false,
            is_parameter,
            is_internal,
        }
    }
}

#[derive(Clone)]
pub struct DefaultAttribute {
    pub id: usize,
    pub is_cdata: bool,
    pub value: Option<Rc<str>>,
}

#[derive(Clone)]
pub struct ElementType {
    pub name: Rc<str>,
    pub prefix: Option<usize>,
    pub id_attribute: Option<usize>,
    pub defaults: Vec<DefaultAttribute>,
}

#[derive(Clone)]
pub struct AttributeId {
    pub name: Rc<str>,
    pub prefix: Option<usize>,
    pub maybe_tokenized: bool,
    pub is_xmlns: bool,
    /// The number of the start tag that had it last.
    pub seen: u64,
}

/// The prefix of attributes and elements without one: that of `xmlns="..."`.
pub const NO_PREFIX: usize = 0;

/// The name under which the external subset stands among the parameter entities.
pub const EXTERNAL_SUBSET: &str = "#";

#[derive(Clone)]
pub struct Dtd {
    pub general: Table<Entity>,
    pub parameter: Table<Entity>,
    pub elements: Table<ElementType>,
    pub attributes: Table<AttributeId>,
    /// Their names; the first is `NO_PREFIX`.
    pub prefixes: Table<Rc<str>>,
    /// Declarations still count: no parameter entity was left out.
    pub keep_processing: bool,
    pub has_parameter_refs: bool,
    pub standalone: bool,
    /// The parameter entity that a handler was told of was parsed.
    pub entity_read: bool,
    /// The value of an entity, as far as it is read.
    pub value: Vec<u8>,
    pub model: Model,
}

impl Default for Dtd {
    fn default() -> Dtd {
        let mut prefixes = Table::default();
        prefixes.add("".into(), "".into());
        Dtd {
            general: Table::default(),
            parameter: Table::default(),
            elements: Table::default(),
            attributes: Table::default(),
            prefixes,
            keep_processing: true,
            has_parameter_refs: false,
            standalone: false,
            entity_read: false,
            value: Vec::new(),
            model: Model::default(),
        }
    }
}

impl Dtd {
    /// A copy for the parser of a general entity.
    pub fn copy(&self) -> Dtd {
        let mut copy = self.clone();
        for entity in copy.general.items.iter_mut().chain(&mut copy.parameter.items) {
            entity.open = false;
        }
        copy
    }

    pub fn prefix(&mut self, name: &str) -> usize {
        match self.prefixes.find(name) {
            Some(found) => found,
            None => {
                let name: Rc<str> = name.into();
                self.prefixes.add(name.clone(), name)
            }
        }
    }

    /// The element type of that name, which may be new.
    pub fn element(&mut self, name: &str, namespaces: bool) -> usize {
        if let Some(found) = self.elements.find(name) {
            return found;
        }
        let prefix = name.split_once(':').filter(|_| namespaces);
        let prefix = prefix.map(|(prefix, _)| self.prefix(prefix));
        let name: Rc<str> = name.into();
        let item =
            ElementType { name: name.clone(), prefix, id_attribute: None, defaults: Vec::new() };
        self.elements.add(name, item)
    }

    /// The attribute of that name, which may be new.
    pub fn attribute(&mut self, name: &str, namespaces: bool) -> usize {
        if let Some(found) = self.attributes.find(name) {
            return found;
        }
        let (mut prefix, mut is_xmlns) = (None, false);
        if namespaces {
            match name.split_once(':') {
                None if name == "xmlns" => (prefix, is_xmlns) = (Some(NO_PREFIX), true),
                Some(("xmlns", local)) => (prefix, is_xmlns) = (Some(self.prefix(local)), true),
                Some((start, _)) => prefix = Some(self.prefix(start)),
                None => {}
            }
        }
        let name: Rc<str> = name.into();
        let item =
            AttributeId { name: name.clone(), prefix, maybe_tokenized: false, is_xmlns, seen: 0 };
        self.attributes.add(name, item)
    }

    /// Declares an attribute of an element type, unless that was done before.
    pub fn declare_attribute(
        &mut self,
        element: usize,
        id: usize,
        is_cdata: bool,
        is_id: bool,
        value: Option<Rc<str>>,
    ) {
        let (element, attribute) =
            (&mut self.elements.items[element], &mut self.attributes.items[id]);
        if value.is_some() || is_id {
            if element.defaults.iter().any(|default| default.id == id) {
                return;
            }
            if is_id && element.id_attribute.is_none() && !attribute.is_xmlns {
                element.id_attribute = Some(id);
            }
        }
        attribute.maybe_tokenized |= !is_cdata;
        element.defaults.push(DefaultAttribute { id, is_cdata, value });
    }
}

/// The content model of the element that is being declared.
#[derive(Clone, Default)]
pub struct Model {
    pub active: bool,
    pub parts: Vec<Part>,
    /// The groups that are open.
    open: Vec<usize>,
}

impl Model {
    pub fn start(&mut self) {
        self.active = true;
        self.parts.clear();
        self.open.clear();
    }

    /// Adds a part to the group that is open.
    pub fn add(&mut self, part: Part) -> usize {
        let number = self.parts.len();
        self.parts.push(part);
        if let Some(&parent) = self.open.last() {
            let last = std::mem::replace(&mut self.parts[parent].last_child, number);
            match self.parts[parent].children {
                0 => self.parts[parent].first_child = number,
                _ => self.parts[last].next = number,
            }
            self.parts[parent].children += 1;
        }
        number
    }

    pub fn open_group(&mut self) {
        let group = self.add(Part::default());
        self.open.push(group);
    }

    /// The group that is open.
    pub fn group(&mut self) -> Option<&mut Part> {
        self.open.last().map(|&group| &mut self.parts[group])
    }

    /// Closes a group; says whether it was the outermost.
    pub fn close_group(&mut self, quantifier: Quantifier) -> bool {
        if let Some(group) = self.open.pop() {
            self.parts[group].quantifier = self.parts[group].quantifier.max(quantifier);
        }
        self.open.is_empty()
    }
}
