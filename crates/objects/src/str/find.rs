//! Methods of `str` that search, count, replace and compare ends.

use std::cmp::Ordering;

use super::arguments::{Bound, limit, range};
use super::fresh::{Fresh, bound_of};
use super::search::in_kind;
use crate::prelude::*;
use crate::text::search;
use crate::with_units;

impl Str {
    /// How often `needle` stands in a range, without overlap.
    pub fn count_in(&self, needle: &Str, start: usize, end: usize) -> usize {
        if let (Some(text), Some(needle)) = (self.as_latin1(), needle.as_latin1()) {
            return search::count(&text[start..end], needle, usize::MAX);
        }
        with_units!(self.chars().slice(start..end), units => {
            in_kind(needle.chars())
                .map_or(0, |needle| search::count(units, &needle, usize::MAX))
        })
    }

    /// Whether `affix` stands at the start (or the end) of a range.
    pub fn has_affix(&self, affix: &Str, start: usize, end: usize, at_end: bool) -> bool {
        let len = affix.len();
        if end - start < len {
            return false;
        }
        let at = if at_end { end - len } else { start };
        if let (Some(text), Some(affix)) = (self.as_latin1(), affix.as_latin1()) {
            // The first byte tells most of them apart without a call.
            let text = &text[at..at + len];
            return text.first() == affix.first() && text.get(1..) == affix.get(1..);
        }
        with_units!(self.chars().slice(at..at + len), a => {
            with_units!(affix.chars(), b => crate::text::equal(a, b))
        })
    }

    /// The bytes of this string and the only one of `needle`, where all are bytes: such a search is not prepared.
    #[inline(always)]
    fn with_only_byte(&self, needle: &Str) -> Option<(&[u8], u8)> {
        match (self.as_compact_latin1(), needle.as_compact_latin1()) {
            (Some(text), Some(&[byte])) => Some((text, byte)),
            _ => None,
        }
    }

    /// Whether `needle` is a byte, and not in this string.
    #[inline(always)]
    fn lacks(&self, needle: &Str) -> bool {
        self.with_only_byte(needle)
            .is_some_and(|(text, byte)| crate::text::search::find_byte(text, byte).is_none())
    }

    /// `self.replace(old, new, count)` with at most `most` replacements, which is not 0. The string does not lack `old`, if that is a byte, and is
    /// not shorter.
    #[inline(never)]
    fn replaced(
        this: Borrowed<'_, Str>,
        th: &Thread,
        old: &Str,
        new: &Str,
        most: usize,
    ) -> PyResult<Owned<Str>> {
        let new_bound = bound_of(new);
        let bound = bound_of(&this).max(new_bound);
        // What is taken out may have been what needed the kind.
        let narrows = new_bound < bound && !old.is_ascii();
        if let (1, 1, true) = (old.len(), new.len(), most >= this.len()) {
            if this.with_only_byte(old).is_none() && this.find_in(old, 0, this.len()).is_none() {
                return this.to_exact(th);
            }
            let mut fresh = Fresh::new(th, this.len(), bound)?;
            fresh.push_swapped(this.chars(), old.char_at(0), new.char_at(0));
            return fresh.finish_narrowed(th, narrows);
        }
        let places = this.places_of(old, most);
        if places.is_empty() {
            return this.to_exact(th);
        }
        let len = search::replaced_len(this.len(), places.len(), old.len(), new.len());
        let Some(len) = len else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "replace string is too long"));
        };
        if len == 0 {
            return Ok(Str::empty().to_owned());
        }
        let mut fresh = Fresh::new(th, len, bound)?;
        match this.state().kind().cmp(&new.state().kind()) {
            Ordering::Less => {
                fresh.push_replaced(&*this.widened(th, bound)?, &places, old.len(), new);
            }
            Ordering::Equal => fresh.push_replaced(&this, &places, old.len(), new),
            Ordering::Greater => {
                fresh.push_replaced(&this, &places, old.len(), &*new.widened(th, bound)?);
            }
        }
        fresh.finish_narrowed(th, narrows)
    }

    /// A copy in the kind that `bound` takes.
    #[inline(never)]
    fn widened(&self, th: &Thread, bound: u32) -> PyResult<Owned<Str>> {
        let mut wide = Fresh::new(th, self.len(), bound)?;
        wide.push(self.chars());
        Ok(wide.finish())
    }
}

impl<'a> Borrowed<'a, Str> {
    /// The string itself, or a copy if it is an instance of a subclass.
    pub fn to_exact(self, th: &Thread) -> PyResult<Owned<Str>> {
        if self.object().is_exact::<Str>() {
            return Ok(self.to_owned());
        }
        Str::from_chars(th, self.chars())
    }
}

/// `startswith` and `endswith`: a string, or a tuple of them.
fn any_affix(
    this: &Str,
    th: &Thread,
    name: &str,
    affix: Borrowed<'_>,
    bounds: (Option<Bound>, Option<Bound>),
    at_end: bool,
) -> PyResult<bool> {
    if let (Some(affix), (None, None)) = (affix.downcast::<Str>(), bounds) {
        return Ok(this.has_affix(&affix, 0, this.len(), at_end));
    }
    let range = range(bounds.0, bounds.1, this.len());
    let matches =
        |affix: &Str| range.is_some_and(|(start, end)| this.has_affix(affix, start, end, at_end));
    if let Some(affix) = affix.downcast::<Str>() {
        return Ok(matches(&affix));
    }
    let Some(tuple) = affix.downcast::<Tuple>() else {
        let found = affix.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{name} first arg must be str or a tuple of str, not {found}"
        ));
    };
    for item in tuple.as_slice() {
        let Some(affix) = item.downcast::<Str>() else {
            let found = item.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "tuple for {name} must only contain str, not {found}"
            ));
        };
        if matches(&affix) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn not_found(th: &Thread) -> Raised {
    th.raise(exc::VALUE_ERROR, "substring not found")
}

