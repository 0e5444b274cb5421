//! The `time` module: clocks in this file, calendar time in `calendar`.
//!
//! The same job as CPython's `Modules/timemodule.c`.

mod calendar;

pub use calendar::struct_time;

use krait_eval::gil::without_gil;
use krait_eval::pending;
use krait_objects::namespace::Namespace;
use krait_objects::prelude::*;

/// Clocks, and conversions between forms of a time.
///
/// A time is either a number of seconds since the Epoch, in UTC, which may have a fraction, or a
/// struct_time: a tuple of year, month, day, hours, minutes, seconds, weekday, day of the year, and a flag
/// for daylight saving time.
#[pymodule(name = "time")]
pub struct Time;

/// Nanoseconds in a second.
const NANOS: i64 = 1_000_000_000;

/// A clock's reading, in nanoseconds.
fn read(th: &Thread, clock: libc::clockid_t) -> PyResult<i64> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is written by the call.
    match unsafe { libc::clock_gettime(clock, &mut now) } {
        0 => Ok(now.tv_sec * NANOS + now.tv_nsec),
        _ => Err(krait_objects::exceptions::os::raise_from_errno(th, None)),
    }
}

fn seconds(nanos: i64) -> f64 {
    // Divided exactly once: the nearest double.
    nanos as f64 / NANOS as f64
}

/// The clocks that have a name of their own: name, clock, adjustable.
const CLOCKS: [(&str, libc::clockid_t, &str, bool); 5] = [
    ("time", libc::CLOCK_REALTIME, "clock_gettime(CLOCK_REALTIME)", true),
    ("monotonic", libc::CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)", false),
    ("perf_counter", libc::CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)", false),
    (
        "process_time",
        libc::CLOCK_PROCESS_CPUTIME_ID,
        "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)",
        false,
    ),
    ("thread_time", libc::CLOCK_THREAD_CPUTIME_ID, "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", false),
];

/// How a number of seconds, int or float, is told in nanoseconds.
fn nanos_of(th: &Thread, value: Borrowed<'_>) -> PyResult<i64> {
    crate::thread::nanoseconds(th, value, NANOS)
}

/// Sleeps until the monotonic clock reaches `deadline`; signal handlers run meanwhile.
fn sleep_until(th: &Thread, deadline: i64) -> PyResult<()> {
    let target = libc::timespec { tv_sec: deadline / NANOS, tv_nsec: deadline % NANOS };
    loop {
        // SAFETY: the structure lives through the call.
        let status = without_gil(th, || unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                libc::TIMER_ABSTIME,
                &target,
                std::ptr::null_mut(),
            )
        });
        if status != libc::EINTR {
            return Ok(());
        }
        if pending::is_set(th) {
            pending::handle(th)?;
        }
    }
}

/// The argument of a function that has one: the reference parses these itself, and so they show no signature.
fn only<'a>(th: &Thread, args: Args<'a>, function: &str) -> PyResult<Borrowed<'a>> {
    match args.positionals() {
        [argument] => Ok(*argument),
        given => {
            let given = given.len();
            Err(raise!(th, TYPE_ERROR, "{function}() takes exactly 1 argument ({given} given)"))
        }
    }
}

/// In seconds.
fn resolution_of(th: &Thread, clock: i32) -> PyResult<f64> {
    let mut resolution = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is written by the call.
    match unsafe { libc::clock_getres(clock, &mut resolution) } {
        0 => Ok(seconds(resolution.tv_sec * NANOS + resolution.tv_nsec)),
        _ => Err(krait_objects::exceptions::os::raise_from_errno(th, None)),
    }
}

