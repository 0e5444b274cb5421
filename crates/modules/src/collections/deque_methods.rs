//! What Python sees of `deque`.

use super::deque::Deque;
use super::deque_iterators::{DequeIterator, DequeReverseIterator};
use krait_objects::prelude::*;
use krait_objects::repr_guard::{self, Pieces};
use krait_objects::slice::SliceBound;

impl Deque {
    /// The first position in `start..stop` whose item equals `value`. A change meanwhile raises `class(message)`.
    fn find(
        &self,
        th: &Thread,
        value: Borrowed<'_>,
        range: std::ops::Range<usize>,
        changed: impl Fn() -> Raised,
    ) -> PyResult<Option<usize>> {
        let state = self.state.get();
        let Some(mut cursor) = self.items.place(range.start) else {
            return Ok(None);
        };
        for at in range {
            // SAFETY: `at` is below the length, and the state says that nothing changed.
            let item = unsafe { cursor.item() }.to_owned();
            let equal = object::eq(th, item.borrow(), value)?;
            if self.state.get() != state {
                return Err(changed());
            }
            if equal {
                return Ok(Some(at));
            }
            // SAFETY: as above.
            unsafe { cursor.forward() };
        }
        Ok(None)
    }

    fn mutated(th: &Thread) -> Raised {
        th.raise(exc::RUNTIME_ERROR, "deque mutated during iteration")
    }

    fn index_in_range(&self, th: &Thread, index: isize) -> PyResult<usize> {
        match usize::try_from(index).ok().filter(|&at| at < self.len()) {
            Some(at) => Ok(at),
            None => Err(th.raise(exc::INDEX_ERROR, "deque index out of range")),
        }
    }
}

/// The `maxlen` argument.
fn bound(th: &Thread, max: Option<Borrowed<'_>>) -> PyResult<Option<usize>> {
    let Some(max) = max.filter(|max| !max.is_none()) else {
        return Ok(None);
    };
    let Some(max) = max.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "an integer is required"));
    };
    match max.to_i64() {
        Some(max) if max >= 0 => Ok(Some(max as usize)),
        Some(_) => Err(th.raise(exc::VALUE_ERROR, "maxlen must be non-negative")),
        None => {
            let message = "Python int too large to convert to C ssize_t";
            Err(th.raise(exc::OVERFLOW_ERROR, message))
        }
    }
}

#[pymethods(parts(sequence, methods))]
impl Deque {
    #[slot(tp_new)]
    fn new_empty(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Deque>> {
        Deque::make(th, cls)
    }

    #[init(sig = "(iterable=<unrepresentable>, maxlen=None)")]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        #[default(None)] iterable: Option<Borrowed<'_>>,
        maxlen: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        this.set_max(bound(th, maxlen)?);
        if this.get().len() > 0 {
            this.clear_items();
        }
        iterable.map_or(Ok(()), |iterable| Deque::extend(this, th, iterable))
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<DequeIterator>> {
        DequeIterator::over(th, this)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            return Str::new(th, "[...]");
        };
        let items = List::from_iterable(th, this.object())?;
        let mut pieces = Pieces::default();
        pieces.text(th, this.object().get().ty().name())?;
        pieces.text(th, "(")?;
        pieces.repr(th, items.object())?;
        if let Some(max) = this.max() {
            pieces.text(th, &format!(", maxlen={max}"))?;
        }
        pieces.text(th, ")")?;
        pieces.finish(th)
    }

    #[slot(tp_richcompare)]
    fn compare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        let Some(other) = other.downcast::<Deque>() else {
            return Ok(not_implemented().to_owned());
        };
        let answer = |holds: bool| Ok(bool_object(holds).object().to_owned());
        let (len, other_len) = (this.get().len(), other.get().len());
        if this.is(other) {
            return answer(matches!(op, CompareOp::Eq | CompareOp::Le | CompareOp::Ge));
        }
        if len != other_len && matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return answer(op == CompareOp::Ne);
        }
        // Iterators notice changes.
        let left = DequeIterator::over(th, this)?;
        let right = DequeIterator::over(th, other)?;
        loop {
            let a = iter::next(th, left.object())?;
            let b = iter::next(th, right.object())?;
            let (Some(a), Some(b)) = (a, b) else {
                return answer(op.holds(len.cmp(&other_len)));
            };
            if !object::eq(th, a.borrow(), b.borrow())? {
                return match op {
                    CompareOp::Eq => answer(false),
                    CompareOp::Ne => answer(true),
                    _ => object::compare(th, a.borrow(), b.borrow(), op),
                };
            }
        }
    }
}

