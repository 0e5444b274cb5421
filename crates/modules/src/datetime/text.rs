//! Text of fixed shape, written on the stack: `isoformat()` and what is like it.

use krait_objects::prelude::*;
use krait_objects::str::Chars;

use super::calendar::{Hms, Ymd};
use super::timedelta::Delta;

/// A line of ASCII with room for the longest of these texts.
pub struct Line {
    bytes: [u8; 96],
    len: usize,
}

impl Line {
    pub fn new() -> Line {
        Line { bytes: [0; 96], len: 0 }
    }

    #[inline]
    pub fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    pub fn push_str(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.push(byte));
    }

    /// `value` in at least `width` digits.
    #[inline]
    pub fn number(&mut self, value: i32, width: usize) {
        let mut rest = value.unsigned_abs();
        let mut digits = [b'0'; 10];
        let mut count = 0;
        while rest > 0 || count < width {
            digits[count] = b'0' + (rest % 10) as u8;
            rest /= 10;
            count += 1;
        }
        digits[..count].iter().rev().for_each(|&digit| self.push(digit));
    }

    /// `YYYY-MM-DD`
    pub fn date(&mut self, date: Ymd) {
        self.number(date.year, 4);
        self.push(b'-');
        self.number(date.month, 2);
        self.push(b'-');
        self.number(date.day, 2);
    }

    /// `HH:MM:SS`, or less, or more.
    pub fn time(&mut self, time: Hms, precision: Precision) {
        self.number(time.hour, 2);
        if precision == Precision::Hours {
            return;
        }
        self.push(b':');
        self.number(time.minute, 2);
        if precision == Precision::Minutes {
            return;
        }
        self.push(b':');
        self.number(time.second, 2);
        match precision {
            Precision::Milliseconds => {
                self.push(b'.');
                self.number(time.micro / 1000, 3);
            }
            Precision::Microseconds => {
                self.push(b'.');
                self.number(time.micro, 6);
            }
            _ => {}
        }
    }

    /// `+HH:MM`, with seconds and microseconds if there are any. `separator` may be nothing.
    pub fn offset(&mut self, offset: &Delta, separator: &str) {
        let (mut seconds, mut micros) = (offset.whole_seconds(), offset.microseconds());
        if seconds < 0 {
            self.push(b'-');
            seconds = -seconds;
            if micros > 0 {
                seconds -= 1;
                micros = 1_000_000 - micros;
            }
        } else {
            self.push(b'+');
        }
        let time = Hms::from_seconds(seconds, micros);
        self.number(time.hour, 2);
        self.push_str(separator);
        self.number(time.minute, 2);
        if time.second == 0 && micros == 0 {
            return;
        }
        self.push_str(separator);
        self.number(time.second, 2);
        if micros != 0 {
            self.push(b'.');
            self.number(micros, 6);
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("")
    }

    pub fn to_python(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::from_chars_bounded(th, Chars::One(self.as_bytes()), 0x7f)
    }
}

/// How much of a time `isoformat` shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precision {
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
    Microseconds,
}

impl Precision {
    /// Seconds, and microseconds if there are any.
    pub fn auto(time: Hms) -> Precision {
        if time.micro == 0 { Precision::Seconds } else { Precision::Microseconds }
    }

    /// Of the argument `timespec`. ValueError if it is not known.
    pub fn named(th: &Thread, name: &str, time: Hms) -> PyResult<Precision> {
        Ok(match name {
            "auto" => Precision::auto(time),
            "hours" => Precision::Hours,
            "minutes" => Precision::Minutes,
            "seconds" => Precision::Seconds,
            "milliseconds" => Precision::Milliseconds,
            "microseconds" => Precision::Microseconds,
            _ => return Err(th.raise(exc::VALUE_ERROR, "Unknown timespec value")),
        })
    }
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Sat Feb 29 12:30:45 2020`
pub fn ctime(th: &Thread, date: Ymd, time: Hms) -> PyResult<Owned<Str>> {
    let mut line = Line::new();
    line.push_str(DAYS[date.weekday() as usize]);
    line.push(b' ');
    line.push_str(MONTHS[(date.month - 1).clamp(0, 11) as usize]);
    line.push(b' ');
    if date.day < 10 {
        line.push(b' ');
    }
    line.number(date.day, 1);
    line.push(b' ');
    line.time(time, Precision::Seconds);
    line.push(b' ');
    line.number(date.year, 4);
    line.to_python(th)
}
