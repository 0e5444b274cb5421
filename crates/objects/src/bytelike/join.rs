//! `bytes.join`, concatenation, and membership.

use super::methods::ByteString;
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};
use crate::text::search;

/// The pieces with the separator between them.
///
/// RuntimeError if the list `source`, which the pieces are from, gets longer or shorter meanwhile.
pub fn join<T: ByteString>(
    th: &Thread,
    separator: &[u8],
    pieces: &[Owned],
    source: Borrowed<'_>,
) -> PyResult<Owned<T>> {
    let source = source.downcast::<List>();
    let mut buffers = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        if !buffer::check(piece.borrow()) {
            let found = piece.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "sequence item {at}: expected a bytes-like object, {found} found"
            ));
        }
        buffers.push(Buffer::simple(th, piece.borrow())?);
        if source.is_some_and(|source| source.get().len() != pieces.len()) {
            return Err(th.raise(exc::RUNTIME_ERROR, "sequence changed size during iteration"));
        }
    }
    let lengths = buffers.iter().map(|buffer| buffer.as_bytes().len());
    let len = lengths.fold(
        separator.len().saturating_mul(pieces.len().saturating_sub(1)),
        usize::saturating_add,
    );
    if len > isize::MAX as usize {
        return Err(th.raise(exc::OVERFLOW_ERROR, "join() result is too long"));
    }
    T::filled(th, len, &mut |out| {
        put_all(out, separator, &mut buffers.iter().map(|buffer| buffer.as_bytes()));
    })
}

/// Writes parts with the separator between them.
fn put_all(mut out: &mut [u8], separator: &[u8], parts: &mut dyn Iterator<Item = &[u8]>) {
    for (at, part) in parts.enumerate() {
        let between = if at > 0 { separator } else { &[] };
        for part in [between, part] {
            // One byte, as most separators are, is not worth a call.
            match (part, out.split_off_mut(..part.len())) {
                (&[byte], Some([to])) => *to = byte,
                (_, Some(to)) => to.copy_from_slice(part),
                (_, None) => {}
            }
        }
    }
}

/// As `join`, of two or more exact `bytes` in an exact list or tuple: no Python code runs meanwhile. `None` for others.
pub fn join_exact<T: ByteString>(
    th: &Thread,
    separator: &[u8],
    iterable: Borrowed<'_>,
) -> Option<PyResult<Owned<T>>> {
    let items = match (iterable.downcast_exact::<List>(), iterable.downcast_exact::<Tuple>()) {
        // SAFETY: no Python code runs while the items are joined.
        (Some(list), _) => unsafe { list.get().as_slice() },
        (_, Some(tuple)) => tuple.get().as_slice(),
        _ => return None,
    };
    let mut len =
        separator.len().checked_mul(items.len().checked_sub(1).filter(|&cuts| cuts > 0)?)?;
    for item in items {
        len = len.checked_add(item.downcast_exact::<Bytes>()?.len())?;
    }
    let parts = items.iter().filter_map(|item| item.downcast_exact::<Bytes>());
    let mut parts = parts.map(|bytes| bytes.get().as_bytes());
    (len <= isize::MAX as usize)
        .then(|| T::filled(th, len, &mut |out| put_all(out, separator, &mut parts)))
}

/// The items of an iterable of bytes.
pub fn pieces(th: &Thread, iterable: Borrowed<'_>) -> PyResult<Vec<Owned>> {
    let sequence = sequence::fast(th, iterable, "can only join an iterable")?;
    if let Some(list) = sequence.object().downcast::<List>() {
        return Ok(list.to_vec());
    }
    match sequence.object().downcast::<Tuple>() {
        Some(tuple) => Ok(tuple.as_slice().iter().map(|&item| Borrowed::to_owned(item)).collect()),
        None => Err(th.bad_internal_call()),
    }
}

/// `left + right`.
pub fn concat<T: ByteString>(
    th: &Thread,
    left: Borrowed<'_, T>,
    right: Borrowed<'_>,
) -> PyResult<Owned<T>> {
    if !buffer::check(right) {
        let left = left.object();
        let (name, found) = (left.type_name(), right.type_name());
        return Err(raise!(th, TYPE_ERROR, "can't concat {found} to {name}"));
    }
    let left = Buffer::simple(th, left.object())?;
    let right = Buffer::simple(th, right)?;
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let len = left.len().checked_add(right.len()).ok_or_else(|| th.no_memory())?;
    T::filled(th, len, &mut |out| {
        out[..left.len()].copy_from_slice(left);
        out[left.len()..].copy_from_slice(right);
    })
}

/// The bytes `count` times.
pub fn repeat(th: &Thread, data: &[u8], count: isize) -> PyResult<Vec<u8>> {
    let len = repeated_len(th, data, count)?;
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| th.no_memory())?;
    out.resize(len, 0);
    fill_repeated(&mut out, data);
    Ok(out)
}

/// How long the bytes are `count` times.
pub fn repeated_len(th: &Thread, data: &[u8], count: isize) -> PyResult<usize> {
    let count = usize::try_from(count).unwrap_or(0);
    match data.len().checked_mul(count).filter(|&len| len < isize::MAX as usize) {
        Some(len) => Ok(len),
        None => Err(th.raise(exc::OVERFLOW_ERROR, "repeated bytes are too long")),
    }
}

/// Fills `out` with `data`, over and over.
pub fn fill_repeated(out: &mut [u8], data: &[u8]) {
    if let &[byte] = data {
        out.fill(byte);
    } else if !data.is_empty() {
        out.chunks_mut(data.len()).for_each(|chunk| chunk.copy_from_slice(&data[..chunk.len()]));
    }
}

/// `item in data`: a byte's number, or bytes. `data` is asked for when no Python code runs any more.
pub fn contains<'d>(
    th: &Thread,
    data: impl Fn() -> &'d [u8],
    item: Borrowed<'_>,
) -> PyResult<bool> {
    if number::is_index(item) {
        let value = match number::as_isize(th, item, Some(exc::INDEX_ERROR)) {
            Ok(value) => value,
            Err(raised) => {
                drop(th.take_if(raised, exc::INDEX_ERROR)?);
                -1
            }
        };
        let byte = super::arguments::byte_value(th, value)?;
        return Ok(search::find_unit(data(), byte).is_some());
    }
    let needle = Buffer::simple(th, item)?;
    Ok(search::find(data(), needle.as_bytes()).is_some())
}
