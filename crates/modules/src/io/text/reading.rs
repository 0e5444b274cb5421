//! Reading text: in chunks, of which what is not asked for is kept.

use std::rc::Rc;

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::str::{Chars, StrBuilder};
use krait_objects::with_units;

use super::{Newline, Snapshot, TextIOWrapper};
use crate::io::support::invoke;

/// Where a line ends.
enum End {
    /// Behind so many characters.
    At(usize),
    /// Nowhere; the last character may be the first of a line end of two.
    Open,
}

fn position(chars: Chars<'_>, byte: u8) -> Option<usize> {
    match chars {
        Chars::One(units) => memchr::memchr(byte, units),
        other => {
            with_units!(other, units => units.iter().position(|&unit| u32::from(unit) == u32::from(byte)))
        }
    }
}

/// The end of the first line of `chars`.
fn line_end(newline: Newline, chars: Chars<'_>) -> Option<usize> {
    match newline {
        Newline::Translated | Newline::Only("\n") => position(chars, b'\n').map(|at| at + 1),
        Newline::Only("\r") => position(chars, b'\r').map(|at| at + 1),
        Newline::Any => {
            let feed = position(chars, b'\n');
            let head = chars.slice(0..feed.unwrap_or(chars.len()));
            match position(head, b'\r') {
                Some(at) if feed == Some(at + 1) => Some(at + 2),
                Some(at) => Some(at + 1),
                None => feed.map(|at| at + 1),
            }
        }
        Newline::Only(_) => {
            let mut from = 0;
            while let Some(at) = position(chars.slice(from..chars.len()), b'\n') {
                let at = from + at;
                if at > 0 && chars.at(at - 1) == 0x0d {
                    return Some(at + 1);
                }
                from = at + 1;
            }
            None
        }
    }
}

/// As `line_end`, where `before` is the character before `chars`.
fn end_after(newline: Newline, before: Option<u32>, chars: Chars<'_>) -> End {
    let splits = newline == Newline::Only("\r\n") && before == Some(0x0d);
    if splits && !chars.is_empty() && chars.at(0) == 0x0a {
        return End::At(1);
    }
    line_end(newline, chars).map_or(End::Open, End::At)
}

impl TextIOWrapper {
    /// The decoded text that was not read yet, up to `limit` characters of it; it counts as read.
    fn take_decoded(&self, th: &Thread, limit: usize) -> PyResult<Owned<Str>> {
        let Some(decoded) = self.decoded.get_owned() else {
            return Ok(Str::empty().to_owned());
        };
        let start = self.used.get();
        let end = decoded.len().min(start.saturating_add(limit));
        self.used.set(end);
        decoded.substring(th, start, end)
    }

    /// Reads and decodes a chunk; false at the end of the file.
    pub(super) fn read_chunk(&self, th: &Thread, hint: usize) -> PyResult<bool> {
        let decoder = self.reading_decoder(th)?;
        let before = if self.telling.get() { Some(decoder.state(th)?) } else { None };
        let hint = if hint > 0 { (self.ratio.get().max(1.0) * hint as f64) as usize } else { 0 };
        let size = Int::from_usize(th, self.chunk_size.get().max(hint))?;
        let method = if self.has_read1.get() { "read1" } else { "read" };
        let buffer = self.attached(th)?;
        let input = invoke(th, buffer.borrow(), method, &[size.object()])?;
        if !krait_objects::protocol::buffer::check(input.borrow()) {
            let found = input.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "underlying {method}() should have returned a bytes-like object, not '{found}'"
            ));
        }
        let data = Buffer::simple(th, input.borrow())?;
        let count = data.as_bytes().len();
        let text = decoder.decode(th, input.borrow(), count == 0)?;
        let chars = text.len();
        self.ratio.set(if chars > 0 { count as f64 / chars as f64 } else { 0.0 });
        self.set_decoded(Some(text));
        if let Some((held, flags)) = before {
            let input: Rc<[u8]> = [held.as_bytes(), data.as_bytes()].concat().into();
            self.set_snapshot(Some(Snapshot { flags, input }));
        }
        Ok(count > 0 || chars > 0)
    }

    pub(super) fn read_text(
        this: Borrowed<'_, Self>,
        th: &Thread,
        size: isize,
    ) -> PyResult<Owned<Str>> {
        let buffer = TextIOWrapper::open_buffer(this, th)?;
        let decoder = this.reading_decoder(th)?;
        this.write_pending(th)?;
        let Ok(size) = usize::try_from(size) else {
            let data = call::call_method(th, buffer.borrow(), id::read, &[])?;
            if data.is_none() {
                return Err(th.raise(exc::BLOCKING_IO_ERROR, "Read returned None."));
            }
            let rest = decoder.decode(th, data.borrow(), true)?;
            let front = this.take_decoded(th, usize::MAX)?;
            let text = if front.is_empty() {
                rest
            } else {
                let mut out = StrBuilder::with_capacity(front.len() + rest.len());
                out.push(&front);
                out.push(&rest);
                out.finish(th)?
            };
            this.forget_snapshot();
            this.set_decoded(None);
            return Ok(text);
        };
        let first = this.take_decoded(th, size)?;
        if first.len() >= size {
            return Ok(first);
        }
        let mut out = StrBuilder::new();
        out.push(&first);
        while out.len() < size {
            // What is left of the last chunk is empty here.
            if !this.read_chunk(th, size - out.len())? {
                break;
            }
            out.push(&*this.take_decoded(th, size - out.len())?);
        }
        out.finish(th)
    }

    /// A line, at most `limit` characters of it.
    pub(super) fn read_line(
        this: Borrowed<'_, Self>,
        th: &Thread,
        limit: Option<usize>,
    ) -> PyResult<Owned<Str>> {
        TextIOWrapper::open_buffer(this, th)?;
        this.write_pending(th)?;
        let newline = this.newline.get();
        let limit = limit.unwrap_or(usize::MAX);
        let mut out = StrBuilder::new();
        let mut last = None;
        while out.len() < limit {
            let mut more = true;
            while this.decoded.get().is_none_or(|decoded| this.used.get() >= decoded.len()) {
                more = this.read_chunk(th, 0)?;
                if !more {
                    break;
                }
            }
            if !more {
                this.set_decoded(None);
                this.set_snapshot(None);
                break;
            }
            let Some(decoded) = this.decoded.get_owned() else {
                break;
            };
            let start = this.used.get();
            let rest = decoded.chars().slice(start..decoded.len());
            let (end, found) = match end_after(newline, last, rest) {
                End::At(end) => (end, true),
                End::Open => (rest.len(), false),
            };
            let taken = end.min(limit - out.len());
            this.used.set(start + taken);
            if out.is_empty() && (found || taken < end) {
                return decoded.substring(th, start, start + taken);
            }
            out.push_chars(rest.slice(0..taken));
            if found {
                break;
            }
            last = Some(rest.at(rest.len() - 1));
        }
        out.finish(th)
    }
}
