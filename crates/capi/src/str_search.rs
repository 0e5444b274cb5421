//! `unicodeobject.h`: searching, splitting, comparing.

use std::ffi::{c_char, c_int};

use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::text::search;

use crate::str::must_be_str;
use crate::support::{Ptr, optional, there};

fn expected<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    ob.downcast::<Str>()
        .ok_or_else(|| raise!(th, TYPE_ERROR, "must be str, not {}", ob.type_name()))
}

/// `start` and `end` as slices have them.
fn adjust(start: isize, end: isize, len: usize) -> (isize, isize) {
    let len = len as isize;
    let clip = |at: isize| if at < 0 { (at + len).max(0) } else { at };
    (clip(start), if end > len { len } else { clip(end) })
}

/// The range, unless it is empty by being the wrong way round.
fn ordered(start: isize, end: isize) -> Option<(usize, usize)> {
    (start <= end).then_some((start as usize, end as usize))
}

/// Forwards, in narrow texts.
#[inline(always)]
unsafe fn find_at_once(
    string: Ptr,
    part: Ptr,
    start: isize,
    end: isize,
    direction: c_int,
) -> Option<isize> {
    // SAFETY: C passes live objects.
    let (string, part) = unsafe { (there::<Str>(string)?, there::<Str>(part)?) };
    let string = string.as_compact_latin1()?;
    if direction <= 0 || start < 0 || end < 0 {
        return None;
    }
    let within = string.get(start as usize..string.len().min(end as usize))?;
    Some(find_bytes(within, part.as_compact_latin1()?, start))
}

/// What the entry ends with, by a jump: the place counted from `before`.
#[inline(never)]
fn find_bytes(text: &[u8], part: &[u8], before: isize) -> isize {
    search::find_bytes(text, part).map_or(-1, |at| before + at as isize)
}

#[capi(error = -2, fast = find_at_once)]
pub fn PyUnicode_Find(
    th: &Thread,
    string: Borrowed<'_>,
    part: Borrowed<'_>,
    start: isize,
    end: isize,
    direction: c_int,
) -> PyResult<isize> {
    let (string, part) = (expected(th, string)?, expected(th, part)?);
    let (start, end) = adjust(start, end, string.len());
    let found = ordered(start, end).and_then(|(start, end)| {
        if direction > 0 {
            string.find_in(&part, start, end)
        } else {
            string.rfind_in(&part, start, end)
        }
    });
    Ok(found.map_or(-1, |at| at as isize))
}

#[capi(error = -2)]
pub fn PyUnicode_FindChar(
    th: &Thread,
    string: Borrowed<'_, Str>,
    point: u32,
    start: isize,
    end: isize,
    direction: c_int,
) -> PyResult<isize> {
    if point > 0x10_ffff {
        return Ok(-1);
    }
    let part = Str::from_char(th, point)?;
    let (start, end) = adjust(start, end, string.len());
    let found = ordered(start, end).and_then(|(start, end)| {
        if direction > 0 {
            string.find_in(&part, start, end)
        } else {
            string.rfind_in(&part, start, end)
        }
    });
    Ok(found.map_or(-1, |at| at as isize))
}

#[capi]
pub fn PyUnicode_Count(
    th: &Thread,
    string: Borrowed<'_>,
    part: Borrowed<'_>,
    start: isize,
    end: isize,
) -> PyResult<isize> {
    let (string, part) = (expected(th, string)?, expected(th, part)?);
    let (start, end) = adjust(start, end, string.len());
    let count = ordered(start, end).map_or(0, |(start, end)| string.count_in(&part, start, end));
    Ok(count as isize)
}

#[capi]
pub fn PyUnicode_Tailmatch(
    th: &Thread,
    string: Borrowed<'_>,
    part: Borrowed<'_>,
    start: isize,
    end: isize,
    direction: c_int,
) -> PyResult<isize> {
    let (string, part) = (expected(th, string)?, expected(th, part)?);
    let (start, end) = adjust(start, end, string.len());
    let matches = ordered(start, end)
        .is_some_and(|(start, end)| string.has_affix(&part, start, end, direction > 0));
    Ok(matches.into())
}

/// `str.name(string, *args)`: what a subclass overrides is not asked.
fn method(th: &Thread, string: Borrowed<'_>, name: &str, args: &[Borrowed<'_>]) -> PyResult {
    let string = expected(th, string)?;
    let class = Borrowed::from_ref(Str::type_object()).object();
    let method = object::get_attr(th, class, Str::interned(th, name)?.borrow())?;
    let mut all = vec![string.object()];
    all.extend_from_slice(args);
    call::call(th, method.object(), &all)
}

