//! The rest of `pythonrun.h`: running files, and the prompt.

use std::ffi::{c_char, c_int};

use krait_abi::PyCompilerFlags;
use krait_eval::code::Code;
use krait_eval::command_line;
use krait_macros::capi;
use krait_objects::prelude::*;
use libc::FILE;

use crate::run::{
    Py_CompileStringExFlags, PyRun_SimpleFileExFlags, compiled, read_file, run_source,
};
use crate::runtime_facts::Py_FdIsInteractive;
use crate::support::*;

type Flags = *mut PyCompilerFlags;

fn close(file: *mut FILE, wanted: c_int) {
    if wanted != 0 {
        // SAFETY: C gives the file up.
        unsafe { libc::fclose(file) };
    }
}

#[capi]
pub fn PyRun_FileExFlags(
    th: &Thread,
    file: *mut FILE,
    filename: *const c_char,
    start: c_int,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
    close_it: c_int,
    flags: Flags,
) -> PyResult {
    let source = read_file(file);
    close(file, close_it);
    run_source(th, &source, &text_of(filename), start, globals, locals, flags)
}

#[capi]
pub fn PyRun_FileEx(
    file: *mut FILE,
    filename: *const c_char,
    start: c_int,
    globals: Ptr,
    locals: Ptr,
    close_it: c_int,
) -> Ptr {
    // SAFETY: as for `PyRun_FileExFlags`.
    unsafe {
        PyRun_FileExFlags(file, filename, start, globals, locals, close_it, std::ptr::null_mut())
    }
}

#[capi]
pub fn PyRun_FileFlags(
    file: *mut FILE,
    filename: *const c_char,
    start: c_int,
    globals: Ptr,
    locals: Ptr,
    flags: Flags,
) -> Ptr {
    // SAFETY: as for `PyRun_FileExFlags`.
    unsafe { PyRun_FileExFlags(file, filename, start, globals, locals, 0, flags) }
}

#[capi]
pub fn PyRun_File(
    file: *mut FILE,
    filename: *const c_char,
    start: c_int,
    globals: Ptr,
    locals: Ptr,
) -> Ptr {
    // SAFETY: as for `PyRun_FileExFlags`.
    unsafe { PyRun_FileExFlags(file, filename, start, globals, locals, 0, std::ptr::null_mut()) }
}

#[capi]
pub fn PyRun_SimpleFileEx(file: *mut FILE, filename: *const c_char, close_it: c_int) -> c_int {
    // SAFETY: as for `PyRun_SimpleFileExFlags`.
    unsafe { PyRun_SimpleFileExFlags(file, filename, close_it, std::ptr::null_mut()) }
}

#[capi]
pub fn PyRun_AnyFileExFlags(
    file: *mut FILE,
    filename: *const c_char,
    close_it: c_int,
    flags: Flags,
) -> c_int {
    let filename = if filename.is_null() { c"???".as_ptr() } else { filename };
    // SAFETY: C passes an open file and a string.
    unsafe {
        if Py_FdIsInteractive(file, filename) != 0 {
            let result = PyRun_InteractiveLoopFlags(file, filename, flags);
            close(file, close_it);
            return result;
        }
        PyRun_SimpleFileExFlags(file, filename, close_it, flags)
    }
}

#[capi]
pub fn PyRun_AnyFileEx(file: *mut FILE, filename: *const c_char, close_it: c_int) -> c_int {
    // SAFETY: as for `PyRun_AnyFileExFlags`.
    unsafe { PyRun_AnyFileExFlags(file, filename, close_it, std::ptr::null_mut()) }
}

#[capi]
pub fn PyRun_AnyFileFlags(file: *mut FILE, filename: *const c_char, flags: Flags) -> c_int {
    // SAFETY: as for `PyRun_AnyFileExFlags`.
    unsafe { PyRun_AnyFileExFlags(file, filename, 0, flags) }
}

