//! A buffer that grows as output comes, up to a limit.
//!
//! The same job as CPython's `pycore_blocks_output_buffer.h`.

use std::mem::MaybeUninit;

use krait_objects::prelude::*;

/// Memory is used up. The current exception is raised later: the GIL may not be held.
#[derive(Clone, Copy, Debug)]
pub struct NoMemory;

const FIRST: usize = 16 << 10;

/// Output so far.
pub struct Output {
    bytes: Vec<u8>,
    limit: usize,
    first: usize,
}

impl Output {
    pub fn new() -> Output {
        Output::limited(usize::MAX)
    }

    /// Output of at most `limit` bytes.
    pub fn limited(limit: usize) -> Output {
        Output { bytes: Vec::new(), limit, first: FIRST }
    }

    /// Output that may well be of `size` bytes.
    pub fn expecting(size: usize) -> Output {
        Output { bytes: Vec::new(), limit: usize::MAX, first: size.max(1) }
    }

    /// Where to write next: empty only if the limit is reached.
    pub fn room(&mut self) -> Result<&mut [MaybeUninit<u8>], NoMemory> {
        let left = self.limit - self.bytes.len();
        if self.bytes.len() == self.bytes.capacity() && left > 0 {
            let more = self.bytes.len().max(self.first).min(left);
            self.bytes.try_reserve_exact(more).map_err(|_| NoMemory)?;
        }
        let room = self.bytes.spare_capacity_mut();
        let len = room.len().min(left);
        Ok(&mut room[..len])
    }

    /// Counts what has been written to the room.
    ///
    /// # Safety
    /// The first `count` bytes of it are initialised.
    pub unsafe fn advance(&mut self, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.bytes.set_len(self.bytes.len() + count) };
    }

    /// Whether there is room without growing: the writer stopped for want of input.
    pub fn has_spare(&self) -> bool {
        self.bytes.len() < self.bytes.capacity().min(self.limit)
    }

    pub fn is_at_limit(&self) -> bool {
        self.bytes.len() >= self.limit
    }

    pub fn into_bytes(self, th: &Thread) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &self.bytes)
    }
}
