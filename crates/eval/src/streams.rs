//! The standard streams: `sys.stdin`, `stdout` and `stderr`, and their originals `__stdin__` and so on.
//!
//! A host may never look at them, so they are made when somebody does (`Interpreter::complete_streams`), of what the
//! descriptors were at start. Whatever could show that they come late makes them first: audit hooks, and closing one
//! of the descriptors. The same job as a part of CPython's `Python/pylifecycle.c`.

use std::cell::{Cell, RefCell};

use krait_objects::codecs::registry;
use krait_objects::prelude::*;
use krait_objects::typeobj::unfilled;

use crate::config::{self, Config};
use crate::{import, sys};

const NAMES: [&str; 3] = ["stdin", "stdout", "stderr"];

/// What the streams will be made of.
#[derive(Clone)]
struct Pending {
    /// Whether each descriptor is a terminal; `None` for one that is closed.
    terminals: [Option<bool>; 3],
    /// The codec's own name for their encoding.
    encoding: String,
    /// How input and output treat what is no text.
    errors: String,
    open: Owned,
    wrapper: Owned,
}

/// An interpreter's streams that do not exist yet.
#[derive(Default)]
struct Streams {
    pending: RefCell<Option<Pending>>,
    /// The thread that makes them: it looks for them in vain meanwhile.
    maker: Cell<Option<*const Thread>>,
}

/// `builtins.open`, and the streams: at once if something might be wrong with them, which has to be told at start.
pub fn prepare(th: &Thread) -> PyResult<()> {
    // Not `io`, which is Python code: it only adds abstract classes.
    let io = import::native_module(th, "_io")?;
    let open = member(th, io.object(), "open")?;
    if let Some(builtins) = th.interp().builtins.get() {
        builtins.set_str(th, Str::interned(th, "open")?.borrow(), open.object())?;
    }
    let config = config::of(th);
    let streams = th.interp().state::<Streams>();
    streams.pending.replace(Some(Pending {
        terminals: [0, 1, 2].map(terminal),
        encoding: text_encoding(th, &config)?,
        errors: text_errors(&config).to_owned(),
        open,
        wrapper: member(th, io.object(), "TextIOWrapper")?,
    }));
    th.interp().standard_streams.set(Some(make));
    // What stands there for messages of the start.
    let printer = sys::existing(th, id::stderr)?;
    sys::discard(th, "stderr")?;
    if !is_directory(0) && !sys::audit::is_watched(th) {
        return Ok(());
    }
    th.interp().complete_streams(th).map(drop).or_else(|raised| {
        sys::set(th, id::stderr, printer.as_ref().map_or(none(), Owned::object))?;
        Err(raised)
    })
}

/// Makes the streams (`Interpreter::standard_streams`). What a program has set meanwhile stays.
fn make(th: &Thread, sys: &Dict) -> PyResult<bool> {
    let streams = th.interp().state::<Streams>();
    if streams.maker.get() == Some(std::ptr::from_ref(th)) {
        return Ok(false);
    }
    streams.maker.set(Some(th));
    let made = make_all(th, streams);
    streams.maker.set(None);
    let made = made?;
    // Two threads may have made them: the first counts.
    if streams.pending.take().is_some() {
        th.interp().standard_streams.set(None);
        for (name, stream) in NAMES.iter().zip(&made) {
            for name in [(*name).to_owned(), format!("__{name}__")] {
                sys.set_default(th, Str::interned(th, &name)?.object(), stream.object())?;
            }
        }
    }
    Ok(true)
}

fn make_all(th: &Thread, streams: &Streams) -> PyResult<Vec<Owned>> {
    // Another thread may be faster and take what is pending.
    let pending = streams.pending.borrow().clone();
    let Some(pending) = pending else {
        return Ok(Vec::new());
    };
    (0..NAMES.len()).map(|fd| make_stream(th, &pending, fd)).collect()
}

/// What a native module has under a name.
fn member(th: &Thread, module: Borrowed<'_>, name: &str) -> PyResult {
    let name = Str::interned(th, name)?;
    let found = match module.downcast::<Module>() {
        Some(module) => module.get().dict().get_str(th, name.borrow())?,
        None => None,
    };
    found.map_or_else(|| object::get_attr(th, module, name.borrow()), Ok)
}

