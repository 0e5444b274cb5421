//! Built-in functions over iterables.

use krait_objects::args::named;
use krait_objects::bytearray::ByteArray;
use krait_objects::complex::Complex;
use krait_objects::int::Bool;
use krait_objects::prelude::*;

use super::Builtins;

#[pyfunctions(part = "iteration")]
impl Builtins {
    /// Whether bool(x) is True for every x of the iterable; True for an empty one.
    #[function(sig = "(iterable, /)")]
    fn all(th: &Thread, iterable: Borrowed<'_>) -> PyResult<bool> {
        let iterator = iter::get_iter(th, iterable)?;
        while let Some(item) = iter::next(th, iterator.object())? {
            if !object::is_true(th, item.object())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether bool(x) is True for any x of the iterable; False for an empty one.
    #[function(sig = "(iterable, /)")]
    fn any(th: &Thread, iterable: Borrowed<'_>) -> PyResult<bool> {
        let iterator = iter::get_iter(th, iterable)?;
        while let Some(item) = iter::next(th, iterator.object())? {
            if object::is_true(th, item.object())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The asynchronous iterator of an asynchronous iterable.
    #[function(sig = "(async_iterable, /)")]
    fn aiter(th: &Thread, async_iterable: Borrowed<'_>) -> PyResult {
        get_aiter(th, async_iterable)
    }

    /// The awaitable next item of an asynchronous iterator.
    ///
    /// With a default, that is the answer at the end instead of StopAsyncIteration.
    #[function(sig = "(aiterator, default=<unrepresentable>, /)")]
    fn anext(th: &Thread, aiterator: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
        // SAFETY: a live type's async table.
        let anext =
            unsafe { aiterator.ty().raw().tp_as_async.as_ref() }.and_then(|table| table.am_anext);
        let Some(anext) = anext else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "'{}' object is not an async iterator",
                aiterator.type_name()
            ));
        };
        // SAFETY: a slot answers with a new reference, or NULL with an exception.
        let awaitable = unsafe { Owned::from_ptr_or_null(anext(aiterator.as_ptr())) };
        let awaitable: Owned = awaitable.ok_or_else(|| th.raised_by_c())?;
        match default {
            None => Ok(awaitable),
            Some(default) => crate::generator::anext::new(th, awaitable, default),
        }
    }

    /// iter(iterable) -> iterator
    /// iter(callable, sentinel) -> iterator
    ///
    /// An iterator over an iterable; or one that calls the callable until it answers with the sentinel.
    #[function(sig = "(object, sentinel=NULL, /)", no_text)]
    fn iter(th: &Thread, object: Borrowed<'_>, sentinel: Option<Borrowed<'_>>) -> PyResult {
        let Some(sentinel) = sentinel else {
            return iter::get_iter(th, object);
        };
        if !object::is_callable(object) {
            return Err(th.raise(exc::TYPE_ERROR, "iter(v, w): v must be callable"));
        }
        krait_objects::iterators::callable_iterator(th, object, sentinel)
    }

    /// next(iterator[, default])
    ///
    /// The next item of an iterator; at the end the default, or StopIteration.
    #[function(sig = "(iterator, default=NULL, /)", no_text)]
    fn next(th: &Thread, iterator: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
        if !iter::is_iterator(iterator) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "'{}' object is not an iterator",
                iterator.type_name()
            ));
        }
        iter::next_or(th, iterator, default)
    }

    /// max(iterable, *[, default=obj, key=func]) -> value
    /// max(arg1, arg2, *args, *[, key=func]) -> value
    ///
    /// The largest item of an iterable, or of two or more arguments; the default for an empty iterable.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn max(th: &Thread, args: Args<'_>) -> PyResult {
        extreme(th, "max", CompareOp::Gt, args)
    }

    /// min(iterable, *[, default=obj, key=func]) -> value
    /// min(arg1, arg2, *args, *[, key=func]) -> value
    ///
    /// The smallest item of an iterable, or of two or more arguments; the default for an empty iterable.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn min(th: &Thread, args: Args<'_>) -> PyResult {
        extreme(th, "min", CompareOp::Lt, args)
    }

    /// A new list of the items of the iterable in ascending order.
    ///
    /// With key, items are ordered by what it answers for them; with reverse, descending.
    #[function(sig = "(iterable, /, *, key=None, reverse=False)")]
    fn sorted(
        th: &Thread,
        iterable: Borrowed<'_>,
        key: Option<Borrowed<'_>>,
        reverse: bool,
    ) -> PyResult<Owned<List>> {
        let list = List::from_iterable(th, iterable)?;
        list.sort_by(th, key, reverse)?;
        Ok(list)
    }

    /// The sum of start and the items of an iterable of numbers.
    ///
    /// Strings are refused: join() is for them.
    #[function(sig = "(iterable, /, start=0)")]
    fn sum(th: &Thread, iterable: Borrowed<'_>, start: Option<Borrowed<'_>>) -> PyResult {
        sum(th, iterable, start)
    }
}

