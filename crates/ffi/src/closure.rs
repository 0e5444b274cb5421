//! Closures: addresses that C can call, and the memory that their machine code is in.
//!
//! A block is a page of code and a page of slots behind it. The code is the same few instructions over and over, each of which
//! finds its slot a page further on: it is written once, before the page becomes executable, and never is both writable and
//! executable. What changes is in the slots: the common entry, and the closure.
//!
//! Invariant: 1. a slot whose closure is not null belongs to whoever asked for it, until it is given back.

use std::ffi::c_void;
use std::io;
use std::ptr::null_mut;

use crate::Signature;
use crate::convention::{PAGE, TRAMPOLINE, closure_entry};

/// What runs when C calls: the closure's data, where the arguments are, and where the result goes.
pub type Handler = unsafe fn(data: *mut c_void, arguments: &[*mut u8], result: *mut u8);

/// What a callable address stands for. The result's memory is 32 bytes at least.
pub struct Closure {
    pub signature: Signature,
    pub handler: Handler,
    pub data: *mut c_void,
}

#[repr(C)]
struct Slot {
    entry: unsafe extern "C" fn(),
    closure: *mut Closure,
}

const _: () = assert!(size_of::<Slot>() == TRAMPOLINE.len());

const SLOTS: usize = PAGE / TRAMPOLINE.len();

/// The closures of one owner.
#[derive(Default)]
pub struct Pool {
    blocks: Vec<*mut u8>,
    free: Vec<*mut u8>,
}

impl Pool {
    /// An address for C to call.
    pub fn add(&mut self, closure: Closure) -> io::Result<*const c_void> {
        if self.free.is_empty() {
            self.grow()?;
        }
        let Some(code) = self.free.pop() else { return Err(io::ErrorKind::OutOfMemory.into()) };
        // SAFETY: a free slot of ours.
        unsafe { (*slot_of(code)).closure = Box::into_raw(Box::new(closure)) };
        Ok(code.cast_const().cast())
    }

    /// Gives an address back; false if it is none of this pool.
    ///
    /// # Safety
    /// It came from `add`, was not given back before, and C calls it no more.
    pub unsafe fn remove(&mut self, code: *const c_void) -> bool {
        let code = code.cast_mut().cast::<u8>();
        if !self.blocks.iter().any(|block| contains(*block, code)) {
            return false;
        }
        // SAFETY: (1).
        unsafe {
            drop(Box::from_raw(std::mem::replace(&mut (*slot_of(code)).closure, null_mut())));
        }
        self.free.push(code);
        true
    }

    fn grow(&mut self) -> io::Result<()> {
        // SAFETY: new memory, filled before its first page becomes executable.
        unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let block = libc::mmap(null_mut(), 2 * PAGE, access, kind, -1, 0);
            if block == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let block: *mut u8 = block.cast();
            for at in 0..SLOTS {
                let code = block.add(at * TRAMPOLINE.len());
                code.copy_from_nonoverlapping(TRAMPOLINE.as_ptr(), TRAMPOLINE.len());
                slot_of(code).write(Slot { entry: closure_entry, closure: null_mut() });
            }
            if libc::mprotect(block.cast(), PAGE, libc::PROT_READ | libc::PROT_EXEC) != 0 {
                let error = io::Error::last_os_error();
                libc::munmap(block.cast(), 2 * PAGE);
                return Err(error);
            }
            self.blocks.push(block);
            self.free.extend((0..SLOTS).rev().map(|at| block.add(at * TRAMPOLINE.len())));
        }
        Ok(())
    }
}

fn slot_of(code: *mut u8) -> *mut Slot {
    code.wrapping_add(PAGE).cast()
}

/// Whether an address is in the code of a block.
fn contains(block: *mut u8, code: *mut u8) -> bool {
    (block.addr()..block.addr() + PAGE).contains(&code.addr())
}

impl Drop for Pool {
    /// Blocks with closures that nobody gave back stay: C may still call them.
    fn drop(&mut self) {
        for &block in &self.blocks {
            let free = self.free.iter().filter(|code| contains(block, **code)).count();
            if free == SLOTS {
                // SAFETY: our own mapping, which nobody uses.
                unsafe { libc::munmap(block.cast(), 2 * PAGE) };
            }
        }
    }
}
