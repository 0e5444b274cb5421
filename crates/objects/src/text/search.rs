//! Finding, counting and planning replacements.
//!
//! Bytes and Latin-1 go through `memchr`; wider kinds through a scan for one unit, or the two-way
//! algorithm of Crochemore and Perrin: linear time, constant space. Needles are of the haystack's
//! kind: the caller widens a narrower one, and a needle that does not fit is not found.
//! The same job in CPython: `Objects/stringlib/fastsearch.h`.

use super::Unit;
use memchr::{memchr, memmem, memrchr};
use std::ops::Range;

/// The first occurrence.
pub fn find<T: Unit>(text: &[T], needle: &[T]) -> Option<usize> {
    if needle.len() > text.len() {
        return None;
    }
    match *needle {
        [] => Some(0),
        [unit] => find_unit(text, unit),
        _ => match (T::as_bytes(text), T::as_bytes(needle)) {
            (Some(text), Some(needle)) if text.len() <= SHORT => find_in_short(text, needle),
            (Some(text), Some(needle)) => memmem::find(text, needle),
            _ => TwoWay::new(Forward(needle)).find(Forward(text), 0),
        },
    }
}

/// In texts of so many bytes a search is over before a better one is prepared.
pub(super) const SHORT: usize = 48;

/// `needle` has two bytes at least.
fn find_in_short(text: &[u8], needle: &[u8]) -> Option<usize> {
    let (&first, rest) = needle.split_first_chunk::<2>()?;
    let places = (text.len() + 1).checked_sub(needle.len())?;
    let first = u16::from_ne_bytes(first);
    (0..places).find(|&at| {
        // SAFETY: the needle fits in at `at`, and it has two bytes at least.
        let pair = unsafe { text.as_ptr().add(at).cast::<u16>().read_unaligned() };
        pair == first && (rest.is_empty() || text[at + 2..].starts_with(rest))
    })
}

/// The last occurrence.
pub fn rfind<T: Unit>(text: &[T], needle: &[T]) -> Option<usize> {
    if needle.len() > text.len() {
        return None;
    }
    match *needle {
        [] => Some(text.len()),
        [unit] => rfind_unit(text, unit),
        _ => match (T::as_bytes(text), T::as_bytes(needle)) {
            (Some(text), Some(needle)) => memmem::rfind(text, needle),
            _ => {
                let from_end = TwoWay::new(Backward(needle)).find(Backward(text), 0)?;
                Some(text.len() - needle.len() - from_end)
            }
        },
    }
}

/// The first occurrence of one unit.
pub fn find_unit<T: Unit>(text: &[T], unit: T) -> Option<usize> {
    if let Some(bytes) = T::as_bytes(text) {
        return memchr(unit.code() as u8, bytes);
    }
    // Whole blocks first: a loop without an exit becomes vector code.
    let (blocks, rest) = text.as_chunks::<16>();
    for (i, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |found, &other| found | (other == unit)) {
            return block.iter().position(|&other| other == unit).map(|at| i * 16 + at);
        }
    }
    rest.iter().position(|&other| other == unit).map(|at| text.len() - rest.len() + at)
}

/// The last occurrence of one unit.
pub fn rfind_unit<T: Unit>(text: &[T], unit: T) -> Option<usize> {
    match T::as_bytes(text) {
        Some(bytes) => memrchr(unit.code() as u8, bytes),
        None => text.iter().rposition(|&other| other == unit),
    }
}

/// The number of occurrences that do not overlap, from the left, at most `most`. An empty needle
/// is found between all units and at both ends.
pub fn count<T: Unit>(text: &[T], needle: &[T], most: usize) -> usize {
    match *needle {
        [] => (text.len() + 1).min(most),
        // Without a look at where they are.
        [unit] if most >= text.len() => text.iter().filter(|&&other| other == unit).count(),
        _ => Occurrences::new(text, needle).take(most).count(),
    }
}

enum Finder<'n, T> {
    Unit(T),
    Bytes(Box<memmem::Finder<'n>>),
    Short(&'n [u8]),
    TwoWay(TwoWay<Forward<'n, T>>),
}

/// Occurrences of a needle that is not empty, from the left, without overlap.
pub struct Occurrences<'t, 'n, T> {
    text: &'t [T],
    at: usize,
    needle_len: usize,
    finder: Finder<'n, T>,
}

impl<'t, 'n, T: Unit> Occurrences<'t, 'n, T> {
    /// The needle must not be empty.
    pub fn new(text: &'t [T], needle: &'n [T]) -> Self {
        let finder = match (needle, T::as_bytes(needle)) {
            (&[unit], _) => Finder::Unit(unit),
            (_, Some(needle)) if text.len() <= SHORT => Finder::Short(needle),
            (_, Some(needle)) => Finder::Bytes(Box::new(memmem::Finder::new(needle))),
            _ => Finder::TwoWay(TwoWay::new(Forward(needle))),
        };
        Occurrences { text, at: 0, needle_len: needle.len().max(1), finder }
    }
}

impl<T: Unit> Iterator for Occurrences<'_, '_, T> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let rest = self.text.get(self.at..)?;
        let found = match &self.finder {
            Finder::Unit(unit) if rest.len() <= SHORT => {
                rest.iter().position(|other| other == unit)?
            }
            Finder::Unit(unit) => find_unit(rest, *unit)?,
            Finder::Short(needle) => find_in_short(T::as_bytes(rest)?, needle)?,
            Finder::Bytes(finder) => finder.find(T::as_bytes(rest)?)?,
            Finder::TwoWay(finder) => finder.find(Forward(rest), 0)?,
        };
        let at = self.at + found;
        self.at = at + self.needle_len;
        Some(at)
    }
}

