//! `pybuffer.h`, `memoryobject.h`: buffers copied item by item, and views of C's memory.
//!
//! SAFETY, throughout: C passes filled views, whose arrays have `ndim` entries where they are given.

use std::ffi::{c_char, c_int, c_void};

use krait_abi::{self as abi, Py_buffer};
use krait_eval::import;
use krait_macros::capi;
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer;

use crate::support::*;

/// Where an item lies.
unsafe fn item(view: &Py_buffer, indices: &[isize]) -> *mut u8 {
    // SAFETY: see the top of the file.
    unsafe {
        let mut at: *mut u8 = view.buf.cast();
        for (dim, &index) in indices.iter().enumerate() {
            at = at.offset(stride(view, dim) * index);
            if !view.suboffsets.is_null() && *view.suboffsets.add(dim) >= 0 {
                at = (*at.cast::<*mut u8>()).offset(*view.suboffsets.add(dim));
            }
        }
        at
    }
}

/// The stride of a dimension; of contiguous memory if the view gives none.
unsafe fn stride(view: &Py_buffer, dim: usize) -> isize {
    // SAFETY: see the top of the file.
    unsafe {
        if !view.strides.is_null() {
            return *view.strides.add(dim);
        }
        (dim + 1..view.ndim as usize).fold(view.itemsize, |size, dim| size * extent(view, dim))
    }
}

unsafe fn extent(view: &Py_buffer, dim: usize) -> isize {
    // SAFETY: see the top of the file.
    unsafe {
        if view.shape.is_null() { view.len / view.itemsize.max(1) } else { *view.shape.add(dim) }
    }
}

#[capi]
pub fn PyBuffer_GetPointer(view: *const Py_buffer, indices: *const isize) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe {
        let view = &*view;
        let indices = if view.ndim > 0 {
            std::slice::from_raw_parts(indices, view.ndim as usize)
        } else {
            &[]
        };
        item(view, indices).cast()
    }
}

/// The items of a view: rows first for `C`, columns first for `F`.
unsafe fn each_item(view: &Py_buffer, order: u8, mut body: impl FnMut(*mut u8)) {
    // SAFETY: see the top of the file.
    unsafe {
        let dims = view.ndim.max(0) as usize;
        let shape: Vec<isize> = (0..dims).map(|dim| extent(view, dim)).collect();
        if shape.contains(&0) {
            return;
        }
        let mut indices = vec![0; dims];
        loop {
            body(item(view, &indices));
            let advanced = (0..dims).find(|&step| {
                let dim = if order == b'F' { step } else { dims - 1 - step };
                indices[dim] += 1;
                if indices[dim] < shape[dim] {
                    return true;
                }
                indices[dim] = 0;
                false
            });
            if advanced.is_none() {
                return;
            }
        }
    }
}

fn is_fortran(view: *const Py_buffer) -> bool {
    // SAFETY: see the top of the file.
    unsafe { crate::buffer::PyBuffer_IsContiguous(view, b'F' as c_char) != 0 }
}

/// The order that `A` stands for.
fn resolved(view: *const Py_buffer, order: c_char) -> u8 {
    match order.cast_unsigned() {
        b'A' if is_fortran(view) => b'F',
        b'A' => b'C',
        order => order,
    }
}

#[capi]
pub fn PyBuffer_ToContiguous(
    th: &Thread,
    out: *mut c_void,
    source: *const Py_buffer,
    len: isize,
    order: c_char,
) -> PyResult<()> {
    // SAFETY: see the top of the file; C passes room for `len` bytes.
    unsafe {
        let view = &*source;
        if len != view.len {
            return Err(th.raise(exc::VALUE_ERROR, "PyBuffer_ToContiguous: len != view->len"));
        }
        let (mut to, size): (*mut u8, usize) = (out.cast(), view.itemsize as usize);
        each_item(view, resolved(source, order), |from| {
            to.copy_from_nonoverlapping(from, size);
            to = to.add(size);
        });
    }
    Ok(())
}

#[capi]
pub fn PyBuffer_FromContiguous(
    view: *const Py_buffer,
    from: *const c_void,
    len: isize,
    order: c_char,
) -> c_int {
    // SAFETY: see the top of the file; C passes `len` bytes.
    unsafe {
        let target = &*view;
        let size = target.itemsize.max(1);
        let mut left = len.min(target.len) / size;
        let mut from: *const u8 = from.cast();
        each_item(target, resolved(view, order), |to| {
            if left > 0 {
                to.copy_from_nonoverlapping(from, size as usize);
                from = from.offset(size);
                left -= 1;
            }
        });
    }
    0
}

