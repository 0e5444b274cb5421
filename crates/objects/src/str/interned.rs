//! The table of interned strings, one per interpreter.
//!
//! Strings of the house (`ids`) get into it when they are first asked for by their text; those without or with one Latin-1
//! character are static and need no place in it. The table owns no reference to the others: a string that dies takes itself out.
//! Invariant: 1. every pointer in the table is a live string that knows its hash.

use std::cell::RefCell;

use hashbrown::HashTable;
use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::{Chars, Str, hash_secret, single};
use crate::thread::Thread;

#[derive(Default)]
pub struct Interned {
    table: RefCell<HashTable<*const Str>>,
}

impl Interned {
    fn find(
        &self,
        th: &Thread,
        hash: isize,
        text: Chars<'_>,
        is_same: impl Fn(&Str) -> bool,
    ) -> Option<Owned<Str>> {
        let table = self.table.borrow();
        // SAFETY: (1).
        if let Some(found) = table.find(hash as u64, |&known| unsafe { is_same(&*known) }) {
            // SAFETY: (1).
            return Some(unsafe { Borrowed::from_ref(&**found) }.to_owned());
        }
        drop(table);
        let Chars::One(text) = text else { return None };
        let name = crate::ids::find(text)?;
        debug_assert_eq!(name.hash(th), hash);
        self.enter(th, name.get());
        Some(name.to_owned())
    }

    fn insert(&self, th: &Thread, string: &Str) {
        self.enter(th, string);
        string.set_interned(abi::SSTATE_INTERNED_MORTAL as u32);
    }

    fn enter(&self, th: &Thread, string: &Str) {
        let mut table = self.table.borrow_mut();
        if table.is_empty() {
            // Room for what a start enters.
            table.reserve(400, hash_of);
        }
        table.insert_unique(string.hash(th) as u64, string, hash_of);
    }
}

fn hash_of(string: &*const Str) -> u64 {
    // SAFETY: (1).
    unsafe { (**string).raw()._base.hash as u64 }
}

/// The static string of at most one character, of which there is only one.
fn short(chars: Chars<'_>) -> Option<Borrowed<'static, Str>> {
    match chars {
        Chars::One([]) => Some(Str::empty()),
        Chars::One(&[point]) => Some(single::single(point)),
        _ => None,
    }
}

impl Str {
    /// An interned string: one object per text and interpreter, compared by identity first.
    pub fn interned(th: &Thread, text: &str) -> PyResult<Owned<Str>> {
        if !text.is_ascii() {
            return Str::intern(th, Str::new(th, text)?);
        }
        Str::interned_ascii(th, text.as_bytes())
    }

    /// As `interned`, of bytes that are all ASCII.
    pub fn interned_ascii(th: &Thread, text: &[u8]) -> PyResult<Owned<Str>> {
        debug_assert!(text.is_ascii());
        let chars = Chars::One(text);
        if let Some(short) = short(chars) {
            return Ok(short.to_owned());
        }
        let interned = &th.interp().interned;
        let hash = hash_secret().hash(text) as isize;
        let same = |known: &Str| known.as_ascii().map(str::as_bytes) == Some(text);
        if let Some(known) = interned.find(th, hash, chars, same) {
            return Ok(known);
        }
        let string = Str::from_chars_bounded(th, chars, 0x7f)?;
        // SAFETY: a new string, whose hash this is.
        unsafe { (*string.compact.get())._base.hash = hash };
        interned.insert(th, &string);
        Ok(string)
    }

    /// The interned string of the same text; `string` itself if it is the first. Subclasses are left alone.
    pub fn intern(th: &Thread, string: Owned<Str>) -> PyResult<Owned<Str>> {
        if string.is_interned() || !string.object().is_exact::<Str>() {
            return Ok(string);
        }
        if let Some(short) = short(string.chars()) {
            return Ok(short.to_owned());
        }
        let interned = &th.interp().interned;
        let is_same = |known: &Str| known.eq(&string);
        if let Some(known) = interned.find(th, string.hash(th), string.chars(), is_same) {
            return Ok(known);
        }
        interned.insert(th, &string);
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
            let mut table = th.interp().interned.table.borrow_mut();
            let this = std::ptr::from_ref(self);
            if let Ok(entry) = table.find_entry(hash_of(&this), |&known| known == this) {
                entry.remove();
            }
        }
    }
}
