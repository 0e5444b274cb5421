//! Finding, counting and planning replacements.
//!
//! Bytes and Latin-1 go through `brief`, `hits` and `memchr`; wider kinds through a scan for one unit, or the two-way
//! algorithm of Crochemore and Perrin: linear time, constant space. Needles are of the haystack's
//! kind: the caller widens a narrower one, and a needle that does not fit is not found.
//! The same job in CPython: `Objects/stringlib/fastsearch.h`.

use super::hits::ByteHits;
pub use super::hits::{count_byte, find_byte, rfind_byte};
use super::{Unit, brief, raw_bytes, vector};
use memchr::{memchr, memmem, memrchr};

/// The first occurrence.
pub fn find<T: Unit>(text: &[T], needle: &[T]) -> Option<usize> {
    if let (Some(text), Some(needle)) = (T::as_bytes(text), T::as_bytes(needle)) {
        return find_bytes(text, needle);
    }
    match *needle {
        [] => Some(0),
        [unit] => find_wide(text, unit),
        _ => find_wide_text(text, needle),
    }
}

/// As [`find`].
#[inline]
pub fn find_bytes(text: &[u8], needle: &[u8]) -> Option<usize> {
    match *needle {
        [] => Some(0),
        [byte] => find_byte(text, byte),
        _ if text.len() <= brief::MOST => brief::find(text, needle),
        _ => find_prepared(text, needle),
    }
}

/// Out of line, as its stack would be every short search's too.
#[inline(never)]
fn find_prepared(text: &[u8], needle: &[u8]) -> Option<usize> {
    memmem::find(text, needle)
}

/// As `find_prepared`.
#[inline(never)]
fn rfind_prepared(text: &[u8], needle: &[u8]) -> Option<usize> {
    memmem::rfind(text, needle)
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
            (Some(text), Some(needle)) if text.len() <= brief::MOST => brief::rfind(text, needle),
            (Some(text), Some(needle)) => rfind_prepared(text, needle),
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
        return find_byte(bytes, unit.code() as u8);
    }
    find_wide(text, unit)
}

/// Texts of so many wide units are looked through one by one.
const FEW: usize = 16;

/// How often the byte of a wide unit may be found in others before it is given up.
const TRIES: usize = 8;

/// Looks for the lowest byte, as long as that is not found in too many other places.
fn find_wide<T: Unit>(text: &[T], unit: T) -> Option<usize> {
    let mut at = 0;
    if text.len() > FEW && unit.code() & 0xff != 0 {
        for _ in 0..TRIES {
            let found = memchr(unit.code() as u8, raw_bytes(&text[at..]))?;
            at += found / size_of::<T>();
            if text[at] == unit {
                return Some(at);
            }
            at += 1;
        }
    }
    let text = &text[at..];
    // Whole blocks first: a loop without an exit becomes vector code.
    let (blocks, rest) = text.as_chunks::<16>();
    for (i, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |found, &other| found | (other == unit)) {
            return block.iter().position(|&other| other == unit).map(|found| at + i * 16 + found);
        }
    }
    let found = rest.iter().position(|&other| other == unit)?;
    Some(at + text.len() - rest.len() + found)
}

/// Of a needle of two units at least: the places of its first one are looked at, unless those are too many.
fn find_wide_text<T: Unit>(text: &[T], needle: &[T]) -> Option<usize> {
    let starts = &text[..(text.len() + 1).checked_sub(needle.len())?];
    let mut at = 0;
    for _ in 0..MOST_STARTS {
        at += find_wide(&starts[at..], needle[0])?;
        if text[at + 1..].starts_with(&needle[1..]) {
            return Some(at);
        }
        at += 1;
    }
    TwoWay::new(Forward(needle)).find(Forward(text), at)
}

/// How many places may be looked at before a needle is worth a preparation.
const MOST_STARTS: usize = 32;

