//! `cpython/pytime.h`: clocks, in nanoseconds.

use std::ffi::c_int;

use krait_abi::PyTime_t;
use krait_macros::capi;
use krait_objects::prelude::*;

fn read(clock: libc::clockid_t) -> Option<PyTime_t> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for the answer.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return None;
    }
    (time.tv_sec as i64).checked_mul(1_000_000_000)?.checked_add(time.tv_nsec as i64)
}

/// Writes the time; 0 and -1 if the clock cannot be read.
fn raw(clock: libc::clockid_t, place: *mut PyTime_t) -> c_int {
    let time = read(clock);
    // SAFETY: C passes a writable place.
    unsafe { *place = time.unwrap_or(0) };
    if time.is_some() { 0 } else { -1 }
}

fn checked(th: &Thread, clock: libc::clockid_t, place: *mut PyTime_t) -> PyResult<()> {
    match raw(clock, place) {
        0 => Ok(()),
        _ => Err(krait_objects::exceptions::os::raise_from_errno(th, None)),
    }
}

macro_rules! clocks {
    ($($name:ident $raw:ident $clock:ident;)*) => {$(
        #[capi]
        pub fn $name(th: &Thread, place: *mut PyTime_t) -> PyResult<()> {
            checked(th, libc::$clock, place)
        }

        /// Needs no thread state.
        #[capi]
        pub fn $raw(place: *mut PyTime_t) -> c_int {
            raw(libc::$clock, place)
        }
    )*};
}

clocks! {
    PyTime_Time PyTime_TimeRaw CLOCK_REALTIME;
    PyTime_Monotonic PyTime_MonotonicRaw CLOCK_MONOTONIC;
    PyTime_PerfCounter PyTime_PerfCounterRaw CLOCK_MONOTONIC;
}

#[capi]
pub fn PyTime_AsSecondsDouble(time: PyTime_t) -> f64 {
    time as f64 / 1e9
}
