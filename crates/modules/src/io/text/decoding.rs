//! The decoder of a `TextIOWrapper`: the common encodings without an object, all others through `codecs`, and newlines.

use std::cell::{Cell, RefCell};

use krait_objects::codecs::native;
use krait_objects::prelude::*;

use crate::io::newline::{Newlines, state_of};
use crate::io::support::invoke;

/// An encoding that is decoded and encoded without Python code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Native {
    Utf8,
    Ascii,
    Latin1,
}

impl Native {
    /// By a name as programs write it.
    pub fn of(encoding: &str) -> Option<Native> {
        let name: String = encoding
            .chars()
            .map(|c| if c == '_' || c == ' ' { '-' } else { c.to_ascii_lowercase() })
            .collect();
        Some(match name.as_str() {
            "utf-8" | "utf8" => Native::Utf8,
            "ascii" | "us-ascii" => Native::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Native::Latin1,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Native::Utf8 => "utf-8",
            Native::Ascii => "ascii",
            Native::Latin1 => "latin-1",
        }
    }
}

/// Turns bytes into text, piece by piece.
pub struct Decoder {
    native: Option<Native>,
    /// The incremental decoder of another encoding.
    object: Option<Owned>,
    errors: String,
    /// Bytes of a character that is not complete.
    held: RefCell<Vec<u8>>,
    newlines: Cell<Option<Newlines>>,
}

impl Decoder {
    /// `universal`: newlines are looked at, and translated if `translate`.
    pub fn new(
        native: Option<Native>,
        object: Option<Owned>,
        errors: &str,
        universal: bool,
        translate: bool,
    ) -> Decoder {
        Decoder {
            native,
            object,
            errors: errors.to_owned(),
            held: RefCell::default(),
            newlines: Cell::new(universal.then(|| Newlines::new(translate))),
        }
    }

    /// Decodes the next piece, a bytes-like object; `last` if there will be no more.
    pub fn decode(&self, th: &Thread, input: Borrowed<'_>, last: bool) -> PyResult<Owned<Str>> {
        let text = match &self.object {
            Some(decoder) => {
                let last = bool_object(last);
                let text =
                    call::call_method(th, decoder.borrow(), id::decode, &[input, last.object()])?;
                text.downcast::<Str>().map_err(|other| {
                    let found = other.type_name();
                    raise!(th, TYPE_ERROR, "decoder should return a string result, not '{found}'")
                })?
            }
            None => {
                if self.native == Some(Native::Utf8)
                    && !krait_objects::protocol::buffer::check(input)
                {
                    let found = input.type_name();
                    return Err(raise!(th, TYPE_ERROR, "can't concat {found} to bytes"));
                }
                let buffer = krait_objects::protocol::buffer::Buffer::simple(th, input)?;
                self.decode_native(th, buffer.as_bytes(), last)?
            }
        };
        let Some(mut newlines) = self.newlines.get() else {
            return Ok(text);
        };
        let text = newlines.feed(th, text, last)?;
        self.newlines.set(Some(newlines));
        Ok(text)
    }

    fn decode_native(&self, th: &Thread, input: &[u8], last: bool) -> PyResult<Owned<Str>> {
        let errors = Some(self.errors.as_str());
        match self.native {
            Some(Native::Latin1) => native::decode_latin1(th, input).map(|(text, _)| text),
            Some(Native::Ascii) => native::decode_ascii(th, input, errors).map(|(text, _)| text),
            _ => {
                let joined;
                let held = self.held.borrow().clone();
                let data = if held.is_empty() {
                    input
                } else {
                    joined = [&held, input].concat();
                    &joined
                };
                let (text, used) = native::decode_utf8(th, data, errors, last)?;
                *self.held.borrow_mut() = data[used..].to_vec();
                Ok(text)
            }
        }
    }

    /// What is held back: bytes, and a number that stands for the rest.
    pub fn state(&self, th: &Thread) -> PyResult<(Owned<Bytes>, i64)> {
        let (held, flags) = match &self.object {
            Some(decoder) => {
                let (held, flags) = state_of(th, decoder.borrow())?;
                let flags = flags.to_i64().filter(|flags| flags.checked_mul(2).is_some());
                let Some(flags) = flags else {
                    return Err(
                        th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int")
                    );
                };
                (held, flags)
            }
            None => (Bytes::new(th, &self.held.borrow())?, 0),
        };
        Ok(match self.newlines.get() {
            Some(newlines) => (held, flags << 1 | i64::from(newlines.pending_cr)),
            None => (held, flags),
        })
    }

    pub fn set_state(&self, th: &Thread, held: Borrowed<'_, Bytes>, flags: i64) -> PyResult<()> {
        let mut flags = flags;
        if let Some(mut newlines) = self.newlines.get() {
            newlines.pending_cr = flags & 1 != 0;
            self.newlines.set(Some(newlines));
            flags >>= 1;
        }
        match &self.object {
            Some(decoder) => {
                let flags = Int::from_i64(th, flags)?.into_object();
                let state = Tuple::pack(th, [held.object().to_owned(), flags])?;
                invoke(th, decoder.borrow(), "setstate", &[state.object()]).map(drop)
            }
            None => {
                *self.held.borrow_mut() = held.as_bytes().to_vec();
                Ok(())
            }
        }
    }

    pub fn reset(&self, th: &Thread) -> PyResult<()> {
        if let Some(mut newlines) = self.newlines.get() {
            newlines.reset();
            self.newlines.set(Some(newlines));
        }
        self.held.borrow_mut().clear();
        match &self.object {
            Some(decoder) => invoke(th, decoder.borrow(), "reset", &[]).map(drop),
            None => Ok(()),
        }
    }

    /// The attribute `newlines`.
    pub fn newlines(&self, th: &Thread) -> PyResult {
        match self.newlines.get() {
            Some(newlines) => newlines.seen(th),
            None => Ok(none().to_owned()),
        }
    }
}
