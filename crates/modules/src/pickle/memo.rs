//! What a pickler has written and what an unpickler has read, by number.

use std::collections::HashMap;

use krait_objects::prelude::*;

/// Objects that were written, each with its number: a hash table over their addresses. They are kept alive, so that
/// no address is used twice.
#[derive(Default)]
pub(super) struct PicklerMemo {
    entries: Vec<(Owned, usize)>,
    /// One more than the place in `entries`; 0 for a free slot. As many as a power of two, or none.
    slots: Vec<u32>,
}

impl PicklerMemo {
    /// How many there are: the next number to be given.
    #[inline]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn entries(&self) -> &[(Owned, usize)] {
        &self.entries
    }

    /// The slot of the object at an address, or the free one where it belongs.
    #[inline]
    fn slot(&self, address: usize) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (address >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20 & mask;
        loop {
            match self.slots[slot] {
                0 => return slot,
                entry if self.entries[entry as usize - 1].0.as_ptr() as usize == address => {
                    return slot;
                }
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// The number of an object.
    #[inline]
    pub fn get(&self, ob: Borrowed<'_>) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let entry = self.slots[self.slot(ob.as_ptr() as usize)];
        (entry != 0).then(|| self.entries[entry as usize - 1].1)
    }

    /// Adds an object that is not there.
    pub fn insert(&mut self, ob: Owned, number: usize) {
        if (self.entries.len() + 1) * 3 > self.slots.len() * 2 {
            self.grow();
        }
        let slot = self.slot(ob.as_ptr() as usize);
        if self.slots[slot] == 0 {
            self.entries.push((ob, number));
            self.slots[slot] = self.entries.len() as u32;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(32);
        self.slots.clear();
        self.slots.resize(size, 0);
        for at in 0..self.entries.len() {
            let slot = self.slot_of_new(self.entries[at].0.as_ptr() as usize);
            self.slots[slot] = at as u32 + 1;
        }
    }

    fn slot_of_new(&self, address: usize) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (address >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20 & mask;
        while self.slots[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

/// Objects that were read, by number. A stream may choose any numbers: far ones do not make the table long.
#[derive(Default)]
pub(super) struct UnpicklerMemo {
    near: Vec<Option<Owned>>,
    far: HashMap<usize, Owned>,
    count: usize,
}

impl UnpicklerMemo {
    /// How many there are: the number that `MEMOIZE` gives.
    #[inline]
    pub fn len(&self) -> usize {
        self.count
    }

    #[inline]
    pub fn get(&self, number: usize) -> Option<Owned> {
        match self.near.get(number) {
            Some(Some(found)) => Some(found.clone()),
            _ => self.far.get(&number).cloned(),
        }
    }

    /// What was there before is handed back.
    #[inline]
    pub fn set(&mut self, number: usize, value: Owned) -> Option<Owned> {
        // As the numbers come from a pickler.
        if number == self.near.len() && self.far.is_empty() {
            self.near.push(Some(value));
            self.count += 1;
            return None;
        }
        let old = if number < self.near.len() {
            // It may have been far when it was set.
            self.near[number].replace(value).or_else(|| self.far.remove(&number))
        } else if number <= self.count * 2 + 1024 && !self.far.contains_key(&number) {
            self.near.resize_with(number, || None);
            self.near.push(Some(value));
            None
        } else {
            self.far.insert(number, value)
        };
        self.count += usize::from(old.is_none());
        old
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &Owned)> {
        let near = self.near.iter().enumerate();
        let near = near.filter_map(|(number, value)| Some((number, value.as_ref()?)));
        near.chain(self.far.iter().map(|(&number, value)| (number, value)))
    }
}
