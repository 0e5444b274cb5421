//! `__buffer__` and `__release_buffer__`: of classes defined in Python for C, and of C types for Python.
//!
//! The same job as `slot_bf_getbuffer` and its relatives in CPython's `Objects/typeobject.c`.

use std::ffi::c_int;

use krait_abi as abi;

use super::{ManagedBuffer, MemoryView};
use crate::prelude::*;
use crate::protocol::buffer;
use crate::str::iterator::instance;

/// What a view of an object with `__buffer__` holds in place of the object: the memoryview that was returned, too.
#[pytype(name = "_buffer_wrapper", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct BufferWrapper {
    head: Head,
    #[visit]
    view: Slot<MemoryView>,
    #[visit]
    object: Slot,
}

#[pymethods]
impl BufferWrapper {
    #[slot(bf_releasebuffer)]
    fn releasebuffer(&self, th: &Thread, _view: *mut abi::Py_buffer) {
        let (Some(memory), Some(object)) = (self.view.get_owned(), self.object.get_owned()) else {
            return;
        };
        memory.exports.set(memory.exports.get() - 1);
        // A C exporter is told when the memoryview is released.
        let own = std::ptr::eq(memory.info().obj, object.as_ptr());
        let method = object.object().ty().lookup(th, id::__release_buffer__);
        if !own && method.is_some_and(|method| !is_wrapper(method.borrow())) {
            // What `__buffer__` has returned, not another view of the same memory.
            call_release(th, object.borrow(), Ok(memory));
        }
        drop((self.view.take(), self.object.take()));
    }
}

/// Whether it is the method that a C type's slot gave.
fn is_wrapper(method: Borrowed<'_>) -> bool {
    method.type_name() == "wrapper_descriptor"
}

/// `bf_getbuffer` of a class with `__buffer__`.
///
/// # Safety
/// `view` is C's, to be filled in.
pub unsafe fn python_getbuffer(
    th: &Thread,
    ob: Borrowed<'_>,
    view: *mut abi::Py_buffer,
    flags: i32,
) -> PyResult<()> {
    let argument = Int::from_i64(th, i64::from(flags))?;
    let Some(method) = object::lookup_special(th, ob, id::__buffer__)? else {
        return Err(buffer::required(th, ob));
    };
    let result = call::call(th, method.borrow(), &[argument.object()])?;
    let memory = result
        .downcast::<MemoryView>()
        .map_err(|_| th.raise(exc::TYPE_ERROR, "__buffer__ returned non-memoryview object"))?;
    // SAFETY: the caller's promise.
    unsafe { buffer::acquire(th, memory.object(), view, flags)? };
    // The view holds the wrapper in place of the memoryview, whose export it keeps.
    let wrapper = match instance::<BufferWrapper>(th) {
        Ok(wrapper) => wrapper,
        Err(raised) => {
            // SAFETY: acquired just now.
            unsafe { buffer::release(view) };
            return Err(raised);
        }
    };
    wrapper.view.set(Some(memory));
    wrapper.object.set(Some(ob.to_owned()));
    // SAFETY: the reference to the memoryview is exchanged for one to the wrapper.
    unsafe {
        let old = std::mem::replace(&mut (*view).obj, wrapper.into_object().into_ptr());
        drop(Owned::<Object>::from_ptr_or_null(old));
    }
    Ok(())
}

/// Calls `ob.__release_buffer__(memory)`; exceptions are reported, not raised.
fn call_release(th: &Thread, ob: Borrowed<'_>, memory: PyResult<Owned<MemoryView>>) {
    let called =
        memory.and_then(|memory| match object::lookup_special(th, ob, id::__release_buffer__)? {
            Some(method) => call::call(th, method.borrow(), &[memory.object()]).map(drop),
            None => Ok(()),
        });
    report(th, ob, called);
}

fn report(th: &Thread, ob: Borrowed<'_>, called: PyResult<()>) {
    if called.is_err() {
        let place = format!("Exception ignored in bf_releasebuffer of {}", ob.type_name());
        (th.interp().services.get().unraisable)(th, Some(ob), &place);
    }
}

