//! Descriptors: opening, reading, writing, duplicating.

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::Posix;
use super::path::{DirFd, Fildes, NO_NAMES, Path, PathOrFd, sys, sys_result, sys_retry};

/// No more is read or written at once, as Linux does not either.
const MOST: usize = 0x7fff_f000;

fn check_length(th: &Thread, length: isize) -> PyResult<usize> {
    match usize::try_from(length) {
        Ok(length) => Ok(length.min(MOST)),
        Err(_) => {
            let error = libc::EINVAL;
            Err(super::path::failed(th, error, NO_NAMES))
        }
    }
}

/// Reads up to `length` bytes with `read`.
fn read_bytes(
    th: &Thread,
    length: isize,
    read: impl Fn(*mut libc::c_void, usize) -> isize,
) -> PyResult<Owned<Bytes>> {
    let length = check_length(th, length)?;
    let mut data: Vec<u8> = Vec::new();
    if data.try_reserve_exact(length).is_err() {
        return Err(th.no_memory());
    }
    let start: *mut libc::c_void = data.as_mut_ptr().cast();
    let got = sys_retry(th, NO_NAMES, || read(start, length))?;
    // SAFETY: the system wrote that many bytes into the reserved room.
    unsafe { data.set_len(got as usize) };
    Bytes::new(th, &data)
}

/// Buffers as the system's vectors.
fn vectors(buffers: &[Buffer]) -> Vec<libc::iovec> {
    let vector = |buffer: &Buffer| libc::iovec {
        iov_base: buffer.view().buf,
        iov_len: buffer.as_bytes().len(),
    };
    buffers.iter().map(vector).collect()
}

fn buffers(th: &Thread, ob: Borrowed<'_>, function: &str, writable: bool) -> PyResult<Vec<Buffer>> {
    if !sequence::check(ob) {
        return Err(raise!(th, TYPE_ERROR, "{function}() arg 2 must be a sequence"));
    }
    let items = iter::collect(th, ob)?;
    let get = |item: &Owned| {
        if writable {
            Buffer::get(th, item.object(), krait_abi::PyBUF_WRITABLE)
        } else {
            Buffer::simple(th, item.object())
        }
    };
    items.iter().map(get).collect()
}

pub fn set_inheritable(th: &Thread, fd: i32, inheritable: bool) -> PyResult<()> {
    // SAFETY: plain system calls on a descriptor.
    let flags = sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_GETFD) })?;
    let wanted = if inheritable { flags & !libc::FD_CLOEXEC } else { flags | libc::FD_CLOEXEC };
    if wanted != flags {
        // SAFETY: as above.
        sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_SETFD, wanted) })?;
    }
    Ok(())
}

#[pyfunctions(part = "files")]
impl Posix {
    /// Open a file for low level IO.  Returns a file descriptor (integer).
    #[function(sig = "(path, flags, mode=511, *, dir_fd=None)")]
    fn open(
        th: &Thread,
        path: Path,
        flags: i32,
        #[default(0o777)] mode: i32,
        dir_fd: Option<DirFd>,
    ) -> PyResult<i32> {
        let dir = super::path::dir_fd(&dir_fd);
        let name = path.name()[0].unwrap_or(none());
        let flags_object = Int::from_i64(th, flags.into())?;
        krait_eval::sys::audit(th, "open", &[name, none(), flags_object.object()])?;
        let flags = flags | libc::O_CLOEXEC;
        // SAFETY: a terminated path.
        sys_retry(th, path.name(), || unsafe {
            libc::openat(dir, path.ptr(), flags, mode as libc::c_uint)
        })
    }

    /// Close a file descriptor.
    #[function(sig = "(fd)")]
    fn close(th: &Thread, fd: i32) -> PyResult<()> {
        krait_eval::streams::before_closing(th, fd)?;
        // SAFETY: the descriptor is the caller's. After EINTR it is closed nevertheless.
        match sys_result(th, || unsafe { libc::close(fd) }) {
            Err(errno) if errno != libc::EINTR => Err(super::path::failed(th, errno, NO_NAMES)),
            _ => Ok(()),
        }
    }

    /// Closes all file descriptors in [fd_low, fd_high), ignoring errors.
    #[function(sig = "(fd_low, fd_high, /)")]
    fn closerange(th: &Thread, fd_low: i32, fd_high: i32) -> PyResult<()> {
        krait_eval::streams::before_closing(th, fd_low)?;
        krait_eval::gil::without_gil(th, || {
            for fd in fd_low.max(0)..fd_high {
                // SAFETY: the caller asked for it.
                unsafe { libc::close(fd) };
            }
        });
        Ok(())
    }

