//! How results and exceptions are shown: `displayhook`, `excepthook`, `unraisablehook`, `breakpointhook`.
//!
//! Tracebacks are rendered by the library's own `traceback` module, as in the reference; what is here falls
//! back to type and message where that cannot be imported.

use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use super::Sys;
use crate::builtins::write_stderr;
use crate::traceback::display;

#[pyfunctions(part = "hooks")]
impl Sys {
    /// Show the value of an interactive statement: its repr goes to sys.stdout, the object to builtins._
    ///
    /// None is neither shown nor kept.
    #[function(sig = "(object, /)")]
    fn displayhook(th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        display(th, object)
    }

    /// Show the value of an interactive statement: its repr goes to sys.stdout, the object to builtins._
    ///
    /// None is neither shown nor kept.
    #[function(name = "__displayhook__", sig = "(object, /)")]
    fn original_displayhook(th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        display(th, object)
    }

    /// Show an exception that nobody caught, and its traceback, on sys.stderr.
    #[function(sig = "(exctype, value, traceback, /)")]
    fn excepthook(
        th: &Thread,
        _exctype: Borrowed<'_>,
        value: Borrowed<'_>,
        traceback: Borrowed<'_>,
    ) -> PyResult<()> {
        show(th, value, traceback)
    }

    /// Show an exception that nobody caught, and its traceback, on sys.stderr.
    #[function(name = "__excepthook__", sig = "(exctype, value, traceback, /)")]
    fn original_excepthook(
        th: &Thread,
        _exctype: Borrowed<'_>,
        value: Borrowed<'_>,
        traceback: Borrowed<'_>,
    ) -> PyResult<()> {
        show(th, value, traceback)
    }

    /// Handle an exception that nobody can catch, such as one in __del__().
    ///
    /// The argument has the attributes exc_type, exc_value, exc_traceback, err_msg and object.
    #[function(sig = "(unraisable, /)")]
    fn unraisablehook(th: &Thread, unraisable: Borrowed<'_>) -> PyResult<()> {
        show_given(th, unraisable)
    }

    /// Handle an exception that nobody can catch, such as one in __del__().
    #[function(name = "__unraisablehook__", sig = "(unraisable, /)")]
    fn original_unraisablehook(th: &Thread, unraisable: Borrowed<'_>) -> PyResult<()> {
        show_given(th, unraisable)
    }

    /// What breakpoint() calls: the function that PYTHONBREAKPOINT names, pdb.set_trace by default.
    #[function(sig = "(*args, **kwargs)")]
    fn breakpointhook(th: &Thread, args: Args<'_>) -> PyResult {
        run_breakpoint(th, args)
    }

    /// What breakpoint() calls: the function that PYTHONBREAKPOINT names, pdb.set_trace by default.
    #[function(name = "__breakpointhook__", sig = "(*args, **kwargs)")]
    fn original_breakpointhook(th: &Thread, args: Args<'_>) -> PyResult {
        run_breakpoint(th, args)
    }
}

/// Prints the `repr` of a value, unless it is None, and keeps it as `builtins._`.
fn display(th: &Thread, value: Borrowed<'_>) -> PyResult<()> {
    if value.is_none() {
        return Ok(());
    }
    let Some(builtins) = th.interp().builtins.get_owned() else {
        return Err(th.raise(exc::RUNTIME_ERROR, "lost builtins module"));
    };
    let last = Str::interned(th, "_")?;
    builtins.set_str(th, last.borrow(), none())?;
    let Some(stdout) = super::get(th, id::stdout)?.filter(|stdout| !stdout.is_none()) else {
        return Err(th.raise(exc::RUNTIME_ERROR, "lost sys.stdout"));
    };
    let text = object::repr(th, value)?;
    if let Err(raised) = call::call_method(th, stdout.object(), id::write, &[text.object()]) {
        // What the stream cannot encode is shown escaped.
        th.take_if(raised, exc::UNICODE_ENCODE_ERROR)?;
        let escaped = object::ascii(th, value)?;
        call::call_method(th, stdout.object(), id::write, &[escaped.object()])?;
    }
    let newline = Str::from_char(th, u32::from(b'\n'))?;
    call::call_method(th, stdout.object(), id::write, &[newline.object()])?;
    builtins.set_str(th, last.borrow(), value)
}

