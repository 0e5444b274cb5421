//! The handlers of a parser: attributes that hold functions, and what of them the parser has to tell.

use std::cell::Cell;
use std::ffi::c_int;

use krait_objects::gc::Visit;
use krait_objects::prelude::*;
use krait_xml::Kind;

use super::parser::XmlParser;

/// How many kinds of handlers there are.
const COUNT: usize = Kind::SkippedEntity as usize + 1;

/// A function for each kind of event.
pub struct Handlers([Slot; COUNT]);

impl Visit for Handlers {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        self.0.iter().map(|slot| slot.visit(visitor)).find(|&result| result != 0).unwrap_or(0)
    }

    fn clear(&self) {
        self.0.iter().for_each(Visit::clear);
    }
}

impl Handlers {
    pub fn get(&self, kind: Kind) -> Option<Owned> {
        self.0[kind as usize].get_owned()
    }
}

/// What the parser has to tell of: a bit for each kind. Of the two kinds of handlers for other text the one that was set
/// last counts.
#[derive(Default)]
pub struct Wanted {
    bits: Cell<u32>,
    /// References to internal entities are left to the handler for other text.
    keeps_entities: Cell<bool>,
}

impl Wanted {
    const DEFAULTS: u32 = 1 << Kind::Default as u32 | 1 << Kind::DefaultExpand as u32;

    pub fn has(&self, kind: Kind) -> bool {
        self.bits.get() >> kind as u32 & 1 != 0
    }

    /// Which of the handlers for other text counts.
    pub fn default(&self) -> Option<Kind> {
        [Kind::Default, Kind::DefaultExpand].into_iter().find(|&kind| self.has(kind))
    }

    pub fn expands_entities(&self) -> bool {
        !self.keeps_entities.get()
    }

    pub fn set(&self, kind: Kind, wanted: bool) {
        if let Kind::Default | Kind::DefaultExpand = kind {
            self.bits.set(self.bits.get() & !Wanted::DEFAULTS);
            self.keeps_entities.set(kind == Kind::Default);
        }
        let bit = 1 << kind as u32;
        self.bits.set(self.bits.get() & !bit | if wanted { bit } else { 0 });
    }

    pub fn copy(&self, other: &Wanted) {
        self.bits.set(other.bits.get());
        self.keeps_entities.set(other.keeps_entities.get());
    }
}

impl XmlParser {
    fn handler(&self, kind: Kind) -> Option<Owned> {
        self.handlers.get(kind)
    }

    fn set_handler(&self, th: &Thread, kind: Kind, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::RUNTIME_ERROR, "Cannot delete attribute"));
        };
        if kind == Kind::CharacterData {
            self.flush(th)?;
        }
        let value = (!value.is(none())).then(|| value.to_owned());
        // Characters that nobody takes any more are not other text, as long as the handler runs that said so.
        let drops = kind == Kind::CharacterData && value.is_none() && self.in_callback.get();
        self.wanted.set(kind, value.is_some() || drops);
        drop(self.handlers.0[kind as usize].replace(value));
        Ok(())
    }

    /// After an exception no handler is called any more.
    pub fn clear_handlers(&self) {
        for (kind, slot) in KINDS.iter().zip(&self.handlers.0) {
            if let Some(handler) = slot.take() {
                self.wanted.set(*kind, false);
                drop(handler);
            }
        }
    }

    pub fn copy_handlers(&self, other: &XmlParser) {
        for (slot, handler) in self.handlers.0.iter().zip(&other.handlers.0) {
            slot.set(handler.get_owned());
        }
        self.wanted.copy(&other.wanted);
    }
}

/// The attributes, in the order of the kinds.
macro_rules! handlers {
    ($($kind:ident: $get:ident, $set:ident, $name:literal;)*) => {
        const KINDS: [Kind; COUNT] = [$(Kind::$kind),*];

        #[pymethods(part = "handlers")]
        impl XmlParser {
            $(
                #[getter(name = $name)]
                fn $get(&self) -> Option<Owned> {
                    self.handler(Kind::$kind)
                }

                #[setter(name = $name)]
                fn $set(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
                    self.set_handler(th, Kind::$kind, value)
                }
            )*
        }
    };
}

handlers! {
    StartElement: start_element, set_start_element, "StartElementHandler";
    EndElement: end_element, set_end_element, "EndElementHandler";
    ProcessingInstruction: instruction, set_instruction, "ProcessingInstructionHandler";
    CharacterData: character_data, set_character_data, "CharacterDataHandler";
    UnparsedEntityDecl: unparsed_entity, set_unparsed_entity, "UnparsedEntityDeclHandler";
    NotationDecl: notation, set_notation, "NotationDeclHandler";
    StartNamespaceDecl: start_namespace, set_start_namespace, "StartNamespaceDeclHandler";
    EndNamespaceDecl: end_namespace, set_end_namespace, "EndNamespaceDeclHandler";
    Comment: comment, set_comment, "CommentHandler";
    StartCdataSection: start_cdata, set_start_cdata, "StartCdataSectionHandler";
    EndCdataSection: end_cdata, set_end_cdata, "EndCdataSectionHandler";
    Default: other, set_other, "DefaultHandler";
    DefaultExpand: other_expand, set_other_expand, "DefaultHandlerExpand";
    NotStandalone: not_standalone, set_not_standalone, "NotStandaloneHandler";
    ExternalEntityRef: external_entity, set_external_entity, "ExternalEntityRefHandler";
    StartDoctypeDecl: start_doctype, set_start_doctype, "StartDoctypeDeclHandler";
    EndDoctypeDecl: end_doctype, set_end_doctype, "EndDoctypeDeclHandler";
    EntityDecl: entity, set_entity, "EntityDeclHandler";
    XmlDecl: xml_decl, set_xml_decl, "XmlDeclHandler";
    ElementDecl: element, set_element, "ElementDeclHandler";
    AttlistDecl: attlist, set_attlist, "AttlistDeclHandler";
    SkippedEntity: skipped_entity, set_skipped_entity, "SkippedEntityHandler";
}
