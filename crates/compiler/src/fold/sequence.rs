//! Strings, bytes and tuples: concatenation, repetition within limits, subscripts.
//!
//! CPython: `const_folding_safe_multiply` and the types' `sq_concat`, `sq_repeat`, `mp_subscript`.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use num_bigint::{BigInt, Sign};

use crate::code::{Constant, Text};

/// The largest tuple, in items.
const MAX_COLLECTION_SIZE: usize = 256;

/// The largest string, in code points, or bytes, in bytes.
const MAX_STR_SIZE: usize = 4096;

/// The largest tuple, those inside it included, in items.
const MAX_TOTAL_ITEMS: usize = 1024;

pub(super) fn concatenate<'a>(
    left: &Constant<'a>,
    right: &Constant<'a>,
    arena: &'a Bump,
) -> Option<Constant<'a>> {
    match (left, right) {
        // In Python, `"\ud800" + "\udc00"` stays two surrogates; so they do in generalised UTF-8.
        (Constant::Str(a), Constant::Str(b)) => {
            Some(Constant::Str(Text::from_bytes(join(&[a.as_bytes(), b.as_bytes()], arena))))
        }
        (Constant::Bytes(a), Constant::Bytes(b)) => Some(Constant::Bytes(join(&[a, b], arena))),
        (Constant::Tuple(a), Constant::Tuple(b)) => Some(Constant::Tuple(join(&[a, b], arena))),
        _ => None,
    }
}

fn join<'a, T: Copy>(parts: &[&[T]], arena: &'a Bump) -> &'a [T] {
    let mut joined = BumpVec::with_capacity_in(parts.iter().map(|part| part.len()).sum(), arena);
    parts.iter().for_each(|part| joined.extend_from_slice_copy(part));
    joined.into_bump_slice()
}

fn repeated<'a, T: Copy>(items: &[T], count: usize, arena: &'a Bump) -> &'a [T] {
    join(&vec![items; count], arena)
}

/// `sequence * count`
pub(super) fn repeat<'a>(
    sequence: &Constant<'a>,
    count: &Constant<'a>,
    arena: &'a Bump,
) -> Option<Constant<'a>> {
    let count = index(count)?;
    let (size, limit) = match sequence {
        Constant::Str(text) => (text.code_points().count(), MAX_STR_SIZE),
        Constant::Bytes(bytes) => (bytes.len(), MAX_STR_SIZE),
        Constant::Tuple(items) => (items.len(), MAX_COLLECTION_SIZE),
        _ => return None,
    };
    if size == 0 {
        // An index that does not fit raises even so.
        return isize::try_from(&count).ok().map(|_| *sequence);
    }
    let count = usize::try_from(&count).ok().filter(|&count| count <= limit / size)?;
    match sequence {
        Constant::Str(text) => {
            Some(Constant::Str(Text::from_bytes(repeated(text.as_bytes(), count, arena))))
        }
        Constant::Bytes(bytes) => Some(Constant::Bytes(repeated(bytes, count, arena))),
        Constant::Tuple(items) => {
            if let Some(limit) = MAX_TOTAL_ITEMS.checked_div(count) {
                remaining_items(sequence, limit)?;
            }
            Some(Constant::Tuple(repeated(items, count, arena)))
        }
        _ => None,
    }
}

/// What is left of `limit` after counting the items of nested tuples; `None` if it is exceeded.
fn remaining_items(constant: &Constant<'_>, limit: usize) -> Option<usize> {
    match constant {
        Constant::Tuple(items) => {
            let limit = limit.checked_sub(items.len())?;
            items.iter().try_fold(limit, |limit, item| remaining_items(item, limit))
        }
        _ => Some(limit),
    }
}

/// The value of an integer or `bool`.
fn index(constant: &Constant<'_>) -> Option<BigInt> {
    match constant {
        Constant::Bool(value) => Some(BigInt::from(u8::from(*value))),
        Constant::Int(value) => Some(BigInt::from(*value)),
        Constant::BigInt(value) => Some(value.value()),
        _ => None,
    }
}

