//! `Fresh`: a string that is being written. It allocates once, in the right kind, and is filled from front to back.
//!
//! Invariant: 1. a `Fresh` is known to nobody else; `filled` characters of it are written.

use krait_abi as abi;

use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Owned};
use crate::str::{Chars, Str};
use crate::text::{self, Unit};
use crate::thread::Thread;
use crate::typeobj::alloc::init_static_head;
use crate::with_units;

/// A string that is being written.
pub struct Fresh {
    string: Owned<Str>,
    filled: usize,
}

impl Fresh {
    /// Room for `len` characters up to `bound`.
    pub fn new(th: &Thread, len: usize, bound: u32) -> PyResult<Fresh> {
        if bound < 0x80 {
            return Ok(Fresh { string: fresh_ascii(th, len)?, filled: 0 });
        }
        let kind = match bound {
            0x80..0x100 => 1,
            0x100..0x1_0000 => 2,
            _ => 4,
        };
        let header = size_of::<abi::PyCompactUnicodeObject>();
        let size = len
            .checked_add(1)
            .and_then(|len| len.checked_mul(kind))
            .and_then(|size| size.checked_add(header));
        let Some(size) = size.filter(|&size| size <= isize::MAX as usize) else {
            return Err(th.no_memory());
        };
        let block = th.interp().heap.alloc_object(size, 0, Str::type_object().as_type_ptr());
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: the block has room for the header and `len + 1` characters.
        unsafe {
            let raw: *mut abi::PyCompactUnicodeObject = block.cast();
            init_static_head(raw.cast(), Str::type_object());
            (*raw)._base.length = len as isize;
            (*raw)._base.hash = -1;
            (*raw)._base.state = abi::_PyUnicodeObject_state::compact(kind as u32, false);
            (*raw).utf8 = std::ptr::null_mut();
            (*raw).utf8_length = 0;
            block.add(header + len * kind).write_bytes(0, kind);
            Ok(Fresh { string: Owned::from_ptr(raw.cast()), filled: 0 })
        }
    }

    /// A string of zeros, for C to write into before anyone else sees it.
    pub fn zeroed(th: &Thread, len: usize, bound: u32) -> PyResult<Owned<Str>> {
        let fresh = Fresh::new(th, len, bound)?;
        let bytes = len * fresh.string.state().kind() as usize;
        // SAFETY: (1): the block has room for as many characters.
        unsafe { fresh.string.data().cast_mut().write_bytes(0, bytes) };
        Ok(fresh.string)
    }

    /// Writes `chars` after what is there. They must fit: room and kind.
    pub fn push(&mut self, chars: Chars<'_>) {
        with_units!(chars, units => self.push_units(units));
    }

    /// Writes one character, which must fit, `count` times.
    pub fn push_repeated(&mut self, point: u32, count: usize) {
        if count == 0 {
            return;
        }
        let room = self.string.len() - self.filled;
        assert!(count <= room, "a string is filled beyond its length");
        let data = self.string.data().cast_mut();
        // SAFETY: (1), and there is room.
        unsafe {
            match self.string.state().kind() {
                1 => data.add(self.filled).write_bytes(point as u8, count),
                2 => fill(data.cast::<u16>().add(self.filled), point as u16, count),
                _ => fill(data.cast::<u32>().add(self.filled), point, count),
            }
        }
        self.filled += count;
    }

    #[inline]
    pub fn push_units<T: Unit>(&mut self, units: &[T]) {
        let room = self.string.len() - self.filled;
        assert!(units.len() <= room, "a string is filled beyond its length");
        let kind = self.string.state().kind() as usize;
        let data = self.string.data().cast_mut();
        // SAFETY: (1), and there is room.
        unsafe { write_units(data.add(self.filled * kind), kind, units) };
        self.filled += units.len();
    }

