//! `range_iterator`, over machine integers, and `longrange_iterator`, over ints of any size.

use std::cell::Cell;

use num_bigint::BigInt;

use super::Range;
use crate::iterators::builtin;
use crate::prelude::*;
use crate::typeobj::alloc::init_head;

/// Laid out as `_PyRangeIterObject`: the specialised `FOR_ITER` reads it.
#[pytype(name = "range_iterator", symbol = "PyRangeIter_Type")]
#[repr(C)]
pub struct RangeIterator {
    head: Head,
    /// The next number.
    start: Cell<i64>,
    step: Cell<i64>,
    /// How many are left.
    len: Cell<i64>,
}
assert_layout!(RangeIterator => krait_abi::_PyRangeIterObject);

impl RangeIterator {
    pub fn new(th: &Thread, start: i64, step: i64, len: i64) -> PyResult {
        let mut ob = th.interp().free_lists.range_iterators.pop();
        if ob.is_null() {
            let ty = RangeIterator::type_object().as_type_ptr();
            ob = th.interp().heap.alloc_object(size_of::<RangeIterator>(), 0, ty).cast();
            if ob.is_null() {
                return Err(th.no_memory());
            }
        }
        // SAFETY: fresh memory of the right size; every field is written.
        unsafe {
            init_head(ob, Borrowed::from_ref(RangeIterator::type_object()));
            let this = ob.cast::<RangeIterator>();
            (&raw mut (*this).start).write(Cell::new(start));
            (&raw mut (*this).step).write(Cell::new(step));
            (&raw mut (*this).len).write(Cell::new(len));
            Ok(Owned::from_ptr(ob))
        }
    }
}

#[pymethods]
impl RangeIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned<Int>>> {
        let left = self.len.get();
        if left <= 0 {
            return Ok(None);
        }
        let value = self.start.get();
        self.start.set(value.wrapping_add(self.step.get()));
        self.len.set(left - 1);
        Int::from_i64(th, value).map(Some)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the type has no subtypes.
        unsafe {
            let interp = Thread::attached().interp();
            if !interp.free_lists.range_iterators.push(this.cast()) {
                interp.heap.free(this.cast());
            }
        }
    }

    /// About how many items are still to come.
    #[method(sig = "(self, /)")]
    fn __length_hint__(&self) -> i64 {
        self.len.get()
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let (start, step) = (self.start.get(), self.step.get());
        let stop = start.wrapping_add(self.len.get().wrapping_mul(step));
        let range = Range::from_i64(th, start, stop, step)?.into_object();
        reduced(th, range)
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let index = isize_of(th, state)?.clamp(0, self.len.get());
        self.start.set(self.start.get().wrapping_add(index.wrapping_mul(self.step.get())));
        self.len.set(self.len.get() - index);
        Ok(())
    }
}

fn isize_of(th: &Thread, state: Borrowed<'_>) -> PyResult<i64> {
    number::as_isize(th, state, Some(exc::OVERFLOW_ERROR)).map(|value| value as i64)
}

/// `(iter, (range,), None)`.
fn reduced(th: &Thread, range: Owned) -> PyResult {
    let function = builtin(th, id::iter)?;
    let arguments = Tuple::pack(th, [range])?.into_object();
    Tuple::pack(th, [function, arguments, none().to_owned()]).map(Owned::into_object)
}

#[pytype(name = "longrange_iterator", symbol = "PyLongRangeIter_Type")]
#[repr(C)]
pub struct LongRangeIterator {
    head: Head,
    start: Slot<Int>,
    step: Slot<Int>,
    len: Slot<Int>,
}

impl LongRangeIterator {
    pub fn new(th: &Thread, start: Owned<Int>, step: Owned<Int>, len: Owned<Int>) -> PyResult {
        let iterator = Borrowed::from_ref(Self::type_object()).alloc::<Self>(th, 0)?;
        iterator.start.set(Some(start));
        iterator.step.set(Some(step));
        iterator.len.set(Some(len));
        Ok(iterator.into_object())
    }

    fn parts(&self) -> [BigInt; 3] {
        [&self.start, &self.step, &self.len]
            .map(|slot| slot.get().map_or(BigInt::ZERO, |int| int.to_big()))
    }
}

#[pymethods]
impl LongRangeIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned<Int>>> {
        let [start, step, len] = self.parts();
        if len <= BigInt::ZERO {
            return Ok(None);
        }
        let next = Int::from_big(th, &(start + step))?;
        let left = Int::from_big(th, &(len - 1))?;
        self.len.set(Some(left));
        Ok(self.start.replace(Some(next)))
    }

    /// About how many items are still to come.
    #[method(sig = "(self, /)")]
    fn __length_hint__(&self) -> Option<Owned<Int>> {
        self.len.get_owned()
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let [start, step, len] = self.parts();
        let stop = &start + len * &step;
        reduced(th, Range::from_big(th, [&start, &stop, &step])?.into_object())
    }

    /// Restore the state that __reduce__() put into a pickle.
    #[method(sig = "(self, object, /)")]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let Some(state) = state.downcast::<Int>() else {
            let name = state.type_name();
            return Err(raise!(th, TYPE_ERROR, "state must be an int, not {name}"));
        };
        let [start, step, len] = self.parts();
        let index = state.to_big().clamp(BigInt::ZERO, len.clone());
        let start = Int::from_big(th, &(start + &index * step))?;
        let left = Int::from_big(th, &(len - index))?;
        self.start.set(Some(start));
        self.len.set(Some(left));
        Ok(())
    }
}
