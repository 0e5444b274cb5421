//! The storage of `deque`: a chain of blocks of 64 references, which never move once they are in it.
//!
//! ```text
//!   left                                 right
//!   [ . . . a b c ] <-> [ d e f ... ] <-> [ x y . . . . ]
//!           left_at                           right_end
//! ```
//!
//! Relies on the interpreter's allocator only; runs no Python code. The same job as the block functions of CPython's
//! `Modules/_collectionsmodule.c`, whose sizes `sys.getsizeof` shows.
//!
//! Invariants: 1. with a `left` block, `left` to `right` is a chain of blocks, and the `len` places from `left_at` of `left`
//! to `right_end` of `right` hold a reference each; 2. without, `len` and `left_at` are zero and `right_end` is `BLOCK_LEN`
//! (once `prepare` has run, before which there are only zeros); 3. `spare_count` blocks in `spare` are nobody else's.

use std::cell::Cell;
use std::ptr::null_mut;

use krait_abi as abi;
use krait_objects::memory::entry;
use krait_objects::prelude::*;

/// References in a block.
pub const BLOCK_LEN: usize = 64;
const CENTER: usize = (BLOCK_LEN - 1) / 2;
const SPARE_BLOCKS: usize = 16;

#[repr(C)]
pub struct Block {
    previous: *mut Block,
    items: [*mut abi::PyObject; BLOCK_LEN],
    next: *mut Block,
}

#[repr(C)]
pub struct Blocks {
    len: Cell<usize>,
    left: Cell<*mut Block>,
    right: Cell<*mut Block>,
    /// From 0 to `BLOCK_LEN`, which is just behind the block of an empty chain.
    left_at: Cell<usize>,
    /// One more than the place of the last item: from 0 to `BLOCK_LEN`.
    right_end: Cell<usize>,
    spare_count: Cell<usize>,
    spare: [Cell<*mut Block>; SPARE_BLOCKS],
}

/// A place in the chain, valid until an item comes or goes.
#[derive(Clone, Copy)]
pub struct Cursor {
    block: *mut Block,
    at: usize,
}

impl Blocks {
    pub fn len(&self) -> usize {
        self.len.get()
    }

    /// What the blocks take in memory, without the spare ones.
    pub fn bytes(&self) -> usize {
        if self.left.get().is_null() {
            return 0;
        }
        (self.left_at.get() + self.len()).div_ceil(BLOCK_LEN) * size_of::<Block>()
    }

    /// Makes the first block, if there is none. To be called once before anything is pushed.
    pub fn prepare(&self, th: &Thread) -> PyResult<()> {
        if self.left.get().is_null() {
            let block = self.new_block(th)?;
            self.left.set(block);
            self.right.set(block);
            self.center();
        }
        Ok(())
    }

    /// Of an empty chain: room in both directions.
    fn center(&self) {
        self.left_at.set(CENTER + 1);
        self.right_end.set(CENTER + 1);
    }

    /// Of an empty chain: the next `push_back`s fill the block from its start.
    pub fn start_left(&self, th: &Thread) -> PyResult<()> {
        self.prepare(th)?;
        self.left_at.set(1);
        self.right_end.set(1);
        Ok(())
    }

    /// Of an empty chain: the next `push_front`s fill the block from its end.
    pub fn start_right(&self, th: &Thread) -> PyResult<()> {
        self.prepare(th)?;
        self.left_at.set(BLOCK_LEN - 1);
        self.right_end.set(BLOCK_LEN - 1);
        Ok(())
    }

    #[inline]
    pub fn push_back(&self, th: &Thread, item: Owned) -> PyResult<()> {
        if self.right_end.get() == BLOCK_LEN {
            self.grow_right(th)?;
        }
        let end = self.right_end.get();
        // SAFETY: (1): the place behind the last item is in the block and free.
        unsafe { (*self.right.get()).items[end] = item.into_ptr() };
        self.right_end.set(end + 1);
        self.len.set(self.len.get() + 1);
        Ok(())
    }