/// `bf_releasebuffer` of a class with `__release_buffer__`, and then that of its C base.
///
/// # Safety
/// `view` was filled in by `python_getbuffer`, or by the class's C base.
pub unsafe fn python_releasebuffer(th: &Thread, ob: Borrowed<'_>, view: *mut abi::Py_buffer) {
    let pending = th.take_exception();
    // SAFETY: the view describes live memory until it is released.
    let made = unsafe { MemoryView::from_buffer(th, &*view) };
    if let Ok(memory) = &made {
        memory.flags.set(memory.flags.get() | abi::_Py_MEMORYVIEW_RESTRICTED);
    }
    let kept = made.as_ref().ok().cloned();
    call_release(th, ob, made);
    if let Some(memory) = kept {
        report(th, ob, memory.release(th));
    }
    // SAFETY: the caller's promise.
    unsafe { release_in_base(ob, view) };
    if let Some(pending) = pending {
        let _ = th.set_exception(pending.into_object());
    }
}

/// Tells the nearest base that is not written in Python.
///
/// # Safety
/// As for `python_releasebuffer`, which the class has in its slot.
unsafe fn release_in_base(ob: Borrowed<'_>, view: *mut abi::Py_buffer) {
    let slot = |ty: Borrowed<'_, Type>| {
        // SAFETY: a type's table lives as long as the type.
        unsafe { ty.raw().tp_as_buffer.as_ref() }.and_then(|table| table.bf_releasebuffer)
    };
    let own = slot(ob.ty()).map(|function| function as usize);
    let bases = ob.ty().get().mro();
    for base in bases.map_or(&[][..], |bases| bases.get().as_slice()).iter().skip(1) {
        let Some(function) = base.downcast::<Type>().and_then(slot) else { continue };
        if Some(function as usize) != own {
            // SAFETY: the caller's promise.
            unsafe { function(ob.as_ptr(), view) };
            return;
        }
    }
}

/// `ob.__buffer__(flags)` of a C type: a memoryview.
pub fn from_object_with_flags(th: &Thread, ob: Borrowed<'_>, flags: i32) -> PyResult {
    let managed = ManagedBuffer::new(th)?;
    // The nearest C type's slot: a class defined in Python has this very method in it.
    let mut ty = Some(ob.ty());
    let mut get = None;
    while let Some(current) = ty {
        if !current.is_heap_type() {
            // SAFETY: a type's table lives as long as the type.
            get =
                unsafe { current.raw().tp_as_buffer.as_ref() }.and_then(|table| table.bf_getbuffer);
            break;
        }
        ty = current.get().base();
    }
    let Some(get) = get else {
        return Err(buffer::required(th, ob));
    };
    // SAFETY: the slot takes the object and the managed buffer's own view.
    unsafe {
        let status: c_int = get(ob.as_ptr(), managed.master.get(), flags);
        if status != 0 {
            return Err(th.raised_by_c());
        }
        let master = *managed.master.get();
        Ok(MemoryView::of_buffer(th, managed.borrow(), &master)?.into_object())
    }
}

/// `ob.__release_buffer__(view)` of a C type.
pub fn release_from_python(th: &Thread, ob: Borrowed<'_>, view: Borrowed<'_>) -> PyResult<()> {
    let Some(memory) = view.downcast::<MemoryView>() else {
        return Err(th.raise(exc::TYPE_ERROR, "expected a memoryview object"));
    };
    let exporter = memory.info().obj;
    if exporter.is_null() {
        return Ok(());
    }
    if !std::ptr::eq(exporter, ob.as_ptr()) {
        return Err(th.raise(exc::VALUE_ERROR, "memoryview's buffer is not this object"));
    }
    if memory.is_released() {
        return Err(th.raise(exc::VALUE_ERROR, "memoryview's buffer has already been released"));
    }
    memory.release(th)
}
