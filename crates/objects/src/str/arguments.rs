//! Kinds of arguments that methods of `str`, `bytes` and `bytearray` share.

use crate::args::{FromArg, Site};
use crate::prelude::*;

/// A bound of the range that is searched: any index, negative from the end. `None` is no bound.
#[derive(Clone, Copy)]
pub struct Bound(isize);

impl<'a> FromArg<'a> for Bound {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        if !number::is_index(arg) {
            return Err(th.raise(
                exc::TYPE_ERROR,
                "slice indices must be integers or None or have an __index__ method",
            ));
        }
        number::as_isize(th, arg, None).map(Bound)
    }
}

/// The range of a text of `len` units that the bounds mean; `None` if it begins behind its end.
pub fn range(start: Option<Bound>, end: Option<Bound>, len: usize) -> Option<(usize, usize)> {
    let clip = |bound: Option<Bound>, default: usize| match bound {
        None => default,
        Some(Bound(at)) if at < 0 => len.saturating_sub(at.unsigned_abs()),
        Some(Bound(at)) => at as usize,
    };
    let (start, end) = (clip(start, 0), clip(end, len).min(len));
    (start <= end).then_some((start, end))
}

/// The character that `center`, `ljust` and `rjust` fill up with.
#[derive(Clone, Copy)]
pub struct Fill(pub u32);

impl<'a> FromArg<'a> for Fill {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        let Some(text) = arg.downcast::<Str>() else {
            let found = arg.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "The fill character must be a unicode character, not {found}"
            ));
        };
        if text.len() != 1 {
            return Err(
                th.raise(exc::TYPE_ERROR, "The fill character must be exactly one character long")
            );
        }
        Ok(Fill(text.char_at(0)))
    }
}

/// At most how many times: a negative count means no limit.
pub fn limit(count: isize) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