    /// The room that is left, as bytes, of which the caller writes all.
    pub(super) fn rest(&mut self) -> &mut [u8] {
        let kind = self.string.state().kind() as usize;
        let (start, end) = (self.filled * kind, self.string.len() * kind);
        self.filled = self.string.len();
        // SAFETY: (1): nobody else knows the string, which has room for as many; bytes that are only written.
        unsafe {
            std::slice::from_raw_parts_mut(self.string.data().cast_mut().add(start), end - start)
        }
    }

    /// Fills the string with `chars` and `new` in place of each `old`. All fit.
    pub fn push_swapped(&mut self, chars: Chars<'_>, old: u32, new: u32) {
        assert_eq!(chars.len(), self.string.len() - self.filled);
        let kind = self.string.state().kind();
        let to = self.rest().as_mut_ptr();
        let len = chars.len();
        // SAFETY: (1), and there is room.
        with_units!(chars, units => unsafe {
            match kind {
                1 => text::search::swap_into(units, old, new, slice_of::<u8>(to, len)),
                2 => text::search::swap_into(units, old, new, slice_of::<u16>(to, len)),
                _ => text::search::swap_into(units, old, new, slice_of::<u32>(to, len)),
            }
        })
    }

    /// Fills the string with `text` and `new` in place of `old_len` characters at each place. All are of one kind.
    pub fn push_replaced(
        &mut self,
        text: &Str,
        places: &text::search::Places,
        old_len: usize,
        new: &Str,
    ) {
        let kind = self.string.state().kind();
        assert!(text.state().kind() == kind && new.state().kind() == kind);
        let (units, new_units) = (text.raw_bytes(), new.raw_bytes());
        text::search::replace_into(units, places, kind as usize, old_len, new_units, self.rest());
    }

    /// Fills the string with every so many-th of `units`, from `start` on, which are of its kind.
    pub fn push_strided<T: Unit>(&mut self, units: &[T], positions: impl Iterator<Item = usize>) {
        assert_eq!(size_of::<T>(), self.string.state().kind() as usize);
        let len = self.string.len() - self.filled;
        // SAFETY: (1), and there is room.
        let out = unsafe { slice_of::<T>(self.rest().as_mut_ptr(), len) };
        out.iter_mut().zip(positions).for_each(|(to, at)| *to = units[at]);
    }

    /// Fills the string with `part`, which is of its kind, again and again.
    pub fn push_cycled(&mut self, part: &Str) {
        let part = part.raw_bytes();
        let out = self.rest();
        assert!(!part.is_empty() && out.len() >= part.len());
        if let [only] = *part {
            return out.fill(only);
        }
        out[..part.len()].copy_from_slice(part);
        // What is there, doubled each time.
        let mut done = part.len();
        while done < out.len() {
            let more = done.min(out.len() - done);
            out.copy_within(..more, done);
            done += more;
        }
    }

    /// Fills the string with `units`, which are of its kind, in reverse order.
    pub fn push_reversed<T: Unit>(&mut self, units: &[T]) {
        assert_eq!(size_of::<T>(), self.string.state().kind() as usize);
        let len = self.string.len() - self.filled;
        // SAFETY: (1), and there is room.
        let out = unsafe { slice_of::<T>(self.rest().as_mut_ptr(), len) };
        out.iter_mut().zip(units.iter().rev()).for_each(|(to, from)| *to = *from);
    }

    /// As `finish`. If `narrows`, a narrower kind may do.
    pub fn finish_narrowed(self, th: &Thread, narrows: bool) -> PyResult<Owned<Str>> {
        let string = self.finish();
        if narrows {
            let bound = string.chars().max_char();
            if bound < bound_of(&string) {
                return Str::from_chars_bounded(th, string.chars(), bound);
            }
        }
        Ok(string)
    }

