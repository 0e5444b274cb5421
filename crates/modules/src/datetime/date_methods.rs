//! The methods of `date`: other ways to make one, calendar questions, text.

use krait_objects::args::{ToObject, rt};
use krait_objects::prelude::*;

use super::calendar::{Hms, IsoError, Ymd, from_iso_week};
use super::clock::{self, Reading, struct_time};
use super::date::{self, Date};
use super::isocalendar::IsoCalendarDate;
use super::text::{Line, ctime};
use super::{capsule, fields, iso_parse, strftime};
use crate::getargs::{Arguments, Format, exactly, given, text};

static ISO_CALENDAR: Format = Format::new(Some("fromisocalendar"), &["year", "week", "day"], 3);
static STRFTIME: Format = Format::new(Some("strftime"), &["format"], 1);

/// The signature of `replace`, which `__replace__` shares.
static REPLACE: rt::Signature = rt::Signature {
    function: "replace",
    names: &["year", "month", "day"],
    required: &[false; 3],
    positional_only: 0,
    min_positional: 0,
    max_positional: 3,
    required_keywords: 0,
    var_positional: false,
    var_keywords: false,
};

/// An argument of `replace` in place of the value it stands for.
pub fn replaced(th: &Thread, value: Option<Borrowed<'_>>, old: i32) -> PyResult<i32> {
    let Some(value) = value else {
        return Ok(old);
    };
    let int = number::index(th, value)?.to_i64().and_then(|value| i32::try_from(value).ok());
    int.ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"))
}

/// The arguments of `strftime`.
pub fn strftime_format<'a>(th: &Thread, args: Args<'a>) -> PyResult<Borrowed<'a, Str>> {
    let mut arguments = Arguments::new(th, &STRFTIME, given(args))?;
    let format = text(th, "strftime", 1, arguments.required(th)?)?;
    arguments.finish(th)?;
    Ok(format)
}

/// `__format__` of dates and times: `str` without a format, `strftime` with one.
pub fn format(th: &Thread, this: Borrowed<'_>, args: Args<'_>) -> PyResult {
    let [format] = exactly(th, "__format__", args)?;
    let format = text(th, "__format__", 1, format)?;
    if format.is_empty() {
        return object::str(th, this).map(Owned::into_object);
    }
    call::call_method(th, this, id::strftime, &[format.object()])
}

/// `strptime` of a class, by the function of `_strptime` that is for it.
pub fn strptime(th: &Thread, function: &str, cls: Borrowed<'_, Type>, args: Args<'_>) -> PyResult {
    let [string, format] = exactly(th, "strptime", args)?;
    text(th, "strptime", 1, string)?;
    text(th, "strptime", 2, format)?;
    let module = krait_eval::import::import(th, "_strptime")?;
    let parse = object::get_attr(th, module.object(), Str::interned(th, function)?.borrow())?;
    call::call(th, parse.object(), &[cls.object(), string, format])
}

#[pymethods(part = "construct")]
impl Date {
    /// The local date at a moment that is given in seconds since 1970, as by time.time().
    #[classmethod(sig = "(type, timestamp, /)")]
    fn fromtimestamp(cls: Borrowed<'_, Type>, th: &Thread, timestamp: Borrowed<'_>) -> PyResult {
        date::from_timestamp(th, cls, timestamp)
    }

    /// The date of day n, where 1 January of the year 1 is day 1. Inverse of toordinal().
    #[classmethod(sig = "(type, /, *args, **kwargs)", no_text)]
    fn fromordinal(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        let [ordinal] = exactly(th, "fromordinal", args)?;
        let ordinal = crate::getargs::c_int(th, ordinal)?;
        if ordinal < 1 {
            return Err(th.raise(exc::VALUE_ERROR, "ordinal must be >= 1"));
        }
        // Any ordinal beyond the last is beyond the last year; its own year goes into the message.
        Date::for_class(th, cls, Ymd::from_ordinal(ordinal.into()))
    }

    /// Read a date that is written in one of the ISO 8601 formats.
    #[classmethod(sig = "(type, object, /)")]
    fn fromisoformat(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let date = iso_parse::date(th, object)?;
        Date::for_class(th, cls, date)
    }

    /// The date of a weekday (1 is Monday) in a week of an ISO year: date.isocalendar() gives these numbers.
    #[classmethod(sig = "(type, /, *args, **kwargs)", no_text)]
    fn fromisocalendar(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        let (year, week, day) = match iso_arguments(th, args) {
            Ok(arguments) => arguments,
            Err(raised) => {
                drop(th.take_if(raised, exc::OVERFLOW_ERROR)?);
                return Err(th.raise(exc::VALUE_ERROR, "ISO calendar component out of range"));
            }
        };
        match from_iso_week(year, week, day) {
            Ok(date) => Date::for_class(th, cls, date),
            Err(IsoError::Year) => Err(fields::bad_year(th, year)),
            Err(IsoError::Week) => Err(raise!(th, VALUE_ERROR, "Invalid week: {week}")),
            Err(IsoError::Weekday) => {
                Err(raise!(th, VALUE_ERROR, "Invalid weekday: {day} (range is [1, 7])"))
            }
        }
    }

