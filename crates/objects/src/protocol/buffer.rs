//! The buffer protocol.

use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::thread::Thread;
use krait_abi as abi;

/// An acquired buffer, released on drop.
pub struct Buffer {
    view: Box<abi::Py_buffer>,
}
impl Buffer {
    /// `PyObject_GetBuffer` with any of the `PyBUF_*` flags.
    pub fn get(_th: &Thread, _ob: Borrowed<'_>, _flags: i32) -> PyResult<Buffer> {
        todo!()
    }
    /// A contiguous read-only view: `y*` of argument parsing.
    pub fn simple(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Buffer> {
        todo!()
    }
    pub fn as_bytes(&self) -> &[u8] {
        todo!()
    }
    /// Only of a buffer acquired with `PyBUF_WRITABLE`.
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        todo!()
    }
    pub fn view(&self) -> &abi::Py_buffer {
        &self.view
    }
}
/// Whether the type has `bf_getbuffer`.
pub fn check(_ob: Borrowed<'_>) -> bool {
    todo!()
}
