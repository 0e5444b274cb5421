//! `datetime` plus and minus a duration, and the difference of two.

use krait_objects::prelude::*;

use super::calendar::{Hms, MAX_ORDINAL, SECONDS_PER_DAY, Ymd};
use super::date::out_of_range;
use super::datetime::{DateTime, Moment, same_zone, utc_offset};
use super::timedelta::Delta;

/// The moment a duration later (`sign` 1) or earlier (-1), with the same zone and no fold. OverflowError if there is none.
pub fn shifted<'a>(
    th: &Thread,
    datetime: &'a DateTime,
    delta: &Delta,
    sign: i64,
) -> PyResult<Moment<'a>> {
    let (days, seconds, micros) = delta.parts();
    let time = datetime.time();
    let micros = i64::from(time.micro) + sign * micros;
    let seconds = time.seconds() + sign * seconds + micros.div_euclid(1_000_000);
    let ordinal = datetime.date().ordinal() + sign * days + seconds.div_euclid(SECONDS_PER_DAY);
    if !(1..=MAX_ORDINAL).contains(&ordinal) {
        return Err(out_of_range(th));
    }
    let micro = micros.rem_euclid(1_000_000) as i32;
    Ok(Moment {
        date: Ymd::from_ordinal(ordinal),
        time: Hms::from_seconds(seconds.rem_euclid(SECONDS_PER_DAY), micro),
        zone: datetime.zone(),
        fold: 0,
    })
}

/// `datetime + delta` or, for the sign -1, `datetime - delta`, in the class of the datetime.
pub fn add(th: &Thread, datetime: Borrowed<'_, DateTime>, delta: &Delta, sign: i64) -> PyResult {
    let moment = shifted(th, datetime.get(), delta, sign)?;
    let ty = datetime.object().get().ty();
    if ty.is(Borrowed::from_ref(DateTime::type_object())) {
        return DateTime::new(th, moment).map(Owned::into_object);
    }
    DateTime::for_class(th, ty, moment)
}

/// `left - right`, in UTC if their zones differ. TypeError if only one of them knows its offset.
pub fn difference(
    th: &Thread,
    left: Borrowed<'_, DateTime>,
    right: Borrowed<'_, DateTime>,
) -> PyResult<Owned<Delta>> {
    let offsets = if same_zone(&left, &right) {
        (None, None)
    } else {
        (utc_offset(th, left)?, utc_offset(th, right)?)
    };
    let seconds = left.seconds() - right.seconds();
    let micros = i64::from(left.time().micro - right.time().micro);
    match offsets {
        (None, None) => Delta::new(th, 0, seconds, micros),
        (Some(a), Some(b)) => {
            let ((a_days, a_seconds, a_micros), (days, more, less)) = (a.parts(), b.parts());
            Delta::new(th, days - a_days, seconds + more - a_seconds, micros + less - a_micros)
        }
        _ => {
            Err(th.raise(exc::TYPE_ERROR, "can't subtract offset-naive and offset-aware datetimes"))
        }
    }
}

#[pymethods(part = "arithmetic")]
impl DateTime {
    #[slot(nb_add)]
    fn nb_add(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let operands = match left.downcast::<DateTime>() {
            Some(datetime) => Some((datetime, right)),
            None => right.downcast::<DateTime>().map(|datetime| (datetime, left)),
        };
        let Some((datetime, other)) = operands else {
            return Ok(not_implemented().to_owned());
        };
        match other.downcast::<Delta>() {
            Some(delta) => add(th, datetime, &delta, 1),
            None => Ok(not_implemented().to_owned()),
        }
    }

    #[slot(nb_subtract)]
    fn nb_subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let Some(left) = left.downcast::<DateTime>() else {
            return Ok(not_implemented().to_owned());
        };
        if let Some(right) = right.downcast::<DateTime>() {
            return difference(th, left, right).map(Owned::into_object);
        }
        match right.downcast::<Delta>() {
            Some(delta) => add(th, left, &delta, -1),
            None => Ok(not_implemented().to_owned()),
        }
    }
}
