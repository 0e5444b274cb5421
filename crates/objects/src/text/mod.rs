//! Algorithms on text, without objects.
//!
//! A `str` stores its code points as `u8`, `u16` or `u32`, the narrowest that holds its greatest
//! one. Everything here works on such slices through the trait [`Unit`], so that it is compiled
//! three times and no more; `bytes` uses the `u8` forms. Text of different kinds is compared in
//! place and searched after widening the needle.
//! The same job in CPython: `Objects/stringlib/`, and the codecs of `Objects/unicodeobject.c`.

mod brief;
mod buffer;
pub mod c_strings;
pub mod codec;
pub mod digits;
mod hits;
pub mod search;
mod short;
pub mod split;
pub(crate) mod vector;

pub use buffer::TextBuf;
pub use short::ShortText;

use std::cmp::Ordering;

/// A storage unit of text: one code point each.
pub trait Unit: Copy + Eq + Ord + Into<u32> + 'static {
    /// The greatest value.
    const MAX: u32;

    /// The unit for a code point, which must fit: others are cut off.
    fn cut(c: u32) -> Self;

    /// The units as bytes, if that is what they are; for the paths that `memchr` speeds up.
    fn as_bytes(text: &[Self]) -> Option<&[u8]>;

    /// The value.
    #[inline(always)]
    fn code(self) -> u32 {
        self.into()
    }
}

impl Unit for u8 {
    const MAX: u32 = 0xff;

    #[inline(always)]
    fn cut(c: u32) -> Self {
        c as u8
    }

    #[inline(always)]
    fn as_bytes(text: &[Self]) -> Option<&[u8]> {
        Some(text)
    }
}

impl Unit for u16 {
    const MAX: u32 = 0xffff;

    #[inline(always)]
    fn cut(c: u32) -> Self {
        c as u16
    }

    #[inline(always)]
    fn as_bytes(_: &[Self]) -> Option<&[u8]> {
        None
    }
}

impl Unit for u32 {
    const MAX: u32 = 0xffff_ffff;

    #[inline(always)]
    fn cut(c: u32) -> Self {
        c
    }

    #[inline(always)]
    fn as_bytes(_: &[Self]) -> Option<&[u8]> {
        None
    }
}

/// A bound for the greatest code point that is good enough to choose a kind: at least the greatest
/// one, and of the same class (ASCII, Latin-1, two bytes, four bytes).
pub fn max_char<T: Unit>(text: &[T]) -> u32 {
    if let Some(bytes) = T::as_bytes(text) {
        return if bytes.is_ascii() { 0x7f } else { 0xff };
    }
    let mut bound = 0x7f;
    // A block at a time: the inner loop has no exit, so it becomes vector code.
    for block in text.chunks(256) {
        let bits = block.iter().fold(0, |bits, &unit| bits | unit.code());
        bound = match bits {
            0..0x80 => bound,
            0x80..0x100 => bound.max(0xff),
            0x100..0x1_0000 => bound.max(0xffff),
            _ => 0x10_ffff,
        };
        if bound >= T::MAX.min(0x10_ffff) {
            break;
        }
    }
    bound
}

/// Whether every unit is below 128.
pub fn is_ascii<T: Unit>(text: &[T]) -> bool {
    match T::as_bytes(text) {
        Some(bytes) => bytes.is_ascii(),
        None => max_char(text) < 0x80,
    }
}

/// The units as the bytes they are made of.
pub fn raw_bytes<T: Unit>(text: &[T]) -> &[u8] {
    // SAFETY: units are plain integers, all of whose bytes are initialised.
    unsafe { std::slice::from_raw_parts(text.as_ptr().cast(), size_of_val(text)) }
}

/// Copies units from one kind to another that holds them; the slices are of the same length.
#[inline]
pub fn convert<F: Unit, T: Unit>(from: &[F], to: &mut [T]) {
    if size_of::<F>() == size_of::<T>() && from.len() == to.len() {
        // SAFETY: units are plain integers, and those of one size are the same.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr().cast(), to.as_mut_ptr(), to.len()) };
        return;
    }
    for (to, from) in to.iter_mut().zip(from) {
        *to = T::cut(from.code());
    }
}

/// A copy of another kind that holds all units; `None` if one does not fit.
pub fn converted<F: Unit, T: Unit>(text: &[F]) -> Option<Vec<T>> {
    let fits = F::MAX <= T::MAX || text.iter().all(|&unit| unit.code() <= T::MAX);
    fits.then(|| text.iter().map(|&unit| T::cut(unit.code())).collect())
}

/// Compares texts of any kinds by their code points.
pub fn compare<A: Unit, B: Unit>(a: &[A], b: &[B]) -> Ordering {
    if let (Some(a), Some(b)) = (A::as_bytes(a), B::as_bytes(b)) {
        return a.cmp(b);
    }
    for (&a, &b) in a.iter().zip(b) {
        match a.code().cmp(&b.code()) {
            Ordering::Equal => {}
            different => return different,
        }
    }
    a.len().cmp(&b.len())
}

/// Whether texts of any kinds are equal.
pub fn equal<A: Unit, B: Unit>(a: &[A], b: &[B]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| a.code() == b.code())
}
