//! Memory that interpreters share: a buffer of one, seen through a memoryview of another.
//!
//! The buffer is given back in the interpreter that it comes from. If that has ended meanwhile, its memory stays until the
//! last view of it goes. The same job as `CrossInterpreterBufferView` in CPython's `Modules/_interpretersmodule.c`.
//!
//! Invariants:
//! 1. `View::buffer` was acquired in the interpreter `owner`, and is released once, there or never.
//! 2. An interpreter that has lent buffers keeps its memory.

use std::ffi::c_int;
use std::sync::Arc;

use krait_abi as abi;
use krait_eval::{gil, registry, thread_states};
use krait_objects::interp::{Interpreter, Lent};
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

struct View {
    buffer: Option<Buffer>,
    owner: *const Interpreter,
    id: i64,
    lent: Arc<Lent>,
}

// SAFETY: the memory that the buffer describes is shared as the program asked; its object is touched in its own
// interpreter only (1).
unsafe impl Send for View {}
// SAFETY: as above; the description does not change.
unsafe impl Sync for View {}

/// A buffer that may cross.
#[derive(Clone)]
pub struct SharedBuffer(Arc<View>);

impl SharedBuffer {
    pub fn of(th: &Thread, ob: Borrowed<'_>) -> PyResult<SharedBuffer> {
        let buffer = Buffer::get(th, ob, abi::PyBUF_FULL_RO)?;
        let lent = th.interp().lent.clone();
        lent.add();
        let (owner, id) = (std::ptr::from_ref(th.interp()), th.interp().id);
        Ok(SharedBuffer(Arc::new(View { buffer: Some(buffer), owner, id, lent })))
    }

    /// A memoryview in the current interpreter.
    pub fn open(&self, th: &Thread) -> PyResult {
        let class = Borrowed::from_ref(BufferView::type_object());
        class.ready(th)?;
        let view = class.get().alloc::<BufferView>(th, 0)?;
        view.shared.replace(Some(self.clone()));
        Ok(MemoryView::new(th, view.object())?.into_object())
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let Some(buffer) = self.buffer.take() else {
            return;
        };
        release(self.owner, self.id, buffer);
        self.lent.remove();
    }
}

/// Gives the buffer back in its interpreter, if that still lives.
fn release(owner: *const Interpreter, id: i64, buffer: Buffer) {
    let current = Thread::current_or_none();
    if current.is_some_and(|th| std::ptr::eq(th.interp(), owner) && th.interp().id == id) {
        drop(buffer);
        return;
    }
    let live = registry::find(owner).is_some_and(|entry| entry.id == id && entry.is_ready);
    let Some(state) = live.then(|| registry::new_state(owner)).flatten() else {
        std::mem::forget(buffer);
        return;
    };
    let state: *const Thread = Box::into_raw(state);
    if let Some(th) = current {
        gil::detach(th);
    }
    // SAFETY: a new state of a live interpreter, and the current one again.
    unsafe {
        gil::attach(state);
        drop(buffer);
        thread_states::clear(&*state);
        gil::detach(&*state);
        thread_states::delete(state);
        if let Some(th) = current {
            gil::attach(th);
        }
    }
}

/// What a memoryview of another interpreter's memory is a view of.
#[pytype(
    name = "_interpreters.CrossInterpreterBufferView",
    flags(BASETYPE, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct BufferView {
    head: Head,
    shared: std::cell::RefCell<Option<SharedBuffer>>,
}

#[pymethods]
impl BufferView {
    #[slot(bf_getbuffer)]
    fn get_buffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        view: *mut abi::Py_buffer,
        _flags: c_int,
    ) -> PyResult<()> {
        let shared = this.shared.borrow();
        let buffer = shared.as_ref().and_then(|shared| shared.0.buffer.as_ref());
        let Some(given) = buffer.and_then(Buffer::view) else {
            return Err(th.bad_internal_call());
        };
        // SAFETY: a writable struct; the description lives as long as this object, which the view now holds.
        unsafe {
            *view = abi::Py_buffer {
                buf: given.buf,
                obj: this.object().to_owned().into_ptr(),
                len: given.len,
                itemsize: given.itemsize,
                readonly: given.readonly,
                ndim: given.ndim,
                format: given.format,
                shape: given.shape,
                strides: given.strides,
                suboffsets: given.suboffsets,
                internal: std::ptr::null_mut(),
            };
        }
        Ok(())
    }
}
