//! What a token of the prolog means, from those before it: the grammar of declarations as a machine of states.
//!
//! The same job as expat's `xmlrole.c`.

use crate::scan::Token;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Error,
    None,
    XmlDecl,
    InstanceStart,
    DoctypeNone,
    DoctypeName,
    DoctypeSystemId,
    DoctypePublicId,
    DoctypeInternalSubset,
    DoctypeClose,
    GeneralEntityName,
    ParamEntityName,
    EntityNone,
    EntityValue,
    EntitySystemId,
    EntityPublicId,
    EntityComplete,
    EntityNotationName,
    NotationNone,
    NotationName,
    NotationSystemId,
    NotationNoSystemId,
    NotationPublicId,
    AttributeName,
    /// The attribute's type is the keyword.
    AttributeType,
    AttributeEnumValue,
    AttributeNotationValue,
    AttlistNone,
    AttlistElementName,
    ImpliedValue,
    RequiredValue,
    DefaultValue,
    FixedValue,
    ElementNone,
    ElementName,
    ContentAny,
    ContentEmpty,
    ContentPcdata,
    GroupOpen,
    GroupClose,
    GroupChoice,
    GroupSequence,
    ContentElement,
    Instruction,
    Comment,
    TextDecl,
    IgnoreSection,
    InnerParamEntityRef,
    ParamEntityRef,
}

/// What is expected. The numbers count along a declaration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Error,
    Prolog0,
    Prolog1,
    Prolog2,
    Doctype0,
    Doctype1,
    Doctype2,
    Doctype3,
    Doctype4,
    Doctype5,
    InternalSubset,
    ExternalSubset0,
    ExternalSubset1,
    Entity0,
    Entity1,
    Entity2,
    Entity3,
    Entity4,
    Entity5,
    Entity6,
    Entity7,
    Entity8,
    Entity9,
    Entity10,
    Notation0,
    Notation1,
    Notation2,
    Notation3,
    Notation4,
    Attlist0,
    Attlist1,
    Attlist2,
    Attlist3,
    Attlist4,
    Attlist5,
    Attlist6,
    Attlist7,
    Attlist8,
    Attlist9,
    Element0,
    Element1,
    Element2,
    Element3,
    Element4,
    Element5,
    Element6,
    Element7,
    Section0,
    Section1,
    Section2,
    DeclClose,
}

/// Where in the grammar a parser stands.
#[derive(Clone)]
pub struct Grammar {
    state: State,
    /// What the rest of the declaration means.
    rest: Role,
    /// How deep groups of a content model are nested.
    pub level: usize,
    /// How deep `<![INCLUDE[` sections are.
    includes: usize,
    /// This is the document, not an external entity.
    pub is_document: bool,
}

impl Grammar {
    pub fn document() -> Grammar {
        Grammar {
            state: State::Prolog0,
            rest: Role::None,
            level: 0,
            includes: 0,
            is_document: true,
        }
    }

    pub fn external() -> Grammar {
        Grammar { state: State::ExternalSubset0, is_document: false, ..Grammar::document() }
    }

    /// Takes a token with its text.
    pub fn role(&mut self, token: Token, text: &[u8]) -> Role {
        use State as S;
        use Token as T;
        let (state, role) = match self.state {
            S::Error => (S::Error, Role::None),
            S::Prolog0 | S::Prolog1 | S::Prolog2 => return self.prolog(token, text),
            S::InternalSubset => return self.subset(token, text),
            S::ExternalSubset0 => {
                self.state = S::ExternalSubset1;
                match token {
                    T::XmlDecl => return Role::TextDecl,
                    _ => return self.external_subset(token, text),
                }
            }
            S::ExternalSubset1 => return self.external_subset(token, text),
            S::DeclClose => match token {
                T::Space => (S::DeclClose, self.rest),
                T::DeclClose => return self.leave(self.rest),
                _ => return self.other(token),
            },
            state => {
                let none = none_of(state);
                if token == T::Space {
                    return none;
                }
                match self.step(state, token, text) {
                    Some((S::DeclClose, role)) => {
                        self.rest = none;
                        (S::DeclClose, role)
                    }
                    Some((S::InternalSubset, role)) if role != Role::DoctypeInternalSubset => {
                        return self.leave(role);
                    }
                    Some(found) => found,
                    None => return self.other(token),
                }
            }
        };
        self.state = state;
        role
    }

    /// A token that the grammar does not expect.
    fn other(&mut self, token: Token) -> Role {
        if !self.is_document && token == Token::ParamEntityRef {
            return Role::InnerParamEntityRef;
        }
        self.state = State::Error;
        Role::Error
    }

    /// The end of a declaration.
    fn leave(&mut self, role: Role) -> Role {
        self.state = if self.is_document { State::InternalSubset } else { State::ExternalSubset1 };
        role
    }

