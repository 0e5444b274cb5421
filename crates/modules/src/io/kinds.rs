//! `_RawIOBase`, `_BufferedIOBase` and `_TextIOBase`: the three kinds of streams.
//!
//! The same job as the abstract classes of CPython's `Modules/_io/iobase.c`, `bufferedio.c` and `textio.c`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::base::IOBase;
use super::support::{DEFAULT_BUFFER_SIZE, Size, invoke, unsupported, writable_buffer};

/// Base of the streams that hand every request to the system.
#[pytype(
    name = "_io._RawIOBase", base = IOBase, flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct RawIOBase {
    head: Head,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

#[pymethods]
impl RawIOBase {
    /// Read up to that many bytes with one call of the system; all bytes if there is no limit.
    #[method(sig = "(self, size=-1, /)")]
    fn read(this: Borrowed<'_, Self>, th: &Thread, #[default(-1)] size: isize) -> PyResult {
        let Ok(size) = usize::try_from(size) else {
            return invoke(th, this.object(), "readall", &[]);
        };
        let len = Int::from_usize(th, size)?;
        let array =
            call::call(th, super::support::builtin(th, "bytearray")?.borrow(), &[len.object()])?;
        let count = invoke(th, this.object(), "readinto", &[array.borrow()])?;
        if count.is_none() {
            return Ok(count);
        }
        let count = number::as_isize(th, count.borrow(), Some(exc::VALUE_ERROR))?;
        let data = Buffer::simple(th, array.borrow())?;
        match usize::try_from(count).ok().and_then(|count| data.as_bytes().get(..count)) {
            Some(read) => Ok(Bytes::new(th, read)?.into_object()),
            None => {
                Err(raise!(th, VALUE_ERROR, "readinto returned {count} outside buffer size {size}"))
            }
        }
    }

    /// Read until the end of the file, with as many calls as it takes.
    #[method(sig = "(self)")]
    fn readall(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let mut all: Vec<u8> = Vec::new();
        let size = Int::from_usize(th, DEFAULT_BUFFER_SIZE)?;
        loop {
            let data = call::call_method(th, this.object(), id::read, &[size.object()])?;
            if data.is_none() {
                if all.is_empty() {
                    return Ok(data);
                }
                break;
            }
            let Ok(data) = data.downcast::<Bytes>() else {
                return Err(th.raise(exc::TYPE_ERROR, "read() should return bytes"));
            };
            if data.is_empty() {
                break;
            }
            all.extend_from_slice(data.as_bytes());
        }
        Ok(Bytes::new(th, &all)?.into_object())
    }

    /// Read bytes into a buffer. Return how many, or None if none can be had without waiting.
    #[method(sig = "(self, /, *args)", no_text)]
    fn readinto(&self, th: &Thread, _args: Args<'_>) -> PyResult {
        Err(th.raise_none(exc::NOT_IMPLEMENTED_ERROR))
    }

    /// Write bytes. Return how many, or None if none can be written without waiting.
    #[method(sig = "(self, /, *args)", no_text)]
    fn write(&self, th: &Thread, _args: Args<'_>) -> PyResult {
        Err(th.raise_none(exc::NOT_IMPLEMENTED_ERROR))
    }
}

/// Base of the streams that keep a buffer.
///
/// Reading and writing them is complete, as far as the data and the file's
/// mode (blocking or not) allow.
#[pytype(
    name = "_io._BufferedIOBase", base = IOBase, flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct BufferedIOBase {
    head: Head,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

/// `readinto` in terms of `read` or `read1`.
fn read_into(th: &Thread, ob: Borrowed<'_>, into: Borrowed<'_>, method: &str) -> PyResult<usize> {
    let function = if method == "read" { "readinto() argument" } else { "readinto1() argument" };
    let mut into = writable_buffer(th, into, function)?;
    let room = into.as_bytes().len();
    let wanted = Int::from_usize(th, room)?;
    let data = invoke(th, ob, method, &[wanted.object()])?;
    let Ok(data) = data.downcast::<Bytes>() else {
        return Err(th.raise(exc::TYPE_ERROR, "read() should return bytes"));
    };
    let len = data.len();
    match into.as_mut_bytes().get_mut(..len) {
        Some(place) => place.copy_from_slice(data.as_bytes()),
        None => {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "read() returned too much data: {room} bytes requested, {len} returned"
            ));
        }
    }
    Ok(len)
}

