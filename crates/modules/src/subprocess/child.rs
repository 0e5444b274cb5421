//! The child process, from fork to exec: only system calls, and no allocation, since other threads' locks may be held and
//! the memory may be the parent's.
//!
//! What fails is written to a pipe that the parent reads: `class:errno in hex:where`.

use std::ffi::CStr;

use crate::posix::path::errno;

/// The ends of the pipes; -1 is none.
pub struct Pipes {
    pub in_read: i32,
    pub in_write: i32,
    pub out_read: i32,
    pub out_write: i32,
    pub err_read: i32,
    pub err_write: i32,
    pub report_read: i32,
    /// Where errors are reported.
    pub report: i32,
}

/// Who the child is to be.
pub struct Owner {
    pub gid: Option<u32>,
    pub uid: Option<u32>,
}

/// Plain settings.
pub struct Child {
    pub pipes: Pipes,
    pub close_others: bool,
    pub restore_signals: bool,
    pub new_session: bool,
    /// Negative: stay in the group.
    pub process_group: i32,
    /// Negative: keep the mask.
    pub umask: i32,
    pub owner: Owner,
}

type Pointer = *const libc::c_char;

/// All that the child needs. The arrays of pointers end with null, except `executables`.
pub struct Plan<'a> {
    pub child: &'a Child,
    pub executables: &'a [Pointer],
    pub arguments: &'a [Pointer],
    pub environment: Option<&'a [Pointer]>,
    pub directory: Option<&'a CStr>,
    pub kept: &'a [i32],
    pub groups: Option<&'a [u32]>,
}

/// What ended the child before it became another program.
struct Failure {
    errno: i32,
    place: &'static str,
}

/// A failure before exec, which no file's name explains.
const EARLY: &str = "noexec";

/// -1 is a failure.
fn check(status: i32, place: &'static str) -> Result<i32, Failure> {
    if status == -1 { Err(Failure { errno: errno(), place }) } else { Ok(status) }
}

fn early(status: i32) -> Result<i32, Failure> {
    check(status, EARLY)
}

fn set_inheritable(fd: i32, inheritable: bool) -> Result<(), Failure> {
    // SAFETY: plain system calls.
    unsafe {
        let flags = early(libc::fcntl(fd, libc::F_GETFD))?;
        let new = match inheritable {
            true => flags & !libc::FD_CLOEXEC,
            false => flags | libc::FD_CLOEXEC,
        };
        if new != flags {
            early(libc::fcntl(fd, libc::F_SETFD, new))?;
        }
    }
    Ok(())
}

/// A copy that does not survive exec.
fn copy(fd: i32) -> Result<i32, Failure> {
    // SAFETY: a plain system call.
    early(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) })
}

/// Makes `fd` the standard stream `stream`.
fn redirect(fd: i32, stream: i32) -> Result<(), Failure> {
    if fd == stream {
        return set_inheritable(fd, true);
    }
    if fd >= 0 {
        // SAFETY: a plain system call.
        early(unsafe { libc::dup2(fd, stream) })?;
    }
    Ok(())
}

impl Pipes {
    fn connect(&self) -> Result<(), Failure> {
        let Pipes { in_write, out_read, err_read, report_read, .. } = *self;
        for fd in [in_write, out_read, err_read, report_read].into_iter().filter(|&fd| fd >= 0) {
            // SAFETY: the parent's end, which the child has no use for.
            early(unsafe { libc::close(fd) })?;
        }
        // A descriptor that lies where another stream will be moves away first.
        let mut out_write = self.out_write;
        if out_write == 0 {
            out_write = copy(out_write)?;
        }
        let mut err_write = self.err_write;
        while err_write == 0 || err_write == 1 {
            err_write = copy(err_write)?;
        }
        redirect(self.in_read, 0)?;
        redirect(out_write, 1)?;
        redirect(err_write, 2)
    }
}

/// Closes all descriptors from 3 on but those in `kept`, which rise.
fn close_others(kept: &[i32]) {
    let mut start = 3;
    for &fd in kept.iter().filter(|&&fd| fd >= 3) {
        close_range(start, fd - 1);
        start = fd + 1;
    }
    close_range(start, i32::MAX);
}

fn close_range(first: i32, last: i32) {
    if first > last {
        return;
    }
    // SAFETY: descriptors that the other program is not to have.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first as u32, last as u32, 0) == 0 {
            return;
        }
        // An old kernel: one by one, as far as descriptors can go.
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let known = libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0;
        let most = if known { i32::try_from(limit.rlim_max).unwrap_or(i32::MAX) } else { 1 << 16 };
        for fd in first..=last.min(most.min(1 << 20)) {
            libc::close(fd);
        }
    }
}

