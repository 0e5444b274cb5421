//! `pystrtod.h`, `osmodule.h`, `pystrcmp.h` and the rest of `PyOS_…`.

use std::ffi::{c_char, c_int, c_long, c_ulong};
use std::sync::atomic::{AtomicPtr, Ordering};

use krait_abi::{
    Py_DTSF_ADD_DOT_0, Py_DTSF_ALT, Py_DTSF_NO_NEG_0, Py_DTSF_SIGN, Py_DTST_FINITE,
    Py_DTST_INFINITE, Py_DTST_NAN,
};
use krait_eval::import;
use krait_macros::capi;
use krait_objects::float_text::{self, Style};
use krait_objects::prelude::*;
use libc::FILE;

use crate::support::*;

#[capi]
pub fn PyOS_double_to_string(
    th: &Thread,
    value: f64,
    code: c_char,
    precision: c_int,
    flags: c_int,
    kind: *mut c_int,
) -> PyResult<*mut c_char> {
    let code = code as u8;
    let fits = match code {
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => precision >= 0,
        b'r' => precision == 0,
        _ => false,
    };
    if !fits {
        return Err(th.bad_internal_call());
    }
    let style = Style {
        sign: flags & Py_DTSF_SIGN != 0,
        add_dot_0: flags & Py_DTSF_ADD_DOT_0 != 0,
        alternate: flags & Py_DTSF_ALT != 0,
        no_negative_zero: flags & Py_DTSF_NO_NEG_0 != 0,
    };
    let text = float_text::format(value, code, precision as usize, style);
    // SAFETY: as many bytes are asked for as are written; `kind` is writable or null.
    unsafe {
        if !kind.is_null() {
            *kind = match () {
                () if value.is_nan() => Py_DTST_NAN,
                () if value.is_infinite() => Py_DTST_INFINITE,
                () => Py_DTST_FINITE,
            };
        }
        let memory: *mut c_char = crate::memory::PyMem_Malloc(text.len() + 1).cast();
        if memory.is_null() {
            return Err(th.no_memory());
        }
        memory.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
        memory.add(text.len()).write(0);
        Ok(memory)
    }
}

/// As `os.fspath`.
#[capi]
pub fn PyOS_FSPath(th: &Thread, path: Borrowed<'_>) -> PyResult {
    let posix = import::import(th, "posix")?;
    call::call_method(th, posix.object(), Str::interned(th, "fspath")?.borrow(), &[path])
}

/// A number in C's notation, or with Python's `0o` and `0b`: its value, whether it was too large, and its length.
fn parse(text: &[u8], mut base: u32) -> (c_ulong, bool, usize) {
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let mut at = blanks;
    let prefix = match text.get(at..at + 2) {
        Some([b'0', b'x' | b'X']) => 16,
        Some([b'0', b'o' | b'O']) => 8,
        Some([b'0', b'b' | b'B']) => 2,
        _ => 0,
    };
    let is_digit =
        |at: usize, base: u32| text.get(at).is_some_and(|&byte| char::from(byte).is_digit(base));
    if prefix != 0 && (base == 0 || base == prefix) {
        if !is_digit(at + 2, prefix) {
            // Only the zero is a number, and for base 0 not even that.
            return (0, false, if base == 0 { 0 } else { at + 1 });
        }
        base = prefix;
        at += 2;
    } else if base == 0 {
        if text.get(at) == Some(&b'0') {
            // Zeros are decimal; other digits may not follow them.
            let zeros = text[at..].iter().take_while(|&&byte| byte == b'0').count();
            let end = at + zeros;
            let rest = text[end..].iter().take_while(|&&byte| byte == b' ').count();
            return (0, false, end + rest);
        }
        base = 10;
    }
    if !(2..=36).contains(&base) {
        return (0, false, 0);
    }
    let (mut value, mut overflow): (c_ulong, bool) = (0, false);
    let start = at;
    while is_digit(at, base) {
        let digit = char::from(text[at]).to_digit(base).unwrap_or(0);
        let next = value.checked_mul(base.into()).and_then(|value| value.checked_add(digit.into()));
        overflow |= next.is_none();
        value = next.unwrap_or(c_ulong::MAX);
        at += 1;
    }
    (value, overflow, if at == start { 0 } else { at })
}

