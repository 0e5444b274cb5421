//! `memoryview`: the objects, and making them.
//!
//! A `ManagedBuffer` holds one acquired buffer; memoryviews share it and are views of its memory. `index` and `cast` select
//! and reshape, `item` reads and writes single items, `methods` and `attributes` are what Python sees, `python` ties
//! `__buffer__` of classes defined in Python to the C slots. The same job as CPython's `Objects/memoryobject.c`.
//!
//! Invariants:
//! 1. A view's shape, strides and suboffsets are null or point to `ndim` numbers in `array`.
//! 2. A view that is not released is counted in its managed buffer, which releases the buffer with the last one.

mod attributes;
mod cast;
mod compare;
mod index;
mod item;
mod iterator;
mod methods;
mod python;

use std::cell::{Cell, UnsafeCell};
use std::ffi::c_int;

use krait_abi as abi;

use crate::gc;
use crate::prelude::*;
use crate::protocol::buffer;
use crate::str::iterator::instance;

pub use methods::{MemoryView, PyMemoryView_Type};
pub use python::{
    from_object_with_flags, python_getbuffer, python_releasebuffer, release_from_python,
};

/// The greatest number of dimensions.
const MAX_NDIM: usize = abi::PyBUF_MAX_NDIM as usize;

/// What all memoryviews of one acquired buffer share.
#[pytype(
    name = "managedbuffer",
    symbol = "_PyManagedBuffer_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct ManagedBuffer {
    head: Head,
    flags: Cell<c_int>,
    exports: Cell<isize>,
    master: UnsafeCell<abi::Py_buffer>,
}
assert_layout!(ManagedBuffer => abi::_PyManagedBufferObject);

impl ManagedBuffer {
    fn new(th: &Thread) -> PyResult<Owned<ManagedBuffer>> {
        instance::<ManagedBuffer>(th)
    }

    /// Acquires `ob`'s buffer.
    fn acquire(th: &Thread, ob: Borrowed<'_>, flags: c_int) -> PyResult<Owned<ManagedBuffer>> {
        let managed = ManagedBuffer::new(th)?;
        let master = managed.master.get();
        // SAFETY: the buffer is the managed one's own.
        if let Err(raised) = unsafe { buffer::acquire(th, ob, master, flags) } {
            // Nothing was acquired, whatever the exporter has left there.
            // SAFETY: as above.
            unsafe { (*master).obj = std::ptr::null_mut() };
            return Err(raised);
        }
        Ok(managed)
    }

    fn is_released(&self) -> bool {
        self.flags.get() & abi::_Py_MANAGED_BUFFER_RELEASED != 0
    }

    /// Gives the buffer back, once.
    fn release(&self) {
        if self.is_released() {
            return;
        }
        self.flags.set(self.flags.get() | abi::_Py_MANAGED_BUFFER_RELEASED);
        // SAFETY: the buffer was acquired, or its `obj` is null.
        unsafe { buffer::release(self.master.get()) }
    }
}

#[pymethods]
impl ManagedBuffer {
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone, so no view is left.
        unsafe {
            gc::untrack_raw(this.cast());
            (*this).release();
            gc::gc_del(this.cast());
        }
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visit: &mut gc::Visitor<'_>) -> c_int {
        // SAFETY: the buffer owns a reference to its exporter, or none.
        let exporter = unsafe { Borrowed::<Object>::from_ptr_or_null((*self.master.get()).obj) };
        visit.visit(exporter)
    }

    #[slot(tp_clear)]
    fn clear(&self) {
        self.release();
    }
}

impl MemoryView {
    /// The view's buffer: plain data that only this thread writes.
    pub fn info(&self) -> &abi::Py_buffer {
        // SAFETY: written while the view is made, and when it is released.
        unsafe { &*self.view.get() }
    }

    fn has_flag(&self, flag: c_int) -> bool {
        self.flags.get() & flag != 0
    }

