//! `pythonrun.h`, `ceval.h`: running source and code.

use std::ffi::{c_char, c_int};

use krait_abi::PyCompilerFlags;
use krait_eval::code::Code;
use krait_eval::compile::{self, Request};
use krait_eval::{import, run};
use krait_macros::capi;
use krait_objects::prelude::*;
use krait_syntax::{Mode, Source};

use crate::support::*;

fn mode_of(th: &Thread, start: c_int) -> PyResult<Mode> {
    match start {
        256 => Ok(Mode::Single),
        257 => Ok(Mode::Exec),
        258 => Ok(Mode::Eval),
        _ => Err(th.raise(exc::SYSTEM_ERROR, "invalid start token")),
    }
}

pub fn compiled(
    th: &Thread,
    source: &[u8],
    filename: Borrowed<'_, Str>,
    start: c_int,
    flags: *mut PyCompilerFlags,
    optimize: c_int,
) -> PyResult<Owned<Code>> {
    // SAFETY: C passes flags or NULL.
    let flags = unsafe { flags.as_ref() }.map_or(0, |flags| flags.cf_flags as u32);
    let request = Request {
        filename,
        mode: mode_of(th, start)?,
        flags,
        optimize: u8::try_from(optimize).ok(),
        feature_version: None,
    };
    compile::compile(th, Source::Bytes(source), request)
}

pub fn run_source(
    th: &Thread,
    source: &[u8],
    filename: &str,
    start: c_int,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
    flags: *mut PyCompilerFlags,
) -> PyResult {
    let filename = Str::new(th, filename)?;
    let code = compiled(th, source, filename.borrow(), start, flags, -1)?;
    run::eval_code(th, code.borrow(), globals, locals)
}

#[capi]
pub fn PyRun_StringFlags(
    th: &Thread,
    source: *const c_char,
    start: c_int,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
    flags: *mut PyCompilerFlags,
) -> PyResult {
    run_source(th, bytes_of(source), "<string>", start, globals, locals, flags)
}

#[capi]
pub fn PyRun_String(
    th: &Thread,
    source: *const c_char,
    start: c_int,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
) -> PyResult {
    run_source(th, bytes_of(source), "<string>", start, globals, locals, std::ptr::null_mut())
}

/// `__main__`, a new one if somebody has removed it.
fn main_module(th: &Thread) -> PyResult<Owned<Module>> {
    let modules = import::modules(th)?;
    if let Some(Ok(main)) = modules.get_str(th, id::__main__)?.map(Owned::downcast::<Module>) {
        return Ok(main);
    }
    let main = Module::new(th, id::__main__)?;
    modules.set_str(th, id::__main__, main.object())?;
    Ok(main)
}

/// Runs in `__main__`, prints what it raises.
fn run_simple(th: &Thread, source: &[u8], filename: &str, flags: *mut PyCompilerFlags) -> c_int {
    let result = (|| {
        let main = main_module(th)?;
        run_source(th, source, filename, 257, main.dict(), None, flags).map(drop)
    })();
    match result {
        Ok(()) => 0,
        Err(_) => {
            crate::errors::print(th);
            -1
        }
    }
}

#[capi]
pub fn PyRun_SimpleString(th: &Thread, source: *const c_char) -> c_int {
    run_simple(th, bytes_of(source), "<string>", std::ptr::null_mut())
}

#[capi]
pub fn PyRun_SimpleStringFlags(
    th: &Thread,
    source: *const c_char,
    flags: *mut PyCompilerFlags,
) -> c_int {
    run_simple(th, bytes_of(source), "<string>", flags)
}

/// What is left of an open file.
pub fn read_file(file: *mut libc::FILE) -> Vec<u8> {
    let mut source = Vec::new();
    let mut block = [0u8; 4096];
    loop {
        // SAFETY: C passes an open file; the block has room.
        let count = unsafe { libc::fread(block.as_mut_ptr().cast(), 1, block.len(), file) };
        if count == 0 {
            return source;
        }
        source.extend_from_slice(&block[..count]);
    }
}

#[capi]
pub fn PyRun_SimpleFile(th: &Thread, file: *mut libc::FILE, filename: *const c_char) -> c_int {
    run_simple(th, &read_file(file), &text_of(filename), std::ptr::null_mut())
}

#[capi]
pub fn PyRun_SimpleFileExFlags(
    th: &Thread,
    file: *mut libc::FILE,
    filename: *const c_char,
    close: c_int,
    flags: *mut PyCompilerFlags,
) -> c_int {
    let source = read_file(file);
    if close != 0 {
        // SAFETY: C gives the file up.
        unsafe { libc::fclose(file) };
    }
    run_simple(th, &source, &text_of(filename), flags)
}

#[capi]
pub fn Py_CompileString(
    th: &Thread,
    source: *const c_char,
    filename: *const c_char,
    start: c_int,
) -> PyResult<Owned<Code>> {
    compiled(th, bytes_of(source), string(th, filename)?.borrow(), start, std::ptr::null_mut(), -1)
}

#[capi]
pub fn Py_CompileStringExFlags(
    th: &Thread,
    source: *const c_char,
    filename: *const c_char,
    start: c_int,
    flags: *mut PyCompilerFlags,
    optimize: c_int,
) -> PyResult<Owned<Code>> {
    compiled(th, bytes_of(source), string(th, filename)?.borrow(), start, flags, optimize)
}

#[capi]
pub fn PyEval_EvalCode(
    th: &Thread,
    code: Borrowed<'_, Code>,
    globals: Borrowed<'_, Dict>,
    locals: Option<Borrowed<'_>>,
) -> PyResult {
    run::eval_code(th, code, globals, locals)
}
