//! The declarations of an element's attributes, and of what may stand in it.

use std::rc::Rc;

use crate::error::Code;
use crate::event::{Event, Kind, ModelKind, Part, Quantifier, Sink};
use crate::limits::Account;
use crate::parser::prolog::{Piece, Told};
use crate::parser::{Outcome, Parser, utf8};
use crate::role::{Role, attribute_type};
use crate::scan::Token;

impl Parser {
    /// Takes a token of the declaration of attributes.
    pub(super) fn attribute(
        &mut self,
        sink: &mut dyn Sink,
        piece: Piece<'_>,
        keep: bool,
    ) -> Outcome<Told> {
        let wanted = keep && sink.wants(Kind::AttlistDecl);
        let namespaces = self.separator.is_some();
        let text: Rc<str> = self.piece(piece).into();
        let declared = &mut self.declared;
        match piece.role {
            Role::AttlistElementName => {
                declared.element = Some(self.dtd.borrow_mut().element(&text, namespaces));
            }
            Role::AttributeName => {
                declared.attribute = Some(self.dtd.borrow_mut().attribute(&text, namespaces));
                (declared.is_cdata, declared.is_id) = (false, false);
                declared.attribute_type = None;
            }
            Role::AttributeType => {
                let keyword = attribute_type(text.as_bytes()).unwrap_or_default();
                declared.is_cdata |= keyword == "CDATA";
                declared.is_id |= keyword == "ID";
                declared.attribute_type = Some(keyword.to_owned());
            }
            Role::AttributeEnumValue | Role::AttributeNotationValue if wanted => {
                let known = declared.attribute_type.get_or_insert_default();
                known.push_str(match piece.role {
                    _ if !known.is_empty() => "|",
                    Role::AttributeNotationValue => "NOTATION(",
                    _ => "(",
                });
                known.push_str(&text);
            }
            Role::AttributeEnumValue | Role::AttributeNotationValue => {}
            _ if keep => return self.attribute_default(sink, piece, wanted),
            _ => {}
        }
        Ok(Told::when(wanted))
    }

    /// The end of an attribute's declaration: what it is if a tag does not give it.
    fn attribute_default(
        &mut self,
        sink: &mut dyn Sink,
        piece: Piece<'_>,
        wanted: bool,
    ) -> Outcome<Told> {
        let mut value = None;
        if matches!(piece.role, Role::DefaultValue | Role::FixedValue) {
            let mut text = Vec::new();
            let span = (piece.start + 1, piece.end - 1);
            let is_cdata = self.declared.is_cdata;
            let account = Account::None;
            self.attribute_value(piece.source, span, is_cdata, true, account, &mut text)?;
            value = Some(Rc::<str>::from(utf8(&text)));
        }
        let size = 64 + value.as_ref().map_or(0, |value| value.len());
        let (Some(element), Some(id)) = (self.declared.element, self.declared.attribute) else {
            return Err(Code::UnexpectedState);
        };
        let mut dtd = self.dtd.borrow_mut();
        let (is_cdata, is_id) = (self.declared.is_cdata, self.declared.is_id);
        dtd.declare_attribute(element, id, is_cdata, is_id, value.clone());
        if !self.limits.allocate(size) {
            return Err(Code::NoMemory);
        }
        let (Some(kind), true) = (&mut self.declared.attribute_type, wanted) else {
            return Ok(Told::No);
        };
        if kind.contains('(') && !kind.ends_with(')') {
            kind.push(')');
        }
        let kind = kind.clone();
        let element = dtd.elements.items[element].name.clone();
        let attribute = dtd.attributes.items[id].name.clone();
        drop(dtd);
        let event = Event::AttlistDecl {
            element: &element,
            attribute: &attribute,
            kind: &kind,
            default: value.as_deref(),
            required: matches!(piece.role, Role::RequiredValue | Role::FixedValue),
        };
        sink.event(self, event);
        Ok(Told::Yes)
    }