    fn is_released(&self) -> bool {
        self.has_flag(abi::_Py_MEMORYVIEW_RELEASED)
            || self.mbuf.get().is_none_or(|managed| managed.is_released())
    }

    /// ValueError for a released view.
    fn check(&self, th: &Thread) -> PyResult<&abi::Py_buffer> {
        if self.is_released() {
            return Err(
                th.raise(exc::VALUE_ERROR, "operation forbidden on released memoryview object")
            );
        }
        Ok(self.info())
    }

    fn check_unrestricted(&self, th: &Thread) -> PyResult<()> {
        if self.has_flag(abi::_Py_MEMORYVIEW_RESTRICTED) {
            return Err(
                th.raise(exc::VALUE_ERROR, "cannot create new view on restricted memoryview")
            );
        }
        Ok(())
    }

    fn ndim(&self) -> usize {
        self.info().ndim as usize
    }

    fn shape(&self) -> &[isize] {
        self.dimensions(self.info().shape)
    }

    fn strides(&self) -> &[isize] {
        self.dimensions(self.info().strides)
    }

    fn suboffsets(&self) -> Option<&[isize]> {
        let suboffsets = self.info().suboffsets;
        (!suboffsets.is_null()).then(|| self.dimensions(suboffsets))
    }

    fn dimensions(&self, numbers: *mut isize) -> &[isize] {
        if numbers.is_null() {
            return &[];
        }
        // SAFETY: (1).
        unsafe { std::slice::from_raw_parts(numbers, self.ndim()) }
    }

    /// The format; `B` if there is none.
    fn format(&self) -> &str {
        let format = self.info().format;
        if format.is_null() {
            return "B";
        }
        // SAFETY: an exporter's format is a C string that lives as long as the buffer.
        unsafe { std::ffi::CStr::from_ptr(format) }.to_str().unwrap_or("?")
    }

    fn is_contiguous(&self) -> bool {
        self.has_flag(abi::_Py_MEMORYVIEW_C)
    }

    /// A view without dimensions yet, of the memory that `source` describes.
    fn blank(
        th: &Thread,
        managed: Borrowed<'_, ManagedBuffer>,
        source: &abi::Py_buffer,
        ndim: usize,
    ) -> PyResult<Owned<MemoryView>> {
        if managed.is_released() {
            return Err(
                th.raise(exc::VALUE_ERROR, "operation forbidden on released memoryview object")
            );
        }
        if ndim > MAX_NDIM {
            return Err(
                th.raise(exc::VALUE_ERROR, "memoryview: number of dimensions must not exceed 64")
            );
        }
        let ty = Borrowed::from_ref(MemoryView::type_object());
        ty.ready(th)?;
        let ob = crate::typeobj::alloc::alloc(th, ty, 3 * ndim as isize)?;
        // SAFETY: a fresh instance of the type, zeroed.
        let view: Owned<MemoryView> = unsafe { ob.cast() };
        view.hash.set(-1);
        // SAFETY: nobody else knows the view; `array` has room for three numbers a dimension.
        unsafe {
            let numbers = (&raw const view.array).cast::<isize>().cast_mut();
            let pointer =
                |at: usize| if ndim == 0 { std::ptr::null_mut() } else { numbers.add(at) };
            view.view.get().write(abi::Py_buffer {
                ndim: ndim as c_int,
                shape: pointer(0),
                strides: pointer(ndim),
                suboffsets: std::ptr::null_mut(),
                format: if source.format.is_null() {
                    c"B".as_ptr().cast_mut()
                } else {
                    source.format
                },
                ..*source
            });
        }
        view.mbuf.set(Some(managed.to_owned()));
        managed.exports.set(managed.exports.get() + 1);
        Ok(view)
    }

