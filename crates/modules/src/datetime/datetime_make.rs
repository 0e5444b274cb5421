//! The class methods of `datetime`: from clocks, timestamps, text and parts.

use krait_objects::prelude::*;

use super::clock::{self, Reading};
use super::date::Date;
use super::date_methods::strptime;
use super::datetime::{DateTime, Moment};
use super::time::Time;
use super::{fields, iso_parse};
use crate::getargs::{Arguments, Format, exactly, given, wrong_type};

static FROM_TIMESTAMP: Format = Format::new(Some("fromtimestamp"), &["timestamp", "tz"], 1);
static COMBINE: Format = Format::new(Some("combine"), &["date", "time", "tzinfo"], 2);

/// The `datetime` of a moment: local without a zone, else in that zone.
fn of_reading(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    reading: Reading,
    zone: Option<Borrowed<'_>>,
) -> PyResult {
    let Some(zone) = zone else {
        let (date, time) = clock::local(th, reading.seconds)?;
        let fold = clock::fold_of(th, reading.seconds, date, time)?;
        let time = super::calendar::Hms { micro: reading.micro, ..time };
        return DateTime::for_class(th, cls, Moment { date, time, zone: None, fold });
    };
    let utc = in_utc(th, cls, reading, Some(zone))?;
    call::call_method(th, zone, id::fromutc, &[utc.object()])
}

/// The UTC of a moment, labelled with a zone.
fn in_utc(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    reading: Reading,
    zone: Option<Borrowed<'_>>,
) -> PyResult {
    let (date, time) = clock::utc(th, reading.seconds)?;
    let time = super::calendar::Hms { micro: reading.micro, ..time };
    DateTime::for_class(th, cls, Moment { date, time, zone, fold: 0 })
}

/// `datetime.fromtimestamp`, which C reaches too.
pub fn from_timestamp(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    mut arguments: Arguments<'_>,
) -> PyResult {
    let timestamp = arguments.required(th)?;
    let zone = arguments.next(th)?;
    arguments.finish(th)?;
    let zone = fields::zone(th, zone)?;
    of_reading(th, cls, clock::reading(th, timestamp)?, zone)
}

pub fn timestamp_format() -> &'static Format {
    &FROM_TIMESTAMP
}

fn deprecated(th: &Thread, old: &str, new: &str) -> PyResult<()> {
    let message = Str::from_fmt(
        th,
        format_args!(
            "datetime.datetime.{old}() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.{new}."
        ),
    )?;
    let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)
}

#[pymethods(part = "make")]
impl DateTime {
    /// The current date and time.
    ///
    ///   tz
    ///     In which time zone. None for local time, without a zone in the result.
    #[classmethod(sig = "(type, /, tz=None)")]
    fn now(cls: Borrowed<'_, Type>, th: &Thread, tz: Option<Borrowed<'_>>) -> PyResult {
        let zone = fields::zone(th, tz)?;
        of_reading(th, cls, clock::now(th)?, zone)
    }

    /// The current date and time in UTC, without a time zone.
    #[classmethod(sig = "(type, /)")]
    fn utcnow(cls: Borrowed<'_, Type>, th: &Thread) -> PyResult {
        deprecated(th, "utcnow", "now(datetime.UTC)")?;
        in_utc(th, cls, clock::now(th)?, None)
    }

    /// timestamp[, tz]
    ///
    /// The date and time at a moment in seconds since 1970: in the zone tz, or else in local time.
    #[classmethod(name = "fromtimestamp", sig = "(type, /, *args, **kwargs)", no_text)]
    fn fromtimestamp_method(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        from_timestamp(th, cls, Arguments::new(th, &FROM_TIMESTAMP, given(args))?)
    }

    /// The date and time in UTC, without a time zone, at a moment in seconds since 1970.
    #[classmethod(sig = "(type, /, *args, **kwargs)", no_text)]
    fn utcfromtimestamp(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        deprecated(th, "utcfromtimestamp", "fromtimestamp(timestamp, datetime.UTC)")?;
        let [timestamp] = exactly(th, "utcfromtimestamp", args)?;
        in_utc(th, cls, clock::reading(th, timestamp)?, None)
    }

    /// Read a date and time by a format, in the language of time.strptime().
    #[classmethod(name = "strptime", sig = "(type, /, *args, **kwargs)", no_text)]
    fn datetime_strptime(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        strptime(th, "_strptime_datetime_datetime", cls, args)
    }

    /// date, time -> datetime with the fields of both
    ///
    /// The time zone is that of the time, unless tzinfo gives another.
    #[classmethod(sig = "(type, /, *args, **kwargs)", no_text)]
    fn combine(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        let mut arguments = Arguments::new(th, &COMBINE, given(args))?;
        let date = arguments.required(th)?;
        let Some(date) = date.downcast::<Date>() else {
            return Err(wrong_type(th, "combine", 1, "datetime.date", date));
        };
        let time = arguments.required(th)?;
        let Some(time) = time.downcast::<Time>() else {
            return Err(wrong_type(th, "combine", 2, "datetime.time", time));
        };
        let zone = arguments.next(th)?;
        arguments.finish(th)?;
        let zone = match zone {
            Some(zone) => fields::zone(th, Some(zone))?,
            None => time.get().zone(),
        };
        let moment = Moment { date: date.ymd(), time: time.hms(), zone, fold: time.fold() };
        DateTime::for_class(th, cls, moment)
    }

    /// Read a date and time that is written in one of the usual ISO 8601 formats.
    #[classmethod(sig = "(type, object, /)")]
    fn fromisoformat(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let (date, time, zone) = iso_parse::datetime(th, object)?;
        let zone = zone.as_ref().map(Owned::object);
        DateTime::for_class(th, cls, Moment { date, time, zone, fold: 0 })
    }
}