    /// Return a duplicate of a file descriptor.
    #[function(sig = "(fd, /)")]
    fn dup(th: &Thread, fd: i32) -> PyResult<i32> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) })
    }

    /// Duplicate file descriptor.
    #[function(sig = "(fd, fd2, inheritable=True)")]
    fn dup2(th: &Thread, fd: i32, fd2: i32, inheritable: bool) -> PyResult<i32> {
        if fd < 0 || fd2 < 0 {
            return Err(super::path::failed(th, libc::EBADF, NO_NAMES));
        }
        if inheritable || fd == fd2 {
            // SAFETY: a plain system call.
            return sys(th, NO_NAMES, || unsafe { libc::dup2(fd, fd2) });
        }
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::dup3(fd, fd2, libc::O_CLOEXEC) })
    }

    /// Read from a file descriptor.  Returns a bytes object.
    #[function(sig = "(fd, length, /)")]
    fn read(th: &Thread, fd: i32, length: isize) -> PyResult<Owned<Bytes>> {
        // SAFETY: `read_bytes` gives room for `length` bytes.
        read_bytes(th, length, |start, length| unsafe { libc::read(fd, start, length) })
    }

    /// Read a number of bytes from a file descriptor starting at a particular offset.
    #[function(sig = "(fd, length, offset, /)")]
    fn pread(th: &Thread, fd: i32, length: isize, offset: i64) -> PyResult<Owned<Bytes>> {
        // SAFETY: `read_bytes` gives room for `length` bytes.
        read_bytes(th, length, |start, length| unsafe { libc::pread(fd, start, length, offset) })
    }

    /// Read into a buffer object from a file descriptor; the number of bytes comes back.
    #[function(sig = "(fd, buffer, /)")]
    fn readinto(th: &Thread, fd: i32, buffer: Borrowed<'_>) -> PyResult<isize> {
        let buffer = Buffer::writable(th, buffer)?;
        let (start, length) = (buffer.view().buf, buffer.as_bytes().len().min(MOST));
        // SAFETY: the buffer is held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::read(fd, start, length) })
    }

    /// Read from a file descriptor into an iterable of buffers.
    #[function(sig = "(fd, buffers, /)")]
    fn readv(th: &Thread, fd: i32, buffers: Borrowed<'_>) -> PyResult<isize> {
        let held = self::buffers(th, buffers, "readv", true)?;
        let list = vectors(&held);
        // SAFETY: the buffers are held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::readv(fd, list.as_ptr(), list.len() as i32) })
    }

    /// Write a bytes object to a file descriptor.
    #[function(sig = "(fd, data, /)")]
    fn write(th: &Thread, fd: i32, data: Buffer) -> PyResult<isize> {
        let (start, length) = (data.view().buf, data.as_bytes().len().min(MOST));
        // SAFETY: the buffer is held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::write(fd, start, length) })
    }

    /// Write bytes to a file descriptor starting at a particular offset.
    #[function(sig = "(fd, buffer, offset, /)")]
    fn pwrite(th: &Thread, fd: i32, buffer: Buffer, offset: i64) -> PyResult<isize> {
        let (start, length) = (buffer.view().buf, buffer.as_bytes().len().min(MOST));
        // SAFETY: the buffer is held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::pwrite(fd, start, length, offset) })
    }

    /// Iterate over buffers, and write the contents of each to a file descriptor.
    #[function(sig = "(fd, buffers, /)")]
    fn writev(th: &Thread, fd: i32, buffers: Borrowed<'_>) -> PyResult<isize> {
        let held = self::buffers(th, buffers, "writev", false)?;
        let list = vectors(&held);
        // SAFETY: the buffers are held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::writev(fd, list.as_ptr(), list.len() as i32) })
    }

    /// Read from a file descriptor into a sequence of buffers, starting at a particular offset.
    ///
    /// flags are zero or more of RWF_HIPRI, RWF_NOWAIT and RWF_DONTCACHE.
    #[function(sig = "(fd, buffers, offset, flags=0, /)")]
    fn preadv(
        th: &Thread,
        fd: i32,
        buffers: Borrowed<'_>,
        offset: i64,
        flags: i32,
    ) -> PyResult<isize> {
        let held = self::buffers(th, buffers, "preadv2", true)?;
        let list = vectors(&held);
        let (start, count) = (list.as_ptr(), list.len() as i32);
        // SAFETY: the buffers are held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::preadv2(fd, start, count, offset, flags) })
    }

    /// Write a sequence of buffers to a file descriptor, starting at a particular offset.
    ///
    /// flags are zero or more of RWF_DSYNC, RWF_SYNC, RWF_APPEND and RWF_DONTCACHE.
    #[function(sig = "(fd, buffers, offset, flags=0, /)")]
    fn pwritev(
        th: &Thread,
        fd: i32,
        buffers: Borrowed<'_>,
        offset: i64,
        flags: i32,
    ) -> PyResult<isize> {
        let held = self::buffers(th, buffers, "pwritev", false)?;
        let list = vectors(&held);
        let (start, count) = (list.as_ptr(), list.len() as i32);
        // SAFETY: the buffers are held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::pwritev2(fd, start, count, offset, flags) })
    }

    /// Set the position of a file descriptor.  Return the new position.
    #[function(sig = "(fd, position, whence, /)")]
    fn lseek(th: &Thread, fd: i32, position: i64, whence: i32) -> PyResult<i64> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::lseek(fd, position, whence) })
    }

    /// Create a pipe: the descriptors to read from and to write to.
    #[function(sig = "()")]
    fn pipe(th: &Thread) -> PyResult<(i32, i32)> {
        Posix::pipe2(th, libc::O_CLOEXEC)
    }

    /// Create a pipe with flags set atomically.
    #[function(sig = "(flags, /)")]
    fn pipe2(th: &Thread, flags: i32) -> PyResult<(i32, i32)> {
        let fds = std::cell::Cell::new([0i32; 2]);
        // SAFETY: room for two descriptors.
        sys(th, NO_NAMES, || unsafe { libc::pipe2(fds.as_ptr().cast(), flags) })?;
        let [from, to] = fds.get();
        Ok((from, to))
    }

    /// Force write of fd to disk.
    #[function(sig = "(fd)")]
    fn fsync(th: &Thread, fd: Fildes) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::fsync(fd.0) }).map(drop)
    }

    /// Force write of fd to disk without forcing update of metadata.
    #[function(sig = "(fd)")]
    fn fdatasync(th: &Thread, fd: Fildes) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::fdatasync(fd.0) }).map(drop)
    }

    /// Force write of everything to disk.
    #[function(sig = "()")]
    fn sync(th: &Thread) {
        // SAFETY: a plain system call.
        krait_eval::gil::without_gil(th, || unsafe { libc::sync() });
    }

    /// Truncate a file, specified by path, to a specific length.
    #[function(sig = "(path, length)")]
    fn truncate(th: &Thread, path: PathOrFd, length: i64) -> PyResult<()> {
        let path = path.0;
        // SAFETY: a terminated path or a descriptor.
        sys_retry(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::ftruncate(fd, length),
                None => libc::truncate(path.ptr(), length),
            }
        })
        .map(drop)
    }

    /// Truncate a file, specified by file descriptor, to a specific length.
    #[function(sig = "(fd, length, /)")]
    fn ftruncate(th: &Thread, fd: i32, length: i64) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::ftruncate(fd, length) }).map(drop)
    }

    /// Return True if the fd is connected to a terminal.
    #[function(sig = "(fd, /)")]
    fn isatty(th: &Thread, fd: i32) -> bool {
        // SAFETY: a plain system call.
        krait_eval::gil::without_gil(th, || unsafe { libc::isatty(fd) }) == 1
    }

    /// Get the close-on-exe flag of the specified file descriptor.
    #[function(sig = "(fd, /)")]
    fn get_inheritable(th: &Thread, fd: i32) -> PyResult<bool> {
        // SAFETY: a plain system call.
        let flags = sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_GETFD) })?;
        Ok(flags & libc::FD_CLOEXEC == 0)
    }

    /// Set the inheritable flag of the specified file descriptor.
    #[function(sig = "(fd, inheritable, /)")]
    fn set_inheritable(th: &Thread, fd: i32, inheritable: i32) -> PyResult<()> {
        self::set_inheritable(th, fd, inheritable != 0)
    }

    /// Get the blocking mode of the file descriptor.
    #[function(sig = "(fd, /)")]
    fn get_blocking(th: &Thread, fd: i32) -> PyResult<bool> {
        // SAFETY: a plain system call.
        let flags = sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
        Ok(flags & libc::O_NONBLOCK == 0)
    }

    /// Set the blocking mode of the specified file descriptor.
    #[function(sig = "(fd, blocking, /)")]
    fn set_blocking(th: &Thread, fd: i32, blocking: bool) -> PyResult<()> {
        // SAFETY: plain system calls.
        let flags = sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
        let wanted = if blocking { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
        // SAFETY: as above.
        sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_SETFL, wanted) }).map(drop)
    }

    /// Copy count bytes from file descriptor in_fd to file descriptor out_fd.
    #[function(sig = "(out_fd, in_fd, offset, count)")]
    fn sendfile(
        th: &Thread,
        out_fd: i32,
        in_fd: i32,
        offset: Borrowed<'_>,
        count: isize,
    ) -> PyResult<isize> {
        let count = usize::try_from(count)
            .map_err(|_| th.raise(exc::VALUE_ERROR, "count cannot be negative"))?;
        let at = match offset.is_none() {
            true => None,
            false => Some(number::as_isize(th, offset, Some(exc::OVERFLOW_ERROR))? as i64),
        };
        sys_retry(th, NO_NAMES, || {
            let mut at = at;
            let at = at.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
            // SAFETY: descriptors, and an offset or null.
            unsafe { libc::sendfile(out_fd, in_fd, at, count) }
        })
    }
}