    fn prolog(&mut self, token: Token, text: &[u8]) -> Role {
        let first = self.state == State::Prolog0;
        let next = if first { State::Prolog1 } else { self.state };
        let (state, role) = match token {
            Token::Space => (next, Role::None),
            Token::XmlDecl if first => (next, Role::XmlDecl),
            Token::Instruction => (next, Role::Instruction),
            Token::Comment => (next, Role::Comment),
            Token::DeclOpen if self.state != State::Prolog2 && &text[2..] == b"DOCTYPE" => {
                (State::Doctype0, Role::DoctypeNone)
            }
            Token::InstanceStart => (State::Error, Role::InstanceStart),
            _ => return self.other(token),
        };
        self.state = state;
        role
    }

    fn subset(&mut self, token: Token, text: &[u8]) -> Role {
        let (state, role) = match token {
            Token::Space | Token::Nothing => return Role::None,
            Token::Instruction => return Role::Instruction,
            Token::Comment => return Role::Comment,
            Token::ParamEntityRef => return Role::ParamEntityRef,
            Token::CloseBracket => (State::Doctype5, Role::DoctypeNone),
            Token::DeclOpen => match &text[2..] {
                b"ENTITY" => (State::Entity0, Role::EntityNone),
                b"ATTLIST" => (State::Attlist0, Role::AttlistNone),
                b"ELEMENT" => (State::Element0, Role::ElementNone),
                b"NOTATION" => (State::Notation0, Role::NotationNone),
                _ => return self.other(token),
            },
            _ => return self.other(token),
        };
        self.state = state;
        role
    }

    fn external_subset(&mut self, token: Token, text: &[u8]) -> Role {
        match token {
            Token::SectionOpen => self.state = State::Section0,
            Token::SectionClose if self.includes > 0 => self.includes -= 1,
            Token::Nothing if self.includes == 0 => {}
            Token::SectionClose | Token::Nothing | Token::CloseBracket => {
                return self.other(token);
            }
            _ => return self.subset(token, text),
        }
        Role::None
    }

