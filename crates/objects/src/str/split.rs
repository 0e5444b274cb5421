//! Methods of `str` that take it apart and put it together: `split`, `partition`, `strip`, `join`.

use std::ops::Range;

use super::arguments::limit;
use super::search::in_kind;
use super::single::single;
use crate::prelude::*;
use crate::str::Chars;
use crate::text::split;
use crate::{unicode, with_units};

/// A list that the parts are appended to, at most one more than there can be cuts; like the reference's, it has room
/// for a few from the start.
fn list_of_parts(th: &Thread, cuts: usize) -> PyResult<Owned<List>> {
    List::with_capacity(th, cuts.saturating_add(1).min(12))
}

/// Appends a part.
#[inline(always)]
fn push_part(
    this: Borrowed<'_, Str>,
    th: &Thread,
    parts: &List,
    range: Range<usize>,
) -> PyResult<()> {
    let part = match this.as_ascii() {
        Some(ascii) if range.len() < ascii.len() => match ascii.as_bytes()[range] {
            // The mask says that it is ASCII, of which there is a table.
            [only] => single(only & 0x7f).to_owned(),
            ref part => Str::from_ascii(th, part)?,
        },
        _ => this.substring(th, range.start, range.end)?,
    };
    parts.push(th, part.into_object())
}

/// A list of the parts, for what cuts from the right.
fn parts(this: Borrowed<'_, Str>, th: &Thread, ranges: Vec<Range<usize>>) -> PyResult<Owned<List>> {
    let list = List::with_capacity(th, ranges.len())?;
    for range in ranges {
        push_part(this, th, &list, range)?;
    }
    Ok(list)
}

/// `None` for white space.
fn separator<'a>(th: &Thread, sep: Option<Borrowed<'a>>) -> PyResult<Option<Borrowed<'a, Str>>> {
    let Some(sep) = sep else {
        return Ok(None);
    };
    match sep.downcast::<Str>() {
        Some(sep) if sep.is_empty() => Err(th.raise(exc::VALUE_ERROR, "empty separator")),
        Some(sep) => Ok(Some(sep)),
        None => Err(raise!(th, TYPE_ERROR, "must be str or None, not {}", sep.type_name())),
    }
}

/// A tuple of the parts around `found`; without it, the string and two empty ones (before it, `at_end`).
fn around(
    this: Borrowed<'_, Str>,
    th: &Thread,
    sep: Borrowed<'_, Str>,
    found: Option<usize>,
    at_end: bool,
) -> PyResult<Owned<Tuple>> {
    let empty = || Str::empty().to_owned().into_object();
    let Some(at) = found else {
        let whole = this.to_exact(th)?.into_object();
        let items = if at_end { [empty(), empty(), whole] } else { [whole, empty(), empty()] };
        return Tuple::pack(th, items);
    };
    let before = this.substring(th, 0, at)?.into_object();
    let after = this.substring(th, at + sep.len(), this.len())?.into_object();
    Tuple::pack(th, [before, sep.to_owned().into_object(), after])
}

fn checked_separator<'a>(th: &Thread, sep: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    match sep.downcast::<Str>() {
        Some(sep) if sep.is_empty() => Err(th.raise(exc::VALUE_ERROR, "empty separator")),
        Some(sep) => Ok(sep),
        None => Err(raise!(th, TYPE_ERROR, "must be str, not {}", sep.type_name())),
    }
}

/// White space of Latin-1.
#[inline(always)]
fn is_space(byte: u32) -> bool {
    matches!(byte, 9..=13 | 28..=32 | 0x85 | 0xa0)
}

/// `strip`, `lstrip`, `rstrip`.
fn strip(
    this: Borrowed<'_, Str>,
    th: &Thread,
    name: &str,
    chars: Option<Borrowed<'_>>,
    (left, right): (bool, bool),
) -> PyResult<Owned<Str>> {
    let kept = match chars {
        None => match this.chars() {
            // Most often nothing is stripped: neither end is a blank or a character that is asked about.
            Chars::One([0x21..0x80, .., 0x21..0x80]) => return this.to_exact(th),
            Chars::One(units) => split::strip(units, left, right, is_space),
            Chars::Two(units) => split::strip(units, left, right, unicode::is_space),
            Chars::Four(units) => split::strip(units, left, right, unicode::is_space),
        },
        Some(chars) => {
            let Some(chars) = chars.downcast::<Str>() else {
                return Err(raise!(th, TYPE_ERROR, "{name} arg must be None or str"));
            };
            with_units!(this.chars(), units => with_units!(chars.chars(), set => {
                split::strip(units, left, right, |point| set.iter().any(|&c| u32::from(c) == point))
            }))
        }
    };
    match this.as_ascii() {
        Some(ascii) if kept.len() < ascii.len() => Str::from_ascii(th, &ascii.as_bytes()[kept]),
        _ => this.substring(th, kept.start, kept.end),
    }
}