/// `container[key]`
pub(super) fn subscript<'a>(
    container: &Constant<'a>,
    key: &Constant<'a>,
    arena: &'a Bump,
) -> Option<Constant<'a>> {
    if let Constant::Slice(bounds) = key {
        return slice(container, bounds, arena);
    }
    let at = i64::try_from(&index(key)?).ok()?;
    let place = |len: usize| {
        let at = if at < 0 { at.checked_add(len as i64)? } else { at };
        usize::try_from(at).ok().filter(|&at| at < len)
    };
    match container {
        Constant::Tuple(items) => Some(items[place(items.len())?]),
        Constant::Bytes(bytes) => Some(Constant::Int(i64::from(bytes[place(bytes.len())?]))),
        Constant::Str(text) => {
            let points: Vec<u32> = text.code_points().collect();
            Some(Constant::Str(from_code_points([points[place(points.len())?]], arena)))
        }
        _ => None,
    }
}

fn from_code_points<'a>(points: impl IntoIterator<Item = u32>, arena: &'a Bump) -> Text<'a> {
    let mut bytes = Vec::new();
    for point in points {
        Text::push_code_point(&mut bytes, point);
    }
    Text::from_bytes(arena.alloc_slice_copy(&bytes))
}

fn slice<'a>(
    container: &Constant<'a>,
    bounds: &[Constant<'a>; 3],
    arena: &'a Bump,
) -> Option<Constant<'a>> {
    match container {
        Constant::Tuple(items) => {
            let places = slice_places(bounds, items.len())?;
            Some(Constant::Tuple(
                BumpVec::from_iter_in(places.map(|at| items[at]), arena).into_bump_slice(),
            ))
        }
        Constant::Bytes(bytes) => {
            let places = slice_places(bounds, bytes.len())?;
            Some(Constant::Bytes(
                BumpVec::from_iter_in(places.map(|at| bytes[at]), arena).into_bump_slice(),
            ))
        }
        Constant::Str(text) => {
            let points: Vec<u32> = text.code_points().collect();
            let places = slice_places(bounds, points.len())?;
            Some(Constant::Str(from_code_points(places.map(|at| points[at]), arena)))
        }
        _ => None,
    }
}

/// The places that a slice of a sequence of `len` items selects.
fn slice_places(
    bounds: &[Constant<'_>; 3],
    len: usize,
) -> Option<impl Iterator<Item = usize> + use<>> {
    let [start, stop, step] = bounds;
    let len = i64::try_from(len).ok()?;
    let step = match step {
        Constant::None => 1,
        // Beyond the length, all steps are the same.
        step => clamp(&index(step)?, len + 1),
    };
    if step == 0 {
        return None;
    }
    let (lowest, highest) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let bound = |bound: &Constant<'_>, default: i64| match bound {
        Constant::None => Some(default),
        bound => {
            let at = clamp(&index(bound)?, 2 * len + 1);
            let at = if at < 0 { at + len } else { at };
            Some(at.clamp(lowest, highest))
        }
    };
    let (first, end) = if step > 0 {
        (bound(start, lowest)?, bound(stop, highest)?)
    } else {
        (bound(start, highest)?, bound(stop, lowest)?)
    };
    let count = if step > 0 {
        (end - first + step - 1).max(0) / step
    } else {
        (first - end - step - 1).max(0) / -step
    };
    Some((0..count).map(move |n| (first + n * step) as usize))
}

/// The value, or `limit` with its sign if it is larger.
fn clamp(value: &BigInt, limit: i64) -> i64 {
    match i64::try_from(value) {
        Ok(value) => value.clamp(-limit, limit),
        Err(_) if value.sign() == Sign::Minus => -limit,
        Err(_) => limit,
    }
}
