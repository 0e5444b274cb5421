//! `time`: a time of day, possibly in a time zone. `time_methods` has the methods.
//!
//! The same job as the `time_` functions of CPython's `Modules/_datetimemodule.c`.

use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

use krait_abi as abi;
use krait_objects::args::Given;
use krait_objects::prelude::*;
use krait_objects::typeobj::alloc::init_head;

use super::calendar::Hms;
use super::timedelta::Delta;
use super::{fields, tzinfo};
use crate::getargs::{Arguments, Format, given, given_tuple};

/// time([hour[, minute[, second[, microsecond[, tzinfo]]]]])
///
/// A time of day. What is left out is 0; tzinfo, which may be None, is the time zone.
#[pytype(name = "datetime.time", flags(BASETYPE))]
#[repr(C)]
pub struct Time {
    head: Head,
    /// -1 until it is computed.
    hash: AtomicIsize,
    /// Whether `zone` is there.
    has_zone: Cell<bool>,
    packed: [u8; 6],
    fold: Cell<u8>,
    /// An instance of `tzinfo`.
    zone: Slot,
}
assert_layout!(Time => abi::PyDateTime_Time);
const _: () = assert!(
    std::mem::offset_of!(Time, packed) == std::mem::offset_of!(abi::PyDateTime_Time, data)
        && std::mem::offset_of!(Time, fold) == std::mem::offset_of!(abi::PyDateTime_Time, fold)
);

static FORMAT: Format = Format {
    function: None,
    names: &["hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    required: 0,
    positional: 5,
};

impl Time {
    /// An exact `time` of fields in range.
    pub fn new(
        th: &Thread,
        time: Hms,
        zone: Option<Borrowed<'_>>,
        fold: i32,
    ) -> PyResult<Owned<Time>> {
        let ty = Time::type_object().as_type_ptr();
        let block = th.interp().heap.alloc_object(size_of::<Time>(), 0, ty);
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: the block has room for the object, which nobody knows yet; the slot is written before it is read.
        unsafe {
            init_head(block.cast(), Borrowed::from_ref(Time::type_object()));
            let raw = block.cast::<Time>();
            (&raw mut (*raw).zone).write(Slot::EMPTY);
            let object: Owned<Time> = Owned::from_ptr(block.cast());
            object.fill(fields::pack_time(time), zone, fold as u8);
            Ok(object)
        }
    }

    /// An instance of `cls`, whose constructor is not asked.
    pub fn alloc(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        packed: [u8; 6],
        zone: Option<Borrowed<'_>>,
        fold: i32,
    ) -> PyResult<Owned<Time>> {
        let time = cls.alloc::<Time>(th, 0)?;
        // SAFETY: a new instance, which nobody knows yet.
        unsafe { time.fill(packed, zone, fold as u8) };
        Ok(time)
    }

    /// Writes the fields.
    ///
    /// # Safety
    /// Nobody else knows the object.
    unsafe fn fill(&self, packed: [u8; 6], zone: Option<Borrowed<'_>>, fold: u8) {
        self.hash.store(-1, Ordering::Relaxed);
        self.has_zone.set(zone.is_some());
        self.fold.set(fold);
        self.zone.set(zone.map(Borrowed::to_owned));
        // SAFETY: the caller's promise.
        unsafe { (&raw const self.packed).cast_mut().write(packed) };
    }

    /// Fields that may be out of range, as an instance of `cls` that its constructor does not make.
    pub fn checked(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        time: Hms,
        zone: Option<Borrowed<'_>>,
        fold: i32,
    ) -> PyResult<Owned<Time>> {
        fields::check_time(th, time, fold)?;
        if cls.is(Borrowed::from_ref(Time::type_object())) {
            return Time::new(th, time, zone, fold);
        }
        Time::alloc(th, cls, fields::pack_time(time), zone, fold)
    }

    /// `cls(hour, …, tzinfo)`, as the alternative constructors make their results; the fold is set afterwards.
    pub fn for_class(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        time: Hms,
        zone: Option<Borrowed<'_>>,
        fold: i32,
    ) -> PyResult {
        if cls.is(Borrowed::from_ref(Time::type_object())) {
            return Time::checked(th, cls, time, zone, fold).map(Owned::into_object);
        }
        let int = |value: i32| Int::from_i64(th, value.into());
        let (hour, minute) = (int(time.hour)?, int(time.minute)?);
        let (second, micro) = (int(time.second)?, int(time.micro)?);
        let zone = zone.unwrap_or(none()).to_owned();
        let numbers = [hour.object(), minute.object(), second.object(), micro.object()];
        let [hour, minute, second, micro] = numbers;
        let arguments = [hour, minute, second, micro, zone.object()];
        let made = call::call(th, cls.object(), &arguments)?;
        if fold != 0 {
            if let Some(time) = made.object().downcast::<Time>() {
                time.fold.set(fold as u8);
            }
        }
        Ok(made)
    }

    #[inline]
    pub fn hms(&self) -> Hms {
        fields::unpack_time(self.packed)
    }

    #[inline]
    pub fn zone(&self) -> Option<Borrowed<'_>> {
        // C that fills in the struct says with the flag whether the zone counts.
        self.zone.get().filter(|_| self.has_zone.get())
    }

    pub fn fold(&self) -> i32 {
        self.fold.get().into()
    }

    pub fn packed(&self) -> [u8; 6] {
        self.packed
    }
}

