//! The allocators that find misuse: `PyMem_SetupDebugHooks`, `PYTHONMALLOC=debug`.
//!
//! ```text
//!   size    family  pad      what C asked for      pad
//!   8 bytes 1 byte  7 bytes                        8 bytes
//! ```
//!
//! Each stands in front of another allocator of its family. Fresh bytes are 0xCD, freed ones 0xDD, the pads 0xFD. What was
//! written beyond a block, or freed by another family, ends the process with a report when the block comes back. The
//! same job as the `_PyMem_Debug` functions of CPython's `Objects/obmalloc.c`.
//!
//! SAFETY, throughout: C passes blocks that this family gave. One that it did not give is what is looked for: then the
//! bytes before it are read all the same, as in the reference.

use std::ffi::c_void;
use std::fmt::Write as _;
use std::ptr::null_mut;

use krait_abi::PyMemAllocatorEx;
use krait_objects::memory::trace::OWN_DOMAIN;
use krait_objects::prelude::Thread;

use crate::lifecycle::fatal_error;

const CLEAN: u8 = 0xcd;
const DEAD: u8 = 0xdd;
const FORBIDDEN: u8 = 0xfd;
/// A pad, with the letter of the family in the one before the block.
const PAD: usize = 8;
const BEFORE: usize = 2 * PAD;
const AROUND: usize = BEFORE + PAD;
/// So much of either end of a block is made unreadable before it moves.
const ERASED: usize = 64;

/// What `ctx` of such an allocator points to.
pub struct Debug {
    /// The family's letter: `r`, `m` or `o`.
    pub family: u8,
    /// The allocator behind it.
    pub under: PyMemAllocatorEx,
}

/// The allocator of a family that looks for misuse in front of another.
pub fn allocator(debug: &'static Debug) -> PyMemAllocatorEx {
    PyMemAllocatorEx {
        ctx: std::ptr::from_ref(debug).cast_mut().cast(),
        malloc: Some(malloc),
        calloc: Some(calloc),
        realloc: Some(realloc),
        free: Some(free),
    }
}

/// What stands behind an allocator, if it is one of these.
pub fn behind(allocator: &PyMemAllocatorEx) -> Option<&'static Debug> {
    let ours =
        allocator.free.is_some_and(|function| function as usize == free as *const () as usize);
    // SAFETY: `allocator` put it there; it is never freed.
    ours.then(|| unsafe { &*allocator.ctx.cast::<Debug>() })
}

/// Whether a pointer is one that lies in fresh, freed or forbidden memory, or none.
pub fn is_freed(pointer: usize) -> bool {
    pointer == 0
        || [CLEAN, DEAD, FORBIDDEN].map(|byte| usize::from_ne_bytes([byte; 8])).contains(&pointer)
}

unsafe fn debug<'a>(ctx: *mut c_void) -> &'a Debug {
    // SAFETY: `allocator` put it there.
    unsafe { &*ctx.cast::<Debug>() }
}

impl Debug {
    /// Who uses an interpreter's memory has to hold its GIL.
    fn check_attached(&self, function: &str) {
        if self.family != b'r' && Thread::current_or_none().is_none() {
            fatal_error(function, "Python memory allocator called without holding the GIL");
        }
    }

    /// Fills in what stands around a fresh block; answers where it begins.
    unsafe fn dress(&self, base: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: `base` has `AROUND` bytes more than `size`.
        unsafe {
            base.cast::<[u8; 8]>().write((size as u64).to_be_bytes());
            let block = base.add(BEFORE);
            base.add(PAD).write(self.family);
            base.add(PAD + 1).write_bytes(FORBIDDEN, PAD - 1);
            block.add(size).write_bytes(FORBIDDEN, PAD);
            block
        }
    }

