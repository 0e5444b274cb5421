//! `bytearray`: the object, and its storage.
//!
//! `methods` is the type and its slots, `change` has the methods that `bytes` has not; those it shares with `bytes` are
//! in `bytelike`. The same job as CPython's `Objects/bytearrayobject.c`.
//!
//! Invariants:
//! 1. `bytes` is null or a block of `alloc` bytes; `start` points into it, `size()` bytes and a NUL follow there.
//! 2. While `exports` is not zero the bytes stay where they are, and as many.

mod change;
mod methods;

use std::cell::Cell;

use crate::prelude::*;

pub use methods::{ByteArray, PyByteArray_Type};

impl ByteArray {
    pub fn new(th: &Thread, data: &[u8]) -> PyResult<Owned<ByteArray>> {
        ByteArray::new_of(th, Borrowed::from_ref(ByteArray::type_object()), data)
    }

    /// An instance of `cls`, a subtype of `bytearray`.
    pub fn new_of(th: &Thread, cls: Borrowed<'_, Type>, data: &[u8]) -> PyResult<Owned<ByteArray>> {
        cls.ready(th)?;
        let array: Owned<ByteArray> = cls.alloc(th, 0)?;
        if !data.is_empty() {
            // With the NUL that C expects behind them.
            let Some(room) = data.len().checked_add(1) else { return Err(th.no_memory()) };
            array.reallocate(th, room, data.len())?;
            // SAFETY: (1): the block has room for them.
            unsafe { array.start.get().copy_from_nonoverlapping(data.as_ptr(), data.len()) };
        }
        Ok(array)
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.head.size() as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes: valid until Python code runs, or the array changes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        if self.start.get().is_null() {
            return &[];
        }
        // SAFETY: (1).
        unsafe { std::slice::from_raw_parts(self.start.get(), self.len()) }
    }

    /// Where the bytes are; a NUL if there are none.
    pub fn data(&self) -> *mut u8 {
        static EMPTY: [u8; 1] = [0];
        match self.start.get() {
            start if start.is_null() => EMPTY.as_ptr().cast_mut(),
            start => start,
        }
    }

    /// How many bytes the block has (`__alloc__`).
    pub fn allocated(&self) -> usize {
        self.alloc.get() as usize
    }

    /// BufferError while a view of the bytes exists.
    pub fn check_resizable(&self, th: &Thread) -> PyResult<()> {
        if self.exports.get() > 0 {
            return Err(
                th.raise(exc::BUFFER_ERROR, "Existing exports of data: object cannot be re-sized")
            );
        }
        Ok(())
    }

    /// Makes room for `len` bytes, which keep what they are as far as there were as many.
    pub fn resize(&self, th: &Thread, len: usize) -> PyResult<()> {
        if len == self.len() {
            return Ok(());
        }
        self.check_resizable(th)?;
        let alloc = self.allocated();
        let offset = self.start.get() as usize - self.bytes.get() as usize;
        if len >= isize::MAX as usize - 8 {
            return Err(th.no_memory());
        }
        let wanted = if len + offset < alloc {
            if len >= alloc / 2 {
                // Little less: the block stays.
                self.set_len(len);
                return Ok(());
            }
            len + 1
        } else if len <= alloc + alloc / 8 {
            // A little more: others will follow.
            len + (len >> 3) + if len < 9 { 3 } else { 6 }
        } else {
            len + 1
        };
        self.reallocate(th, wanted, len)
    }

    fn set_len(&self, len: usize) {
        self.head.set_size(len as isize);
        // SAFETY: (1): there is room for the NUL.
        unsafe { self.start.get().add(len).write(0) };
    }

    pub(super) fn reallocate(&self, th: &Thread, wanted: usize, len: usize) -> PyResult<()> {
        let block = th.interp().heap.alloc(wanted);
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: (1); the new block has room for what is kept.
        unsafe {
            let kept = len.min(self.len());
            if kept > 0 {
                block.copy_from_nonoverlapping(self.start.get(), kept);
            }
            th.interp().heap.free(self.bytes.get());
        }
        self.bytes.set(block);
        self.start.set(block);
        self.alloc.set(wanted as isize);
        self.set_len(len);
        Ok(())
    }

    pub fn append_slice(&self, th: &Thread, data: &[u8]) -> PyResult<()> {
        let len = self.len();
        if data.is_empty() {
            return Ok(());
        }
        let Some(new_len) = len.checked_add(data.len()) else {
            return Err(th.no_memory());
        };
        self.resize(th, new_len)?;
        // SAFETY: (1).
        unsafe { self.start.get().add(len).copy_from_nonoverlapping(data.as_ptr(), data.len()) };
        Ok(())
    }

    /// Puts `data`, which is not the array's own, in place of a range.
    pub fn splice(&self, th: &Thread, start: usize, end: usize, data: &[u8]) -> PyResult<()> {
        let (len, removed) = (self.len(), end - start);
        let Some(new_len) = (len - removed).checked_add(data.len()) else {
            return Err(th.no_memory());
        };
        if new_len > len {
            self.resize(th, new_len)?;
        } else if new_len < len {
            self.check_resizable(th)?;
        }
        if new_len == 0 && len == 0 {
            return Ok(());
        }
        let base = self.start.get();
        // SAFETY: (1): the block holds the greater of both lengths.
        unsafe {
            if start == 0 && data.is_empty() && removed > 0 {
                // What is taken from the front is left behind, for a queue's sake.
                self.start.set(base.add(removed));
                self.head.set_size(new_len as isize);
                return self.shrink(th);
            }
            std::ptr::copy(base.add(end), base.add(start + data.len()), len - end);
            base.add(start).copy_from_nonoverlapping(data.as_ptr(), data.len());
        }
        if new_len < len {
            return self.resize(th, new_len);
        }
        Ok(())
    }

    /// Gives memory back if more than half of the block is unused.
    fn shrink(&self, th: &Thread) -> PyResult<()> {
        if self.len() < self.allocated() / 2 {
            return self.reallocate(th, self.len() + 1, self.len());
        }
        Ok(())
    }

    /// Writes one byte, which must be inside.
    pub fn set(&self, at: usize, byte: u8) {
        assert!(at < self.len());
        // SAFETY: (1).
        unsafe { self.start.get().add(at).write(byte) };
    }

    /// Runs `change` on the bytes.
    pub fn with_bytes<R>(&self, change: impl FnOnce(&mut [u8]) -> R) -> R {
        // SAFETY: (1); `change` runs no Python code.
        let data = unsafe { std::slice::from_raw_parts_mut(self.data(), self.len()) };
        change(data)
    }

    pub(crate) fn exports(&self) -> &Cell<isize> {
        &self.exports
    }
}
