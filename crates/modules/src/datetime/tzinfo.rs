//! `tzinfo`, the base of time zones, and asking one.
//!
//! The same job as the `tzinfo_` functions and `call_tzinfo_method` of CPython's `Modules/_datetimemodule.c`.

use krait_abi as abi;
use krait_objects::args::ToObject;
use krait_objects::prelude::*;

use super::datetime::{DateTime, utc_offset};
use super::datetime_arithmetic;
use super::timedelta::Delta;
use super::timezone::TimeZone;

/// Abstract base class of time zones.
#[pytype(name = "datetime.tzinfo", flags(BASETYPE))]
#[repr(C)]
pub struct TzInfo {
    head: Head,
}
assert_layout!(TzInfo => abi::PyDateTime_TZInfo);

impl TzInfo {
    pub const fn of_head(head: Head) -> TzInfo {
        TzInfo { head }
    }
}

/// `zone.utcoffset(argument)` or `zone.dst(argument)`: less than a day, or nothing for `None`.
pub fn offset(
    th: &Thread,
    zone: &Owned,
    method: Borrowed<'static, Str>,
    argument: Borrowed<'_>,
) -> PyResult<Option<Owned<Delta>>> {
    if let Some(fixed) = zone.object().downcast_exact::<TimeZone>() {
        // It cannot be subclassed: its offset is in range, and it has no summer time.
        return Ok(method.is(id::utcoffset).then(|| fixed.offset().to_owned()));
    }
    let answer = call::call_method(th, zone.object(), method, &[argument])?;
    if answer.is_none() {
        return Ok(None);
    }
    let delta = answer.downcast::<Delta>().map_err(|other| {
        raise!(
            th,
            TYPE_ERROR,
            "tzinfo.{}() must return None or timedelta, not '{}'",
            *method,
            other.type_name()
        )
    })?;
    check_offset(th, delta.borrow())?;
    Ok(Some(delta))
}

/// ValueError unless the offset is less than a day.
pub fn check_offset(th: &Thread, offset: Borrowed<'_, Delta>) -> PyResult<()> {
    let (days, seconds, micros) = offset.parts();
    if days == 0 || (days == -1 && (seconds, micros) > (0, 0)) {
        return Ok(());
    }
    let shown = object::repr(th, offset.object())?;
    Err(raise!(
        th,
        VALUE_ERROR,
        "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {}",
        *shown
    ))
}

/// `zone.tzname(argument)`: a string or `None`.
pub fn name(th: &Thread, zone: Option<Borrowed<'_>>, argument: Borrowed<'_>) -> PyResult {
    let Some(zone) = zone else {
        return Ok(none().to_owned());
    };
    // The call may take the zone away from the object that has it.
    let zone = zone.to_owned();
    let answer = call::call_method(th, zone.object(), id::tzname, &[argument])?;
    if answer.is_none() || Str::check(&answer) {
        return Ok(answer);
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "tzinfo.tzname() must return None or a string, not '{}'",
        answer.type_name()
    ))
}

fn abstract_method(th: &Thread, name: &str) -> Raised {
    raise!(th, NOT_IMPLEMENTED_ERROR, "a tzinfo subclass must implement {name}()")
}

/// The argument of `fromutc`: a `datetime` in that zone.
pub fn own_datetime<'a>(
    th: &Thread,
    zone: Borrowed<'_>,
    argument: Borrowed<'a>,
) -> PyResult<Borrowed<'a, DateTime>> {
    let Some(datetime) = argument.downcast::<DateTime>() else {
        return Err(th.raise(exc::TYPE_ERROR, "fromutc: argument must be a datetime"));
    };
    if !datetime.get().zone().is_some_and(|own| own.is(zone)) {
        return Err(th.raise(exc::VALUE_ERROR, "fromutc: dt.tzinfo is not self"));
    }
    Ok(datetime)
}

#[pymethods]
impl TzInfo {
    #[slot(tp_new)]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<TzInfo>> {
        cls.alloc::<TzInfo>(th, 0)
    }

    /// What the zone is called at a datetime. Subclasses must define it.
    #[method(sig = "(self, object, /)")]
    fn tzname(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        Err(abstract_method(th, "tzname"))
    }

    /// How far the zone is ahead of UTC at a datetime, as a timedelta. Subclasses must define it.
    #[method(sig = "(self, object, /)")]
    fn utcoffset(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        Err(abstract_method(th, "utcoffset"))
    }

    /// By how much summer time is in effect at a datetime, as a timedelta. Subclasses must define it.
    #[method(sig = "(self, object, /)")]
    fn dst(&self, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        Err(abstract_method(th, "dst"))
    }

    /// Turn a datetime in UTC, labelled with this zone, into one in the zone's local time.
    // The standard offset is the same on both sides of a change of summer time, so going by it first leads to a time
    // whose `dst()` is the right one.
    #[method(sig = "(self, object, /)")]
    fn fromutc(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let datetime = own_datetime(th, this.object(), object)?;
        let Some(total) = utc_offset(th, datetime)? else {
            let message = "fromutc: non-None utcoffset() result required";
            return Err(th.raise(exc::VALUE_ERROR, message));
        };
        let zone = this.object().to_owned();
        let Some(dst) = offset(th, &zone, id::dst, object)? else {
            return Err(th.raise(exc::VALUE_ERROR, "fromutc: non-None dst() result required"));
        };
        let standard = total.subtract(th, &dst)?;
        let result = datetime_arithmetic::add(th, datetime, &standard, 1)?;
        let Some(local) = result.object().downcast::<DateTime>() else {
            return Ok(result);
        };
        let dst = match local.zone() {
            Some(zone) => offset(th, &zone.to_owned(), id::dst, local.object())?,
            None => None,
        };
        let Some(dst) = dst else {
            let message = "fromutc: tz.dst() gave inconsistent results; cannot convert";
            return Err(th.raise(exc::VALUE_ERROR, message));
        };
        if dst.is_zero() {
            return Ok(result);
        }
        datetime_arithmetic::add(th, local, &dst, 1)
    }

    /// What pickle and copy need to make the zone anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let ob = this.object();
        let name = Str::interned(th, "__getinitargs__")?;
        let arguments = match object::get_attr_opt(th, ob, name.borrow())? {
            Some(method) => call::call(th, method.object(), &[])?,
            None => Tuple::empty().object().to_owned(),
        };
        let state = call::call_method(th, ob, id::__getstate__, &[])?;
        (ob.get().ty(), arguments, state).to_object(th)
    }
}