#[pymethods(part = "sequence")]
impl Deque {
    #[slot(sq_length)]
    fn length(&self) -> PyResult<usize> {
        Ok(self.len())
    }

    #[slot(sq_item)]
    fn item(&self, th: &Thread, index: isize) -> PyResult {
        let at = self.index_in_range(th, index)?;
        self.get(at).ok_or_else(|| th.raise(exc::INDEX_ERROR, "deque index out of range"))
    }

    #[slot(sq_ass_item)]
    fn set_item(&self, th: &Thread, index: isize, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let at = self.index_in_range(th, index)?;
        let old = match value {
            None => self.remove_at(th, at)?,
            Some(value) => self.items.replace(at, value.to_owned()),
        };
        drop(old);
        Ok(())
    }

    #[slot(sq_contains)]
    fn has(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<bool> {
        self.find(th, value, 0..self.len(), || Deque::mutated(th)).map(|found| found.is_some())
    }

    #[slot(sq_concat)]
    fn concat(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        if other.downcast::<Deque>().is_none() {
            let name = other.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can only concatenate deque (not \"{name}\") to deque"
            ));
        }
        let sum = Deque::copied(this, th)?;
        if let Some(deque) = sum.borrow().downcast::<Deque>() {
            Deque::extend(deque, th, other)?;
        }
        Ok(sum)
    }

    #[slot(sq_inplace_concat)]
    fn concat_in_place(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        Deque::extend(this, th, other)?;
        Ok(this.object().to_owned())
    }

    #[slot(sq_repeat)]
    fn repeat(this: Borrowed<'_, Self>, th: &Thread, count: isize) -> PyResult {
        let copy = Deque::copied(this, th)?;
        if let Some(deque) = copy.borrow().downcast::<Deque>() {
            deque.repeat_items(th, count)?;
        }
        Ok(copy)
    }

    #[slot(sq_inplace_repeat)]
    fn repeat_in_place(this: Borrowed<'_, Self>, th: &Thread, count: isize) -> PyResult {
        this.repeat_items(th, count)?;
        Ok(this.object().to_owned())
    }
}

#[pymethods(part = "methods")]
impl Deque {
    /// How many items there may be at most; None if any number.
    #[getter]
    fn maxlen(&self) -> Option<usize> {
        self.max()
    }

    /// Put an item at the right end.
    #[method(sig = "(self, item, /)")]
    fn append(&self, th: &Thread, item: Owned) -> PyResult<()> {
        self.push_back(th, item)
    }

    /// Put an item at the left end.
    #[method(sig = "(self, item, /)")]
    fn appendleft(&self, th: &Thread, item: Owned) -> PyResult<()> {
        self.push_front(th, item)
    }

    /// Drop all the items.
    #[method(sig = "(self, /)")]
    fn clear(&self) {
        self.clear_items();
    }

    /// A deque of the same class, bound and items.
    #[method(sig = "(self, /)")]
    fn copy(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        Deque::copied(this, th)
    }