/// The highest signal and one.
const SIGNALS: i32 = 65;

/// No handler of the parent's may run in the child, once signals arrive again.
fn forget_handlers(mask: &libc::sigset_t) {
    // SAFETY: plain system calls; the mask is the parent's.
    unsafe {
        for signal in (1..SIGNALS).filter(|&s| s != libc::SIGKILL && s != libc::SIGSTOP) {
            let mut now: libc::sigaction = std::mem::zeroed();
            let known = libc::sigaction(signal, std::ptr::null(), &mut now) == 0;
            if known && now.sa_sigaction != libc::SIG_IGN && now.sa_sigaction != libc::SIG_DFL {
                let mut default: libc::sigaction = std::mem::zeroed();
                default.sa_sigaction = libc::SIG_DFL;
                libc::sigaction(signal, &default, std::ptr::null_mut());
            }
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut());
    }
}

impl Plan<'_> {
    /// Becomes the other program; does not come back. `preexec` is false if it raised.
    pub fn run(&self, mask: Option<&libc::sigset_t>, preexec: impl FnOnce() -> bool) -> ! {
        let failure = match self.prepare(mask) {
            Err(failure) => failure,
            Ok(()) if !preexec() => {
                Failure { errno: 0, place: "Exception occurred in preexec_fn." }
            }
            Ok(()) => {
                if self.child.close_others {
                    close_others(self.kept);
                }
                Failure { errno: self.exec(), place: "" }
            }
        };
        self.report(&failure);
        // SAFETY: does not come back.
        unsafe { libc::_exit(255) }
    }

    fn prepare(&self, mask: Option<&libc::sigset_t>) -> Result<(), Failure> {
        let Child { pipes, owner, .. } = self.child;
        for &fd in self.kept.iter().filter(|&&fd| fd != pipes.report) {
            set_inheritable(fd, true)?;
        }
        pipes.connect()?;
        // SAFETY: system calls; terminated strings; as many groups as said.
        unsafe {
            if let Some(directory) = self.directory {
                check(libc::chdir(directory.as_ptr()), "noexec:chdir")?;
            }
            if self.child.umask >= 0 {
                libc::umask(self.child.umask as libc::mode_t);
            }
            if self.child.restore_signals {
                for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
            if let Some(mask) = mask {
                forget_handlers(mask);
            }
            if self.child.new_session {
                early(libc::setsid())?;
            }
            if self.child.process_group >= 0 {
                early(libc::setpgid(0, self.child.process_group))?;
            }
            if let Some(groups) = self.groups {
                early(libc::setgroups(groups.len(), groups.as_ptr()))?;
            }
            if let Some(gid) = owner.gid {
                early(libc::setregid(gid, gid))?;
            }
            if let Some(uid) = owner.uid {
                early(libc::setreuid(uid, uid))?;
            }
        }
        Ok(())
    }

    /// Tries each executable in turn; why the first that exists did not run, or why the last one was not there.
    fn exec(&self) -> i32 {
        let mut first = 0;
        for &executable in self.executables {
            // SAFETY: terminated strings and arrays.
            unsafe {
                match self.environment {
                    Some(environment) => {
                        libc::execve(executable, self.arguments.as_ptr(), environment.as_ptr())
                    }
                    None => libc::execv(executable, self.arguments.as_ptr()),
                }
            };
            let error = errno();
            if error != libc::ENOENT && error != libc::ENOTDIR && first == 0 {
                first = error;
            }
        }
        if first != 0 { first } else { errno() }
    }

    fn report(&self, failure: &Failure) {
        let mut text = [0u8; 96];
        let mut len = 0;
        let mut put = |bytes: &[u8]| {
            text[len..len + bytes.len()].copy_from_slice(bytes);
            len += bytes.len();
        };
        if failure.errno == 0 {
            put(b"SubprocessError:0:");
        } else {
            put(b"OSError:");
            let digits = (i32::BITS - failure.errno.leading_zeros()).div_ceil(4);
            for digit in (0..digits).rev() {
                let value = (failure.errno >> (4 * digit)) & 0xf;
                put(&[b"0123456789ABCDEF"[value as usize]]);
            }
            put(b":");
        }
        put(failure.place.as_bytes());
        // SAFETY: as many bytes as were put. Nobody could be told of a failure.
        unsafe { libc::write(self.child.pipes.report, text.as_ptr().cast(), len) };
    }
}
