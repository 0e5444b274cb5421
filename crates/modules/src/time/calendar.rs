//! Calendar time: `struct_time`, zones, and text.

use std::ffi::{CStr, CString};

use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;
use krait_objects::structseq::{Field, StructSequence};

use super::{NANOS, Time, read};

static FIELDS: [Field; 11] = [
    Field { name: "tm_year", doc: "the year in full, such as 1993" },
    Field { name: "tm_mon", doc: "1 for January to 12" },
    Field { name: "tm_mday", doc: "1 to 31" },
    Field { name: "tm_hour", doc: "0 to 23" },
    Field { name: "tm_min", doc: "0 to 59" },
    Field { name: "tm_sec", doc: "0 to 61, with room for leap seconds" },
    Field { name: "tm_wday", doc: "the weekday: 0 for Monday to 6 for Sunday" },
    Field { name: "tm_yday", doc: "which day of the year: 1 to 366" },
    Field { name: "tm_isdst", doc: "whether it is summer time: 1 or 0; -1 if that is not known" },
    Field { name: "tm_zone", doc: "the timezone's short name" },
    Field { name: "tm_gmtoff", doc: "how many seconds the timezone is ahead of UTC" },
];

/// The type `time.struct_time`.
pub fn struct_time(th: &Thread) -> PyResult<Owned<Type>> {
    StructSequence::new_type(
        th,
        "time.struct_time",
        "A date and time: what gmtime(), localtime() and strptime() return, and what\nasctime(), mktime() and strftime() take. As a sequence it has 9 integers.",
        &FIELDS,
        9,
    )
}

const ZERO: libc::tm = libc::tm {
    tm_sec: 0,
    tm_min: 0,
    tm_hour: 0,
    tm_mday: 1,
    tm_mon: 0,
    tm_year: 0,
    tm_wday: 0,
    tm_yday: 0,
    tm_isdst: 0,
    tm_gmtoff: 0,
    tm_zone: std::ptr::null(),
};

/// Adds `struct_time` and what is known of the local zone.
pub fn add(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    module.add(th, "struct_time", struct_time(th)?.object())?;
    module.add(th, "_STRUCT_TM_ITEMS", Int::from_i64(th, 11)?.object())?;
    add_zone(module, th)
}

/// `timezone`, `altzone`, `daylight`, `tzname`: from January and July of this year, as zones were then.
fn add_zone(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
    const YEAR: i64 = (365 * 24 + 6) * 3600;
    let start = read(th, libc::CLOCK_REALTIME)? / NANOS / YEAR * YEAR;
    let january = local(th, start)?;
    let july = local(th, start + YEAR / 2)?;
    let (winter, summer) =
        if january.tm_gmtoff <= july.tm_gmtoff { (january, july) } else { (july, january) };
    let int = |value: i64| Int::from_i64(th, value);
    module.add(th, "timezone", int(-winter.tm_gmtoff)?.object())?;
    module.add(th, "altzone", int(-summer.tm_gmtoff)?.object())?;
    module.add(th, "daylight", int((winter.tm_gmtoff != summer.tm_gmtoff).into())?.object())?;
    let names = [zone_name(th, &winter)?, zone_name(th, &summer)?];
    module.add(th, "tzname", Tuple::pack(th, names)?.object())
}

fn zone_name(th: &Thread, time: &libc::tm) -> PyResult {
    if time.tm_zone.is_null() {
        return Ok(Str::empty().object().to_owned());
    }
    // SAFETY: the C library's zone names are NUL-terminated and stay.
    Str::from_fs_bytes(th, unsafe { CStr::from_ptr(time.tm_zone) }.to_bytes())
        .map(Owned::into_object)
}

