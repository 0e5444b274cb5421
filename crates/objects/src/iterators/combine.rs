//! `zip`, `map` and `filter`: iterators over what other iterators give.
//!
//! The same job as the iterators in CPython's `Python/bltinmodule.c`.

use std::cell::Cell;
use std::ffi::c_int;

use crate::gc;
use crate::prelude::*;
use crate::row::in_row;

/// The iterators of all arguments, in a tuple.
fn iterators_of(th: &Thread, iterables: &[Borrowed<'_>]) -> PyResult<Owned<Tuple>> {
    Tuple::try_from_fn(th, iterables.len(), |at| iter::get_iter(th, iterables[at]))
}

/// ValueError: iterator `at` is shorter, or longer, than those before it.
#[cold]
fn uneven(th: &Thread, name: &str, at: usize, how: &str) -> Raised {
    let before = if at == 1 { " ".to_string() } else { "s 1-".to_string() };
    raise!(th, VALUE_ERROR, "{name}() argument {} is {how} than argument{before}{at}", at + 1)
}

/// In strict mode: iterator `ended` has no more items, so all must have ended at once.
fn check_even(th: &Thread, name: &str, iterators: &Tuple, ended: usize) -> PyResult<()> {
    if ended > 0 {
        return Err(uneven(th, name, ended, "shorter"));
    }
    for (at, &iterator) in iterators.as_slice().iter().enumerate().skip(1) {
        if iter::next(th, iterator)?.is_some() {
            return Err(uneven(th, name, at, "longer"));
        }
    }
    Ok(())
}

/// Go through several iterables side by side: yield tuples with one item of each.
///
/// The shortest argument ends it; if strict is true, arguments of different lengths raise a ValueError.
///
///    >>> list(zip('abcdefg', range(3), range(4)))
///    [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]
#[pytype(
    name = "zip",
    symbol = "PyZip_Type",
    new = "(*iterables, strict=False)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Zip {
    head: Head,
    len: Cell<usize>,
    #[visit]
    iterators: Slot<Tuple>,
    /// The tuple given out last, used again if nobody kept it.
    #[visit]
    last: Slot<Tuple>,
    strict: Cell<c_int>,
}

#[pymethods]
impl Zip {
    #[new(sig = "(*iterables, strict=False)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterables: &[Borrowed<'_>],
        strict: bool,
    ) -> PyResult<Owned<Zip>> {
        let iterators = iterators_of(th, iterables)?;
        let last = Tuple::from_fn(th, iterables.len(), |_| none().to_owned())?;
        let zip = cls.alloc::<Zip>(th, 0)?;
        zip.len.set(iterables.len());
        zip.iterators.set(Some(iterators));
        zip.last.set(Some(last));
        zip.strict.set(strict.into());
        Ok(zip)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        // Set once: whoever asks holds the object, and with it this.
        let (Some(iterators), false) = (self.iterators.get(), self.len.get() == 0) else {
            return Ok(None);
        };
        if let [left, right] = iterators.as_slice() {
            let Some(left) = iter::next(th, *left)? else {
                return self.ended(th, iterators.get(), 0);
            };
            let Some(right) = iter::next(th, *right)? else {
                return self.ended(th, iterators.get(), 1);
            };
            return super::enumerate::give_pair(th, &self.last, left, right).map(Some);
        }
        self.next_of_many(th, iterators.get())
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let ty = this.object().get().ty().object().to_owned();
        let iterators = this.iterators.get_owned().unwrap_or_else(|| Tuple::empty().to_owned());
        let mut parts = vec![ty, iterators.into_object()];
        if this.strict.get() != 0 {
            parts.push(bool_object(true).object().to_owned());
        }
        Tuple::from_vec(th, parts).map(Owned::into_object)
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        self.strict.set(object::is_true(th, state)?.into());
        Ok(())
    }
}

impl Zip {
    /// Fills the tuple given out last, if nobody kept it, or a new one.
    fn next_of_many(&self, th: &Thread, iterators: &Tuple) -> PyResult<Option<Owned>> {
        let kept = self.last.get().filter(|tuple| tuple.object().ref_count() == 1);
        let is_kept = kept.is_some();
        let tuple = match kept {
            Some(tuple) => tuple.to_owned(),
            None => Tuple::with_nulls(th, iterators.len())?,
        };
        for (at, &iterator) in iterators.as_slice().iter().enumerate() {
            let Some(item) = iter::next(th, iterator)? else {
                return self.ended(th, iterators, at);
            };
            // SAFETY: the tuple has as many items as there are iterators, each whole or null at any time; nobody but the
            // iterator has it.
            unsafe {
                let place = tuple.items().add(at);
                let old = std::mem::replace(&mut *place, item.into_ptr());
                drop(Owned::<Object>::from_ptr_or_null(old));
            }
        }
        if is_kept {
            tuple.forget_hash();
            gc::track(th, tuple.borrow());
        } else if !tuple.as_slice().iter().any(|item| item.ty().is_gc()) {
            // SAFETY: a tuple; as `Tuple::build` leaves it.
            unsafe { gc::untrack_raw(tuple.as_ptr()) };
        }
        Ok(Some(tuple.into_object()))
    }

    fn ended(&self, th: &Thread, iterators: &Tuple, at: usize) -> PyResult<Option<Owned>> {
        if self.strict.get() != 0 {
            check_even(th, "zip", iterators, at)?;
        }
        Ok(None)
    }
}

