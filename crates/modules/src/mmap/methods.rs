//! The methods of maps.

use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use memchr::{memchr, memmem};

use super::{Access, Mmap};
use crate::io::support::OptionalIndex;
use crate::posix::path::{NO_NAMES, errno, failed, sys};

impl Mmap {
    /// Copies up to that many bytes from the position on, which moves behind them.
    fn take(&self, th: &Thread, count: Option<usize>) -> PyResult<Owned<Bytes>> {
        let rest = self.rest(th)?;
        let taken = &rest[..count.unwrap_or(usize::MAX).min(rest.len())];
        self.position.set(self.position.get() + taken.len());
        Bytes::new(th, taken)
    }

    /// What is behind the position.
    fn rest(&self, th: &Thread) -> PyResult<&[u8]> {
        Ok(self.bytes(th)?.get(self.position.get()..).unwrap_or(&[]))
    }

    /// Where `needle` is within a slice of the map; -1 if it is not there.
    fn search(
        &self,
        th: &Thread,
        start: OptionalIndex,
        end: OptionalIndex,
        find: impl FnOnce(&[u8]) -> Option<usize>,
    ) -> PyResult<isize> {
        let bytes = self.bytes(th)?;
        let bound = |given: OptionalIndex, default: usize| match given.0 {
            None => default.min(bytes.len()),
            Some(at) if at < 0 => bytes.len().saturating_sub(at.unsigned_abs()),
            Some(at) => bytes.len().min(at as usize),
        };
        let (start, end) = (bound(start, self.position.get()), bound(end, bytes.len()));
        let found = bytes.get(start..end).and_then(find);
        Ok(found.map_or(-1, |at| (start + at) as isize))
    }

    fn check_resizable(&self, th: &Thread) -> PyResult<()> {
        if self.exports.get() > 0 {
            let message = "mmap can't resize with extant buffers exported.";
            return Err(th.raise(exc::BUFFER_ERROR, message));
        }
        if !self.trackfd.get() {
            return Err(th.raise(exc::VALUE_ERROR, "mmap can't resize with trackfd=False."));
        }
        if matches!(self.access.get(), Access::Read | Access::Copy) {
            let message = "mmap can't resize a readonly or copy-on-write memory map.";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        Ok(())
    }

    fn outside(th: &Thread, message: &'static str) -> Raised {
        th.raise(exc::VALUE_ERROR, message)
    }
}

/// A number of bytes; None is all of them.
fn count(th: &Thread, given: Option<Borrowed<'_>>) -> PyResult<Option<isize>> {
    let given = given.filter(|given| !given.is_none());
    given.map(|given| number::as_isize(th, given, Some(exc::OVERFLOW_ERROR))).transpose()
}

#[pymethods(part = "methods")]
impl Mmap {
    /// Whether close() has been called.
    #[getter]
    fn closed(&self) -> bool {
        self.mapping.start.get().is_null()
    }

    /// Unmap the memory. BufferError is raised while something else uses it.
    #[method(sig = "(self, /)")]
    fn close(&self, th: &Thread) -> PyResult<()> {
        if self.exports.get() > 0 {
            return Err(th.raise(exc::BUFFER_ERROR, "cannot close exported pointers exist"));
        }
        self.mapping.close();
        Ok(())
    }

    #[method(sig = "(self, /)")]
    fn __enter__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Mmap>> {
        this.open(th)?;
        Ok(this.to_owned())
    }

    #[method(sig = "(self, exc_type, exc_value, traceback, /)")]
    fn __exit__(
        &self,
        th: &Thread,
        _exc_type: Borrowed<'_>,
        _exc_value: Borrowed<'_>,
        _traceback: Borrowed<'_>,
    ) -> PyResult<()> {
        self.close(th)
    }

    /// The first place of view between start, by default the position, and end; -1 if there is none.
    #[method(sig = "(self, view, start=None, end=None, /)")]
    fn find(
        &self,
        th: &Thread,
        view: Buffer,
        #[default(OptionalIndex(None))] start: OptionalIndex,
        #[default(OptionalIndex(None))] end: OptionalIndex,
    ) -> PyResult<isize> {
        self.search(th, start, end, |bytes| memmem::find(bytes, view.as_bytes()))
    }

