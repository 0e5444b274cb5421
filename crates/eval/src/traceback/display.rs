//! Tracebacks and exceptions as text, without any Python code: for C, and for when the `traceback` module fails.
//!
//! There are no markers below the source, no notes and no members of groups here: those are the library's. CPython's
//! `PyTraceBack_Print` and the fall-back of `_PyErr_Display`.

use krait_objects::prelude::*;

use super::Traceback;
use crate::sys;

/// So many entries are shown if `sys.tracebacklimit` does not say.
const USUAL_LIMIT: i64 = 1000;
/// An entry that follows itself is shown so often.
const SHOWN_AGAIN: usize = 3;

/// Where text goes: a Python stream.
struct Out<'a> {
    th: &'a Thread,
    stream: Borrowed<'a>,
}

impl Out<'_> {
    fn write(&self, text: &str) -> PyResult<()> {
        self.write_str(Str::new(self.th, text)?.borrow())
    }

    fn write_str(&self, text: Borrowed<'_, Str>) -> PyResult<()> {
        call::call_method(self.th, self.stream, id::write, &[text.object()]).map(drop)
    }
}

/// The lines of a traceback, oldest frame first.
pub fn write_traceback(
    th: &Thread,
    traceback: Borrowed<'_, Traceback>,
    stream: Borrowed<'_>,
) -> PyResult<()> {
    let out = Out { th, stream };
    let limit = match sys::get(th, Str::interned(th, "tracebacklimit")?.borrow())? {
        Some(limit) => match limit.object().downcast::<Int>() {
            Some(limit) => limit.to_i64().unwrap_or(if limit.is_negative() { 0 } else { i64::MAX }),
            None => USUAL_LIMIT,
        },
        None => USUAL_LIMIT,
    };
    if limit <= 0 {
        return Ok(());
    }
    out.write("Traceback (most recent call last):\n")?;
    let mut entries = Vec::new();
    let mut entry = Some(traceback.to_owned());
    while let Some(current) = entry {
        entry = current.next();
        entries.push(current);
    }
    let skipped = entries.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut last = None;
    let mut count = 0;
    for entry in entries.iter().skip(skipped) {
        let (file, function) = entry.place();
        let line = entry.line().unwrap_or(-1);
        let here = Some((file, line, function));
        if here != last {
            repeated(&out, count)?;
            last = here;
            count = 0;
        }
        count += 1;
        if count <= SHOWN_AGAIN {
            write_entry(&out, entry, line)?;
        }
    }
    repeated(&out, count)
}

fn repeated(out: &Out<'_>, count: usize) -> PyResult<()> {
    match count.saturating_sub(SHOWN_AGAIN) {
        0 => Ok(()),
        1 => out.write("  [Previous line repeated 1 more time]\n"),
        more => out.write(&format!("  [Previous line repeated {more} more times]\n")),
    }
}

fn write_entry(out: &Out<'_>, entry: &Traceback, line: i32) -> PyResult<()> {
    let Some(frame) = entry.frame() else { return Ok(()) };
    let code = frame.code();
    let Some(file) = code.get().filename.get() else { return Ok(()) };
    let function = code.get().name.borrow();
    let (file_name, line_of) = (file.get(), format_args!("line {line}, in {}", function.get()));
    let text = Str::from_fmt(out.th, format_args!("  File \"{file_name}\", {line_of}\n"))?;
    out.write_str(text.borrow())?;
    if let Some(source) = source_line(out.th, file, line) {
        out.write(&format!("    {source}\n"))?;
    }
    Ok(())
}

