//! Arguments that say for how long to wait.

use std::time::Duration;

use krait_objects::prelude::*;

/// How long.
pub enum Timeout {
    /// Not at all.
    None,
    Forever,
    For(Duration),
}

/// The longest time, in seconds: `_thread.TIMEOUT_MAX`.
pub const MAX: f64 = 9_223_372_036.0;

/// Seconds as a `float` or an `int`.
pub fn seconds(th: &Thread, value: Borrowed<'_>) -> PyResult<f64> {
    let range = "timestamp out of range for C PyTime_t";
    if let Some(float) = value.downcast::<Float>() {
        let seconds = float.value();
        if seconds.is_nan() {
            return Err(th.raise(exc::VALUE_ERROR, "Invalid value NaN (not a number)"));
        }
        if seconds.abs() * 1e9 >= i64::MAX as f64 {
            return Err(th.raise(exc::OVERFLOW_ERROR, range));
        }
        return Ok(seconds);
    }
    if !number::is_index(value) {
        let found = value.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "'{found}' object cannot be interpreted as an integer or float"
        ));
    }
    let int = number::index(th, value)?;
    match int.to_i64().filter(|seconds| seconds.checked_mul(1_000_000_000).is_some()) {
        Some(seconds) => Ok(seconds as f64),
        None => Err(th.raise(exc::OVERFLOW_ERROR, range)),
    }
}

/// A time in nanoseconds, rounded up; `unit` is how many of them are the given number's one.
pub fn nanoseconds(th: &Thread, value: Borrowed<'_>, unit: i64) -> PyResult<i64> {
    let range = || th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for C PyTime_t");
    if let Some(float) = value.downcast::<Float>() {
        let float = float.value();
        if float.is_nan() {
            return Err(th.raise(exc::VALUE_ERROR, "Invalid value NaN (not a number)"));
        }
        let nanos = float * unit as f64;
        // Away from zero: a short wait is never no wait.
        let nanos = if nanos < 0.0 { nanos.floor() } else { nanos.ceil() };
        return if nanos.abs() < i64::MAX as f64 { Ok(nanos as i64) } else { Err(range()) };
    }
    if !number::is_index(value) {
        let found = value.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "'{found}' object cannot be interpreted as an integer or float"
        ));
    }
    let int = number::index(th, value)?;
    int.to_i64().and_then(|int| int.checked_mul(unit)).ok_or_else(range)
}

/// The arguments of `acquire`.
pub fn parse(th: &Thread, blocking: bool, timeout: Option<Borrowed<'_>>) -> PyResult<Timeout> {
    let seconds = match timeout {
        Some(timeout) => seconds(th, timeout)?,
        None => -1.0,
    };
    let given = seconds != -1.0;
    if !blocking && given {
        return Err(th.raise(exc::VALUE_ERROR, "can't specify a timeout for a non-blocking call"));
    }
    if !blocking {
        return Ok(Timeout::None);
    }
    if !given {
        return Ok(Timeout::Forever);
    }
    if seconds < 0.0 {
        return Err(th.raise(exc::VALUE_ERROR, "timeout value must be a non-negative number"));
    }
    if seconds > MAX {
        return Err(th.raise(exc::OVERFLOW_ERROR, "timeout value is too large"));
    }
    // No wait at all for no time.
    if seconds == 0.0 {
        return Ok(Timeout::None);
    }
    Ok(Timeout::For(Duration::from_secs_f64(seconds)))
}