/// The last occurrence of one unit.
pub fn rfind_unit<T: Unit>(text: &[T], unit: T) -> Option<usize> {
    if let Some(bytes) = T::as_bytes(text) {
        return rfind_byte(bytes, unit.code() as u8);
    }
    let mut end = text.len();
    if text.len() > FEW && unit.code() & 0xff != 0 {
        for _ in 0..TRIES {
            let found = memrchr(unit.code() as u8, raw_bytes(&text[..end]))?;
            end = found / size_of::<T>();
            if text[end] == unit {
                return Some(end);
            }
        }
    }
    text[..end].iter().rposition(|&other| other == unit)
}

/// The number of occurrences that do not overlap, from the left, at most `most`. An empty needle
/// is found between all units and at both ends.
pub fn count<T: Unit>(text: &[T], needle: &[T], most: usize) -> usize {
    match *needle {
        [] => (text.len() + 1).min(most),
        // Without a look at where they are.
        [unit] if most >= text.len() => match T::as_bytes(text) {
            Some(bytes) => count_byte(bytes, unit.code() as u8),
            None => text.iter().filter(|&&other| other == unit).count(),
        },
        // They cannot overlap.
        [first, second] if most >= text.len() && first != second => match T::as_bytes(text) {
            Some(bytes) => brief::count_pairs(bytes, first.code() as u8, second.code() as u8),
            None => text.windows(2).filter(|pair| (pair[0] == first) & (pair[1] == second)).count(),
        },
        _ => Occurrences::new(text, needle).take(most).count(),
    }
}

enum Finder<'t, 'n, T> {
    Unit(T),
    Wide(&'n [T]),
    Brief(brief::Bits),
    Byte(ByteHits<'t>),
    Bytes(Box<memmem::Finder<'n>>),
}

/// Occurrences of a needle that is not empty, from the left, without overlap.
pub struct Occurrences<'t, 'n, T> {
    text: &'t [T],
    at: usize,
    needle_len: usize,
    finder: Finder<'t, 'n, T>,
}

impl<'t, 'n, T: Unit> Occurrences<'t, 'n, T> {
    /// The needle must not be empty.
    pub fn new(text: &'t [T], needle: &'n [T]) -> Self {
        let finder = match (needle, T::as_bytes(text), T::as_bytes(needle)) {
            (_, Some(text), Some(needle)) if text.len() <= brief::MOST => {
                Finder::Brief(brief::Bits(brief::occurrences(text, needle)))
            }
            (_, Some(text), Some(&[byte])) => Finder::Byte(ByteHits::new(text, byte)),
            (_, Some(_), Some(needle)) => Finder::Bytes(Box::new(memmem::Finder::new(needle))),
            (&[unit], ..) => Finder::Unit(unit),
            _ => Finder::Wide(needle),
        };
        Occurrences { text, at: 0, needle_len: needle.len(), finder }
    }
}

impl<T: Unit> Iterator for Occurrences<'_, '_, T> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let found = match &mut self.finder {
            Finder::Brief(bits) => return bits.next(),
            Finder::Byte(hits) => return hits.next(),
            Finder::Bytes(finder) => finder.find(T::as_bytes(self.text)?.get(self.at..)?)?,
            Finder::Unit(unit) => {
                let rest = self.text.get(self.at..)?;
                // Those that follow one another closely are not worth a call.
                match rest.iter().take(FEW).position(|other| other == unit) {
                    Some(near) => near,
                    None => FEW + find_wide(rest.get(FEW..)?, *unit)?,
                }
            }
            Finder::Wide(needle) => find_wide_text(self.text.get(self.at..)?, needle)?,
        };
        let at = self.at + found;
        self.at = at + self.needle_len;
        Some(at)
    }
}

/// Where something stands in a text: a bit for each place.
#[derive(Default)]
pub struct Places {
    /// The first 64 places.
    first: u64,
    /// The places behind, as many in each word; none if nothing stands there.
    more: Vec<u64>,
}

impl Places {
    /// The places that `replace` with at most `most` replacements puts its new text into. With an empty needle they
    /// are the empty places before each unit and at the end.
    pub fn of<T: Unit>(text: &[T], needle: &[T], most: usize) -> Places {
        let mut places = Places::default();
        if needle.is_empty() {
            (0..=text.len()).take(most).for_each(|at| places.add(at, text.len()));
        } else {
            let all = Occurrences::new(text, needle).take(most);
            all.for_each(|at| places.add(at, text.len()));
        }
        places
    }

