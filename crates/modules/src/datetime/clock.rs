//! The system's clock and its idea of local time.
//!
//! Local times are found by asking the C library for the local time of a moment; the way back, which may have two answers
//! or none, is searched from there. The same job as `local_to_seconds` and what is around it in CPython's
//! `Modules/_datetimemodule.c`, and as `_PyTime_ObjectToTimeval` in `Python/pytime.c`.

use std::ffi::CStr;

use krait_objects::exceptions::os;
use krait_objects::prelude::*;
use krait_objects::structseq::StructSequence;

use super::calendar::{EPOCH_ORDINAL, Hms, MAX_YEAR, MIN_YEAR, SECONDS_PER_DAY, Ymd};
use super::fields;
use super::timedelta::Delta;
use super::timezone::TimeZone;

/// 1 January 1970, in seconds since the beginning of day 0.
pub const EPOCH: i64 = EPOCH_ORDINAL * SECONDS_PER_DAY;
/// No clock was ever set back by more.
const MAX_FOLD: i64 = SECONDS_PER_DAY;

/// Seconds since 1970 and microseconds.
pub struct Reading {
    pub seconds: i64,
    pub micro: i32,
}

/// The current time.
pub fn now(th: &Thread) -> PyResult<Reading> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is written by the call.
    match unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &mut now) } {
        0 => Ok(Reading { seconds: now.tv_sec, micro: (now.tv_nsec / 1000) as i32 }),
        _ => Err(os::raise_from_errno(th, None)),
    }
}

/// `time.time()`, through the module: a subclass's `fromtimestamp` gets what Python code sees.
pub fn time(th: &Thread) -> PyResult {
    let module = krait_eval::import::import(th, "time")?;
    call::call_method(th, module.object(), Str::interned(th, "time")?.borrow(), &[])
}

fn fields_of(time: &libc::tm) -> (Ymd, Hms) {
    let year = i64::from(time.tm_year) + 1900;
    // A leap second is shown as the one before.
    let second = time.tm_sec.min(59);
    (
        Ymd::new(year.min(i64::from(i32::MAX)) as i32, time.tm_mon + 1, time.tm_mday),
        Hms::new(time.tm_hour, time.tm_min, second, 0),
    )
}

fn local_tm(th: &Thread, seconds: i64) -> PyResult<libc::tm> {
    // SAFETY: the structure is plain data, written by the call.
    unsafe {
        let mut time: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&seconds, &mut time).is_null() {
            return Err(os::raise_from_errno(th, None));
        }
        Ok(time)
    }
}

/// Local date and time of a moment. The year may be any.
pub fn local(th: &Thread, seconds: i64) -> PyResult<(Ymd, Hms)> {
    Ok(fields_of(&local_tm(th, seconds)?))
}

/// Date and time of a moment in UTC. The year may be any.
pub fn utc(th: &Thread, seconds: i64) -> PyResult<(Ymd, Hms)> {
    // SAFETY: the structure is plain data, written by the call.
    unsafe {
        let mut time: libc::tm = std::mem::zeroed();
        if libc::gmtime_r(&seconds, &mut time).is_null() {
            return Err(os::raise_from_errno(th, None));
        }
        Ok(fields_of(&time))
    }
}

fn out_of_range(th: &Thread) -> Raised {
    th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for platform time_t")
}

/// A float that is to be a time.
fn float_of(th: &Thread, value: Borrowed<'_>) -> PyResult<Option<f64>> {
    match value.downcast::<Float>() {
        Some(float) if float.value().is_nan() => {
            Err(th.raise(exc::VALUE_ERROR, "Invalid value NaN (not a number)"))
        }
        float => Ok(float.map(|float| float.value())),
    }
}

fn in_range(th: &Thread, whole: f64) -> PyResult<i64> {
    const LIMIT: f64 = (1u64 << 63) as f64;
    if (-LIMIT..LIMIT).contains(&whole) { Ok(whole as i64) } else { Err(out_of_range(th)) }
}

/// A timestamp in whole seconds, rounded down.
pub fn whole_seconds(th: &Thread, value: Borrowed<'_>) -> PyResult<i64> {
    match float_of(th, value)? {
        Some(float) => in_range(th, float.floor()),
        None => number::index(th, value)?.to_i64().ok_or_else(|| out_of_range(th)),
    }
}

