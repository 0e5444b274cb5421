//! Tokens of an element's content, and of CDATA sections.

use super::{Found, Scan, Step, Token, is_space, settle};
use crate::chars::{self, Class};

impl Scan<'_> {
    /// The token of content that begins at a position.
    pub fn content(self, at: usize) -> Found {
        settle(self.content_token(at))
    }

    fn content_token(self, at: usize) -> Step<Found> {
        let Some(&first) = self.text.get(at) else { return Ok(self.nothing(at)) };
        let end = match first {
            b'<' => return self.less(at + 1),
            b'&' => return self.reference(at + 1),
            b'\r' => return Ok(self.carriage_return(at)),
            b'\n' => return Ok(Found::new(Token::NewLine, at + 1)),
            b']' => match self.text.get(at + 1..) {
                Some([]) | Some([b']']) => {
                    return Ok(Found::new(Token::TrailingBrackets, self.text.len()));
                }
                Some([b']', b'>', ..]) => return Err(Found::invalid(at + 2)),
                _ => at + 1,
            },
            _ => self.any(at)?,
        };
        Ok(Found::new(Token::Characters, self.characters(end)?))
    }

    fn carriage_return(self, at: usize) -> Found {
        match self.text.get(at + 1) {
            None => Found::new(Token::TrailingCr, at + 1),
            Some(b'\n') => Found::new(Token::NewLine, at + 2),
            Some(_) => Found::new(Token::NewLine, at + 1),
        }
    }

    /// Where plain characters end. If `]]>` ends them, all of them are wrong.
    fn characters(self, mut at: usize) -> Step<usize> {
        while let Some(&byte) = self.text.get(at) {
            let class = chars::class(byte);
            match class {
                Class::Start | Class::Rest | Class::Colon => at += 1,
                Class::Other => match byte {
                    b'<' | b'&' | b'\r' | b'\n' => break,
                    b']' => match &self.text[at + 1..] {
                        [] | [b']'] => break,
                        [b']', b'>', ..] => return Err(Found::invalid(at + 2)),
                        _ => at += 1,
                    },
                    _ => at += 1,
                },
                Class::Invalid => break,
                _ => match self.wide(at, class) {
                    Ok(bytes) => at += bytes.len(),
                    Err(_) => break,
                },
            }
        }
        Ok(at)
    }

    /// What begins with `<`, from behind it.
    fn less(self, at: usize) -> Step<Found> {
        match self.byte(at)? {
            b'!' => match self.byte(at + 1)? {
                b'-' => self.comment(at + 2),
                b'[' => self.cdata_open(at + 2),
                _ => Err(Found::invalid(at + 1)),
            },
            b'?' => self.instruction(at + 1),
            b'/' => self.end_tag(at + 1),
            _ => self.start_tag(at),
        }
    }

    fn cdata_open(self, at: usize) -> Step<Found> {
        let Some(found) = self.text.get(at..at + 6) else {
            return Err(Found::new(Token::Partial, at));
        };
        match found.iter().zip(b"CDATA[").position(|(found, wanted)| found != wanted) {
            Some(wrong) => Err(Found::invalid(at + wrong)),
            None => Ok(Found::new(Token::CdataOpen, at + 6)),
        }
    }

    fn end_tag(self, at: usize) -> Step<Found> {
        let mut at = self.must_start(at)?;
        loop {
            let (end, next) = self.name(at)?;
            match next {
                // Whether the colon stands well shows in the start tag.
                b':' => at = end + 1,
                b'>' => return Ok(Found::new(Token::EndTag, end + 1)),
                _ if is_space(next) => {
                    let end = self.spaces(end)?;
                    return match self.byte(end)? {
                        b'>' => Ok(Found::new(Token::EndTag, end + 1)),
                        _ => Err(Found::invalid(end)),
                    };
                }
                _ => return Err(Found::invalid(end)),
            }
        }
    }

    /// Past a name that may have a prefix, from behind its first character; and what follows.
    fn qualified(self, at: usize) -> Step<(usize, u8)> {
        let (at, next) = self.name(at)?;
        match next {
            b':' => match self.name(self.must_start(at + 1)?)? {
                (at, b':') => Err(Found::invalid(at)),
                found => Ok(found),
            },
            _ => Ok((at, next)),
        }
    }

    fn start_tag(self, at: usize) -> Step<Found> {
        let (mut at, next) = self.qualified(self.must_start(at)?)?;
        if next != b'>' && next != b'/' && !is_space(next) {
            return Err(Found::invalid(at));
        }
        loop {
            at = self.spaces(at)?;
            match self.byte(at)? {
                b'>' => return Ok(Found::new(Token::StartTag, at + 1)),
                b'/' => {
                    return match self.byte(at + 1)? {
                        b'>' => Ok(Found::new(Token::EmptyElement, at + 2)),
                        _ => Err(Found::invalid(at + 1)),
                    };
                }
                _ => at = self.attribute(at)?,
            }
        }
    }

    /// Past an attribute. White space, `>` or `/` follows.
    fn attribute(self, at: usize) -> Step<usize> {
        let (at, _) = self.qualified(self.must_start(at)?)?;
        let at = self.spaces(at)?;
        if self.byte(at)? != b'=' {
            return Err(Found::invalid(at));
        }
        let mut at = self.spaces(at + 1)?;
        let quote = self.byte(at)?;
        if quote != b'"' && quote != b'\'' {
            return Err(Found::invalid(at));
        }
        at += 1;
        loop {
            at = match self.byte(at)? {
                byte if byte == quote => break,
                b'&' => self.reference(at + 1)?.end,
                b'<' => return Err(Found::invalid(at)),
                _ => self.any(at)?,
            };
        }
        match self.byte(at + 1)? {
            b'>' | b'/' => Ok(at + 1),
            byte if is_space(byte) => Ok(at + 1),
            _ => Err(Found::invalid(at + 1)),
        }
    }

    /// The token of a CDATA section that begins at a position.
    pub fn cdata(self, at: usize) -> Found {
        settle(self.cdata_token(at))
    }

    fn cdata_token(self, at: usize) -> Step<Found> {
        let Some(&first) = self.text.get(at) else { return Ok(self.nothing(at)) };
        let mut at = match first {
            b']' => {
                if self.byte(at + 1)? == b']' && self.byte(at + 2)? == b'>' {
                    return Ok(Found::new(Token::CdataClose, at + 3));
                }
                at + 1
            }
            b'\r' => {
                self.byte(at + 1)?;
                return Ok(self.carriage_return(at));
            }
            b'\n' => return Ok(Found::new(Token::NewLine, at + 1)),
            _ => self.any(at)?,
        };
        while let Some(&byte) = self.text.get(at) {
            if matches!(byte, b'\r' | b'\n' | b']') {
                break;
            }
            match self.any(at) {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        Ok(Found::new(Token::Characters, at))
    }
}
