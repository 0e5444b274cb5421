//! `internal/pycore_fileutils.h`: system calls as Python makes them, and texts of the locale.
//!
//! The functions that raise do so without the GIL in between, go on after signals, and run the handlers of those. The same
//! job as CPython's `Python/fileutils.c`.
//!
//! SAFETY, throughout: C passes NUL-terminated strings, live structs and as many bytes as it says.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use krait_eval::gil::without_gil;
use krait_eval::pending;
use krait_macros::capi;
use krait_objects::exceptions::os;
use krait_objects::prelude::*;

use crate::memory::PyMem_RawMalloc;
use crate::support::*;

fn errno() -> c_int {
    // SAFETY: the thread's own.
    unsafe { *libc::__errno_location() }
}

fn failed(th: &Thread) -> Raised {
    os::raise_from_errno(th, None)
}

#[capi]
pub fn _Py_fstat_noraise(descriptor: c_int, place: *mut libc::stat) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { libc::fstat(descriptor, place) }
}

#[capi]
pub fn _Py_fstat(th: &Thread, descriptor: c_int, place: *mut libc::stat) -> PyResult<()> {
    let place = place as usize;
    // SAFETY: see the top of the file.
    match without_gil(th, || unsafe { libc::fstat(descriptor, place as *mut libc::stat) }) {
        0 => Ok(()),
        _ => Err(failed(th)),
    }
}

/// -2 with an exception if the path is none, -1 without one if the system fails.
#[capi(error = -2)]
pub fn _Py_stat(th: &Thread, path: Borrowed<'_, Str>, place: *mut libc::stat) -> PyResult<c_int> {
    let path = path.get().to_fs_bytes(th)?;
    let Ok(path) = std::ffi::CString::new(path) else {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null byte"));
    };
    // SAFETY: see the top of the file.
    Ok(unsafe { libc::stat(path.as_ptr(), place) })
}

#[capi]
pub fn _Py_open_noraise(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { libc::open(path, flags | libc::O_CLOEXEC) }
}

#[capi]
pub fn _Py_open(th: &Thread, path: *const c_char, flags: c_int) -> PyResult<c_int> {
    let name = Str::from_fs_bytes(th, bytes_of(path))?;
    let mode = Str::new(th, "")?;
    let flags_object = Int::from_i64(th, flags.into())?;
    let args = [name.object(), mode.object(), flags_object.object()];
    krait_eval::sys::audit(th, "open", &args)?;
    let path = path as usize;
    loop {
        // SAFETY: see the top of the file.
        let descriptor = without_gil(th, || unsafe {
            libc::open(path as *const c_char, flags | libc::O_CLOEXEC)
        });
        if descriptor >= 0 {
            return Ok(descriptor);
        }
        if errno() != libc::EINTR {
            return Err(os::raise_from_errno(th, Some(name.object())));
        }
        if pending::is_set(th) {
            pending::handle(th)?;
        }
    }
}

/// The most that one call writes.
const MOST: usize = isize::MAX as usize;

#[capi]
pub fn _Py_write_noraise(descriptor: c_int, bytes: *const c_void, count: usize) -> isize {
    loop {
        // SAFETY: see the top of the file.
        let written = unsafe { libc::write(descriptor, bytes, count.min(MOST)) };
        if written >= 0 || errno() != libc::EINTR {
            return written;
        }
    }
}

#[capi]
pub fn _Py_write(
    th: &Thread,
    descriptor: c_int,
    bytes: *const c_void,
    count: usize,
) -> PyResult<isize> {
    let bytes = bytes as usize;
    loop {
        // SAFETY: see the top of the file.
        let written = without_gil(th, || unsafe {
            libc::write(descriptor, bytes as *const c_void, count.min(MOST))
        });
        if written >= 0 {
            return Ok(written);
        }
        if errno() != libc::EINTR {
            return Err(failed(th));
        }
        if pending::is_set(th) {
            pending::handle(th)?;
        }
    }
}

