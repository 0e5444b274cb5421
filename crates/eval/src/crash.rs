//! Tracebacks for when nothing can be relied on: written to a descriptor from signal handlers and watchdogs, without
//! memory, locks or Python code.
//!
//! The same job as `_Py_DumpTraceback` in CPython's `Python/traceback.c`. What is read belongs to other threads, which may go
//! on meanwhile: the result may be wrong, as the reference's may.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::Write as _;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

use krait_objects::exceptions::BaseException;
use krait_objects::interp::Interpreter;
use krait_objects::prelude::*;
use krait_objects::set::{Set, any_set};

use crate::frame::Frame;
use crate::sys::hooks;
use crate::{registry, runtime, streams};

/// Characters of a name that are shown.
const NAME: usize = 500;
const FRAMES: usize = 100;
const THREADS: usize = 100;
/// Threads among which the calling one is looked for.
const MOST_STATES: usize = 1000;
const C_FRAMES: usize = 32;

/// Collects what is written, and hands it on piece by piece.
pub struct Out {
    descriptor: c_int,
    len: usize,
    buffer: [u8; 256],
}

impl Out {
    pub fn new(descriptor: c_int) -> Out {
        Out { descriptor, len: 0, buffer: [0; 256] }
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.len == self.buffer.len() {
                self.flush();
            }
            self.buffer[self.len] = byte;
            self.len += 1;
        }
    }

    pub fn decimal(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.bytes(&digits[at..]);
    }

    /// At least `width` hexadecimal digits.
    pub fn hex(&mut self, number: u64, width: u32) {
        let width = width.max((64 - number.leading_zeros()).div_ceil(4)).max(1);
        for digit in (0..width).rev() {
            self.bytes(&[b"0123456789abcdef"[(number >> (digit * 4) & 15) as usize]]);
        }
    }

    /// A name in ASCII, cut if it is long.
    fn name(&mut self, name: &Str) {
        for at in 0..name.len().min(NAME) {
            match name.char_at(at) {
                plain @ 0x20..=0x7e => self.bytes(&[plain as u8]),
                byte @ 0..=0xff => {
                    self.text("\\x");
                    self.hex(byte.into(), 2);
                }
                unit @ 0..=0xffff => {
                    self.text("\\u");
                    self.hex(unit.into(), 4);
                }
                other => {
                    self.text("\\U");
                    self.hex(other.into(), 8);
                }
            }
        }
        if name.len() > NAME {
            self.text("...");
        }
    }

    fn flush(&mut self) {
        let mut rest = &self.buffer[..self.len];
        while !rest.is_empty() {
            // SAFETY: writing to a descriptor is allowed in signal handlers.
            let written = unsafe { libc::write(self.descriptor, rest.as_ptr().cast(), rest.len()) };
            match usize::try_from(written) {
                Ok(count) if count > 0 => rest = &rest[count..],
                _ => break,
            }
        }
        self.len = 0;
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.flush();
    }
}

/// The calling OS thread's state among those of an interpreter, attached or not.
///
/// # Safety
/// The interpreter is alive.
pub unsafe fn own_state(interp: *const Interpreter) -> *const Thread {
    let mut states = [std::ptr::null(); MOST_STATES];
    let count = registry::peek_states(interp, &mut states);
    // SAFETY: the caller's promise; asking for the thread's number changes nothing.
    unsafe {
        let me = libc::pthread_self();
        states[..count].iter().find(|&&th: &&*const Thread| (*(*th).raw()).thread_id == me).copied()
    }
    .unwrap_or(std::ptr::null())
}

/// The Python frames of a thread, innermost first.
///
/// # Safety
/// The thread's state is live.
pub unsafe fn write_stack(out: &mut Out, th: *const Thread) {
    out.text("Stack (most recent call first):\n");
    // SAFETY: the caller's promise.
    unsafe { write_frames(out, th) };
}

