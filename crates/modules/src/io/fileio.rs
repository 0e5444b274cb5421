//! `FileIO`: a file descriptor as a raw stream.
//!
//! Opening is in `fileio_open`. The same job as CPython's `Modules/_io/fileio.c`.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::base;
use super::fileio_open::{self, Mode};
use super::kinds::RawIOBase;
use super::support::{
    self, DEFAULT_BUFFER_SIZE, Size, both, invoke, offset_of, os_error, unsupported,
    writable_buffer,
};

/// Open a file.
///
/// The mode can be 'r' (default), 'w', 'x' or 'a' for reading, writing,
/// exclusive creation or appending. The file is created if it doesn't exist
/// when opened for writing or appending, and truncated when opened for
/// writing. A FileExistsError is raised if it already exists when opened for
/// creating. Add a '+' to the mode to read and write at the same time. A
/// custom opener can be used by passing a callable as *opener*: it is called
/// with (file, flags) and must return an open file descriptor.
#[pytype(
    name = "_io.FileIO", base = RawIOBase, new = "(file, mode='r', closefd=True, opener=None)",
    flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct FileIO {
    head: Head,
    pub(super) fd: Cell<i32>,
    pub(super) mode: Cell<Mode>,
    /// What `lseek` said: -1 unknown, else whether it works.
    pub(super) seekable: Cell<i8>,
    pub(super) closefd: Cell<bool>,
    #[member(name = "_finalizing", kind = "BOOL")]
    finalizing: Cell<bool>,
    pub(super) block_size: Cell<i32>,
    /// The size when it was opened: how much `readall` expects. -1 if unknown.
    pub(super) size: Cell<i64>,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl FileIO {
    /// The descriptor; ValueError if the file is closed.
    pub fn descriptor(&self, th: &Thread) -> PyResult<i32> {
        match self.fd.get() {
            fd if fd < 0 => Err(th.raise(exc::VALUE_ERROR, "I/O operation on closed file")),
            fd => Ok(fd),
        }
    }

    fn for_reading(&self, th: &Thread) -> PyResult<i32> {
        let fd = self.descriptor(th)?;
        if self.mode.get().readable {
            Ok(fd)
        } else {
            Err(unsupported(th, "File not open for reading"))
        }
    }

    fn for_writing(&self, th: &Thread) -> PyResult<i32> {
        let fd = self.descriptor(th)?;
        if self.mode.get().writable {
            Ok(fd)
        } else {
            Err(unsupported(th, "File not open for writing"))
        }
    }

    /// `readinto` without an object around the memory.
    pub fn read_raw(&self, th: &Thread, into: &mut [u8]) -> PyResult<Option<usize>> {
        support::read_fd(th, self.for_reading(th)?, into)
    }

    /// `write` without an object around the data.
    pub fn write_raw(&self, th: &Thread, data: &[u8]) -> PyResult<Option<usize>> {
        support::write_fd(th, self.for_writing(th)?, data)
    }

    /// `seek`, remembering whether it works.
    pub fn seek_raw(&self, th: &Thread, offset: i64, whence: i32) -> PyResult<i64> {
        let result = support::seek_fd(th, self.descriptor(th)?, offset, whence);
        if self.seekable.get() < 0 {
            self.seekable.set(result.is_ok().into());
        }
        result.map_err(|errno| os_error(th, errno))
    }

    /// Reads to the end of the file; `None` if nothing can be had without waiting.
    pub fn read_to_end(&self, th: &Thread) -> PyResult<Option<Vec<u8>>> {
        let fd = self.for_reading(th)?;
        let mut data = Vec::new();
        let expected = match self.size.get() {
            size if size > 0 => {
                let position = support::seek_fd(th, fd, 0, libc::SEEK_CUR).unwrap_or(0);
                // One byte more, so that the end is seen without another allocation.
                usize::try_from(size.saturating_sub(position)).unwrap_or(0).saturating_add(1)
            }
            _ => 8 * 1024,
        };
        reserve(th, &mut data, expected)?;
        loop {
            if data.len() == data.capacity() {
                let more = data.len().clamp(256, 1 << 20).max(data.len() / 8);
                reserve(th, &mut data, more)?;
            }
            let filled = data.len();
            data.resize(data.capacity(), 0);
            let read = support::read_fd(th, fd, &mut data[filled..]);
            data.truncate(filled + read.as_ref().ok().copied().flatten().unwrap_or(0));
            match read? {
                None if filled == 0 => return Ok(None),
                None | Some(0) => return Ok(Some(data)),
                Some(_) => {}
            }
        }
    }

    /// Closes the descriptor, if it is open and ours.
    pub(super) fn close_descriptor(&self, th: &Thread) -> PyResult<()> {
        let fd = self.fd.replace(-1);
        if fd < 0 || !self.closefd.get() {
            return Ok(());
        }
        let errno = krait_eval::gil::without_gil(th, || {
            // SAFETY: the descriptor is this file's own.
            let status = unsafe { libc::close(fd) };
            (status < 0).then(|| std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
        });
        errno.map_or(Ok(()), |errno| Err(os_error(th, errno)))
    }

    pub fn is_seekable(&self, th: &Thread) -> PyResult<bool> {
        let fd = self.descriptor(th)?;
        if self.seekable.get() < 0 {
            self.seekable.set(support::seek_fd(th, fd, 0, libc::SEEK_CUR).is_ok().into());
        }
        Ok(self.seekable.get() > 0)
    }

    fn shown_name(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
        object::get_attr_opt(th, this.object(), id::name)
    }
}

fn reserve(th: &Thread, data: &mut Vec<u8>, more: usize) -> PyResult<()> {
    if more > isize::MAX as usize - data.len() {
        return Err(th.raise(
            exc::OVERFLOW_ERROR,
            "unbounded read returned more bytes than a Python bytes object can hold",
        ));
    }
    data.try_reserve_exact(more).map_err(|_| th.no_memory())
}

/// ResourceWarning: a file that nobody closed.
fn warn_unclosed(th: &Thread, file: &FileIO, source: Borrowed<'_>) -> PyResult<()> {
    if file.fd.get() < 0 || !file.closefd.get() {
        return Ok(());
    }
    let pending = th.take_exception();
    let shown = object::repr(th, source);
    let warned = shown.and_then(|shown| {
        let message = format!("unclosed file {}", shown.to_string_lossy());
        support::warn_about(th, exc::RESOURCE_WARNING, &message, source)
    });
    if let Err(raised) = warned {
        if th.exception_matches(exc::WARNING) {
            (th.interp().services.get().unraisable)(
                th,
                Some(source),
                "Exception ignored while finalizing file",
            );
        } else {
            drop(th.take_raised(raised));
        }
    }
    if let Some(pending) = pending {
        let _raised = th.set_exception(pending.into_object());
    }
    Ok(())
}

#[pymethods]
impl FileIO {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<FileIO>> {
        let file = cls.alloc::<FileIO>(th, 0)?;
        file.fd.set(-1);
        file.seekable.set(-1);
        file.closefd.set(true);
        file.size.set(-1);
        Ok(file)
    }

    #[init(sig = "(file, mode='r', closefd=True, opener=None)")]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        file: Borrowed<'_>,
        mode: &str,
        closefd: bool,
        opener: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        fileio_open::open(th, this, file, mode, closefd, opener.filter(|opener| !opener.is_none()))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let object = this.object();
        let ty = object.type_name();
        if this.fd.get() < 0 {
            return Str::from_fmt(th, format_args!("<{ty} [closed]>"));
        }
        let mode = this.mode.get().text();
        let closefd = if this.closefd.get() { "True" } else { "False" };
        let Some(name) = FileIO::shown_name(this, th)? else {
            let fd = this.fd.get();
            return Str::from_fmt(
                th,
                format_args!("<{ty} fd={fd} mode='{mode}' closefd={closefd}>"),
            );
        };
        let Some(_guard) = krait_objects::repr_guard::enter(th, this.object()) else {
            return Err(raise!(th, RUNTIME_ERROR, "reentrant call inside {ty}.__repr__"));
        };
        let name = object::repr(th, name.borrow())?;
        let mut text = krait_objects::str::StrBuilder::new();
        text.push_str(&format!("<{ty} name="));
        text.push(&name);
        text.push_str(&format!(" mode='{mode}' closefd={closefd}>"));
        text.finish(th)
    }

    /// Read up to that many bytes with one call of the system.
    ///
    /// Without a limit, read all. Return None if nothing can be had without
    /// waiting, b'' at the end of the file.
    #[method(sig = "(self, size=-1, /)")]
    fn read(this: Borrowed<'_, Self>, th: &Thread, #[default(Size(-1))] size: Size) -> PyResult {
        this.for_reading(th)?;
        let Some(size) = size.limit() else {
            return invoke(th, this.object(), "readall", &[]);
        };
        let mut data = Vec::new();
        data.try_reserve_exact(size).map_err(|_| th.no_memory())?;
        data.resize(size, 0);
        match this.read_raw(th, &mut data)? {
            None => Ok(none().to_owned()),
            Some(count) => Ok(Bytes::new(th, &data[..count])?.into_object()),
        }
    }

    /// Read all the rest of the file.
    #[method(sig = "(self)")]
    fn readall(&self, th: &Thread) -> PyResult<Option<Owned<Bytes>>> {
        match self.read_to_end(th)? {
            Some(data) => Bytes::new(th, &data).map(Some),
            None => Ok(None),
        }
    }

    /// Read bytes into a buffer, with one call of the system. Return how many.
    #[method(sig = "(self, buffer, /)")]
    fn readinto(&self, th: &Thread, buffer: Borrowed<'_>) -> PyResult<Option<usize>> {
        let mut buffer = writable_buffer(th, buffer, "readinto() argument 1")?;
        self.read_raw(th, buffer.as_mut_bytes())
    }

    /// Write bytes with one call of the system. Return how many, None if it would have to wait.
    #[method(sig = "(self, b, /)")]
    fn write(&self, th: &Thread, b: Buffer) -> PyResult<Option<usize>> {
        self.write_raw(th, b.as_bytes())
    }

    /// Change the position: from the start (whence 0), from here (1) or from the end (2). Return the new one.
    #[method(sig = "(self, pos, whence=0, /)")]
    fn seek(&self, th: &Thread, pos: Borrowed<'_>, whence: i32) -> PyResult<i64> {
        self.descriptor(th)?;
        self.seek_raw(th, offset_of(th, pos)?, whence)
    }

    /// Return the current position.
    #[method(sig = "(self)")]
    fn tell(&self, th: &Thread) -> PyResult<i64> {
        self.seek_raw(th, 0, libc::SEEK_CUR)
    }

    /// Make the file that long, by default as long as the current position. The position stays.
    #[method(sig = "(self, size=None, /)")]
    fn truncate(this: Borrowed<'_, Self>, th: &Thread, size: Option<Borrowed<'_>>) -> PyResult {
        let fd = this.for_writing(th)?;
        let size = match size.filter(|size| !size.is_none()) {
            Some(size) => size.to_owned(),
            None => Int::from_i64(th, this.seek_raw(th, 0, libc::SEEK_CUR)?)?.into_object(),
        };
        let len = offset_of(th, size.borrow())?;
        // SAFETY: any arguments may be tried.
        let result = support::retry(th, || unsafe { libc::ftruncate(fd, len) } as isize)?;
        result.map_err(|errno| os_error(th, errno))?;
        // What was known about the size no longer holds.
        this.size.set(-1);
        Ok(size)
    }

    /// Close the file, unless its descriptor belongs to someone else.
    #[method(sig = "(self)")]
    fn close(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        if this.fd.get() < 0 && this.closefd.get() {
            return base::close(th, this.object());
        }
        let result = base::close(th, this.object());
        if !this.closefd.get() {
            this.fd.set(-1);
            return result;
        }
        if this.finalizing.get() {
            warn_unclosed(th, &this, this.object())?;
        }
        both(th, result, || this.close_descriptor(th))
    }

    /// Whether the file can seek.
    #[method(sig = "(self)")]
    fn seekable(&self, th: &Thread) -> PyResult<bool> {
        self.is_seekable(th)
    }

    /// Whether the file was opened for reading.
    #[method(sig = "(self)")]
    fn readable(&self, th: &Thread) -> PyResult<bool> {
        self.descriptor(th)?;
        Ok(self.mode.get().readable)
    }

    /// Whether the file was opened for writing.
    #[method(sig = "(self)")]
    fn writable(&self, th: &Thread) -> PyResult<bool> {
        self.descriptor(th)?;
        Ok(self.mode.get().writable)
    }

    /// Return the file descriptor.
    #[method(sig = "(self)")]
    fn fileno(&self, th: &Thread) -> PyResult<i32> {
        self.descriptor(th)
    }

    /// Whether the file is a terminal.
    #[method(sig = "(self)")]
    fn isatty(&self, th: &Thread) -> PyResult<bool> {
        let fd = self.descriptor(th)?;
        // SAFETY: asking about a descriptor changes nothing.
        Ok(krait_eval::gil::without_gil(th, || unsafe { libc::isatty(fd) }) == 1)
    }

    /// As isatty(), for a file that was just opened: most are known not to be.
    #[method(sig = "(self)", name = "_isatty_open_only")]
    pub fn isatty_open_only(&self, th: &Thread) -> PyResult<bool> {
        let fd = self.descriptor(th)?;
        if self.size.get() > 0 {
            return Ok(false);
        }
        // SAFETY: asking about a descriptor changes nothing.
        Ok(krait_eval::gil::without_gil(th, || unsafe { libc::isatty(fd) }) == 1)
    }

    #[method(sig = "(self, object, /)", name = "_dealloc_warn")]
    fn dealloc_warn(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        warn_unclosed(th, self, object)
    }

    #[method(sig = "(self)", name = "__getstate__")]
    fn getstate(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        Err(base::cannot_pickle(th, this.object()))
    }

    /// True if the file is closed
    #[getter]
    fn closed(&self) -> bool {
        self.fd.get() < 0
    }

    /// Whether closing the file closes its descriptor.
    #[getter]
    fn closefd(&self) -> bool {
        self.closefd.get()
    }

    /// How the file was opened.
    #[getter]
    fn mode(&self) -> &'static str {
        self.mode.get().text()
    }

    #[getter(name = "_blksize")]
    pub fn block_size(&self) -> i64 {
        match self.block_size.get() {
            size if size > 1 => size.into(),
            _ => DEFAULT_BUFFER_SIZE as i64,
        }
    }
}
