//! `unicodeobject.h`: strings that C fills in itself, and strings of its arrays.
//!
//! SAFETY, throughout: C writes to a string only while nobody else knows it, which `check_modifiable` makes as sure as
//! it can; indices are checked against the string's length, and characters against its kind, before anything is written.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::str::Chars;
use krait_objects::str::fresh::{Fresh, bound_of};

use crate::support::*;

#[capi]
pub fn PyUnicode_New(th: &Thread, len: isize, max: u32) -> PyResult<Owned<Str>> {
    if len == 0 {
        return Ok(Str::empty().to_owned());
    }
    if max > 0x10_ffff {
        let message = "invalid maximum character passed to PyUnicode_New";
        return Err(th.raise(exc::SYSTEM_ERROR, message));
    }
    let Ok(len) = usize::try_from(len) else {
        return Err(th.raise(exc::SYSTEM_ERROR, "Negative size passed to PyUnicode_New"));
    };
    Fresh::zeroed(th, len, max)
}

/// The characters of an array of `kind` bytes each.
unsafe fn units<'a>(
    th: &Thread,
    kind: c_int,
    data: *const c_void,
    len: isize,
) -> PyResult<Chars<'a>> {
    let Ok(len) = usize::try_from(len) else {
        return Err(th.raise(exc::VALUE_ERROR, "size must be positive"));
    };
    // SAFETY: C passes `len` characters.
    unsafe {
        match kind {
            1 | 2 | 4 if len == 0 => Ok(Chars::One(&[])),
            1 => Ok(Chars::One(std::slice::from_raw_parts(data.cast(), len))),
            2 => Ok(Chars::Two(std::slice::from_raw_parts(data.cast(), len))),
            4 => Ok(Chars::Four(std::slice::from_raw_parts(data.cast(), len))),
            _ => Err(th.raise(exc::SYSTEM_ERROR, "invalid kind")),
        }
    }
}

#[capi]
pub fn PyUnicode_FromKindAndData(
    th: &Thread,
    kind: c_int,
    data: *const c_void,
    len: isize,
) -> PyResult<Owned<Str>> {
    // SAFETY: C passes `len` characters of that kind.
    Str::from_chars(th, unsafe { units(th, kind, data, len)? })
}

/// SystemError for a string that others know already.
fn check_modifiable(th: &Thread, string: Borrowed<'_, Str>) -> PyResult<()> {
    let exact = string.object().is_exact::<Str>();
    let alone = string.object().get().ref_count() == 1 && !string.is_interned();
    // SAFETY: a string's head.
    let hash = unsafe { (*string.as_ptr().cast::<krait_abi::PyASCIIObject>()).hash };
    if exact && alone && hash == -1 {
        return Ok(());
    }
    Err(th.raise(exc::SYSTEM_ERROR, "Cannot modify a string currently used"))
}

fn range(th: &Thread) -> Raised {
    th.raise(exc::INDEX_ERROR, "string index out of range")
}

fn internal<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    ob.downcast::<Str>().ok_or_else(|| th.bad_internal_call())
}

fn argument<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    ob.downcast::<Str>().ok_or_else(|| th.bad_argument())
}

/// Writes one character, which is known to fit.
unsafe fn write(string: Borrowed<'_, Str>, index: usize, point: u32) {
    let data = string.get().data().cast_mut();
    // SAFETY: see the top of the file.
    unsafe {
        match string.state().kind() {
            1 => data.add(index).write(point as u8),
            2 => data.cast::<u16>().add(index).write(point as u16),
            _ => data.cast::<u32>().add(index).write(point),
        }
    }
}

#[capi]
pub fn PyUnicode_WriteChar(
    th: &Thread,
    string: Borrowed<'_>,
    index: isize,
    point: u32,
) -> PyResult<()> {
    let string = argument(th, string)?;
    let Some(index) = usize::try_from(index).ok().filter(|&index| index < string.len()) else {
        return Err(range(th));
    };
    check_modifiable(th, string)?;
    if point > bound_of(&string) {
        return Err(th.raise(exc::VALUE_ERROR, "character out of range"));
    }
    // SAFETY: checked above.
    unsafe { write(string, index, point) };
    Ok(())
}

