//! `str`: the object, and what the house needs of it.
//!
//! `create` makes strings, of which `fresh` is one that is being written; `interned` keeps one of each text, `fixed`
//! and `single` hold those that are compiled in. The same job as CPython's `Objects/unicodeobject.c`.
//!
//! Invariants:
//! 1. A string is compact (its characters follow its struct, with a terminating zero) unless it is an
//!    instance of a subclass; then `data` points to them.
//! 2. Its kind is the narrowest that holds its greatest character, and `ascii` tells whether all are ASCII.
//! 3. Once known to others its characters never change.

mod append;
pub mod arguments;
mod builder;
mod case;
mod classes;
pub mod construct;
pub mod create;
mod find;
pub mod fixed;
pub mod format;
pub mod fresh;
pub mod interned;
pub mod iterator;
pub mod layout;
mod methods;
pub mod percent;
mod repr;
pub mod search;
pub mod single;
mod split;
pub mod translate;

use std::cell::UnsafeCell;
use std::ffi::c_char;
use std::fmt;

use krait_abi as abi;

use crate::error::PyResult;
use crate::exceptions;
use crate::handle::{Borrowed, Owned};
use crate::hash::HashSecret;
use crate::slice::SliceRange;
use crate::text::{self, codec};
use crate::thread::Thread;

pub use builder::StrBuilder;
pub use methods::{PyUnicode_Type, Str};
pub use repr::push_escape;

/// The code points in their storage.
#[derive(Clone, Copy)]
pub enum Chars<'a> {
    /// ASCII or Latin-1.
    One(&'a [u8]),
    Two(&'a [u16]),
    Four(&'a [u32]),
}

/// Evaluates `$body` with `$units` bound to the slice inside, whatever its kind.
#[macro_export]
macro_rules! with_units {
    ($chars:expr, $units:ident => $body:expr) => {
        match $chars {
            $crate::str::Chars::One($units) => $body,
            $crate::str::Chars::Two($units) => $body,
            $crate::str::Chars::Four($units) => $body,
        }
    };
}

/// What is inside the struct, under a name that both halves of the folder share.
pub(super) type Compact = UnsafeCell<abi::PyCompactUnicodeObject>;

impl<'a> Chars<'a> {
    pub fn len(self) -> usize {
        with_units!(self, units => units.len())
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The code point at `index`, which must be inside.
    pub fn at(self, index: usize) -> u32 {
        with_units!(self, units => u32::from(units[index]))
    }

    pub fn slice(self, range: std::ops::Range<usize>) -> Chars<'a> {
        match self {
            Chars::One(units) => Chars::One(&units[range]),
            Chars::Two(units) => Chars::Two(&units[range]),
            Chars::Four(units) => Chars::Four(&units[range]),
        }
    }

    /// A bound for the greatest code point: good enough to choose a kind.
    #[inline(never)]
    pub fn max_char(self) -> u32 {
        with_units!(self, units => text::max_char(units))
    }

    pub fn iter(self) -> impl ExactSizeIterator<Item = u32> + 'a {
        (0..self.len()).map(move |index| self.at(index))
    }

    /// Generalised UTF-8: lone surrogates take three bytes.
    pub fn to_wtf8(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        for point in self.iter() {
            match char::from_u32(point) {
                Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                None => {
                    let tail = |shift: u32| (point >> shift & 0x3f) as u8 | 0x80;
                    bytes.extend_from_slice(&[(point >> 12) as u8 | 0xe0, tail(6), tail(0)]);
                }
            }
        }
        bytes
    }
}

/// The process's key for hashing text. Static strings keep their hash, so it is the same for all interpreters.
pub fn hash_secret() -> &'static HashSecret {
    SECRET.get_or_init(|| HashSecret::random().unwrap_or_else(|_| HashSecret::from_seed(0)))
}

/// Fixes the key, before anything was hashed; false if it was fixed already.
pub fn set_hash_secret(secret: HashSecret) -> bool {
    SECRET.set(secret).is_ok()
}

static SECRET: std::sync::OnceLock<HashSecret> = std::sync::OnceLock::new();

