//! `timedelta`: the object, its construction from numbers, and how it shows itself.
//!
//! A duration is kept as days, seconds and microseconds, the last two never negative. Sums of parts are made in 128-bit
//! microseconds where they fit, which is always unless somebody asks for more than a duration can hold or brings
//! integers of a class of their own (`exact`). The same job as the `delta_` functions of CPython's
//! `Modules/_datetimemodule.c`.

use std::sync::atomic::{AtomicIsize, Ordering};

use krait_abi as abi;
use krait_objects::args::Given;
use krait_objects::args::rt::StaticTypeOf;
use krait_objects::hash::{TupleHasher, hash_i64};
use krait_objects::prelude::*;
use krait_objects::typeobj::alloc::init_head;

use super::calendar::SECONDS_PER_DAY;
use super::{capsule, exact};
use crate::getargs::{Arguments, Format, given, given_tuple};

const MICROS: i64 = 1_000_000;
pub const MICROS_PER_DAY: i128 = SECONDS_PER_DAY as i128 * MICROS as i128;
pub const MAX_DAYS: i64 = 999_999_999;

/// timedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)
///
/// A duration, the sum of the arguments. They are ints or floats, and may be negative.
#[pytype(name = "datetime.timedelta", flags(BASETYPE))]
#[repr(C)]
pub struct Delta {
    head: Head,
    /// -1 until it is computed.
    hash: AtomicIsize,
    #[member(readonly, doc = "The days of the duration; only they may be negative.")]
    days: i32,
    #[member(readonly, doc = "The seconds besides the days: from 0 to 86399.")]
    seconds: i32,
    #[member(readonly, doc = "The microseconds besides the seconds: from 0 to 999999.")]
    microseconds: i32,
}
assert_layout!(Delta => abi::PyDateTime_Delta);

// SAFETY: only for static objects: immortal, and their hash is the same for whoever writes it.
unsafe impl Sync for Delta {}

/// `timedelta(0)`, for `timezone.utc`.
static ZERO: Delta = Delta {
    head: Head::immortal(<Delta as StaticTypeOf>::TYPE),
    hash: AtomicIsize::new(-1),
    days: 0,
    seconds: 0,
    microseconds: 0,
};

static FORMAT: Format = Format::new(
    Some("__new__"),
    &["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"],
    0,
);

