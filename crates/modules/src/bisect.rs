//! `_bisect`: searching and inserting in sorted sequences.
//!
//! The same job as CPython's `Modules/_bisectmodule.c`.

use krait_objects::prelude::*;

/// Bisection algorithms.
///
/// This module provides support for maintaining a list in sorted order without
/// having to sort the list after each insertion. For long lists of items with
/// expensive comparison operations, this can be an improvement over the more
/// common approach.
#[pymodule(name = "_bisect")]
pub struct Bisect;

/// On which side of equal items the position is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

fn position(
    th: &Thread,
    side: Side,
    (a, x): (Borrowed<'_>, Borrowed<'_>),
    (lo, hi): (isize, Option<Borrowed<'_>>),
    key: Option<Borrowed<'_>>,
) -> PyResult<isize> {
    let Ok(mut low) = usize::try_from(lo) else {
        return Err(th.raise(exc::VALUE_ERROR, "lo must be non-negative"));
    };
    let hi = match hi.filter(|hi| !hi.is_none()) {
        Some(hi) => number::as_isize(th, hi, Some(exc::OVERFLOW_ERROR))?,
        None => -1,
    };
    let mut high = match usize::try_from(hi) {
        Ok(high) => high,
        Err(_) => sequence::len(th, a)?,
    };
    let key = key.filter(|key| !key.is_none());
    while low < high {
        let middle = low + (high - low) / 2;
        let mut item = sequence::get(th, a, middle as isize)?;
        if let Some(key) = key {
            item = call::call(th, key, &[item.object()])?;
        }
        let right_of = match side {
            Side::Left => less(th, item.object(), x)?,
            Side::Right => !less(th, x, item.object())?,
        };
        if right_of {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low as isize)
}

fn less(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult<bool> {
    let result = object::compare(th, a, b, CompareOp::Lt)?;
    object::is_true(th, result.object())
}

fn insert(
    th: &Thread,
    side: Side,
    (a, x): (Borrowed<'_>, Borrowed<'_>),
    range: (isize, Option<Borrowed<'_>>),
    key: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let at = match key.filter(|key| !key.is_none()) {
        Some(key) => {
            let wanted = call::call(th, key, &[x])?;
            position(th, side, (a, wanted.object()), range, Some(key))?
        }
        None => position(th, side, (a, x), range, None)?,
    };
    let at = Int::from_isize(th, at)?;
    let insert = Str::interned(th, "insert")?;
    call::call_method(th, a, insert.borrow(), &[at.object(), x]).map(drop)
}

#[pyfunctions]
impl Bisect {
    /// Return the index where to insert item x in list a, assuming a is sorted.
    ///
    /// The index is behind all items equal to x. lo and hi bound the part that is searched. key is a function
    /// of one argument whose results for the items are compared with x.
    #[function(sig = "(a, x, lo=0, hi=None, *, key=None)")]
    fn bisect_right(
        th: &Thread,
        a: Borrowed<'_>,
        x: Borrowed<'_>,
        lo: isize,
        hi: Option<Borrowed<'_>>,
        key: Option<Borrowed<'_>>,
    ) -> PyResult<isize> {
        position(th, Side::Right, (a, x), (lo, hi), key)
    }

    /// Return the index where to insert item x in list a, assuming a is sorted.
    ///
    /// The index is before all items equal to x. lo and hi bound the part that is searched. key is a function
    /// of one argument whose results for the items are compared with x.
    #[function(sig = "(a, x, lo=0, hi=None, *, key=None)")]
    fn bisect_left(
        th: &Thread,
        a: Borrowed<'_>,
        x: Borrowed<'_>,
        lo: isize,
        hi: Option<Borrowed<'_>>,
        key: Option<Borrowed<'_>>,
    ) -> PyResult<isize> {
        position(th, Side::Left, (a, x), (lo, hi), key)
    }

    /// Insert item x in list a, and keep it sorted assuming a is sorted.
    ///
    /// It is put behind all equal items. lo, hi and key are those of bisect_right(); key is applied to x too.
    #[function(sig = "(a, x, lo=0, hi=None, *, key=None)")]
    fn insort_right(
        th: &Thread,
        a: Borrowed<'_>,
        x: Borrowed<'_>,
        lo: isize,
        hi: Option<Borrowed<'_>>,
        key: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        insert(th, Side::Right, (a, x), (lo, hi), key)
    }

    /// Insert item x in list a, and keep it sorted assuming a is sorted.
    ///
    /// It is put before all equal items. lo, hi and key are those of bisect_left(); key is applied to x too.
    #[function(sig = "(a, x, lo=0, hi=None, *, key=None)")]
    fn insort_left(
        th: &Thread,
        a: Borrowed<'_>,
        x: Borrowed<'_>,
        lo: isize,
        hi: Option<Borrowed<'_>>,
        key: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        insert(th, Side::Left, (a, x), (lo, hi), key)
    }
}