    /// A view of all that `source` describes.
    fn of_buffer(
        th: &Thread,
        managed: Borrowed<'_, ManagedBuffer>,
        source: &abi::Py_buffer,
    ) -> PyResult<Owned<MemoryView>> {
        let ndim = usize::try_from(source.ndim).unwrap_or(0);
        let view = MemoryView::blank(th, managed, source, ndim)?;
        // SAFETY: (1) for the new view; `source` has as many dimensions where its pointers are not null.
        unsafe {
            let info = &mut *view.view.get();
            let numbers = info.shape;
            for at in 0..ndim {
                let whole = if source.itemsize > 0 { source.len / source.itemsize } else { 0 };
                numbers.add(at).write(match source.shape.is_null() {
                    true => whole,
                    false => *source.shape.add(at),
                });
                if !source.strides.is_null() {
                    numbers.add(ndim + at).write(*source.strides.add(at));
                }
                if !source.suboffsets.is_null() {
                    numbers.add(2 * ndim + at).write(*source.suboffsets.add(at));
                }
            }
            if !source.suboffsets.is_null() && ndim > 0 {
                info.suboffsets = numbers.add(2 * ndim);
            }
            if source.strides.is_null() {
                view.set_c_strides();
            }
        }
        view.set_layout_flags();
        Ok(view)
    }

    /// Strides of items that follow each other in C order.
    fn set_c_strides(&self) {
        let info = self.info();
        let mut stride = info.itemsize;
        for at in (0..self.ndim()).rev() {
            // SAFETY: (1).
            unsafe {
                info.strides.add(at).write(stride);
                stride *= *info.shape.add(at);
            }
        }
    }

    fn set_layout_flags(&self) {
        let (mut c, mut fortran) = (true, true);
        let (shape, strides) = (self.shape(), self.strides());
        let empty = shape.contains(&0);
        let mut expected = self.info().itemsize;
        for (&count, &stride) in shape.iter().zip(strides).rev() {
            c &= empty || count == 1 || stride == expected;
            expected *= count;
        }
        expected = self.info().itemsize;
        for (&count, &stride) in shape.iter().zip(strides) {
            fortran &= empty || count == 1 || stride == expected;
            expected *= count;
        }
        let mut flags = 0;
        if self.ndim() == 0 {
            flags |= abi::_Py_MEMORYVIEW_SCALAR;
        }
        if self.suboffsets().is_some() {
            flags |= abi::_Py_MEMORYVIEW_PIL;
        } else {
            flags |= if c { abi::_Py_MEMORYVIEW_C } else { 0 };
            flags |= if fortran { abi::_Py_MEMORYVIEW_FORTRAN } else { 0 };
        }
        self.flags.set(flags);
    }

