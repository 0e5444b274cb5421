//! The table of interned strings, one per interpreter.
//!
//! Strings of the house (`ids`) and of one character are in it from the start. The table owns no reference to
//! the others: a string that dies takes itself out. Invariant: 1. every pointer in the table is a live string.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::{Str, create};
use crate::thread::Thread;

/// Strings bring their own hash: nothing to mix.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_i64(&mut self, hash: i64) {
        self.0 = hash as u64;
    }

    fn write_isize(&mut self, hash: isize) {
        self.0 = hash as u64;
    }
}

/// A string as a key: compared by its characters.
struct Key(*const Str);

impl std::hash::Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // SAFETY: (1); the hash was computed when the key was made.
        state.write_isize(unsafe { (*self.0).hash_known() });
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        // SAFETY: (1).
        unsafe { (*self.0).eq(&*other.0) }
    }
}

impl Eq for Key {}

type Table = HashMap<Key, (), BuildHasherDefault<Identity>>;

#[derive(Default)]
pub struct Interned {
    table: RefCell<Table>,
}

impl Interned {
    /// Enters the static strings, when an interpreter begins.
    pub fn seed(&self, th: &Thread) {
        let mut table = self.table.borrow_mut();
        for &name in crate::ids::ALL.iter() {
            name.hash(th);
            table.entry(Key(name.get())).or_insert(());
        }
        for single in create::statics() {
            single.hash(th);
            table.entry(Key(single.get())).or_insert(());
        }
    }

    /// How many strings are interned.
    pub fn len(&self) -> usize {
        self.table.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Str {
    fn hash_known(&self) -> isize {
        self.raw()._base.hash
    }

    /// An interned string: one object per text and interpreter, compared by identity first.
    pub fn interned(th: &Thread, text: &str) -> PyResult<Owned<Str>> {
        Str::intern(th, Str::new(th, text)?)
    }

    /// The interned string of the same text; `string` itself if it is the first. Subclasses are left alone.
    pub fn intern(th: &Thread, string: Owned<Str>) -> PyResult<Owned<Str>> {
        if string.is_interned() || !string.object().is_exact::<Str>() {
            return Ok(string);
        }
        string.hash(th);
        let mut table = th.interp().interned.table.borrow_mut();
        if let Some((known, ())) = table.get_key_value(&Key(&*string)) {
            // SAFETY: (1).
            let known = unsafe { Borrowed::from_ref(&*known.0) }.to_owned();
            drop(table);
            return Ok(known);
        }
        table.insert(Key(&*string), ());
        string.set_interned(abi::SSTATE_INTERNED_MORTAL as u32);
        Ok(string)
    }

    fn set_interned(&self, state: u32) {
        // SAFETY: only the attached thread writes the state.
        unsafe {
            let bits = &mut (*self.compact.get())._base.state.0;
            *bits = *bits & !abi::_PyUnicodeObject_state::INTERNED_MASK | state;
        }
    }

    /// A dying string leaves the table.
    pub(super) fn forget_interned(&self, th: &Thread) {
        if self.is_interned() {
            th.interp().interned.table.borrow_mut().remove(&Key(self));
        }
    }
}