    /// The last place of view between start, by default the position, and end; -1 if there is none.
    #[method(sig = "(self, view, start=None, end=None, /)")]
    fn rfind(
        &self,
        th: &Thread,
        view: Buffer,
        #[default(OptionalIndex(None))] start: OptionalIndex,
        #[default(OptionalIndex(None))] end: OptionalIndex,
    ) -> PyResult<isize> {
        self.search(th, start, end, |bytes| memmem::rfind(bytes, view.as_bytes()))
    }

    /// Write what has changed back to the file; of all, or of size bytes from the offset on.
    #[method(sig = "(self, offset=0, size=None, /)")]
    fn flush(
        &self,
        th: &Thread,
        #[default(0)] offset: isize,
        size: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let size = count(th, size)?;
        let (start, len) = self.open(th)?;
        let size = size.unwrap_or(len as isize);
        let bounds = usize::try_from(offset).ok().zip(usize::try_from(size).ok());
        let bounds = bounds.filter(|(offset, size)| *offset <= len && len - offset >= *size);
        let Some((offset, size)) = bounds else {
            return Err(Mmap::outside(th, "flush values out of range"));
        };
        if matches!(self.access.get(), Access::Read | Access::Copy) {
            return Ok(());
        }
        let address = start as usize + offset;
        // SAFETY: within the mapping; who unmaps it meanwhile makes the call fail.
        sys(th, NO_NAMES, || unsafe { libc::msync(address as *mut _, size, libc::MS_SYNC) })?;
        Ok(())
    }

    /// Advise the system how a part of the memory, by default all of it, will be used: one of the MADV_ constants.
    #[method(sig = "(self, option, start=0, length=None, /)")]
    fn madvise(
        &self,
        th: &Thread,
        option: i32,
        #[default(0)] start: isize,
        length: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let length = count(th, length)?;
        let (base, len) = self.open(th)?;
        let length = length.unwrap_or(len as isize);
        let Some(start) = usize::try_from(start).ok().filter(|&start| start < len) else {
            return Err(Mmap::outside(th, "madvise start out of bounds"));
        };
        let Ok(length) = usize::try_from(length) else {
            return Err(Mmap::outside(th, "madvise length invalid"));
        };
        if isize::MAX as usize - start < length {
            return Err(th.raise(exc::OVERFLOW_ERROR, "madvise length too large"));
        }
        let length = length.min(len - start);
        // SAFETY: within the mapping.
        if unsafe { libc::madvise(base.add(start).cast(), length, option) } != 0 {
            return Err(failed(th, errno(), NO_NAMES));
        }
        Ok(())
    }

    /// Copy count bytes from src to dest; both places may overlap.
    #[method(sig = "(self, dest, src, count, /)")]
    fn r#move(&self, th: &Thread, dest: isize, src: isize, count: isize) -> PyResult<()> {
        let len = self.open(th)?.1;
        self.check_writable(th)?;
        let inside = |at: isize| {
            let end = usize::try_from(at).ok()?.checked_add(usize::try_from(count).ok()?)?;
            (end <= len).then_some(at as usize..end)
        };
        let (Some(dest), Some(src)) = (inside(dest), inside(src)) else {
            return Err(Mmap::outside(th, "source, destination, or count out of range"));
        };
        self.put(th, dest.start, &self.bytes(th)?[src])?;
        Ok(())
    }

    /// Read up to n bytes from the position on; all of them without n.
    #[method(sig = "(self, n=None, /)")]
    fn read(
        &self,
        th: &Thread,
        #[default(OptionalIndex(None))] n: OptionalIndex,
    ) -> PyResult<Owned<Bytes>> {
        self.take(th, n.0.and_then(|n| usize::try_from(n).ok()))
    }

    /// Read the byte at the position, as an int.
    #[method(sig = "(self, /)")]
    fn read_byte(&self, th: &Thread) -> PyResult<usize> {
        let Some(&byte) = self.rest(th)?.first() else {
            return Err(Mmap::outside(th, "read byte out of range"));
        };
        self.position.set(self.position.get() + 1);
        Ok(byte.into())
    }

    /// Read from the position to the end of the line.
    #[method(sig = "(self, /)")]
    fn readline(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        let end = memchr(b'\n', self.rest(th)?).map(|at| at + 1);
        self.take(th, end)
    }

