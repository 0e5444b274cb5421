//! `tuple`.
//!
//! The same job as CPython's `Objects/tupleobject.c`.
//!
//! Invariants:
//! 1. `ob_size` pointers follow the struct. All hold a reference each, except while C (or a function here) fills in a
//!    fresh tuple: then they may be null.
//! 2. The empty tuple of exact type is one static, immortal object.
//! 3. A tuple on a free list holds no references; its size stays what it was.

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use krait_abi as abi;

use crate::freelist::{TUPLE_SIZES, alloc_gc};
use crate::gc;
use crate::hash::TupleHasher;
use crate::prelude::*;
use crate::row::move_words;
use crate::slice::{self, SliceBound, Subscript};
use crate::typeobj::alloc::init_head;
use crate::{iterators, repr_guard};

type Ptr = *mut abi::PyObject;

/// Built-in immutable sequence.
///
/// Without an argument, the constructor returns an empty tuple. With an iterable, it returns a
/// tuple of the iterable's items; an argument that is a tuple already is returned as it is.
#[pytype(
    name = "tuple",
    symbol = "PyTuple_Type",
    new = "(iterable=(), /)",
    flags(BASETYPE, HAVE_GC, SEQUENCE, MATCH_SELF, TUPLE_SUBCLASS),
    itemsize = 8
)]
#[repr(C)]
pub struct Tuple {
    head: VarHead,
    /// -1 until it is computed.
    hash: Cell<isize>,
    items: [Ptr; 0],
}

const _: () = assert!(
    std::mem::offset_of!(Tuple, items) == std::mem::offset_of!(abi::PyTupleObject, ob_item)
);

/// The empty tuple, behind a header as every collected object has one.
#[repr(C)]
struct Empty {
    header: [usize; 2],
    tuple: Tuple,
}

// SAFETY: (2): immortal, and its hash is never written.
unsafe impl Sync for Empty {}

static EMPTY: Empty = Empty {
    header: [0; 2],
    tuple: Tuple {
        head: VarHead::immortal(PyTuple_Type.as_ptr(), 0),
        hash: Cell::new(-1),
        items: [],
    },
};