/// Whether `item` is better than the best so far.
#[inline(always)]
fn beats(th: &Thread, item: Borrowed<'_>, best: Borrowed<'_>, better: CompareOp) -> PyResult<bool> {
    match object::compare_numbers(item, best, better) {
        Some(answer) => Ok(answer),
        None => object::compare_bool(th, item, best, better),
    }
}

#[inline(always)]
fn extreme(th: &Thread, name: &'static str, better: CompareOp, args: Args<'_>) -> PyResult {
    match args.positionals() {
        [first, others @ ..] if !others.is_empty() && !args.has_keywords() => {
            best_of(th, better, *first, others)
        }
        _ => extreme_of_any(th, name, better, args),
    }
}

/// The best of several values, without a key.
fn best_of(
    th: &Thread,
    better: CompareOp,
    first: Borrowed<'_>,
    others: &[Borrowed<'_>],
) -> PyResult {
    let mut best = first;
    for &item in others {
        if beats(th, item, best, better)? {
            best = item;
        }
    }
    Ok(best.to_owned())
}

#[inline(never)]
fn extreme_of_any(th: &Thread, name: &str, better: CompareOp, args: Args<'_>) -> PyResult {
    let [key, default] = if args.has_keywords() {
        named(th, name, args.keywords().pairs(), ["key", "default"])?
    } else {
        [None, None]
    };
    let args = args.positionals();
    let key = key.as_ref().map(Owned::object).filter(|key| !key.is_none());
    let default = default.as_ref().map(Owned::object);
    let found = match (args, key) {
        ([], _) => {
            return Err(raise!(th, TYPE_ERROR, "{name} expected at least 1 argument, got 0"));
        }
        ([iterable], None) => best_item(th, better, *iterable)?,
        ([iterable], Some(key)) => {
            let mut best = None;
            iter::for_each(th, *iterable, &mut |item| consider(th, better, key, &mut best, item))?;
            best.map(|(item, _)| item)
        }
        _ if default.is_some() => {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "Cannot specify a default for {name}() with multiple positional arguments"
            ));
        }
        ([first, others @ ..], None) => Some(best_of(th, better, *first, others)?),
        (_, Some(key)) => {
            let mut best = None;
            for &item in args {
                consider(th, better, key, &mut best, item.to_owned())?;
            }
            best.map(|(item, _)| item)
        }
    };
    match (found, default) {
        (Some(item), _) => Ok(item),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(raise!(th, VALUE_ERROR, "{name}() iterable argument is empty")),
    }
}

