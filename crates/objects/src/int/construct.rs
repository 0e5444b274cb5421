//! `int(x)` and `int(x, base)`.

use super::text;
use crate::args::bind::{Given, Keywords, Signature, bind};
use crate::prelude::*;

/// The parameters of `int`, for calls with names.
static PARAMETERS: Signature = Signature {
    function: "int",
    names: &["x", "base"],
    required: &[false, false],
    positional_only: 1,
    min_positional: 0,
    max_positional: 2,
    required_keywords: 0,
    var_positional: false,
    var_keywords: false,
};

#[pymethods(part = "construct")]
impl Int {
    /// `int(x)` is what most calls are.
    #[slot(tp_vectorcall)]
    fn called(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        // SAFETY: the callable of a type's vectorcall is the type.
        let cls = unsafe { this.cast::<Type>() };
        match *args.values {
            [x] if args.kwnames.is_none() && cls.is(Borrowed::from_ref(Int::type_object())) => {
                if x.is_exact::<Int>() {
                    Ok(x.to_owned())
                } else {
                    long_of(th, x)
                }
            }
            _ => called_otherwise(cls, th, args),
        }
    }

    #[new(sig = "(x=NULL, /, base=NULL)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        x: Option<Borrowed<'_>>,
        base: Option<Borrowed<'_>>,
    ) -> PyResult {
        let int = construct(th, x, base)?;
        if cls.is(Borrowed::from_ref(Int::type_object())) {
            return Ok(int.into_object());
        }
        of_subclass(th, cls, &int).map(Owned::into_object)
    }
}

#[inline(never)]
fn long_of(th: &Thread, x: Borrowed<'_>) -> PyResult {
    number::long(th, x).map(Owned::into_object)
}

#[inline(never)]
fn called_otherwise(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
    let (positional, values) = args.values.split_at(args.positional);
    let keywords = args.kwnames.map_or(Keywords::None, |names| Keywords::Named { names, values });
    let mut bound = [None; 2];
    bind(th, &PARAMETERS, &Given { positional, keywords }, &mut bound)?;
    Int::new(cls, th, bound[0], bound[1])
}

fn construct(
    th: &Thread,
    x: Option<Borrowed<'_>>,
    base: Option<Borrowed<'_>>,
) -> PyResult<Owned<Int>> {
    match (x, base) {
        (None, None) => Ok(super::small(0).to_owned()),
        (Some(x), None) => number::long(th, x),
        (None, Some(_)) => Err(th.raise(exc::TYPE_ERROR, "int() missing string argument")),
        (Some(x), Some(base)) => {
            let base = number::as_isize(th, base, None)?;
            if base != 0 && !(2..=36).contains(&base) {
                return Err(th.raise(exc::VALUE_ERROR, "int() base must be >= 2 and <= 36, or 0"));
            }
            text::from_text_in_base(th, x, base as u32)
        }
    }
}

/// A copy of `int` as an instance of `cls`, a subclass.
fn of_subclass(th: &Thread, cls: Borrowed<'_, Type>, int: &Int) -> PyResult<Owned<Int>> {
    let digits = int.view().digits;
    let own = cls.alloc::<Int>(th, digits.len() as isize)?;
    // SAFETY: `alloc` made room for one digit more; nobody else knows the object.
    unsafe {
        let raw = own.as_ptr().cast::<Int>();
        (&raw mut (*raw).tag).write(int.tag & !super::EXISTS_ONCE);
        let place = (&raw mut (*raw).digits).cast::<crate::int_digits::Digit>();
        place.copy_from_nonoverlapping(digits.as_ptr(), digits.len());
    }
    Ok(own)
}
