//! `str_iterator` and `str_ascii_iterator`.

use std::cell::Cell;

use super::single::single_ascii;
use crate::prelude::*;

pub(crate) use crate::object::builtin;

/// Over any string.
#[pytype(name = "str_iterator", symbol = "PyUnicodeIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct StrIterator {
    head: Head,
    index: Cell<isize>,
    #[visit]
    string: Slot<Str>,
}

/// Over a string that is all ASCII.
#[pytype(name = "str_ascii_iterator", symbol = "_PyUnicodeASCIIIter_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct StrAsciiIterator {
    head: Head,
    index: Cell<isize>,
    #[visit]
    string: Slot<Str>,
}

/// A new, zeroed instance of a static type, tracked by the collector if the type is.
pub(crate) fn instance<T: Instance>(th: &Thread) -> PyResult<Owned<T>> {
    let ty = Borrowed::from_ref(T::type_object());
    ty.ready(th)?;
    // SAFETY: an instance of `T`'s own type is laid out as `T`.
    Ok(unsafe { crate::typeobj::alloc::alloc(th, ty, 0)?.cast() })
}

/// `iter(string)`.
pub fn new(th: &Thread, string: Borrowed<'_, Str>) -> PyResult {
    if string.is_ascii() {
        let iterator = instance::<StrAsciiIterator>(th)?;
        iterator.string.set(Some(string.to_owned()));
        return Ok(iterator.into_object());
    }
    let iterator = instance::<StrIterator>(th)?;
    iterator.string.set(Some(string.to_owned()));
    Ok(iterator.into_object())
}

impl StrAsciiIterator {
    /// The next character, for the loop; at the end nothing changes, so that `tp_iternext` can end it.
    #[inline(always)]
    pub fn advance(&self) -> Option<Borrowed<'static, Str>> {
        let string = self.string.get()?;
        let at = self.index.get() as usize;
        if at >= string.len() {
            return None;
        }
        self.index.set(at as isize + 1);
        // SAFETY: there is a character at `at`, and all are ASCII.
        Some(unsafe { single_ascii(*string.data().add(at)) })
    }
}

fn next(th: &Thread, index: &Cell<isize>, slot: &Slot<Str>) -> PyResult<Option<Owned>> {
    let Some(string) = slot.get() else {
        return Ok(None);
    };
    let at = index.get() as usize;
    if at < string.len() {
        index.set(at as isize + 1);
        return Ok(Some(Str::from_char(th, string.char_at(at))?.into_object()));
    }
    slot.set(None);
    Ok(None)
}

fn length_hint(index: &Cell<isize>, slot: &Slot<Str>) -> usize {
    slot.get().map_or(0, |string| string.len().saturating_sub(index.get() as usize))
}

fn reduce(th: &Thread, index: &Cell<isize>, slot: &Slot<Str>) -> PyResult {
    let iter = builtin(th, id::iter)?;
    let items = match slot.get() {
        Some(string) => {
            let arguments = Tuple::from_slice(th, &[string.object()])?.into_object();
            return Ok(Tuple::pack(
                th,
                [iter, arguments, Int::from_isize(th, index.get())?.into_object()],
            )?
            .into_object());
        }
        None => Tuple::from_slice(th, &[Str::empty().object()])?.into_object(),
    };
    Ok(Tuple::pack(th, [iter, items])?.into_object())
}

fn set_state(
    th: &Thread,
    index: &Cell<isize>,
    slot: &Slot<Str>,
    state: Borrowed<'_>,
) -> PyResult<()> {
    let at = iterator_state(th, state)?;
    if let Some(string) = slot.get() {
        index.set(at.clamp(0, string.len() as isize));
    }
    Ok(())
}

/// The argument of `__setstate__`.
pub fn iterator_state(th: &Thread, state: Borrowed<'_>) -> PyResult<isize> {
    match state.downcast::<Int>() {
        Some(int) => int.to_i64().map(|at| at as isize).ok_or_else(|| {
            raise!(th, OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")
        }),
        None => Err(th.raise(exc::TYPE_ERROR, "an integer is required")),
    }
}

macro_rules! methods {
    ($ty:ident) => {
        #[pymethods]
        impl $ty {
            #[slot(tp_iternext)]
            fn next_slot(&self, th: &Thread) -> PyResult<Option<Owned>> {
                next(th, &self.index, &self.string)
            }

            /// Return an estimate of how many items are left.
            #[method(sig = "(self, /)")]
            fn __length_hint__(&self) -> usize {
                length_hint(&self.index, &self.string)
            }

            /// Return what pickling needs to make the iterator again.
            #[method(sig = "(self, /)")]
            fn __reduce__(&self, th: &Thread) -> PyResult {
                reduce(th, &self.index, &self.string)
            }

            /// Go to a position that __reduce__ told.
            #[method(sig = "(self, object, /)")]
            fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
                set_state(th, &self.index, &self.string, state)
            }
        }
    };
}

methods!(StrIterator);
methods!(StrAsciiIterator);
