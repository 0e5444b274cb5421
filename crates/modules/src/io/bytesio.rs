//! `BytesIO`: bytes in memory as a stream.
//!
//! The bytes it was made with, and those that `getvalue` returned, are shared until they change. The same job as
//! CPython's `Modules/_io/bytesio.c`.

mod content;

use std::cell::{Cell, RefCell};

use krait_abi as abi;
use krait_objects::args::declare;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};

use super::kinds::BufferedIOBase;
use super::support::{Size, builtin, closed_error, construct, writable_buffer};

/// A binary stream whose bytes are kept in memory.
#[pytype(
    name = "_io.BytesIO", base = BufferedIOBase, new = "(initial_bytes=b'')",
    flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct BytesIO {
    head: Head,
    closed: Cell<bool>,
    pos: Cell<usize>,
    /// How many views of the buffer there are: it must not change its size.
    exports: Cell<usize>,
    /// The content, if it is an object; then `data` is empty.
    shared: Slot<Bytes>,
    data: RefCell<Vec<u8>>,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl BytesIO {
    fn check_open(&self, th: &Thread) -> PyResult<()> {
        if self.closed.get() { Err(closed_error(th)) } else { Ok(()) }
    }

    /// An object that has not been initialised.
    fn fresh(th: &Thread, cls: Borrowed<'_, Type>) -> PyResult<Owned<Self>> {
        let made = cls.alloc::<Self>(th, 0)?;
        // SAFETY: fresh: a vector is not valid when zeroed.
        unsafe { (&raw mut (*made.as_ptr().cast::<Self>()).data).write(RefCell::default()) };
        Ok(made)
    }
}

#[pymethods]
impl BytesIO {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Self>> {
        BytesIO::fresh(th, cls)
    }

    #[slot(tp_vectorcall)]
    fn vectorcall(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return construct(th, this, args);
        }
        let made = BytesIO::fresh(th, Borrowed::from_ref(BytesIO::type_object()))?;
        match *args.values {
            [] => made.fill(th, None)?,
            [initial] => made.fill(th, Some(initial))?,
            _ => return construct(th, this, args),
        }
        Ok(made.into_object())
    }

    // A stream in memory need not be closed: only that of a subclass, which may do something.
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone.
        unsafe { declare::dealloc_unfinalized::<Self>(this.cast()) }
    }

    #[init(sig = "(initial_bytes=b'')")]
    fn init(&self, th: &Thread, initial_bytes: Option<Borrowed<'_>>) -> PyResult<()> {
        self.fill(th, initial_bytes)
    }

    /// Always True: the stream can be read.
    #[method(sig = "(self)")]
    fn readable(&self, th: &Thread) -> PyResult<bool> {
        self.check_open(th).map(|()| true)
    }

    /// Always True: the stream can be written.
    #[method(sig = "(self)")]
    fn writable(&self, th: &Thread) -> PyResult<bool> {
        self.check_open(th).map(|()| true)
    }

    /// Always True: the stream can seek.
    #[method(sig = "(self)")]
    fn seekable(&self, th: &Thread) -> PyResult<bool> {
        self.check_open(th).map(|()| true)
    }

    /// Nothing to do.
    #[method(sig = "(self)")]
    fn flush(&self, th: &Thread) -> PyResult<()> {
        self.check_open(th)
    }

    /// Always False: memory is no terminal.
    #[method(sig = "(self)")]
    fn isatty(&self, th: &Thread) -> PyResult<bool> {
        self.check_open(th).map(|()| false)
    }

    /// Return the current position.
    #[method(sig = "(self)")]
    fn tell(&self, th: &Thread) -> PyResult<usize> {
        self.check_open(th).map(|()| self.pos.get())
    }

    /// Return all bytes, wherever the position is.
    #[method(sig = "(self)")]
    fn getvalue(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        self.check_open(th)?;
        self.value(th)
    }

    /// Return a view of the bytes that can be written to. While it exists, the size cannot change.
    #[method(sig = "(self)")]
    fn getbuffer(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        this.check_open(th)?;
        let ty = Borrowed::from_ref(BytesIOBuffer::type_object());
        let buffer = ty.alloc::<BytesIOBuffer>(th, 0)?;
        buffer.source.set(Some(this.to_owned()));
        call::call(th, builtin(th, "memoryview")?.borrow(), &[buffer.object()])
    }

    /// Read up to that many bytes; all without a limit.
    #[method(sig = "(self, size=-1, /)")]
    fn read(&self, th: &Thread, #[default(Size(-1))] size: Size) -> PyResult<Owned<Bytes>> {
        self.check_open(th)?;
        self.take(th, size.limit())
    }

    /// Read up to that many bytes; all without a limit.
    #[method(sig = "(self, size=-1, /)")]
    fn read1(&self, th: &Thread, #[default(Size(-1))] size: Size) -> PyResult<Owned<Bytes>> {
        self.check_open(th)?;
        self.take(th, size.limit())
    }

    /// Read a line, at most that many bytes of it.
    #[method(sig = "(self, size=-1, /)")]
    fn readline(&self, th: &Thread, #[default(Size(-1))] size: Size) -> PyResult<Owned<Bytes>> {
        self.check_open(th)?;
        self.take(th, Some(self.line_len(size.limit())))
    }

    /// Return a list of lines; with a size, no more are read once they are that long together.
    #[method(sig = "(self, size=None, /)")]
    fn readlines(&self, th: &Thread, size: Option<Borrowed<'_>>) -> PyResult<Owned<List>> {
        self.check_open(th)?;
        let most = match size.filter(|size| !size.is_none()) {
            None => 0,
            Some(size) if number::is_index(size) => {
                number::as_isize(th, size, Some(exc::OVERFLOW_ERROR))?
            }
            Some(size) => {
                let found = size.type_name();
                return Err(raise!(th, TYPE_ERROR, "integer argument expected, got '{found}'"));
            }
        };
        let lines = List::new(th)?;
        let mut total = 0;
        loop {
            let len = self.line_len(None);
            if len == 0 {
                return Ok(lines);
            }
            lines.push(th, self.take(th, Some(len))?.into_object())?;
            total += len;
            if most > 0 && total >= most as usize {
                return Ok(lines);
            }
        }
    }

    /// Read bytes into a buffer and return how many.
    #[method(sig = "(self, buffer, /)")]
    fn readinto(&self, th: &Thread, buffer: Borrowed<'_>) -> PyResult<usize> {
        let mut into = writable_buffer(th, buffer, "readinto() argument")?;
        self.check_open(th)?;
        let into = into.as_mut_bytes();
        let start = self.pos.get();
        let count = self.with(|data| {
            let rest = data.get(start..).unwrap_or_default();
            let count = rest.len().min(into.len());
            into[..count].copy_from_slice(&rest[..count]);
            count
        });
        self.pos.set(start + count);
        Ok(count)
    }

    /// Cut the bytes off at a size, by default at the current position. The position stays.
    #[method(sig = "(self, size=None, /)")]
    fn truncate(&self, th: &Thread, size: Option<Borrowed<'_>>) -> PyResult<isize> {
        self.check_open(th)?;
        self.check_resizable(th)?;
        let size = match size.filter(|size| !size.is_none()) {
            None => self.pos.get() as isize,
            Some(size) => number::as_isize(th, size, Some(exc::OVERFLOW_ERROR))?,
        };
        let Ok(len) = usize::try_from(size) else {
            return Err(raise!(th, VALUE_ERROR, "negative size value {size}"));
        };
        if len < self.len() {
            self.unshare(th)?;
            let mut data = self.data.borrow_mut();
            data.truncate(len);
            if len < data.capacity() / 2 {
                data.shrink_to_fit();
            }
        }
        Ok(size)
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        this.check_open(th)?;
        Ok(this.object().to_owned())
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        self.check_open(th)?;
        match self.line_len(None) {
            0 => Ok(None),
            len => Ok(Some(self.take(th, Some(len))?.into_object())),
        }
    }

    /// Change the position: from the start (whence 0), from here (1) or from the end (2). Return the new one.
    #[method(sig = "(self, pos, whence=0, /)")]
    fn seek(&self, th: &Thread, pos: isize, whence: i32) -> PyResult<usize> {
        self.check_open(th)?;
        let from = match whence {
            0 if pos < 0 => return Err(raise!(th, VALUE_ERROR, "negative seek value {pos}")),
            0 => 0,
            1 => self.pos.get(),
            2 => self.len(),
            _ => {
                return Err(raise!(
                    th,
                    VALUE_ERROR,
                    "invalid whence ({whence}, should be 0, 1 or 2)"
                ));
            }
        };
        let Some(target) = (from as isize).checked_add(pos) else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "new position too large"));
        };
        self.pos.set(usize::try_from(target).unwrap_or(0));
        Ok(self.pos.get())
    }

    /// Write bytes and return how many.
    #[method(sig = "(self, b, /)")]
    fn write(&self, th: &Thread, b: Borrowed<'_>) -> PyResult<usize> {
        let data = Buffer::simple(th, b)?;
        self.check_open(th)?;
        self.put(th, data.as_bytes())
    }

    /// Write all lines of an iterable of bytes; no line ends are added.
    #[method(sig = "(self, lines, /)")]
    fn writelines(&self, th: &Thread, lines: Borrowed<'_>) -> PyResult<()> {
        self.check_open(th)?;
        let lines = iter::get_iter(th, lines)?;
        while let Some(line) = iter::next(th, lines.borrow())? {
            self.write(th, line.borrow())?;
        }
        Ok(())
    }

    /// Give the memory back. The stream cannot be used afterwards.
    #[method(sig = "(self)")]
    fn close(&self, th: &Thread) -> PyResult<()> {
        self.check_resizable(th)?;
        self.closed.set(true);
        self.data.replace(Vec::new());
        self.shared.set(None);
        Ok(())
    }

    #[method(sig = "(self)", name = "__getstate__")]
    fn getstate(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        this.check_open(th)?;
        let value = this.value(th)?.into_object();
        let pos = Int::from_usize(th, this.pos.get())?.into_object();
        let dict = match this.dict.get() {
            Some(dict) => dict.copy(th)?.into_object(),
            None => none().to_owned(),
        };
        Tuple::pack(th, [value, pos, dict])
    }

    #[method(sig = "(self, object, /)", name = "__setstate__")]
    fn setstate(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        let state = object.downcast::<Tuple>().filter(|state| state.len() >= 3);
        let Some(&[value, pos, dict, ..]) = state.as_ref().map(|state| state.as_slice()) else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}.__setstate__ argument should be 3-tuple, got {}",
                this.object().type_name(),
                object.type_name()
            ));
        };
        this.check_resizable(th)?;
        drop(Buffer::simple(th, value)?);
        this.check_open(th)?;
        this.fill(th, Some(value))?;
        if pos.downcast::<Int>().is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "second item of state must be an integer, not {}",
                pos.type_name()
            ));
        }
        let Ok(pos) = usize::try_from(number::as_isize(th, pos, Some(exc::OVERFLOW_ERROR))?) else {
            return Err(th.raise(exc::VALUE_ERROR, "position value cannot be negative"));
        };
        this.pos.set(pos);
        if !dict.is_none() {
            super::stringio::update_dict(th, this.object(), &this.dict, dict, "third")?;
        }
        Ok(())
    }

    #[method(sig = "(self)", name = "__sizeof__")]
    fn sizeof(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<usize> {
        let own = this.object().ty().raw().tp_basicsize as usize;
        let content = match this.shared.get_owned() {
            Some(shared) => {
                let size = super::support::invoke(th, shared.object(), "__sizeof__", &[])?;
                number::as_isize(th, size.borrow(), None)? as usize
            }
            None => this.data.borrow().capacity(),
        };
        Ok(own + content)
    }

    /// Whether the stream is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.closed.get()
    }
}

