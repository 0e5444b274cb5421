//! The values that replacement fields name.

use super::markup::{self, Step};
use crate::prelude::*;
use crate::str::Chars;
use crate::text::{TextBuf, Unit};

/// Where values come from.
pub enum Arguments<'a> {
    Given {
        positional: &'a [Borrowed<'a>],
        keywords: Kwargs<'a>,
    },
    /// `format_map`: anything with `__getitem__`.
    Mapping(Borrowed<'a>),
}

/// Whether fields without a number were seen, or ones with a number: not both.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    #[default]
    Unknown,
    Manual,
    /// The number of the next field.
    Automatic(usize),
}

impl Numbering {
    /// The position a field means, given the number that it says.
    fn position(&mut self, number: Option<usize>) -> Result<usize, &'static str> {
        match (number, *self) {
            (Some(number), Numbering::Unknown | Numbering::Manual) => {
                *self = Numbering::Manual;
                Ok(number)
            }
            (None, Numbering::Unknown) => {
                *self = Numbering::Automatic(1);
                Ok(0)
            }
            (None, Numbering::Automatic(next)) => {
                *self = Numbering::Automatic(next + 1);
                Ok(next)
            }
            (Some(_), Numbering::Automatic(_)) => {
                Err("cannot switch from automatic field numbering to manual field specification")
            }
            (None, Numbering::Manual) => {
                Err("cannot switch from manual field specification to automatic field numbering")
            }
        }
    }
}

/// A `str` of units of any kind.
pub fn string<T: Unit>(th: &Thread, units: &[T]) -> PyResult<Owned<Str>> {
    if let Some(bytes) = T::as_bytes(units) {
        return Str::from_chars(th, Chars::One(bytes));
    }
    let mut text = TextBuf::default();
    text.push_units(units);
    Str::from_text(th, &text)
}

/// The value of the field called `name`.
pub fn value<T: Unit>(
    th: &Thread,
    name: &[T],
    arguments: &Arguments<'_>,
    numbering: &mut Numbering,
) -> PyResult {
    let malformed = |message| th.raise(exc::VALUE_ERROR, message);
    let mut at = markup::first_of(name);
    let first = &name[..at];
    let number = markup::index(first).map_err(malformed)?;
    let mut value = if first.is_empty() || number.is_some() {
        positional(th, numbering.position(number).map_err(malformed)?, arguments)?
    } else {
        keyword(th, string(th, first)?, arguments)?
    };
    while let Some(step) = markup::step(name, &mut at) {
        value = match step.map_err(malformed)? {
            Step::Attribute(range) => {
                let attribute = string(th, &name[range])?;
                object::get_attr(th, value.object(), attribute.borrow())?
            }
            Step::Item(range) => item(th, value.object(), &name[range])?,
        };
    }
    Ok(value)
}

fn positional(th: &Thread, position: usize, arguments: &Arguments<'_>) -> PyResult {
    let Arguments::Given { positional, .. } = arguments else {
        return Err(th.raise(exc::VALUE_ERROR, "Format string contains positional fields"));
    };
    positional.get(position).map(|&value| value.to_owned()).ok_or_else(|| {
        raise!(
            th,
            INDEX_ERROR,
            "Replacement index {position} out of range for positional args tuple"
        )
    })
}

fn keyword(th: &Thread, name: Owned<Str>, arguments: &Arguments<'_>) -> PyResult {
    let keywords = match arguments {
        Arguments::Mapping(mapping) => return object::get_item(th, *mapping, name.object()),
        Arguments::Given { keywords, .. } => keywords,
    };
    let found = match name.as_ascii() {
        Some(ascii) => keywords.get(ascii),
        None => {
            let mut pairs = keywords.pairs().into_iter();
            pairs.find(|(key, _)| Str::eq(key, &name)).map(|(_, value)| value)
        }
    };
    found.ok_or_else(|| th.raise_value(exc::KEY_ERROR, name.object()))
}

fn item<T: Unit>(th: &Thread, value: Borrowed<'_>, key: &[T]) -> PyResult {
    match markup::index(key).map_err(|message| th.raise(exc::VALUE_ERROR, message))? {
        Some(index) if sequence::check(value) => sequence::get(th, value, index as isize),
        Some(index) => object::get_item(th, value, Int::from_usize(th, index)?.object()),
        None => object::get_item(th, value, string(th, key)?.object()),
    }
}
