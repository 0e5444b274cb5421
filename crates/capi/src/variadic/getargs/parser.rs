//! `_PyArg_Parser`: a format and its names, prepared at the first call, as Argument Clinic's code uses it.
//!
//! Only numbers are kept in the struct, which is shared by all interpreters: names are compared as text.

use std::ffi::c_int;

use krait_abi::_PyArg_Parser;
use krait_macros::capi;
use krait_objects::prelude::*;

use super::keywords::{
    Given, Names, check_end, left_over, missing, skip, too_many, wrong_positional,
};
use super::{Naming, Parse, array, is_end, outcome};
use crate::support::*;
use crate::variadic::{Format, VaList};

/// A parser, read.
struct Prepared<'a> {
    names: Names<'a>,
    naming: Naming<'a>,
    format: Format,
    min: usize,
    max: usize,
}

impl Prepared<'_> {
    /// # Safety
    /// `parser` is a parser as C initialises it.
    unsafe fn new(th: &Thread, parser: *const _PyArg_Parser) -> PyResult<Self> {
        // SAFETY: the caller's promise.
        let parser = unsafe { &*parser };
        // SAFETY: as above.
        let names = unsafe { Names::new(th, parser.keywords) }?;
        let format = Format::new(parser.format);
        if parser.format.is_null() {
            let naming = Naming { name: optional(parser.fname), message: None };
            return Ok(Prepared { names, naming, format, min: 0, max: 0 });
        }
        let (min, max) = bounds(th, format, &names)?;
        Ok(Prepared { naming: Naming::of(format), names, format, min, max })
    }

    fn function(&self) -> String {
        self.naming.function(200)
    }
}

/// Where the optional and the keyword-only parameters of a format begin.
fn bounds(th: &Thread, mut format: Format, names: &Names<'_>) -> PyResult<(usize, usize)> {
    let wrong = |message: &str| Err(th.raise(exc::SYSTEM_ERROR, message));
    let (mut min, mut max) = (None, None);
    let len = names.len();
    for index in 0..len {
        if format.eat(b'|') {
            if min.is_some() {
                return wrong("Invalid format string (| specified twice)");
            }
            if max.is_some() {
                return wrong("Invalid format string ($ before |)");
            }
            min = Some(index);
        }
        if format.eat(b'$') {
            if max.is_some() {
                return wrong("Invalid format string ($ specified twice)");
            }
            if index < names.positional_only {
                return wrong("Empty parameter name after $");
            }
            max = Some(index);
        }
        if is_end(format.peek()) {
            return Err(raise!(
                th,
                SYSTEM_ERROR,
                "More keyword list entries ({len}) than format specifiers ({index})"
            ));
        }
        skip(th, &mut format, None)?;
    }
    check_end(th, format)?;
    Ok((min.unwrap_or(len), max.unwrap_or(len)))
}

