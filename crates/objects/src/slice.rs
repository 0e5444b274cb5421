//! `slice`, and what subscripts mean to a sequence.
//!
//! The same job as CPython's `Objects/sliceobject.c`.

use std::cmp::Ordering;

use krait_abi as abi;
use num_bigint::BigInt;

use crate::args::FromArg;
use crate::args::Site;
use crate::freelist::alloc_gc;
use crate::gc;
use crate::hash::TupleHasher;
use crate::prelude::*;
use crate::repr_guard::Pieces;
use crate::typeobj::alloc::init_head;

/// Create a slice object: slice(stop) or slice(start, stop[, step]).
///
/// It stands for the positions that range(start, stop, step) gives, and is what extended
/// indexing such as a[0:10:2] passes on.
#[pytype(name = "slice", symbol = "PySlice_Type", flags(HAVE_GC))]
#[repr(C)]
pub struct Slice {
    head: Head,
    #[visit]
    #[member(readonly)]
    start: Slot,
    #[visit]
    #[member(readonly)]
    stop: Slot,
    #[visit]
    #[member(readonly)]
    step: Slot,
}
assert_layout!(Slice => abi::PySliceObject);

/// The positions a slice selects of a sequence.
#[derive(Clone, Copy, Debug)]
pub struct SliceRange {
    pub start: isize,
    pub stop: isize,
    pub step: isize,
    /// How many positions.
    pub len: usize,
}

impl SliceRange {
    /// Clips to a sequence of `len` items: `PySlice_AdjustIndices`.
    pub fn of(start: isize, stop: isize, step: isize, len: usize) -> SliceRange {
        let len = len as isize;
        let clip = |at: isize| {
            let at = if at < 0 { at + len } else { at };
            match step < 0 {
                true => at.clamp(-1, len - 1),
                false => at.clamp(0, len),
            }
        };
        let (start, stop) = (clip(start), clip(stop));
        if step == 1 {
            return SliceRange { start, stop, step, len: (stop - start).max(0) as usize };
        }
        let count = match step < 0 {
            true if stop < start => (start - stop - 1) / -step + 1,
            false if start < stop => (stop - start - 1) / step + 1,
            _ => 0,
        };
        SliceRange { start, stop, step, len: count as usize }
    }

    /// First position and the one after the last, for step 1.
    pub fn bounds(&self) -> (usize, usize) {
        (self.start as usize, self.start as usize + self.len)
    }

    pub fn positions(self) -> impl Iterator<Item = usize> {
        (0..self.len).map(move |n| (self.start + n as isize * self.step) as usize)
    }

    /// The same positions in ascending order.
    pub fn ascending(self) -> SliceRange {
        if self.step > 0 || self.len == 0 {
            return SliceRange { step: self.step.abs().max(1), ..self };
        }
        let low = self.start + (self.len as isize - 1) * self.step;
        SliceRange { start: low, stop: self.start + 1, step: -self.step, len: self.len }
    }
}

/// What stands between the brackets of a sequence.
pub enum Subscript {
    /// Counted from the start; may be out of range on either side.
    Index(isize),
    Slice(SliceRange),
}

/// Understands a subscript of a sequence of type `name` with `len` items.
pub fn subscript(th: &Thread, key: Borrowed<'_>, name: &str, len: usize) -> PyResult<Subscript> {
    match subscript_kind(th, key, name)? {
        Key::Index(index) if index < 0 => Ok(Subscript::Index(index + len as isize)),
        Key::Index(index) => Ok(Subscript::Index(index)),
        Key::Slice(start, stop, step) => {
            Ok(Subscript::Slice(SliceRange::of(start, stop, step, len)))
        }
    }
}

/// A subscript before it is applied to a length, since finding it out may change the sequence.
pub enum Key {
    Index(isize),
    /// Start, stop and step, as `PySlice_Unpack` gives them.
    Slice(isize, isize, isize),
}

/// Understands a subscript of a sequence of type `name`.
pub fn subscript_kind(th: &Thread, key: Borrowed<'_>, name: &str) -> PyResult<Key> {
    if let Some(slice) = key.downcast_exact::<Slice>() {
        let (start, stop, step) = slice.unpack(th)?;
        return Ok(Key::Slice(start, stop, step));
    }
    if is_index(key) {
        return number::as_isize(th, key, Some(exc::INDEX_ERROR)).map(Key::Index);
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "{name} indices must be integers or slices, not {}",
        key.type_name()
    ))
}

/// The position that an int of a digit stands for in a sequence of `len` items, if it is one.
///
/// # Safety
/// `key` is a live object.
#[inline(always)]
pub(crate) unsafe fn digit_index(key: *mut abi::PyObject, len: usize) -> Option<usize> {
    // SAFETY: the caller's promise.
    let key: Borrowed<'_> = unsafe { Borrowed::from_ptr(key) };
    let int = key.downcast_exact::<Int>().filter(|int| int.is_compact())?;
    let index = int.compact_value() as isize;
    let at = if index < 0 { index + len as isize } else { index } as usize;
    (at < len).then_some(at)
}

