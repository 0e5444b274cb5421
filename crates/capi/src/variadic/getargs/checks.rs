//! Argument checks without a format.

use std::ffi::{c_char, c_int};

use krait_macros::capi;
use krait_objects::prelude::*;

use super::{cut, outcome, plural, shown_type};
use crate::support::*;
use crate::variadic::VaList;

/// Whether `count` arguments are between `min` and `max`.
#[inline(never)]
fn check_count(
    th: &Thread,
    name: *const c_char,
    count: isize,
    min: isize,
    max: isize,
) -> PyResult<()> {
    if (min..=max).contains(&count) {
        return Ok(());
    }
    let (bound, how) = match () {
        () if min == max => (min, ""),
        () if count < min => (min, "at least "),
        () => (max, "at most "),
    };
    let s = plural(bound as i64);
    Err(if name.is_null() {
        raise!(
            th,
            TYPE_ERROR,
            "unpacked tuple should have {how}{bound} element{s}, but has {count}"
        )
    } else {
        let name = text_of(name);
        let name = cut(&name, 200);
        raise!(th, TYPE_ERROR, "{name} expected {how}{bound} argument{s}, got {count}")
    })
}

#[capi(error = 0)]
pub fn _PyArg_CheckPositional(
    th: &Thread,
    name: *const c_char,
    count: isize,
    min: isize,
    max: isize,
) -> PyResult<c_int> {
    check_count(th, name, count, min, max).map(|()| 1)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_unpack_tuple(
    args: Ptr,
    name: *const c_char,
    min: isize,
    max: isize,
    places: VaList,
) -> c_int {
    // SAFETY: C passes a live object or NULL.
    let Some(args) = (unsafe { some::<Tuple>(args) }) else {
        let message = "PyArg_UnpackTuple() argument list is not a tuple";
        return outcome(Err(Thread::current().raise(exc::SYSTEM_ERROR, message)));
    };
    let count = args.len() as isize;
    if count < min || count > max {
        return outcome(check_count(Thread::current(), name, count, min, max));
    }
    for value in args.as_slice() {
        // SAFETY: C passes a place for each argument that there may be.
        unsafe { places.pointer::<Ptr>().write(value.as_ptr()) };
    }
    1
}

#[capi(error = 0)]
pub fn _PyArg_NoKeywords(
    th: &Thread,
    name: *const c_char,
    kwargs: Option<Borrowed<'_>>,
) -> PyResult<c_int> {
    match kwargs.map(|kwargs| kwargs.downcast::<Dict>()) {
        None => Ok(1),
        Some(None) => Err(th.bad_internal_call()),
        Some(Some(kwargs)) if kwargs.is_empty() => Ok(1),
        Some(Some(_)) => {
            Err(raise!(th, TYPE_ERROR, "{}() takes no keyword arguments", cut(&text_of(name), 200)))
        }
    }
}

#[capi(error = 0)]
pub fn _PyArg_NoPositional(
    th: &Thread,
    name: *const c_char,
    args: Option<Borrowed<'_>>,
) -> PyResult<c_int> {
    match args.map(|args| args.downcast::<Tuple>()) {
        None => Ok(1),
        Some(None) => Err(th.bad_internal_call()),
        Some(Some(args)) if args.is_empty() => Ok(1),
        Some(Some(_)) => Err(raise!(
            th,
            TYPE_ERROR,
            "{}() takes no positional arguments",
            cut(&text_of(name), 200)
        )),
    }
}

#[capi]
pub fn _PyArg_BadArgument(
    th: &Thread,
    function: *const c_char,
    name: *const c_char,
    expected: *const c_char,
    arg: Borrowed<'_>,
) {
    let (function, name, expected) = (text_of(function), text_of(name), text_of(expected));
    let _raised = raise!(
        th,
        TYPE_ERROR,
        "{}() {} must be {}, not {}",
        cut(&function, 200),
        cut(&name, 200),
        cut(&expected, 50),
        cut(shown_type(arg), 50)
    );
}

#[capi(error = 0)]
pub fn PyArg_ValidateKeywordArguments(th: &Thread, kwargs: Borrowed<'_, Dict>) -> PyResult<c_int> {
    let mut position = 0;
    while let Some((key, _)) = kwargs.next(&mut position) {
        if key.object().downcast::<Str>().is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "keywords must be strings"));
        }
    }
    Ok(1)
}
