//! The grammar of format strings: literal text and `{name!conversion:spec}`.

use std::ops::Range;

use crate::text::Unit;
use crate::unicode;

/// Literal text, and the replacement field behind it.
pub struct Piece {
    pub literal: Range<usize>,
    pub field: Option<Replacement>,
}

/// A replacement field, as ranges of the format string.
pub struct Replacement {
    pub name: Range<usize>,
    pub conversion: Option<u32>,
    pub spec: Range<usize>,
    /// The specification has replacement fields of its own.
    pub nested: bool,
}

/// Yields the pieces of a format string; the message of a ValueError if it is malformed.
pub struct Markup<'a, T> {
    text: &'a [T],
    at: usize,
}

impl<'a, T: Unit> Markup<'a, T> {
    pub fn new(text: &'a [T]) -> Self {
        Markup { text, at: 0 }
    }

    /// Goes on at a position that `position` told.
    pub fn resume(text: &'a [T], at: usize) -> Self {
        Markup { text, at }
    }

    pub fn position(&self) -> usize {
        self.at
    }

    fn take(&mut self) -> Option<u32> {
        let unit = self.text.get(self.at)?;
        self.at += 1;
        Some(unit.code())
    }

    // Inlined, as is what it calls: its result would be moved about.
    #[inline(always)]
    fn piece(&mut self) -> Result<Piece, &'static str> {
        let start = self.at;
        let brace = |unit: &T| matches!(unit.code(), 0x7b | 0x7d);
        let rest = &self.text[start..];
        let Some(len) = rest.iter().position(brace) else {
            self.at = self.text.len();
            return Ok(Piece { literal: start..self.at, field: None });
        };
        let end = start + len;
        let (this, next) = (self.text[end].code(), self.text.get(end + 1).map(|unit| unit.code()));
        self.at = end + 1;
        if next == Some(this) {
            // A doubled brace stands for itself.
            self.at += 1;
            return Ok(Piece { literal: start..end + 1, field: None });
        }
        if this == u32::from(b'}') {
            return Err("Single '}' encountered in format string");
        }
        if next.is_none() {
            return Err("Single '{' encountered in format string");
        }
        Ok(Piece { literal: start..end, field: Some(self.field()?) })
    }

    #[inline(always)]
    fn field(&mut self) -> Result<Replacement, &'static str> {
        const UNFINISHED: &str = "expected '}' before end of string";
        let start = self.at;
        let end = loop {
            let Some(point) = self.take() else {
                return Err(UNFINISHED);
            };
            match u8::try_from(point).unwrap_or(0) {
                b'{' => return Err("unexpected '{' in field name"),
                // Whatever stands between brackets belongs to the name.
                b'[' => {
                    while self.text.get(self.at).is_some_and(|unit| unit.code() != 0x5d) {
                        self.at += 1;
                    }
                }
                b'}' => {
                    let name = start..self.at - 1;
                    return Ok(Replacement { name, conversion: None, spec: 0..0, nested: false });
                }
                end @ (b':' | b'!') => break end,
                _ => {}
            }
        };
        let name = start..self.at - 1;
        let mut conversion = None;
        if end == b'!' {
            let Some(point) = self.take() else {
                return Err("end of string while looking for conversion specifier");
            };
            conversion = Some(point);
            match self.take() {
                Some(0x7d) => {
                    return Ok(Replacement { name, conversion, spec: 0..0, nested: false });
                }
                Some(0x3a) | None => {}
                Some(_) => return Err("expected ':' after conversion specifier"),
            }
        }
        self.spec(name, conversion)
    }

    #[inline(always)]
    fn spec(
        &mut self,
        name: Range<usize>,
        conversion: Option<u32>,
    ) -> Result<Replacement, &'static str> {
        let start = self.at;
        let (mut open, mut nested) = (1, false);
        while let Some(point) = self.take() {
            match u8::try_from(point).unwrap_or(0) {
                b'{' => {
                    nested = true;
                    open += 1;
                }
                b'}' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(Replacement {
                            name,
                            conversion,
                            spec: start..self.at - 1,
                            nested,
                        });
                    }
                }
                _ => {}
            }
        }
        Err("unmatched '{' in format spec")
    }
}

impl<T: Unit> Iterator for Markup<'_, T> {
    type Item = Result<Piece, &'static str>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        (self.at < self.text.len()).then(|| self.piece())
    }
}

/// A number in a field name: `None` if it is none; an error if it is too large.
pub fn index<T: Unit>(text: &[T]) -> Result<Option<usize>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut value = 0usize;
    for unit in text {
        let Some(digit) = unicode::to_decimal(unit.code()) else {
            return Ok(None);
        };
        let next = value.checked_mul(10).and_then(|value| value.checked_add(usize::from(digit)));
        match next.filter(|&next| next <= isize::MAX as usize) {
            Some(next) => value = next,
            None => return Err("Too many decimal digits in format string"),
        }
    }
    Ok(Some(value))
}

/// The part of a field name before its first `.` or `[`.
pub fn first_of<T: Unit>(name: &[T]) -> usize {
    name.iter().position(|unit| matches!(unit.code(), 0x2e | 0x5b)).unwrap_or(name.len())
}

/// One step of a field name: `.attribute` or `[key]`.
pub enum Step {
    Attribute(Range<usize>),
    Item(Range<usize>),
}

/// The step of `name` that begins at `*at`, which moves behind it.
pub fn step<T: Unit>(name: &[T], at: &mut usize) -> Option<Result<Step, &'static str>> {
    let point = name.get(*at)?.code();
    let start = *at + 1;
    let (step, end) = match u8::try_from(point).unwrap_or(0) {
        b'.' => {
            let end = start + first_of(&name[start..]);
            *at = end;
            (Step::Attribute(start..end), end)
        }
        b'[' => {
            let close = name[start..].iter().position(|unit| unit.code() == 0x5d);
            let Some(len) = close else {
                return Some(Err("Missing ']' in format string"));
            };
            *at = start + len + 1;
            (Step::Item(start..start + len), start + len)
        }
        _ => return Some(Err("Only '.' or '[' may follow ']' in format field specifier")),
    };
    if start == end {
        return Some(Err("Empty attribute in format string"));
    }
    Some(Ok(step))
}
