//! `list`.
//!
//! This file is the storage and what other Rust code uses; `slots` and `methods` are what Python sees; `slices`
//! assigns to ranges of positions; `sort` sorts. The same job as CPython's `Objects/listobject.c`.
//!
//! Invariants:
//! 1. `items` points to `allocated` pointers (or is null, if that is 0). The first `ob_size` hold a reference each; they
//!    are null only while C fills in a `PyList_New(n)`.
//! 2. While the list is sorted, it is empty and `allocated` is -1: `resize` then takes the storage for absent.
//! 3. References are released only when (1) holds: after the storage is whole again.

mod methods;
mod slices;
mod slots;
mod sort;

use std::cell::Cell;

use krait_abi as abi;

use crate::freelist::alloc_gc;
use crate::gc;
use crate::prelude::*;
use crate::row::move_words;
use crate::slice::SliceRange;
use crate::typeobj::alloc::init_head;

pub use slices::assign as assign_slice;
pub(crate) use slots::out_of_range;

type Ptr = *mut abi::PyObject;

/// Built-in mutable sequence.
///
/// Without an argument, the constructor makes an empty list; otherwise one of the items of
/// the iterable it is given.
#[pytype(
    name = "list",
    symbol = "PyList_Type",
    new = "(iterable=(), /)",
    flags(BASETYPE, HAVE_GC, SEQUENCE, MATCH_SELF, LIST_SUBCLASS)
)]
#[repr(C)]
pub struct List {
    head: VarHead,
    items: Cell<*mut Ptr>,
    allocated: Cell<isize>,
}
assert_layout!(List => abi::PyListObject);

/// No list is longer.
const MAX_LEN: usize = isize::MAX as usize / size_of::<Ptr>();

impl List {
    #[inline]
    pub fn new(th: &Thread) -> PyResult<Owned<List>> {
        let mut ob = th.interp().free_lists.lists.pop();
        if ob.is_null() {
            ob = alloc_gc(th, size_of::<List>(), List::type_object())?;
        }
        // SAFETY: fresh memory of the right size; every field is written.
        unsafe {
            init_head(ob, Borrowed::from_ref(List::type_object()));
            let this = ob.cast::<List>();
            (*this).head.set_size(0);
            (&raw mut (*this).items).write(Cell::new(std::ptr::null_mut()));
            (&raw mut (*this).allocated).write(Cell::new(0));
            let list = Owned::<List>::from_ptr(ob);
            gc::track(th, list.borrow());
            Ok(list)
        }
    }

    pub fn with_capacity(th: &Thread, capacity: usize) -> PyResult<Owned<List>> {
        let list = List::new(th)?;
        list.reserve_exact(th, capacity)?;
        Ok(list)
    }

    /// `PyList_New`: items are null until C fills them in.
    pub fn with_nulls(th: &Thread, len: usize) -> PyResult<Owned<List>> {
        let list = List::with_capacity(th, len)?;
        // SAFETY: (1): there is room for `len`.
        unsafe {
            if len > 0 {
                list.items.get().write_bytes(0, len);
            }
        }
        list.head.set_size(len as isize);
        Ok(list)
    }

    pub fn from_vec(th: &Thread, items: Vec<Owned>) -> PyResult<Owned<List>> {
        // SAFETY: the references move: the vector forgets them once they are in the list.
        unsafe {
            let mut items = items;
            let list = List::from_raw(th, items.as_ptr().cast(), items.len())?;
            items.set_len(0);
            Ok(list)
        }
    }

    /// Moves `len` references from `items`; on failure they stay the caller's.
    ///
    /// # Safety
    /// `items` points to `len` references that the caller gives up on success.
    pub unsafe fn from_raw(th: &Thread, items: *const Ptr, len: usize) -> PyResult<Owned<List>> {
        let list = List::with_capacity(th, len)?;
        if len > 0 {
            // SAFETY: there is room; the caller's promise.
            unsafe { move_words(items, list.items.get(), len) };
        }
        list.head.set_size(len as isize);
        Ok(list)
    }

