//! `date`: the object, its construction and its slots; `date_methods` has the methods.
//!
//! Fields are packed into bytes as C's macros read them, so that comparing and hashing is comparing and hashing bytes.
//! `datetime` derives from `date`: a `&Date` may be the beginning of a `DateTime`. The same job as the `date_` functions
//! of CPython's `Modules/_datetimemodule.c`.

use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

use krait_abi as abi;
use krait_objects::args::Given;
use krait_objects::prelude::*;
use krait_objects::typeobj::alloc::init_head;

use super::calendar::{Hms, Ymd};
use super::datetime::{DateTime, Moment};
use super::timedelta::Delta;
use super::{clock, fields};
use crate::getargs::{Arguments, Format, given, given_tuple};

/// date(year, month, day)
///
/// A day in the Gregorian calendar, which is taken to reach back to the year 1.
#[pytype(name = "datetime.date", flags(BASETYPE))]
#[repr(C)]
pub struct Date {
    head: Head,
    /// -1 until it is computed.
    hash: AtomicIsize,
    /// Always false; there for `datetime`.
    has_zone: Cell<bool>,
    packed: [u8; 4],
}
assert_layout!(Date => abi::PyDateTime_Date);
const _: () =
    assert!(std::mem::offset_of!(Date, packed) == std::mem::offset_of!(abi::PyDateTime_Date, data));

static FORMAT: Format = Format::new(None, &["year", "month", "day"], 3);

pub fn is_month(point: u32) -> bool {
    (1..=12).contains(&point)
}

impl Date {
    /// An exact `date` of fields in range.
    #[inline]
    pub fn new(th: &Thread, date: Ymd) -> PyResult<Owned<Date>> {
        let ty = Date::type_object().as_type_ptr();
        let block = th.interp().heap.alloc_object(size_of::<Date>(), 0, ty);
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: the block has room for the object, which nobody knows yet.
        unsafe {
            init_head(block.cast(), Borrowed::from_ref(Date::type_object()));
            let date_object: Owned<Date> = Owned::from_ptr(block.cast());
            date_object.fill(fields::pack_date(date));
            Ok(date_object)
        }
    }

    /// An instance of `cls`, whose constructor is not asked.
    pub fn alloc(th: &Thread, cls: Borrowed<'_, Type>, packed: [u8; 4]) -> PyResult<Owned<Date>> {
        let date = cls.alloc::<Date>(th, 0)?;
        // SAFETY: a new instance, which nobody knows yet.
        unsafe { date.fill(packed) };
        Ok(date)
    }

    /// Writes the fields.
    ///
    /// # Safety
    /// Nobody else knows the object.
    #[inline]
    unsafe fn fill(&self, packed: [u8; 4]) {
        self.hash.store(-1, Ordering::Relaxed);
        self.has_zone.set(false);
        // SAFETY: the caller's promise.
        unsafe { (&raw const self.packed).cast_mut().write(packed) };
    }

    /// `cls(year, month, day)`, as the alternative constructors make their results.
    pub fn for_class(th: &Thread, cls: Borrowed<'_, Type>, date: Ymd) -> PyResult {
        if cls.is(Borrowed::from_ref(Date::type_object())) {
            return Date::new(th, fields::check_date(th, date)?).map(Owned::into_object);
        }
        if cls.is(Borrowed::from_ref(DateTime::type_object())) {
            let moment = Moment { date, time: Hms::default(), zone: None, fold: 0 };
            return DateTime::for_class(th, cls, moment);
        }
        let fields = [
            Int::from_i64(th, date.year.into())?,
            Int::from_i64(th, date.month.into())?,
            Int::from_i64(th, date.day.into())?,
        ];
        let [year, month, day] = &fields;
        call::call(th, cls.object(), &[year.object(), month.object(), day.object()])
    }

    #[inline(always)]
    pub fn ymd(&self) -> Ymd {
        fields::unpack_date(self.packed)
    }

    pub fn packed(&self) -> [u8; 4] {
        self.packed
    }
}