#[pyfunctions(parts(calendar))]
impl Time {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, clock) in [
            ("CLOCK_REALTIME", libc::CLOCK_REALTIME),
            ("CLOCK_MONOTONIC", libc::CLOCK_MONOTONIC),
            ("CLOCK_MONOTONIC_RAW", libc::CLOCK_MONOTONIC_RAW),
            ("CLOCK_PROCESS_CPUTIME_ID", libc::CLOCK_PROCESS_CPUTIME_ID),
            ("CLOCK_THREAD_CPUTIME_ID", libc::CLOCK_THREAD_CPUTIME_ID),
            ("CLOCK_BOOTTIME", libc::CLOCK_BOOTTIME),
            ("CLOCK_TAI", libc::CLOCK_TAI),
        ] {
            module.add(th, name, Int::from_i64(th, clock.into())?.object())?;
        }
        calendar::add(module, th)
    }

    /// What time it is now: seconds since the Epoch, with a fraction.
    #[function(sig = "()", no_text)]
    fn time(th: &Thread) -> PyResult<f64> {
        read(th, libc::CLOCK_REALTIME).map(seconds)
    }

    /// What time it is now: nanoseconds since the Epoch.
    #[function(sig = "()", no_text)]
    fn time_ns(th: &Thread) -> PyResult<i64> {
        read(th, libc::CLOCK_REALTIME)
    }

    /// Seconds on a clock that never goes back; only differences mean something.
    #[function(sig = "()", no_text)]
    fn monotonic(th: &Thread) -> PyResult<f64> {
        read(th, libc::CLOCK_MONOTONIC).map(seconds)
    }

    /// Nanoseconds on a clock that never goes back; only differences mean something.
    #[function(sig = "()", no_text)]
    fn monotonic_ns(th: &Thread) -> PyResult<i64> {
        read(th, libc::CLOCK_MONOTONIC)
    }

    /// Seconds on the finest clock there is, to measure how long something takes.
    #[function(sig = "()", no_text)]
    fn perf_counter(th: &Thread) -> PyResult<f64> {
        read(th, libc::CLOCK_MONOTONIC).map(seconds)
    }

    /// Nanoseconds on the finest clock there is, to measure how long something takes.
    #[function(sig = "()", no_text)]
    fn perf_counter_ns(th: &Thread) -> PyResult<i64> {
        read(th, libc::CLOCK_MONOTONIC)
    }

    /// Seconds that processors have worked for this process, in its own code and in the kernel.
    #[function(sig = "()", no_text)]
    fn process_time(th: &Thread) -> PyResult<f64> {
        read(th, libc::CLOCK_PROCESS_CPUTIME_ID).map(seconds)
    }

    /// Nanoseconds that processors have worked for this process, in its own code and in the kernel.
    #[function(sig = "()", no_text)]
    fn process_time_ns(th: &Thread) -> PyResult<i64> {
        read(th, libc::CLOCK_PROCESS_CPUTIME_ID)
    }

    /// Seconds that a processor has worked for this thread, in its own code and in the kernel.
    #[function(sig = "()", no_text)]
    fn thread_time(th: &Thread) -> PyResult<f64> {
        read(th, libc::CLOCK_THREAD_CPUTIME_ID).map(seconds)
    }

    /// Nanoseconds that a processor has worked for this thread, in its own code and in the kernel.
    #[function(sig = "()", no_text)]
    fn thread_time_ns(th: &Thread) -> PyResult<i64> {
        read(th, libc::CLOCK_THREAD_CPUTIME_ID)
    }

    /// Read a clock of the system, in seconds.
    #[function(sig = "(clk_id, /)")]
    fn clock_gettime(th: &Thread, clk_id: i32) -> PyResult<f64> {
        read(th, clk_id).map(seconds)
    }

    /// Read a clock of the system, in nanoseconds.
    #[function(sig = "(clk_id, /)")]
    fn clock_gettime_ns(th: &Thread, clk_id: i32) -> PyResult<i64> {
        read(th, clk_id)
    }

    /// The smallest step of a clock of the system, in seconds.
    #[function(sig = "(clk_id, /)", no_text)]
    fn clock_getres(th: &Thread, args: Args<'_>) -> PyResult<f64> {
        let clock = number::index(th, only(th, args, "clock_getres")?)?.to_i64();
        match clock.and_then(|clock| i32::try_from(clock).ok()) {
            Some(clock) => resolution_of(th, clock),
            None => {
                let message = "Python int too large to convert to C int";
                Err(th.raise(exc::OVERFLOW_ERROR, message))
            }
        }
    }

    /// Set a clock of the system to a number of seconds.
    #[function(sig = "(clk_id, time, /)", no_text)]
    fn clock_settime(th: &Thread, clk_id: i32, time: Borrowed<'_>) -> PyResult<()> {
        let nanos = nanos_of(th, time)?;
        set_clock(th, clk_id, nanos)
    }

    /// Set a clock of the system to a number of nanoseconds.
    #[function(sig = "(clk_id, time, /)", no_text)]
    fn clock_settime_ns(th: &Thread, clk_id: i32, time: i64) -> PyResult<()> {
        set_clock(th, clk_id, time)
    }

    /// Which clock of the system counts the processor time of a thread.
    #[function(sig = "(thread_id, /)", no_text)]
    fn pthread_getcpuclockid(th: &Thread, args: Args<'_>) -> PyResult<i32> {
        let argument = only(th, args, "pthread_getcpuclockid")?;
        let Some(thread_id) = number::index(th, argument)?.to_u64() else {
            let message = "Python int too large to convert to C unsigned long";
            return Err(th.raise(exc::OVERFLOW_ERROR, message));
        };
        let mut clock = 0;
        // SAFETY: as in C, the caller answers for the thread's identity.
        match unsafe { libc::pthread_getcpuclockid(thread_id, &mut clock) } {
            0 => Ok(clock),
            error => {
                // SAFETY: the calling thread's own error number.
                unsafe { *libc::__errno_location() = error };
                Err(krait_objects::exceptions::os::raise_from_errno(th, None))
            }
        }
    }

    /// Wait for a number of seconds, which may have a fraction.
    #[function(sig = "(object, /)", no_text)]
    fn sleep(th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        audit!(th, "time.sleep", object)?;
        let nanos = nanos_of(th, object)?;
        if nanos < 0 {
            return Err(th.raise(exc::VALUE_ERROR, "sleep length must be non-negative"));
        }
        let now = read(th, libc::CLOCK_MONOTONIC)?;
        match now.checked_add(nanos) {
            Some(deadline) => sleep_until(th, deadline),
            None => Err(th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for C PyTime_t")),
        }
    }

    /// Describe the clock behind a function of this module, given the function's name.
    #[function(sig = "(name, /)", no_text)]
    fn get_clock_info(th: &Thread, args: Args<'_>) -> PyResult {
        let argument = only(th, args, "get_clock_info")?;
        let Some(name) = argument.downcast::<Str>() else {
            let found = argument.type_name();
            let message = format!("get_clock_info() argument 1 must be str, not {found}");
            return Err(th.raise(exc::TYPE_ERROR, &message));
        };
        let name = name.get().as_utf8(th)?;
        let Some(&(_, clock, implementation, adjustable)) =
            CLOCKS.iter().find(|clock| clock.0 == name)
        else {
            return Err(th.raise(exc::VALUE_ERROR, "unknown clock"));
        };
        let resolution = resolution_of(th, clock)?;
        let info = Dict::new(th)?;
        let put = |name: &str, value: Borrowed<'_>| -> PyResult<()> {
            info.set_str(th, Str::interned(th, name)?.borrow(), value)
        };
        put("implementation", Str::new(th, implementation)?.object())?;
        put("monotonic", bool_object(name != "time").object())?;
        put("adjustable", bool_object(adjustable).object())?;
        put("resolution", Float::new(th, resolution)?.object())?;
        Namespace::new(th, Some(info.borrow())).map(Owned::into_object)
    }
}

fn set_clock(th: &Thread, clock: i32, nanos: i64) -> PyResult<()> {
    let to = libc::timespec { tv_sec: nanos.div_euclid(NANOS), tv_nsec: nanos.rem_euclid(NANOS) };
    // SAFETY: the structure lives through the call.
    match unsafe { libc::clock_settime(clock, &to) } {
        0 => Ok(()),
        _ => Err(krait_objects::exceptions::os::raise_from_errno(th, None)),
    }
}