/// A timestamp in seconds and microseconds, rounded to the nearest one (a half to the even one).
pub fn reading(th: &Thread, value: Borrowed<'_>) -> PyResult<Reading> {
    if let Some(float) = float_of(th, value)? {
        let (mut whole, mut micro) = (float.trunc(), 0.0);
        if float.is_finite() {
            micro = (float.fract() * 1e6).round_ties_even();
        }
        if micro >= 1e6 {
            micro -= 1e6;
            whole += 1.0;
        } else if micro < 0.0 {
            micro += 1e6;
            whole -= 1.0;
        }
        return Ok(Reading { seconds: in_range(th, whole)?, micro: micro as i32 });
    }
    if !number::is_index(value) {
        let found = value.type_name();
        return Err(raise!(th, TYPE_ERROR, "argument must be int or float, not {found}"));
    }
    let seconds = number::index(th, value)?.to_i64().ok_or_else(|| out_of_range(th))?;
    Ok(Reading { seconds, micro: 0 })
}

/// Seconds since the beginning of day 0, as if the time were UTC.
fn as_utc(th: &Thread, date: Ymd, time: Hms) -> PyResult<i64> {
    if !(MIN_YEAR..=MAX_YEAR).contains(&date.year) {
        return Err(fields::bad_year(th, date.year));
    }
    Ok(date.ordinal() * SECONDS_PER_DAY + time.seconds())
}

/// The local time of a moment, both in seconds since the beginning of day 0.
fn local_seconds(th: &Thread, moment: i64) -> PyResult<i64> {
    let (date, time) = local(th, moment - EPOCH)?;
    as_utc(th, date, time)
}

/// The moment of a local time, in seconds since the beginning of day 0: the first or, with the fold, the second one if
/// clocks show it twice; one on either side if they skip it.
pub fn moment_of_local(th: &Thread, date: Ymd, time: Hms, fold: i32) -> PyResult<i64> {
    let wanted = as_utc(th, date, time)?;
    let offset = local_seconds(th, wanted)? - wanted;
    let first = wanted - offset;
    let seen = local_seconds(th, first)?;
    let other = if seen == wanted {
        // One answer; there may be another one on the side that the fold asks for.
        let probe = if fold == 0 { first - MAX_FOLD } else { first + MAX_FOLD };
        let other = local_seconds(th, probe)? - probe;
        if other == offset {
            return Ok(first);
        }
        other
    } else {
        seen - first
    };
    let second = wanted - other;
    if local_seconds(th, second)? == wanted {
        return Ok(second);
    }
    if seen == wanted {
        return Ok(first);
    }
    Ok(if fold == 0 { first.max(second) } else { first.min(second) })
}

/// Whether a moment's local time (given with it) is the second one that clocks show.
pub fn fold_of(th: &Thread, seconds: i64, date: Ymd, time: Hms) -> PyResult<i32> {
    let shown = as_utc(th, date, time)?;
    let moment = EPOCH + seconds;
    let before = local_seconds(th, moment - MAX_FOLD)?;
    let set_back = shown - before - MAX_FOLD;
    if set_back >= 0 {
        return Ok(0);
    }
    Ok(i32::from(local_seconds(th, moment + set_back)? == shown))
}

/// The local zone at a moment, as a fixed offset with a name.
pub fn local_zone(th: &Thread, seconds: i64) -> PyResult<Owned<TimeZone>> {
    let time = local_tm(th, seconds)?;
    let offset = Delta::new(th, 0, time.tm_gmtoff, 0)?;
    let name = if time.tm_zone.is_null() {
        None
    } else {
        // SAFETY: the C library's zone names are NUL-terminated and stay.
        Some(Str::from_fs_bytes(th, unsafe { CStr::from_ptr(time.tm_zone) }.to_bytes())?)
    };
    TimeZone::new(th, offset.borrow(), name.as_ref().map(Owned::borrow))
}

/// `time.struct_time` of these fields.
pub fn struct_time(th: &Thread, date: Ymd, time: Hms, dst: i32) -> PyResult {
    let numbers = [
        date.year,
        date.month,
        date.day,
        time.hour,
        time.minute,
        time.second,
        date.weekday(),
        date.day_of_year(),
        dst,
    ];
    let mut values = Vec::with_capacity(11);
    for number in numbers {
        values.push(Int::from_i64(th, number.into())?.into_object());
    }
    values.extend([none().to_owned(), none().to_owned()]);
    let ty = crate::time::struct_time(th)?;
    StructSequence::new(th, ty.borrow(), values).map(Owned::into_object)
}