impl Delta {
    pub const fn zero() -> Borrowed<'static, Delta> {
        Borrowed::from_ref(&ZERO)
    }

    /// An exact `timedelta` of parts in any range. OverflowError if they are too large together.
    #[inline]
    pub fn new(th: &Thread, days: i64, seconds: i64, micros: i64) -> PyResult<Owned<Delta>> {
        Delta::new_of(th, Borrowed::from_ref(Delta::type_object()), days, seconds, micros)
    }

    /// As `new`, an instance of `cls`.
    pub fn new_of(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        days: i64,
        seconds: i64,
        micros: i64,
    ) -> PyResult<Owned<Delta>> {
        let seconds = seconds + micros.div_euclid(MICROS);
        let days = days.saturating_add(seconds.div_euclid(SECONDS_PER_DAY));
        let (seconds, micros) = (seconds.rem_euclid(SECONDS_PER_DAY), micros.rem_euclid(MICROS));
        Delta::from_parts(th, cls, days, seconds as i32, micros as i32)
    }

    /// Of microseconds.
    pub fn from_micros(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        micros: i128,
    ) -> PyResult<Owned<Delta>> {
        let days = i64::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(i64::MAX);
        let in_day = micros.rem_euclid(MICROS_PER_DAY) as i64;
        Delta::from_parts(th, cls, days, (in_day / MICROS) as i32, (in_day % MICROS) as i32)
    }

    /// Of parts of which the last two are in range.
    pub fn from_parts(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        days: i64,
        seconds: i32,
        micros: i32,
    ) -> PyResult<Owned<Delta>> {
        if !(-MAX_DAYS..=MAX_DAYS).contains(&days) {
            return Err(too_large(th, days));
        }
        let exact = cls.is(Borrowed::from_ref(Delta::type_object()));
        let delta = if exact { fresh(th)? } else { cls.alloc::<Delta>(th, 0)? };
        // SAFETY: nobody else knows the new object.
        unsafe {
            let raw = delta.as_ptr().cast::<Delta>();
            (&raw mut (*raw).hash).write(AtomicIsize::new(-1));
            (&raw mut (*raw).days).write(days as i32);
            (&raw mut (*raw).seconds).write(seconds);
            (&raw mut (*raw).microseconds).write(micros);
        }
        Ok(delta)
    }

    #[inline(always)]
    pub fn days(&self) -> i32 {
        self.days
    }

    /// Days, seconds, microseconds.
    #[inline(always)]
    pub fn parts(&self) -> (i64, i64, i64) {
        (self.days.into(), self.seconds.into(), self.microseconds.into())
    }

    #[inline(always)]
    pub fn microseconds(&self) -> i32 {
        self.microseconds
    }

    /// Without the microseconds, rounded down.
    #[inline]
    pub fn whole_seconds(&self) -> i64 {
        i64::from(self.days) * SECONDS_PER_DAY + i64::from(self.seconds)
    }

    #[inline]
    pub fn micros(&self) -> i128 {
        i128::from(self.whole_seconds()) * i128::from(MICROS) + i128::from(self.microseconds)
    }

    #[inline]
    pub fn is_zero(&self) -> bool {
        self.parts() == (0, 0, 0)
    }

    pub fn hash(&self) -> isize {
        let known = self.hash.load(Ordering::Relaxed);
        if known != -1 {
            return known;
        }
        let mut hasher = TupleHasher::new();
        let (days, seconds, micros) = self.parts();
        [days, seconds, micros].iter().for_each(|&part| hasher.add(hash_i64(part)));
        let hash = hasher.finish() as isize;
        self.hash.store(hash, Ordering::Relaxed);
        hash
    }

    /// `total_seconds()`
    pub fn total_seconds(&self, th: &Thread) -> PyResult<Owned<Float>> {
        exact::true_divide(th, self.micros(), MICROS.into())
    }

    pub fn add(&self, th: &Thread, other: &Delta) -> PyResult<Owned<Delta>> {
        let ((a, b, c), (d, e, f)) = (self.parts(), other.parts());
        Delta::new(th, a + d, b + e, c + f)
    }

    pub fn subtract(&self, th: &Thread, other: &Delta) -> PyResult<Owned<Delta>> {
        let ((a, b, c), (d, e, f)) = (self.parts(), other.parts());
        Delta::new(th, a - d, b - e, c - f)
    }
}

/// Memory for an exact instance.
#[inline]
fn fresh(th: &Thread) -> PyResult<Owned<Delta>> {
    let ty = Delta::type_object().as_type_ptr();
    let block = th.interp().heap.alloc_object(size_of::<Delta>(), 0, ty);
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room for the object, whose fields the caller writes.
    unsafe {
        init_head(block.cast(), Borrowed::from_ref(Delta::type_object()));
        Ok(Owned::from_ptr(block.cast()))
    }
}

#[cold]
fn too_large(th: &Thread, days: i64) -> Raised {
    match i32::try_from(days) {
        Ok(_) => raise!(th, OVERFLOW_ERROR, "days={days}; must have magnitude <= {MAX_DAYS}"),
        Err(_) => th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"),
    }
}

/// Microseconds in one of each parameter of the constructor.
pub const UNITS: [i64; 7] = [
    SECONDS_PER_DAY * MICROS,
    MICROS,
    1,
    1000,
    60 * MICROS,
    3600 * MICROS,
    7 * SECONDS_PER_DAY * MICROS,
];

/// The order in which parameters are added up: it decides how fractions are rounded.
pub const ORDER: [usize; 7] = [2, 3, 1, 4, 5, 0, 6];

