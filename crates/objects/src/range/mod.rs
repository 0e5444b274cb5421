//! `range`. Its iterators are in `iterators`.
//!
//! Bounds may be ints of any size; the common case, in which all fit a machine word, is handled first everywhere. The
//! same job as CPython's `Objects/rangeobject.c`.

mod iterator;

use krait_abi as abi;
use num_bigint::BigInt;

use crate::hash::TupleHasher;
use crate::prelude::*;
use crate::protocol::sequence;
use crate::repr_guard::Pieces;
use crate::slice::{self, Slice};
use crate::typeobj::alloc::init_static_head;

pub use iterator::{LongRangeIterator, RangeIterator};

/// range(stop) -> range object
/// range(start, stop[, step]) -> range object
///
/// The integers from start (inclusive) to stop (exclusive) by step. With range(stop), start is 0;
/// a step of -1 counts down.
#[pytype(name = "range", symbol = "PyRange_Type", flags(SEQUENCE))]
#[repr(C)]
pub struct Range {
    head: Head,
    #[member(readonly, kind = "OBJECT_EX")]
    start: Slot<Int>,
    #[member(readonly, kind = "OBJECT_EX")]
    stop: Slot<Int>,
    #[member(readonly, kind = "OBJECT_EX")]
    step: Slot<Int>,
    length: Slot<Int>,
}

/// How many numbers there are.
fn count_small(start: i64, stop: i64, step: i64) -> u64 {
    let (low, high) = if step > 0 { (start, stop) } else { (stop, start) };
    if low >= high {
        return 0;
    }
    (high.wrapping_sub(low) as u64 - 1) / step.unsigned_abs() + 1
}

fn count(start: &BigInt, stop: &BigInt, step: &BigInt) -> BigInt {
    let down = step.sign() == num_bigint::Sign::Minus;
    let (low, high) = if down { (stop, start) } else { (start, stop) };
    if low >= high {
        return BigInt::ZERO;
    }
    let step = if down { -step } else { step.clone() };
    (high - low - 1) / step + 1
}

/// The exact int behind a subclass of it.
fn exact(th: &Thread, value: Borrowed<'_>) -> PyResult<Owned<Int>> {
    number::index(th, value)
}

impl Range {
    /// `range(start, stop, step)`.
    pub fn new(
        th: &Thread,
        start: Owned<Int>,
        stop: Owned<Int>,
        step: Owned<Int>,
    ) -> PyResult<Owned<Range>> {
        let length = match (start.to_i64(), stop.to_i64(), step.to_i64()) {
            (_, _, Some(0)) => {
                return Err(th.raise(exc::VALUE_ERROR, "range() arg 3 must not be zero"));
            }
            (Some(start), Some(stop), Some(step)) => {
                Int::from_u64(th, count_small(start, stop, step))?
            }
            _ => Int::from_big(th, &count(&start.to_big(), &stop.to_big(), &step.to_big()))?,
        };
        let range = Range::alloc(th)?;
        range.start.set(Some(start));
        range.stop.set(Some(stop));
        range.step.set(Some(step));
        range.length.set(Some(length));
        Ok(range)
    }

    /// A range whose fields are empty.
    fn alloc(th: &Thread) -> PyResult<Owned<Range>> {
        let ty = Range::type_object();
        if !ty.has_flag(abi::Py_TPFLAGS_READY) {
            Borrowed::from_ref(ty).ready(th)?;
        }
        let mut ob = th.interp().free_lists.ranges.pop();
        if ob.is_null() {
            ob = th.interp().heap.alloc_object(size_of::<Range>(), 0, ty.as_type_ptr()).cast();
            if ob.is_null() {
                return Err(th.no_memory());
            }
        }
        // SAFETY: memory of the right size that nobody else knows; a range's fields may be empty.
        unsafe {
            ob.cast::<Range>().write_bytes(0, 1);
            init_static_head(ob, ty);
            Ok(Owned::from_ptr(ob))
        }
    }

    pub fn from_i64(th: &Thread, start: i64, stop: i64, step: i64) -> PyResult<Owned<Range>> {
        let int = |value| Int::from_i64(th, value);
        Range::new(th, int(start)?, int(stop)?, int(step)?)
    }

    fn from_big(th: &Thread, parts: [&BigInt; 3]) -> PyResult<Owned<Range>> {
        let [start, stop, step] = parts.map(|part| Int::from_big(th, part));
        Range::new(th, start?, stop?, step?)
    }