// What `getbuffer` makes a view of: it counts the views.
#[pytype(name = "_io._BytesIOBuffer", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct BytesIOBuffer {
    head: Head,
    #[visit]
    source: Slot<BytesIO>,
}

#[pymethods]
impl BytesIOBuffer {
    #[slot(bf_getbuffer)]
    fn getbuffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        view: *mut abi::Py_buffer,
        flags: std::ffi::c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            let message = "bytesiobuf_getbuffer: view==NULL argument is obsolete";
            return Err(th.raise(exc::BUFFER_ERROR, message));
        }
        let Some(source) = this.source.get() else {
            return Err(th.bad_internal_call());
        };
        // A view may be written through: the content must be the stream's own.
        source.unshare(th)?;
        let (start, len) = {
            let mut data = source.data.borrow_mut();
            (data.as_mut_ptr(), data.len())
        };
        // SAFETY: while there are exports the vector is neither resized nor replaced.
        unsafe { buffer::fill_info(th, view, this.object(), start, len, false, flags)? };
        source.exports.set(source.exports.get() + 1);
        Ok(())
    }

    #[slot(bf_releasebuffer)]
    fn releasebuffer(&self, _th: &Thread, _view: *mut abi::Py_buffer) {
        if let Some(source) = self.source.get() {
            source.exports.set(source.exports.get().saturating_sub(1));
        }
    }
}
