//! Moving data between descriptors, and what the system is told of how a file will be used.

use krait_objects::prelude::*;

use super::Posix;
use super::path::{NO_NAMES, sys, sys_retry};

fn negative_count(th: &Thread) -> Raised {
    th.raise(exc::VALUE_ERROR, "negative value for 'count' not allowed")
}

/// An offset as the system reads and writes it, or null.
fn place(offset: &mut Option<i64>) -> *mut i64 {
    offset.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut)
}

/// A call that answers its error number.
fn answer(th: &Thread, call: impl Fn() -> i32) -> PyResult<()> {
    loop {
        match krait_eval::gil::without_gil(th, &call) {
            0 => return Ok(()),
            libc::EINTR => krait_eval::pending::handle(th)?,
            error => return Err(super::path::failed(th, error, NO_NAMES)),
        }
    }
}

#[pyfunctions(part = "copying")]
impl Posix {
    /// Have the system copy count bytes between two descriptors, so that the data need not enter the process.
    ///
    /// offset_src and offset_dst are where to begin; None is the file's own position, which moves on.
    #[function(sig = "(src, dst, count, offset_src=None, offset_dst=None)")]
    fn copy_file_range(
        th: &Thread,
        src: i32,
        dst: i32,
        count: isize,
        offset_src: Option<i64>,
        offset_dst: Option<i64>,
    ) -> PyResult<isize> {
        let count = usize::try_from(count).map_err(|_| negative_count(th))?;
        sys(th, NO_NAMES, || {
            let (mut from, mut to) = (offset_src, offset_dst);
            // SAFETY: offsets that live during the call, or null.
            unsafe { libc::copy_file_range(src, place(&mut from), dst, place(&mut to), count, 0) }
        })
    }

    /// Move up to count bytes from src to dst, one of which has to be a pipe; the number moved comes back.
    ///
    /// offset_src and offset_dst are where to begin; None is the file's own position, which moves on. The one that
    /// belongs to a pipe must be None.
    #[function(sig = "(src, dst, count, offset_src=None, offset_dst=None, flags=0)")]
    fn splice(
        th: &Thread,
        src: i32,
        dst: i32,
        count: isize,
        offset_src: Option<i64>,
        offset_dst: Option<i64>,
        flags: u32,
    ) -> PyResult<isize> {
        let count = usize::try_from(count).map_err(|_| negative_count(th))?;
        sys(th, NO_NAMES, || {
            let (mut from, mut to) = (offset_src, offset_dst);
            // SAFETY: offsets that live during the call, or null.
            unsafe { libc::splice(src, place(&mut from), dst, place(&mut to), count, flags) }
        })
    }

    /// Tell the system how a part of a file is going to be used, so that it can prepare.
    ///
    /// It begins at offset and is length bytes long; advice is one of the POSIX_FADV constants.
    #[function(sig = "(fd, offset, length, advice, /)")]
    fn posix_fadvise(th: &Thread, fd: i32, offset: i64, length: i64, advice: i32) -> PyResult<()> {
        // SAFETY: a plain system call.
        answer(th, || unsafe { libc::posix_fadvise(fd, offset, length, advice) })
    }

    /// Reserve disk space for a part of a file, so that writing there cannot fail for want of room.
    ///
    /// They begin at offset and are length bytes.
    #[function(sig = "(fd, offset, length, /)")]
    fn posix_fallocate(th: &Thread, fd: i32, offset: i64, length: i64) -> PyResult<()> {
        // SAFETY: a plain system call.
        answer(th, || unsafe { libc::posix_fallocate(fd, offset, length) })
    }

    /// Lock or unlock a section of an open file, or ask whether it is locked.
    ///
    /// command is one of F_LOCK, F_TLOCK, F_ULOCK and F_TEST; length is the number of bytes, from the current
    /// position.
    #[function(sig = "(fd, command, length, /)")]
    fn lockf(th: &Thread, fd: i32, command: i32, length: i64) -> PyResult<()> {
        audit!(th, "os.lockf", fd, command, length)?;
        // SAFETY: a plain system call.
        sys_retry(th, NO_NAMES, || unsafe { libc::lockf(fd, command, length) }).map(drop)
    }
}