    fn field<'a>(slot: &'a Slot<Int>) -> Borrowed<'a, Int> {
        match slot.get() {
            Some(int) => int,
            None => crate::fatal("a range lost its fields"),
        }
    }

    fn parts(&self) -> [Borrowed<'_, Int>; 3] {
        [Range::field(&self.start), Range::field(&self.stop), Range::field(&self.step)]
    }

    /// The three as machine integers, if they fit.
    fn small(&self) -> Option<(i64, i64, i64)> {
        let [start, stop, step] = self.parts();
        Some((start.to_i64()?, stop.to_i64()?, step.to_i64()?))
    }

    fn big(&self) -> [BigInt; 3] {
        self.parts().map(|part| part.to_big())
    }

    fn len(&self) -> Borrowed<'_, Int> {
        Range::field(&self.length)
    }

    /// The number at `index`, which is in range.
    fn at(&self, th: &Thread, index: &BigInt) -> PyResult<Owned<Int>> {
        let [start, _, step] = self.big();
        Int::from_big(th, &(start + index * step))
    }

    fn item(&self, th: &Thread, index: &Int) -> PyResult<Owned<Int>> {
        if let (Some((start, _, step)), Some(len), Some(index)) =
            (self.small(), self.len().to_i64(), index.to_i64())
        {
            let index = if index < 0 { index + len } else { index };
            if index < 0 || index >= len {
                return Err(out_of_range(th));
            }
            // In range, so it lies between start and stop.
            return Int::from_i64(th, start.wrapping_add(index.wrapping_mul(step)));
        }
        let len = self.len().to_big();
        let mut index = index.to_big();
        if index.sign() == num_bigint::Sign::Minus {
            index += &len;
        }
        if index.sign() == num_bigint::Sign::Minus || index >= len {
            return Err(out_of_range(th));
        }
        self.at(th, &index)
    }

    fn slice(&self, th: &Thread, slice: &Slice) -> PyResult<Owned<Range>> {
        let [first, last, by] = slice.big_indices(th, &self.len().to_big())?;
        let [start, _, step] = self.big();
        let new_start = &start + first * &step;
        let new_stop = &start + last * &step;
        Range::from_big(th, [&new_start, &new_stop, &(by * step)])
    }

    /// The position of an exact int, if it is in the range.
    fn position(&self, value: &Int) -> Option<BigInt> {
        if let (Some((start, stop, step)), Some(value)) = (self.small(), value.to_i64()) {
            let inside = if step > 0 {
                start <= value && value < stop
            } else {
                stop < value && value <= start
            };
            if !inside {
                return None;
            }
            let distance = i128::from(value) - i128::from(start);
            let step = i128::from(step);
            return (distance % step == 0).then(|| BigInt::from(distance / step));
        }
        let [start, stop, step] = self.big();
        let value = value.to_big();
        let down = step.sign() == num_bigint::Sign::Minus;
        let inside =
            if down { stop < value && value <= start } else { start <= value && value < stop };
        let distance = value - start;
        (inside && &distance % &step == BigInt::ZERO).then(|| distance / step)
    }
}

#[cold]
fn out_of_range(th: &Thread) -> Raised {
    th.raise(exc::INDEX_ERROR, "range object index out of range")
}

