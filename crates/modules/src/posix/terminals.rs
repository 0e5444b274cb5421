//! Terminals and pseudo-terminals.

use std::ffi::CStr;

use krait_objects::prelude::*;

use super::Posix;
use super::files::set_inheritable;
use super::path::{Fildes, NO_NAMES, errno, failed, sys};
use super::process::{after_fork, before_fork};

#[pyfunctions(part = "terminals")]
impl Posix {
    /// The path that stands for whatever terminal controls this process.
    #[function(sig = "()")]
    fn ctermid(th: &Thread) -> PyResult<Owned<Str>> {
        let mut name = [0 as libc::c_char; libc::L_tmpnam as usize + 64];
        // SAFETY: room for the terminated name, which is shorter.
        let name = unsafe {
            libc::ctermid(name.as_mut_ptr());
            CStr::from_ptr(name.as_ptr())
        };
        Str::from_fs_bytes(th, name.to_bytes())
    }

    /// A descriptor for the master side of a new pseudo-terminal; oflag is as for open().
    #[function(sig = "(oflag, /)")]
    fn posix_openpt(th: &Thread, oflag: i32) -> PyResult<i32> {
        // SAFETY: a plain system call.
        let fd = sys(th, NO_NAMES, || unsafe { libc::posix_openpt(oflag) })?;
        set_inheritable(th, fd, false)?;
        Ok(fd)
    }

    /// Let this user use the slave side that belongs to the master fd.
    #[function(sig = "(fd, /)")]
    fn grantpt(th: &Thread, fd: Fildes) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::grantpt(fd.0) }).map(drop)
    }

    /// Allow the slave side that belongs to the master fd to be opened.
    #[function(sig = "(fd, /)")]
    fn unlockpt(th: &Thread, fd: Fildes) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::unlockpt(fd.0) }).map(drop)
    }

    /// The path of the slave side that belongs to the master fd.
    #[function(sig = "(fd, /)")]
    fn ptsname(th: &Thread, fd: Fildes) -> PyResult<Owned<Str>> {
        let mut name = [0u8; 256];
        // SAFETY: room for that many bytes.
        let error = unsafe { libc::ptsname_r(fd.0, name.as_mut_ptr().cast(), name.len()) };
        if error != 0 {
            return Err(failed(th, error, NO_NAMES));
        }
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        Str::from_fs_bytes(th, &name[..end])
    }

    /// Make a pseudo-terminal; the descriptors of its two ends come back as (master_fd, slave_fd).
    #[function(sig = "()")]
    fn openpty(th: &Thread) -> PyResult<(i32, i32)> {
        use std::ptr::{null, null_mut};
        let (mut master, mut slave) = (-1, -1);
        // SAFETY: room for two descriptors; the rest as the system likes it.
        if unsafe { libc::openpty(&mut master, &mut slave, null_mut(), null(), null()) } < 0 {
            return Err(failed(th, errno(), NO_NAMES));
        }
        for fd in [master, slave] {
            if let Err(raised) = set_inheritable(th, fd, false) {
                // SAFETY: both were just opened.
                unsafe {
                    libc::close(master);
                    libc::close(slave);
                }
                return Err(raised);
            }
        }
        Ok((master, slave))
    }

    /// Begin a session on the terminal behind fd, as for someone who logs in.
    ///
    /// It becomes the controlling terminal and the standard streams of the process, which leads a new session.
    #[function(sig = "(fd, /)")]
    fn login_tty(th: &Thread, fd: Fildes) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::login_tty(fd.0) }).map(drop)
    }

    /// As fork(), where the child gets a pseudo-terminal of its own to be controlled by.
    ///
    /// The result is (pid, master_fd): pid is 0 in the child and the child's id in the parent, master_fd the
    /// descriptor of the terminal's master side.
    #[function(sig = "()")]
    fn forkpty(th: &Thread) -> PyResult<(i32, i32)> {
        use std::ptr::{null, null_mut};
        super::process::check_fork(th)?;
        krait_eval::sys::audit(th, "os.forkpty", &[])?;
        before_fork(th);
        let mut master = -1;
        // SAFETY: this thread holds the GIL, and goes on alone in the child.
        let (pid, error) =
            unsafe { (libc::forkpty(&mut master, null_mut(), null(), null()), errno()) };
        after_fork(th, pid == 0);
        if pid < 0 {
            return Err(failed(th, error, NO_NAMES));
        }
        if pid > 0 {
            set_inheritable(th, master, false)?;
            super::process::warn_about_threads(th, "forkpty");
        }
        Ok((pid, master))
    }

    /// The process group in the foreground of the terminal behind fd.
    #[function(sig = "(fd, /)")]
    fn tcgetpgrp(th: &Thread, fd: i32) -> PyResult<i32> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::tcgetpgrp(fd) })
    }

    /// Bring the process group pgid to the foreground of the terminal behind fd.
    #[function(sig = "(fd, pgid, /)")]
    fn tcsetpgrp(th: &Thread, fd: i32, pgid: i32) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::tcsetpgrp(fd, pgid) }).map(drop)
    }
}
