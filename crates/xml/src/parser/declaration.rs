//! Declarations: the document type, entities, notations, attributes, elements.

use std::rc::Rc;

use crate::dtd::Entity;
use crate::error::Code;
use crate::event::{EntityIds, Event, Kind, ModelKind, Part, Quantifier, Sink};
use crate::limits::Account;
use crate::role::{Role, attribute_type};
use crate::scan::{self, Token};

use super::prolog::{Piece, Told};
use super::{Outcome, ParamEntityParsing, Parser, utf8};

impl Parser {
    /// Takes a token of a declaration.
    pub(super) fn declaration(&mut self, sink: &mut dyn Sink, piece: Piece<'_>) -> Outcome<Told> {
        use Role as R;
        let keep = self.dtd.borrow().keep_processing;
        match piece.role {
            R::DoctypeNone => Ok(Told::when(sink.wants(Kind::StartDoctypeDecl))),
            R::EntityNone => Ok(Told::when(keep && sink.wants(Kind::EntityDecl))),
            R::NotationNone => Ok(Told::when(sink.wants(Kind::NotationDecl))),
            R::AttlistNone => Ok(Told::when(keep && sink.wants(Kind::AttlistDecl))),
            R::ElementNone => Ok(Told::when(sink.wants(Kind::ElementDecl))),
            R::DoctypeName
            | R::DoctypeSystemId
            | R::DoctypePublicId
            | R::DoctypeInternalSubset
            | R::DoctypeClose => self.doctype(sink, piece, keep),
            R::GeneralEntityName
            | R::ParamEntityName
            | R::EntityValue
            | R::EntitySystemId
            | R::EntityPublicId
            | R::EntityComplete
            | R::EntityNotationName => self.entity(sink, piece, keep),
            R::NotationName | R::NotationSystemId | R::NotationNoSystemId | R::NotationPublicId => {
                self.notation(sink, piece)
            }
            R::AttlistElementName
            | R::AttributeName
            | R::AttributeType
            | R::AttributeEnumValue
            | R::AttributeNotationValue
            | R::ImpliedValue
            | R::RequiredValue
            | R::DefaultValue
            | R::FixedValue => self.attribute(sink, piece, keep),
            _ => self.element(sink, piece),
        }
    }

    fn piece<'a>(&'a self, piece: Piece<'a>) -> &'a str {
        utf8(&self.text(piece.source)[piece.start..piece.end])
    }

    /// A literal without its quotes.
    fn literal(&self, piece: Piece<'_>) -> Rc<str> {
        utf8(&self.text(piece.source)[piece.start + 1..piece.end - 1]).into()
    }

    /// A public identifier, which may have only some characters; its white space is made uniform.
    fn public_id(&self, piece: Piece<'_>) -> Outcome<Rc<str>> {
        let text = self.literal(piece);
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || b" \r\n-'()+,./:=?;!*#@$_%".contains(&byte);
        if let Some(wrong) = text.bytes().position(|byte| !fits(byte)) {
            self.mark(piece.source, piece.start + 1 + wrong);
            return Err(Code::PublicId);
        }
        Ok(text.split_ascii_whitespace().collect::<Vec<_>>().join(" ").into())
    }