    /// A deque of the same class, bound and items.
    #[method(sig = "(self, /)")]
    fn __copy__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        Deque::copied(this, th)
    }

    /// How many items equal value.
    #[method(sig = "(self, value, /)")]
    fn count(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<usize> {
        let state = self.state.get();
        let mut count = 0;
        let mut cursor = self.items.first();
        for _ in 0..self.len() {
            // SAFETY: as many items as these are there, and the state says that nothing changed.
            let item = unsafe { cursor.item() }.to_owned();
            let equal = object::eq(th, item.borrow(), value)?;
            if self.state.get() != state {
                return Err(Deque::mutated(th));
            }
            count += usize::from(equal);
            // SAFETY: as above.
            unsafe { cursor.forward() };
        }
        Ok(count)
    }

    /// Append the items of an iterable at the right end.
    #[method(name = "extend", sig = "(self, iterable, /)")]
    fn extend_method(
        this: Borrowed<'_, Self>,
        th: &Thread,
        iterable: Borrowed<'_>,
    ) -> PyResult<()> {
        Deque::extend(this, th, iterable)
    }

    /// Put the items of an iterable at the left end, one after the other, so that the last one is the first.
    #[method(sig = "(self, iterable, /)")]
    fn extendleft(this: Borrowed<'_, Self>, th: &Thread, iterable: Borrowed<'_>) -> PyResult<()> {
        Deque::extend_left(this, th, iterable)
    }

    /// Where the first item that equals value is, within start and stop if they are given.
    ///
    /// ValueError if there is none.
    #[method(
        sig = "(self, value, start=0, stop=sys.maxsize, /)",
        text = "($self, value, [start, [stop]])"
    )]
    fn index(
        &self,
        th: &Thread,
        value: Borrowed<'_>,
        #[default(SliceBound(0))] start: SliceBound,
        #[default(SliceBound(isize::MAX))] stop: SliceBound,
    ) -> PyResult<usize> {
        let len = self.len();
        let range = start.within(len).min(len)..stop.within(len).min(len);
        match self.find(th, value, range, || Deque::mutated(th))? {
            Some(at) => Ok(at),
            None => Err(th.raise(exc::VALUE_ERROR, "deque.index(x): x not in deque")),
        }
    }

    /// Put value in front of the item at index. IndexError if the deque is full.
    #[method(sig = "(self, index, value, /)")]
    fn insert(&self, th: &Thread, index: isize, value: Owned) -> PyResult<()> {
        let len = self.len();
        if self.max() == Some(len) {
            return Err(th.raise(exc::INDEX_ERROR, "deque already at its maximum size"));
        }
        let at = SliceBound(index).within(len).min(len);
        self.insert_at(th, at, value)
    }

    /// Take the last item off, and return it. IndexError if the deque is empty.
    #[method(sig = "(self, /)")]
    fn pop(&self, th: &Thread) -> PyResult {
        match self.pop_back() {
            Some(item) => Ok(item),
            None => Err(th.raise(exc::INDEX_ERROR, "pop from an empty deque")),
        }
    }

    /// Take the first item off, and return it. IndexError if the deque is empty.
    #[method(sig = "(self, /)")]
    fn popleft(&self, th: &Thread) -> PyResult {
        match self.pop_front() {
            Some(item) => Ok(item),
            None => Err(th.raise(exc::INDEX_ERROR, "pop from an empty deque")),
        }
    }

    /// Take out the first item that equals value. ValueError if there is none.
    #[method(sig = "(self, value, /)")]
    fn remove(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<()> {
        let changed = || th.raise(exc::INDEX_ERROR, "deque mutated during remove().");
        match self.find(th, value, 0..self.len(), changed)? {
            Some(at) => {
                drop(self.remove_at(th, at)?);
                Ok(())
            }
            None => Err(th.raise(exc::VALUE_ERROR, "deque.remove(x): x not in deque")),
        }
    }

    /// Turn the order of the items round.
    #[method(sig = "(self, /)")]
    fn reverse(&self) {
        self.items.reverse();
    }

    /// Move n items from the right end to the left one, or, if n is negative, the other way.
    #[method(sig = "(self, n=1, /)")]
    fn rotate(&self, th: &Thread, n: isize) -> PyResult<()> {
        self.rotate_by(th, n)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let ty = this.object().get().ty().object().to_owned();
        let state = call::call_method(th, this.object(), id::__getstate__, &[])?;
        let arguments = match this.max() {
            None => Tuple::empty().to_owned(),
            Some(max) => {
                let max = Int::from_usize(th, max)?.into_object();
                Tuple::pack(th, [Tuple::empty().object().to_owned(), max])?
            }
        };
        let items = iter::get_iter(th, this.object())?;
        Tuple::pack(th, [ty, arguments.into_object(), state, items]).map(Owned::into_object)
    }

    /// An iterator from the last item to the first.
    #[method(sig = "(self, /)")]
    fn __reversed__(
        this: Borrowed<'_, Self>,
        th: &Thread,
    ) -> PyResult<Owned<DequeReverseIterator>> {
        DequeReverseIterator::over(th, this)
    }

    /// How many bytes the deque takes in memory.
    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
        let basic = this.object().get().ty().raw().tp_basicsize as usize;
        basic + this.items.bytes()
    }

    /// A generic alias of the class, for annotations.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}
