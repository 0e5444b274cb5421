//! `datetime_CAPI`: the table of types and constructors by which C reaches this module.
//!
//! It is constant: types and `timezone.utc` are static. SAFETY, throughout: C calls these functions on an attached thread,
//! with live objects of the kinds that `datetime.h` says.

use std::ffi::{c_int, c_void};

use krait_abi as abi;
use krait_objects::args::rt::StaticTypeOf;
use krait_objects::args::shim;
use krait_objects::capsule::Capsule;
use krait_objects::prelude::*;
use krait_objects::typeobj::StaticCell;

use super::calendar::{Hms, Ymd};
use super::date::Date;
use super::datetime::{DateTime, Moment};
use super::datetime_make;
use super::time::Time;
use super::timedelta::Delta;
use super::timezone::TimeZone;
use super::tzinfo::TzInfo;
use super::{date, fields};
use crate::getargs::{Arguments, given_tuple};

type Ptr = *mut abi::PyObject;
type TypePtr = *mut abi::PyTypeObject;

static TABLE: StaticCell<abi::PyDateTime_CAPI> = StaticCell::new(abi::PyDateTime_CAPI {
    DateType: <Date as StaticTypeOf>::TYPE,
    DateTimeType: <DateTime as StaticTypeOf>::TYPE,
    TimeType: <Time as StaticTypeOf>::TYPE,
    DeltaType: <Delta as StaticTypeOf>::TYPE,
    TZInfoType: <TzInfo as StaticTypeOf>::TYPE,
    TimeZone_UTC: TimeZone::utc().as_ptr(),
    Date_FromDate: Some(date_from_date),
    DateTime_FromDateAndTime: Some(datetime_from_fields),
    Time_FromTime: Some(time_from_fields),
    Delta_FromDelta: Some(delta_from_parts),
    TimeZone_FromTimeZone: Some(timezone_from_offset),
    DateTime_FromTimestamp: Some(datetime_from_timestamp),
    Date_FromTimestamp: Some(date_from_timestamp),
    DateTime_FromDateAndTimeAndFold: Some(datetime_from_fields_and_fold),
    Time_FromTimeAndFold: Some(time_from_fields_and_fold),
});

/// This module's bit among those that were collected.
const COLLECTED: u32 = 1;

/// The capsule around the table. It goes with the module, and says so.
pub fn new(th: &Thread) -> PyResult<Owned<Capsule>> {
    let table: *mut c_void = TABLE.as_ptr().cast();
    let gone = &th.interp().collected_modules;
    gone.set(gone.get() & !COLLECTED);
    Capsule::new(th, table, abi::PyDateTime_CAPSULE_NAME.as_ptr(), Some(collected))
}

unsafe extern "C" fn collected(_: Ptr) {
    let gone = &Thread::current().interp().collected_modules;
    gone.set(gone.get() | COLLECTED);
}

/// As in the reference, types that have outlived the module import it again before they make something new.
/// ImportError if that is not possible.
#[inline]
pub fn require_module(th: &Thread) -> PyResult<()> {
    let interp = th.interp();
    if interp.collected_modules.get() & COLLECTED == 0 || interp.finalizing.get() {
        return Ok(());
    }
    krait_eval::import::import(th, "_datetime").map(drop)
}

/// # Safety
/// See the top of the file.
unsafe fn class<'a>(ty: TypePtr) -> Borrowed<'a, Type> {
    // SAFETY: the caller's promise.
    unsafe { Borrowed::from_ptr(ty.cast()) }
}

/// # Safety
/// See the top of the file.
unsafe fn zone<'a>(th: &Thread, zone: Ptr) -> PyResult<Option<Borrowed<'a>>> {
    // SAFETY: the caller's promise.
    fields::zone(th, unsafe { Borrowed::from_ptr_or_null(zone) })
}

unsafe extern "C" fn date_from_date(year: c_int, month: c_int, day: c_int, ty: TypePtr) -> Ptr {
    shim::object(|th| {
        let ymd = fields::check_date(th, Ymd::new(year, month, day))?;
        // SAFETY: see the top of the file.
        Date::alloc(th, unsafe { class(ty) }, fields::pack_date(ymd)).map(Owned::into_object)
    })
}

