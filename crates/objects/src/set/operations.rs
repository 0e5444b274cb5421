//! Combining sets with sets and other iterables.

use super::{FrozenSet, Set, any_set, is_exact_any, table};
use crate::prelude::*;

impl Set {
    /// `set` or `frozenset`: what operations on a subclass of it give.
    fn base_type(&self) -> Borrowed<'static, Type> {
        let ob = Borrowed::from_ref(self).object();
        if FrozenSet::check(ob.get()) {
            return Borrowed::from_ref(FrozenSet::type_object());
        }
        Borrowed::from_ref(Set::type_object())
    }

    /// An empty set of the base type.
    fn like(&self, th: &Thread) -> PyResult<Owned<Set>> {
        Set::of_type(th, self.base_type())
    }

    pub fn copy(&self, th: &Thread) -> PyResult<Owned<Set>> {
        let copy = self.like(th)?;
        copy.merge(th, self)?;
        Ok(copy)
    }

    pub fn update(&self, th: &Thread, iterable: Borrowed<'_>) -> PyResult<()> {
        if let Some(other) = any_set(iterable) {
            return self.merge(th, &other);
        }
        if let Some(dict) = iterable.downcast_exact::<Dict>() {
            let (fill, mask) = (self.fill.get() as usize, self.mask.get() as usize);
            if (fill + dict.len()) * 5 >= mask * 3 {
                self.resize(th, (self.len() + dict.len()) * 2)?;
            }
            let mut position = 0;
            while let Some((key, hash)) = dict.next_key(th, &mut position)? {
                self.add_hashed(th, key.borrow(), hash)?;
            }
            return Ok(());
        }
        iter::for_each(th, iterable, &mut |item| self.add(th, item.borrow()))
    }

    pub fn intersection(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<Owned<Set>> {
        if other.is(Borrowed::from_ref(self)) {
            return self.copy(th);
        }
        let result = self.like(th)?;
        if let Some(other) = any_set(other) {
            let this = Borrowed::from_ref(self);
            // The smaller one is gone through.
            let (mut few, mut many) = (other, this);
            if other.len() > self.len() {
                (few, many) = (this, other);
            }
            few.pick(th, &many, true, &result)?;
            return Ok(result);
        }
        iter::for_each(th, other, &mut |item| {
            let hash = self.hash_element(th, item.borrow())?;
            if self.has_hashed(th, item.borrow(), hash)? {
                result.add_hashed(th, item.borrow(), hash)?;
            }
            Ok(())
        })?;
        Ok(result)
    }

    pub fn intersection_update(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<()> {
        let result = self.intersection(th, other)?;
        self.swap(&result);
        Ok(())
    }

    pub fn is_disjoint(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<bool> {
        if other.is(Borrowed::from_ref(self)) {
            return Ok(self.is_empty());
        }
        if is_exact_any(other) {
            if let Some(other) = any_set(other) {
                let this = Borrowed::from_ref(self);
                let (mut few, mut many) = (other, this);
                if other.len() > self.len() {
                    (few, many) = (this, other);
                }
                let mut position = 0;
                while let Some((key, hash)) = few.next_hashed(&mut position) {
                    if many.has_hashed(th, key.borrow(), hash)? {
                        return Ok(false);
                    }
                }
                return Ok(true);
            }
        }
        let iterator = iter::get_iter(th, other)?;
        while let Some(item) = iter::next(th, iterator.borrow())? {
            if self.contains(th, item.borrow())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn difference_update(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<()> {
        if other.is(Borrowed::from_ref(self)) {
            self.clear();
            return Ok(());
        }
        if let Some(other) = any_set(other) {
            // When there is much more to take away than there is, what is there is looked up instead.
            if other.len() >> 3 > self.len() {
                let rest = self.difference(th, other.object())?;
                self.swap(&rest);
                return Ok(());
            }
            let mut position = 0;
            while let Some((key, hash)) = other.next_hashed(&mut position) {
                self.discard_hashed(th, key.borrow(), hash)?;
            }
        } else if let Some(dict) = other.downcast_exact::<Dict>() {
            let mut position = 0;
            while let Some((key, hash)) = dict.next_key(th, &mut position)? {
                self.discard_hashed(th, key.borrow(), hash)?;
            }
        } else {
            iter::for_each(th, other, &mut |item| self.remove(th, item.borrow()).map(drop))?;
        }
        // Many deleted entries make every search long.
        if (self.fill.get() - self.used.get()) as usize > self.mask.get() as usize / 5 {
            let used = self.len();
            return self.resize(th, if used > 50_000 { used * 2 } else { used * 4 });
        }
        Ok(())
    }

    pub fn difference(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<Owned<Set>> {
        let dict = other.downcast_exact::<Dict>();
        let set = any_set(other);
        let other_len = match (set, dict) {
            (Some(set), _) => set.len(),
            (None, Some(dict)) => dict.len(),
            (None, None) => {
                let result = self.copy(th)?;
                result.difference_update(th, other)?;
                return Ok(result);
            }
        };
        // With few to take away, a copy and some removals are less work.
        if self.len() >> 2 > other_len {
            let result = self.copy(th)?;
            result.difference_update(th, other)?;
            return Ok(result);
        }
        let result = self.like(th)?;
        if let Some(set) = set {
            self.pick(th, &set, false, &result)?;
            return Ok(result);
        }
        let mut position = 0;
        while let Some((key, hash)) = self.next_hashed(&mut position) {
            let found = match dict {
                Some(dict) => dict.contains_hashed(th, key.borrow(), hash)?,
                None => false,
            };
            if !found {
                result.add_hashed(th, key.borrow(), hash)?;
            }
        }
        Ok(result)
    }

    /// Adds those elements to `result` of which `other` has an equal one, or those of which it has none.
    fn pick(&self, th: &Thread, other: &Set, wanted: bool, result: &Set) -> PyResult<()> {
        let mut position = 0;
        // SAFETY: what may run code counts the element before.
        while let Some((key, hash)) = unsafe { self.next_borrowed(&mut position) } {
            if let Some(found) = other.has_at_once(key, hash) {
                if found == wanted {
                    result.add_hashed(th, key, hash)?;
                }
                continue;
            }
            let key = key.to_owned();
            if other.has_hashed(th, key.borrow(), hash)? == wanted {
                result.add_hashed(th, key.borrow(), hash)?;
            }
        }
        Ok(())
    }

    pub fn symmetric_difference_update(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<()> {
        if other.is(Borrowed::from_ref(self)) {
            self.clear();
            return Ok(());
        }
        let toggle = |key: Borrowed<'_>, hash: isize| {
            if !self.discard_hashed(th, key, hash)? {
                self.add_hashed(th, key, hash)?;
            }
            Ok(())
        };
        if let Some(dict) = other.downcast_exact::<Dict>() {
            let mut position = 0;
            while let Some((key, hash)) = dict.next_key(th, &mut position)? {
                toggle(key.borrow(), hash)?;
            }
            return Ok(());
        }
        // An element that comes twice counts once.
        let other = match any_set(other) {
            Some(other) => other.to_owned(),
            None => {
                let set = self.like(th)?;
                set.update(th, other)?;
                set
            }
        };
        let mut position = 0;
        while let Some((key, hash)) = other.next_hashed(&mut position) {
            toggle(key.borrow(), hash)?;
        }
        Ok(())
    }

    pub fn symmetric_difference(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<Owned<Set>> {
        let result = self.like(th)?;
        result.update(th, other)?;
        result.symmetric_difference_update(th, Borrowed::from_ref(self).object())?;
        Ok(result)
    }

    pub fn is_subset(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<bool> {
        let Some(other) = any_set(other) else {
            let common = self.intersection(th, other)?;
            return Ok(common.len() == self.len());
        };
        if self.len() > other.len() {
            return Ok(false);
        }
        let mut position = 0;
        while let Some((key, hash)) = self.next_hashed(&mut position) {
            if !other.has_hashed(th, key.borrow(), hash)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn is_superset(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<bool> {
        if let Some(other) = any_set(other) {
            return other.is_subset(th, Borrowed::from_ref(self).object());
        }
        let iterator = iter::get_iter(th, other)?;
        while let Some(item) = iter::next(th, iterator.borrow())? {
            if !self.contains(th, item.borrow())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn compare_sets(
        &self,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult<Option<bool>> {
        let Some(set) = any_set(other) else {
            return Ok(None);
        };
        let this = Borrowed::from_ref(self).object();
        let holds = match op {
            CompareOp::Eq | CompareOp::Ne => {
                let hashes_differ = self.hash.get() != -1
                    && set.hash.get() != -1
                    && self.hash.get() != set.hash.get();
                let equal =
                    self.len() == set.len() && !hashes_differ && self.is_subset(th, other)?;
                equal == (op == CompareOp::Eq)
            }
            CompareOp::Le => self.is_subset(th, other)?,
            CompareOp::Ge => set.is_subset(th, this)?,
            CompareOp::Lt => self.len() < set.len() && self.is_subset(th, other)?,
            CompareOp::Gt => self.len() > set.len() && set.is_subset(th, this)?,
        };
        Ok(Some(holds))
    }

    /// Any element, taken out; `None` if there is none.
    pub fn pop_any(&self) -> Option<Owned> {
        if self.is_empty() {
            return None;
        }
        let mask = self.mask.get() as usize;
        let mut at = self.finger.get() as usize & mask;
        // SAFETY: there is a used entry.
        unsafe {
            while !table::is_used(self.table.get().add(at)) {
                at = (at + 1) & mask;
            }
            self.finger.set(at as isize + 1);
            Some(self.delete(self.table.get().add(at)))
        }
    }
}
