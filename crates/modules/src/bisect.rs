//! `_bisect`: searching and inserting in sorted sequences.
//!
//! The same job as CPython's `Modules/_bisectmodule.c`.

use krait_objects::prelude::*;

use crate::support::less;

/// Search in sorted lists by halving.
///
/// With it a list can be kept in order by putting every new item in its right place, which takes far fewer
/// comparisons than sorting again.
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
    let list = a.downcast_exact::<List>();
    while low < high {
        let middle = low + (high - low) / 2;
        let in_list = list.and_then(|list| list.get().get(middle));
        let mut item = match in_list {
            Some(item) => item,
            None => sequence::get(th, a, middle as isize)?,
        };
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
    if let Some(list) = a.downcast_exact::<List>() {
        return list.get().insert_at(th, at as usize, x.to_owned());
    }
    let at = Int::from_isize(th, at)?;
    let insert = Str::interned(th, "insert")?;
    call::call_method(th, a, insert.borrow(), &[at.object(), x]).map(drop)
}

#[pyfunctions]
impl Bisect {
    /// Find where x belongs in the sorted list a, behind items that are equal to it.
    ///
    /// Only the part from lo to hi is searched. key, if given, is called with an item, and x is compared
    /// with what it returns.
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

    /// Find where x belongs in the sorted list a, before items that are equal to it.
    ///
    /// Only the part from lo to hi is searched. key, if given, is called with an item, and x is compared
    /// with what it returns.
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

    /// Put x into the sorted list a, at the position that bisect_right() finds.
    ///
    /// lo, hi and key are passed on; key is applied to x as well.
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

    /// Put x into the sorted list a, at the position that bisect_left() finds.
    ///
    /// lo, hi and key are passed on; key is applied to x as well.
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
