//! `datetime`: the object, its construction, comparison and hash; `datetime_methods`, `datetime_make` and
//! `datetime_arithmetic` have the rest.
//!
//! The same job as the `datetime_` functions of CPython's `Modules/_datetimemodule.c`.

use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

use krait_abi as abi;
use krait_objects::args::Given;
use krait_objects::prelude::*;
use krait_objects::typeobj::alloc::init_head;

use super::calendar::{Hms, Ymd};
use super::date::{Date, is_month};
use super::timedelta::Delta;
use super::{fields, tzinfo};
use crate::getargs::{Arguments, Format, given, given_tuple};

/// datetime(year, month, day[, hour[, minute[, second[, microsecond[,tzinfo]]]]])
///
/// A date and a time of day. The time is midnight unless it is given; tzinfo, which may be None, is the
/// time zone.
#[pytype(name = "datetime.datetime", base = Date, flags(BASETYPE))]
#[repr(C)]
pub struct DateTime {
    head: Head,
    /// -1 until it is computed.
    hash: AtomicIsize,
    /// Whether `zone` is there.
    has_zone: Cell<bool>,
    packed: [u8; 10],
    fold: Cell<u8>,
    /// An instance of `tzinfo`. Set anew only by `astimezone`, before anyone has seen the object.
    zone: Slot,
}
assert_layout!(DateTime => abi::PyDateTime_DateTime);
const _: () = assert!(
    std::mem::offset_of!(DateTime, packed) == std::mem::offset_of!(abi::PyDateTime_DateTime, data)
        && std::mem::offset_of!(DateTime, fold)
            == std::mem::offset_of!(abi::PyDateTime_DateTime, fold)
        && std::mem::offset_of!(DateTime, packed)
            == std::mem::offset_of!(abi::PyDateTime_Date, data)
);

/// All that a `datetime` says.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    pub date: Ymd,
    pub time: Hms,
    pub zone: Option<Borrowed<'a>>,
    pub fold: i32,
}

