//! `internal/pycore_time.h`: times in nanoseconds from objects, and as other units.
//!
//! SAFETY, throughout: C passes live objects and writable places.

use std::ffi::{c_char, c_int, c_long};

use krait_macros::capi;
use krait_objects::exceptions::os;
use krait_objects::prelude::*;

use crate::time::read;

const NANOS: i64 = 1_000_000_000;

/// `_PyTime_round_t`.
type Round = c_int;
const FLOOR: Round = 0;
const CEILING: Round = 1;
const HALF_EVEN: Round = 2;

fn rounded(value: f64, round: Round) -> f64 {
    match round {
        HALF_EVEN => value.round_ties_even(),
        CEILING => value.ceil(),
        FLOOR => value.floor(),
        _ if value >= 0.0 => value.ceil(),
        _ => value.floor(),
    }
}

/// `value / by`, rounded.
fn divided(value: i64, by: i64, round: Round) -> i64 {
    let (quotient, rest) = (value / by, value % by);
    let away = if rest == 0 { 0 } else { value.signum() };
    match round {
        HALF_EVEN => {
            let twice = rest.abs() * 2;
            if twice > by || twice == by && quotient & 1 != 0 { quotient + away } else { quotient }
        }
        CEILING => quotient + away.max(0),
        FLOOR => quotient + away.min(0),
        _ => quotient + away,
    }
}

fn too_large(th: &Thread) -> Raised {
    th.raise(exc::OVERFLOW_ERROR, "timestamp too large to convert to C PyTime_t")
}

fn out_of_range(th: &Thread) -> Raised {
    th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for platform time_t")
}

fn check_number(th: &Thread, value: f64) -> PyResult<()> {
    if value.is_nan() {
        return Err(th.raise(exc::VALUE_ERROR, "Invalid value NaN (not a number)"));
    }
    Ok(())
}

/// The integer of a float without fraction, if there is one of that size.
fn whole(value: f64) -> Option<i64> {
    let limit = 9_223_372_036_854_775_808.0;
    (-limit..limit).contains(&value).then_some(value as i64)
}

/// The nanoseconds of so many `unit`s.
fn nanoseconds(th: &Thread, ob: Borrowed<'_>, unit: i64, round: Round) -> PyResult<i64> {
    if let Some(float) = ob.downcast::<Float>() {
        check_number(th, float.value())?;
        let value = rounded(float.value() * unit as f64, round);
        return whole(value).ok_or_else(|| too_large(th));
    }
    let value = number::index(th, ob)?.to_i64().and_then(|value| value.checked_mul(unit));
    value.ok_or_else(|| too_large(th))
}

fn seconds(th: &Thread, ob: Borrowed<'_>) -> PyResult<i64> {
    number::index(th, ob)?.to_i64().ok_or_else(|| out_of_range(th))
}

/// Seconds, and the rest in parts of which there are `parts` to a second.
fn split(th: &Thread, ob: Borrowed<'_>, parts: i64, round: Round) -> PyResult<(i64, i64)> {
    let Some(float) = ob.downcast::<Float>() else {
        return Ok((seconds(th, ob)?, 0));
    };
    check_number(th, float.value())?;
    let mut first = float.value().trunc();
    let mut rest = rounded((float.value() - first) * parts as f64, round);
    if rest >= parts as f64 {
        rest -= parts as f64;
        first += 1.0;
    } else if rest < 0.0 {
        rest += parts as f64;
        first -= 1.0;
    }
    Ok((whole(first).ok_or_else(|| out_of_range(th))?, rest as i64))
}

#[capi]
pub fn _PyLong_FromTime_t(th: &Thread, value: i64) -> PyResult<Owned<Int>> {
    Int::from_i64(th, value)
}

#[capi]
pub fn _PyLong_AsTime_t(th: &Thread, ob: Borrowed<'_>) -> PyResult<i64> {
    seconds(th, ob)
}

#[capi]
pub fn _PyTime_ObjectToTime_t(
    th: &Thread,
    ob: Borrowed<'_>,
    place: *mut i64,
    round: Round,
) -> PyResult<()> {
    let value = match ob.downcast::<Float>() {
        Some(float) => {
            check_number(th, float.value())?;
            whole(rounded(float.value(), round)).ok_or_else(|| out_of_range(th))?
        }
        None => seconds(th, ob)?,
    };
    // SAFETY: see the top of the file.
    unsafe { *place = value };
    Ok(())
}

macro_rules! object_to_parts {
    ($($name:ident $parts:expr;)*) => {$(
        #[capi]
        pub fn $name(
            th: &Thread,
            ob: Borrowed<'_>,
            place: *mut i64,
            rest: *mut c_long,
            round: Round,
        ) -> PyResult<()> {
            let found = split(th, ob, $parts, round)?;
            // SAFETY: see the top of the file.
            unsafe { (*place, *rest) = found };
            Ok(())
        }
    )*};
}

object_to_parts! {
    _PyTime_ObjectToTimeval 1_000_000;
    _PyTime_ObjectToTimespec NANOS;
}

#[capi]
pub fn _PyTime_FromSeconds(seconds: c_int) -> i64 {
    i64::from(seconds) * NANOS
}

#[capi]
pub fn _PyTime_FromLong(th: &Thread, place: *mut i64, ob: Borrowed<'_>) -> PyResult<()> {
    let Some(int) = ob.downcast::<Int>() else {
        return Err(raise!(th, TYPE_ERROR, "expect int, got {}", ob.type_name()));
    };
    let value = int.to_i64().ok_or_else(|| too_large(th))?;
    // SAFETY: see the top of the file.
    unsafe { *place = value };
    Ok(())
}