#[pymethods(part = "find")]
impl Str {
    /// find($self, sub[, start[, end]], /)
    /// --
    ///
    /// Return the lowest position of sub within s[start:end], or -1 if it is not there.
    #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
    fn find(&self, sub: Borrowed<'_, Str>, start: Option<Bound>, end: Option<Bound>) -> isize {
        range(start, end, self.len())
            .and_then(|(start, end)| self.find_in(&sub, start, end))
            .map_or(-1, |at| at as isize)
    }

    /// rfind($self, sub[, start[, end]], /)
    /// --
    ///
    /// Return the highest position of sub within s[start:end], or -1 if it is not there.
    #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
    fn rfind(&self, sub: Borrowed<'_, Str>, start: Option<Bound>, end: Option<Bound>) -> isize {
        range(start, end, self.len())
            .and_then(|(start, end)| self.rfind_in(&sub, start, end))
            .map_or(-1, |at| at as isize)
    }

    /// index($self, sub[, start[, end]], /)
    /// --
    ///
    /// Return the lowest position of sub within s[start:end].
    ///
    /// Raises ValueError if it is not there.
    #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
    fn index(
        &self,
        th: &Thread,
        sub: Borrowed<'_, Str>,
        start: Option<Bound>,
        end: Option<Bound>,
    ) -> PyResult<usize> {
        range(start, end, self.len())
            .and_then(|(start, end)| self.find_in(&sub, start, end))
            .ok_or_else(|| not_found(th))
    }

    /// rindex($self, sub[, start[, end]], /)
    /// --
    ///
    /// Return the highest position of sub within s[start:end].
    ///
    /// Raises ValueError if it is not there.
    #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
    fn rindex(
        &self,
        th: &Thread,
        sub: Borrowed<'_, Str>,
        start: Option<Bound>,
        end: Option<Bound>,
    ) -> PyResult<usize> {
        range(start, end, self.len())
            .and_then(|(start, end)| self.rfind_in(&sub, start, end))
            .ok_or_else(|| not_found(th))
    }

    /// count($self, sub[, start[, end]], /)
    /// --
    ///
    /// Return how often sub stands in s[start:end], without overlap.
    #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
    fn count(&self, sub: Borrowed<'_, Str>, start: Option<Bound>, end: Option<Bound>) -> usize {
        range(start, end, self.len()).map_or(0, |(start, end)| self.count_in(&sub, start, end))
    }

    /// startswith($self, prefix[, start[, end]], /)
    /// --
    ///
    /// Return whether s[start:end] begins with the prefix, or with one of a tuple of prefixes.
    #[method(sig = "(self, prefix, start=None, end=None, /)", no_text)]
    fn startswith(
        &self,
        th: &Thread,
        prefix: Borrowed<'_>,
        start: Option<Bound>,
        end: Option<Bound>,
    ) -> PyResult<bool> {
        any_affix(self, th, "startswith", prefix, (start, end), false)
    }

    /// endswith($self, suffix[, start[, end]], /)
    /// --
    ///
    /// Return whether s[start:end] ends with the suffix, or with one of a tuple of suffixes.
    #[method(sig = "(self, suffix, start=None, end=None, /)", no_text)]
    fn endswith(
        &self,
        th: &Thread,
        suffix: Borrowed<'_>,
        start: Option<Bound>,
        end: Option<Bound>,
    ) -> PyResult<bool> {
        any_affix(self, th, "endswith", suffix, (start, end), true)
    }

    /// Return a copy in which old is replaced by new.
    ///
    ///   count
    ///     How many occurrences, from the left, are replaced at most. -1 means all of them.
    #[method(sig = "(self, old, new, /, count=-1)")]
    pub fn replace(
        this: Borrowed<'_, Self>,
        th: &Thread,
        old: Borrowed<'_, Str>,
        new: Borrowed<'_, Str>,
        count: isize,
    ) -> PyResult<Owned<Str>> {
        let most = limit(count);
        if old.is(new) || old.len() > this.len() || most == 0 || this.lacks(&old) {
            return this.to_exact(th);
        }
        Str::replaced(this, th, &old, &new, most)
    }

    /// Return the string without the prefix, if it begins with it.
    #[method(sig = "(self, prefix, /)")]
    fn removeprefix(
        this: Borrowed<'_, Self>,
        th: &Thread,
        prefix: Borrowed<'_, Str>,
    ) -> PyResult<Owned<Str>> {
        if this.has_affix(&prefix, 0, this.len(), false) {
            return this.substring(th, prefix.len(), this.len());
        }
        this.to_exact(th)
    }

    /// Return the string without the suffix, if it ends with it.
    #[method(sig = "(self, suffix, /)")]
    fn removesuffix(
        this: Borrowed<'_, Self>,
        th: &Thread,
        suffix: Borrowed<'_, Str>,
    ) -> PyResult<Owned<Str>> {
        if this.has_affix(&suffix, 0, this.len(), true) {
            return this.substring(th, 0, this.len() - suffix.len());
        }
        this.to_exact(th)
    }
}
