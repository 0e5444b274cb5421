//! The methods of `time`: text, its zone, pickling.

use krait_objects::args::{ToObject, rt};
use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use super::args::{Arguments, Format, c_int, exactly, given, plain_text};
use super::calendar::Hms;
use super::date_methods::{format, replaced, strftime_format, strptime};
use super::text::{Line, Precision};
use super::time::{Time, utc_offset};
use super::timedelta::Delta;
use super::{fields, iso_parse, strftime, tzinfo};

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
    /// string, format -> new time from a string, parsed as time.strptime() does.
    #[classmethod(name = "strptime", sig = "(type, /, *args, **kwargs)", no_text)]
    fn time_strptime(cls: Borrowed<'_, Type>, th: &Thread, args: Args<'_>) -> PyResult {
        strptime(th, "_strptime_datetime_time", cls, args)
    }

    /// Return string in ISO 8601 format, [HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].
    ///
    /// The optional argument timespec says how much of the time to
    /// include: 'auto', 'hours', 'minutes', 'seconds',
    /// 'milliseconds' or 'microseconds'.
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

    /// format -> text as strftime() makes it.
    #[method(name = "strftime", sig = "(self, /, *args, **kwargs)", no_text)]
    fn strftime_method(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let format = strftime_format(th, args)?;
        strftime::of_time(th, this, format)
    }

    /// Formats self with strftime.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn __format__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        format(th, this.object(), args)
    }

    /// Return self.tzinfo.utcoffset(self).
    #[method(sig = "(self, /)")]
    fn utcoffset(&self, th: &Thread) -> PyResult<Option<Owned<Delta>>> {
        utc_offset(th, self)
    }

    /// Return self.tzinfo.tzname(self).
    #[method(sig = "(self, /)")]
    fn tzname(&self, th: &Thread) -> PyResult {
        tzinfo::name(th, self.zone(), none())
    }

    /// Return self.tzinfo.dst(self).
    #[method(sig = "(self, /)")]
    fn dst(&self, th: &Thread) -> PyResult<Option<Owned<Delta>>> {
        match self.zone() {
            Some(zone) => tzinfo::offset(th, &zone.to_owned(), id::dst, none()),
            None => Ok(None),
        }
    }

    /// Return time with new specified fields.
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

    /// string -> time from a string in ISO 8601 format
    #[classmethod(sig = "(type, object, /)")]
    fn fromisoformat(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let (time, zone) = iso_parse::time(th, object)?;
        let zone = zone.as_ref().map(Owned::object);
        Time::for_class(th, cls, time, zone, 0)
    }

    /// __reduce_ex__(proto) -> (cls, state)
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn __reduce_ex__(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        let [protocol] = exactly(th, "__reduce_ex__", args)?;
        reduce(th, this, c_int(th, protocol)? > 3)
    }

    /// __reduce__() -> (cls, state)
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        reduce(th, this, false)
    }
}
