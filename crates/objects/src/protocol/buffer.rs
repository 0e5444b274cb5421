//! The buffer protocol: `Buffer` is an acquired view, given back when it is dropped.
//!
//! The same job as the buffer part of CPython's `Objects/abstract.c`.
//!
//! SAFETY, throughout: the buffer procedures of a live type take live objects of it; a view that
//! `bf_getbuffer` filled in describes memory that stays until the view is released.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{NonNull, null_mut};

use krait_abi as abi;

use crate::bytearray::ByteArray;
use crate::bytes::Bytes;
use crate::error::{PyResult, Raised};
use crate::exceptions::exc;
use crate::handle::{Borrowed, Object, Owned};
use crate::raise;
use crate::thread::Thread;

/// An acquired buffer, released on drop.
///
/// `held` is a box with a view (in a box, because a view's shape may point into itself), or, with one of its two lowest
/// bits set, a reference to a `bytes`, which needs none, as its memory stays as it is, or to a `bytearray`, which counts
/// its views.
pub struct Buffer {
    held: NonNull<u8>,
    owns: PhantomData<(Owned<Bytes>, Owned<ByteArray>, Box<abi::Py_buffer>)>,
}

/// Marks a reference to `bytes`.
const IS_BYTES: usize = 1;

/// Marks a reference to a `bytearray`.
const IS_ARRAY: usize = 2;

/// What is held without a view.
#[derive(Clone, Copy)]
enum Plain<'a> {
    Bytes(Borrowed<'a, Bytes>),
    Array(Borrowed<'a, ByteArray>),
}

impl Buffer {
    /// `PyObject_GetBuffer` with any of the `PyBUF_*` flags.
    pub fn get(th: &Thread, ob: Borrowed<'_>, flags: i32) -> PyResult<Buffer> {
        let mut view = Box::new(abi::Py_buffer::EMPTY);
        // SAFETY: see the top of the file.
        unsafe { acquire(th, ob, &raw mut *view, flags)? };
        Ok(Buffer { held: NonNull::from(Box::leak(view)).cast(), owns: PhantomData })
    }

    /// A contiguous read-only view: `y*` of argument parsing.
    #[inline]
    pub fn simple(th: &Thread, ob: Borrowed<'_>) -> PyResult<Buffer> {
        if let Some(bytes) = ob.downcast_exact::<Bytes>() {
            return Ok(Buffer::plain_of(bytes.to_owned().into_object(), IS_BYTES));
        }
        if let Some(array) = ob.downcast_exact::<ByteArray>() {
            array.exports().set(array.exports().get() + 1);
            return Ok(Buffer::plain_of(array.to_owned().into_object(), IS_ARRAY));
        }
        Buffer::get(th, ob, abi::PyBUF_SIMPLE)
    }

    #[inline(always)]
    fn plain_of(object: Owned, mark: usize) -> Buffer {
        let held = object.into_ptr().cast::<u8>();
        // SAFETY: objects are aligned, so the bits are free and the address is not null.
        let held = unsafe { NonNull::new_unchecked(held.map_addr(|at| at | mark)) };
        Buffer { held, owns: PhantomData }
    }

    /// A contiguous writable view: `w*` of argument parsing.
    pub fn writable(th: &Thread, ob: Borrowed<'_>) -> PyResult<Buffer> {
        Buffer::get(th, ob, abi::PyBUF_WRITABLE).map_err(|raised| {
            drop(th.take_raised(raised));
            raise!(th, TYPE_ERROR, "read-write bytes-like object expected")
        })
    }

    /// The object that is held in place of a view.
    #[inline(always)]
    fn plain(&self) -> Option<Plain<'_>> {
        let held = self.held.as_ptr();
        let object = held.map_addr(|at| at & !(IS_BYTES | IS_ARRAY)).cast();
        // SAFETY: what the bits say; the reference is this buffer's.
        unsafe {
            match held.addr() & (IS_BYTES | IS_ARRAY) {
                IS_BYTES => Some(Plain::Bytes(Borrowed::from_ptr(object))),
                IS_ARRAY => Some(Plain::Array(Borrowed::from_ptr(object))),
                _ => None,
            }
        }
    }

    /// The view; none of a `bytes` or `bytearray` that was taken as `simple` does.
    #[inline(always)]
    pub fn view(&self) -> Option<&abi::Py_buffer> {
        // SAFETY: what the bit says.
        self.plain().is_none().then(|| unsafe { self.held.cast().as_ref() })
    }

    /// The bytes of a contiguous view.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match self.plain() {
            Some(Plain::Bytes(bytes)) => bytes.get().as_bytes(),
            Some(Plain::Array(array)) => array.get().as_bytes(),
            // SAFETY: see the top of the file.
            None => unsafe { std::slice::from_raw_parts(self.start().cast(), self.len()) },
        }
    }

    /// Where the bytes lie, for the system's functions.
    pub fn start(&self) -> *mut c_void {
        match (self.plain(), self.view()) {
            (Some(_), _) => self.as_bytes().as_ptr().cast_mut().cast(),
            (_, Some(view)) if !view.buf.is_null() => view.buf,
            _ => NonNull::<u8>::dangling().as_ptr().cast(),
        }
    }

    fn len(&self) -> usize {
        match (self.plain(), self.view()) {
            (Some(_), _) => self.as_bytes().len(),
            (_, Some(view)) if !view.buf.is_null() => view.len.max(0) as usize,
            _ => 0,
        }
    }

    /// Only of a buffer acquired with `PyBUF_WRITABLE`.
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        if self.view().is_none_or(|view| view.readonly != 0) {
            return &mut [];
        }
        // SAFETY: see the top of the file; the view is writable.
        unsafe { std::slice::from_raw_parts_mut(self.start().cast(), self.len()) }
    }

    /// All items in C order, whatever the strides: `PyBuffer_ToContiguous`.
    pub fn to_vec(&self, th: &Thread) -> PyResult<Vec<u8>> {
        let mut out = Vec::new();
        let len = self.view().map_or(self.len(), |view| view.len.max(0) as usize);
        out.try_reserve_exact(len).map_err(|_| th.no_memory())?;
        match self.view() {
            // SAFETY: see the top of the file.
            Some(view) => unsafe { gather(view, &mut out) },
            None => out.extend_from_slice(self.as_bytes()),
        }
        Ok(out)
    }
}

