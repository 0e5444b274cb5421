//! The names of a block and how each is used: a map in the arena that keeps the order of first appearance.
//!
//! There is one for every block, and most hold a handful of names: in the arena they cost no allocation of their own.

use bumpalo::Bump;
use bumpalo::collections::Vec;
use std::hash::{BuildHasher, Hasher};

use crate::tables::RandomState;

/// Mangled names with their usage and scope bits, in order of first appearance.
#[derive(Debug)]
pub struct Symbols<'a> {
    rows: Vec<'a, Row<'a>>,
    /// By hash, one more than the place of a name in `rows`; 0 is free. There is a power of two of them, and always a
    /// free one.
    places: Vec<'a, u32>,
    hashes: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Row<'a> {
    name: &'a str,
    hash: u32,
    usage: u32,
}

impl<'a> Symbols<'a> {
    /// With room for some names. `hashes` may be those of other blocks' symbols.
    pub(super) fn with_capacity(capacity: usize, hashes: RandomState, arena: &'a Bump) -> Self {
        let mut symbols = Symbols {
            rows: Vec::with_capacity_in(capacity, arena),
            places: Vec::new_in(arena),
            hashes,
        };
        symbols.place_all(slots_for(capacity));
        symbols
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn get(&self, name: &str) -> Option<u32> {
        self.find(name, self.hash(name)).ok().map(|row| self.rows[row].usage)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut u32> {
        match self.find(name, self.hash(name)) {
            Ok(row) => Some(&mut self.rows[row].usage),
            Err(_) => None,
        }
    }

    /// The name that came `at` places after the first.
    pub(super) fn get_index(&self, at: usize) -> Option<(&'a str, u32)> {
        self.rows.get(at).map(|row| (row.name, row.usage))
    }

    pub(super) fn get_index_mut(&mut self, at: usize) -> Option<&mut u32> {
        self.rows.get_mut(at).map(|row| &mut row.usage)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'a str, u32)> {
        self.rows.iter().map(|row| (row.name, row.usage))
    }

    /// The bits of a name, which are 0 if it is new.
    pub(super) fn entry(&mut self, name: &'a str) -> &mut u32 {
        let hash = self.hash(name);
        let row = match self.find(name, hash) {
            Ok(row) => row,
            Err(slot) => self.add(name, hash, slot),
        };
        &mut self.rows[row].usage
    }

    pub(super) fn insert(&mut self, name: &'a str, usage: u32) {
        *self.entry(name) = usage;
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Ok(row) = self.find(name, self.hash(name)) {
            self.rows.remove(row);
            self.place_all(self.places.len());
        }
    }

    #[inline]
    fn hash(&self, name: &str) -> u32 {
        let mut hasher = self.hashes.build_hasher();
        hasher.write(name.as_bytes());
        hasher.finish() as u32
    }

    /// The place of a name in `rows`, or where in `places` it belongs.
    #[inline]
    fn find(&self, name: &str, hash: u32) -> Result<usize, usize> {
        let mask = self.places.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let Some(place) = (self.places[slot] as usize).checked_sub(1) else { return Err(slot) };
            let row = &self.rows[place];
            if row.hash == hash && row.name == name {
                return Ok(place);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds a new name, which belongs to `slot`.
    fn add(&mut self, name: &'a str, hash: u32, slot: usize) -> usize {
        let row = self.rows.len();
        self.rows.push(Row { name, hash, usage: 0 });
        let slots = slots_for(self.rows.len());
        if slots > self.places.len() {
            self.place_all(slots);
        } else {
            // The text that the names are from is shorter than 4 GiB.
            self.places[slot] = row as u32 + 1;
        }
        row
    }

    /// Makes `slots` places and enters all names.
    fn place_all(&mut self, slots: usize) {
        self.places.clear();
        self.places.resize(slots, 0);
        for (row, Row { hash, .. }) in self.rows.iter().enumerate() {
            let mut slot = *hash as usize & (slots - 1);
            while self.places[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            self.places[slot] = row as u32 + 1;
        }
    }
}

/// How many places so many names need: a quarter stays free.
fn slots_for(names: usize) -> usize {
    (names + names / 3 + 1).next_power_of_two()
}
