//! Binding the arguments of a call to the parameters of a signature, with the reference's messages.
//!
//! Nothing here is generic over the function, so each shim adds only its own conversions.

use krait_abi as abi;

use super::shim;
use super::{Kwargs, is_name, suggestion};
use crate::dict::Dict;
use crate::error::{PyResult, Raised};
use crate::exceptions::exc;
use crate::handle::{Borrowed, Instance};
use crate::protocol::object;
use crate::raise;
use crate::str::Str;
use crate::thread::Thread;
use crate::tuple::Tuple;

/// A signature with parameters that have names, as `bind` needs it.
pub struct Signature {
    /// The function's name as messages show it.
    pub function: &'static str,
    /// The parameters, without `*args` and `**kwargs`.
    pub names: &'static [&'static str],
    /// Which of them have no default.
    pub required: &'static [bool],
    /// How many may be given by position only.
    pub positional_only: usize,
    /// How many that may be given by position have no default.
    pub min_positional: usize,
    /// How many may be given by position.
    pub max_positional: usize,
    /// How many keyword-only parameters have no default.
    pub required_keywords: usize,
    pub var_positional: bool,
    pub var_keywords: bool,
}

/// The keyword arguments of a call.
#[derive(Clone, Copy)]
pub enum Keywords<'a> {
    None,
    Named { names: Borrowed<'a, Tuple>, values: &'a [Borrowed<'a>] },
    Dict(Borrowed<'a, Dict>),
}

impl Keywords<'_> {
    pub fn len(&self) -> usize {
        match self {
            Keywords::None => 0,
            Keywords::Named { names, .. } => names.len(),
            Keywords::Dict(dict) => dict.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `visit` with each name (any object: a caller in C may pass what it likes) and value.
    pub fn each(&self, mut visit: impl FnMut(Borrowed<'_>, Borrowed<'_>)) {
        match self {
            Keywords::None => {}
            Keywords::Named { names, values } => {
                for (name, value) in names.get().as_slice().iter().zip(*values) {
                    visit(*name, *value);
                }
            }
            Keywords::Dict(dict) => {
                let mut position = 0;
                while let Some((name, value)) = dict.next(&mut position) {
                    visit(name.borrow(), value.borrow());
                }
            }
        }
    }
}

impl<'a> Keywords<'a> {
    /// The value given for `name`.
    fn find(&self, name: &str) -> Option<Borrowed<'a>> {
        match *self {
            Keywords::None => None,
            Keywords::Named { names, values } => {
                let at = names.get().as_slice().iter().position(|key| is_name(*key, name))?;
                values.get(at).copied()
            }
            Keywords::Dict(dict) => {
                let mut position = 0;
                while let Some((key, value)) = dict.next(&mut position) {
                    if is_name(key.borrow(), name) {
                        // SAFETY: the caller of the function keeps the dict, and so the value, for `'a`.
                        return Some(unsafe { Borrowed::from_ptr(value.as_ptr()) });
                    }
                }
                None
            }
        }
    }
}

/// The arguments of a call, whichever way they came.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub positional: &'a [Borrowed<'a>],
    pub keywords: Keywords<'a>,
}

impl<'a> Given<'a> {
    /// # Safety
    /// `args` holds `nargs` objects, then one for each name of the tuple `kwnames` (or null); they live for `'a`.
    #[inline(always)]
    pub unsafe fn vector(
        args: *const *mut abi::PyObject,
        nargs: usize,
        kwnames: *mut abi::PyObject,
    ) -> Given<'a> {
        // SAFETY: the caller's promise.
        unsafe {
            let positional = shim::slice(args, nargs);
            let Some(names) = Borrowed::<Tuple>::from_ptr_or_null(kwnames) else {
                return Given { positional, keywords: Keywords::None };
            };
            let values = shim::slice(args.add(nargs), names.len());
            Given { positional, keywords: Keywords::Named { names, values } }
        }
    }

    /// # Safety
    /// `args` is a tuple, `kwargs` a dict or null; they live for `'a`.
    #[inline]
    pub unsafe fn tuple(args: *mut abi::PyObject, kwargs: *mut abi::PyObject) -> Given<'a> {
        // SAFETY: the caller's promise.
        unsafe {
            let args: Borrowed<'a, Tuple> = Borrowed::from_ptr(args);
            let keywords =
                Borrowed::from_ptr_or_null(kwargs).map_or(Keywords::None, Keywords::Dict);
            Given { positional: args.get().as_slice(), keywords }
        }
    }

    #[inline(always)]
    pub fn get(&self, at: usize) -> Option<Borrowed<'a>> {
        self.positional.get(at).copied()
    }

    /// What `*args` collects after `from` parameters.
    #[inline(always)]
    pub fn rest(&self, from: usize) -> &'a [Borrowed<'a>] {
        self.positional.get(from..).unwrap_or(&[])
    }

    /// What `**kwargs` collects. TypeError if a name is no string.
    pub fn kwargs(&self, th: &Thread, signature: &Signature) -> PyResult<Kwargs<'a>> {
        let mut strings = true;
        self.keywords.each(|name, _| strings &= Str::check(&name));
        if !strings {
            return Err(th.raise(exc::TYPE_ERROR, "keywords must be strings"));
        }
        let by_keyword = signature.names.get(signature.positional_only..).unwrap_or(&[]);
        Ok(Kwargs { given: self.keywords, taken: by_keyword })
    }
}

pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Puts each parameter's argument into `bound`, which has `None` for all of them. Required ones are there.
pub fn bind<'a>(
    th: &Thread,
    signature: &Signature,
    given: &Given<'a>,
    bound: &mut [Option<Borrowed<'a>>],
) -> PyResult<()> {
    let count = given.positional.len();
    if let Keywords::None = given.keywords
        && count <= signature.max_positional
        && count >= signature.min_positional
        && signature.required_keywords == 0
    {
        // The common case: no names to look at, and little to save on the stack.
        for (place, value) in bound.iter_mut().zip(given.positional) {
            *place = Some(*value);
        }
        return Ok(());
    }
    bind_any(th, signature, given, bound)
}

#[inline(never)]
fn bind_any<'a>(
    th: &Thread,
    signature: &Signature,
    given: &Given<'a>,
    bound: &mut [Option<Borrowed<'a>>],
) -> PyResult<()> {
    let by_position = given.positional.len().min(signature.max_positional);
    let mut keywords = given.keywords.len();
    if keywords == 0 && by_position == given.positional.len() {
        // The common case: no names to look at.
        if by_position >= signature.min_positional && signature.required_keywords == 0 {
            for (place, value) in bound.iter_mut().zip(given.positional) {
                *place = Some(*value);
            }
            return Ok(());
        }
    }
    check_counts(signature, given.positional.len(), keywords)
        .map_err(|message| th.raise(exc::TYPE_ERROR, &message))?;
    for (place, value) in bound.iter_mut().zip(&given.positional[..by_position]) {
        *place = Some(*value);
    }
    let first = by_position.max(signature.positional_only);
    if keywords != 0 && bind_names(signature, given, first, bound) {
        return Ok(());
    }
    for (at, place) in bound.iter_mut().enumerate().skip(first) {
        let name = signature.names[at];
        *place = if keywords == 0 { None } else { given.keywords.find(name) };
        if place.is_some() {
            keywords -= 1;
        } else if signature.required[at] {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}() missing required argument '{name}' (pos {})",
                signature.function,
                at + 1
            ));
        }
    }
    if keywords != 0 {
        check_extra(th, signature, given, by_position)?;
    }
    Ok(())
}

/// Puts keyword arguments into the places from `first` on, looking for each name once. False, with anything in these
/// places, if that does not settle all of them: then the parameters are gone through one by one.
fn bind_names<'a>(
    signature: &Signature,
    given: &Given<'a>,
    first: usize,
    bound: &mut [Option<Borrowed<'a>>],
) -> bool {
    let Keywords::Named { names, values } = given.keywords else {
        return false;
    };
    let (Some(places), Some(known)) = (bound.get_mut(first..), signature.names.get(first..)) else {
        return false;
    };
    for (key, value) in names.get().as_slice().iter().zip(values) {
        let Some(key) = key.downcast_exact::<Str>().and_then(|key| key.get().as_ascii()) else {
            return false;
        };
        let place = known.iter().position(|name| name.len() == key.len() && *name == key);
        match place.map(|at| &mut places[at]) {
            Some(place) if place.is_none() => *place = Some(*value),
            _ => return false,
        }
    }
    places
        .iter()
        .zip(&signature.required[first..])
        .all(|(place, required)| place.is_some() || !required)
}

/// The checks that need only numbers, with the message if one fails.
fn check_counts(signature: &Signature, positional: usize, keywords: usize) -> Result<(), String> {
    let function = signature.function;
    let (all, max) = (signature.names.len(), signature.max_positional);
    let given = positional + keywords;
    let bounded = |how: &str, bound: usize, kind: &str, given: usize| {
        let s = plural(bound);
        Err(format!("{function}() takes {how} {bound} {kind}argument{s} ({given} given)"))
    };
    if !signature.var_positional && !signature.var_keywords && given > all {
        let least = signature.min_positional + signature.required_keywords;
        let how = if least < all { "at most" } else { "exactly" };
        return bounded(how, all, if positional == 0 { "keyword " } else { "" }, given);
    }
    if positional > max && !signature.var_positional {
        if max == 0 {
            return Err(format!("{function}() takes no positional arguments"));
        }
        let how = if signature.min_positional < max { "at most" } else { "exactly" };
        return bounded(how, max, "positional ", positional);
    }
    let least = signature.min_positional.min(signature.positional_only);
    if positional < least {
        let how = if least < max { "at least" } else { "exactly" };
        return bounded(how, least, "positional ", positional);
    }
    Ok(())
}