fn parse(
    th: &Thread,
    args: &[Borrowed<'_>],
    given: Given<'_>,
    prepared: &Prepared<'_>,
    places: VaList,
) -> PyResult<()> {
    let names = &prepared.names;
    let (len, mut left) = (names.len(), given.len());
    if args.len() + left > len {
        let total = args.len() + left;
        return Err(too_many(th, &prepared.function(), len, args.len(), total));
    }
    if prepared.max < args.len() {
        return Err(too_many_positional(th, prepared, prepared.min, prepared.max, args.len()));
    }
    let mut parse = Parse::new(th, places);
    let mut format = prepared.format;
    for index in 0..len {
        format.eat(b'|');
        format.eat(b'$');
        let found = match args.get(index) {
            Some(&arg) => Some(arg.to_owned()),
            None if left > 0 && index >= names.positional_only => {
                match given.get(th, &names.text(index)) {
                    Ok(found) => found.inspect(|_| left -= 1),
                    Err(raised) => {
                        parse.undo();
                        return Err(raised);
                    }
                }
            }
            None => None,
        };
        let result = match found {
            Some(arg) => parse
                .item(arg.object(), &mut format)
                .map_err(|fault| prepared.naming.raise(th, index + 1, fault)),
            None if index < prepared.min => Err(too_few(th, prepared, index, args.len())),
            None if left == 0 => return Ok(()),
            None => skip(th, &mut format, Some(places)),
        };
        if let Err(raised) = result {
            parse.undo();
            return Err(raised);
        }
    }
    if left > 0 {
        let raised = left_over(th, &prepared.function(), names, args.len(), given);
        parse.undo();
        return Err(raised);
    }
    Ok(())
}

#[cold]
fn too_many_positional(
    th: &Thread,
    prepared: &Prepared<'_>,
    min: usize,
    max: usize,
    given: usize,
) -> Raised {
    let function = prepared.function();
    let how = if min < max { "at most" } else { "exactly" };
    wrong_positional(th, &function, how, max, given)
}

#[cold]
fn too_few(th: &Thread, prepared: &Prepared<'_>, index: usize, given: usize) -> Raised {
    let function = prepared.function();
    let positional_only = prepared.names.positional_only;
    if index >= positional_only {
        return missing(th, &function, &prepared.names.text(index), index + 1);
    }
    let bound = positional_only.min(prepared.min);
    let how = if bound < prepared.max { "at least" } else { "exactly" };
    wrong_positional(th, &function, how, bound, given)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_parse_stack_keywords(
    values: *const Ptr,
    count: isize,
    names: Ptr,
    parser: *const _PyArg_Parser,
    places: VaList,
) -> c_int {
    let th = Thread::current();
    // SAFETY: the arguments of a vectorcall, and a parser as C initialises it.
    unsafe {
        let given = stack_keywords(values, count, names);
        let prepared = Prepared::new(th, parser);
        outcome(
            prepared.and_then(|prepared| parse(th, array(values, count), given, &prepared, places)),
        )
    }
}

/// # Safety
/// The arguments of a vectorcall.
unsafe fn stack_keywords<'a>(values: *const Ptr, count: isize, names: Ptr) -> Given<'a> {
    // SAFETY: the caller's promise.
    unsafe {
        let names: Option<Borrowed<'a>> = Borrowed::from_ptr_or_null(names);
        match names.and_then(|names| names.downcast::<Tuple>()) {
            None => Given::None,
            Some(names) => {
                let start = values.add(count.max(0) as usize);
                Given::Stack(names, array(start, names.len() as isize))
            }
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_parse_fast(
    args: Ptr,
    kwargs: Ptr,
    parser: *const _PyArg_Parser,
    places: VaList,
) -> c_int {
    let th = Thread::current();
    // SAFETY: C passes live objects or NULL.
    let (args, kwargs): (Option<Borrowed<'_>>, Option<Borrowed<'_>>) =
        unsafe { (Borrowed::from_ptr_or_null(args), Borrowed::from_ptr_or_null(kwargs)) };
    let given = match kwargs.map(|kwargs| kwargs.downcast::<Dict>()) {
        None => Some(Given::None),
        Some(dict) => dict.map(Given::Dict),
    };
    let (Some(args), Some(given), false) =
        (args.and_then(|args| args.downcast::<Tuple>()), given, parser.is_null())
    else {
        return outcome(Err(th.bad_internal_call()));
    };
    // SAFETY: a parser as C initialises it.
    let prepared = unsafe { Prepared::new(th, parser) };
    outcome(
        prepared.and_then(|prepared| parse(th, args.get().as_slice(), given, &prepared, places)),
    )
}

/// Puts each argument in its place: in `buffer`, or where they are if nothing needs to move.
#[capi]
pub fn _PyArg_UnpackKeywords(
    th: &Thread,
    args: *const Ptr,
    nargs: isize,
    kwargs: Option<Borrowed<'_, Dict>>,
    kwnames: Option<Borrowed<'_, Tuple>>,
    parser: *const _PyArg_Parser,
    minpos: c_int,
    maxpos: c_int,
    minkw: c_int,
    varargs: c_int,
    buffer: *mut Ptr,
) -> PyResult<*const Ptr> {
    let args = if args.is_null() { buffer.cast_const() } else { args };
    let kwnames = kwnames.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: the arguments of a call, and a parser as C initialises it.
    let (given, values, prepared) = unsafe {
        let given = match kwargs {
            Some(kwargs) => Given::Dict(kwargs),
            None => stack_keywords(args, nargs, kwnames),
        };
        (given, array(args, nargs), Prepared::new(th, parser)?)
    };
    let (minpos, maxpos, minkw) = (minpos as usize, maxpos as usize, minkw as usize);
    let varargs = varargs != 0;
    let fits = minpos <= values.len() && (varargs || values.len() <= maxpos);
    if given.len() == 0 && minkw == 0 && fits {
        return Ok(args);
    }
    let limits =
        Limits { minpos, maxpos, required: if minkw != 0 { maxpos + minkw } else { minpos } };
    // SAFETY: C gives a buffer for all parameters.
    unsafe { unpack(th, values, given, &prepared, limits, varargs, buffer)? };
    Ok(buffer)
}

#[derive(Clone, Copy)]
struct Limits {
    minpos: usize,
    maxpos: usize,
    /// Up to where arguments must be given.
    required: usize,
}

/// # Safety
/// `buffer` has room for all parameters.
unsafe fn unpack(
    th: &Thread,
    values: &[Borrowed<'_>],
    given: Given<'_>,
    prepared: &Prepared<'_>,
    limits: Limits,
    varargs: bool,
    buffer: *mut Ptr,
) -> PyResult<()> {
    let Limits { minpos, maxpos, required } = limits;
    let names = &prepared.names;
    let (len, mut left) = (names.len(), given.len());
    if !varargs && values.len() + left > len {
        let total = values.len() + left;
        return Err(too_many(th, &prepared.function(), len, values.len(), total));
    }
    if !varargs && values.len() > maxpos {
        return Err(too_many_positional(th, prepared, minpos, maxpos, values.len()));
    }
    let min_positional = names.positional_only.min(minpos);
    if values.len() < min_positional {
        let how = if min_positional < maxpos { "at least" } else { "exactly" };
        let function = prepared.function();
        return Err(wrong_positional(th, &function, how, min_positional, values.len()));
    }
    let copied = maxpos.min(values.len());
    for (index, value) in values[..copied].iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { buffer.add(index).write(value.as_ptr()) };
    }
    for index in copied.max(names.positional_only)..len {
        let found = if left > 0 {
            given.get(th, &names.text(index))?.inspect(|_| left -= 1)
        } else if index >= minpos && (index < maxpos || index >= required) {
            break;
        } else {
            None
        };
        if found.is_none() && (index < minpos || (maxpos <= index && index < required)) {
            return Err(missing(th, &prepared.function(), &names.text(index), index + 1));
        }
        // The caller's keywords keep what is lent here alive.
        let lent = found.as_ref().map_or(std::ptr::null_mut(), |value| value.as_ptr());
        // SAFETY: the caller's promise.
        unsafe { buffer.add(index).write(lent) };
    }
    if left > 0 {
        return Err(left_over(th, &prepared.function(), names, copied, given));
    }
    Ok(())
}
