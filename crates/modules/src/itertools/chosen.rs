//! `compress`, `dropwhile`, `takewhile`, `filterfalse`, `islice`: some of an iterable's items.

use std::cell::Cell;

use krait_objects::prelude::*;

/// The items of data whose counterparts in selectors are true.
///
/// It ends with the shorter of the two.
#[pytype(name = "itertools.compress", new = "(data, selectors)", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Compress {
    head: Head,
    #[visit]
    data: Slot,
    #[visit]
    selectors: Slot,
}

#[pymethods]
impl Compress {
    #[new(sig = "(data, selectors)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        data: Borrowed<'_>,
        selectors: Borrowed<'_>,
    ) -> PyResult<Owned<Compress>> {
        let data = iter::get_iter(th, data)?;
        let selectors = iter::get_iter(th, selectors)?;
        let compress = cls.alloc::<Compress>(th, 0)?;
        compress.data.set(Some(data));
        compress.selectors.set(Some(selectors));
        Ok(compress)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let (Some(data), Some(selectors)) = (self.data.get(), self.selectors.get()) else {
            return Ok(None);
        };
        loop {
            let Some(item) = iter::next(th, data)? else {
                return Ok(None);
            };
            let Some(selector) = iter::next(th, selectors)? else {
                return Ok(None);
            };
            if object::is_true(th, selector.borrow())? {
                return Ok(Some(item));
            }
        }
    }
}

