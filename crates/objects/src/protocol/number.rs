//! The number protocol.

use crate::error::PyResult;
use crate::handle::{Borrowed, Owned};
use crate::int::Int;
use crate::str::Str;
use crate::thread::Thread;

/// `left <op> right` for a `BINARY_OP` argument (`NB_*`), in-place forms included.
pub fn binary(_th: &Thread, _op: u32, _left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn add(_th: &Thread, _left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn subtract(_th: &Thread, _left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn multiply(_th: &Thread, _left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn floor_divide(_th: &Thread, _left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn remainder(_th: &Thread, _left: Borrowed<'_>, _right: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn power(
    _th: &Thread,
    _base: Borrowed<'_>,
    _exp: Borrowed<'_>,
    _modulus: Option<Borrowed<'_>>,
) -> PyResult {
    todo!()
}
pub fn negative(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn positive(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn invert(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
pub fn absolute(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
/// `operator.index`.
pub fn index(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    todo!()
}
/// `PyNumber_AsSsize_t`: clipped if `overflow` is `None`, else that exception class is raised.
pub fn as_isize(
    _th: &Thread,
    _ob: Borrowed<'_>,
    _overflow: Option<crate::error::ExcType>,
) -> PyResult<isize> {
    todo!()
}
/// `int(ob)` and `float(ob)`.
pub fn long(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    todo!()
}
pub fn float(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}
/// `PyFloat_AsDouble`.
pub fn as_f64(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<f64> {
    todo!()
}