fn construct(th: &Thread, cls: Borrowed<'_, Type>, given: Given<'_>) -> PyResult<Owned<Delta>> {
    capsule::require_module(th)?;
    let mut arguments = Arguments::new(th, &FORMAT, given)?;
    let mut values = [None; 7];
    for value in &mut values {
        *value = arguments.next(th)?;
    }
    arguments.finish(th)?;
    match sum(&values) {
        Some(micros) => Delta::from_micros(th, cls, micros),
        None => {
            let micros = exact::sum(th, &values, &FORMAT)?;
            exact::delta_of(th, cls, micros)
        }
    }
}

/// The sum of the arguments in microseconds, if they are plain integers and floats in a usual range.
fn sum(values: &[Option<Borrowed<'_>>; 7]) -> Option<i128> {
    let mut sum = 0i128;
    let mut fraction = 0.0;
    for at in ORDER {
        let Some(value) = values[at] else { continue };
        let unit = i128::from(UNITS[at]);
        if let Some(int) = value.downcast_exact::<Int>() {
            sum = sum.checked_add(i128::from(int.to_i64()?) * unit)?;
        } else if let Some(float) = value.downcast_exact::<Float>() {
            // Far below where a product with the largest unit would not fit.
            let whole = float.value().trunc();
            if whole.is_nan() || whole.abs() > 1e20 {
                return None;
            }
            sum = sum.checked_add(whole as i128 * unit)?;
            let rest = (float.value() - whole) * UNITS[at] as f64;
            sum = sum.checked_add(rest.trunc() as i128)?;
            fraction += rest.fract();
        } else {
            return None;
        }
    }
    Some(sum + i128::from(round_beside(fraction, sum % 2 != 0)))
}

/// `fraction`, to be added to an integer, rounded so that a half leads to an even sum.
pub fn round_beside(fraction: f64, odd: bool) -> i64 {
    let nearest = fraction.round();
    if (nearest - fraction).abs() != 0.5 {
        return nearest as i64;
    }
    let odd = f64::from(u8::from(odd));
    (2.0 * ((fraction + odd) * 0.5).round() - odd) as i64
}

#[pymethods(parts(arithmetic))]
impl Delta {
    #[slot(tp_new)]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Delta>> {
        construct(th, cls, given_tuple(args, kwargs))
    }

    #[slot(tp_vectorcall)]
    fn vectorcall(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult<Owned<Delta>> {
        // SAFETY: the callable of a type's vectorcall is the type.
        construct(th, unsafe { this.cast::<Type>() }, given(args))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let (days, seconds, micros) = this.parts();
        let mut text = String::new();
        for (name, value) in [("days", days), ("seconds", seconds), ("microseconds", micros)] {
            if value != 0 {
                let comma = if text.is_empty() { "" } else { ", " };
                text.push_str(&format!("{comma}{name}={value}"));
            }
        }
        if text.is_empty() {
            text.push('0');
        }
        Str::from_fmt(th, format_args!("{}({text})", this.object().type_name()))
    }

    #[slot(tp_str)]
    fn str(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let (days, seconds, micros) = self.parts();
        let mut text = String::new();
        if days != 0 {
            let s = if days.abs() == 1 { "" } else { "s" };
            text = format!("{days} day{s}, ");
        }
        text += &format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if micros != 0 {
            text += &format!(".{micros:06}");
        }
        Str::new(th, &text)
    }

    #[slot(tp_hash)]
    fn hash_slot(&self) -> PyResult<isize> {
        Ok(self.hash())
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, _th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast::<Delta>() else {
            return Ok(not_implemented().to_owned());
        };
        let holds = op.holds(self.parts().cmp(&other.parts()));
        Ok(bool_object(holds).object().to_owned())
    }

    /// The whole duration in seconds, as a float.
    #[method(name = "total_seconds", sig = "(self, /)")]
    fn total_seconds_method(&self, th: &Thread) -> PyResult<Owned<Float>> {
        capsule::require_module(th)?;
        self.total_seconds(th)
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        use krait_objects::args::ToObject;
        (this.object().get().ty(), (this.days, this.seconds, this.microseconds)).to_object(th)
    }
}
