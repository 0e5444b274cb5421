//! `_datetime`: dates, times, durations and time zones.
//!
//! `calendar` is the arithmetic, without objects; a file per type has the object and its slots, the files beside it
//! its methods; `text` and `strftime` write, `iso_parse` reads, `clock` asks the system; `args` reads arguments as the reference
//! does; `capsule` is what C sees. The same job as CPython's `Modules/_datetimemodule.c`.

mod args;
mod calendar;
mod capsule;
mod clock;
mod date;
mod date_methods;
#[allow(clippy::module_inception)]
mod datetime;
mod datetime_arithmetic;
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
mod timedelta;
mod timedelta_arithmetic;
mod timezone;
mod tzinfo;

use krait_objects::prelude::*;

use calendar::{Hms, MAX_YEAR, MIN_YEAR, Ymd};
use date::Date;
use datetime::{DateTime, Moment};
use time::Time;
use timedelta::{Delta, MAX_DAYS};
use timezone::TimeZone;
use tzinfo::TzInfo;

/// Fast implementation of the datetime module.
#[pymodule(name = "_datetime")]
pub struct DateTimeModule;

/// Class attributes: the least, the greatest, and the step between two.
fn add_constants<T>(
    th: &Thread,
    ty: &'static Type,
    constants: [(&str, PyResult<Owned<T>>); 2],
    resolution: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let dict = ty.dict(th);
    for (name, value) in constants {
        dict.set_str(th, Str::interned(th, name)?.borrow(), value?.object())?;
    }
    if let Some(resolution) = resolution {
        dict.set_str(th, Str::interned(th, "resolution")?.borrow(), resolution)?;
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
        let last = Hms::new(23, 59, 59, 999_999);
        let (first_day, last_day) = (Ymd::new(MIN_YEAR, 1, 1), Ymd::new(MAX_YEAR, 12, 31));
        let micro = Delta::new(th, 0, 0, 1)?;
        let bounds = [
            ("min", Delta::new(th, -MAX_DAYS, 0, 0)),
            ("max", Delta::new(th, MAX_DAYS, 86_399, 999_999)),
        ];
        add_constants(th, Delta::type_object(), bounds, Some(micro.object()))?;
        let bounds = [("min", Date::new(th, first_day)), ("max", Date::new(th, last_day))];
        let day = Delta::new(th, 1, 0, 0)?;
        add_constants(th, Date::type_object(), bounds, Some(day.object()))?;
        let bounds = [
            ("min", Time::new(th, Hms::default(), None, 0)),
            ("max", Time::new(th, last, None, 0)),
        ];
        add_constants(th, Time::type_object(), bounds, Some(micro.object()))?;
        let naive = |date, time| DateTime::new(th, Moment { date, time, zone: None, fold: 0 });
        let bounds = [("min", naive(first_day, Hms::default())), ("max", naive(last_day, last))];
        add_constants(th, DateTime::type_object(), bounds, Some(micro.object()))?;
        add_zones(module, th)?;
        for (name, year) in [("MINYEAR", MIN_YEAR), ("MAXYEAR", MAX_YEAR)] {
            module.add(th, name, Int::from_i64(th, year.into())?.object())?;
        }
        module.add(th, "datetime_CAPI", capsule::new(th)?.object())
    }
}

fn add_zones(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    let zone = |minutes: i64| {
        let offset = Delta::new(th, 0, minutes * 60, 0)?;
        TimeZone::create(th, offset.borrow(), None)
    };
    // In whole minutes, though zones are made of any offset.
    let bounds = [("min", zone(-(23 * 60 + 59))), ("max", zone(23 * 60 + 59))];
    add_constants(th, TimeZone::type_object(), bounds, None)?;
    let dict = TimeZone::type_object().dict(th);
    dict.set_str(th, Str::interned(th, "utc")?.borrow(), TimeZone::utc().object())?;
    module.add(th, "UTC", TimeZone::utc().object())
}
