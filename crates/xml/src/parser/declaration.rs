//! Declarations: the document type, entities, notations. Those of elements and their attributes are in `element`.

mod element;

use std::rc::Rc;

use crate::dtd::Entity;
use crate::error::Code;
use crate::event::{EntityIds, Event, Kind, Sink};
use crate::limits::Account;
use crate::role::Role;
use crate::scan;

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
}

fn ids_of(entity: &Entity) -> EntityIds<'_> {
    EntityIds {
        name: &entity.name,
        base: entity.base.as_deref(),
        system_id: entity.system_id.as_deref(),
        public_id: entity.public_id.as_deref(),
    }
}
