//! `enumerate` and `reversed`. The same job as CPython's `Objects/enumobject.c`.

use std::cell::Cell;

use num_bigint::BigInt;

use super::state_index;
use crate::gc;
use crate::prelude::*;
use crate::protocol::sequence;

/// Number the items of an iterable: yield pairs of a count, which begins at start, and an item.
#[pytype(
    name = "enumerate",
    symbol = "PyEnum_Type",
    new = "(iterable, start=0)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Enumerate {
    head: Head,
    /// The next count, while it fits.
    index: Cell<isize>,
    #[visit]
    iterator: Slot,
    /// The pair given out last, used again if nobody kept it.
    #[visit]
    pair: Slot<Tuple>,
    /// The next count, once it does not fit any more.
    #[visit]
    big_index: Slot<Int>,
    unused: Cell<usize>,
}

impl Enumerate {
    fn make(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        iterable: Borrowed<'_>,
        start: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Enumerate>> {
        let enumerate = cls.alloc::<Enumerate>(th, 0)?;
        if let Some(start) = start {
            let start = number::index(th, start)?;
            match start.to_i64() {
                Some(start) => enumerate.index.set(start as isize),
                None => {
                    enumerate.index.set(isize::MAX);
                    enumerate.big_index.set(Some(start));
                }
            }
        }
        enumerate.iterator.set(Some(iter::get_iter(th, iterable)?));
        enumerate.pair.set(Some(Tuple::pack(th, [none().to_owned(), none().to_owned()])?));
        Ok(enumerate)
    }

    /// The count, which moves on.
    #[inline(always)]
    fn count(&self, th: &Thread) -> PyResult<Owned<Int>> {
        let index = self.index.get();
        if index != isize::MAX {
            self.index.set(index + 1);
            return Int::from_isize(th, index);
        }
        self.count_big(th)
    }

    /// Out of line for the sake of the stack that it needs.
    #[cold]
    #[inline(never)]
    fn count_big(&self, th: &Thread) -> PyResult<Owned<Int>> {
        let count = match self.big_index.get_owned() {
            Some(count) => count,
            None => Int::from_isize(th, isize::MAX)?,
        };
        let next = Int::from_big(th, &(count.to_big() + BigInt::from(1)))?;
        self.big_index.set(Some(next));
        Ok(count)
    }
}

/// Gives two items as a tuple: the one given out last, if nobody kept it. They come in registers: the words of an array
/// just written would be loaded as one, which waits for both stores.
#[inline]
pub fn give_pair(th: &Thread, last: &Slot<Tuple>, first: Owned, second: Owned) -> PyResult {
    let Some(tuple) = last.get().filter(|tuple| tuple.object().ref_count() == 1) else {
        return new_pair(th, first, second);
    };
    let result = tuple.object().to_owned();
    // SAFETY: nobody but the iterator had the tuple, which has two items; the old ones are released last.
    unsafe {
        let places = tuple.items();
        let old_first = std::mem::replace(&mut *places, first.into_ptr());
        let old_second = std::mem::replace(&mut *places.add(1), second.into_ptr());
        tuple.forget_hash();
        // The collector may have stopped following it while it held nothing that it follows.
        gc::track(th, result.borrow());
        drop(Owned::<Object>::from_ptr(old_first));
        drop(Owned::<Object>::from_ptr(old_second));
    }
    Ok(result)
}

#[inline(never)]
fn new_pair(th: &Thread, first: Owned, second: Owned) -> PyResult {
    Tuple::pack(th, [first, second]).map(Owned::into_object)
}

/// Gives a tuple of `count` items that differs from the one given before from the place `from` on. The first one is kept
/// in `last`, and given again whenever nobody else has it; `is_stale` is whether another one was given since.
///
/// What leaves a tuple must have other owners: nothing is released for good.
#[inline(always)]
pub fn give_changed<'a>(
    th: &Thread,
    last: &Slot<Tuple>,
    is_stale: &mut bool,
    (from, count): (usize, usize),
    item: impl Fn(usize) -> Borrowed<'a>,
) -> PyResult<Owned<Tuple>> {
    let kept = last.get();
    let was_stale = std::mem::replace(is_stale, kept.is_some());
    let Some(kept) = kept.filter(|kept| kept.object().ref_count() == 1) else {
        let made = Tuple::from_fn(th, count, |at| item(at).to_owned())?;
        if !*is_stale {
            last.set(Some(made.clone()));
        }
        return Ok(made);
    };
    *is_stale = false;
    let result = kept.to_owned();
    for at in if was_stale { 0 } else { from }..count {
        // SAFETY: nobody but the iterator had the tuple, which has so many items, each of them whole at any time.
        unsafe {
            let place = kept.items().add(at);
            let old = std::mem::replace(&mut *place, item(at).to_owned().into_ptr());
            drop(Owned::<Object>::from_ptr(old));
        }
    }
    kept.forget_hash();
    gc::track(th, result.borrow());
    Ok(result)
}

