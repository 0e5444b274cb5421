//! Newlines of text that arrives in pieces: translating them, and remembering which were seen.
//!
//! `Newlines` is the state, which `TextIOWrapper` has inside; `IncrementalNewlineDecoder` puts it around any decoder.
//! The same job as the first part of CPython's `Modules/_io/textio.c`.

use std::cell::Cell;

use krait_objects::prelude::*;
use krait_objects::str::{Chars, StrBuilder};
use krait_objects::with_units;

use super::support::invoke;

const CR: u8 = 1;
const LF: u8 = 2;
const CRLF: u8 = 4;

/// The state of newline processing.
#[derive(Clone, Copy, Default)]
pub struct Newlines {
    pub translate: bool,
    /// A carriage return is held back: what follows tells what it is.
    pub pending_cr: bool,
    seen: u8,
}

impl Newlines {
    pub fn new(translate: bool) -> Newlines {
        Newlines { translate, ..Newlines::default() }
    }

    pub fn reset(&mut self) {
        self.seen = 0;
        self.pending_cr = false;
    }

    /// Takes the next piece of text; `last` if there will be no more.
    pub fn feed(&mut self, th: &Thread, text: Owned<Str>, last: bool) -> PyResult<Owned<Str>> {
        if text.is_empty() && !(last && self.pending_cr) {
            return Ok(text);
        }
        if !self.pending_cr && !contains(text.chars(), b'\r') {
            if self.seen & LF == 0 && contains(text.chars(), b'\n') {
                self.seen |= LF;
            }
            return Ok(text);
        }
        let mut out = StrBuilder::with_capacity(text.len() + 1);
        let mut chars = text.chars();
        let mut held = std::mem::take(&mut self.pending_cr);
        if !last && !chars.is_empty() && chars.at(chars.len() - 1) == 0x0d {
            chars = chars.slice(0..chars.len() - 1);
            self.pending_cr = true;
        }
        for point in chars.iter() {
            if std::mem::take(&mut held) {
                if point == 0x0a {
                    self.end(&mut out, CRLF);
                    continue;
                }
                self.end(&mut out, CR);
            }
            match point {
                0x0d => held = true,
                0x0a => self.end(&mut out, LF),
                _ => out.push_char(point),
            }
        }
        if held {
            // What is held back beyond this piece is another one.
            self.end(&mut out, CR);
        }
        out.finish(th)
    }

    fn end(&mut self, out: &mut StrBuilder, kind: u8) {
        self.seen |= kind;
        match kind {
            CR if !self.translate => out.push_char(0x0d),
            CRLF if !self.translate => out.push_str("\r\n"),
            _ => out.push_char(0x0a),
        }
    }

    /// The attribute `newlines`.
    pub fn seen(&self, th: &Thread) -> PyResult {
        let all = [(CR, "\r"), (LF, "\n"), (CRLF, "\r\n")];
        let mut kinds = Vec::new();
        for (_, text) in all.iter().filter(|(kind, _)| self.seen & kind != 0) {
            kinds.push(Str::new(th, text)?.into_object());
        }
        match (kinds.pop(), kinds.is_empty()) {
            (None, _) => Ok(none().to_owned()),
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                kinds.push(last);
                Ok(Tuple::from_vec(th, kinds)?.into_object())
            }
        }
    }
}

pub fn contains(chars: Chars<'_>, byte: u8) -> bool {
    match chars {
        Chars::One(units) => memchr::memchr(byte, units).is_some(),
        other => {
            with_units!(other, units => units.iter().any(|&unit| u32::from(unit) == u32::from(byte)))
        }
    }
}

/// The two items of a decoder's state.
pub fn state_of(th: &Thread, decoder: Borrowed<'_>) -> PyResult<(Owned<Bytes>, Owned<Int>)> {
    let state = invoke(th, decoder, "getstate", &[])?;
    let Some(state) = state.object().downcast::<Tuple>() else {
        return Err(th.raise(exc::TYPE_ERROR, "illegal decoder state"));
    };
    let &[buffer, flags] = state.as_slice() else {
        return Err(th.raise(exc::TYPE_ERROR, "illegal decoder state"));
    };
    let Some(buffer) = buffer.downcast::<Bytes>() else {
        let found = buffer.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "illegal decoder state: the first item should be a bytes object, not '{found}'"
        ));
    };
    let Some(flags) = flags.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "illegal decoder state"));
    };
    Ok((buffer.to_owned(), flags.to_owned()))
}

/// A decoder that also looks at newlines.
///
/// The decoder it is put around is asked first, or the input is text already
/// if that is None. With translate, all newlines become '\n'. The attribute
/// newlines tells which kinds were seen.
#[pytype(
    name = "_io.IncrementalNewlineDecoder",
    new = "(decoder, translate, errors='strict')",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct IncrementalNewlineDecoder {
    head: Head,
    #[visit]
    decoder: Slot,
    #[visit]
    errors: Slot,
    newlines: Cell<Newlines>,
}

