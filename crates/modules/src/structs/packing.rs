//! Packing and unpacking all values of a layout, in bytes of their own or in somebody's buffer.
//!
//! Converting a value to pack it can run Python code, unpacking runs none. What the functions of the module and the methods of
//! `Struct` have in common is here; they differ in where the layout comes from.

use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::error;
use super::layout::Layout;
use super::values;

fn fill(th: &Thread, layout: &Layout, items: &[Borrowed<'_>], out: &mut [u8]) -> PyResult<()> {
    let mut items = items.iter();
    for field in &layout.fields {
        let mut start = field.offset;
        for item in items.by_ref().take(field.count) {
            values::pack(th, layout.mode, field, *item, &mut out[start..start + field.size])?;
            start += field.size;
        }
    }
    Ok(())
}

fn check_count(th: &Thread, layout: &Layout, given: usize, name: &str) -> PyResult<()> {
    if given == layout.values {
        return Ok(());
    }
    let expected = layout.values;
    Err(error(th, &format!("{name} expected {expected} items for packing (got {given})")))
}

pub fn pack(th: &Thread, layout: &Layout, items: &[Borrowed<'_>]) -> PyResult<Owned<Bytes>> {
    check_count(th, layout, items.len(), "pack")?;
    Bytes::build(th, layout.size, |out| fill(th, layout, items, out))
}

/// Where `offset` lies in a buffer of `len` bytes, if `size` bytes fit behind it; `packing` is for the messages.
fn place(th: &Thread, offset: isize, len: usize, size: usize, packing: bool) -> PyResult<usize> {
    let mut start = offset;
    if offset < 0 {
        if offset.checked_add(size as isize).is_none_or(|end| end > 0) {
            let what = if packing { "no space to pack" } else { "not enough data to unpack" };
            return Err(error(th, &format!("{what} {size} bytes at offset {offset}")));
        }
        start = offset + len as isize;
        if start < 0 {
            return Err(error(th, &format!("offset {offset} out of range for {len}-byte buffer")));
        }
    }
    let start = start as usize;
    if len.checked_sub(start).is_none_or(|room| room < size) {
        let (name, verb) =
            if packing { ("pack_into", "packing") } else { ("unpack_from", "unpacking") };
        let needed = start.saturating_add(size);
        return Err(error(
            th,
            &format!(
                "{name} requires a buffer of at least {needed} bytes for {verb} {size} bytes at offset {start} (actual buffer size is {len})"
            ),
        ));
    }
    Ok(start)
}

pub fn pack_into(th: &Thread, layout: &Layout, args: &[Borrowed<'_>]) -> PyResult<()> {
    let (&buffer, offset, items) = match args {
        [] => return Err(error(th, "pack_into expected buffer argument")),
        [_] => return Err(error(th, "pack_into expected offset argument")),
        [buffer, offset, items @ ..] => (buffer, *offset, items),
    };
    check_count(th, layout, items.len(), "pack_into")?;
    let mut buffer = Buffer::get(th, buffer, krait_abi::PyBUF_WRITABLE).map_err(|raised| {
        drop(th.take_raised(raised));
        raise!(
            th,
            TYPE_ERROR,
            "argument must be read-write bytes-like object, not {}",
            buffer.type_name()
        )
    })?;
    let offset = number::as_isize(th, offset, Some(exc::INDEX_ERROR))?;
    let len = buffer.as_bytes().len();
    let start = place(th, offset, len, layout.size, true)?;
    // Packed aside first: converting runs Python code, which may look at the buffer.
    let mut packed = vec![0; layout.size];
    fill(th, layout, items, &mut packed)?;
    buffer.as_mut_bytes()[start..start + layout.size].copy_from_slice(&packed);
    Ok(())
}

pub fn unpack(th: &Thread, layout: &Layout, bytes: &[u8]) -> PyResult<Owned<Tuple>> {
    if layout.values == 0 {
        return Ok(Tuple::empty().to_owned());
    }
    let tuple = Tuple::with_nulls(th, layout.values)?;
    let mut place = tuple.items();
    for field in &layout.fields {
        let mut put = |item: Owned| {
            // SAFETY: a place for each value; nobody has seen the tuple.
            unsafe {
                place.write(item.into_ptr());
                place = place.add(1);
            }
        };
        let parts = bytes[field.offset..].chunks_exact(field.size.max(1)).take(field.count);
        match values::integer_sign(field.code) {
            Some(signed) => {
                for part in parts {
                    put(values::integer(th, layout.mode, signed, part)?);
                }
            }
            None if field.size == 0 => put(values::unpack(th, layout.mode, field.code, &[])?),
            None => {
                for part in parts {
                    put(values::unpack(th, layout.mode, field.code, part)?);
                }
            }
        }
    }
    Ok(tuple)
}

pub fn unpack_all(th: &Thread, layout: &Layout, buffer: &Buffer) -> PyResult<Owned<Tuple>> {
    if buffer.as_bytes().len() != layout.size {
        let size = layout.size;
        return Err(error(th, &format!("unpack requires a buffer of {size} bytes")));
    }
    unpack(th, layout, buffer.as_bytes())
}

pub fn unpack_at(
    th: &Thread,
    layout: &Layout,
    buffer: &Buffer,
    offset: isize,
) -> PyResult<Owned<Tuple>> {
    let bytes = buffer.as_bytes();
    let start = place(th, offset, bytes.len(), layout.size, false)?;
    unpack(th, layout, &bytes[start..start + layout.size])
}