static FORMAT: Format = Format {
    function: None,
    names: &["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    required: 3,
    positional: 8,
};

fn pack(date: Ymd, time: Hms) -> [u8; 10] {
    let ([a, b, c, d], [e, f, g, h, i, j]) = (fields::pack_date(date), fields::pack_time(time));
    [a, b, c, d, e, f, g, h, i, j]
}

impl DateTime {
    /// An exact `datetime` of fields in range.
    #[inline]
    pub fn new(th: &Thread, moment: Moment<'_>) -> PyResult<Owned<DateTime>> {
        let ty = DateTime::type_object().as_type_ptr();
        let block = th.interp().heap.alloc_object(size_of::<DateTime>(), 0, ty);
        if block.is_null() {
            return Err(th.no_memory());
        }
        let packed = pack(moment.date, moment.time);
        // SAFETY: the block has room for the object, which nobody knows yet; the slot is written before it is read.
        unsafe {
            init_head(block.cast(), Borrowed::from_ref(DateTime::type_object()));
            let raw = block.cast::<DateTime>();
            (&raw mut (*raw).zone).write(Slot::EMPTY);
            let datetime: Owned<DateTime> = Owned::from_ptr(block.cast());
            datetime.fill(packed, moment.zone, moment.fold as u8);
            Ok(datetime)
        }
    }

    /// An instance of `cls`, whose constructor is not asked.
    pub fn alloc(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        moment: Moment<'_>,
    ) -> PyResult<Owned<DateTime>> {
        if cls.is(Borrowed::from_ref(DateTime::type_object())) {
            return DateTime::new(th, moment);
        }
        let datetime = cls.alloc::<DateTime>(th, 0)?;
        // SAFETY: a new instance, which nobody knows yet.
        unsafe {
            datetime.fill(pack(moment.date, moment.time), moment.zone, moment.fold as u8);
        }
        Ok(datetime)
    }

    /// Writes the fields.
    ///
    /// # Safety
    /// Nobody else knows the object.
    #[inline]
    unsafe fn fill(&self, packed: [u8; 10], zone: Option<Borrowed<'_>>, fold: u8) {
        self.hash.store(-1, Ordering::Relaxed);
        self.has_zone.set(zone.is_some());
        self.fold.set(fold);
        self.zone.set(zone.map(Borrowed::to_owned));
        // SAFETY: the caller's promise.
        unsafe { (&raw const self.packed).cast_mut().write(packed) };
    }

    /// An instance of `cls` from the state of a pickle, whose fields are not checked.
    fn from_pickle(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        mut packed: [u8; 10],
        zone: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<DateTime>> {
        let fold = packed[2] >> 7;
        packed[2] &= 0x7f;
        let datetime = cls.alloc::<DateTime>(th, 0)?;
        // SAFETY: a new instance, which nobody knows yet.
        unsafe { datetime.fill(packed, zone, fold) };
        Ok(datetime)
    }

    /// Fields that may be out of range, as an instance of `cls` that its constructor does not make.
    pub fn checked(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        moment: Moment<'_>,
    ) -> PyResult<Owned<DateTime>> {
        fields::check_date(th, moment.date)?;
        fields::check_time(th, moment.time, moment.fold)?;
        DateTime::alloc(th, cls, moment)
    }

    /// `cls(year, …, tzinfo)`, as the alternative constructors make their results. The fold is set afterwards: the
    /// constructor of a subclass may not know of it.
    pub fn for_class(th: &Thread, cls: Borrowed<'_, Type>, moment: Moment<'_>) -> PyResult {
        if cls.is(Borrowed::from_ref(DateTime::type_object())) {
            return DateTime::checked(th, cls, moment).map(Owned::into_object);
        }
        let Moment { date, time, zone, fold } = moment;
        let numbers =
            [date.year, date.month, date.day, time.hour, time.minute, time.second, time.micro];
        let mut values = Vec::with_capacity(8);
        for number in numbers {
            values.push(Int::from_i64(th, number.into())?.into_object());
        }
        values.push(zone.unwrap_or(none()).to_owned());
        let values: Vec<Borrowed<'_>> = values.iter().map(Owned::object).collect();
        let made = call::call(th, cls.object(), &values)?;
        if fold != 0 {
            if let Some(datetime) = made.object().downcast::<DateTime>() {
                datetime.fold.set(fold as u8);
            }
        }
        Ok(made)
    }

    #[inline]
    pub fn date(&self) -> Ymd {
        let [a, b, c, d, ..] = self.packed;
        fields::unpack_date([a, b, c, d])
    }

    #[inline]
    pub fn time(&self) -> Hms {
        let [.., e, f, g, h, i, j] = self.packed;
        fields::unpack_time([e, f, g, h, i, j])
    }

    #[inline]
    pub fn zone(&self) -> Option<Borrowed<'_>> {
        // C that fills in the struct says with the flag whether the zone counts.
        self.zone.get().filter(|_| self.has_zone.get())
    }

    /// Gives a result of arithmetic, which only the caller knows, another zone.
    pub fn set_zone(&self, zone: Borrowed<'_>) {
        self.has_zone.set(true);
        self.hash.store(-1, Ordering::Relaxed);
        self.zone.set(Some(zone.to_owned()));
    }

    /// Of a result of arithmetic, which only the caller knows.
    pub fn set_fold(&self, fold: u8) {
        self.fold.set(fold);
    }

    #[inline]
    pub fn fold(&self) -> i32 {
        self.fold.get().into()
    }

    pub fn moment(&self) -> Moment<'_> {
        Moment { date: self.date(), time: self.time(), zone: self.zone(), fold: self.fold() }
    }

    pub fn packed(&self) -> [u8; 10] {
        self.packed
    }

    /// Seconds since the beginning of day 0.
    pub fn seconds(&self) -> i64 {
        self.date().ordinal() * super::calendar::SECONDS_PER_DAY + self.time().seconds()
    }
}

/// `self.utcoffset()`, without asking a subclass.
pub fn utc_offset(th: &Thread, datetime: Borrowed<'_, DateTime>) -> PyResult<Option<Owned<Delta>>> {
    match datetime.zone() {
        Some(zone) => tzinfo::offset(th, &zone.to_owned(), id::utcoffset, datetime.object()),
        None => Ok(None),
    }
}

