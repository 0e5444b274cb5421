//! Splitting and stripping: ranges of the parts, which the caller copies. What cuts from the left hands each part
//! out as it is found, and stops when the receiver fails.
//!
//! What counts as white space or a line break is the caller's to say: `str` asks the character
//! database, `bytes` knows ASCII only. The same job in CPython: `Objects/stringlib/split.h`.

use super::search::{find, rfind};
use super::{Unit, brief};
use std::convert::Infallible;
use std::ops::Range;

/// The parts between runs of white space, with at most `most` cuts; the last part keeps
/// the white space behind it then.
pub fn split_space<T: Unit, E>(
    text: &[T],
    most: usize,
    space: impl Fn(u32) -> bool,
    mut part: impl FnMut(Range<usize>) -> Result<(), E>,
) -> Result<(), E> {
    let mut cuts = 0;
    let skip = |from: usize| from + run(&text[from..], &space);
    let mut at = skip(0);
    while at < text.len() {
        if cuts == most {
            return part(at..text.len());
        }
        let end = at + run(&text[at..], |c| !space(c));
        part(at..end)?;
        cuts += 1;
        at = skip(end);
    }
    Ok(())
}

/// All the parts that a function of this module hands out.
pub fn all(
    cut: impl FnOnce(&mut dyn FnMut(Range<usize>) -> Result<(), Infallible>) -> Result<(), Infallible>,
) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let Ok(()) = cut(&mut |part| {
        parts.push(part);
        Ok(())
    });
    parts
}

/// As [`split_space`], cutting from the right; the parts are in order.
pub fn rsplit_space<T: Unit>(
    text: &[T],
    most: usize,
    space: impl Fn(u32) -> bool,
) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let skip = |end: usize| end - run_back(&text[..end], &space);
    let mut end = skip(text.len());
    while end > 0 {
        if parts.len() == most {
            parts.push(0..end);
            break;
        }
        let start = end - run_back(&text[..end], |c| !space(c));
        parts.push(start..end);
        end = skip(start);
    }
    parts.reverse();
    parts
}

fn run<T: Unit>(text: &[T], wanted: impl Fn(u32) -> bool) -> usize {
    text.iter().position(|&unit| !wanted(unit.code())).unwrap_or(text.len())
}

fn run_back<T: Unit>(text: &[T], wanted: impl Fn(u32) -> bool) -> usize {
    text.iter().rev().position(|&unit| !wanted(unit.code())).unwrap_or(text.len())
}

/// The parts between a separator, which is not empty, with at most `most` cuts.
#[inline(always)]
pub fn split<T: Unit, E>(
    text: &[T],
    separator: &[T],
    most: usize,
    part: impl FnMut(Range<usize>) -> Result<(), E>,
) -> Result<(), E> {
    match (T::as_bytes(text), separator) {
        (Some(bytes), [only]) => split_at_byte(bytes, only.code() as u8, most, part),
        _ => split_at_text(text, separator, most, part),
    }
}

/// As [`split`], by a search.
fn split_at_text<T: Unit, E>(
    text: &[T],
    separator: &[T],
    most: usize,
    mut part: impl FnMut(Range<usize>) -> Result<(), E>,
) -> Result<(), E> {
    let mut at = 0;
    for found in super::search::Occurrences::new(text, separator).take(most) {
        part(at..found)?;
        at = found + separator.len();
    }
    part(at..text.len())
}

/// As [`split`], by a look at a block at a time.
#[inline(never)]
fn split_at_byte<E>(
    text: &[u8],
    separator: u8,
    most: usize,
    mut part: impl FnMut(Range<usize>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut at, mut left, mut base) = (0, most, 0);
    for block in text.chunks(brief::MOST) {
        let mut places = brief::Bits(brief::places(block, separator));
        while left > 0
            && let Some(place) = places.next()
        {
            part(at..base + place)?;
            at = base + place + 1;
            left -= 1;
        }
        base += brief::MOST;
    }
    part(at..text.len())
}

/// As [`split`], cutting from the right; the parts are in order.
pub fn rsplit<T: Unit>(text: &[T], separator: &[T], most: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut end = text.len();
    while parts.len() < most
        && let Some(found) = rfind(&text[..end], separator)
    {
        parts.push(found + separator.len()..end);
        end = found;
    }
    parts.push(0..end);
    parts.reverse();
    parts
}

/// The first separator, as the place between the two other parts of `partition`.
pub fn partition<T: Unit>(text: &[T], separator: &[T]) -> Option<Range<usize>> {
    find(text, separator).map(|at| at..at + separator.len())
}

/// The last separator, for `rpartition`.
pub fn rpartition<T: Unit>(text: &[T], separator: &[T]) -> Option<Range<usize>> {
    rfind(text, separator).map(|at| at..at + separator.len())
}

/// The lines; a carriage return and a line feed together are one break. With `keep`, each line
/// includes its break.
pub fn split_lines<T: Unit, E>(
    text: &[T],
    keep: bool,
    line_break: impl Fn(u32) -> bool,
    mut line: impl FnMut(Range<usize>) -> Result<(), E>,
) -> Result<(), E> {
    let mut at = 0;
    while at < text.len() {
        let end = at + run(&text[at..], |c| !line_break(c));
        let rest = &text[end..];
        let both = rest.len() > 1 && rest[0].code() == 0x0d && rest[1].code() == 0x0a;
        let next = end + if both { 2 } else { rest.len().min(1) };
        line(at..if keep { next } else { end })?;
        at = next;
    }
    Ok(())
}

/// What `strip`, `lstrip` (`left` only) or `rstrip` (`right` only) leaves.
pub fn strip<T: Unit>(
    text: &[T],
    left: bool,
    right: bool,
    stripped: impl Fn(u32) -> bool,
) -> Range<usize> {
    let start = if left { run(text, &stripped) } else { 0 };
    let end = if right { text.len() - run_back(&text[start..], &stripped) } else { text.len() };
    start..end
}
