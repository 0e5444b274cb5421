//! The transitions of a zone, and finding what applies at a time.
//!
//! `zoneinfo._common.load_data` reads the file; here its lists become tables. The same job as `load_data` and
//! `find_ttinfo` of CPython's `Modules/_zoneinfo.c`.

use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;

use super::rule::{self, Change};
use crate::datetime::timedelta::Delta;

/// What applies at a time.
#[derive(Clone)]
pub struct Info {
    pub offset: Owned<Delta>,
    pub dst: Owned<Delta>,
    pub name: Owned,
    /// The offset in seconds.
    seconds: i64,
}

/// What applies after the last transition.
struct After {
    standard: Info,
    summer: Option<Summer>,
}

struct Summer {
    info: Info,
    start: Change,
    end: Change,
    /// By how much clocks are put forward; negative in Dublin.
    difference: i64,
}

pub struct Data {
    /// The moments of transitions, in seconds since 1970, ascending.
    utc: Vec<i64>,
    /// The same in local time, for a fold of 0 and 1.
    local: [Vec<i64>; 2],
    /// What applies from each on.
    infos: Vec<Info>,
    before: Option<Info>,
    after: After,
    /// Whether the zone is the same at any time.
    fixed: bool,
}

/// A tuple of machine integers.
fn integers(th: &Thread, ob: Borrowed<'_>) -> PyResult<Vec<i64>> {
    let mut numbers = Vec::new();
    iter::for_each(th, ob, &mut |item| {
        let number = number::index(th, item.object())?.to_i64().ok_or_else(|| {
            th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long")
        })?;
        numbers.push(number);
        Ok(())
    })?;
    Ok(numbers)
}

/// Durations of seconds; those that come again are shared.
struct Deltas(Vec<(i64, Owned<Delta>)>);

impl Deltas {
    fn get(&mut self, th: &Thread, seconds: i64) -> PyResult<Owned<Delta>> {
        if let Some((_, delta)) = self.0.iter().find(|(known, _)| *known == seconds) {
            return Ok(delta.clone());
        }
        let delta = Delta::new(th, 0, seconds, 0)?;
        self.0.push((seconds, delta.clone()));
        Ok(delta)
    }

    fn info(&mut self, th: &Thread, seconds: i64, dst: i64, name: Owned) -> PyResult<Info> {
        Ok(Info { offset: self.get(th, seconds)?, dst: self.get(th, dst)?, name, seconds })
    }
}

/// By how much each kind of time is ahead of standard time. Files only say whether it is summer time; the difference to
/// a neighbour that is not must be it, and an hour is the best guess where there is none.
fn summer_offsets(indices: &[usize], offsets: &[i64], summer: &[bool]) -> Vec<i64> {
    let mut found = vec![0; offsets.len()];
    let wanted = summer.iter().filter(|summer| **summer).count();
    let mut count = 0;
    for at in 1..indices.len() {
        if count == wanted {
            break;
        }
        let (index, previous) = (indices[at], indices[at - 1]);
        if !summer[index] || found[index] != 0 {
            continue;
        }
        let mut difference = if summer[previous] { 0 } else { offsets[index] - offsets[previous] };
        if difference == 0 && index + 1 < offsets.len() {
            if let Some(&next) = indices.get(at + 1) {
                if summer[next] {
                    continue;
                }
                difference = offsets[index] - offsets[next];
            }
        }
        if difference != 0 {
            count += 1;
            found[index] = difference;
        }
    }
    if count < wanted {
        for (found, summer) in found.iter_mut().zip(summer) {
            if *found == 0 && *summer {
                *found = 3600;
            }
        }
    }
    found
}

/// Transitions in local time: by the greater of the offsets on both sides, and by the lesser.
fn local_times(utc: &[i64], indices: &[usize], offsets: &[i64]) -> [Vec<i64>; 2] {
    let mut before = offsets.first().copied().unwrap_or(0);
    let mut times = [Vec::with_capacity(utc.len()), Vec::with_capacity(utc.len())];
    for (time, &index) in utc.iter().zip(indices) {
        let after = offsets[index];
        times[0].push(time.saturating_add(before.max(after)));
        times[1].push(time.saturating_add(before.min(after)));
        before = after;
    }
    times
}

impl Data {
    /// Of the six lists that `load_data` returns. ValueError if they make no sense.
    pub fn new(th: &Thread, lists: Borrowed<'_>) -> PyResult<Data> {
        let tuple = lists.downcast::<Tuple>();
        let Some(&[indices, utc, offsets, summer, names, string]) =
            tuple.as_ref().map(|tuple| tuple.get().as_slice())
        else {
            let shown = object::repr(th, lists)?;
            return Err(raise!(th, TYPE_ERROR, "Invalid data result type: {}", *shown));
        };
        let (utc, offsets) = (integers(th, utc)?, integers(th, offsets)?);
        let summer: Vec<bool> = integers(th, summer)?.iter().map(|&summer| summer != 0).collect();
        let names = iter::collect(th, names)?;
        let mut known = Vec::with_capacity(utc.len());
        for index in integers(th, indices)? {
            match usize::try_from(index) {
                Ok(at) if at < offsets.len() => known.push(at),
                _ => {
                    return Err(raise!(
                        th,
                        VALUE_ERROR,
                        "Invalid transition index found while reading TZif: {index}"
                    ));
                }
            }
        }
        let lengths = [summer.len(), names.len()];
        if known.len() != utc.len() || lengths.iter().any(|&len| len != offsets.len()) {
            return Err(th.raise(exc::VALUE_ERROR, "Inconsistent time zone data"));
        }
        let mut deltas = Deltas(Vec::new());
        let dst = summer_offsets(&known, &offsets, &summer);
        let mut kinds = Vec::with_capacity(offsets.len());
        for ((&offset, dst), name) in offsets.iter().zip(dst).zip(names) {
            kinds.push(deltas.info(th, offset, dst, name)?);
        }
        let first_standard = summer.iter().position(|summer| !summer).unwrap_or(0);
        let last = known.last().copied().unwrap_or(kinds.len().wrapping_sub(1));
        let after = match string.downcast::<Bytes>().filter(|string| !string.is_empty()) {
            Some(string) => After::of_string(th, string, &mut deltas)?,
            None => match kinds.get(last) {
                Some(kind) => After { standard: kind.clone(), summer: None },
                None => {
                    return Err(th.raise(exc::VALUE_ERROR, "No time zone information found."));
                }
            },
        };
        let fixed = after.summer.is_none()
            && match kinds.as_slice() {
                [] => true,
                [only] => same(th, only, &after.standard)?,
                _ => false,
            };
        Ok(Data {
            local: local_times(&utc, &known, &offsets),
            infos: known.iter().map(|&at| kinds[at].clone()).collect(),
            before: kinds.get(first_standard).cloned(),
            utc,
            after,
            fixed,
        })
    }