    /// As `push_back` of each, which are counted; in runs that fit the last block.
    pub fn extend_back(&self, th: &Thread, mut items: &[Borrowed<'_>]) -> PyResult<()> {
        while !items.is_empty() {
            if self.right_end.get() == BLOCK_LEN {
                self.grow_right(th)?;
            }
            let end = self.right_end.get();
            let (run, rest) = items.split_at(items.len().min(BLOCK_LEN - end));
            for (at, item) in run.iter().enumerate() {
                // SAFETY: (1): the places behind the last item are in the block and free.
                unsafe { (*self.right.get()).items[end + at] = (*item).to_owned().into_ptr() };
            }
            self.right_end.set(end + run.len());
            self.len.set(self.len.get() + run.len());
            items = rest;
        }
        Ok(())
    }

    /// The same with the items of another chain.
    pub fn extend_from(&self, th: &Thread, other: &Blocks) -> PyResult<()> {
        let Cursor { mut block, mut at } = other.first();
        let mut left = other.len();
        while left > 0 {
            let run = left.min(BLOCK_LEN - at);
            // SAFETY: (1) of the other chain, which stays as it is: a handle is a pointer.
            unsafe {
                let first = (&raw const (*block).items).cast::<Borrowed<'_>>().add(at);
                self.extend_back(th, std::slice::from_raw_parts(first, run))?;
                block = (*block).next;
            }
            at = 0;
            left -= run;
        }
        Ok(())
    }

    #[inline]
    pub fn push_front(&self, th: &Thread, item: Owned) -> PyResult<()> {
        if self.left_at.get() == 0 {
            self.grow_left(th)?;
        }
        let at = self.left_at.get() - 1;
        // SAFETY: (1): the place before the first item is in the block and free.
        unsafe { (*self.left.get()).items[at] = item.into_ptr() };
        self.left_at.set(at);
        self.len.set(self.len.get() + 1);
        Ok(())
    }

    #[inline]
    pub fn pop_back(&self) -> Option<Owned> {
        let len = self.len.get().checked_sub(1)?;
        let end = self.right_end.get() - 1;
        // SAFETY: (1): the place holds a reference, which leaves the chain.
        let item = unsafe { Owned::from_ptr((*self.right.get()).items[end]) };
        self.right_end.set(end);
        self.len.set(len);
        if len == 0 {
            self.center();
        } else if end == 0 {
            self.shrink_right();
        }
        Some(item)
    }

    #[inline]
    pub fn pop_front(&self) -> Option<Owned> {
        let len = self.len.get().checked_sub(1)?;
        let at = self.left_at.get();
        // SAFETY: (1): the place holds a reference, which leaves the chain.
        let item = unsafe { Owned::from_ptr((*self.left.get()).items[at]) };
        self.left_at.set(at + 1);
        self.len.set(len);
        if len == 0 {
            self.center();
        } else if at + 1 == BLOCK_LEN {
            self.shrink_left();
        }
        Some(item)
    }

    /// The place of the item `index`, reached from the nearer end.
    pub fn place(&self, index: usize) -> Option<Cursor> {
        let len = self.len();
        if index >= len {
            return None;
        }
        let from_start = self.left_at.get() + index;
        let (mut steps, at) = (from_start / BLOCK_LEN, from_start % BLOCK_LEN);
        let blocks = (self.left_at.get() + len - 1) / BLOCK_LEN;
        // SAFETY: (1): as many blocks as these are in the chain.
        let block = unsafe {
            if index < len / 2 {
                let mut block = self.left.get();
                while steps > 0 {
                    block = (*block).next;
                    steps -= 1;
                }
                block
            } else {
                let mut block = self.right.get();
                while steps < blocks {
                    block = (*block).previous;
                    steps += 1;
                }
                block
            }
        };
        Some(Cursor { block, at })
    }

    pub fn get(&self, index: usize) -> Option<Borrowed<'_>> {
        // SAFETY: (1): the place holds a reference.
        self.place(index).map(|place| unsafe { place.item() })
    }