fn make_stream(th: &Thread, pending: &Pending, fd: usize) -> PyResult {
    let Some(terminal) = pending.terminals[fd] else {
        return Ok(none().to_owned());
    };
    let config = config::of(th);
    let text = |text: &str| Str::new(th, text).map(Owned::into_object);
    let int = |value: i64| Int::from_i64(th, value).map(Owned::into_object);
    let flag = |value: bool| bool_object(value).object().to_owned();
    let call = |function: &Owned, arguments: &[Owned]| {
        let arguments: Vec<Borrowed<'_>> = arguments.iter().map(Owned::object).collect();
        call::call(th, function.object(), &arguments)
    };
    let (mode, long_mode) = if fd == 0 { ("r", "rb") } else { ("w", "wb") };
    let unbuffered = !config.buffered_stdio && fd != 0;
    let buffering = int(if unbuffered { 0 } else { -1 })?;
    let nothing = || none().to_owned();
    let arguments = [
        int(fd as i64)?,
        text(long_mode)?,
        buffering,
        nothing(),
        nothing(),
        nothing(),
        flag(false),
    ];
    let buffer = call(&pending.open, &arguments)?;
    let raw = Str::interned(th, "raw")?;
    let raw = match unfilled::get_attr_opt(th, buffer.object(), raw.borrow())? {
        Some(raw) => raw,
        None => buffer.clone(),
    };
    let name = text(&format!("<{}>", NAMES[fd]))?;
    unfilled::set_attr(th, raw.object(), id::name, name.object())?;
    let line_buffering = terminal || fd == 2 || config.interactive;
    let encoding = text(&pending.encoding)?;
    let errors = text(if fd == 2 { "backslashreplace" } else { &pending.errors })?;
    let arguments = [buffer, encoding, errors, text("\n")?, flag(line_buffering), flag(unbuffered)];
    let stream = call(&pending.wrapper, &arguments)?;
    let name = Str::interned(th, "mode")?;
    unfilled::set_attr(th, stream.object(), name.borrow(), text(mode)?.object())?;
    Ok(stream)
}

fn text_encoding(th: &Thread, config: &Config) -> PyResult<String> {
    match config.stdio_encoding.as_deref() {
        None | Some("utf-8") => Ok("utf-8".into()),
        Some(other) => {
            let codec = registry::lookup(th, other)?;
            let name = object::get_attr(th, codec.object(), id::name)?;
            Ok(object::str(th, name.object())?.to_string_lossy())
        }
    }
}

/// How standard input and output treat what is no text.
pub fn text_errors(config: &Config) -> &str {
    match &config.stdio_errors {
        Some(errors) => errors,
        None if config.utf8_mode || locale_is_vague() => "surrogateescape",
        None => "strict",
    }
}

/// Whether the locale for characters is C's own, or the one that took its place (PEP 538): then bytes that are no
/// text go through the standard streams as they are.
fn locale_is_vague() -> bool {
    let name = config::character_locale();
    name.is_none_or(|name| {
        [c"C", c"POSIX", c"C.UTF-8", c"C.utf8", c"UTF-8"].contains(&name.as_c_str())
    })
}

/// Whether a descriptor is a terminal; `None` if it is closed.
fn terminal(fd: i32) -> Option<bool> {
    // SAFETY: asking about a descriptor changes nothing.
    unsafe { (libc::fcntl(fd, libc::F_GETFD) >= 0).then(|| libc::isatty(fd) == 1) }
}

fn is_directory(fd: i32) -> bool {
    // SAFETY: the call writes the structure if it succeeds.
    unsafe {
        let mut found: libc::stat = std::mem::zeroed();
        libc::fstat(fd, &mut found) == 0 && found.st_mode & libc::S_IFMT == libc::S_IFDIR
    }
}

/// A stream that nobody has looked at yet belongs to a descriptor nevertheless, which a program is about to close.
pub fn before_closing(th: &Thread, fd: i32) -> PyResult<()> {
    if fd < NAMES.len() as i32 {
        th.interp().complete_streams(th)?;
    }
    Ok(())
}

/// Flushes the standard streams; false if one could not be.
pub fn flush(th: &Thread) -> bool {
    let output = flush_one(th, id::stdout);
    if output.is_err() {
        sys::hooks::unraisable(th, None, "Exception ignored while flushing sys.stdout");
    }
    let errors = flush_one(th, id::stderr);
    if errors.is_err() {
        drop(th.take_exception());
    }
    output.is_ok() && errors.is_ok()
}

fn flush_one(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<()> {
    let Some(stream) = sys::existing(th, name)?.filter(|stream| !stream.is_none()) else {
        return Ok(());
    };
    let closed = Str::interned(th, "closed")?;
    if let Some(closed) = unfilled::get_attr_opt(th, stream.object(), closed.borrow())? {
        if object::is_true(th, closed.object())? {
            return Ok(());
        }
    }
    unfilled::call_method(th, stream.object(), id::flush, &[]).map(drop)
}

/// At the end, streams that a program has put in place of the originals go; what prints later finds these.
pub(crate) fn restore(th: &Thread) -> PyResult<()> {
    for name in NAMES {
        let original = Str::interned(th, &format!("__{name}__"))?;
        match sys::existing(th, original.borrow())? {
            Some(original) => sys::set_text(th, name, original.object())?,
            // They have not been made; that one is still possible.
            None if th.interp().standard_streams.get().is_some() => sys::discard(th, name)?,
            None => sys::set_text(th, name, none())?,
        }
    }
    Ok(())
}

/// Nothing prints any more.
pub(crate) fn give_up(th: &Thread) {
    th.interp().standard_streams.set(None);
    drop(th.interp().state::<Streams>().pending.take());
}