    /// As [`of`](Self::of).
    #[inline]
    pub fn of_bytes(text: &[u8], needle: &[u8], most: usize) -> Places {
        match *needle {
            [_, ..] if text.len() <= brief::MOST && most >= text.len() => {
                Places { first: brief::occurrences(text, needle), more: Vec::new() }
            }
            [byte] if most >= text.len() => Places::of_byte(text, byte),
            _ => Places::of(text, needle, most),
        }
    }

    fn of_byte(text: &[u8], byte: u8) -> Places {
        if find_byte(text, byte).is_none() {
            return Places::default();
        }
        let mut words = text.chunks(brief::MOST).map(|part| brief::places(part, byte));
        Places { first: words.next().unwrap_or(0), more: words.collect() }
    }

    /// Adds a place of a text of `len` units.
    fn add(&mut self, at: usize, len: usize) {
        let bit = 1 << (at % brief::MOST);
        match (at / brief::MOST).checked_sub(1) {
            None => self.first |= bit,
            Some(index) => {
                if self.more.is_empty() {
                    self.more = vec![0; len / brief::MOST];
                }
                self.more[index] |= bit;
            }
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        let more: usize = self.more.iter().map(|word| word.count_ones() as usize).sum();
        self.first.count_ones() as usize + more
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn iter(&self) -> impl Iterator<Item = usize> {
        let (mut bits, mut base, mut more) = (brief::Bits(self.first), 0, self.more.iter());
        std::iter::from_fn(move || {
            loop {
                if let Some(at) = bits.next() {
                    return Some(base + at);
                }
                bits = brief::Bits(*more.next()?);
                base += brief::MOST;
            }
        })
    }
}

/// The length of a text of `len` units after `count` replacements; `None` if it is past what a `str` can hold.
pub fn replaced_len(len: usize, count: usize, old_len: usize, new_len: usize) -> Option<usize> {
    let added = count.checked_mul(new_len)?;
    (len - count * old_len).checked_add(added).filter(|&len| len <= isize::MAX as usize)
}

/// Writes the text after replacing. All are the bytes of units of `size` bytes, and `old_len` the number of units that
/// are replaced at each of the places; `out` has as many as [`replaced_len`] says.
pub fn replace_into(
    text: &[u8],
    places: &Places,
    size: usize,
    old_len: usize,
    new: &[u8],
    out: &mut [u8],
) {
    let (mut from, mut to) = (0, 0);
    for at in places.iter() {
        put(out, &mut to, &text[from..at * size]);
        put(out, &mut to, new);
        from = (at + old_len) * size;
    }
    put(out, &mut to, &text[from..]);
}

/// Writes a part, which is short as often as not.
#[inline(always)]
fn put(out: &mut [u8], to: &mut usize, part: &[u8]) {
    let room = &mut out[*to..*to + part.len()];
    *to += part.len();
    // SAFETY: the room is as long as the part, and nobody else's.
    unsafe { vector::copy(part.as_ptr(), room.as_mut_ptr(), part.len()) };
}

/// Copies a text with one unit in place of another. They fit, and the slices are of one length.
pub fn swap_into<F: Unit, T: Unit>(text: &[F], old: u32, new: u32, out: &mut [T]) {
    let (old, new) = (T::cut(old), T::cut(new));
    for (to, from) in out.iter_mut().zip(text) {
        let unit = T::cut(from.code());
        *to = if unit == old { new } else { unit };
    }
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
