//! The objects of `datetime` and its table of functions (`datetime.h`).

use crate::object::{Py_hash_t, PyObject};
use crate::typeobj::PyTypeObject;
use std::ffi::{CStr, c_char, c_int, c_uchar};

c_struct! {
    /// `timedelta`.
    pub struct PyDateTime_Delta[40] {
        0 => ob_base: PyObject,
        16 => hashcode: Py_hash_t,
        24 => days: c_int,
        28 => seconds: c_int,
        32 => microseconds: c_int,
    }

    /// `tzinfo`.
    pub struct PyDateTime_TZInfo[16] {
        0 => ob_base: PyObject,
    }

    /// What the other objects begin with.
    pub struct _PyDateTime_BaseTZInfo[32] {
        0 => ob_base: PyObject,
        16 => hashcode: Py_hash_t,
        24 => hastzinfo: c_char,
    }

    /// `time` without a time zone.
    pub struct _PyDateTime_BaseTime[32] {
        0 => ob_base: PyObject,
        16 => hashcode: Py_hash_t,
        24 => hastzinfo: c_char,
        25 => data: [c_uchar; 6],
    }

    /// `time` with a time zone.
    pub struct PyDateTime_Time[40] {
        0 => ob_base: PyObject,
        16 => hashcode: Py_hash_t,
        24 => hastzinfo: c_char,
        25 => data: [c_uchar; 6],
        31 => fold: c_uchar,
        32 => tzinfo: *mut PyObject,
    }

    /// `date`: two bytes of year, month, day.
    pub struct PyDateTime_Date[32] {
        0 => ob_base: PyObject,
        16 => hashcode: Py_hash_t,
        24 => hastzinfo: c_char,
        25 => data: [c_uchar; 4],
    }

    /// `datetime` without a time zone.
    pub struct _PyDateTime_BaseDateTime[40] {
        0 => ob_base: PyObject,
        16 => hashcode: Py_hash_t,
        24 => hastzinfo: c_char,
        25 => data: [c_uchar; 10],
    }

    /// `datetime` with a time zone.
    pub struct PyDateTime_DateTime[48] {
        0 => ob_base: PyObject,
        16 => hashcode: Py_hash_t,
        24 => hastzinfo: c_char,
        25 => data: [c_uchar; 10],
        35 => fold: c_uchar,
        40 => tzinfo: *mut PyObject,
    }

    /// What the capsule `datetime.datetime_CAPI` points to.
    pub struct PyDateTime_CAPI[120] {
        0 => DateType: *mut PyTypeObject,
        8 => DateTimeType: *mut PyTypeObject,
        16 => TimeType: *mut PyTypeObject,
        24 => DeltaType: *mut PyTypeObject,
        32 => TZInfoType: *mut PyTypeObject,
        40 => TimeZone_UTC: *mut PyObject,
        48 => Date_FromDate: Option<
            unsafe extern "C" fn(c_int, c_int, c_int, *mut PyTypeObject) -> *mut PyObject,
        >,
        56 => DateTime_FromDateAndTime: Option<
            unsafe extern "C" fn(
                c_int,
                c_int,
                c_int,
                c_int,
                c_int,
                c_int,
                c_int,
                *mut PyObject,
                *mut PyTypeObject,
            ) -> *mut PyObject,
        >,
        64 => Time_FromTime: Option<
            unsafe extern "C" fn(
                c_int,
                c_int,
                c_int,
                c_int,
                *mut PyObject,
                *mut PyTypeObject,
            ) -> *mut PyObject,
        >,
        72 => Delta_FromDelta: Option<
            unsafe extern "C" fn(c_int, c_int, c_int, c_int, *mut PyTypeObject) -> *mut PyObject,
        >,
        80 => TimeZone_FromTimeZone: Option<
            unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject,
        >,
        88 => DateTime_FromTimestamp: Option<
            unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject,
        >,
        96 => Date_FromTimestamp: Option<
            unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject,
        >,
        104 => DateTime_FromDateAndTimeAndFold: Option<
            unsafe extern "C" fn(
                c_int,
                c_int,
                c_int,
                c_int,
                c_int,
                c_int,
                c_int,
                *mut PyObject,
                c_int,
                *mut PyTypeObject,
            ) -> *mut PyObject,
        >,
        112 => Time_FromTimeAndFold: Option<
            unsafe extern "C" fn(
                c_int,
                c_int,
                c_int,
                c_int,
                *mut PyObject,
                c_int,
                *mut PyTypeObject,
            ) -> *mut PyObject,
        >,
    }
}

// Constants of `datetime.h`.
pub const PyDateTime_CAPSULE_NAME: &CStr = c"datetime.datetime_CAPI";
pub const _PyDateTime_DATETIME_DATASIZE: c_int = 10;
pub const _PyDateTime_DATE_DATASIZE: c_int = 4;
pub const _PyDateTime_TIME_DATASIZE: c_int = 6;