/// An int or bool, not an instance of another subclass: its comparison is known.
fn plain_int(ob: Borrowed<'_>) -> Option<Borrowed<'_, Int>> {
    if ob.is_exact::<Int>() || ob.is_exact::<crate::int::Bool>() {
        return ob.downcast::<Int>();
    }
    None
}

#[pymethods(parts(methods))]
impl Range {
    #[new(sig = "(a, b=<unrepresentable>, c=<unrepresentable>, /)")]
    fn construct(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        a: Borrowed<'_>,
        #[default(None)] b: Option<Borrowed<'_>>,
        #[default(None)] c: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Range>> {
        let int = |value: i64| Int::from_i64(th, value);
        let Some(b) = b else {
            let stop = exact(th, a)?;
            return Range::new(th, int(0)?, stop, int(1)?);
        };
        let start = exact(th, a)?;
        let stop = exact(th, b)?;
        let step = c.map_or_else(|| int(1), |step| exact(th, step))?;
        Range::new(th, start, stop, step)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the type has no subtypes. The fields are ints, whose end runs no code.
        unsafe {
            std::ptr::drop_in_place(this);
            let interp = Thread::attached().interp();
            if !interp.free_lists.ranges.push(this.cast()) {
                interp.heap.free(this.cast());
            }
        }
    }

    #[slot(sq_length, mp_length)]
    fn length(&self, th: &Thread) -> PyResult<usize> {
        match self.len().to_i64() {
            Some(len) => Ok(len as usize),
            None => {
                Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C ssize_t"))
            }
        }
    }

    #[slot(nb_bool)]
    fn truth(&self) -> PyResult<bool> {
        Ok(!self.len().is_zero())
    }

    #[slot(sq_item)]
    fn sequence_item(&self, th: &Thread, index: isize) -> PyResult<Owned<Int>> {
        let index = Int::from_isize(th, index)?;
        self.item(th, &index)
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult {
        if slice::is_index(key) {
            let index = number::index(th, key)?;
            return self.item(th, &index).map(Owned::into_object);
        }
        if let Some(slice) = key.downcast_exact::<Slice>() {
            return self.slice(th, &slice).map(Owned::into_object);
        }
        let name = key.type_name();
        Err(raise!(th, TYPE_ERROR, "range indices must be integers or slices, not {name}"))
    }

    #[slot(sq_contains)]
    fn contains(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult<bool> {
        match plain_int(value) {
            Some(int) => Ok(this.position(&int).is_some()),
            None => sequence::contains_by_iteration(th, this.object(), value),
        }
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        // As the tuple (length, start, step), with None for what does not matter.
        let [start, _, step] = self.parts();
        let len = self.len();
        let start = if len.is_zero() { none() } else { start.object() };
        let step = if len.is_zero() || len.to_i64() == Some(1) { none() } else { step.object() };
        let mut hasher = TupleHasher::new();
        for part in [len.object(), start, step] {
            hasher.add(object::hash(th, part)? as i64);
        }
        Ok(hasher.finish() as isize)
    }

    #[slot(tp_richcompare)]
    fn compare(&self, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let (Some(other), CompareOp::Eq | CompareOp::Ne) = (other.downcast_exact::<Range>(), op)
        else {
            return Ok(not_implemented().to_owned());
        };
        let (a, b) = (self.len().to_big(), other.get().len().to_big());
        let equal = a == b
            && (a == BigInt::ZERO || {
                let ([start, _, step], [other_start, _, other_step]) = (self.big(), other.big());
                start == other_start && (a == BigInt::from(1) || step == other_step)
            });
        Ok(bool_object(equal == (op == CompareOp::Eq)).object().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let [start, stop, step] = self.parts();
        let mut pieces = Pieces::default();
        pieces.text(th, "range(")?;
        pieces.repr(th, start.object())?;
        pieces.text(th, ", ")?;
        pieces.repr(th, stop.object())?;
        if step.to_i64() != Some(1) {
            pieces.text(th, ", ")?;
            pieces.repr(th, step.object())?;
        }
        pieces.text(th, ")")?;
        pieces.finish(th)
    }

    #[slot(tp_iter)]
    fn iter(&self, th: &Thread) -> PyResult {
        if let Some((start, stop, step)) = self.small() {
            let count = count_small(start, stop, step);
            // The iterator computes one number more than it gives.
            let safe = if step > 0 {
                stop <= i64::MAX - (step - 1)
            } else {
                stop >= i64::MIN + (-1 - step)
            };
            if let (true, Ok(len)) = (safe, i64::try_from(count)) {
                return RangeIterator::new(th, start, step, len);
            }
        }
        let [start, _, step] = self.parts();
        LongRangeIterator::new(th, start.to_owned(), step.to_owned(), self.len().to_owned())
    }
}

#[pymethods(part = "methods")]
impl Range {
    /// Return a reverse iterator.
    #[method(sig = "(self, /)")]
    fn __reversed__(&self, th: &Thread) -> PyResult {
        if let (Some((start, _, step)), Some(len)) = (self.small(), self.len().to_i64()) {
            let last = i128::from(start) + (i128::from(len) - 1) * i128::from(step);
            let past = last - i128::from(step) * i128::from(len);
            if let (Ok(last), Ok(_), Some(step)) =
                (i64::try_from(last), i64::try_from(past), step.checked_neg())
            {
                return RangeIterator::new(th, last, step, len);
            }
        }
        let [start, _, step] = self.big();
        let len = self.len();
        let last = start + (len.to_big() - 1) * &step;
        let (last, step) = (Int::from_big(th, &last)?, Int::from_big(th, &-step)?);
        LongRangeIterator::new(th, last, step, len.to_owned())
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let parts = self.parts().map(Borrowed::object);
        let arguments = Tuple::from_slice(th, &parts)?.into_object();
        let ty = Borrowed::from_ref(Range::type_object()).object().to_owned();
        Tuple::pack(th, [ty, arguments]).map(Owned::into_object)
    }

    /// How often the value occurs: 0 or 1 for an int.
    #[method(sig = "(self, object, /)", no_text)]
    fn count(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult<usize> {
        match plain_int(object) {
            Some(int) => Ok(usize::from(this.position(&int).is_some())),
            None => sequence::count(th, this.object(), object),
        }
    }

    /// The position of the value; ValueError if it is not there.
    #[method(sig = "(self, object, /)", no_text)]
    fn index(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let Some(int) = plain_int(object) else {
            let at = sequence::index(th, this.object(), object)?;
            return Int::from_usize(th, at).map(Owned::into_object);
        };
        match this.position(&int) {
            Some(at) => Int::from_big(th, &at).map(Owned::into_object),
            None => Err(th.raise(exc::VALUE_ERROR, "range.index(x): x not in range")),
        }
    }
}

const _: () = assert!(size_of::<Range>() == 48 && size_of::<abi::PyObject>() == 16);
