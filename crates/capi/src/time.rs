//! `cpython/pytime.h`: clocks in nanoseconds.

use std::ffi::c_int;

use krait_macros::capi;

pub fn read(clock: libc::clockid_t) -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a writable struct; these clocks are always there.
    unsafe { libc::clock_gettime(clock, &mut now) };
    now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
}

macro_rules! clocks {
    ($($name:ident $clock:expr;)*) => {$(
        #[capi]
        pub fn $name(place: *mut i64) -> c_int {
            // SAFETY: C passes a writable place.
            unsafe { *place = read($clock) };
            0
        }
    )*};
}

clocks! {
    PyTime_Monotonic libc::CLOCK_MONOTONIC;
    PyTime_MonotonicRaw libc::CLOCK_MONOTONIC;
    PyTime_PerfCounter libc::CLOCK_MONOTONIC;
    PyTime_PerfCounterRaw libc::CLOCK_MONOTONIC;
    PyTime_Time libc::CLOCK_REALTIME;
    PyTime_TimeRaw libc::CLOCK_REALTIME;
}

#[capi]
pub fn PyTime_AsSecondsDouble(time: i64) -> f64 {
    // Whole seconds first: they are exact for longer.
    if time % 1_000_000_000 == 0 {
        return (time / 1_000_000_000) as f64;
    }
    time as f64 / 1e9
}
