//! Reading ISO 8601: what `fromisoformat` accepts.
//!
//! Text is read as UTF-8 bytes with a NUL behind them, by rules that accept and refuse what the reference does, to the last
//! corner. The same job as the `parse_isoformat_` functions of CPython's `Modules/_datetimemodule.c`.

use std::borrow::Cow;

use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use super::calendar::{Hms, Ymd, days_in_month, from_iso_week};
use super::timedelta::Delta;
use super::timezone::TimeZone;

/// Text that is not what it should be; the message comes from the caller, who knows it all.
#[derive(Debug, PartialEq)]
struct Malformed;

type Parsed<T> = Result<T, Malformed>;

/// Reads bytes from left to right; beyond the end they are NUL.
#[derive(Clone, Copy)]
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8], at: usize) -> Reader<'a> {
        Reader { text, at }
    }

    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn digits(&mut self, count: usize) -> Parsed<i32> {
        let digits = self.text.get(self.at..self.at + count).ok_or(Malformed)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(Malformed);
            }
            value = value * 10 + i32::from(digit - b'0');
        }
        self.at += count;
        Ok(value)
    }

    /// Goes over a byte if it is there.
    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }
}

/// The date in the first `len` bytes.
fn parse_date(text: &[u8], len: usize) -> Parsed<Ymd> {
    let mut reader = Reader::new(text, 0);
    let year = reader.digits(4)?;
    let dashes = reader.skip(b'-');
    if reader.skip(b'W') {
        let week = reader.digits(2)?;
        let mut weekday = 1;
        if reader.at < len {
            if dashes && !reader.skip(b'-') {
                return Err(Malformed);
            }
            weekday = reader.digits(1)?;
        }
        return from_iso_week(year, week, weekday).map_err(|_| Malformed);
    }
    let month = reader.digits(2)?;
    if dashes && !reader.skip(b'-') {
        return Err(Malformed);
    }
    // Behind a date without dashes there may be two bytes more.
    Ok(Ymd::new(year, month, reader.digits(2)?))
}

/// Where the date ends and one character stands before the time.
///
/// With weeks that is not always clear: what follows them, and how many digits there are, decides.
fn separator(text: &[u8]) -> Parsed<usize> {
    let at = |index: usize| text.get(index).copied().unwrap_or(0);
    let len = text.len();
    if len == 7 {
        return Ok(7);
    }
    if at(4) == b'-' {
        if at(5) != b'W' {
            return Ok(10);
        }
        if len <= 8 || at(8) != b'-' {
            return Ok(8);
        }
        return match len {
            9 => Err(Malformed),
            _ if len > 10 && at(10).is_ascii_digit() => Ok(8),
            _ => Ok(10),
        };
    }
    if at(4) != b'W' {
        return Ok(8);
    }
    let end = (7..len).find(|&index| !at(index).is_ascii_digit()).unwrap_or(len);
    Ok(if end < 9 {
        end
    } else if end % 2 == 0 {
        7
    } else {
        8
    })
}

/// Hours, minutes, seconds and fraction in the bytes from `start` to `end`; whether there is more after them.
fn parse_hms(text: &[u8], start: usize, end: usize) -> Parsed<(Hms, bool)> {
    let mut reader = Reader::new(text, start);
    let mut parts = [0; 3];
    let mut colons = true;
    for at in 0..3 {
        parts[at] = reader.digits(2)?;
        let next = reader.peek();
        reader.at += 1;
        if at == 0 {
            colons = next == b':';
        }
        if reader.at >= end {
            if matches!(next, b'.' | b',') {
                return Err(Malformed);
            }
            let [hour, minute, second] = parts;
            return Ok((Hms::new(hour, minute, second, 0), next != 0));
        }
        match next {
            b':' if colons && at < 2 => {}
            b'.' | b',' if at == 2 => break,
            b':' if colons => return Err(Malformed),
            b'.' | b',' => return Err(Malformed),
            _ if !colons => reader.at -= 1,
            _ => return Err(Malformed),
        }
    }
    let count = (end - reader.at).min(6);
    let mut micro = reader.digits(count)?;
    for _ in count..6 {
        micro *= 10;
    }
    while reader.peek().is_ascii_digit() {
        reader.at += 1;
    }
    let [hour, minute, second] = parts;
    Ok((Hms::new(hour, minute, second, micro), reader.peek() != 0))
}

