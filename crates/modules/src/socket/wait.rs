//! Waiting for a socket, and calling the system until it has an answer.
//!
//! A socket with a timeout is non-blocking for the system; the waiting happens here. The same job as `sock_call`
//! in CPython's `Modules/socketmodule.c`.

use std::time::{Duration, Instant};

use krait_eval::gil::without_gil;
use krait_eval::pending;
use krait_objects::prelude::*;

use super::object::Socket;
use super::state::{BLOCKING, errno, failed};

/// What a socket is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    Read,
    Write,
    /// A connection that was begun.
    Connect,
}

/// Why a call did not succeed.
pub enum Failure {
    Errno(i32),
    TimedOut,
    Raised(Raised),
}

impl Failure {
    pub fn raise(self, th: &Thread) -> Raised {
        match self {
            Failure::Errno(errno) => failed(th, errno),
            Failure::TimedOut => th.raise(exc::TIMEOUT_ERROR, "timed out"),
            Failure::Raised(raised) => raised,
        }
    }
}

/// The end of a time limit; `None` if it never comes.
pub fn deadline(timeout: i64) -> Option<Instant> {
    let nanos = u64::try_from(timeout).ok().filter(|&nanos| nanos > 0)?;
    Instant::now().checked_add(Duration::from_nanos(nanos))
}

/// Milliseconds for `poll`, rounded up so that it does not wake too early.
fn milliseconds(until: Option<Instant>) -> i32 {
    let Some(until) = until else {
        return -1;
    };
    let left = until.saturating_duration_since(Instant::now());
    i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}

/// Waits until the socket is ready; false if the time is over. A closed one is left to the call to refuse.
fn is_ready(th: &Thread, fd: i32, ready: Ready, until: Option<Instant>) -> Result<bool, i32> {
    if fd < 0 {
        return Ok(true);
    }
    let events = match ready {
        Ready::Read => libc::POLLIN,
        Ready::Write => libc::POLLOUT,
        Ready::Connect => libc::POLLOUT | libc::POLLERR,
    };
    let mut entry = libc::pollfd { fd, events, revents: 0 };
    let time = milliseconds(until);
    let (count, errno) = without_gil(th, || {
        // SAFETY: one entry, which lives during the call.
        (unsafe { libc::poll(&mut entry, 1, time) }, errno())
    });
    if count < 0 { Err(errno) } else { Ok(count > 0) }
}

/// `call` without the GIL, until it succeeds, fails for good or the time is over. `until` comes from the
/// timeout, which says whether the socket is one that waits.
pub fn call_until<T>(
    th: &Thread,
    socket: &Socket,
    ready: Ready,
    (timeout, until): (i64, Option<Instant>),
    mut call: impl FnMut(i32) -> Result<T, i32>,
) -> Result<T, Failure> {
    let interrupted = |th: &Thread| pending::handle(th).map_err(Failure::Raised);
    loop {
        if timeout > 0 || ready == Ready::Connect {
            let over = until.is_some_and(|until| until <= Instant::now());
            let answer = if over { Ok(false) } else { is_ready(th, socket.fd(), ready, until) };
            match answer {
                Ok(true) => {}
                Ok(false) => return Err(Failure::TimedOut),
                Err(libc::EINTR) => {
                    interrupted(th)?;
                    continue;
                }
                Err(errno) => return Err(Failure::Errno(errno)),
            }
        }
        loop {
            let fd = socket.fd();
            match without_gil(th, || call(fd)) {
                Ok(done) => return Ok(done),
                Err(libc::EINTR) => interrupted(th)?,
                // Ready for somebody else, who was faster.
                Err(libc::EAGAIN) if timeout > 0 => break,
                Err(errno) => return Err(Failure::Errno(errno)),
            }
        }
    }
}

/// `call_until` with the socket's own timeout, and failures raised.
pub fn perform<T>(
    th: &Thread,
    socket: &Socket,
    ready: Ready,
    call: impl FnMut(i32) -> Result<T, i32>,
) -> PyResult<T> {
    let timeout = socket.timeout_ns();
    call_until(th, socket, ready, (timeout, deadline(timeout)), call)
        .map_err(|failure| failure.raise(th))
}

/// The answer of a system call: -1 is the failure that `errno` explains.
pub fn checked(result: isize) -> Result<usize, i32> {
    usize::try_from(result).map_err(|_| errno())
}

/// A timeout in nanoseconds: `None` is no limit.
pub fn parse_timeout(th: &Thread, value: Borrowed<'_>) -> PyResult<i64> {
    if value.is_none() {
        return Ok(BLOCKING);
    }
    let range = || th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for C PyTime_t");
    let nanos = match value.downcast::<Float>() {
        Some(_) => {
            let nanos = crate::thread::seconds(th, value)? * 1e9;
            // Away from zero, so that nothing becomes "do not wait" by rounding.
            let nanos = if nanos < 0.0 { nanos.floor() } else { nanos.ceil() };
            if nanos.abs() >= i64::MAX as f64 {
                return Err(range());
            }
            nanos as i64
        }
        None if number::is_index(value) => {
            let seconds = number::index(th, value)?.to_i64();
            seconds.and_then(|seconds| seconds.checked_mul(1_000_000_000)).ok_or_else(range)?
        }
        None => {
            let found = value.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "'{found}' object cannot be interpreted as an integer or float"
            ));
        }
    };
    if nanos < 0 {
        return Err(th.raise(exc::VALUE_ERROR, "Timeout value out of range"));
    }
    Ok(nanos)
}

/// A timeout as Python sees it: seconds, or nothing for no limit.
pub fn timeout_seconds(timeout: i64) -> Option<f64> {
    (timeout >= 0).then(|| timeout as f64 / 1e9)
}