unsafe fn write_frames(out: &mut Out, th: *const Thread) {
    // SAFETY: (7) of `frame`.
    unsafe {
        let mut frame: *mut Frame = Frame::first_complete((*(*th).raw()).current_frame.cast());
        if frame.is_null() {
            out.text("  <no Python frame>\n");
        }
        let mut depth = 0;
        while !frame.is_null() {
            if depth == FRAMES {
                out.text("  ...\n");
                break;
            }
            depth += 1;
            let code = Frame::code(frame);
            out.text("  File \"");
            out.name(code.get().filename().get());
            out.text("\", line ");
            match Frame::line(frame).and_then(|line| u64::try_from(line).ok()) {
                Some(line) => out.decimal(line),
                None => out.text("???"),
            }
            out.text(" in ");
            out.name(&code.get().name);
            out.text("\n");
            frame = Frame::first_complete((*frame).previous);
        }
    }
}

/// All threads of an interpreter, the newest first; `current` is the one that asks, if any.
///
/// # Safety
/// The interpreter is alive.
pub unsafe fn write_threads(out: &mut Out, interp: *const Interpreter, current: *const Thread) {
    let mut states = [std::ptr::null(); THREADS + 1];
    let count = registry::peek_states(interp, &mut states);
    // SAFETY: the caller's promise.
    unsafe {
        for (number, &th) in states[..count].iter().enumerate() {
            if number > 0 {
                out.text("\n");
            }
            if number == THREADS {
                out.text("...\n");
                return;
            }
            let is_current = std::ptr::eq(th, current);
            write_thread(out, th, is_current);
            if is_current && (*th).interp().gc.collecting.get() {
                out.text("  Garbage-collecting\n");
            }
            write_frames(out, th);
        }
    }
}

unsafe fn write_thread(out: &mut Out, th: *const Thread, is_current: bool) {
    out.text(if is_current { "Current thread 0x" } else { "Thread 0x" });
    let mut name = [0 as c_char; 32];
    // SAFETY: the caller's promise: the state, and so its OS thread, are live.
    unsafe {
        let id = (*(*th).raw()).thread_id;
        out.hex(id, 16);
        if libc::pthread_getname_np(id, name.as_mut_ptr(), name.len()) == 0 && name[0] != 0 {
            out.text(" [");
            out.bytes(CStr::from_ptr(name.as_ptr()).to_bytes());
            out.text("]");
        }
    }
    out.text(" (most recent call first):\n");
}

/// The loaded modules that are no part of the library, if written in C: what else may have broken something.
///
/// # Safety
/// The interpreter is alive.
pub unsafe fn write_extension_modules(out: &mut Out, interp: *const Interpreter) {
    let own = image_of((&raw const runtime::OFFSETS).cast());
    let (mut count, mut position) = (0, 0);
    // SAFETY: the caller's promise; the dictionaries are looked through as they are.
    unsafe {
        let (Some(modules), Some(sys)) = ((*interp).modules.get(), (*interp).sys_dict.get()) else {
            return;
        };
        let library = find(sys.get(), "stdlib_module_names");
        let library = library.and_then(any_set);
        while let Some((name, value)) = modules.get().next_borrowed(&mut position) {
            let (Some(name), Some(module)) = (name.downcast::<Str>(), value.downcast::<Module>())
            else {
                continue;
            };
            let definition = module.get().def();
            let is_known = match library {
                Some(library) => is_name_in(name.get(), library.get()),
                // Nobody has asked for the names yet.
                None => image_of(definition.cast()) == own,
            };
            if definition.is_null() || is_known {
                continue;
            }
            out.text(if count == 0 { "\nExtension modules: " } else { ", " });
            out.name(name.get());
            count += 1;
        }
    }
    if count > 0 {
        out.text(" (total: ");
        out.decimal(count);
        out.text(")\n");
    }
}

/// The value at `name`, without computing a hash.
///
/// # Safety
/// The dictionary does not change while the result is in use.
unsafe fn find<'a>(dict: &'a Dict, name: &str) -> Option<Borrowed<'a>> {
    let mut position = 0;
    // SAFETY: the caller's promise.
    while let Some((key, value)) = unsafe { dict.next_borrowed(&mut position) } {
        if key.downcast::<Str>().is_some_and(|key| key.get().eq_str(name)) {
            return Some(value);
        }
    }
    None
}

fn is_name_in(name: &Str, names: &Set) -> bool {
    let mut position = 0;
    while let Some(known) = names.next(&mut position) {
        if known.object().downcast::<Str>().is_some_and(|known| known.get().eq(name)) {
            return true;
        }
    }
    false
}