impl IncrementalNewlineDecoder {
    /// The decoder inside, unless it is None; ValueError before `__init__`.
    fn inner(&self, th: &Thread) -> PyResult<Option<Owned>> {
        match self.decoder.get_owned() {
            Some(decoder) if decoder.is_none() => Ok(None),
            Some(decoder) => Ok(Some(decoder)),
            None => {
                Err(th.raise(exc::VALUE_ERROR, "IncrementalNewlineDecoder.__init__() not called"))
            }
        }
    }
}

#[pymethods]
impl IncrementalNewlineDecoder {
    #[init(sig = "(decoder, translate, errors='strict')")]
    fn init(
        &self,
        th: &Thread,
        decoder: Borrowed<'_>,
        translate: bool,
        errors: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let errors = match errors {
            Some(errors) => errors.to_owned(),
            None => id::strict.object().to_owned(),
        };
        let _ = th;
        self.errors.set(Some(errors));
        self.decoder.set(Some(decoder.to_owned()));
        self.newlines.set(Newlines::new(translate));
        Ok(())
    }

    /// Decode the next piece of input; final if there will be no more.
    #[method(sig = "(self, /, input, final=False)", name = "decode")]
    fn decode(&self, th: &Thread, input: Borrowed<'_>, last: bool) -> PyResult<Owned<Str>> {
        let text = match self.inner(th)? {
            None => input.to_owned(),
            Some(decoder) => {
                let last = bool_object(last);
                call::call_method(th, decoder.borrow(), id::decode, &[input, last.object()])?
            }
        };
        let text = text.downcast::<Str>().map_err(|other| {
            let found = other.type_name();
            raise!(th, TYPE_ERROR, "decoder should return a string result, not '{found}'")
        })?;
        let mut newlines = self.newlines.get();
        let text = newlines.feed(th, text, last)?;
        self.newlines.set(newlines);
        Ok(text)
    }

    /// Return what is held back, as bytes and a number.
    #[method(sig = "(self)")]
    fn getstate(&self, th: &Thread) -> PyResult<(Owned<Bytes>, Owned)> {
        let (buffer, flags) = match self.inner(th)? {
            None => (Bytes::empty().to_owned(), Int::from_i64(th, 0)?),
            Some(decoder) => state_of(th, decoder.borrow())?,
        };
        if let Some(small) = flags.to_i64().and_then(|flags| flags.checked_mul(2)) {
            let small = small | i64::from(self.newlines.get().pending_cr);
            return Ok((buffer, Int::from_i64(th, small)?.into_object()));
        }
        let one = Int::from_i64(th, 1)?;
        let mut flags = number::lshift(th, flags.object(), one.object())?;
        if self.newlines.get().pending_cr {
            flags = number::or(th, flags.borrow(), one.object())?;
        }
        Ok((buffer, flags))
    }

    /// Go back to a state that getstate() returned.
    #[method(sig = "(self, state, /)")]
    fn setstate(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let decoder = self.inner(th)?;
        let Some(state) = state.downcast::<Tuple>() else {
            return Err(th.raise(exc::TYPE_ERROR, "state argument must be a tuple"));
        };
        let &[buffer, flags] = state.as_slice() else {
            return Err(th.raise(exc::TYPE_ERROR, "setstate(): illegal state argument"));
        };
        let Some(flags) = flags.downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "setstate(): illegal state argument"));
        };
        let one = Int::from_i64(th, 1)?;
        let (low, rest) = match flags.to_i64() {
            Some(small) => (small & 1 != 0, Int::from_i64(th, small >> 1)?.into_object()),
            None => {
                let low = number::and(th, flags.object(), one.object())?;
                let rest = number::rshift(th, flags.object(), one.object())?;
                (object::is_true(th, low.borrow())?, rest)
            }
        };
        let mut newlines = self.newlines.get();
        newlines.pending_cr = low;
        self.newlines.set(newlines);
        if let Some(decoder) = decoder {
            let inner = Tuple::pack(th, [buffer.to_owned(), rest])?;
            invoke(th, decoder.borrow(), "setstate", &[inner.object()])?;
        }
        Ok(())
    }

    /// Forget all state.
    #[method(sig = "(self)")]
    fn reset(&self, th: &Thread) -> PyResult<()> {
        let decoder = self.inner(th)?;
        let mut newlines = self.newlines.get();
        newlines.reset();
        self.newlines.set(newlines);
        if let Some(decoder) = decoder {
            invoke(th, decoder.borrow(), "reset", &[])?;
        }
        Ok(())
    }

    /// The kinds of newlines seen: None, a string, or a tuple of strings.
    #[getter]
    fn newlines(&self, th: &Thread) -> PyResult {
        self.inner(th)?;
        self.newlines.get().seen(th)
    }
}
