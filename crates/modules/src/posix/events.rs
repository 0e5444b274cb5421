//! Descriptors of events: counters, timers, processes.

use krait_objects::prelude::*;

use super::Posix;
use super::path::{Fildes, NO_NAMES, sys};
use crate::thread::nanoseconds;

const BILLION: i64 = 1_000_000_000;

fn to_timespec(nanos: i64) -> libc::timespec {
    libc::timespec { tv_sec: nanos.div_euclid(BILLION), tv_nsec: nanos.rem_euclid(BILLION) }
}

fn to_nanos(time: libc::timespec) -> i64 {
    time.tv_sec.saturating_mul(BILLION).saturating_add(time.tv_nsec)
}

/// Sets the timer to `[initial, interval]`; what it was.
fn set_timer(th: &Thread, fd: i32, flags: i32, nanos: [i64; 2]) -> PyResult<[i64; 2]> {
    let [initial, interval] = nanos.map(to_timespec);
    let new = libc::itimerspec { it_value: initial, it_interval: interval };
    let old = std::cell::Cell::new(new);
    // SAFETY: the new times, and room for the old ones.
    sys(th, NO_NAMES, || unsafe { libc::timerfd_settime(fd, flags, &new, old.as_ptr()) })?;
    let old = old.into_inner();
    Ok([old.it_value, old.it_interval].map(to_nanos))
}

/// The timer's `[initial, interval]`.
fn read_timer(th: &Thread, fd: i32) -> PyResult<[i64; 2]> {
    // SAFETY: zeros are a valid struct.
    let now: std::cell::Cell<libc::itimerspec> =
        std::cell::Cell::new(unsafe { std::mem::zeroed() });
    // SAFETY: room for the times.
    sys(th, NO_NAMES, || unsafe { libc::timerfd_gettime(fd, now.as_ptr()) })?;
    let now = now.into_inner();
    Ok([now.it_value, now.it_interval].map(to_nanos))
}

fn in_seconds([initial, interval]: [i64; 2]) -> (f64, f64) {
    (initial as f64 / 1e9, interval as f64 / 1e9)
}

/// Seconds as a number that is a `float` or becomes one.
fn seconds(th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<i64> {
    match value {
        None => Ok(0),
        Some(value) => {
            let seconds = number::as_f64(th, value)?;
            if seconds.is_nan() {
                let message = "timestamp out of range for C PyTime_t";
                return Err(th.raise(exc::OVERFLOW_ERROR, message));
            }
            let value = Float::new(th, seconds)?;
            nanoseconds(th, value.object(), BILLION)
        }
    }
}

#[pyfunctions(part = "events")]
impl Posix {
    /// A new descriptor for a counter that starts at initval and that events are signalled with.
    ///
    /// flags are bits of the EFD constants.
    #[function(sig = "(initval, flags=EFD_CLOEXEC)")]
    fn eventfd(
        th: &Thread,
        initval: u32,
        #[default(libc::EFD_CLOEXEC)] flags: i32,
    ) -> PyResult<i32> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::eventfd(initval, flags) })
    }

    /// The counter behind an eventfd() descriptor, which reading resets or, for a semaphore, lowers by one.
    #[function(sig = "(fd)")]
    fn eventfd_read(th: &Thread, fd: Fildes) -> PyResult<u64> {
        let value = std::cell::Cell::new(0u64);
        // SAFETY: room for the value.
        sys(th, NO_NAMES, || unsafe { libc::eventfd_read(fd.0, value.as_ptr()) })?;
        Ok(value.get())
    }

    /// Add value to the counter behind an eventfd() descriptor.
    #[function(sig = "(fd, value)")]
    fn eventfd_write(th: &Thread, fd: Fildes, value: Borrowed<'_>) -> PyResult<()> {
        let int = number::index(th, value)?;
        if int.is_negative() {
            return Err(th.raise(exc::VALUE_ERROR, "Cannot convert negative int"));
        }
        let Some(value) = int.to_u64() else {
            let message = "Python int too large for C unsigned long long";
            return Err(th.raise(exc::OVERFLOW_ERROR, message));
        };
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::eventfd_write(fd.0, value) }).map(drop)
    }

    /// A descriptor that stands for the process with that id.
    ///
    /// Unlike the id it cannot come to mean another process, and it can be waited for without signals.
    #[function(sig = "(pid, flags=0)")]
    fn pidfd_open(th: &Thread, pid: i32, flags: u32) -> PyResult<i64> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) })
    }

    /// A descriptor for a new timer, which becomes readable when the timer expires.
    ///
    /// clockid is CLOCK_REALTIME or CLOCK_MONOTONIC; flags are 0 or bits of TFD_NONBLOCK and TFD_CLOEXEC, of
    /// which the latter is the default.
    #[function(sig = "(clockid, /, *, flags=0)")]
    fn timerfd_create(
        th: &Thread,
        clockid: i32,
        #[default(libc::TFD_CLOEXEC)] flags: i32,
    ) -> PyResult<i32> {
        // No descriptor that Python makes is inherited unless that is asked for.
        let flags = flags | libc::TFD_CLOEXEC;
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::timerfd_create(clockid, flags) })
    }

    /// Start or stop the timer behind a descriptor, with times in seconds.
    ///
    /// initial is when it expires first, interval the time from then on; the old values are the result.
    #[function(sig = "(fd, /, *, flags=0, initial=0.0, interval=0.0)")]
    fn timerfd_settime(
        th: &Thread,
        fd: Fildes,
        flags: i32,
        #[default(None)] initial: Option<Borrowed<'_>>,
        #[default(None)] interval: Option<Borrowed<'_>>,
    ) -> PyResult<(f64, f64)> {
        let times = [seconds(th, initial)?, seconds(th, interval)?];
        set_timer(th, fd.0, flags, times).map(in_seconds)
    }

    /// Start or stop the timer behind a descriptor, with times in nanoseconds.
    ///
    /// initial is when it expires first, interval the time from then on; the old values are the result.
    #[function(sig = "(fd, /, *, flags=0, initial=0, interval=0)")]
    fn timerfd_settime_ns(
        th: &Thread,
        fd: Fildes,
        flags: i32,
        #[default(None)] initial: Option<Borrowed<'_>>,
        #[default(None)] interval: Option<Borrowed<'_>>,
    ) -> PyResult<(i64, i64)> {
        let nanos = |value: Option<Borrowed<'_>>| match value {
            None => Ok(0),
            Some(value) => number::index(th, value)?
                .to_i64()
                .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "int too big to convert")),
        };
        let times = [nanos(initial)?, nanos(interval)?];
        set_timer(th, fd.0, flags, times).map(|[initial, interval]| (initial, interval))
    }

    /// How long a timer still runs, and its interval after that: two floats, in seconds.
    #[function(sig = "(fd, /)")]
    fn timerfd_gettime(th: &Thread, fd: Fildes) -> PyResult<(f64, f64)> {
        read_timer(th, fd.0).map(in_seconds)
    }

    /// How long a timer still runs, and its interval after that: two integers, in nanoseconds.
    #[function(sig = "(fd, /)")]
    fn timerfd_gettime_ns(th: &Thread, fd: Fildes) -> PyResult<(i64, i64)> {
        read_timer(th, fd.0).map(|[initial, interval]| (initial, interval))
    }
}
