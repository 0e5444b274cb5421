//! Powersort: natural runs, extended by insertion, merged in a nearly optimal order with galloping.
//!
//! The same items are compared in the same order as in the reference: the result shows it where the order is none, as with
//! NaN. Any comparison may fail; the items are then some permutation of what they were, none lost.

use super::{Order, Ptr};
use crate::prelude::*;

/// Something to sort by its key.
pub(super) trait Keyed: Copy {
    fn key(&self) -> Ptr;
}

impl Keyed for Ptr {
    #[inline(always)]
    fn key(&self) -> Ptr {
        *self
    }
}

/// Key and item.
impl Keyed for (Ptr, Ptr) {
    #[inline(always)]
    fn key(&self) -> Ptr {
        self.0
    }
}

/// From how many wins in a row on merging gallops.
const MIN_GALLOP: usize = 7;
/// Shorter arrays are one run.
const MAX_MINIMUM_RUN: usize = 64;

struct Run {
    start: usize,
    len: usize,
    /// Of the boundary after this run: how soon both sides are to be merged.
    power: u32,
}

pub(super) struct Sorter<'a, E> {
    th: &'a Thread,
    order: Order,
    items: &'a mut [E],
    runs: Vec<Run>,
    buffer: Vec<E>,
    min_gallop: usize,
}

