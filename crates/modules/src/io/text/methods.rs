//! What Python sees of a `TextIOWrapper`.

use krait_objects::prelude::*;
use krait_objects::typeobj::unfilled;

use super::{Newline, State, TextIOWrapper};
use crate::io::base;
use crate::io::support::{Size, attr, both, flag, invoke, unsupported};

fn flag_argument(th: &Thread, value: Option<Borrowed<'_>>, old: bool) -> PyResult<bool> {
    match value.filter(|value| !value.is_none()) {
        None => Ok(old),
        Some(value) => match number::index(th, value)?.to_i64() {
            Some(value) => Ok(value != 0),
            None => {
                let message = "Python int too large to convert to C long";
                Err(th.raise(exc::OVERFLOW_ERROR, message))
            }
        },
    }
}

/// An argument of `reconfigure` that is a string or None.
fn text_argument<'a>(
    th: &Thread,
    value: Option<Borrowed<'a>>,
    argument: &str,
) -> PyResult<Option<Borrowed<'a, Str>>> {
    let Some(value) = value.filter(|value| !value.is_none()) else {
        return Ok(None);
    };
    value.downcast::<Str>().map(Some).ok_or_else(|| {
        let found = value.type_name();
        raise!(
            th,
            TYPE_ERROR,
            "reconfigure() argument '{argument}' must be str or None, not {found}"
        )
    })
}

