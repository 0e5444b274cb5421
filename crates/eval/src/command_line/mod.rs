//! The command line: from `argv` to an exit code. `Py_BytesMain` and the `krait` command are this.
//!
//! The same job as CPython's `Modules/main.c`.

mod options;
mod prompt;
mod startup;
mod usage;

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;

use krait_bytecode::MAGIC;
use krait_objects::prelude::*;
use krait_syntax::{Mode, Source};

use crate::code::Code;
use crate::compile::{self, Request};
use crate::config::{self, Config};
use crate::lifecycle::Instance;
use crate::{import, run as running, sys};
pub use options::{Options, Run};
pub use prompt::{interact, is_incomplete, show_prompt};

/// Runs the program with these arguments, its name first; the answer is its exit code.
pub fn main(args: &[OsString], config: Config) -> i32 {
    match understand(config, args) {
        Ok(options) => {
            choose_locale();
            run_program(options)
        }
        Err(code) => code,
    }
}

/// Characters are the user's locale's, as the environment has it. The C locale, which says nothing of them, becomes UTF-8,
/// for child processes too, unless LC_ALL insists on it (PEP 538). A host's locale is its own business.
fn choose_locale() {
    // SAFETY: terminated strings; nothing else runs in the process yet.
    unsafe {
        libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        let now = libc::setlocale(libc::LC_CTYPE, std::ptr::null());
        let is_c = !now.is_null() && libc::strcmp(now, c"C".as_ptr()) == 0;
        let insists = std::env::var_os("LC_ALL").is_some_and(|value| !value.is_empty());
        let refused = std::env::var_os("PYTHONCOERCECLOCALE").is_some_and(|value| value == "0");
        if !is_c || insists || refused {
            return;
        }
        for target in [c"C.UTF-8", c"C.utf8", c"UTF-8"] {
            if !libc::setlocale(libc::LC_CTYPE, target.as_ptr()).is_null() {
                libc::setenv(c"LC_CTYPE".as_ptr(), target.as_ptr(), 1);
                return;
            }
        }
    }
}

/// Reads a command line onto a configuration. The exit code if there is nothing to be run: what was asked for, or what
/// is wrong, has been printed.
pub fn understand(config: Config, args: &[OsString]) -> Result<Options, i32> {
    let options = match options::parse(config, args) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            let name = args.first().map_or("krait".into(), |name| name.to_string_lossy());
            eprint!("{}", usage::short(&name));
            return Err(2);
        }
    };
    match options.run {
        Run::Version => println!("Python {}", sys::VERSION),
        Run::LongVersion => println!("Python {}", sys::version_text()),
        Run::Help => print!("{}", usage::long(&options.config.program_name)),
        Run::HelpVariables => print!("{}", usage::VARIABLES),
        Run::HelpOptions => print!("{}", usage::IMPLEMENTATION),
        Run::HelpAll => {
            let options = usage::long(&options.config.program_name);
            print!("{options}\n{}\n{}", usage::VARIABLES, usage::IMPLEMENTATION);
        }
        _ => return Ok(options),
    }
    Err(0)
}

/// Runs what the options ask for, in the interpreter that is there; the exit code.
pub fn run(th: &Thread, options: &Options) -> i32 {
    let runs = |runs: bool| {
        crate::registry::update_interp(th.interp(), |entry| entry.runs_main = runs);
    };
    runs(true);
    let result = run_as_asked(th, options);
    runs(false);
    let code = exit_code(th, result);
    if options.config.inspect && !matches!(options.run, Run::Stdin) {
        return prompt::interact(th).unwrap_or(code);
    }
    code
}

fn run_program(mut options: Options) -> i32 {
    if let Err(invalid) = options.config.read_environment() {
        let function = invalid.function.to_string_lossy();
        let state = if function.starts_with("pre") { "preinitializing" } else { "preinitialized" };
        let colon = if function.is_empty() { "" } else { ": " };
        eprintln!(
            "Fatal Python error: {function}{colon}{}\nPython runtime state: {state}\n",
            invalid.message
        );
        return 1;
    }
    if let Some(executable) = krait_objects::platform::executable() {
        options.config.executable = executable.display().to_string();
    }
    let instance = match Instance::start(options.config.clone()) {
        Ok(instance) => instance,
        Err(error) => {
            eprintln!("Fatal Python error: {}", error.0);
            return 1;
        }
    };
    let mut code = run(instance.thread(), &options);
    let interrupted = is_interrupted(instance.thread());
    // The process ends with the interpreter, and takes its memory along faster than we could give it back.
    crate::registry::lend_to_c(instance.interp());
    if !instance.finish() && code == 0 {
        code = 120;
    }
    if interrupted { die_of_interrupt() } else { code }
}