    unsafe fn alloc(&self, size: usize, zeroed: bool) -> *mut c_void {
        let PyMemAllocatorEx { ctx, malloc: Some(malloc), calloc: Some(calloc), .. } = self.under
        else {
            return null_mut();
        };
        let Some(total) = size.checked_add(AROUND).filter(|&total| total <= isize::MAX as usize)
        else {
            return null_mut();
        };
        // SAFETY: see the top of the file.
        unsafe {
            let base: *mut u8 =
                if zeroed { calloc(ctx, 1, total).cast() } else { malloc(ctx, total).cast() };
            if base.is_null() {
                return null_mut();
            }
            let block = self.dress(base, size);
            if !zeroed {
                block.write_bytes(CLEAN, size);
            }
            block.cast()
        }
    }

    /// Ends the process if the block is none of this family, or somebody wrote around it.
    unsafe fn check(&self, function: &str, block: *const u8) {
        // SAFETY: see the top of the file.
        unsafe {
            let family = *block.sub(PAD);
            let message = if family != self.family {
                let (by, now) = (char::from(family), char::from(self.family));
                format!("bad ID: Allocated using API '{by}', verified using API '{now}'")
            } else if !is_pad(block.sub(PAD - 1), PAD - 1) {
                "bad leading pad byte".to_owned()
            } else if !is_pad(block.add(size_of(block)), PAD) {
                "bad trailing pad byte".to_owned()
            } else {
                return;
            };
            report(block);
            fatal_error(function, &message)
        }
    }
}

/// How many bytes were asked for.
unsafe fn size_of(block: *const u8) -> usize {
    // SAFETY: see the top of the file.
    u64::from_be_bytes(unsafe { block.sub(BEFORE).cast::<[u8; 8]>().read() }) as usize
}

unsafe fn is_pad(start: *const u8, len: usize) -> bool {
    // SAFETY: see the top of the file.
    unsafe { std::slice::from_raw_parts(start, len) }.iter().all(|&byte| byte == FORBIDDEN)
}

/// Says of a pad whether it is as it was, else byte by byte what is there.
unsafe fn report_pad(
    text: &mut String,
    start: *const u8,
    len: usize,
    name: impl Fn(usize) -> String,
) {
    // SAFETY: see the top of the file.
    unsafe {
        if is_pad(start, len) {
            text.push_str("FORBIDDENBYTE, as expected.\n");
            return;
        }
        let _ = writeln!(text, "not all FORBIDDENBYTE ({FORBIDDEN:#04x}):");
        for at in 0..len {
            let byte = *start.add(at);
            let ouch = if byte == FORBIDDEN { "" } else { " *** OUCH" };
            let _ = writeln!(text, "        at {}: {byte:#04x}{ouch}", name(at));
        }
    }
}

/// Tells on standard error what is known of a block.
unsafe fn report(block: *const u8) {
    let mut text = String::new();
    // SAFETY: see the top of the file.
    unsafe {
        let (size, family) = (size_of(block), char::from(*block.sub(PAD)));
        let pad = PAD - 1;
        let _ = writeln!(text, "Debug memory block at address p={block:p}: API '{family}'");
        let _ = writeln!(text, "    {size} bytes originally requested");
        let _ = write!(text, "    The {pad} pad bytes at p-{pad} are ");
        report_pad(&mut text, block.sub(pad), pad, |at| format!("p-{}", pad - at));
        if !is_pad(block.sub(pad), pad) {
            text.push_str(
                "    Because memory is corrupted at the start, the count of bytes requested\n       \
                 may be bogus, and checking the trailing pad bytes may segfault.\n",
            );
        }
        // What is known so far is told before the rest is read, where the size may lead anywhere.
        eprint!("{}", std::mem::take(&mut text));
        let tail = block.wrapping_add(size);
        let _ = write!(text, "    The {PAD} pad bytes at tail={tail:p} are ");
        report_pad(&mut text, tail, PAD, |at| format!("tail+{at}"));
        if size > 0 {
            let data = std::slice::from_raw_parts(block, size);
            let (first, rest) = data.split_at(size.min(PAD));
            let last = &rest[rest.len().saturating_sub(PAD)..];
            text.push_str("    Data at p:");
            first.iter().for_each(|byte| text += &format!(" {byte:02x}"));
            if last.len() < rest.len() {
                text.push_str(" ...");
            }
            last.iter().for_each(|byte| text += &format!(" {byte:02x}"));
            text.push('\n');
        }
    }
    eprintln!("{text}");
    report_place(block);
}

