//! The methods of `datetime`: its parts, text, other zones, pickling.

use krait_objects::args::{ToObject, rt};
use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use super::calendar::{Hms, Ymd};
use super::clock::{self, EPOCH, struct_time};
use super::date::Date;
use super::date_methods::replaced;
use super::datetime::{DateTime, Moment, utc_offset};
use super::datetime_arithmetic::{self, shifted};
use super::text::{Line, Precision, ctime};
use super::time::Time;
use super::timedelta::Delta;
use super::timezone::TimeZone;
use super::{exact, fields, tzinfo};
use crate::getargs::{Arguments, Format, c_int, character, exactly, given, plain_text};

static ISO_FORMAT: Format = Format::new(Some("isoformat"), &["sep", "timespec"], 0);
static AS_TIMEZONE: Format = Format::new(Some("astimezone"), &["tz"], 0);

static REPLACE: rt::Signature = rt::Signature {
    function: "replace",
    names: &["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    required: &[false; 9],
    positional_only: 0,
    min_positional: 0,
    max_positional: 8,
    required_keywords: 0,
    var_positional: false,
    var_keywords: false,
};

fn replace_fields(th: &Thread, this: Borrowed<'_, DateTime>, args: Args<'_>) -> PyResult {
    let mut bound = [None; 9];
    rt::bind(th, &REPLACE, &given(args), &mut bound)?;
    let (date, time) = (this.date(), this.time());
    let date = Ymd::new(
        replaced(th, bound[0], date.year)?,
        replaced(th, bound[1], date.month)?,
        replaced(th, bound[2], date.day)?,
    );
    let time = Hms::new(
        replaced(th, bound[3], time.hour)?,
        replaced(th, bound[4], time.minute)?,
        replaced(th, bound[5], time.second)?,
        replaced(th, bound[6], time.micro)?,
    );
    let fold = replaced(th, bound[8], this.fold())?;
    let zone = match bound[7] {
        Some(zone) => fields::zone(th, Some(zone))?.map(Borrowed::to_owned),
        None => this.zone().map(Borrowed::to_owned),
    };
    let zone = zone.as_ref().map(Owned::object);
    DateTime::for_class(th, this.object().get().ty(), Moment { date, time, zone, fold })
}

/// `isoformat` with a separator of any character.
fn iso_text(
    th: &Thread,
    this: Borrowed<'_, DateTime>,
    separator: u32,
    precision: Precision,
) -> PyResult<Owned<Str>> {
    let offset = utc_offset(th, this)?;
    let mut line = Line::new();
    line.date(this.date());
    let ascii = separator < 0x80;
    if ascii {
        line.push(separator as u8);
    }
    let split = line.as_bytes().len();
    line.time(this.time(), precision);
    if let Some(offset) = offset {
        line.offset(&offset, ":");
    }
    if ascii {
        return line.to_python(th);
    }
    let (date, time) = line.as_str().split_at(split);
    let mut text = StrBuilder::new();
    text.push_str(date);
    text.push_char(separator);
    text.push_str(time);
    text.finish(th)
}

/// The local zone that a naive `datetime` is taken to be in.
fn zone_of_local(th: &Thread, datetime: &DateTime) -> PyResult<Owned<TimeZone>> {
    let (date, time, fold) = (datetime.date(), datetime.time(), datetime.fold());
    let moment = clock::moment_of_local(th, date, time, fold)?;
    let other = clock::moment_of_local(th, date, time, 1 - fold)?;
    // A time that clocks skip counts as in the zone of the other side.
    let skipped = other != moment && (other > moment) == (fold == 1);
    clock::local_zone(th, if skipped { other } else { moment } - EPOCH)
}

/// `self` in UTC, not labelled as that yet, and the zone that it was in; nothing if that is `target`.
fn to_utc(
    th: &Thread,
    this: Borrowed<'_, DateTime>,
    target: Option<Borrowed<'_>>,
) -> PyResult<Option<Owned>> {
    let known = match this.zone() {
        Some(zone) => {
            let zone = zone.to_owned();
            if target.is_some_and(|target| zone.is(target)) {
                return Ok(None);
            }
            tzinfo::offset(th, &zone, id::utcoffset, this.object())?
        }
        None => None,
    };
    let offset = match known {
        Some(offset) => offset,
        None => {
            let zone = zone_of_local(th, &this)?;
            if target.is_some_and(|target| zone.is(target)) {
                return Ok(None);
            }
            zone.offset().to_owned()
        }
    };
    datetime_arithmetic::add(th, this, &offset, -1).map(Some)
}

#[pymethods(part = "methods")]
impl DateTime {
    /// The day, without the time.
    #[method(name = "date", sig = "(self, /)")]
    fn date_method(&self, th: &Thread) -> PyResult<Owned<Date>> {
        Date::new(th, self.date())
    }

    /// The time of day, without a time zone.
    #[method(name = "time", sig = "(self, /)")]
    fn time_method(&self, th: &Thread) -> PyResult<Owned<Time>> {
        Time::new(th, self.time(), None, self.fold())
    }

    /// The time of day, along with the time zone.
    #[method(sig = "(self, /)")]
    fn timetz(&self, th: &Thread) -> PyResult<Owned<Time>> {
        Time::new(th, self.time(), self.zone(), self.fold())
    }

    /// The date and time as text, for example 'Sun Feb  1 08:30:00 2026'.
    #[method(name = "ctime", sig = "(self, /)")]
    fn ctime_method(&self, th: &Thread) -> PyResult<Owned<Str>> {
        ctime(th, self.date(), self.time())
    }

    /// The fields as the struct that time.localtime() returns.
    #[method(sig = "(self, /)")]
    pub fn timetuple(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let dst = match this.zone() {
            Some(zone) => tzinfo::offset(th, &zone.to_owned(), id::dst, this.object())?,
            None => None,
        };
        let dst = dst.map_or(-1, |dst| i32::from(!dst.is_zero()));
        struct_time(th, this.date(), this.time(), dst)
    }

    /// The seconds since 1970, as a float. Without a time zone, it is taken as local time.
    #[method(sig = "(self, /)")]
    fn timestamp(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Float>> {
        let micro = this.time().micro;
        if this.zone().is_none() {
            let moment = clock::moment_of_local(th, this.date(), this.time(), this.fold())?;
            return Float::new(th, (moment - EPOCH) as f64 + f64::from(micro) / 1e6);
        }
        let Some(offset) = utc_offset(th, this)? else {
            let message = "can't subtract offset-naive and offset-aware datetimes";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        let micros = i128::from(this.seconds() - EPOCH) * 1_000_000 + i128::from(micro);
        exact::true_divide(th, micros - offset.micros(), 1_000_000)
    }

    /// The fields in UTC as the struct that time.gmtime() returns.
    #[method(sig = "(self, /)")]
    fn utctimetuple(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        match utc_offset(th, this)? {
            Some(offset) => {
                let utc = shifted(th, this.get(), &offset, -1)?;
                struct_time(th, utc.date, utc.time, 0)
            }
            None => struct_time(th, this.date(), this.time(), 0),
        }
    }

    /// [sep] -> YYYY-MM-DDT[HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM], a format of ISO 8601
    ///
    /// sep stands between date and time in place of the T. timespec says where the time ends: 'hours',
    /// 'minutes', 'seconds', 'milliseconds', 'microseconds', or 'auto' for microseconds unless they are zero.
    #[method(name = "isoformat", sig = "(self, /, *args, **kwargs)", no_text)]
    fn isoformat_method(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Args<'_>,
    ) -> PyResult<Owned<Str>> {
        let mut arguments = Arguments::new(th, &ISO_FORMAT, given(args))?;
        let separator = match arguments.next(th)? {
            Some(separator) => character(th, "isoformat", 1, separator)?,
            None => u32::from('T'),
        };
        let precision = match arguments.next(th)? {
            Some(name) => {
                let name = plain_text(th, "isoformat", 2, name)?;
                Precision::named(th, name, this.time())?
            }
            None => Precision::auto(this.time()),
        };
        arguments.finish(th)?;
        iso_text(th, this, separator, precision)
    }

    #[slot(tp_str)]
    fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if this.object().is_exact::<DateTime>() {
            let text = iso_text(th, this, u32::from(' '), Precision::auto(this.time()))?;
            return Ok(text.into_object());
        }
        let space = Str::from_char(th, u32::from(' '))?;
        call::call_method(th, this.object(), id::isoformat, &[space.object()])
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let (date, time) = (this.date(), this.time());
        let mut text = StrBuilder::new();
        text.push_str(&format!(
            "{}({}, {}, {}, {}, {}",
            this.object().type_name(),
            date.year,
            date.month,
            date.day,
            time.hour,
            time.minute
        ));
        if time.second != 0 || time.micro != 0 {
            text.push_str(&format!(", {}", time.second));
        }
        if time.micro != 0 {
            text.push_str(&format!(", {}", time.micro));
        }
        if this.fold() != 0 {
            text.push_str(&format!(", fold={}", this.fold()));
        }
        if let Some(zone) = this.zone() {
            text.push_str(", tzinfo=");
            text.push(&*object::repr(th, zone.to_owned().object())?);
        }
        text.push_str(")");
        text.finish(th)
    }

    /// How far the local time is ahead of UTC, as the time zone says; None without a zone.
    #[method(sig = "(self, /)")]
    fn utcoffset(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned<Delta>>> {
        utc_offset(th, this)
    }

    /// What the time zone calls itself at this moment; None without a zone.
    #[method(sig = "(self, /)")]
    fn tzname(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        tzinfo::name(th, this.zone(), this.object())
    }

    /// By how much summer time is in effect, as the time zone says; None without a zone.
    #[method(sig = "(self, /)")]
    fn dst(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned<Delta>>> {
        match this.zone() {
            Some(zone) => tzinfo::offset(th, &zone.to_owned(), id::dst, this.object()),
            None => Ok(None),
        }
    }

    /// A datetime with the fields that are given, and this one's for the rest.
    #[method(
        sig = "(self, /, year=unchanged, month=unchanged, day=unchanged, hour=unchanged, minute=unchanged, second=unchanged, microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)"
    )]
    fn replace(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        replace_fields(th, this, args)
    }

    /// The same as replace().
    #[method(sig = "(self, /, **changes)")]
    fn __replace__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        replace_fields(th, this, args)
    }

    /// The same moment in another time zone: tz, or the system's if that is left out.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn astimezone(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let mut arguments = Arguments::new(th, &AS_TIMEZONE, given(args))?;
        let target = arguments.next(th)?;
        arguments.finish(th)?;
        let target = fields::zone(th, target)?;
        let Some(utc) = to_utc(th, this, target)? else {
            return Ok(this.object().to_owned());
        };
        let Some(moved) = utc.object().downcast::<DateTime>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{} returned '{}' instead of a datetime",
                this.object().get().ty().name(),
                utc.type_name()
            ));
        };
        let target = match target {
            Some(target) => target.to_owned(),
            None => clock::local_zone(th, moved.seconds() - EPOCH)?.into_object(),
        };
        moved.set_zone(target.object());
        call::call_method(th, target.object(), id::fromutc, &[utc.object()])
    }

    /// What pickle needs to make the object anew, for a protocol.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn __reduce_ex__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let [protocol] = exactly(th, "__reduce_ex__", args)?;
        reduce(th, this, c_int(th, protocol)? > 3)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        reduce(th, this, false)
    }
}

/// The class and the packed fields; older protocols know of no fold.
fn reduce(th: &Thread, this: Borrowed<'_, DateTime>, with_fold: bool) -> PyResult {
    let mut packed = this.packed();
    if with_fold && this.fold() != 0 {
        packed[2] |= 0x80;
    }
    let packed = Bytes::new(th, &packed)?.into_object();
    let state = match this.zone() {
        Some(zone) => Tuple::pack(th, [packed, zone.to_owned()])?,
        None => Tuple::pack(th, [packed])?,
    };
    (this.object().get().ty(), state).to_object(th)
}