/// `PyIndex_Check`.
#[inline]
pub fn is_index(ob: Borrowed<'_>) -> bool {
    // SAFETY: the number table of a live type.
    unsafe { ob.ty().raw().tp_as_number.as_ref().is_some_and(|slots| slots.nb_index.is_some()) }
}

/// A bound as `index(value, start, stop)` takes it: clipped, negative from the end.
#[derive(Clone, Copy)]
pub struct SliceBound(pub isize);

impl SliceBound {
    pub fn within(self, len: usize) -> usize {
        let at = if self.0 < 0 { self.0.saturating_add(len as isize).max(0) } else { self.0 };
        at as usize
    }
}

impl<'a> FromArg<'a> for SliceBound {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        if is_index(arg) {
            return number::as_isize(th, arg, None).map(SliceBound);
        }
        Err(th.raise(exc::TYPE_ERROR, "slice indices must be integers or have an __index__ method"))
    }
}

/// A bound that is None or an int of a digit, which no code has to be run for; `missing` for None.
#[inline(always)]
pub fn plain_bound(bound: Borrowed<'_>, missing: isize) -> Option<isize> {
    if bound.is_none() {
        return Some(missing);
    }
    let value = bound.downcast_exact::<Int>()?;
    value.is_compact().then(|| value.compact_value() as isize)
}

/// A bound of a slice, clipped to what fits; `None` for `None`.
fn bound(th: &Thread, value: Borrowed<'_>) -> PyResult<Option<isize>> {
    if value.is_none() {
        return Ok(None);
    }
    if is_index(value) {
        return number::as_isize(th, value, None).map(Some);
    }
    Err(not_an_index(th))
}

fn not_an_index(th: &Thread) -> Raised {
    th.raise(exc::TYPE_ERROR, "slice indices must be integers or None or have an __index__ method")
}

impl Slice {
    /// `slice(start, stop, step)`.
    pub fn new(th: &Thread, start: Owned, stop: Owned, step: Owned) -> PyResult<Owned<Slice>> {
        let mut ob = th.interp().free_lists.slices.pop();
        if ob.is_null() {
            ob = alloc_gc(th, size_of::<Slice>(), Slice::type_object())?;
        }
        // SAFETY: fresh memory of the right size; every field is written.
        unsafe {
            init_head(ob, Borrowed::from_ref(Slice::type_object()));
            let this = ob.cast::<Slice>();
            (&raw mut (*this).start).write(Slot::new(Some(start)));
            (&raw mut (*this).stop).write(Slot::new(Some(stop)));
            (&raw mut (*this).step).write(Slot::new(Some(step)));
            let slice = Owned::<Slice>::from_ptr(ob);
            gc::track(th, slice.borrow());
            Ok(slice)
        }
    }

    /// `slice(start, stop, None)` of two positions.
    pub fn of_indices(th: &Thread, start: isize, stop: isize) -> PyResult<Owned<Slice>> {
        let start = Int::from_isize(th, start)?.into_object();
        let stop = Int::from_isize(th, stop)?.into_object();
        Slice::new(th, start, stop, none().to_owned())
    }

    pub fn start(&self) -> Borrowed<'_> {
        self.start.get().unwrap_or(none())
    }

    pub fn stop(&self) -> Borrowed<'_> {
        self.stop.get().unwrap_or(none())
    }

    pub fn step(&self) -> Borrowed<'_> {
        self.step.get().unwrap_or(none())
    }

    /// Start, stop and step as machine integers, clipped: `PySlice_Unpack`.
    #[inline]
    pub fn unpack(&self, th: &Thread) -> PyResult<(isize, isize, isize)> {
        match self.plain() {
            Some(plain) => Ok(plain),
            None => self.unpack_any(th),
        }
    }

    /// The same of None and ints of a digit, as most are.
    #[inline(always)]
    fn plain(&self) -> Option<(isize, isize, isize)> {
        let step = plain_bound(self.step(), 1).filter(|&step| step != 0)?;
        let (first, last) = if step < 0 { (isize::MAX, isize::MIN) } else { (0, isize::MAX) };
        Some((plain_bound(self.start(), first)?, plain_bound(self.stop(), last)?, step))
    }

    #[inline(never)]
    fn unpack_any(&self, th: &Thread) -> PyResult<(isize, isize, isize)> {
        let step = match bound(th, self.step())? {
            None => 1,
            Some(0) => return Err(th.raise(exc::VALUE_ERROR, "slice step cannot be zero")),
            Some(step) => step.max(-isize::MAX),
        };
        let (first, last) = if step < 0 { (isize::MAX, isize::MIN) } else { (0, isize::MAX) };
        let start = bound(th, self.start())?.unwrap_or(first);
        let stop = bound(th, self.stop())?.unwrap_or(last);
        Ok((start, stop, step))
    }

    /// The positions it selects of a sequence of `len` items.
    pub fn range(&self, th: &Thread, len: usize) -> PyResult<SliceRange> {
        let (start, stop, step) = self.unpack(th)?;
        Ok(SliceRange::of(start, stop, step, len))
    }

    fn items(&self) -> [Borrowed<'_>; 3] {
        [self.start(), self.stop(), self.step()]
    }
}

