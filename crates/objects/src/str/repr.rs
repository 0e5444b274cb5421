//! `repr(str)` and the escapes of `ascii()`.

use super::fresh::{Fresh, bound_of};
use super::{Chars, Str};
use crate::error::PyResult;
use crate::handle::Owned;
use crate::text::{TextBuf, Unit};
use crate::thread::Thread;
use crate::{unicode, with_units};

/// Appends the escape of a code point: `\xhh`, `\uhhhh` or `\Uhhhhhhhh`.
pub fn push_escape(out: &mut TextBuf, point: u32) {
    let (letter, digits) = match point {
        0..0x100 => (b'x', 2),
        0x100..0x1_0000 => (b'u', 4),
        _ => (b'U', 8),
    };
    let mut text = [b'\\', letter, 0, 0, 0, 0, 0, 0, 0, 0];
    for (place, to) in text[2..2 + digits].iter_mut().rev().enumerate() {
        *to = b"0123456789abcdef"[(point >> (4 * place) & 15) as usize];
    }
    out.push_units(&text[..2 + digits]);
}

/// Whether nothing is escaped between single quotes.
fn is_plain<T: Unit>(units: &[T]) -> bool {
    // Without an exit inside a block, to become vector code.
    let plain = |c: u32| {
        let special = c == u32::from(b'\'') || c == u32::from(b'\\');
        (0x20..0x7f).contains(&c) & !special
    };
    units.chunks(64).all(|block| {
        block.iter().fold(true, |all, &unit| all & plain(unit.code()))
            || block.iter().all(|&unit| {
                plain(unit.code()) || unit.code() > 0x7f && unicode::is_printable(unit.code())
            })
    })
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
        if with_units!(self.chars(), units => is_plain(units)) {
            let mut fresh = Fresh::new(th, self.len() + 2, bound_of(self))?;
            fresh.push(Chars::One(b"'"));
            fresh.push(self.chars());
            fresh.push(Chars::One(b"'"));
            return Ok(fresh.finish());
        }
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
