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
        iov_base: buffer.start(),
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
    /// Open the file at path and return its descriptor, an integer.
    ///
    /// flags are bits of the O constants, mode the permissions of a file that is created. A relative path
    /// starts from dir_fd if that is given.
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

    /// Give up the descriptor fd.
    #[function(sig = "(fd)")]
    fn close(th: &Thread, fd: i32) -> PyResult<()> {
        krait_eval::streams::before_closing(th, fd)?;
        // SAFETY: the descriptor is the caller's. After EINTR it is closed nevertheless.
        match sys_result(th, || unsafe { libc::close(fd) }) {
            Err(errno) if errno != libc::EINTR => Err(super::path::failed(th, errno, NO_NAMES)),
            _ => Ok(()),
        }
    }

    /// Close every descriptor from fd_low up to but not including fd_high; errors do not matter.
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

    /// A second descriptor for what fd refers to; child programs do not inherit it.
    #[function(sig = "(fd, /)")]
    fn dup(th: &Thread, fd: i32) -> PyResult<i32> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) })
    }

    /// Make fd2 refer to what fd does, closing what it was before, and return it.
    ///
    /// Child programs inherit fd2 unless inheritable is false.
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

    /// At most length bytes from the descriptor fd, as bytes that are empty at the end of the file.
    #[function(sig = "(fd, length, /)")]
    fn read(th: &Thread, fd: i32, length: isize) -> PyResult<Owned<Bytes>> {
        // SAFETY: `read_bytes` gives room for `length` bytes.
        read_bytes(th, length, |start, length| unsafe { libc::read(fd, start, length) })
    }

    /// At most length bytes that begin at offset in the file; the file's own position stays where it is.
    #[function(sig = "(fd, length, offset, /)")]
    fn pread(th: &Thread, fd: i32, length: isize, offset: i64) -> PyResult<Owned<Bytes>> {
        // SAFETY: `read_bytes` gives room for `length` bytes.
        read_bytes(th, length, |start, length| unsafe { libc::pread(fd, start, length, offset) })
    }

    /// Fill a writable buffer from the descriptor fd as far as there is data; the number of bytes comes back.
    #[function(sig = "(fd, buffer, /)")]
    fn readinto(th: &Thread, fd: i32, buffer: Borrowed<'_>) -> PyResult<isize> {
        let buffer = Buffer::writable(th, buffer)?;
        let (start, length) = (buffer.start(), buffer.as_bytes().len().min(MOST));
        // SAFETY: the buffer is held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::read(fd, start, length) })
    }

    /// Fill several writable buffers one after the other from a single read; the number of bytes comes back.
    #[function(sig = "(fd, buffers, /)")]
    fn readv(th: &Thread, fd: i32, buffers: Borrowed<'_>) -> PyResult<isize> {
        let held = self::buffers(th, buffers, "readv", true)?;
        let list = vectors(&held);
        // SAFETY: the buffers are held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::readv(fd, list.as_ptr(), list.len() as i32) })
    }

    /// Send data, any bytes-like object, to the descriptor fd and return how many of its bytes were taken.
    #[function(sig = "(fd, data, /)")]
    fn write(th: &Thread, fd: i32, data: Buffer) -> PyResult<isize> {
        let (start, length) = (data.start(), data.as_bytes().len().min(MOST));
        // SAFETY: the buffer is held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::write(fd, start, length) })
    }

    /// Put the bytes of buffer at offset in the file, whose own position stays, and return how many it took.
    #[function(sig = "(fd, buffer, offset, /)")]
    fn pwrite(th: &Thread, fd: i32, buffer: Buffer, offset: i64) -> PyResult<isize> {
        let (start, length) = (buffer.start(), buffer.as_bytes().len().min(MOST));
        // SAFETY: the buffer is held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::pwrite(fd, start, length, offset) })
    }

    /// Send the contents of several buffers to a descriptor in one write; the number of bytes comes back.
    #[function(sig = "(fd, buffers, /)")]
    fn writev(th: &Thread, fd: i32, buffers: Borrowed<'_>) -> PyResult<isize> {
        let held = self::buffers(th, buffers, "writev", false)?;
        let list = vectors(&held);
        // SAFETY: the buffers are held until the call is over.
        sys_retry(th, NO_NAMES, || unsafe { libc::writev(fd, list.as_ptr(), list.len() as i32) })
    }

    /// As readv(), from offset on and without moving the file's own position.
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

    /// As writev(), from offset on and without moving the file's own position.
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

    /// Move to another place in a file and return it, counted from the start.
    ///
    /// position is relative to what whence says: SEEK_SET, SEEK_CUR or SEEK_END.
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

    /// As pipe(), with flags, such as O_NONBLOCK and O_CLOEXEC, that hold from the start.
    #[function(sig = "(flags, /)")]
    fn pipe2(th: &Thread, flags: i32) -> PyResult<(i32, i32)> {
        let fds = std::cell::Cell::new([0i32; 2]);
        // SAFETY: room for two descriptors.
        sys(th, NO_NAMES, || unsafe { libc::pipe2(fds.as_ptr().cast(), flags) })?;
        let [from, to] = fds.get();
        Ok((from, to))
    }

    /// Wait until all that was written to the file behind fd has reached the disk.
    #[function(sig = "(fd)")]
    fn fsync(th: &Thread, fd: Fildes) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::fsync(fd.0) }).map(drop)
    }

    /// As fsync(), except that metadata which is not needed to find the data, such as times, may come later.
    #[function(sig = "(fd)")]
    fn fdatasync(th: &Thread, fd: Fildes) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::fdatasync(fd.0) }).map(drop)
    }

    /// Have the system write out all data it still holds for its disks.
    #[function(sig = "()")]
    fn sync(th: &Thread) {
        // SAFETY: a plain system call.
        krait_eval::gil::without_gil(th, || unsafe { libc::sync() });
    }

    /// Make a file, given by path or descriptor, length bytes long, by cutting it off or by adding zeros.
    #[function(sig = "(path, length)")]
    fn truncate(th: &Thread, path: PathOrFd, length: i64) -> PyResult<()> {
        let path = path.0;
        audit!(th, "os.truncate", path.name()[0], length)?;
        // SAFETY: a terminated path or a descriptor.
        sys_retry(th, path.name(), || unsafe {
            match path.fd {
                Some(fd) => libc::ftruncate(fd, length),
                None => libc::truncate(path.ptr(), length),
            }
        })
        .map(drop)
    }

    /// Make the open file fd length bytes long, by cutting it off or by adding zeros.
    #[function(sig = "(fd, length, /)")]
    fn ftruncate(th: &Thread, fd: i32, length: i64) -> PyResult<()> {
        audit!(th, "os.truncate", fd, length)?;
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::ftruncate(fd, length) }).map(drop)
    }

    /// Whether the descriptor belongs to a terminal; False for one that is not open.
    #[function(sig = "(fd, /)")]
    fn isatty(th: &Thread, fd: i32) -> bool {
        // SAFETY: a plain system call.
        krait_eval::gil::without_gil(th, || unsafe { libc::isatty(fd) }) == 1
    }

    /// Whether child programs inherit the descriptor.
    #[function(sig = "(fd, /)")]
    fn get_inheritable(th: &Thread, fd: i32) -> PyResult<bool> {
        // SAFETY: a plain system call.
        let flags = sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_GETFD) })?;
        Ok(flags & libc::FD_CLOEXEC == 0)
    }

    /// Decide whether child programs inherit the descriptor.
    #[function(sig = "(fd, inheritable, /)")]
    fn set_inheritable(th: &Thread, fd: i32, inheritable: i32) -> PyResult<()> {
        self::set_inheritable(th, fd, inheritable != 0)
    }

    /// Whether reads and writes on the descriptor wait: False if O_NONBLOCK is set.
    #[function(sig = "(fd, /)")]
    fn get_blocking(th: &Thread, fd: i32) -> PyResult<bool> {
        // SAFETY: a plain system call.
        let flags = sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
        Ok(flags & libc::O_NONBLOCK == 0)
    }

    /// Decide whether reads and writes on the descriptor wait; O_NONBLOCK is set if they do not.
    #[function(sig = "(fd, blocking, /)")]
    fn set_blocking(th: &Thread, fd: i32, blocking: bool) -> PyResult<()> {
        // SAFETY: plain system calls.
        let flags = sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
        let wanted = if blocking { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
        // SAFETY: as above.
        sys(th, NO_NAMES, || unsafe { libc::fcntl(fd, libc::F_SETFL, wanted) }).map(drop)
    }

    /// Let the system pass up to count bytes of in_fd on to out_fd; the number that was sent comes back.
    ///
    /// offset is where to begin in in_fd; None is its own position, which moves on.
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
