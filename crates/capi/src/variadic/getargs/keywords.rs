//! `PyArg_ParseTupleAndKeywords`: a format with a list of names.

use std::ffi::{c_char, c_int};

use krait_objects::prelude::*;

use super::{Naming, Parse, is_end, outcome, plural, unit};
use crate::support::*;
use crate::variadic::{Format, VaList};

/// The names of a parameter list: empty ones are positional only and come first.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    all: &'a [*const c_char],
    pub positional_only: usize,
}

impl<'a> Names<'a> {
    /// # Safety
    /// `names` ends with NULL, has live strings before it, and outlives the result.
    pub unsafe fn new(th: &Thread, names: *const *const c_char) -> PyResult<Names<'a>> {
        let (mut len, mut positional_only) = (0, 0);
        // SAFETY: the caller's promise.
        unsafe {
            while !(*names.add(len)).is_null() {
                if **names.add(len) == 0 {
                    if positional_only < len {
                        let message = "Empty keyword parameter name";
                        return Err(th.raise(exc::SYSTEM_ERROR, message));
                    }
                    positional_only += 1;
                }
                len += 1;
            }
            Ok(Names { all: std::slice::from_raw_parts(names, len), positional_only })
        }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn text(&self, index: usize) -> std::borrow::Cow<'_, str> {
        text_of(self.all[index])
    }

    /// The name; UnicodeDecodeError for one that is no UTF-8.
    fn readable(&self, th: &Thread, index: usize) -> PyResult<std::borrow::Cow<'_, str>> {
        match std::str::from_utf8(bytes_of(self.all[index])) {
            Ok(text) => Ok(text.into()),
            Err(_) => string(th, self.all[index]).map(|text| text.to_string_lossy().into()),
        }
    }

    /// The names that can be given as keywords.
    pub fn keywords(&self) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        self.all[self.positional_only..].iter().map(|&name| text_of(name))
    }
}