/// Whether the program ended by a KeyboardInterrupt that nobody handled.
#[derive(Default)]
struct Interrupted(std::cell::Cell<bool>);

/// Whether the program ended by a KeyboardInterrupt that nobody handled: then, once all is finished, the process
/// is to `die_of_interrupt`.
pub fn is_interrupted(th: &Thread) -> bool {
    th.interp().state::<Interrupted>().0.get()
}

/// Ends the process by SIGINT, so that a shell that waits for it stops too. The exit code if the signal is blocked.
pub fn die_of_interrupt() -> i32 {
    // SAFETY: plain system calls, after Python has ended.
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_DFL);
        libc::kill(libc::getpid(), libc::SIGINT);
    }
    libc::SIGINT + 128
}

fn run_as_asked(th: &Thread, options: &Options) -> PyResult<()> {
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

fn audit_text(th: &Thread, event: &str, text: &OsStr) -> PyResult<()> {
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

fn main_dict(th: &Thread) -> PyResult<Owned<Dict>> {
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

fn compile_text(th: &Thread, source: &[u8], filename: &[u8]) -> PyResult<Owned<Code>> {
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

/// The exit code for how a program ended; an exception other than SystemExit is shown.
pub fn exit_code(th: &Thread, result: PyResult<()>) -> i32 {
    let Err(raised) = result else {
        return 0;
    };
    let exception = match th.take_if(raised, exc::SYSTEM_EXIT) {
        Ok(exit) => return system_exit_code(th, exit.object()),
        Err(raised) => th.take_raised(raised),
    };
    let interrupted = exception.object().get().ty().is_subtype(exc::KEYBOARD_INTERRUPT);
    show_uncaught(th, exception.object(), true);
    th.interp().state::<Interrupted>().0.set(interrupted);
    if interrupted { 130 } else { 1 }
}

/// Through `sys.excepthook`, as the program may have replaced it; `keep` says whether `sys.last_exc` is to be it from here on.
pub fn show_uncaught(th: &Thread, exception: Borrowed<'_>, keep: bool) {
    let shown = (|| {
        let traceback = exception
            .downcast::<BaseException>()
            .and_then(|e| e.traceback().map(Borrowed::to_owned));
        let traceback = traceback.unwrap_or_else(|| none().to_owned());
        if keep {
            sys::set(th, id::last_exc, exception)?;
            sys::set(th, id::last_type, exception.get().ty().object())?;
            sys::set(th, id::last_value, exception)?;
            sys::set(th, id::last_traceback, traceback.object())?;
        }
        let hook = sys::get(th, id::excepthook)?;
        let (class, given) = (exception.get().ty(), hook.as_ref().map(Owned::object));
        if let Err(raised) =
            audit!(th, "sys.excepthook", given, class, exception, traceback.object())
        {
            if th.exception_matches(exc::RUNTIME_ERROR) {
                drop(th.take_raised(raised));
                return Ok(());
            }
            sys::hooks::unraisable(th, None, "Exception ignored in audit hook");
        }
        match hook {
            Some(hook) => call::call(
                th,
                hook.object(),
                &[exception.get().ty().object(), exception, traceback.object()],
            )
            .map(drop),
            None => {
                sys::hooks::print_exception(th, exception);
                Ok(())
            }
        }
    })();
    if let Err(raised) = shown {
        let failure = th.take_raised(raised);
        crate::builtins::write_stderr("Error in sys.excepthook:\n");
        sys::hooks::print_exception(th, failure.object());
        crate::builtins::write_stderr("\nOriginal exception was:\n");
        sys::hooks::print_exception(th, exception);
    }
}

/// The code of `SystemExit`: an int, nothing, or 1 after printing what else it is.
fn system_exit_code(th: &Thread, exit: Borrowed<'_>) -> i32 {
    let code = Str::interned(th, "code").and_then(|code| object::get_attr(th, exit, code.borrow()));
    let Ok(code) = code else {
        drop(th.take_exception());
        return 1;
    };
    if code.is_none() {
        return 0;
    }
    if let Some(number) = code.object().downcast::<Int>() {
        return number.to_i64().map_or(-1, |number| number as i32);
    }
    let text = object::str(th, code.object()).unwrap_or_else(|raised| {
        drop(th.take_raised(raised));
        Str::empty().to_owned()
    });
    let printed = (|| match sys::get(th, id::stderr)?.filter(|stream| !stream.is_none()) {
        Some(stream) => {
            let end = Str::new(th, "\n")?;
            let write =
                |text: Borrowed<'_>| call::call_method(th, stream.object(), id::write, &[text]);
            write(text.object())?;
            write(end.object()).map(drop)
        }
        None => {
            crate::builtins::write_stderr(&format!("{}\n", text.to_string_lossy()));
            Ok(())
        }
    })();
    if printed.is_err() {
        drop(th.take_exception());
    }
    1
}
