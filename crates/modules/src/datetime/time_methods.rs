//! The methods of `time`: text, its zone, pickling.

use krait_objects::args::{ToObject, rt};
use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use super::calendar::Hms;
use super::date_methods::{format, replaced, strftime_format, strptime};
use super::text::{Line, Precision};
use super::time::{Time, utc_offset};
use super::timedelta::Delta;
use super::{fields, iso_parse, strftime, tzinfo};
use crate::getargs::{Arguments, Format, c_int, exactly, given, plain_text};

static ISO_FORMAT: Format = Format::new(Some("isoformat"), &["timespec"], 0);

static REPLACE: rt::Signature = rt::Signature {
    function: "replace",
    names: &["hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    required: &[false; 6],
    positional_only: 0,
    min_positional: 0,
    max_positional: 5,
    required_keywords: 0,
    var_positional: false,
    var_keywords: false,
};

fn replace_fields(th: &Thread, this: Borrowed<'_, Time>, args: Args<'_>) -> PyResult {
    let mut bound = [None; 6];
    rt::bind(th, &REPLACE, &given(args), &mut bound)?;
    let old = this.hms();
    let time = Hms::new(
        replaced(th, bound[0], old.hour)?,
        replaced(th, bound[1], old.minute)?,
        replaced(th, bound[2], old.second)?,
        replaced(th, bound[3], old.micro)?,
    );
    let fold = replaced(th, bound[5], this.fold())?;
    let zone = match bound[4] {
        Some(zone) => fields::zone(th, Some(zone))?,
        None => this.get().zone(),
    };
    Time::for_class(th, this.object().get().ty(), time, zone, fold)
}

fn iso_text(th: &Thread, this: &Time, precision: Precision) -> PyResult<Owned<Str>> {
    let mut line = Line::new();
    line.time(this.hms(), precision);
    if let Some(offset) = utc_offset(th, this)? {
        line.offset(&offset, ":");
    }
    line.to_python(th)
}

/// The class and the packed fields; older protocols know of no fold.
fn reduce(th: &Thread, this: Borrowed<'_, Time>, with_fold: bool) -> PyResult {
    let mut packed = this.packed();
    if with_fold && this.fold() != 0 {
        packed[0] |= 0x80;
    }
    let packed = Bytes::new(th, &packed)?.into_object();
    let state = match this.get().zone() {
        Some(zone) => Tuple::pack(th, [packed, zone.to_owned()])?,
        None => Tuple::pack(th, [packed])?,
    };
    (this.object().get().ty(), state).to_object(th)
}

#[pymethods(part = "methods")]
impl Time {
    /// Read a time by a format, in the language of time.strptime().
    #[classmethod(name = "strptime", sig = "(type, /, *args, **kwargs)", no_text)]
    fn time_strptime(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        strptime(th, "_strptime_datetime_time", cls, args)
    }

    /// The time as [HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM], a format of ISO 8601.
    ///
    /// timespec says where it ends: 'hours', 'minutes', 'seconds', 'milliseconds', 'microseconds', or
    /// 'auto' for microseconds unless they are zero.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn isoformat(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult<Owned<Str>> {
        let mut arguments = Arguments::new(th, &ISO_FORMAT, given(args))?;
        let precision = match arguments.next(th)? {
            Some(name) => {
                let name = plain_text(th, "isoformat", 1, name)?;
                Precision::named(th, name, this.hms())?
            }
            None => Precision::auto(this.hms()),
        };
        arguments.finish(th)?;
        iso_text(th, &this, precision)
    }

    #[slot(tp_str)]
    fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if this.object().is_exact::<Time>() {
            return iso_text(th, &this, Precision::auto(this.hms())).map(Owned::into_object);
        }
        call::call_method(th, this.object(), id::isoformat, &[])
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let Hms { hour, minute, second, micro } = this.hms();
        let mut text = StrBuilder::new();
        text.push_str(&format!("{}({hour}, {minute}", this.object().type_name()));
        if second != 0 || micro != 0 {
            text.push_str(&format!(", {second}"));
        }
        if micro != 0 {
            text.push_str(&format!(", {micro}"));
        }
        if let Some(zone) = this.get().zone() {
            text.push_str(", tzinfo=");
            text.push(&*object::repr(th, zone.to_owned().object())?);
        }
        if this.fold() != 0 {
            text.push_str(&format!(", fold={}", this.fold()));
        }
        text.push_str(")");
        text.finish(th)
    }

    /// Text by a format, in the language of time.strftime().
    #[method(name = "strftime", sig = "(self, /, *args, **kwargs)", no_text)]
    fn strftime_method(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let format = strftime_format(th, args)?;
        strftime::of_time(th, this, format)
    }

    /// The same as strftime(), or str() if the format is empty.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn __format__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        format(th, this.object(), args)
    }

    /// How far the local time is ahead of UTC, as the time zone says; None without a zone.
    #[method(sig = "(self, /)")]
    fn utcoffset(&self, th: &Thread) -> PyResult<Option<Owned<Delta>>> {
        utc_offset(th, self)
    }

    /// What the time zone calls itself; None without a zone.
    #[method(sig = "(self, /)")]
    fn tzname(&self, th: &Thread) -> PyResult {
        tzinfo::name(th, self.zone(), none())
    }

    /// By how much summer time is in effect, as the time zone says; None without a zone.
    #[method(sig = "(self, /)")]
    fn dst(&self, th: &Thread) -> PyResult<Option<Owned<Delta>>> {
        match self.zone() {
            Some(zone) => tzinfo::offset(th, &zone.to_owned(), id::dst, none()),
            None => Ok(None),
        }
    }

    /// A time with the fields that are given, and this one's for the rest.
    #[method(
        sig = "(self, /, hour=unchanged, minute=unchanged, second=unchanged, microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)"
    )]
    fn replace(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        replace_fields(th, this, args)
    }

    /// The same as replace().
    #[method(sig = "(self, /, **changes)")]
    fn __replace__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        replace_fields(th, this, args)
    }

    /// Read a time that is written in one of the ISO 8601 formats.
    #[classmethod(sig = "(type, object, /)")]
    fn fromisoformat(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let (time, zone) = iso_parse::time(th, object)?;
        let zone = zone.as_ref().map(Owned::object);
        Time::for_class(th, cls, time, zone, 0)
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
