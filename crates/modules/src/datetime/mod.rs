//! `_datetime`: dates, times, durations and time zones.
//!
//! `calendar` is the arithmetic, without objects; a file per type has the object and its slots, the files beside it
//! its methods; `text` and `strftime` write, `iso_parse` reads, `clock` asks the system; `args` reads arguments as the reference
//! does; `capsule` is what C sees. The same job as CPython's `Modules/_datetimemodule.c`.

pub mod calendar;
mod capsule;
pub mod clock;
mod date;
mod date_methods;
#[allow(clippy::module_inception)]
pub mod datetime;
pub mod datetime_arithmetic;
mod datetime_make;
mod datetime_methods;
mod exact;
mod fields;
mod iso_parse;
mod isocalendar;
mod strftime;
mod text;
mod time;
mod time_methods;
pub mod timedelta;
mod timedelta_arithmetic;
mod timezone;
pub mod tzinfo;

use krait_objects::prelude::*;

use calendar::{Hms, MAX_YEAR, MIN_YEAR, Ymd};
use date::Date;
use datetime::{DateTime, Moment};
use time::Time;
use timedelta::{Delta, MAX_DAYS};
use timezone::TimeZone;
use tzinfo::TzInfo;

/// Dates, times, durations and time zones: what the module datetime consists of.
#[pymodule(name = "_datetime")]
pub struct DateTimeModule;

/// Sets class attributes. Those that an earlier import of the module has set stay: look-ups remember them.
fn set_constants(
    th: &Thread,
    ty: &'static Type,
    constants: &[(&str, Borrowed<'_>)],
) -> PyResult<()> {
    let dict = ty.dict(th);
    for (name, value) in constants {
        let name = Str::interned(th, name)?;
        if dict.get_str(th, name.borrow())?.is_none() {
            dict.set_str(th, name.borrow(), *value)?;
        }
    }
    Ok(())
}

#[pyfunctions]
impl DateTimeModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for ty in [
            Date::type_object(),
            Time::type_object(),
            DateTime::type_object(),
            Delta::type_object(),
            TzInfo::type_object(),
            TimeZone::type_object(),
        ] {
            module.add_type(th, ty)?;
        }
        add_bounds(th)?;
        add_zones(module, th)?;
        for (name, year) in [("MINYEAR", MIN_YEAR), ("MAXYEAR", MAX_YEAR)] {
            module.add(th, name, Int::from_i64(th, year.into())?.object())?;
        }
        module.add(th, "datetime_CAPI", capsule::new(th)?.object())
    }
}

/// The least and the greatest of each type, and the step between two.
fn add_bounds(th: &Thread) -> PyResult<()> {
    let (micro, day) = (Delta::new(th, 0, 0, 1)?, Delta::new(th, 1, 0, 0)?);
    let least = Delta::new(th, -MAX_DAYS, 0, 0)?;
    let greatest = Delta::new(th, MAX_DAYS, 86_399, 999_999)?;
    let constants = |min, max, resolution| [("min", min), ("max", max), ("resolution", resolution)];
    let bounds = constants(least.object(), greatest.object(), micro.object());
    set_constants(th, Delta::type_object(), &bounds)?;
    let (first, last) = (Ymd::new(MIN_YEAR, 1, 1), Ymd::new(MAX_YEAR, 12, 31));
    let (least, greatest) = (Date::new(th, first)?, Date::new(th, last)?);
    let bounds = constants(least.object(), greatest.object(), day.object());
    set_constants(th, Date::type_object(), &bounds)?;
    let (midnight, before) = (Hms::default(), Hms::new(23, 59, 59, 999_999));
    let (least, greatest) = (Time::new(th, midnight, None, 0)?, Time::new(th, before, None, 0)?);
    let bounds = constants(least.object(), greatest.object(), micro.object());
    set_constants(th, Time::type_object(), &bounds)?;
    let naive = |date, time| DateTime::new(th, Moment { date, time, zone: None, fold: 0 });
    let (least, greatest) = (naive(first, midnight)?, naive(last, before)?);
    let bounds = constants(least.object(), greatest.object(), micro.object());
    set_constants(th, DateTime::type_object(), &bounds)
}

fn add_zones(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    let zone = |minutes: i64| {
        let offset = Delta::new(th, 0, minutes * 60, 0)?;
        TimeZone::create(th, offset.borrow(), None)
    };
    // In whole minutes, though zones are made of any offset.
    let (west, east) = (zone(-(23 * 60 + 59))?, zone(23 * 60 + 59)?);
    let utc = TimeZone::utc().object();
    let constants = [("min", west.object()), ("max", east.object()), ("utc", utc)];
    set_constants(th, TimeZone::type_object(), &constants)?;
    module.add(th, "UTC", utc)
}