    fn doctype(&mut self, sink: &mut dyn Sink, piece: Piece<'_>, keep: bool) -> Outcome<Told> {
        let wanted = sink.wants(Kind::StartDoctypeDecl);
        match piece.role {
            Role::DoctypeName => {
                self.declared.doctype_name = wanted.then(|| self.piece(piece).into());
                self.declared.doctype_public = None;
                self.declared.doctype_system = None;
                self.declared.has_system = false;
                Ok(Told::when(wanted))
            }
            Role::DoctypeInternalSubset => {
                if !wanted {
                    return Ok(Told::No);
                }
                self.start_doctype(sink, true);
                Ok(Told::Yes)
            }
            Role::DoctypePublicId => {
                let public = self.public_id(piece)?;
                self.foreign_dtd = false;
                let subset = self.external_subset_entity();
                self.declared.entity = Some((subset, true));
                let mut dtd = self.dtd.borrow_mut();
                dtd.has_parameter_refs = true;
                if keep {
                    dtd.parameter.items[subset].public_id = Some(public.clone());
                }
                self.declared.doctype_public = wanted.then_some(public);
                Ok(Told::when(wanted))
            }
            Role::DoctypeSystemId => {
                self.foreign_dtd = false;
                self.dtd.borrow_mut().has_parameter_refs = true;
                let system = self.literal(piece);
                self.declared.has_system = true;
                self.declared.doctype_system = wanted.then(|| system.clone());
                if self.parameter_parsing == ParamEntityParsing::Never {
                    self.check_standalone(sink)?;
                }
                let subset = self.external_subset_entity();
                let (entity, is_parameter) = *self.declared.entity.get_or_insert((subset, true));
                if keep {
                    self.set_system_id(entity, is_parameter, system);
                }
                Ok(Told::when(wanted))
            }
            _ => {
                let mut told = Told::No;
                if self.declared.doctype_name.is_some() {
                    self.start_doctype(sink, false);
                    told = Told::Yes;
                }
                let named = self.declared.has_system;
                if named || self.foreign_dtd {
                    self.external_subset(sink, named)?;
                }
                if sink.wants(Kind::EndDoctypeDecl) {
                    sink.event(self, Event::EndDoctypeDecl);
                    told = Told::Yes;
                }
                Ok(told)
            }
        }
    }

    fn start_doctype(&mut self, sink: &mut dyn Sink, internal_subset: bool) {
        let name = self.declared.doctype_name.take();
        if sink.wants(Kind::StartDoctypeDecl) {
            let event = Event::StartDoctypeDecl {
                name: name.as_deref().unwrap_or_default(),
                system_id: self.declared.doctype_system.as_deref(),
                public_id: self.declared.doctype_public.as_deref(),
                internal_subset,
            };
            sink.event(self, event);
        }
    }

    fn set_system_id(&self, entity: usize, is_parameter: bool, system: Rc<str>) {
        let mut dtd = self.dtd.borrow_mut();
        let table = if is_parameter { &mut dtd.parameter } else { &mut dtd.general };
        table.items[entity].system_id = Some(system);
        table.items[entity].base = self.base();
    }

    /// The entity that is being declared, unless its name was before.
    fn declared_entity(&self) -> Option<Entity> {
        let (number, is_parameter) = self.declared.entity?;
        let dtd = self.dtd.borrow();
        let table = if is_parameter { &dtd.parameter } else { &dtd.general };
        Some(table.items[number].clone())
    }

    fn change_entity(&self, change: impl FnOnce(&mut Entity)) {
        let Some((number, is_parameter)) = self.declared.entity else { return };
        let mut dtd = self.dtd.borrow_mut();
        let table = if is_parameter { &mut dtd.parameter } else { &mut dtd.general };
        change(&mut table.items[number]);
    }

    fn entity(&mut self, sink: &mut dyn Sink, piece: Piece<'_>, keep: bool) -> Outcome<Told> {
        let wanted = sink.wants(Kind::EntityDecl);
        match piece.role {
            Role::GeneralEntityName | Role::ParamEntityName => {
                return self.entity_name(piece, keep, wanted);
            }
            Role::EntityPublicId => {
                let public = self.public_id(piece)?;
                if keep && self.declared.entity.is_some() {
                    self.change_entity(|entity| entity.public_id = Some(public));
                    return Ok(Told::when(wanted));
                }
                return Ok(Told::No);
            }
            Role::EntityValue if keep => return self.entity_text(sink, piece, wanted),
            _ => {}
        }
        let (true, Some((number, is_parameter))) = (keep, self.declared.entity) else {
            return Ok(Told::No);
        };
        match piece.role {
            Role::EntitySystemId => {
                self.set_system_id(number, is_parameter, self.literal(piece));
                return Ok(Told::when(wanted));
            }
            Role::EntityNotationName => {
                let notation: Rc<str> = self.piece(piece).into();
                self.change_entity(|entity| entity.notation = Some(notation));
            }
            Role::EntityComplete => {}
            _ => return Ok(Told::No),
        }
        let Some(entity) = self.declared_entity() else { return Ok(Told::No) };
        let ids = ids_of(&entity);
        match entity.notation.as_deref() {
            Some(notation)
                if piece.role == Role::EntityNotationName
                    && sink.wants(Kind::UnparsedEntityDecl) =>
            {
                sink.event(self, Event::UnparsedEntityDecl { entity: ids, notation });
                return Ok(Told::Yes);
            }
            notation if wanted => {
                let is_parameter = is_parameter && piece.role == Role::EntityComplete;
                sink.event(
                    self,
                    Event::EntityDecl { entity: ids, is_parameter, value: None, notation },
                );
            }
            _ => {}
        }
        Ok(Told::when(wanted))
    }

