//! The iterator protocol.

use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::thread::Thread;

pub fn get_iter(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
/// The next item; `None` at the end (StopIteration is not left set).
pub fn next(_th: &Thread, _iterator: Borrowed<'_>) -> PyResult<Option<Owned>> {
    todo!()
}
pub fn is_iterator(_ob: Borrowed<'_>) -> bool {
    todo!()
}
/// Calls `body` for every item of any iterable; fast for exact lists and tuples.
pub fn for_each(
    _th: &Thread,
    _iterable: Borrowed<'_>,
    _body: &mut dyn FnMut(Owned) -> PyResult<()>,
) -> PyResult<()> {
    todo!()
}
pub fn collect(_th: &Thread, _iterable: Borrowed<'_>) -> PyResult<Vec<Owned>> {
    todo!()
}

/// `_PyObject_NextNotImplemented`: what `tp_iternext` of types that are no iterators may hold.
pub unsafe extern "C" fn next_not_implemented(
    _ob: *mut krait_abi::PyObject,
) -> *mut krait_abi::PyObject {
    todo!()
}