/// Prints an exception as the interpreter does at its end. Never raises: what fails is left out.
pub fn print_exception(th: &Thread, exception: Borrowed<'_>) {
    let traceback = exception
        .downcast::<BaseException>()
        .and_then(|exception| exception.traceback().map(Borrowed::to_owned));
    let traceback = traceback.unwrap_or_else(|| none().to_owned());
    if let Err(raised) = show(th, exception, traceback.object()) {
        // Without memory nothing can be shown through the stream: the last line at least.
        if th.take_if(raised, exc::MEMORY_ERROR).is_ok() {
            write_stderr(&plain(th, exception));
        }
        drop(th.take_exception());
    }
}

fn show(th: &Thread, value: Borrowed<'_>, traceback: Borrowed<'_>) -> PyResult<()> {
    if let Some(exception) = value.downcast::<BaseException>() {
        if exception.traceback().is_none() && !traceback.is_none() {
            exception.get().set_traceback(Some(traceback.to_owned()));
        }
    }
    let stream = super::get(th, id::stderr)?.filter(|stream| !stream.is_none());
    let Some(stream) = stream else {
        write_stderr(&plain(th, value));
        return Ok(());
    };
    if let Err(raised) = show_with_library(th, value, stream.object()) {
        drop(th.take_raised(raised));
        display::write_exception(th, value, stream.object())?;
    }
    call::call_method(th, stream.object(), id::flush, &[]).map(drop)
}

/// `traceback._print_exception_bltin(value)`, into `stream`.
fn show_with_library(th: &Thread, value: Borrowed<'_>, _stream: Borrowed<'_>) -> PyResult<()> {
    let module = crate::import::import(th, "traceback")?;
    let print = Str::interned(th, "_print_exception_bltin")?;
    let print = object::get_attr(th, module.object(), print.borrow())?;
    call::call(th, print.object(), &[value]).map(drop)
}

/// The last line of a traceback, put together without Python code where possible.
fn plain(th: &Thread, value: Borrowed<'_>) -> String {
    let text = object::str(th, value);
    if text.is_err() {
        drop(th.take_exception());
    }
    let ty = value.get().ty();
    match text {
        Ok(text) if !text.is_empty() => format!("{}: {}\n", ty.name(), *text),
        _ => format!("{}\n", ty.name()),
    }
}

static UNRAISABLE: [Field; 5] = [
    Field { name: "exc_type", doc: "the class of the exception" },
    Field { name: "exc_value", doc: "the exception, which may be None" },
    Field { name: "exc_traceback", doc: "its traceback, which may be None" },
    Field { name: "err_msg", doc: "what to tell before it, or None" },
    Field { name: "object", doc: "what the exception came from, or None" },
];

/// Reports the current exception, which nobody can catch, to `sys.unraisablehook`. With a message, the object
/// becomes the end of it; without, the object stands for itself.
pub fn unraisable(th: &Thread, object: Option<Borrowed<'_>>, message: &str) {
    let Some(exception) = th.take_exception() else {
        return;
    };
    if report(th, exception.object(), object, message).is_err() {
        drop(th.take_exception());
        write_stderr(&plain(th, exception.object()));
    }
}

/// What `sys.unraisablehook` gets.
fn described(
    th: &Thread,
    exception: Borrowed<'_>,
    object: Option<Borrowed<'_>>,
    message: &str,
) -> PyResult<Owned<Tuple>> {
    if let Some(exception) = exception.downcast::<BaseException>()
        && exception.traceback().is_none()
    {
        crate::traceback::add_current(th, exception);
    }
    let (message, object) = match (message, object) {
        ("", object) => (None, object),
        (message, None) => (Some(Str::new(th, message)?), None),
        (message, Some(object)) => {
            let mut text = krait_objects::str::StrBuilder::new();
            text.push_str(message);
            text.push_str(" ");
            match object::repr(th, object) {
                Ok(shown) => text.push(&shown),
                Err(raised) => {
                    drop(th.take_raised(raised));
                    text.push_str("<object repr() failed>");
                }
            }
            (Some(text.finish(th)?), None)
        }
    };
    hook_args(th, exception, message, object)
}

fn hook_args_type(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "What sys.unraisablehook is told.";
    let ty = StructSequence::new_type(th, "UnraisableHookArgs", doc, &UNRAISABLE, 5)?;
    StructSequence::seal(&ty, true);
    Ok(ty)
}

