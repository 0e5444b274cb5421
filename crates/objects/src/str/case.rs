//! Methods of `str` that change case.

use crate::prelude::*;
use crate::text::Unit;
use crate::unicode::{self, Mapped};
use crate::with_units;

/// Maps every byte of ASCII text.
#[inline(always)]
fn map_ascii(th: &Thread, text: &str, map: impl FnOnce(&mut [u8])) -> PyResult<Owned<Str>> {
    Str::mapped_ascii(th, text.as_bytes(), map)
}

fn title_ascii(bytes: &mut [u8]) {
    let mut after_cased = false;
    for byte in bytes {
        let upper = byte.to_ascii_uppercase();
        let lower = byte.to_ascii_lowercase();
        *byte = if after_cased { lower } else { upper };
        after_cased = upper != lower;
    }
}

fn swapcase_ascii(bytes: &mut [u8]) {
    for byte in bytes {
        *byte ^= u8::from(byte.is_ascii_alphabetic()) << 5;
    }
}

/// Maps every character to one or several; `map` gets the text and a position.
fn map_all<T: Unit>(
    th: &Thread,
    units: &[T],
    mut map: impl FnMut(&[T], usize) -> Mapped,
) -> PyResult<Owned<Str>> {
    let mut out = Vec::with_capacity(units.len() + units.len() / 8);
    for at in 0..units.len() {
        match *map(units, at).as_slice() {
            [only] => out.push(only),
            ref several => out.extend_from_slice(several),
        }
    }
    Str::from_code_points(th, &out)
}

fn title<T: Unit>(th: &Thread, units: &[T]) -> PyResult<Owned<Str>> {
    let mut after_cased = false;
    map_all(th, units, |units, at| {
        let point = units[at].code();
        let mapped =
            if after_cased { unicode::lower_in_context(units, at) } else { unicode::title(point) };
        after_cased = unicode::is_cased(point);
        mapped
    })
}

fn capitalize<T: Unit>(th: &Thread, units: &[T]) -> PyResult<Owned<Str>> {
    map_all(th, units, |units, at| match at {
        0 => unicode::title(units[0].code()),
        _ => unicode::lower_in_context(units, at),
    })
}

fn swapcase<T: Unit>(th: &Thread, units: &[T]) -> PyResult<Owned<Str>> {
    map_all(th, units, |units, at| {
        let point = units[at].code();
        if unicode::is_upper(point) {
            unicode::lower_in_context(units, at)
        } else {
            // What is not lower case maps to itself, unless it is title case.
            match unicode::is_lower(point) {
                true => unicode::upper(point),
                false => Mapped::same(point),
            }
        }
    })
}

#[pymethods(part = "case")]
impl Str {
    /// Return the string in upper case.
    #[method(sig = "(self, /)")]
    fn upper(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if let Some(ascii) = self.as_ascii() {
            return map_ascii(th, ascii, <[u8]>::make_ascii_uppercase);
        }
        with_units!(self.chars(), units => {
            map_all(th, units, |units, at| unicode::upper(units[at].code()))
        })
    }

    /// Return the string in lower case.
    #[method(sig = "(self, /)")]
    fn lower(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if let Some(ascii) = self.as_ascii() {
            return map_ascii(th, ascii, <[u8]>::make_ascii_lowercase);
        }
        with_units!(self.chars(), units => map_all(th, units, unicode::lower_in_context))
    }

    /// Return the string without distinctions of case, for comparisons that ignore it.
    #[method(sig = "(self, /)")]
    fn casefold(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if let Some(ascii) = self.as_ascii() {
            return map_ascii(th, ascii, <[u8]>::make_ascii_lowercase);
        }
        with_units!(self.chars(), units => {
            map_all(th, units, |units, at| unicode::fold(units[at].code()))
        })
    }

    /// Return the string with lower case as upper case and the other way round.
    #[method(sig = "(self, /)")]
    fn swapcase(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if let Some(ascii) = self.as_ascii() {
            return map_ascii(th, ascii, swapcase_ascii);
        }
        with_units!(self.chars(), units => swapcase(th, units))
    }

    /// Return the string with every word beginning in title case and continuing in lower case.
    #[method(sig = "(self, /)")]
    fn title(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if let Some(ascii) = self.as_ascii() {
            return map_ascii(th, ascii, title_ascii);
        }
        with_units!(self.chars(), units => title(th, units))
    }

    /// Return the string with its first character in title case and the others in lower case.
    #[method(sig = "(self, /)")]
    fn capitalize(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if let Some(ascii) = self.as_ascii() {
            return map_ascii(th, ascii, |bytes| {
                bytes.make_ascii_lowercase();
                if let Some(first) = bytes.first_mut() {
                    first.make_ascii_uppercase();
                }
            });
        }
        with_units!(self.chars(), units => capitalize(th, units))
    }
}