/// An offset from UTC in seconds and microseconds.
type Offset = (i64, i64);

/// A time of day, and the offset that may follow it.
fn parse_time(text: &[u8]) -> Parsed<(Hms, Option<Offset>)> {
    let end = text.len();
    let sign = text.iter().position(|byte| matches!(byte, b'+' | b'-' | b'Z')).unwrap_or(end);
    let (time, more) = parse_hms(text, 0, sign)?;
    let Some(mark) = text.get(sign) else {
        return if more { Err(Malformed) } else { Ok((time, None)) };
    };
    if *mark == b'Z' {
        let last = text.get(sign + 1).copied().unwrap_or(0) == 0;
        return if last { Ok((time, Some((0, 0)))) } else { Err(Malformed) };
    }
    let (offset, more) = parse_hms(text, sign + 1, end)?;
    if more {
        return Err(Malformed);
    }
    let factor = if *mark == b'-' { -1 } else { 1 };
    Ok((time, Some((factor * offset.seconds(), factor * i64::from(offset.micro)))))
}

fn zone_of(th: &Thread, offset: Option<Offset>) -> PyResult<Option<Owned>> {
    let Some((seconds, micros)) = offset else {
        return Ok(None);
    };
    let offset = Delta::new(th, 0, seconds, micros)?;
    TimeZone::new(th, offset.borrow(), None).map(|zone| Some(zone.into_object()))
}

fn argument<'a>(th: &Thread, object: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    object
        .downcast::<Str>()
        .ok_or_else(|| th.raise(exc::TYPE_ERROR, "fromisoformat: argument must be str"))
}

#[cold]
fn invalid(th: &Thread, text: Borrowed<'_, Str>) -> Raised {
    match object::repr(th, text.object()) {
        Ok(shown) => {
            let mut message = StrBuilder::new();
            message.push_str("Invalid isoformat string: ");
            message.push(&shown);
            match message.finish(th) {
                Ok(message) => th.raise_value(exc::VALUE_ERROR, message.object()),
                Err(raised) => raised,
            }
        }
        Err(raised) => raised,
    }
}

/// The text in UTF-8; nothing if there are lone surrogates in it.
fn utf8(text: &Str) -> Option<Cow<'_, [u8]>> {
    if let Some(ascii) = text.as_ascii() {
        return Some(Cow::Borrowed(ascii.as_bytes()));
    }
    let surrogates = text.chars().iter().any(|point| (0xd800..0xe000).contains(&point));
    (!surrogates).then(|| Cow::Owned(text.to_wtf8()))
}

fn midnight_only(th: &Thread) -> Raised {
    th.raise(exc::VALUE_ERROR, "minute, second, and microsecond must be 0 when hour is 24")
}

/// `date.fromisoformat`. The fields may be out of range.
pub fn date(th: &Thread, object: Borrowed<'_>) -> PyResult<Ymd> {
    let text = argument(th, object)?;
    let parsed = match utf8(&text) {
        Some(bytes) if matches!(bytes.len(), 7 | 8 | 10) => parse_date(&bytes, bytes.len()),
        _ => Err(Malformed),
    };
    parsed.map_err(|_| invalid(th, text))
}

/// `time.fromisoformat`. The fields may be out of range, except that the hour is not 24.
pub fn time(th: &Thread, object: Borrowed<'_>) -> PyResult<(Hms, Option<Owned>)> {
    let text = argument(th, object)?;
    let parsed = utf8(&text)
        .ok_or(Malformed)
        .and_then(|bytes| parse_time(bytes.strip_prefix(b"T").unwrap_or(&bytes)));
    let (mut time, offset) = parsed.map_err(|_| invalid(th, text))?;
    if time.hour == 24 {
        if (time.minute, time.second, time.micro) != (0, 0, 0) {
            return Err(midnight_only(th));
        }
        time.hour = 0;
    }
    Ok((time, zone_of(th, offset)?))
}

