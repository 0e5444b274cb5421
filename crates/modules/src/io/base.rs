//! `_IOBase`: what every stream can do, in terms of the methods it has.
//!
//! The methods never look at their object's fields: streams written in Python and the native ones alike go through
//! attributes. The same job as CPython's `Modules/_io/iobase.c`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::typeobj::unfilled;

use super::support::{Size, attr, closed_error, flag, invoke, name, unsupported};

/// The base of all streams.
///
/// It has no state but whether it is closed; methods that a stream does not
/// support raise UnsupportedOperation. Streams are context managers that
/// close on exit, and iterators over their lines.
#[pytype(name = "_io._IOBase", flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs)]
#[repr(C)]
pub struct IOBase {
    head: Head,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

const CLOSED: &str = "__IOBase_closed";

pub fn check_closed(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    if flag(th, ob, "closed")? { Err(closed_error(th)) } else { Ok(()) }
}

fn check(th: &Thread, ob: Borrowed<'_>, method: &str, message: &str) -> PyResult {
    if super::support::known_answer(th, ob, method)? == Some(true) {
        return Ok(bool_object(true).object().to_owned());
    }
    let answer = invoke(th, ob, method, &[])?;
    if !answer.is(bool_object(true).object()) {
        return Err(unsupported(th, message));
    }
    Ok(answer)
}

pub fn check_readable(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    check(th, ob, "readable", "File or stream is not readable.")
}

pub fn check_writable(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    check(th, ob, "writable", "File or stream is not writable.")
}

pub fn check_seekable(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    check(th, ob, "seekable", "File or stream is not seekable.")
}

fn is_marked_closed(th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
    Ok(unfilled::get_attr_opt(th, ob, name(th, CLOSED)?.borrow())?.is_some())
}

/// `_IOBase.close`: flushes, and is closed even if that fails.
pub fn close(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    if is_marked_closed(th, ob)? {
        return Ok(());
    }
    let flushed = invoke(th, ob, "flush", &[]);
    super::support::both(th, flushed, || {
        unfilled::set_attr(th, ob, name(th, CLOSED)?.borrow(), bool_object(true).object())
    })
}

/// The bytes a method answered with; OSError for anything else.
fn bytes_answer(th: &Thread, answer: Owned, method: &str) -> PyResult<Owned<Bytes>> {
    answer.downcast::<Bytes>().map_err(|other| {
        let found = other.type_name();
        raise!(th, OS_ERROR, "{method}() should have returned a bytes object, not '{found}'")
    })
}

fn read_line(th: &Thread, ob: Borrowed<'_>, limit: Option<usize>) -> PyResult<Owned<Bytes>> {
    let peek = object::get_attr_opt(th, ob, name(th, "peek")?.borrow())?;
    let mut line: Vec<u8> = Vec::new();
    while limit.is_none_or(|limit| line.len() < limit) {
        let mut wanted = 1;
        if let Some(peek) = &peek {
            let one = Int::from_i64(th, 1)?;
            let ahead = bytes_answer(th, call::call(th, peek.borrow(), &[one.object()])?, "peek")?;
            let ahead = ahead.as_bytes();
            if !ahead.is_empty() {
                let end = memchr::memchr(b'\n', ahead).map_or(ahead.len(), |at| at + 1);
                wanted = limit.map_or(end, |limit| end.min(limit - line.len()));
            }
        }
        let wanted = Int::from_usize(th, wanted)?;
        let data = bytes_answer(th, invoke(th, ob, "read", &[wanted.object()])?, "read")?;
        if data.is_empty() {
            break;
        }
        line.extend_from_slice(data.as_bytes());
        if line.last() == Some(&b'\n') {
            break;
        }
    }
    Bytes::new(th, &line)
}

/// Closes a stream that nobody refers to any more; an exception it raises is reported, not raised.
fn finalize(th: &Thread, ob: Borrowed<'_>) {
    let open = match attr(th, ob, "closed").and_then(|closed| object::is_true(th, closed.borrow()))
    {
        Ok(closed) => !closed,
        Err(raised) => {
            drop(th.take_raised(raised));
            false
        }
    };
    if !open {
        return;
    }
    // So that a stream can tell this close from an explicit one.
    let marked = name(th, "_finalizing")
        .and_then(|name| unfilled::set_attr(th, ob, name.borrow(), bool_object(true).object()));
    if let Err(raised) = marked {
        drop(th.take_raised(raised));
    }
    if let Err(raised) = invoke(th, ob, "close", &[]) {
        let exception = th.take_raised(raised);
        let shown = match object::repr(th, ob) {
            Ok(shown) => shown.to_string_lossy(),
            Err(raised) => {
                drop(th.take_raised(raised));
                format!("<{} object>", ob.type_name())
            }
        };
        drop(th.set_exception(exception.into_object()));
        let message = format!("Exception ignored while finalizing file {shown}");
        (th.interp().services.get().unraisable)(th, None, &message);
    }
}

#[pymethods]
impl IOBase {
    #[slot(tp_finalize)]
    fn finalize(this: Borrowed<'_, Self>, th: &Thread) {
        let pending = th.take_exception();
        finalize(th, this.object());
        if let Some(pending) = pending {
            let _raised = th.set_exception(pending.into_object());
        }
    }

