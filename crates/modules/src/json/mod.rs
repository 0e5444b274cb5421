//! `_json`: what `json` is slow in without help: scanning and writing documents.
//!
//! `scanner` and `string` read, `encoder` and `escape` write. The same job as CPython's `Modules/_json.c`.

mod encoder;
mod escape;
mod scanner;
mod string;

use krait_objects::args::bind::{Given, Keywords, Signature, bind};
use krait_objects::args::convert::{FromArg, Site};
use krait_objects::prelude::*;
use krait_objects::with_units;

use encoder::Encoder;
use scanner::Scanner;

/// Speedups for the json module.
#[pymodule(name = "_json")]
pub struct Json;

#[pyfunctions]
impl Json {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, ty) in
            [("make_scanner", Scanner::type_object()), ("make_encoder", Encoder::type_object())]
        {
            let ty = Borrowed::from_ref(ty);
            ty.ready(th)?;
            module.add(th, name, ty.object())?;
        }
        Ok(())
    }

    /// Return an ASCII-only JSON representation of a Python string
    #[function(sig = "(object, /)", no_text)]
    fn encode_basestring_ascii(th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<Str>> {
        escape::quoted(th, &*text(th, object)?, true)
    }

    /// Return a JSON representation of a Python string
    #[function(sig = "(object, /)", no_text)]
    fn encode_basestring(th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<Str>> {
        escape::quoted(th, &*text(th, object)?, false)
    }

    /// Read the JSON string in string whose first character after the quote is at end.
    ///
    /// Gives the text without escapes and the index after the closing quote. Unless strict is
    /// true, control characters may stand in it as they are. Raises ValueError for anything else
    /// that is not a JSON string.
    #[function(sig = "(string, end, strict=True, /)", no_text)]
    fn scanstring(
        th: &Thread,
        string: Borrowed<'_>,
        end: isize,
        strict: bool,
    ) -> PyResult<Owned<Tuple>> {
        let string = text(th, string)?;
        let end = usize::try_from(end).ok().filter(|&end| end <= string.len());
        let Some(end) = end else {
            return Err(th.raise(exc::VALUE_ERROR, "end is out of bounds"));
        };
        let (found, next) = with_units!(string.get().chars(), units =>
            string::scan(th, string, units, end, strict)?);
        Tuple::pack(th, [found.into_object(), Int::from_usize(th, next)?.into_object()])
    }
}

fn text<'a>(th: &Thread, object: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    object.downcast::<Str>().ok_or_else(|| {
        raise!(th, TYPE_ERROR, "first argument must be a string, not {}", object.type_name())
    })
}

/// The arguments of a call of a scanner or an encoder: an object and an index.
fn object_and_index<'a>(
    th: &Thread,
    signature: &'static Signature,
    args: Borrowed<'a, Tuple>,
    kwargs: Option<Borrowed<'a, Dict>>,
    index: &'static Site,
) -> PyResult<(Borrowed<'a>, isize)> {
    let keywords = kwargs.map_or(Keywords::None, Keywords::Dict);
    let given = Given { positional: args.get().as_slice(), keywords };
    let mut bound = [None, None];
    bind(th, signature, &given, &mut bound)?;
    match bound {
        [Some(object), Some(at)] => Ok((object, isize::from_arg(th, at, index)?)),
        _ => Err(th.bad_internal_call()),
    }
}

/// A function of two required arguments.
const fn two(function: &'static str, names: &'static [&'static str; 2]) -> Signature {
    Signature {
        function,
        names,
        required: &[true, true],
        positional_only: 0,
        min_positional: 2,
        max_positional: 2,
        required_keywords: 0,
        var_positional: false,
        var_keywords: false,
    }
}

/// Raises `json.JSONDecodeError`.
#[cold]
fn decode_error(th: &Thread, message: &str, document: Borrowed<'_, Str>, at: usize) -> Raised {
    let make = || {
        let module = krait_eval::import::import(th, "json.decoder")?;
        let class =
            object::get_attr(th, module.borrow(), Str::interned(th, "JSONDecodeError")?.borrow())?;
        let (message, at) = (Str::new(th, message)?, Int::from_usize(th, at)?);
        call::call(th, class.borrow(), &[message.object(), document.object(), at.object()])
    };
    match make() {
        Ok(exception) => th.set_exception(exception),
        Err(raised) => raised,
    }
}