/// Date and time of a text with any character between them.
fn parse_datetime(text: &[u8]) -> Parsed<(Ymd, Hms, Option<Offset>)> {
    if text.len() < 7 {
        return Err(Malformed);
    }
    let split = separator(text)?;
    let date = parse_date(text, split)?;
    if text.len() <= split {
        return Ok((date, Hms::default(), None));
    }
    let width = match text[split] {
        0..0x80 => 1,
        byte if byte & 0xf0 == 0xe0 => 3,
        byte if byte & 0xf0 == 0xf0 => 4,
        _ => 2,
    };
    let (time, offset) = parse_time(text.get(split + width..).unwrap_or(&[]))?;
    Ok((date, time, offset))
}

/// `datetime.fromisoformat`. The fields may be out of range.
pub fn datetime(th: &Thread, object: Borrowed<'_>) -> PyResult<(Ymd, Hms, Option<Owned>)> {
    let text = argument(th, object)?;
    let parsed = match text.get().as_ascii() {
        Some(ascii) => parse_datetime(ascii.as_bytes()),
        // A lone surrogate is as good a separator as any, but nowhere else.
        None => clean(&text).ok_or(Malformed).and_then(|bytes| parse_datetime(&bytes)),
    };
    let (mut date, mut time, offset) = parsed.map_err(|_| invalid(th, text))?;
    let zone = zone_of(th, offset)?;
    if time.hour == 24 && date.month <= 12 {
        next_midnight(th, &mut date, &mut time)?;
    }
    Ok((date, time, zone))
}

/// UTF-8, with `T` for the first surrogate where the separator may be; nothing if there is another one.
fn clean(text: &Str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() + 4);
    let mut replaced = false;
    for (at, point) in text.chars().iter().enumerate() {
        match char::from_u32(point) {
            Some(char) => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            None if !replaced && matches!(at, 7 | 8 | 10) => {
                bytes.push(b'T');
                replaced = true;
            }
            None => return None,
        }
    }
    Some(bytes)
}

/// 24:00 is 00:00 of the next day.
fn next_midnight(th: &Thread, date: &mut Ymd, time: &mut Hms) -> PyResult<()> {
    if date.month < 1 || date.day > days_in_month(date.year, date.month) {
        return Ok(());
    }
    if (time.minute, time.second, time.micro) != (0, 0, 0) {
        return Err(midnight_only(th));
    }
    time.hour = 0;
    date.day += 1;
    if date.day > days_in_month(date.year, date.month) {
        date.day = 1;
        date.month += 1;
    }
    if date.month > 12 {
        date.month = 1;
        date.year += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, expected) in [
            ("2020-02-29", Ok(Ymd::new(2020, 2, 29))),
            ("20200229", Ok(Ymd::new(2020, 2, 29))),
            ("2020-W09-6", Ok(Ymd::new(2020, 2, 29))),
            ("2020W096", Ok(Ymd::new(2020, 2, 29))),
            ("2020-W09", Ok(Ymd::new(2020, 2, 24))),
            ("2020-0229", Err(Malformed)),
            ("2021-W53-1", Err(Malformed)),
        ] {
            assert_eq!(parse_date(text.as_bytes(), text.len()), expected, "{text}");
        }
    }

    #[test]
    fn times_with_offsets() {
        let parsed = parse_time(b"10:20:30.5-01:30");
        assert_eq!(parsed, Ok((Hms::new(10, 20, 30, 500_000), Some((-5400, 0)))));
        assert_eq!(parse_time(b"1020Z"), Ok((Hms::new(10, 20, 0, 0), Some((0, 0)))));
        assert_eq!(parse_time(b"10:20:30."), Err(Malformed));
        assert_eq!(parse_time(b"10:2030"), Err(Malformed));
    }
}
