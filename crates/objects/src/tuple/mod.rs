//! `tuple`.
//!
//! This file is the storage and what other Rust code uses; `methods` is what Python sees. The same job as CPython's
//! `Objects/tupleobject.c`.
//!
//! Invariants:
//! 1. `ob_size` pointers follow the struct. All hold a reference each, except while C (or a function here) fills in a
//!    fresh tuple: then they may be null.
//! 2. The empty tuple of exact type is one static, immortal object.
//! 3. A tuple on a free list holds no references; its size stays what it was.

mod methods;

use std::cell::Cell;

use krait_abi as abi;

use crate::freelist::alloc_gc;
use crate::gc;
use crate::prelude::*;
use crate::row::move_words;
use crate::typeobj::alloc::init_head;

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
