//! Iterators of the house: `iter(sequence)`, `iter(callable, sentinel)`, and those of lists and tuples.
//!
//! The same job as CPython's `Objects/iterobject.c`.

pub mod combine;
pub mod enumerate;
pub mod list;
pub mod tuple;

use std::cell::Cell;

use crate::prelude::*;

pub(crate) use crate::object::builtin;

/// `iterator`: over anything with `__getitem__`.
pub fn sequence_iterator(th: &Thread, sequence: Borrowed<'_>) -> PyResult {
    let iterator =
        Borrowed::from_ref(SequenceIterator::type_object()).alloc::<SequenceIterator>(th, 0)?;
    iterator.sequence.set(Some(sequence.to_owned()));
    Ok(iterator.into_object())
}

/// `iter(callable, sentinel)`.
pub fn callable_iterator(th: &Thread, callable: Borrowed<'_>, sentinel: Borrowed<'_>) -> PyResult {
    let iterator =
        Borrowed::from_ref(CallableIterator::type_object()).alloc::<CallableIterator>(th, 0)?;
    iterator.callable.set(Some(callable.to_owned()));
    iterator.sentinel.set(Some(sentinel.to_owned()));
    Ok(iterator.into_object())
}

/// `(function, (sequence,), index)`, or, of an iterator at its end, `(function, (empty,))`; `function` is `iter` or `reversed`.
pub fn reduce<T>(
    th: &Thread,
    function: Borrowed<'_, Str>,
    sequence: &Slot<T>,
    index: &Cell<isize>,
    empty: impl FnOnce(&Thread) -> PyResult,
) -> PyResult {
    // Looking the function up can run code, also code that goes on with the iterator: the rest is read afterwards.
    let function = builtin(th, function)?;
    let Some(sequence) = sequence.get_owned() else {
        let arguments = Tuple::pack(th, [empty(th)?])?;
        return Tuple::pack(th, [function, arguments.into_object()]).map(Owned::into_object);
    };
    let arguments = Tuple::pack(th, [sequence.into_object()])?;
    let index = Int::from_isize(th, index.get())?;
    Tuple::pack(th, [function, arguments.into_object(), index.into_object()])
        .map(Owned::into_object)
}

/// The empty tuple, as `reduce` takes it.
pub fn empty_tuple(_: &Thread) -> PyResult {
    Ok(Tuple::empty().object().to_owned())
}

/// `(iter, (empty,))`.
fn reduce_exhausted(th: &Thread, empty: Owned) -> PyResult {
    let function = builtin(th, id::iter)?;
    let arguments = Tuple::pack(th, [empty])?;
    Tuple::pack(th, [function, arguments.into_object()]).map(Owned::into_object)
}

/// The index that `__setstate__` gets.
pub(crate) fn state_index(th: &Thread, state: Borrowed<'_>) -> PyResult<isize> {
    number::as_isize(th, state, Some(exc::OVERFLOW_ERROR))
}

/// How many items are left of `len` (nothing for an exhausted iterator).
pub(crate) fn length_hint_of(len: Option<usize>, index: isize) -> usize {
    match (len, usize::try_from(index)) {
        (Some(len), Ok(index)) => len.saturating_sub(index),
        _ => 0,
    }
}

/// `iterator`.
#[pytype(name = "iterator", symbol = "PySeqIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct SequenceIterator {
    head: Head,
    index: Cell<isize>,
    /// Empty at the end.
    #[visit]
    sequence: Slot,
}

#[pymethods]
impl SequenceIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(sequence) = self.sequence.get_owned() else {
            return Ok(None);
        };
        let index = self.index.get();
        if index == isize::MAX {
            return Err(th.raise(exc::OVERFLOW_ERROR, "iter index too large"));
        }
        match crate::protocol::sequence::get(th, sequence.borrow(), index) {
            Ok(item) => {
                self.index.set(index + 1);
                Ok(Some(item))
            }
            Err(raised) => {
                if !th.exception_matches(exc::INDEX_ERROR)
                    && !th.exception_matches(exc::STOP_ITERATION)
                {
                    return Err(raised);
                }
                drop(th.take_raised(raised));
                drop(self.sequence.take());
                Ok(None)
            }
        }
    }

    /// About how many items are still to come.
    #[method(sig = "(self, /)")]
    fn __length_hint__(&self, th: &Thread) -> PyResult {
        let Some(sequence) = self.sequence.get_owned() else {
            return Int::from_i64(th, 0).map(Owned::into_object);
        };
        let slots = sequence.ty();
        // SAFETY: tables of a live type.
        let has_length = unsafe {
            slots.raw().tp_as_sequence.as_ref().is_some_and(|slots| slots.sq_length.is_some())
                || slots.raw().tp_as_mapping.as_ref().is_some_and(|slots| slots.mp_length.is_some())
        };
        if !has_length {
            return Ok(not_implemented().to_owned());
        }
        let len = object::len(th, sequence.borrow())?;
        Int::from_usize(th, length_hint_of(Some(len), self.index.get())).map(Owned::into_object)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        reduce(th, id::iter, &self.sequence, &self.index, empty_tuple)
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let index = state_index(th, state)?;
        if self.sequence.get().is_some() {
            self.index.set(index.max(0));
        }
        Ok(())
    }
}

/// Whether the type's `==` is that of `object`.
fn is_compared_by_identity(ob: Borrowed<'_>) -> bool {
    let of = |ty: &Type| ty.raw().tp_richcompare.map(|slot| slot as usize);
    of(ob.ty().get()) == of(Object::type_object())
}

/// `callable_iterator`: calls until the result equals the sentinel.
#[pytype(name = "callable_iterator", symbol = "PyCallIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct CallableIterator {
    head: Head,
    /// Both are empty at the end.
    #[visit]
    callable: Slot,
    #[visit]
    sentinel: Slot,
}

impl CallableIterator {
    fn finish(&self) {
        drop(self.callable.take());
        drop(self.sentinel.take());
    }
}

#[pymethods]
impl CallableIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(callable) = self.callable.get_owned() else {
            return Ok(None);
        };
        match call::call(th, callable.borrow(), &[]) {
            Ok(result) => {
                // The call may have used the iterator up.
                let Some(sentinel) = self.sentinel.get_owned() else {
                    return Ok(None);
                };
                // Nothing but itself equals `None`, unless a type has an opinion of its own.
                let differs = sentinel.is_none() && is_compared_by_identity(result.borrow());
                if differs && !result.is_none()
                    || !object::eq(th, sentinel.borrow(), result.borrow())?
                {
                    return Ok(Some(result));
                }
                self.finish();
                Ok(None)
            }
            Err(raised) => {
                drop(th.take_if(raised, exc::STOP_ITERATION)?);
                self.finish();
                Ok(None)
            }
        }
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let function = builtin(th, id::iter)?;
        match (self.callable.get_owned(), self.sentinel.get_owned()) {
            (Some(callable), Some(sentinel)) => {
                let arguments = Tuple::pack(th, [callable, sentinel])?;
                Tuple::pack(th, [function, arguments.into_object()]).map(Owned::into_object)
            }
            _ => reduce_exhausted(th, Tuple::empty().object().to_owned()),
        }
    }
}
