//! Arenas: what the heap takes from the system for small objects, cut into pools.
//!
//! An arena is 1 MiB, aligned to its size, so 20 bits of an address are the same for all blocks in it. Pools are 16 KiB,
//! aligned alike: the pool of a block is its address with the low bits cleared. The first pool of an arena begins
//! with the arena's own header.
//!
//! Invariants:
//! 1. A pool with a class has `used` blocks in use; the others are on its list, or lie behind `fresh` and were
//!    never used.
//! 2. A pool without a class is on its arena's list of free pools, or lies behind the arena's `fresh`.
//! 3. The bit of `Map` for 1 MiB of addresses is set while they are an arena of this heap.

use std::ptr::null_mut;

pub const ARENA: usize = 1 << 20;
const ARENA_SHIFT: u32 = 20;
pub const POOL: usize = 16 << 10;
/// Bits of an address that user space has.
const ADDRESS_BITS: u32 = 47;
/// One bit for each possible arena.
const MAP_BYTES: usize = 1 << (ADDRESS_BITS - ARENA_SHIFT - 3);

/// The start of a pool.
#[repr(C)]
pub struct Pool {
    /// Blocks that were freed, linked through their first word.
    pub free: *mut u8,
    /// How many blocks are in use.
    pub used: u32,
    /// The size class, or `NO_CLASS`.
    pub class: u32,
    /// Offset of the first block that was never used.
    pub fresh: u32,
    /// Size of a block.
    pub size: u32,
    /// Neighbours in the list of pools of the class that have room; `listed` says whether it is in there.
    pub next: *mut Pool,
    pub prev: *mut Pool,
    pub listed: bool,
    /// As `listed`, but false while memory is traced: then blocks take the slow way.
    pub linked: bool,
}

pub const NO_CLASS: u32 = u32::MAX;
/// Where blocks begin, behind the headers.
const FIRST_BLOCK: usize = 64;
const FIRST_BLOCK_OF_ARENA: usize = 128;

const _: () = assert!(size_of::<Pool>() <= FIRST_BLOCK);
const _: () = assert!(FIRST_BLOCK + size_of::<Arena>() <= FIRST_BLOCK_OF_ARENA);

/// The header of an arena, behind that of its first pool.
#[repr(C)]
pub struct Arena {
    /// Pools that were given back, linked through `Pool::next`.
    free: *mut Pool,
    /// Pools in use.
    pub used: u32,
    /// The number of pools that were ever used.
    fresh: u32,
    /// Neighbours in the list of arenas that have a pool to give.
    pub next: *mut Arena,
    pub prev: *mut Arena,
}

impl Pool {
    /// The pool of a block.
    #[inline(always)]
    pub fn of(block: *mut u8) -> *mut Pool {
        block.map_addr(|address| address & !(POOL - 1)).cast()
    }

    /// How many blocks there are, used or not.
    pub fn capacity(&self) -> usize {
        let first = std::ptr::from_ref(self).addr().is_multiple_of(ARENA);
        let start = if first { FIRST_BLOCK_OF_ARENA } else { FIRST_BLOCK };
        (POOL - start) / self.size as usize
    }

    /// A block, if there is one.
    ///
    /// # Safety
    /// (1).
    #[inline(always)]
    pub unsafe fn take(this: *mut Pool) -> *mut u8 {
        // SAFETY: (1).
        unsafe {
            let block = Pool::take_freed(this);
            if block.is_null() { Pool::take_fresh(this) } else { block }
        }
    }

    /// As `take`, if it is a block that was used before.
    ///
    /// # Safety
    /// (1).
    #[inline(always)]
    pub unsafe fn take_freed(this: *mut Pool) -> *mut u8 {
        // SAFETY: (1).
        unsafe {
            let block = (*this).free;
            if !block.is_null() {
                (*this).free = *block.cast::<*mut u8>();
                (*this).used += 1;
            }
            block
        }
    }

    #[inline(never)]
    unsafe fn take_fresh(this: *mut Pool) -> *mut u8 {
        // SAFETY: (1): what lies between `fresh` and the pool's end is nobody's.
        unsafe {
            let end = (*this).fresh as usize + (*this).size as usize;
            if end > POOL {
                return null_mut();
            }
            let block = this.cast::<u8>().add((*this).fresh as usize);
            (*this).fresh = end as u32;
            (*this).used += 1;
            block
        }
    }
}

impl Arena {
    /// A new arena from the system; null if it has none to give.
    pub fn map() -> *mut Arena {
        let start = map_aligned();
        if start.is_null() {
            return null_mut();
        }
        // SAFETY: fresh, writable memory of the size of an arena, zeroed.
        unsafe {
            let arena: *mut Arena = start.add(FIRST_BLOCK).cast();
            (*start.cast::<Pool>()).class = NO_CLASS;
            arena
        }
    }

    /// Its address, which is also its first pool's.
    pub fn start(this: *mut Arena) -> *mut u8 {
        this.cast::<u8>().wrapping_sub(FIRST_BLOCK)
    }

    /// The arena of a pool.
    pub fn of(pool: *mut Pool) -> *mut Arena {
        pool.cast::<u8>().map_addr(|address| (address & !(ARENA - 1)) + FIRST_BLOCK).cast()
    }

