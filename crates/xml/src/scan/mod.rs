//! Text to tokens: what kind of thing begins at a position, and where it ends.
//!
//! Scanning keeps no state: a token that the text breaks off is found again from its start once there is more. The
//! same job as expat's `xmltok_impl.c`. Text is UTF-8 that may be wrong; a token that ends well is right all through.

mod content;
mod prolog;
mod value;

use crate::chars::{self, Class};

/// What begins at a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(clippy::enum_variant_names)] // `NameToken` is what XML calls it.
pub enum Token {
    /// Nothing: the text ends here.
    Nothing,
    /// What began is not complete.
    Partial,
    /// The text ends within a character.
    PartialChar,
    Invalid,
    /// A carriage return or `]` that ends the text, and might be the start of more.
    TrailingCr,
    TrailingBrackets,

    StartTag,
    EmptyElement,
    EndTag,
    Characters,
    NewLine,
    CdataOpen,
    CdataClose,
    EntityRef,
    CharRef,

    Instruction,
    XmlDecl,
    Comment,

    /// `<` with a name behind it, in the prolog.
    InstanceStart,
    Space,
    DeclOpen,
    DeclClose,
    Name,
    PrefixedName,
    NameToken,
    PoundName,
    Or,
    Percent,
    OpenParen,
    CloseParen,
    CloseParenQuestion,
    CloseParenAsterisk,
    CloseParenPlus,
    OpenBracket,
    CloseBracket,
    Literal,
    ParamEntityRef,
    NameQuestion,
    NameAsterisk,
    NamePlus,
    Comma,
    SectionOpen,
    SectionClose,

    ValueSpace,
    IgnoredSection,
}

/// A token that was found.
#[derive(Clone, Copy)]
pub struct Found {
    pub token: Token,
    /// Where it ends, or, of an invalid one, what is wrong.
    pub end: usize,
    /// It ends with the text, and more text might be part of it.
    pub open: bool,
}

impl Found {
    fn new(token: Token, end: usize) -> Found {
        Found { token, end, open: false }
    }

    fn open(token: Token, end: usize) -> Found {
        Found { token, end, open: true }
    }

    fn invalid(at: usize) -> Found {
        Found::new(Token::Invalid, at)
    }
}

/// `Err` is what ends the scan early.
type Step<T> = Result<T, Found>;

fn settle(found: Step<Found>) -> Found {
    match found {
        Ok(found) | Err(found) => found,
    }
}

/// A text to scan.
#[derive(Clone, Copy)]
pub struct Scan<'a> {
    pub text: &'a [u8],
    /// Names have prefixes.
    pub namespaces: bool,
    /// Up to this character, those above ASCII are told apart as ASCII is: the input has an encoding where they are one
    /// byte, or one unit.
    pub narrow: u16,
    /// Behind the text there is half a character of UTF-16.
    pub odd: bool,
}

impl<'a> Scan<'a> {
    #[inline(always)]
    fn byte(self, at: usize) -> Step<u8> {
        match self.text.get(at) {
            Some(&byte) => Ok(byte),
            None => Err(Found::new(Token::Partial, at)),
        }
    }

    /// What the text ends with where a token should begin.
    fn nothing(self, at: usize) -> Found {
        Found::new(if self.odd { Token::Partial } else { Token::Nothing }, at)
    }