    /// What applies without a time: only a zone that never changes knows.
    pub fn always(&self) -> Option<&Info> {
        self.fixed.then_some(&self.after.standard)
    }

    /// What applies at a local time.
    pub fn at_local(&self, seconds: i64, year: i32, fold: usize) -> Option<&Info> {
        let times = &self.local[fold.min(1)];
        match times.partition_point(|&time| time <= seconds) {
            0 if !times.is_empty() => self.before.as_ref(),
            _ if times.last().is_none_or(|&last| seconds > last) => {
                Some(self.after.at_local(seconds, year, fold == 1))
            }
            count => self.infos.get(count - 1),
        }
    }

    /// What applies at a moment, and whether its local time is the second of two.
    pub fn at_utc(&self, seconds: i64, year: i32) -> Option<(&Info, bool)> {
        let count = self.utc.partition_point(|&time| time <= seconds);
        // What applied before a transition.
        let previous = |at: usize| match at {
            0 => self.before.as_ref(),
            at => self.infos.get(at - 1),
        };
        let Some(&last) = self.utc.last() else {
            return Some(self.after.at_utc(seconds, year));
        };
        if count == 0 {
            return self.before.as_ref().map(|before| (before, false));
        }
        if seconds > last {
            let (info, mut fold) = self.after.at_utc(seconds, year);
            // Just after it, time may go back because of the last transition.
            let back = previous(self.utc.len() - 1)?.seconds - info.seconds;
            fold |= back > 0 && seconds < last + back;
            return Some((info, fold));
        }
        let info = self.infos.get(count - 1)?;
        let back = previous(count - 1)?.seconds - info.seconds;
        Some((info, back > seconds - self.utc[count - 1]))
    }
}

/// Whether two kinds of time cannot be told apart.
fn same(th: &Thread, a: &Info, b: &Info) -> PyResult<bool> {
    Ok(a.seconds == b.seconds
        && a.dst.parts() == b.dst.parts()
        && object::eq(th, a.name.object(), b.name.object())?)
}

/// Whether it is summer, which may last over the turn of the year.
fn is_between(start: i64, end: i64, seconds: i64) -> bool {
    if start < end { (start..end).contains(&seconds) } else { !(end..start).contains(&seconds) }
}

impl After {
    fn of_string(th: &Thread, string: Borrowed<'_, Bytes>, deltas: &mut Deltas) -> PyResult<After> {
        let rule = match rule::parse(string.get().as_bytes()) {
            Ok(rule) => rule,
            Err(wrong) => {
                let shown = object::repr(th, string.object())?;
                return Err(raise!(th, VALUE_ERROR, "{wrong}{}", *shown));
            }
        };
        let name = Str::new(th, rule.standard)?.into_object();
        let standard = deltas.info(th, rule.offset, 0, name)?;
        let summer = match rule.summer {
            None => None,
            Some(summer) => {
                let difference = summer.offset - rule.offset;
                let name = Str::new(th, summer.name)?.into_object();
                let info = deltas.info(th, summer.offset, difference, name)?;
                Some(Summer { info, start: summer.start, end: summer.end, difference })
            }
        };
        Ok(After { standard, summer })
    }

    /// In local time, the period with the lesser offset lasts from the end of the gap to the end of the fold, or, if the fold
    /// is meant, from the beginning of the gap to the beginning of the fold.
    fn at_local(&self, seconds: i64, year: i32, fold: bool) -> &Info {
        let Some(summer) = &self.summer else {
            return &self.standard;
        };
        let (mut start, mut end) = (summer.start.in_year(year), summer.end.in_year(year));
        if fold == (summer.difference >= 0) {
            end -= summer.difference;
        } else {
            start += summer.difference;
        }
        let is_summer = is_between(start, end, seconds);
        if is_summer { &summer.info } else { &self.standard }
    }

    fn at_utc(&self, seconds: i64, year: i32) -> (&Info, bool) {
        let Some(summer) = &self.summer else {
            return (&self.standard, false);
        };
        let start = summer.start.in_year(year) - self.standard.seconds;
        let end = summer.end.in_year(year) - summer.info.seconds;
        let is_summer = is_between(start, end, seconds);
        // Where clocks go back, what they have shown is shown again.
        let back = if summer.difference > 0 { end } else { start };
        let fold = (back..back + summer.difference.abs()).contains(&seconds);
        (if is_summer { &summer.info } else { &self.standard }, fold)
    }
}