/// The best item without a key.
fn best_item(th: &Thread, better: CompareOp, iterable: Borrowed<'_>) -> PyResult<Option<Owned>> {
    let mut best: Option<Owned> = None;
    let mut at = 0;
    let list = iterable.downcast_exact::<List>();
    let iterator = if list.is_some() { None } else { Some(iter::get_iter(th, iterable)?) };
    loop {
        // A list needs no iterator.
        let next = match (&list, &iterator) {
            (Some(list), _) => list.get().get(at),
            (None, Some(iterator)) => iter::next(th, iterator.object())?,
            (None, None) => None,
        };
        let Some(item) = next else { return Ok(best) };
        at += 1;
        let wins = match &best {
            Some(best) => beats(th, item.object(), best.object(), better)?,
            None => true,
        };
        if wins {
            best = Some(item);
        }
    }
}

/// Makes `item` the best, with what the key says of it, if it is better.
fn consider(
    th: &Thread,
    better: CompareOp,
    key: Borrowed<'_>,
    best: &mut Option<(Owned, Owned)>,
    item: Owned,
) -> PyResult<()> {
    let value = call::call(th, key, &[item.object()])?;
    let wins = match best {
        Some((_, current)) => beats(th, value.object(), current.object(), better)?,
        None => true,
    };
    if wins {
        *best = Some((item, value));
    }
    Ok(())
}

fn sum(th: &Thread, iterable: Borrowed<'_>, start: Option<Borrowed<'_>>) -> PyResult {
    let mut total = match start {
        None => Int::from_i64(th, 0)?.into_object(),
        Some(start) => {
            let refused = if start.downcast::<Str>().is_some() {
                Some("sum() can't sum strings [use ''.join(seq) instead]")
            } else if start.downcast::<Bytes>().is_some() {
                Some("sum() can't sum bytes [use b''.join(seq) instead]")
            } else if start.downcast::<ByteArray>().is_some() {
                Some("sum() can't sum bytearray [use b''.join(seq) instead]")
            } else {
                None
            };
            if let Some(message) = refused {
                return Err(th.raise(exc::TYPE_ERROR, message));
            }
            start.to_owned()
        }
    };
    let iterator = iter::get_iter(th, iterable)?;
    let mut next = iter::next(th, iterator.object())?;
    while let Some(item) = next.take() {
        if let Some((sum, pending)) = sum_ints(th, iterator.object(), total.object(), &item)? {
            (total, next) = (sum, pending);
            continue;
        }
        if let Some((sum, pending)) = sum_floats(th, iterator.object(), total.object(), &item)? {
            (total, next) = (sum, pending);
            continue;
        }
        if let Some((sum, pending)) = sum_complexes(th, iterator.object(), total.object(), &item)? {
            (total, next) = (sum, pending);
            continue;
        }
        total = number::add(th, total.object(), item.object())?;
        next = iter::next(th, iterator.object())?;
    }
    Ok(total)
}

/// A sum, and the item that did not fit the fast path (or the end).
type Partial = Option<(Owned, Option<Owned>)>;

/// As long as total and items are exact ints, or bools, that fit a machine word.
fn sum_ints(
    th: &Thread,
    iterator: Borrowed<'_>,
    total: Borrowed<'_>,
    first: &Owned,
) -> PyResult<Partial> {
    let word = |ob: Borrowed<'_>| {
        let int = ob.downcast::<Int>()?;
        if ob.is_exact::<Int>() || ob.is_exact::<Bool>() { int.to_i64() } else { None }
    };
    let (Some(mut sum), Some(add)) = (word(total), word(first.object())) else {
        return Ok(None);
    };
    let mut add = Some(add);
    let mut pending = None;
    while let Some(value) = add {
        let Some(new) = sum.checked_add(value) else {
            let total = Int::from_i64(th, sum)?;
            let item = Int::from_i64(th, value)?;
            let total = number::add(th, total.object(), item.object())?;
            return Ok(Some((total, iter::next(th, iterator)?)));
        };
        sum = new;
        let item = iter::next(th, iterator)?;
        add = item.as_ref().and_then(|item| word(item.object()));
        if add.is_none() {
            pending = item;
        }
    }
    Ok(Some((Int::from_i64(th, sum)?.into_object(), pending)))
}

/// A sum of floats, and what rounding lost of it (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation
/// endlicher Summen", 1974).
struct Compensated {
    high: f64,
    low: f64,
}

