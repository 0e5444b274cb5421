//! The methods of `date`: other ways to make one, calendar questions, text.

use krait_objects::args::{ToObject, rt};
use krait_objects::prelude::*;

use super::args::{Arguments, Format, exactly, given, text};
use super::calendar::{Hms, IsoError, Ymd, from_iso_week};
use super::clock::{self, Reading, struct_time};
use super::date::{self, Date};
use super::isocalendar::IsoCalendarDate;
use super::text::{Line, ctime};
use super::{capsule, fields, iso_parse, strftime};

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
    /// Create a date from a POSIX timestamp.
    ///
    /// The timestamp is a number of seconds as time.time() gives it, and is
    /// taken as local time.
    #[classmethod(sig = "(type, timestamp, /)")]
    fn fromtimestamp(cls: Borrowed<'_, Type>, th: &Thread, timestamp: Borrowed<'_>) -> PyResult {
        date::from_timestamp(th, cls, timestamp)
    }

    /// int -> date with that proleptic Gregorian ordinal.
    #[classmethod(sig = "(type, /, *args, **kwargs)", no_text)]
    fn fromordinal(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        let [ordinal] = exactly(th, "fromordinal", args)?;
        let ordinal = super::args::c_int(th, ordinal)?;
        if ordinal < 1 {
            return Err(th.raise(exc::VALUE_ERROR, "ordinal must be >= 1"));
        }
        // Any ordinal beyond the last is beyond the last year; its own year goes into the message.
        Date::for_class(th, cls, Ymd::from_ordinal(ordinal.into()))
    }

    /// str -> Create a date from a string in ISO 8601 format.
    #[classmethod(sig = "(type, object, /)")]
    fn fromisoformat(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let date = iso_parse::date(th, object)?;
        Date::for_class(th, cls, date)
    }

    /// int, int, int -> Create a date from ISO year, week number and weekday.
    ///
    /// The opposite of the date.isocalendar() function
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

    /// string, format -> new date from a string, parsed as time.strptime() does.
    #[classmethod(name = "strptime", sig = "(type, /, *args, **kwargs)", no_text)]
    fn date_strptime(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        strptime(th, "_strptime_datetime_date", cls, args)
    }

    /// Current date or datetime: self.__class__.fromtimestamp(time.time()).
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
    /// Return ctime() style string.
    #[method(name = "ctime", sig = "(self, /)")]
    fn ctime_method(&self, th: &Thread) -> PyResult<Owned<Str>> {
        ctime(th, self.ymd(), Hms::default())
    }

    /// format -> text as strftime() makes it.
    #[method(name = "strftime", sig = "(self, /, *args, **kwargs)", no_text)]
    fn strftime_method(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let format = strftime_format(th, args)?;
        strftime::of_date(th, this, format)
    }

    /// Formats self with strftime.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn __format__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        format(th, this.object(), args)
    }

    /// Return a time tuple as time.localtime() gives it.
    #[method(sig = "(self, /)")]
    fn timetuple(&self, th: &Thread) -> PyResult {
        struct_time(th, self.ymd(), Hms::default(), -1)
    }

    /// Return a named tuple of ISO year, week number and weekday.
    #[method(sig = "(self, /)")]
    fn isocalendar(&self, th: &Thread) -> PyResult {
        capsule::require_module(th)?;
        let (year, week, weekday) = self.ymd().iso_calendar();
        IsoCalendarDate::new(th, year, week, weekday)
    }

    /// Return string in ISO 8601 format, YYYY-MM-DD.
    #[method(sig = "(self, /)")]
    pub fn isoformat(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let mut line = Line::new();
        line.date(self.ymd());
        line.to_python(th)
    }

    /// Return the date's day of the week.
    /// Monday == 1 ... Sunday == 7
    #[method(sig = "(self, /)")]
    fn isoweekday(&self) -> i32 {
        self.ymd().weekday() + 1
    }

    /// Return proleptic Gregorian ordinal. 1 January of year 1 is day 1.
    #[method(sig = "(self, /)")]
    fn toordinal(&self) -> i64 {
        self.ymd().ordinal()
    }

    /// Return the date's day of the week.
    /// Monday == 0 ... Sunday == 6
    #[method(sig = "(self, /)")]
    fn weekday(&self) -> i32 {
        self.ymd().weekday()
    }

    /// Return date with new specified fields.
    #[method(sig = "(self, /, year=unchanged, month=unchanged, day=unchanged)")]
    fn replace(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        replace_date(th, this, args)
    }

    /// The same as replace().
    #[method(sig = "(self, /, **changes)")]
    fn __replace__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        replace_date(th, this, args)
    }

    /// __reduce__() -> (cls, state)
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let state = Bytes::new(th, &this.packed())?;
        let state = Tuple::pack(th, [state.into_object()])?;
        (this.object().get().ty(), state).to_object(th)
    }
}