/// Keywords that no free parameter took: given twice, or unknown.
#[cold]
fn check_extra(
    th: &Thread,
    signature: &Signature,
    given: &Given<'_>,
    by_position: usize,
) -> PyResult<()> {
    let function = signature.function;
    let by_name = signature.names.get(signature.positional_only..).unwrap_or(&[]);
    for (at, name) in signature.names.iter().enumerate().take(by_position) {
        if at >= signature.positional_only && given.keywords.find(name).is_some() {
            let place = at + 1;
            return Err(raise!(
                th,
                TYPE_ERROR,
                "argument for {function}() given by name ('{name}') and position ({place})"
            ));
        }
    }
    if signature.var_keywords {
        return Ok(());
    }
    let mut raised = None;
    given.keywords.each(|key, _| {
        if raised.is_some() || by_name.iter().any(|name| is_name(key, name)) {
            return;
        }
        raised = Some(match key.downcast::<Str>() {
            None => th.raise(exc::TYPE_ERROR, "keywords must be strings"),
            // A key that only claims to be one of the names is not the one that is wrong.
            Some(key) if !key.object().is_exact::<Str>() && claims_to_be(th, key, by_name) => {
                return;
            }
            Some(key) => unexpected(th, function, &key.to_string_lossy(), by_name),
        });
    });
    Err(raised
        .unwrap_or_else(|| raise!(th, TYPE_ERROR, "invalid keyword argument for {function}()")))
}

/// Whether a key with an `__eq__` of its own says that it equals one of the names.
fn claims_to_be(th: &Thread, key: Borrowed<'_, Str>, names: &[&str]) -> bool {
    let equals = |name: &&str| -> PyResult<bool> {
        object::eq(th, Str::new(th, name)?.object(), key.object())
    };
    names.iter().any(|name| {
        equals(name).unwrap_or_else(|raised| {
            drop(th.take_raised(raised));
            false
        })
    })
}

fn unexpected(th: &Thread, function: &str, key: &str, names: &[&str]) -> Raised {
    match suggestion(key, names.iter().copied()) {
        Some(near) => raise!(
            th,
            TYPE_ERROR,
            "{function}() got an unexpected keyword argument '{key}'. Did you mean '{near}'?"
        ),
        None => raise!(th, TYPE_ERROR, "{function}() got an unexpected keyword argument '{key}'"),
    }
}

/// A required argument, after the check that it is there.
///
/// # Safety
/// `check_positional` or `bind` succeeded, and the parameter has no default.
#[inline(always)]
pub unsafe fn present(argument: Option<Borrowed<'_>>) -> Borrowed<'_> {
    debug_assert!(argument.is_some());
    // SAFETY: the caller's promise.
    unsafe { argument.unwrap_unchecked() }
}

/// `None` counts as absent, where it is the default.
#[inline(always)]
pub fn not_none(argument: Option<Borrowed<'_>>) -> Option<Borrowed<'_>> {
    argument.filter(|argument| !argument.get().is_none())
}

#[cfg(test)]
mod tests {
    use super::{Signature, check_counts};

    /// A signature by its numbers; names do not matter here.
    fn signature(
        function: &'static str,
        names: usize,
        [positional_only, min_positional, max_positional]: [usize; 3],
    ) -> Signature {
        Signature {
            function,
            names: &[""; 8][..names],
            required: &[],
            positional_only,
            min_positional,
            max_positional,
            required_keywords: 0,
            var_positional: false,
            var_keywords: false,
        }
    }

    /// What the reference says to calls with the wrong number of arguments.
    #[test]
    fn wrong_numbers_of_arguments() {
        let sort = signature("sort", 2, [0, 0, 0]);
        let split = signature("split", 2, [0, 0, 2]);
        let replace = signature("replace", 3, [2, 2, 3]);
        let compile = signature("compile", 7, [0, 3, 6]);
        let isclose = signature("isclose", 4, [0, 2, 2]);
        let sum = signature("sum", 2, [1, 1, 2]);
        for (signature, positional, keywords, message) in [
            (&sort, 1, 0, "sort() takes no positional arguments"),
            (&sort, 0, 3, "sort() takes at most 2 keyword arguments (3 given)"),
            (&split, 3, 0, "split() takes at most 2 arguments (3 given)"),
            (&replace, 1, 1, "replace() takes at least 2 positional arguments (1 given)"),
            (&replace, 5, 0, "replace() takes at most 3 arguments (5 given)"),
            (&compile, 8, 0, "compile() takes at most 7 arguments (8 given)"),
            (&compile, 7, 0, "compile() takes at most 6 positional arguments (7 given)"),
            (&isclose, 3, 0, "isclose() takes exactly 2 positional arguments (3 given)"),
            (&sum, 0, 1, "sum() takes at least 1 positional argument (0 given)"),
            (&sum, 1, 2, "sum() takes at most 2 arguments (3 given)"),
        ] {
            assert_eq!(check_counts(signature, positional, keywords), Err(message.to_string()));
        }
        assert_eq!(check_counts(&compile, 3, 4), Ok(()));
        assert_eq!(check_counts(&compile, 0, 0), Ok(()), "a missing name is another message");
    }
}