#[capi]
pub fn PyRun_AnyFile(file: *mut FILE, filename: *const c_char) -> c_int {
    // SAFETY: as for `PyRun_AnyFileExFlags`.
    unsafe { PyRun_AnyFileExFlags(file, filename, 0, std::ptr::null_mut()) }
}

/// The prompt, on standard input: other files are run statement by statement as a whole.
#[capi]
pub fn PyRun_InteractiveLoopFlags(
    th: &Thread,
    file: *mut FILE,
    filename: *const c_char,
    flags: Flags,
) -> c_int {
    // SAFETY: C passes an open file.
    if unsafe { libc::fileno(file) } == 0 {
        return command_line::interact(th).unwrap_or(0);
    }
    // SAFETY: as for `PyRun_SimpleFileExFlags`.
    unsafe { PyRun_SimpleFileExFlags(file, filename, 0, flags) }
}

#[capi]
pub fn PyRun_InteractiveLoop(file: *mut FILE, filename: *const c_char) -> c_int {
    // SAFETY: as for `PyRun_InteractiveLoopFlags`.
    unsafe { PyRun_InteractiveLoopFlags(file, filename, std::ptr::null_mut()) }
}

/// Reads and runs one statement; -1 if it failed, 11 (`E_EOF`) at the end of the input.
fn run_one(th: &Thread, file: *mut FILE, filename: &str, flags: Flags) -> PyResult<c_int> {
    const END_OF_FILE: c_int = 11;
    let mut source = Vec::new();
    loop {
        let start = source.len();
        loop {
            // SAFETY: C passes an open file.
            match unsafe { libc::fgetc(file) } {
                libc::EOF => break,
                byte => source.push(byte as u8),
            }
            if source.last() == Some(&b'\n') {
                break;
            }
        }
        let line = &source[start..];
        if line.is_empty() && start == 0 {
            return Ok(END_OF_FILE);
        }
        if line.is_empty() || !command_line::is_incomplete(&String::from_utf8_lossy(&source)) {
            break;
        }
    }
    let main = krait_eval::import::modules(th)?.get_str(th, id::__main__)?;
    match main.map(Owned::downcast::<Module>) {
        Some(Ok(main)) => {
            run_source(th, &source, filename, 256, main.dict(), None, flags).map(|_| 0)
        }
        _ => Err(th.raise(exc::RUNTIME_ERROR, "lost __main__")),
    }
}

#[capi]
pub fn PyRun_InteractiveOneFlags(
    th: &Thread,
    file: *mut FILE,
    filename: *const c_char,
    flags: Flags,
) -> c_int {
    run_one(th, file, &text_of(filename), flags).unwrap_or_else(|_| {
        crate::errors::print(th);
        -1
    })
}

#[capi]
pub fn PyRun_InteractiveOne(file: *mut FILE, filename: *const c_char) -> c_int {
    // SAFETY: as for `PyRun_InteractiveOneFlags`.
    unsafe { PyRun_InteractiveOneFlags(file, filename, std::ptr::null_mut()) }
}

#[capi]
pub fn PyRun_InteractiveOneObject(
    th: &Thread,
    file: *mut FILE,
    filename: Borrowed<'_, Str>,
    flags: Flags,
) -> PyResult<c_int> {
    run_one(th, file, &filename.to_string_lossy(), flags)
}

#[capi]
pub fn Py_CompileStringObject(
    th: &Thread,
    source: *const c_char,
    filename: Borrowed<'_, Str>,
    start: c_int,
    flags: Flags,
    optimize: c_int,
) -> PyResult<Owned<Code>> {
    compiled(th, bytes_of(source), filename, start, flags, optimize)
}

#[capi]
pub fn Py_CompileStringFlags(
    source: *const c_char,
    filename: *const c_char,
    start: c_int,
    flags: Flags,
) -> Ptr {
    // SAFETY: as for `Py_CompileStringExFlags`.
    unsafe { Py_CompileStringExFlags(source, filename, start, flags, -1) }
}
