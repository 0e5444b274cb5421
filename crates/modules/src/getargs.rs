//! Arguments as `PyArg_ParseTupleAndKeywords` takes them: one after the other, each converted before the next is
//! looked for, with its messages. What the reference parses so in `datetime`, `decimal` and `zoneinfo` comes here.
//!
//! The same job as `vgetargskeywords` in CPython's `Python/getargs.c`.

use krait_objects::args::{Given, Keywords, suggestion};
use krait_objects::prelude::*;

/// A signature as a format string describes it: `"iii|iiiiO$i"` with its names.
pub struct Format {
    /// The name after the colon, if there is one.
    pub function: Option<&'static str>,
    pub names: &'static [&'static str],
    pub required: usize,
    /// How many may be given by position.
    pub positional: usize,
}

impl Format {
    pub const fn new(
        function: Option<&'static str>,
        names: &'static [&'static str],
        required: usize,
    ) -> Format {
        Format { function, names, required, positional: names.len() }
    }

    /// `name()`, or `unnamed` if the format has no name.
    fn called(&self, unnamed: &str) -> String {
        self.function.map_or(unnamed.to_string(), |name| format!("{name}()"))
    }
}

/// The arguments of one call on their way to the parameters.
pub struct Arguments<'a> {
    format: &'static Format,
    given: Given<'a>,
    /// The next parameter.
    at: usize,
    /// Keyword arguments that no parameter has taken yet.
    keywords: usize,
}

/// The arguments of a call that came as a vector.
pub fn given<'a>(args: Args<'a>) -> Given<'a> {
    let positional = args.positionals();
    let keywords = match args.kwnames {
        Some(names) => Keywords::Named { names, values: &args.values[positional.len()..] },
        None => Keywords::None,
    };
    Given { positional, keywords }
}

/// The arguments of a call that came as a tuple and a dictionary.
pub fn given_tuple<'a>(args: Borrowed<'a, Tuple>, kwargs: Option<Borrowed<'a, Dict>>) -> Given<'a> {
    Given {
        positional: args.get().as_slice(),
        keywords: kwargs.map_or(Keywords::None, Keywords::Dict),
    }
}

/// The arguments of a function without names: their number is checked, keywords are refused.
pub fn exactly<'a, const N: usize>(
    th: &Thread,
    name: &str,
    args: Args<'a>,
) -> PyResult<[Borrowed<'a>; N]> {
    if args.has_keywords() {
        return Err(raise!(th, TYPE_ERROR, "{name}() takes no keyword arguments"));
    }
    by_position(th, format_args!("{name}()"), args)
}

/// So many arguments by position, as `PyArg_ParseTuple` has it; `called` is for the message.
pub fn by_position<'a, const N: usize>(
    th: &Thread,
    called: std::fmt::Arguments<'_>,
    args: Args<'a>,
) -> PyResult<[Borrowed<'a>; N]> {
    args.positionals().try_into().map_err(|_| {
        let (given, s) = (args.positionals().len(), plural(N));
        raise!(th, TYPE_ERROR, "{called} takes exactly {N} argument{s} ({given} given)")
    })
}

/// The arguments of a call by position and by name, `names.required` of them at least.
#[inline]
pub fn take<'a, const N: usize>(
    th: &Thread,
    names: &'static Format,
    args: Args<'a>,
) -> PyResult<[Option<Borrowed<'a>>; N]> {
    let mut values = [None; N];
    let count = args.values.len();
    if !args.has_keywords() && count <= N && count >= names.required {
        for (value, given) in values.iter_mut().zip(args.values) {
            *value = Some(*given);
        }
        return Ok(values);
    }
    take_slowly(th, names, args, &mut values)?;
    Ok(values)
}

