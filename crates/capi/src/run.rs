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
        345 => Ok(Mode::FuncType),
        _ => Err(th.raise(exc::VALUE_ERROR, "invalid start argument")),
    }
}

fn request<'a>(
    th: &Thread,
    filename: Borrowed<'a, Str>,
    start: c_int,
    flags: *mut PyCompilerFlags,
    optimize: c_int,
) -> PyResult<Request<'a>> {
    // SAFETY: C passes flags or NULL.
    let given = unsafe { flags.as_ref() };
    let flags = given.map_or(0, |given| given.cf_flags as u32);
    let version = given.filter(|_| flags & compile::flags::ONLY_AST != 0);
    Ok(Request {
        filename,
        mode: mode_of(th, start)?,
        flags,
        optimize: u8::try_from(optimize).ok(),
        feature_version: version.and_then(|given| u8::try_from(given.cf_feature_version).ok()),
    })
}

/// The code object of a source, or the tree if the flags ask for it.
pub fn compiled(
    th: &Thread,
    source: &[u8],
    filename: Borrowed<'_, Str>,
    start: c_int,
    flags: *mut PyCompilerFlags,
    optimize: c_int,
) -> PyResult {
    let request = request(th, filename, start, flags, optimize)?;
    if request.flags & compile::flags::ONLY_AST != 0 {
        return compile::parse_tree(th, Source::Bytes(source), request);
    }
    compile::compile(th, Source::Bytes(source), request).map(Owned::into_object)
}

pub fn run_source(
    th: &Thread,
    source: &[u8],
    filename: Borrowed<'_, Str>,
    start: c_int,
    globals: Option<Borrowed<'_>>,
    locals: Option<Borrowed<'_>>,
    flags: *mut PyCompilerFlags,
) -> PyResult {
    let request = request(th, filename, start, flags, -1)?;
    let code = compile::compile(th, Source::Bytes(source), request)?;
    let Some(globals) = globals.and_then(|globals| globals.downcast::<Dict>()) else {
        return Err(th.raise(exc::SYSTEM_ERROR, "globals must be a real dict"));
    };
    add_builtins(th, globals)?;
    run::eval_code(th, code.borrow(), globals, locals)
}

/// Code that runs in these globals finds the built-in names through them.
pub fn add_builtins(th: &Thread, globals: Borrowed<'_, Dict>) -> PyResult<()> {
    if globals.get_str(th, id::__builtins__)?.is_none() {
        if let Some(builtins) = th.interp().builtins.get() {
            globals.set_str(th, id::__builtins__, builtins.object())?;
        }
    }
    Ok(())
}

/// The name of what has none.
fn string_name(th: &Thread) -> PyResult<Owned<Str>> {
    Str::interned(th, "<string>")
}

/// The name of a file, as the system gives it.
pub fn file_name(th: &Thread, name: *const c_char) -> PyResult<Owned<Str>> {
    Str::from_fs_bytes(th, bytes_of(name))
}

#[capi]
pub fn PyRun_StringFlags(
    th: &Thread,
    source: *const c_char,
    start: c_int,
    globals: Option<Borrowed<'_>>,
    locals: Option<Borrowed<'_>>,
    flags: *mut PyCompilerFlags,
) -> PyResult {
    let name = string_name(th)?;
    run_source(th, bytes_of(source), name.borrow(), start, globals, locals, flags)
}

#[capi]
pub fn PyRun_String(source: *const c_char, start: c_int, globals: Ptr, locals: Ptr) -> Ptr {
    // SAFETY: as for `PyRun_StringFlags`.
    unsafe { PyRun_StringFlags(source, start, globals, locals, std::ptr::null_mut()) }
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

/// 0, or -1 for an exception, which is shown.
fn shown(th: &Thread, result: PyResult<()>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(_) => {
            crate::errors::print(th, true);
            -1
        }
    }
}

#[capi]
pub fn PyRun_SimpleString(source: *const c_char) -> c_int {
    // SAFETY: as for the function that is called.
    unsafe { PyRun_SimpleStringFlags(source, std::ptr::null_mut()) }
}

#[capi]
pub fn PyRun_SimpleStringFlags(
    th: &Thread,
    source: *const c_char,
    flags: *mut PyCompilerFlags,
) -> c_int {
    let result = (|| {
        let (main, name) = (main_module(th)?, string_name(th)?);
        let dict = main.dict().object();
        run_source(th, bytes_of(source), name.borrow(), 257, Some(dict), None, flags).map(drop)
    })();
    shown(th, result)
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
pub fn PyRun_SimpleFile(file: *mut libc::FILE, filename: *const c_char) -> c_int {
    // SAFETY: as for the function that is called.
    unsafe { PyRun_SimpleFileExFlags(file, filename, 0, std::ptr::null_mut()) }
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
    let name = file_name(th, filename);
    let result = name.and_then(|name| run_script(th, &source, name.borrow(), flags));
    shown(th, result)
}

/// Runs a file's text in `__main__`, which knows the file meanwhile.
fn run_script(
    th: &Thread,
    source: &[u8],
    name: Borrowed<'_, Str>,
    flags: *mut PyCompilerFlags,
) -> PyResult<()> {
    let main = main_module(th)?;
    let dict = main.dict().to_owned();
    let names_file = dict.get_str(th, id::__file__)?.is_none();
    if names_file {
        dict.set_str(th, id::__file__, name.object())?;
        dict.set_str(th, id::__cached__, none())?;
    }
    if !name.eq_str("<stdin>") {
        krait_eval::command_line::set_main_loader(th, &dict, "SourceFileLoader", name)?;
    }
    let globals = Some(dict.object());
    let result = run_source(th, source, name, 257, globals, None, flags).map(drop);
    // What was raised stays what is told of.
    let raised = th.take_exception();
    krait_eval::streams::flush(th);
    if names_file {
        for key in [id::__file__, id::__cached__] {
            drop(dict.remove(th, key.object()));
        }
        drop(th.take_exception());
    }
    if let Some(raised) = raised {
        let _raised = th.set_exception(raised.into_object());
    }
    result
}

#[capi]
pub fn Py_CompileString(source: *const c_char, filename: *const c_char, start: c_int) -> Ptr {
    // SAFETY: as for the function that is called.
    unsafe { Py_CompileStringExFlags(source, filename, start, std::ptr::null_mut(), -1) }
}

#[capi]
pub fn Py_CompileStringExFlags(
    th: &Thread,
    source: *const c_char,
    filename: *const c_char,
    start: c_int,
    flags: *mut PyCompilerFlags,
    optimize: c_int,
) -> PyResult {
    let name = file_name(th, filename)?;
    compiled(th, bytes_of(source), name.borrow(), start, flags, optimize)
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