/// The keyword arguments of a call.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    None,
    Dict(Borrowed<'a, Dict>),
    /// Names in a tuple, values in an array.
    Stack(Borrowed<'a, Tuple>, &'a [Borrowed<'a>]),
}

impl<'a> Given<'a> {
    pub fn len(self) -> usize {
        match self {
            Given::None => 0,
            Given::Dict(dict) => dict.len(),
            Given::Stack(names, _) => names.len(),
        }
    }

    pub fn get(self, th: &Thread, name: &str) -> PyResult<Option<Owned>> {
        match self {
            Given::None => Ok(None),
            Given::Dict(dict) => dict.get().get(th, Str::new(th, name)?.object()),
            Given::Stack(names, values) => {
                let is_it =
                    |key: &Borrowed<'_>| key.downcast::<Str>().is_some_and(|key| key.eq_str(name));
                let found = names.get().as_slice().iter().position(is_it);
                Ok(found.and_then(|at| values.get(at)).map(|&value| value.to_owned()))
            }
        }
    }

    fn keys(self) -> Vec<Owned> {
        match self {
            Given::None => Vec::new(),
            Given::Dict(dict) => {
                let mut position = 0;
                std::iter::from_fn(|| dict.next(&mut position)).map(|(key, _)| key).collect()
            }
            Given::Stack(names, _) => {
                names.get().as_slice().iter().map(|&name| name.to_owned()).collect()
            }
        }
    }
}

/// What a call with too many arguments is told.
#[cold]
pub fn too_many(
    th: &Thread,
    function: &str,
    limit: usize,
    positional: usize,
    given: usize,
) -> Raised {
    // With "keyword" it is right too for a function that takes no positional arguments.
    let kind = if positional == 0 { "keyword " } else { "" };
    let s = plural(limit);
    raise!(th, TYPE_ERROR, "{function} takes at most {limit} {kind}argument{s} ({given} given)")
}

/// `how`: "exactly", "at most" or "at least".
#[cold]
pub fn wrong_positional(
    th: &Thread,
    function: &str,
    how: &str,
    bound: usize,
    given: usize,
) -> Raised {
    if bound == 0 && how != "at least" {
        return raise!(th, TYPE_ERROR, "{function} takes no positional arguments");
    }
    let s = plural(bound);
    raise!(th, TYPE_ERROR, "{function} takes {how} {bound} positional argument{s} ({given} given)")
}

#[cold]
pub fn missing(th: &Thread, function: &str, name: &str, position: usize) -> Raised {
    raise!(th, TYPE_ERROR, "{function} missing required argument '{name}' (pos {position})")
}

/// Keyword arguments are left over: one given twice, or one that nothing is called.
#[cold]
pub fn left_over(
    th: &Thread,
    function: &str,
    names: &Names<'_>,
    positional: usize,
    given: Given<'_>,
) -> Raised {
    for index in names.positional_only..positional.min(names.len()) {
        let name = names.text(index);
        match given.get(th, &name) {
            Err(raised) => return raised,
            Ok(None) => {}
            Ok(Some(_)) => {
                return raise!(
                    th,
                    TYPE_ERROR,
                    "argument for {function} given by name ('{name}') and position ({})",
                    index + 1
                );
            }
        }
    }
    let function = if function == "function" { "this function" } else { function };
    for key in given.keys() {
        let Some(key) = key.object().downcast::<Str>() else {
            return th.raise(exc::TYPE_ERROR, "keywords must be strings");
        };
        if names.keywords().any(|name| key.eq_str(&name)) {
            continue;
        }
        let readable = (names.positional_only..names.len())
            .try_for_each(|at| names.readable(th, at).map(drop));
        if let Err(raised) = readable {
            return raised;
        }
        let candidates: Vec<_> = names.keywords().collect();
        let shown = key.to_string_lossy();
        let near =
            krait_objects::args::suggestion(&shown, candidates.iter().map(|name| name.as_ref()));
        let hint = near.map(|name| format!(". Did you mean '{name}'?")).unwrap_or_default();
        let message = [
            format!("{function} got an unexpected keyword argument '").as_bytes(),
            &key.to_wtf8(),
            format!("'{hint}").as_bytes(),
        ]
        .concat();
        return match Str::from_wtf8(th, &message) {
            Ok(message) => th.raise_value(exc::TYPE_ERROR, message.object()),
            Err(raised) => raised,
        };
    }
    raise!(th, TYPE_ERROR, "invalid keyword argument for {function}")
}

/// A format read along with its names: where the optional and the keyword-only ones begin.
struct Walk<'a> {
    /// From its beginning: only messages need the name in it.
    whole: Format,
    names: Names<'a>,
    format: Format,
    min: Option<usize>,
    max: Option<usize>,
}

impl Walk<'_> {
    fn function(&self) -> String {
        Naming::of(self.whole).function(200)
    }

    /// Reads `|` and `$` in front of parameter `index`.
    fn marks(&mut self, th: &Thread, index: usize) -> PyResult<bool> {
        let wrong = |message| Err(th.raise(exc::SYSTEM_ERROR, message));
        if self.format.eat(b'|') {
            if self.min.is_some() {
                return wrong("Invalid format string (| specified twice)");
            }
            if self.max.is_some() {
                return wrong("Invalid format string ($ before |)");
            }
            self.min = Some(index);
        }
        let keyword_only = self.format.eat(b'$');
        if keyword_only {
            if self.max.is_some() {
                return wrong("Invalid format string ($ specified twice)");
            }
            self.max = Some(index);
            if index < self.names.positional_only {
                return wrong("Empty parameter name after $");
            }
        }
        Ok(keyword_only)
    }
}

