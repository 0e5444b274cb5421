//! What a parser tells of, and to whom.

use std::rc::Rc;

use crate::Parser;

/// What can be told. Each is a bit of what a `Sink` may want.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    StartElement,
    EndElement,
    ProcessingInstruction,
    CharacterData,
    UnparsedEntityDecl,
    NotationDecl,
    StartNamespaceDecl,
    EndNamespaceDecl,
    Comment,
    StartCdataSection,
    EndCdataSection,
    Default,
    DefaultExpand,
    NotStandalone,
    ExternalEntityRef,
    StartDoctypeDecl,
    EndDoctypeDecl,
    EntityDecl,
    XmlDecl,
    ElementDecl,
    AttlistDecl,
    SkippedEntity,
}

/// How often a part of a content model may occur.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
#[repr(u8)]
pub enum Quantifier {
    #[default]
    Once,
    Optional,
    Repeated,
    Plus,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ModelKind {
    Empty = 1,
    Any,
    Mixed,
    Name,
    Choice,
    Sequence,
}

/// A part of a content model. Parts are numbered; the first is the whole.
#[derive(Clone)]
pub struct Part {
    pub kind: ModelKind,
    pub quantifier: Quantifier,
    pub name: Option<Rc<str>>,
    pub children: usize,
    pub first_child: usize,
    pub last_child: usize,
    /// The part behind it in the same group, unless it is the last.
    pub next: usize,
}

impl Default for Part {
    fn default() -> Part {
        Part {
            kind: ModelKind::Sequence,
            quantifier: Quantifier::Once,
            name: None,
            children: 0,
            first_child: 0,
            last_child: 0,
            next: 0,
        }
    }
}

/// Names and values of a start tag's attributes.
#[derive(Clone, Copy)]
pub struct Attributes<'a> {
    pub(crate) text: &'a str,
    /// Where each name begins, and each value begins and ends.
    pub(crate) spans: &'a [[usize; 3]],
    /// How many of them stand in the tag; the others are defaults.
    pub specified: usize,
}

impl<'a> Attributes<'a> {
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.spans
            .iter()
            .map(move |&[name, value, end]| (&self.text[name..value], &self.text[value..end]))
    }
}

/// What was found.
#[derive(Clone, Copy)]
pub enum Event<'a> {
    StartElement {
        name: &'a str,
        attributes: Attributes<'a>,
    },
    EndElement {
        name: &'a str,
    },
    ProcessingInstruction {
        target: &'a str,
        data: &'a str,
    },
    CharacterData(&'a str),
    UnparsedEntityDecl {
        entity: EntityIds<'a>,
        notation: &'a str,
    },
    NotationDecl {
        entity: EntityIds<'a>,
    },
    StartNamespaceDecl {
        prefix: Option<&'a str>,
        uri: Option<&'a str>,
    },
    EndNamespaceDecl {
        prefix: Option<&'a str>,
    },
    Comment(&'a str),
    StartCdataSection,
    EndCdataSection,
    /// Text of the document that nothing else was wanted for.
    Default(&'a str),
    StartDoctypeDecl {
        name: &'a str,
        system_id: Option<&'a str>,
        public_id: Option<&'a str>,
        internal_subset: bool,
    },
    EndDoctypeDecl,
    EntityDecl {
        entity: EntityIds<'a>,
        is_parameter: bool,
        value: Option<&'a str>,
        notation: Option<&'a str>,
    },
    /// `standalone` is -1 if nothing is said of it.
    XmlDecl {
        version: Option<&'a str>,
        encoding: Option<&'a str>,
        standalone: i32,
    },
    ElementDecl {
        name: &'a str,
        model: &'a [Part],
    },
    AttlistDecl {
        element: &'a str,
        attribute: &'a str,
        kind: &'a str,
        default: Option<&'a str>,
        required: bool,
    },
    SkippedEntity {
        name: &'a str,
        is_parameter: bool,
    },
}

/// What names an entity or notation.
#[derive(Clone, Copy)]
pub struct EntityIds<'a> {
    pub name: &'a str,
    pub base: Option<&'a str>,
    pub system_id: Option<&'a str>,
    pub public_id: Option<&'a str>,
}

/// An external entity that is referred to.
#[derive(Clone, Copy)]
pub struct ExternalEntity<'a> {
    /// What the parser of a general entity has to know; a parameter entity has none.
    pub context: Option<&'a str>,
    pub base: Option<&'a str>,
    pub system_id: Option<&'a str>,
    pub public_id: Option<&'a str>,
}

/// Who is told. What is wanted may change at any time.
pub trait Sink {
    fn wants(&self, kind: Kind) -> bool;

    /// Somebody takes the text that nothing else is wanted for.
    fn wants_default(&self) -> bool;

    /// Whether references to internal entities are replaced, even if there is someone for other text.
    fn expands_entities(&self) -> bool;

    /// The parse is to end here.
    fn is_stopped(&self) -> bool;

    /// Only called for what is wanted.
    fn event(&mut self, parser: &Parser, event: Event<'_>);

    /// Parses the entity, or does not; `false` is an error that ends the parse.
    fn external_entity(&mut self, parser: &Parser, entity: ExternalEntity<'_>) -> bool;

    /// The document says that it needs declarations from elsewhere; `false` refuses.
    fn not_standalone(&mut self, parser: &Parser) -> bool;

    /// The characters of an encoding with one byte for each.
    fn unknown_encoding(&mut self, parser: &Parser, name: &str) -> Option<Box<[u16; 256]>>;
}
