//! Calls that are refused before anything is bound: by the number of their arguments, where parameters have no names for
//! callers, or for their keywords, where there are none to give.

use krait_abi as abi;

use super::bind::plural;
use crate::dict::Dict;
use crate::error::{PyResult, Raised};
use crate::exceptions::exc;
use crate::handle::{Borrowed, Instance};
use crate::raise;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::Type;

/// The number of arguments of a function whose parameters have no names for callers.
#[inline(always)]
pub fn check_positional(
    th: &Thread,
    function: &str,
    given: usize,
    min: usize,
    max: usize,
) -> PyResult<()> {
    if given < min || given > max {
        return Err(wrong_count(th, function, given, min, max));
    }
    Ok(())
}

#[cold]
#[inline(never)]
fn wrong_count(th: &Thread, function: &str, given: usize, min: usize, max: usize) -> Raised {
    th.raise(exc::TYPE_ERROR, &count_message(function, given, min, max))
}

fn count_message(function: &str, given: usize, min: usize, max: usize) -> String {
    let (bound, how) = if given < min { (min, "at least ") } else { (max, "at most ") };
    let how = if min == max { "" } else { how };
    format!("{function} expected {how}{bound} argument{}, got {given}", plural(bound))
}

/// As `check_positional`, for constructors without parameters.
pub fn check_no_positional(th: &Thread, function: &str, given: usize) -> PyResult<()> {
    if given != 0 {
        return Err(raise!(th, TYPE_ERROR, "{function}() takes no arguments"));
    }
    Ok(())
}

/// A constructor called through vectorcall that takes no keywords.
///
/// # Safety
/// `kwnames` is null or a tuple.
#[inline(always)]
pub unsafe fn reject_names(
    th: &Thread,
    function: &str,
    kwnames: *mut abi::PyObject,
) -> PyResult<()> {
    // SAFETY: the caller's promise.
    let names: Option<Borrowed<'_, Tuple>> = unsafe { Borrowed::from_ptr_or_null(kwnames) };
    match names {
        Some(names) if !names.is_empty() => Err(no_keywords(th, function)),
        _ => Ok(()),
    }
}

#[cold]
#[inline(never)]
fn no_keywords(th: &Thread, function: &str) -> Raised {
    raise!(th, TYPE_ERROR, "{function}() takes no keyword arguments")
}

/// # Safety
/// `kwargs` is null or a dict.
unsafe fn has_keywords(kwargs: *mut abi::PyObject) -> bool {
    // SAFETY: the caller's promise.
    let dict: Option<Borrowed<'_, Dict>> = unsafe { Borrowed::from_ptr_or_null(kwargs) };
    dict.is_some_and(|dict| !dict.is_empty())
}

/// `tp_new` of `T` takes no keywords; a subclass with an `__init__` of its own may, for that.
///
/// # Safety
/// `class` is a type, `kwargs` null or a dict.
pub unsafe fn reject_in_new<T: Instance>(
    th: &Thread,
    function: &str,
    class: *mut abi::PyObject,
    kwargs: *mut abi::PyObject,
) -> PyResult<()> {
    // SAFETY: the caller's promise.
    let class = unsafe { Borrowed::<Type>::from_ptr(class) };
    let same = |a: abi::initproc, b: abi::initproc| a.map(|f| f as usize) == b.map(|f| f as usize);
    // SAFETY: the caller's promise.
    if unsafe { has_keywords(kwargs) } && same(class.raw().tp_init, T::type_object().raw().tp_init)
    {
        return Err(no_keywords(th, function));
    }
    Ok(())
}

/// `tp_init` of `T` takes no keywords; a subclass with a `__new__` of its own may, for that.
///
/// # Safety
/// `this` is an object, `kwargs` null or a dict.
pub unsafe fn reject_in_init<T: Instance>(
    th: &Thread,
    function: &str,
    this: *mut abi::PyObject,
    kwargs: *mut abi::PyObject,
) -> PyResult<()> {
    // SAFETY: the caller's promise.
    let this: Borrowed<'_> = unsafe { Borrowed::from_ptr(this) };
    let same = |a: abi::newfunc, b: abi::newfunc| a.map(|f| f as usize) == b.map(|f| f as usize);
    // SAFETY: the caller's promise.
    if unsafe { has_keywords(kwargs) }
        && same(this.ty().raw().tp_new, T::type_object().raw().tp_new)
    {
        return Err(no_keywords(th, function));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::count_message;

    #[test]
    fn wrong_numbers_of_positional_arguments() {
        for (given, min, max, message) in [
            (2, 0, 1, "f expected at most 1 argument, got 2"),
            (1, 2, 2, "f expected 2 arguments, got 1"),
            (0, 1, 3, "f expected at least 1 argument, got 0"),
            (4, 1, 3, "f expected at most 3 arguments, got 4"),
            (0, 2, usize::MAX, "f expected at least 2 arguments, got 0"),
        ] {
            assert_eq!(count_message("f", given, min, max), message);
        }
    }
}
