//! `pickle.PickleBuffer`: a buffer that a pickler may hand over outside of the stream.
//!
//! The same job as CPython's `Objects/picklebufobject.c`.
//!
//! SAFETY, throughout: `view` is empty (its `obj` null) or was acquired and not released; only this thread writes it.

use std::cell::{Cell, UnsafeCell};
use std::ffi::c_int;

use krait_abi as abi;

use crate::gc;
use crate::memoryview::MemoryView;
use crate::prelude::*;
use crate::protocol::buffer;

/// A buffer that a pickler may hand over beside its stream, without a copy.
#[pytype(
    name = "pickle.PickleBuffer",
    symbol = "PyPickleBuffer_Type",
    flags(HAVE_GC),
    weaklist = weakrefs
)]
#[repr(C)]
pub struct PickleBuffer {
    head: Head,
    view: UnsafeCell<abi::Py_buffer>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl PickleBuffer {
    pub fn of(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<PickleBuffer>> {
        PickleBuffer::make(Borrowed::from_ref(PickleBuffer::type_object()), th, ob)
    }

    fn make(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        ob: Borrowed<'_>,
    ) -> PyResult<Owned<PickleBuffer>> {
        let this = cls.alloc::<PickleBuffer>(th, 0)?;
        // SAFETY: see the top of the file; it stays empty if this fails.
        unsafe { buffer::acquire(th, ob, this.view.get(), abi::PyBUF_FULL_RO)? };
        Ok(this)
    }

    /// The view; ValueError once it is released.
    pub fn view(&self, th: &Thread) -> PyResult<&abi::Py_buffer> {
        // SAFETY: see the top of the file.
        let view = unsafe { &*self.view.get() };
        if view.obj.is_null() {
            let message = "operation forbidden on released PickleBuffer object";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        Ok(view)
    }

    pub fn give_back(&self) {
        // SAFETY: see the top of the file. The view is empty before the exporter hears of it.
        unsafe {
            let mut view = self.view.get().replace(abi::Py_buffer::EMPTY);
            buffer::release(&raw mut view);
        }
    }
}

#[pymethods]
impl PickleBuffer {
    #[new(sig = "(object, /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        object: Borrowed<'_>,
    ) -> PyResult<Owned<PickleBuffer>> {
        PickleBuffer::make(cls, th, object)
    }

    #[slot(bf_getbuffer)]
    fn getbuffer(&self, th: &Thread, view: *mut abi::Py_buffer, flags: c_int) -> PyResult<()> {
        let own = self.view(th)?;
        // SAFETY: the view holds its exporter, which gives the buffer out itself and takes it back.
        unsafe {
            let exporter = Borrowed::<Object>::from_ptr(own.obj).to_owned();
            buffer::acquire(th, exporter.borrow(), view, flags)
        }
    }

    #[slot(bf_releasebuffer)]
    fn releasebuffer(&self, _th: &Thread, _view: *mut abi::Py_buffer) {}

    #[slot(tp_traverse)]
    fn traverse(&self, visit: &mut Visitor<'_>) -> c_int {
        // SAFETY: see the top of the file.
        visit.visit(unsafe { Borrowed::<Object>::from_ptr_or_null((*self.view.get()).obj) })
    }

    #[slot(tp_clear)]
    fn clear(&self) {
        self.give_back();
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone.
        unsafe {
            gc::untrack_raw(this.cast());
            if !(*this).weakrefs.get().is_null() {
                crate::weakref::clear_references(this.cast());
            }
            (*this).give_back();
            gc::gc_del(this.cast());
        }
    }

    /// A memoryview of the bytes in memory.
    ///
    /// It has one dimension and the format 'B'. BufferError is raised if the memory is neither C-
    /// nor Fortran-contiguous.
    #[method(sig = "(self, /)")]
    fn raw(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<MemoryView>> {
        // SAFETY: see the top of the file.
        if !unsafe { buffer::is_contiguous(this.view(th)?, b'A') } {
            let message = "cannot extract raw buffer from non-contiguous buffer";
            return Err(th.raise(exc::BUFFER_ERROR, message));
        }
        MemoryView::of_raw_bytes(th, this.object())
    }

    /// Let go of the memory; the object is of no use afterwards.
    #[method(sig = "(self, /)")]
    fn release(&self) {
        self.give_back();
    }
}
