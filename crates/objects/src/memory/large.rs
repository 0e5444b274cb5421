//! Blocks too large for a pool: from the system, behind a header that links them, so that a heap can give all of
//! them back.

use std::cell::Cell;
use std::ptr::null_mut;

/// What stands before a block: 32 bytes, so that the block stays aligned to 16.
#[repr(C, align(16))]
struct Header {
    next: *mut Header,
    prev: *mut Header,
    size: usize,
    /// Whether it is in a heap's list; blocks allocated without a heap are not.
    linked: bool,
}

const HEADER: usize = size_of::<Header>();
const _: () = assert!(HEADER.is_multiple_of(16));

/// The large blocks of a heap.
pub struct Large {
    first: Cell<*mut Header>,
    bytes: Cell<usize>,
    count: Cell<usize>,
}

impl Default for Large {
    fn default() -> Large {
        Large { first: Cell::new(null_mut()), bytes: Cell::new(0), count: Cell::new(0) }
    }
}

fn header_of(block: *mut u8) -> *mut Header {
    block.wrapping_sub(HEADER).cast()
}

/// The size a block was asked for with.
///
/// # Safety
/// `block` is a large block.
pub unsafe fn size(block: *mut u8) -> usize {
    // SAFETY: the caller's promise: the header stands before it.
    unsafe { (*header_of(block)).size }
}

/// A block that belongs to no heap, for callers that are attached to no interpreter.
pub fn alloc_unowned(size: usize, zeroed: bool) -> *mut u8 {
    let Some(total) = size.checked_add(HEADER).filter(|&total| total <= isize::MAX as usize) else {
        return null_mut();
    };
    // SAFETY: any size goes; the header fits in.
    unsafe {
        let raw = if zeroed { libc::calloc(1, total) } else { libc::malloc(total) };
        let header: *mut Header = raw.cast();
        if header.is_null() {
            return null_mut();
        }
        header.write(Header { next: null_mut(), prev: null_mut(), size, linked: false });
        header.cast::<u8>().add(HEADER)
    }
}

/// Gives back a block that belongs to no heap. One of a heap is leaked: only its own interpreter may take it out.
///
/// # Safety
/// A large block, given back once.
pub unsafe fn free_unowned(block: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe {
        if !(*header_of(block)).linked {
            libc::free(header_of(block).cast());
        }
    }
}

/// Makes a block that belongs to no heap larger or smaller; null, and no change, for others.
///
/// # Safety
/// A large block.
pub unsafe fn realloc_unowned(block: *mut u8, size: usize) -> *mut u8 {
    let Some(total) = size.checked_add(HEADER).filter(|&total| total <= isize::MAX as usize) else {
        return null_mut();
    };
    // SAFETY: the caller's promise; the header moves with the block.
    unsafe {
        if (*header_of(block)).linked {
            return null_mut();
        }
        let moved: *mut Header = libc::realloc(header_of(block).cast(), total).cast();
        if moved.is_null() {
            return null_mut();
        }
        (*moved).size = size;
        moved.cast::<u8>().add(HEADER)
    }
}

impl Large {
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    pub fn count(&self) -> usize {
        self.count.get()
    }

    pub fn alloc(&self, size: usize, zeroed: bool) -> *mut u8 {
        let block = alloc_unowned(size, zeroed);
        if !block.is_null() {
            // SAFETY: a fresh block.
            unsafe { self.link(header_of(block)) };
        }
        block
    }

    unsafe fn link(&self, header: *mut Header) {
        // SAFETY: a header in no list, and the first of the list.
        unsafe {
            let next = self.first.replace(header);
            (*header).next = next;
            (*header).prev = null_mut();
            (*header).linked = true;
            if !next.is_null() {
                (*next).prev = header;
            }
            self.bytes.set(self.bytes.get() + (*header).size);
            self.count.set(self.count.get() + 1);
        }
    }

    unsafe fn unlink(&self, header: *mut Header) {
        // SAFETY: a header with its neighbours.
        unsafe {
            if !(*header).linked {
                return;
            }
            match (*header).prev.as_mut() {
                Some(before) => before.next = (*header).next,
                None => self.first.set((*header).next),
            }
            if let Some(after) = (*header).next.as_mut() {
                after.prev = (*header).prev;
            }
            (*header).linked = false;
            self.bytes.set(self.bytes.get() - (*header).size);
            self.count.set(self.count.get() - 1);
        }
    }

    /// # Safety
    /// `block` is a large block of this heap or of none.
    pub unsafe fn free(&self, block: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe {
            let header = header_of(block);
            self.unlink(header);
            libc::free(header.cast());
        }
    }

    /// # Safety
    /// As for `free`; the old block is gone unless null is returned.
    pub unsafe fn realloc(&self, block: *mut u8, size: usize) -> *mut u8 {
        let Some(total) = size.checked_add(HEADER).filter(|&total| total <= isize::MAX as usize)
        else {
            return null_mut();
        };
        // SAFETY: the caller's promise; the header moves with the block.
        unsafe {
            let header = header_of(block);
            self.unlink(header);
            let moved: *mut Header = libc::realloc(header.cast(), total).cast();
            if moved.is_null() {
                self.link(header);
                return null_mut();
            }
            (*moved).size = size;
            self.link(moved);
            moved.cast::<u8>().add(HEADER)
        }
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        let mut header = self.first.get();
        // SAFETY: the heap is gone, and with it all that used its blocks.
        unsafe {
            while !header.is_null() {
                let next = (*header).next;
                libc::free(header.cast());
                header = next;
            }
        }
    }
}
