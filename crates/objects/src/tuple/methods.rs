//! What Python sees of `tuple`: slots and methods.
//!
//! SAFETY: the invariants of `tuple/mod.rs`.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use super::{Ptr, PyTuple_Type, Tuple, items_of};
use crate::freelist::TUPLE_SIZES;
use crate::gc;
use crate::hash::TupleHasher;
use crate::prelude::*;
use crate::slice::{self, SliceBound, Subscript};
use crate::{iterators, repr_guard};

#[pymethods]
impl Tuple {
    #[new(sig = "(iterable=(), /)")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread, iterable: Option<Borrowed<'_>>) -> PyResult {
        let tuple = match iterable {
            None => Tuple::empty().to_owned(),
            Some(iterable) => sequence::tuple(th, iterable)?,
        };
        if cls.is(Borrowed::from_ref(Tuple::type_object())) {
            return Ok(tuple.into_object());
        }
        let own = cls.alloc::<Tuple>(th, tuple.len() as isize)?;
        own.hash.set(-1);
        for (at, item) in tuple.as_slice().iter().enumerate() {
            // SAFETY: `alloc` made room for as many items.
            unsafe { own.items().add(at).write((*item).to_owned().into_ptr()) };
        }
        Ok(own.into_object())
    }

    #[slot(sq_length, mp_length)]
    fn length(&self) -> PyResult<usize> {
        Ok(self.len())
    }

    #[slot(sq_item)]
    unsafe extern "C" fn item_slot(this: *mut abi::PyObject, index: isize) -> *mut abi::PyObject {
        // SAFETY: C calls the slot with a tuple.
        match unsafe { (*this.cast::<Tuple>()).get(index as usize) } {
            Some(item) => item.to_owned().into_ptr(),
            None => crate::list::out_of_range("tuple index out of range"),
        }
    }

    fn item(&self, th: &Thread, index: isize) -> PyResult {
        match usize::try_from(index).ok().and_then(|index| self.get(index)) {
            Some(item) => Ok(item.to_owned()),
            None => Err(th.raise(exc::INDEX_ERROR, "tuple index out of range")),
        }
    }

    /// By an int of a digit without a detour.
    #[slot(mp_subscript)]
    unsafe extern "C" fn subscript_slot(
        this: *mut abi::PyObject,
        key: *mut abi::PyObject,
    ) -> *mut abi::PyObject {
        // SAFETY: C calls the slot with one of ours and an object.
        unsafe {
            let this: Borrowed<'_, Tuple> = Borrowed::from_ptr(this);
            if let Some(at) = slice::digit_index(key, this.len())
                && let Some(item) = this.get().get(at)
            {
                return Borrowed::to_owned(item).into_ptr();
            }
            Tuple::subscript_otherwise(this, key)
        }
    }

    #[inline(never)]
    unsafe fn subscript_otherwise(
        this: Borrowed<'_, Tuple>,
        key: *mut abi::PyObject,
    ) -> *mut abi::PyObject {
        // SAFETY: as for the slot.
        let key = unsafe { Borrowed::from_ptr(key) };
        crate::args::shim::object(|th| Tuple::subscript(this, th, key))
    }

    fn subscript(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        match slice::subscript(th, key, "tuple", this.len())? {
            Subscript::Index(index) => this.item(th, index),
            Subscript::Slice(range) if range.step == 1 => {
                let (start, end) = range.bounds();
                Tuple::slice(this, th, start, end).map(Owned::into_object)
            }
            Subscript::Slice(range) => {
                let items = this.as_slice();
                let picked: Vec<Borrowed<'_>> =
                    range.positions().filter_map(|at| items.get(at).copied()).collect();
                Tuple::from_slice(th, &picked).map(Owned::into_object)
            }
        }
    }

    #[slot(sq_concat)]
    fn concat(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        if this.is_empty() && other.is_exact::<Tuple>() {
            return Ok(other.to_owned());
        }
        let Some(other) = other.downcast::<Tuple>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can only concatenate tuple (not \"{}\") to tuple",
                other.type_name()
            ));
        };
        if other.is_empty() && this.object().is_exact::<Tuple>() {
            return Ok(this.object().to_owned());
        }
        let (left, right) = (this.as_slice(), other.as_slice());
        let tuple = Tuple::build(th, left.len() + right.len(), |to| {
            for (at, item) in left.iter().chain(right).enumerate() {
                // SAFETY: `build` made room for both.
                unsafe { to.add(at).write((*item).to_owned().into_ptr()) };
            }
        })?;
        Ok(tuple.into_object())
    }

    #[slot(sq_repeat)]
    fn repeat(this: Borrowed<'_, Self>, th: &Thread, count: isize) -> PyResult {
        let count = count.max(0) as usize;
        if (count == 1 || this.is_empty()) && this.object().is_exact::<Tuple>() {
            return Ok(this.object().to_owned());
        }
        let total = this.len().checked_mul(count).filter(|&total| total < isize::MAX as usize / 8);
        let total = total.ok_or_else(|| th.no_memory())?;
        let items = this.as_slice();
        let tuple = Tuple::build(th, total, |to| {
            for (at, item) in items.iter().cycle().take(total).enumerate() {
                // SAFETY: `build` made room for all.
                unsafe { to.add(at).write((*item).to_owned().into_ptr()) };
            }
        })?;
        Ok(tuple.into_object())
    }

    #[slot(sq_contains)]
    fn contains(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<bool> {
        for &item in self.as_slice() {
            if object::eq(th, item, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The hash, if it is known.
    #[slot(tp_hash)]
    unsafe extern "C" fn hash(this: *mut abi::PyObject) -> isize {
        // SAFETY: C calls the slot with a tuple, on an attached thread.
        unsafe {
            match (*this.cast::<Tuple>()).hash.get() {
                -1 => Tuple::computed_hash(this),
                known => known,
            }
        }
    }

    #[inline(never)]
    unsafe fn computed_hash(this: *mut abi::PyObject) -> isize {
        // SAFETY: as for `hash`.
        crate::args::shim::hash(|th| unsafe { (*this.cast::<Tuple>()).hash_items(th) })
    }

    fn hash_items(&self, th: &Thread) -> PyResult<isize> {
        let mut hasher = TupleHasher::new();
        for &item in self.as_slice() {
            hasher.add(object::hash(th, item)? as i64);
        }
        let hash = hasher.finish() as isize;
        if !self.is_empty() {
            // (2): the empty tuple is shared by all threads.
            self.hash.set(hash);
        }
        Ok(hash)
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast::<Tuple>() else {
            return Ok(not_implemented().to_owned());
        };
        let (left, right) = (self.as_slice(), other.as_slice());
        for (&a, &b) in left.iter().zip(right) {
            let equal = match object::equal_at_once(a, b) {
                Some(equal) => equal,
                None => object::eq(th, a, b)?,
            };
            if !equal {
                return match op {
                    CompareOp::Eq => Ok(bool_object(false).object().to_owned()),
                    CompareOp::Ne => Ok(bool_object(true).object().to_owned()),
                    _ => match object::compare_numbers(a, b, op) {
                        Some(answer) => Ok(bool_object(answer).object().to_owned()),
                        None => object::compare(th, a, b, op),
                    },
                };
            }
        }
        Ok(bool_object(op.holds(left.len().cmp(&right.len()))).object().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        if this.is_empty() {
            return Str::new(th, "()");
        }
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            return Str::new(th, "(...)");
        };
        let close = if this.len() == 1 { ",)" } else { ")" };
        repr_guard::items(th, "(", close, |at| {
            // SAFETY: (1).
            (at < this.len()).then(|| unsafe { *this.items().add(at) })
        })
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        iterators::tuple::TupleIterator::new(th, this)
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        for at in 0..self.len() {
            // SAFETY: (1): items may be null while C fills them in.
            let item: Option<Borrowed<'_>> =
                unsafe { Borrowed::from_ptr_or_null(*self.items().add(at)) };
            let stop = visitor.visit(item);
            if stop != 0 {
                return stop;
            }
        }
        0
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone: the items are nobody else's; (2) never comes here.
        unsafe {
            let ob: Ptr = this.cast();
            gc::untrack_raw(ob);
            let len = (*this).len();
            let items = items_of(ob);
            for at in (0..len).rev() {
                drop(Owned::<Object>::from_ptr_or_null(*items.add(at)));
            }
            let ty = (*ob).ob_type;
            if ty == PyTuple_Type.as_ptr()
                && (1..=TUPLE_SIZES).contains(&len)
                && Thread::attached().interp().free_lists.tuples[len - 1].push(ob)
            {
                return;
            }
            match (*ty).tp_free {
                Some(free) => free(ob.cast::<c_void>()),
                None => gc::gc_del(ob.cast::<c_void>()),
            }
        }
    }

    /// The arguments that make a copy of the tuple, for pickling.
    #[method(sig = "(self, /)")]
    fn __getnewargs__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let copy = Tuple::from_slice(th, this.as_slice())?;
        Tuple::pack(th, [copy.into_object()])
    }

    /// Where the first item that equals value is, from start on and before stop.
    ///
    /// Raises ValueError if the value is not there.
    #[method(sig = "(self, value, start=0, stop=sys.maxsize, /)")]
    fn index(
        &self,
        th: &Thread,
        value: Borrowed<'_>,
        #[default(SliceBound(0))] start: SliceBound,
        #[default(SliceBound(isize::MAX))] stop: SliceBound,
    ) -> PyResult<usize> {
        let len = self.len();
        for at in start.within(len)..stop.within(len).min(len) {
            if let Some(item) = self.get(at) {
                if object::eq(th, item, value)? {
                    return Ok(at);
                }
            }
        }
        Err(th.raise(exc::VALUE_ERROR, "tuple.index(x): x not in tuple"))
    }

    /// How many items equal value.
    #[method(sig = "(self, value, /)")]
    fn count(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<usize> {
        let mut count = 0;
        for &item in self.as_slice() {
            count += usize::from(object::eq(th, item, value)?);
        }
        Ok(count)
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }
}
