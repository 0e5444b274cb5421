//! Searching in strings of any kinds: the needle is brought to the haystack's kind.

use std::borrow::Cow;

use super::{Chars, Str};
use crate::text::search::{self, Places};
use crate::text::{self, Unit};
use crate::with_units;

/// `needle` in units of `T`; `None` if a character does not fit, so that it cannot be found.
pub fn in_kind<T: Unit>(needle: Chars<'_>) -> Option<Cow<'_, [T]>> {
    with_units!(needle, units => same_kind(units))
}

fn same_kind<F: Unit, T: Unit>(units: &[F]) -> Option<Cow<'_, [T]>> {
    if std::any::TypeId::of::<F>() == std::any::TypeId::of::<T>() {
        // SAFETY: `F` and `T` are the same type.
        let same = unsafe { std::slice::from_raw_parts(units.as_ptr().cast::<T>(), units.len()) };
        return Some(Cow::Borrowed(same));
    }
    text::converted::<F, T>(units).map(Cow::Owned)
}

/// The unit of a needle of one character, if it is one; nothing inside if it does not fit.
fn only_unit<T: Unit>(needle: &Str, _like: &[T]) -> Option<Option<T>> {
    if needle.len() != 1 {
        return None;
    }
    let c = needle.char_at(0);
    Some((c <= T::MAX).then(|| T::cut(c)))
}

impl Str {
    /// Where `needle` first stands between `start` and `end`, which must be inside.
    pub fn find_in(&self, needle: &Str, start: usize, end: usize) -> Option<usize> {
        if end < start {
            return None;
        }
        let (Some(text), Some(needle)) = (self.as_latin1(), needle.as_latin1()) else {
            return self.find_widened(needle, start, end);
        };
        search::find_bytes(&text[start..end], needle).map(|at| start + at)
    }

    /// As `find_in`, in the kind of the string.
    #[inline(never)]
    fn find_widened(&self, needle: &Str, start: usize, end: usize) -> Option<usize> {
        with_units!(self.chars().slice(start..end), units => {
            if let Some(unit) = only_unit(needle, units) {
                return search::find_unit(units, unit?).map(|at| start + at);
            }
            let needle = in_kind(needle.chars())?;
            search::find(units, &needle).map(|at| start + at)
        })
    }

    /// Where `replace` with at most `most` replacements takes `needle` out.
    pub fn places_of(&self, needle: &Str, most: usize) -> Places {
        if let (Some(text), Some(needle)) = (self.as_latin1(), needle.as_latin1()) {
            return Places::of_bytes(text, needle, most);
        }
        with_units!(self.chars(), units => match in_kind(needle.chars()) {
            Some(needle) => Places::of(units, &needle, most),
            None => Places::default(),
        })
    }

    /// Where `needle` last stands between `start` and `end`, which must be inside.
    pub fn rfind_in(&self, needle: &Str, start: usize, end: usize) -> Option<usize> {
        if end < start {
            return None;
        }
        with_units!(self.chars().slice(start..end), units => {
            if let Some(unit) = only_unit(needle, units) {
                return search::rfind_unit(units, unit?).map(|at| start + at);
            }
            let needle = in_kind(needle.chars())?;
            search::rfind(units, &needle).map(|at| start + at)
        })
    }
}