    /// Gives the memory back to the system.
    ///
    /// # Safety
    /// Nothing in it is in use.
    pub unsafe fn unmap(this: *mut Arena) {
        // SAFETY: the caller's promise; it was mapped as one.
        unsafe { libc::munmap(Arena::start(this).cast(), ARENA) };
    }

    /// Whether it has a pool to give.
    ///
    /// # Safety
    /// A live arena.
    pub unsafe fn has_pool(this: *mut Arena) -> bool {
        // SAFETY: the caller's promise.
        unsafe { !(*this).free.is_null() || ((*this).fresh as usize) < ARENA / POOL }
    }

    /// A pool for blocks of `size` bytes; null if there is none.
    ///
    /// # Safety
    /// A live arena.
    pub unsafe fn take_pool(this: *mut Arena, class: u32, size: u32) -> *mut Pool {
        // SAFETY: (2).
        unsafe {
            let mut pool = (*this).free;
            if !pool.is_null() {
                (*this).free = (*pool).next;
            } else if ((*this).fresh as usize) < ARENA / POOL {
                pool = Arena::start(this).add((*this).fresh as usize * POOL).cast();
                (*this).fresh += 1;
            } else {
                return null_mut();
            }
            (*this).used += 1;
            let first = pool.cast::<u8>() == Arena::start(this);
            let start = if first { FIRST_BLOCK_OF_ARENA } else { FIRST_BLOCK };
            pool.write(Pool {
                free: null_mut(),
                used: 0,
                class,
                fresh: start as u32,
                size,
                next: null_mut(),
                prev: null_mut(),
                listed: false,
                linked: false,
            });
            pool
        }
    }

    /// Takes back a pool of which nothing is in use.
    ///
    /// # Safety
    /// The pool is this arena's and in no list.
    pub unsafe fn give_back(this: *mut Arena, pool: *mut Pool) {
        // SAFETY: (2).
        unsafe {
            (*pool).class = NO_CLASS;
            (*pool).next = (*this).free;
            (*this).free = pool;
            (*this).used -= 1;
        }
    }

    /// The pools that have a class.
    ///
    /// # Safety
    /// A live arena, as long as the pools are looked at.
    pub unsafe fn pools<'a>(this: *mut Arena) -> impl Iterator<Item = &'a Pool> {
        // SAFETY: the headers of all pools that were ever used are written.
        unsafe {
            (0..(*this).fresh as usize)
                .map(move |at| &*Arena::start(this).add(at * POOL).cast::<Pool>())
                .filter(|pool| pool.class != NO_CLASS)
        }
    }

    /// How many blocks are in use.
    ///
    /// # Safety
    /// A live arena.
    pub unsafe fn blocks(this: *mut Arena) -> usize {
        // SAFETY: the caller's promise.
        unsafe { Arena::pools(this) }.map(|pool| pool.used as usize).sum()
    }
}

/// 1 MiB, aligned to 1 MiB, zeroed.
fn map_aligned() -> *mut u8 {
    // SAFETY: anonymous mappings; only the parts outside of what is returned are unmapped again.
    unsafe {
        let wide = map_pages(2 * ARENA, libc::PROT_READ | libc::PROT_WRITE, 0);
        if wide.is_null() {
            return null_mut();
        }
        let before = wide.align_offset(ARENA);
        let start = wide.add(before);
        if before != 0 {
            libc::munmap(wide.cast(), before);
        }
        libc::munmap(start.add(ARENA).cast(), ARENA - before);
        start
    }
}

unsafe fn map_pages(size: usize, protection: i32, flags: i32) -> *mut u8 {
    // SAFETY: an anonymous mapping at an address of the system's choice.
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | flags;
        let start = libc::mmap(null_mut(), size, protection, flags, -1, 0);
        if start == libc::MAP_FAILED { null_mut() } else { start.cast() }
    }
}

/// Which addresses are arenas of this heap: a bit for each MiB of the address space. Only the pages that are
/// written take memory.
pub struct Map(*mut u8);

impl Default for Map {
    fn default() -> Map {
        Map(null_mut())
    }
}

impl Map {
    /// Reserves the table, if it is not there yet; false if the system refuses.
    pub fn prepare(&mut self) -> bool {
        if self.0.is_null() {
            // SAFETY: a new mapping.
            self.0 = unsafe {
                map_pages(MAP_BYTES, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_NORESERVE)
            };
        }
        !self.0.is_null()
    }

    /// Whether `block` lies in an arena of this heap.
    #[inline(always)]
    pub fn contains(&self, block: *mut u8) -> bool {
        let index = block.addr() >> ARENA_SHIFT;
        if index >> 3 >= MAP_BYTES || self.0.is_null() {
            return false;
        }
        // SAFETY: inside the table.
        unsafe { *self.0.add(index >> 3) >> (index & 7) & 1 != 0 }
    }

    /// Enters an arena, or takes it out; false if its address is beyond the table.
    pub fn set(&mut self, arena: *mut Arena, present: bool) -> bool {
        let index = Arena::start(arena).addr() >> ARENA_SHIFT;
        if index >> 3 >= MAP_BYTES {
            return false;
        }
        // SAFETY: inside the table, which is there: an arena is made after `prepare`.
        unsafe {
            let byte = self.0.add(index >> 3);
            let bit = 1 << (index & 7);
            *byte = if present { *byte | bit } else { *byte & !bit };
        }
        true
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: mapped by `prepare`.
            unsafe { libc::munmap(self.0.cast(), MAP_BYTES) };
        }
    }
}