#[pymethods]
impl BufferedIOBase {
    /// Part with the raw stream and return it. This stream cannot be used afterwards.
    #[method(sig = "(self)", with_class)]
    fn detach(&self, th: &Thread) -> PyResult {
        Err(unsupported(th, "detach"))
    }

    /// Read and return that many bytes, all without a limit; fewer only at the end of the file.
    #[method(sig = "(self, size=-1, /)", with_class)]
    fn read(&self, th: &Thread, #[default(None)] _size: Option<Borrowed<'_>>) -> PyResult {
        Err(unsupported(th, "read"))
    }

    /// Read up to that many bytes, with at most one call of the raw stream.
    #[method(sig = "(self, size=-1, /)", with_class)]
    fn read1(&self, th: &Thread, #[default(None)] _size: Option<Borrowed<'_>>) -> PyResult {
        Err(unsupported(th, "read1"))
    }

    /// Read bytes into a buffer and return how many.
    #[method(sig = "(self, buffer, /)")]
    fn readinto(this: Borrowed<'_, Self>, th: &Thread, buffer: Borrowed<'_>) -> PyResult<usize> {
        read_into(th, this.object(), buffer, "read")
    }

    /// Read bytes into a buffer, with at most one call of the raw stream, and return how many.
    #[method(sig = "(self, buffer, /)")]
    fn readinto1(this: Borrowed<'_, Self>, th: &Thread, buffer: Borrowed<'_>) -> PyResult<usize> {
        read_into(th, this.object(), buffer, "read1")
    }

    /// Write bytes to the buffer, which reach the raw stream sooner or later. Return how many.
    #[method(sig = "(self, b, /)", with_class)]
    fn write(&self, th: &Thread, _b: Borrowed<'_>) -> PyResult {
        Err(unsupported(th, "write"))
    }
}

/// Base of the streams of text.
#[pytype(
    name = "_io._TextIOBase", base = IOBase, flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct TextIOBase {
    head: Head,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

#[pymethods]
impl TextIOBase {
    /// Part with the buffer and return it. This stream cannot be used afterwards.
    #[method(sig = "(self)", with_class)]
    fn detach(&self, th: &Thread) -> PyResult {
        Err(unsupported(th, "detach"))
    }

    /// Read up to that many characters; all without a limit.
    #[method(sig = "(self, size=-1, /)", with_class)]
    fn read(&self, th: &Thread, #[default(None)] _size: Option<Borrowed<'_>>) -> PyResult {
        Err(unsupported(th, "read"))
    }

    /// Read a line; an empty string at the end of the file.
    #[method(sig = "(self, size=-1, /)", with_class)]
    fn readline(&self, th: &Thread, #[default(None)] _size: Option<Borrowed<'_>>) -> PyResult {
        Err(unsupported(th, "readline"))
    }

    /// Write a string. Return how many characters it has.
    #[method(sig = "(self, s, /)", with_class)]
    fn write(&self, th: &Thread, _s: Borrowed<'_>) -> PyResult {
        Err(unsupported(th, "write"))
    }

    /// The encoding of the text.
    #[getter]
    fn encoding(&self) {}

    /// The kinds of line ends seen so far, if they are translated: None, a string, or a tuple of them.
    #[getter]
    fn newlines(&self) {}

    /// What is done about encoding errors.
    #[getter]
    fn errors(&self) {}
}

/// The limit of `read(size)`: below -1 is an error.
pub fn read_limit(th: &Thread, size: Size) -> PyResult<Option<usize>> {
    if size.0 < -1 {
        return Err(th.raise(exc::VALUE_ERROR, "read length must be non-negative or -1"));
    }
    Ok(size.limit())
}
