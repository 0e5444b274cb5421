//! Reading `[[fill]align][sign][z][#][0][width][grouping][.[precision][grouping]][type]`.

use super::{Align, Grouping, Spec, SpecError};
use crate::unicode;

/// Walks over the code points of a specification.
struct Reader<'a, T> {
    rest: &'a [T],
}

impl<T: Copy + Into<u32>> Reader<'_, T> {
    fn peek(&self, at: usize) -> Option<u32> {
        self.rest.get(at).map(|&c| c.into())
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek(0) == Some(u32::from(wanted));
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// A number in decimal digits of any script.
    fn number(&mut self) -> Result<Option<usize>, SpecError> {
        let mut value = None;
        while let Some(digit) = self.peek(0).and_then(|c| match c {
            0x30..=0x39 => Some((c - 0x30) as u8),
            0..0x80 => None,
            _ => unicode::to_decimal(c),
        }) {
            let next = value.unwrap_or(0usize).checked_mul(10);
            let next = next.and_then(|n| n.checked_add(usize::from(digit)));
            if next.is_none_or(|n| n > isize::MAX as usize) {
                return Err(SpecError::Fixed("Too many decimal digits in format string"));
            }
            value = next;
            self.rest = &self.rest[1..];
        }
        Ok(value)
    }

    fn grouping(&mut self) -> Result<Grouping, SpecError> {
        let comma = self.take(b',');
        let underscore = self.take(b'_');
        if underscore && (comma || self.peek(0) == Some(u32::from(b','))) {
            return Err(SpecError::BOTH_SEPARATORS);
        }
        Ok(match (comma, underscore) {
            (true, _) => Grouping::Comma,
            (_, true) => Grouping::Underscore,
            _ => Grouping::None,
        })
    }
}

fn align_of(c: Option<u32>) -> Option<Align> {
    match u8::try_from(c?).ok()? {
        b'<' => Some(Align::Left),
        b'>' => Some(Align::Right),
        b'^' => Some(Align::Center),
        b'=' => Some(Align::AfterSign),
        _ => None,
    }
}

impl Spec {
    /// Parses a specification given as code points. What it leaves out comes from the type:
    /// numbers stand to the right, and `int` has the type letter `d`, `str` has `s`.
    pub fn parse<T: Copy + Into<u32>>(
        text: &[T],
        default_align: Align,
        default_code: Option<u8>,
    ) -> Result<Spec, SpecError> {
        let mut spec = Spec::default();
        spec.read(text, default_align, default_code)?;
        Ok(spec)
    }

    /// As `parse`, into a specification that says nothing yet: it is not moved about.
    pub fn read<T: Copy + Into<u32>>(
        &mut self,
        text: &[T],
        default_align: Align,
        default_code: Option<u8>,
    ) -> Result<(), SpecError> {
        let mut reader = Reader { rest: text };
        let (mut filled, mut given) = (false, false);
        self.align = default_align;
        if let Some(found) = align_of(reader.peek(1)) {
            self.fill = reader.peek(0).unwrap_or(self.fill);
            (self.align, filled, given) = (found, true, true);
            reader.rest = &reader.rest[2..];
        } else if let Some(found) = align_of(reader.peek(0)) {
            (self.align, given) = (found, true);
            reader.rest = &reader.rest[1..];
        }
        if let Some(sign @ (0x20 | 0x2b | 0x2d)) = reader.peek(0) {
            self.sign = Some(sign as u8);
            reader.rest = &reader.rest[1..];
        }
        self.no_negative_zero = reader.take(b'z');
        self.alternate = reader.take(b'#');
        if !filled && reader.take(b'0') {
            self.fill = u32::from(b'0');
            if !given && default_align == Align::Right {
                self.align = Align::AfterSign;
            }
        }
        self.width = reader.number()?;
        self.grouping = reader.grouping()?;
        if reader.take(b'.') {
            self.precision = reader.number()?;
            self.fraction_grouping = reader.grouping()?;
            if self.precision.is_none() && self.fraction_grouping == Grouping::None {
                return Err(SpecError::Fixed("Format specifier missing precision"));
            }
        }
        self.code = match *reader.rest {
            [] => default_code.map(u32::from),
            [code] => Some(code.into()),
            _ => return Err(SpecError::Invalid),
        };
        self.check_grouping()
    }

    fn check_grouping(&self) -> Result<(), SpecError> {
        let Some(code) = self.code else {
            return Ok(());
        };
        let letter = u8::try_from(code).unwrap_or(0);
        let allowed = match self.grouping {
            Grouping::None => true,
            Grouping::Comma => b"defgEG%F".contains(&letter),
            Grouping::Underscore => b"defgEG%FboxX".contains(&letter),
        };
        if !allowed {
            return Err(SpecError::SeparatorWithCode(self.grouping.separator(), code));
        }
        if letter == b'n' && self.fraction_grouping != Grouping::None {
            return Err(SpecError::SeparatorWithCode(self.fraction_grouping.separator(), code));
        }
        Ok(())
    }
}

impl Grouping {
    fn separator(self) -> char {
        if self == Grouping::Comma { ',' } else { '_' }
    }
}