/// The places that `replace` with at most `most` replacements puts its new text into, in order.
/// With an empty needle they are the empty places before each unit and at the end.
pub fn replacements<T: Unit>(text: &[T], needle: &[T], most: usize) -> Vec<Range<usize>> {
    if needle.is_empty() {
        return (0..=text.len()).take(most).map(|at| at..at).collect();
    }
    Occurrences::new(text, needle).take(most).map(|at| at..at + needle.len()).collect()
}

/// The length of the text after replacing; `None` if it is past what a `str` can hold.
pub fn replaced_len(len: usize, places: &[Range<usize>], new_len: usize) -> Option<usize> {
    let removed: usize = places.iter().map(|place| place.len()).sum();
    let added = places.len().checked_mul(new_len)?;
    (len - removed).checked_add(added).filter(|&len| len <= isize::MAX as usize)
}

/// Writes the text after replacing, into a slice of [`replaced_len`] units of a kind that holds
/// both texts.
pub fn replace_into<T: Unit, N: Unit, O: Unit>(
    text: &[T],
    places: &[Range<usize>],
    new: &[N],
    out: &mut [O],
) {
    let (mut from, mut to) = (0, 0);
    for place in places {
        let kept = &text[from..place.start];
        super::convert(kept, &mut out[to..]);
        to += kept.len();
        super::convert(new, &mut out[to..]);
        to += new.len();
        from = place.end;
    }
    super::convert(&text[from..], &mut out[to..]);
}

/// A text seen from one of its ends.
trait View: Copy {
    type Unit: Unit;
    fn len(self) -> usize;
    fn at(self, i: usize) -> Self::Unit;
}

#[derive(Clone, Copy)]
struct Forward<'a, T>(&'a [T]);

#[derive(Clone, Copy)]
struct Backward<'a, T>(&'a [T]);

impl<T: Unit> View for Forward<'_, T> {
    type Unit = T;

    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn at(self, i: usize) -> T {
        self.0[i]
    }
}

impl<T: Unit> View for Backward<'_, T> {
    type Unit = T;

    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn at(self, i: usize) -> T {
        self.0[self.0.len() - 1 - i]
    }
}

/// A needle, cut where its local period equals its period.
struct TwoWay<V> {
    needle: V,
    cut: usize,
    period: usize,
    /// The whole needle repeats with `period`: what matched is remembered after a shift.
    periodic: bool,
}

impl<V: View> TwoWay<V> {
    fn new(needle: V) -> Self {
        let (cut_less, period_less) = maximal_suffix(needle, false);
        let (cut_greater, period_greater) = maximal_suffix(needle, true);
        let (cut, period) = if cut_less > cut_greater {
            (cut_less, period_less)
        } else {
            (cut_greater, period_greater)
        };
        let periodic =
            cut + period <= needle.len() && (0..cut).all(|i| needle.at(i) == needle.at(i + period));
        let period = if periodic { period } else { cut.max(needle.len() - cut) + 1 };
        TwoWay { needle, cut, period, periodic }
    }

    fn find<H: View<Unit = V::Unit>>(&self, text: H, from: usize) -> Option<usize> {
        let (needle, len) = (self.needle, self.needle.len());
        let (mut at, mut known) = (from, 0);
        while at + len <= text.len() {
            let mut i = self.cut.max(known);
            while i < len && needle.at(i) == text.at(at + i) {
                i += 1;
            }
            if i < len {
                at += i - self.cut + 1;
                known = 0;
                continue;
            }
            let mut i = self.cut;
            while i > known && needle.at(i - 1) == text.at(at + i - 1) {
                i -= 1;
            }
            if i <= known {
                return Some(at);
            }
            at += self.period;
            known = if self.periodic { len - self.period } else { 0 };
        }
        None
    }
}

/// The start of the suffix that is greatest in an order of the units, and its period.
fn maximal_suffix<V: View>(needle: V, reversed: bool) -> (usize, usize) {
    let (mut start, mut candidate, mut matched, mut period) = (0, 1, 0, 1);
    while candidate + matched < needle.len() {
        let (a, b) = (needle.at(candidate + matched), needle.at(start + matched));
        if a == b {
            if matched + 1 == period {
                candidate += period;
                matched = 0;
            } else {
                matched += 1;
            }
        } else if (a < b) != reversed {
            candidate += matched + 1;
            matched = 0;
            period = candidate - start;
        } else {
            start = candidate;
            candidate += 1;
            matched = 0;
            period = 1;
        }
    }
    (start, period)
}
