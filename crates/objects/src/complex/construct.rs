//! `complex(…)`: from text, from numbers, from whatever has `__complex__`.

use super::Complex;
use crate::args::bind::{Given, Keywords, Signature, bind};
use crate::float_text;
use crate::prelude::*;

/// `complex(real, imag)`.
static PARTS: Signature = Signature {
    function: "complex",
    names: &["real", "imag"],
    required: &[false, false],
    positional_only: 0,
    min_positional: 0,
    max_positional: 2,
    required_keywords: 0,
    var_positional: false,
    var_keywords: false,
};

#[pymethods(part = "construct")]
impl Complex {
    /// One argument without a name converts what it is; two, or named ones, are parts.
    #[slot(tp_new)]
    fn new_instance(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let exact = cls.is(Borrowed::from_ref(Complex::type_object()));
        let named = kwargs.is_some_and(|kwargs| !kwargs.is_empty());
        let (re, im) = match *args.get().as_slice() {
            [real] if !named && exact && real.is_exact::<Complex>() => return Ok(real.to_owned()),
            [text] if !named && text.downcast::<Str>().is_some() => parse_object(th, text)?,
            [number] if !named => single(th, number)?,
            ref positional => {
                let keywords = kwargs.map_or(Keywords::None, Keywords::Dict);
                let mut parts = [None; 2];
                bind(th, &PARTS, &Given { positional, keywords }, &mut parts)?;
                let [real, imag] = parts;
                from_parts(th, real, imag)?
            }
        };
        Complex::new_of(th, cls, re, im).map(Owned::into_object)
    }

    /// Make a complex number of a number.
    #[classmethod(sig = "(type, number, /)")]
    fn from_number(cls: Borrowed<'_, Type>, th: &Thread, number: Borrowed<'_>) -> PyResult {
        let exact = cls.is(Borrowed::from_ref(Complex::type_object()));
        if exact && number.is_exact::<Complex>() {
            return Ok(number.to_owned());
        }
        let (real, imag) = as_pair(th, number)?;
        let made = Complex::new(th, real, imag)?;
        if exact {
            return Ok(made.into_object());
        }
        call::call(th, cls.object(), &[made.object()])
    }
}

/// `PyComplex_AsCComplex`: a complex number, what has `__complex__`, or a real number.
pub fn as_pair(th: &Thread, ob: Borrowed<'_>) -> PyResult<(f64, f64)> {
    if let Some(complex) = ob.downcast::<Complex>() {
        return Ok(complex.pair());
    }
    match special(th, ob)? {
        Some(complex) => Ok(complex.pair()),
        None => {
            th.still_raised()?;
            Ok((number::as_f64(th, ob)?, 0.0))
        }
    }
}

/// The answer of `__complex__`, if the type has it.
fn special(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<Owned<Complex>>> {
    let Some(method) = object::lookup_special(th, ob, id::__complex__)? else {
        return Ok(None);
    };
    let result = call::call(th, method.object(), &[])?;
    let complex = result.downcast::<Complex>().map_err(|other| {
        raise!(th, TYPE_ERROR, "__complex__ returned non-complex (type {})", other.type_name())
    })?;
    if !complex.object().is_exact::<Complex>() {
        let message = Str::from_fmt(
            th,
            format_args!(
                "__complex__ returned non-complex (type {}).  The ability to return an instance of a strict subclass of complex is deprecated, and may be removed in a future version of Python.",
                complex.object().type_name()
            ),
        )?;
        warn(th, message.borrow())?;
    }
    Ok(Some(complex))
}

fn warn(th: &Thread, message: Borrowed<'_, Str>) -> PyResult<()> {
    let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
    (th.interp().services.get().warn)(th, category, message, 1)
}

/// Whether it is a number, as far as the types of slots tell.
fn is_real(ob: Borrowed<'_>) -> bool {
    // SAFETY: the table of a live type.
    let table = unsafe { ob.ty().raw().tp_as_number.as_ref() };
    table.is_some_and(|table| table.nb_float.is_some() || table.nb_index.is_some())
}

/// `complex(number)`.
fn single(th: &Thread, ob: Borrowed<'_>) -> PyResult<(f64, f64)> {
    if let Some(complex) = special(th, ob)? {
        return Ok(complex.pair());
    }
    if let Some(complex) = ob.downcast::<Complex>() {
        return Ok(complex.pair());
    }
    if !is_real(ob) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "complex() argument must be a string or a number, not {}",
            ob.type_name()
        ));
    }
    Ok((number::as_f64(th, ob)?, 0.0))
}