impl Tuple {
    /// The empty tuple, one per process.
    #[inline(always)]
    pub fn empty() -> Borrowed<'static, Tuple> {
        Borrowed::from_ref(&EMPTY.tuple)
    }

    /// As `alloc`, out of the free list; null if that has none.
    #[inline(always)]
    pub fn reuse(th: &Thread, len: usize) -> Ptr {
        let Some(list) = th.interp().free_lists.tuples.get(len.wrapping_sub(1)) else {
            return std::ptr::null_mut();
        };
        let ob = list.pop();
        if !ob.is_null() {
            // SAFETY: (3): a dead tuple of this size; its type and size are still there.
            unsafe {
                ob.cast::<u64>().write(1);
                (*ob.cast::<Tuple>()).hash.set(-1);
            }
        }
        ob
    }

    /// A fresh exact tuple whose items are uninitialised and which nobody knows. `len` is not 0.
    #[inline]
    fn alloc(th: &Thread, len: usize) -> PyResult<Ptr> {
        let ob = Tuple::reuse(th, len);
        if !ob.is_null() {
            return Ok(ob);
        }
        let size = len
            .checked_mul(size_of::<Ptr>())
            .and_then(|size| size.checked_add(size_of::<Tuple>()))
            .filter(|&size| size < isize::MAX as usize)
            .ok_or_else(|| th.no_memory())?;
        let ob = alloc_gc(th, size, Tuple::type_object())?;
        // SAFETY: fresh memory, large enough.
        unsafe {
            init_head(ob, Borrowed::from_ref(Tuple::type_object()));
            (*ob.cast::<Tuple>()).head.set_size(len as isize);
            (*ob.cast::<Tuple>()).hash.set(-1);
        }
        Ok(ob)
    }

    /// A tuple of `len` items that `fill` writes all of; it cannot fail and runs no Python code.
    #[inline]
    pub(crate) fn build(
        th: &Thread,
        len: usize,
        fill: impl FnOnce(*mut Ptr),
    ) -> PyResult<Owned<Tuple>> {
        if len == 0 {
            return Ok(Tuple::empty().to_owned());
        }
        let ob = Tuple::alloc(th, len)?;
        // SAFETY: `fill` establishes (1) before anyone sees the tuple.
        unsafe {
            fill(items_of(ob));
            let tuple = Owned::<Tuple>::from_ptr(ob);
            // Without items that the collector follows, a tuple cannot be in a cycle.
            if tuple.as_slice().iter().any(|item| item.ty().is_gc()) {
                gc::track(th, tuple.borrow());
            }
            Ok(tuple)
        }
    }

    /// A tuple of what `item` gives for each place, which is asked once the tuple has its memory.
    #[inline]
    pub fn from_fn(
        th: &Thread,
        len: usize,
        mut item: impl FnMut(usize) -> Owned,
    ) -> PyResult<Owned<Tuple>> {
        Tuple::build(th, len, |to| {
            for at in 0..len {
                // SAFETY: `build` made room for as many.
                unsafe { to.add(at).write(item(at).into_ptr()) };
            }
        })
    }

    /// A tuple of `len` items that `item` makes one by one. Until then nobody sees it.
    pub fn try_from_fn(
        th: &Thread,
        len: usize,
        mut item: impl FnMut(usize) -> PyResult<Owned>,
    ) -> PyResult<Owned<Tuple>> {
        let tuple = Tuple::of_nulls(th, len)?;
        let mut is_gc = false;
        for at in 0..len {
            let item = item(at)?;
            is_gc |= item.ty().is_gc();
            // SAFETY: (1); there is room for `len` items, which are null until they are made.
            unsafe { items_of(tuple.as_ptr()).add(at).write(item.into_ptr()) };
        }
        if is_gc {
            gc::track(th, tuple.borrow());
        }
        Ok(tuple)
    }

    /// `PyTuple_New`: items are null until C fills them in.
    pub fn with_nulls(th: &Thread, len: usize) -> PyResult<Owned<Tuple>> {
        let tuple = Tuple::of_nulls(th, len)?;
        if len > 0 {
            // Nobody knows what the items will be, so the collector follows them.
            gc::track(th, tuple.borrow());
        }
        Ok(tuple)
    }

    /// A tuple that the collector does not follow yet.
    fn of_nulls(th: &Thread, len: usize) -> PyResult<Owned<Tuple>> {
        if len == 0 {
            return Ok(Tuple::empty().to_owned());
        }
        let ob = Tuple::alloc(th, len)?;
        // SAFETY: (1); there is room for `len` items.
        unsafe {
            items_of(ob).write_bytes(0, len);
            Ok(Owned::from_ptr(ob))
        }
    }

    pub fn from_slice(th: &Thread, items: &[Borrowed<'_>]) -> PyResult<Owned<Tuple>> {
        Tuple::build(th, items.len(), |to| {
            for (at, item) in items.iter().enumerate() {
                // SAFETY: `build` made room for as many.
                unsafe { to.add(at).write((*item).to_owned().into_ptr()) };
            }
        })
    }

    pub fn from_vec(th: &Thread, items: Vec<Owned>) -> PyResult<Owned<Tuple>> {
        // SAFETY: the references move: the vector forgets them once they are in the tuple.
        unsafe {
            let mut items = items;
            let tuple = Tuple::from_raw(th, items.as_ptr().cast(), items.len())?;
            items.set_len(0);
            Ok(tuple)
        }
    }

    /// Moves the references in without a temporary vector.
    #[inline]
    pub fn pack<const N: usize>(th: &Thread, items: [Owned; N]) -> PyResult<Owned<Tuple>> {
        // SAFETY: as in `from_vec`.
        unsafe {
            let tuple = Tuple::from_raw(th, items.as_ptr().cast(), N)?;
            std::mem::forget(items);
            Ok(tuple)
        }
    }

    /// Moves `len` references from `items`; on failure they stay the caller's.
    ///
    /// # Safety
    /// `items` points to `len` references that the caller gives up on success.
    #[inline]
    pub unsafe fn from_raw(th: &Thread, items: *const Ptr, len: usize) -> PyResult<Owned<Tuple>> {
        Tuple::build(th, len, |to| {
            // SAFETY: `build` made room; the caller's promise.
            unsafe { move_words(items, to, len) }
        })
    }

    /// For those who change the items of a tuple that nobody else has.
    pub(crate) fn forget_hash(&self) {
        self.hash.set(-1);
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.head.size() as usize
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<Borrowed<'_>> {
        self.as_slice().get(index).copied()
    }

    #[inline(always)]
    pub fn as_slice(&self) -> &[Borrowed<'_>] {
        // SAFETY: (1): a handle to a tuple under construction is not given out to code that reads its items.
        unsafe { std::slice::from_raw_parts(self.items().cast(), self.len()) }
    }

    /// Where the items lie, for C, the loop and `_PyTuple_Resize`.
    #[inline(always)]
    pub fn items(&self) -> *mut Ptr {
        // SAFETY: the address behind the struct.
        unsafe { items_of(std::ptr::from_ref(self).cast_mut().cast()) }
    }

    /// A new tuple of the items from `start` to `end`, which are in range; itself if that is all of it.
    pub fn slice(
        this: Borrowed<'_, Tuple>,
        th: &Thread,
        start: usize,
        end: usize,
    ) -> PyResult<Owned<Tuple>> {
        if start == 0 && end == this.len() && this.object().is_exact::<Tuple>() {
            return Ok(this.to_owned());
        }
        Tuple::from_slice(th, this.as_slice().get(start..end).unwrap_or(&[]))
    }

    /// `_PyTuple_Resize` of a tuple that only the caller knows: items beyond `len` are released, new ones are null.
    ///
    /// # Safety
    /// `tuple` has one reference, its hash was never asked for; nobody holds a `Borrowed` of it.
    pub unsafe fn resize(th: &Thread, tuple: Owned<Tuple>, len: usize) -> PyResult<Owned<Tuple>> {
        let old = tuple.len();
        if old == len {
            return Ok(tuple);
        }
        let new = Tuple::with_nulls(th, len)?;
        // SAFETY: the references move; the old tuple's items become null, which (1) allows to a dying tuple.
        unsafe {
            let common = old.min(len);
            if common > 0 {
                std::ptr::copy_nonoverlapping(tuple.items(), new.items(), common);
                tuple.items().write_bytes(0, common);
            }
        }
        drop(tuple);
        Ok(new)
    }
}

/// # Safety
/// `ob` is laid out as a tuple.
#[inline(always)]
unsafe fn items_of(ob: Ptr) -> *mut Ptr {
    // SAFETY: the caller's promise.
    unsafe { ob.byte_add(std::mem::offset_of!(Tuple, items)).cast() }
}

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