/// A line of a file without the blanks around it, if both can be found.
fn source_line(th: &Thread, file: Borrowed<'_, Str>, line: i32) -> Option<String> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let source = embedded(&file.to_string_lossy()).or_else(|| read(th, file))?;
    let bytes = source.split(|&byte| byte == b'\n').nth(index)?.to_vec();
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_matches([' ', '\t', '\x0c', '\r', '\n']);
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// What is in a file, as `io.open` reads it.
fn read(th: &Thread, file: Borrowed<'_, Str>) -> Option<Vec<u8>> {
    let content = (|| {
        let io = crate::import::import(th, "io")?;
        let mode = Str::new(th, "rb")?;
        let open = Str::interned(th, "open")?;
        let stream =
            call::call_method(th, io.object(), open.borrow(), &[file.object(), mode.object()])?;
        let content =
            call::call_method(th, stream.object(), Str::interned(th, "read")?.borrow(), &[]);
        call::call_method(th, stream.object(), id::close, &[])?;
        content
    })();
    match content {
        Ok(content) => Some(content.object().downcast::<Bytes>()?.as_bytes().to_vec()),
        Err(raised) => {
            drop(th.take_raised(raised));
            None
        }
    }
}

/// The source of a module that is embedded.
fn embedded(file: &str) -> Option<Vec<u8>> {
    let module = file.strip_prefix("<krait>/")?.strip_suffix(".py")?;
    let module = module.strip_suffix("/__init__").unwrap_or(module);
    krait_stdlib::source(&module.replace('/', "."))
}

/// An exception with its traceback, after those that it came from.
pub fn write_exception(th: &Thread, value: Borrowed<'_>, stream: Borrowed<'_>) -> PyResult<()> {
    write_chain(&Out { th, stream }, value, &mut Vec::new())
}

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";

fn write_chain(out: &Out<'_>, value: Borrowed<'_>, seen: &mut Vec<usize>) -> PyResult<()> {
    out.th.check_stack(" in print_exception_recursive")?;
    let Some(exception) = value.downcast::<BaseException>() else {
        let found = value.type_name();
        return out.write(&format!(
            "TypeError: print_exception(): Exception expected for value, {found} found\n"
        ));
    };
    seen.push(value.as_ptr() as usize);
    let (before, message) = match exception.cause() {
        Some(cause) => (Some(cause.object().to_owned()), CAUSE),
        None if exception.suppress_context() => (None, CONTEXT),
        None => (exception.context().map(|context| context.object().to_owned()), CONTEXT),
    };
    if let Some(before) = before.filter(|before| !seen.contains(&(before.as_ptr() as usize))) {
        write_chain(out, before.borrow(), seen)?;
        out.write(message)?;
    }
    let traceback = exception.traceback().and_then(|traceback| traceback.downcast::<Traceback>());
    if let Some(traceback) = traceback {
        write_traceback(out.th, traceback, out.stream)?;
    }
    write_place_of_syntax_error(out, value)?;
    write_message(out, value)
}

/// Where a SyntaxError is.
fn write_place_of_syntax_error(out: &Out<'_>, value: Borrowed<'_>) -> PyResult<()> {
    let th = out.th;
    let marker = Str::interned(th, "print_file_and_line")?;
    if object::get_attr_opt(th, value, marker.borrow())?.is_none() {
        return Ok(());
    }
    let attribute = |name: &str| {
        let name = Str::interned(th, name)?;
        object::get_attr_opt(th, value, name.borrow())
    };
    let file = attribute("filename")?.filter(|file| !file.is_none());
    let file = match &file {
        Some(file) => object::str(th, file.borrow())?,
        None => Str::new(th, "<string>")?,
    };
    let line = attribute("lineno")?;
    let line = line.as_ref().and_then(|line| line.borrow().downcast::<Int>()?.to_i64());
    let text =
        Str::from_fmt(th, format_args!("  File \"{}\", line {}\n", *file, line.unwrap_or(0)))?;
    out.write_str(text.borrow())
}

/// The last line: the class, and what the exception says.
fn write_message(out: &Out<'_>, value: Borrowed<'_>) -> PyResult<()> {
    let th = out.th;
    let ty = value.get().ty();
    out.write_str(ty.full_name(th)?.borrow())?;
    match object::str(th, value) {
        Ok(text) if text.is_empty() => {}
        Ok(text) => {
            out.write(": ")?;
            out.write_str(text.borrow())?;
        }
        Err(raised) => {
            drop(th.take_raised(raised));
            out.write(": <exception str() failed>")?;
        }
    }
    out.write("\n")
}
