//! Running what the command line names: a command, a module, a script, an archive, or standard input.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;

use krait_bytecode::MAGIC;
use krait_objects::prelude::*;
use krait_syntax::{Mode, Source};

use super::{Options, Run, prompt, startup};
use crate::code::Code;
use crate::compile::{self, Request};
use crate::{config, import, run as running, sys};

/// Runs it as the options ask for.
pub(super) fn run_as_asked(th: &Thread, options: &Options) -> PyResult<()> {
    let config = &options.config;
    match &options.run {
        Run::Command(command) => {
            audit_text(th, "cpython.run_command", command)?;
            prepend_path(th, config.safe_path, b"")?;
            let command = decoded(th, command)?;
            let code = compile_text(th, command.as_bytes(), b"<string>")?;
            remember_lines(th, code.borrow(), &command)?;
            run_main(th, code)
        }
        Run::Module(name) => {
            audit_text(th, "cpython.run_module", OsStr::new(name))?;
            if !config.safe_path {
                let here = std::env::current_dir().unwrap_or_default();
                prepend_path(th, false, here.as_os_str().as_bytes())?;
            }
            run_module(th, name, true)
        }
        Run::File(path) => run_file(th, path, options),
        _ => {
            prepend_path(th, config.safe_path, b"")?;
            // SAFETY: asking about a descriptor changes nothing.
            let interactive = config.interactive || unsafe { libc::isatty(0) } == 1;
            if interactive {
                startup::run(th)?;
            }
            sys::audit(th, "cpython.run_stdin", &[])?;
            if interactive {
                return match prompt::interact(th) {
                    None | Some(0) => Ok(()),
                    Some(code) => Err(exit(th, code)?),
                };
            }
            let mut source = Vec::new();
            if let Err(error) = std::io::stdin().read_to_end(&mut source) {
                return Err(raise!(th, OS_ERROR, "standard input cannot be read: {error}"));
            }
            run_text(th, &source, b"<stdin>")
        }
    }
}

/// A script; or a folder or archive with a `__main__` module.
fn run_file(th: &Thread, path: &OsStr, options: &Options) -> PyResult<()> {
    let importer = path_importer(th, path)?;
    if importer {
        prepend_path(th, false, absolute(path).as_bytes())?;
        return run_module(th, "__main__", false);
    }
    let mut source = match std::fs::read(path) {
        Ok(source) => source,
        Err(error) => {
            audit_text(th, "cpython.run_file", path)?;
            let shown = std::path::absolute(path).unwrap_or_else(|_| path.into());
            let number = error.raw_os_error().unwrap_or(0);
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            eprintln!(
                "{}: can't open file '{}': [Errno {number}] {text}",
                options.config.program_name,
                shown.display()
            );
            return Err(exit(th, 2)?);
        }
    };
    audit_text(th, "cpython.run_file", path)?;
    let path = &*absolute(path);
    if options.skip_first_line {
        let end = source.iter().position(|&byte| byte == b'\n').unwrap_or(source.len());
        source.drain(..end);
    }
    if !options.config.safe_path {
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
        let folder = real.parent().map(|folder| folder.as_os_str().as_bytes()).unwrap_or_default();
        prepend_path(th, false, folder)?;
    }
    let dict = main_dict(th)?;
    dict.set_str(th, id::__file__, Str::from_fs_bytes(th, path.as_bytes())?.object())?;
    dict.set_str(th, id::__cached__, none())?;
    if path.as_bytes().ends_with(b".pyc") || source.starts_with(&MAGIC[..2]) {
        set_loader(th, &dict, "SourcelessFileLoader", path)?;
        return run_main(th, read_pyc(th, &source)?);
    }
    set_loader(th, &dict, "SourceFileLoader", path)?;
    if let Some(at) = source.iter().position(|byte| *byte == 0) {
        return Err(null_byte(th, &source, at, path));
    }
    run_text(th, &source, path.as_bytes())
}

/// SystemExit with a code.
fn exit(th: &Thread, code: i32) -> PyResult<Raised> {
    Ok(th.raise_value(exc::SYSTEM_EXIT, Int::from_i64(th, code.into())?.object()))
}

pub(super) fn audit_text(th: &Thread, event: &str, text: &OsStr) -> PyResult<()> {
    if !sys::audit::is_watched(th) {
        return Ok(());
    }
    sys::audit(th, event, &[Str::from_fs_bytes(th, text.as_bytes())?.object()])
}

