//! The methods that `bytes` and `bytearray` share, declared for both by two macros: `search` and `shape` have one each.
//!
//! Arguments are converted before the receiver's bytes are looked at, and while they are held: a conversion can run
//! Python code, which can change a `bytearray`.

#[macro_use]
mod search;
#[macro_use]
mod shape;

use std::ops::Range;

use super::{is_line_break, is_space};
use crate::prelude::*;
use crate::protocol::buffer::Buffer;
use crate::text::split;

/// `bytes` or `bytearray`.
pub trait ByteString: Instance + Sized {
    fn view(&self) -> &[u8];
    fn make(th: &Thread, data: &[u8]) -> PyResult<Owned<Self>>;
    /// An object of `len` bytes, which `fill` writes.
    fn filled(th: &Thread, len: usize, fill: &mut dyn FnMut(&mut [u8])) -> PyResult<Owned<Self>>;
    /// While the answer lives, the bytes stay as many: arguments that change them meanwhile get a BufferError.
    fn hold(&self, _th: &Thread) -> PyResult<Option<Buffer>> {
        Ok(None)
    }
    /// The object itself if it cannot change and is of the exact type, else a copy.
    fn unchanged(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Self>>;
}

/// Takes a part.
pub type Part<'a> = &'a mut dyn FnMut(Range<usize>) -> PyResult<()>;

/// Hands the parts of bytes to a function, in order.
pub type Cut<'a> = &'a mut dyn FnMut(&[u8], Part<'_>) -> PyResult<()>;

/// A list of the parts that `cut` finds.
pub fn parts<T: ByteString>(
    this: Borrowed<'_, T>,
    th: &Thread,
    cut: Cut<'_>,
) -> PyResult<Owned<List>> {
    // They stay as many, and where they are: objects are made from them on the way.
    let _held = this.hold(th)?;
    let data = this.get().view();
    let list = List::with_capacity(th, data.len().min(12))?;
    cut(data, &mut |range| list.push(th, T::make(th, &data[range])?.into_object()))?;
    Ok(list)
}

/// The parts of `split`: `None` is white space.
pub fn split(data: &[u8], sep: Option<&[u8]>, most: usize, part: Part<'_>) -> PyResult<()> {
    match sep {
        None => split::split_space(data, most, is_space, part),
        Some(sep) => split::split(data, sep, most, part),
    }
}

/// The parts of `rsplit`.
pub fn rsplit(data: &[u8], sep: Option<&[u8]>, most: usize, part: Part<'_>) -> PyResult<()> {
    let ranges = match sep {
        None => split::rsplit_space(data, most, is_space),
        Some(sep) => split::rsplit(data, sep, most),
    };
    ranges.into_iter().try_for_each(part)
}

/// The parts of `splitlines`.
pub fn lines(data: &[u8], keep: bool, part: Part<'_>) -> PyResult<()> {
    split::split_lines(data, keep, is_line_break, part)
}

/// A tuple of the parts around `found`; without it, everything and two empty ones (before it, `at_end`).
pub fn around<T: ByteString>(
    this: Borrowed<'_, T>,
    th: &Thread,
    sep: Borrowed<'_>,
    found: Option<Range<usize>>,
    at_end: bool,
) -> PyResult<Owned<Tuple>> {
    let data = this.get().view();
    let items = match found {
        Some(found) => {
            let before = T::make(th, &data[..found.start])?.into_object();
            let after = T::make(th, &data[found.end..])?.into_object();
            // What `bytes` was given, whatever it is, stands between its parts.
            let is_bytes = std::ptr::eq(T::type_object(), Bytes::type_object());
            let middle = match is_bytes {
                true => sep.to_owned(),
                false => T::make(th, &data[found])?.into_object(),
            };
            [before, middle, after]
        }
        None => {
            let empty = || T::make(th, &[]).map(Owned::into_object);
            let whole = T::unchanged(this, th)?.into_object();
            if at_end { [empty()?, empty()?, whole] } else { [whole, empty()?, empty()?] }
        }
    };
    Tuple::pack(th, items)
}

/// A copy of the bytes, changed.
pub fn mapped<T: ByteString>(
    this: Borrowed<'_, T>,
    th: &Thread,
    map: fn(&mut [u8]),
) -> PyResult<Owned<T>> {
    let data = this.get().view();
    T::filled(th, data.len(), &mut |out| {
        out.copy_from_slice(data);
        map(out);
    })
}

/// Whether there are bytes, and all are of the class.
pub fn all(data: &[u8], class: impl Fn(&u8) -> bool) -> bool {
    !data.is_empty() && data.iter().all(class)
}
