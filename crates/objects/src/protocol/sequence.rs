//! The sequence protocol.

use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::str::Str;
use crate::thread::Thread;

pub fn contains(_th: &Thread, _ob: Borrowed<'_>, _item: Borrowed<'_>) -> PyResult<bool> {
    todo!()
}
pub fn get(_th: &Thread, _ob: Borrowed<'_>, _index: isize) -> PyResult {
    todo!()
}
pub fn concat(_th: &Thread, _left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn repeat(_th: &Thread, _ob: Borrowed<'_>, _count: isize) -> PyResult {
    todo!()
}
/// `PySequence_Check`.
pub fn check(_ob: Borrowed<'_>) -> bool {
    todo!()
}
pub fn list(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<crate::list::List>> {
    todo!()
}
pub fn tuple(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<crate::tuple::Tuple>> {
    todo!()
}
/// `PySequence_Fast`: a list or tuple as it is, else a new list; TypeError with `message` if not iterable.
pub fn fast(_th: &Thread, _ob: Borrowed<'_>, _message: &str) -> PyResult {
    todo!()
}

/// `item in ob` by comparing with each item of `iter(ob)`.
pub fn contains_by_iteration(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _item: Borrowed<'_>,
) -> PyResult<bool> {
    todo!()
}
