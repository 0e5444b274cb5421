//! The grammar of format strings for Python code: what `_string` offers to `string.Formatter`.

use std::cell::Cell;

use super::fields::string;
use super::markup::{self, Markup, Step};
use crate::prelude::*;
use crate::str::iterator::instance;
use crate::with_units;

/// Yields `(literal, name, spec, conversion)` for every piece of a format string.
#[pytype(name = "formatteriterator", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct FormatterIterator {
    head: Head,
    at: Cell<usize>,
    text: Slot<Str>,
}

/// Yields `(is_attribute, key)` for every step of a field name.
#[pytype(name = "fieldnameiterator", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct FieldNameIterator {
    head: Head,
    at: Cell<usize>,
    text: Slot<Str>,
}

fn expected_str(th: &Thread, found: Borrowed<'_>) -> Raised {
    raise!(th, TYPE_ERROR, "expected str, got {}", found.type_name())
}

/// `_string.formatter_parser(format)`.
pub fn formatter_parser(th: &Thread, format: Borrowed<'_>) -> PyResult {
    let text = format.downcast::<Str>().ok_or_else(|| expected_str(th, format))?;
    let iterator = instance::<FormatterIterator>(th)?;
    iterator.text.set(Some(text.to_owned()));
    Ok(iterator.into_object())
}

/// `_string.formatter_field_name_split(name)`: the first part, and an iterator over the others.
pub fn field_name_split(th: &Thread, name: Borrowed<'_>) -> PyResult {
    let text = name.downcast::<Str>().ok_or_else(|| expected_str(th, name))?;
    let (end, first) = with_units!(text.chars(), units => {
        let end = markup::first_of(units);
        let index = markup::index(&units[..end]);
        let index = index.map_err(|message| th.raise(exc::VALUE_ERROR, message))?;
        let first = match index {
            Some(index) => Int::from_usize(th, index)?.into_object(),
            None => string(th, &units[..end])?.into_object(),
        };
        (end, first)
    });
    let rest = instance::<FieldNameIterator>(th)?;
    rest.text.set(Some(text.to_owned()));
    rest.at.set(end);
    Ok(Tuple::pack(th, [first, rest.into_object()])?.into_object())
}

#[pymethods]
impl FormatterIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(text) = self.text.get() else {
            return Ok(None);
        };
        with_units!(text.chars(), units => {
            let mut markup = Markup::resume(units, self.at.get());
            let Some(piece) = markup.next() else {
                return Ok(None);
            };
            self.at.set(markup.position());
            let piece = piece.map_err(|message| th.raise(exc::VALUE_ERROR, message))?;
            let literal = string(th, &units[piece.literal])?.into_object();
            let none = || none().to_owned();
            let items = match piece.field {
                None => [literal, none(), none(), none()],
                Some(field) => [
                    literal,
                    string(th, &units[field.name])?.into_object(),
                    string(th, &units[field.spec])?.into_object(),
                    match field.conversion {
                        Some(point) => Str::from_char(th, point)?.into_object(),
                        None => none(),
                    },
                ],
            };
            Ok(Some(Tuple::pack(th, items)?.into_object()))
        })
    }
}

#[pymethods]
impl FieldNameIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(text) = self.text.get() else {
            return Ok(None);
        };
        let malformed = |message| th.raise(exc::VALUE_ERROR, message);
        with_units!(text.chars(), units => {
            let mut at = self.at.get();
            let Some(step) = markup::step(units, &mut at) else {
                return Ok(None);
            };
            let (attribute, key) = match step.map_err(malformed)? {
                Step::Attribute(range) => (true, string(th, &units[range])?.into_object()),
                Step::Item(range) => {
                    let key = &units[range];
                    match markup::index(key).map_err(malformed)? {
                        Some(index) => (false, Int::from_usize(th, index)?.into_object()),
                        None => (false, string(th, key)?.into_object()),
                    }
                }
            };
            self.at.set(at);
            let attribute = bool_object(attribute).object().to_owned();
            Ok(Some(Tuple::pack(th, [attribute, key])?.into_object()))
        })
    }
}