#[capi]
pub fn PyUnicode_Replace(
    th: &Thread,
    string: Borrowed<'_>,
    old: Borrowed<'_>,
    new: Borrowed<'_>,
    count: isize,
) -> PyResult {
    let (old, new) = (expected(th, old)?, expected(th, new)?);
    Str::replace(expected(th, string)?, th, old, new, count).map(Owned::into_object)
}

fn separator<'a>(th: &Thread, separator: Option<Borrowed<'a>>) -> PyResult<Option<Borrowed<'a>>> {
    separator.map(|separator| expected(th, separator).map(|text| text.object())).transpose()
}

#[capi]
pub fn PyUnicode_Split(
    th: &Thread,
    string: Borrowed<'_>,
    separator: Option<Borrowed<'_>>,
    count: isize,
) -> PyResult<Owned<List>> {
    let string = expected(th, string)?;
    Str::split(string, th, self::separator(th, separator)?, count)
}

#[capi]
pub fn PyUnicode_RSplit(
    th: &Thread,
    string: Borrowed<'_>,
    separator: Option<Borrowed<'_>>,
    count: isize,
) -> PyResult<Owned<List>> {
    let string = expected(th, string)?;
    Str::rsplit(string, th, self::separator(th, separator)?, count)
}

#[capi]
pub fn PyUnicode_Splitlines(th: &Thread, string: Borrowed<'_>, keep_ends: c_int) -> PyResult {
    let before = th.take_exception();
    let lines = method(th, string, "splitlines", &[bool_object(keep_ends != 0).object()])?;
    if let Some(before) = before {
        let Raised { .. } = th.set_exception(before.into_object());
    }
    Ok(lines)
}

/// The three parts of a string, by the method `name`. If C called with an exception set, finding something is an error.
fn parted(th: &Thread, string: Borrowed<'_>, name: &str, part: Borrowed<'_>) -> PyResult {
    let part = expected(th, part)?;
    let before = th.take_exception();
    let parts = method(th, string, name, &[part.object()])?;
    let Some(before) = before else { return Ok(parts) };
    let raised = th.set_exception(before.into_object());
    let middle = parts.object().downcast::<Tuple>().and_then(|parts| parts.get().get(1));
    let found = middle.is_some_and(|middle| middle.is(part.object()));
    if found { Err(raised) } else { Ok(parts) }
}

#[capi]
pub fn PyUnicode_Partition(th: &Thread, string: Borrowed<'_>, part: Borrowed<'_>) -> PyResult {
    parted(th, string, "partition", part)
}

#[capi]
pub fn PyUnicode_RPartition(th: &Thread, string: Borrowed<'_>, part: Borrowed<'_>) -> PyResult {
    parted(th, string, "rpartition", part)
}

#[capi]
pub fn PyUnicode_Translate(
    th: &Thread,
    string: Borrowed<'_>,
    table: Option<Borrowed<'_>>,
    errors: *const c_char,
) -> PyResult<Owned<Str>> {
    let table = table.ok_or_else(|| th.bad_argument())?;
    let errors = optional(errors);
    let errors = errors.as_deref().unwrap_or("strict");
    krait_objects::str::translate::translate_with(must_be_str(th, string)?, th, table, errors)
}

#[capi]
pub fn PyUnicode_RichCompare(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    op: c_int,
) -> PyResult {
    use std::cmp::Ordering;
    let (Some(left), Some(right)) = (left.downcast::<Str>(), right.downcast::<Str>()) else {
        return Ok(not_implemented().to_owned());
    };
    let order = left.get().compare(right.get());
    let result = match op {
        0 => order == Ordering::Less,
        1 => order != Ordering::Greater,
        2 => order == Ordering::Equal,
        3 => order != Ordering::Equal,
        4 => order == Ordering::Greater,
        5 => order != Ordering::Less,
        _ => return Err(th.bad_argument()),
    };
    Ok(bool_object(result).object().to_owned())
}

#[capi]
pub fn PyUnicode_IsIdentifier(string: Option<Borrowed<'_>>) -> bool {
    string.and_then(Borrowed::downcast::<Str>).is_some_and(|string| string.is_identifier())
}

#[capi]
pub fn PyUnicode_EqualToUTF8AndSize(
    string: Option<Borrowed<'_>>,
    text: *const c_char,
    len: isize,
) -> bool {
    let Some(string) = string.and_then(Borrowed::downcast::<Str>).filter(|_| !text.is_null())
    else {
        return false;
    };
    // A length that no such text has may be none at all: nothing is read then.
    let Some(len) = usize::try_from(len).ok().filter(|len| *len <= 4 * string.len()) else {
        return false;
    };
    // SAFETY: C passes `len` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast(), len) };
    std::str::from_utf8(bytes).is_ok_and(|text| string.eq_str(text))
}