    /// Puts `item` in the place of the one at `index`, which exists, and gives that back.
    pub fn replace(&self, index: usize, item: Owned) -> Option<Owned> {
        let place = self.place(index)?;
        // SAFETY: (1): the place holds a reference, which leaves it as another one comes.
        unsafe {
            let old = (&mut (*place.block).items)[place.at];
            (*place.block).items[place.at] = item.into_ptr();
            Some(Owned::from_ptr(old))
        }
    }

    /// Puts the items into the opposite order.
    pub fn reverse(&self) {
        let (mut left, mut right) = (self.first(), self.last());
        for _ in 0..self.len() / 2 {
            // SAFETY: (1): the cursors are on items, which change places.
            unsafe {
                std::ptr::swap(
                    &raw mut (*left.block).items[left.at],
                    &raw mut (*right.block).items[right.at],
                );
                left.forward();
                right.back();
            }
        }
    }

    /// Moves the last `n` items to the front, in runs that fit both blocks.
    pub fn rotate_right(&self, th: &Thread, mut n: usize) -> PyResult<()> {
        while n > 0 {
            if self.left_at.get() == 0 {
                self.grow_left(th)?;
            }
            let (at, end) = (self.left_at.get(), self.right_end.get());
            let run = n.min(at).min(end);
            // SAFETY: (1): the places before the first item are free, so they are others than those of the run.
            unsafe {
                let from = (&raw const (*self.right.get()).items[end - run]).cast_mut();
                let to = &raw mut (*self.left.get()).items[at - run];
                std::ptr::copy_nonoverlapping(from, to, run);
            }
            self.left_at.set(at - run);
            self.right_end.set(end - run);
            if end == run {
                self.shrink_right();
            }
            n -= run;
        }
        Ok(())
    }

    /// Moves the first `n` items to the back.
    pub fn rotate_left(&self, th: &Thread, mut n: usize) -> PyResult<()> {
        while n > 0 {
            if self.right_end.get() == BLOCK_LEN {
                self.grow_right(th)?;
            }
            let (at, end) = (self.left_at.get(), self.right_end.get());
            let run = n.min(BLOCK_LEN - at).min(BLOCK_LEN - end);
            // SAFETY: as in `rotate_right`.
            unsafe {
                let from = (&raw const (*self.left.get()).items[at]).cast_mut();
                let to = (&raw mut (*self.right.get()).items).cast::<*mut abi::PyObject>().add(end);
                std::ptr::copy_nonoverlapping(from, to, run);
            }
            self.left_at.set(at + run);
            self.right_end.set(end + run);
            if at + run == BLOCK_LEN {
                self.shrink_left();
            }
            n -= run;
        }
        Ok(())
    }

    /// Moves the whole chain out; this one is then empty.
    pub fn take(&self) -> Chain {
        let chain = Chain { left: self.left.take(), at: self.left_at.take(), len: self.len.take() };
        self.right.set(null_mut());
        self.right_end.set(BLOCK_LEN);
        chain
    }

    /// The place of the first item; of an empty chain, one that is not to be read.
    pub fn first(&self) -> Cursor {
        Cursor { block: self.left.get(), at: self.left_at.get() }
    }

    /// As `first`, for the last item.
    pub fn last(&self) -> Cursor {
        Cursor { block: self.right.get(), at: self.right_end.get().wrapping_sub(1) }
    }

    fn new_block(&self, th: &Thread) -> PyResult<*mut Block> {
        let block = match self.spare_count.get().checked_sub(1) {
            Some(last) => {
                self.spare_count.set(last);
                self.spare[last].get()
            }
            None => entry::mem_malloc(size_of::<Block>()).cast(),
        };
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: the block is memory of this size that nobody else has.
        unsafe {
            (*block).previous = null_mut();
            (*block).next = null_mut();
        }
        Ok(block)
    }

