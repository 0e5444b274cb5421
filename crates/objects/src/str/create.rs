//! Making strings: every constructor ends in `Fresh`, which allocates once, in the right kind, or in one of the
//! static strings of `single`.
//!
//! Invariant: 1. a string that has just been made here is known to nobody else.

use std::fmt;

use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Owned};
use crate::raise;
use crate::str::{Chars, Str};
use crate::text::{self, TextBuf, codec};
use crate::thread::Thread;

use super::fresh::fresh_ascii;
use super::fresh::{Fresh, bound_of};
use super::single::single;

impl Str {
    /// From bytes that are all ASCII: one block, one copy. Called from everywhere, so there is one copy of it.
    #[inline(never)]
    pub fn from_ascii(th: &Thread, part: &[u8]) -> PyResult<Owned<Str>> {
        debug_assert!(part.is_ascii());
        match *part {
            [] => Ok(Str::empty().to_owned()),
            [only] => Ok(single(only).to_owned()),
            _ => {
                let string = fresh_ascii(th, part.len())?;
                // SAFETY: (1): the new string has room for as many characters.
                unsafe {
                    let data = string.data().cast_mut();
                    text::vector::copy(part.as_ptr(), data, part.len());
                }
                Ok(string)
            }
        }
    }

    /// A string of `len` ASCII characters, zeros at first, which `fill` writes.
    pub fn build_ascii(
        th: &Thread,
        len: usize,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> PyResult<Owned<Str>> {
        if len == 0 {
            return Ok(Str::empty().to_owned());
        }
        let mut fresh = Fresh::new(th, len, 0x7f)?;
        let out = fresh.rest();
        out.fill(0);
        fill(out);
        debug_assert!(out.is_ascii());
        Ok(fresh.finish())
    }

    /// ASCII text after `map` has changed it, into ASCII again.
    #[inline]
    pub(super) fn mapped_ascii(
        th: &Thread,
        text: &[u8],
        map: impl FnOnce(&mut [u8]),
    ) -> PyResult<Owned<Str>> {
        if let [only] = *text {
            let mut only = [only];
            map(&mut only);
            return Ok(single(only[0]).to_owned());
        }
        let string = Str::from_ascii(th, text)?;
        if !text.is_empty() {
            // SAFETY: (1): the string was just made, of two characters at least.
            map(unsafe { std::slice::from_raw_parts_mut(string.data().cast_mut(), text.len()) });
        }
        Ok(string)
    }

    /// From UTF-8; `None` if it is none.
    #[inline]
    pub fn from_utf8(th: &Thread, bytes: &[u8]) -> Option<PyResult<Owned<Str>>> {
        match *bytes {
            [only] if only.is_ascii() => Some(Ok(single(only).to_owned())),
            _ if bytes.is_ascii() => Some(Str::from_ascii(th, bytes)),
            _ => Str::from_wide_utf8(th, bytes),
        }
    }

    pub fn new(th: &Thread, text: &str) -> PyResult<Owned<Str>> {
        if text.is_ascii() {
            return Str::from_ascii(th, text.as_bytes());
        }
        // A text is valid.
        Str::from_wide_utf8(th, text.as_bytes()).unwrap_or_else(|| Err(th.bad_internal_call()))
    }

    /// Of UTF-8 that is not all ASCII; `None` if it is not valid.
    fn from_wide_utf8(th: &Thread, bytes: &[u8]) -> Option<PyResult<Owned<Str>>> {
        let (len, bound) = codec::shape_of(bytes);
        if bound < 0x100 && len <= 1 {
            let mut only = [0u8];
            // SAFETY: it is as long as it must be.
            let valid = len == 1 && unsafe { codec::decode_exact(bytes, only.as_mut_ptr(), len) };
            return valid.then(|| Str::from_char(th, only[0].into()));
        }
        let mut new = match Fresh::new(th, len, bound) {
            Ok(new) => new,
            Err(raised) => return Some(Err(raised)),
        };
        let to = new.rest().as_mut_ptr();
        // SAFETY: (1), and there is room.
        let valid = unsafe {
            match bound {
                0..0x100 => codec::decode_exact(bytes, to, len),
                0x100..0x1_0000 => codec::decode_exact(bytes, to.cast::<u16>(), len),
                _ => codec::decode_exact(bytes, to.cast::<u32>(), len),
            }
        };
        valid.then(|| Ok(new.finish()))
    }

    pub fn from_string(th: &Thread, text: String) -> PyResult<Owned<Str>> {
        Str::new(th, &text)
    }

    pub fn from_fmt(th: &Thread, message: fmt::Arguments<'_>) -> PyResult<Owned<Str>> {
        match message.as_str() {
            Some(text) => Str::new(th, text),
            None => Str::new(th, &message.to_string()),
        }
    }

    /// From generalised UTF-8, where lone surrogates are three bytes. Anything else is read as Latin-1.
    pub fn from_wtf8(th: &Thread, bytes: &[u8]) -> PyResult<Owned<Str>> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Str::new(th, text);
        }
        let mut points = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            points.extend(chunk.valid().chars().map(u32::from));
            push_surrogates(chunk.invalid(), &mut points);
        }
        Str::from_code_points(th, &join_split_surrogate(points))
    }

    pub fn from_chars(th: &Thread, chars: Chars<'_>) -> PyResult<Owned<Str>> {
        Str::from_chars_bounded(th, chars, chars.max_char())
    }

    /// With a bound for the greatest character, of the right class.
    pub fn from_chars_bounded(th: &Thread, chars: Chars<'_>, bound: u32) -> PyResult<Owned<Str>> {
        if let (Chars::One(units), true) = (chars, bound < 0x80) {
            return Str::from_ascii(th, units);
        }
        match chars.len() {
            0 => return Ok(Str::empty().to_owned()),
            1 if bound < 0x100 => return Ok(single(chars.at(0) as u8).to_owned()),
            _ => {}
        }
        let mut new = Fresh::new(th, chars.len(), bound)?;
        new.push(chars);
        Ok(new.finish())
    }

    /// A string of one ASCII character that is not the static one. The reference makes such in few places, where
    /// programs can see it.
    pub fn separate(th: &Thread, character: u8) -> PyResult<Owned<Str>> {
        let mut new = Fresh::new(th, 1, 0x7f)?;
        new.push(Chars::One(&[character & 0x7f]));
        Ok(new.finish())
    }

    pub fn from_code_points(th: &Thread, points: &[u32]) -> PyResult<Owned<Str>> {
        Str::from_chars(th, Chars::Four(points))
    }

    #[inline]
    pub fn from_char(th: &Thread, point: u32) -> PyResult<Owned<Str>> {
        if point < 0x100 {
            return Ok(single(point as u8).to_owned());
        }
        Str::from_chars_bounded(th, Chars::Four(&[point]), point)
    }

    /// What a decoder or writer gathered.
    pub fn from_text(th: &Thread, text: &TextBuf) -> PyResult<Owned<Str>> {
        match text {
            TextBuf::Latin1(units) => Str::from_chars(th, Chars::One(units)),
            TextBuf::Ucs2(units) => Str::from_chars(th, Chars::Two(units)),
            TextBuf::Ucs4(units) => Str::from_chars(th, Chars::Four(units)),
        }
    }

    /// `os.fsdecode`: UTF-8, with bytes that are not as surrogates U+DC80 … U+DCFF.
    pub fn from_fs_bytes(th: &Thread, bytes: &[u8]) -> PyResult<Owned<Str>> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Str::new(th, text);
        }
        let mut points = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            points.extend(chunk.valid().chars().map(u32::from));
            points.extend(chunk.invalid().iter().map(|&byte| 0xdc00 + u32::from(byte)));
        }
        Str::from_code_points(th, &points)
    }

    /// `os.fsencode`.
    pub fn to_fs_bytes(&self, th: &Thread) -> PyResult<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.len());
        for (at, point) in self.chars().iter().enumerate() {
            match (char::from_u32(point), point) {
                (Some(c), _) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                (None, 0xdc80..=0xdcff) => bytes.push(point as u8),
                (None, _) => {
                    let error = text::codec::CodecError {
                        start: at,
                        end: at + 1,
                        reason: "surrogates not allowed",
                    };
                    return Err(crate::exceptions::raise_encode_error(
                        th,
                        "utf-8",
                        Borrowed::from_ref(self),
                        error,
                    ));
                }
            }
        }
        Ok(bytes)
    }

    /// `separator.join(parts)`: every part must be a string.
    pub fn join(
        th: &Thread,
        separator: Borrowed<'_, Str>,
        parts: &[Borrowed<'_>],
    ) -> PyResult<Owned<Str>> {
        if let [only] = parts {
            if let Some(only) = only.downcast_exact::<Str>() {
                return Ok(only.to_owned());
            }
        }
        let mut len = separator.len().saturating_mul(parts.len().saturating_sub(1));
        let mut bound = if parts.len() > 1 { bound_of(&separator) } else { 0 };
        for (at, part) in parts.iter().enumerate() {
            let Some(part) = part.downcast::<Str>() else {
                let ty = part.type_name();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "sequence item {at}: expected str instance, {ty} found"
                ));
            };
            len = len.saturating_add(part.len());
            bound = bound.max(bound_of(&part));
        }
        if len > isize::MAX as usize {
            return Err(
                th.raise(exc::OVERFLOW_ERROR, "join() result is too long for a Python string")
            );
        }
        if len == 0 {
            return Ok(Str::empty().to_owned());
        }
        let mut joined = Fresh::new(th, len, bound)?;
        if let (true, Chars::One(separator)) = (bound < 0x100, separator.chars()) {
            joined.join_bytes(separator, parts);
            return Ok(joined.finish());
        }
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                joined.push(separator.chars());
            }
            if let Some(part) = part.downcast::<Str>() {
                joined.push(part.chars());
            }
        }
        Ok(joined.finish())
    }
}

/// The parts of a surrogate in generalised UTF-8, each of which is invalid UTF-8: kept byte by byte until joined.
fn push_surrogates(invalid: &[u8], points: &mut Vec<u32>) {
    points.extend(invalid.iter().map(|&byte| MARK | u32::from(byte)));
}

/// Marks a byte of a surrogate among code points.
const MARK: u32 = 0x8000_0000;

fn join_split_surrogate(points: Vec<u32>) -> Vec<u32> {
    let mut joined = Vec::with_capacity(points.len());
    let mut rest = points.as_slice();
    while let Some((&first, tail)) = rest.split_first() {
        match (first, tail) {
            (lead, &[second, third, ref after @ ..])
                if lead == MARK | 0xed && second & MARK != 0 && third & MARK != 0 =>
            {
                joined.push(0xd000 | (second & 0x3f) << 6 | third & 0x3f);
                rest = after;
            }
            _ => {
                joined.push(first & 0xff | if first & MARK == 0 { first } else { 0 });
                rest = tail;
            }
        }
    }
    joined
}