/// One of two arguments: a real number, or, deprecated, a complex one.
fn part(th: &Thread, ob: Borrowed<'_>, name: &str) -> PyResult<((f64, f64), bool)> {
    let complex = match ob.downcast::<Complex>() {
        Some(complex) => Some(complex.to_owned()),
        None if name == "real" => special(th, ob)?,
        None => None,
    };
    if let Some(complex) = complex {
        let message = Str::from_fmt(
            th,
            format_args!(
                "complex() argument '{name}' must be a real number, not {}",
                ob.type_name()
            ),
        )?;
        warn(th, message.borrow())?;
        return Ok((complex.pair(), true));
    }
    if !is_real(ob) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "complex() argument '{name}' must be a real number, not {}",
            ob.type_name()
        ));
    }
    Ok(((number::as_f64(th, ob)?, 0.0), false))
}

/// `complex(real, imag)`: `real + imag * 1j`, without rounding errors.
fn from_parts(
    th: &Thread,
    real: Option<Borrowed<'_>>,
    imag: Option<Borrowed<'_>>,
) -> PyResult<(f64, f64)> {
    let (mut result, real_is_complex) = match real {
        Some(real) => part(th, real, "real")?,
        None => ((0.0, 0.0), false),
    };
    let Some(imag) = imag else {
        return Ok(result);
    };
    let (imag, imag_is_complex) = part(th, imag, "imag")?;
    if imag_is_complex {
        result.0 -= imag.1;
    }
    result.1 = if real_is_complex { result.1 + imag.0 } else { imag.0 };
    Ok(result)
}

fn parse_object(th: &Thread, ob: Borrowed<'_>) -> PyResult<(f64, f64)> {
    let Some(text) = ob.downcast::<Str>() else {
        return Err(th.bad_argument());
    };
    let mut ascii = crate::int::ascii_number(&text).into_owned();
    if ascii.contains(&b'_') {
        let digit = |at: Option<usize>| {
            at.and_then(|at| ascii.get(at)).is_some_and(|byte: &u8| byte.is_ascii_digit())
        };
        let misplaced = ascii.iter().enumerate().any(|(at, &byte)| {
            byte == b'_' && !(digit(at.checked_sub(1)) && digit(at.checked_add(1)))
        });
        if misplaced {
            let quoted = object::repr(th, ob)?;
            return Err(raise!(
                th,
                VALUE_ERROR,
                "could not convert string to complex: {}",
                *quoted
            ));
        }
        ascii.retain(|&byte| byte != b'_');
    }
    parse(&ascii).ok_or_else(|| th.raise(exc::VALUE_ERROR, "complex() arg is a malformed string"))
}

/// `real`, `imag j` or both, maybe in parentheses.
fn parse(text: &[u8]) -> Option<(f64, f64)> {
    let inner = match text {
        [b'(', inner @ .., b')'] => crate::int::trim(inner),
        plain => plain,
    };
    let (first, rest) = match float_text::parse_prefix(inner) {
        Some((value, len)) => (Some(value), &inner[len..]),
        None => (None, inner),
    };
    if let Some(real) = first {
        match rest {
            [] => return Some((real, 0.0)),
            [b'j' | b'J'] => return Some((0.0, real)),
            [b'+' | b'-', ..] => {
                let (imag, rest) = imaginary(rest)?;
                return matches!(rest, [b'j' | b'J']).then_some((real, imag));
            }
            _ => return None,
        }
    }
    let (imag, rest) = imaginary(rest)?;
    matches!(rest, [b'j' | b'J']).then_some((0.0, imag))
}

/// A float with a sign, or a lone sign, or nothing, that stand for one; and what follows.
fn imaginary(text: &[u8]) -> Option<(f64, &[u8])> {
    if let Some((value, len)) = float_text::parse_prefix(text) {
        return Some((value, &text[len..]));
    }
    match text {
        [b'-', rest @ ..] => Some((-1.0, rest)),
        [b'+', rest @ ..] => Some((1.0, rest)),
        rest => Some((1.0, rest)),
    }
}
