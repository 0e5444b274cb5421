//! The rest of `pythonrun.h`: running files, and the prompt.

use std::ffi::{c_char, c_int};

use krait_abi::PyCompilerFlags;
use krait_eval::command_line;
use krait_macros::capi;
use krait_objects::prelude::*;
use libc::FILE;

use crate::run::{
    Py_CompileStringExFlags, PyRun_SimpleFileExFlags, compiled, file_name, read_file, run_source,
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
    globals: Option<Borrowed<'_>>,
    locals: Option<Borrowed<'_>>,
    close_it: c_int,
    flags: Flags,
) -> PyResult {
    let source = read_file(file);
    close(file, close_it);
    run_source(th, &source, file_name(th, filename)?.borrow(), start, globals, locals, flags)
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

/// The prompt: statement by statement until the end of the file.
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
    loop {
        // SAFETY: as for this function.
        if unsafe { PyRun_InteractiveOneFlags(file, filename, flags) } == END_OF_FILE {
            return 0;
        }
    }
}

#[capi]
pub fn PyRun_InteractiveLoop(file: *mut FILE, filename: *const c_char) -> c_int {
    // SAFETY: as for `PyRun_InteractiveLoopFlags`.
    unsafe { PyRun_InteractiveLoopFlags(file, filename, std::ptr::null_mut()) }
}

/// `E_EOF`: no statement was left.
const END_OF_FILE: c_int = 11;

/// The lines of one statement, with a prompt for each.
fn read_statement(th: &Thread, file: *mut FILE) -> Vec<u8> {
    let mut source = Vec::new();
    loop {
        let start = source.len();
        command_line::show_prompt(th, start == 0);
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
        let is_end = source.len() == start;
        if is_end || !command_line::is_incomplete(&String::from_utf8_lossy(&source)) {
            return source;
        }
    }
}

/// Reads and runs one statement.
fn run_one(
    th: &Thread,
    file: *mut FILE,
    filename: Borrowed<'_, Str>,
    flags: Flags,
) -> PyResult<c_int> {
    let source = read_statement(th, file);
    if source.is_empty() {
        return Ok(END_OF_FILE);
    }
    let main = krait_eval::import::modules(th)?.get_str(th, id::__main__)?;
    let Some(Ok(main)) = main.map(Owned::downcast::<Module>) else {
        return Err(th.raise(exc::RUNTIME_ERROR, "lost __main__"));
    };
    let globals = Some(main.dict().object());
    run_source(th, &source, filename, 256, globals, None, flags)?;
    krait_eval::streams::flush(th);
    Ok(0)
}

fn shown(th: &Thread, result: PyResult<c_int>) -> c_int {
    result.unwrap_or_else(|_| {
        crate::errors::print(th, true);
        -1
    })
}

#[capi]
pub fn PyRun_InteractiveOneFlags(
    th: &Thread,
    file: *mut FILE,
    filename: *const c_char,
    flags: Flags,
) -> c_int {
    let name = file_name(th, filename);
    shown(th, name.and_then(|name| run_one(th, file, name.borrow(), flags)))
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
    filename: Ptr,
    flags: Flags,
) -> c_int {
    // SAFETY: C passes a live object.
    let filename: Borrowed<'_> = unsafe { Borrowed::from_ptr(filename) };
    let name = filename.downcast::<Str>().ok_or_else(|| {
        raise!(th, TYPE_ERROR, "expect str for filename, got {}", filename.type_name())
    });
    shown(th, name.and_then(|name| run_one(th, file, name, flags)))
}

#[capi]
pub fn Py_CompileStringObject(
    th: &Thread,
    source: *const c_char,
    filename: Borrowed<'_, Str>,
    start: c_int,
    flags: Flags,
    optimize: c_int,
) -> PyResult {
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