#[capi]
pub fn _Py_dup(th: &Thread, descriptor: c_int) -> PyResult<c_int> {
    // SAFETY: a number.
    match without_gil(th, || unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0) }) {
        -1 => Err(failed(th)),
        copy => Ok(copy),
    }
}

#[capi]
pub fn _Py_closerange(first: c_int, last: c_int) {
    let first = first.max(0);
    if last < first {
        return;
    }
    // SAFETY: the caller wants them closed; without the system call, one by one.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, last, 0) != 0 {
            for descriptor in first..=last {
                libc::close(descriptor);
            }
        }
    }
}

/// Whether the descriptor goes to programs that are started; no exception.
#[capi]
pub fn _Py_set_inheritable_async_safe(
    descriptor: c_int,
    inheritable: c_int,
    atomic: *mut c_int,
) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        let flags = libc::fcntl(descriptor, libc::F_GETFD);
        if flags < 0 {
            return -1;
        }
        if !atomic.is_null() && inheritable == 0 {
            if *atomic == -1 {
                *atomic = (flags & libc::FD_CLOEXEC != 0).into();
            }
            if *atomic != 0 {
                return 0;
            }
        }
        let new =
            if inheritable != 0 { flags & !libc::FD_CLOEXEC } else { flags | libc::FD_CLOEXEC };
        if new == flags || libc::fcntl(descriptor, libc::F_SETFD, new) == 0 { 0 } else { -1 }
    }
}

#[capi]
pub fn _Py_set_inheritable(
    th: &Thread,
    descriptor: c_int,
    inheritable: c_int,
    atomic: *mut c_int,
) -> PyResult<()> {
    // SAFETY: see the top of the file.
    match unsafe { _Py_set_inheritable_async_safe(descriptor, inheritable, atomic) } {
        0 => Ok(()),
        _ => Err(failed(th)),
    }
}

#[capi]
pub fn _PyOS_URandomNonblock(th: &Thread, place: *mut c_void, size: isize) -> PyResult<()> {
    if size < 0 {
        return Err(th.raise(exc::VALUE_ERROR, "negative argument not allowed"));
    }
    let mut done = 0;
    while done < size as usize {
        // SAFETY: see the top of the file.
        let got = unsafe {
            let rest = place.cast::<u8>().add(done).cast();
            libc::getrandom(rest, size as usize - done, libc::GRND_NONBLOCK)
        };
        match got {
            0.. => done += got as usize,
            _ if errno() == libc::EINTR => {}
            _ => return Err(failed(th)),
        }
    }
    Ok(())
}

/// As `Py_UniversalNewlineFgets`, and how long the line is.
#[capi]
pub fn _Py_UniversalNewlineFgetsWithSize(
    text: *mut c_char,
    size: c_int,
    file: *mut libc::FILE,
    ob: Ptr,
    length: *mut usize,
) -> *mut c_char {
    // SAFETY: see the top of the file.
    unsafe {
        let line = crate::os::Py_UniversalNewlineFgets(text, size, file, ob);
        if !line.is_null() && !length.is_null() {
            *length = libc::strlen(line);
        }
        line
    }
}

/// Removes `.`, `..` and doubled separators, in place. The text ends at `size`, or at its NUL if that is negative.
#[capi]
pub fn _Py_normpath(path: *mut libc::wchar_t, size: isize) -> *mut libc::wchar_t {
    // SAFETY: see the top of the file.
    let text: &mut [libc::wchar_t] = unsafe {
        let len = if size < 0 { libc::wcslen(path) } else { size as usize };
        std::slice::from_raw_parts_mut(path, len)
    };
    if text.is_empty() {
        return path;
    }
    let slash = libc::wchar_t::from(b'/');
    let dot = libc::wchar_t::from(b'.');
    // Two slashes at the start mean something else than one or three.
    let slashes = text.iter().take_while(|c| **c == slash).count();
    let root = if slashes == 2 { 2 } else { slashes.min(1) };
    let mut parts: Vec<Vec<libc::wchar_t>> = Vec::new();
    for part in text[slashes..].split(|c| *c == slash) {
        let is_up = part == [dot, dot];
        let last_is_up = parts.last().is_some_and(|last| *last == [dot, dot]);
        match part {
            [] => {}
            [one] if *one == dot => {}
            _ if is_up && !parts.is_empty() && !last_is_up => {
                parts.pop();
            }
            _ if is_up && root > 0 => {}
            _ => parts.push(part.to_vec()),
        }
    }
    let mut new = vec![slash; root];
    new.extend(parts.join(&slash));
    // The result is never longer; the NUL is where the text ended, or before.
    let end = new.len().min(text.len());
    text[..end].copy_from_slice(&new[..end]);
    if end < text.len() || size < 0 {
        // SAFETY: within the text, or its NUL.
        unsafe { *path.add(end) = 0 };
    }
    path
}