/// `date(…)`, for the type itself and for subclasses.
pub fn construct(th: &Thread, cls: Borrowed<'_, Type>, given: Given<'_>) -> PyResult<Owned<Date>> {
    if let [state] = given.positional {
        if let Some(packed) = fields::pickled(th, *state, "date", 2, is_month)? {
            return Date::alloc(th, cls, packed);
        }
    }
    let mut arguments = Arguments::new(th, &FORMAT, given)?;
    let year = arguments.int_or(th, 0)?;
    let month = arguments.int_or(th, 0)?;
    let day = arguments.int_or(th, 0)?;
    arguments.finish(th)?;
    let date = fields::check_date(th, Ymd::new(year, month, day))?;
    if cls.is(Borrowed::from_ref(Date::type_object())) {
        return Date::new(th, date);
    }
    Date::alloc(th, cls, fields::pack_date(date))
}

/// `date.fromtimestamp`, which C reaches too.
pub fn from_timestamp(th: &Thread, cls: Borrowed<'_, Type>, timestamp: Borrowed<'_>) -> PyResult {
    let (date, _) = clock::local(th, clock::whole_seconds(th, timestamp)?)?;
    Date::for_class(th, cls, date)
}

/// A `date` that is no `datetime`.
fn plain_date(ob: Borrowed<'_>) -> Option<Borrowed<'_, Date>> {
    ob.downcast::<Date>().filter(|date| !DateTime::check(&date.object()))
}

pub fn out_of_range(th: &Thread) -> Raised {
    th.raise(exc::OVERFLOW_ERROR, "date value out of range")
}

/// `date + days`, in the date's class.
fn add_days(th: &Thread, date: Borrowed<'_, Date>, days: i64) -> PyResult {
    let Some(sum) = date.ymd().add_days(days) else {
        return Err(out_of_range(th));
    };
    Date::for_class(th, date.object().get().ty(), sum)
}

#[pymethods(parts(construct, methods))]
impl Date {
    #[slot(tp_new)]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Date>> {
        construct(th, cls, given_tuple(args, kwargs))
    }

    #[slot(tp_vectorcall)]
    fn vectorcall(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult<Owned<Date>> {
        // SAFETY: the callable of a type's vectorcall is the type.
        construct(th, unsafe { this.cast::<Type>() }, given(args))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let (name, date) = (this.object().get().type_name(), this.ymd());
        Str::from_fmt(th, format_args!("{name}({}, {}, {})", date.year, date.month, date.day))
    }

    #[slot(tp_str)]
    fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if this.object().is_exact::<Date>() {
            return this.isoformat(th).map(Owned::into_object);
        }
        call::call_method(th, this.object(), id::isoformat, &[])
    }

    #[slot(tp_hash)]
    fn hash_slot(&self) -> PyResult<isize> {
        let mut hash = self.hash.load(Ordering::Relaxed);
        if hash == -1 {
            hash = fields::hash_packed(&self.packed);
            self.hash.store(hash, Ordering::Relaxed);
        }
        Ok(hash)
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, _th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        // What a date is to a datetime is the datetime's affair.
        let Some(other) = plain_date(other) else {
            return Ok(not_implemented().to_owned());
        };
        Ok(bool_object(op.holds(self.packed.cmp(&other.packed))).object().to_owned())
    }

    #[slot(nb_add)]
    fn add(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let (date, delta) = match (plain_date(left), plain_date(right)) {
            (Some(date), None) => (date, right.downcast::<Delta>()),
            (None, Some(date)) => (date, left.downcast::<Delta>()),
            _ => return Ok(not_implemented().to_owned()),
        };
        match delta {
            Some(delta) => add_days(th, date, delta.days().into()),
            None => Ok(not_implemented().to_owned()),
        }
    }

    #[slot(nb_subtract)]
    fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let Some(date) = plain_date(left) else {
            return Ok(not_implemented().to_owned());
        };
        if let Some(other) = plain_date(right) {
            let days = date.ymd().ordinal() - other.ymd().ordinal();
            return Delta::new(th, days, 0, 0).map(Owned::into_object);
        }
        match right.downcast::<Delta>() {
            Some(delta) => add_days(th, date, -i64::from(delta.days())),
            None => Ok(not_implemented().to_owned()),
        }
    }

    #[getter]
    fn year(&self) -> i32 {
        self.ymd().year
    }

    #[getter]
    fn month(&self) -> i32 {
        self.ymd().month
    }

    #[getter]
    fn day(&self) -> i32 {
        self.ymd().day
    }
}