    /// Read a date by a format, in the language of time.strptime().
    #[classmethod(name = "strptime", sig = "(type, /, *args, **kwargs)", no_text)]
    fn date_strptime(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        strptime(th, "_strptime_datetime_date", cls, args)
    }

    /// What fromtimestamp() of the class gives for the current time.
    #[classmethod(sig = "(type, /)")]
    fn today(cls: Borrowed<'_, Type>, th: &Thread) -> PyResult {
        if cls.is(Borrowed::from_ref(Date::type_object())) {
            let Reading { seconds, .. } = clock::now(th)?;
            let (date, _) = clock::local(th, seconds)?;
            return Date::for_class(th, cls, date);
        }
        let now = clock::time(th)?;
        call::call_method(th, cls.object(), id::fromtimestamp, &[now.object()])
    }
}

fn iso_arguments(th: &Thread, args: Args<'_>) -> PyResult<(i32, i32, i32)> {
    let mut arguments = Arguments::new(th, &ISO_CALENDAR, given(args))?;
    let fields = (arguments.int_or(th, 0)?, arguments.int_or(th, 0)?, arguments.int_or(th, 0)?);
    arguments.finish(th)?;
    Ok(fields)
}

fn replace_date(th: &Thread, this: Borrowed<'_, Date>, args: Args<'_>) -> PyResult {
    let mut bound = [None; 3];
    rt::bind(th, &REPLACE, &given(args), &mut bound)?;
    let old = this.ymd();
    let year = replaced(th, bound[0], old.year)?;
    let month = replaced(th, bound[1], old.month)?;
    let day = replaced(th, bound[2], old.day)?;
    Date::for_class(th, this.object().get().ty(), Ymd::new(year, month, day))
}

#[pymethods(part = "methods")]
impl Date {
    /// The date and time as text, for example 'Sun Feb  1 00:00:00 2026'.
    #[method(name = "ctime", sig = "(self, /)")]
    fn ctime_method(&self, th: &Thread) -> PyResult<Owned<Str>> {
        ctime(th, self.ymd(), Hms::default())
    }

    /// Text by a format, in the language of time.strftime().
    #[method(name = "strftime", sig = "(self, /, *args, **kwargs)", no_text)]
    fn strftime_method(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let format = strftime_format(th, args)?;
        strftime::of_date(th, this, format)
    }

    /// The same as strftime(), or str() if the format is empty.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn __format__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        format(th, this.object(), args)
    }

    /// The fields as the struct that time.localtime() returns.
    #[method(sig = "(self, /)")]
    fn timetuple(&self, th: &Thread) -> PyResult {
        struct_time(th, self.ymd(), Hms::default(), -1)
    }

    /// The ISO year, week and weekday, as a tuple whose items have those names.
    #[method(sig = "(self, /)")]
    fn isocalendar(&self, th: &Thread) -> PyResult {
        capsule::require_module(th)?;
        let (year, week, weekday) = self.ymd().iso_calendar();
        IsoCalendarDate::new(th, year, week, weekday)
    }

    /// The date as YYYY-MM-DD, a format of ISO 8601.
    #[method(sig = "(self, /)")]
    pub fn isoformat(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let mut line = Line::new();
        line.date(self.ymd());
        line.to_python(th)
    }

    /// The day of the week, from 1 for Monday to 7 for Sunday.
    #[method(sig = "(self, /)")]
    fn isoweekday(&self) -> i32 {
        self.ymd().weekday() + 1
    }

    /// The number of the day, counted from 1 January of the year 1, which is 1.
    #[method(sig = "(self, /)")]
    fn toordinal(&self) -> i64 {
        self.ymd().ordinal()
    }

    /// The day of the week, from 0 for Monday to 6 for Sunday.
    #[method(sig = "(self, /)")]
    fn weekday(&self) -> i32 {
        self.ymd().weekday()
    }

    /// A date with the fields that are given, and this one's for the rest.
    #[method(sig = "(self, /, year=unchanged, month=unchanged, day=unchanged)")]
    fn replace(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        replace_date(th, this, args)
    }

    /// The same as replace().
    #[method(sig = "(self, /, **changes)")]
    fn __replace__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        replace_date(th, this, args)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let state = Bytes::new(th, &this.packed())?;
        let state = Tuple::pack(th, [state.into_object()])?;
        (this.object().get().ty(), state).to_object(th)
    }
}