#[capi]
pub fn PyUnicode_Fill(
    th: &Thread,
    string: Borrowed<'_>,
    start: isize,
    len: isize,
    point: u32,
) -> PyResult<isize> {
    let string = internal(th, string)?;
    check_modifiable(th, string)?;
    let Ok(start) = usize::try_from(start) else {
        return Err(range(th));
    };
    if point > bound_of(&string) {
        let message = "fill character is bigger than the string maximum character";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    let room = string.len().saturating_sub(start);
    let len = room.min(usize::try_from(len).unwrap_or(0));
    for index in start..start + len {
        // SAFETY: checked above.
        unsafe { write(string, index, point) };
    }
    Ok(len as isize)
}

fn kind_name(string: &Str) -> &'static str {
    match string.state().kind() {
        1 if string.is_ascii() => "ascii",
        1 => "latin1",
        2 => "UCS2",
        _ => "UCS4",
    }
}

#[capi]
pub fn PyUnicode_CopyCharacters(
    th: &Thread,
    to: Borrowed<'_>,
    to_start: isize,
    from: Borrowed<'_>,
    from_start: isize,
    count: isize,
) -> PyResult<isize> {
    let (from, to) = (internal(th, from)?, internal(th, to)?);
    let inside = |start: isize, len: usize| usize::try_from(start).ok().filter(|&at| at <= len);
    let Some(from_start) = inside(from_start, from.len()) else {
        return Err(range(th));
    };
    let Some(to_start) = inside(to_start, to.len()) else {
        return Err(range(th));
    };
    let Ok(count) = usize::try_from(count) else {
        return Err(th.raise(exc::SYSTEM_ERROR, "how_many cannot be negative"));
    };
    let count = count.min(from.len() - from_start);
    if to_start + count > to.len() {
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "Cannot write {count} characters at {to_start} in a string of {} characters",
            to.len()
        ));
    }
    if count == 0 {
        return Ok(0);
    }
    check_modifiable(th, to)?;
    let chars = from.get().chars().slice(from_start..from_start + count);
    if bound_of(&from) > bound_of(&to) && chars.max_char() > bound_of(&to) {
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "Cannot copy {} characters into a string of {} characters",
            kind_name(&from),
            kind_name(&to)
        ));
    }
    for (at, point) in chars.iter().enumerate() {
        // SAFETY: checked above.
        unsafe { write(to, to_start + at, point) };
    }
    Ok(count as isize)
}

/// A string of another length in place of the old one, with as many of its characters as fit.
#[capi]
pub fn PyUnicode_Resize(th: &Thread, place: *mut Ptr, len: isize) -> PyResult<()> {
    // SAFETY: C passes a place with a string of its own, or NULL by mistake.
    unsafe {
        let old = place.as_ref().and_then(|&old| Borrowed::<Object>::from_ptr_or_null(old));
        let Some(string) = old.and_then(|old| old.downcast::<Str>()) else {
            return Err(th.bad_internal_call());
        };
        let Ok(len) = usize::try_from(len) else {
            return Err(th.bad_internal_call());
        };
        if len == string.len() {
            return Ok(());
        }
        let new = if len == 0 {
            Str::empty().to_owned()
        } else {
            let new = Fresh::zeroed(th, len, bound_of(&string))?;
            for (at, point) in string.chars().slice(0..len.min(string.len())).iter().enumerate() {
                write(new.borrow(), at, point);
            }
            new
        };
        let old = std::mem::replace(&mut *place, new.into_ptr());
        drop(Owned::<Object>::from_ptr_or_null(old));
    }
    Ok(())
}

/// Copies the code points, with a zero at the end if there is to be one; NULL if they do not fit.
unsafe fn copy_points(
    th: &Thread,
    string: &Str,
    out: *mut u32,
    room: isize,
    null: bool,
) -> PyResult<()> {
    let needed = string.len() + usize::from(null);
    // SAFETY: the caller's buffer has `room` places.
    unsafe {
        if usize::try_from(room).is_ok_and(|room| room >= needed) {
            for (at, point) in string.chars().iter().enumerate() {
                out.add(at).write(point);
            }
            if null {
                out.add(string.len()).write(0);
            }
            return Ok(());
        }
        if null && room > 0 {
            out.write(0);
        }
    }
    Err(th.raise(exc::SYSTEM_ERROR, "string is longer than the buffer"))
}

