//! Making strings: every constructor ends in `Fresh`, which allocates once, in the right kind.
//!
//! Invariant: 1. a `Fresh` is known to nobody else; `filled` characters of it are written.

use std::fmt;

use krait_abi as abi;

use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Instance, Owned};
use crate::raise;
use crate::str::fixed::StaticStr;
use crate::str::{Chars, Str};
use crate::text::{self, TextBuf, Unit, codec};
use crate::thread::Thread;
use crate::typeobj::alloc::init_static_head;
use crate::with_units;

/// A string that is being written.
pub struct Fresh {
    string: Owned<Str>,
    filled: usize,
}

/// A string of `len` ASCII characters that are yet to be written, and the terminating zero.
#[inline]
fn fresh_ascii(th: &Thread, len: usize) -> PyResult<Owned<Str>> {
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
    fn rest(&mut self) -> &mut [u8] {
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
    fn join_bytes(&mut self, separator: &[u8], parts: &[Borrowed<'_>]) {
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

/// A static string of one Latin-1 character that is not ASCII.
#[repr(C)]
struct StaticLatin1 {
    compact: super::Compact,
    data: [u8; 2],
}

// SAFETY: a static, immortal object: only its hash and UTF-8 are written, always the same.
unsafe impl Sync for StaticLatin1 {}

static EMPTY: StaticStr<1> = StaticStr::new("");
static ASCII: [StaticStr<2>; 128] = ascii_table();
static LATIN1: [StaticLatin1; 128] = latin1_table();

const fn ascii_table() -> [StaticStr<2>; 128] {
    const BLANK: StaticStr<2> = StaticStr::new(" ");
    let mut table = [BLANK; 128];
    let mut point = 0;
    while point < 128 {
        table[point] = StaticStr::from_byte(point as u8);
        point += 1;
    }
    table
}

const fn latin1_table() -> [StaticLatin1; 128] {
    const BLANK: StaticLatin1 = StaticLatin1 {
        compact: std::cell::UnsafeCell::new(abi::PyCompactUnicodeObject {
            _base: abi::PyASCIIObject {
                ob_base: abi::PyObject_HEAD_INIT(super::PyUnicode_Type.as_ptr()),
                length: 1,
                hash: -1,
                state: abi::_PyUnicodeObject_state(
                    abi::_PyUnicodeObject_state::compact(1, false).0
                        | abi::_PyUnicodeObject_state::STATICALLY_ALLOCATED
                        | abi::SSTATE_INTERNED_IMMORTAL_STATIC as u32,
                ),
            },
            utf8_length: 0,
            utf8: std::ptr::null_mut(),
        }),
        data: [0, 0],
    };
    let mut table = [BLANK; 128];
    let mut at = 0;
    while at < 128 {
        table[at].data[0] = at as u8 + 128;
        at += 1;
    }
    table
}

/// The static string of one ASCII character.
///
/// # Safety
/// `point` is ASCII.
#[inline(always)]
pub(super) unsafe fn single_ascii(point: u8) -> Borrowed<'static, Str> {
    // SAFETY: the caller's promise.
    unsafe { ASCII.get_unchecked(usize::from(point)).as_str() }
}

/// The static string of one Latin-1 character.
#[inline]
pub fn single(point: u8) -> Borrowed<'static, Str> {
    match point {
        0..128 => ASCII[usize::from(point)].as_str(),
        // SAFETY: a static, immortal object laid out as a compact string.
        _ => unsafe {
            Borrowed::from_ptr((&raw const LATIN1[usize::from(point - 128)]).cast_mut().cast())
        },
    }
}

impl Str {
    pub fn empty() -> Borrowed<'static, Str> {
        EMPTY.as_str()
    }

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
        if let (Chars::One(_), Chars::One(separator)) = (joined.string.chars(), separator.chars()) {
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