    /// Takes a token of the declaration of an element.
    pub(super) fn element(&mut self, sink: &mut dyn Sink, piece: Piece<'_>) -> Outcome<Told> {
        let wanted = sink.wants(Kind::ElementDecl);
        let namespaces = self.separator.is_some();
        if piece.role == Role::ElementName {
            if wanted {
                let name: Rc<str> = self.piece(piece).into();
                let mut dtd = self.dtd.borrow_mut();
                self.declared.element = Some(dtd.element(&name, namespaces));
                dtd.model.start();
            }
            return Ok(Told::when(wanted));
        }
        let level = self.grammar.level;
        if level >= self.declared.connectors.len() {
            self.declared.connectors.resize(level + 1, 0);
        }
        let connector = &mut self.declared.connectors[level];
        let active = self.dtd.borrow().model.active;
        let mut dtd = self.dtd.borrow_mut();
        match piece.role {
            Role::GroupOpen => {
                *connector = 0;
                if active {
                    dtd.model.open_group();
                    if !self.limits.allocate(std::mem::size_of::<Part>()) {
                        return Err(Code::NoMemory);
                    }
                }
            }
            Role::GroupSequence if std::mem::replace(connector, b',') == b'|' => {
                return Err(Code::Syntax);
            }
            Role::GroupChoice => {
                let before = std::mem::replace(connector, b'|');
                if before == b',' {
                    return Err(Code::Syntax);
                }
                let first = active && before == 0;
                let Some(group) =
                    dtd.model.group().filter(|group| first && group.kind != ModelKind::Mixed)
                else {
                    return Ok(Told::No);
                };
                group.kind = ModelKind::Choice;
            }
            Role::ContentPcdata => {
                if let Some(group) = dtd.model.group().filter(|_| active) {
                    group.kind = ModelKind::Mixed;
                }
            }
            Role::ContentElement if active => {
                drop(dtd);
                self.content_element(piece, namespaces);
            }
            Role::ContentAny | Role::ContentEmpty if active => {
                let any = piece.role == Role::ContentAny;
                let kind = if any { ModelKind::Any } else { ModelKind::Empty };
                dtd.model.parts = vec![Part { kind, ..Part::default() }];
                drop(dtd);
                return Ok(self.tell_model(sink));
            }
            Role::GroupClose if active && dtd.model.close_group(quantifier(piece.token)) => {
                drop(dtd);
                return Ok(self.tell_model(sink));
            }
            _ => {}
        }
        Ok(Told::when(active && wanted))
    }

    fn content_element(&self, piece: Piece<'_>, namespaces: bool) {
        let quantifier = quantifier(piece.token);
        let marked = usize::from(quantifier != Quantifier::Once);
        let name = self.piece(Piece { end: piece.end - marked, ..piece });
        let mut dtd = self.dtd.borrow_mut();
        let number = dtd.element(name, namespaces);
        let name = Some(dtd.elements.items[number].name.clone());
        dtd.model.add(Part { kind: ModelKind::Name, quantifier, name, ..Part::default() });
    }

    /// The declaration of an element is complete.
    fn tell_model(&self, sink: &mut dyn Sink) -> Told {
        let mut dtd = self.dtd.borrow_mut();
        dtd.model.active = false;
        let model = std::mem::take(&mut dtd.model.parts);
        let name = self.declared.element.map(|number| dtd.elements.items[number].name.clone());
        drop(dtd);
        let wanted = sink.wants(Kind::ElementDecl);
        if let (Some(name), true) = (name, wanted) {
            sink.event(self, Event::ElementDecl { name: &name, model: &model });
        }
        Told::when(wanted)
    }
}

/// What the last character of a token says of how often it may occur.
fn quantifier(token: Token) -> Quantifier {
    match token {
        Token::NameQuestion | Token::CloseParenQuestion => Quantifier::Optional,
        Token::NameAsterisk | Token::CloseParenAsterisk => Quantifier::Repeated,
        Token::NamePlus | Token::CloseParenPlus => Quantifier::Plus,
        _ => Quantifier::Once,
    }
}