/// # Safety
/// `end` is writable or null.
unsafe fn stop(text: *const c_char, used: usize, end: *mut *mut c_char) {
    if !end.is_null() {
        // SAFETY: the caller's promise; so much was read.
        unsafe { *end = text.cast_mut().add(used) };
    }
}

fn out_of_range() {
    // SAFETY: the thread's own number.
    unsafe { *libc::__errno_location() = libc::ERANGE };
}

#[capi]
pub fn PyOS_strtoul(text: *const c_char, end: *mut *mut c_char, base: c_int) -> c_ulong {
    let (value, overflow, used) = parse(bytes_of(text), base.max(0) as u32);
    // SAFETY: C passes a writable place or NULL.
    unsafe { stop(text, used, end) };
    if overflow {
        out_of_range();
        return c_ulong::MAX;
    }
    value
}

#[capi]
pub fn PyOS_strtol(text: *const c_char, end: *mut *mut c_char, base: c_int) -> c_long {
    let bytes = bytes_of(text);
    let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let sign = bytes.get(blanks).copied().filter(|byte| matches!(byte, b'+' | b'-'));
    let skipped = blanks + usize::from(sign.is_some());
    let (value, overflow, used) = parse(&bytes[skipped..], base.max(0) as u32);
    // SAFETY: C passes a writable place or NULL.
    unsafe { stop(text, skipped + used, end) };
    let negative = sign == Some(b'-');
    match c_long::try_from(value) {
        Ok(value) if !overflow => {
            if negative {
                -value
            } else {
                value
            }
        }
        _ if negative && !overflow && value == c_long::MIN.unsigned_abs() => c_long::MIN,
        _ => {
            out_of_range();
            c_long::MAX
        }
    }
}

#[capi]
pub fn PyOS_mystrnicmp(left: *const c_char, right: *const c_char, size: isize) -> c_int {
    if size <= 0 {
        return 0;
    }
    // SAFETY: C passes two strings.
    unsafe { libc::strncasecmp(left, right, size as usize) }
}

type Handler = Option<unsafe extern "C" fn(c_int)>;

#[capi]
pub fn PyOS_getsig(signal: c_int) -> Handler {
    // SAFETY: a struct to be filled in.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(signal, std::ptr::null(), &raw mut action) != 0 {
            return handler_of(libc::SIG_ERR);
        }
        handler_of(action.sa_sigaction)
    }
}

/// C's handlers are functions or small numbers, which Rust's function pointers cannot be but for null.
fn handler_of(handler: libc::sighandler_t) -> Handler {
    // SAFETY: an address that only C calls or compares.
    unsafe { std::mem::transmute::<libc::sighandler_t, Handler>(handler) }
}

#[capi]
pub fn PyOS_setsig(signal: c_int, handler: Handler) -> Handler {
    // SAFETY: C passes a handler for the signal.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        let mut old: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = std::mem::transmute::<Handler, libc::sighandler_t>(handler);
        new.sa_flags = libc::SA_ONSTACK;
        if libc::sigaction(signal, &raw const new, &raw mut old) != 0 {
            return handler_of(libc::SIG_ERR);
        }
        handler_of(old.sa_sigaction)
    }
}

#[capi]
pub fn PyOS_InterruptOccurred(th: &Thread) -> c_int {
    match krait_eval::pending::handle(th) {
        Err(raised) => {
            drop(th.take_raised(raised));
            1
        }
        Ok(()) => 0,
    }
}

/// Called while the prompt waits for input.
#[unsafe(no_mangle)]
pub static PyOS_InputHook: AtomicPtr<std::ffi::c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Reads a line at the prompt, if somebody has set it.
#[unsafe(no_mangle)]
pub static PyOS_ReadlineFunctionPointer: AtomicPtr<std::ffi::c_void> =
    AtomicPtr::new(std::ptr::null_mut());

type ReadLine = unsafe extern "C" fn(*mut FILE, *mut FILE, *const c_char) -> *mut c_char;

