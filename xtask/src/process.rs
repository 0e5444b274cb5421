//! Runs a command with a time limit and reports what it used: wall time, CPU time, peak memory.
//!
//! The command leads a process group of its own, which a timeout kills as a whole. The wait is a
//! blocking `wait4`, so that wall times are not rounded to a polling interval.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
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
    let (done, finished) = mpsc::channel::<()>();
    let (status, usage, timed_out) = thread::scope(|scope| {
        let watchdog = scope.spawn(move || {
            // Err(Timeout) is the only case that means the command is still there.
            let late = finished.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
            if late {
                // SAFETY: a plain system call; the group is the command's own, and it has not
                // been waited for, so its number is not reused.
                unsafe { libc::kill(-pid, libc::SIGKILL) };
            }
            late
        });
        let waited = wait(pid);
        drop(done);
        let timed_out = watchdog.join().unwrap_or(false);
        waited.map(|(status, usage)| (status, usage, timed_out))
    })?;
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
    Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) })
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