#[pymethods]
impl TextIOWrapper {
    #[init(
        sig = "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        buffer: Borrowed<'_>,
        encoding: Option<&str>,
        errors: Option<Borrowed<'_>>,
        newline: Option<Borrowed<'_, Str>>,
        line_buffering: bool,
        write_through: bool,
    ) -> PyResult<()> {
        TextIOWrapper::set_up(
            this,
            th,
            buffer,
            encoding,
            errors,
            newline,
            line_buffering,
            write_through,
        )
    }

    /// Change how the stream encodes and behaves.
    ///
    /// What is not given stays, except that errors becomes 'strict' if an
    /// encoding is given. Encoding and newlines cannot change once something
    /// was read.
    #[method(
        sig = "(self, /, *, encoding=None, errors=None, newline=<unrepresentable>, line_buffering=None, write_through=None)",
        text = "($self, /, *, encoding=None, errors=None, newline=None,\n            line_buffering=None, write_through=None)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn reconfigure(
        this: Borrowed<'_, Self>,
        th: &Thread,
        encoding: Option<Borrowed<'_>>,
        errors: Option<Borrowed<'_>>,
        newline: Option<Borrowed<'_>>,
        line_buffering: Option<Borrowed<'_>>,
        write_through: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        this.attached(th)?;
        let encoding = text_argument(th, encoding, "encoding")?;
        let errors = text_argument(th, errors, "errors")?;
        // `None` is a newline mode of its own: it is not given only if the caller left it out.
        let newline = match newline {
            None => None,
            Some(newline) => {
                let text = text_argument(th, Some(newline), "newline")?;
                Some(Newline::parse(th, text.map(Borrowed::get))?)
            }
        };
        let changes = encoding.is_some() || errors.is_some() || newline.is_some();
        if changes && this.decoded.get().is_some() {
            return Err(unsupported(
                th,
                "It is not possible to set the encoding or newline of stream after the first read",
            ));
        }
        let line_buffering = flag_argument(th, line_buffering, this.line_buffering.get())?;
        let write_through = flag_argument(th, write_through, this.write_through.get())?;
        call::call_method(th, this.object(), id::flush, &[])?;
        this.ratio.set(0.0);
        this.change_codec(th, encoding, errors, newline)?;
        this.line_buffering.set(line_buffering);
        this.write_through.set(write_through);
        Ok(())
    }

    /// Part with the buffer and return it. This stream cannot be used afterwards.
    #[method(sig = "(self)")]
    fn detach(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        this.attached(th)?;
        call::call_method(th, this.object(), id::flush, &[])?;
        let buffer = this.attached(th)?;
        this.state.set(State::Detached);
        this.buffer.set(None);
        Ok(buffer)
    }

    /// Write a string. Return how many characters it has.
    #[method(sig = "(self, text, /)")]
    fn write(this: Borrowed<'_, Self>, th: &Thread, text: Borrowed<'_, Str>) -> PyResult<usize> {
        TextIOWrapper::write_text(this, th, text)
    }

    /// Read up to that many characters; all without a limit.
    #[method(sig = "(self, size=-1, /)")]
    fn read(
        this: Borrowed<'_, Self>,
        th: &Thread,
        #[default(Size(-1))] size: Size,
    ) -> PyResult<Owned<Str>> {
        TextIOWrapper::read_text(this, th, size.0)
    }

    /// Read a line, at most that many characters of it; an empty string at the end of the file.
    #[method(sig = "(self, size=-1, /)")]
    fn readline(
        this: Borrowed<'_, Self>,
        th: &Thread,
        #[default(-1)] size: isize,
    ) -> PyResult<Owned<Str>> {
        TextIOWrapper::read_line(this, th, usize::try_from(size).ok())
    }

    #[slot(tp_iternext)]
    fn next(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
        this.attached(th)?;
        // Chunks are remembered for `tell` only, which an iteration has no use for.
        this.telling.set(false);
        let line = if this.object().is_exact::<TextIOWrapper>() {
            TextIOWrapper::read_line(this, th, None)?.into_object()
        } else {
            let line = call::call_method(th, this.object(), id::readline, &[])?;
            if line.object().downcast::<Str>().is_none() {
                let found = line.type_name();
                return Err(raise!(
                    th,
                    OS_ERROR,
                    "readline() should have returned a str object, not '{found}'"
                ));
            }
            line
        };
        if object::len(th, line.borrow())? == 0 {
            this.set_snapshot(None);
            this.telling.set(this.seekable.get());
            return Ok(None);
        }
        Ok(Some(line))
    }

    /// Go to a position: one that tell() returned, 0, or the end.
    #[method(sig = "(self, cookie, whence=os.SEEK_SET, /)")]
    fn seek(
        this: Borrowed<'_, Self>,
        th: &Thread,
        cookie: Borrowed<'_>,
        #[default(0)] whence: i32,
    ) -> PyResult {
        TextIOWrapper::seek_to(this, th, cookie, whence)
    }

    /// Return the position as a number that only seek() understands.
    #[method(sig = "(self)")]
    fn tell(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        TextIOWrapper::position(this, th)
    }

    /// Make the file that many bytes long, by default as long as the current position.
    #[method(sig = "(self, pos=None, /)")]
    fn truncate(this: Borrowed<'_, Self>, th: &Thread, pos: Option<Borrowed<'_>>) -> PyResult {
        let buffer = this.attached(th)?;
        call::call_method(th, this.object(), id::flush, &[])?;
        invoke(th, buffer.borrow(), "truncate", &[pos.unwrap_or(none())])
    }

    /// Encode and hand on what was written, and flush the buffer.
    #[method(sig = "(self)")]
    fn flush(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let buffer = TextIOWrapper::open_buffer(this, th)?;
        this.telling.set(this.seekable.get());
        this.write_pending(th)?;
        unfilled::call_method(th, buffer.borrow(), id::flush, &[])
    }

    /// Flush and close the stream and the buffer.
    #[method(sig = "(self)")]
    fn close(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        let buffer = this.attached(th)?;
        let closed = flag(th, this.object(), "closed")?;
        // Asking may run code, which may have taken the buffer away.
        if closed || this.state.get() == State::Detached {
            return Ok(());
        }
        if this.finalizing.get() {
            let warned = invoke(th, buffer.borrow(), "_dealloc_warn", &[this.object()]);
            if let Err(raised) = warned {
                drop(th.take_raised(raised));
            }
        }
        let flushed = unfilled::call_method(th, this.object(), id::flush, &[]);
        both(th, flushed, || unfilled::call_method(th, buffer.borrow(), id::close, &[])).map(drop)
    }

    /// Return the file descriptor.
    #[method(sig = "(self)")]
    fn fileno(&self, th: &Thread) -> PyResult {
        invoke(th, self.attached(th)?.borrow(), "fileno", &[])
    }

    /// Whether seek() and tell() work.
    #[method(sig = "(self)")]
    fn seekable(&self, th: &Thread) -> PyResult {
        invoke(th, self.attached(th)?.borrow(), "seekable", &[])
    }

    /// Whether the stream can be read.
    #[method(sig = "(self)")]
    fn readable(&self, th: &Thread) -> PyResult {
        invoke(th, self.attached(th)?.borrow(), "readable", &[])
    }

    /// Whether the stream can be written.
    #[method(sig = "(self)")]
    fn writable(&self, th: &Thread) -> PyResult {
        invoke(th, self.attached(th)?.borrow(), "writable", &[])
    }

    /// Whether the stream is a terminal.
    #[method(sig = "(self)")]
    fn isatty(&self, th: &Thread) -> PyResult {
        invoke(th, self.attached(th)?.borrow(), "isatty", &[])
    }

    #[method(sig = "(self)", name = "__getstate__")]
    fn getstate(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        Err(base::cannot_pickle(th, this.object()))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        TextIOWrapper::describe(this, th)
    }

    /// The name of the buffer.
    #[getter]
    fn name(&self, th: &Thread) -> PyResult {
        object::get_attr(th, self.attached(th)?.borrow(), id::name)
    }

    /// Whether the buffer is closed.
    #[getter]
    fn closed(&self, th: &Thread) -> PyResult {
        attr(th, self.attached(th)?.borrow(), "closed")
    }

    /// The kinds of newlines seen so far, if they are translated.
    #[getter]
    fn newlines(&self, th: &Thread) -> PyResult {
        self.attached(th)?;
        match self.decoder() {
            Some(decoder) => decoder.newlines(th),
            None => Ok(none().to_owned()),
        }
    }

    /// What is done about encoding errors.
    #[getter]
    fn errors(&self, th: &Thread) -> PyResult<Option<Owned<Str>>> {
        if self.state.get() == State::Uninitialised {
            self.attached(th)?;
        }
        Ok(self.errors.get_owned())
    }

    /// How many bytes are read or written at a time.
    #[getter(name = "_CHUNK_SIZE")]
    fn chunk_size(&self, th: &Thread) -> PyResult<usize> {
        self.attached(th)?;
        Ok(self.chunk_size.get())
    }

    #[setter(name = "_CHUNK_SIZE")]
    fn set_chunk_size(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.attached(th)?;
        let Some(value) = value else {
            return Err(th.raise(
                exc::ATTRIBUTE_ERROR,
                "attribute '_CHUNK_SIZE' of '_io.TextIOWrapper' objects cannot be deleted",
            ));
        };
        match number::as_isize(th, value, Some(exc::VALUE_ERROR))? {
            size if size > 0 => {
                self.chunk_size.set(size as usize);
                Ok(())
            }
            _ => Err(th.raise(exc::VALUE_ERROR, "a strictly positive integer is required")),
        }
    }
}