macro_rules! from_object {
    ($($name:ident $unit:expr;)*) => {$(
        #[capi]
        pub fn $name(
            th: &Thread,
            place: *mut i64,
            ob: Borrowed<'_>,
            round: Round,
        ) -> PyResult<()> {
            let value = nanoseconds(th, ob, $unit, round)?;
            // SAFETY: see the top of the file.
            unsafe { *place = value };
            Ok(())
        }
    )*};
}

from_object! {
    _PyTime_FromSecondsObject NANOS;
    _PyTime_FromMillisecondsObject 1_000_000;
}

#[capi]
pub fn _PyTime_AsLong(th: &Thread, time: i64) -> PyResult<Owned<Int>> {
    Int::from_i64(th, time)
}

#[capi]
pub fn _PyTime_AsMilliseconds(time: i64, round: Round) -> i64 {
    divided(time, 1_000_000, round)
}

#[capi]
pub fn _PyTime_AsMicroseconds(time: i64, round: Round) -> i64 {
    divided(time, 1000, round)
}

/// Seconds and microseconds, which are not negative.
fn timeval(time: i64, round: Round) -> (i64, i64) {
    let micros = divided(time, 1000, round);
    (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

#[capi]
pub fn _PyTime_AsTimeval(time: i64, place: *mut libc::timeval, round: Round) -> c_int {
    let (tv_sec, tv_usec) = timeval(time, round);
    // SAFETY: see the top of the file.
    unsafe { *place = libc::timeval { tv_sec, tv_usec } };
    0
}

#[capi]
pub fn _PyTime_AsTimeval_clamp(time: i64, place: *mut libc::timeval, round: Round) {
    let (tv_sec, tv_usec) = timeval(time, round);
    // SAFETY: see the top of the file.
    unsafe { *place = libc::timeval { tv_sec, tv_usec } };
}

#[capi]
pub fn _PyTime_AsTimevalTime_t(
    time: i64,
    place: *mut i64,
    micros: *mut c_int,
    round: Round,
) -> c_int {
    let (seconds, rest) = timeval(time, round);
    // SAFETY: see the top of the file.
    unsafe { (*place, *micros) = (seconds, rest as c_int) };
    0
}

#[capi]
pub fn _PyTime_AsTimespec(time: i64, place: *mut libc::timespec) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { place.write(timespec(time)) };
    0
}

#[capi]
pub fn _PyTime_AsTimespec_clamp(time: i64, place: *mut libc::timespec) {
    // SAFETY: see the top of the file.
    unsafe { place.write(timespec(time)) };
}

fn timespec(time: i64) -> libc::timespec {
    libc::timespec { tv_sec: time.div_euclid(NANOS), tv_nsec: time.rem_euclid(NANOS) }
}

/// What is known of a clock.
#[repr(C)]
pub struct ClockInfo {
    implementation: *const c_char,
    monotonic: c_int,
    adjustable: c_int,
    resolution: f64,
}

#[capi]
pub fn _PyTime_MonotonicWithInfo(place: *mut i64, info: *mut ClockInfo) -> c_int {
    let mut resolution = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: see the top of the file.
    unsafe {
        *place = read(libc::CLOCK_MONOTONIC);
        if !info.is_null() {
            libc::clock_getres(libc::CLOCK_MONOTONIC, &mut resolution);
            *info = ClockInfo {
                implementation: c"clock_gettime(CLOCK_MONOTONIC)".as_ptr(),
                monotonic: 1,
                adjustable: 0,
                resolution: resolution.tv_sec as f64 + resolution.tv_nsec as f64 * 1e-9,
            };
        }
    }
    0
}

type Breaks = unsafe extern "C" fn(*const libc::time_t, *mut libc::tm) -> *mut libc::tm;

fn broken_down(th: &Thread, time: i64, place: *mut libc::tm, breaks: Breaks) -> PyResult<()> {
    // SAFETY: see the top of the file; the error number is the thread's own.
    unsafe {
        *libc::__errno_location() = 0;
        if breaks(&time, place).is_null() {
            if *libc::__errno_location() == 0 {
                *libc::__errno_location() = libc::EINVAL;
            }
            return Err(os::raise_from_errno(th, None));
        }
    }
    Ok(())
}

#[capi]
pub fn _PyTime_localtime(th: &Thread, time: i64, place: *mut libc::tm) -> PyResult<()> {
    broken_down(th, time, place, libc::localtime_r)
}

#[capi]
pub fn _PyTime_gmtime(th: &Thread, time: i64, place: *mut libc::tm) -> PyResult<()> {
    broken_down(th, time, place, libc::gmtime_r)
}

#[capi]
pub fn _PyDeadline_Init(timeout: i64) -> i64 {
    read(libc::CLOCK_MONOTONIC).saturating_add(timeout)
}

#[capi]
pub fn _PyDeadline_Get(deadline: i64) -> i64 {
    deadline.saturating_sub(read(libc::CLOCK_MONOTONIC))
}

/// The nanoseconds of a time-out in seconds.
pub fn timeout(th: &Thread, ob: Borrowed<'_>) -> PyResult<i64> {
    const UP: Round = 3;
    let timeout = nanoseconds(th, ob, NANOS, UP)?;
    if divided(timeout, 1000, UP) > crate::pythread::PY_TIMEOUT_MAX {
        return Err(th.raise(exc::OVERFLOW_ERROR, "timeout value is too large"));
    }
    Ok(timeout)
}