    fn free_block(&self, block: *mut Block) {
        let count = self.spare_count.get();
        if count < SPARE_BLOCKS {
            self.spare[count].set(block);
            self.spare_count.set(count + 1);
        } else {
            // SAFETY: the block came from `mem_malloc` and has left the chain.
            unsafe { entry::mem_free(block.cast()) };
        }
    }

    #[cold]
    fn grow_right(&self, th: &Thread) -> PyResult<()> {
        if self.left.get().is_null() {
            return self.prepare(th);
        }
        let block = self.new_block(th)?;
        // SAFETY: (1): the new block becomes the last of the chain.
        unsafe {
            (*block).previous = self.right.get();
            (*self.right.get()).next = block;
        }
        self.right.set(block);
        self.right_end.set(0);
        Ok(())
    }

    #[cold]
    fn grow_left(&self, th: &Thread) -> PyResult<()> {
        if self.left.get().is_null() {
            return self.prepare(th);
        }
        let block = self.new_block(th)?;
        // SAFETY: (1): the new block becomes the first of the chain.
        unsafe {
            (*block).next = self.left.get();
            (*self.left.get()).previous = block;
        }
        self.left.set(block);
        self.left_at.set(BLOCK_LEN);
        Ok(())
    }

    /// Takes the last block off, in which no item is left, while there are items in others.
    #[cold]
    fn shrink_right(&self) {
        let block = self.right.get();
        // SAFETY: (1): the items are in the blocks before this one.
        unsafe {
            self.right.set((*block).previous);
            (*self.right.get()).next = null_mut();
        }
        self.right_end.set(BLOCK_LEN);
        self.free_block(block);
    }

    /// As `shrink_right`, for the first block.
    #[cold]
    fn shrink_left(&self) {
        let block = self.left.get();
        // SAFETY: (1): the items are in the blocks behind this one.
        unsafe {
            self.left.set((*block).next);
            (*self.left.get()).previous = null_mut();
        }
        self.left_at.set(0);
        self.free_block(block);
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        drop(self.take());
        for spare in &self.spare[..self.spare_count.get()] {
            // SAFETY: (3).
            unsafe { entry::mem_free(spare.get().cast()) };
        }
    }
}

impl Cursor {
    /// The item here.
    ///
    /// # Safety
    /// The cursor is on an item of a chain that has not changed since, which stays so while the item is used.
    #[inline]
    pub unsafe fn item<'a>(self) -> Borrowed<'a> {
        // SAFETY: the caller's promise.
        unsafe { Borrowed::from_ptr((*self.block).items[self.at]) }
    }

    /// To the next place.
    ///
    /// # Safety
    /// As for `item`. Behind the last item the cursor is not to be read.
    #[inline]
    pub unsafe fn forward(&mut self) {
        self.at += 1;
        if self.at == BLOCK_LEN {
            // SAFETY: the caller's promise.
            *self = Cursor { block: unsafe { (*self.block).next }, at: 0 };
        }
    }

    /// To the place before.
    ///
    /// # Safety
    /// As for `forward`.
    #[inline]
    pub unsafe fn back(&mut self) {
        if self.at == 0 {
            // SAFETY: the caller's promise.
            *self = Cursor { block: unsafe { (*self.block).previous }, at: BLOCK_LEN };
        }
        self.at -= 1;
    }
}

/// Blocks that no deque has any more; dropping them releases the items from left to right.
pub struct Chain {
    left: *mut Block,
    at: usize,
    len: usize,
}

impl Drop for Chain {
    fn drop(&mut self) {
        let mut cursor = Cursor { block: self.left, at: self.at };
        // SAFETY: the chain is this one's alone, so releasing its items changes nothing in it.
        unsafe {
            for _ in 0..self.len {
                let (block, item) =
                    (cursor.block, Owned::from_ptr((*cursor.block).items[cursor.at]));
                drop::<Owned>(item);
                cursor.forward();
                if cursor.block != block {
                    entry::mem_free(block.cast());
                    self.left = cursor.block;
                }
            }
            if !self.left.is_null() {
                entry::mem_free(self.left.cast());
            }
        }
    }
}
