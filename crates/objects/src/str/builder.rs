//! Building a string piece by piece, in the narrowest kind so far.
//!
//! The same job as CPython's `_PyUnicodeWriter`.

use std::fmt;

use super::{Chars, Str};
use crate::error::PyResult;
use crate::handle::Owned;
use crate::text::{TextBuf, Unit};
use crate::thread::Thread;
use crate::with_units;

/// A growing text that becomes a `str`.
#[derive(Default)]
pub struct StrBuilder {
    text: TextBuf,
}

impl StrBuilder {
    pub fn new() -> StrBuilder {
        StrBuilder::default()
    }

    pub fn with_capacity(capacity: usize) -> StrBuilder {
        StrBuilder { text: TextBuf::with_capacity(capacity) }
    }

    /// The number of characters so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Any code point, lone surrogates too.
    #[inline]
    pub fn push_char(&mut self, point: u32) {
        self.text.push(point);
    }

    pub fn push_repeated(&mut self, point: u32, count: usize) {
        for _ in 0..count {
            self.text.push(point);
        }
    }

    pub fn push_chars(&mut self, chars: Chars<'_>) {
        with_units!(chars, units => self.text.push_units(units));
    }

    pub fn push_units<T: Unit>(&mut self, units: &[T]) {
        self.text.push_units(units);
    }

    pub fn push(&mut self, string: &Str) {
        self.push_chars(string.chars());
    }

    pub fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
    }

    /// The text so far, for codecs.
    pub fn text_mut(&mut self) -> &mut TextBuf {
        &mut self.text
    }

    pub fn finish(self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::from_text(th, &self.text)
    }
}

impl fmt::Write for StrBuilder {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}