/// Whether both know the same zone, or none.
pub fn same_zone(a: &DateTime, b: &DateTime) -> bool {
    match (a.zone(), b.zone()) {
        (Some(a), Some(b)) => a.is(b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Whether the offset would be another if the time were the other one of a repeated hour.
fn depends_on_fold(
    th: &Thread,
    datetime: Borrowed<'_, DateTime>,
    offset: Option<&Delta>,
) -> PyResult<bool> {
    if datetime.zone().is_none() {
        return Ok(false);
    }
    let flipped = Moment { fold: 1 - datetime.fold(), ..datetime.moment() };
    let flipped = DateTime::alloc(th, datetime.object().get().ty(), flipped)?;
    let other = utc_offset(th, flipped.borrow())?;
    Ok(other.as_ref().map(|delta| delta.parts()) != offset.map(|delta| delta.parts()))
}

fn construct(th: &Thread, cls: Borrowed<'_, Type>, given: Given<'_>) -> PyResult<Owned<DateTime>> {
    if let [state] | [state, _] = given.positional {
        let sane = |point: u32| is_month(point & 0x7f);
        if let Some(packed) = fields::pickled(th, *state, "datetime", 2, sane)? {
            let zone = fields::pickled_zone(th, given.positional.get(1))?;
            return DateTime::from_pickle(th, cls, packed, zone);
        }
    }
    let mut arguments = Arguments::new(th, &FORMAT, given)?;
    let mut numbers = [0; 7];
    for number in &mut numbers {
        *number = arguments.int_or(th, 0)?;
    }
    let zone = arguments.next(th)?;
    let fold = arguments.int_or(th, 0)?;
    arguments.finish(th)?;
    let zone = fields::zone(th, zone)?;
    let [year, month, day, hour, minute, second, micro] = numbers;
    let (date, time) = (Ymd::new(year, month, day), Hms::new(hour, minute, second, micro));
    DateTime::checked(th, cls, Moment { date, time, zone, fold })
}

fn answer(holds: bool) -> PyResult {
    Ok(bool_object(holds).object().to_owned())
}

/// Comparison where the offsets count: `None` for one that is not known.
fn compare_offsets(
    th: &Thread,
    left: Borrowed<'_, DateTime>,
    right: Borrowed<'_, DateTime>,
    op: CompareOp,
) -> PyResult {
    let offsets = (utc_offset(th, left)?, utc_offset(th, right)?);
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    let order = match &offsets {
        (None, None) => left.packed.cmp(&right.packed),
        (Some(a), Some(b)) if a.parts() == b.parts() => left.packed.cmp(&right.packed),
        (Some(a), Some(b)) => {
            let utc = |datetime: &DateTime, offset: &Delta| {
                let micros = i128::from(datetime.seconds()) * 1_000_000;
                micros + i128::from(datetime.time().micro) - offset.micros()
            };
            utc(&left, a).cmp(&utc(&right, b))
        }
        _ if equality => return answer(op == CompareOp::Ne),
        _ => {
            let message = "can't compare offset-naive and offset-aware datetimes";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
    };
    if equality && order.is_eq() {
        // A time in a repeated hour equals none of another zone: which of the two it is cannot be told.
        let exception = depends_on_fold(th, left, offsets.0.as_deref())?
            || depends_on_fold(th, right, offsets.1.as_deref())?;
        return answer((op == CompareOp::Eq) != exception);
    }
    answer(op.holds(order))
}

fn compute_hash(th: &Thread, this: Borrowed<'_, DateTime>) -> PyResult<isize> {
    let offset = if this.fold() == 0 {
        utc_offset(th, this)?
    } else {
        let first = Moment { fold: 0, ..this.moment() };
        let first = DateTime::alloc(th, this.object().get().ty(), first)?;
        utc_offset(th, first.borrow())?
    };
    let Some(offset) = offset else {
        return Ok(fields::hash_packed(&this.packed));
    };
    let local = Delta::new(th, 0, this.seconds(), this.time().micro.into())?;
    Ok(local.subtract(th, &offset)?.hash())
}

#[pymethods(parts(make, methods, arithmetic))]
impl DateTime {
    #[slot(tp_new)]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<DateTime>> {
        construct(th, cls, given_tuple(args, kwargs))
    }

    #[slot(tp_vectorcall)]
    fn vectorcall(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult<Owned<DateTime>> {
        // SAFETY: the callable of a type's vectorcall is the type.
        construct(th, unsafe { this.cast::<Type>() }, given(args))
    }

    #[slot(tp_hash)]
    fn hash_slot(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<isize> {
        let known = this.hash.load(Ordering::Relaxed);
        if known != -1 {
            return Ok(known);
        }
        let hash = compute_hash(th, this)?;
        this.hash.store(hash, Ordering::Relaxed);
        Ok(hash)
    }

    #[slot(tp_richcompare)]
    fn richcompare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        let Some(other) = other.downcast::<DateTime>() else {
            return Ok(not_implemented().to_owned());
        };
        if same_zone(&this, &other) {
            return answer(op.holds(this.packed.cmp(&other.packed)));
        }
        compare_offsets(th, this, other, op)
    }

    #[getter]
    fn hour(&self) -> i32 {
        self.time().hour
    }

    #[getter]
    fn minute(&self) -> i32 {
        self.time().minute
    }

    #[getter]
    fn second(&self) -> i32 {
        self.time().second
    }

    #[getter]
    fn microsecond(&self) -> i32 {
        self.time().micro
    }

    #[getter(name = "tzinfo")]
    fn zone_getter(&self) -> PyResult {
        Ok(self.zone().unwrap_or(none()).to_owned())
    }

    #[getter(name = "fold")]
    fn fold_getter(&self) -> i32 {
        self.fold()
    }
}