#[capi]
pub fn PyUnicode_AsUCS4(
    th: &Thread,
    string: Borrowed<'_, Str>,
    out: *mut u32,
    room: isize,
    null: c_int,
) -> PyResult<*mut u32> {
    if out.is_null() || room < 0 {
        return Err(th.bad_internal_call());
    }
    // SAFETY: C passes `room` places.
    unsafe { copy_points(th, &string, out, room, null != 0)? };
    Ok(out)
}

/// A copy that `PyMem_Free` gives back.
#[capi]
pub fn PyUnicode_AsUCS4Copy(th: &Thread, string: Borrowed<'_, Str>) -> PyResult<*mut u32> {
    let len = string.len() + 1;
    let bytes = len.saturating_mul(size_of::<u32>());
    // SAFETY: any size may be asked for.
    let block: *mut u32 = unsafe { crate::memory::PyMem_Malloc(bytes) }.cast();
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has `len` places.
    unsafe { copy_points(th, &string, block, len as isize, true)? };
    Ok(block)
}

#[capi]
pub fn PyUnicode_FromObject(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    match ob.downcast::<Str>() {
        Some(string) if ob.is_exact::<Str>() => Ok(string.to_owned()),
        Some(string) => Str::from_chars(th, string.get().chars()),
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "Can't convert '{}' object to str implicitly",
            ob.type_name()
        )),
    }
}

/// The reference in `place` becomes one to the interned string of the same text.
unsafe fn intern_in_place(th: &Thread, place: *mut Ptr) {
    // SAFETY: C passes a place with a reference of its own.
    unsafe {
        let Some(string) = Borrowed::<Object>::from_ptr_or_null(*place) else {
            return;
        };
        let Some(string) = string.downcast::<Str>() else {
            return;
        };
        let Ok(interned) = Str::intern(th, string.to_owned()) else {
            drop(th.take_exception());
            return;
        };
        let old = std::mem::replace(&mut *place, interned.into_ptr());
        drop(Owned::<Object>::from_ptr_or_null(old));
    }
}

#[capi]
pub fn PyUnicode_InternInPlace(th: &Thread, place: *mut Ptr) {
    // SAFETY: C passes a place with a reference of its own, or NULL.
    unsafe { intern_in_place(th, place) }
}

#[capi]
pub fn PyUnicode_InternImmortal(th: &Thread, place: *mut Ptr) {
    // SAFETY: C passes a place with a reference of its own, or NULL.
    unsafe { intern_in_place(th, place) }
}

/// `*place += right`; `*place` becomes NULL on an error.
unsafe fn append(th: &Thread, place: *mut Ptr, right: Option<Borrowed<'_>>) {
    // SAFETY: C passes a place with a reference of its own, or NULL by mistake.
    unsafe {
        let Some(place) = place.as_mut() else {
            if !th.is_raised() {
                let _raised = th.bad_internal_call();
            }
            return;
        };
        let left = Owned::<Object>::from_ptr_or_null(std::mem::replace(place, null_mut()));
        let (Some(left), Some(right)) = (left, right) else {
            if !th.is_raised() {
                let _raised = th.bad_internal_call();
            }
            return;
        };
        let result = match (left.object().downcast::<Str>(), right.downcast::<Str>()) {
            (Some(left), Some(right)) => left.concat(th, right),
            _ => Err(th.bad_internal_call()),
        };
        *place = result.map_or(null_mut(), Owned::into_ptr);
    }
}

#[capi]
pub fn PyUnicode_Append(th: &Thread, place: *mut Ptr, right: Ptr) {
    // SAFETY: C passes a place with a reference of its own, or NULL.
    unsafe { append(th, place, Borrowed::from_ptr_or_null(right)) }
}

#[capi]
pub fn PyUnicode_AppendAndDel(th: &Thread, place: *mut Ptr, right: Ptr) {
    // SAFETY: as C promises; the reference to `right` is given up.
    unsafe {
        append(th, place, Borrowed::from_ptr_or_null(right));
        drop(Owned::<Object>::from_ptr_or_null(right));
    }
}

/// The kind, as a function for those who cannot use the macro.
#[capi]
pub fn PyUnicode_KIND(string: Ptr) -> c_int {
    // SAFETY: C passes a string.
    unsafe { Borrowed::<Str>::from_ptr(string).state().kind() as c_int }
}

#[capi]
pub fn PyUnicode_DATA(string: Ptr) -> *mut c_void {
    // SAFETY: C passes a string.
    unsafe { Borrowed::<Str>::from_ptr(string).get().data().cast_mut().cast() }
}