/// `_Py_error_handler`.
#[capi]
pub fn _Py_GetErrorHandler(errors: *const c_char) -> c_int {
    if errors.is_null() {
        return 1;
    }
    const NAMES: [&[u8]; 7] = [
        b"strict",
        b"surrogateescape",
        b"replace",
        b"ignore",
        b"backslashreplace",
        b"surrogatepass",
        b"xmlcharrefreplace",
    ];
    const OTHER: c_int = 8;
    let at = NAMES.iter().position(|name| *name == bytes_of(errors));
    at.map_or(OTHER, |at| at as c_int + 1)
}

const STRICT: c_int = 1;
const SURROGATE_ESCAPE: c_int = 2;
const SURROGATE_PASS: c_int = 6;

/// UTF-8 as wide characters; the position of what the handler does not take.
fn decode_locale(text: &[u8], handler: c_int) -> Result<Vec<libc::wchar_t>, usize> {
    let mut out: Vec<libc::wchar_t> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (good, is_all) = match std::str::from_utf8(rest) {
            Ok(good) => (good, true),
            Err(error) => {
                let good = &rest[..error.valid_up_to()];
                (std::str::from_utf8(good).unwrap_or_default(), false)
            }
        };
        out.extend(good.chars().map(|c| c as libc::wchar_t));
        rest = &rest[good.len()..];
        if is_all {
            break;
        }
        match rest {
            // A surrogate, which strict UTF-8 has not.
            [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, more @ ..]
                if handler == SURROGATE_PASS =>
            {
                let [second, third] = [second, third].map(|&byte| libc::wchar_t::from(byte & 0x3f));
                out.push(0xd000 | second << 6 | third);
                rest = more;
            }
            [byte, more @ ..] if handler == SURROGATE_ESCAPE => {
                out.push(0xdc00 + libc::wchar_t::from(*byte));
                rest = more;
            }
            _ => return Err(text.len() - rest.len()),
        }
    }
    Ok(out)
}

/// 0, -1 without memory, -2 for what cannot be decoded, -3 for a handler that is not supported.
#[capi]
pub fn _Py_DecodeLocaleEx(
    text: *const c_char,
    place: *mut *mut libc::wchar_t,
    length: *mut usize,
    reason: *mut *const c_char,
    _current: c_int,
    handler: c_int,
) -> c_int {
    if ![STRICT, SURROGATE_ESCAPE, SURROGATE_PASS].contains(&handler) {
        return -3;
    }
    let mut out = match decode_locale(bytes_of(text), handler) {
        Ok(out) => out,
        Err(position) => {
            // SAFETY: see the top of the file.
            unsafe {
                if !length.is_null() {
                    *length = position;
                }
                if !reason.is_null() {
                    *reason = c"decoding error".as_ptr();
                }
            }
            return -2;
        }
    };
    out.push(0);
    // SAFETY: any size may be asked for.
    let block: *mut libc::wchar_t = unsafe { PyMem_RawMalloc(size_of_val(&*out)) }.cast();
    if block.is_null() {
        return -1;
    }
    // SAFETY: new memory of that size; see the top of the file.
    unsafe {
        block.copy_from_nonoverlapping(out.as_ptr(), out.len());
        *place = block;
        if !length.is_null() {
            *length = out.len() - 1;
        }
    }
    0
}