    /// The bytes of the character above ASCII at a position.
    fn wide(self, at: usize, class: Class) -> Step<&'a [u8]> {
        match self.text.get(at..at + chars::width(class)) {
            None => Err(Found::new(Token::PartialChar, at)),
            Some(bytes) if chars::is_char(bytes) => Ok(bytes),
            Some(_) => Err(Found::invalid(at)),
        }
    }

    /// Past any valid character.
    #[inline(always)]
    fn any(self, at: usize) -> Step<usize> {
        let class = chars::class(self.byte(at)?);
        match class {
            Class::Invalid => Err(Found::invalid(at)),
            Class::Lead2 | Class::Lead3 | Class::Lead4 => Ok(at + self.wide(at, class)?.len()),
            _ => Ok(at + 1),
        }
    }

    /// Whether the character above ASCII may begin a name. Expat's table for Latin-1 has three more than the others.
    fn starts_name(self, bytes: &[u8]) -> bool {
        let more = self.narrow == 0xff && matches!(bytes, [0xc2, 0xaa | 0xb5 | 0xba]);
        more || chars::starts_name(bytes)
    }

    fn continues_name(self, bytes: &[u8]) -> bool {
        self.starts_name(bytes) || chars::continues_name(bytes)
    }

    /// Past a character that begins a name; `None` at ASCII that does not.
    fn start(self, at: usize) -> Step<Option<usize>> {
        let class = chars::class(self.byte(at)?);
        match class {
            Class::Start => Ok(Some(at + 1)),
            Class::Colon if !self.namespaces => Ok(Some(at + 1)),
            Class::Rest | Class::Colon | Class::Other => Ok(None),
            Class::Invalid => Err(Found::invalid(at)),
            _ => match self.wide(at, class)? {
                bytes if self.starts_name(bytes) => Ok(Some(at + bytes.len())),
                _ => Err(Found::invalid(at)),
            },
        }
    }

    /// Past a character that begins a name, which has to be there.
    fn must_start(self, at: usize) -> Step<usize> {
        self.start(at)?.ok_or(Found::invalid(at))
    }

    /// Past the rest of a name, and the byte behind it. A colon ends it if names have prefixes.
    fn name(self, at: usize) -> Step<(usize, u8)> {
        match self.name_end(at)? {
            (end, Some(byte)) => Ok((end, byte)),
            (end, None) => Err(Found::new(Token::Partial, end)),
        }
    }

    /// As `name`, where the text may end with the name.
    fn name_end(self, mut at: usize) -> Step<(usize, Option<u8>)> {
        while let Some(&byte) = self.text.get(at) {
            let class = chars::class(byte);
            at += match class {
                Class::Start | Class::Rest => 1,
                Class::Colon if !self.namespaces => 1,
                Class::Colon | Class::Other => return Ok((at, Some(byte))),
                Class::Invalid => return Err(Found::invalid(at)),
                _ => match self.wide(at, class)? {
                    bytes if self.continues_name(bytes) => bytes.len(),
                    _ => return Err(Found::invalid(at)),
                },
            };
        }
        Ok((at, None))
    }

    /// Past white space.
    fn spaces(self, mut at: usize) -> Step<usize> {
        while is_space(self.byte(at)?) {
            at += 1;
        }
        Ok(at)
    }

    /// `&...;`, from behind the ampersand.
    fn reference(self, at: usize) -> Step<Found> {
        if self.byte(at)? == b'#' {
            return self.char_reference(at + 1);
        }
        let (at, next) = self.name(self.must_start(at)?)?;
        match next {
            b';' => Ok(Found::new(Token::EntityRef, at + 1)),
            _ => Err(Found::invalid(at)),
        }
    }

    fn char_reference(self, at: usize) -> Step<Found> {
        let hex = self.byte(at)? == b'x';
        let first = at + usize::from(hex);
        let mut at = first;
        loop {
            match self.byte(at)? {
                b'0'..=b'9' => at += 1,
                b'a'..=b'f' | b'A'..=b'F' if hex => at += 1,
                b';' if at > first => return Ok(Found::new(Token::CharRef, at + 1)),
                _ => return Err(Found::invalid(at)),
            }
        }
    }

    /// A comment, from behind `<!-`.
    fn comment(self, at: usize) -> Step<Found> {
        if self.byte(at)? != b'-' {
            return Err(Found::invalid(at));
        }
        let mut at = at + 1;
        loop {
            if self.byte(at)? != b'-' {
                at = self.any(at)?;
                continue;
            }
            at += 1;
            if self.byte(at)? == b'-' {
                return match self.byte(at + 1)? {
                    b'>' => Ok(Found::new(Token::Comment, at + 2)),
                    _ => Err(Found::invalid(at + 1)),
                };
            }
        }
    }

    /// A processing instruction or XML declaration, from behind `<?`.
    fn instruction(self, target: usize) -> Step<Found> {
        let (mut at, next) = self.name(self.must_start(target)?)?;
        if !is_space(next) && next != b'?' {
            return Err(Found::invalid(at));
        }
        let token = match &self.text[target..at] {
            b"xml" => Token::XmlDecl,
            name if name.eq_ignore_ascii_case(b"xml") => return Err(Found::invalid(at)),
            _ => Token::Instruction,
        };
        if next == b'?' {
            return match self.byte(at + 1)? {
                b'>' => Ok(Found::new(token, at + 2)),
                _ => Err(Found::invalid(at + 1)),
            };
        }
        loop {
            if self.byte(at)? != b'?' {
                at = self.any(at)?;
                continue;
            }
            at += 1;
            if self.byte(at)? == b'>' {
                return Ok(Found::new(token, at + 1));
            }
        }
    }
}

pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Past the name at a position; the text is known to be valid.
pub fn name_end(text: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| matches!(chars::class(*byte), Class::Other);
    text[at..].iter().position(ends).map_or(text.len(), |len| at + len)
}

/// The character that a valid `&#...;` stands for, if it is one of XML.
pub fn referred(reference: &[u8]) -> Option<char> {
    let digits = &reference[2..reference.len() - 1];
    let (digits, radix) = match digits {
        [b'x', digits @ ..] => (digits, 16),
        _ => (digits, 10),
    };
    let mut point = 0u32;
    for &digit in digits {
        point = point * radix + char::from(digit).to_digit(radix)?;
        if point > 0x10ffff {
            return None;
        }
    }
    char::from_u32(point).filter(|_| chars::is_referable(point))
}

/// What one of the five names that need no declaration stands for.
pub fn predefined(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"lt" => "<",
        b"gt" => ">",
        b"amp" => "&",
        b"quot" => "\"",
        b"apos" => "'",
        _ => return None,
    })
}