fn local(th: &Thread, seconds: i64) -> PyResult<libc::tm> {
    let mut time = ZERO;
    // SAFETY: the structure is written by the call.
    if unsafe { libc::localtime_r(&seconds, &mut time) }.is_null() {
        return Err(th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for platform time_t"));
    }
    Ok(time)
}

fn utc(th: &Thread, seconds: i64) -> PyResult<libc::tm> {
    let mut time = ZERO;
    // SAFETY: the structure is written by the call.
    if unsafe { libc::gmtime_r(&seconds, &mut time) }.is_null() {
        return Err(th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for platform time_t"));
    }
    Ok(time)
}

/// The seconds that an argument asks for; now, if there is none.
fn seconds_of(th: &Thread, seconds: Option<Borrowed<'_>>) -> PyResult<i64> {
    let Some(value) = seconds else {
        return Ok(read(th, libc::CLOCK_REALTIME)?.div_euclid(NANOS));
    };
    let out_of_range =
        || th.raise(exc::OVERFLOW_ERROR, "timestamp out of range for platform time_t");
    if let Some(float) = value.downcast::<Float>() {
        let float = float.value();
        if float.is_nan() {
            return Err(th.raise(exc::VALUE_ERROR, "Invalid value NaN (not a number)"));
        }
        return if float.abs() < i64::MAX as f64 {
            Ok(float.floor() as i64)
        } else {
            Err(out_of_range())
        };
    }
    number::index(th, value)?.to_i64().ok_or_else(out_of_range)
}

fn to_python(th: &Thread, time: &libc::tm) -> PyResult {
    let numbers = [
        i64::from(time.tm_year) + 1900,
        i64::from(time.tm_mon) + 1,
        time.tm_mday.into(),
        time.tm_hour.into(),
        time.tm_min.into(),
        time.tm_sec.into(),
        i64::from(time.tm_wday + 6) % 7,
        i64::from(time.tm_yday) + 1,
        time.tm_isdst.into(),
    ];
    let values: PyResult<Vec<Owned>> =
        numbers.iter().map(|&value| Int::from_i64(th, value).map(Owned::into_object)).collect();
    let mut values = values?;
    values.push(zone_name(th, time)?);
    values.push(Int::from_i64(th, time.tm_gmtoff)?.into_object());
    let ty = struct_time(th)?;
    StructSequence::new(th, ty.borrow(), values).map(Owned::into_object)
}

/// A tuple of nine numbers, or a `struct_time`, as C has it.
fn from_python(th: &Thread, value: Borrowed<'_>, function: &str) -> PyResult<libc::tm> {
    let Some(tuple) = value.downcast::<Tuple>() else {
        return Err(th.raise(exc::TYPE_ERROR, "Tuple or struct_time argument required"));
    };
    if tuple.len() != 9 {
        return Err(raise!(th, TYPE_ERROR, "{function}(): illegal time tuple argument"));
    }
    let mut numbers = [0i64; 9];
    for (number, &item) in numbers.iter_mut().zip(tuple.as_slice()) {
        let value = krait_objects::protocol::number::index(th, item)?;
        *number = match value.to_i64().filter(|value| i32::try_from(*value).is_ok()) {
            Some(value) => value,
            None => {
                return Err(
                    th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int")
                );
            }
        };
    }
    let [year, month, day, hour, minute, second, weekday, yearday, dst] =
        numbers.map(|number| number as i32);
    if year < i32::MIN + 1900 {
        return Err(th.raise(exc::OVERFLOW_ERROR, "year out of range"));
    }
    let mut time = libc::tm {
        tm_year: year - 1900,
        tm_mon: month.wrapping_sub(1),
        tm_mday: day,
        tm_hour: hour,
        tm_min: minute,
        tm_sec: second,
        // As C divides: what is below -1 stays negative, for `check` to see.
        tm_wday: weekday.wrapping_add(1) % 7,
        tm_yday: yearday.wrapping_sub(1),
        tm_isdst: dst,
        ..ZERO
    };
    if value.is_exact::<Tuple>() {
        return Ok(time);
    }
    // A struct_time also knows its zone.
    if let Some(offset) = object::get_attr_opt(th, value, Str::interned(th, "tm_gmtoff")?.borrow())?
    {
        if let Some(offset) = offset.object().downcast::<Int>() {
            time.tm_gmtoff = offset.to_i64().unwrap_or(0);
        }
    }
    Ok(time)
}

/// The zone's name that a `struct_time` knows.
fn own_zone(th: &Thread, value: Borrowed<'_>) -> PyResult<Option<CString>> {
    if value.is_exact::<Tuple>() {
        return Ok(None);
    }
    let name = object::get_attr_opt(th, value, Str::interned(th, "tm_zone")?.borrow())?;
    let Some(name) = name.and_then(|name| name.downcast::<Str>().ok()) else {
        return Ok(None);
    };
    CString::new(name.to_fs_bytes(th)?)
        .map(Some)
        .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null character"))
}

/// Refuses what `strftime` and `asctime` could not show; 0 stands for the least value.
fn check(th: &Thread, time: &mut libc::tm) -> PyResult<()> {
    if time.tm_mon == -1 {
        time.tm_mon = 0;
    }
    if time.tm_mday == 0 {
        time.tm_mday = 1;
    }
    if time.tm_yday == -1 {
        time.tm_yday = 0;
    }
    let wrong = [
        (!(0..12).contains(&time.tm_mon), "month out of range"),
        (!(1..32).contains(&time.tm_mday), "day of month out of range"),
        (!(0..24).contains(&time.tm_hour), "hour out of range"),
        (!(0..60).contains(&time.tm_min), "minute out of range"),
        (!(0..62).contains(&time.tm_sec), "seconds out of range"),
        (time.tm_wday < 0, "day of week out of range"),
        (!(0..366).contains(&time.tm_yday), "day of year out of range"),
    ];
    match wrong.iter().find(|(wrong, _)| *wrong) {
        Some((_, message)) => Err(th.raise(exc::VALUE_ERROR, message)),
        None => Ok(()),
    }
}

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn as_text(time: &libc::tm) -> String {
    format!(
        "{} {}{:3} {:02}:{:02}:{:02} {}",
        DAYS[time.tm_wday.rem_euclid(7) as usize],
        MONTHS[time.tm_mon.rem_euclid(12) as usize],
        time.tm_mday,
        time.tm_hour,
        time.tm_min,
        time.tm_sec,
        i64::from(time.tm_year) + 1900
    )
}

/// The C library's `strftime`, with a buffer that grows.
fn format(th: &Thread, format: &CStr, time: &libc::tm) -> PyResult<Vec<u8>> {
    let mut size = 256.max(format.to_bytes().len() * 4);
    loop {
        let mut buffer = vec![0u8; size];
        // SAFETY: the buffer has that size; format and time live through the call.
        let written =
            unsafe { libc::strftime(buffer.as_mut_ptr().cast(), size, format.as_ptr(), time) };
        // Nothing may also be the right answer, for formats such as "%Z".
        if written > 0 || size > 256 * format.to_bytes().len().max(1) {
            buffer.truncate(written);
            return Ok(buffer);
        }
        size = match size.checked_mul(2) {
            Some(size) => size,
            None => return Err(th.no_memory()),
        };
    }
}

/// Adds what `piece` comes to, and empties it.
fn push_formatted(
    th: &Thread,
    text: &mut StrBuilder,
    piece: &mut Vec<u8>,
    time: &libc::tm,
) -> PyResult<()> {
    if piece.is_empty() {
        return Ok(());
    }
    let piece = CString::new(std::mem::take(piece)).unwrap_or_default();
    text.push(&*Str::from_fs_bytes(th, &format(th, &piece, time)?)?);
    Ok(())
}

#[pyfunctions(part = "calendar")]
impl Time {
    /// gmtime([seconds]) -> struct_time
    ///
    /// Tell date and time in UTC for seconds since the Epoch, by default for now.
    #[function(sig = "(seconds=None, /)", no_text)]
    fn gmtime(th: &Thread, seconds: Option<Borrowed<'_>>) -> PyResult {
        let time = utc(th, seconds_of(th, seconds)?)?;
        to_python(th, &time)
    }

    /// localtime([seconds]) -> struct_time
    ///
    /// Tell date and time in the local timezone for seconds since the Epoch, by default for now.
    #[function(sig = "(seconds=None, /)", no_text)]
    fn localtime(th: &Thread, seconds: Option<Borrowed<'_>>) -> PyResult {
        let time = local(th, seconds_of(th, seconds)?)?;
        to_python(th, &time)
    }

    /// mktime(tuple) -> floating-point number
    ///
    /// Tell how many seconds after the Epoch a local date and time is.
    #[function(sig = "(tuple, /)", no_text)]
    fn mktime(th: &Thread, tuple: Borrowed<'_>) -> PyResult<f64> {
        let mut time = from_python(th, tuple, "mktime")?;
        // -1 is an answer too: only an untouched weekday tells of an error.
        time.tm_wday = -1;
        // SAFETY: the structure lives through the call.
        let seconds = unsafe { libc::mktime(&mut time) };
        if seconds == -1 && time.tm_wday == -1 {
            return Err(th.raise(exc::OVERFLOW_ERROR, "mktime argument out of range"));
        }
        Ok(seconds as f64)
    }

    /// asctime([tuple]) -> string
    ///
    /// Write date and time like 'Sat Jun 06 16:26:11 1998'; by default the local time now.
    #[function(sig = "(tuple=NULL, /)", no_text)]
    fn asctime(th: &Thread, tuple: Option<Borrowed<'_>>) -> PyResult<String> {
        let mut time = match tuple {
            Some(tuple) => from_python(th, tuple, "asctime")?,
            None => local(th, seconds_of(th, None)?)?,
        };
        check(th, &mut time)?;
        Ok(as_text(&time))
    }

    /// ctime(seconds) -> string
    ///
    /// Write seconds since the Epoch as a local date and time, as asctime(localtime(seconds)) does; without
    /// an argument, the time now.
    #[function(sig = "(seconds=None, /)", no_text)]
    fn ctime(th: &Thread, seconds: Option<Borrowed<'_>>) -> PyResult<String> {
        Ok(as_text(&local(th, seconds_of(th, seconds)?)?))
    }

    /// strftime(format[, tuple]) -> string
    ///
    /// Write date and time, by default the local time now, as a format says. The documentation of the time
    /// module lists the codes.
    #[function(sig = "(format, tuple=NULL, /)", no_text)]
    fn strftime(
        th: &Thread,
        format: Borrowed<'_, Str>,
        tuple: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Str>> {
        let mut time = match tuple {
            Some(tuple) => from_python(th, tuple, "strftime")?,
            None => local(th, seconds_of(th, None)?)?,
        };
        check(th, &mut time)?;
        time.tm_isdst = time.tm_isdst.signum();
        // Without a name of its own, the zone is called what the C library calls it, by whether summer time is in effect.
        let zone = match tuple {
            Some(tuple) => own_zone(th, tuple)?,
            None => None,
        };
        if let Some(zone) = &zone {
            time.tm_zone = zone.as_ptr();
        }
        // NUL would end a C string, and what is not ASCII may mean nothing in the locale's encoding: both are copied, and
        // the pieces between them formatted one by one.
        let mut text = StrBuilder::new();
        let mut piece = Vec::new();
        for point in format.chars().iter() {
            match u8::try_from(point) {
                Ok(byte @ 1..0x80) => piece.push(byte),
                _ => {
                    push_formatted(th, &mut text, &mut piece, &time)?;
                    text.push_char(point);
                }
            }
        }
        push_formatted(th, &mut text, &mut piece, &time)?;
        text.finish(th)
    }

    /// strptime(string, format) -> struct_time
    ///
    /// Read date and time out of a text that is written as a format says, with the codes of strftime().
    #[function(sig = "(string, format='%a %b %d %H:%M:%S %Y', /)", no_text)]
    fn strptime(th: &Thread, args: Args<'_>) -> PyResult {
        let strptime = krait_eval::import::import(th, "_strptime")?;
        let parse =
            object::get_attr(th, strptime.object(), Str::interned(th, "_strptime_time")?.borrow())?;
        call::vectorcall(th, parse.object(), args)
    }

    /// tzset()
    ///
    /// Take the local timezone from os.environ['TZ'] anew.
    #[function(sig = "()", no_text)]
    fn tzset(th: &Thread) -> PyResult<()> {
        unsafe extern "C" {
            fn tzset();
        }
        // SAFETY: reads the environment, as C does.
        unsafe { tzset() };
        let module = krait_eval::import::import(th, "time")?;
        match module.object().downcast::<Module>() {
            Some(module) => add_zone(module, th),
            None => Ok(()),
        }
    }
}