unsafe extern "C" fn datetime_from_fields(
    year: c_int,
    month: c_int,
    day: c_int,
    hour: c_int,
    minute: c_int,
    second: c_int,
    micro: c_int,
    tzinfo: Ptr,
    ty: TypePtr,
) -> Ptr {
    // SAFETY: see the top of the file.
    unsafe {
        datetime_from_fields_and_fold(year, month, day, hour, minute, second, micro, tzinfo, 0, ty)
    }
}

unsafe extern "C" fn datetime_from_fields_and_fold(
    year: c_int,
    month: c_int,
    day: c_int,
    hour: c_int,
    minute: c_int,
    second: c_int,
    micro: c_int,
    tzinfo: Ptr,
    fold: c_int,
    ty: TypePtr,
) -> Ptr {
    shim::object(|th| {
        let (date, time) = (Ymd::new(year, month, day), Hms::new(hour, minute, second, micro));
        // SAFETY: see the top of the file.
        let (zone, cls) = unsafe { (zone(th, tzinfo)?, class(ty)) };
        DateTime::checked(th, cls, Moment { date, time, zone, fold }).map(Owned::into_object)
    })
}

unsafe extern "C" fn time_from_fields(
    hour: c_int,
    minute: c_int,
    second: c_int,
    micro: c_int,
    tzinfo: Ptr,
    ty: TypePtr,
) -> Ptr {
    // SAFETY: see the top of the file.
    unsafe { time_from_fields_and_fold(hour, minute, second, micro, tzinfo, 0, ty) }
}

unsafe extern "C" fn time_from_fields_and_fold(
    hour: c_int,
    minute: c_int,
    second: c_int,
    micro: c_int,
    tzinfo: Ptr,
    fold: c_int,
    ty: TypePtr,
) -> Ptr {
    shim::object(|th| {
        // SAFETY: see the top of the file.
        let (zone, cls) = unsafe { (zone(th, tzinfo)?, class(ty)) };
        let time = Hms::new(hour, minute, second, micro);
        Time::checked(th, cls, time, zone, fold).map(Owned::into_object)
    })
}

unsafe extern "C" fn delta_from_parts(
    days: c_int,
    seconds: c_int,
    micros: c_int,
    normalize: c_int,
    ty: TypePtr,
) -> Ptr {
    shim::object(|th| {
        // SAFETY: see the top of the file.
        let cls = unsafe { class(ty) };
        let delta = if normalize == 0 {
            Delta::from_parts(th, cls, days.into(), seconds, micros)
        } else {
            Delta::new_of(th, cls, days.into(), seconds.into(), micros.into())
        };
        delta.map(Owned::into_object)
    })
}

unsafe extern "C" fn timezone_from_offset(offset: Ptr, name: Ptr) -> Ptr {
    shim::object(|th| {
        // SAFETY: see the top of the file.
        let (offset, name): (Borrowed<'_>, Option<Borrowed<'_, Str>>) =
            unsafe { (Borrowed::from_ptr(offset), Borrowed::from_ptr_or_null(name)) };
        let Some(offset) = offset.downcast::<Delta>() else {
            return Err(th.bad_internal_call());
        };
        TimeZone::new(th, offset, name).map(Owned::into_object)
    })
}

unsafe extern "C" fn datetime_from_timestamp(cls: Ptr, args: Ptr, kwargs: Ptr) -> Ptr {
    shim::object(|th| {
        // SAFETY: see the top of the file.
        let (cls, args, kwargs) = unsafe {
            (
                class(cls.cast()),
                Borrowed::<Tuple>::from_ptr(args),
                Borrowed::<Dict>::from_ptr_or_null(kwargs),
            )
        };
        let format = datetime_make::timestamp_format();
        let arguments = Arguments::new(th, format, given_tuple(args, kwargs))?;
        datetime_make::from_timestamp(th, cls, arguments)
    })
}

unsafe extern "C" fn date_from_timestamp(cls: Ptr, args: Ptr) -> Ptr {
    shim::object(|th| {
        // SAFETY: see the top of the file.
        let (cls, args) = unsafe { (class(cls.cast()), Borrowed::<Tuple>::from_ptr(args)) };
        let &[timestamp] = args.get().as_slice() else {
            let given = args.len();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "fromtimestamp() takes exactly 1 argument ({given} given)"
            ));
        };
        date::from_timestamp(th, cls, timestamp)
    })
}
