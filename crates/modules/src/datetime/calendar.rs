//! The proleptic Gregorian calendar as arithmetic: dates, ordinals (day 1 is 1 January of year 1) and ISO weeks.
//!
//! Knows no objects. The same job as the helpers at the top of CPython's `Modules/_datetimemodule.c`; days and dates
//! are converted by way of years that begin in March, after Neri and Schneider, "Euclidean affine functions".

pub const MIN_YEAR: i32 = 1;
pub const MAX_YEAR: i32 = 9999;
/// The ordinal of 31 December 9999.
pub const MAX_ORDINAL: i64 = 3_652_059;
/// The ordinal of 1 January 1970.
pub const EPOCH_ORDINAL: i64 = 719_163;
pub const SECONDS_PER_DAY: i64 = 86_400;

/// A calendar date, with a year of at most 16 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ymd {
    pub year: i32,
    pub month: i32,
    pub day: i32,
}

/// A time of day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hms {
    pub hour: i32,
    pub minute: i32,
    pub second: i32,
    pub micro: i32,
}

pub const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// `month` is in range.
pub fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 => 28 + i32::from(is_leap(year)),
        // 30 or 31 by turns, but July and August have 31 both.
        _ => 30 + ((month + (month >> 3)) & 1),
    }
}

/// Days of the year before the month's first.
pub fn days_before_month(year: i32, month: i32) -> i32 {
    const BEFORE: [i32; 13] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    BEFORE.get(month as usize).copied().unwrap_or(0) + i32::from(month > 2 && is_leap(year))
}

fn days_before_year(year: i32) -> i64 {
    let before = i64::from(year) - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400)
}

impl Ymd {
    pub const fn new(year: i32, month: i32, day: i32) -> Ymd {
        Ymd { year, month, day }
    }

    pub fn ordinal(self) -> i64 {
        let in_year = days_before_month(self.year, self.month) + self.day;
        days_before_year(self.year) + i64::from(in_year)
    }

    /// The date of an ordinal above 0, which may lie beyond the last year.
    pub fn from_ordinal(ordinal: i64) -> Ymd {
        // Counted from 1 March of year 0.
        let days = (ordinal + 305) as u64;
        let quarter = 4 * days + 3;
        let (century, in_century) = (quarter / 146_097, quarter % 146_097 / 4);
        let quarter = 4 * in_century + 3;
        let (year, day_of_year) = (quarter / 1461, quarter % 1461 / 4);
        // Months of 153 days in five, as a linear function in fixed point.
        let scaled = 2141 * day_of_year + 197_913;
        let (month, day) = (scaled >> 16, (scaled & 0xffff) / 2141 + 1);
        let next_year = month > 12;
        Ymd {
            year: (100 * century + year + u64::from(next_year)) as i32,
            month: (if next_year { month - 12 } else { month }) as i32,
            day: day as i32,
        }
    }

    /// 0 for Monday.
    pub fn weekday(self) -> i32 {
        (self.ordinal() + 6).rem_euclid(7) as i32
    }

    /// Counted from 1.
    pub fn day_of_year(self) -> i32 {
        days_before_month(self.year, self.month) + self.day
    }

    pub fn add_days(self, days: i64) -> Option<Ymd> {
        let ordinal = self.ordinal() + days;
        (1..=MAX_ORDINAL).contains(&ordinal).then(|| Ymd::from_ordinal(ordinal))
    }

    /// ISO year, week from 1, weekday from 1.
    pub fn iso_calendar(self) -> (i32, i32, i32) {
        let ordinal = self.ordinal();
        let mut year = self.year;
        let mut monday = first_iso_monday(year);
        if ordinal < monday {
            year -= 1;
            monday = first_iso_monday(year);
        } else if ordinal >= first_iso_monday(year + 1) {
            year += 1;
            monday = first_iso_monday(year);
        }
        let days = (ordinal - monday) as i32;
        (year, days / 7 + 1, days % 7 + 1)
    }
}

/// The ordinal of the Monday that begins the year's first ISO week, the one with its first Thursday.
fn first_iso_monday(year: i32) -> i64 {
    let first = days_before_year(year) + 1;
    let weekday = (first + 6).rem_euclid(7);
    if weekday > 3 { first - weekday + 7 } else { first - weekday }
}

/// What of an ISO date is out of range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IsoError {
    Year,
    Week,
    Weekday,
}

/// The date of an ISO year, week and weekday; its year may be one beyond the last.
pub fn from_iso_week(year: i32, week: i32, weekday: i32) -> Result<Ymd, IsoError> {
    if !(MIN_YEAR..=MAX_YEAR).contains(&year) {
        return Err(IsoError::Year);
    }
    let monday = first_iso_monday(year);
    let weeks = (first_iso_monday(year + 1) - monday) / 7;
    if week < 1 || i64::from(week) > weeks {
        return Err(IsoError::Week);
    }
    if !(1..=7).contains(&weekday) {
        return Err(IsoError::Weekday);
    }
    Ok(Ymd::from_ordinal(monday + i64::from((week - 1) * 7 + weekday - 1)))
}

impl Hms {
    pub const fn new(hour: i32, minute: i32, second: i32, micro: i32) -> Hms {
        Hms { hour, minute, second, micro }
    }

    /// Seconds since midnight.
    pub fn seconds(self) -> i64 {
        i64::from(self.hour * 3600 + self.minute * 60 + self.second)
    }

    /// `seconds` are less than a day's.
    pub fn from_seconds(seconds: i64, micro: i32) -> Hms {
        let seconds = seconds as i32;
        Hms::new(seconds / 3600, seconds / 60 % 60, seconds % 60, micro)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_there_and_back() {
        let mut expected = Ymd::new(1, 1, 1);
        for ordinal in 1..=MAX_ORDINAL {
            assert_eq!(Ymd::from_ordinal(ordinal), expected);
            assert_eq!(expected.ordinal(), ordinal);
            let (year, week, weekday) = expected.iso_calendar();
            if (MIN_YEAR..=MAX_YEAR).contains(&year) {
                assert_eq!(from_iso_week(year, week, weekday), Ok(expected));
            }
            expected.day += 1;
            if expected.day > days_in_month(expected.year, expected.month) {
                expected.day = 1;
                expected.month += 1;
            }
            if expected.month > 12 {
                expected.month = 1;
                expected.year += 1;
            }
        }
    }

    #[test]
    fn iso_weeks_as_the_reference() {
        assert_eq!(Ymd::new(2021, 1, 3).iso_calendar(), (2020, 53, 7));
        assert_eq!(Ymd::new(9999, 12, 31).iso_calendar(), (9999, 52, 5));
        assert_eq!(from_iso_week(2021, 53, 1), Err(IsoError::Week));
        assert_eq!(from_iso_week(9999, 52, 6), Ok(Ymd::new(10_000, 1, 1)));
    }
}
