//! `strftime` of dates and times: `%f`, `%z`, `%:z` and `%Z` are ours, years have four digits, the rest is `time.strftime`'s.
//!
//! The same job as `wrap_strftime` of CPython's `Modules/_datetimemodule.c`.

use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use super::calendar::{Hms, Ymd};
use super::clock::struct_time;
use super::date::Date;
use super::datetime::DateTime;
use super::text::Line;
use super::time::Time;
use super::tzinfo;

/// What a format is applied to.
struct Subject<'a> {
    micro: i32,
    zone: Option<Borrowed<'a>>,
    /// What the zone is asked with.
    argument: Borrowed<'a>,
}

/// `format` of a `date` or `datetime`.
pub fn of_date(th: &Thread, this: Borrowed<'_, Date>, format: Borrowed<'_, Str>) -> PyResult {
    let ob = this.object();
    let datetime = ob.downcast::<DateTime>();
    let (time, zone) = match &datetime {
        Some(datetime) => (datetime.time(), datetime.get().zone()),
        None => (Hms::default(), None),
    };
    let zone = zone.map(Borrowed::to_owned);
    let subject =
        Subject { micro: time.micro, zone: zone.as_ref().map(Owned::object), argument: ob };
    let exact = ob.is_exact::<Date>() || ob.is_exact::<DateTime>();
    if exact {
        if let Some(text) = plain(th, this.ymd(), time, &subject, format)? {
            return Ok(text.into_object());
        }
    }
    let tuple = call::call_method(th, ob, id::timetuple, &[])?;
    general(th, &subject, format, tuple.object())
}

/// `format` of a `time`, with a day that says nothing.
pub fn of_time(th: &Thread, this: Borrowed<'_, Time>, format: Borrowed<'_, Str>) -> PyResult {
    let zone = this.get().zone().map(Borrowed::to_owned);
    let (date, time) = (Ymd::new(1900, 1, 1), this.hms());
    let zone = zone.as_ref().map(Owned::object);
    let subject = Subject { micro: time.micro, zone, argument: none() };
    if let Some(text) = plain(th, date, time, &subject, format)? {
        return Ok(text.into_object());
    }
    let tuple = struct_time(th, date, time, -1)?;
    let tuple = iter::collect(th, tuple.object())?;
    let tuple = Tuple::from_vec(th, tuple)?;
    general(th, &subject, format, tuple.object())
}

/// The text of a format that asks only for numbers and needs neither the C library nor its locale.
fn plain(
    th: &Thread,
    date: Ymd,
    time: Hms,
    subject: &Subject<'_>,
    format: Borrowed<'_, Str>,
) -> PyResult<Option<Owned<Str>>> {
    let Some(format) = format.get().as_ascii().filter(|format| is_plain(format)) else {
        return Ok(None);
    };
    let mut text = StrBuilder::with_capacity(format.len() * 2);
    let mut bytes = format.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            text.push_char(byte.into());
            continue;
        }
        let mut line = Line::new();
        match bytes.next().unwrap_or(b'%') {
            b'Y' => line.number(date.year, 4),
            b'm' => line.number(date.month, 2),
            b'd' => line.number(date.day, 2),
            b'H' => line.number(time.hour, 2),
            b'M' => line.number(time.minute, 2),
            b'S' => line.number(time.second, 2),
            b'y' => line.number(date.year % 100, 2),
            b'j' => line.number(date.day_of_year(), 3),
            b'I' => line.number((time.hour + 11) % 12 + 1, 2),
            b'F' => line.date(date),
            b'T' => line.time(time, super::text::Precision::Seconds),
            b'R' => line.time(time, super::text::Precision::Minutes),
            b'w' => line.number((date.weekday() + 1) % 7, 1),
            b'u' => line.number(date.weekday() + 1, 1),
            b'f' => line.number(subject.micro, 6),
            b'z' => offset(th, subject, "", &mut line)?,
            other => line.push(other),
        }
        text.push_str(line.as_str());
    }
    text.finish(th).map(Some)
}