/// Where the program or library begins that an address belongs to.
fn image_of(address: *const c_void) -> usize {
    // SAFETY: the answer is about an address, whatever it is.
    unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        if libc::dladdr(address, &mut info) == 0 { 0 } else { info.dli_fbase.addr() }
    }
}

/// How far the interpreter of an attached thread has come, in the words of fatal errors.
pub fn state_of(th: &Thread) -> String {
    match th.interp().finalizing.get() {
        true => format!("finalizing (tstate={:#018x})", std::ptr::from_ref(th) as usize),
        false => "initialized".into(),
    }
}

/// Says why, how far the runtime has come, and what its threads are at; then flushes what Python has printed.
#[cold]
pub fn abort(message: &str, state: &str) -> ! {
    static AGAIN: AtomicBool = AtomicBool::new(false);
    let text = format!("Fatal Python error: {message}\nPython runtime state: {state}\n");
    let _ = std::io::stderr().write_all(text.as_bytes());
    // Only the first error is shown in full: the rest may well be what broke.
    if AGAIN.swap(true, Ordering::Relaxed) {
        std::process::abort()
    }
    let th = Thread::current_or_none();
    let exception = th.and_then(Thread::take_exception);
    let traced = exception.as_ref().and_then(|value| value.object().downcast::<BaseException>());
    let is_traced = traced.is_some_and(|value| value.get().traceback().is_some());
    if let (Some(th), Some(exception)) = (th, &exception) {
        hooks::print_exception(th, exception.object());
    }
    if !is_traced {
        write_state(libc::STDERR_FILENO);
    }
    if let Some(th) = th {
        streams::flush(th);
    }
    std::process::abort()
}

/// What a fatal error shows after its message: the frames of all threads, and the extension modules.
pub fn write_state(descriptor: c_int) {
    let attached: *const Thread =
        Thread::current_or_none().map_or(std::ptr::null(), std::ptr::from_ref);
    let own = if attached.is_null() { Thread::own() } else { attached };
    let main = || registry::main().map_or(std::ptr::null(), |main| main.interp);
    let is_live = !attached.is_null() || !own.is_null() && registry::is_mine(own);
    let mut out = Out::new(descriptor);
    out.text("\n");
    // SAFETY: an attached state is live, and so is one of this thread's in the registry; their interpreters live as long.
    unsafe {
        let own = if is_live { own } else { std::ptr::null() };
        let interp = own.as_ref().map_or_else(main, |own| std::ptr::from_ref(own.interp()));
        if !interp.is_null() {
            write_threads(&mut out, interp, own);
            write_extension_modules(&mut out, interp);
        }
    }
}

/// The C functions that the calling thread is in.
pub fn write_c_stack(out: &mut Out) {
    out.text("Current thread's C stack trace (most recent call first):\n");
    let mut addresses = [null_mut::<c_void>(); C_FRAMES];
    // SAFETY: the array has that much room.
    let count = unsafe { libc::backtrace(addresses.as_mut_ptr(), C_FRAMES as c_int) };
    for &address in addresses.iter().take(usize::try_from(count).unwrap_or(0)) {
        // SAFETY: the answer is about an address, whatever it is; its texts are the loader's own.
        unsafe {
            let mut info: libc::Dl_info = std::mem::zeroed();
            if libc::dladdr(address, &mut info) == 0 || info.dli_fname.is_null() {
                out.text("  Binary file \"<unknown>\"");
            } else {
                out.text("  Binary file \"");
                out.bytes(CStr::from_ptr(info.dli_fname).to_bytes());
                out.text("\", at ");
                let mut start = info.dli_fbase;
                if !info.dli_sname.is_null() {
                    out.bytes(CStr::from_ptr(info.dli_sname).to_bytes());
                    start = info.dli_saddr;
                }
                out.text("+0x");
                out.hex(address.addr().wrapping_sub(start.addr()) as u64, 1);
            }
        }
        out.text(" [0x");
        out.hex(address.addr() as u64, 1);
        out.text("]\n");
    }
    if count == C_FRAMES as c_int {
        out.text("  <truncated rest of calls>\n");
    }
}