/// What `dropwhile`, `takewhile` and `filterfalse` are made of.
macro_rules! by_predicate {
    ($(#[$doc:meta])* $ty:ident, $name:literal, $sig:literal) => {
        $(#[$doc])*
        #[pytype(name = $name, new = $sig, flags(BASETYPE, HAVE_GC))]
        #[repr(C)]
        pub struct $ty {
            head: Head,
            #[visit]
            predicate: Slot,
            #[visit]
            iterator: Slot,
            /// Whether the decision has fallen.
            done: Cell<bool>,
        }

        #[pymethods(parts(next))]
        impl $ty {
            #[new(sig = "(function, iterable, /)")]
            fn new(
                cls: Borrowed<'_, Type>,
                th: &Thread,
                function: Borrowed<'_>,
                iterable: Borrowed<'_>,
            ) -> PyResult<Owned<$ty>> {
                let iterator = iter::get_iter(th, iterable)?;
                let made = cls.alloc::<$ty>(th, 0)?;
                made.predicate.set(Some(function.to_owned()));
                made.iterator.set(Some(iterator));
                Ok(made)
            }
        }

        impl $ty {
            /// Whether the predicate is true for the item.
            fn holds(&self, th: &Thread, item: Borrowed<'_>) -> PyResult<bool> {
                let Some(predicate) = self.predicate.get() else {
                    return Ok(false);
                };
                let answer = call::call(th, predicate, &[item])?;
                object::is_true(th, answer.borrow())
            }

            fn advance(&self, th: &Thread) -> PyResult<Option<Owned>> {
                match self.iterator.get() {
                    Some(iterator) => iter::next(th, iterator),
                    None => Ok(None),
                }
            }
        }
    };
}

by_predicate!(
    /// Skip items for as long as the predicate holds; from the first one that fails it, give all the rest.
    DropWhile, "itertools.dropwhile", "(predicate, iterable, /)"
);
by_predicate!(
    /// Give items for as long as the predicate holds, and end at the first one that fails it.
    TakeWhile, "itertools.takewhile", "(predicate, iterable, /)"
);
by_predicate!(
    /// Give the items that filter() would leave out: those for which the function returns something false.
    ///
    /// With None as the function, an item is judged by its own truth.
    FilterFalse, "itertools.filterfalse", "(function, iterable, /)"
);

#[pymethods(part = "next")]
impl DropWhile {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        while let Some(item) = self.advance(th)? {
            if self.done.get() {
                return Ok(Some(item));
            }
            if !self.holds(th, item.borrow())? {
                self.done.set(true);
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}

#[pymethods(part = "next")]
impl TakeWhile {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        if self.done.get() {
            return Ok(None);
        }
        let Some(item) = self.advance(th)? else {
            return Ok(None);
        };
        if self.holds(th, item.borrow())? {
            return Ok(Some(item));
        }
        self.done.set(true);
        Ok(None)
    }
}

#[pymethods(part = "next")]
impl FilterFalse {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(predicate) = self.predicate.get() else {
            return Ok(None);
        };
        let bool_type = Borrowed::from_ref(krait_objects::int::Bool::type_object()).object();
        let by_truth = predicate.is_none() || predicate.is(bool_type);
        while let Some(item) = self.advance(th)? {
            let holds = match by_truth {
                true => object::is_true(th, item.borrow())?,
                false => self.holds(th, item.borrow())?,
            };
            if !holds {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}

/// islice(iterable, stop) --> islice object
/// islice(iterable, start, stop[, step]) --> islice object
///
/// The items that slicing a list would select. An iterator cannot go back, so no bound may be negative.
#[pytype(name = "itertools.islice", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Islice {
    head: Head,
    /// Empty at the end.
    #[visit]
    iterator: Slot,
    /// The position of the next item to give.
    next: Cell<isize>,
    /// -1 for none.
    stop: Cell<isize>,
    step: Cell<isize>,
    /// How many items were taken.
    count: Cell<isize>,
}

/// A bound: `None` is `default`.
fn bound(
    th: &Thread,
    value: Option<Borrowed<'_>>,
    default: isize,
    message: &str,
) -> PyResult<isize> {
    let Some(value) = value.filter(|value| !value.is_none()) else {
        return Ok(default);
    };
    match number::as_isize(th, value, Some(exc::OVERFLOW_ERROR)) {
        Ok(bound) if bound >= 0 => Ok(bound),
        Ok(_) => Err(th.raise(exc::VALUE_ERROR, message)),
        Err(raised) => {
            drop(th.take_raised(raised));
            Err(th.raise(exc::VALUE_ERROR, message))
        }
    }
}

const STOP: &str = "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
const INDICES: &str = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
const STEP: &str = "Step for islice() must be a positive integer or None.";

#[pymethods]
impl Islice {
    #[new(sig = "(iterable, a, b=<unrepresentable>, c=None, /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        a: Borrowed<'_>,
        #[default(None)] b: Option<Borrowed<'_>>,
        #[default(None)] c: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Islice>> {
        let (start, stop) = match b {
            None => (0, bound(th, Some(a), -1, STOP)?),
            Some(b) => {
                // The stop is looked at first, and has its own message.
                let stop = bound(th, Some(b), -1, STOP)?;
                (bound(th, Some(a), 0, INDICES)?, stop)
            }
        };
        let step = bound(th, c, 1, STEP)?;
        if step == 0 {
            return Err(th.raise(exc::VALUE_ERROR, STEP));
        }
        let iterator = iter::get_iter(th, iterable)?;
        let islice = cls.alloc::<Islice>(th, 0)?;
        islice.iterator.set(Some(iterator));
        islice.next.set(start);
        islice.stop.set(stop);
        islice.step.set(step);
        Ok(islice)
    }

    #[slot(tp_iternext)]
    fn next_item(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(iterator) = self.iterator.get_owned() else {
            return Ok(None);
        };
        let stop = self.stop.get();
        while self.count.get() < self.next.get() {
            if iter::next(th, iterator.borrow())?.is_none() {
                drop(self.iterator.take());
                return Ok(None);
            }
            self.count.set(self.count.get() + 1);
        }
        if stop != -1 && self.count.get() >= stop {
            drop(self.iterator.take());
            return Ok(None);
        }
        let Some(item) = iter::next(th, iterator.borrow())? else {
            drop(self.iterator.take());
            return Ok(None);
        };
        self.count.set(self.count.get() + 1);
        let next = self.next.get().saturating_add(self.step.get());
        // Not past the stop, up to which items are taken but not given.
        self.next.set(if stop != -1 && next > stop { stop } else { next });
        Ok(Some(item))
    }
}
