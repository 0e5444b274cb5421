//! Signals that the system sends later: `alarm` and interval timers.

use std::mem::zeroed;

use krait_objects::exceptions::os;
use krait_objects::prelude::*;

use super::Signal;
use crate::support::new_exception;
use crate::thread::seconds;

/// `signal.ItimerError`, one per interpreter.
struct TimerError(Slot<Type>);

impl Default for TimerError {
    fn default() -> TimerError {
        TimerError(Slot::EMPTY)
    }
}

fn error_class(th: &Thread) -> PyResult<Owned<Type>> {
    let place = &th.interp().state::<TimerError>().0;
    if let Some(class) = place.get_owned() {
        return Ok(class);
    }
    let base = Borrowed::from_ref(exc::OS_ERROR).object();
    let class = new_exception(th, "signal", "ItimerError", &[base], None)?;
    place.set(Some(class.clone()));
    Ok(class)
}

/// Raises `ItimerError(errno, message)`.
fn raise_timer_error(th: &Thread) -> Raised {
    let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    let make = || -> PyResult<Raised> {
        let class = error_class(th)?;
        let code = Int::from_i64(th, errno.into())?;
        let text = Str::new(th, &os::strerror(errno))?;
        let args = Tuple::from_slice(th, &[code.object(), text.object()])?;
        Ok(th.raise_in(class.borrow(), Some(args.object())))
    };
    match make() {
        Ok(raised) | Err(raised) => raised,
    }
}

/// Seconds as the system's time, with microseconds.
fn to_time(th: &Thread, value: Borrowed<'_>) -> PyResult<libc::timeval> {
    let seconds = seconds(th, value)?;
    let whole = seconds.floor();
    let micros = ((seconds - whole) * 1e6).ceil();
    let (whole, micros) = if micros >= 1e6 { (whole + 1.0, 0.0) } else { (whole, micros) };
    Ok(libc::timeval { tv_sec: whole as i64, tv_usec: micros as i64 })
}

fn from_time(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

#[pyfunctions(part = "timer")]
impl Signal {
    #[constant]
    const ITIMER_REAL: i32 = 0;
    #[constant]
    const ITIMER_VIRTUAL: i32 = 1;
    #[constant]
    const ITIMER_PROF: i32 = 2;

    #[exec]
    fn add_error(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "ItimerError", error_class(th)?.object())
    }

    /// Have SIGALRM sent in that many seconds, in place of an earlier alarm; 0 sends none.
    ///
    /// The result is how many seconds the earlier alarm had left, 0 if there was none.
    #[function(sig = "(seconds, /)")]
    fn alarm(seconds: i32) -> u32 {
        // SAFETY: sets a timer.
        unsafe { libc::alarm(seconds as u32) }
    }

    /// Start a timer of the system: ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF.
    ///
    /// Its signal comes after the given seconds, and again after each interval unless that is 0. With 0
    /// seconds the timer stops. The pair of delay and interval that it had before is returned.
    #[function(sig = "(which, seconds, interval=0.0, /)")]
    fn setitimer(
        th: &Thread,
        which: i32,
        seconds: Borrowed<'_>,
        interval: Option<Borrowed<'_>>,
    ) -> PyResult<(f64, f64)> {
        let nothing = libc::timeval { tv_sec: 0, tv_usec: 0 };
        let new = libc::itimerval {
            it_value: to_time(th, seconds)?,
            it_interval: match interval {
                Some(interval) => to_time(th, interval)?,
                None => nothing,
            },
        };
        // SAFETY: both structs are whole.
        let (status, old) = unsafe {
            let mut old: libc::itimerval = zeroed();
            (libc::setitimer(which as _, &new, &mut old), old)
        };
        if status != 0 {
            return Err(raise_timer_error(th));
        }
        Ok((from_time(old.it_value), from_time(old.it_interval)))
    }

    /// How a timer stands: the pair of the seconds left and the interval.
    #[function(sig = "(which, /)")]
    fn getitimer(th: &Thread, which: i32) -> PyResult<(f64, f64)> {
        // SAFETY: the struct is filled by the call.
        let (status, old) = unsafe {
            let mut old: libc::itimerval = zeroed();
            (libc::getitimer(which as _, &mut old), old)
        };
        if status != 0 {
            return Err(raise_timer_error(th));
        }
        Ok((from_time(old.it_value), from_time(old.it_interval)))
    }
}
