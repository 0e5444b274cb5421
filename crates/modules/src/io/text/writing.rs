//! Writing text: encoded at once, handed on in chunks.

use krait_objects::prelude::*;
use krait_objects::str::{Chars, StrBuilder};

use super::{Native, TextIOWrapper};
use crate::io::newline::contains;
use crate::io::support::unsupported;

/// The text with every `\n` replaced.
fn with_newlines(th: &Thread, text: &Str, newline: &str) -> PyResult<Owned<Str>> {
    let mut out = StrBuilder::with_capacity(text.len() + 16);
    for point in text.chars().iter() {
        match point {
            0x0a => out.push_str(newline),
            _ => out.push_char(point),
        }
    }
    out.finish(th)
}

impl TextIOWrapper {
    pub(super) fn write_text(
        this: Borrowed<'_, Self>,
        th: &Thread,
        text: Borrowed<'_, Str>,
    ) -> PyResult<usize> {
        TextIOWrapper::open_buffer(this, th)?;
        if !this.can_write.get() {
            return Err(unsupported(th, "not writable"));
        }
        let len = text.len();
        let written_newline = this.newline.get().written();
        let has_newline = (written_newline.is_some() || this.line_buffering.get())
            && contains(text.chars(), b'\n');
        let translated = match written_newline {
            Some(newline) if has_newline => Some(with_newlines(th, &text, newline)?),
            _ => None,
        };
        let text = translated.as_ref().map_or(text, Owned::borrow);
        let flush = this.line_buffering.get() && (has_newline || contains(text.chars(), b'\r'));
        this.append(th, text)?;
        let full = this.pending.borrow().len() >= this.chunk_size.get();
        if full || flush || this.write_through.get() {
            this.write_pending(th)?;
        }
        if flush {
            let buffer = this.attached(th)?;
            call::call_method(th, buffer.borrow(), id::flush, &[])?;
        }
        this.forget_snapshot();
        if let Some(decoder) = this.decoder() {
            decoder.reset(th)?;
        }
        Ok(len)
    }

    /// Encodes `text` behind what is pending, which is written first if there would be too much.
    fn append(&self, th: &Thread, text: Borrowed<'_, Str>) -> PyResult<()> {
        let encoded;
        let data: &[u8] = match (self.native.get(), text.chars()) {
            (Some(_), Chars::One(units)) if text.is_ascii() => units,
            (Some(Native::Latin1), Chars::One(units)) => units,
            (Some(native), _) => {
                let errors = self.errors_text();
                encoded =
                    krait_objects::codecs::encode(th, text, Some(native.name()), Some(&errors))?;
                encoded.as_bytes()
            }
            (None, _) => {
                let Some(encoder) = self.encoder.get_owned() else {
                    return Err(unsupported(th, "not writable"));
                };
                let bytes = call::call_method(th, encoder.borrow(), id::encode, &[text.object()])?;
                encoded = bytes.downcast::<Bytes>().map_err(|other| {
                    let found = other.type_name();
                    raise!(th, TYPE_ERROR, "encoder should return a bytes object, not '{found}'")
                })?;
                encoded.as_bytes()
            }
        };
        let is_full = |waiting: usize| waiting > 0 && waiting + data.len() > self.chunk_size.get();
        // Writing may run code that writes more.
        while is_full(self.pending.borrow().len()) {
            self.write_pending(th)?;
        }
        self.pending.borrow_mut().extend_from_slice(data);
        Ok(())
    }

    /// Hands what is pending to the buffer.
    pub(super) fn write_pending(&self, th: &Thread) -> PyResult<()> {
        if self.pending.borrow().is_empty() {
            return Ok(());
        }
        let data = std::mem::take(&mut *self.pending.borrow_mut());
        let bytes = Bytes::new(th, &data)?;
        let buffer = self.attached(th)?;
        call::call_method(th, buffer.borrow(), id::write, &[bytes.object()]).map(drop)
    }
}
