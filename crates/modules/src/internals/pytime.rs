//! Conversions of `PyTime_t`, nanoseconds, for `_testinternalcapi`: seconds of all kinds, and how they are rounded.

use krait_objects::prelude::*;

const NANOS: i64 = 1_000_000_000;
const TIME: &str = "timestamp out of range for C PyTime_t";
const TIME_T: &str = "timestamp out of range for platform time_t";

/// `_PyTime_ROUND_…`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Round {
    Floor,
    Ceiling,
    HalfEven,
    /// Away from zero.
    Up,
}

impl Round {
    pub fn from_c(th: &Thread, round: i32) -> PyResult<Round> {
        Ok(match round {
            0 => Round::Floor,
            1 => Round::Ceiling,
            2 => Round::HalfEven,
            3 => Round::Up,
            _ => return Err(th.raise(exc::VALUE_ERROR, "invalid rounding")),
        })
    }

    fn float(self, value: f64) -> f64 {
        match self {
            Round::Floor => value.floor(),
            Round::Ceiling => value.ceil(),
            Round::HalfEven => value.round_ties_even(),
            Round::Up if value >= 0.0 => value.ceil(),
            Round::Up => value.floor(),
        }
    }

    pub fn divide(self, value: i64, by: i64) -> i64 {
        let (quotient, rest) = (value.div_euclid(by), value.rem_euclid(by));
        let up = match self {
            Round::Floor => false,
            Round::Ceiling => rest > 0,
            Round::HalfEven => rest > by / 2 || (rest == by - rest && quotient & 1 == 1),
            Round::Up => rest > 0 && value > 0,
        };
        quotient + i64::from(up)
    }
}

fn out_of_range(th: &Thread, message: &str) -> Raised {
    th.raise(exc::OVERFLOW_ERROR, message)
}

fn not_a_number(th: &Thread) -> Raised {
    th.raise(exc::VALUE_ERROR, "Invalid value NaN (not a number)")
}

/// A float that is a whole number as an integer.
fn whole(th: &Thread, value: f64, message: &str) -> PyResult<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) { Ok(value as i64) } else { Err(out_of_range(th, message)) }
}

fn integer(th: &Thread, seconds: Borrowed<'_>, message: &str) -> PyResult<i64> {
    let seconds = number::index(th, seconds)?;
    seconds.to_i64().ok_or_else(|| out_of_range(th, message))
}

pub fn from_seconds(seconds: i32) -> i64 {
    i64::from(seconds) * NANOS
}

pub fn from_seconds_object(th: &Thread, seconds: Borrowed<'_>, round: Round) -> PyResult<i64> {
    if let Some(seconds) = seconds.downcast::<Float>() {
        let seconds = seconds.value();
        if seconds.is_nan() {
            return Err(not_a_number(th));
        }
        return whole(th, round.float(seconds * NANOS as f64), TIME);
    }
    let seconds = integer(th, seconds, TIME)?;
    seconds.checked_mul(NANOS).ok_or_else(|| out_of_range(th, TIME))
}

/// Seconds, and what is left in the unit of which `units` are a second.
pub fn split(time: i64, units: i64, round: Round) -> (i64, i64) {
    let time = round.divide(time, NANOS / units);
    (time.div_euclid(units), time.rem_euclid(units))
}

pub fn time_t_of(th: &Thread, seconds: Borrowed<'_>, round: Round) -> PyResult<i64> {
    match seconds.downcast::<Float>() {
        Some(seconds) if seconds.value().is_nan() => Err(not_a_number(th)),
        Some(seconds) => whole(th, round.float(seconds.value()), TIME_T),
        None => integer(th, seconds, TIME_T),
    }
}

/// As `split`, for a number of seconds.
pub fn split_object(
    th: &Thread,
    seconds: Borrowed<'_>,
    units: f64,
    round: Round,
) -> PyResult<(i64, i64)> {
    let Some(seconds) = seconds.downcast::<Float>() else {
        return Ok((integer(th, seconds, TIME_T)?, 0));
    };
    let seconds = seconds.value();
    if seconds.is_nan() {
        return Err(not_a_number(th));
    }
    let mut full = seconds.trunc();
    let mut rest = round.float((seconds - full) * units);
    if rest >= units {
        rest -= units;
        full += 1.0;
    } else if rest < 0.0 {
        rest += units;
        full -= 1.0;
    }
    Ok((whole(th, full, TIME_T)?, rest as i64))
}
