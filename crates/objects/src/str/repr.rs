//! `repr(str)` and the escapes of `ascii()`.

use std::fmt::Write;

use super::Str;
use crate::error::PyResult;
use crate::handle::Owned;
use crate::text::{TextBuf, Unit};
use crate::thread::Thread;
use crate::{unicode, with_units};

/// Appends the escape of a code point: `\xhh`, `\uhhhh` or `\Uhhhhhhhh`.
pub fn push_escape(out: &mut TextBuf, point: u32) {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = match point {
        0..0x100 => write!(text, "\\x{point:02x}"),
        0x100..0x1_0000 => write!(text, "\\u{point:04x}"),
        _ => write!(text, "\\U{point:08x}"),
    };
    out.push_str(&text);
}

fn push_quoted<T: Unit>(out: &mut TextBuf, units: &[T]) {
    let has = |wanted: u8| units.iter().any(|unit| unit.code() == u32::from(wanted));
    let quote = u32::from(if has(b'\'') && !has(b'"') { b'"' } else { b'\'' });
    out.push(quote);
    for &unit in units {
        match unit.code() {
            0x09 => out.push_str("\\t"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            point if point == quote || point == u32::from(b'\\') => {
                out.push(u32::from(b'\\'));
                out.push(point);
            }
            point @ 0x20..0x7f => out.push(point),
            point if point > 0x7f && unicode::is_printable(point) => out.push(point),
            point => push_escape(out, point),
        }
    }
    out.push(quote);
}

impl Str {
    /// `repr(self)`.
    pub fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let mut out = TextBuf::with_capacity(self.len() + 2);
        with_units!(self.chars(), units => push_quoted(&mut out, units));
        Str::from_text(th, &out)
    }

    /// The text with everything that is not ASCII escaped, as `ascii()` does to a `repr`.
    pub fn escape_non_ascii(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if self.is_ascii() {
            return Str::from_chars(th, self.chars());
        }
        let mut out = TextBuf::with_capacity(self.len() * 2);
        for point in self.chars().iter() {
            match point {
                0..0x80 => out.push(point),
                _ => push_escape(&mut out, point),
            }
        }
        Str::from_text(th, &out)
    }
}
