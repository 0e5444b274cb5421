//! `__format__` of numbers: laid out pieces to `str`, the locale, and ints.

use std::ffi::CStr;

use super::Int;
use crate::format_spec::{self, Align, IntForm, Laid, Locale, Spec, SpecError};
use crate::prelude::*;
use crate::str::StrBuilder;
use crate::str::format::spec_error;
use crate::str::fresh::Fresh;
use crate::text::digits::Number;
use crate::with_units;

/// Reads a specification for a number of this type; false if it is empty.
pub fn parse_spec(
    th: &Thread,
    ob: Borrowed<'_>,
    text: &Str,
    default_code: Option<u8>,
    spec: &mut Spec,
) -> PyResult<bool> {
    if text.is_empty() {
        return Ok(false);
    }
    with_units!(text.chars(), units => spec.read(units, Align::Right, default_code))
        .map_err(|error| refuse(th, ob, text, error))?;
    Ok(true)
}

/// A number that was laid out on the stack, padded as the specification says.
pub fn finish_plain(th: &Thread, number: &Number, spec: &Spec) -> PyResult<Owned<Str>> {
    let text = number.as_bytes();
    let padding = spec.padding_of(text.len());
    let Some(len) = padding.total().and_then(|blanks| blanks.checked_add(text.len())) else {
        return Err(th.no_memory());
    };
    if len == text.len() {
        return Str::from_ascii(th, text);
    }
    if !th.interp().heap.allows(len) {
        return Err(th.no_memory());
    }
    let mut fresh = Fresh::new(th, len, 0x7f)?;
    let (head, body) = text.split_at(number.head);
    fresh.push_repeated(spec.fill, padding.left);
    fresh.push_bytes(head);
    fresh.push_repeated(spec.fill, padding.inner);
    fresh.push_bytes(body);
    fresh.push_repeated(spec.fill, padding.right);
    Ok(fresh.finish())
}

/// Raises what a specification is refused with.
#[cold]
pub fn refuse(th: &Thread, ob: Borrowed<'_>, spec: &Str, error: SpecError) -> Raised {
    spec_error(th, error, ob.type_name(), spec)
}

/// The text of a laid out number.
pub fn finish(th: &Thread, laid: &Laid) -> PyResult<Owned<Str>> {
    if laid.fill < 0x80 && laid.body.is_ascii() {
        return finish_ascii(th, laid);
    }
    let mut out = StrBuilder::new();
    out.push_laid(th, laid)?;
    out.finish(th)
}

fn finish_ascii(th: &Thread, laid: &Laid) -> PyResult<Owned<Str>> {
    let (Laid { head, body, .. }, fill) = (laid, laid.fill);
    let padding = laid.left.checked_add(laid.inner).and_then(|len| len.checked_add(laid.right));
    let text = head[0].len() + head[1].len() + body.len();
    let Some(len) = padding.and_then(|len| len.checked_add(text)) else {
        return Err(th.no_memory());
    };
    if let ([first], 1) = (body.as_bytes(), len) {
        return Str::from_char(th, u32::from(*first));
    }
    if !th.interp().heap.allows(len) {
        return Err(th.no_memory());
    }
    let mut fresh = Fresh::new(th, len, 0x7f)?;
    fresh.push_repeated(fill, laid.left);
    head.iter().for_each(|part| fresh.push_ascii(part));
    fresh.push_repeated(fill, laid.inner);
    fresh.push_ascii(body);
    fresh.push_repeated(fill, laid.right);
    Ok(fresh.finish())
}

/// Runs `body` with the locale that a specification asks for: the process's for the type letter `n`.
pub fn with_locale<R>(spec: &Spec, body: impl FnOnce(&Locale<'_>) -> R) -> R {
    if spec.code != Some(u32::from(b'n')) {
        return body(&Locale::C);
    }
    // SAFETY: the C library's own record; it stays until the next call or change of locale, and is copied here.
    let (point, separator, grouping) = unsafe {
        let record = &*libc::localeconv();
        let copy = |text: *const std::ffi::c_char| CStr::from_ptr(text).to_bytes().to_vec();
        (copy(record.decimal_point), copy(record.thousands_sep), copy(record.grouping))
    };
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let (point, separator) = (text(&point), text(&separator));
    body(&Locale { decimal_point: &point, thousands_sep: &separator, grouping: &grouping })
}

/// `format(int, spec)`.
pub fn format_int(th: &Thread, this: Borrowed<'_, Int>, text: &Str) -> PyResult<Owned<Str>> {
    let mut spec = Spec::default();
    if !parse_spec(th, this.object(), text, Some(b'd'), &mut spec)? {
        return object::str(th, this.object());
    }
    if let Some(number) = this.to_i64().and_then(|value| spec.plain_int(value)) {
        return finish_plain(th, &number, &spec);
    }
    format_any(th, this, text, &spec)
}

#[inline(never)]
fn format_any(
    th: &Thread,
    this: Borrowed<'_, Int>,
    text: &Str,
    spec: &Spec,
) -> PyResult<Owned<Str>> {
    let refused = |error| refuse(th, this.object(), text, error);
    let laid = match spec.int_form().map_err(refused)? {
        IntForm::Character => return character(th, &this, spec),
        IntForm::Float => {
            let value = this.to_f64(th)?;
            with_locale(spec, |locale| format_spec::format_float(value, spec, locale))
        }
        IntForm::Digits { radix, upper } => {
            let (_, mut digits) = crate::str::percent::digits(th, &this, radix)?;
            if upper {
                digits.make_ascii_uppercase();
            }
            let negative = this.is_negative();
            with_locale(spec, |locale| format_spec::layout_int(negative, &digits, spec, locale))
        }
    };
    finish(th, &laid.map_err(refused)?)
}

/// The type letter `c`: the character of that number.
fn character(th: &Thread, int: &Int, spec: &Spec) -> PyResult<Owned<Str>> {
    let Some(point) = int.to_i64() else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long"));
    };
    let Some(point) = u32::try_from(point).ok().filter(|&point| point <= 0x10_ffff) else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "%c arg not in range(0x110000)"));
    };
    let (left, right) = spec.padding(1);
    let mut out = StrBuilder::new();
    out.reserve(th, left.checked_add(right).and_then(|blanks| blanks.checked_add(1)))?;
    out.push_repeated(spec.fill, left);
    out.push_char(point);
    out.push_repeated(spec.fill, right);
    out.finish(th)
}
