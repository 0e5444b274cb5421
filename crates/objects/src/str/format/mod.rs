//! `str.format`, `format_map` and `str.__format__`.
//!
//! `markup` reads the replacement fields, `fields` looks their values up, `parser` shows both to the module
//! `_string`. The same job as CPython's `Objects/stringlib/unicode_format.h`.

pub mod fields;
pub mod markup;
pub mod parser;

use crate::format_spec::{Align, Spec, SpecError};
use crate::prelude::*;
use crate::str::StrBuilder;
use crate::text::Unit;
use crate::with_units;
use fields::{Arguments, Numbering};
use markup::{Markup, Replacement};

/// How deep replacement fields may stand inside format specifications.
const DEPTH: usize = 2;

/// One call of `format`.
pub(super) struct Formatter<'a> {
    pub arguments: Arguments<'a>,
    pub numbering: Numbering,
}

impl Formatter<'_> {
    fn build<T: Unit>(
        &mut self,
        th: &Thread,
        text: &[T],
        depth: usize,
        out: &mut StrBuilder,
    ) -> PyResult<()> {
        if depth == 0 {
            return Err(th.raise(exc::VALUE_ERROR, "Max string recursion exceeded"));
        }
        for piece in Markup::new(text) {
            let piece = piece.map_err(|error| th.raise(exc::VALUE_ERROR, error))?;
            out.push_units(&text[piece.literal]);
            if let Some(field) = piece.field {
                self.replace(th, text, &field, depth, out)?;
            }
        }
        Ok(())
    }

    fn replace<T: Unit>(
        &mut self,
        th: &Thread,
        text: &[T],
        field: &Replacement,
        depth: usize,
        out: &mut StrBuilder,
    ) -> PyResult<()> {
        let mut value =
            fields::value(th, &text[field.name.clone()], &self.arguments, &mut self.numbering)?;
        if let Some(conversion) = field.conversion {
            value = convert(th, value, conversion)?.into_object();
        }
        if !field.nested && write_plain(th, value.object(), &text[field.spec.clone()], out)? {
            return Ok(());
        }
        let spec = if field.nested {
            let mut spec = StrBuilder::new();
            self.build(th, &text[field.spec.clone()], depth - 1, &mut spec)?;
            Some(spec.finish(th)?)
        } else if field.spec.is_empty() {
            None
        } else {
            Some(fields::string(th, &text[field.spec.clone()])?)
        };
        if spec.is_none()
            && let Some(text) = value.object().downcast_exact::<Str>()
        {
            out.push_owned(text.to_owned());
            return Ok(());
        }
        let formatted = object::format(th, value.object(), spec.as_ref().map(Owned::borrow))?;
        out.push_owned(formatted);
        Ok(())
    }
}

/// Writes exact ints and floats in usual forms; false for anything else.
fn write_plain<T: Unit>(
    th: &Thread,
    value: Borrowed<'_>,
    spec: &[T],
    out: &mut StrBuilder,
) -> PyResult<bool> {
    let (int, float) = (value.downcast_exact::<Int>(), value.downcast_exact::<Float>());
    if int.is_none() && float.is_none() {
        return Ok(false);
    }
    let mut parsed = Spec::default();
    let code = int.map(|_| b'd');
    parsed.code = code.map(u32::from);
    // What is wrong with a specification is told where it is read again.
    if !spec.is_empty() && parsed.read(spec, Align::Right, code).is_err() {
        return Ok(false);
    }
    let number = match (int, float) {
        (Some(int), _) => int.to_i64().and_then(|value| parsed.plain_int(value)),
        (_, Some(float)) => parsed.plain_float(float.value()),
        _ => None,
    };
    let Some(number) = number else { return Ok(false) };
    // Other characters to fill with do not come here.
    out.push_number(th, &number, parsed.padding_of(number.len()), parsed.fill as u8)?;
    Ok(true)
}

/// What stands behind the exclamation mark.
fn convert(th: &Thread, value: Owned, conversion: u32) -> PyResult<Owned<Str>> {
    match u8::try_from(conversion) {
        Ok(b'r') => object::repr(th, value.object()),
        Ok(b's') => object::str(th, value.object()),
        Ok(b'a') => object::ascii(th, value.object()),
        Ok(letter @ 33..127) => {
            let letter = char::from(letter);
            Err(raise!(th, VALUE_ERROR, "Unknown conversion specifier {letter}"))
        }
        _ => Err(raise!(th, VALUE_ERROR, "Unknown conversion specifier \\x{conversion:x}")),
    }
}

/// `format.format(*args, **kwargs)`, and `format_map`.
fn format(th: &Thread, format: &Str, arguments: Arguments<'_>) -> PyResult<Owned<Str>> {
    let mut formatter = Formatter { arguments, numbering: Numbering::default() };
    let mut out = StrBuilder::reused(th, format.len().saturating_add(32));
    with_units!(format.chars(), units => formatter.build(th, units, DEPTH, &mut out))?;
    let brace = |point| point == u32::from(b'{') || point == u32::from(b'}');
    if !with_units!(format.chars(), units => units.iter().any(|&unit| brace(u32::from(unit)))) {
        return Borrowed::from_ref(format).to_exact(th);
    }
    out.finish_reused(th)
}

/// Raises what a specification of a format is refused with.
pub fn spec_error(th: &Thread, error: SpecError, type_name: &str, spec: &Str) -> Raised {
    match error {
        SpecError::Memory => th.no_memory(),
        error => th.raise(exc::VALUE_ERROR, &error.message(type_name, &spec.to_string_lossy())),
    }
}

/// `format(string, spec)` with a specification that is not empty.
pub fn format_text(th: &Thread, this: Borrowed<'_, Str>, spec: &Str) -> PyResult<Owned<Str>> {
    let refuse = |error| spec_error(th, error, this.object().type_name(), spec);
    let parsed = with_units!(spec.chars(), units => Spec::parse(units, Align::Left, Some(b's')))
        .map_err(refuse)?;
    let (used, left, right) = parsed.layout_text(this.len()).map_err(refuse)?;
    if used == this.len() {
        return super::layout::pad(this, th, left, right, parsed.fill);
    }
    let cut = this.substring(th, 0, used)?;
    super::layout::pad(cut.borrow(), th, left, right, parsed.fill)
}

#[pymethods(part = "format")]
impl Str {
    /// Return the string with its replacement fields, in braces, filled in from the arguments.
    #[method(sig = "(self, /, *args, **kwargs)", name = "format")]
    fn format_method(
        &self,
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<Owned<Str>> {
        format(th, self, Arguments::Given { positional: args, keywords: kwargs })
    }

    /// Return the string with its replacement fields, in braces, filled in from a mapping.
    #[method(sig = "(self, mapping, /)")]
    fn format_map(&self, th: &Thread, mapping: Borrowed<'_>) -> PyResult<Owned<Str>> {
        format(th, self, Arguments::Mapping(mapping))
    }

    /// Return the string laid out by the format specification.
    #[method(sig = "(self, format_spec, /)")]
    fn __format__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        format_spec: Borrowed<'_, Str>,
    ) -> PyResult<Owned<Str>> {
        if format_spec.is_empty() {
            return object::str(th, this.object());
        }
        format_text(th, this, &format_spec)
    }
}
