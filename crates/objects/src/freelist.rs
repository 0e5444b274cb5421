//! Free lists: the memory of dead objects, kept for the next object of the same type and size.
//!
//! An interpreter has its own, in `Interpreter::free_lists`. The same job as CPython's
//! `Include/internal/pycore_freelist.h`.
//!
//! Invariants:
//! 1. A block on a list belongs to nobody else; its first word links it to the next one.
//! 2. All blocks of one list have the same size, and the collector's header before them if their type has one.

use std::cell::Cell;

use krait_abi as abi;

use crate::memory::Heap;
use crate::typeobj::Type;

type Ptr = *mut abi::PyObject;

/// Up to `MAX` blocks.
pub struct FreeList<const MAX: usize> {
    head: Cell<Ptr>,
    len: Cell<usize>,
}

impl<const MAX: usize> Default for FreeList<MAX> {
    fn default() -> Self {
        FreeList { head: Cell::new(std::ptr::null_mut()), len: Cell::new(0) }
    }
}

impl<const MAX: usize> FreeList<MAX> {
    /// A block as it was given back, but for its first word; null if there is none.
    #[inline(always)]
    pub fn pop(&self) -> Ptr {
        let block = self.head.get();
        if !block.is_null() {
            // SAFETY: (1).
            self.head.set(unsafe { *block.cast::<Ptr>() });
            self.len.set(self.len.get() - 1);
        }
        block
    }

    /// Keeps `block`; false if there are enough.
    ///
    /// # Safety
    /// The caller gives up `block`, which fits (2).
    #[inline(always)]
    pub unsafe fn push(&self, block: Ptr) -> bool {
        if self.len.get() >= MAX {
            return false;
        }
        // SAFETY: (1): the block is ours now.
        unsafe { *block.cast::<Ptr>() = self.head.get() };
        self.head.set(block);
        self.len.set(self.len.get() + 1);
        true
    }

    /// An object of the static, collected type `ty`, with a head as of a new one; the rest is as it was given back. Null
    /// if there is none.
    #[inline]
    pub fn reuse_gc(&self, ty: &'static Type) -> Ptr {
        let block = self.pop();
        if !block.is_null() {
            // SAFETY: (1), (2): a header precedes the block.
            unsafe {
                block.cast::<abi::PyGC_Head>().sub(1).write(std::mem::zeroed());
                crate::typeobj::alloc::init_static_head(block, ty);
            }
        }
        block
    }

    fn kept(&self) -> usize {
        if self.head.get().is_null() { 0 } else { self.len.get() }
    }

    /// An empty list looks full, so that it takes no block, or is open again.
    fn set_closed(&self, closed: bool) {
        self.len.set(if closed { MAX } else { 0 });
    }

    fn clear(&self, heap: &Heap, before: usize) {
        loop {
            let block = self.pop();
            if block.is_null() {
                return;
            }
            // SAFETY: (1), (2): the block begins `before` bytes earlier.
            unsafe { heap.free(block.cast::<u8>().sub(before)) };
        }
    }
}

/// Tuples of at most this many items are kept.
pub const TUPLE_SIZES: usize = 20;

/// The free lists of an interpreter.
#[derive(Default)]
pub struct FreeLists {
    /// By the number of items, less one.
    pub tuples: [FreeList<2000>; TUPLE_SIZES],
    /// Ints of one digit.
    pub ints: FreeList<100>,
    pub floats: FreeList<100>,
    pub lists: FreeList<80>,
    pub list_iterators: FreeList<10>,
    pub tuple_iterators: FreeList<10>,
    /// Bound methods.
    pub methods: FreeList<20>,
    pub dicts: FreeList<80>,
    /// Key tables of eight slots with strings as keys.
    pub dict_keys: FreeList<80>,
    pub slices: FreeList<1>,
    pub ranges: FreeList<6>,
    pub range_iterators: FreeList<6>,
    /// What `__anext__` and `asend` answer.
    pub async_sends: FreeList<80>,
    /// Values on their way out of asynchronous generators.
    pub async_values: FreeList<80>,
}

impl FreeLists {
    /// Gives all memory back (full collections, finalisation).
    pub fn clear(&self, heap: &Heap) {
        const HEADER: usize = size_of::<abi::PyGC_Head>();
        for tuples in &self.tuples {
            tuples.clear(heap, HEADER);
        }
        macro_rules! clear {
            ($($list:ident $before:expr),*) => { $(self.$list.clear(heap, $before);)* };
        }
        clear!(ints 0, floats 0, lists HEADER, list_iterators HEADER, tuple_iterators HEADER, dicts HEADER);
        clear!(methods HEADER, dict_keys 0, slices HEADER, ranges 0, range_iterators 0);
        clear!(async_sends HEADER, async_values HEADER);
    }

    /// How many blocks of each kind are kept, for people.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        let mut line = |count: usize, kind: &str| text += &format!("{count:6} free {kind}\n");
        macro_rules! lines {
            ($($list:ident $kind:literal),*) => { $(line(self.$list.kept(), $kind);)* };
        }
        lines!(dicts "PyDictObjects", dict_keys "PyDictKeysObjects", floats "PyFloatObjects", ints "PyLongObjects");
        lines!(lists "PyListObjects");
        for (at, tuples) in self.tuples.iter().enumerate() {
            line(tuples.kept(), &format!("{}-sized PyTupleObjects", at + 1));
        }
        text
    }

    /// While closed, every object takes its memory from the heap and gives it back there, which sees it (`tracemalloc`).
    pub fn set_closed(&self, heap: &Heap, closed: bool) {
        self.clear(heap);
        for tuples in &self.tuples {
            tuples.set_closed(closed);
        }
        macro_rules! set {
            ($($list:ident)*) => { $(self.$list.set_closed(closed);)* };
        }
        set!(ints floats lists list_iterators tuple_iterators methods dicts dict_keys slices ranges range_iterators);
        set!(async_sends async_values);
    }
}

/// Uninitialised memory for an object of a collected type, `size` bytes after a cleared header.
#[inline]
pub(crate) fn alloc_gc(
    th: &crate::thread::Thread,
    size: usize,
    ty: &'static Type,
) -> crate::error::PyResult<Ptr> {
    const HEADER: usize = size_of::<abi::PyGC_Head>();
    let block = th.interp().heap.alloc_object(HEADER + size, HEADER, ty.as_type_ptr());
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block is fresh and large enough.
    unsafe {
        block.cast::<abi::PyGC_Head>().write(std::mem::zeroed());
        Ok(block.add(HEADER).cast())
    }
}