    /// Change the stream position to the given byte offset.
    ///
    /// The offset is relative to the start of the stream (whence 0), the
    /// current position (1) or the end (2). Return the new position.
    #[method(sig = "(self, offset, whence=os.SEEK_SET, /)")]
    fn seek(
        this: Borrowed<'_, Self>,
        th: &Thread,
        _offset: Borrowed<'_>,
        #[default(None)] _whence: Option<Borrowed<'_>>,
    ) -> PyResult {
        let _ = this;
        Err(unsupported(th, "seek"))
    }

    /// Return the current stream position.
    #[method(sig = "(self)")]
    fn tell(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let (zero, one) = (Int::from_i64(th, 0)?, Int::from_i64(th, 1)?);
        invoke(th, this.object(), "seek", &[zero.object(), one.object()])
    }

    /// Make the file that long, by default as long as the current position.
    #[method(sig = "(self, size=None, /)")]
    fn truncate(&self, th: &Thread, _size: Option<Borrowed<'_>>) -> PyResult {
        Err(unsupported(th, "truncate"))
    }

    /// Write out what is buffered, if anything.
    #[method(sig = "(self)")]
    fn flush(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        if is_marked_closed(th, this.object())? { Err(closed_error(th)) } else { Ok(()) }
    }

    /// Flush and close the stream. Closing twice does nothing.
    #[method(sig = "(self)")]
    fn close(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        close(th, this.object())
    }

    /// Whether seek(), tell() and truncate() work.
    #[method(sig = "(self)")]
    fn seekable(&self) -> bool {
        false
    }

    /// Whether the stream can be read.
    #[method(sig = "(self)")]
    fn readable(&self) -> bool {
        false
    }

    /// Whether the stream can be written.
    #[method(sig = "(self)")]
    fn writable(&self) -> bool {
        false
    }

    #[method(sig = "(self)", name = "_checkClosed")]
    fn check_closed(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        check_closed(th, this.object())
    }

    #[method(sig = "(self)", name = "_checkSeekable")]
    fn check_seekable(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        check_seekable(th, this.object())
    }

    #[method(sig = "(self)", name = "_checkReadable")]
    fn check_readable(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        check_readable(th, this.object())
    }

    #[method(sig = "(self)", name = "_checkWritable")]
    fn check_writable(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        check_writable(th, this.object())
    }

    /// Return the file descriptor; OSError if the stream has none.
    #[method(sig = "(self)")]
    fn fileno(&self, th: &Thread) -> PyResult {
        Err(unsupported(th, "fileno"))
    }

    /// Whether the stream is a terminal.
    #[method(sig = "(self)")]
    fn isatty(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<bool> {
        check_closed(th, this.object())?;
        Ok(false)
    }

    #[method(sig = "(self)", name = "__enter__")]
    fn enter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        check_closed(th, this.object())?;
        Ok(this.object().to_owned())
    }

    #[method(sig = "(self, /, *args)", name = "__exit__", no_text)]
    fn exit(this: Borrowed<'_, Self>, th: &Thread, _args: Args<'_>) -> PyResult {
        invoke(th, this.object(), "close", &[])
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        check_closed(th, this.object())?;
        Ok(this.object().to_owned())
    }

    #[slot(tp_iternext)]
    fn next(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
        let line = call::call_method(th, this.object(), id::readline, &[])?;
        Ok(if object::len(th, line.borrow())? == 0 { None } else { Some(line) })
    }

    /// Read and return a line, at most that many bytes of it.
    ///
    /// Lines of binary files end with b'\n'.
    #[method(sig = "(self, size=-1, /)")]
    fn readline(
        this: Borrowed<'_, Self>,
        th: &Thread,
        #[default(Size(-1))] size: Size,
    ) -> PyResult<Owned<Bytes>> {
        read_line(th, this.object(), size.limit())
    }

    /// Return a list of lines.
    ///
    /// With a hint, no more lines are read once they are that long together.
    #[method(sig = "(self, hint=-1, /)")]
    fn readlines(
        this: Borrowed<'_, Self>,
        th: &Thread,
        #[default(Size(-1))] hint: Size,
    ) -> PyResult<Owned<List>> {
        read_lines(th, this.object(), hint.0)
    }

    /// Write a list of lines; no line ends are added.
    #[method(sig = "(self, lines, /)")]
    fn writelines(this: Borrowed<'_, Self>, th: &Thread, lines: Borrowed<'_>) -> PyResult<()> {
        check_closed(th, this.object())?;
        let lines = iter::get_iter(th, lines)?;
        while let Some(line) = iter::next(th, lines.borrow())? {
            call::call_method(th, this.object(), id::write, &[line.borrow()])?;
        }
        Ok(())
    }

    #[getter(name = "__dict__")]
    fn dict(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned<Dict>>> {
        instance_dict::get_or_create(th, this.object())
    }

    #[getter]
    fn closed(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<bool> {
        is_marked_closed(th, this.object())
    }
}

fn read_lines(th: &Thread, ob: Borrowed<'_>, hint: isize) -> PyResult<Owned<List>> {
    if hint <= 0 {
        return List::from_iterable(th, ob);
    }
    let lines = List::new(th)?;
    let mut total = 0usize;
    let source = iter::get_iter(th, ob)?;
    while let Some(line) = iter::next(th, source.borrow())? {
        let len = object::len(th, line.borrow())?;
        lines.push(th, line)?;
        total = total.saturating_add(len);
        if total > hint as usize {
            break;
        }
    }
    Ok(lines)
}

/// `__getstate__` of streams, which cannot be pickled.
pub fn cannot_pickle(th: &Thread, ob: Borrowed<'_>) -> Raised {
    raise!(th, TYPE_ERROR, "cannot pickle '{}' instances", ob.ty().name())
}
