//! `BufferedRWPair`: a stream to read and another to write, as one.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;

use super::{BufferedReader, BufferedWriter};
use crate::io::base;
use crate::io::kinds::BufferedIOBase;
use crate::io::support::{attr, both, name};

/// A buffered reader and a buffered writer together.
///
/// The two raw streams, one to read and one to write, have nothing to do
/// with each other: think of the two ends of a socket or of pipes.
#[pytype(
    name = "_io.BufferedRWPair", base = BufferedIOBase,
    new = "(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)",
    flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct BufferedRWPair {
    head: Head,
    #[visit]
    reader: Slot,
    #[visit]
    writer: Slot,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl BufferedRWPair {
    /// Calls a method of one of the two.
    fn forward(&self, th: &Thread, half: &Slot, method: &str, args: Args<'_>) -> PyResult {
        let Some(half) = half.get_owned() else {
            return Err(th.raise(exc::VALUE_ERROR, "I/O operation on uninitialized object"));
        };
        let function = object::get_attr(th, half.borrow(), name(th, method)?.borrow())?;
        call::vectorcall(th, function.borrow(), Args::positional(args.positionals()))
    }
}

fn make(th: &Thread, ty: &'static Type, raw: Borrowed<'_>, size: isize) -> PyResult {
    let size = Int::from_isize(th, size)?;
    call::call(th, Borrowed::from_ref(ty).object(), &[raw, size.object()])
}

#[pymethods]
impl BufferedRWPair {
    #[init(sig = "(reader, writer, buffer_size=131072, /)")]
    fn init(
        &self,
        th: &Thread,
        reader: Borrowed<'_>,
        writer: Borrowed<'_>,
        buffer_size: isize,
    ) -> PyResult<()> {
        base::check_readable(th, reader)?;
        base::check_writable(th, writer)?;
        let reader = make(th, BufferedReader::type_object(), reader, buffer_size)?;
        let writer = make(th, BufferedWriter::type_object(), writer, buffer_size)?;
        self.reader.set(Some(reader));
        self.writer.set(Some(writer));
        Ok(())
    }

    /// Read from the reader.
    #[method(sig = "(self, /, *args)", no_text)]
    fn read(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.forward(th, &self.reader, "read", args)
    }

    /// Look ahead in the reader.
    #[method(sig = "(self, /, *args)", no_text)]
    fn peek(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.forward(th, &self.reader, "peek", args)
    }

    /// Read from the reader, with at most one call of its raw stream.
    #[method(sig = "(self, /, *args)", no_text)]
    fn read1(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.forward(th, &self.reader, "read1", args)
    }

    /// Read from the reader into a buffer.
    #[method(sig = "(self, /, *args)", no_text)]
    fn readinto(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.forward(th, &self.reader, "readinto", args)
    }

    /// Read from the reader into a buffer, with at most one call of its raw stream.
    #[method(sig = "(self, /, *args)", no_text)]
    fn readinto1(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.forward(th, &self.reader, "readinto1", args)
    }

    /// Write to the writer.
    #[method(sig = "(self, /, *args)", no_text)]
    fn write(&self, th: &Thread, args: Args<'_>) -> PyResult {
        self.forward(th, &self.writer, "write", args)
    }

    /// Flush the writer.
    #[method(sig = "(self)")]
    fn flush(&self, th: &Thread) -> PyResult {
        self.forward(th, &self.writer, "flush", Args::NONE)
    }

    /// Whether the reader can be read.
    #[method(sig = "(self)")]
    fn readable(&self, th: &Thread) -> PyResult {
        self.forward(th, &self.reader, "readable", Args::NONE)
    }

    /// Whether the writer can be written.
    #[method(sig = "(self)")]
    fn writable(&self, th: &Thread) -> PyResult {
        self.forward(th, &self.writer, "writable", Args::NONE)
    }

    /// Close both, the writer first.
    #[method(sig = "(self)")]
    fn close(&self, th: &Thread) -> PyResult {
        let written = self.forward(th, &self.writer, "close", Args::NONE);
        both(th, written, || self.forward(th, &self.reader, "close", Args::NONE))
    }

    /// Whether one of them is a terminal.
    #[method(sig = "(self)")]
    fn isatty(&self, th: &Thread) -> PyResult {
        let answer = self.forward(th, &self.writer, "isatty", Args::NONE)?;
        if object::is_true(th, answer.borrow())? {
            return Ok(answer);
        }
        self.forward(th, &self.reader, "isatty", Args::NONE)
    }

    /// Whether the writer is closed.
    #[getter]
    fn closed(&self, th: &Thread) -> PyResult {
        match self.writer.get_owned() {
            Some(writer) => attr(th, writer.borrow(), "closed"),
            None => Err(th
                .raise(exc::RUNTIME_ERROR, "the BufferedRWPair object is being garbage-collected")),
        }
    }
}