impl Compensated {
    fn of(start: f64) -> Compensated {
        Compensated { high: start, low: 0.0 }
    }

    fn add(&mut self, value: f64) {
        let high = self.high;
        let sum = high + value;
        let (large, small) = if high.abs() >= value.abs() { (high, value) } else { (value, high) };
        self.low += (large - sum) + small;
        self.high = sum;
    }

    /// The correction is left out where it would turn an infinity into a NaN, or change the sign of a zero.
    fn total(&self) -> f64 {
        if self.low != 0.0 && self.low.is_finite() { self.high + self.low } else { self.high }
    }
}

/// An exact float, or any int, as a float; OverflowError for an int that is too large.
fn real_addend(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<f64>> {
    if let Some(float) = ob.downcast_exact::<Float>() {
        return Ok(Some(float.value()));
    }
    ob.downcast::<Int>().map(|int| int.to_f64(th)).transpose()
}

/// As long as the total is an exact float and items are floats or ints.
fn sum_floats(
    th: &Thread,
    iterator: Borrowed<'_>,
    total: Borrowed<'_>,
    first: &Owned,
) -> PyResult<Partial> {
    let Some(total) = total.downcast_exact::<Float>() else {
        return Ok(None);
    };
    let Some(mut value) = real_addend(th, first.object())? else {
        return Ok(None);
    };
    let mut sum = Compensated::of(total.value());
    let pending = loop {
        sum.add(value);
        let Some(item) = iter::next(th, iterator)? else {
            break None;
        };
        match real_addend(th, item.object())? {
            Some(next) => value = next,
            None => break Some(item),
        }
    };
    Ok(Some((Float::new(th, sum.total())?.into_object(), pending)))
}

/// As long as the total is an exact complex and items are complex numbers, floats or ints.
fn sum_complexes(
    th: &Thread,
    iterator: Borrowed<'_>,
    total: Borrowed<'_>,
    first: &Owned,
) -> PyResult<Partial> {
    // A real number leaves the imaginary part alone, be it a negative zero.
    let addend = |ob: Borrowed<'_>| match ob.downcast_exact::<Complex>() {
        Some(complex) => Ok(Some((complex.real(), Some(complex.imag())))),
        None => real_addend(th, ob).map(|real| real.map(|real| (real, None))),
    };
    let Some(total) = total.downcast_exact::<Complex>() else {
        return Ok(None);
    };
    let Some(mut value) = addend(first.object())? else {
        return Ok(None);
    };
    let (mut real, mut imag) = (Compensated::of(total.real()), Compensated::of(total.imag()));
    let pending = loop {
        real.add(value.0);
        if let Some(part) = value.1 {
            imag.add(part);
        }
        let Some(item) = iter::next(th, iterator)? else {
            break None;
        };
        match addend(item.object())? {
            Some(next) => value = next,
            None => break Some(item),
        }
    };
    Ok(Some((Complex::new(th, real.total(), imag.total())?.into_object(), pending)))
}

/// `__aiter__`, whose answer must be an asynchronous iterator.
fn get_aiter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    // SAFETY: a live type's async table.
    let aiter = unsafe { ob.ty().raw().tp_as_async.as_ref() }.and_then(|table| table.am_aiter);
    let Some(aiter) = aiter else {
        return Err(raise!(th, TYPE_ERROR, "'{}' object is not an async iterable", ob.type_name()));
    };
    // SAFETY: a slot answers with a new reference, or NULL with an exception.
    let iterator: Owned =
        unsafe { Owned::from_ptr_or_null(aiter(ob.as_ptr())) }.ok_or_else(|| th.raised_by_c())?;
    // SAFETY: as above.
    let anext =
        unsafe { iterator.ty().raw().tp_as_async.as_ref() }.and_then(|table| table.am_anext);
    match anext {
        Some(_) => Ok(iterator),
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "aiter() returned not an async iterator of type '{}'",
            iterator.type_name()
        )),
    }
}