/// A bound as a big integer; `None` for `None`.
fn big_bound(th: &Thread, value: Borrowed<'_>) -> PyResult<Option<BigInt>> {
    if value.is_none() {
        return Ok(None);
    }
    if is_index(value) {
        return number::index(th, value).map(|int| Some(int.to_big()));
    }
    Err(not_an_index(th))
}

impl Slice {
    /// Start, stop and step for a length of any size: `_PySlice_GetLongIndices`.
    pub fn big_indices(&self, th: &Thread, len: &BigInt) -> PyResult<[BigInt; 3]> {
        let zero = BigInt::ZERO;
        let one = BigInt::from(1);
        let step = big_bound(th, self.step())?.unwrap_or_else(|| one.clone());
        let negative = match step.cmp(&zero) {
            Ordering::Equal => {
                return Err(th.raise(exc::VALUE_ERROR, "slice step cannot be zero"));
            }
            ordering => ordering.is_lt(),
        };
        let (lower, upper) = match negative {
            true => (-&one, len - &one),
            false => (zero.clone(), len.clone()),
        };
        let clip = |at: BigInt| match at < zero {
            true => (at + len).max(lower.clone()),
            false => at.min(upper.clone()),
        };
        let start = match big_bound(th, self.start())? {
            None => {
                if negative {
                    upper.clone()
                } else {
                    lower.clone()
                }
            }
            Some(at) => clip(at),
        };
        let stop = match big_bound(th, self.stop())? {
            None => {
                if negative {
                    lower.clone()
                } else {
                    upper.clone()
                }
            }
            Some(at) => clip(at),
        };
        Ok([start, stop, step])
    }
}

#[pymethods]
impl Slice {
    #[new(sig = "(a, b=<unrepresentable>, c=<unrepresentable>, /)")]
    fn construct(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        a: Borrowed<'_>,
        #[default(None)] b: Option<Borrowed<'_>>,
        #[default(None)] c: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Slice>> {
        // One argument is the stop.
        let (start, stop) = match b {
            None if c.is_none() => (none(), a),
            _ => (a, b.unwrap_or(none())),
        };
        Slice::new(th, start.to_owned(), stop.to_owned(), c.unwrap_or(none()).to_owned())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let mut pieces = Pieces::default();
        for (before, item) in ["slice(", ", ", ", "].into_iter().zip(self.items()) {
            pieces.text(th, before)?;
            pieces.repr(th, item)?;
        }
        pieces.text(th, ")")?;
        pieces.finish(th)
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        let mut hasher = TupleHasher::new();
        for item in self.items() {
            hasher.add(object::hash(th, item)? as i64);
        }
        // Unlike a tuple's, the length is not mixed in.
        Ok(hasher.finish_without_length() as isize)
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_exact::<Slice>() else {
            return Ok(not_implemented().to_owned());
        };
        if std::ptr::eq(self, other.get()) {
            let holds = matches!(op, CompareOp::Eq | CompareOp::Le | CompareOp::Ge);
            return Ok(bool_object(holds).object().to_owned());
        }
        let left = Tuple::from_slice(th, &self.items())?;
        let right = Tuple::from_slice(th, &other.items())?;
        object::compare(th, left.object(), right.object(), op)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the type has no subtypes.
        unsafe {
            gc::untrack_raw(this.cast());
            drop((*this).step.take());
            drop((*this).start.take());
            drop((*this).stop.take());
            if !Thread::attached().interp().free_lists.slices.push(this.cast()) {
                gc::gc_del(this.cast());
            }
        }
    }

    /// The start, stop and step that the slice means for a sequence of the given length.
    ///
    /// Bounds beyond the sequence are clipped as extended indexing clips them.
    #[method(sig = "(self, object, /)", no_text)]
    fn indices(&self, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let len = number::index(th, object)?;
        if len.is_negative() {
            return Err(th.raise(exc::VALUE_ERROR, "length should not be negative"));
        }
        let [start, stop, step] = self.big_indices(th, &len.to_big())?;
        let start = Int::from_big(th, &start)?.into_object();
        let stop = Int::from_big(th, &stop)?.into_object();
        let step = Int::from_big(th, &step)?.into_object();
        Tuple::pack(th, [start, stop, step]).map(Owned::into_object)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let arguments = Tuple::from_slice(th, &self.items())?.into_object();
        let ty = Borrowed::from_ref(Slice::type_object()).object().to_owned();
        Tuple::pack(th, [ty, arguments]).map(Owned::into_object)
    }
}