/// `time.utcoffset()`, without asking a subclass: the zone is asked without a date.
pub fn utc_offset(th: &Thread, time: &Time) -> PyResult<Option<Owned<Delta>>> {
    match time.zone() {
        Some(zone) => tzinfo::offset(th, &zone.to_owned(), id::utcoffset, none()),
        None => Ok(None),
    }
}

fn construct(th: &Thread, cls: Borrowed<'_, Type>, given: Given<'_>) -> PyResult<Owned<Time>> {
    if let [state] | [state, _] = given.positional {
        let sane = |point: u32| point & 0x7f < 24;
        if let Some(mut packed) = fields::pickled::<6>(th, *state, "time", 0, sane)? {
            let zone = fields::pickled_zone(th, given.positional.get(1))?;
            let fold = packed[0] >> 7;
            packed[0] &= 0x7f;
            return Time::alloc(th, cls, packed, zone, fold.into());
        }
    }
    let mut arguments = Arguments::new(th, &FORMAT, given)?;
    let mut numbers = [0; 4];
    for number in &mut numbers {
        *number = arguments.int_or(th, 0)?;
    }
    let zone = arguments.next(th)?;
    let fold = arguments.int_or(th, 0)?;
    arguments.finish(th)?;
    let zone = fields::zone(th, zone)?;
    let [hour, minute, second, micro] = numbers;
    Time::checked(th, cls, Hms::new(hour, minute, second, micro), zone, fold)
}

/// How two times compare whose zones differ.
fn compare_offsets(th: &Thread, left: &Time, right: &Time, op: CompareOp) -> PyResult<bool> {
    let offsets = (utc_offset(th, left)?, utc_offset(th, right)?);
    Ok(match &offsets {
        (None, None) => op.holds(left.packed.cmp(&right.packed)),
        (Some(a), Some(b)) if a.parts() == b.parts() => op.holds(left.packed.cmp(&right.packed)),
        (Some(a), Some(b)) => {
            let utc =
                |time: Hms, offset: &Delta| (time.seconds() - offset.whole_seconds(), time.micro);
            op.holds(utc(left.hms(), a).cmp(&utc(right.hms(), b)))
        }
        _ if op == CompareOp::Eq => false,
        _ if op == CompareOp::Ne => true,
        _ => {
            let message = "can't compare offset-naive and offset-aware times";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
    })
}

#[pymethods(parts(methods))]
impl Time {
    #[slot(tp_new)]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Time>> {
        construct(th, cls, given_tuple(args, kwargs))
    }

    #[slot(tp_vectorcall)]
    fn vectorcall(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult<Owned<Time>> {
        // SAFETY: the callable of a type's vectorcall is the type.
        construct(th, unsafe { this.cast::<Type>() }, given(args))
    }

    #[slot(tp_hash)]
    fn hash_slot(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<isize> {
        let known = this.hash.load(Ordering::Relaxed);
        if known != -1 {
            return Ok(known);
        }
        // A zone is asked with `None`, which has no fold.
        let hash = match utc_offset(th, &this)? {
            None => fields::hash_packed(&this.packed),
            Some(offset) => {
                let time = this.hms();
                let local = Delta::new(th, 0, time.seconds(), time.micro.into())?;
                local.subtract(th, &offset)?.hash()
            }
        };
        this.hash.store(hash, Ordering::Relaxed);
        Ok(hash)
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast::<Time>() else {
            return Ok(not_implemented().to_owned());
        };
        let same = match (self.zone(), other.get().zone()) {
            (Some(a), Some(b)) => a.is(b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let holds = if same {
            op.holds(self.packed.cmp(&other.packed))
        } else {
            compare_offsets(th, self, &other, op)?
        };
        Ok(bool_object(holds).object().to_owned())
    }

    #[getter]
    fn hour(&self) -> i32 {
        self.hms().hour
    }

    #[getter]
    fn minute(&self) -> i32 {
        self.hms().minute
    }

    #[getter]
    fn second(&self) -> i32 {
        self.hms().second
    }

    #[getter]
    fn microsecond(&self) -> i32 {
        self.hms().micro
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