#[pymethods]
impl Enumerate {
    #[new(sig = "(iterable, start=<unrepresentable>)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        #[default(None)] start: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Enumerate>> {
        Enumerate::make(th, cls, iterable, start)
    }

    #[slot(tp_vectorcall)]
    fn construct(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult<Owned<Enumerate>> {
        // SAFETY: the callable of a type's vectorcall is the type.
        let cls = unsafe { this.cast::<Type>() };
        let given = args.values.len();
        if given > 2 {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "enumerate() takes at most 2 arguments ({given} given)"
            ));
        }
        let (mut iterable, mut start) = (args.positionals().first(), args.positionals().get(1));
        if args.positional == 0 && given == 0 {
            return Err(
                th.raise(exc::TYPE_ERROR, "enumerate() missing required argument 'iterable'")
            );
        }
        let names = args.kwnames.map_or(&[][..], |names| names.get().as_slice());
        for (name, value) in names.iter().zip(&args.values[args.positional..]) {
            let text = name.downcast::<Str>();
            // Alone, `start` is not enough.
            let is = |wanted: &str| text.is_some_and(|text| text.eq_str(wanted));
            if is("iterable") && iterable.is_none() {
                iterable = Some(value);
            } else if is("start") && start.is_none() && given == 2 {
                start = Some(value);
            } else {
                let name = object::str(th, *name)?;
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "'{}' is an invalid keyword argument for enumerate()",
                    &*name
                ));
            }
        }
        match iterable {
            Some(iterable) => Enumerate::make(th, cls, *iterable, start.copied()),
            None => {
                Err(th.raise(exc::TYPE_ERROR, "enumerate() missing required argument 'iterable'"))
            }
        }
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(iterator) = self.iterator.get() else {
            return Ok(None);
        };
        let Some(item) = iter::next(th, iterator)? else {
            return Ok(None);
        };
        let count = self.count(th)?.into_object();
        give_pair(th, &self.pair, count, item).map(Some)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let count = match this.big_index.get_owned() {
            Some(count) => count.into_object(),
            None => Int::from_isize(th, this.index.get())?.into_object(),
        };
        let iterator = this.iterator.get_owned().unwrap_or_else(|| none().to_owned());
        let arguments = Tuple::pack(th, [iterator, count])?.into_object();
        let ty = this.object().get().ty().object().to_owned();
        Tuple::pack(th, [ty, arguments]).map(Owned::into_object)
    }

    /// Return a generic alias, for annotations.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }
}

/// Go through a sequence from its last item to its first.
#[pytype(
    name = "reversed",
    symbol = "PyReversed_Type",
    new = "(sequence, /)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Reversed {
    head: Head,
    /// The position of the next item; -1 at the end.
    index: Cell<isize>,
    #[visit]
    sequence: Slot,
}

#[pymethods]
impl Reversed {
    #[new(sig = "(sequence, /)")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread, sequence: Borrowed<'_>) -> PyResult {
        let not_reversible = || {
            let name = sequence.type_name();
            raise!(th, TYPE_ERROR, "'{name}' object is not reversible")
        };
        if let Some(method) = object::lookup_special(th, sequence, id::__reversed__)? {
            if method.is_none() {
                return Err(not_reversible());
            }
            return call::call(th, method.borrow(), &[]);
        }
        if !sequence::check(sequence) {
            return Err(not_reversible());
        }
        let len = sequence::len(th, sequence)?;
        let reversed = cls.alloc::<Reversed>(th, 0)?;
        reversed.index.set(len as isize - 1);
        reversed.sequence.set(Some(sequence.to_owned()));
        Ok(reversed.into_object())
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let index = self.index.get();
        if let Some(sequence) = self.sequence.get_owned().filter(|_| index >= 0) {
            match sequence::get(th, sequence.borrow(), index) {
                Ok(item) => {
                    self.index.set(index - 1);
                    return Ok(Some(item));
                }
                Err(raised) => {
                    if !th.exception_matches(exc::INDEX_ERROR)
                        && !th.exception_matches(exc::STOP_ITERATION)
                    {
                        return Err(raised);
                    }
                    drop(th.take_raised(raised));
                }
            }
        }
        self.index.set(-1);
        drop(self.sequence.take());
        Ok(None)
    }

    /// About how many items are still to come.
    #[method(sig = "(self, /)")]
    fn __length_hint__(&self, th: &Thread) -> PyResult<usize> {
        let Some(sequence) = self.sequence.get_owned() else {
            return Ok(0);
        };
        let len = sequence::len(th, sequence.borrow())?;
        let left = self.index.get() + 1;
        Ok(if len < left.max(0) as usize { 0 } else { left.max(0) as usize })
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let ty = this.object().get().ty().object().to_owned();
        match this.sequence.get_owned() {
            Some(sequence) => {
                let arguments = Tuple::pack(th, [sequence])?.into_object();
                let index = Int::from_isize(th, this.index.get())?.into_object();
                Tuple::pack(th, [ty, arguments, index]).map(Owned::into_object)
            }
            None => {
                let arguments = Tuple::pack(th, [Tuple::empty().object().to_owned()])?;
                Tuple::pack(th, [ty, arguments.into_object()]).map(Owned::into_object)
            }
        }
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let index = state_index(th, state)?;
        if let Some(sequence) = self.sequence.get_owned() {
            let len = sequence::len(th, sequence.borrow())?;
            self.index.set(index.clamp(-1, len as isize - 1));
        }
        Ok(())
    }
}
