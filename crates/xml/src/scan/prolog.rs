//! Tokens outside the root element: the prolog, declarations, what follows the end.

use super::{Found, Scan, Step, Token, is_space, settle};
use crate::chars::{self, Class};

impl Scan<'_> {
    /// The token of a prolog or DTD that begins at a position.
    pub fn prolog(self, at: usize) -> Found {
        settle(self.prolog_token(at))
    }

    fn prolog_token(self, at: usize) -> Step<Found> {
        let Some(&first) = self.text.get(at) else { return Ok(self.nothing(at)) };
        let single = |token| Ok(Found::new(token, at + 1));
        match first {
            b'"' | b'\'' => self.literal(at + 1, first),
            b'<' => self.prolog_less(at),
            b'\r' if at + 1 == self.text.len() => Ok(Found::open(Token::Space, at + 1)),
            b' ' | b'\t' | b'\r' | b'\n' => Ok(Found::new(Token::Space, self.prolog_space(at + 1))),
            b'%' => self.percent(at + 1),
            b',' => single(Token::Comma),
            b'[' => single(Token::OpenBracket),
            b']' => self.close_bracket(at + 1),
            b'(' => single(Token::OpenParen),
            b')' => self.close_paren(at + 1),
            b'|' => single(Token::Or),
            b'>' => single(Token::DeclClose),
            b'#' => self.pound_name(at + 1),
            _ => self.name_token(at),
        }
    }

    /// Past white space; a carriage return that ends the text stays, for it may be half of a line's end.
    fn prolog_space(self, mut at: usize) -> usize {
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b' ' | b'\t' | b'\n' => at += 1,
                b'\r' if at + 1 != self.text.len() => at += 1,
                _ => break,
            }
        }
        at
    }

    fn prolog_less(self, at: usize) -> Step<Found> {
        let next = self.byte(at + 1)?;
        match next {
            b'!' => self.declaration(at + 2),
            b'?' => self.instruction(at + 2),
            _ => match chars::class(next) {
                Class::Lead2 | Class::Lead3 if self.narrow != 0 && !self.may_begin(at + 1)? => {
                    Err(Found::invalid(at + 1))
                }
                Class::Start | Class::Lead2 | Class::Lead3 | Class::Lead4 => {
                    Ok(Found::new(Token::InstanceStart, at))
                }
                Class::Colon if !self.namespaces => Ok(Found::new(Token::InstanceStart, at)),
                _ => Err(Found::invalid(at + 1)),
            },
        }
    }

    /// `<!NAME`, a comment or `<![`, from behind `<!`.
    fn declaration(self, mut at: usize) -> Step<Found> {
        match self.byte(at)? {
            b'-' => return self.comment(at + 1),
            b'[' => return Ok(Found::new(Token::SectionOpen, at + 1)),
            _ => at = self.keyword_letter(at)?,
        }
        loop {
            match self.byte(at)? {
                b'%' => {
                    // "<!ENTITY% name" is wrong, "<!ENTITY%name;" is not.
                    let next = self.byte(at + 1)?;
                    if is_space(next) || next == b'%' {
                        return Err(Found::invalid(at));
                    }
                    return Ok(Found::new(Token::DeclOpen, at));
                }
                byte if is_space(byte) => return Ok(Found::new(Token::DeclOpen, at)),
                _ => at = self.keyword_letter(at)?,
            }
        }
    }

    /// Past a letter of a declaration's keyword, as far as one look at it shows whether it is one.
    fn keyword_letter(self, at: usize) -> Step<usize> {
        let class = chars::class(self.byte(at)?);
        match class {
            Class::Start => Ok(at + 1),
            Class::Colon if !self.namespaces => Ok(at + 1),
            Class::Lead2 | Class::Lead3 if self.narrow != 0 => {
                let bytes = self.wide(at, class)?;
                match chars::code_point(bytes) <= self.narrow.into() && self.starts_name(bytes) {
                    true => Ok(at + bytes.len()),
                    false => Err(Found::invalid(at)),
                }
            }
            _ => Err(Found::invalid(at)),
        }
    }

    /// Whether a character above ASCII may begin a name, as far as one look at it shows.
    fn may_begin(self, at: usize) -> Step<bool> {
        let bytes = self.wide(at, chars::class(self.byte(at)?))?;
        Ok(chars::code_point(bytes) > self.narrow.into() || self.starts_name(bytes))
    }

    fn close_bracket(self, at: usize) -> Step<Found> {
        match self.text.get(at..) {
            None | Some([]) => Ok(Found::open(Token::CloseBracket, at)),
            Some([b']']) => Err(Found::new(Token::Partial, at)),
            Some([b']', b'>', ..]) => Ok(Found::new(Token::SectionClose, at + 2)),
            Some(_) => Ok(Found::new(Token::CloseBracket, at)),
        }
    }

    fn close_paren(self, at: usize) -> Step<Found> {
        let Some(&next) = self.text.get(at) else {
            return Ok(Found::open(Token::CloseParen, at));
        };
        match next {
            b'*' => Ok(Found::new(Token::CloseParenAsterisk, at + 1)),
            b'?' => Ok(Found::new(Token::CloseParenQuestion, at + 1)),
            b'+' => Ok(Found::new(Token::CloseParenPlus, at + 1)),
            b'>' | b',' | b'|' | b')' => Ok(Found::new(Token::CloseParen, at)),
            _ if is_space(next) => Ok(Found::new(Token::CloseParen, at)),
            _ => Err(Found::invalid(at)),
        }
    }

    fn literal(self, mut at: usize, quote: u8) -> Step<Found> {
        while self.byte(at)? != quote {
            at = self.any(at)?;
        }
        at += 1;
        match self.text.get(at) {
            None => Ok(Found::open(Token::Literal, at)),
            Some(b'>' | b'%' | b'[' | b' ' | b'\t' | b'\r' | b'\n') => {
                Ok(Found::new(Token::Literal, at))
            }
            Some(_) => Err(Found::invalid(at)),
        }
    }

    /// `%name;` or a lone `%`, from behind it.
    pub(super) fn percent(self, at: usize) -> Step<Found> {
        let first = self.byte(at)?;
        if is_space(first) || first == b'%' {
            return Ok(Found::new(Token::Percent, at));
        }
        match self.name(self.must_start(at)?)? {
            (at, b';') => Ok(Found::new(Token::ParamEntityRef, at + 1)),
            (at, _) => Err(Found::invalid(at)),
        }
    }

    fn pound_name(self, at: usize) -> Step<Found> {
        match self.name_end(self.must_start(at)?)? {
            (at, None) => Ok(Found::open(Token::PoundName, at)),
            (at, Some(b')' | b'>' | b'%' | b'|' | b' ' | b'\t' | b'\r' | b'\n')) => {
                Ok(Found::new(Token::PoundName, at))
            }
            (at, Some(_)) => Err(Found::invalid(at)),
        }
    }

    fn name_token(self, at: usize) -> Step<Found> {
        let class = chars::class(self.byte(at)?);
        let (mut token, mut at) = match class {
            Class::Start => (Token::Name, at + 1),
            Class::Rest => (Token::NameToken, at + 1),
            Class::Colon if self.namespaces => (Token::NameToken, at + 1),
            Class::Colon => (Token::Name, at + 1),
            Class::Invalid | Class::Other => return Err(Found::invalid(at)),
            _ => match self.wide(at, class)? {
                bytes if self.starts_name(bytes) => (Token::Name, at + bytes.len()),
                bytes if self.continues_name(bytes) => (Token::NameToken, at + bytes.len()),
                _ => return Err(Found::invalid(at)),
            },
        };
        loop {
            let (end, next) = self.name_end(at)?;
            let Some(next) = next else { return Ok(Found::open(token, end)) };
            let repeated = match next {
                b'>' | b')' | b',' | b'|' | b'[' | b'%' | b' ' | b'\t' | b'\r' | b'\n' => {
                    return Ok(Found::new(token, end));
                }
                b':' => {
                    at = end + 1;
                    token = match token {
                        Token::Name if self.continues(at)? => Token::PrefixedName,
                        _ => Token::NameToken,
                    };
                    continue;
                }
                b'+' => Token::NamePlus,
                b'*' => Token::NameAsterisk,
                b'?' => Token::NameQuestion,
                _ => return Err(Found::invalid(end)),
            };
            return match token {
                Token::NameToken => Err(Found::invalid(end)),
                _ => Ok(Found::new(repeated, end + 1)),
            };
        }
    }

    /// Whether a character of names stands there.
    fn continues(self, at: usize) -> Step<bool> {
        let class = chars::class(self.byte(at)?);
        match class {
            Class::Start | Class::Rest => Ok(true),
            Class::Colon | Class::Other => Ok(false),
            Class::Invalid => Err(Found::invalid(at)),
            _ => match self.continues_name(self.wide(at, class)?) {
                true => Ok(true),
                false => Err(Found::invalid(at)),
            },
        }
    }

    /// All of a section that is to be ignored, from behind its `[`.
    pub fn ignored(self, at: usize) -> Found {
        settle(self.ignored_section(at))
    }

    fn ignored_section(self, mut at: usize) -> Step<Found> {
        let mut depth = 0usize;
        loop {
            match self.byte(at)? {
                b'<' => {
                    at += 1;
                    if self.byte(at)? == b'!' {
                        at += 1;
                        if self.byte(at)? == b'[' {
                            at += 1;
                            depth += 1;
                        }
                    }
                }
                b']' => {
                    at += 1;
                    if self.byte(at)? == b']' {
                        at += 1;
                        if self.byte(at)? == b'>' {
                            at += 1;
                            match depth.checked_sub(1) {
                                None => return Ok(Found::new(Token::IgnoredSection, at)),
                                Some(less) => depth = less,
                            }
                        }
                    }
                }
                _ => at = self.any(at)?,
            }
        }
    }
}