/// Appends all items of a view in C order.
///
/// # Safety
/// The view was acquired and not released.
pub unsafe fn gather(view: &abi::Py_buffer, out: &mut Vec<u8>) {
    let itemsize = view.itemsize.max(0) as usize;
    // SAFETY: the view's fields describe its memory; absent shape or strides mean that it is contiguous.
    unsafe {
        if view.ndim == 0 || view.shape.is_null() || view.strides.is_null() {
            let len = if view.buf.is_null() { 0 } else { view.len.max(0) as usize };
            if len > 0 {
                out.extend_from_slice(std::slice::from_raw_parts(view.buf.cast(), len));
            }
            return;
        }
        let ndim = view.ndim as usize;
        let shape = std::slice::from_raw_parts(view.shape, ndim);
        let strides = std::slice::from_raw_parts(view.strides, ndim);
        let suboffsets =
            (!view.suboffsets.is_null()).then(|| std::slice::from_raw_parts(view.suboffsets, ndim));
        gather_dimension(view.buf.cast(), shape, strides, suboffsets, itemsize, out);
    }
}

/// # Safety
/// As for `gather`, for the dimensions that are left.
unsafe fn gather_dimension(
    start: *const u8,
    shape: &[isize],
    strides: &[isize],
    suboffsets: Option<&[isize]>,
    itemsize: usize,
    out: &mut Vec<u8>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let (Some((&count, shape)), Some((&stride, strides))) =
            (shape.split_first(), strides.split_first())
        else {
            out.extend_from_slice(std::slice::from_raw_parts(start, itemsize));
            return;
        };
        let pointers = suboffsets.map(|offsets| offsets[0]).filter(|&offset| offset >= 0);
        if shape.is_empty() && pointers.is_none() && stride == itemsize as isize {
            let len = count.max(0) as usize * itemsize;
            out.extend_from_slice(std::slice::from_raw_parts(start, len));
            return;
        }
        let rest = suboffsets.map(|offsets| &offsets[1..]);
        for at in 0..count {
            let mut item = start.offset(at * stride);
            if let Some(offset) = pointers {
                item = (*item.cast::<*const u8>()).offset(offset);
            }
            gather_dimension(item, shape, strides, rest, itemsize, out);
        }
    }
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the reference or the box is this buffer's; the view was acquired and is released once.
        unsafe {
            match self.plain() {
                Some(Plain::Bytes(bytes)) => crate::handle::decref(bytes.as_ptr()),
                Some(Plain::Array(array)) => {
                    array.exports().set(array.exports().get() - 1);
                    crate::handle::decref(array.as_ptr());
                }
                None => {
                    let mut view: Box<abi::Py_buffer> = Box::from_raw(self.held.as_ptr().cast());
                    release(&raw mut *view);
                }
            }
        }
    }
}

/// The type's `bf_getbuffer` and `bf_releasebuffer`.
#[inline(always)]
fn procedures(ob: Borrowed<'_>) -> Option<abi::PyBufferProcs> {
    // SAFETY: a type's table lives as long as the type.
    unsafe { ob.ty().raw().tp_as_buffer.as_ref().copied() }
}

/// Whether the type has `bf_getbuffer`.
pub fn check(ob: Borrowed<'_>) -> bool {
    procedures(ob).is_some_and(|procs| procs.bf_getbuffer.is_some())
}