    /// The next state, and what the token means. `InternalSubset` stands for the end of a declaration.
    fn step(&mut self, state: State, token: Token, text: &[u8]) -> Option<(State, Role)> {
        use Role as R;
        use State as S;
        use Token as T;
        let keyword = if token == T::Name { text } else { b"" };
        let is_name = matches!(token, T::Name | T::PrefixedName);
        let close = S::InternalSubset;
        Some(match (state, token) {
            (S::Doctype0, _) if is_name => (S::Doctype1, R::DoctypeName),
            (S::Doctype1, T::Name) => match keyword {
                b"SYSTEM" => (S::Doctype3, R::DoctypeNone),
                b"PUBLIC" => (S::Doctype2, R::DoctypeNone),
                _ => return None,
            },
            (S::Doctype1 | S::Doctype4, T::OpenBracket) => {
                (S::InternalSubset, R::DoctypeInternalSubset)
            }
            (S::Doctype1 | S::Doctype4 | S::Doctype5, T::DeclClose) => {
                // Not the end of a declaration within the subset.
                self.state = S::Prolog2;
                (S::Prolog2, R::DoctypeClose)
            }
            (S::Doctype2, T::Literal) => (S::Doctype3, R::DoctypePublicId),
            (S::Doctype3, T::Literal) => (S::Doctype4, R::DoctypeSystemId),

            (S::Entity0, T::Percent) => (S::Entity1, R::EntityNone),
            (S::Entity0, T::Name) => (S::Entity2, R::GeneralEntityName),
            (S::Entity1, T::Name) => (S::Entity7, R::ParamEntityName),
            (S::Entity2 | S::Entity7, T::Literal) => (S::DeclClose, R::EntityValue),
            (S::Entity2 | S::Entity7, T::Name) => {
                let general = state == S::Entity2;
                match keyword {
                    b"SYSTEM" if general => (S::Entity4, R::EntityNone),
                    b"PUBLIC" if general => (S::Entity3, R::EntityNone),
                    b"SYSTEM" => (S::Entity9, R::EntityNone),
                    b"PUBLIC" => (S::Entity8, R::EntityNone),
                    _ => return None,
                }
            }
            (S::Entity3, T::Literal) => (S::Entity4, R::EntityPublicId),
            (S::Entity4, T::Literal) => (S::Entity5, R::EntitySystemId),
            (S::Entity5 | S::Entity10, T::DeclClose) => (close, R::EntityComplete),
            (S::Entity5, T::Name) if keyword == b"NDATA" => (S::Entity6, R::EntityNone),
            (S::Entity6, T::Name) => (S::DeclClose, R::EntityNotationName),
            (S::Entity8, T::Literal) => (S::Entity9, R::EntityPublicId),
            (S::Entity9, T::Literal) => (S::Entity10, R::EntitySystemId),

            (S::Notation0, T::Name) => (S::Notation1, R::NotationName),
            (S::Notation1, T::Name) => match keyword {
                b"SYSTEM" => (S::Notation3, R::NotationNone),
                b"PUBLIC" => (S::Notation2, R::NotationNone),
                _ => return None,
            },
            (S::Notation2, T::Literal) => (S::Notation4, R::NotationPublicId),
            (S::Notation3 | S::Notation4, T::Literal) => (S::DeclClose, R::NotationSystemId),
            (S::Notation4, T::DeclClose) => (close, R::NotationNoSystemId),

            (S::Attlist0, _) if is_name => (S::Attlist1, R::AttlistElementName),
            (S::Attlist1, T::DeclClose) => (close, R::AttlistNone),
            (S::Attlist1, _) if is_name => (S::Attlist2, R::AttributeName),
            (S::Attlist2, T::Name) => match keyword {
                b"NOTATION" => (S::Attlist5, R::AttlistNone),
                _ if attribute_type(keyword).is_some() => (S::Attlist8, R::AttributeType),
                _ => return None,
            },
            (S::Attlist2, T::OpenParen) | (S::Attlist4, T::Or) => (S::Attlist3, R::AttlistNone),
            (S::Attlist3, T::NameToken | T::Name | T::PrefixedName) => {
                (S::Attlist4, R::AttributeEnumValue)
            }
            (S::Attlist4 | S::Attlist7, T::CloseParen) => (S::Attlist8, R::AttlistNone),
            (S::Attlist5, T::OpenParen) | (S::Attlist7, T::Or) => (S::Attlist6, R::AttlistNone),
            (S::Attlist6, T::Name) => (S::Attlist7, R::AttributeNotationValue),
            (S::Attlist8, T::PoundName) => match &text[1..] {
                b"IMPLIED" => (S::Attlist1, R::ImpliedValue),
                b"REQUIRED" => (S::Attlist1, R::RequiredValue),
                b"FIXED" => (S::Attlist9, R::AttlistNone),
                _ => return None,
            },
            (S::Attlist8, T::Literal) => (S::Attlist1, R::DefaultValue),
            (S::Attlist9, T::Literal) => (S::Attlist1, R::FixedValue),

            (S::Element0, _) if is_name => (S::Element1, R::ElementName),
            (S::Element1, T::Name) => match keyword {
                b"EMPTY" => (S::DeclClose, R::ContentEmpty),
                b"ANY" => (S::DeclClose, R::ContentAny),
                _ => return None,
            },
            (S::Element1, T::OpenParen) => {
                self.level = 1;
                (S::Element2, R::GroupOpen)
            }
            (S::Element2, T::PoundName) if &text[1..] == b"PCDATA" => {
                (S::Element3, R::ContentPcdata)
            }
            (S::Element2 | S::Element6, T::OpenParen) => {
                self.level += 1;
                (S::Element6, R::GroupOpen)
            }
            (S::Element2 | S::Element6, T::NameQuestion | T::NameAsterisk | T::NamePlus) => {
                (S::Element7, R::ContentElement)
            }
            (S::Element2 | S::Element6, _) if is_name => (S::Element7, R::ContentElement),
            (S::Element3, T::CloseParen) => (S::DeclClose, R::GroupClose),
            (S::Element3 | S::Element5, T::CloseParenAsterisk) => (S::DeclClose, R::GroupClose),
            (S::Element3 | S::Element5, T::Or) => (S::Element4, R::ElementNone),
            (S::Element4, _) if is_name => (S::Element5, R::ContentElement),
            (
                S::Element7,
                T::CloseParen | T::CloseParenAsterisk | T::CloseParenQuestion | T::CloseParenPlus,
            ) => {
                self.level -= 1;
                (if self.level == 0 { S::DeclClose } else { S::Element7 }, R::GroupClose)
            }
            (S::Element7, T::Comma) => (S::Element6, R::GroupSequence),
            (S::Element7, T::Or) => (S::Element6, R::GroupChoice),

            (S::Section0, T::Name) => match keyword {
                b"INCLUDE" => (S::Section1, R::None),
                b"IGNORE" => (S::Section2, R::None),
                _ => return None,
            },
            (S::Section1, T::OpenBracket) => {
                self.includes += 1;
                (S::ExternalSubset1, R::None)
            }
            (S::Section2, T::OpenBracket) => (S::ExternalSubset1, R::IgnoreSection),
            _ => return None,
        })
    }
}

/// What white space means within a declaration.
fn none_of(state: State) -> Role {
    match state as u8 {
        at if at < State::InternalSubset as u8 => Role::DoctypeNone,
        at if at < State::Notation0 as u8 => Role::EntityNone,
        at if at < State::Attlist0 as u8 => Role::NotationNone,
        at if at < State::Element0 as u8 => Role::AttlistNone,
        at if at < State::Section0 as u8 => Role::ElementNone,
        _ => Role::None,
    }
}

/// The name of an attribute's type that is a keyword.
pub fn attribute_type(keyword: &[u8]) -> Option<&'static str> {
    let types = ["CDATA", "ID", "IDREF", "IDREFS", "ENTITY", "ENTITIES", "NMTOKEN", "NMTOKENS"];
    types.into_iter().find(|known| known.as_bytes() == keyword)
}
