//! What values the fields of dates and times may have, and the packed form in which pickles hold them.

use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;

use super::calendar::{Hms, MAX_YEAR, MIN_YEAR, Ymd, days_in_month};
use super::tzinfo::TzInfo;

/// ValueError if there is no such date.
#[inline]
pub fn check_date(th: &Thread, date: Ymd) -> PyResult<Ymd> {
    let Ymd { year, month, day } = date;
    if (MIN_YEAR..=MAX_YEAR).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
    {
        return Ok(date);
    }
    Err(no_such_date(th, date))
}

#[cold]
fn no_such_date(th: &Thread, date: Ymd) -> Raised {
    let Ymd { year, month, day } = date;
    if !(MIN_YEAR..=MAX_YEAR).contains(&year) {
        return bad_year(th, year);
    }
    if !(1..=12).contains(&month) {
        return raise!(th, VALUE_ERROR, "month must be in 1..12, not {month}");
    }
    let days = days_in_month(year, month);
    raise!(th, VALUE_ERROR, "day {day} must be in range 1..{days} for month {month} in year {year}")
}

pub fn bad_year(th: &Thread, year: i32) -> Raised {
    raise!(th, VALUE_ERROR, "year must be in {MIN_YEAR}..{MAX_YEAR}, not {year}")
}

/// ValueError if there is no such time of day.
#[inline]
pub fn check_time(th: &Thread, time: Hms, fold: i32) -> PyResult<Hms> {
    let Hms { hour, minute, second, micro } = time;
    if (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second)
        && (0..1_000_000).contains(&micro)
        && (0..=1).contains(&fold)
    {
        return Ok(time);
    }
    Err(no_such_time(th, time, fold))
}

#[cold]
fn no_such_time(th: &Thread, time: Hms, fold: i32) -> Raised {
    let fields = [
        ("hour", time.hour, 23),
        ("minute", time.minute, 59),
        ("second", time.second, 59),
        ("microsecond", time.micro, 999_999),
    ];
    for (name, value, max) in fields {
        if !(0..=max).contains(&value) {
            return raise!(th, VALUE_ERROR, "{name} must be in 0..{max}, not {value}");
        }
    }
    raise!(th, VALUE_ERROR, "fold must be either 0 or 1, not {fold}")
}

/// An argument that is to be a time zone: nothing for `None`.
#[inline]
pub fn zone<'a>(th: &Thread, value: Option<Borrowed<'a>>) -> PyResult<Option<Borrowed<'a>>> {
    match value {
        None => Ok(None),
        Some(value) if value.is_none() => Ok(None),
        Some(value) if TzInfo::check(&value) => Ok(Some(value)),
        Some(value) => Err(raise!(
            th,
            TYPE_ERROR,
            "tzinfo argument must be None or of a tzinfo subclass, not type '{}'",
            value.type_name()
        )),
    }
}

/// The zone that goes with a pickled state.
pub fn pickled_zone<'a>(
    th: &Thread,
    value: Option<&Borrowed<'a>>,
) -> PyResult<Option<Borrowed<'a>>> {
    match value {
        Some(value) if value.is_none() => Ok(None),
        Some(value) if !TzInfo::check(value) => {
            Err(th.raise(exc::TYPE_ERROR, "bad tzinfo state arg"))
        }
        value => Ok(value.copied()),
    }
}

/// The state that a pickle gives to the constructor instead of a number: `N` bytes, or as many characters where a
/// pickle of Python 2 was read as Latin-1, of which the one at `at` is `sane`.
pub fn pickled<const N: usize>(
    th: &Thread,
    state: Borrowed<'_>,
    what: &str,
    at: usize,
    sane: impl Fn(u32) -> bool,
) -> PyResult<Option<[u8; N]>> {
    if let Some(bytes) = state.downcast::<Bytes>() {
        let packed = <[u8; N]>::try_from(bytes.as_bytes()).ok();
        return Ok(packed.filter(|packed| sane(packed[at].into())));
    }
    let Some(text) = state.downcast::<Str>().filter(|text| text.len() == N) else {
        return Ok(None);
    };
    if !sane(text.char_at(at)) {
        return Ok(None);
    }
    let mut packed = [0; N];
    for (byte, point) in packed.iter_mut().zip(text.chars().iter()) {
        *byte = u8::try_from(point).map_err(|_| {
            raise!(
                th,
                VALUE_ERROR,
                "Failed to encode latin1 string when unpickling a {what} object. pickle.load(data, encoding='latin1') is assumed."
            )
        })?;
    }
    Ok(Some(packed))
}

/// Year (two bytes), month, day.
pub fn pack_date(date: Ymd) -> [u8; 4] {
    [(date.year >> 8) as u8, date.year as u8, date.month as u8, date.day as u8]
}

pub fn unpack_date(packed: [u8; 4]) -> Ymd {
    let [high, low, month, day] = packed.map(i32::from);
    Ymd::new(high << 8 | low, month, day)
}

/// Hour, minute, second, microsecond (three bytes).
pub fn pack_time(time: Hms) -> [u8; 6] {
    let [_, high, middle, low] = time.micro.to_be_bytes();
    [time.hour as u8, time.minute as u8, time.second as u8, high, middle, low]
}

pub fn unpack_time(packed: [u8; 6]) -> Hms {
    let [hour, minute, second, high, middle, low] = packed.map(i32::from);
    Hms::new(hour, minute, second, high << 16 | middle << 8 | low)
}

/// The hash of packed fields: that of the bytes.
pub fn hash_packed(packed: &[u8]) -> isize {
    krait_objects::str::hash_secret().hash(packed) as isize
}