/// The bytes are in memory of `PyMem_RawMalloc`. Results are those of `_Py_DecodeLocaleEx`.
#[capi]
pub fn _Py_EncodeLocaleEx(
    text: *const libc::wchar_t,
    place: *mut *mut c_char,
    position: *mut usize,
    reason: *mut *const c_char,
    _current: c_int,
    handler: c_int,
) -> c_int {
    if ![STRICT, SURROGATE_ESCAPE, SURROGATE_PASS].contains(&handler) {
        return -3;
    }
    let mut out: Vec<u8> = Vec::new();
    // SAFETY: see the top of the file.
    let units = unsafe { std::slice::from_raw_parts(text, libc::wcslen(text)) };
    for (at, &unit) in units.iter().enumerate() {
        match (char::from_u32(unit as u32), unit) {
            (Some(c), _) => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            (None, 0xdc80..=0xdcff) if handler == SURROGATE_ESCAPE => out.push(unit as u8),
            (None, 0xd800..=0xdfff) if handler == SURROGATE_PASS => {
                let unit = unit as u32;
                out.extend([
                    0xe0 | (unit >> 12) as u8,
                    0x80 | (unit >> 6 & 0x3f) as u8,
                    0x80 | (unit & 0x3f) as u8,
                ]);
            }
            _ => {
                // SAFETY: see the top of the file.
                unsafe {
                    if !position.is_null() {
                        *position = at;
                    }
                    if !reason.is_null() {
                        *reason = c"encoding error".as_ptr();
                    }
                }
                return -2;
            }
        }
    }
    out.push(0);
    // SAFETY: any size may be asked for.
    let block: *mut u8 = unsafe { PyMem_RawMalloc(out.len()) }.cast();
    if block.is_null() {
        return -1;
    }
    // SAFETY: new memory of that size; see the top of the file.
    unsafe {
        block.copy_from_nonoverlapping(out.as_ptr(), out.len());
        *place = block.cast();
    }
    0
}

/// Writes a line of a source file, indented anew: to `file`, which has a `write` method.
#[capi]
pub fn _Py_DisplaySourceLine(
    th: &Thread,
    file: Borrowed<'_>,
    filename: Option<Borrowed<'_>>,
    line: c_int,
    indent: c_int,
    truncation: *mut c_int,
    place: *mut Ptr,
) -> PyResult<c_int> {
    let Some(filename) = filename else { return Ok(-1) };
    // SAFETY: see the top of the file.
    let found = unsafe { crate::errors_detail::PyErr_ProgramTextObject(filename.as_ptr(), line) };
    // SAFETY: a new reference or NULL.
    let Some(found) = (unsafe { Owned::<Object>::from_ptr_or_null(found) }) else {
        drop(th.take_exception());
        return Ok(-1);
    };
    let whole = object::str(th, found.borrow())?.to_string_lossy();
    let text = whole.trim_start_matches([' ', '\t', '\x0c']);
    // SAFETY: see the top of the file.
    unsafe {
        if !truncation.is_null() {
            *truncation = (whole.len() - text.len()) as c_int - indent;
        }
        if !place.is_null() {
            *place = found.clone().into_ptr();
        }
    }
    let shown = format!("{}{}\n", " ".repeat(indent.max(0) as usize), text.trim_end_matches('\n'));
    call::call_method(th, file, id::write, &[Str::new(th, &shown)?.object()])?;
    Ok(0)
}

/// Where C keeps the thread that reads a line.
#[repr(transparent)]
pub struct Pointer(std::cell::UnsafeCell<*mut c_void>);

// SAFETY: C's own, which it guards.
unsafe impl Sync for Pointer {}

#[unsafe(no_mangle)]
pub static _PyOS_ReadlineTState: Pointer = Pointer(std::cell::UnsafeCell::new(null_mut()));
