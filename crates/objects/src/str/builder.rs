//! Building a string piece by piece, in the narrowest kind so far.
//!
//! The same job as CPython's `_PyUnicodeWriter`.

use std::fmt;

use super::{Chars, Str};
use crate::error::PyResult;
use crate::format_spec::Laid;
use crate::handle::Owned;
use crate::text::digits::{Number, Padding};
use crate::text::{TextBuf, Unit};
use crate::thread::Thread;
use crate::with_units;

/// More memory than this is not kept for the next text.
const MOST_SPARE: usize = 1024;

/// A growing text that becomes a `str`.
#[derive(Default)]
pub struct StrBuilder {
    text: TextBuf,
    /// All there is so far, if that is one string: `text` is empty then.
    whole: Option<Owned<Str>>,
}

impl StrBuilder {
    pub fn new() -> StrBuilder {
        StrBuilder::default()
    }

    pub fn with_capacity(capacity: usize) -> StrBuilder {
        StrBuilder { text: TextBuf::with_capacity(capacity), whole: None }
    }

    /// As `with_capacity`, in memory that the one before it has left behind.
    pub fn reused(th: &Thread, capacity: usize) -> StrBuilder {
        let mut text = th.interp().spare_text.take();
        text.reserve(capacity);
        StrBuilder { text: TextBuf::Latin1(text), whole: None }
    }

    /// As `finish`, and leaves its memory behind for the next one.
    pub fn finish_reused(self, th: &Thread) -> PyResult<Owned<Str>> {
        let StrBuilder { text, whole, .. } = self;
        let string = match whole {
            Some(whole) => Ok(whole),
            None => Str::from_text(th, &text),
        };
        if let TextBuf::Latin1(mut text) = text
            && text.capacity() <= MOST_SPARE
        {
            text.clear();
            th.interp().spare_text.set(text);
        }
        string
    }

    /// The number of characters so far.
    pub fn len(&self) -> usize {
        self.whole.as_ref().map_or(self.text.len(), |whole| whole.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.flush();
        self.text.push_str(text);
    }

    /// Any code point, lone surrogates too.
    #[inline]
    pub fn push_char(&mut self, point: u32) {
        self.flush();
        self.text.push(point);
    }

    pub fn push_repeated(&mut self, point: u32, count: usize) {
        if count > 0 {
            self.flush();
            self.text.push_repeated(point, count);
        }
    }

    /// Makes room for so many more characters; `None` is more than there can be.
    pub fn reserve(&mut self, th: &Thread, more: Option<usize>) -> PyResult<()> {
        self.flush();
        match more {
            Some(more) if th.interp().heap.allows(more) && self.text.try_reserve(more) => Ok(()),
            _ => Err(th.no_memory()),
        }
    }

    /// A number that was laid out, padding and all; MemoryError if it is too wide.
    pub fn push_laid(&mut self, th: &Thread, laid: &Laid) -> PyResult<()> {
        self.reserve(th, laid.len())?;
        self.push_repeated(laid.fill, laid.left);
        laid.head.iter().for_each(|part| self.push_str(part));
        self.push_repeated(laid.fill, laid.inner);
        self.push_str(&laid.body);
        self.push_repeated(laid.fill, laid.right);
        Ok(())
    }

    /// A number that was laid out on the stack, with its padding; MemoryError if that is too wide.
    #[inline(never)]
    pub fn push_number(
        &mut self,
        th: &Thread,
        number: &Number,
        padding: Padding,
        fill: u8,
    ) -> PyResult<()> {
        let text = number.as_bytes();
        let blanks = padding.total();
        if blanks == Some(0) {
            self.push_units(text);
            return Ok(());
        }
        self.reserve(th, blanks.and_then(|blanks| blanks.checked_add(text.len())))?;
        let (head, body) = text.split_at(number.head);
        self.push_repeated(fill.into(), padding.left);
        self.push_units(head);
        self.push_repeated(fill.into(), padding.inner);
        self.push_units(body);
        self.push_repeated(fill.into(), padding.right);
        Ok(())
    }

    pub fn push_chars(&mut self, chars: Chars<'_>) {
        with_units!(chars, units => self.push_units(units));
    }

    // Callers have all three widths of units: as many copies, were it inlined.
    #[inline(never)]
    pub fn push_units<T: Unit>(&mut self, units: &[T]) {
        if units.is_empty() {
            return;
        }
        self.flush();
        self.text.push_units(units);
    }

    pub fn push(&mut self, string: &Str) {
        self.push_chars(string.chars());
    }

    /// As `push`; a string that nothing is added to is the result itself.
    pub fn push_owned(&mut self, string: Owned<Str>) {
        if self.is_empty() && string.object().is_exact::<Str>() {
            self.whole = Some(string);
        } else {
            self.push(&string);
        }
    }

    #[inline]
    fn flush(&mut self) {
        if self.whole.is_some() {
            self.begin();
        }
    }

    #[inline(never)]
    fn begin(&mut self) {
        if let Some(whole) = self.whole.take() {
            // Without the memory, what is written will fail.
            let _ = self.text.try_reserve(whole.len());
            with_units!(whole.chars(), units => self.text.push_units(units));
        }
    }

    pub fn truncate(&mut self, len: usize) {
        self.flush();
        self.text.truncate(len);
    }

    /// The text so far as a string; what follows begins a new one, in the same memory.
    pub fn take(&mut self, th: &Thread) -> PyResult<Owned<Str>> {
        if let Some(whole) = self.whole.take() {
            return Ok(whole);
        }
        let string = Str::from_text(th, &self.text)?;
        self.text.clear();
        Ok(string)
    }

    /// The text so far, for codecs.
    pub fn text_mut(&mut self) -> &mut TextBuf {
        self.flush();
        &mut self.text
    }

    pub fn finish(self, th: &Thread) -> PyResult<Owned<Str>> {
        match self.whole {
            Some(whole) => Ok(whole),
            None => Str::from_text(th, &self.text),
        }
    }
}

impl fmt::Write for StrBuilder {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}