    /// As `push` for each part, with `separator` between them; all are of the kind of one byte, strings and fit.
    pub(super) fn join_bytes(&mut self, separator: &[u8], parts: &[Borrowed<'_>]) {
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                match *separator {
                    [] => {}
                    // The usual one is not worth a call.
                    [only] => self.push_byte(only),
                    _ => self.push_bytes(separator),
                }
            }
            // SAFETY: the caller has checked the parts.
            let part = unsafe { part.cast::<Str>() };
            // SAFETY: a string of one byte a character holds `len` of them.
            self.push_bytes(unsafe { std::slice::from_raw_parts(part.data(), part.len()) });
        }
    }

    /// As `push_units`, into a string of one byte a character.
    #[inline(always)]
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.string.state().kind(), 1);
        assert!(bytes.len() <= self.string.len() - self.filled);
        // SAFETY: (1), and there is room.
        unsafe {
            let to = self.string.data().cast_mut().add(self.filled);
            to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.filled += bytes.len();
    }

    /// As `push`, of ASCII text, into a string of one byte a character; short as often as not.
    #[inline]
    pub fn push_ascii(&mut self, text: &str) {
        debug_assert!(text.is_ascii());
        match text.len() {
            0 => {}
            1 => self.push_byte(text.as_bytes()[0]),
            _ => self.push_bytes(text.as_bytes()),
        }
    }

    #[inline(always)]
    fn push_byte(&mut self, byte: u8) {
        assert!(self.filled < self.string.len());
        // SAFETY: (1), and there is room.
        unsafe { self.string.data().cast_mut().add(self.filled).write(byte) };
        self.filled += 1;
    }

    /// The string, which must be full.
    pub fn finish(self) -> Owned<Str> {
        debug_assert_eq!(self.filled, self.string.len());
        self.string
    }
}

/// A string of `len` ASCII characters that are yet to be written, and the terminating zero.
#[inline]
pub(super) fn fresh_ascii(th: &Thread, len: usize) -> PyResult<Owned<Str>> {
    const HEADER: usize = size_of::<abi::PyASCIIObject>();
    let Some(size) = len.checked_add(HEADER + 1).filter(|&size| size <= isize::MAX as usize) else {
        return Err(th.no_memory());
    };
    let block = th.interp().heap.alloc_object(size, 0, Str::type_object().as_type_ptr());
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room for the header and `len + 1` characters.
    unsafe {
        let raw: *mut abi::PyASCIIObject = block.cast();
        init_static_head(raw.cast(), Str::type_object());
        (*raw).length = len as isize;
        (*raw).hash = -1;
        (*raw).state = abi::_PyUnicodeObject_state::compact(1, true);
        block.add(HEADER + len).write(0);
        Ok(Owned::from_ptr(raw.cast()))
    }
}

/// # Safety
/// There is room for `count` units at `to`.
unsafe fn fill<T: Unit>(to: *mut T, unit: T, count: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(to, count).fill(unit) }
}

/// # Safety
/// There is room for `len` units at `to`, aligned as they are, which nobody else uses.
unsafe fn slice_of<'a, T: Unit>(to: *mut u8, len: usize) -> &'a mut [T] {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(to.cast(), len) }
}

/// Writes `units` as units of `kind` bytes, which hold them.
///
/// # Safety
/// There is room at `to`.
pub(super) unsafe fn write_units<T: Unit>(to: *mut u8, kind: usize, units: &[T]) {
    let len = units.len();
    // SAFETY: the caller's promise.
    unsafe {
        match kind {
            1 => text::convert(units, std::slice::from_raw_parts_mut(to, len)),
            2 => text::convert(units, std::slice::from_raw_parts_mut(to.cast::<u16>(), len)),
            _ => text::convert(units, std::slice::from_raw_parts_mut(to.cast::<u32>(), len)),
        }
    }
}

/// The greatest character that the string's kind stands for: cheap, and exact enough for `Fresh::new`.
#[inline]
pub fn bound_of(string: &Str) -> u32 {
    if string.is_ascii() {
        return 0x7f;
    }
    match string.state().kind() {
        1 => 0xff,
        2 => 0xffff,
        _ => 0x10_ffff,
    }
}
