//! `memoryview`, and `__buffer__` of classes defined in Python.

use krait_abi as abi;

use crate::prelude::*;

/// `bf_getbuffer` of a class with `__buffer__`.
///
/// # Safety
/// `view` is C's, to be filled in.
pub unsafe fn python_getbuffer(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _view: *mut abi::Py_buffer,
    _flags: i32,
) -> PyResult<()> {
    todo!()
}
/// # Safety
/// `view` was filled in by `python_getbuffer`.
pub unsafe fn python_releasebuffer(_th: &Thread, _ob: Borrowed<'_>, _view: *mut abi::Py_buffer) {
    todo!()
}
/// `ob.__buffer__(flags)` of a C type: a memoryview.
pub fn from_object_with_flags(_th: &Thread, _ob: Borrowed<'_>, _flags: i32) -> PyResult {
    todo!()
}
/// `ob.__release_buffer__(view)` of a C type.
pub fn release_from_python(_th: &Thread, _ob: Borrowed<'_>, _view: Borrowed<'_>) -> PyResult<()> {
    todo!()
}