    pub fn from_slice(th: &Thread, items: &[Borrowed<'_>]) -> PyResult<Owned<List>> {
        let list = List::with_capacity(th, items.len())?;
        for (at, item) in items.iter().enumerate() {
            // SAFETY: there is room for as many.
            unsafe { list.items.get().add(at).write((*item).to_owned().into_ptr()) };
        }
        list.head.set_size(items.len() as isize);
        Ok(list)
    }

    /// `list(iterable)`.
    pub fn from_iterable(th: &Thread, iterable: Borrowed<'_>) -> PyResult<Owned<List>> {
        let list = List::new(th)?;
        list.extend(th, iterable)?;
        Ok(list)
    }

    #[inline(always)]
    pub fn push(&self, th: &Thread, item: Owned) -> PyResult<()> {
        let len = self.head.size();
        if self.allocated.get() > len {
            // SAFETY: (1): there is room for one more.
            unsafe { self.items.get().add(len as usize).write(item.into_ptr()) };
            self.head.set_size(len + 1);
            return Ok(());
        }
        self.push_growing(th, item)
    }

    #[cold]
    #[inline(never)]
    fn push_growing(&self, th: &Thread, item: Owned) -> PyResult<()> {
        let len = self.len();
        self.resize(th, len + 1)?;
        // SAFETY: (1), after growing.
        unsafe { self.items.get().add(len).write(item.into_ptr()) };
        Ok(())
    }

    /// Appends what `iterable` gives.
    pub fn extend(&self, th: &Thread, iterable: Borrowed<'_>) -> PyResult<()> {
        if let Some(tuple) = iterable.downcast_exact::<Tuple>() {
            // SAFETY: a tuple's items do not change.
            return unsafe { self.extend_raw(th, tuple.items(), tuple.len()) };
        }
        if let Some(list) = iterable.downcast_exact::<List>() {
            let len = list.len();
            let same = std::ptr::eq(self, list.get());
            self.grow_by(th, len)?;
            let to = self.len() - len;
            let from = if same { self.items.get() } else { list.items.get() };
            // SAFETY: (1): `grow_by` made room; nothing runs until the new items are there.
            unsafe { copy_counted(from, self.items.get().add(to), len) };
            return Ok(());
        }
        self.extend_iterating(th, iterable)
    }

    /// # Safety
    /// `items` points to `len` objects that stay where they are.
    unsafe fn extend_raw(&self, th: &Thread, items: *const Ptr, len: usize) -> PyResult<()> {
        self.grow_by(th, len)?;
        let to = self.len() - len;
        // SAFETY: `grow_by` made room; the caller's promise.
        unsafe { copy_counted(items, self.items.get().add(to), len) };
        Ok(())
    }

    /// `more` uninitialised items at the end, which the caller writes at once.
    fn grow_by(&self, th: &Thread, more: usize) -> PyResult<()> {
        if more == 0 {
            return Ok(());
        }
        let len = self.len() + more;
        if self.items.get().is_null() {
            self.reserve_exact(th, len)?;
            self.head.set_size(len as isize);
            return Ok(());
        }
        self.resize(th, len)
    }

    fn extend_iterating(&self, th: &Thread, iterable: Borrowed<'_>) -> PyResult<()> {
        let iterator = iter::get_iter(th, iterable)?;
        let hint = object::length_hint(th, iterable, 8)?;
        let len = self.len();
        if hint > 0 && hint < MAX_LEN - len {
            if self.items.get().is_null() {
                self.reserve_exact(th, hint)?;
            } else {
                self.resize(th, len + hint)?;
                self.head.set_size(len as isize);
            }
        }
        while let Some(item) = iter::next(th, iterator.borrow())? {
            self.push(th, item)?;
        }
        // Too large an estimate.
        if self.head.size() < self.allocated.get() {
            self.resize(th, self.len())?;
        }
        Ok(())
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.head.size() as usize
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counted, because any Python code may take the item out of the list.
    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<Owned> {
        if index >= self.len() {
            return None;
        }
        // SAFETY: (1).
        unsafe {
            Borrowed::<Object>::from_ptr_or_null(*self.items.get().add(index))
                .map(|item| item.to_owned())
        }
    }

    /// Puts `item` at `index`; the old item comes back. `Err(item)` if there is no such index.
    #[inline(always)]
    pub fn replace(&self, index: usize, item: Owned) -> Result<Owned, Owned> {
        if index >= self.len() {
            return Err(item);
        }
        // SAFETY: (1); a null old item is one that C has not filled in.
        unsafe {
            let old = std::mem::replace(&mut *self.items.get().add(index), item.into_ptr());
            Ok(Owned::from_ptr_or_null(old).unwrap_or_else(|| none().to_owned()))
        }
    }

    /// Exchanges two items; false if there is no such index.
    pub fn swap(&self, a: usize, b: usize) -> bool {
        let both = a < self.len() && b < self.len();
        if both {
            // SAFETY: (1).
            unsafe { std::ptr::swap(self.items.get().add(a), self.items.get().add(b)) };
        }
        both
    }

    /// What lies at an index: NULL if C has not filled it in yet.
    #[inline(always)]
    pub fn peek(&self, index: usize) -> Option<Ptr> {
        // SAFETY: (1).
        (index < self.len()).then(|| unsafe { *self.items.get().add(index) })
    }

    /// How far two lists are equal from `at` on, as far as that is known without running code.
    pub(super) fn equal_until(&self, other: &List, mut at: usize) -> usize {
        while let (Some(a), Some(b)) = (self.peek(at), other.peek(at)) {
            // SAFETY: (1); both lists hold their items while nothing runs.
            let equal = !a.is_null()
                && !b.is_null()
                && unsafe {
                    object::equal_at_once(Borrowed::from_ptr(a), Borrowed::from_ptr(b))
                        == Some(true)
                };
            if !equal {
                break;
            }
            at += 1;
        }
        at
    }

    /// Where the items lie, for C and the loop; null if there is no room for any.
    #[inline(always)]
    pub fn items_ptr(&self) -> *mut Ptr {
        self.items.get()
    }

    /// How many items there is room for.
    pub fn capacity(&self) -> usize {
        self.allocated.get().max(0) as usize
    }

    /// The items as they are now: valid until anything runs or the list is written.
    ///
    /// # Safety
    /// No Python code runs while the result is in use.
    #[inline(always)]
    pub unsafe fn as_slice(&self) -> &[Borrowed<'_>] {
        if self.is_empty() {
            return &[];
        }
        // SAFETY: (1), the caller's promise.
        unsafe { std::slice::from_raw_parts(self.items.get().cast(), self.len()) }
    }

    pub fn to_vec(&self) -> Vec<Owned> {
        // SAFETY: only counts change.
        unsafe { self.as_slice() }.iter().map(|&item| item.to_owned()).collect()
    }

    pub fn to_tuple(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        // SAFETY: `from_slice` counts before anything can run.
        unsafe { Tuple::from_slice(th, self.as_slice()) }
    }

    pub fn sort(&self, th: &Thread) -> PyResult<()> {
        sort::sort(self, th, None, false)
    }

    /// As `list.sort`.
    pub fn sort_by(&self, th: &Thread, key: Option<Borrowed<'_>>, reverse: bool) -> PyResult<()> {
        sort::sort(self, th, key, reverse)
    }

    pub fn reverse(&self) {
        // SAFETY: (1); nothing is counted.
        unsafe {
            if !self.is_empty() {
                std::slice::from_raw_parts_mut(self.items.get(), self.len()).reverse();
            }
        }
    }

    pub fn clear(&self) {
        let (items, len) = (self.items.get(), self.len());
        if items.is_null() {
            return;
        }
        // The list is empty before the first item is released.
        self.head.set_size(0);
        self.items.set(std::ptr::null_mut());
        self.allocated.set(0);
        // SAFETY: (1), (3): the storage is ours alone now.
        unsafe {
            let mut place = items.add(len);
            while place > items {
                place = place.sub(1);
                drop(Owned::<Object>::from_ptr_or_null(*place));
            }
            Thread::attached().interp().heap.free(items.cast());
        }
    }

    /// `len` items copied from `start`, which are in range.
    pub fn slice(&self, th: &Thread, start: usize, len: usize) -> PyResult<Owned<List>> {
        // SAFETY: `from_slice` counts before anything can run... but making a list may collect garbage.
        let list = List::with_capacity(th, len)?;
        let len = len.min(self.len().saturating_sub(start));
        if len > 0 {
            // SAFETY: (1); there is room for `len`, and `start + len` is in range.
            unsafe { copy_counted(self.items.get().add(start), list.items.get(), len) };
            list.head.set_size(len as isize);
        }
        Ok(list)
    }

    /// The items of a slice of this list.
    pub(super) fn pick(&self, th: &Thread, range: SliceRange) -> PyResult<Owned<List>> {
        // Making a list may collect garbage, and so change this one.
        let list = List::with_capacity(th, range.len)?;
        let (from, to) = (self.items.get(), list.items.get());
        let mut count = 0;
        for at in range.positions().filter(|&at| at < self.len()) {
            // SAFETY: (1), (3): `at` is in range, and there is room for `range.len`; only counts change.
            unsafe {
                let item = *from.add(at);
                if item.is_null() {
                    continue;
                }
                crate::handle::incref(item);
                *to.add(count) = item;
            }
            count += 1;
        }
        list.head.set_size(count as isize);
        Ok(list)
    }

    /// Room for `capacity` items in a list that has no storage. Memory comes in blocks of two pointers.
    fn reserve_exact(&self, th: &Thread, capacity: usize) -> PyResult<()> {
        if capacity == 0 {
            return Ok(());
        }
        if capacity >= MAX_LEN {
            return Err(th.no_memory());
        }
        let capacity = (capacity + 1) & !1;
        let items: *mut Ptr = th.interp().heap.alloc(capacity * size_of::<Ptr>()).cast();
        if items.is_null() {
            return Err(th.no_memory());
        }
        self.items.set(items);
        self.allocated.set(capacity as isize);
        Ok(())
    }

    /// Makes the list `len` long, over-allocating as the reference does: 0, 4, 8, 16, 24, 32, 40, 52, 64, …
    /// New items are uninitialised: the caller writes them at once.
    #[inline(always)]
    fn resize(&self, th: &Thread, len: usize) -> PyResult<()> {
        let allocated = self.allocated.get();
        if allocated >= len as isize && len as isize >= allocated >> 1 {
            self.head.set_size(len as isize);
            return Ok(());
        }
        self.reallocate(th, len)
    }

    #[inline(never)]
    fn reallocate(&self, th: &Thread, len: usize) -> PyResult<()> {
        let allocated = self.allocated.get();
        let mut capacity = (len + (len >> 3) + 6) & !3;
        // A large step, such as that of `extend`, is not followed by many small ones.
        if len as isize - self.head.size() > (capacity - len) as isize {
            capacity = (len + 3) & !3;
        }
        if len == 0 {
            capacity = 0;
        }
        if capacity as isize == allocated {
            self.head.set_size(len as isize);
            return Ok(());
        }
        if capacity >= MAX_LEN {
            return Err(th.no_memory());
        }
        let heap = &th.interp().heap;
        // SAFETY: (1): the storage is the list's.
        let items = unsafe {
            if capacity == 0 {
                heap.free(self.items.get().cast());
                std::ptr::null_mut()
            } else {
                let items = heap.realloc(self.items.get().cast(), capacity * size_of::<Ptr>());
                if items.is_null() {
                    return Err(th.no_memory());
                }
                items
            }
        };
        self.items.set(items.cast());
        self.allocated.set(capacity as isize);
        self.head.set_size(len as isize);
        Ok(())
    }
}

/// Copies `len` pointers and counts each.
///
/// # Safety
/// `from` holds `len` objects, `to` has room for them.
unsafe fn copy_counted(from: *const Ptr, to: *mut Ptr, len: usize) {
    for at in 0..len {
        // SAFETY: the caller's promise.
        unsafe {
            let item = *from.add(at);
            crate::handle::incref(item);
            *to.add(at) = item;
        }
    }
}