/// Where the block was allocated, if `tracemalloc` knows.
fn report_place(block: *const u8) {
    let Some(th) = Thread::current_or_none().filter(|th| th.interp().heap.is_tracing()) else {
        eprintln!("Enable tracemalloc to get the memory block allocation traceback\n");
        return;
    };
    let mut text = String::new();
    th.interp().heap.with_tracer(|tracer| {
        let Some(trace) = tracer.find(OWN_DOMAIN, block.addr()) else { return };
        text.push_str("Memory block allocated at (most recent call first):\n");
        for line in &trace.place.lines {
            let file = line.file.as_ref().map_or("<unknown>".into(), |file| file.to_string_lossy());
            let _ = writeln!(text, "  File \"{file}\", line {}", line.number);
        }
        text.push('\n');
    });
    eprint!("{text}");
}

unsafe extern "C" fn malloc(ctx: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe {
        debug(ctx).check_attached("_PyMem_DebugMalloc");
        debug(ctx).alloc(size, false)
    }
}

unsafe extern "C" fn calloc(ctx: *mut c_void, count: usize, size: usize) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe {
        debug(ctx).check_attached("_PyMem_DebugCalloc");
        count.checked_mul(size).map_or(null_mut(), |size| debug(ctx).alloc(size, true))
    }
}

unsafe extern "C" fn free(ctx: *mut c_void, block: *mut c_void) {
    // SAFETY: see the top of the file.
    unsafe {
        let debug = debug(ctx);
        debug.check_attached("_PyMem_DebugFree");
        if block.is_null() {
            return;
        }
        let block: *mut u8 = block.cast();
        debug.check("_PyMem_DebugRawFree", block);
        let base = block.sub(BEFORE);
        base.write_bytes(DEAD, size_of(block) + AROUND);
        if let Some(free) = debug.under.free {
            free(debug.under.ctx, base.cast());
        }
    }
}

unsafe extern "C" fn realloc(ctx: *mut c_void, block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe {
        let debug = debug(ctx);
        debug.check_attached("_PyMem_DebugRealloc");
        if block.is_null() {
            return debug.alloc(size, false);
        }
        let block: *mut u8 = block.cast();
        debug.check("_PyMem_DebugRawRealloc", block);
        let (Some(realloc), Some(total)) = (debug.under.realloc, size.checked_add(AROUND)) else {
            return null_mut();
        };
        let old = size_of(block);
        // The ends are kept aside and erased, for whoever still uses the block where it was.
        let base = block.sub(BEFORE);
        let kept = old.min(2 * ERASED);
        let (head, tail) = (kept.min(ERASED), kept.saturating_sub(ERASED));
        let mut aside = [0; 2 * ERASED];
        aside.as_mut_ptr().copy_from_nonoverlapping(block, head);
        aside.as_mut_ptr().add(head).copy_from_nonoverlapping(block.add(old - tail), tail);
        base.write_bytes(DEAD, BEFORE + head);
        block.add(old - tail).write_bytes(DEAD, tail + PAD);
        let moved: *mut u8 = realloc(debug.under.ctx, base.cast(), total).cast();
        let (base, now) = if moved.is_null() { (base, old) } else { (moved, size) };
        let place = debug.dress(base, now);
        place.copy_from_nonoverlapping(aside.as_ptr(), head.min(now));
        let from = old - tail;
        if now > from {
            place
                .add(from)
                .copy_from_nonoverlapping(aside.as_ptr().add(head), tail.min(now - from));
        }
        if moved.is_null() {
            return null_mut();
        }
        if size > old {
            place.add(old).write_bytes(CLEAN, size - old);
        }
        place.cast()
    }
}
