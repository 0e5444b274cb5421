//! Instances of C types from what is there already: an address, a buffer, a variable that a library exports.
//!
//! The same job as `CDataType_from_address` and the like in CPython's `Modules/_ctypes/_ctypes.c`.

use krait_eval::sys::audit;
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::data::{address_of, at_address, create, keep};
use super::dl;
use super::info::{Info, known};

/// An instance at an address.
pub fn from_address(th: &Thread, cls: Borrowed<'_, Type>, value: Borrowed<'_>) -> PyResult {
    let Some(address) = value.downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "integer expected"));
    };
    let address = address_of(th, &address)?;
    at_address(th, cls, address).map(Owned::into_object)
}

/// Whether the type fits into `len` bytes behind `offset`.
fn check_room(th: &Thread, info: &Info, len: usize, offset: isize) -> PyResult<usize> {
    let Ok(offset) = usize::try_from(offset) else {
        return Err(th.raise(exc::VALUE_ERROR, "offset cannot be negative"));
    };
    let needed = info.size.get().saturating_add(offset);
    if needed > len {
        return Err(raise!(
            th,
            VALUE_ERROR,
            "Buffer size too small ({len} instead of at least {needed} bytes)"
        ));
    }
    Ok(offset)
}

fn audit_buffer(th: &Thread, start: *const u8, len: usize, offset: usize) -> PyResult<()> {
    let values = [start.addr(), len, offset];
    let [start, len, offset] = values.map(|value| Int::from_usize(th, value));
    audit(th, "ctypes.cdata/buffer", &[start?.object(), len?.object(), offset?.object()])
}

/// An instance on the memory of an object, which it keeps.
pub fn from_buffer(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    source: Borrowed<'_>,
    offset: isize,
) -> PyResult {
    let info = known(th, cls)?;
    let view = MemoryView::new(th, source)?;
    let buffer = view.info();
    if buffer.readonly != 0 {
        return Err(th.raise(exc::TYPE_ERROR, "underlying buffer is not writable"));
    }
    // SAFETY: the view lives.
    if !unsafe { krait_objects::protocol::buffer::is_contiguous(buffer, b'C') } {
        return Err(th.raise(exc::TYPE_ERROR, "underlying buffer is not C contiguous"));
    }
    let (start, len) = (buffer.buf.cast::<u8>(), buffer.len as usize);
    let offset = check_room(th, info, len, offset)?;
    audit_buffer(th, start, len, offset)?;
    let made = at_address(th, cls, start.wrapping_add(offset))?;
    keep(th, made.borrow(), -1, Some(view.into_object()))?;
    Ok(made.into_object())
}

/// An instance with a copy of what is in a buffer.
pub fn from_buffer_copy(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    buffer: &Buffer,
    offset: isize,
) -> PyResult {
    let info = known(th, cls)?;
    let bytes = buffer.as_bytes();
    let offset = check_room(th, info, bytes.len(), offset)?;
    audit_buffer(th, bytes.as_ptr(), bytes.len(), offset)?;
    let made = create(th, cls)?;
    // SAFETY: the new object has room for its size, and there is as much in the buffer.
    unsafe { made.start().copy_from(bytes[offset..].as_ptr(), made.size()) };
    Ok(made.into_object())
}

/// An instance on a variable that a library exports.
pub fn in_dll(th: &Thread, cls: Borrowed<'_, Type>, dll: Borrowed<'_>, name: &str) -> PyResult {
    let shown = Str::new(th, name)?;
    audit(th, "ctypes.dlsym", &[dll, shown.object()])?;
    let handle = dl::handle_of(th, dll)?;
    let address = dl::find(th, handle, name.as_bytes(), exc::VALUE_ERROR, |name| {
        format!("symbol '{name}' not found")
    })?;
    at_address(th, cls, address).map(Owned::into_object)
}