/// Whether `plain` knows every directive of a format.
fn is_plain(format: &str) -> bool {
    let mut bytes = format.bytes();
    while let Some(byte) = bytes.next() {
        if byte == 0
            || (byte == b'%' && !bytes.next().is_some_and(|b| b"YmdHMSyjIFTRwufz%".contains(&b)))
        {
            return false;
        }
    }
    true
}

/// The offset from UTC, or nothing if it is not known.
fn offset(th: &Thread, subject: &Subject<'_>, separator: &str, line: &mut Line) -> PyResult<()> {
    let Some(zone) = subject.zone else {
        return Ok(());
    };
    if let Some(offset) = tzinfo::offset(th, &zone.to_owned(), id::utcoffset, subject.argument)? {
        line.offset(&offset, separator);
    }
    Ok(())
}

/// Replaces what is ours, and has `time.strftime` do the rest.
fn general(
    th: &Thread,
    subject: &Subject<'_>,
    format: Borrowed<'_, Str>,
    tuple: Borrowed<'_>,
) -> PyResult {
    let module = krait_eval::import::import(th, "time")?;
    let strftime = object::get_attr(th, module.object(), id::strftime)?;
    let chars = format.get().chars();
    let mut text = StrBuilder::new();
    let mut names = None;
    let mut at = 0;
    while at < chars.len() {
        let point = chars.at(at);
        at += 1;
        if point != u32::from('%') || at == chars.len() {
            text.push_char(point);
            continue;
        }
        let directive = chars.at(at);
        at += 1;
        let colon =
            directive == u32::from(':') && at < chars.len() && chars.at(at) == u32::from('z');
        let mut line = Line::new();
        match char::from_u32(directive).unwrap_or(' ') {
            'f' => line.number(subject.micro, 6),
            'z' => offset(th, subject, "", &mut line)?,
            ':' if colon => {
                at += 1;
                offset(th, subject, ":", &mut line)?;
            }
            'Z' => {
                if names.is_none() {
                    names = Some(zone_name(th, subject)?);
                }
                if let Some(name) = &names {
                    text.push(name);
                }
            }
            directive @ ('Y' | 'G' | 'F' | 'C') => {
                let year = year_of(th, strftime.object(), directive, tuple)?;
                match year {
                    Some(year) => century(directive, year, &mut line),
                    None => line.push_str(&format!("%{directive}")),
                }
            }
            _ => {
                text.push_char(u32::from('%'));
                text.push_char(directive);
            }
        }
        text.push_str(line.as_str());
    }
    let format = text.finish(th)?;
    call::call(th, strftime.object(), &[format.object(), tuple])
}

/// The year of a directive that the C library would not write with four digits.
fn year_of(
    th: &Thread,
    strftime: Borrowed<'_>,
    directive: char,
    tuple: Borrowed<'_>,
) -> PyResult<Option<i32>> {
    let year = number::index(th, sequence::get(th, tuple, 0)?.object())?.to_i64().unwrap_or(0);
    if year >= 1000 {
        return Ok(None);
    }
    if directive != 'G' {
        return Ok(Some(year as i32));
    }
    let format = Str::new(th, "%G")?;
    let text = call::call(th, strftime, &[format.object(), tuple])?;
    let year = number::long(th, text.object())?.to_i64().unwrap_or(0);
    Ok(Some(year as i32))
}

fn century(directive: char, year: i32, line: &mut Line) {
    match directive {
        'C' => line.number(year / 100, 2),
        'F' => {
            line.number(year, 4);
            line.push_str("-%m-%d");
        }
        _ => line.number(year, 4),
    }
}

/// The zone's name, with `%` doubled, since it goes into a format.
fn zone_name(th: &Thread, subject: &Subject<'_>) -> PyResult<Owned<Str>> {
    let name = tzinfo::name(th, subject.zone, subject.argument)?;
    let Some(name) = name.object().downcast::<Str>() else {
        return Ok(Str::empty().to_owned());
    };
    let (one, two) = (Str::new(th, "%")?, Str::new(th, "%%")?);
    let replace = Str::interned(th, "replace")?;
    let escaped =
        call::call_method(th, name.object(), replace.borrow(), &[one.object(), two.object()])?;
    escaped
        .downcast::<Str>()
        .map_err(|_| th.raise(exc::TYPE_ERROR, "tzname.replace() did not return a string"))
}
