//! Tokens within the values of attributes and entities, whose text is known to be valid.

use super::{Found, Scan, Step, Token, settle};

impl Scan<'_> {
    /// The token of an attribute's value that begins at a position.
    pub fn attribute_value(self, at: usize) -> Found {
        settle(self.value(at, |byte| matches!(byte, b'&' | b'<' | b'\n' | b'\r' | b' ' | b'\t')))
    }

    /// The token of an entity's value that begins at a position.
    pub fn entity_value(self, at: usize) -> Found {
        settle(self.value(at, |byte| matches!(byte, b'&' | b'%' | b'\n' | b'\r')))
    }

    fn value(self, at: usize, special: fn(u8) -> bool) -> Step<Found> {
        let Some(&first) = self.text.get(at) else { return Ok(Found::new(Token::Nothing, at)) };
        if !special(first) {
            let run = self.text[at..].iter().position(|&byte| special(byte));
            let end = run.map_or(self.text.len(), |run| at + run);
            return Ok(Found::new(Token::Characters, end));
        }
        match first {
            b'&' => self.reference(at + 1),
            b'%' => match self.percent(at + 1)? {
                Found { token: Token::Percent, end, .. } => Err(Found::invalid(end)),
                found => Ok(found),
            },
            // Only in an entity that is expanded in a value.
            b'<' => Err(Found::invalid(at)),
            b'\n' => Ok(Found::new(Token::NewLine, at + 1)),
            b'\r' => Ok(match self.text.get(at + 1) {
                None => Found::new(Token::TrailingCr, at + 1),
                Some(b'\n') => Found::new(Token::NewLine, at + 2),
                Some(_) => Found::new(Token::NewLine, at + 1),
            }),
            _ => Ok(Found::new(Token::ValueSpace, at + 1)),
        }
    }
}