fn hook_args(
    th: &Thread,
    exception: Borrowed<'_>,
    message: Option<Owned<Str>>,
    object: Option<Borrowed<'_>>,
) -> PyResult<Owned<Tuple>> {
    let traceback =
        exception.downcast::<BaseException>().and_then(|e| e.traceback().map(Borrowed::to_owned));
    let values = vec![
        exception.get().ty().object().to_owned(),
        exception.to_owned(),
        traceback.unwrap_or_else(|| none().to_owned()),
        message.map_or_else(|| none().to_owned(), Owned::into_object),
        object.unwrap_or(none()).to_owned(),
    ];
    StructSequence::new(th, hook_args_type(th)?.borrow(), values)
}

fn report(
    th: &Thread,
    exception: Borrowed<'_>,
    object: Option<Borrowed<'_>>,
    message: &str,
) -> PyResult<()> {
    let args = described(th, exception, object, message)?;
    match super::get(th, id::unraisablehook)?.filter(|hook| !hook.is_none()) {
        Some(hook) => {
            if let Err(raised) = audit!(th, "sys.unraisablehook", hook.object(), args.object()) {
                let refused = th.take_raised(raised);
                let message = "Exception ignored in audit hook";
                return show_unraisable(
                    th,
                    described(th, refused.object(), None, message)?.object(),
                );
            }
            let Err(raised) = call::call(th, hook.object(), &[args.object()]) else {
                return Ok(());
            };
            // The hook's own exception is told in place of the other.
            let failed = th.take_raised(raised);
            let message = Str::new(th, "Exception ignored in sys.unraisablehook")?;
            let args = hook_args(th, failed.object(), Some(message), Some(hook.object()))?;
            show_unraisable(th, args.object())
        }
        None => show_unraisable(th, args.object()),
    }
}

/// As `show_unraisable`, for a program.
fn show_given(th: &Thread, args: Borrowed<'_>) -> PyResult<()> {
    if !args.get().ty().is(hook_args_type(th)?.borrow()) {
        let message = "sys.unraisablehook argument type must be UnraisableHookArgs";
        return Err(th.raise(exc::TYPE_ERROR, message));
    }
    show_unraisable(th, args)
}

fn show_unraisable(th: &Thread, args: Borrowed<'_>) -> PyResult<()> {
    let field =
        |name: &str| -> PyResult { object::get_attr(th, args, Str::interned(th, name)?.borrow()) };
    let (value, traceback, message, object) =
        (field("exc_value")?, field("exc_traceback")?, field("err_msg")?, field("object")?);
    let Some(stream) = super::get(th, id::stderr)?.filter(|stream| !stream.is_none()) else {
        return Ok(());
    };
    let message = match message.is_none() {
        true => None,
        false => Some(object::str(th, message.object())?.to_string_lossy()),
    };
    let line = if !object.is_none() {
        let shown = match object::repr(th, object.object()) {
            Ok(shown) => shown.to_string_lossy(),
            Err(raised) => {
                drop(th.take_raised(raised));
                "<object repr() failed>".to_owned()
            }
        };
        format!("{}: {shown}\n", message.as_deref().unwrap_or("Exception ignored in"))
    } else {
        message.map_or(String::new(), |message| format!("{message}:\n"))
    };
    let line = Str::new(th, &line)?;
    call::call_method(th, stream.object(), id::write, &[line.object()])?;
    if value.is_none() {
        return Ok(());
    }
    show(th, value.object(), traceback.object())
}

fn run_breakpoint(th: &Thread, args: Args<'_>) -> PyResult {
    let name = match crate::config::of(th).use_environment {
        true => std::env::var("PYTHONBREAKPOINT").unwrap_or_default(),
        false => String::new(),
    };
    let name = match name.as_str() {
        "0" => return Ok(none().to_owned()),
        "" => "pdb.set_trace",
        name => name,
    };
    let (module, function) = name.rsplit_once('.').unwrap_or(("builtins", name));
    let hook = crate::import::import(th, module).and_then(|module| {
        object::get_attr(th, module.object(), Str::interned(th, function)?.borrow())
    });
    match hook {
        Ok(hook) => call::vectorcall(th, hook.object(), args),
        Err(raised) => {
            drop(th.take_if(raised, exc::EXCEPTION)?);
            let message = Str::from_fmt(
                th,
                format_args!("Ignoring unimportable $PYTHONBREAKPOINT: \"{name}\""),
            )?;
            let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
            (th.interp().services.get().warn)(th, category, message.borrow(), 0)?;
            Ok(none().to_owned())
        }
    }
}
