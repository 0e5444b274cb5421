//! Runs a command with a time limit and reports what it used: wall time, CPU time, peak memory.
//!
//! The command leads a process group of its own, which a timeout kills as a whole. The wait is a
//! blocking `poll`, so that wall times are not rounded to an interval.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Exit(i32),
    Signal(i32),
    Timeout,
}

impl End {
    pub fn success(self) -> bool {
        self == End::Exit(0)
    }

    pub fn describe(self) -> String {
        match self {
            End::Exit(code) => format!("exit {code}"),
            End::Signal(number) => format!("signal {number}"),
            End::Timeout => "timeout".to_owned(),
        }
    }
}

pub struct Finished {
    pub end: End,
    pub wall: Duration,
    /// User and system time of the command and its waited-for children.
    pub cpu: Duration,
    /// Linux hands the launching process's own peak on, so this is at least our few megabytes.
    pub peak_kib: u64,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `command` with no input, at most for `limit`.
pub fn run(command: &mut Command, limit: Duration) -> std::io::Result<Finished> {
    let (mut out, mut err) = (temporary()?, temporary()?);
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?).process_group(0);
    let start = Instant::now();
    let child = command.spawn()?;
    let pid = child.id() as libc::pid_t;
    let timed_out = !ends_within(pid, limit)?;
    if timed_out {
        // SAFETY: a plain system call; the group is the command's own, and it has not been waited for, so its number is not reused.
        unsafe { libc::kill(-pid, libc::SIGKILL) };
    }
    let (status, usage) = wait(pid)?;
    let wall = start.elapsed();
    // What the command left running in its group goes too.
    // SAFETY: a plain system call on the group made above.
    unsafe { libc::kill(-pid, libc::SIGKILL) };

    let end = if timed_out {
        End::Timeout
    } else if libc::WIFSIGNALED(status) {
        End::Signal(libc::WTERMSIG(status))
    } else {
        End::Exit(libc::WEXITSTATUS(status))
    };
    Ok(Finished {
        end,
        wall,
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        peak_kib: usage.ru_maxrss as u64,
        stdout: contents(&mut out)?,
        stderr: contents(&mut err)?,
    })
}

/// Whether a child ends within that time. Nothing but this waits: a watching thread would be started while short commands run.
fn ends_within(pid: libc::pid_t, limit: Duration) -> std::io::Result<bool> {
    // SAFETY: a plain system call; the result is checked before use.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: `fd` was just opened and belongs to nobody else.
    let child: OwnedFd = unsafe { OwnedFd::from_raw_fd(fd as libc::c_int) };
    let end = Instant::now() + limit;
    loop {
        let mut watched = libc::pollfd { fd: child.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let left = end.saturating_duration_since(Instant::now()).as_millis();
        // SAFETY: one live `pollfd`.
        match unsafe { libc::poll(&mut watched, 1, left.try_into().unwrap_or(libc::c_int::MAX)) } {
            0 => return Ok(false),
            1.. => return Ok(true),
            _ => {
                let error = std::io::Error::last_os_error();
                if error.kind() != std::io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}

fn wait(pid: libc::pid_t) -> std::io::Result<(libc::c_int, libc::rusage)> {
    let mut status = 0;
    // SAFETY: `rusage` is plain data, for which all zeros is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live locals of the right types.
        if unsafe { libc::wait4(pid, &mut status, 0, &mut usage) } == pid {
            return Ok((status, usage));
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
}

/// A file without a name: a pipe would fill up, or be held open by a grandchild.
fn temporary() -> std::io::Result<File> {
    // SAFETY: the name is a NUL-terminated literal; the result is checked before use.
    let fd = unsafe { libc::memfd_create(c"output".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: `fd` was just opened and belongs to nobody else.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// At most this much of an output is kept: the end of it says what went wrong.
const KEPT: u64 = 1 << 20;

fn contents(file: &mut File) -> std::io::Result<String> {
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(KEPT)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