#[capi]
pub fn PyBuffer_FillContiguousStrides(
    dims: c_int,
    shape: *mut isize,
    strides: *mut isize,
    itemsize: c_int,
    order: c_char,
) {
    let dims = dims.max(0) as usize;
    let mut size = itemsize as isize;
    for step in 0..dims {
        let dim = if order.cast_unsigned() == b'F' { step } else { dims - 1 - step };
        // SAFETY: see the top of the file.
        unsafe {
            *strides.add(dim) = size;
            size *= *shape.add(dim);
        }
    }
}

#[capi]
pub fn PyBuffer_SizeFromFormat(th: &Thread, format: *const c_char) -> PyResult<isize> {
    // As in the reference: an import that `sys.modules` does not answer ends with an exception that was set before.
    if import::modules(th)?.get_str(th, Str::interned(th, "struct")?.borrow())?.is_none() {
        th.still_raised()?;
    }
    let module = import::import(th, "struct")?;
    let calcsize = Str::interned(th, "calcsize")?;
    let format = string(th, format)?;
    let size = call::call_method(th, module.object(), calcsize.borrow(), &[format.object()])?;
    match size.downcast::<Int>().ok().and_then(|size| size.to_i64()) {
        Some(size) => Ok(size as isize),
        None => Err(th.bad_internal_call()),
    }
}

/// Copies the bytes of one buffer to another.
#[capi]
pub fn PyObject_CopyData(
    th: &Thread,
    to: Borrowed<'_>,
    from: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let Some(from) = from.filter(|&from| buffer::check(to) && buffer::check(from)) else {
        let message = "both destination and source must be bytes-like objects";
        return Err(th.raise(exc::TYPE_ERROR, message));
    };
    let mut target = buffer::Buffer::get(th, to, abi::PyBUF_FULL)?;
    let data = buffer::Buffer::get(th, from, abi::PyBUF_FULL_RO)?.to_vec(th)?;
    let place = target.as_mut_bytes();
    if place.len() < data.len() {
        let message = "destination is too small to receive data from source";
        return Err(th.raise(exc::BUFFER_ERROR, message));
    }
    place[..data.len()].copy_from_slice(&data);
    Ok(())
}

/// A view of memory that C keeps.
#[capi]
pub fn PyMemoryView_FromMemory(
    th: &Thread,
    memory: *mut c_char,
    len: isize,
    flags: c_int,
) -> PyResult<Owned<MemoryView>> {
    let readonly = flags != abi::PyBUF_WRITE;
    let mut view = Py_buffer::EMPTY;
    // SAFETY: C passes `len` bytes.
    unsafe {
        let size = len.max(0) as usize;
        buffer::fill_info(
            th,
            &mut view,
            none(),
            memory.cast(),
            size,
            readonly,
            abi::PyBUF_FULL_RO,
        )?;
        buffer::release(&mut view);
    }
    // Its arrays are in the struct above.
    view.shape = std::ptr::null_mut();
    view.strides = std::ptr::null_mut();
    MemoryView::from_buffer(th, &view)
}

/// A view whose memory is contiguous: of the object's own, or of a copy.
#[capi]
pub fn PyMemoryView_GetContiguous(
    th: &Thread,
    ob: Borrowed<'_>,
    access: c_int,
    order: c_char,
) -> PyResult<Owned<MemoryView>> {
    let view = MemoryView::new(th, ob)?;
    let info = view.info();
    if access == abi::PyBUF_WRITE && info.readonly != 0 {
        return Err(th.raise(exc::BUFFER_ERROR, "underlying buffer is not writable"));
    }
    // SAFETY: a filled view.
    if unsafe { crate::buffer::PyBuffer_IsContiguous(info, order) } != 0 {
        return Ok(view);
    }
    if access == abi::PyBUF_WRITE {
        let message = "writable contiguous buffer requested for a non-contiguous object.";
        return Err(th.raise(exc::BUFFER_ERROR, message));
    }
    let mut bytes = Vec::with_capacity(info.len.max(0) as usize);
    let size = info.itemsize as usize;
    let wanted = resolved(info, order);
    // SAFETY: a filled view.
    unsafe {
        each_item(info, wanted, |from| {
            bytes.extend_from_slice(std::slice::from_raw_parts(from, size));
        });
    }
    let bytes = Bytes::new(th, &bytes)?;
    MemoryView::of_copy(th, bytes.object(), info, wanted == b'F')
}

#[capi]
pub fn PyByteArray_Concat(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult {
    let whole = crate::bytes::joined(th, a, b)?;
    krait_objects::bytearray::ByteArray::new(th, whole.as_bytes()).map(Owned::into_object)
}
