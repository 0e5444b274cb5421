//! What applies after the last transition of a file: a POSIX TZ string such as `EST5EDT,M3.2.0,M11.1.0`.
//!
//! Knows no objects. The same job as `parse_tz_str` and the transition rules of CPython's `Modules/_zoneinfo.c`.

use crate::datetime::calendar::{EPOCH_ORDINAL, SECONDS_PER_DAY, Ymd, days_in_month, is_leap};

/// A TZ string taken apart. Offsets are seconds ahead of UTC.
#[derive(Debug, PartialEq)]
pub struct TzString<'a> {
    pub standard: &'a str,
    pub offset: i64,
    pub summer: Option<Summer<'a>>,
}

#[derive(Debug, PartialEq)]
pub struct Summer<'a> {
    pub name: &'a str,
    pub offset: i64,
    pub start: Change,
    pub end: Change,
}

/// When clocks change in a year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    day: Day,
    /// Seconds after midnight; may lie days away.
    seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Day {
    /// Month, week (5 is the last) and weekday (0 is Sunday).
    Calendar(i32, i32, i32),
    /// Counted from 1, without 29 February.
    Julian(i64),
    /// Counted from 0.
    Plain(i64),
}

impl Change {
    /// The local time of the change, in seconds since 1970.
    pub fn in_year(&self, year: i32) -> i64 {
        let before_year = Ymd::new(year, 1, 1).ordinal() - EPOCH_ORDINAL - 1;
        let day = match self.day {
            Day::Calendar(month, week, weekday) => {
                let first = Ymd::new(year, month, 1);
                let mut day = (weekday - (first.weekday() + 1)).rem_euclid(7) + 1 + (week - 1) * 7;
                if day > days_in_month(year, month) {
                    day -= 7;
                }
                first.ordinal() - EPOCH_ORDINAL + i64::from(day) - 1
            }
            Day::Julian(day) => before_year + day + i64::from(day >= 59 && is_leap(year)),
            Day::Plain(day) => before_year + day,
        };
        day * SECONDS_PER_DAY + self.seconds
    }
}

/// What is wrong with a TZ string: what messages say before it.
pub type Wrong = &'static str;

/// Reads a string from left to right.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    /// The bytes up to the first that is not `wanted`.
    fn while_some(&mut self, wanted: impl Fn(&u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|byte| !wanted(byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn digits(&mut self, min: usize, max: usize) -> Option<i64> {
        let count = self.0.iter().take(max).take_while(|byte| byte.is_ascii_digit()).count();
        if count < min {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
    }

    /// A zone's short name: letters, or letters, digits and signs between angle brackets.
    fn name(&mut self) -> Option<&'a str> {
        let name = if self.skip(b'<') {
            let name =
                self.while_some(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-'));
            if !self.skip(b'>') {
                return None;
            }
            name
        } else {
            self.while_some(u8::is_ascii_alphabetic)
        };
        std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
    }

    /// `[+-]h[h[h]][:mm[:ss]]`: hours and seconds in all, both with the sign.
    fn time(&mut self) -> Option<(i64, i64)> {
        let sign = if self.skip(b'-') { -1 } else { 1 };
        if sign == 1 {
            self.skip(b'+');
        }
        let hours = self.digits(1, 3)?;
        let mut seconds = hours * 3600;
        if self.skip(b':') {
            seconds += self.digits(2, 2)? * 60;
            if self.skip(b':') {
                seconds += self.digits(2, 2)?;
            }
        }
        Some((sign * hours, sign * seconds))
    }

    /// An offset: the other way round, what is added to get UTC.
    fn offset(&mut self) -> Option<i64> {
        let (hours, seconds) = self.time()?;
        (-24..=24).contains(&hours).then_some(-seconds)
    }

    fn day(&mut self) -> Option<Day> {
        if self.skip(b'M') {
            let month = self.digits(1, 2)?;
            let week = self.skip(b'.').then(|| self.digits(1, 1))??;
            let weekday = self.skip(b'.').then(|| self.digits(1, 1))??;
            let known = (1..=12).contains(&month) && (1..=5).contains(&week) && weekday <= 6;
            return known.then_some(Day::Calendar(month as i32, week as i32, weekday as i32));
        }
        if self.skip(b'J') {
            return self.digits(1, 3).filter(|day| (1..=365).contains(day)).map(Day::Julian);
        }
        self.digits(1, 3).filter(|&day| day <= 365).map(Day::Plain)
    }

    fn change(&mut self) -> Option<Change> {
        let day = self.day()?;
        let seconds = if self.skip(b'/') {
            let (hours, seconds) = self.time()?;
            if !(-167..=167).contains(&hours) {
                return None;
            }
            seconds
        } else {
            2 * 3600
        };
        Some(Change { day, seconds })
    }
}

/// Takes a TZ string apart.
pub fn parse(text: &[u8]) -> Result<TzString<'_>, Wrong> {
    let mut reader = Reader(text);
    let standard = reader.name().ok_or("Invalid STD format in ")?;
    let offset = reader.offset().ok_or("Invalid STD offset in ")?;
    if reader.0.is_empty() {
        return Ok(TzString { standard, offset, summer: None });
    }
    let name = reader.name().ok_or("Invalid DST format in ")?;
    // Without an offset, clocks are put forward by an hour.
    let summer_offset = match reader.peek() {
        b',' => offset + 3600,
        _ => reader.offset().ok_or("Invalid DST offset in ")?,
    };
    let mut changes = [None; 2];
    for change in &mut changes {
        if !reader.skip(b',') {
            return Err("Missing transition rules in TZ string: ");
        }
        *change = Some(reader.change().ok_or("Malformed transition rule in TZ string: ")?);
    }
    let ([Some(start), Some(end)], true) = (changes, reader.0.is_empty()) else {
        return Err("Extraneous characters at end of TZ string: ");
    };
    let summer = Some(Summer { name, offset: summer_offset, start, end });
    Ok(TzString { standard, offset, summer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_york() {
        let Ok(TzString { standard: "EST", offset: -18_000, summer: Some(summer) }) =
            parse(b"EST5EDT,M3.2.0,M11.1.0")
        else {
            panic!("a usual string");
        };
        assert_eq!((summer.name, summer.offset), ("EDT", -14_400));
        // 8 March and 1 November 2020 at two o'clock.
        assert_eq!(summer.start.in_year(2020), 1_583_632_800);
        assert_eq!(summer.end.in_year(2020), 1_604_196_000);
    }

    #[test]
    fn wrong_ones() {
        for (text, wrong) in [
            ("5", "Invalid STD format in "),
            ("EST25", "Invalid STD offset in "),
            ("EST5EDT", "Invalid DST offset in "),
            ("EST5EDT,M3.2.0", "Missing transition rules in TZ string: "),
            ("EST5EDT,J0,J365", "Malformed transition rule in TZ string: "),
            ("EST5EDT,0,1,2", "Extraneous characters at end of TZ string: "),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(wrong), "{text}");
        }
    }
}
