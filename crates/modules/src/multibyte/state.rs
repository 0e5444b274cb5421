//! What incremental codecs and streams have in common: a codec, an error handler, and what is left.

use std::cell::{Cell, RefCell};

use krait_objects::gc::Visit;
use krait_objects::prelude::*;

use super::codec::MultibyteCodec;
use super::shift::Shift;

/// Encoding or decoding piece by piece. All zeros, as an object's memory begins, it has no codec.
pub struct State {
    codec: Slot<MultibyteCodec>,
    errors: Slot<Str>,
    /// Bytes, or characters in UTF-8, that wait for what follows.
    pub pending: RefCell<Vec<u8>>,
    pub shift: Cell<Shift>,
}

/// The most bytes that may wait.
pub const MAX_PENDING: usize = 8;

impl State {
    /// Takes the codec that class `cls` has.
    pub fn fill(
        &self,
        th: &Thread,
        cls: Borrowed<'_, Type>,
        errors: &str,
        decoding: bool,
    ) -> PyResult<()> {
        let codec = object::get_attr(th, cls.object(), Str::interned(th, "codec")?.borrow())?;
        let Some(codec) = codec.object().downcast_exact::<MultibyteCodec>() else {
            return Err(th.raise(exc::TYPE_ERROR, "codec is unexpected type"));
        };
        self.shift.set(codec.start(decoding));
        self.codec.set(Some(codec.to_owned()));
        self.errors.set(Some(Str::new(th, errors)?));
        Ok(())
    }

    pub fn codec(&self, th: &Thread) -> PyResult<Owned<MultibyteCodec>> {
        self.codec.get_owned().ok_or_else(|| th.bad_internal_call())
    }

    pub fn errors(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.errors.get_owned().ok_or_else(|| th.bad_internal_call())
    }

    pub fn set_errors(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::ATTRIBUTE_ERROR, "cannot delete attribute"));
        };
        let Some(name) = value.downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "errors must be a string"));
        };
        drop(self.errors.replace(Some(name.to_owned())));
        Ok(())
    }

    pub fn reset(&self) {
        self.pending.borrow_mut().clear();
        if let Some(codec) = self.codec.get() {
            // Nobody takes the bytes that say so.
            codec.finish(&self.shift);
        }
    }

    /// Decodes what was left over and `data`. What is left if it fails, waits again.
    pub fn decode(&self, th: &Thread, data: &[u8], is_last: bool) -> PyResult<Owned<Str>> {
        let (codec, errors) = (self.codec(th)?, self.errors(th)?);
        let all = [self.pending.borrow().as_slice(), data].concat();
        let (text, rest) =
            codec.decode_bytes(th, &all, Some(errors.as_utf8(th)?), is_last, &self.shift)?;
        *self.pending.borrow_mut() = rest;
        Ok(text)
    }

    /// Encodes what was left over and `text`.
    pub fn encode(&self, th: &Thread, text: Borrowed<'_>, is_last: bool) -> PyResult<Owned<Bytes>> {
        let (codec, errors) = (self.codec(th)?, self.errors(th)?);
        let text = match text.downcast::<Str>() {
            Some(text) => text.to_owned(),
            None => object::str(th, text)?,
        };
        let waiting = Str::from_wtf8(th, &self.pending.borrow())?;
        let all = waiting.concat(th, text.borrow())?;
        let (bytes, left) =
            codec.encode_text(th, all.borrow(), Some(errors.as_utf8(th)?), is_last, &self.shift)?;
        let left = left.and_then(char::from_u32).map(String::from).unwrap_or_default();
        *self.pending.borrow_mut() = left.into_bytes();
        Ok(bytes)
    }
}

impl Visit for State {
    fn visit(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
        self.codec.visit(visitor)
    }

    // A codec refers to nothing: no cycle goes through it.
    fn clear(&self) {}
}

/// Declares what the four classes that have a `state` share.
macro_rules! with_errors {
    ($ty:ident) => {
        #[pymethods(part = "errors")]
        impl $ty {
            // Another base class in Python has nothing to initialise.
            #[slot(tp_init)]
            fn init(
                &self,
                _th: &Thread,
                _args: Borrowed<'_, Tuple>,
                _kwargs: Option<Borrowed<'_, Dict>>,
            ) -> PyResult<()> {
                Ok(())
            }

            /// how to treat errors
            #[getter]
            fn errors(&self, th: &Thread) -> PyResult<Owned<Str>> {
                self.state.errors(th)
            }

            #[setter]
            fn set_errors(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
                self.state.set_errors(th, value)
            }
        }
    };
}