/// SyntaxError for a script with a null byte at `at`: unlike other sources', it names the line.
fn null_byte(th: &Thread, source: &[u8], at: usize, path: &OsStr) -> Raised {
    let line = source[..at].iter().filter(|byte| **byte == b'\n').count();
    let start = source[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let lineno = i32::try_from(line + 1).unwrap_or(i32::MAX);
    let error = krait_syntax::SyntaxError {
        kind: krait_syntax::ErrorKind::SyntaxError,
        message: "source code cannot contain null bytes".to_owned(),
        lineno,
        offset: 0,
        end_lineno: lineno,
        end_offset: 0,
        text: Some(String::from_utf8_lossy(&source[start..at]).into_owned()),
    };
    match Str::from_fs_bytes(th, path.as_bytes()) {
        Ok(name) => compile::raise_compile_error(th, error.into(), name.borrow()),
        Err(raised) => raised,
    }
}

/// The program after `-c`, without the indentation that all of its lines have.
fn decoded(th: &Thread, command: &OsStr) -> PyResult<String> {
    match command.to_str() {
        Some(text) => Ok(dedent(text)),
        None => {
            crate::builtins::write_stderr("Unable to decode the command from the command line:\n");
            Str::from_fs_bytes(th, command.as_bytes())?.as_utf8(th).map(str::to_owned)
        }
    }
}

/// Takes the white space away that all lines begin with; lines of nothing else become empty.
fn dedent(text: &str) -> String {
    const BLANK: [char; 2] = [' ', '\t'];
    let is_blank = |line: &&str| line.trim_matches(BLANK).is_empty();
    let mut lines = text.split('\n').filter(|line| !is_blank(line));
    let indent = |line: &str| line.len() - line.trim_start_matches(BLANK).len();
    let first = lines.next().unwrap_or("");
    let margin = lines.fold(&first[..indent(first)], |margin, line| {
        let common = margin.bytes().zip(line.bytes()).take_while(|(a, b)| a == b).count();
        &margin[..common]
    });
    if margin.is_empty() {
        return text.to_owned();
    }
    let cut = |line| if is_blank(&line) { "" } else { &line[margin.len()..] };
    text.split('\n').map(cut).collect::<Vec<_>>().join("\n")
}

/// The code of a `.pyc` file.
fn read_pyc(th: &Thread, data: &[u8]) -> PyResult<Owned<Code>> {
    // Magic number, flags, and what identifies the source.
    const HEADER: usize = 16;
    let Some(rest) = data.strip_prefix(&MAGIC).and_then(|rest| rest.get(HEADER - 4..)) else {
        return Err(th.raise(exc::RUNTIME_ERROR, "Bad magic number in .pyc file"));
    };
    let code = crate::marshal::loads(th, rest)?;
    code.downcast::<Code>()
        .map_err(|_| th.raise(exc::RUNTIME_ERROR, "Bad code object in .pyc file"))
}

/// A script's path as the program sees it, wherever it goes.
fn absolute(path: &OsStr) -> OsString {
    match std::env::current_dir() {
        Ok(here) if path == "." => here.into_os_string(),
        // Joined as it is: what is in it stays, and an absolute one takes the folder's place.
        Ok(here) => here.join(path).into_os_string(),
        Err(_) => path.to_owned(),
    }
}

/// The loader that finds the script again, for tracebacks and `inspect`.
fn set_loader(th: &Thread, dict: &Dict, class: &str, path: &OsStr) -> PyResult<()> {
    set_main_loader(th, dict, class, Str::from_fs_bytes(th, path.as_bytes())?.borrow())
}

/// The same for a script whose name is known as an object.
pub fn set_main_loader(
    th: &Thread,
    dict: &Dict,
    class: &str,
    path: Borrowed<'_, Str>,
) -> PyResult<()> {
    let external = import::import(th, "_frozen_importlib_external")?;
    let loader = object::get_attr(th, external.object(), Str::interned(th, class)?.borrow())?;
    let loader = call::call(th, loader.object(), &[id::__main__.object(), path.object()])?;
    dict.set_str(th, id::__loader__, loader.object())
}

/// Whether something on `sys.path_hooks` can import from `path`.
fn path_importer(th: &Thread, path: &OsStr) -> PyResult<bool> {
    if std::path::Path::new(path).is_file() && !is_archive(path) {
        return Ok(false);
    }
    let pkgutil = import::import(th, "importlib._bootstrap_external")?;
    let finder = object::get_attr(th, pkgutil.object(), Str::interned(th, "PathFinder")?.borrow())?;
    let path = Str::from_fs_bytes(th, path.as_bytes())?;
    let cached = Str::interned(th, "_path_importer_cache")?;
    let importer = call::call_method(th, finder.object(), cached.borrow(), &[path.object()])?;
    Ok(!importer.is_none())
}

/// Whether a file ends like a zip archive: the record that closes one is within its last 64 KiB.
fn is_archive(path: &OsStr) -> bool {
    std::fs::read(path).is_ok_and(|data| {
        let tail = &data[data.len().saturating_sub((1 << 16) + 22)..];
        tail.windows(4).any(|window| window == b"PK\x05\x06")
    })
}

/// `runpy._run_module_as_main`.
fn run_module(th: &Thread, name: &str, alter_argv: bool) -> PyResult<()> {
    let runpy = import::import(th, "runpy")?;
    let function = Str::interned(th, "_run_module_as_main")?;
    let name = Str::new(th, name)?;
    call::call_method(
        th,
        runpy.object(),
        function.borrow(),
        &[name.object(), bool_object(alter_argv).object()],
    )
    .map(drop)
}

pub(super) fn main_dict(th: &Thread) -> PyResult<Owned<Dict>> {
    let main = import::modules(th)?.get_str(th, id::__main__)?;
    match main.map(Owned::downcast::<Module>) {
        Some(Ok(main)) => Ok(main.dict().to_owned()),
        _ => Err(th.raise(exc::RUNTIME_ERROR, "lost __main__")),
    }
}

/// The program of `-c`, for whoever wants to show its lines.
#[derive(Default)]
struct Command(RefCell<Option<(Owned<Code>, String)>>);

/// Keeps the lines of a program that is in no file for `linecache`, where tracebacks find them: an error or a curious
/// program imports that, most do not.
fn remember_lines(th: &Thread, code: Borrowed<'_, Code>, source: &str) -> PyResult<()> {
    *th.interp().state::<Command>().0.borrow_mut() = Some((code.to_owned(), source.to_owned()));
    let linecache = Str::interned(th, "linecache")?;
    let embedded = config::of(th).home.is_none();
    match import::modules(th)?.get(th, linecache.object())? {
        None if embedded => Ok(()),
        _ => {
            let module = import::import(th, "linecache")?;
            let dict = object::get_attr(th, module.object(), id::__dict__)?;
            dict.object().downcast::<Dict>().map_or(Ok(()), |dict| register_lines(th, &dict))
        }
    }
}

/// Tells `linecache`, whose namespace this is, of the program of `-c`.
pub fn register_lines(th: &Thread, linecache: &Dict) -> PyResult<()> {
    let command = th.interp().state::<Command>().0.take();
    let register = linecache.get_str(th, Str::interned(th, "_register_code")?.borrow())?;
    let (Some((code, source)), Some(register)) = (command, register) else {
        return Ok(());
    };
    let name = Str::interned(th, "<string>")?;
    let source = Str::from_fs_bytes(th, source.as_bytes())?;
    call::call(th, register.object(), &[code.object(), source.object(), name.object()]).map(drop)
}

fn run_text(th: &Thread, source: &[u8], filename: &[u8]) -> PyResult<()> {
    let code = compile_text(th, source, filename)?;
    run_main(th, code)
}

fn run_main(th: &Thread, code: Owned<Code>) -> PyResult<()> {
    let dict = main_dict(th)?;
    running::eval_code(th, code.borrow(), dict.borrow(), None).map(drop)
}

pub(super) fn compile_text(th: &Thread, source: &[u8], filename: &[u8]) -> PyResult<Owned<Code>> {
    let filename = Str::from_fs_bytes(th, filename)?;
    let request = Request {
        filename: filename.borrow(),
        mode: Mode::Exec,
        flags: 0,
        optimize: None,
        feature_version: None,
    };
    compile::compile(th, Source::Bytes(source), request).map_err(|raised| {
        if filename.char_at(0) == u32::from('<') {
            raised
        } else {
            as_of_file(th, raised, &filename)
        }
    })
}

/// What errors in a script have that those in other sources have not: the message about its encoding tells the name;
/// and where the text ends after a backslash alone on its line, the reference has nothing of that line any more.
fn as_of_file(th: &Thread, raised: Raised, filename: &Str) -> Raised {
    let exception = match th.take_if(raised, exc::SYNTAX_ERROR) {
        Ok(exception) => exception,
        Err(raised) => return raised,
    };
    let renamed = (|| -> PyResult<()> {
        let msg = Str::interned(th, "msg")?;
        let message = object::get_attr(th, exception.object(), msg.borrow())?;
        let message = object::str(th, message.object())?.to_string_lossy();
        if message.starts_with("Non-UTF-8 code") {
            let place = format!(" in file {} on line ", filename.to_string_lossy());
            let message = Str::new(th, &message.replacen(" on line ", &place, 1))?;
            object::set_attr(th, exception.object(), msg.borrow(), message.object())?;
        } else if message == "unexpected EOF while parsing" {
            let text = Str::interned(th, "text")?;
            let text = object::get_attr(th, exception.object(), text.borrow())?;
            if object::str(th, text.object())?.to_string_lossy().trim() == "\\" {
                let offset = Str::interned(th, "offset")?;
                let start = Int::from_i64(th, 0)?;
                object::set_attr(th, exception.object(), offset.borrow(), start.object())?;
            }
        }
        Ok(())
    })();
    match renamed {
        Ok(()) => th.set_exception(exception.into_object()),
        Err(raised) => raised,
    }
}

fn prepend_path(th: &Thread, safe_path: bool, entry: &[u8]) -> PyResult<()> {
    if safe_path {
        return Ok(());
    }
    th.interp().script_folder.replace(Some(entry.to_owned()));
    let path = sys::get(th, id::path)?;
    if let Some(list) = path.as_ref().and_then(|path| path.object().downcast::<List>()) {
        list.insert_at(th, 0, Str::from_fs_bytes(th, entry)?.into_object())?;
    }
    Ok(())
}