impl Str {
    #[inline(always)]
    fn raw(&self) -> &abi::PyCompactUnicodeObject {
        // SAFETY: (3): only caches are written, by the attached thread, between reads.
        unsafe { &*self.compact.get() }
    }

    #[inline(always)]
    pub fn state(&self) -> abi::_PyUnicodeObject_state {
        self.raw()._base.state
    }

    /// The number of code points.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.raw()._base.length as usize
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.state().is_ascii()
    }

    /// The first character.
    #[inline(always)]
    pub fn data(&self) -> *const u8 {
        let state = self.state();
        // SAFETY: (1).
        unsafe {
            if !state.is_compact() {
                return (*self.compact.get().cast::<abi::PyUnicodeObject>()).data.cast();
            }
            let header = if state.is_ascii() {
                size_of::<abi::PyASCIIObject>()
            } else {
                size_of::<abi::PyCompactUnicodeObject>()
            };
            self.compact.get().cast::<u8>().add(header)
        }
    }

    #[inline(always)]
    pub fn chars(&self) -> Chars<'_> {
        let (data, len) = (self.data(), self.len());
        // SAFETY: (1), (2), (3).
        unsafe {
            match self.state().kind() {
                1 => Chars::One(std::slice::from_raw_parts(data, len)),
                2 => Chars::Two(std::slice::from_raw_parts(data.cast(), len)),
                _ => Chars::Four(std::slice::from_raw_parts(data.cast(), len)),
            }
        }
    }

    /// The characters, if a byte holds each of them.
    #[inline]
    pub fn as_latin1(&self) -> Option<&[u8]> {
        (self.state().kind() == 1).then(|| self.raw_bytes())
    }

    /// As `as_latin1`, unless the characters lie elsewhere, as those of a subclass do: for fast ways.
    #[inline(always)]
    pub fn as_compact_latin1(&self) -> Option<&[u8]> {
        let state = self.state();
        (state.is_compact() && state.kind() == 1).then(|| self.raw_bytes())
    }

    /// The bytes of its units.
    #[inline]
    fn raw_bytes(&self) -> &[u8] {
        let len = self.len() * self.state().kind() as usize;
        // SAFETY: (1), (2), (3); the bytes of initialised integers.
        unsafe { std::slice::from_raw_parts(self.data(), len) }
    }

    /// The code point at `index`, which must be inside.
    #[inline]
    pub fn char_at(&self, index: usize) -> u32 {
        self.chars().at(index)
    }

    /// As Rust text without a copy, if it is all ASCII.
    #[inline]
    pub fn as_ascii(&self) -> Option<&str> {
        // SAFETY: (1), (2): ASCII has one byte a character, and is UTF-8.
        self.is_ascii().then(|| unsafe {
            std::str::from_utf8_unchecked(std::slice::from_raw_parts(self.data(), self.len()))
        })
    }

    /// Whether it is ASCII, with its characters behind the header.
    #[inline(always)]
    pub fn is_compact_ascii(&self) -> bool {
        let state = self.state();
        state.is_compact() & state.is_ascii()
    }

    /// As `as_ascii`, unless the characters lie elsewhere, as those of a subclass do.
    #[inline(always)]
    pub fn as_compact_ascii(&self) -> Option<&str> {
        self.is_compact_ascii().then(|| {
            // SAFETY: (1), (2): it lies behind the header, has one byte a character, and is UTF-8.
            unsafe {
                let start = self.compact.get().cast::<u8>().add(size_of::<abi::PyASCIIObject>());
                std::str::from_utf8_unchecked(std::slice::from_raw_parts(start, self.len()))
            }
        })
    }

    /// The UTF-8 of a string that is not compact ASCII, if it has been asked for before.
    #[inline(always)]
    pub fn kept_utf8(&self) -> Option<&str> {
        let start = std::ptr::NonNull::new(self.raw().utf8.cast::<u8>())?;
        // SAFETY: the cache was written from valid UTF-8.
        unsafe {
            let kept = std::slice::from_raw_parts(start.as_ptr(), self.raw().utf8_length as usize);
            Some(std::str::from_utf8_unchecked(kept))
        }
    }

    /// UTF-8, kept in the object; UnicodeEncodeError for lone surrogates.
    #[inline]
    pub fn as_utf8(&self, th: &Thread) -> PyResult<&str> {
        if let Some(ascii) = self.as_ascii() {
            return Ok(ascii);
        }
        if self.raw().utf8.is_null() {
            self.cache_utf8(th)?;
        }
        let raw = self.raw();
        // SAFETY: the cache was written from valid UTF-8 and lives as long as the object.
        unsafe {
            let bytes = std::slice::from_raw_parts(raw.utf8.cast::<u8>(), raw.utf8_length as usize);
            Ok(std::str::from_utf8_unchecked(bytes))
        }
    }

    #[cold]
    fn cache_utf8(&self, th: &Thread) -> PyResult<()> {
        let Some(len) = with_units!(self.chars(), units => codec::encoded_len(units)) else {
            return Err(self.refuse_surrogates(th));
        };
        // A static string outlives every interpreter, and so does what is kept in it. Others may be at it as well: all
        // write the same, the pointer last.
        let is_static = self.state().is_statically_allocated();
        let block = match is_static {
            true => vec![0; len + 1].leak().as_mut_ptr(),
            false => th.interp().heap.alloc(len + 1),
        };
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: the block has room; only the attached thread writes the cache.
        unsafe {
            with_units!(self.chars(), units => codec::encode_exact(units, block));
            block.add(len).write(0);
            let raw = &mut *self.compact.get();
            raw.utf8_length = len as isize;
            std::sync::atomic::fence(std::sync::atomic::Ordering::Release);
            raw.utf8 = block.cast();
        }
        Ok(())
    }

    /// The error of a text that has no UTF-8.
    #[cold]
    fn refuse_surrogates(&self, th: &Thread) -> crate::error::Raised {
        let (mut at, mut bytes) = (0, Vec::new());
        let encoded =
            with_units!(self.chars(), units => codec::encode_utf8(units, &mut at, &mut bytes));
        match encoded {
            Err(error) => {
                exceptions::raise_encode_error(th, "utf-8", Borrowed::from_ref(self), error)
            }
            Ok(()) => th.bad_internal_call(),
        }
    }

    /// The UTF-8 as a C string that lives as long as the object. It may hold NULs.
    pub fn as_utf8_ptr(&self, th: &Thread) -> PyResult<*const c_char> {
        Ok(self.as_utf8(th)?.as_ptr().cast())
    }

    pub fn to_wtf8(&self) -> Vec<u8> {
        match self.as_ascii() {
            Some(ascii) => ascii.as_bytes().to_vec(),
            None => self.chars().to_wtf8(),
        }
    }

    /// For messages: lone surrogates become U+FFFD.
    pub fn to_string_lossy(&self) -> String {
        match self.as_ascii() {
            Some(ascii) => ascii.to_owned(),
            None => self
                .chars()
                .iter()
                .map(|point| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
        }
    }

    /// Whether the text is `text`.
    pub fn eq_str(&self, text: &str) -> bool {
        match self.as_ascii() {
            Some(ascii) => ascii == text,
            None => self.chars().iter().eq(text.chars().map(u32::from)),
        }
    }

    /// Whether two strings have the same characters. Equal strings have equal kinds.
    #[inline]
    pub fn eq(&self, other: &Str) -> bool {
        if std::ptr::eq(self, other) {
            return true;
        }
        if self.len() != other.len() || self.state().kind() != other.state().kind() {
            return false;
        }
        self.raw_bytes() == other.raw_bytes()
    }

    pub fn compare(&self, other: &Str) -> std::cmp::Ordering {
        if let (Some(left), Some(right)) = (self.as_latin1(), other.as_latin1()) {
            return left.cmp(right);
        }
        with_units!(self.chars(), a => with_units!(other.chars(), b => text::compare(a, b)))
    }

    /// The hash, kept in the object.
    #[inline]
    pub fn hash(&self, _th: &Thread) -> isize {
        let known = self.raw()._base.hash;
        if known != -1 {
            return known;
        }
        self.compute_hash()
    }

    #[inline(never)]
    fn compute_hash(&self) -> isize {
        let hash = hash_secret().hash(self.raw_bytes()) as isize;
        // SAFETY: only the attached thread writes; on a static string all write the same.
        unsafe { (*self.compact.get())._base.hash = hash };
        hash
    }

    pub fn is_interned(&self) -> bool {
        self.state().interned() != 0
    }

    /// `__name__`: more than two underscores at both ends.
    pub fn is_dunder(&self) -> bool {
        self.as_ascii()
            .is_some_and(|name| name.len() > 4 && name.starts_with("__") && name.ends_with("__"))
    }

    /// `str.isidentifier`.
    pub fn is_identifier(&self) -> bool {
        let mut points = self.chars().iter();
        let Some(first) = points.next() else {
            return false;
        };
        let underscore = u32::from(b'_');
        (first == underscore || crate::unicode::is_xid_start(first))
            && points.all(crate::unicode::is_xid_continue)
    }

    pub fn concat(&self, th: &Thread, other: Borrowed<'_, Str>) -> PyResult<Owned<Str>> {
        if std::ptr::eq(other.get(), &*Str::empty()) {
            return Borrowed::from_ref(self).to_exact(th);
        }
        if std::ptr::eq(self, &*Str::empty()) {
            return other.to_exact(th);
        }
        let len = self.len().checked_add(other.len()).filter(|&len| len <= isize::MAX as usize);
        let Some(len) = len else {
            return Err(
                th.raise(exceptions::exc::OVERFLOW_ERROR, "strings are too large to concat")
            );
        };
        let bound = fresh::bound_of(self).max(fresh::bound_of(&other));
        let mut new = fresh::Fresh::new(th, len, bound)?;
        if let (Some(left), Some(right)) = (self.as_latin1(), other.as_latin1()) {
            new.push_bytes(left);
            new.push_bytes(right);
            return Ok(new.finish());
        }
        new.push(self.chars());
        new.push(other.chars());
        Ok(new.finish())
    }

    /// The characters that a slice selects.
    pub fn slice(&self, th: &Thread, range: SliceRange) -> PyResult<Owned<Str>> {
        if range.step == 1 {
            let (start, end) = range.bounds();
            return self.substring(th, start, end);
        }
        if range.len == 0 {
            return Ok(Str::empty().to_owned());
        }
        let mut fresh = fresh::Fresh::new(th, range.len, fresh::bound_of(self))?;
        with_units!(self.chars(), units => match range.step {
            -1 => {
                let (start, end) = range.ascending().bounds();
                fresh.push_reversed(&units[start..end]);
            }
            _ => fresh.push_strided(units, range.positions()),
        });
        fresh.finish_narrowed(th, !self.is_ascii())
    }

    /// How many bytes the cached UTF-8 takes besides the characters.
    pub(super) fn cached_utf8_size(&self) -> usize {
        if self.state().is_ascii() || self.raw().utf8.is_null() {
            return 0;
        }
        self.raw().utf8_length as usize + 1
    }

    /// The characters from `start` up to `end`, which must be inside.
    pub fn substring(&self, th: &Thread, start: usize, end: usize) -> PyResult<Owned<Str>> {
        if start == 0 && end == self.len() && self.as_object().is_exact::<Str>() {
            return Ok(Borrowed::from_ref(self).to_owned());
        }
        match self.chars() {
            Chars::One(units) if self.is_ascii() => match units[start..end.max(start)] {
                [only] => Ok(single::single(only).to_owned()),
                ref part => Str::from_ascii(th, part),
            },
            chars => Str::from_chars(th, chars.slice(start..end.max(start))),
        }
    }

    pub(crate) fn as_object(&self) -> Borrowed<'_> {
        Borrowed::from_ref(self).object()
    }
}

/// For messages: lone surrogates become U+FFFD.
impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_ascii() {
            Some(ascii) => f.pad(ascii),
            None => f.pad(&self.to_string_lossy()),
        }
    }
}