    /// Give the map, and the file behind it, another length.
    #[method(sig = "(self, newsize, /)")]
    fn resize(&self, th: &Thread, newsize: isize) -> PyResult<()> {
        let (start, len) = self.open(th)?;
        self.check_resizable(th)?;
        let Some(new) = usize::try_from(newsize)
            .ok()
            .filter(|_| newsize.checked_add(self.offset.get() as isize).is_some())
        else {
            return Err(Mmap::outside(th, "new size out of range"));
        };
        let fd = self.mapping.fd();
        if fd < 0 && self.flags.get() & libc::MAP_PRIVATE == 0 && new > len {
            let message = "mmap: can't expand a shared anonymous mapping";
            return Err(Mmap::outside(th, message));
        }
        // SAFETY: (1); nobody holds on to the old place, as the exports tell.
        unsafe {
            if fd >= 0 && libc::ftruncate(fd, self.offset.get() + new as i64) != 0 {
                return Err(failed(th, errno(), NO_NAMES));
            }
            let moved = libc::mremap(start.cast(), len, new, libc::MREMAP_MAYMOVE);
            if moved == libc::MAP_FAILED {
                return Err(failed(th, errno(), NO_NAMES));
            }
            self.mapping.start.set(moved.cast());
            self.mapping.len.set(new);
        }
        Ok(())
    }

    /// Move the position, and return it: from the start, from where it is (1), or from the end (2).
    #[method(sig = "(self, pos, whence=0, /)")]
    fn seek(&self, th: &Thread, pos: isize, #[default(0)] whence: i32) -> PyResult<usize> {
        let len = self.open(th)?.1;
        let from = match whence {
            0 => 0,
            1 => self.position.get(),
            2 => len,
            _ => return Err(Mmap::outside(th, "unknown seek type")),
        };
        let Some(position) = from.checked_add_signed(pos).filter(|&position| position <= len)
        else {
            return Err(Mmap::outside(th, "seek out of range"));
        };
        self.position.set(position);
        Ok(position)
    }

    /// Always True.
    #[method(sig = "(self, /)")]
    fn seekable(&self) -> bool {
        true
    }

    /// How long the file is, which may be more than what is mapped of it.
    #[method(sig = "(self, /)")]
    fn size(&self, th: &Thread) -> PyResult<i64> {
        self.open(th)?;
        // SAFETY: zeros are a value of this struct, which the call fills in.
        unsafe {
            let mut status: libc::stat = std::mem::zeroed();
            match libc::fstat(self.mapping.fd(), &mut status) {
                0 => Ok(status.st_size),
                _ => Err(failed(th, errno(), NO_NAMES)),
            }
        }
    }

    /// Where the next read or write begins.
    #[method(sig = "(self, /)")]
    fn tell(&self, th: &Thread) -> PyResult<usize> {
        self.open(th)?;
        Ok(self.position.get())
    }

    /// Write bytes at the position, and return how many.
    #[method(sig = "(self, bytes, /)")]
    fn write(&self, th: &Thread, bytes: Buffer) -> PyResult<usize> {
        self.open(th)?;
        self.check_writable(th)?;
        let data = bytes.as_bytes();
        if !self.put(th, self.position.get(), data)? {
            return Err(Mmap::outside(th, "data out of range"));
        }
        self.position.set(self.position.get() + data.len());
        Ok(data.len())
    }

    /// Write one byte, given as an int, at the position.
    #[method(sig = "(self, byte, /)")]
    fn write_byte(&self, th: &Thread, byte: Borrowed<'_>) -> PyResult<()> {
        let byte = match number::index(th, byte)?.to_i64() {
            Some(value) if value < 0 => {
                let message = "unsigned byte integer is less than minimum";
                return Err(th.raise(exc::OVERFLOW_ERROR, message));
            }
            value => u8::try_from(value.unwrap_or(i64::MAX)).map_err(|_| {
                th.raise(exc::OVERFLOW_ERROR, "unsigned byte integer is greater than maximum")
            })?,
        };
        self.open(th)?;
        self.check_writable(th)?;
        if self.rest(th)?.is_empty() || !self.put(th, self.position.get(), &[byte])? {
            return Err(Mmap::outside(th, "write byte out of range"));
        }
        self.position.set(self.position.get() + 1);
        Ok(())
    }
}