impl<'a, E: Keyed> Sorter<'a, E> {
    pub(super) fn new(th: &'a Thread, order: Order, items: &'a mut [E]) -> Sorter<'a, E> {
        let (runs, buffer) = (Vec::new(), Vec::new());
        Sorter { th, order, items, runs, buffer, min_gallop: MIN_GALLOP }
    }

    #[inline(always)]
    fn less(&self, left: &E, right: &E) -> PyResult<bool> {
        // SAFETY: the items are live, and the order was chosen for all of them.
        unsafe { self.order.less(self.th, left.key(), right.key()) }
    }

    pub(super) fn sort(mut self) -> PyResult<()> {
        let len = self.items.len();
        let minimum = minimum_run(len);
        let mut start = 0;
        while start < len {
            let mut run = self.natural_run(start)?;
            if run < minimum {
                let forced = minimum.min(len - start);
                self.insert(start, run, forced)?;
                run = forced;
            }
            self.found_run(start, run)?;
            start += run;
        }
        while let count @ 2.. = self.runs.len() {
            // Of three, the shorter neighbour of the middle one goes first.
            let first = count >= 3 && self.runs[count - 3].len < self.runs[count - 1].len;
            self.merge_at(if first { count - 3 } else { count - 2 })?;
        }
        Ok(())
    }

    /// The length of the run that begins at `start`, made ascending if it was descending. Items that are equal may
    /// stand in either kind of run: each stretch of them is turned round twice, and so keeps its order.
    fn natural_run(&mut self, start: usize) -> PyResult<usize> {
        let len = self.items.len();
        let mut end = start + 1;
        while end < len && !self.falls(end)? {
            end += 1;
        }
        if end >= len {
            return Ok(len - start);
        }
        if end - start > 1 {
            if self.less(&self.items[start], &self.items[end - 1])? {
                return Ok(end - start);
            }
            // All equal so far, and now it falls.
            self.items[start..end].reverse();
        }
        end += 1;
        let mut equal = 0;
        while end < len {
            if self.falls(end)? {
                self.items[end - 1 - equal..end].reverse();
                equal = 0;
            } else if self.less(&self.items[end - 1], &self.items[end])? {
                break;
            } else {
                equal += 1;
            }
            end += 1;
        }
        self.items[end - 1 - equal..end].reverse();
        self.items[start..end].reverse();
        // Now that it ascends, more may follow.
        while end < len && !self.falls(end)? {
            end += 1;
        }
        Ok(end - start)
    }

    /// Whether the item at `at` is less than the one before it.
    fn falls(&self, at: usize) -> PyResult<bool> {
        self.less(&self.items[at], &self.items[at - 1])
    }

    /// Extends the sorted `done` items at `start` to `len` by binary insertion.
    fn insert(&mut self, start: usize, done: usize, len: usize) -> PyResult<()> {
        for at in start + done..start + len {
            let item = self.items[at];
            let (mut low, mut high) = (start, at);
            while low < high {
                let middle = low + (high - low) / 2;
                if self.less(&item, &self.items[middle])? {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            self.items.copy_within(low..at, low + 1);
            self.items[low] = item;
        }
        Ok(())
    }

    fn found_run(&mut self, start: usize, len: usize) -> PyResult<()> {
        if let Some(last) = self.runs.last() {
            let power = power(last.start, last.len, len, self.items.len());
            while let [.., before, _] = self.runs.as_slice() {
                if before.power <= power {
                    break;
                }
                self.merge_at(self.runs.len() - 2)?;
            }
            if let Some(last) = self.runs.last_mut() {
                last.power = power;
            }
        }
        self.runs.push(Run { start, len, power: 0 });
        Ok(())
    }

    /// Merges a run and the one behind it.
    fn merge_at(&mut self, at: usize) -> PyResult<()> {
        let right = self.runs.remove(at + 1);
        let Run { start, len, .. } = self.runs[at];
        self.runs[at] = Run { start, len: len + right.len, power: right.power };
        let left = Run { start, len, power: 0 };
        // What is in its place already at either end needs no merging.
        let first = self.items[right.start];
        let skip = self.gallop(&first, left.start, left.len, 0, true)?;
        let (start, left_len) = (left.start + skip, left.len - skip);
        if left_len == 0 {
            return Ok(());
        }
        let last = self.items[start + left_len - 1];
        let right_len = self.gallop(&last, right.start, right.len, right.len - 1, false)?;
        if right_len == 0 {
            return Ok(());
        }
        if left_len <= right_len {
            self.merge_low(start, left_len, right_len)
        } else {
            self.merge_high(start, left_len, right_len)
        }
    }

    /// Merges with the left part in the buffer, from the front.
    fn merge_low(&mut self, start: usize, left_len: usize, right_len: usize) -> PyResult<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.extend_from_slice(&self.items[start..start + left_len]);
        let mut at = Low { left: 0, right: start + left_len, to: start };
        let end = start + left_len + right_len;
        let result = self.merge_low_steps(&buffer, &mut at, end);
        // The gap is as long as what is left in the buffer, also after a failed comparison.
        let rest = &buffer[at.left..];
        self.items[at.to..at.to + rest.len()].copy_from_slice(rest);
        self.buffer = buffer;
        result
    }

    /// The left part begins behind the right one's first item, and ends behind its last: `merge_at` left the others out.
    fn merge_low_steps(&mut self, left: &[E], at: &mut Low, end: usize) -> PyResult<()> {
        let mut min_gallop = self.min_gallop;
        if self.low_from_right(at, 1, end) || self.low_from_left(left, at, 0, end) {
            return Ok(());
        }
        loop {
            let (mut left_wins, mut right_wins) = (0, 0);
            while left_wins < min_gallop && right_wins < min_gallop {
                let done = if self.less(&self.items[at.right], &left[at.left])? {
                    (left_wins, right_wins) = (0, right_wins + 1);
                    self.low_from_right(at, 1, end)
                } else {
                    (left_wins, right_wins) = (left_wins + 1, 0);
                    self.low_from_left(left, at, 1, end)
                };
                if done {
                    return Ok(());
                }
            }
            min_gallop += 1;
            loop {
                min_gallop = min_gallop.saturating_sub(1).max(1);
                self.min_gallop = min_gallop;
                let next = self.items[at.right];
                let from_left = self.gallop_in(&next, &left[at.left..], 0, true)?;
                if self.low_from_left(left, at, from_left, end) || self.low_from_right(at, 1, end) {
                    return Ok(());
                }
                let from_right = self.gallop(&left[at.left], at.right, end - at.right, 0, false)?;
                if self.low_from_right(at, from_right, end) || self.low_from_left(left, at, 1, end)
                {
                    return Ok(());
                }
                if from_left < MIN_GALLOP && from_right < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }

    /// Takes so many items from the right part; true if that was all of it.
    #[inline(always)]
    fn low_from_right(&mut self, at: &mut Low, count: usize, end: usize) -> bool {
        if count == 1 {
            self.items[at.to] = self.items[at.right];
        } else {
            self.items.copy_within(at.right..at.right + count, at.to);
        }
        at.right += count;
        at.to += count;
        at.right == end
    }

    /// Takes so many items from the left part; true if nothing is left to compare: its last item comes behind all others.
    #[inline(always)]
    fn low_from_left(&mut self, left: &[E], at: &mut Low, count: usize, end: usize) -> bool {
        if count == 1 {
            self.items[at.to] = left[at.left];
        } else {
            self.items[at.to..at.to + count].copy_from_slice(&left[at.left..at.left + count]);
        }
        at.left += count;
        at.to += count;
        if left.len() - at.left == 1 {
            self.low_from_right(at, end - at.right, end);
        }
        left.len() - at.left <= 1
    }

    /// Merges with the right part in the buffer, from the back.
    fn merge_high(&mut self, start: usize, left_len: usize, right_len: usize) -> PyResult<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let middle = start + left_len;
        buffer.extend_from_slice(&self.items[middle..middle + right_len]);
        let mut at = High { left: left_len, right: right_len };
        let result = self.merge_high_steps(start, &buffer, &mut at);
        let gap = start + at.left;
        self.items[gap..gap + at.right].copy_from_slice(&buffer[..at.right]);
        self.buffer = buffer;
        result
    }

    /// The right part ends before the left one's last item, and begins before its first.
    fn merge_high_steps(&mut self, start: usize, right: &[E], at: &mut High) -> PyResult<()> {
        let mut min_gallop = self.min_gallop;
        if self.high_from_left(start, at, 1) || self.high_from_right(start, right, at, 0) {
            return Ok(());
        }
        loop {
            let (mut left_wins, mut right_wins) = (0, 0);
            while left_wins < min_gallop && right_wins < min_gallop {
                let done = if self.less(&right[at.right - 1], &self.items[start + at.left - 1])? {
                    (left_wins, right_wins) = (left_wins + 1, 0);
                    self.high_from_left(start, at, 1)
                } else {
                    (left_wins, right_wins) = (0, right_wins + 1);
                    self.high_from_right(start, right, at, 1)
                };
                if done {
                    return Ok(());
                }
            }
            min_gallop += 1;
            loop {
                min_gallop = min_gallop.saturating_sub(1).max(1);
                self.min_gallop = min_gallop;
                let stay = self.gallop(&right[at.right - 1], start, at.left, at.left - 1, true)?;
                let from_left = at.left - stay;
                if self.high_from_left(start, at, from_left)
                    || self.high_from_right(start, right, at, 1)
                {
                    return Ok(());
                }
                let next = self.items[start + at.left - 1];
                let stay = self.gallop_in(&next, &right[..at.right], at.right - 1, false)?;
                let from_right = at.right - stay;
                if self.high_from_right(start, right, at, from_right)
                    || self.high_from_left(start, at, 1)
                {
                    return Ok(());
                }
                if from_left < MIN_GALLOP && from_right < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }

    /// Takes so many items from the left part's end; true if that was all of it.
    #[inline(always)]
    fn high_from_left(&mut self, start: usize, at: &mut High, count: usize) -> bool {
        let left = start + at.left - count;
        if count == 1 {
            self.items[left + at.right] = self.items[left];
        } else {
            self.items.copy_within(left..left + count, left + at.right);
        }
        at.left -= count;
        at.left == 0
    }

    /// Takes so many items from the right part's end; true if nothing is left to compare: its first item comes before all
    /// others.
    #[inline(always)]
    fn high_from_right(&mut self, start: usize, right: &[E], at: &mut High, count: usize) -> bool {
        let stay = at.right - count;
        let to = start + at.left + stay;
        if count == 1 {
            self.items[to] = right[stay];
        } else {
            self.items[to..to + count].copy_from_slice(&right[stay..at.right]);
        }
        at.right = stay;
        if at.right == 1 {
            self.high_from_left(start, at, at.left);
        }
        at.right <= 1
    }

    /// As `gallop_in`, among our own items.
    fn gallop(
        &self,
        key: &E,
        start: usize,
        len: usize,
        hint: usize,
        after: bool,
    ) -> PyResult<usize> {
        self.gallop_in(key, &self.items[start..start + len], hint, after)
    }

    /// Where `key` belongs in the sorted `items`: before those equal to it, or after. Looks around `hint` first,
    /// in steps that double.
    fn gallop_in(&self, key: &E, items: &[E], hint: usize, after: bool) -> PyResult<usize> {
        // Whether the item at `at` comes before the place.
        let before = |at: usize| match after {
            true => self.less(key, &items[at]).map(|less| !less),
            false => self.less(&items[at], key),
        };
        // The place is in `low..=high`.
        let (mut low, mut high);
        let mut step = 1;
        if before(hint)? {
            (low, high) = (hint + 1, items.len());
            while hint + step < items.len() {
                if !before(hint + step)? {
                    high = hint + step;
                    break;
                }
                low = hint + step + 1;
                step = step * 2 + 1;
            }
        } else {
            (low, high) = (0, hint);
            while step <= hint {
                if before(hint - step)? {
                    low = hint - step + 1;
                    break;
                }
                high = hint - step;
                step = step * 2 + 1;
            }
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if before(middle)? {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

/// Where `merge_low` is: in the buffer, in the right part, and where the next item goes.
struct Low {
    left: usize,
    right: usize,
    to: usize,
}

/// How much `merge_high` has left of either part.
struct High {
    left: usize,
    right: usize,
}

/// Such that the number of runs is a power of two or a little less.
fn minimum_run(mut len: usize) -> usize {
    let mut rest = 0;
    while len >= MAX_MINIMUM_RUN {
        rest |= len & 1;
        len >>= 1;
    }
    len + rest
}

/// The power of the boundary between two runs: the depth in a perfectly balanced merge tree of `len` items at
/// which the middles of the runs part.
fn power(start: usize, left: usize, right: usize, len: usize) -> u32 {
    // The middles, times two.
    let mut a = 2 * start + left;
    let mut b = a + left + right;
    let mut power = 0;
    loop {
        power += 1;
        if a >= len {
            a -= len;
            b -= len;
        } else if b >= len {
            return power;
        }
        a <<= 1;
        b <<= 1;
    }
}
