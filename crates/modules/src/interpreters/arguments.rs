//! Arguments as `PyArg_ParseTupleAndKeywords` takes them, and numbers that name interpreters.

use krait_objects::args::bind::{Given, Keywords, Signature, bind};
use krait_objects::prelude::*;

/// The signature of a function: its name in messages, required and optional parameters, and how many may be given by
/// position.
macro_rules! form {
    ($function:literal, [$($required:literal),*], [$($optional:literal),*], $positional:expr) => {{
        const REQUIRED: &[&str] = &[$($required),*];
        const SIGNATURE: &krait_objects::args::bind::Signature = &krait_objects::args::bind::Signature {
            function: $function,
            names: &[$($required,)* $($optional),*],
            required: &[$({ let _: &str = $required; true },)* $({ let _: &str = $optional; false }),*],
            positional_only: 0,
            min_positional: crate::interpreters::arguments::least(REQUIRED.len(), $positional),
            max_positional: $positional,
            required_keywords: REQUIRED.len().saturating_sub($positional),
            var_positional: false,
            var_keywords: false,
        };
        SIGNATURE
    }};
}
pub(super) use form;

/// The smaller number.
pub const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// The argument of each parameter.
pub fn parse<'a, const N: usize>(
    th: &Thread,
    args: Args<'a>,
    signature: &Signature,
) -> PyResult<[Option<Borrowed<'a>>; N]> {
    let positional = args.positionals();
    let keywords = match args.kwnames {
        Some(names) => Keywords::Named { names, values: &args.values[positional.len()..] },
        None => Keywords::None,
    };
    let (given, limit) = (positional.len(), signature.max_positional);
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let function = signature.function;
    if given + keywords.len() > N && given > 0 {
        let (all, s) = (given + keywords.len(), plural(N));
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{function}() takes at most {N} argument{s} ({all} given)"
        ));
    }
    if given > limit && limit > 0 && signature.required_keywords == 0 {
        let s = plural(limit);
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{function}() takes at most {limit} positional argument{s} ({given} given)"
        ));
    }
    let mut bound = [None; N];
    bind(th, signature, &Given { positional, keywords }, &mut bound)?;
    Ok(bound)
}

/// A required argument, which `parse` has found.
pub fn present<'a>(th: &Thread, argument: Option<Borrowed<'a>>) -> PyResult<Borrowed<'a>> {
    argument.ok_or_else(|| th.bad_internal_call())
}

/// The truth of an optional argument.
pub fn flag(th: &Thread, argument: Option<Borrowed<'_>>) -> PyResult<bool> {
    argument.map_or(Ok(false), |value| object::is_true(th, value))
}

/// An optional C int.
pub fn int(th: &Thread, argument: Option<Borrowed<'_>>, default: i32) -> PyResult<i32> {
    let Some(value) = argument else {
        return Ok(default);
    };
    let value = number::index(th, value)?;
    let too_large = || th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int");
    value.to_i64().and_then(|value| i32::try_from(value).ok()).ok_or_else(too_large)
}

/// A number that names an interpreter, a channel or a queue: `what`.
pub fn number_of(th: &Thread, ob: Borrowed<'_>, what: &str) -> PyResult<i64> {
    if !number::is_index(ob) {
        let found = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "{what} ID must be an int, got {found}"));
    }
    let value = number::index(th, ob)?;
    if value.is_negative() {
        let shown = object::repr(th, ob)?;
        return Err(raise!(
            th,
            VALUE_ERROR,
            "{what} ID must be a non-negative int, got {}",
            &*shown
        ));
    }
    value.to_i64().ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "int too big to convert"))
}

/// An argument of an exact type of C: `function() argument N must be KIND, not TYPE`.
pub fn wrong(th: &Thread, function: &str, at: usize, kind: &str, found: Borrowed<'_>) -> Raised {
    let found = if found.is_none() { "None".into() } else { found.type_name() };
    raise!(th, TYPE_ERROR, "{function}() argument {at} must be {kind}, not {found}")
}