/// Whether the type wants to know when a view of it is released: its memory may move afterwards.
pub fn needs_release(ob: Borrowed<'_>) -> bool {
    procedures(ob).is_some_and(|procs| procs.bf_releasebuffer.is_some())
}

/// TypeError: not a bytes-like object.
#[cold]
pub fn required(th: &Thread, ob: Borrowed<'_>) -> Raised {
    raise!(th, TYPE_ERROR, "a bytes-like object is required, not '{}'", ob.type_name())
}

/// `PyObject_GetBuffer`.
///
/// # Safety
/// `view` is writable.
pub unsafe fn acquire(
    th: &Thread,
    ob: Borrowed<'_>,
    view: *mut abi::Py_buffer,
    flags: c_int,
) -> PyResult<()> {
    if flags == abi::PyBUF_READ || flags == abi::PyBUF_WRITE {
        return Err(th.bad_internal_call());
    }
    let Some(get) = procedures(ob).and_then(|procs| procs.bf_getbuffer) else {
        return Err(required(th, ob));
    };
    // SAFETY: see the top of the file.
    if unsafe { get(ob.as_ptr(), view, flags) } != 0 {
        return Err(th.raised_by_c());
    }
    Ok(())
}

/// `PyBuffer_IsContiguous`, for order `C`, `F` or `A` (either).
///
/// # Safety
/// The view was acquired and not released: its arrays have `ndim` entries where they are given.
pub unsafe fn is_contiguous(view: &abi::Py_buffer, order: u8) -> bool {
    if !view.suboffsets.is_null() {
        return false;
    }
    if view.ndim <= 0 || view.len == 0 || view.strides.is_null() {
        return view.ndim <= 1 || order != b'F';
    }
    let dims = view.ndim as usize;
    let in_order = |mut dimensions: Box<dyn Iterator<Item = usize>>| {
        let mut expected = view.itemsize;
        dimensions.all(|at| {
            // SAFETY: the caller's promise.
            let (len, stride) = unsafe { (*view.shape.add(at), *view.strides.add(at)) };
            let fits = len <= 1 || stride == expected;
            expected = expected.saturating_mul(len);
            fits
        })
    };
    let c = || in_order(Box::new((0..dims).rev()));
    let fortran = || in_order(Box::new(0..dims));
    match order {
        b'C' => c(),
        b'F' => fortran(),
        b'A' => c() || fortran(),
        _ => false,
    }
}

/// `PyBuffer_Release`.
///
/// # Safety
/// `view` was filled in by `acquire`, or its `obj` is null.
pub unsafe fn release(view: *mut abi::Py_buffer) {
    // SAFETY: see the top of the file; the view owns a reference to its exporter.
    unsafe {
        let Some(ob) = Owned::<Object>::from_ptr_or_null((*view).obj) else {
            return;
        };
        if let Some(give_back) = procedures(ob.borrow()).and_then(|procs| procs.bf_releasebuffer) {
            give_back(ob.as_ptr(), view);
        }
        (*view).obj = std::ptr::null_mut();
    }
}

/// `PyBuffer_FillInfo`: a view of `len` bytes at `start`, for `flags`.
///
/// # Safety
/// `view` is C's to fill in; the memory stays while `ob` has exports.
pub unsafe fn fill_info(
    th: &Thread,
    view: *mut abi::Py_buffer,
    ob: Borrowed<'_>,
    start: *mut u8,
    len: usize,
    readonly: bool,
    flags: c_int,
) -> PyResult<()> {
    if view.is_null() {
        return Err(
            th.raise(exc::BUFFER_ERROR, "PyBuffer_FillInfo: view==NULL argument is obsolete")
        );
    }
    if flags != abi::PyBUF_SIMPLE {
        if flags == abi::PyBUF_READ || flags == abi::PyBUF_WRITE {
            return Err(th.bad_internal_call());
        }
        if flags & abi::PyBUF_WRITABLE == abi::PyBUF_WRITABLE && readonly {
            return Err(th.raise(exc::BUFFER_ERROR, "Object is not writable."));
        }
    }
    let wants = |flag| flags & flag == flag;
    // SAFETY: the caller's promise.
    unsafe {
        view.write(abi::Py_buffer {
            buf: start.cast(),
            obj: ob.to_owned().into_ptr(),
            len: len as isize,
            itemsize: 1,
            readonly: c_int::from(readonly),
            ndim: 1,
            format: if wants(abi::PyBUF_FORMAT) { c"B".as_ptr().cast_mut() } else { null_mut() },
            shape: if wants(abi::PyBUF_ND) { &raw mut (*view).len } else { null_mut() },
            strides: if wants(abi::PyBUF_STRIDES) { &raw mut (*view).itemsize } else { null_mut() },
            ..abi::Py_buffer::EMPTY
        });
    }
    Ok(())
}
