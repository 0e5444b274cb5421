//! The descriptor of a socket, as the system knows it: closed when it is dropped, asked, and told whether to wait.

use std::ffi::c_int;

use krait_eval::gil::without_gil;
use krait_objects::prelude::*;

use super::options;
use super::state::{errno, failed};

/// A descriptor, closed when it is dropped.
pub struct Descriptor(pub i32);

impl Descriptor {
    /// Gives the descriptor to whom will close it.
    pub fn release(self) -> i32 {
        let fd = self.0;
        std::mem::forget(self);
        fd
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the descriptor is its own.
        unsafe { libc::close(self.0) };
    }
}

/// Closes a descriptor without the GIL. A connection that was reset is closed all the same.
pub fn close(th: &Thread, fd: i32) -> PyResult<()> {
    let (status, errno) = without_gil(th, || {
        // SAFETY: any number may be tried.
        (unsafe { libc::close(fd) }, errno())
    });
    if status < 0 && errno != libc::ECONNRESET { Err(failed(th, errno)) } else { Ok(()) }
}

/// Whether the system waits, for that descriptor.
pub fn set_blocking(th: &Thread, fd: i32, blocking: bool) -> PyResult<()> {
    let errno = without_gil(th, || {
        let mut without: c_int = (!blocking).into();
        // SAFETY: a number in and out.
        let status = unsafe { libc::ioctl(fd, libc::FIONBIO, &raw mut without) };
        (status < 0).then(errno)
    });
    errno.map_or(Ok(()), |errno| Err(failed(th, errno)))
}

/// A number that `getsockopt` knows of a socket.
pub fn ask(fd: i32, option: i32) -> Result<i32, i32> {
    options::get_int(fd, libc::SOL_SOCKET, option)
}
