//! Strings, bytes and tuples: concatenation, repetition within limits, subscripts.
//!
//! CPython: `const_folding_safe_multiply` and the types' `sq_concat`, `sq_repeat`, `mp_subscript`.

use num_bigint::{BigInt, Sign};

use crate::code::{Constant, Text};

/// The largest tuple, in items.
const MAX_COLLECTION_SIZE: usize = 256;

/// The largest string, in code points, or bytes, in bytes.
const MAX_STR_SIZE: usize = 4096;

/// The largest tuple, those inside it included, in items.
const MAX_TOTAL_ITEMS: usize = 1024;

pub(super) fn concatenate(left: &Constant, right: &Constant) -> Option<Constant> {
    match (left, right) {
        (Constant::Str(a), Constant::Str(b)) => Some(Constant::Str(join(a, b))),
        (Constant::Bytes(a), Constant::Bytes(b)) => {
            Some(Constant::Bytes([&a[..], &b[..]].concat().into()))
        }
        (Constant::Tuple(a), Constant::Tuple(b)) => {
            Some(Constant::Tuple(a.iter().chain(b.iter()).cloned().collect()))
        }
        _ => None,
    }
}

/// In Python, `"\ud800" + "\udc00"` stays two surrogates; so they do in generalised UTF-8.
fn join(a: &Text, b: &Text) -> Text {
    Text::from_bytes([a.as_bytes(), b.as_bytes()].concat())
}

/// `sequence * count`
pub(super) fn repeat(sequence: &Constant, count: &Constant) -> Option<Constant> {
    let count = index(count)?;
    let (size, limit) = match sequence {
        Constant::Str(text) => (text.code_points().count(), MAX_STR_SIZE),
        Constant::Bytes(bytes) => (bytes.len(), MAX_STR_SIZE),
        Constant::Tuple(items) => (items.len(), MAX_COLLECTION_SIZE),
        _ => return None,
    };
    if size == 0 {
        // An index that does not fit raises even so.
        return isize::try_from(&count).ok().map(|_| sequence.clone());
    }
    let count = usize::try_from(&count).ok().filter(|&count| count <= limit / size)?;
    match sequence {
        Constant::Str(text) => Some(Constant::Str(Text::from_bytes(text.as_bytes().repeat(count)))),
        Constant::Bytes(bytes) => Some(Constant::Bytes(bytes.repeat(count).into())),
        Constant::Tuple(items) => {
            if let Some(limit) = MAX_TOTAL_ITEMS.checked_div(count) {
                remaining_items(sequence, limit)?;
            }
            let items = std::iter::repeat_n(&items[..], count).flatten();
            Some(Constant::Tuple(items.cloned().collect()))
        }
        _ => None,
    }
}

/// What is left of `limit` after counting the items of nested tuples; `None` if it is exceeded.
fn remaining_items(constant: &Constant, limit: usize) -> Option<usize> {
    match constant {
        Constant::Tuple(items) => {
            let limit = limit.checked_sub(items.len())?;
            items.iter().try_fold(limit, |limit, item| remaining_items(item, limit))
        }
        _ => Some(limit),
    }
}

/// The value of an integer or `bool`.
fn index(constant: &Constant) -> Option<BigInt> {
    match constant {
        Constant::Bool(value) => Some(BigInt::from(u8::from(*value))),
        Constant::Int(value) => Some(BigInt::from(*value)),
        Constant::BigInt(value) => Some((**value).clone()),
        _ => None,
    }
}

/// `container[key]`
pub(super) fn subscript(container: &Constant, key: &Constant) -> Option<Constant> {
    if let Constant::Slice(bounds) = key {
        return slice(container, bounds);
    }
    let at = i64::try_from(&index(key)?).ok()?;
    let place = |len: usize| {
        let at = if at < 0 { at.checked_add(len as i64)? } else { at };
        usize::try_from(at).ok().filter(|&at| at < len)
    };
    match container {
        Constant::Tuple(items) => Some(items[place(items.len())?].clone()),
        Constant::Bytes(bytes) => Some(Constant::Int(i64::from(bytes[place(bytes.len())?]))),
        Constant::Str(text) => {
            let points: Vec<u32> = text.code_points().collect();
            Some(Constant::Str(from_code_points([points[place(points.len())?]])))
        }
        _ => None,
    }
}

fn from_code_points(points: impl IntoIterator<Item = u32>) -> Text {
    let mut bytes = Vec::new();
    for point in points {
        Text::push_code_point(&mut bytes, point);
    }
    Text::from_bytes(bytes)
}

fn slice(container: &Constant, bounds: &[Constant; 3]) -> Option<Constant> {
    match container {
        Constant::Tuple(items) => {
            let places = slice_places(bounds, items.len())?;
            Some(Constant::Tuple(places.map(|at| items[at].clone()).collect()))
        }
        Constant::Bytes(bytes) => {
            let places = slice_places(bounds, bytes.len())?;
            Some(Constant::Bytes(places.map(|at| bytes[at]).collect()))
        }
        Constant::Str(text) => {
            let points: Vec<u32> = text.code_points().collect();
            let places = slice_places(bounds, points.len())?;
            Some(Constant::Str(from_code_points(places.map(|at| points[at]))))
        }
        _ => None,
    }
}

/// The places that a slice of a sequence of `len` items selects.
fn slice_places(bounds: &[Constant; 3], len: usize) -> Option<impl Iterator<Item = usize>> {
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
    let bound = |bound: &Constant, default: i64| match bound {
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