#[inline(never)]
fn take_slowly<'a>(
    th: &Thread,
    names: &'static Format,
    args: Args<'a>,
    values: &mut [Option<Borrowed<'a>>],
) -> PyResult<()> {
    let mut arguments = Arguments::new(th, names, given(args))?;
    for value in values {
        *value = arguments.next(th)?;
    }
    arguments.finish(th)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl<'a> Arguments<'a> {
    /// TypeError if there are more arguments than parameters.
    pub fn new(th: &Thread, format: &'static Format, given: Given<'a>) -> PyResult<Arguments<'a>> {
        let (positional, keywords) = (given.positional.len(), given.keywords.len());
        let max = format.names.len();
        if positional + keywords > max {
            let kind = if positional == 0 { "keyword " } else { "" };
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{} takes at most {max} {kind}argument{} ({} given)",
                format.called("function"),
                plural(max),
                positional + keywords
            ));
        }
        Ok(Arguments { format, given, at: 0, keywords })
    }

    /// The next parameter's argument; `None` for one that is absent and may be.
    #[inline]
    pub fn next(&mut self, th: &Thread) -> PyResult<Option<Borrowed<'a>>> {
        let at = self.at;
        self.at += 1;
        if at == self.format.positional && self.given.positional.len() > at {
            return Err(self.too_many_positional(th));
        }
        if let Some(&value) = self.given.positional.get(at) {
            return Ok(Some(value));
        }
        if self.keywords > 0 {
            if let Some(value) = self.find(self.format.names[at]) {
                self.keywords -= 1;
                return Ok(Some(value));
            }
        }
        if at < self.format.required {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{} missing required argument '{}' (pos {})",
                self.format.called("function"),
                self.format.names[at],
                at + 1
            ));
        }
        Ok(None)
    }

    /// As `next`, for a parameter that is required.
    pub fn required(&mut self, th: &Thread) -> PyResult<Borrowed<'a>> {
        match self.next(th)? {
            Some(value) => Ok(value),
            None => Err(th.bad_internal_call()),
        }
    }

    /// The next parameter's argument as a C `int`, or `default`.
    #[inline]
    pub fn int_or(&mut self, th: &Thread, default: i32) -> PyResult<i32> {
        match self.next(th)? {
            Some(value) => c_int(th, value),
            None => Ok(default),
        }
    }

    #[cold]
    fn too_many_positional(&self, th: &Thread) -> Raised {
        let max = self.format.positional;
        let how = if self.format.required < max { "at most" } else { "exactly" };
        raise!(
            th,
            TYPE_ERROR,
            "{} takes {how} {max} positional argument{} ({} given)",
            self.format.called("function"),
            plural(max),
            self.given.positional.len()
        )
    }

    /// The value of a keyword argument.
    fn find(&self, name: &str) -> Option<Borrowed<'a>> {
        let is_name = |key: Borrowed<'_>| key.downcast::<Str>().is_some_and(|key| key.eq_str(name));
        match self.given.keywords {
            Keywords::None => None,
            Keywords::Named { names, values } => {
                let at = names.get().as_slice().iter().position(|&key| is_name(key))?;
                values.get(at).copied()
            }
            Keywords::Dict(dict) => {
                let mut position = 0;
                while let Some((key, value)) = dict.next(&mut position) {
                    if is_name(key.borrow()) {
                        // SAFETY: the caller of the function keeps the dictionary, and so the value, for `'a`.
                        return Some(unsafe { Borrowed::from_ptr(value.as_ptr()) });
                    }
                }
                None
            }
        }
    }

    /// After the last parameter: TypeError if there are keywords that no parameter took.
    #[inline]
    pub fn finish(&self, th: &Thread) -> PyResult<()> {
        if self.keywords > 0 { Err(self.left_over(th)) } else { Ok(()) }
    }

    #[cold]
    fn left_over(&self, th: &Thread) -> Raised {
        for (at, name) in self.format.names.iter().enumerate().take(self.given.positional.len()) {
            if self.find(name).is_some() {
                return raise!(
                    th,
                    TYPE_ERROR,
                    "argument for {} given by name ('{name}') and position ({})",
                    self.format.called("function"),
                    at + 1
                );
            }
        }
        let mut raised = None;
        self.given.keywords.each(|key, _| {
            let Some(key) = key.downcast::<Str>() else {
                raised.get_or_insert_with(|| th.raise(exc::TYPE_ERROR, "keywords must be strings"));
                return;
            };
            if raised.is_some() || self.format.names.iter().any(|name| key.eq_str(name)) {
                return;
            }
            let key = key.to_string_lossy();
            let near = suggestion(&key, self.format.names.iter().copied())
                .map_or(String::new(), |near| format!(". Did you mean '{near}'?"));
            let called = self.format.called("this function");
            raised = Some(raise!(
                th,
                TYPE_ERROR,
                "{called} got an unexpected keyword argument '{key}'{near}"
            ));
        });
        raised.unwrap_or_else(|| th.bad_internal_call())
    }
}

/// An argument as a C `int`, as the format `i` has it.
#[inline]
pub fn c_int(th: &Thread, value: Borrowed<'_>) -> PyResult<i32> {
    if let Some(int) = value.downcast_exact::<Int>().filter(|int| int.is_compact()) {
        return Ok(int.compact_value() as i32);
    }
    let wide = number::index(th, value)?.to_i64().ok_or_else(|| {
        th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
    })?;
    i32::try_from(wide).map_err(|_| {
        let bound = if wide > 0 { "greater than maximum" } else { "less than minimum" };
        raise!(th, OVERFLOW_ERROR, "signed integer is {bound}")
    })
}

/// An argument of format `U`: `at` counts from 1.
pub fn text<'a>(
    th: &Thread,
    function: &str,
    at: usize,
    value: Borrowed<'a>,
) -> PyResult<Borrowed<'a, Str>> {
    value.downcast::<Str>().ok_or_else(|| wrong_type(th, function, at, "str", value))
}

/// TypeError: the argument at a place is not what a format asks for.
#[cold]
pub fn wrong_type(
    th: &Thread,
    function: &str,
    at: usize,
    expected: &str,
    found: Borrowed<'_>,
) -> Raised {
    let found = if found.is_none() { "None" } else { found.get().type_name() };
    raise!(th, TYPE_ERROR, "{function}() argument {at} must be {expected}, not {found}")
}

/// An argument of format `s`: text without NUL.
pub fn plain_text<'a>(
    th: &Thread,
    function: &str,
    at: usize,
    value: Borrowed<'a>,
) -> PyResult<&'a str> {
    let utf8 = text(th, function, at, value)?.get().as_utf8(th)?;
    if utf8.contains('\0') {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
    }
    Ok(utf8)
}

/// An argument of format `C`: one character, which may be a lone surrogate.
pub fn character(th: &Thread, function: &str, at: usize, value: Borrowed<'_>) -> PyResult<u32> {
    let Some(text) = value.downcast::<Str>() else {
        return Err(wrong_type(th, function, at, "a unicode character", value));
    };
    if text.len() != 1 {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{function}() argument {at} must be a unicode character, not a string of length {}",
            text.len()
        ));
    }
    Ok(text.char_at(0))
}
