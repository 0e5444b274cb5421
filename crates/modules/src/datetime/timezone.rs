//! `timezone`: a fixed offset from UTC.
//!
//! The same job as the `timezone_` functions of CPython's `Modules/_datetimemodule.c`.

use krait_objects::args::Given;
use krait_objects::args::rt::StaticTypeOf;
use krait_objects::prelude::*;
use krait_objects::str::StrBuilder;

use super::datetime::DateTime;
use super::datetime_arithmetic;
use super::text::Line;
use super::timedelta::Delta;
use super::tzinfo::{TzInfo, check_offset, own_datetime};
use crate::getargs::{Arguments, Format, given, given_tuple, text, wrong_type};

/// A time zone that is ahead of UTC by the same offset all year round.
#[pytype(name = "datetime.timezone", base = TzInfo)]
#[repr(C)]
pub struct TimeZone {
    base: TzInfo,
    /// Always there.
    offset: Slot<Delta>,
    name: Slot<Str>,
}

// SAFETY: only for the static object: immortal, its slots are never written.
unsafe impl Sync for TimeZone {}

/// `timezone.utc`: one per process, since it holds nothing but another static object.
static UTC: TimeZone = TimeZone {
    base: TzInfo::of_head(Head::immortal(<TimeZone as StaticTypeOf>::TYPE)),
    offset: Slot::immortal(Delta::zero()),
    name: Slot::EMPTY,
};

static FORMAT: Format = Format::new(Some("timezone"), &["offset", "name"], 1);

impl TimeZone {
    pub const fn utc() -> Borrowed<'static, TimeZone> {
        Borrowed::from_ref(&UTC)
    }

    /// The zone of an offset: `timezone.utc` for none and no name. ValueError if it is a day or more.
    pub fn new(
        th: &Thread,
        offset: Borrowed<'_, Delta>,
        name: Option<Borrowed<'_, Str>>,
    ) -> PyResult<Owned<TimeZone>> {
        if name.is_none() && offset.is_zero() {
            return Ok(TimeZone::utc().to_owned());
        }
        check_offset(th, offset)?;
        TimeZone::create(th, offset, name)
    }

    /// As `new`, always a new object.
    pub fn create(
        th: &Thread,
        offset: Borrowed<'_, Delta>,
        name: Option<Borrowed<'_, Str>>,
    ) -> PyResult<Owned<TimeZone>> {
        let zone = TimeZone::type_object().alloc::<TimeZone>(th, 0)?;
        zone.offset.set(Some(offset.to_owned()));
        zone.name.set(name.map(Borrowed::to_owned));
        Ok(zone)
    }

    pub fn offset(&self) -> Borrowed<'_, Delta> {
        self.offset.get().unwrap_or(Delta::zero())
    }

    /// The name given, or `UTC` with the offset.
    pub fn text(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if let Some(name) = self.name.get() {
            return Ok(name.to_owned());
        }
        let mut line = Line::new();
        line.push_str("UTC");
        if !self.offset().is_zero() {
            line.offset(&self.offset(), ":");
        }
        line.to_python(th)
    }
}

fn construct(th: &Thread, given: Given<'_>) -> PyResult<Owned<TimeZone>> {
    let mut arguments = Arguments::new(th, &FORMAT, given)?;
    let offset = arguments.required(th)?;
    let Some(offset) = offset.downcast::<Delta>() else {
        return Err(wrong_type(th, "timezone", 1, "datetime.timedelta", offset));
    };
    let name = match arguments.next(th)? {
        Some(name) => Some(text(th, "timezone", 2, name)?),
        None => None,
    };
    arguments.finish(th)?;
    TimeZone::new(th, offset, name)
}

/// The argument of the methods: a `datetime` or `None`, which says nothing to a fixed offset.
fn check_argument(th: &Thread, method: &str, argument: Borrowed<'_>) -> PyResult<()> {
    if argument.is_none() || DateTime::check(&argument) {
        return Ok(());
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "{method}(dt) argument must be a datetime instance or None, not {}",
        argument.type_name()
    ))
}

#[pymethods]
impl TimeZone {
    #[slot(tp_new)]
    fn new_slot(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<TimeZone>> {
        construct(th, given_tuple(args, kwargs))
    }

    #[slot(tp_vectorcall)]
    fn vectorcall(_this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult<Owned<TimeZone>> {
        construct(th, given(args))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let ty = this.object().get().type_name();
        if this.is(TimeZone::utc()) {
            return Str::from_fmt(th, format_args!("{ty}.utc"));
        }
        let offset = object::repr(th, this.get().offset().object())?;
        match this.name.get() {
            None => Str::from_fmt(th, format_args!("{ty}({})", *offset)),
            Some(name) => {
                let name = object::repr(th, name.object())?;
                let mut text = StrBuilder::new();
                text.push_str(&format!("{ty}({}, ", *offset));
                text.push(&name);
                text.push_str(")");
                text.finish(th)
            }
        }
    }

    #[slot(tp_str)]
    fn str(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.text(th)
    }

    #[slot(tp_hash)]
    fn hash_slot(&self) -> PyResult<isize> {
        Ok(self.offset().hash())
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, _th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let other = other.downcast::<TimeZone>();
        let Some(other) = other.filter(|_| matches!(op, CompareOp::Eq | CompareOp::Ne)) else {
            return Ok(not_implemented().to_owned());
        };
        let equal = self.offset().parts() == other.offset().parts();
        Ok(bool_object(equal == (op == CompareOp::Eq)).object().to_owned())
    }

    /// Return the name, if one was given, and otherwise 'UTC(+|-)HH:MM'.
    #[method(sig = "(self, object, /)")]
    fn tzname(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<Str>> {
        check_argument(th, "tzname", object)?;
        self.text(th)
    }

    /// The offset that the zone was made with.
    #[method(sig = "(self, object, /)")]
    fn utcoffset(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<Delta>> {
        check_argument(th, "utcoffset", object)?;
        Ok(self.offset().to_owned())
    }

    /// Always None: whether it is summer time is not known.
    #[method(sig = "(self, object, /)")]
    fn dst(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        check_argument(th, "dst", object)
    }

    /// Turn a datetime in UTC into one in this zone, by adding the offset.
    #[method(sig = "(self, object, /)")]
    fn fromutc(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        let datetime = own_datetime(th, this.object(), object)?;
        datetime_arithmetic::add(th, datetime, &this.offset(), 1)
    }

    /// What pickle and copy need to make the zone anew.
    #[method(sig = "(self, /)")]
    fn __getinitargs__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        let offset = self.offset().object().to_owned();
        match self.name.get() {
            Some(name) => Tuple::pack(th, [offset, name.object().to_owned()]),
            None => Tuple::pack(th, [offset]),
        }
    }
}