    fn entity_name(&mut self, piece: Piece<'_>, keep: bool, wanted: bool) -> Outcome<Told> {
        let is_parameter = piece.role == Role::ParamEntityName;
        self.declared.entity = None;
        let name: Rc<str> = self.piece(piece).into();
        let predefined = !is_parameter && scan::predefined(name.as_bytes()).is_some();
        if predefined || !keep {
            return Ok(Told::No);
        }
        // What an entity or another parser declares does not stand in the document itself.
        let is_internal = self.is_root && self.open.is_empty();
        let mut dtd = self.dtd.borrow_mut();
        let table = if is_parameter { &mut dtd.parameter } else { &mut dtd.general };
        if table.find(&name).is_some() {
            return Ok(Told::No);
        }
        let entity = Entity::new(name.clone(), is_parameter, is_internal);
        self.declared.entity = Some((table.add(name, entity), is_parameter));
        match self.limits.allocate(std::mem::size_of::<Entity>()) {
            true => Ok(Told::when(wanted)),
            false => Err(Code::NoMemory),
        }
    }

    fn entity_text(
        &mut self,
        sink: &mut dyn Sink,
        piece: Piece<'_>,
        wanted: bool,
    ) -> Outcome<Told> {
        self.dtd.borrow_mut().value.clear();
        let span = (piece.start + 1, piece.end - 1);
        let result = self.entity_value(sink, piece.source, span, Account::None);
        let value = std::mem::take(&mut self.dtd.borrow_mut().value);
        if !self.limits.allocate(value.len()) {
            return Err(Code::NoMemory);
        }
        let Some(entity) = self.declared_entity() else { return result.map(|()| Told::No) };
        let text: Rc<[u8]> = value.into();
        self.change_entity(|entity| entity.text = Some(text.clone()));
        if wanted {
            let base = self.base();
            let ids = EntityIds { base: base.as_deref(), ..ids_of(&entity) };
            let ids = EntityIds { system_id: None, public_id: None, ..ids };
            let (is_parameter, value) = (entity.is_parameter, Some(utf8(&text)));
            let event = Event::EntityDecl { entity: ids, is_parameter, value, notation: None };
            sink.event(self, event);
        }
        result.map(|()| Told::when(wanted))
    }

    fn notation(&mut self, sink: &mut dyn Sink, piece: Piece<'_>) -> Outcome<Told> {
        let wanted = sink.wants(Kind::NotationDecl);
        let system = match piece.role {
            Role::NotationName => {
                self.declared.notation_public = None;
                self.declared.notation = wanted.then(|| self.piece(piece).into());
                return Ok(Told::when(wanted));
            }
            Role::NotationPublicId => {
                let public = self.public_id(piece)?;
                let told = self.declared.notation.is_some();
                self.declared.notation_public = told.then_some(public);
                return Ok(Told::when(told));
            }
            Role::NotationSystemId => Some(self.literal(piece)),
            _ => None,
        };
        let Some(name) = self.declared.notation.clone() else { return Ok(Told::No) };
        if !wanted {
            return Ok(Told::No);
        }
        let (base, public) = (self.base(), self.declared.notation_public.clone());
        let entity = EntityIds {
            name: &name,
            base: base.as_deref(),
            system_id: system.as_deref(),
            public_id: public.as_deref(),
        };
        sink.event(self, Event::NotationDecl { entity });
        Ok(Told::Yes)
    }

    fn attribute(&mut self, sink: &mut dyn Sink, piece: Piece<'_>, keep: bool) -> Outcome<Told> {
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

    fn element(&mut self, sink: &mut dyn Sink, piece: Piece<'_>) -> Outcome<Told> {
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

fn ids_of(entity: &Entity) -> EntityIds<'_> {
    EntityIds {
        name: &entity.name,
        base: entity.base.as_deref(),
        system_id: entity.system_id.as_deref(),
        public_id: entity.public_id.as_deref(),
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