/// A line with its newline, in memory of `PyMem_Malloc`; empty at the end of the input.
#[capi]
pub fn PyOS_Readline(
    th: &Thread,
    input: *mut FILE,
    output: *mut FILE,
    prompt: *const c_char,
) -> PyResult<*mut c_char> {
    let function = PyOS_ReadlineFunctionPointer.load(Ordering::Relaxed);
    // SAFETY: C passes open files and a string; what it set is a function that takes them.
    unsafe {
        if !function.is_null() && libc::isatty(libc::fileno(input)) == 1 {
            let function = std::mem::transmute::<*mut std::ffi::c_void, ReadLine>(function);
            let line = krait_eval::gil::without_gil(th, || function(input, output, prompt));
            if line.is_null() {
                return Err(th.raise_none(exc::KEYBOARD_INTERRUPT));
            }
            let bytes = bytes_of(line);
            let copy = copied(th, bytes);
            crate::memory::PyMem_RawFree(line.cast());
            return copy;
        }
        crate::variadic::write_plain(2, bytes_of(prompt));
        let mut line = Vec::new();
        loop {
            match libc::fgetc(input) {
                libc::EOF => break,
                byte => line.push(byte as u8),
            }
            if line.last() == Some(&b'\n') {
                break;
            }
        }
        copied(th, &line)
    }
}

fn copied(th: &Thread, bytes: &[u8]) -> PyResult<*mut c_char> {
    // SAFETY: as many bytes are asked for as are written.
    unsafe {
        let memory: *mut c_char = crate::memory::PyMem_Malloc(bytes.len() + 1).cast();
        if memory.is_null() {
            return Err(th.no_memory());
        }
        memory.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        memory.add(bytes.len()).write(0);
        Ok(memory)
    }
}

#[capi]
pub fn PyOS_BeforeFork(th: &Thread) {
    krait_modules::before_fork(th);
}

#[capi]
pub fn PyOS_AfterFork_Parent(th: &Thread) {
    krait_modules::after_fork(th, false);
}

#[capi]
pub fn PyOS_AfterFork_Child(th: &Thread) {
    krait_modules::after_fork(th, true);
}

#[capi]
pub fn PyOS_AfterFork(th: &Thread) {
    krait_modules::after_fork(th, true);
}

/// As `fopen`, with any path; OSError if it fails.
#[capi]
pub fn Py_fopen(th: &Thread, path: Borrowed<'_>, mode: *const c_char) -> PyResult<*mut FILE> {
    let posix = import::import(th, "os")?;
    let encode = Str::interned(th, "fsencode")?;
    let bytes = call::call_method(th, posix.object(), encode.borrow(), &[path])?;
    let name = bytes.object().downcast::<Bytes>().map(|bytes| bytes.get().as_bytes().to_vec());
    let Ok(name) = std::ffi::CString::new(name.unwrap_or_default()) else {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null byte"));
    };
    // SAFETY: two strings.
    let file = krait_eval::gil::without_gil(th, || unsafe { libc::fopen(name.as_ptr(), mode) });
    if file.is_null() {
        return Err(krait_objects::exceptions::os::raise_from_errno(th, Some(path)));
    }
    Ok(file)
}

#[capi]
pub fn Py_fclose(file: *mut FILE) -> c_int {
    // SAFETY: C gives the file up.
    unsafe { libc::fclose(file) }
}

/// As `fgets`, with every kind of line end read as a newline.
#[capi]
pub fn Py_UniversalNewlineFgets(
    buffer: *mut c_char,
    size: c_int,
    file: *mut FILE,
    _object: Ptr,
) -> *mut c_char {
    let mut len = 0;
    // SAFETY: C passes an open file and room for `size` bytes.
    unsafe {
        while len + 1 < size.max(1) as usize {
            let mut byte = libc::fgetc(file);
            if byte == libc::EOF {
                break;
            }
            if byte == c_int::from(b'\r') {
                let next = libc::fgetc(file);
                if next != c_int::from(b'\n') && next != libc::EOF {
                    libc::ungetc(next, file);
                }
                byte = b'\n'.into();
            }
            buffer.add(len).write(byte as c_char);
            len += 1;
            if byte == c_int::from(b'\n') {
                break;
            }
        }
        buffer.add(len).write(0);
    }
    if len == 0 { std::ptr::null_mut() } else { buffer }
}