#[pymethods(part = "split")]
impl Str {
    /// Return a list of the parts between separators.
    ///
    ///   sep
    ///     What separates the parts. None (the default) means runs of white space, and parts
    ///     are never empty then.
    ///   maxsplit
    ///     At most so many cuts, from the left. -1 (the default) means no limit.
    #[method(sig = "(self, /, sep=None, maxsplit=-1)")]
    pub fn split(
        this: Borrowed<'_, Self>,
        th: &Thread,
        sep: Option<Borrowed<'_>>,
        maxsplit: isize,
    ) -> PyResult<Owned<List>> {
        let most = limit(maxsplit);
        let sep = separator(th, sep)?;
        let possible = match sep {
            None => this.len().saturating_sub(1) / 2 + 1,
            Some(sep) => this.len() / sep.len() + 1,
        };
        let parts = list_of_parts(th, most.min(possible))?;
        let part = |range| push_part(this, th, &parts, range);
        match sep {
            None => match this.chars() {
                Chars::One(units) => split::split_space(units, most, is_space, part),
                Chars::Two(units) => split::split_space(units, most, unicode::is_space, part),
                Chars::Four(units) => split::split_space(units, most, unicode::is_space, part),
            },
            Some(sep) => match (this.as_latin1(), sep.as_latin1()) {
                (Some(text), Some(sep)) => split::split(text, sep, most, part),
                _ => with_units!(this.chars(), units => match in_kind(sep.chars()) {
                    Some(sep) => split::split(units, &sep, most, part),
                    None => part(0..units.len()),
                }),
            },
        }?;
        Ok(parts)
    }

    /// Return a list of the parts between separators, cutting from the right.
    ///
    ///   sep
    ///     What separates the parts. None (the default) means runs of white space, and parts
    ///     are never empty then.
    ///   maxsplit
    ///     At most so many cuts, from the right. -1 (the default) means no limit.
    #[method(sig = "(self, /, sep=None, maxsplit=-1)")]
    pub fn rsplit(
        this: Borrowed<'_, Self>,
        th: &Thread,
        sep: Option<Borrowed<'_>>,
        maxsplit: isize,
    ) -> PyResult<Owned<List>> {
        let most = limit(maxsplit);
        let whole = || std::iter::once(0..this.len()).collect();
        let ranges = match separator(th, sep)? {
            None => with_units!(this.chars(), units => {
                split::rsplit_space(units, most, unicode::is_space)
            }),
            Some(sep) => with_units!(this.chars(), units => {
                in_kind(sep.chars()).map_or_else(whole, |sep| split::rsplit(units, &sep, most))
            }),
        };
        parts(this, th, ranges)
    }

    /// Return a list of the lines.
    ///
    /// The ends of lines are left out, unless keepends is true.
    #[method(sig = "(self, /, keepends=False)")]
    fn splitlines(this: Borrowed<'_, Self>, th: &Thread, keepends: bool) -> PyResult<Owned<List>> {
        let lines = List::new(th)?;
        let line = |range| push_part(this, th, &lines, range);
        with_units!(this.chars(), units => {
            split::split_lines(units, keepends, unicode::is_line_break, line)
        })?;
        Ok(lines)
    }

    /// Return the part before the first separator, the separator, and the part behind it.
    ///
    /// If it is not there, the string and two empty ones are returned.
    #[method(sig = "(self, sep, /)")]
    fn partition(
        this: Borrowed<'_, Self>,
        th: &Thread,
        sep: Borrowed<'_>,
    ) -> PyResult<Owned<Tuple>> {
        let sep = checked_separator(th, sep)?;
        around(this, th, sep, this.find_in(&sep, 0, this.len()), false)
    }

    /// Return the part before the last separator, the separator, and the part behind it.
    ///
    /// If it is not there, two empty strings and the string are returned.
    #[method(sig = "(self, sep, /)")]
    fn rpartition(
        this: Borrowed<'_, Self>,
        th: &Thread,
        sep: Borrowed<'_>,
    ) -> PyResult<Owned<Tuple>> {
        let sep = checked_separator(th, sep)?;
        around(this, th, sep, this.rfind_in(&sep, 0, this.len()), true)
    }

    /// Return the string without white space at both ends, or without the characters in chars.
    #[method(sig = "(self, chars=None, /)")]
    fn strip(
        this: Borrowed<'_, Self>,
        th: &Thread,
        chars: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Str>> {
        strip(this, th, "strip", chars, (true, true))
    }

    /// Return the string without white space at its start, or without the characters in chars.
    #[method(sig = "(self, chars=None, /)")]
    fn lstrip(
        this: Borrowed<'_, Self>,
        th: &Thread,
        chars: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Str>> {
        strip(this, th, "lstrip", chars, (true, false))
    }

    /// Return the string without white space at its end, or without the characters in chars.
    #[method(sig = "(self, chars=None, /)")]
    fn rstrip(
        this: Borrowed<'_, Self>,
        th: &Thread,
        chars: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Str>> {
        strip(this, th, "rstrip", chars, (false, true))
    }

    /// Concatenate any number of strings, with this one between them.
    ///
    /// Example: '.'.join(['ab', 'pq', 'rs']) -> 'ab.pq.rs'
    #[method(sig = "(self, iterable, /)", name = "join")]
    pub fn join_method(
        this: Borrowed<'_, Self>,
        th: &Thread,
        iterable: Borrowed<'_>,
    ) -> PyResult<Owned<Str>> {
        let sequence = sequence::fast(th, iterable, "can only join an iterable")?;
        match sequence.object().downcast::<Tuple>() {
            Some(tuple) => Str::join(th, this, tuple.get().as_slice()),
            None => match sequence.object().downcast::<List>() {
                // SAFETY: no Python code runs while the items are joined.
                Some(list) => Str::join(th, this, unsafe { list.get().as_slice() }),
                None => Err(th.bad_internal_call()),
            },
        }
    }
}