    /// `memoryview(ob)`, asking with `flags`.
    pub fn from_object(th: &Thread, ob: Borrowed<'_>, flags: c_int) -> PyResult<Owned<MemoryView>> {
        if let Some(view) = ob.downcast::<MemoryView>() {
            view.check(th)?;
            view.check_unrestricted(th)?;
            let Some(managed) = view.mbuf.get() else {
                return Err(th.bad_internal_call());
            };
            return MemoryView::of_buffer(th, managed, view.info());
        }
        if !buffer::check(ob) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "memoryview: a bytes-like object is required, not '{}'",
                ob.type_name()
            ));
        }
        let managed = ManagedBuffer::acquire(th, ob, flags)?;
        // SAFETY: plain data, acquired just now.
        let master = unsafe { *managed.master.get() };
        MemoryView::of_buffer(th, managed.borrow(), &master)
    }

    /// `memoryview(ob)`.
    pub fn new(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<MemoryView>> {
        MemoryView::from_object(th, ob, abi::PyBUF_FULL_RO)
    }

    /// A view of contiguous memory as bytes, whatever items it has.
    pub fn of_raw_bytes(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<MemoryView>> {
        let managed = ManagedBuffer::acquire(th, ob, abi::PyBUF_FULL_RO)?;
        // SAFETY: plain data, acquired just now.
        let master = unsafe { *managed.master.get() };
        let bytes = abi::Py_buffer {
            itemsize: 1,
            ndim: 1,
            format: c"B".as_ptr().cast_mut(),
            shape: std::ptr::null_mut(),
            strides: std::ptr::null_mut(),
            suboffsets: std::ptr::null_mut(),
            ..master
        };
        MemoryView::of_buffer(th, managed.borrow(), &bytes)
    }

    /// `PyMemoryView_FromBuffer`: a view of memory that nobody gives back.
    pub fn from_buffer(th: &Thread, info: &abi::Py_buffer) -> PyResult<Owned<MemoryView>> {
        if info.buf.is_null() {
            return Err(
                th.raise(exc::VALUE_ERROR, "PyMemoryView_FromBuffer(): info->buf must not be NULL")
            );
        }
        let managed = ManagedBuffer::new(th)?;
        let master = abi::Py_buffer { obj: std::ptr::null_mut(), ..*info };
        // SAFETY: the managed buffer is new, and nobody else knows it.
        unsafe { managed.master.get().write(master) };
        MemoryView::of_buffer(th, managed.borrow(), &master)
    }

    /// A view of `bytes`, which hold the items of `like` one after the other.
    pub fn of_copy(
        th: &Thread,
        bytes: Borrowed<'_>,
        like: &abi::Py_buffer,
        columns_first: bool,
    ) -> PyResult<Owned<MemoryView>> {
        let managed = ManagedBuffer::acquire(th, bytes, abi::PyBUF_FULL_RO)?;
        // SAFETY: plain data, acquired just now; `like` has as many dimensions where its pointers are not null.
        unsafe {
            let ndim = usize::try_from(like.ndim).unwrap_or(0);
            let mut strides = vec![0; ndim];
            let mut size = like.itemsize;
            for step in 0..ndim {
                let at = if columns_first { step } else { ndim - 1 - step };
                strides[at] = size;
                size *= *like.shape.add(at);
            }
            let info = abi::Py_buffer {
                itemsize: like.itemsize,
                ndim: like.ndim,
                format: kept_format(th, like.format),
                shape: like.shape,
                strides: strides.as_mut_ptr(),
                suboffsets: std::ptr::null_mut(),
                ..*managed.master.get()
            };
            MemoryView::of_buffer(th, managed.borrow(), &info)
        }
    }

    /// `memoryview.release`: BufferError while buffers of the view itself are in use.
    pub fn release(&self, th: &Thread) -> PyResult<()> {
        let exports = self.exports.get();
        if exports > 0 {
            let plural = if exports == 1 { "" } else { "s" };
            return Err(raise!(
                th,
                BUFFER_ERROR,
                "memoryview has {exports} exported buffer{plural}"
            ));
        }
        self.release_now();
        Ok(())
    }

    fn release_now(&self) {
        if self.has_flag(abi::_Py_MEMORYVIEW_RELEASED) {
            return;
        }
        self.flags.set(self.flags.get() | abi::_Py_MEMORYVIEW_RELEASED);
        if let Some(managed) = self.mbuf.get_owned() {
            managed.exports.set(managed.exports.get() - 1);
            if managed.exports.get() == 0 {
                managed.release();
            }
        }
    }

    /// All items in C order.
    fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // SAFETY: the view was checked by the caller.
        unsafe { buffer::gather(self.info(), &mut out) };
        out
    }
}

/// Formats of views that outlive their exporter.
#[derive(Default)]
struct Formats(std::cell::RefCell<std::collections::HashSet<std::ffi::CString>>);

/// A format that lives as long as the interpreter.
///
/// # Safety
/// `format` is null or a NUL-terminated string.
unsafe fn kept_format(th: &Thread, format: *const std::ffi::c_char) -> *mut std::ffi::c_char {
    if format.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the caller's promise.
    let format = unsafe { std::ffi::CStr::from_ptr(format) };
    let mut kept = th.interp().state::<Formats>().0.borrow_mut();
    if !kept.contains(format) {
        kept.insert(format.to_owned());
    }
    kept.get(format).map_or(std::ptr::null_mut(), |kept| kept.as_ptr().cast_mut())
}