fn parse(
    th: &Thread,
    args: &[Borrowed<'_>],
    given: Given<'_>,
    format: Format,
    names: Names<'_>,
    places: VaList,
) -> PyResult<()> {
    let len = names.len();
    let mut walk = Walk { whole: format, names, format, min: None, max: None };
    if args.len() + given.len() > len {
        return Err(too_many(th, &walk.function(), len, args.len(), args.len() + given.len()));
    }
    let mut parse = Parse::new(th, places);
    walk_along(th, &mut walk, &mut parse, args, given).inspect_err(|_| parse.undo())
}

fn walk_along(
    th: &Thread,
    walk: &mut Walk<'_>,
    parse: &mut Parse<'_>,
    args: &[Borrowed<'_>],
    given: Given<'_>,
) -> PyResult<()> {
    let len = walk.names.len();
    let positional_only = walk.names.positional_only;
    let mut left = given.len();
    // A positional-only argument is missing: the bounds for the message come later in the format.
    let mut short = false;
    let mut index = 0;
    while index < len {
        if walk.marks(th, index)? {
            if short {
                break;
            }
            if index < args.len() {
                let how = if walk.min.is_some() { "at most" } else { "exactly" };
                return Err(wrong_positional(th, &walk.function(), how, index, args.len()));
            }
        }
        if is_end(walk.format.peek()) {
            return Err(raise!(
                th,
                SYSTEM_ERROR,
                "More keyword list entries ({len}) than format specifiers ({index})"
            ));
        }
        if !short {
            // Holds on to a keyword's value.
            let named;
            let found = if let Some(&arg) = args.get(index) {
                Some(arg)
            } else if left > 0 && index >= positional_only {
                named = given.get(th, &walk.names.readable(th, index)?)?.inspect(|_| left -= 1);
                named.as_ref().map(Owned::object)
            } else {
                None
            };
            if let Some(arg) = found {
                if let Err(fault) = parse.item(arg, &mut walk.format) {
                    return Err(Naming::of(walk.whole).raise(th, index + 1, fault));
                }
                index += 1;
                continue;
            }
            if walk.min.is_none() {
                if index >= positional_only {
                    let name = walk.names.text(index);
                    return Err(missing(th, &walk.function(), &name, index + 1));
                }
                short = true;
            }
            if left == 0 && !short {
                return Ok(());
            }
        }
        skip(th, &mut walk.format, Some(parse.places))?;
        index += 1;
    }
    if short {
        let bound = walk.min.unwrap_or(usize::MAX).min(positional_only);
        let how = if bound < index { "at least" } else { "exactly" };
        return Err(wrong_positional(th, &walk.function(), how, bound, args.len()));
    }
    check_end(th, walk.format)?;
    if left > 0 {
        return Err(left_over(th, &walk.function(), &walk.names, args.len(), given));
    }
    Ok(())
}

/// Steps over one unit.
pub fn skip(th: &Thread, format: &mut Format, places: Option<VaList>) -> PyResult<()> {
    let start = *format;
    unit::skip(format, places)
        .map_err(|message| raise!(th, SYSTEM_ERROR, "{message}: '{}'", start.rest()))
}

/// A format has no more units than there are names.
pub fn check_end(th: &Thread, format: Format) -> PyResult<()> {
    let next = format.peek();
    if is_end(next) || next == b'|' || next == b'$' {
        return Ok(());
    }
    Err(raise!(
        th,
        SYSTEM_ERROR,
        "more argument specifiers than keyword list entries (remaining format:'{}')",
        format.rest()
    ))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_parse_keywords(
    args: Ptr,
    kwargs: Ptr,
    format: *const c_char,
    names: *const *const c_char,
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
    let (Some(args), Some(given), false, false) =
        (args.and_then(|args| args.downcast::<Tuple>()), given, format.is_null(), names.is_null())
    else {
        return outcome(Err(th.bad_internal_call()));
    };
    // SAFETY: C passes a list of strings that ends with NULL.
    let result = unsafe { Names::new(th, names) }.and_then(|names| {
        parse(th, args.get().as_slice(), given, Format::new(format), names, places)
    });
    outcome(result)
}