/// Call the function with one item of each iterable after the other, and yield the results.
///
/// The shortest iterable ends it; if strict is true, iterables of different lengths raise a ValueError.
#[pytype(
    name = "map",
    symbol = "PyMap_Type",
    new = "(function, iterable, /, *iterables, strict=False)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Map {
    head: Head,
    #[visit]
    iterators: Slot<Tuple>,
    #[visit]
    function: Slot,
    strict: Cell<c_int>,
}

#[pymethods]
impl Map {
    #[new(sig = "(*args, strict=False)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: &[Borrowed<'_>],
        strict: bool,
    ) -> PyResult<Owned<Map>> {
        let [function, iterables @ ..] = args else {
            return Err(th.raise(exc::TYPE_ERROR, "map() must have at least two arguments."));
        };
        if iterables.is_empty() {
            return Err(th.raise(exc::TYPE_ERROR, "map() must have at least two arguments."));
        }
        let iterators = iterators_of(th, iterables)?;
        let map = cls.alloc::<Map>(th, 0)?;
        map.iterators.set(Some(iterators));
        map.function.set(Some((*function).to_owned()));
        map.strict.set(strict.into());
        Ok(map)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        // Set once: whoever asks holds the object, and with it these.
        let (Some(iterators), Some(function)) = (self.iterators.get(), self.function.get()) else {
            return Ok(None);
        };
        match iterators.get().as_slice() {
            [iterator] => match iter::next(th, *iterator)? {
                Some(item) => call::call(th, function, &[item.borrow()]).map(Some),
                None => Ok(None),
            },
            [left, right] => {
                let Some(left) = iter::next(th, *left)? else {
                    return self.ended(th, iterators.get(), 0);
                };
                let Some(right) = iter::next(th, *right)? else {
                    return self.ended(th, iterators.get(), 1);
                };
                let result = call::call(th, function, &[left.borrow(), right.borrow()]);
                // In the reference's order.
                drop(left);
                drop(right);
                result.map(Some)
            }
            _ => self.next_of_many(th, iterators.get(), function),
        }
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let ty = this.object().get().ty().object().to_owned();
        let mut arguments = vec![this.function.get_owned().unwrap_or_else(|| none().to_owned())];
        if let Some(iterators) = this.iterators.get() {
            arguments.extend(iterators.as_slice().iter().map(|&iterator| iterator.to_owned()));
        }
        let arguments = Tuple::from_vec(th, arguments)?.into_object();
        let mut parts = vec![ty, arguments];
        if this.strict.get() != 0 {
            parts.push(bool_object(true).object().to_owned());
        }
        Tuple::from_vec(th, parts).map(Owned::into_object)
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        self.strict.set(object::is_true(th, state)?.into());
        Ok(())
    }
}

impl Map {
    #[inline(never)]
    fn next_of_many(
        &self,
        th: &Thread,
        iterators: &Tuple,
        function: Borrowed<'_>,
    ) -> PyResult<Option<Owned>> {
        let mut items: Vec<Owned> = Vec::with_capacity(iterators.len());
        for (at, &iterator) in iterators.as_slice().iter().enumerate() {
            match iter::next(th, iterator)? {
                Some(item) => items.push(item),
                None => return self.ended(th, iterators, at),
            }
        }
        in_row(
            items.len(),
            |at| items[at].borrow(),
            |arguments| call::call(th, function, arguments).map(Some),
        )
    }

    fn ended(&self, th: &Thread, iterators: &Tuple, at: usize) -> PyResult<Option<Owned>> {
        if self.strict.get() != 0 {
            check_even(th, "map", iterators, at)?;
        }
        Ok(None)
    }
}

/// Yield the items for which the function returns something true.
///
/// None in place of a function stands for the truth of the items themselves.
#[pytype(
    name = "filter",
    symbol = "PyFilter_Type",
    new = "(function, iterable, /)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Filter {
    head: Head,
    #[visit]
    function: Slot,
    #[visit]
    iterator: Slot,
}

#[pymethods]
impl Filter {
    #[new(sig = "(function, iterable, /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        function: Borrowed<'_>,
        iterable: Borrowed<'_>,
    ) -> PyResult<Owned<Filter>> {
        let iterator = iter::get_iter(th, iterable)?;
        let filter = cls.alloc::<Filter>(th, 0)?;
        filter.function.set(Some(function.to_owned()));
        filter.iterator.set(Some(iterator));
        Ok(filter)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        // Set once: whoever asks holds the object, and with it these.
        let (Some(iterator), Some(function)) = (self.iterator.get(), self.function.get()) else {
            return Ok(None);
        };
        let by_truth = function.is_none()
            || function.is(Borrowed::from_ref(crate::int::Bool::type_object()).object());
        while let Some(item) = iter::next(th, iterator)? {
            let keep = if by_truth {
                object::is_true(th, item.borrow())?
            } else {
                let answer = call::call(th, function, &[item.borrow()])?;
                object::is_true(th, answer.borrow())?
            };
            if keep {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let ty = this.object().get().ty().object().to_owned();
        let part = |slot: &Slot| slot.get_owned().unwrap_or_else(|| none().to_owned());
        let arguments = Tuple::pack(th, [part(&this.function), part(&this.iterator)])?;
        Tuple::pack(th, [ty, arguments.into_object()]).map(Owned::into_object)
    }
}

const _: () = {
    assert!(size_of::<Zip>() == 48 && size_of::<Map>() == 40 && size_of::<Filter>() == 32);
};
